"""The whole bot, running on the sandbox and a real Redis, as `storywire run` would run it."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

from bot import app
from bot.model.chat import Chat
from bot.model.rule import Rule
from config.settings import Settings, given
from sandbox.discord import Discord
from sandbox.telegram import Telegram
from stories.archive import Archive
from stories.story import Story
from stories.wire import write

PATIENCE_S = 15.0


@dataclass(frozen=True, slots=True)
class Road:
    """What a test can touch: both platforms, and the door that stories come in by."""

    discord: Discord
    telegram: Telegram
    archive: Archive
    settings: Settings

    async def publish(self, *stories: Story) -> None:
        for story in stories:
            await self.archive.leave(write(story))


async def eventually(seen: Callable[[], Any], what: str = "") -> Any:
    """Wait until `seen()` is truthy and return it; fail when it never is."""
    deadline = time.monotonic() + PATIENCE_S
    while not (found := seen()):
        assert time.monotonic() < deadline, f"never seen: {what or seen}"
        await asyncio.sleep(0.02)
    return found


@asynccontextmanager
async def platforms() -> AsyncGenerator[tuple[Discord, Telegram]]:
    async with Discord() as discord, Telegram() as telegram:
        yield discord, telegram


@asynccontextmanager
async def bot_running(
    discord: Discord,
    telegram: Telegram,
    archive: Archive,
    redis_url: str,
    prefix: str,
    chats: Mapping[Chat, Rule] | None = None,
    **changed: Any,
) -> AsyncGenerator[Road]:
    """Run the bot while inside; stopped as a signal would stop it."""
    settings = given(
        **{
            "redis_url": redis_url,
            "prefix": prefix,
            "discord_token": discord.token,
            "discord_api_url": discord.api_url,
            "discord_gateway_url": discord.gateway_url,
            "telegram_token": telegram.token,
            "telegram_api_url": telegram.api_url,
            "http_port": 0,
            "edit_spacing_s": 0,
            "edit_spacing_old_s": 0,
            **changed,
        }
    )
    running = asyncio.create_task(app.run(settings, chats or {}))

    def is_up() -> bool:
        if running.done():
            running.result()
        return discord.view()["connected"] and telegram.view()["connected"]

    try:
        await eventually(is_up, "the bot connected to both platforms")
        yield Road(discord, telegram, archive, settings)
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
