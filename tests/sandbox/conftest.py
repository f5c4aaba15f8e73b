"""The two local platforms; in the end, all that was said there was as they describe it."""

from collections.abc import AsyncIterator

import pytest

from sandbox.discord import Discord
from sandbox.telegram import Telegram
from tests.sandbox.discord_bot import as_described
from tests.sandbox.telegram_kit import served


@pytest.fixture
async def here() -> AsyncIterator[Discord]:
    async with Discord(limits=False) as here:
        yield here
        as_described(here)


@pytest.fixture
async def telegram() -> AsyncIterator[Telegram]:
    async with served() as telegram:
        yield telegram
