"""What goes, what stays, and what stops it all."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.model.chat import Chat
from bot.model.ledger import CardRecord, Pin, State
from runtime.lease import RedisLease
from stories.changes import Cursor, Verdict
from stories.edition import Edition
from stories.index import StoryIndex
from stories.retention import FenceLost
from stories.story import Announced, Stats, Status, StoryId
from stories.stub import STUB_BYTES, Stub, write_stub
from stories.wire import write
from tests.growth.conftest import FERRY, GROUP, NORTH, World

DAY = timedelta(days=1)
OLD = 34 * DAY


async def test_a_story_leaves_full_memory_and_can_still_be_named_and_read(pruned: World) -> None:
    await pruned.accept(FERRY, OLD)
    await pruned.accept(replace(FERRY, id=StoryId("tram"), title="Trams stand still"), 32 * DAY)
    ended = replace(FERRY, id=StoryId("fire"), title="Fire out", stats=Stats(Status.ENDED))
    await pruned.accept(ended, 31 * DAY)
    await pruned.follower._catch_up(overlap=0)
    assert len(pruned.index) == 3
    await pruned.sweep()
    assert len(pruned.index) == 1  # the tram went stale 29 days ago
    for story_id, words in (("ferry", "the Night FERRY returns"), ("fire", "Fire out")):
        edition = pruned.index.search.find(words)
        assert edition is not None
        assert (edition.story.id, edition.whole) == (story_id, False)
        assert pruned.index.get(story_id) == edition
    assert pruned.index.search.query("dusk").hits[0].edition.story.id == "tram"
    assert len(pruned.index.search.query("ferry").hits) == 0
    whole = await pruned.archive.edition(FERRY.id)
    assert whole is not None
    assert replace(whole.story, revision=None) == FERRY


async def test_a_process_that_starts_finds_what_a_running_one_has(pruned: World) -> None:
    await pruned.accept(replace(FERRY, merged_into=StoryId("tram")), OLD)
    await pruned.accept(replace(FERRY, id=StoryId("tram"), title="Trams"), OLD)
    await pruned.accept(replace(FERRY, id=StoryId("fire"), title="Fire"))
    await pruned.follower._catch_up(overlap=0)
    await pruned.sweep()
    running, started = pruned.index, StoryIndex()
    pruned.index = started
    pruned.__post_init__()
    await pruned.follower._catch_up(overlap=0)
    for index in (running, started):
        heir = index.lineage.merge_target(FERRY.id)
        assert heir is not None
        assert (heir.story.title, len(index)) == ("Trams", 1)
        assert [part.story.id for part in index.lineage.merged_from(StoryId("tram"))] == ["ferry"]


async def test_a_document_repeated_after_a_month_or_a_year_is_no_new_story(pruned: World) -> None:
    for ago, tomb in ((OLD, False), (400 * DAY, True)):
        story = replace(FERRY, id=StoryId(f"ferry-{ago.days}"))
        await pruned.accept(replace(story, revision=3, title="Before"), ago)
        await pruned.accept(replace(story, revision=4), ago)
        for _ in range(4):
            await pruned.sweep()
            pruned.pass_time(DAY)
        assert (await pruned.archive.tombstone(story.id) == 4) is tomb
        assert await pruned.accept(replace(story, revision=4)) is Verdict.SAME
        assert await pruned.accept(story) is Verdict.SAME
        assert await pruned.accept(replace(story, revision=3)) is Verdict.STALE
        assert await pruned.accept(replace(story, revision=5, title="News")) is Verdict.ACCEPTED
        await pruned.follower._catch_up(overlap=0)
        edition = pruned.index.get(story.id)
        assert edition is not None
        assert (edition.whole, edition.story.title) == (True, "News")
        assert (edition.before and edition.before.revision) == (None if tomb else 4)


async def test_a_story_that_is_back_in_full_memory_remembers_what_was_announced(
    pruned: World,
) -> None:
    for virality, ago in ((5.0, OLD + timedelta(hours=1)), (8.0, OLD)):
        await pruned.accept(replace(FERRY, stats=Stats(virality=virality)), ago)
    was = await pruned.archive.story(FERRY.id)
    assert was is not None
    assert was.announced.fast_at is not None
    await pruned.sweep()
    await pruned.accept(replace(FERRY, stats=Stats(virality=2.0)))
    now = await pruned.archive.story(FERRY.id)
    assert now is not None
    assert now.announced == Announced(was.announced.fast_at, 2.0)


async def test_what_an_earlier_version_took_meanwhile_is_in_full_memory_and_leaves_it_again(
    pruned: World,
) -> None:
    await pruned.accept(FERRY, OLD)
    await pruned.sweep()
    key = f"{pruned.prefix}:{{archive}}:story:ferry"
    news = write(replace(FERRY, title="News"))
    fields = {"document": news, "revision": 2, "seq": 9}
    await pruned.redis.hset(key, mapping=fields)  # type: ignore[arg-type]  # as it would have done
    await pruned.redis.zadd(f"{pruned.prefix}:{{archive}}:index", {"ferry": 9})
    await pruned.redis.set(f"{pruned.prefix}:{{archive}}:seq", 9)
    await pruned.follower._catch_up(overlap=0)
    edition = pruned.index.get("ferry")
    assert edition is not None
    assert (edition.whole, edition.story.title) == (True, "News")
    await pruned.sweep()
    edition = pruned.index.get("ferry")
    assert edition is not None
    assert (edition.whole, edition.story.title) == (False, "News")


async def test_cards_of_a_packed_story_are_still_reached(pruned: World) -> None:
    await pruned.accept(FERRY, OLD)
    await pruned.write(NORTH, FERRY.id, "123456789012345679")
    await pruned.write(GROUP, FERRY.id, "77", revision=2)
    pinned = CardRecord(State.SHOWN, datetime.now(UTC), 1, message_id="78", pin=Pin.GOING)
    topic = Chat("telegram", "-1001/5")
    await pruned.ledger.write(topic, FERRY.id, pinned)
    sent = CardRecord(State.SENDING, datetime.now(UTC), 1, generation=3)
    await pruned.ledger.write(Chat("discord", "9"), FERRY.id, sent)
    await pruned.sweep()
    rows = await pruned.ledger.of_story(FERRY.id)
    assert {
        chat: (row.message_id, row.revision) for chat, row in rows.items() if row.message_id
    } == {
        NORTH: ("123456789012345679", 1),
        GROUP: ("77", 2),
        topic: ("78", 1),
    }
    assert rows[topic] == pinned
    assert rows[Chat("discord", "9")] == sent
    assert await pruned.ledger.row(GROUP, FERRY.id) == rows[GROUP]
    packed = await pruned.redis.get(f"{pruned.prefix}:packed:ferry")
    assert packed is not None
    assert len(packed) < 2 * 40
    later = CardRecord(State.SHOWN, datetime.now(UTC), 9, message_id="77", fingerprint="new")
    await pruned.ledger.write(GROUP, FERRY.id, later)  # what is written counts more
    assert await pruned.ledger.row(GROUP, FERRY.id) == later
    assert (await pruned.ledger.of_story(FERRY.id))[GROUP] == later


async def test_after_a_year_nothing_of_the_cards_is_left(pruned: World) -> None:
    await pruned.accept(FERRY, 400 * DAY)
    await pruned.write(NORTH, FERRY.id, "77")
    await pruned.ledger.write(GROUP, FERRY.id, CardRecord(State.SENDING, datetime.now(UTC), 1))
    for _ in range(4):
        await pruned.sweep()
        pruned.pass_time(DAY)
    assert await pruned.ledger.of_story(FERRY.id) == {}
    assert await pruned.archive.edition(FERRY.id) is None
    left = [key async for key in pruned.redis.scan_iter(f"{pruned.prefix}:*ferry*")]
    assert left == [f"{pruned.prefix}:{{archive}}:story:ferry".encode()]
    assert sorted(await pruned.redis.hkeys(left[0])) == [b"hash", b"revision"]
    assert pruned.index.get("ferry") is None
    assert (await pruned.archive.since(Cursor())).stubs == ()


async def test_a_chat_that_is_forgotten_leaves_the_packed_rows(pruned: World) -> None:
    for name in ("ferry", "tram"):
        await pruned.accept(replace(FERRY, id=StoryId(name)), OLD)
        await pruned.write(NORTH, StoryId(name), "77")
        await pruned.write(GROUP, StoryId(name), "78")
    await pruned.sweep()
    assert await pruned.ledger.knows(NORTH)
    await pruned.ledger.forget(NORTH)
    assert not await pruned.ledger.knows(NORTH)
    assert await pruned.ledger.row(NORTH, FERRY.id) is None
    assert list(await pruned.ledger.of_story(FERRY.id)) == [GROUP]
    await pruned.write(NORTH, FERRY.id, "99")  # it comes back, as another
    await pruned.ledger.pack(FERRY.id, (pruned.lease.key, pruned.lease.token))
    assert (await pruned.ledger.of_story(FERRY.id))[NORTH].message_id == "99"
    assert NORTH not in await pruned.ledger.of_story(StoryId("tram"))


async def test_a_row_written_while_its_story_is_packed_counts(
    pruned: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await pruned.accept(FERRY, OLD)
    await pruned.write(NORTH, FERRY.id, "77")
    whole = type(pruned.redis).hmget
    newer = CardRecord(State.SHOWN, datetime.now(UTC), 5, message_id="99")

    async def slowly(self: object, name: str, *fields: object) -> object:
        read = await whole(pruned.redis, name, *fields)  # type: ignore[call-overload]
        if name.endswith(":cards:ferry"):
            await pruned.ledger.write(NORTH, FERRY.id, newer)
        return read

    monkeypatch.setattr(type(pruned.redis), "hmget", slowly)
    await pruned.ledger.pack(FERRY.id, (pruned.lease.key, pruned.lease.token))
    assert await pruned.ledger.row(NORTH, FERRY.id) == newer


async def test_an_update_that_comes_meanwhile_keeps_its_story(pruned: World) -> None:
    await pruned.accept(FERRY, OLD)
    [entry] = (await pruned.pruner.plan()).shelve
    await pruned.accept(replace(FERRY, title="News"))
    assert not await pruned.retention.shelve(entry)
    assert not await pruned.retention.bury(entry, datetime.now(UTC))
    edition = await pruned.archive.edition(FERRY.id)
    assert edition is not None
    assert edition.story.title == "News"


@pytest.mark.parametrize("part", ["history", "cards", "packed", "log", "document"])
async def test_one_bad_record_keeps_no_other_story_from_going(pruned: World, part: str) -> None:
    tram = replace(FERRY, id=StoryId("tram"))
    for story in (FERRY, tram):
        await pruned.accept(story, OLD)
        await pruned.write(NORTH, story.id, "77")
    await pruned.accept(replace(FERRY, id=StoryId("fire")))
    keys = f"{pruned.prefix}:{{archive}}:"
    if part == "document":
        await pruned.redis.hset(f"{keys}story:ferry", "document", "{")
    else:
        beginning = keys if part in ("history", "log") else f"{pruned.prefix}:"
        await pruned.redis.delete(f"{beginning}{part}:ferry")
        await pruned.redis.sadd(f"{beginning}{part}:ferry", "something else")
    await pruned.pruner.sweep()
    assert pruned.alarm == ""
    stubs = [stub.id for stub in (await pruned.archive.since(Cursor())).stubs]
    assert "tram" in stubs
    assert (await pruned.ledger.of_story(tram.id))[NORTH].message_id == "77"


async def test_who_lost_the_lease_deletes_nothing(pruned: World) -> None:
    await pruned.accept(FERRY, OLD)
    await pruned.write(NORTH, FERRY.id, "77")
    await pruned.redis.set(pruned.lease.key, "another")
    with pytest.raises(FenceLost):
        await pruned.pruner.sweep()
    assert await pruned.ledger.row(NORTH, FERRY.id) is not None
    [entry] = (await pruned.pruner.plan()).shelve
    for step in (pruned.retention.shelve(entry), pruned.retention.bury(entry, datetime.now(UTC))):
        with pytest.raises(FenceLost):
            await step
    assert not await pruned.ledger.drop(FERRY.id, (pruned.lease.key, pruned.lease.token))
    assert await RedisLease(pruned.redis, "editor", pruned.prefix).taken()


# Clocks.


@pytest.mark.parametrize("step", [timedelta(hours=2), timedelta(days=400), -timedelta(hours=2)])
async def test_nothing_goes_while_two_clocks_differ(pruned: World, step: timedelta) -> None:
    await pruned.accept(FERRY, 33 * DAY)
    await pruned.sweep()
    for ours, theirs in ((step, timedelta(0)), (timedelta(0), step)):
        pruned.restart()
        pruned.ours, pruned.retention.ahead = ours, theirs
        await pruned.accept(FERRY, OLD)
        await pruned.pruner.sweep()
        assert "clock" in pruned.alarm
        edition = await pruned.archive.edition(FERRY.id)
        assert edition is not None
    pruned.ours = pruned.retention.ahead = timedelta(0)
    pruned.restart()
    await pruned.sweep()
    assert pruned.alarm == ""


@pytest.mark.parametrize("step", [timedelta(minutes=30), timedelta(days=400), -DAY])
async def test_nothing_goes_once_time_has_moved_while_we_ran(
    pruned: World, step: timedelta
) -> None:
    await pruned.accept(FERRY, 32 * DAY + 23 * timedelta(hours=1))
    await pruned.sweep()
    pruned.ours += step
    pruned.retention.ahead += step
    plan = await pruned.sweep()
    assert plan.why is not None
    assert "while we ran" in pruned.alarm
    assert len(pruned.index) == 1
    await pruned.sweep(confirmed=True)
    assert pruned.alarm == ""
    await pruned.sweep()  # and stays so
    assert pruned.alarm == ""


async def test_nothing_goes_when_redis_lives_in_the_past(pruned: World) -> None:
    await pruned.accept(FERRY, OLD)
    await pruned.accept(replace(FERRY, id=StoryId("tram")), -timedelta(hours=2))
    await pruned.sweep()
    assert "something was stored at" in pruned.alarm
    assert len(pruned.index) == 2
    await pruned.sweep(confirmed=True)  # what was heard ahead counts as heard now
    assert len(pruned.index) == 1
    await pruned.sweep()
    assert pruned.alarm == ""


async def test_a_clock_that_stood_ahead_is_remembered(pruned: World) -> None:
    pruned.pass_time(10 * DAY)
    await pruned.sweep()
    pruned.pass_time(-10 * DAY, asleep=True)
    await pruned.sweep()
    assert "something was stored at" in pruned.alarm


async def test_too_many_in_a_day_stop_it_and_confirming_is_the_way_on(pruned: World) -> None:
    await pruned.accept_many(110, OLD)
    await pruned.sweep()
    assert "110 of 110 stories" in pruned.alarm
    assert len(pruned.index) == 110
    await pruned.pruner.confirm()
    assert await pruned.pruner._confirmed()
    await pruned.sweep(confirmed=True)
    assert not await pruned.pruner._confirmed()
    assert len(pruned.index) == 0
    assert pruned.alarm == ""


async def test_fewer_than_a_hundred_may_be_all_of_them(pruned: World) -> None:
    await pruned.accept_many(99, OLD)
    await pruned.sweep()
    assert pruned.alarm == ""
    assert len(pruned.index) == 0


async def test_time_spent_switched_off_is_no_alarm_and_goes_a_days_share_at_a_time(
    pruned: World,
) -> None:
    await pruned.accept_many(120, timedelta(0))
    await pruned.sweep()
    pruned.pass_time(60 * DAY, asleep=True)
    await pruned.sweep()
    assert (pruned.alarm, len(pruned.index)) == ("", 21)
    await pruned.sweep()  # the same day
    assert (pruned.alarm, len(pruned.index)) == ("", 21)
    pruned.pass_time(DAY)
    await pruned.sweep()
    assert (pruned.alarm, len(pruned.index)) == ("", 0)


@pytest.mark.parametrize("title", ["x" * 300, "水" * 300, "“\\”" * 100, "a"])
def test_a_stub_is_small_whatever_its_story_is_called(title: str) -> None:
    story = replace(
        FERRY,
        id=StoryId("f" * 40),
        title=title,
        headline=title,
        revision=2**53 - 1,
        merged_into=StoryId("m" * 40),
        split_from=StoryId("s" * 40),
    )
    raw = write_stub(story, datetime.now(UTC), 2**56 - 1)
    assert len(raw) <= STUB_BYTES
    index = StoryIndex()
    index.put_stub(Stub(story.id, 7, raw))
    edition = index.get(story.id)
    assert isinstance(edition, Edition)
    assert edition.story.merged_into == story.merged_into
