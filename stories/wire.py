"""The JSON document of a story: reading, writing, its schema. Every refusal names the field."""

import hashlib
import json
import math
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    TypeAdapter,
    ValidationError,
)
from pydantic_core import CoreSchema, ErrorDetails, PydanticCustomError, core_schema

from stories.story import Leaning, Question, Source, Stats, Status, Story, StoryId

VERSION = 1
MAX_BYTES = 256 * 1024
"""The largest document, read or written."""
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

_GROWTH = 128
"""Bytes that writing may add to a document: its version, its revision, 4 becomes 4.0,
1e15 becomes 1000000000000000."""

UNKNOWN_SHOWN = 20
"""The most unknown fields that are named; a document may hold thousands."""

_ID = r"[a-z0-9-]{1,40}"
_TIME = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_URL = r"""[Hh][Tt][Tt][Pp][Ss]?://[^\s/?#@<>"{}|\\^`]+([/?#][^\s<>"{}|\\^`]*)?"""

_LINE_BREAK = re.compile("\r\n|[\n\v\f\r\x1c-\x1e\x85\u2028\u2029]")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f]")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class WireError(ValueError):
    """The document is refused. str() is one sentence for its author."""

    def __init__(self, *faults: str) -> None:
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        super().__init__(faults[0] + more)
        self.faults = faults
        """Everything found to be wrong, one sentence each."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A document that was read."""

    story: Story
    unknown: tuple[str, ...]
    """The paths of the fields that were ignored because this version doesn't know them."""


def read(raw: bytes | str) -> Reading:
    """Read one document; raises WireError, and nothing else, if it is refused.

    Texts are stripped and freed of control characters; in single-line fields, line breaks become
    spaces; times become UTC. Whatever is read can be written, with any revision.
    """
    data = _object(raw)
    story = _checked(data)
    if _size(raw) > MAX_BYTES - _GROWTH:
        _fits(_bytes(_document(replace(story, revision=MAX_REVISION))))
    return Reading(story, _unknown(data))


def store(story: Story) -> bytes:
    """The story as the archive stores it: the document, and what was announced about the story.

    Earlier versions read this too, and ignore what they don't know.
    """
    document = _document(_checked(_document(story)))
    _fits(_bytes(document))
    fast_at, low = story.announced.fast_at, story.announced.low
    announced = _present({"fast_at": _time(fast_at), "low": low})
    return _bytes(_present({**document, "announced": announced}))


def restore(raw: bytes, revision: int) -> Story:
    """A story that `store` stored, perhaps long ago; raises ValueError if it can't be read.

    The limits of `read` don't apply here: what was accepted once is never refused later. Only what
    every reader relies on is checked.
    """
    if not raw.startswith(_WRITTEN):
        version = json.loads(raw).get("version", VERSION)
        if type(version) is not int or version > VERSION:
            raise ValueError(f"its version is {_shown(version)}, where {VERSION} is read")
    story = replace(_STORED.validate_json(raw), revision=revision)
    times = [
        *(story.started_at, story.updated_at, story.announced.fast_at),
        *(each.published_at for each in story.sources),
    ]
    if any(time is not None and time.tzinfo is None for time in times):
        raise ValueError("a time is without an offset")
    if any(time is not None and not 1 < time.year < 9999 for time in times):
        raise ValueError("a time lies outside the calendar")
    stats = story.stats
    if any(abs(each or 0) > MAX_NUMBER for each in (stats.articles, story.rank, revision)):
        raise ValueError(f"a number is larger than {MAX_NUMBER}")
    if stats.virality is not None and not math.isfinite(stats.virality):
        raise ValueError("its virality is no finite number")
    if not story.breakdown:
        raise ValueError("it has no breakdown")
    return story


_WRITTEN = f'{{"version":{VERSION},'.encode()
_STORED = TypeAdapter(Story)
"""The document's fields are those of Story, so what we wrote ourselves needs no other parsing."""


