"""What one field of a story document may hold: limits, and how each kind of field is read."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from stories.story import Leaning, Status

MAX_NUMBER = 2**53 - 1
"""The largest whole number that every JSON reader keeps exact (RFC 8259, section 6)."""
MAX_REVISION = 2**52
"""The largest revision a document may give. Redis counts on from it in Lua, whose numbers are exact
up to 2**53, so no story ever runs out of revisions."""
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
"""Times lie from EARLIEST up to, but not including, LATEST;
anything else comes from a broken clock."""

TITLE_LIMIT = 300
HEADLINE_LIMIT = 500
BULLET_LIMIT = 2000
BULLETS_LIMIT = 50
NAME_LIMIT = 100
"""Characters of one entity or keyword."""
NAMES_LIMIT = 50
QUESTION_LIMIT = 300
ANSWER_LIMIT = 4000
QUESTIONS_LIMIT = 50
SOURCES_LIMIT = 200
URL_LIMIT = 2000
REASON_LIMIT = 500
CORRECTION_LIMIT = 500
ABOUT_LIMIT = 100
REPORT_LIMIT = 300
REPORTS_LEAST, REPORTS_LIMIT = 2, 6
CONFLICTS_LIMIT = 5

_ID = r"[a-z0-9-]{1,40}"
_TIME = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_URL = r"""[Hh][Tt][Tt][Pp][Ss]?://[^\s/?#@<>"{}|\\^`]+([/?#][^\s<>"{}|\\^`]*)?"""

_LINE_BREAK = re.compile("\r\n|[\n\v\f\r\x1c-\x1e\x85\u2028\u2029]")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f]")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True, eq=False)
class FieldRule:
    """How one kind of field is read, and how the schema describes it."""

    read: Callable[[Any], Any]
    says: dict[str, Any]

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return dict(self.says)


def _wrong(said: str) -> PydanticCustomError:
    return PydanticCustomError("wire", "{said}", {"said": said})


def _unexpected(value: Any, expected: str, remedy: str = "") -> PydanticCustomError:
    return _wrong(f"is {shown(value)}, but must be {expected}" + (remedy and f": {remedy}"))


def _text(limit: int, *, lines: bool = False) -> FieldRule:
    """A text of 1 to `limit` characters as sent; `lines` allows several lines."""

    def read(value: Any) -> str:
        if not isinstance(value, str):
            raise _unexpected(value, f"a text of 1 to {limit} characters")
        if len(value) > limit:
            raise _wrong(f"has {len(value)} characters, but at most {limit} fit")
        text = value.strip()
        if not text.isprintable():  # most texts are, and a story has dozens
            text = _LINE_BREAK.sub("\n" if lines else " ", value)
            text = _LONE_SURROGATE.sub("\N{REPLACEMENT CHARACTER}", _CONTROL.sub("", text)).strip()
        if all(unicodedata.category(character)[0] in "CZ" for character in text):
            raise _wrong("is blank: give it a text, or leave the field out where it may be absent")
        return text

    return FieldRule(read, {"type": "string", "minLength": 1, "maxLength": limit, "pattern": r"\S"})


def whole(low: int, high: int = MAX_NUMBER) -> FieldRule:
    """A whole number within these bounds. As in JSON Schema, 14.0 is one, and true is not."""
    expected = f"a whole number from {low} to {high}"

    def read(value: Any) -> int:
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if type(value) is not int or not low <= value <= high:
            raise _unexpected(value, expected, _bare(value))
        return value

    return FieldRule(read, {"type": "integer", "minimum": low, "maximum": high})


def _read_virality(value: Any) -> float:
    if type(value) not in (int, float) or not 0 <= value <= 10:
        raise _unexpected(value, "a number from 0 to 10", _bare(value))
    return float(value) + 0.0  # -0.0 becomes 0.0, so that equal numbers are written alike


