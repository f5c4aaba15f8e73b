"""/setup - a panel: choose step by step what a chat gets, rehearse it, then save."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from bot.model.command import Ask, Command, Option
from bot.model.errors import Sorry
from bot.model.rule import Draft, Loudness, Rule, folded
from config.entry import read_quiet
from handlers import panel
from handlers.changing_rules import keeper_of
from handlers.drafting import Clash, Drafting, Overtaken, changed
from handlers.follow import WORDS, refuse_endless, with_story
from handlers.followed_things import to_overview
from handlers.ports import Desk
from handlers.rehearsal import Rehearser
from handlers.rule_in_words import unheard
from handlers.story_choice import MENU, menu_of
from handlers.story_words import name
from stories.index import StoryIndex
from stories.spelling import fold
from stories.story import StoryId
from wording import words
from wording.acts import Act, Did
from wording.card import card
from wording.language import N_, _, languages, ngettext, speaking
from wording.message import Button, Buttons, Message, Note, Ref, Text
from wording.text import line

T = TypeVar("T")

OFFERED = 10
"""The most live stories offered for following; /follow accepts any."""
NO_WORDS = ("-", "–", "—")
"""What people write for “none”, because an empty answer can't be sent."""


@dataclass(frozen=True, slots=True)
class SetupCommand:
    """Shows the panel's pages and applies each step to the chat's draft."""

    index: StoryIndex
    desk: Desk
    drafting: Drafting
    rehearser: Rehearser
    now: Callable[[], datetime]

    async def answer(self, ask: Ask) -> Message:
        """Take one step: show a page of the draft, change it, rehearse it, save it or drop it."""
        step, value = ask.get("step"), ask.get("value")
        if step == "save":
            return await self._save(ask, value, insist=ask.get("sure") == "yes")
        if step == "drop":
            await self.drafting.drop(ask.chat)
            return panel.overview(await self.drafting.of(ask.chat), self.index)
        if step in _CHANGES and value:
            page, change = _CHANGES[step]
            draft = await self.drafting.change(ask.chat, lambda rule: change(rule, value))
            return self._page(page, draft, ask)
        draft = await self.drafting.of(ask.chat)
        if step == "rehearse":
            return await self._rehearsed(draft)
        if step == "card":
            return self._card(value, draft)
        return self._page(step, draft, ask)

    def _page(self, step: str, draft: Draft, ask: Ask) -> Message:
        rule = draft.rule
        match step:
            case "stories":
                return panel.stories(rule, self.index)
            case "words":
                return panel.asking_words(rule)
            case "single":
                live = [
                    e for e in self.index.top(MENU, self.now()) if e.story.id not in rule.story_ids
                ]
                return panel.single(rule, self.index, live[:OFFERED])
            case "limits":
                return panel.limits(rule)
            case "loudness":
                flat = tuple(unheard(self.desk, ask.chat, rule))
                return panel.loudness(rule, flat, private=ask.private)
            case "quiet":
                return panel.quiet(rule)
            case "hours":
                return panel.asking_hours(rule)
            case "more":
                return panel.more(rule, publishes=self.desk.can_publish(ask.chat))
            case _:
                return panel.overview(draft, self.index)

    async def _rehearsed(self, draft: Draft) -> Message:
        rehearsal = await self.rehearser.rehearse(draft.rule)
        cards = [panel.to(name(each.story), "card", each.story.id) for each in rehearsal.cards]
        return Message(
            _("Rehearsal"),
            (*rehearsal.said(),),
            (
                *menu_of(_("See a card …"), cards),
                Buttons((*panel.ends(draft), *panel.back().items)),
            ),
        )

    def _card(self, story: str, draft: Draft) -> Message:
        edition = self.index.get(story)
        if edition is None:
            raise Sorry(_("That story is no longer available"), rows=(panel.back("rehearse"),))
        with speaking(draft.rule.language):
            shown = card(edition, self.index.delta(edition), show_leaning=draft.rule.show_leaning)
        return replace(shown, living=None, rows=(panel.back("rehearse"),))

    async def _save(self, ask: Ask, shown: str, *, insist: bool) -> Message:
        try:
            saved = await self.drafting.save(ask.chat, shown, keeper_of(ask), insist=insist)
        except Overtaken as other:
            raise Sorry(
                _("Someone changed these settings since you opened them"),
                Text(_("Another moderator is editing too. Saving now would give:")),
                *panel.described(other.draft.rule, self.index),
                rows=(Buttons((*panel.ends(other.draft), *panel.back().items)),),
            ) from None
        except Clash as clash:
            settings = words.both([_(setting) for setting in clash.settings])
            mine = panel.to(_("Save mine"), "save", shown, "yes")
            raise Sorry(
                _("Someone else saved different settings in the meantime"),
                Text(_("You both changed: {settings}. Theirs is this:").format(settings=settings)),
                *panel.described(clash.now, self.index),
                rows=(Buttons((mine, panel.to(_("Keep theirs"), "drop"))),),
            ) from None
        return Message(
            _("Saved"),
            (
                Text(_("This chat now gets:")),
                *panel.described(saved.rule, self.index),
                *unheard(self.desk, ask.chat, saved.rule),
                Note(_("Use /why to see what happened to a story, and /pause to stop new posts.")),
            ),
            (Buttons((to_overview(), Button(_("Edit again"), Ref("setup")))),),
            act=Act(Did.CHANGED_SETTINGS) if changed(saved) else None,
        )