def write(story: Story) -> bytes:
    """The story as compact UTF-8 JSON in a fixed order, without absent fields.

    Raises WireError if the story breaks a rule of the document, so whatever is written can be read.
    """
    raw = _bytes(_document(_checked(_document(story))))
    _fits(raw)
    return raw


def withdrawn(story: Story, why: str, at: datetime) -> Story:
    """The story, withdrawn at a moment. The result can always be written, whatever the story said.

    If it began after that moment by its publisher's clock, it is withdrawn at its beginning. If a
    document has no room for a reason, its questions and sources are dropped, then all of its
    breakdown except the first point.
    """
    at = max(at, story.started_at or at)
    whole = replace(story, revision=None, retracted=why, updated_at=at)
    bare = replace(whole, questions=(), sources=())
    for each in (whole, bare, replace(bare, breakdown=bare.breakdown[:1])):
        if _size(_bytes(_document(each))) <= MAX_BYTES - _GROWTH:
            break
    return each


def content_hash(story: Story) -> str:
    """32 hex digits of everything except the revision, the same for every spelling of the content.

    Raises WireError if the story breaks a rule of the document.
    """
    content = _document(_checked(_document(replace(story, revision=None))))
    return hashlib.blake2s(_bytes(content), digest_size=16).hexdigest()


