"""What the archive tells its readers: verdicts on documents, and how far a reader has come."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from stories.edition import Edition
from stories.story import Story
from stories.stub import Stub


class Verdict(StrEnum):
    """What became of a revision."""

    ACCEPTED = "accepted"
    SAME = "same"
    """It says what is already held."""
    STALE = "stale"
    """Older than what is held."""
    CONFLICT = "conflict"
    """The revision that is held, with other content."""


class Door(StrEnum):
    """How a document came in."""

    PUBSUB = "said"
    """Pub/sub: heard if a bot listens at that moment."""
    INBOX = "left"
    """The inbox: nothing left there is missed."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a reader has followed the index. Another epoch means: begin anew."""

    epoch: str = ""
    seq: int = 0


@dataclass(frozen=True, slots=True)
class Changes:
    """What the index holds behind a cursor, oldest change first."""

    upto: Cursor
    editions: tuple[Edition, ...]
    anew: bool = False
    """The archive lost something, or everything, since: this is all there is."""
    stubs: tuple[Stub, ...] = ()
    """The stories that have left full memory; with nothing in them those that are gone."""


@dataclass(frozen=True, slots=True)
class Page:
    """A part of the index, newest first."""

    upto: Cursor
    """What came after this was read lies behind here."""
    below: int
    """Where the next page begins; 0: there is none."""
    editions: tuple[Edition, ...]
    stubs: tuple[Stub, ...] = ()


@dataclass(frozen=True, slots=True)
class Heard:
    """A revision, and when it came."""

    at: datetime
    story: Story


@dataclass(frozen=True, slots=True)
class Rejected:
    """A document that was refused, and why."""

    at: datetime
    door: Door
    why: str
    beginning: str
    """Its first 200 characters."""
