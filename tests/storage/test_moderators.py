"""A server's role for moderators is remembered, in Redis and in the tests' memory alike."""

import pytest
from redis.asyncio import Redis

from bot.storage.moderators import RedisModerators
from handlers.ports import Moderators
from tests.handlers.talking import MemoryModerators


@pytest.fixture(params=["memory", "redis"])
def moderators(request: pytest.FixtureRequest, redis: Redis, prefix: str) -> Moderators:
    return MemoryModerators() if request.param == "memory" else RedisModerators(redis, prefix)


async def test_a_server_names_one_role_and_others_are_not_touched(moderators: Moderators) -> None:
    await moderators.name("discord:1", "5")
    await moderators.name("discord:2", "6")
    await moderators.name("discord:1", "7")
    assert await moderators.role("discord:1") == "7"
    await moderators.name("discord:2", None)
    assert await moderators.role("discord:2") is None
    assert await moderators.role("discord:3") is None
    assert await moderators.role("discord:1") == "7"
