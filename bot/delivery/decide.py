"""What is due: the step from what a card shows to what it should show. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.model.ledger import CardRecord, Pin, State
from stories.delta import Weight
from stories.story import StoryId


@dataclass(frozen=True, slots=True)
class Spacing:
    """How far apart the edits of one card are. Discord answers 30046 to those who hurry."""

    young: timedelta = timedelta(seconds=60)
    old: timedelta = timedelta(minutes=10)
    """Once the card is older than an hour."""
    published: timedelta = timedelta(minutes=20)
    """Once the card is published: Discord lets it be edited three times an hour."""

    def next_edit(self, row: CardRecord) -> datetime:
        """When a shown card may be edited."""
        return row.at + self.apart(row)

    def apart(self, row: CardRecord) -> timedelta:
        """How long a shown card is left alone after it was written."""
        posted = row.posted_at or row.at
        apart = self.old if row.at - posted > timedelta(hours=1) else self.young
        return max(apart, self.published) if row.published_at else apart


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
class Tell:
    """Say beside the card that another story, whose card it was, has become a part of it."""

    place: str
    part: StoryId


@dataclass(frozen=True, slots=True)
class Forgo:
    """The reply that was owed is not to be said any more."""


@dataclass(frozen=True, slots=True)
class Publish:
    """Send the card on to those who follow the channel."""

    place: str


@dataclass(frozen=True, slots=True)
class PutPin:
    """Pin the card: a moderator wants it, and it may not be so yet."""

    place: str


@dataclass(frozen=True, slots=True)
class TakePin:
    """Unpin the card: its story is over, or a newer pin has taken its room."""

    place: str


@dataclass(frozen=True, slots=True)
class Recover:
    """A post was under way when we last knew. It may stand there."""


Step = Nothing | Wait | Post | Edit | Reply | Tell | Forgo | Publish | PutPin | TakePin | Recover


@dataclass(frozen=True, slots=True)
class Wish:
    """What a chat wants of a story at this moment."""

    shown: bool
    """The story is live and the chat's rule wants it."""
    told: bool
    """The chat's rule wants it: what changes may be said beside its card."""
    quiet_until: datetime | None = None
    """Nothing new is posted or said before; None: it may be now."""
    publish_from: datetime | None = None
    """When its card may be published; None: it is not to be."""
    recalled: bool = False
    """The story was withdrawn since the row's revision, or is no longer."""
    pinned: bool = True
    """A pin may stand: the story is live."""
    pin_from: datetime | None = None
    """Pinning and unpinning are not tried before; None: they may be now."""


def decide(
    row: CardRecord | None,
    *,
    revision: int,
    looks: str,
    weight: Weight | None,
    wish: Wish,
    now: datetime,
    spacing: Spacing,
) -> Step:
    """Compare the ledger's row with the newest edition.

    `weight`: of everything that changed since the row's revision, or since the one it owes.
    """
    if row is None:
        return _make(1, wish)
    if row.state is State.UNREADABLE:  # it may stand, and where is not known
        return Nothing()
    newer = revision > row.revision
    matters = weight is not None and weight >= Weight.NOTABLE
    pin = _pin(row, wish)
    match row.state:
        case state if state is not State.SENDING and pin and wish.pin_from is None:
            return pin
        case State.SENDING if row.place is None:
            return Recover()
        case State.UNKNOWN:
            if row.claimed_at is None:
                return _make(row.generation + 1, wish) if newer else Nothing()
            # It counts as standing, so readers are to hear that it was withdrawn, too.
            wish = replace(wish, shown=wish.shown or wish.recalled)
            return _make(row.generation + 1, wish) if newer and matters else Nothing()
        case State.GONE:
            return _make(row.generation + 1, wish) if newer and matters else Nothing()
        case State.FAILED if row.place is None:
            return _make(row.generation, wish)
    assert row.place is not None, "a card that stands has a place"
    if row.state is not State.SHOWN:
        return Edit(row.place)
    later = [wish.pin_from] if pin and wish.pin_from else []
    if row.owes is not None and row.looks is not None:  # first it is seen, then it is told
        if not (wish.told and matters):
            return Forgo()
        if wish.quiet_until is None:
            return Reply(row.place, row.owes)
        later.append(wish.quiet_until)
    if row.tells is not None:
        if wish.quiet_until is None:
            return Tell(row.place, row.tells)
        later.append(wish.quiet_until)
    if row.looks != looks:
        if now >= spacing.next_edit(row):
            return Edit(row.place)
        later.append(spacing.next_edit(row))
    elif wish.publish_from and row.published_at is None and row.why is None:
        publish_from = max(wish.publish_from, wish.quiet_until or wish.publish_from)
        if now >= publish_from:
            return Publish(row.place)
        later.append(publish_from)
    return Wait(min(later)) if later else Nothing()


def _make(generation: int, wish: Wish) -> Step:
    if not wish.shown:
        return Nothing()
    return Wait(wish.quiet_until) if wish.quiet_until else Post(generation)


def _pin(row: CardRecord, wish: Wish) -> Step | None:
    """What is to be done about our pin of a card that stands."""
    if row.place is None or row.pin is None:
        return None
    if not wish.pinned or row.pin is Pin.GOING:
        return TakePin(row.place)
    return PutPin(row.place) if row.pin is Pin.WANTED else None
