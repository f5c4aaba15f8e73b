"""Whoever is told to stop while connecting stops, though a library forgets that it was told."""

import asyncio

from bot.platforms.discord.answers import Client
from bot.platforms.discord.platform import _stay


class Forgetful(Client):
    """Forgets the first cancellation, as asyncio.wait_for sometimes does before Python 3.12."""

    async def connect(self, *, reconnect: bool = True) -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            await asyncio.sleep(60)


async def test_a_stop_while_discord_is_being_connected_to_is_not_forgotten() -> None:
    staying = asyncio.create_task(_stay(Forgetful(())))
    await asyncio.sleep(0.01)
    staying.cancel()
    stopped, _ = await asyncio.wait({staying}, timeout=10)
    assert stopped