def schema() -> dict[str, Any]:
    """The document's JSON Schema (draft 2020-12). Whatever it refuses, `read` refuses.

    `read` checks four more things that a schema can't express: a document names each field and asks
    each question only once, started_at is not after updated_at, no story is merged into or split
    from itself, and the whole has at most MAX_BYTES.
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Document.model_json_schema(),
    }


# What one field may hold. Each rule is defined once, for the reader and the schema.


@dataclass(frozen=True, slots=True, eq=False)
class _Rule:
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
    return _wrong(f"is {_shown(value)}, where {expected} is expected" + (remedy and f": {remedy}"))


def _text(limit: int, *, lines: bool = False) -> _Rule:
    """A text of 1 to `limit` characters as sent; `lines` allows several lines."""

    def read(value: Any) -> str:
        if not isinstance(value, str):
            raise _unexpected(value, f"a text of 1 to {limit} characters")
        if len(value) > limit:
            raise _wrong(f"has {len(value)} characters, where at most {limit} fit")
        text = value.strip()
        if not text.isprintable():  # most texts are, and a story has dozens
            text = _LINE_BREAK.sub("\n" if lines else " ", value)
            text = _LONE_SURROGATE.sub("\N{REPLACEMENT CHARACTER}", _CONTROL.sub("", text)).strip()
        if all(unicodedata.category(character)[0] in "CZ" for character in text):
            raise _wrong("is blank: give it a text, or leave the field out where it may be absent")
        return text

    return _Rule(read, {"type": "string", "minLength": 1, "maxLength": limit, "pattern": r"\S"})


def _whole(low: int, high: int = MAX_NUMBER) -> _Rule:
    """A whole number within these bounds. As in JSON Schema, 14.0 is one, and true is not."""
    expected = f"a whole number from {low} to {high}"

    def read(value: Any) -> int:
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if type(value) is not int or not low <= value <= high:
            raise _unexpected(value, expected, _bare(value))
        return value

    return _Rule(read, {"type": "integer", "minimum": low, "maximum": high})


def _read_virality(value: Any) -> float:
    if type(value) not in (int, float) or not 0 <= value <= 10:
        raise _unexpected(value, "a number from 0 to 10", _bare(value))
    return float(value) + 0.0  # -0.0 becomes 0.0, so that equal numbers are written alike


def _read_id(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(_ID, value):
        raise _unexpected(value, "an id of 1 to 40 characters out of a-z, 0-9 and -")
    return value


def _one_of(words: type[StrEnum]) -> _Rule:
    known = [word.value for word in words]

    def read(value: Any) -> StrEnum:
        if not isinstance(value, str) or value not in known:
            raise _unexpected(value, f"one of {', '.join(known)}")
        return words(value)

    return _Rule(read, {"type": "string", "enum": known})


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
        raise _wrong(f"has {len(value)} characters, where at most {URL_LIMIT} fit")
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
Id = Annotated[str, _Rule(_read_id, {"type": "string", "pattern": f"^{_ID}$"})]
Url = Annotated[
    str,
    _Rule(
        _read_url,
        {"type": "string", "format": "uri", "maxLength": URL_LIMIT, "pattern": f"^{_URL}$"},
    ),
]
Time = Annotated[
    datetime,
    _Rule(_read_time, {"type": "string", "format": "date-time", "pattern": f"^{_TIME}$"}),
]
Virality = Annotated[float, _Rule(_read_virality, {"type": "number", "minimum": 0, "maximum": 10})]
StatusWord = Annotated[Status, _one_of(Status)]
LeaningWord = Annotated[Leaning, _one_of(Leaning)]


# The document's shape. Where a field may be absent, null means the same.


def _tidy(schema: dict[str, Any]) -> None:
    """Remove defaults from the schema: an absent field has no default value."""
    for field in schema["properties"].values():
        field.pop("default", None)


def _published(schema: dict[str, Any]) -> None:
    _tidy(schema)
    schema["description"] = " ".join(schema["description"].split())
    schema["examples"] = [_EXAMPLE]


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, json_schema_extra=_tidy)


class StatsDocument(_Part):
    """The figures beside a story. What is absent is not shown."""

    model_config = ConfigDict(title="Stats")

    status: StatusWord | None = Field(default=None, description="Where the story stands.")
    virality: Virality | None = Field(
        default=None, description="How fast the story spreads, from 0 to 10.", examples=[4.5]
    )
    articles: Annotated[int, _whole(0)] | None = Field(
        default=None, description="How many articles have been written about it.", examples=[14]
    )
    leaning: LeaningWord | None = Field(
        default=None, description="The political leaning of the story's coverage as a whole."
    )


class QuestionDocument(_Part):
    """A "further learning" question with its whole answer."""

    model_config = ConfigDict(title="Question")

    question: QuestionText = Field(
        description="One line. No two questions of a story are the same, whatever their case."
    )
    answer: Answer = Field(description="The whole answer; line breaks are kept.")


class SourceDocument(_Part):
    """An article the story rests on."""

    model_config = ConfigDict(title="Source")

    title: Title = Field(description="The article's title.")
    outlet: Name | None = Field(
        default=None, description="Who published it.", examples=["The Harbour Post"]
    )
    url: Url | None = Field(
        default=None, description="Where it can be read: http or https, no user name."
    )
    published_at: Time | None = Field(default=None, description="When it was published.")
    leaning: LeaningWord | None = Field(default=None, description="The outlet's political leaning.")


class Document(_Part):
    """One revision of a news story: what `PUBLISH storywire:updates` and
    `XADD storywire:inbox * story` take. UTF-8, at most 256 KiB; unknown fields are left out and
    named in a warning. Text lengths count characters as sent; texts are then stripped of
    surrounding white space and control characters."""

    model_config = ConfigDict(
        title="Storywire story",
        json_schema_extra=_published,
    )

    version: (
        Annotated[int, _Rule(lambda value: value, {"type": "integer", "const": VERSION})] | None
    ) = Field(default=None, description="The version of this document; absent means 1.")
    id: Id = Field(
        description="The story's name for machines, the same in every revision.",
        examples=["night-ferry-returns"],
    )
    revision: Annotated[int, _whole(1, MAX_REVISION)] | None = Field(
        default=None,
        description="Grows with every change. Absent: Storywire counts, and an unchanged document "
        "is nothing new. Present: an older revision is refused.",
        examples=[9],
    )
    title: Title = Field(description="A few words, one line.")
    headline: Headline | None = Field(default=None, description="One sentence under the title.")
    entities: Annotated[list[Name], Field(max_length=NAMES_LIMIT)] | None = Field(
        default=None,
        description="Who and what the story is about.",
        examples=[["Anthropic", "Alibaba"]],
    )
    stats: StatsDocument | None = Field(
        default=None, title="Stats", description="The figures beside the story."
    )
    started_at: Time | None = Field(
        default=None,
        description="When the story began: RFC 3339 with an offset, from 2000 to 2099, "
        "not after updated_at.",
        examples=["2026-06-24T09:00:00Z"],
    )
    updated_at: Time | None = Field(
        default=None,
        description="When this revision was written: RFC 3339 with an offset. The duration shown "
        "is updated_at minus started_at.",
        examples=["2026-06-25T08:00:00+02:00"],
    )
    breakdown: Annotated[list[Bullet], Field(min_length=1, max_length=BULLETS_LIMIT)] = Field(
        description="The bullet points that say what happened, one line each."
    )
    keywords: Annotated[list[Name], Field(max_length=NAMES_LIMIT)] | None = Field(
        default=None, description="What chats subscribe to."
    )
    questions: Annotated[list[QuestionDocument], Field(max_length=QUESTIONS_LIMIT)] | None = Field(
        default=None, description="The questions /faq answers."
    )
    sources: Annotated[list[SourceDocument], Field(max_length=SOURCES_LIMIT)] | None = Field(
        default=None, description="The articles the story rests on."
    )
    url: Url | None = Field(default=None, description="Where the whole story can be read.")
    image_url: Url | None = Field(default=None, description="A picture for the card.")
    rank: Annotated[int, _whole(1)] | None = Field(
        default=None,
        description="The story's place among all stories; 1 is the first.",
        examples=[41],
    )
    retracted: Reason | None = Field(
        default=None, description="Why the story was withdrawn; absent while it stands."
    )
    merged_into: Id | None = Field(
        default=None, description="The id of the story this one went up in."
    )
    split_from: Id | None = Field(
        default=None, description="The id of the story this one came out of."
    )


_EXAMPLE: dict[str, Any] = {
    "version": 1,
    "id": "night-ferry-returns",
    "revision": 3,
    "title": "Night Ferry Returns",
    "headline": "The Sorvik line sails again after four months",
    "entities": ["Sorvik Line", "Port of Aldmar"],
    "stats": {"status": "active", "virality": 3.5, "articles": 6, "leaning": "center"},
    "started_at": "2026-03-02T18:00:00Z",
    "updated_at": "2026-03-03T06:30:00Z",
    "breakdown": ["The first night ferry since November left Aldmar at 22:15 on Monday."],
    "keywords": ["ferry", "Aldmar"],
    "questions": [{"question": "Why did it stop?", "answer": "Its bow door needed repair."}],
    "sources": [
        {
            "title": "Night boat is back",
            "outlet": "Aldmar Courier",
            "url": "https://courier.example/night-boat",
            "published_at": "2026-03-02T22:40:00Z",
            "leaning": "center",
        }
    ],
    "url": "https://stories.example/night-ferry-returns",
    "rank": 12,
}


# From bytes to an object, without JSON's own traps.


def _object(raw: bytes | str) -> dict[str, Any]:
    """The one object in the document, with no name given twice and all numbers finite."""
    _fits(raw)
    try:
        text = (raw if isinstance(raw, str) else raw.decode()).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise WireError(f"the document is not UTF-8: byte {error.start} is wrong") from None
    if not text.strip():
        raise WireError("the document is empty, where one JSON object is expected")
    repeated: list[tuple[dict[str, Any], str]] = []
    endless: list[str] = []

    def build(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        built: dict[str, Any] = {}
        for name, value in pairs:
            if name in built:
                repeated.append((built, name))
            built[name] = value
        return built

    def number(said: str) -> float:
        """A float, or an int if Python would have to read thousands of digits."""
        value = float(said)
        if not math.isfinite(value):
            endless.append(said)
        return value

    def whole(said: str) -> int | float:
        return int(said) if len(said) <= 400 else number(said)

    try:
        data = json.loads(
            text,
            object_pairs_hook=build,
            parse_constant=number,
            parse_int=whole,
            parse_float=number,
        )
    except json.JSONDecodeError as error:
        where = f"at line {error.lineno}, column {error.colno}"
        said = error.msg.removesuffix(" at")
        raise WireError(f"the document is not JSON: {said} {where}") from None
    except RecursionError:
        raise WireError("the document is nested too deeply: four levels are all it needs") from None
    if not isinstance(data, dict):
        raise WireError(f"the document is {_shown(data)}, where one JSON object is expected")
    if repeated:
        within, name = repeated[0]
        path = next(path for path, found in _inside(data) if found is within)
        raise WireError(f"{_join(path, name)} is given twice: give each field once")
    if endless:
        path = next(
            p for p, found in _inside(data) if isinstance(found, float) and not math.isfinite(found)
        )
        raise WireError(f"{path} is {_short(endless[0])}, where a finite number is expected")
    return data


def _inside(data: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Everything inside, in order, with its path; without recursion, for data of any depth."""
    waiting: list[tuple[str, Any]] = [("", data)]
    while waiting:
        path, value = waiting.pop()
        yield path, value
        if isinstance(value, dict):
            waiting += [(_join(path, name), each) for name, each in value.items()][::-1]
        elif isinstance(value, list):
            waiting += [(f"{path}[{index}]", each) for index, each in enumerate(value)][::-1]


