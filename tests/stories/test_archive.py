"""The archive: what comes in, what is refused, and how a reader follows."""

import asyncio
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from redis.asyncio import Redis

from stories.archive import Archive, connect
from stories.away import StorageAway
from stories.index import Cursor, Door, Verdict
from stories.story import Story, StoryId

FERRY = Story(StoryId("ferry"), "Night ferry returns", ("It sailed at dusk.",))


async def test_a_story_without_a_revision_is_counted_by_the_archive(archive: Archive) -> None:
    assert await archive.accept(FERRY) == (Verdict.ACCEPTED, 1)
    assert await archive.accept(FERRY) == (Verdict.SAME, 1)
    assert await archive.accept(replace(FERRY, title="It is back")) == (Verdict.ACCEPTED, 2)


@pytest.mark.parametrize(
    ("document", "verdict", "held"),
    [
        (replace(FERRY, revision=4, title="Older"), Verdict.STALE, 5),
        (replace(FERRY, revision=5), Verdict.SAME, 5),
        (replace(FERRY, revision=5, title="Other"), Verdict.CONFLICT, 5),
        (replace(FERRY, revision=6, title="Newer"), Verdict.ACCEPTED, 6),
        (replace(FERRY, revision=9), Verdict.ACCEPTED, 9),
    ],
    ids=["older", "equal", "equal with other content", "newer", "newer with equal content"],
)
async def test_only_what_is_newer_is_accepted(
    archive: Archive, document: Story, verdict: Verdict, held: int
) -> None:
    await archive.accept(replace(FERRY, revision=5))
    assert await archive.accept(document) == (verdict, held)


async def test_a_reader_gets_the_newest_of_each_story_once(archive: Archive) -> None:
    await archive.accept(FERRY)
    await archive.accept(replace(FERRY, id=StoryId("tram"), title="Trams stand still"))
    await archive.accept(replace(FERRY, title="Night ferry is late"))
    first = await archive.since(Cursor())
    assert [(e.story.title, e.revision) for e in first.editions] == [
        ("Trams stand still", 1),
        ("Night ferry is late", 2),
    ]
    assert first.editions[1].before is not None
    assert first.editions[1].before.title == "Night ferry returns"
    again = await archive.since(first.upto)
    assert again.editions == ()
    assert again.upto == first.upto


async def test_a_wiped_archive_begins_anew_for_every_reader(
    archive: Archive, redis: Redis, prefix: str
) -> None:
    for number in range(3):
        await archive.accept(replace(FERRY, title=f"Ferry {number}"))
    old = (await archive.since(Cursor())).upto
    await redis.delete(*[key async for key in redis.scan_iter(f"{prefix}:*")])
    await archive.accept(FERRY)
    changes = await archive.since(old)
    assert changes.upto.epoch != old.epoch
    assert [edition.story.title for edition in changes.editions] == ["Night ferry returns"]


async def test_the_history_keeps_a_hundred_revisions(archive: Archive) -> None:
    for number in range(1, 106):
        await archive.accept(replace(FERRY, title=f"Ferry {number}"))
    history = await archive.history(FERRY.id)
    assert [story.revision for story in history] == list(range(6, 106))


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


async def test_every_subscription_and_every_change_is_a_reason_to_look(archive: Archive) -> None:
    async with aclosing(archive.wakes()) as wakes:
        assert await anext(wakes) == "subscribed"
        await archive.accept(FERRY)
        assert await anext(wakes) == "wake"


async def test_what_was_left_is_there_for_the_next_editor(archive: Archive) -> None:
    await archive.leave(b"one")
    await archive.leave(b"two")
    async with aclosing(archive.left()) as first:
        assert await anext(first) == b"one"  # in hand, and then its editor dies
    async with aclosing(archive.left()) as second:
        assert [await anext(second), await anext(second)] == [b"one", b"two"]
        more = asyncio.ensure_future(anext(second))
        await archive.leave(b"three")
        assert await more == b"three"


async def test_refused_documents_can_be_read_newest_first(archive: Archive) -> None:
    await archive.reject(Door.SAID, b"{", "not JSON")
    await archive.reject(Door.LEFT, b"\xff" * 5000, "not UTF-8")
    newest, older = await archive.rejected()
    assert (newest.door, newest.why, len(newest.beginning)) == (Door.LEFT, "not UTF-8", 200)
    assert (older.door, older.beginning) == (Door.SAID, "{")
    assert (datetime.now(UTC) - older.at).total_seconds() < 60


async def test_an_archive_that_is_away_says_so_in_one_word(prefix: str) -> None:
    async with connect("redis://127.0.0.1:1/0") as nowhere:
        with pytest.raises(StorageAway):
            await Archive(nowhere, prefix).accept(FERRY)
