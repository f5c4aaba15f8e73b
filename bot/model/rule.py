"""What one chat wants: which stories, and how loud."""

from dataclasses import dataclass
from datetime import time
from enum import StrEnum

from bot.model.chat import Chat
from stories.story import Story, StoryId


class Loudness(StrEnum):
    EDIT = "edit"
    """The card is edited, and that is all."""
    REPLY = "reply"
    """Notable and major updates also get a short reply, at most one per story and hour."""
    PING = "ping"
    """The same, and the reply to a major one mentions the role that the moderators chose."""


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours in which a chat hears nothing new. They may go past midnight."""

    begins: time
    ends: time
    zone: str
    """A name of the IANA time zone database: Europe/Berlin."""
    majors: bool = True
    """Major updates are told all the same."""


@dataclass(frozen=True, slots=True)
class Mute:
    """A story the chat does not want to hear of."""

    story: StoryId
    until_major: bool = False
    """A major update ends it."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What a chat wants. A story has to match, reach every threshold, and not be muted."""

    all: bool = False
    keywords: tuple[str, ...] = ()
    entities: tuple[str, ...] = ()
    story_ids: tuple[StoryId, ...] = ()
    min_virality: float | None = None
    min_articles: int | None = None
    show_leaning: bool = False
    loudness: Loudness = Loudness.REPLY
    role: str | None = None
    """Whom a major update mentions where `loudness` is PING, in the platform's terms."""
    quiet: Quiet | None = None
    publish: bool = False
    """Cards in an announcement channel are published to the channels that follow it."""
    paused: bool = False
    """Nothing new is posted. Cards that stand are kept up to date."""
    muted: tuple[Mute, ...] = ()
    pins: int = 5
    """At most so many of our pins stand at once; the oldest goes first."""
    language: str | None = None
    """In which language the cards' own words are; None for English."""
    keeper: Chat | None = None
    """Who set this up last: told in private when the chat refuses us."""

    @property
    def empty(self) -> bool:
        return not (self.all or self.keywords or self.entities or self.story_ids)

    def wants(self, story: Story) -> bool:
        """Words match whole and case-folded; an absent figure fails its threshold."""
        return (
            not self.paused
            and self._names(story)
            and self._reaches(story)
            and all(mute.story != story.id for mute in self.muted)
        )

    def _names(self, story: Story) -> bool:
        return (
            self.all
            or story.id in self.story_ids
            or bool(folded(self.keywords) & folded(story.keywords))
            or bool(folded(self.entities) & folded(story.entities))
        )

    def _reaches(self, story: Story) -> bool:
        stats = story.stats
        return at_least(stats.virality, self.min_virality) and at_least(
            stats.articles, self.min_articles
        )


def at_least(figure: float | None, threshold: float | None) -> bool:
    """Whether a figure reaches a threshold; an absent one reaches none."""
    return threshold is None or (figure is not None and figure >= threshold)


def folded(words: tuple[str, ...]) -> frozenset[str]:
    """Words as they are compared: case-folded, with single spaces."""
    return frozenset(" ".join(word.split()).casefold() for word in words)