def _fits(raw: bytes | str) -> None:
    if _size(raw) > MAX_BYTES:
        raise WireError(f"the document has {_size(raw)} bytes, where at most {MAX_BYTES} fit")


def _size(raw: bytes | str) -> int:
    return len(raw if isinstance(raw, bytes) else raw.encode(errors="surrogatepass"))


# From an object to a story, and back.


def _checked(data: dict[str, Any]) -> Story:
    version = data.get("version")
    if version is not None and (isinstance(version, bool) or version != VERSION):
        raise WireError(f"version is {_shown(version)}; this Storywire reads version {VERSION}")
    try:
        story = _story(Document.model_validate(data))
    except ValidationError as error:
        raise WireError(*map(_sentence, error.errors(include_url=False))) from None
    _consistent(story)
    return story


def _consistent(story: Story) -> None:
    """Check what no single field can."""
    if story.started_at and story.updated_at and story.started_at > story.updated_at:
        raise WireError(
            f"started_at is {_time(story.started_at)}, after updated_at {_time(story.updated_at)}; "
            "a story cannot be updated before it starts"
        )
    for name, other in (("merged_into", story.merged_into), ("split_from", story.split_from)):
        if other == story.id:
            raise WireError(f"{name} is the story's own id {other}, where another id is expected")
    asked: dict[str, int] = {}
    for index, question in enumerate(story.questions):
        earlier = asked.setdefault(question.key, index)
        if earlier != index:
            raise WireError(
                f"questions[{index}].question is {_shown(question.question)}, the same question as "
                f"questions[{earlier}]: ask each question once"
            )


