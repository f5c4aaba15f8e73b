"""One update for many chats, the pace lifted and the ledger on, beside the libraries' bare send."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

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
ROUNDS = 5
FIRST = 10_000
GO = "storywire-bench:go:"

Send = Callable[[int], Awaitable[object]]


def _message() -> Message:
    """The card every peer sends: the same words and buttons as the bot's."""
    sample = story("fan-0")
    edition = Edition(sample, None, 1, sample.updated_at)  # type: ignore[arg-type]
    return card(edition, Shelf().delta(edition))


def discord_py(redis_url: str, url: str, _gateway: str) -> None:
    async def run() -> None:
        discord.http.Route.BASE = url
        rendered = for_discord(_message())
        async with discord.Client(intents=discord.Intents(guilds=True)) as client:
            await client.login(TOKEN)

            async def send(chat: int) -> None:
                place = client.get_partial_messageable(chat)
                await place.send(embed=rendered.embed, view=view(rendered))

            await _whenever_told(redis_url, "discord.py", send, CHATS)

    asyncio.run(run())


def aiogram(redis_url: str, url: str) -> None:
    async def run() -> None:
        rendered = for_telegram(_message())
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
            await _whenever_told(redis_url, "stock", send, STOCK_CHATS)

    asyncio.run(run())


async def _whenever_told(redis_url: str, name: str, send: Send, chats: int) -> None:
    async with connect(redis_url) as redis, redis.pubsub() as heard:
        await heard.subscribe(GO + name)
        async for message in heard.listen():
            if message["type"] == "message":
                await in_flight(partial(send, FIRST + number) for number in range(chats))


async def measure(redis: Redis, redis_url: str, lean: Lean) -> list[Line]:
    lines = []
    peers: dict[str, list[tuple[str, Any, tuple[Any, ...], int, float]]] = {
        "discord": [
            (
                "discord.py's bare send",
                discord_py,
                (redis_url, lean.discord("discord.py"), lean.gateway),
                CHATS,
                0.8,
            )
        ],
        "telegram": [
            (
                "aiogram's bare send_message",
                aiogram,
                (redis_url, lean.telegram("aiogram")),
                CHATS,
                1.0,
            ),
            (
                "python-telegram-bot as it comes",
                stock,
                (redis_url, lean.telegram("stock")),
                STOCK_CHATS,
                10.0,
            ),
        ],
    }
    archive = Archive(redis)
    for platform, beside in peers.items():
        chats = {Chat(platform, str(FIRST + number)): Rule(all=True) for number in range(CHATS)}
        bot = (partial(whole_bot, paced=False), (redis_url, pointed_at(lean, platform), chats))
        rates: dict[str, list[float]] = {}
        with processes(bot, *((job, given) for _, job, given, _, _ in beside)):
            await until(partial(_all_listen, redis, len(beside)), "every peer listens")
            for number in range(ROUNDS):
                await archive.accept(story(f"fan-{platform}-{number}"))
                rates.setdefault("bot", []).append(await _rate(lean, CHATS))
                for name, _, _, count, _ in beside:
                    await redis.publish(GO + _PEERS[name], "go")
                    rates.setdefault(name, []).append(await _rate(lean, count))
        for name, _, _, _, goal in beside:
            ratio = median(ours / theirs for ours, theirs in zip(rates["bot"], rates[name], strict=True))
            lines.append(
                Line(
                    f"fan-out to {CHATS} chats, {platform}",
                    f"{median(rates['bot']):.0f}/s",
                    f"{name} {median(rates[name]):.0f}/s",
                    f"{ratio:.2f} ×",
                    f"≥ {goal} ×",
                    ratio >= goal,
                )
            )
    return lines


_PEERS = {
    "discord.py's bare send": "discord.py",
    "aiogram's bare send_message": "aiogram",
    "python-telegram-bot as it comes": "stock",
}


async def _all_listen(redis: Redis, peers: int) -> bool:
    heard = await redis.pubsub_channels(GO + "*")
    bot = await redis.exists("storywire:lease:discord", "storywire:lease:telegram")
    return len(heard) >= peers and bot > 0


async def _rate(lean: Lean, count: int) -> float:
    """Messages a second from the first to the last of so many."""

    async def all_there() -> bool:
        return bool(await lean.say("count") >= count)

    await until(all_there, "every message arrived")
    await asyncio.sleep(0.5)  # what is to be written down after the last one
    moments = [at for _, at in (await lean.say("arrived"))["arrived"]]
    return (len(moments) - 1) / (moments[-1] - moments[0])
