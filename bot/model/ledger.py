"""What the ledger holds: one record for each story's card in each chat."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from stories.story import StoryId
from wording.reasons import Reason


class State(StrEnum):
    """How the last attempt to show a card ended."""

    SENDING = "sending"
    SHOWN = "shown"
    UNKNOWN = "unknown"
    FAILED = "failed"
    """Surely not done."""
    GONE = "gone"
    """It stood there, and someone deleted it."""
    UNREADABLE = "unreadable"
    """There is a row, and it cannot be read: the card may stand. Such a row is never written."""


class Pin(StrEnum):
    """What is to become of our pin of a card. Each is written before the platform is asked."""

    WANTED = "wanted"
    """To be pinned; it may be already."""
    STANDS = "stands"
    GOING = "going"
    """To be unpinned; it may still be pinned."""


@dataclass(frozen=True, slots=True)
class CardRecord:
    """One line of the ledger: one story's card in one chat."""

    state: State
    at: datetime
    """When the state was written."""
    revision: int
    """The revision shown, being sent, or tried."""
    place: str | None = None
    """Where the card stands, in the platform's terms; None before it stands anywhere."""
    looks: str | None = None
    """A hash of what the card says, to leave it alone when nothing would change."""
    posted_at: datetime | None = None
    replied_at: datetime | None = None
    generation: int = 1
    """Counts the cards made for this story here: a new one only after one is gone or unproven."""
    owes: int | None = None
    """A reply is owed: what changed since this revision is to be said beside the card."""
    told: int | None = None
    """The newest revision that a reply told of."""
    into: StoryId | None = None
    """The story whose card took this one's place; where this one still stands it leads there."""
    tells: StoryId | None = None
    """A reply is owed: that this other story, whose card became this one, is a part of it now."""
    pin: Pin | None = None
    """Our pin; None: none, and what people pinned is not ours to touch."""
    pinned_at: datetime | None = None
    """When it was last asked for."""
    published_at: datetime | None = None
    """When the card was sent on to those who follow the channel."""
    why: Reason | None = None
    """What went wrong; of a card that is shown: why it is not published."""
    claimed_at: datetime | None = None
    """Of a card of unknown outcome: when a moderator said that it stands."""
    noticed_at: datetime | None = None
    """When someone who can settle it was last told that it is not known whether it stands."""

    bare: Reason | None = None
    """Why the card is shown without its links; None: they are there."""

    @property
    def pinned(self) -> bool:
        """Whether the card is meant to be pinned by us."""
        return self.pin in (Pin.WANTED, Pin.STANDS)


UNREADABLE = CardRecord(State.UNREADABLE, datetime(1970, 1, 1, tzinfo=UTC), 0)
"""Stands for a row that cannot be read."""


@dataclass(frozen=True, slots=True)
class HighWaterMark:
    """How high the storage stood when we last looked."""

    written: int = 0
    """Ledger rows ever written."""
    doubt: datetime | None = None
    """When the storage was last seen to have lost something it had acknowledged."""