def _story(document: Document) -> Story:
    stats = document.stats or StatsDocument()
    return Story(
        id=StoryId(document.id),
        title=document.title,
        breakdown=tuple(document.breakdown),
        revision=document.revision,
        headline=document.headline,
        entities=tuple(document.entities or ()),
        stats=Stats(stats.status, stats.virality, stats.articles, stats.leaning),
        started_at=document.started_at,
        updated_at=document.updated_at,
        keywords=tuple(document.keywords or ()),
        questions=tuple(Question(each.question, each.answer) for each in document.questions or ()),
        sources=tuple(
            Source(each.title, each.outlet, each.url, each.published_at, each.leaning)
            for each in document.sources or ()
        ),
        url=document.url,
        image_url=document.image_url,
        rank=document.rank,
        retracted=document.retracted,
        merged_into=_story_id(document.merged_into),
        split_from=_story_id(document.split_from),
    )


def _story_id(text: str | None) -> StoryId | None:
    return None if text is None else StoryId(text)


def _document(story: Story) -> dict[str, Any]:
    stats = story.stats
    return _present(
        {
            "version": VERSION,
            "id": story.id,
            "revision": story.revision,
            "title": story.title,
            "headline": story.headline,
            "entities": list(story.entities),
            "stats": _present(
                {
                    "status": stats.status,
                    "virality": stats.virality,
                    "articles": stats.articles,
                    "leaning": stats.leaning,
                }
            ),
            "started_at": _time(story.started_at),
            "updated_at": _time(story.updated_at),
            "breakdown": list(story.breakdown),
            "keywords": list(story.keywords),
            "questions": [
                {"question": each.question, "answer": each.answer} for each in story.questions
            ],
            "sources": [
                _present(
                    {
                        "title": each.title,
                        "outlet": each.outlet,
                        "url": each.url,
                        "published_at": _time(each.published_at),
                        "leaning": each.leaning,
                    }
                )
                for each in story.sources
            ],
            "url": story.url,
            "image_url": story.image_url,
            "rank": story.rank,
            "retracted": story.retracted,
            "merged_into": story.merged_into,
            "split_from": story.split_from,
        }
    )


