"""What an operator can configure about delivery."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.model.ledger import CardRecord


@dataclass(frozen=True, slots=True)
class Spacing:
    """The minimum time between two edits of one card. Discord answers 30046 to faster ones."""

    young: timedelta = timedelta(seconds=60)
    old: timedelta = timedelta(minutes=10)
    """After the card is older than an hour."""
    published: timedelta = timedelta(minutes=20)
    """After the card was published: Discord allows three edits an hour."""

    def next_edit(self, record: CardRecord) -> datetime:
        """When a card may be edited again."""
        return record.at + self.apart(record)

    def apart(self, record: CardRecord) -> timedelta:
        """How long a card is left alone after it was written."""
        posted = record.posted_at or record.at
        apart = self.old if record.at - posted > timedelta(hours=1) else self.young
        return max(apart, self.published) if record.published_at else apart


@dataclass(frozen=True, slots=True)
class Policy:
    """What an operator can configure about delivery."""

    spacing: Spacing = field(default_factory=Spacing)
    first_for: timedelta = timedelta(hours=24)
    """On the very first start only live stories updated within this time are posted."""
    repeat_unknown: bool = False
    """If it is unknown whether a post arrived, post again: rather twice than never."""
    reply_gap: timedelta = timedelta(hours=1)
    """One reply per story and chat in this time, except for urgent ones (`reply_policy`)."""
    settle: timedelta = timedelta(seconds=15)
    """How long an attempt of unknown outcome may take to arrive."""
    others_settle: timedelta = timedelta(seconds=45)
    """The same for attempts we know nothing about: another process's before we started, and those
    whose record the storage lost. Their sender may still be waiting for the answer."""
    park_first: timedelta = timedelta(minutes=1)
    park_longest: timedelta = timedelta(minutes=30)
    """The longest time a chat that refuses us is left alone; the time doubles with each refusal."""
