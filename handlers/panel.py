"""The pages of /setup: each describes a part of a chat's draft and offers choices."""

from collections.abc import Iterator, Sequence

from bot.model.rule import Draft, Loudness, Rule
from config.entry import EXAMPLE, write_quiet
from handlers.drafting import changed, mark
from handlers.followed_things import title_of, words_in
from handlers.rule_in_words import gets, how_loud, spelled, when_quiet, which
from handlers.story_choice import menu_of
from handlers.story_words import name
from stories.edition import Edition
from stories.index import StoryIndex
from wording import words
from wording.language import _, languages, ngettext
from wording.message import (
    Block,
    Bullets,
    Button,
    Buttons,
    Field,
    Message,
    Note,
    Ref,
    Roles,
    Row,
    Text,
)

VIRALITIES = (None, 3.0, 5.0, 7.0, 8.0)
ARTICLES = (None, 3, 5, 10, 20)
PINS = (1, 3, 5, 10, 25)


def overview(draft: Draft, index: StoryIndex, *notes: Note) -> Message:
    """The whole draft in words, and the ways to the other pages."""
    settings = changed(draft)
    unsaved = _("Not saved yet: {settings}").format(settings=words.both(settings))
    return Message(
        _("What this chat gets"),
        (
            *described(draft.rule, index),
            *notes,
            *([Note(unsaved)] if settings else []),
        ),
        (
            Buttons(
                (
                    to(_("Stories"), "stories"),
                    to(_("Loudness"), "loudness"),
                    to(_("Quiet hours"), "quiet"),
                    to(_("More"), "more"),
                )
            ),
            Buttons((to(_("Rehearse"), "rehearse"), *ends(draft))),
        ),
    )


def described(rule: Rule, index: StoryIndex) -> Iterator[Block]:
    """What a chat with this rule gets, in words, even if that is nothing yet."""
    yield from _nothing(rule)
    yield from gets(rule, index)


def ends(draft: Draft) -> tuple[Button, ...]:
    """Buttons to save and discard, if there is anything to save."""
    if not changed(draft):
        return ()
    return (to(_("Save"), "save", mark(draft.rule)), to(_("Discard"), "drop"))


def back(step: str = "") -> Buttons:
    """The button back to an earlier page."""
    return Buttons((Button(_("‹ Back"), Ref("setup", (step,) if step else ())),))


def to(label: str, step: str, *value: str) -> Button:
    """A button that opens a step or chooses a value."""
    return Button(label, Ref("setup", (step, *value)))


def stories(rule: Rule, index: StoryIndex) -> Message:
    """The page for which stories."""
    return Message(
        _("Which stories?"),
        (*_nothing(rule), *which(rule, index)),
        (
            Buttons(
                (
                    _choice(_("Every live story"), rule.all, "all", "yes"),
                    _choice(_("Only some"), not rule.all, "all", "no"),
                )
            ),
            Buttons(
                (
                    to(_("Words …"), "words"),
                    to(_("Single stories"), "single"),
                    to(_("Minimum size"), "limits"),
                )
            ),
            back(),
        ),
    )


def asking_words(rule: Rule) -> Message:
    """Asks for the words to follow."""
    return Message(
        _("Words to follow"),
        (Text(_("This chat gets stories with one of these in their keywords or names.")),),
        asks=Field(
            _("Words, separated by commas"),
            Ref("setup", ("words",)),
            value=", ".join(words_in(rule)),
            hint=_("ferry, harbour, Port of Aldmar; or - for none"),
            limit=4000,
        ),
    )


def single(rule: Rule, index: StoryIndex, live: Sequence[Edition]) -> Message:
    """The page for following single stories. `live`: the stories on offer."""
    return Message(
        _("Single stories"),
        (
            Text(
                _(
                    "This chat gets them until they end. To follow any other story, use "
                    "/follow with its title."
                )
            ),
        ),
        (
            *menu_of(_("Follow a story …"), [to(name(e.story), "add", e.story.id) for e in live]),
            *menu_of(
                _("Remove one …"),
                [to(title_of(story, index), "less", story) for story in rule.story_ids],
            ),
            back("stories"),
        ),
    )


def limits(rule: Rule) -> Message:
    """The page for minimums."""
    return Message(
        _("How big must a story be?"),
        (Text(_("If you set a minimum, stories without that number are left out.")),),
        (
            _figures(
                "virality", VIRALITIES, rule.min_virality, _("Any virality"), _("Virality {n}+")
            ),
            _figures("articles", ARTICLES, rule.min_articles, _("Any number"), _("{n}+ articles")),
            back("stories"),
        ),
    )


