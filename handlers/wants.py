"""What a chat gets, in words, and the single things it follows."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from babel import Locale

from bot.model.chat import Chat
from bot.model.command import Ask
from bot.model.errors import Sorry
from bot.model.rule import Loudness, Mute, Quiet, Rule
from handlers.picking import name
from handlers.ports import Desk, Rules
from stories.index import StoryIndex
from stories.spelling import fold
from stories.story import StoryId, text_key
from wording import words
from wording.language import N_, _, ngettext
from wording.message import Block, Bullets, Button, Ref, Text

EVERYTHING = "all"
"""What buttons send for every live story."""
EVERYTHINGS = frozenset({EVERYTHING, "all stories", "everything"})
"""What people type for it."""
MUTED = 5
"""The most muted stories that are named; the rest is counted."""
_ALL, _ALL_STORIES = N_("all"), N_("All stories")


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing a chat follows: everything, unless `word` or `story` is given.

    A button names its kind, so that no story's id is ever mistaken for a word, or for everything.
    """

    label: str
    word: str | None = None
    story: StoryId | None = None

    @property
    def ref(self) -> Ref:
        """Asks /unfollow about it."""
        if self.story is not None:
            return Ref("unfollow", ("", "", self.story))
        if self.word is not None:
            return Ref("unfollow", ("", "", "", text_key(self.word)))
        return Ref("unfollow", ("", "", "", "", EVERYTHING))

    @property
    def typed(self) -> str:
        """What people type after /unfollow for it."""
        if self.story is not None:
            return typed_id(self.story)
        return EVERYTHING if self.word is None else text_key(self.word)

    def button(self) -> Button:
        """A button that unfollows it."""
        return Button(self.label, self.ref)


def means_everything(what: str) -> bool:
    """Whether someone typed, in English or in the current language, that they mean all stories."""
    return what.casefold() in _everythings()


def may_mean_everything(typed: str) -> bool:
    """Whether someone has begun to type that."""
    return any(each.startswith(typed.strip().casefold()) for each in _everythings())


def _everythings() -> frozenset[str]:
    return EVERYTHINGS | {_(each).casefold() for each in (_ALL, _ALL_STORIES)}


def typed_id(story: StoryId) -> str:
    """A story's id as people type it: with a # before it if it would be a keyword of the
    command."""
    return f"#{story}" if means_everything(story) else story


def meant_by_id(what: str) -> str:
    """The id that was typed with a # before it; empty if there was none."""
    return what[1:].casefold() if what.startswith("#") else ""


def words_in(rule: Rule) -> tuple[str, ...]:
    """The words a rule follows, once each, as first written."""
    once: dict[str, str] = {}
    for word in (*rule.keywords, *rule.entities):
        once.setdefault(fold(word), word)
    return tuple(once.values())


def followed(rule: Rule | None, index: StoryIndex) -> list[Thing]:
    """Everything a rule follows, the broadest first."""
    if rule is None:
        return []
    return [
        *([Thing(_("Everything"))] if rule.all else []),
        *(Thing(f"“{word}”", word=word) for word in words_in(rule)),
        *(Thing(title_of(story, index), story=story) for story in rule.story_ids),
    ]


def title_of(story: StoryId, index: StoryIndex) -> str:
    """A story's title; its id if the story is no longer stored."""
    edition = index.get(story)
    return name(edition.story) if edition else story


def gets(rule: Rule, index: StoryIndex) -> Iterator[Block]:
    """What a chat with this rule gets, in words."""
    if rule.paused:
        yield Text(_("Paused: nothing new comes until /resume. Cards that stand stay up to date."))
    yield from which(rule, index)
    if rule.show_leaning:
        yield Text(_("Cards show the political leaning of the coverage."))
    yield Text(how_loud(rule))
    if rule.quiet is not None:
        yield Text(when_quiet(rule.quiet))
    if rule.publish:
        yield Text(_("Cards are published to the servers that follow this channel."))
    if rule.muted:
        muted = words.some([_muted(mute, index) for mute in rule.muted], MUTED)
        yield Text(_("Muted: {stories}.").format(stories=words.both(muted)))
    if rule.language:
        yield Text(_("Cards are in {language}.").format(language=spelled(rule.language)))


def which(rule: Rule, index: StoryIndex) -> Iterator[Block]:
    """Which stories, in words."""
    stories = tuple(f"“{title_of(story, index)}”" for story in rule.story_ids)
    about = words_in(rule)
    if rule.all:
        yield Text(_("Every live story."))
    elif about:
        yield Text(
            _("Every story about {words}.").format(
                words=words.either([f"“{word}”" for word in about])
            )
        )
    if stories and not rule.all:
        yield Text(_("These stories as well:") if about else _("These stories:"))
        yield Bullets(stories)
    if limits := list(_thresholds(rule)):
        yield Text(
            _("Only with {limits}; a story without that figure does not come here.").format(
                limits=words.both(limits)
            )
        )


