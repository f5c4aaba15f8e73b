"""What is known of a story's past: whole for a week, then a line for each notable revision."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis.asyncio import Redis

from bot.delivery.changed import Changed
from bot.delivery.reply_policy import recalled
from bot.metrics import Metrics
from stories.archive import Archive
from stories.changes import Cursor
from stories.delta import Change, Kind, Weight
from stories.follower import Follower
from stories.index import StoryIndex
from stories.log import (
    ENTRIES,
    SENTENCE,
    Line,
    Log,
    LogError,
    grown,
    read_log,
    still_so,
    write_log,
)
from stories.story import Correction, Stats, Status, Story
from tests.growth.conftest import FERRY, World

DAY = timedelta(days=1)
NOW = datetime(2026, 6, 25, 6, 10, tzinfo=UTC)


async def history_of(world: World, *days_ago: float) -> None:
    """One revision each so many days ago, as Redis would have stored them then."""
    now = datetime.now(UTC)
    titles = [f"Ferry {number}" for number, _ in enumerate(days_ago, 1)]
    for title, ago in zip(titles, days_ago, strict=True):
        await world.accept(replace(FERRY, title=title), ago * DAY)
    key = f"{world.prefix}:{{archive}}:history:ferry"
    entries: Any = await world.redis.xrange(key)
    await world.redis.delete(key)
    for (_, fields), ago in zip(entries, days_ago, strict=True):
        at = int((now - ago * DAY).timestamp() * 1000)
        await world.redis.xadd(key, fields, id=f"{at}-0")


@pytest.mark.parametrize(
    ("days_ago", "kept"),
    [
        ((20, 10, 9, 5, 1), [3, 4, 5]),  # the newest older one is how it was a week ago
        ((20, 10, 9), [2, 3]),  # the newest, and the one before it
        ((20,), [1]),
        ((6, 5, 4), [1, 2, 3]),
        ((20, 1), [1, 2]),
    ],
)
async def test_full_revisions_stay_a_week_and_never_fewer_than_comparing_needs(
    pruned: World, days_ago: tuple[float, ...], kept: list[int]
) -> None:
    await history_of(pruned, *days_ago)
    await pruned.follower._catch_up(overlap=0)
    before = pruned.index.get("ferry")
    week_ago = datetime.now(UTC) - 7 * DAY
    as_of = await pruned.archive.as_of(FERRY.id, week_ago)
    heard = await pruned.archive.heard(FERRY.id, week_ago + DAY)
    plan = await pruned.sweep()
    assert plan.why is None
    history = await pruned.archive.history(FERRY.id)
    assert [story.revision for story in history] == kept
    [after] = (await pruned.archive.since(Cursor())).editions
    assert after == before  # the revision before it is still the revision before it
    assert pruned.index.cleared == 0
    if len(days_ago) < 4 or as_of:
        assert (await pruned.archive.as_of(FERRY.id, week_ago)) == as_of
    assert [each.story.revision for each in await pruned.archive.heard(FERRY.id, week_ago + DAY)][
        -1:
    ] == [each.story.revision for each in heard][-1:]


async def test_accepting_deletes_nothing_by_our_clock(archive: Archive) -> None:
    for title, ahead in (("One", 0), ("Two", 400), ("Three", 0)):
        await archive.accept(replace(FERRY, title=title), datetime.now(UTC) + ahead * DAY)
    assert len(await archive.history(FERRY.id)) == 3


def log_of(*stories: Story, every: timedelta = timedelta(minutes=7)) -> Log:
    log, before = Log(), None
    for number, story in enumerate(stories, 1):
        log = grown(log, before, story, number, NOW + number * every)
        before = story
    return log


def test_a_line_for_each_notable_revision_and_a_figure_an_hour() -> None:
    more = replace(FERRY, breakdown=(*FERRY.breakdown, "A dog was found."))
    minor = replace(more, headline="It's back")
    loud = replace(minor, stats=Stats(FERRY.stats.status, 8.0, 12))
    log = log_of(FERRY, more, minor, loud)
    assert [(line.revision, line.change.kind, line.change.after) for line in log.lines] == [
        (1, Kind.NEW, "Night ferry returns"),
        (2, Kind.BULLET_ADDED, "A dog was found."),
        (4, Kind.SPREADING, None),
    ]
    assert [each.virality for each in log.figures] == [8.0]
    later = log_of(FERRY, more, minor, loud, every=timedelta(hours=1))
    assert [each.virality for each in later.figures] == [5.0, 5.0, 5.0, 8.0]
    assert read_log(write_log(log)) == log


@pytest.mark.parametrize(
    ("then", "left"),
    [
        (FERRY, [None]),  # removed
        (
            replace(FERRY, breakdown=(*FERRY.breakdown, "A brown dog was found.")),
            ["A brown dog was found."],
        ),
        (replace(FERRY, breakdown=("All of it was wrong.",)), [None]),
    ],
)
def test_what_is_no_longer_said_leaves_the_log(then: Story, left: list[str | None]) -> None:
    said = replace(FERRY, breakdown=(*FERRY.breakdown, "A dog was found."))
    log = log_of(FERRY, said, then)
    added = [line for line in log.lines if line.revision == 2]
    assert [line.change.after for line in added] == left
    assert [line.change.kind for line in added] == [Kind.BULLET_ADDED]
    assert ("A dog" in write_log(log).decode()) is False
    withdrawn = log_of(FERRY, said, replace(said, retracted="It was a mistake."))
    raw = write_log(withdrawn).decode()
    assert "dog" not in raw
    assert FERRY.title not in raw
    assert [line.change.kind for line in withdrawn.lines] == [
        Kind.NEW,
        Kind.BULLET_ADDED,
        Kind.RETRACTED,
    ]


def test_a_correction_is_remembered_beside_what_weighed_more() -> None:
    wrong = Correction("It was a cat.", NOW)
    over = replace(FERRY, stats=Stats(Status.ENDED, 5.0, 14), correction=wrong)
    log = log_of(FERRY, over)
    assert [(line.revision, line.change.kind) for line in log.lines] == [
        *((1, Kind.NEW), (2, Kind.ENDED), (2, Kind.CORRECTION)),
    ]
    assert {change.kind for change in still_so(log.lines, over)} == {Kind.CORRECTION, Kind.ENDED}
    gone = log_of(FERRY, over, replace(over, correction=None))
    assert "cat" not in write_log(gone).decode()


def test_a_figure_updated_in_a_point_stays_in_the_log_as_it_is_now() -> None:
    said = replace(FERRY, breakdown=(*FERRY.breakdown, "A dog of 7 was found."))
    now = replace(FERRY, breakdown=(*FERRY.breakdown, "A dog of 8 was found."))
    log = log_of(FERRY, said, now)
    assert [(line.change.kind, line.change.after) for line in log.lines[1:]] == [
        (Kind.BULLET_ADDED, "A dog of 8 was found."),
        (Kind.BULLET_UPDATED, "A dog of 8 was found."),
    ]


def test_an_earlier_version_reads_the_log_and_a_later_ones_kinds_are_read_here() -> None:
    kinds = [Kind.SPREADING, Kind.CORRECTION, Kind.BULLET_UPDATED, Kind.CONFLICT_ADDED, Kind.OTHER]
    log = Log(
        tuple(
            Line(NOW, number, Change(kind, Weight.NOTABLE, None, "text"))
            for number, kind in enumerate(kinds)
        )
    )
    raw = write_log(log)
    assert read_log(raw) == log
    known_first = {line[2] for line in json.loads(raw)[1]}
    assert known_first == {"other"}
    later = b'[1,[[0,1,"of a later version",2,"a","b"],[0,2,"other",1,"of a later one","b"]],[]]'
    assert [line.change for line in read_log(later).lines] == [
        Change(Kind.OTHER, Weight.NOTABLE, None, None),
        Change(Kind.OTHER, Weight.MINOR, None, None),
    ]


def test_the_log_is_bounded_however_long_a_story_goes_on() -> None:
    stories = [
        replace(FERRY, breakdown=(*FERRY.breakdown, f"{number} " + "long " * 200))
        for number in range(400)
    ]
    log = log_of(*stories, every=timedelta(hours=1))
    assert len(log.lines) + len(log.figures) <= ENTRIES
    assert all(len(line.change.after or "") <= SENTENCE for line in log.lines)
    figures = log_of(
        *(replace(FERRY, headline=f"{n}") for n in range(400)), every=timedelta(hours=1)
    )
    assert (len(figures.lines), len(figures.figures)) == (1, ENTRIES - 1)


async def test_a_repeated_document_and_one_that_came_in_between_leave_one_line_each(
    archive: Archive, redis: Redis, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Archive(redis, prefix)
    await archive.accept(replace(FERRY, revision=1))
    read, came = other._goes_on, [replace(FERRY, revision=2, title="Two")]

    async def late(story: Story, now: datetime) -> Any:
        base = await read(story, now)
        if came:
            await archive.accept(came.pop())
        return base

    monkeypatch.setattr(other, "_goes_on", late)
    third = replace(FERRY, revision=3, title="Three")
    for _ in range(2):
        await other.accept(third)
    log = await archive.log(FERRY.id)
    assert [line.revision for line in log.lines] == [1, 2, 3]


@pytest.mark.parametrize("raw", [b"[2,[],[]]", b"{", b'[1,[["x"]],[]]', None])
async def test_a_log_that_cannot_be_read_stays_as_it_is(
    archive: Archive, redis: Redis, prefix: str, raw: bytes | None
) -> None:
    key = f"{prefix}:{{archive}}:log:ferry"
    await (redis.set(key, raw) if raw else redis.hset(key, "a", "b"))
    if raw:
        with pytest.raises(LogError):
            read_log(raw)
    await archive.accept(FERRY)
    if raw:
        assert await archive.log(FERRY.id) == Log()
        assert await redis.get(key) == raw
    else:
        assert await redis.hgetall(key) == {b"a": b"b"}


async def test_readers_of_a_revision_that_is_gone_hear_that_it_was_withdrawn(
    archive: Archive, redis: Redis, prefix: str
) -> None:
    await archive.accept(FERRY)
    for wrong in ("Wrong.", None, "Wrong again."):
        await archive.accept(replace(FERRY, retracted=wrong))
    await archive.accept(replace(FERRY, retracted="Wrong again.", headline="Not so"))
    await redis.xtrim(f"{prefix}:{{archive}}:history:ferry", maxlen=2, approximate=False)
    index = StoryIndex()
    await Follower(archive, index, Metrics())._catch_up(overlap=0)
    changed = Changed(index, archive)
    edition = index.get("ferry")
    assert edition is not None
    assert recalled(await changed.since(edition, 1))
    assert not recalled(await changed.since(edition, 4))
    await asyncio.sleep(0)
