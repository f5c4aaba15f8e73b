"""What moderators have not saved yet is kept, in Redis and in the tests' memory alike."""

from datetime import time, timedelta

import pytest
from redis.asyncio import Redis

from bot.model.chat import Chat
from bot.model.rule import Draft, Loudness, Mute, Quiet, Rule
from bot.storage.drafts import RedisDrafts
from handlers.ports import Drafts
from runtime.records import Unreadable
from stories.story import StoryId
from tests.handlers.talking import MemoryDrafts

NORTH, SOUTH = Chat("discord", "1"), Chat("telegram", "-1001/7")
DRAFT = Draft(
    Rule(),
    Rule(
        keywords=("ferry",),
        loudness=Loudness.PING,
        role="77",
        quiet=Quiet(time(22, 30), time(7), "Europe/Berlin", majors=False),
        muted=(Mute(StoryId("trams"), until_major=True),),
        keeper=Chat("telegram", "5"),
    ),
)


@pytest.fixture(params=["memory", "redis"])
def drafts(request: pytest.FixtureRequest, redis: Redis, prefix: str) -> Drafts:
    return MemoryDrafts() if request.param == "memory" else RedisDrafts(redis, prefix)


async def test_a_draft_goes_along_unless_there_is_one_already(redis: Redis, prefix: str) -> None:
    drafts = RedisDrafts(redis, prefix)
    await drafts.save(NORTH, DRAFT)
    await drafts.move(NORTH, SOUTH)
    assert (await drafts.load(NORTH), await drafts.load(SOUTH)) == (None, DRAFT)
    await drafts.save(NORTH, Draft(Rule(), Rule(all=True)))
    await drafts.move(NORTH, SOUTH)
    assert (await drafts.load(NORTH), await drafts.load(SOUTH)) == (None, DRAFT)


async def test_a_draft_is_read_as_it_was_saved_and_is_one_chats_alone(drafts: Drafts) -> None:
    assert await drafts.load(NORTH) is None
    await drafts.save(NORTH, Draft(Rule(), Rule(all=True)))
    await drafts.save(NORTH, DRAFT)
    assert await drafts.load(NORTH) == DRAFT
    assert await drafts.load(SOUTH) is None


async def test_a_draft_that_is_dropped_is_gone(drafts: Drafts) -> None:
    await drafts.save(NORTH, DRAFT)
    await drafts.save(SOUTH, DRAFT)
    for _ in range(2):
        await drafts.drop(NORTH)
        assert await drafts.load(NORTH) is None
    assert await drafts.load(SOUTH) == DRAFT


async def test_a_draft_nobody_goes_on_with_is_gone_after_a_day(redis: Redis, prefix: str) -> None:
    await RedisDrafts(redis, prefix).save(NORTH, DRAFT)
    [key] = [key async for key in redis.scan_iter(f"{prefix}:*")]
    assert 0 <= timedelta(days=1).total_seconds() - await redis.ttl(key) < 60


async def test_a_draft_that_cannot_be_read_is_not_replaced(redis: Redis, prefix: str) -> None:
    drafts = RedisDrafts(redis, prefix)
    await drafts.save(NORTH, DRAFT)
    [key] = [key async for key in redis.scan_iter(f"{prefix}:*")]
    kept = await redis.get(key)
    assert isinstance(kept, bytes)
    await redis.set(key, kept.replace(b"Europe/Berlin", b"Europe/Atlantis"))
    newer = await redis.get(key)
    for _ in range(2):
        with pytest.raises(Unreadable):
            await drafts.load(NORTH)
        with pytest.raises(Unreadable):
            await drafts.save(NORTH, DRAFT)
    assert await redis.get(key) == newer
    await drafts.drop(NORTH)
    await drafts.save(NORTH, DRAFT)
    assert await drafts.load(NORTH) == DRAFT
