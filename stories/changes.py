"""What the archive tells its readers: verdicts on documents, and how far a reader has come."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from stories.edition import Edition
from stories.story import Story
from stories.stub import Stub


class Verdict(StrEnum):
    """What became of a document."""

    ACCEPTED = "accepted"
    SAME = "same"
    """It contains what is already stored."""
    STALE = "stale"
    """Older than the stored revision."""
    CONFLICT = "conflict"
    """The stored revision, with different content."""


class Door(StrEnum):
    """How a document came in."""

    PUBSUB = "said"
    """Pub/sub: received only if a bot listens at that moment."""
    INBOX = "left"
    """The inbox: nothing is missed."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a reader has followed the index. A different epoch means: start over."""

    epoch: str = ""
    seq: int = 0


@dataclass(frozen=True, slots=True)
class Changes:
    """What the index holds after a cursor, oldest change first."""

    upto: Cursor
    editions: tuple[Edition, ...]
    anew: bool = False
    """True if the archive lost something since the cursor: this is everything there is."""
    stubs: tuple[Stub, ...] = ()
    """The stories that have left full memory; a stub without content is a deleted story."""


@dataclass(frozen=True, slots=True)
class Page:
    """A part of the index, newest first."""

    upto: Cursor
    """The cursor from which to read what arrives after this page."""
    below: int
    """Where the next page begins; 0 if there is none."""
    editions: tuple[Edition, ...]
    stubs: tuple[Stub, ...] = ()


@dataclass(frozen=True, slots=True)
class Heard:
    """A revision, and when it was received."""

    at: datetime
    story: Story


@dataclass(frozen=True, slots=True)
class Rejected:
    """A refused document, and why."""

    at: datetime
    door: Door
    why: str
    beginning: str
    """Its first 200 characters."""
