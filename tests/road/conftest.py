"""The road from one end to the other: both platforms, a real Redis, and the bot between them.

Whatever a test did, at its end every call the bot made and every answer it got is held against
the platforms' official descriptions.
"""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot import app
from bot.delivery import cards, pins
from sandbox.discord import Discord
from sandbox.telegram import Telegram
from stories.archive import Archive
from tests.contracts import discord as discord_contract
from tests.contracts import telegram as telegram_contract
from tests.running import Running, platforms


@pytest.fixture
async def world() -> AsyncIterator[tuple[Discord, Telegram]]:
    """Both platforms as strict as they are."""
    async with platforms() as both:
        yield both
    held_to_the_descriptions(*both)


@pytest.fixture
async def calm_world(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Discord, Telegram]]:
    """Both platforms without rate limits, and no pace to keep: for tests of what is said."""
    hasty = {
        name: replace(limits, per_second=1000, chat_gap_s=0.01, group_per_minute=None)
        for name, limits in app.LIMITS.items()
    }
    monkeypatch.setattr(app, "LIMITS", hasty)
    async with platforms(limits=False) as both:
        yield both
    held_to_the_descriptions(*both)


@pytest.fixture
async def calm_bot(
    calm_world: tuple[Discord, Telegram], archive: Archive, redis_url: str, prefix: str
) -> AsyncIterator[Running]:
    running = Running(calm_world, archive, redis_url, prefix)
    yield running
    await running.stop()


@pytest.fixture
def settles_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bot that has just begun does not wait long for what another may have had on the wire."""
    for module in (cards, pins):
        monkeypatch.setattr(module, "SETTLE", timedelta(seconds=0.5))


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
