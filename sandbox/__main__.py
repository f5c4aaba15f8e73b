"""`python -m sandbox`: a Discord, a Telegram and their page, for any bot to be pointed at."""

import argparse
import asyncio
import contextlib
import sys

from sandbox import discord, telegram
from sandbox.discord import Discord
from sandbox.telegram import Telegram
from sandbox.web import Page


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    for name, what in (("page", "the page"), ("discord", "Discord"), ("telegram", "Telegram")):
        parser.add_argument(
            f"--{name}-port", type=int, default=0, metavar="N", help=f"port of {what} (any free)"
        )
    ports = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(ports.page_port, ports.discord_port, ports.telegram_port))


async def serve(page_port: int, discord_port: int, telegram_port: int) -> None:
    """Serve both platforms and the page until cancelled."""
    async with (
        Discord(port=discord_port) as here,
        Telegram(port=telegram_port) as there,
        Page(here, there, port=page_port) as page,
    ):
        sys.stdout.write(welcome(here, there, page))
        sys.stdout.flush()
        await asyncio.Event().wait()


def welcome(here: Discord, there: Telegram, page: Page) -> str:
    """What someone needs to point a bot at the sandbox."""
    settings = "\n".join(
        f"STORYWIRE_{name}={value}"
        for name, value in (
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

Storywire's settings for it (beside them it wants a Redis, STORYWIRE_REDIS_URL):

{settings}

Ctrl-C stops everything and forgets what was said.
"""


if __name__ == "__main__":
    main()
