"""What a story is: a news event that develops, as frozen data."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType

StoryId = NewType("StoryId", str)
"""1-40 characters of a-z, 0-9 and -; short enough to fit whole into a button of any platform."""

LIVE_FOR = timedelta(hours=72)
"""How long after its last update a story still counts as live, unless a setting says otherwise."""


class Status(StrEnum):
    """How far a story has developed, as its publisher says."""

    EMERGING = "emerging"
    ACTIVE = "active"
    COOLING = "cooling"
    ENDED = "ended"


class Leaning(StrEnum):
    """The political leaning of a story's coverage, or of one outlet."""

    LEFT = "left"
    LEAN_LEFT = "lean-left"
    CENTER = "center"
    LEAN_RIGHT = "lean-right"
    RIGHT = "right"
    MIXED = "mixed"


@dataclass(frozen=True, slots=True)
class Spread:
    """How many of the outlets that report a story lean which way."""

    left: int = 0
    center: int = 0
    right: int = 0
    unrated: int = 0


@dataclass(frozen=True, slots=True)
class Stats:
    """The figures beside a story. What its publisher left out is None and isn't shown."""

    status: Status | None = None
    virality: float | None = None
    """0-10."""
    articles: int | None = None
    leaning: Leaning | None = None
    independent: int | None = None
    """How many of the articles aren't copies of another."""
    spread: Spread | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """One "further learning" question with its complete answer."""

    question: str
    answer: str
    sources: tuple[int, ...] = ()
    """Positions in the story's sources, from 0, that the answer rests on."""

    @property
    def key(self) -> str:
        """Eight hex digits of the question's text: its address in buttons, whatever its position.

        A revision that reorders, adds or drops questions leaves every other key unchanged.
        """
        return text_key(self.question)


@dataclass(frozen=True, slots=True)
class Source:
    """An article that the story is based on."""

    title: str
    outlet: str | None = None
    url: str | None = None
    published_at: datetime | None = None
    leaning: Leaning | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What one source says where sources contradict each other."""

    text: str
    source: int
    """Its position in the story's sources, from 0."""
    at: datetime | None = None
    """When it said so."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Something that sources report differently."""

    about: str
    """A few words, such as “number of injured”."""
    reports: tuple[Report, ...]

    @property
    def key(self) -> str:
        """The same for two conflicts about the same thing, whatever their reports."""
        return text_key(self.about)


@dataclass(frozen=True, slots=True)
class Correction:
    """What the publisher marked as a correction."""

    text: str
    """What was wrong, and what is right."""
    at: datetime

    @property
    def key(self) -> str:
        """The same for two corrections of the same text and time."""
        return text_key(f"{self.at.timestamp():.6f} {self.text}")


@dataclass(frozen=True, slots=True)
class Announced:
    """What readers have been told about a story that they are told only once.

    It isn't part of the document. The archive works it out when it accepts a revision (see
    stories/announced.py) and stores it with that revision, so that every comparison of two
    revisions gives the same result, in every process and after a restart.
    """

    fast_at: datetime | None = None
    """When readers were last told that it is spreading fast."""
    low: float | None = None
    """Its lowest virality since then."""
    corrected: tuple[str, ...] = ()
    """The keys of all its corrections so far, oldest first."""


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Story:
    """One revision of a story. All times are aware; all texts are plain and untrusted."""

    id: StoryId
    title: str
    breakdown: tuple[str, ...]
    revision: int | None = None
    """1 and up, growing. None only in a document whose publisher leaves the counting to us."""
    headline: str | None = None
    entities: tuple[str, ...] = ()
    stats: Stats = Stats()
    started_at: datetime | None = None
    updated_at: datetime | None = None
    keywords: tuple[str, ...] = ()
    questions: tuple[Question, ...] = ()
    sources: tuple[Source, ...] = ()
    url: str | None = None
    image_url: str | None = None
    rank: int | None = None
    retracted: str | None = None
    """Why it was withdrawn; None if it wasn't."""
    merged_into: StoryId | None = None
    split_from: StoryId | None = None
    cited: tuple[tuple[int, ...], ...] = ()
    """For each bullet of the breakdown the positions in `sources`, from 0, that it rests on.
    Empty if no bullet names any."""
    conflicts: tuple[Conflict, ...] = ()
    correction: Correction | None = None
    follows: StoryId | None = None
    """The story that this one continues."""
    web: bool = True
    """False keeps it off public web pages."""
    announced: Announced = field(default=Announced(), compare=False)
    """Added by the archive; two revisions that differ only in this are equal."""

    def bullets(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        """Each bullet of the breakdown with the positions in `sources` that it names."""
        for at, bullet in enumerate(self.breakdown):
            yield bullet, self.cited[at] if at < len(self.cited) else ()

    @property
    def duration(self) -> timedelta | None:
        """How long the story had been developing at its last update."""
        if self.started_at is None or self.updated_at is None:
            return None
        return max(self.updated_at - self.started_at, timedelta(0))

    @property
    def is_over(self) -> bool:
        """Whether it ended, was withdrawn or merged: nothing more is expected of it."""
        ended = self.stats.status is Status.ENDED or self.retracted is not None
        return ended or self.merged_into is not None

    def is_live(self, at: datetime, heard_at: datetime, live_for: timedelta = LIVE_FOR) -> bool:
        """True while the story develops.

        `heard_at` (when this revision was received) is used if the publisher gave no time, or one
        in the future.
        """
        if self.is_over:
            return False
        return at - self.fresh(heard_at) <= live_for

    def fresh(self, heard_at: datetime) -> datetime:
        """When it was last updated, as its publisher says, but not after we received it."""
        return min(self.updated_at or heard_at, heard_at)


def text_key(text: str) -> str:
    """Eight hex digits that identify a text, the same in every process and at any time."""
    return hashlib.blake2s(" ".join(text.split()).casefold().encode(), digest_size=4).hexdigest()
