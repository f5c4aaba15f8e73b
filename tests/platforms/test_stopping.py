"""Whoever is told to stop while connecting stops, though a library forgets that it was told."""

import asyncio
import threading
import time
from contextlib import suppress

from bot.platforms.discord.answers import Client
from bot.platforms.discord.platform import IDENTIFIES, DiscordPlatform, _stay
from sandbox.discord import Discord
from tests.running import beside, eventually


class Forgetful(Client):
    """Forgets the first cancellation, as asyncio.wait_for sometimes does before Python 3.12."""

    def __init__(self) -> None:
        super().__init__(())
        self.connecting = asyncio.Event()

    async def connect(self, *, reconnect: bool = True) -> None:
        self.connecting.set()
        try:
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(60)
            await asyncio.sleep(60)
        finally:
            self.connecting.clear()


async def test_a_stop_while_discord_is_being_connected_to_is_not_forgotten() -> None:
    client = Forgetful()
    staying = asyncio.create_task(_stay(client, lambda _: None))
    await client.connecting.wait()
    staying.cancel()
    stopped, _ = await asyncio.wait({staying}, timeout=10)
    assert stopped
    assert not client.connecting.is_set(), "nothing of it goes on"


async def test_a_session_that_is_not_begun_leaves_no_heartbeat_behind() -> None:
    def beating() -> set[threading.Thread]:
        return {each for each in threading.enumerate() if each.name.startswith("keep-alive")}

    before = beating()
    async with Discord() as here:
        platform = DiscordPlatform(here.token, api_url=here.api_url, gateway_url=here.gateway_url)
        platform._identified.extend([time.monotonic()] * IDENTIFIES)
        said: list[str | None] = []
        platform.on_connection(said.append)
        async with beside(platform.run(())):
            await eventually(lambda: said, "that no session is begun")
            assert "sessions were begun" in str(said)
    await eventually(lambda: not beating() - before, "the heartbeat ends")
