"""`python -m sandbox`: a Discord, a Telegram and a page that shows them, for any bot to connect
to."""

import argparse
import asyncio
import contextlib
import sys

from sandbox import discord, telegram
from sandbox.discord import Discord
from sandbox.redis import NoRedis, own_redis
from sandbox.telegram import Telegram
from sandbox.web import Page

NO_REDIS = """
The sandbox runs no Redis: Storywire looks for yours at redis://localhost:6379/0, or where
STORYWIRE_REDIS_URL says. Have none? Start the sandbox with --redis, and it brings one.
"""


def main() -> None:
    """Read the command line and serve until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    for name, what in (("page", "the page"), ("discord", "Discord"), ("telegram", "Telegram")):
        parser.add_argument(
            f"--{name}-port", type=int, default=0, metavar="N", help=f"port of {what} (any free)"
        )
    parser.add_argument("--redis", action="store_true", help="run a Redis, too; it starts empty")
    given = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        try:
            asyncio.run(
                serve(given.page_port, given.discord_port, given.telegram_port, given.redis)
            )
        except NoRedis as error:
            sys.exit(f"sandbox: {error}")


async def serve(page_port: int, discord_port: int, telegram_port: int, with_redis: bool) -> None:
    """Serve both platforms and the page, and a Redis if wanted, until cancelled."""
    async with (
        own_redis() if with_redis else contextlib.nullcontext() as redis_url,
        Discord(port=discord_port) as here,
        Telegram(port=telegram_port) as there,
        Page(here, there, port=page_port) as page,
    ):
        sys.stdout.write(welcome(here, there, page, redis_url))
        sys.stdout.flush()
        await asyncio.Event().wait()


def welcome(here: Discord, there: Telegram, page: Page, redis_url: str | None) -> str:
    """The text that tells a person how to connect a bot to the sandbox."""
    redis = [("REDIS_URL", redis_url)] if redis_url else []
    missing = "" if redis_url else NO_REDIS
    settings = "\n".join(
        f"STORYWIRE_{name}={value}"
        for name, value in (
            *redis,
            ("DISCORD_TOKEN", here.token),
            ("DISCORD_API_URL", here.api_url),
            ("DISCORD_GATEWAY_URL", here.gateway_url),
            ("TELEGRAM_TOKEN", there.token),
            ("TELEGRAM_API_URL", there.api_url),
        )
    )
    return f"""\
Open      {page.url}

Discord   API      {here.api_url}
          gateway  {here.gateway_url}
          token    {here.token}
          server   {discord.GUILD}; channels: news {discord.NEWS}, general {discord.GENERAL}, \
headlines {discord.HEADLINES}
          discord.py:  discord.http.Route.BASE = "{here.api_url}"
                       discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = \
yarl.URL("{here.gateway_url}")

Telegram  API      {there.api_url}
          token    {there.token}
          chats: group {telegram.GROUP}, channel {telegram.CHANNEL}, forum {telegram.FORUM}
          python-telegram-bot:  ApplicationBuilder().base_url("{there.api_url}/bot")

Storywire's settings for it, to put into .env where you start `storywire run`:

{settings}
{missing}
Ctrl-C stops everything and forgets what was said.
"""


if __name__ == "__main__":
    main()
