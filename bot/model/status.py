"""What people can learn about a chat and its cards."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from bot.model.chat import Permission
from bot.model.ledger import CardRecord
from bot.model.step import Hold, Step
from stories.story import StoryId
from wording.holds import Part
from wording.reasons import Reason


@dataclass(frozen=True, slots=True)
class Refusal:
    """A chat accepts nothing from us."""

    reason: Reason
    again_at: datetime
    """When the bot tries again."""


@dataclass(frozen=True, slots=True)
class CardStatus:
    """What became of a story in a chat, and what its card is waiting for."""

    story: StoryId | None
    """None if no story was named and there is no card."""
    row: CardRecord | None = None
    due: bool = False
    """Whether something remains to be done about the card."""
    plan: Mapping[Part, Step | Hold] = field(default_factory=dict)
    """What is to be done about each part of it, and what keeps that (bot/delivery/plan.py);
    empty if nothing is known of the story."""
    apart: timedelta = timedelta(0)
    """The minimum time between its edits."""
    reply_gap: timedelta = timedelta(0)
    """The minimum time between replies about one story."""
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Pinned:
    """What we have pinned in a chat."""

    stories: Sequence[StoryId]
    """The latest pin first."""
    seen: bool
    """Whether the platform confirmed the pins; otherwise people may have removed some."""


@dataclass(frozen=True, slots=True)
class Health:
    """How a chat is doing. What couldn't be determined quickly is None."""

    lacks: Mapping[Permission, Sequence[str]] | None
    """The permissions we need and don't have, checked with the platform now."""
    cards: Sequence[tuple[StoryId, CardRecord]] | None
    """The cards here, the most recently written first."""
    waiting: Sequence[tuple[StoryId, datetime | None]] = ()
    """The stories for which something remains to be done here,
    and until when they wait at least, if known."""
    refusal: Refusal | None = None
    again: Mapping[StoryId, datetime] = field(default_factory=dict)
    """Those that couldn't be shown or wait for the platform's pause, and when the bot retries
    them."""


class Claim(StrEnum):
    """What became of a moderator's statement that a card exists."""

    FOUND = "found"
    """The platform showed us where."""
    TAKEN = "taken"
    """It counts as existing until a notable update or a withdrawal, which is posted as a new
    card."""
    REPEATED = "repeated"
    """The same; it had been said before."""
