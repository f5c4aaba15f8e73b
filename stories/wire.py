"""The JSON document of a story: reading, writing, its schema. Every refusal names the field."""

import hashlib
import json
import math
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from stories.document import (
    VERSION,
    Document,
    Part,
    QuestionDocument,
    SourceDocument,
    StatsDocument,
    schema,
)
from stories.fields import MAX_NUMBER, MAX_REVISION, shown
from stories.story import Question, Source, Stats, Story, StoryId
from stories.strict_json import MAX_BYTES, WireError, check_size, join, read_object, size

__all__ = [
    "MAX_BYTES",
    "VERSION",
    "Reading",
    "WireError",
    "content_hash",
    "read",
    "restore",
    "schema",
    "store",
    "withdrawn",
    "write",
]

_GROWTH = 128
"""Bytes that writing may add to a document: its version, its revision, 4 becomes 4.0,
1e15 becomes 1000000000000000."""

UNKNOWN_SHOWN = 20
"""The most unknown fields that are named; a document may hold thousands."""


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
    data = read_object(raw)
    story = _checked(data)
    if size(raw) > MAX_BYTES - _GROWTH:
        check_size(_bytes(_document(replace(story, revision=MAX_REVISION))))
    return Reading(story, _unknown(data))


def store(story: Story) -> bytes:
    """The story as the archive stores it: the document, and what was announced about the story.

    Earlier versions read this too, and ignore what they don't know.
    """
    document = _document(_checked(_document(story)))
    check_size(_bytes(document))
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
            raise ValueError(f"its version is {shown(version)}, where {VERSION} is read")
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
    check_size(raw)
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
        if size(_bytes(_document(each))) <= MAX_BYTES - _GROWTH:
            break
    return each


def content_hash(story: Story) -> str:
    """32 hex digits of everything except the revision, the same for every spelling of the content.

    Raises WireError if the story breaks a rule of the document.
    """
    content = _document(_checked(_document(replace(story, revision=None))))
    return hashlib.blake2s(_bytes(content), digest_size=16).hexdigest()


# From an object to a story, and back.


def _checked(data: dict[str, Any]) -> Story:
    version = data.get("version")
    if version is not None and (isinstance(version, bool) or version != VERSION):
        raise WireError(f"version is {shown(version)}; this Storywire reads version {VERSION}")
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
                f"questions[{index}].question is {shown(question.question)}, the same question as "
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
    parts: list[tuple[str, Any, type[Part]]] = [("", data, Document)]
    parts.append(("stats", data.get("stats"), StatsDocument))
    for name, model in (("questions", QuestionDocument), ("sources", SourceDocument)):
        parts += [(f"{name}[{i}]", each, model) for i, each in enumerate(data.get(name) or ())]
    found = [
        join(path, name)
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
        path = f"{path}[{step}]" if isinstance(step, int) else join(path, step)
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
            return f"{path} is {shown(value)}, where a list in [ ] is expected"
        case _:
            return f"{path} is {shown(value)}, where an object in {{ }} is expected"
