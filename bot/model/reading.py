"""How far a person has followed the stories."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from stories.story import StoryId


@dataclass(frozen=True, slots=True)
class Seen:
    """Someone saw a revision of a story."""

    revision: int
    at: datetime
    """When they first saw it."""


@dataclass(frozen=True, slots=True)
class ReadingPosition:
    """How far someone has followed a story: the last two revisions they saw."""

    last: Seen
    before: Seen | None = None

    def after(self, visit: Seen) -> "ReadingPosition":
        """The position after seeing this, too. Seeing the same revision again changes nothing."""
        known = visit.revision == self.last.revision or visit == self.before
        return self if known else ReadingPosition(visit, self.last)


@dataclass(frozen=True, slots=True)
class ReadingHistory:
    """Everything stored about what one person looked at."""

    positions: Mapping[StoryId, ReadingPosition]
    until: datetime | None
    """When it is deleted unless they look again; None if there is nothing to delete."""
    caught_up: datetime | None = None
    """Until when they have read all changes; None if they never said so."""