def _present(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value not in (None, [], {})}


def _time(time: datetime | None) -> str | None:
    """The shortest RFC 3339 form of an instant, in UTC; a naive time stays naive and is refused."""
    if time is None:
        return None
    if time.utcoffset() is None:
        return time.isoformat()
    try:
        text = time.astimezone(UTC).isoformat().removesuffix("+00:00")
    except OverflowError:  # the first or last day of the calendar; refused because of its year
        return time.isoformat()
    return (text.rstrip("0") if "." in text else text) + "Z"


def _bytes(document: dict[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _unknown(data: dict[str, Any]) -> tuple[str, ...]:
    """The paths of fields that no model knows, in the document's order."""
    parts: list[tuple[str, Any, type[_Part]]] = [("", data, Document)]
    parts.append(("stats", data.get("stats"), StatsDocument))
    for name, model in (("questions", QuestionDocument), ("sources", SourceDocument)):
        parts += [(f"{name}[{i}]", each, model) for i, each in enumerate(data.get(name) or ())]
    found = [
        _join(path, name)
        for path, fields, model in parts
        for name in fields or ()
        if name not in model.model_fields
    ]
    if len(found) > UNKNOWN_SHOWN:
        found[UNKNOWN_SHOWN:] = [f"and {len(found) - UNKNOWN_SHOWN} more"]
    return tuple(found)


# The text of a refusal.


def _sentence(error: ErrorDetails) -> str:
    path = ""
    for step in error["loc"]:
        path = f"{path}[{step}]" if isinstance(step, int) else _join(path, step)
    value, facts = error["input"], error.get("ctx", {})
    match error["type"]:
        case "wire":
            return f"{path} {facts['said']}"
        case "missing":
            return f"{path} is missing and may not be left out"
        case "too_short":
            return f"{path} is an empty list, where at least one entry is expected"
        case "too_long":
            return f"{path} has {len(value)} entries, where at most {facts['max_length']} fit"
        case "list_type":
            return f"{path} is {_shown(value)}, where a list in [ ] is expected"
        case _:
            return f"{path} is {_shown(value)}, where an object in {{ }} is expected"


def _join(path: str, name: str) -> str:
    return f"{path}.{_short(name)}" if path else _short(name)


def _shown(value: Any) -> str:
    """The value, in words, shortened."""
    match value:
        case None:
            return "null"
        case bool():
            return f"the truth value {str(value).lower()}"
        case int() | float():
            return f"the number {_short(str(value))}"
        case str():
            return f'the text "{_short(value)}"'
        case list():
            return f"a list of {len(value)}" if value else "an empty list"
        case dict():
            return "an object"
        case _:
            return f"a {type(value).__name__}"


def _short(text: str) -> str:
    """At most 40 characters, with invisible ones escaped."""
    shown = text if len(text) <= 40 else text[:39] + "…"
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in shown
    )