def _figures(
    step: str, figures: Sequence[float | None], chosen: float | None, none: str, least: str
) -> Buttons:
    """Buttons for the possible minimums; `none` is the label for no minimum,
    `least` for at least n."""

    def choice(figure: float | None) -> Button:
        label = none if figure is None else least.format(n=words.figure(figure))
        return _choice(label, figure == chosen, step, key(figure))

    return Buttons(tuple(map(choice, figures)))


def key(figure: float | None) -> str:
    """How a button names a figure."""
    return "any" if figure is None else f"{figure:.0f}"


def loudness(rule: Rule, notes: tuple[Block, ...], *, private: bool) -> Message:
    """The page for how loud."""
    quiet = rule.loudness is Loudness.EDIT
    rows: list[Row] = [
        Buttons(
            (
                _choice(_("Only update cards"), quiet, "loud", "edit"),
                _choice(_("Also reply to big changes"), not quiet, "loud", "reply"),
            )
        )
    ]
    if not private:
        role = rule.role if rule.loudness is Loudness.PING else None
        prompt = _("Mention a role on major updates …")
        rows.append(Roles(prompt, Ref("setup", ("role",)), role))
    return Message(_("How loud?"), (Text(how_loud(rule)), *notes), (*rows, back()))


def quiet(rule: Rule) -> Message:
    """The page for quiet hours."""
    buttons = [to(_("Set the hours …"), "hours")]
    if rule.quiet:
        pass_ = _choice(
            _("Allow major updates"),
            rule.quiet.majors,
            "majors",
            "no" if rule.quiet.majors else "yes",
        )
        buttons += [pass_, to(_("No quiet hours"), "nohours", "yes")]
    return Message(
        _("Quiet hours"),
        (
            Text(
                when_quiet(rule.quiet)
                if rule.quiet
                else _("No quiet hours. Updates can arrive at any time.")
            ),
            Note(_("What happens during quiet hours arrives afterwards, as one card per story.")),
        ),
        (Buttons(tuple(buttons)), back()),
    )


def asking_hours(rule: Rule) -> Message:
    """Asks for the quiet hours."""
    return Message(
        _("Quiet hours"),
        (Text(_("From when to when, and in which time zone?")),),
        asks=Field(
            _("Hours and time zone"),
            Ref("setup", ("hours",)),
            value=write_quiet(rule.quiet) if rule.quiet else "",
            hint=EXAMPLE,
            limit=100,
        ),
    )


def more(rule: Rule, *, publishes: bool) -> Message:
    """The page for everything else. `publishes`: whether cards can be published from this chat."""
    switches = [_switch(_("Show leaning"), "leaning", on=rule.show_leaning)]
    shown = [
        _("Leaning: whether cards show the political leaning of the coverage."),
        _("Pins: how many cards I keep pinned at once. The oldest goes first."),
    ]
    if publishes:
        switches.append(_switch(_("Publish cards"), "publish", on=rule.publish))
        shown.insert(
            1,
            _(
                "Publishing: in an announcement channel, cards are also published to the "
                "channels that follow it."
            ),
        )
    rows: list[Row] = [
        Buttons(tuple(switches)),
        Buttons(
            tuple(
                _choice(
                    ngettext("{n} pin", "{n} pins", most).format(n=words.number(most)),
                    rule.pins == most,
                    "pins",
                    f"{most}",
                )
                for most in PINS
            )
        ),
    ]
    if len(languages()) > 1:
        rows += menu_of(
            _("Card language …"),
            [
                _choice(spelled(code), (rule.language or "en") == code, "lang", language_key(code))
                for code in languages()
            ],
        )
    return Message(
        _("More"),
        (Bullets(tuple(shown)),),
        (*rows, back()),
    )


def language_key(code: str) -> str:
    """How a button names a language."""
    return code.replace("_", "-").lower()


def _nothing(rule: Rule) -> Iterator[Block]:
    if rule.empty:
        yield Text(_("No stories yet. Choose all, single ones, or words."))


def _choice(label: str, chosen: bool, step: str, value: str) -> Button:
    return to(f"✓ {label}" if chosen else label, step, value)


def _switch(label: str, step: str, *, on: bool) -> Button:
    return _choice(label, on, step, "no" if on else "yes")
