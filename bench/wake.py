"""From a wake-up message to the request on the wire: the bot, idle on one platform, and a bare
loop."""

import asyncio
import json
import time
from collections.abc import Iterator

import aiohttp
from redis.asyncio import Redis

from bench.kit import Lean, Line, ms, percentile, pointed_at, processes, story, until, whole_bot
from bench.server import TOKEN
from bot.model.chat import Chat
from bot.model.rule import Rule
from bot.storage.due import ACK
from bot.storage.ledger import WRITE
from runtime.connection import connect
from stories.archive import Archive

ROUNDS = 150
WARM_UP = 20
BARE = "storywire-bench:wake"
ROW = '{"state":"sending","at":"2026-06-25T06:00:00.000000Z","revision":1,"generation":1}'


def bare_loop(redis_url: str, url: str) -> None:
    """Receive a wake-up message, then do only the Redis writes and the request that the bot
    does."""

    async def run() -> None:
        body = json.dumps({"chat_id": 10_000, "text": "A sentence of it. " * 100}).encode()
        headers = {"Content-Type": "application/json"}
        rows = [f"bare:{name}" for name in ("lease", "written", "stories", "pins", "cards")]
        async with (
            connect(redis_url) as redis,
            aiohttp.ClientSession(headers=headers) as http,
            redis.pubsub() as heard,
        ):
            write, ack = (redis.register_script(script) for script in (WRITE.text, ACK))
            await heard.subscribe(BARE)
            async for message in heard.listen():
                if message["type"] != "message":
                    continue
                async with redis.pipeline(transaction=True) as pipe:
                    pipe.hset("bare:due", "telegram:10000 a-story", "1")
                    pipe.hset("bare:cursor", mapping={"epoch": "e", "seq": "1"})
                    await pipe.execute()
                await write(rows, ["", "telegram:10000", "a-story", ROW, "SREM"])
                async with http.post(url, data=body) as answer:
                    await answer.read()
                await write(rows, ["", "telegram:10000", "a-story", ROW, "SREM"])
                await ack(["bare:due"], ["telegram:10000 a-story", "1"])

    asyncio.run(run())


async def measure(redis: Redis, redis_url: str, lean: Lean) -> list[Line]:
    """Time the bot and the bare loop in turn; returns the table's rows."""
    archive = Archive(redis)
    archive._wake = "nobody"  # accepted without a wake-up: we send and time it ourselves
    return [
        line
        for platform in ("telegram", "discord")
        for line in _lines(platform, await _took(platform, redis, redis_url, archive, lean))
    ]


async def _took(
    platform: str, redis: Redis, redis_url: str, archive: Archive, lean: Lean
) -> dict[str, list[float]]:
    """The times of the bot and the bare loop, measured in turn, in seconds."""
    rounds = ROUNDS + WARM_UP
    chats = {
        Chat(platform, str(10_000 + number)): Rule(keywords=(f"{platform}{number}",))
        for number in range(rounds)
    }
    bot = (whole_bot, (redis_url, pointed_at(lean, platform), chats))
    bare = (bare_loop, (redis_url, f"{lean.telegram('bare')}/bot{TOKEN}/sendMessage"))
    took: dict[str, list[float]] = {"bot": [], "bare": []}
    await archive.accept(story(f"first-{platform}"))
    with processes(bot, bare):
        await _ready(platform, redis)
        for number in range(rounds):
            await archive.accept(story(f"wake-{platform}-{number}", f"{platform}{number}"))
            for who in ("bot", "bare") if number % 2 else ("bare", "bot"):
                await asyncio.sleep(0.07)  # until everything is idle
                await lean.say("arrived")
                channel = "storywire:wake" if who == "bot" else BARE
                at = time.monotonic()
                await redis.publish(channel, b"{}")
                first = await _first(lean)
                if number >= WARM_UP:
                    took[who].append(first - at)
    return took


async def _ready(platform: str, redis: Redis) -> None:
    async def listening() -> bool:
        there = await redis.exists(f"storywire:cursor:{platform}")
        return bool(there) and bool(await redis.pubsub_channels(BARE))

    await until(listening, "the bot and the bare loop listen")
    await asyncio.sleep(2)  # and are idle


async def _first(lean: Lean) -> float:
    async with asyncio.timeout(10):
        while True:
            await asyncio.sleep(0.02)
            if arrived := (await lean.say("arrived"))["arrived"]:
                return float(arrived[0][1])


def _lines(platform: str, took: dict[str, list[float]]) -> Iterator[Line]:
    for name, share, goal in (("p50", 0.5, 2.0), ("p99", 0.99, 4.0)):
        ours, bare = (percentile(took[who], share) for who in ("bot", "bare"))
        yield Line(
            f"wake → request on the wire, {platform}, {name}",
            ms(ours),
            f"bare loop {ms(bare)}",
            f"{ours / bare:.2f} ×",
            f"≤ {goal:.0f} ×",
            ours / bare <= goal,
        )
