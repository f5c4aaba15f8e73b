"""What people can learn about a chat and its cards."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from bot.model.chat import Right
from bot.model.ledger import CardRecord
from stories.story import StoryId
from wording.reasons import Reason


@dataclass(frozen=True, slots=True)
class Refusal:
    """A chat takes nothing from us."""

    reason: Reason
    again_at: datetime
    """When it is tried again."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What became of a story in a chat, and what its card waits for."""

    story: StoryId | None
    """None when no story was named and there is no card."""
    row: CardRecord | None = None
    due: bool = False
    """Something is still to be done about the card."""
    next_edit: datetime | None = None
    """When a card that stands may be edited again."""
    apart: timedelta = timedelta(0)
    """How far apart its edits are."""
    reply_gap: timedelta = timedelta(0)
    """At most one reply a story in so long."""
    next_publish: datetime | None = None
    """When another card may be published here; None where nothing can be."""
    refusal: Refusal | None = None
    again_at: datetime | None = None
    """When a card is tried again that could not be shown, or is kept by the platform's pause."""


@dataclass(frozen=True, slots=True)
class Pinned:
    """What we have pinned in a chat."""

    stories: Sequence[StoryId]
    """The newest pin first."""
    seen: bool
    """The platform has shown that they stand; else people may have unpinned some."""


@dataclass(frozen=True, slots=True)
class Health:
    """How a chat fares. What could not be looked up at once is None."""

    lacks: Mapping[Right, Sequence[str]] | None
    """The rights we would need and have not, asked of the platform now."""
    cards: Sequence[tuple[StoryId, CardRecord]] | None
    """The cards here, that written last first."""
    waiting: Sequence[tuple[StoryId, datetime | None]] = ()
    """The stories with something still to be done here; until when they wait at least, if known."""
    refusal: Refusal | None = None
    again: Mapping[StoryId, datetime] = field(default_factory=dict)
    """Those of them that could not be shown or are kept by a pause of the platform's, and when
    they are tried again."""


class Claim(StrEnum):
    """What became of a moderator's word that a card stands."""

    FOUND = "found"
    """The platform showed us where."""
    TAKEN = "taken"
    """It counts as standing until a notable update or a withdrawal, which is posted afresh."""
    REPEATED = "repeated"
    """The same; it was said before."""
