"""Two stories become one: the elder of their cards goes on, the younger leads to it. Pure."""

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
    """The rows of a merged story and of the one it went into, once their cards are folded.

    `part` stands; `heir` is not being sent. `revision` is the heir's newest, `tells` the merged
    story when its readers are to be told beside a card that is no longer its own.
    Nothing is posted: the messages that stand change hands, and are edited by and by.
    """
    if heir is None or heir.place is None:
        living = _with_message_of(
            part,
            CardRecord(
                State.SHOWN,
                part.at,
                revision,
                generation=heir.generation + 1 if heir else 1,
                replied_at=part.replied_at,
                told=revision,
            ),
        )
        living = replace(living, tells=tells or part.tells)
        gone = replace(part, state=State.GONE, place=None, looks=None, owes=None, tells=None)
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
    """The row with another's message, which does not say what it should yet; what its readers are
    still to be told goes along."""
    return replace(
        row,
        state=State.SHOWN,
        at=other.at,
        place=other.place,
        posted_at=other.posted_at,
        published_at=other.published_at,
        pin=other.pin,
        pinned_at=other.pinned_at,
        tells=other.tells,
        looks=None,
        why=None,
    )


def _age(row: CardRecord) -> tuple[datetime, str]:
    return (row.posted_at or row.at, row.place or "")
