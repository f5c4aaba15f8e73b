"""Packs the ledger rows of a story that has left full memory, about 15 bytes each. Pure functions.

A value is a sequence of segments; if a chat is in several, the last one counts. Chats are written
as numbers, so that forgetting a chat means forgetting its number.

A segment: a version byte, the length of the rest, when the last of its rows was written (seconds),
the revision most of them show, then the rows. A row: flags, the chat's number, how many seconds
before that it was written, and the fields that its flags announce. Whole numbers are written in
base 128, least significant digits first.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.model.ledger import CardRecord, State
from stories.story import StoryId

VERSION = 1
_STATES = (State.SHOWN, State.UNKNOWN, State.FAILED, State.GONE)
_NUMBER, _TEXT, _REVISION, _GENERATION, _INTO, _PUBLISHED = (1 << bit for bit in range(2, 8))


class PackedError(ValueError):
    """The stored bytes weren't packed by this version or an earlier one."""


def packs(row: CardRecord) -> bool:
    """Whether a row can be packed.

    Rows of a call in flight, rows with a pin of ours, and cards that exist in an unknown place
    can't.
    """
    return row.state in _STATES and row.pin is None and row.claimed_at is None


def pack(rows: Mapping[int, CardRecord]) -> bytes:
    """One segment with these rows, by the chats' numbers."""
    if not rows:
        return b""
    at = int(max(row.at for row in rows.values()).timestamp())
    revisions = [_known(row) for row in rows.values()]
    usual = max(set(revisions), key=revisions.count) if len(revisions) < 10_000 else revisions[0]
    body = bytearray()
    _write(body, at)
    _write(body, usual)
    for number, row in rows.items():
        flags = _STATES.index(row.state)
        place = row.message_id or ""
        whole = place.isascii() and place.isdecimal() and str(int(place)) == place
        flags |= _NUMBER if whole else _TEXT if place else 0
        flags |= _REVISION if _known(row) != usual else 0
        flags |= _GENERATION if row.generation != 1 else 0
        flags |= _INTO if row.into else 0
        flags |= _PUBLISHED if row.published_at else 0
        body.append(flags)
        _write(body, number)
        _write(body, at - int(row.at.timestamp()))
        if whole:
            _write(body, int(place))
        elif place:
            _write_text(body, place)
        if flags & _REVISION:
            _write(body, _known(row))
        if flags & _GENERATION:
            _write(body, row.generation)
        if row.into:
            _write_text(body, row.into)
    head = bytearray([VERSION])
    _write(head, len(body))
    return bytes(head + body)


def unpack(raw: bytes) -> dict[int, CardRecord]:
    """The rows by their chats' numbers, as far as they were kept; raises PackedError."""
    rows: dict[int, CardRecord] = {}
    try:
        place = 0
        while place < len(raw):
            if raw[place] != VERSION:
                raise PackedError(f"a segment of version {raw[place]}")
            length, place = _read(raw, place + 1)
            if place + length > len(raw):
                raise PackedError("a segment is cut off")
            rows.update(_rows(raw, place, place + length))
            place += length
    except (IndexError, ValueError, OverflowError, OSError) as error:
        raise PackedError(str(error)) from error
    return rows


def _rows(raw: bytes, place: int, end: int) -> Iterator[tuple[int, CardRecord]]:
    seconds, place = _read(raw, place)
    usual, place = _read(raw, place)
    last = datetime.fromtimestamp(seconds, UTC)
    while place < end:
        flags = raw[place]
        number, place = _read(raw, place + 1)
        before, place = _read(raw, place)
        at = last - timedelta(seconds=before)
        row = CardRecord(_STATES[flags & 3], at, usual)
        if flags & _NUMBER:
            where, place = _read(raw, place)
            row = replace(row, message_id=str(where))
        elif flags & _TEXT:
            said, place = _read_text(raw, place)
            row = replace(row, message_id=said)
        if flags & _REVISION:
            revision, place = _read(raw, place)
            row = replace(row, revision=revision)
        if flags & _GENERATION:
            generation, place = _read(raw, place)
            row = replace(row, generation=generation)
        if flags & _INTO:
            into, place = _read_text(raw, place)
            row = replace(row, into=StoryId(into))
        if flags & _PUBLISHED:
            row = replace(row, published_at=at)
        yield number, row


def _known(row: CardRecord) -> int:
    """The revision that the chat's readers know: shown, or reported in a reply."""
    return max(row.revision, row.reported or 0)


def _write(into: bytearray, number: int) -> None:
    while number > 127:
        into.append(number & 127 | 128)
        number >>= 7
    into.append(number)


def _read(raw: bytes, place: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        digit = raw[place]
        place += 1
        number |= (digit & 127) << shift
        if digit < 128:
            return number, place
        shift += 7


def _write_text(into: bytearray, said: str) -> None:
    encoded = said.encode()
    _write(into, len(encoded))
    into += encoded


def _read_text(raw: bytes, place: int) -> tuple[str, int]:
    length, place = _read(raw, place)
    return raw[place : place + length].decode(), place + length
