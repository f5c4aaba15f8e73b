"""What the ledger holds: one record for each story's card in each chat."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from stories.story import StoryId
from wording.reasons import Reason


class State(StrEnum):
    """How the last attempt to show a card ended."""

    SENDING = "sending"
    SHOWN = "shown"
    UNKNOWN = "unknown"
    FAILED = "failed"
    """Certainly not done."""
    GONE = "gone"
    """The card was there, and someone deleted it."""
    UNREADABLE = "unreadable"
    """There is a row that can't be read, so the card may exist. Such a row is never written."""


class Pin(StrEnum):
    """The desired state of our pin. It is written before the platform is asked."""

    WANTED = "wanted"
    """To be pinned; may be pinned already."""
    STANDS = "stands"
    GOING = "going"
    """To be unpinned; may still be pinned."""


@dataclass(frozen=True, slots=True)
class CardRecord:
    """A row of the ledger: one story's card in one chat.

    An alias is the name under which a field is stored: every version reads and writes that one.
    """

    state: State
    at: datetime
    """When the state was written."""
    revision: int
    """The revision shown, being sent, or attempted."""
    message_id: Annotated[str | None, Field(alias="place")] = None
    """The message's id, in the platform's terms; None before there is a message."""
    fingerprint: Annotated[str | None, Field(alias="looks")] = None
    """A hash of the card's content, so that it isn't edited when nothing would change."""
    posted_at: datetime | None = None
    replied_at: datetime | None = None
    generation: int = 1
    """Counts the cards made for this story here:
    a new one only after one is gone or can't be proved."""
    reply_since: Annotated[int | None, Field(alias="owes")] = None
    """A reply is pending: it must report what changed since this revision."""
    reported: Annotated[int | None, Field(alias="told")] = None
    """The latest revision that a reply reported."""
    reported_at: Annotated[Mapping[str, datetime] | None, Field(alias="told_at")] = None
    """When a reply last told an end, a withdrawal, a merger or any other major change, by the names
    of bot/delivery/reply_policy.py: each of them goes at once, at most once an hour."""
    into: StoryId | None = None
    """The story whose card replaced this one; if this one still exists, it links there."""
    tells: StoryId | None = None
    """A reply is pending: it must report that this other story was merged into this card's."""
    pin: Pin | None = None
    """Our pin; None if there is none. What people pinned isn't ours to touch."""
    pinned_at: datetime | None = None
    """When it was last requested."""
    published_at: datetime | None = None
    """When the card was published to the channel's followers."""
    why: Reason | None = None
    """What went wrong; for a card that is shown, why it isn't published."""
    claimed_at: datetime | None = None
    """For a card of unknown outcome: when a moderator said that it exists."""
    noticed_at: datetime | None = None
    """When someone who can settle it was last told that the outcome is unknown."""

    bare: Reason | None = None
    """Why the card is shown without its links; None if it has them."""

    @property
    def pinned(self) -> bool:
        """Whether the card should be pinned by us."""
        return self.pin in (Pin.WANTED, Pin.STANDS)


UNREADABLE = CardRecord(State.UNREADABLE, datetime(1970, 1, 1, tzinfo=UTC), 0)
"""Stands for a row that can't be read."""


@dataclass(frozen=True, slots=True)
class HighWaterMark:
    """How far the storage was when we last looked."""

    written: int = 0
    """Ledger rows ever written."""
    doubt: datetime | None = None
    """When the storage was last seen to have lost acknowledged writes."""
