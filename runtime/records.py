"""Stored records: written with a format version, and skipped if they can't be read.

A record may be damaged, or written by a newer version before a downgrade. Then it is logged with
its key, counted, and left as it is: it is never replaced by a guess.
"""

import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Generic, NamedTuple, ParamSpec, TypeVar

from pydantic import TypeAdapter, ValidationError

log = logging.getLogger(__name__)

VERSION = 1
"""The format in which records are written. Readers accept older formats, and unknown fields in
their own. A change that an older reader would misread increments it."""
REMEMBERED = 10_000
"""How many records are remembered as already logged; after that, all are logged again."""
_MARK = f'{{"v":{VERSION},'.encode()
_WRONG = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError)
"""What reading raises for a malformed record. ValidationError is a ValueError."""

P = ParamSpec("P")
T = TypeVar("T")


class Unreadable(Exception):
    """What is stored there can't be read by this version, so nothing is written over it."""


class Skipped:
    """Keeps track of unreadable records: each is logged and counted once."""

    def __init__(self, count: Callable[[str], object] = lambda kind: None) -> None:
        """`count` is called with the record's kind."""
        self._count = count
        self.known: dict[tuple[str, str], str] = {}
        """The skipped records: (kind, key) and what is wrong with each."""

    def note(self, kind: str, key: str, why: object) -> None:
        """Report an unreadable record."""
        if (kind, key) in self.known:
            return
        if len(self.known) >= REMEMBERED:
            self.known.clear()
        said = self.known[kind, key] = _sentence(why)
        self._count(kind)
        facts = {"kind": kind, "key": key, "why": said}
        log.warning("unreadable record skipped", extra=facts)

    def read(
        self, kind: str, key: str, make: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T | None:
        """The result of `make`; None if the record is malformed."""
        try:
            return make(*args, **kwargs)
        except _WRONG as error:
            self.note(kind, key, error)
            return None

    async def ask(self, kind: str, key: str, asked: Awaitable[T], instead: T) -> T:
        """A reply of Redis; `instead` if the key has another type."""
        try:
            return await asked
        except Exception as error:
            if not wrong_type(error):
                raise
            self.note(kind, key, error)
            return instead

    async def keep(self, kind: str, key: str, asked: Awaitable[T]) -> T:
        """The reply to a write; raises Unreadable if the key has another type."""
        try:
            return await asked
        except Exception as error:
            if not wrong_type(error):
                raise
            self.note(kind, key, error)
            raise Unreadable(f"{key} holds something of another type") from error


def wrong_type(error: object) -> bool:
    """Whether this error says that a key has another type."""
    return isinstance(error, Exception) and "WRONGTYPE" in str(error)


def _sentence(why: object) -> str:
    """What is wrong, without the record's content, which may be about people."""
    if not isinstance(why, ValidationError):
        return str(why) if isinstance(why, str) else f"{type(why).__name__}: {why}"[:200]
    faults = why.errors(include_input=False, include_url=False)
    return "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in faults[:3])


class Beyond(NamedTuple):
    """A record with fields from a newer version, which this version doesn't read."""

    said: Any
    """The whole record."""
    read: Any
    """The part that was read, as this version would write it."""


class Form(Generic[T]):
    """Reads and writes one kind of record as JSON."""

    def __init__(self, kind: type[T]) -> None:
        self._adapter = TypeAdapter(kind)

    def read(self, raw: bytes | str) -> T:
        """The record; raises ValueError."""
        return self.read_all(raw)[0]

    def read_all(self, raw: bytes | str) -> tuple[T, Beyond | None]:
        """The record, and what a newer version added to it; raises ValueError."""
        raw = raw.encode() if isinstance(raw, str) else raw
        body = b"{" + raw[len(_MARK) :] if raw.startswith(_MARK) else raw
        try:
            return self._adapter.validate_json(body, extra="forbid"), None
        except ValidationError as wrong:
            if any(each["type"] != "unexpected_keyword_argument" for each in wrong.errors()):
                raise
        said = json.loads(raw)
        version = said.pop("v", VERSION)
        if type(version) is not int or version > VERSION:
            raise ValueError(f"it is of version {version}, but at most {VERSION} is known")
        value = self._adapter.validate_json(raw, extra="ignore")
        return value, Beyond(said, json.loads(self._adapter.dump_json(value, by_alias=True)))

    def write(self, value: T, beyond: Beyond | None = None, *, exclude_none: bool = False) -> bytes:
        """The record as JSON; what a newer version added (`beyond`) is preserved."""
        said = self._adapter.dump_json(value, by_alias=True, exclude_none=exclude_none)
        if beyond is not None:
            carried = _carried(json.loads(said), beyond)
            said = json.dumps(carried, ensure_ascii=False, separators=(",", ":")).encode()
        return _MARK + said[1:]


def _carried(now: Any, beyond: Beyond) -> Any:
    """The new JSON, with everything that was there beyond what this version reads, in its place."""
    said, read = beyond
    if isinstance(now, Mapping) and isinstance(said, Mapping) and isinstance(read, Mapping):
        kept = {
            name: _carried(each, Beyond(said[name], read[name]))
            if name in said and name in read
            else each
            for name, each in now.items()
        }
        return kept | {name: each for name, each in said.items() if name not in read}
    if isinstance(now, list) and isinstance(said, list) and isinstance(read, list):
        pairs = list(zip(said, read, strict=False))
        return [
            next((_carried(each, Beyond(*pair)) for pair in pairs if pair[1] == each), each)
            for each in now
        ]
    return now