def how_loud(rule: Rule) -> str:
    """How loud, in words."""
    return _(_LOUDNESS[rule.loudness])


def when_quiet(quiet: Quiet) -> str:
    """The quiet hours, in words."""
    said = _("Quiet from {begins} to {ends} ({zone}): nothing new is posted or said then.")
    if quiet.majors:
        said = _(
            "Quiet from {begins} to {ends} ({zone}): "
            "nothing new is posted or said then, except major updates."
        )
    return said.format(
        begins=words.clock(quiet.begins), ends=words.clock(quiet.ends), zone=quiet.zone
    )


def _muted(mute: Mute, index: StoryIndex) -> str:
    said = _("“{story}” until it turns major") if mute.until_major else "“{story}”"
    return said.format(story=title_of(mute.story, index))


def hush(rule: Rule, at: datetime) -> Iterator[Text]:
    """Until when the chat gets nothing new because of quiet hours."""
    if hour := quiet_until(rule, at, major_at=None):
        yield Text(_("It is quiet here until {time}: what is new comes then.").format(time=hour))


def quiet_until(rule: Rule | None, at: datetime, *, major_at: datetime | None) -> str | None:
    """The end of the quiet time, in the chat's time zone; None if it isn't quiet."""
    until = rule.quiet_until(at, major_at=major_at) if rule else None
    if until is None or rule is None or rule.quiet is None:
        return None
    return words.clock(until.astimezone(ZoneInfo(rule.quiet.zone)).time())


def spelled(code: str) -> str:
    """A language's own name: “Deutsch”."""
    return Locale.parse(code).get_display_name(code) or code


_LOUDNESS = {
    Loudness.EDIT: N_(
        "Cards are edited as stories develop, and nothing else is said but a withdrawal or an end."
    ),
    Loudness.REPLY: N_(
        "Cards are edited as stories develop; when much changes a short reply says what, "
        "at most one per story and hour."
    ),
    Loudness.PING: N_(
        "Cards are edited as stories develop; when much changes a short reply says what, at most "
        "one per story and hour, and a major one mentions the role that the moderators chose."
    ),
}


def _thresholds(rule: Rule) -> Iterator[str]:
    if rule.min_virality is not None:
        yield _("a virality of {figure} or more").format(figure=words.figure(rule.min_virality))
    if rule.min_articles is not None:
        yield ngettext("{n} article or more", "{n} articles or more", rule.min_articles).format(
            n=words.number(rule.min_articles)
        )


async def change(rules: Rules, ask: Ask, how: Callable[[Rule], Rule]) -> tuple[Rule, Rule]:
    """Change the rule of the chat where it is asked, as `Rules.change` does.

    The asker becomes the rule's keeper. Raises Sorry for chats in the operator's file.
    """
    theirs(rules, ask.chat)
    return await rules.change(ask.chat, lambda rule: kept_by(keeper_of(ask), how(rule)))


def to_follow() -> Button:
    """The button that leads to /follow."""
    return Button(_("Follow something"), Ref("follow"))


def to_overview() -> Button:
    """The button that leads to /following."""
    return Button(_("What this chat follows"), Ref("following"))


def who_follows(*, private: bool) -> Text:
    """Who can make a chat that follows nothing get stories, and how."""
    if private:
        return Text(_("Change that with /follow and a story or a word."))
    return Text(_("A moderator can change that with /follow and a story or a word."))


def keeper_of(ask: Ask) -> Chat | None:
    """The asker; None if a channel is asking."""
    return None if ask.person == ask.chat and not ask.private else ask.person


def kept_by(keeper: Chat | None, rule: Rule) -> Rule:
    """The rule with its keeper; an empty rule needs none, and is deleted."""
    return replace(rule, keeper=None if replace(rule, keeper=None) == Rule() else keeper)


def unheard(desk: Desk, chat: Chat, rule: Rule | None) -> Iterator[Block]:
    """What is wrong with the role that a rule mentions in the chat, and how to fix it."""
    if rule is None or rule.loudness is not Loudness.PING or rule.role is None:
        return
    if desk.may_mention(chat, rule.role) is False:
        yield Text(
            _(
                "The chosen role hears nothing of it: I may not mention it here. Choose another, "
                "allow everyone to mention it in the role's settings, or give me the right "
                "“Mention @everyone, @here, and All Roles”."
            )
        )


def theirs(rules: Rules, chat: Chat) -> Rule:
    """The chat's own rule for reading; raises Sorry for chats in the operator's file."""
    if rules.is_fixed(chat):
        raise Sorry(
            _("What this chat gets is set by whoever runs this bot"),
            Text(
                _("Ask them to change the entry for {chat} in the bot's configuration.").format(
                    chat=chat
                )
            ),
        )
    if rules.is_unreadable(chat):
        raise Sorry(newer())
    return rules.of(chat) or Rule()


def newer() -> str:
    """The answer where a chat's rule can't be read."""
    return _(
        "This chat's settings were written by a newer version of this bot, so I can't read or "
        "change them"
    )
