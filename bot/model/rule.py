"""The rule of a chat: which stories it wants, and how loud."""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from bot.model.chat import Chat
from stories.spelling import fold
from stories.story import Story, StoryId


class Loudness(StrEnum):
    """How loudly a chat is told about changes."""

    EDIT = "edit"
    """Cards are edited, nothing more."""
    REPLY = "reply"
    """Notable and major updates also get a short reply, one per story and hour; what may not wait
    goes sooner (bot/delivery/reply_policy.py)."""
    PING = "ping"
    """The same, and the reply to a major update mentions the role that the moderators chose."""


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours in which a chat gets nothing new. They may extend past midnight."""

    begins: time
    ends: time
    zone: str
    """A name from the IANA time zone database: Europe/Berlin."""
    majors: bool = True
    """Whether major updates are reported even then."""

    def __post_init__(self) -> None:
        if self.begins == self.ends:
            raise ValueError("quiet hours can't start and end at the same time: pause instead")
        if not known_zone(self.zone):
            raise ValueError(
                f"“{self.zone}” isn't a time zone: use one such as Europe/Berlin or UTC"
            )

    def around(self, now: datetime) -> tuple[datetime, datetime] | None:
        """The beginning and end of the quiet time that contains `now`; None if it isn't quiet.

        When clocks change, an hour that is skipped counts as the one after it, and of an hour that
        occurs twice, the first one counts.
        """
        today = now.astimezone(ZoneInfo(self.zone)).date()
        for day in (today - timedelta(days=1), today):
            next_day = day if self.begins < self.ends else day + timedelta(days=1)
            begins, ends = self._moment(day, self.begins), self._moment(next_day, self.ends)
            if begins <= now < ends:
                return begins, ends
        return None

    def _moment(self, day: date, hour: time) -> datetime:
        return datetime.combine(day, hour, ZoneInfo(self.zone)).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Mute:
    """A story that the chat doesn't want to get."""

    story: StoryId
    until_major: bool = False
    """Whether a major update ends it."""
    revision: int = 0
    """The latest revision when it was muted, 0 if unknown: only later ones can end it."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What a chat wants. A story must match, reach every minimum, and not be muted."""

    all: bool = False
    keywords: tuple[str, ...] = ()
    entities: tuple[str, ...] = ()
    story_ids: tuple[StoryId, ...] = ()
    min_virality: float | None = None
    min_articles: int | None = None
    show_leaning: bool = False
    loudness: Loudness = Loudness.REPLY
    role: str | None = None
    """The role that a major update mentions if `loudness` is PING, in the platform's terms."""
    quiet: Quiet | None = None
    publish: bool = False
    """Whether cards in an announcement channel are published to the channels that follow it."""
    paused: bool = False
    """Nothing new is posted. Existing cards are kept up to date."""
    muted: tuple[Mute, ...] = ()
    pins: int = 5
    """The most pins of ours at once; a new one replaces the oldest."""
    language: str | None = None
    """The language of the cards' own words; None for English."""
    keeper: Chat | None = None
    """The last person who set this up: told in private when the chat refuses us."""

    @property
    def empty(self) -> bool:
        """Whether the rule wants no story at all."""
        return not (self.all or self.keywords or self.entities or self.story_ids)

    def wants(self, story: Story) -> bool:
        """Whether the story matches.

        Words match whole, in any spelling; a missing figure fails its minimum.
        """
        return self._may_tell(story) and self.mute_of(story.id) is None

    def awaits(self, story: Story) -> bool:
        """True if the story is muted until a major update and otherwise wanted."""
        mute = self.mute_of(story.id)
        return mute is not None and mute.until_major and self._may_tell(story)

    def mute_of(self, story: StoryId) -> Mute | None:
        """The mute of a story, or None."""
        return next((mute for mute in self.muted if mute.story == story), None)

    def unmuted(self, story: StoryId) -> "Rule":
        """The rule without the story's mute."""
        return replace(self, muted=tuple(mute for mute in self.muted if mute.story != story))

    def follows_on(self, story: StoryId, into: StoryId) -> "Rule":
        """The rule after a story was merged into another: follows and mutes now mean that one."""
        if story not in self.story_ids and self.mute_of(story) is None:
            return self
        ids = dict.fromkeys(into if each == story else each for each in self.story_ids)
        mute = self.mute_of(story)
        rule = self if mute is None else self.unmuted(story)
        if mute is not None and rule.mute_of(into) is None:
            rule = replace(rule, muted=(*rule.muted, Mute(into, mute.until_major)))
        return replace(rule, story_ids=tuple(ids))

    def without(self, story: StoryId) -> "Rule":
        """The rule without following this story by itself."""
        return replace(self, story_ids=tuple(each for each in self.story_ids if each != story))

    def over(self, before: "Rule") -> "Rule":
        """This rule combined with the one of the chat's former address.

        It has the words, stories and mutes of both; everything else was chosen here.
        """
        plain = Rule()
        chosen = {
            each.name: getattr(self, each.name)
            for each in fields(Rule)
            if getattr(self, each.name) != getattr(plain, each.name)
        }
        ours = {mute.story for mute in self.muted} | set(self.story_ids)
        muted = tuple(mute for mute in before.muted if mute.story not in ours)
        joined = {
            "keywords": _joined(before.keywords, self.keywords),
            "entities": _joined(before.entities, self.entities),
            "story_ids": tuple(dict.fromkeys((*before.story_ids, *self.story_ids))),
            "muted": (*muted, *self.muted),
        }
        return replace(before, **(chosen | joined))

    def quiet_until(self, now: datetime, *, major_at: datetime | None) -> datetime | None:
        """Until when nothing new is sent; None if it may be sent now.

        `major_at`: when a major change was received, if one is to be reported.
        """
        span = self.quiet.around(now) if self.quiet else None
        if span is None or self.quiet is None:
            return None
        begins, ends = span
        passes = self.quiet.majors and major_at is not None and major_at >= begins
        return None if passes else ends

    def _may_tell(self, story: Story) -> bool:
        return not self.paused and self._names(story) and self._reaches(story)

    def _names(self, story: Story) -> bool:
        return (
            self.all
            or story.id in self.story_ids
            or not _said(self.keywords).isdisjoint(map(fold, story.keywords))
            or not _said(self.entities).isdisjoint(map(fold, story.entities))
        )

    def _reaches(self, story: Story) -> bool:
        stats = story.stats
        return at_least(stats.virality, self.min_virality) and at_least(
            stats.articles, self.min_articles
        )


def _joined(before: tuple[str, ...], words: tuple[str, ...]) -> tuple[str, ...]:
    known = folded(before)
    return (*before, *(word for word in words if fold(word) not in known))


def at_least(figure: float | None, threshold: float | None) -> bool:
    """Whether a figure reaches a minimum; a missing one reaches none."""
    return threshold is None or (figure is not None and figure >= threshold)


def known_zone(name: str) -> bool:
    """Whether the system knows a time zone with that name."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown · not a name · a folder of zones
        return False
    return True


@lru_cache(maxsize=4096)
def _said(words: tuple[str, ...]) -> frozenset[str]:
    """A rule's words, folded once for all the stories it is compared with."""
    return folded(words)


def folded(words: Iterable[str]) -> frozenset[str]:
    """Words in the form in which they are compared."""
    return frozenset(map(fold, words))


@dataclass(frozen=True, slots=True)
class Draft:
    """A chat's rule while its moderators edit it."""

    began: Rule
    """The rule when they started."""
    rule: Rule
    """The rule as they have changed it."""
