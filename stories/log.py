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
_SAID = frozenset({Kind.NEW, Kind.TITLE, Kind.BULLET_ADDED})
"""The kinds whose line holds a sentence of the story, for as long as the story contains it."""
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
        if change.kind is Kind.BULLET_REWORDED and change.before and change.after
    }
    lines = list(log.lines)
    reason = delta.reason
    if reason is not None and reason.weight >= Weight.NOTABLE:
        lines.append(Line(now, revision, _line(reason)))
    said = {_short(each) for each in (story.title, *story.breakdown)}
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
        case Kind.BULLET_ADDED:
            return change.after is not None
        case _:
            return False


def write_log(log: Log) -> bytes:
    """The log as stored bytes."""
    lines = [
        [_ms(line.at), line.revision, change.kind, change.weight, change.before, change.after]
        for line in log.lines
        for change in (line.change,)
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
                Line(_moment(at), int(revision), Change(Kind(kind), Weight(weight), before, after))
                for at, revision, kind, weight, before, after in lines
            ),
            tuple(
                Figures(_moment(hour * _HOUR_MS), virality, articles)
                for hour, virality, articles in figures
            ),
        )
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise LogError(str(error)) from error


def _line(change: Change) -> Change:
    """The change as a line stores it: only the new text, and no more than fits."""
    before, after = change.before, change.after
    match change.kind:
        case kind if kind in _SAID or kind in (Kind.RETRACTED, Kind.MERGED, Kind.SPLIT):
            before = None
        case Kind.STATUS | Kind.ENDED | Kind.VIRALITY | Kind.ARTICLES:
            pass
        case _:
            before = after = None
    return replace(change, before=before and before[:40], after=after and _short(after))


def _as_said(line: Line, said: set[str], reworded: dict[str, str]) -> Line:
    sentence = line.change.after
    if line.change.kind not in _SAID or sentence is None:
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
