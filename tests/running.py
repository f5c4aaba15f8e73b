"""The whole bot, running on the sandbox and a real Redis, as `storywire run` would run it."""

import asyncio
import socket
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from tempfile import TemporaryDirectory
from typing import Any, Self

from bot import app
from bot.model.capabilities import Capabilities
from bot.model.chat import Chat
from bot.model.rule import Rule
from bot.platforms.known import CAPABILITIES
from bot.storage.due import RedisDue
from config.settings import Settings, given
from runtime.connection import connect
from sandbox.discord import GENERAL, MIRA, Discord
from sandbox.telegram import Telegram
from stories.archive import Archive
from stories.changes import Cursor
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

    async def knows(self, *stories: Story) -> None:
        """Wait until each of the stories is found by its id."""
        for story in stories:
            await eventually_so(partial(self._finds, story), f"{story.id} is known")

    async def rests(self) -> None:
        """Wait until all that was published is heard, and nothing of it is left to be told."""
        async with connect(self.settings.redis_url) as redis:
            due = RedisDue(redis, self.settings.prefix)

            async def nothing_is_left() -> bool:
                if await redis.xlen(f"{self.settings.prefix}:inbox"):
                    return False
                upto = (await self.archive.since(Cursor())).upto
                return all(
                    [
                        await due.cursor(name) == upto and not await due.all(name)
                        for name in ("discord", "telegram")
                    ]
                )

            await eventually_so(nothing_is_left, "the bot is at rest")

    async def _finds(self, story: Story) -> bool:
        answer = await self.discord.slash(MIRA, GENERAL, "story", {"words": story.id})
        assert answer.message is not None
        title: str = answer.message["embeds"][0]["title"]
        unsure = (
            "I'm just starting up",
            "There are no live stories",
            "No story matches",
            "I'm not sure",
        )
        return not title.startswith(unsure)


async def eventually(seen: Callable[[], Any], what: str = "") -> Any:
    """Wait until `seen()` is truthy and return it; fail when it never is."""
    deadline = time.monotonic() + PATIENCE_S
    while not (found := seen()):
        assert time.monotonic() < deadline, f"never seen: {what or seen}"
        await asyncio.sleep(0.02)
    return found


async def eventually_so(seen: Callable[[], Awaitable[bool]], what: str) -> None:
    """The same for something that takes a question to find out."""
    deadline = time.monotonic() + PATIENCE_S
    while not await seen():
        assert time.monotonic() < deadline, f"never so: {what}"
        await asyncio.sleep(0.02)


def free_port() -> int:
    """A port of this machine that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def beside(work: Coroutine[Any, Any, None]) -> AsyncGenerator[asyncio.Task[None]]:
    """Have something run while inside; what it raises by itself is raised at the end."""
    running = asyncio.create_task(work)
    try:
        yield running
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


@asynccontextmanager
async def platforms(*, limits: bool = True) -> AsyncGenerator[tuple[Discord, Telegram]]:
    async with Discord(limits=limits) as discord, Telegram(limits=limits) as telegram:
        yield discord, telegram


HASTY = {
    name: replace(
        able,
        limits=replace(able.limits, per_second=1000, chat_gap_s=0.01, group_per_minute=None),
    )
    for name, able in CAPABILITIES.items()
}
"""No pace to keep."""


@asynccontextmanager
async def bot_running(
    discord: Discord,
    telegram: Telegram,
    archive: Archive,
    redis_url: str,
    prefix: str,
    chats: Mapping[Chat, Rule] | None = None,
    capabilities: Mapping[str, Capabilities] = CAPABILITIES,
    **changed: Any,
) -> AsyncGenerator[Road]:
    """Run the bot while inside; stopped as a signal would stop it."""
    data_dir = TemporaryDirectory(prefix="storywire-test-")
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
            "data_dir": data_dir.name,
            "edit_spacing_s": 0,
            "edit_spacing_old_s": 0,
            "asks_a_person": 10_000,  # tests type faster than people
            "asks_a_server": 10_000,
            **changed,
        }
    )
    with data_dir:
        async with beside(app.run(settings, chats or {}, capabilities=capabilities)) as running:

            def is_up() -> bool:
                if running.done():
                    running.result()
                return bool(discord.view()["connected"] and telegram.view()["connected"])

            await eventually(is_up, "the bot connected to both platforms")
            yield Road(discord, telegram, archive, settings)


class Running:
    """Starts the bot for a test, again if it likes; what one run leaves the next one finds.

    It is stopped at the end of the block.
    """

    def __init__(
        self,
        world: tuple[Discord, Telegram],
        archive: Archive,
        url: str,
        prefix: str,
        capabilities: Mapping[str, Capabilities] = CAPABILITIES,
    ) -> None:
        self._capabilities = capabilities
        self.world = world
        self._parts = (*world, archive, url, prefix)
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self, chats: Mapping[Chat, Rule] | None = None, **changed: Any) -> Road:
        running = bot_running(*self._parts, chats, self._capabilities, **changed)
        return await self._stack.enter_async_context(running)

    async def knowing(self, *stories: Story, chats: Mapping[Chat, Rule] | None = None) -> Road:
        """Start with these stories in the archive, and return when they are known."""
        archive = self._parts[2]
        for story in stories:
            await archive.accept(story)
        road = await self.start(chats)
        await road.knows(*stories[-1:])  # what is there at start is read at once
        return road

    async def stop(self) -> None:
        await self._stack.aclose()
