"""`storywire demo`: the whole system on your own machine, shown in one web page."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from tempfile import TemporaryDirectory

from bot import app
from bot.model.chat import Chat
from bot.model.rule import Rule
from bot.storage.rules import RedisRules
from config.settings import Settings, given
from runtime.away import StorageAway
from runtime.connection import connect
from runtime.errors import SetupError
from runtime.redis_url import one_redis
from sandbox import discord, telegram
from sandbox.redis import NoRedis, own_redis
from sandbox.web import Page
from stories.archive import Archive
from stories.samples import developments
from stories.wire import write

log = logging.getLogger(__name__)

CHATS = {
    Chat("discord", str(discord.NEWS)): Rule(all=True),
    Chat("telegram", str(telegram.CHANNEL)): Rule(all=True),
}
"""Two chats get everything from the start; you can set up the others."""


PREFIX = "storywire-demo"


async def run(redis: str | None, port: int, ready: Callable[[str, str], None]) -> None:
    """Run the demo until cancelled; `ready` receives the page's address and the Redis's.

    It uses a Redis of its own unless one is named; its keys begin with PREFIX.
    """
    with TemporaryDirectory(prefix=f"{PREFIX}-") as data_dir:
        async with (
            _redis(redis) as url,
            discord.Discord() as local_discord,
            telegram.Telegram() as local_telegram,
            _page(local_discord, local_telegram, port) as page,
            asyncio.TaskGroup() as tasks,
        ):
            settings = given(
                redis_url=url,
                prefix=PREFIX,
                discord_token=local_discord.token,
                discord_api_url=local_discord.api_url,
                discord_gateway_url=local_discord.gateway_url,
                telegram_token=local_telegram.token,
                telegram_api_url=local_telegram.api_url,
                data_dir=data_dir,
                http_port=0,
                edit_spacing_s=4,
            )
            await _follow(settings)
            tasks.create_task(app.run(settings, {}), name="bot")
            tasks.create_task(_develop(settings), name="samples")
            ready(page.url, url)


@asynccontextmanager
async def _redis(url: str | None) -> AsyncGenerator[str]:
    if url is not None:
        try:
            one_redis(url)
        except ValueError as error:
            raise SetupError(f"--redis is wrong: {error}") from error
        async with connect(url) as redis:
            try:
                await Archive(redis, PREFIX).ping()
            except StorageAway as away:
                raise SetupError(
                    f"the Redis given with --redis can't be used ({away}): start it, or leave out "
                    "--redis to use the one that comes with the demo"
                ) from None
        yield url
        return
    try:
        async with own_redis() as own:
            yield own
    except NoRedis as error:
        raise SetupError(f"{error}, or name your own Redis with --redis") from error


@asynccontextmanager
async def _page(
    local_discord: discord.Discord, local_telegram: telegram.Telegram, port: int
) -> AsyncGenerator[Page]:
    page = Page(local_discord, local_telegram, port=port)
    try:
        await page.__aenter__()
    except OSError as error:
        raise SetupError(f"port {port} is in use: choose another with --port") from error
    try:
        yield page
    finally:
        await page.__aexit__(None, None, None)


async def _follow(settings: Settings) -> None:
    """Make the first chats follow everything, as their moderators would,
    so that they can change it."""
    async with connect(settings.redis_url) as redis:
        rules = RedisRules(redis, settings.prefix)
        held = await rules.load()
        for chat, rule in CHATS.items():
            if chat not in held:
                await rules.save(chat, rule)


async def _develop(settings: Settings) -> None:
    """Publish the sample stories to the inbox as they develop."""
    start = datetime.now(UTC)
    async with connect(settings.redis_url) as redis:
        archive = Archive(redis, settings.prefix)
        for development in developments(start):
            wait = start + development.after - datetime.now(UTC)
            await asyncio.sleep(max(0.0, wait.total_seconds()))
            await archive.leave(write(development.story))
