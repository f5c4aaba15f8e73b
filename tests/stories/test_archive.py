"""The archive in Redis: how far back it knows. What every archive promises: tests/storage."""

import asyncio
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

import pytest
from redis.asyncio import Redis

from runtime.away import StorageAway
from runtime.connection import connect
from stories import wire
from stories.archive import Archive
from stories.changes import Cursor, Verdict
from stories.delta import Kind, Weight, compare
from stories.story import Announced, Correction, Stats, Story, StoryId
from stories.wire import WireError
from tests.chaos.proxy import Proxy
from tests.running import eventually_so

FERRY = Story(StoryId("ferry"), "Night ferry returns", ("It sailed at dusk.",))
NOW = datetime(2026, 6, 25, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize("step", [1, 10**9], ids=["counted by us", "a publisher's own"])
async def test_who_is_two_revisions_behind_reads_two_and_the_newest(
    archive: Archive, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    for number in range(1, 41):
        revision = None if step == 1 else number * step
        await archive.accept(replace(FERRY, revision=revision, headline=f"Hour {number}"))
    read = list[int]()
    backwards: Any = archive._redis.xrevrange

    async def counted(*args: Any, **named: Any) -> Any:
        entries: Any = await backwards(*args, **named)
        read.append(len(entries))
        return entries

    monkeypatch.setattr(archive._redis, "xrevrange", counted)
    monkeypatch.setattr(archive._redis, "xrange", None)
    history = await archive.history(FERRY.id, 38 * step)
    assert [story.headline for story in history] == ["Hour 38", "Hour 39", "Hour 40"]
    assert sum(read) == 3


async def test_the_history_keeps_a_hundred_revisions(archive: Archive) -> None:
    for number in range(1, 106):
        await archive.accept(replace(FERRY, title=f"Ferry {number}"))
    history = await archive.history(FERRY.id)
    assert [story.revision for story in history] == list(range(6, 106))


def with_virality(virality: float, **fields: Any) -> Story:
    return replace(FERRY, stats=Stats(virality=virality), **fields)


async def test_that_a_story_spreads_fast_is_stored_with_the_revision_that_said_so(
    redis: Redis, prefix: str
) -> None:
    for number, virality in enumerate((5.0, 6.0, 7.2, 3.0, 9.0)):
        await Archive(redis, prefix).accept(with_virality(virality), NOW + number * HOUR)
    held = await Archive(redis, prefix).history(FERRY.id)
    assert [compare(*pair).weight for pair in pairwise(held)] == [
        *(Weight.MINOR, Weight.NOTABLE, Weight.MINOR),
        Weight.MINOR,  # said two hours before
    ]
    assert held[-1].announced == Announced(NOW + 2 * HOUR, 3.0)
    again = with_virality(9.0, headline="It sails")
    assert (await Archive(redis, prefix).accept(again, NOW + 30 * HOUR))[0] is Verdict.ACCEPTED
    await Archive(redis, prefix).accept(with_virality(9.1), NOW + 31 * HOUR)
    *_, before, after = await Archive(redis, prefix).history(FERRY.id)
    assert Kind.SPREADING in {change.kind for change in compare(before, after).changes}


async def test_a_correction_is_told_once_whoever_stores_it_again(redis: Redis, prefix: str) -> None:
    wrong = Correction("It sailed at dawn.", NOW)
    other = replace(wrong, text="It never sailed.")
    for number, correction in enumerate((None, wrong, None, wrong, other, wrong)):
        story = replace(FERRY, correction=correction)
        await Archive(redis, prefix).accept(story, NOW + number * HOUR)
    held = await Archive(redis, prefix).history(FERRY.id)
    told = [compare(*pair).weight is Weight.NOTABLE for pair in pairwise(held)]
    assert told == [True, False, False, True, False]
    log = await Archive(redis, prefix).log(FERRY.id)
    assert [line.change.kind for line in log.lines] == [Kind.NEW, *[Kind.CORRECTION] * 2]
    assert [line.change.after for line in log.lines[1:]] == [None, None]  # both were removed


async def test_what_was_announced_makes_no_other_content_of_a_story(archive: Archive) -> None:
    fast = with_virality(8.0)
    await archive.accept(with_virality(5.0), NOW)
    await archive.accept(fast, NOW + HOUR)
    assert await archive.accept(fast, NOW + 48 * HOUR) == (Verdict.SAME, 2)
    assert await archive.accept(replace(fast, revision=2)) == (Verdict.SAME, 2)
    assert await archive.story("ferry") == replace(fast, revision=2)


async def test_a_past_revision_is_found_or_else_the_first_kept_after_it(archive: Archive) -> None:
    for number in range(104):
        await archive.accept(replace(FERRY, title=f"Ferry {number}"))
    await archive.accept(replace(FERRY, revision=200, title="Ferry at last"))
    found = [await archive.past(FERRY.id, revision) for revision in (1, 50, 104, 105, 201)]
    assert [past and (past.revision, past.title) for past in found] == [
        (6, "Ferry 5"),
        (50, "Ferry 49"),
        (104, "Ferry 103"),
        (200, "Ferry at last"),
        None,
    ]
    assert await archive.past(StoryId("tram"), 1) is None


async def test_a_story_is_found_as_it_was_at_a_moment(archive: Archive) -> None:
    for title in ("Ferry leaves", "Ferry sinks"):
        await archive.accept(replace(FERRY, title=title))
        await asyncio.sleep(0.01)
    [edition] = (await archive.since(Cursor())).editions
    assert edition.before
    now = datetime.now(UTC)
    found = await archive.as_of(FERRY.id, now)
    assert found == edition.story
    assert await archive.as_of(FERRY.id, edition.heard_at - timedelta(milliseconds=5)) == (
        edition.before
    )
    assert await archive.as_of(FERRY.id, now - timedelta(days=1)) is None
    assert await archive.as_of(StoryId("tram"), now) is None


async def test_what_was_heard_since_a_moment_begins_with_what_was_known_then(
    archive: Archive,
) -> None:
    for title in ("Ferry leaves", "Ferry sinks", "Ferry is raised"):
        await archive.accept(replace(FERRY, title=title))
        await asyncio.sleep(0.01)
    [edition] = (await archive.since(Cursor())).editions
    ago = edition.heard_at - timedelta(days=1)
    whole = await archive.heard(FERRY.id, ago)
    assert [heard.story.title for heard in whole] == [
        "Ferry leaves",
        "Ferry sinks",
        "Ferry is raised",
    ]
    assert abs(whole[-1].at - edition.heard_at) < timedelta(seconds=1)
    for first in whole[1:]:
        assert await archive.heard(FERRY.id, first.at) == whole[whole.index(first) - 1 :]
    assert await archive.heard(FERRY.id, datetime.now(UTC)) == whole[-1:]
    assert await archive.heard(StoryId("tram"), ago) == []


async def test_an_archive_that_is_away_says_so_in_one_word(prefix: str) -> None:
    async with connect("redis://127.0.0.1:1/0") as nowhere:
        with pytest.raises(StorageAway):
            await Archive(nowhere, prefix).accept(FERRY)


async def test_what_was_handed_out_on_a_dead_wire_comes_before_what_the_next_one_brings(
    redis: Redis, redis_url: str, prefix: str
) -> None:
    """The client asks once more by itself when its wire is cut, and is handed the next document."""
    port = urlsplit(redis_url).port
    assert port is not None
    near = Archive(redis, prefix)
    async with (
        Proxy(port) as proxy,
        connect(f"redis://127.0.0.1:{proxy.port}") as far,
        aclosing(Archive(far, prefix).inbox()) as left,
    ):
        await near.leave(b"one")
        assert await anext(left) == b"one"
        waiting = asyncio.ensure_future(anext(left))

        async def listens() -> bool:
            return bool((await redis.info("clients"))["blocked_clients"])

        await eventually_so(listens, "the reader waits for the next document")
        proxy.swallow()
        await near.leave(b"two")  # handed out, and lost on the way
        await near.leave(b"three")
        proxy.cut()
        assert [await waiting, await anext(left)] == [b"two", b"three"]


async def test_giants_at_the_inbox_are_not_read_whole_and_hold_nothing_up(
    archive: Archive, redis: Redis, prefix: str
) -> None:
    giants, said = 10, 2_000_000
    for number in range(giants):
        await redis.xadd(f"{prefix}:inbox", {"story": b"x" * said})
        await archive.leave(b"%d" % number)
    before = (await redis.info("stats"))["total_net_output_bytes"]
    came = []
    async with aclosing(archive.inbox()) as documents:
        async for document in documents:
            came.append(document)
            if len(came) == 2 * giants:
                break
    read = (await redis.info("stats"))["total_net_output_bytes"] - before
    assert read < giants * said / 4
    assert [document for document in came if len(document) < 10] == [
        b"%d" % number for number in range(giants)
    ]
    for document in came[::2]:
        with pytest.raises(WireError, match="but at most"):
            wire.read(document)
