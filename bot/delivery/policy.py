"""What an operator may choose about delivery."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.model.ledger import CardRecord


@dataclass(frozen=True, slots=True)
class Spacing:
    """The least time between two edits of one card. Discord answers 30046 to closer ones."""

    young: timedelta = timedelta(seconds=60)
    old: timedelta = timedelta(minutes=10)
    """Once the card is older than an hour."""
    published: timedelta = timedelta(minutes=20)
    """Once the card is published: Discord lets it be edited three times an hour."""

    def next_edit(self, record: CardRecord) -> datetime:
        """When a shown card may be edited."""
        return record.at + self.apart(record)

    def apart(self, record: CardRecord) -> timedelta:
        """How long a shown card is left alone after it was written."""
        posted = record.posted_at or record.at
        apart = self.old if record.at - posted > timedelta(hours=1) else self.young
        return max(apart, self.published) if record.published_at else apart


@dataclass(frozen=True, slots=True)
class Policy:
    """What an operator may choose about delivery."""

    spacing: Spacing = field(default_factory=Spacing)
    first_for: timedelta = timedelta(hours=24)
    """On the very first start only live stories that changed within this time are posted."""
    repeat_unknown: bool = False
    """Post again when it is not known whether a post arrived: twice rather than never."""
    reply_gap: timedelta = timedelta(hours=1)
    """One reply per story and chat in this time, but for what may not wait (`reply_policy`)."""
    settle: timedelta = timedelta(seconds=15)
    """How long an attempt of unknown outcome is given to arrive."""
    others_settle: timedelta = timedelta(seconds=45)
    """The same for attempts we know nothing of: another process's before we began, and those whose
    record the storage lost. Their maker may still wait for the answer."""
    park_first: timedelta = timedelta(minutes=1)
    park_longest: timedelta = timedelta(minutes=30)
    """How long a chat that refuses us is left alone; doubled each time."""
