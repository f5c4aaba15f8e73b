"""What is due: the step from what a card shows to what it should show. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.ports import Row, State
from stories.delta import Weight


@dataclass(frozen=True, slots=True)
class Spacing:
    """How far apart the edits of one card are. Discord answers 30046 to those who hurry."""

    young: timedelta = timedelta(seconds=60)
    old: timedelta = timedelta(minutes=10)
    """Once the card is older than an hour."""

    def next_edit(self, row: Row) -> datetime:
        """When a shown card may be edited."""
        return row.at + self.apart(row)

    def apart(self, row: Row) -> timedelta:
        """How long a shown card is left alone after it was written."""
        posted = row.posted_at or row.at
        return self.old if row.at - posted > timedelta(hours=1) else self.young


@dataclass(frozen=True, slots=True)
class Nothing:
    """The card is as it should be, or should not be."""


@dataclass(frozen=True, slots=True)
class Wait:
    """There is something to do, but not yet."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Post:
    """Make a card."""

    generation: int


@dataclass(frozen=True, slots=True)
class Edit:
    """Make the card say the newest."""

    place: str


@dataclass(frozen=True, slots=True)
class Reply:
    """Say beside the card what changed."""

    place: str
    since: int
    """The revision whose readers are told."""


@dataclass(frozen=True, slots=True)
class Recover:
    """A post was under way when we last knew. It may stand there."""


Step = Nothing | Wait | Post | Edit | Reply | Recover


def decide(
    row: Row | None,
    *,
    revision: int,
    looks: str,
    weight: Weight | None,
    wanted: bool,
    now: datetime,
    spacing: Spacing,
) -> Step:
    """Compare the ledger's row with the newest edition.

    `wanted`: the chat's rule wants a live story, or a moderator asked for its card.
    `weight`: of everything that changed since the row's revision.
    """
    if row is None:
        return Post(1) if wanted else Nothing()
    newer = revision > row.revision
    match row.state:
        case State.SHOWN if row.owes is not None and row.place is not None:
            return Reply(row.place, row.owes)
        case State.SHOWN if row.looks == looks:
            return Nothing()
        case State.SHOWN if now < spacing.next_edit(row):
            return Wait(spacing.next_edit(row))
        case State.SENDING if row.place is None:
            return Recover()
        case State.UNKNOWN:
            return Post(row.generation + 1) if wanted and newer else Nothing()
        case State.GONE:
            again = wanted and newer and weight is not None and weight >= Weight.NOTABLE
            return Post(row.generation + 1) if again else Nothing()
        case State.FAILED if row.place is None:
            return Post(row.generation) if wanted else Nothing()
        case _:
            assert row.place is not None, "a card that stands has a place"
            return Edit(row.place)
