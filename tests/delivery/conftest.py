"""Both platforms for the bot's deliveries: whatever a test did, none had to say 429."""

from collections.abc import AsyncIterator

import pytest

from sandbox.discord import Discord
from sandbox.telegram import Telegram
from tests.running import platforms


@pytest.fixture
async def world() -> AsyncIterator[tuple[Discord, Telegram]]:
    async with platforms() as both:
        yield both
    for here in both:
        assert here.unknown_calls == []
        assert [call for call in here.calls if call.status == 429] == []
