"""What a card's record becomes after a step. Pure functions.

The reconciler writes these records to the ledger; a rehearsal keeps them in memory.
"""

from dataclasses import replace
from datetime import datetime

from bot.delivery.reply_policy import MERGER, told_now
from bot.model.ledger import CardRecord, State
from stories.delta import Delta
from wording.reasons import Reason


def sending(now: datetime, revision: int, fingerprint: str, generation: int) -> CardRecord:
    """A card that is about to be posted."""
    return CardRecord(State.SENDING, now, revision, fingerprint=fingerprint, generation=generation)


def posted(
    record: CardRecord, now: datetime, message_id: str, *, bare: Reason | None = None
) -> CardRecord:
    """The card was posted; `bare`: without its links, and why."""
    shown = replace(record, state=State.SHOWN, at=now, message_id=message_id, posted_at=now)
    return replace(shown, why=None, bare=bare)


def edited(
    record: CardRecord,
    now: datetime,
    revision: int,
    fingerprint: str,
    reply_since: int | None,
    *,
    bare: Reason | None = None,
) -> CardRecord:
    """The card shows a revision; a reply about what changed since `reply_since` is due."""
    return replace(
        record,
        state=State.SHOWN,
        at=now,
        revision=revision,
        fingerprint=fingerprint,
        reply_since=reply_since,
        why=None,
        bare=bare,
    )


def replied(record: CardRecord, now: datetime, revision: int, since: Delta) -> CardRecord:
    """A reply reported everything up to a revision."""
    told_at = told_now(record, since, now)
    return replace(record, reply_since=None, replied_at=now, reported=revision, reported_at=told_at)


def merger_told(record: CardRecord, now: datetime) -> CardRecord:
    """A reply reported that another story was merged into this one."""
    return replace(record, tells=None, replied_at=now, reported_at=told_now(record, MERGER, now))


def published(record: CardRecord, now: datetime) -> CardRecord:
    """The card was published to the channels that follow this one."""
    return replace(record, published_at=now)


def lost(now: datetime, revision: int, generation: int, why: Reason) -> CardRecord:
    """The storage lost its record of a card that may exist."""
    return CardRecord(State.UNKNOWN, now, revision, generation=generation, why=why)


def gone(record: CardRecord, now: datetime, why: Reason) -> CardRecord:
    """Someone deleted the card."""
    lost = replace(record, state=State.GONE, at=now, message_id=None, why=why)
    return replace(lost, pin=None, pinned_at=None, reply_since=None)


def found(record: CardRecord, now: datetime, message_id: str) -> CardRecord:
    """The card of unknown outcome exists after all, showing an unknown revision."""
    shown = replace(record, state=State.SHOWN, at=now, message_id=message_id, posted_at=record.at)
    return replace(shown, fingerprint=None, why=None, claimed_at=None)
