"""What is remembered of a story's past once its full revisions are deleted.

A log has a line for each notable revision, and the figures hour by hour.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from stories.delta import Change, Kind, Weight, compare
from stories.story import Status, Story

ENTRIES = 200
"""The most lines and figures per story; the oldest figures are dropped first,
then the oldest lines."""
SENTENCE = 300
"""The most characters per line."""
SAID = frozenset(
    {
        *(Kind.NEW, Kind.TITLE, Kind.BULLET_ADDED, Kind.BULLET_UPDATED),
        *(Kind.CORRECTION, Kind.CONFLICT_ADDED),
    }
)
"""The kinds whose line holds a sentence of the story, for as long as the story contains it."""
_NEWER = frozenset({Kind.BULLET_UPDATED, Kind.SPREADING, Kind.CORRECTION, Kind.CONFLICT_ADDED})
"""Kinds that the first version of logs doesn't know. They are written as `other` with their name
in place of the text before, which that version reads without harm."""
_HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Line:
    """The heaviest change of one revision; only its kind,
    if its sentence was removed from the story."""

    at: datetime
    revision: int
    change: Change


@dataclass(frozen=True, slots=True)
class Figures:
    """A story's figures at the end of an hour."""

    at: datetime
    """The start of the hour."""
    virality: float | None
    articles: int | None


@dataclass(frozen=True, slots=True)
class Log:
    """A story's log, oldest entries first."""

    lines: tuple[Line, ...] = ()
    figures: tuple[Figures, ...] = ()


class LogError(ValueError):
    """The stored bytes aren't a log that this version can read."""


def grown(log: Log, before: Story | None, story: Story, revision: int, now: datetime) -> Log:
    """The log after a revision arrived. Sentences that the story no longer contains are removed."""
    delta = compare(before, story)
    reworded = {
        _short(change.before): _short(change.after)
        for change in delta.changes
        if change.kind in (Kind.BULLET_REWORDED, Kind.BULLET_UPDATED)
        and change.before
        and change.after
    }
    lines = list(log.lines)
    reason = delta.reason
    notable = [each for each in delta.changes if each.weight >= Weight.NOTABLE]
    lines += [
        Line(now, revision, _line(each))
        for each in notable
        if each == reason or each.kind is Kind.CORRECTION
    ]
    said = {_short(each) for each in (story.title, *story.breakdown)}
    said |= {_short(each.about) for each in story.conflicts}
    said |= {_short(story.correction.text)} if story.correction else set()
    if story.retracted is not None:
        said = set()
    lines = [_as_said(line, said, reworded) for line in lines]
    return _bounded(lines, [*log.figures, *_figures(story, now)])


def still_so(lines: Iterable[Line], story: Story) -> list[Change]:
    """The lines that still apply: each kind once, from its latest line."""
    held = {line.change.kind: line.change for line in lines if _holds(line.change, story)}
    return list(held.values())


def _holds(change: Change, story: Story) -> bool:
    match change.kind:
        case Kind.RETRACTED:
            return story.retracted is not None
        case Kind.MERGED:
            return story.merged_into == change.after
        case Kind.ENDED:
            return story.stats.status is Status.ENDED
        case kind if kind in SAID - {Kind.NEW, Kind.TITLE}:
            return change.after is not None
        case _:
            return False


def write_log(log: Log) -> bytes:
    """The log as stored bytes."""
    lines = [
        [_ms(line.at), line.revision, *_named(line.change), line.change.after] for line in log.lines
    ]
    figures = [[_ms(each.at) // _HOUR_MS, each.virality, each.articles] for each in log.figures]
    return json.dumps([1, lines, figures], ensure_ascii=False, separators=(",", ":")).encode()


def read_log(raw: bytes | None) -> Log:
    """The log from stored bytes, an empty one for None; raises LogError."""
    if not raw:
        return Log()
    try:
        version, lines, figures = json.loads(raw)
        if version != 1:
            raise LogError(f"a log of version {version}")
        return Log(
            tuple(
                Line(_moment(at), int(revision), _change(kind, weight, before, after))
                for at, revision, kind, weight, before, after in lines
            ),
            tuple(
                Figures(_moment(hour * _HOUR_MS), virality, articles)
                for hour, virality, articles in figures
            ),
        )
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise LogError(str(error)) from error


def _named(change: Change) -> tuple[str, int, str | None]:
    """A change's kind, weight and text before, as they are written."""
    if change.kind in _NEWER:
        return Kind.OTHER, change.weight, change.kind
    return change.kind, change.weight, change.before


def _change(kind: str, weight: int, before: str | None, after: str | None) -> Change:
    """What `_named` wrote; of a kind that only a later version knows, that something changed."""
    if kind == Kind.OTHER and before is not None:
        kind, before = before, None
    if kind not in set(Kind):
        return Change(Kind.OTHER, Weight(weight), None, None)
    return Change(Kind(kind), Weight(weight), before, after)


def _line(change: Change) -> Change:
    """The change as a line stores it: only the new text, and no more than fits."""
    before, after = change.before, change.after
    match change.kind:
        case kind if kind in SAID or kind in (Kind.RETRACTED, Kind.MERGED, Kind.SPLIT):
            before = None
        case Kind.STATUS | Kind.ENDED | Kind.VIRALITY | Kind.ARTICLES:
            pass
        case _:
            before = after = None
    return replace(change, before=before and before[:40], after=after and _short(after))


def _as_said(line: Line, said: set[str], reworded: dict[str, str]) -> Line:
    sentence = line.change.after
    if line.change.kind not in SAID or sentence is None:
        return line
    now = reworded.get(sentence, sentence)
    change = replace(line.change, after=now if now in said else None)
    return replace(line, change=change)


def _figures(story: Story, now: datetime) -> Iterable[Figures]:
    virality, articles = story.stats.virality, story.stats.articles
    if virality is not None or articles is not None:
        yield Figures(_moment(_ms(now) // _HOUR_MS * _HOUR_MS), virality, articles)


def _bounded(lines: Sequence[Line], figures: Sequence[Figures]) -> Log:
    hours = {each.at: each for each in figures}  # the last figures of an hour represent it
    kept = tuple(lines[-ENTRIES:])
    room = ENTRIES - len(kept)
    return Log(kept, tuple(hours.values())[-room:] if room else ())


def _short(text: str) -> str:
    return text[:SENTENCE]


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