def _read_id(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(_ID, value):
        raise _unexpected(value, "an id of 1 to 40 characters out of a-z, 0-9 and -")
    return value


def _one_of(words: type[StrEnum]) -> FieldRule:
    known = [word.value for word in words]

    def read(value: Any) -> StrEnum:
        if not isinstance(value, str) or value not in known:
            raise _unexpected(value, f"one of {', '.join(known)}")
        return words(value)

    return FieldRule(read, {"type": "string", "enum": known})


def _read_time(value: Any) -> datetime:
    example = "a time such as 2026-06-25T06:00:00Z"
    if not isinstance(value, str):
        raise _unexpected(value, example)
    if not re.fullmatch(_TIME, value):
        naive = re.fullmatch(_TIME, value + "Z")
        remedy = "add Z when it is in UTC, or an offset such as +02:00" if naive else ""
        raise _unexpected(value, example, remedy)
    try:
        time = datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise _unexpected(value, example, "there is no such day or hour") from None
    if not EARLIEST <= time < LATEST:
        raise _unexpected(value, f"a time from the year {EARLIEST.year} to {LATEST.year - 1}")
    return time


def _read_url(value: Any) -> str:
    expected = "an address such as https://news.example/story"
    if not isinstance(value, str):
        raise _unexpected(value, expected)
    if len(value) > URL_LIMIT:
        raise _wrong(f"has {len(value)} characters, but at most {URL_LIMIT} fit")
    if not value.isprintable() or not re.fullmatch(_URL, value):
        remedy = "http or https, a host, no user name, nothing that must be percent-encoded"
        raise _unexpected(value, expected, remedy)
    try:
        parts = urlsplit(value)
        reachable = bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that isn't a number, a bracket without an IPv6 address
        reachable = False
    if not reachable:
        raise _unexpected(value, expected, "give it a host, and if a port one from 1 to 65535")
    return value


def _read_truth(value: Any) -> bool:
    if not isinstance(value, bool):
        remedy = "leave out the quotation marks" if value in ("true", "false") else ""
        raise _unexpected(value, "true or false", remedy)
    return value


def _bare(value: Any) -> str:
    """The remedy for a number that was sent as text."""
    try:
        float(value if isinstance(value, str) else "no")
    except ValueError:
        return ""
    return "leave out the quotation marks"


Title = Annotated[str, _text(TITLE_LIMIT)]
Headline = Annotated[str, _text(HEADLINE_LIMIT)]
Bullet = Annotated[str, _text(BULLET_LIMIT)]
Name = Annotated[str, _text(NAME_LIMIT)]
QuestionText = Annotated[str, _text(QUESTION_LIMIT)]
Answer = Annotated[str, _text(ANSWER_LIMIT, lines=True)]
Reason = Annotated[str, _text(REASON_LIMIT)]
CorrectionText = Annotated[str, _text(CORRECTION_LIMIT)]
About = Annotated[str, _text(ABOUT_LIMIT)]
ReportText = Annotated[str, _text(REPORT_LIMIT)]
Count = Annotated[int, whole(0)]
Position = Annotated[int, whole(0, SOURCES_LIMIT - 1)]
"""The position of an article in a document's sources, from 0."""
Truth = Annotated[bool, FieldRule(_read_truth, {"type": "boolean"})]
Id = Annotated[str, FieldRule(_read_id, {"type": "string", "pattern": f"^{_ID}$"})]
Url = Annotated[
    str,
    FieldRule(
        _read_url,
        {"type": "string", "format": "uri", "maxLength": URL_LIMIT, "pattern": f"^{_URL}$"},
    ),
]
Time = Annotated[
    datetime,
    FieldRule(_read_time, {"type": "string", "format": "date-time", "pattern": f"^{_TIME}$"}),
]
Virality = Annotated[
    float, FieldRule(_read_virality, {"type": "number", "minimum": 0, "maximum": 10})
]
StatusWord = Annotated[Status, _one_of(Status)]
LeaningWord = Annotated[Leaning, _one_of(Leaning)]


# What a refusal shows of a value.


def shown(value: Any) -> str:
    """The value, in words, shortened."""
    match value:
        case None:
            return "null"
        case bool():
            return f"the truth value {str(value).lower()}"
        case int() | float():
            return f"the number {short(str(value))}"
        case str():
            return f'the text "{short(value)}"'
        case list():
            return f"a list of {len(value)}" if value else "an empty list"
        case dict():
            return "an object"
        case _:
            return f"a {type(value).__name__}"


def short(text: str) -> str:
    """At most 40 characters, with invisible ones escaped."""
    shown = text if len(text) <= 40 else text[:39] + "…"
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in shown
    )
