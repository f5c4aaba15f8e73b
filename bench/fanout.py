"""One update for many chats, the pace lifted and the ledger on, beside the libraries' bare send."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import discord
import telegram
from aiogram import Bot as Aiogram
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import InlineKeyboardMarkup
from redis.asyncio import Redis
from telegram.request import HTTPXRequest

from bench.kit import (
    Lean,
    Line,
    in_flight,
    median,
    pointed_at,
    processes,
    story,
    until,
    whole_bot,
)
from bench.server import TOKEN
from bot.model.card import card
from bot.model.chat import Chat
from bot.model.message import Message
from bot.model.rule import Rule
from bot.platforms.discord.answers import view
from bot.platforms.discord.render import render as for_discord
from bot.platforms.telegram.render import render as for_telegram
from stories.archive import Archive, connect
from stories.shelf import Edition, Shelf

CHATS = 2000
STOCK_CHATS = 400
"""python-telegram-bot as it comes is so slow that fewer must do."""
STARTS = 4
TIMES = ("first card", "second card")
"""To channels that were never written to, and to the same ones at once after: discord.py keeps
a rate limit for each channel, and forgets it after five minutes."""
FIRST = 10_000
GO = "storywire-bench:go:"

Send = Callable[[int], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Peer:
    """Another way to send the same."""

    name: str
    what: str
    job: Callable[[str, str], None]
    at: Callable[[str], str]
    """The lean server's address for a peer of that name."""
    chats: int
    goal: float


def _message() -> Message:
    """The card every peer sends: the same words and buttons as the bot's."""
    edition = Edition(story("fan-0"), None, 1, datetime.now(UTC))
    return card(edition, Shelf().delta(edition))


def discord_py(redis_url: str, url: str) -> None:
    async def run() -> None:
        discord.http.Route.BASE = url
        rendered = for_discord(_message())
        async with discord.Client(intents=discord.Intents(guilds=True)) as client:
            await client.login(TOKEN)

            buttons = view(rendered)

            async def send(chat: int) -> None:
                place = client.get_partial_messageable(chat)
                await place.send(embed=rendered.embed, view=buttons)

            await _whenever_told(redis_url, "discord.py", send, CHATS)

    asyncio.run(run())


def aiogram(redis_url: str, url: str) -> None:
    async def run() -> None:
        rendered = for_telegram(_message())
        assert rendered.keyboard is not None
        keyboard = InlineKeyboardMarkup.model_validate(rendered.keyboard.to_dict())
        session = AiohttpSession(api=TelegramAPIServer.from_base(url), limit=100)
        async with Aiogram(TOKEN, session=session) as bot:
            send = partial(
                bot.send_message, text=rendered.html, parse_mode="HTML", reply_markup=keyboard
            )
            await _whenever_told(redis_url, "aiogram", send, CHATS)

    asyncio.run(run())


def stock(redis_url: str, url: str) -> None:
    async def run() -> None:
        rendered = for_telegram(_message())
        request = HTTPXRequest(connection_pool_size=256)
        async with telegram.Bot(TOKEN, base_url=f"{url}/bot", request=request) as bot:
            send = partial(
                bot.send_message,
                text=rendered.html,
                parse_mode="HTML",
                reply_markup=rendered.keyboard,
            )
            await _whenever_told(redis_url, "python-telegram-bot", send, STOCK_CHATS)

    asyncio.run(run())


async def _whenever_told(redis_url: str, name: str, send: Send, chats: int) -> None:
    async with connect(redis_url) as redis, redis.pubsub() as heard:
        await heard.subscribe(GO + name)
        async for message in heard.listen():
            if message["type"] == "message":
                await in_flight(partial(send, FIRST + number) for number in range(chats))


async def measure(redis: Redis, redis_url: str, lean: Lean) -> list[Line]:
    peers = {
        "discord": [Peer("discord.py", "bare send", discord_py, lean.discord, CHATS, 0.8)],
        "telegram": [
            Peer("aiogram", "bare send_message", aiogram, lean.telegram, CHATS, 1.0),
            Peer("python-telegram-bot", "as it comes", stock, lean.telegram, STOCK_CHATS, 10.0),
        ],
    }
    return [
        line
        for platform, beside in peers.items()
        for line in await _compared(platform, beside, redis, redis_url, lean)
    ]


async def _compared(
    platform: str, beside: list[Peer], redis: Redis, redis_url: str, lean: Lean
) -> list[Line]:
    """Each process is started afresh a few times, and sends to every chat twice."""
    chats = {Chat(platform, str(FIRST + number)): Rule(all=True) for number in range(CHATS)}
    bot = (partial(whole_bot, paced=False), (redis_url, pointed_at(lean, platform), chats))
    bare = [(peer.job, (redis_url, peer.at(peer.name))) for peer in beside]
    rates: dict[tuple[str, str], list[float]] = defaultdict(list)
    archive = Archive(redis)
    for start in range(STARTS):
        with processes(bot, *bare):
            await until(partial(_all_listen, redis, platform, len(beside)), "every peer listens")
            for number, time in enumerate(TIMES):
                await archive.accept(story(f"fan-{platform}-{start}-{number}"))
                rates["", time].append(await _rate(lean, CHATS))
                for peer in beside:
                    await redis.publish(GO + peer.name, "go")
                    rates[peer.name, time].append(await _rate(lean, peer.chats))
        await until(partial(_gone, redis, platform), "the bot has let go of its lease")
    return [_line(platform, peer, time, rates) for peer in beside for time in TIMES]


def _line(
    platform: str, peer: Peer, time: str, rates: Mapping[tuple[str, str], Sequence[float]]
) -> Line:
    ours, theirs = rates["", time], rates[peer.name, time]
    ratio = median(rate / bare for rate, bare in zip(ours, theirs, strict=True))
    return Line(
        f"fan-out to {CHATS:,} chats, {platform}, {time}",
        f"{median(ours):.0f}/s",
        f"{peer.name} {peer.what}: {median(theirs):.0f}/s",
        f"{ratio:.2f} ×",
        f"≥ {peer.goal} ×",
        ratio >= peer.goal,
    )


async def _gone(redis: Redis, platform: str) -> bool:
    return not await redis.exists(f"storywire:lease:{platform}")


async def _all_listen(redis: Redis, platform: str, peers: int) -> bool:
    heard = await redis.pubsub_channels(GO + "*")
    return len(heard) >= peers and bool(await redis.exists(f"storywire:lease:{platform}"))


async def _rate(lean: Lean, count: int) -> float:
    """Messages a second from the first to the last of so many."""

    async def all_there() -> bool:
        return bool(await lean.say("count") >= count)

    await until(all_there, "every message arrived")
    await asyncio.sleep(0.5)  # what is to be written down after the last one
    moments: list[float] = [at for _, at in (await lean.say("arrived"))["arrived"]]
    return (len(moments) - 1) / (moments[-1] - moments[0])
