"""Commands that go to Redis together: what one of them meets is nothing to the others."""

import asyncio

import pytest
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from runtime.together import Together


@pytest.fixture
async def word(redis: Redis, prefix: str) -> str:
    """A key that holds a word."""
    key = f"{prefix}:word"
    await redis.set(key, "ferry")
    return key


async def test_what_is_refused_to_one_harms_no_other(redis: Redis, word: str) -> None:
    together = Together(redis)
    refused = asyncio.create_task(together.do("HGET", word, "field"))
    assert await together.do("GET", word) == b"ferry"
    with pytest.raises(ResponseError):
        await refused


async def test_who_no_longer_waits_keeps_no_other_waiting(redis: Redis, word: str) -> None:
    together = Together(redis)
    gone, waiting = (asyncio.create_task(together.do("GET", word)) for _ in range(2))
    await asyncio.sleep(0)  # both have asked
    gone.cancel()
    assert await asyncio.wait_for(waiting, 10) == b"ferry"
