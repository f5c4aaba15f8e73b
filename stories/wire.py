"""The JSON document of a story: reading, writing, its schema. Every refusal names the field."""

import hashlib
import json
import math
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from stories.document import (
    OBJECT,
    TEXT,
    VERSION,
    BulletDocument,
    ConflictDocument,
    CorrectionDocument,
    Document,
    Part,
    QuestionDocument,
    ReportDocument,
    SourceDocument,
    SpreadDocument,
    StatsDocument,
    schema,
)
from stories.fields import MAX_NUMBER, MAX_REVISION, shown
from stories.story import (
    Conflict,
    Correction,
    Question,
    Report,
    Source,
    Spread,
    Stats,
    Story,
    StoryId,
)
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

_GROWTH = 256
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

    Earlier versions read this too, and ignore what they don't know. So bullets are stored as texts,
    and their sources apart from them.
    """
    checked = _checked(_document(story))
    document = _document(checked)
    check_size(_bytes(document))
    said = story.announced
    announced = {"fast_at": _time(said.fast_at), "low": said.low, "corrected": list(said.corrected)}
    apart = {"breakdown": list(checked.breakdown), "cited": list(checked.cited)}
    return _bytes(_present({**document, **apart, "announced": _present(announced)}))


def restore(raw: bytes, revision: int) -> Story:
    """A story that `store` stored, perhaps long ago; raises ValueError if it can't be read.

    The limits of `read` don't apply here: what was accepted once is never refused later. Only what
    every reader relies on is checked.
    """
    if not raw.startswith(_WRITTEN):
        version = json.loads(raw).get("version", VERSION)
        if type(version) is not int or version > VERSION:
            raise ValueError(f"its version is {shown(version)}, but {VERSION} is read")
    story = replace(_STORED.validate_json(raw), revision=revision)
    times = [
        *(story.started_at, story.updated_at, story.announced.fast_at),
        *(each.published_at for each in story.sources),
        *(report.at for each in story.conflicts for report in each.reports),
        story.correction.at if story.correction else None,
    ]
    if any(time is not None and time.tzinfo is None for time in times):
        raise ValueError("a time is without an offset")
    if any(time is not None and not 1 < time.year < 9999 for time in times):
        raise ValueError("a time lies outside the calendar")
    stats = story.stats
    numbers = (stats.articles, stats.independent, story.rank, revision)
    if any(abs(each or 0) > MAX_NUMBER for each in numbers):
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
    document has no room for a reason, its questions, conflicts and sources are dropped, then all of
    its breakdown except the first point.
    """
    at = max(at, story.started_at or at)
    whole = replace(story, revision=None, retracted=why, updated_at=at)
    bare = replace(whole, questions=(), sources=(), cited=(), conflicts=())
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
    for name in ("merged_into", "split_from", "follows"):
        other = getattr(story, name)
        if other == story.id:
            raise WireError(f"{name} is the story's own id {other}, but must be another id")
    asked: dict[str, int] = {}
    for index, question in enumerate(story.questions):
        earlier = asked.setdefault(question.key, index)
        if earlier != index:
            raise WireError(
                f"questions[{index}].question is {shown(question.question)}, the same question as "
                f"questions[{earlier}]: ask each question once"
            )
    _known_sources(story)
    about: dict[str, int] = {}
    for index, conflict in enumerate(story.conflicts):
        earlier = about.setdefault(conflict.key, index)
        if earlier != index:
            raise WireError(
                f"conflicts[{index}].about is {shown(conflict.about)}, the same as "
                f"conflicts[{earlier}]: put the reports of both into one conflict"
            )
    articles, independent = story.stats.articles, story.stats.independent
    if articles is not None and independent is not None and independent > articles:
        raise WireError(
            f"stats.independent is the number {independent}, more than stats.articles "
            f"({articles}): it counts those of the articles that are nobody's copy"
        )


def _known_sources(story: Story) -> None:
    """Raise WireError for a position at which there is no source."""
    named = [
        *((f"breakdown[{at}].sources", cited) for at, cited in enumerate(story.cited)),
        *((f"questions[{at}].sources", each.sources) for at, each in enumerate(story.questions)),
    ]
    places = [(f"{path}[{at}]", place) for path, cited in named for at, place in enumerate(cited)]
    places += [
        (f"conflicts[{at}].reports[{nth}].source", report.source)
        for at, each in enumerate(story.conflicts)
        for nth, report in enumerate(each.reports)
    ]
    count = len(story.sources)
    for path, place in places:
        if place >= count:
            there = f"only the positions 0 to {count - 1}" if count > 1 else "only the position 0"
            there = there if count else "no article"
            raise WireError(
                f"{path} is the number {place}, where sources has {there}: add the article there, "
                "or name another position, counting from 0"
            )


