"""One update to many chats, without rate limits but with the ledger, against the libraries' bare
send."""

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
from bot.model.chat import Chat
from bot.model.rule import Rule
from bot.platforms.discord.answers import view
from bot.platforms.discord.render import render as for_discord
from bot.platforms.telegram.render import render as for_telegram
from runtime.connection import connect
from stories.archive import Archive
from stories.edition import Edition
from stories.index import StoryIndex
from wording.card import card
from wording.message import Message

CHATS = 2000
STOCK_CHATS = 400
"""Fewer chats for the unmodified python-telegram-bot, because it is so slow."""
STARTS = 4
TIMES = ("first card", "second card")
"""To channels never written to, then to the same ones right away: discord.py keeps a rate limit per
channel, and forgets it after five minutes."""
FIRST, FIRST_OTHER = 10_000, 90_000
OTHERS = 1000
"""Number of other chats each process writes to beforehand, as a warm-up."""
GO = "storywire-bench:go:"

Send = Callable[[int], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Peer:
    """Another program that sends the same message."""

    name: str
    what: str
    job: Callable[[str, str], None]
    at: Callable[[str], str]
    """The lean server's address for a peer of that name."""
    chats: int
    goal: float


def _message() -> Message:
    """The card that every peer sends: the same words and buttons as the bot's."""
    edition = Edition(story("fan-0"), None, 1, datetime.now(UTC))
    return card(edition, StoryIndex().delta(edition))


def discord_py(redis_url: str, url: str) -> None:
    """Process: discord.py's `send` of an embed with buttons."""

    async def run() -> None:
        discord.http.Route.BASE = url
        rendered = for_discord(_message())
        async with discord.Client(intents=discord.Intents(guilds=True)) as client:
            await client.login(TOKEN)

            buttons = view(rendered)

            async def send(chat: int) -> None:
                place = client.get_partial_messageable(chat)
                await place.send(embed=rendered.embed, view=buttons)

            await _whenever_told(redis_url, "discord.py", send)

    asyncio.run(run())


def aiogram(redis_url: str, url: str) -> None:
    """Process: aiogram's `send_message`."""

    async def run() -> None:
        rendered = for_telegram(_message())
        assert rendered.keyboard is not None
        keyboard = InlineKeyboardMarkup.model_validate(rendered.keyboard.to_dict())
        session = AiohttpSession(api=TelegramAPIServer.from_base(url), limit=100)
        async with Aiogram(TOKEN, session=session) as bot:
            send = partial(
                bot.send_message, text=rendered.html, parse_mode="HTML", reply_markup=keyboard
            )
            await _whenever_told(redis_url, "aiogram", send)

    asyncio.run(run())


def stock(redis_url: str, url: str) -> None:
    """Process: python-telegram-bot's `send_message`, with its default request class."""

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
            await _whenever_told(redis_url, "python-telegram-bot", send)

    asyncio.run(run())


async def _whenever_told(redis_url: str, name: str, send: Send) -> None:
    """Wait for messages with two numbers, the first chat and the count, and send to those chats."""
    async with connect(redis_url) as redis, redis.pubsub() as heard:
        await heard.subscribe(GO + name)
        async for message in heard.listen():
            if message["type"] == "message":
                first, chats = map(int, message["data"].split())
                await in_flight(partial(send, first + number) for number in range(chats))


async def measure(redis: Redis, redis_url: str, lean: Lean) -> list[Line]:
    """Compare the bot with each library on its platform; returns the table's rows."""
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
    """Restart each process a few times, and let it send to every chat twice."""
    news, others = Rule(keywords=("news",)), Rule(keywords=("others",))
    chats = {Chat(platform, str(FIRST + number)): news for number in range(CHATS)}
    chats |= {Chat(platform, str(FIRST_OTHER + number)): others for number in range(OTHERS)}
    bot = (partial(whole_bot, paced=False), (redis_url, pointed_at(lean, platform), chats))
    bare = [(peer.job, (redis_url, peer.at(peer.name))) for peer in beside]
    rates: dict[tuple[str, str], list[float]] = defaultdict(list)
    archive = Archive(redis)

    async def ours(name: str, keyword: str, count: int) -> float:
        await archive.accept(story(f"fan-{platform}-{name}", keyword))
        return await _rate(lean, count)

    async def theirs(peer: Peer, first: int, count: int) -> float:
        await redis.publish(GO + peer.name, f"{first} {count}")
        return await _rate(lean, count)

    for start in range(STARTS):
        with processes(bot, *bare):
            await until(partial(_all_listen, redis, platform, len(beside)), "every peer listens")
            await ours(f"{start}-others", "others", OTHERS)
            for peer in beside:
                await theirs(peer, FIRST_OTHER, min(OTHERS, peer.chats))
            for number, time in enumerate(TIMES):
                rates["", time].append(await ours(f"{start}-{number}", "news", CHATS))
                for peer in beside:
                    rates[peer.name, time].append(await theirs(peer, FIRST, peer.chats))
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
    """Messages per second, from the first arrival to the last of `count`."""

    async def all_there() -> bool:
        return bool(await lean.say("count") >= count)

    await until(all_there, "every message arrived")
    await asyncio.sleep(0.5)  # time to record the last one
    moments: list[float] = [at for _, at in (await lean.say("arrived"))["arrived"]]
    return (len(moments) - 1) / (moments[-1] - moments[0])
