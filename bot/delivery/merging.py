"""When two stories become one: the older card continues, the younger links to it. Pure
functions."""

from dataclasses import replace
from datetime import datetime

from bot.model.ledger import CardRecord, Pin, State
from stories.story import StoryId


def fold(
    part: CardRecord,
    heir: CardRecord | None,
    *,
    into: StoryId,
    revision: int,
    tells: StoryId | None,
) -> tuple[CardRecord, CardRecord]:
    """The rows of a merged story and of its target after their cards were merged.

    `part` exists; `heir` isn't being sent. `revision` is the target's latest, `tells` the merged
    story if its readers have to be told on a card that is no longer its own. Nothing is posted:
    existing messages change owners, and are edited later.
    """
    if heir is None or heir.message_id is None:
        living = _with_message_of(
            part,
            CardRecord(
                State.SHOWN,
                part.at,
                revision,
                generation=heir.generation + 1 if heir else 1,
                replied_at=part.replied_at,
                reported=revision,
            ),
        )
        living = replace(living, tells=tells or part.tells)
        gone = replace(
            part, state=State.GONE, message_id=None, fingerprint=None, reply_since=None, tells=None
        )
        gone = replace(gone, into=into, pin=None, pinned_at=None, published_at=None, why=None)
        return gone, living
    pinned_at = max((row.pinned_at for row in (part, heir) if row.pinned_at), default=None)
    pinned = part.pinned or heir.pinned
    if _age(part) < _age(heir):
        stub, living = _with_message_of(heir, part), _with_message_of(part, heir)
    else:
        stub, living = part, heir
    if pinned and living.pin is not Pin.STANDS:
        living = replace(living, pin=Pin.WANTED)
    if stub.pin is not None:
        stub = replace(stub, pin=Pin.GOING)
    return replace(stub, into=into), replace(living, pinned_at=pinned_at if pinned else None)


def _with_message_of(other: CardRecord, row: CardRecord) -> CardRecord:
    """The row with the other's message, which doesn't yet show the right content.

    What its readers still have to be told moves along.
    """
    return replace(
        row,
        state=State.SHOWN,
        at=other.at,
        message_id=other.message_id,
        posted_at=other.posted_at,
        published_at=other.published_at,
        pin=other.pin,
        pinned_at=other.pinned_at,
        tells=other.tells,
        fingerprint=None,
        why=None,
    )


def _age(row: CardRecord) -> tuple[datetime, str]:
    return (row.posted_at or row.at, row.message_id or "")