def _story(document: Document) -> Story:
    stats = document.stats or StatsDocument()
    bullets = [
        BulletDocument(text=each) if isinstance(each, str) else each for each in document.breakdown
    ]
    cited = tuple(_each_once(each.sources) for each in bullets)
    return Story(
        id=StoryId(document.id),
        title=document.title,
        breakdown=tuple(each.text for each in bullets),
        revision=document.revision,
        headline=document.headline,
        entities=tuple(document.entities or ()),
        stats=Stats(
            stats.status,
            stats.virality,
            stats.articles,
            stats.leaning,
            stats.independent,
            _spread(stats.spread),
        ),
        started_at=document.started_at,
        updated_at=document.updated_at,
        keywords=tuple(document.keywords or ()),
        questions=tuple(
            Question(each.question, each.answer, _each_once(each.sources))
            for each in document.questions or ()
        ),
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
        cited=cited if any(cited) else (),
        conflicts=tuple(
            Conflict(
                each.about,
                tuple(Report(report.text, report.source, report.at) for report in each.reports),
            )
            for each in document.conflicts or ()
        ),
        correction=_correction(document.correction),
        follows=_story_id(document.follows),
        web=document.web is not False,
    )


def _each_once(places: list[int] | None) -> tuple[int, ...]:
    return tuple(dict.fromkeys(places or ()))


def _spread(document: SpreadDocument | None) -> Spread | None:
    """None if nothing is counted: an absent spread and one of zeros say the same."""
    if document is None:
        return None
    counts = (document.left, document.center, document.right, document.unrated)
    return Spread(*(each or 0 for each in counts)) if any(counts) else None


def _correction(document: CorrectionDocument | None) -> Correction | None:
    return Correction(document.text, document.at) if document else None


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
                    "independent": stats.independent,
                    "leaning": stats.leaning,
                    "spread": _counted(stats.spread),
                }
            ),
            "started_at": _time(story.started_at),
            "updated_at": _time(story.updated_at),
            "breakdown": [
                {"text": text, "sources": list(cited)} if cited else text
                for text, cited in story.bullets()
            ],
            "keywords": list(story.keywords),
            "questions": [
                _present(
                    {
                        "question": each.question,
                        "answer": each.answer,
                        "sources": list(each.sources),
                    }
                )
                for each in story.questions
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
            "conflicts": [_conflict(each) for each in story.conflicts],
            "url": story.url,
            "image_url": story.image_url,
            "rank": story.rank,
            "retracted": story.retracted,
            "correction": story.correction
            and {"text": story.correction.text, "at": _time(story.correction.at)},
            "merged_into": story.merged_into,
            "split_from": story.split_from,
            "follows": story.follows,
            "web": None if story.web else False,
        }
    )


def _counted(spread: Spread | None) -> dict[str, int]:
    return {name: n for name, n in asdict(spread).items() if n} if spread else {}


def _conflict(conflict: Conflict) -> dict[str, Any]:
    reports = [
        _present({"text": each.text, "source": each.source, "at": _time(each.at)})
        for each in conflict.reports
    ]
    return {"about": conflict.about, "reports": reports}


def _present(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields without those that say nothing; 0 and false do say something."""
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


_LISTED: tuple[tuple[str, type[Part]], ...] = (
    ("breakdown", BulletDocument),
    ("questions", QuestionDocument),
    ("sources", SourceDocument),
    ("conflicts", ConflictDocument),
)


def _unknown(data: dict[str, Any]) -> tuple[str, ...]:
    """The paths of fields that no model knows, in the document's order."""
    parts: list[tuple[str, Any, type[Part]]] = [("", data, Document)]
    parts.append(("stats", data.get("stats"), StatsDocument))
    parts.append(("correction", data.get("correction"), CorrectionDocument))
    parts.append(("stats.spread", (data.get("stats") or {}).get("spread"), SpreadDocument))
    for name, model in _LISTED:
        parts += [
            (f"{name}[{at}]", each, model)
            for at, each in enumerate(data.get(name) or ())
            if isinstance(each, dict)
        ]
    parts += [
        (f"conflicts[{at}].reports[{nth}]", report, ReportDocument)
        for at, each in enumerate(data.get("conflicts") or ())
        for nth, report in enumerate(each["reports"])
    ]
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
        if step in (TEXT, OBJECT):
            continue  # which form of a bullet it is, and no part of the path
        path = f"{path}[{step}]" if isinstance(step, int) else join(path, step)
    value, facts = error["input"], error.get("ctx", {})
    match error["type"]:
        case "wire":
            return f"{path} {facts['said']}"
        case "missing":
            return f"{path} is missing and may not be left out"
        case "too_short":
            least = facts["min_length"]
            expected = "one entry" if least == 1 else f"{least} entries"
            return f"{path} is {shown(value)}, but must have at least {expected}"
        case "too_long":
            return f"{path} has {len(value)} entries, but at most {facts['max_length']} fit"
        case "list_type":
            return f"{path} is {shown(value)}, but must be a list in [ ]"
        case _:
            return f"{path} is {shown(value)}, but must be an object in {{ }}"