def setup_command(
    index: StoryIndex,
    desk: Desk,
    drafting: Drafting,
    rehearser: Rehearser,
    now: Callable[[], datetime],
) -> Command:
    """The command /setup."""
    setup = SetupCommand(index, desk, drafting, rehearser, now)
    return Command(
        "setup",
        N_("Choose what this chat gets"),
        setup.answer,
        options=(
            Option("step", N_("Which step"), hidden=True),
            Option("value", N_("What is chosen"), hidden=True),
            Option("sure", N_("Confirmation"), hidden=True),
        ),
        moderators=True,
    )


# What each step does to a rule. Unknown values come from an old button.


def _all(rule: Rule, value: str) -> Rule:
    return replace(rule, all=_yes(value))


def _words(rule: Rule, value: str) -> Rule:
    parts = re.split(r"[,\n]", "" if line(value) in NO_WORDS else value)
    said: dict[str, str] = {}
    for part in parts:
        if word := line(part):
            said.setdefault(fold(word), word)
    again = Buttons((panel.to(_("Try again"), "words"), *panel.back("stories").items))
    refuse_endless(said.values(), again)
    if len(said) > WORDS:
        many = ngettext(
            "A chat can follow up to {most} words, and you entered {n}",
            "A chat can follow up to {most} words, and you entered {n}",
            len(said),
        )
        raise Sorry(
            many.format(most=words.number(WORDS), n=words.number(len(said))),
            Text(_("Use fewer words that more stories share.")),
            rows=(again,),
        )
    known = folded((*rule.keywords, *rule.entities))
    new = tuple(word for key, word in said.items() if key not in known)

    def still(old: tuple[str, ...]) -> tuple[str, ...]:
        """Words that match only keywords, or only entities, keep doing so."""
        return (*(word for word in old if fold(word) in said), *new)

    return replace(
        rule,
        all=rule.all and not said,
        keywords=still(rule.keywords),
        entities=still(rule.entities),
    )


def _add(rule: Rule, value: str) -> Rule:
    if value in rule.story_ids:
        return rule
    return with_story(rule, StoryId(value), panel.back("single"))


def _less(rule: Rule, value: str) -> Rule:
    return rule.without(StoryId(value))


def _virality(rule: Rule, value: str) -> Rule:
    return replace(rule, min_virality=_one_of(panel.VIRALITIES, panel.key, value))


def _articles(rule: Rule, value: str) -> Rule:
    return replace(rule, min_articles=_one_of(panel.ARTICLES, panel.key, value))


def _loud(rule: Rule, value: str) -> Rule:
    loudness = Loudness.EDIT if value == "edit" else Loudness.REPLY
    return replace(rule, loudness=loudness, role=None)


def _role(rule: Rule, value: str) -> Rule:
    if not re.fullmatch(r"[1-9][0-9]{0,19}", value):
        raise _old()
    return replace(rule, loudness=Loudness.PING, role=value)


def _hours(rule: Rule, value: str) -> Rule:
    try:
        quiet = read_quiet(value, majors=rule.quiet is None or rule.quiet.majors)
    except ValueError as error:
        again = panel.to(_("Try again"), "hours")
        raise Sorry(
            _("I can't read these hours"),
            Text(str(error)),
            rows=(Buttons((again, *panel.back("quiet").items)),),
        ) from None
    return replace(rule, quiet=quiet)


def _no_hours(rule: Rule, _value: str) -> Rule:
    return replace(rule, quiet=None)


def _majors(rule: Rule, value: str) -> Rule:
    return replace(rule, quiet=rule.quiet and replace(rule.quiet, majors=_yes(value)))


def _leaning(rule: Rule, value: str) -> Rule:
    return replace(rule, show_leaning=_yes(value))


def _publish(rule: Rule, value: str) -> Rule:
    return replace(rule, publish=_yes(value))


def _pins(rule: Rule, value: str) -> Rule:
    return replace(rule, pins=_one_of(panel.PINS, str, value))


def _language(rule: Rule, value: str) -> Rule:
    code = _one_of(languages(), panel.language_key, value)
    return replace(rule, language=None if code == "en" else code)


def _yes(value: str) -> bool:
    return value == "yes"


def _one_of(values: Iterable[T], key: Callable[[T], str], value: str) -> T:
    for each in values:
        if key(each) == value:
            return each
    raise _old()


def _old() -> Sorry:
    return Sorry(_("That's no longer available here"), rows=(panel.back(),))


_Change = Callable[[Rule, str], Rule]
_CHANGES: Mapping[str, tuple[str, _Change]] = {
    "all": ("stories", _all),
    "words": ("stories", _words),
    "add": ("single", _add),
    "less": ("single", _less),
    "virality": ("limits", _virality),
    "articles": ("limits", _articles),
    "loud": ("loudness", _loud),
    "role": ("loudness", _role),
    "hours": ("quiet", _hours),
    "nohours": ("quiet", _no_hours),
    "majors": ("quiet", _majors),
    "leaning": ("more", _leaning),
    "publish": ("more", _publish),
    "pins": ("more", _pins),
    "lang": ("more", _language),
}
"""Steps that change something: the page that shows it, and the change."""
