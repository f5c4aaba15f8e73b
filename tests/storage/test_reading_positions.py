"""What people saw of a story is remembered, in Redis and in the tests' memory alike."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.asyncio.client import Pipeline

from bot.model.chat import Chat
from bot.model.reading import ReadingHistory, ReadingPosition, Seen
from bot.storage import reading_positions as stored
from bot.storage.reading_positions import RedisReadingPositions
from handlers.ports import ReadingPositions
from runtime.away import StorageAway
from runtime.connection import connect
from stories.story import StoryId
from tests.handlers.talking import MemoryPlaces
from tests.running import beside, eventually_so

MIRA, SOL = Chat("telegram", "5"), Chat("discord", "@5")
FIRE, FERRY = StoryId("fire"), StoryId("ferry")
AT = datetime(2026, 6, 25, 6, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
async def saving(redis: Redis, prefix: str) -> AsyncIterator[RedisReadingPositions]:
    positions = RedisReadingPositions(redis, prefix)
    async with beside(positions.run()):
        yield positions


@pytest.fixture(params=["memory", "redis", "redis, not saved yet"])
async def positions(
    request: pytest.FixtureRequest, saving: RedisReadingPositions, redis: Redis, prefix: str
) -> ReadingPositions:
    if request.param == "memory":
        return MemoryPlaces()
    return saving if request.param == "redis" else RedisReadingPositions(redis, prefix)


def saved(redis: Redis, prefix: str, person: Chat, stories: int) -> Callable[[], Awaitable[bool]]:
    async def seen() -> bool:
        return int(await redis.hlen(f"{prefix}:places:{person}")) == stories

    return seen


async def test_nobody_has_a_place_in_a_story_they_never_saw(positions: ReadingPositions) -> None:
    positions.saw(MIRA, FERRY, Seen(1, AT))
    assert await positions.position(MIRA, FIRE) is None
    assert await positions.position(SOL, FERRY) is None


async def test_the_first_look_at_a_revision_counts(positions: ReadingPositions) -> None:
    positions.saw(MIRA, FIRE, Seen(4, AT))
    positions.saw(MIRA, FIRE, Seen(4, AT + HOUR))
    assert await positions.position(MIRA, FIRE) == ReadingPosition(Seen(4, AT))


async def test_the_look_before_is_kept_when_another_revision_is_seen(
    saving: RedisReadingPositions, redis: Redis, prefix: str
) -> None:
    for positions, settle in (
        (MemoryPlaces(), None),
        (saving, saved(redis, prefix, MIRA, 1)),
    ):
        positions.saw(MIRA, FIRE, Seen(4, AT))
        if settle:
            await eventually_so(settle, "the first visit is saved")
        positions.saw(MIRA, FIRE, Seen(7, AT + HOUR))
        assert await positions.position(MIRA, FIRE) == ReadingPosition(
            Seen(7, AT + HOUR), Seen(4, AT)
        )


async def test_another_process_finds_the_place_and_it_lasts_ninety_days(
    saving: RedisReadingPositions, redis: Redis, prefix: str
) -> None:
    for number in range(250):
        saving.saw(MIRA, StoryId(f"story-{number}"), Seen(number + 1, AT))
    await eventually_so(saved(redis, prefix, MIRA, 250), "all visits are saved")
    other = RedisReadingPositions(redis, prefix)
    assert await other.position(MIRA, StoryId("story-249")) == ReadingPosition(Seen(250, AT))
    left_s = await redis.ttl(f"{prefix}:places:{MIRA}")
    assert 0 <= timedelta(days=90).total_seconds() - left_s < 60


async def test_all_that_is_kept_of_someone_can_be_told(positions: ReadingPositions) -> None:
    assert await positions.history(MIRA) == ReadingHistory({}, None)
    for story, ago in ((FIRE, timedelta(0)), (FERRY, 2 * HOUR)):
        positions.saw(MIRA, story, Seen(4, datetime.now(UTC) - ago))
    positions.saw(SOL, FIRE, Seen(9, AT))
    history = await positions.history(MIRA)
    assert {story: position.last.revision for story, position in history.positions.items()} == {
        FIRE: 4,
        FERRY: 4,
    }
    assert history.until is not None
    assert abs(history.until - datetime.now(UTC) - timedelta(days=90)) < HOUR


async def test_how_far_someone_caught_up_is_kept_beside_what_they_saw(
    positions: ReadingPositions,
) -> None:
    positions.saw(MIRA, FIRE, Seen(4, AT))
    for upto in (AT, AT + HOUR):
        positions.caught_up(MIRA, upto)
        history = await positions.history(MIRA)
        assert history.caught_up == upto
        assert list(history.positions) == [FIRE]
    assert (await positions.history(SOL)).caught_up is None
    await positions.forget(MIRA)
    assert await positions.history(MIRA) == ReadingHistory({}, None)


async def test_a_visit_that_is_saved_while_it_is_read_is_not_missed(
    saving: RedisReadingPositions, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def all_saved() -> bool:
        return not saving._unsaved

    def late(answering: Callable[..., Awaitable[object]]) -> Callable[..., Awaitable[object]]:
        async def answer(*asked: object, **how: object) -> object:
            answer = await answering(*asked, **how)
            if asyncio.current_task() in (reading, listing):
                await eventually_so(all_saved, "all is saved before the answer is looked at")
            return answer

        return answer

    monkeypatch.setattr(Redis, "hget", late(Redis.hget))
    monkeypatch.setattr(Pipeline, "execute", late(Pipeline.execute))
    saving.saw(MIRA, FIRE, Seen(4, AT))
    reading = asyncio.create_task(saving.position(MIRA, FIRE))
    listing = asyncio.create_task(saving.history(MIRA))
    assert await reading == ReadingPosition(Seen(4, AT))
    assert (await listing).positions == {FIRE: ReadingPosition(Seen(4, AT))}


async def test_a_visit_that_another_one_followed_while_it_was_read_stays_the_one_before(
    saving: RedisReadingPositions, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def all_saved() -> bool:
        return not saving._unsaved

    ask = Redis.hget

    async def late(redis: Redis, *asked: Any) -> Any:
        await eventually_so(all_saved, "the first is saved before it is asked for")
        saving.saw(MIRA, FIRE, Seen(7, AT + HOUR))
        await eventually_so(all_saved, "the next is saved, too")
        return await ask(redis, *asked)

    monkeypatch.setattr(Redis, "hget", late)
    saving.saw(MIRA, FIRE, Seen(4, AT))
    assert await saving.position(MIRA, FIRE) == ReadingPosition(Seen(7, AT + HOUR), Seen(4, AT))


async def test_someone_forgotten_has_no_place_and_others_keep_theirs(
    positions: ReadingPositions,
) -> None:
    for person in (MIRA, SOL):
        positions.saw(person, FIRE, Seen(4, AT))
    await positions.forget(MIRA)
    assert await positions.history(MIRA) == ReadingHistory({}, None)
    assert await positions.position(SOL, FIRE) == ReadingPosition(Seen(4, AT))


async def test_what_is_being_saved_when_someone_is_forgotten_does_not_come_back(
    saving: RedisReadingPositions, redis: Redis, prefix: str
) -> None:
    for turn in range(20):
        saving.saw(MIRA, FIRE, Seen(turn, AT))
        for _ in range(turn):
            await asyncio.sleep(0)  # somewhere between unsaved and saved
        await saving.forget(MIRA)
        saving.saw(SOL, FIRE, Seen(turn + 1, AT))
        await eventually_so(saved(redis, prefix, SOL, 1), "what came later is saved")
        assert not await redis.exists(f"{prefix}:places:{MIRA}")
        await saving.forget(SOL)


async def test_while_the_storage_is_away_a_look_costs_nothing_and_only_the_newest_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stored, "UNSAVED", 3)
    async with connect("redis://127.0.0.1:1") as nowhere:
        positions = RedisReadingPositions(nowhere)
        for number in range(5):
            positions.saw(MIRA, StoryId(f"story-{number}"), Seen(1, AT))
        with pytest.raises(StorageAway):
            await positions.position(MIRA, FIRE)
    assert [story for _, story in positions._unsaved] == ["story-2", "story-3", "story-4"]


async def test_what_the_server_refuses_is_said_to_the_operator_and_harms_no_one(
    saving: RedisReadingPositions, redis: Redis, prefix: str, caplog: pytest.LogCaptureFixture
) -> None:
    await redis.set(f"{prefix}:places:{MIRA}", "not a hash")
    saving.saw(MIRA, FIRE, Seen(1, AT))
    saving.saw(SOL, FIRE, Seen(1, AT))

    async def told() -> bool:
        return "unreadable record skipped" in caplog.text

    await eventually_so(told, "the operator is told")
    saving.saw(SOL, FERRY, Seen(1, AT))
    await eventually_so(saved(redis, prefix, SOL, 2), "others go on being saved")


async def test_stories_seen_long_ago_do_not_pile_up(
    saving: RedisReadingPositions, redis: Redis, prefix: str
) -> None:
    for days, story in ((0, "old"), (2, "newer"), (3, "newest")):
        saving.saw(MIRA, StoryId(story), Seen(1, AT + timedelta(days=days)))
    saving.saw(SOL, FIRE, Seen(1, AT))
    await eventually_so(saved(redis, prefix, MIRA, 3), "all are saved")
    saving.saw(MIRA, StoryId("newer"), Seen(2, AT + timedelta(days=91)))
    await eventually_so(saved(redis, prefix, MIRA, 2), "the old one is gone")
    assert await saving.position(MIRA, StoryId("old")) is None
    assert await saving.position(MIRA, StoryId("newer")) == ReadingPosition(
        Seen(2, AT + timedelta(days=91)), Seen(1, AT + timedelta(days=2))
    )
    assert await saving.position(MIRA, StoryId("newest")) is not None
    assert await saving.position(SOL, FIRE) is not None
