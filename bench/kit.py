"""What every measurement needs: a lean server, a Redis of its own, processes, statistics."""

import asyncio
import json
import math
import multiprocessing
import os
import statistics
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterable, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp

from bench.server import TOKEN
from bot import app
from bot.model.capabilities import Limits
from bot.model.chat import Chat
from bot.model.rule import Rule
from bot.platforms.known import CAPABILITIES
from config.settings import given
from runtime import log
from stories.samples import developments
from stories.story import Story, StoryId

IN_FLIGHT = 50


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the table."""

    what: str
    ours: str
    beside: str
    """What it is compared with, and that one's figure."""
    ratio: str
    goal: str = ""
    met: bool | None = None
    """Whether the goal is met; None if there is no goal."""


@dataclass(frozen=True, slots=True)
class Lean:
    """A client of the lean server (bench/server.py)."""

    rest: str
    desk: str
    session: aiohttp.ClientSession

    async def say(self, verb: str, **query: str) -> Any:
        """POST a request to the server's control interface; returns the decoded JSON."""
        async with self.session.post(f"{self.desk}/{verb}", params=query) as answer:
            return await answer.json()

    def discord(self, peer: str = "") -> str:
        """The base of Discord's REST API, optionally under a peer's name."""
        return f"{self.rest}{peer and '/' + peer}/api/v10"

    def telegram(self, peer: str = "") -> str:
        """The base of the Bot API, optionally under a peer's name."""
        return f"{self.rest}{peer and '/' + peer}"

    @property
    def gateway(self) -> str:
        """The address of Discord's gateway."""
        return self.desk.replace("http", "ws") + "/gateway"


@asynccontextmanager
async def lean_server() -> AsyncGenerator[Lean]:
    """Run the lean server in a process of its own while inside the block."""
    server = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.server"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert server.stdin is not None
    assert server.stdout is not None
    rest, desk = json.loads(await server.stdout.readline())
    async with aiohttp.ClientSession() as session:
        yield Lean(f"http://127.0.0.1:{rest}", f"http://127.0.0.1:{desk}", session)
    server.stdin.close()
    await server.wait()


@contextmanager
def processes(*jobs: tuple[Callable[..., None], tuple[Any, ...]]) -> Generator[None]:
    """Run each job in a fresh interpreter while inside the block."""
    fresh = multiprocessing.get_context("spawn")
    running = [fresh.Process(target=job, args=given_it, daemon=True) for job, given_it in jobs]
    for process in running:
        process.start()
    try:
        yield
    finally:
        for process in running:
            process.terminate()
            process.join()


def whole_bot(
    redis_url: str,
    lean: Mapping[str, str],
    chats: Mapping[Chat, Rule],
    paced: bool = True,
) -> None:
    """Run the bot as `storywire run` does, without its log. `lean`: settings that point it
    somewhere."""
    sys.stderr = open(os.devnull, "w")  # noqa: SIM115, PTH123  # for the life of the process
    log.set_up("INFO")
    lifted = Limits(per_second=math.inf, chat_gap_s=0.0)
    unpaced = {name: replace(able, limits=lifted) for name, able in CAPABILITIES.items()}
    with TemporaryDirectory(prefix="storywire-bench-") as data_dir:
        settings = given(
            redis_url=redis_url,
            data_dir=data_dir,
            http_port=0,
            asks_a_person=10_000,  # one person asks everything
            asks_a_server=10_000,
            **lean,
        )
        work = app.run(settings, chats, capabilities=CAPABILITIES if paced else unpaced)
        asyncio.run(work)


def pointed_at(lean: Lean, *platforms: str) -> dict[str, str]:
    """The settings that point the bot at the lean server."""
    values: dict[str, str] = {}
    if "discord" in platforms:
        values |= {"discord_token": TOKEN, "discord_api_url": lean.discord()}
        values |= {"discord_gateway_url": lean.gateway}
    if "telegram" in platforms:
        values |= {"telegram_token": TOKEN, "telegram_api_url": lean.telegram()}
    return values


def story(name: str, *keywords: str) -> Story:
    """A sample story with another id, updated just now."""
    sample = developments(datetime.now(UTC))[0].story
    return replace(sample, id=StoryId(name), keywords=keywords, revision=1)


async def in_flight(calls: Iterable[Callable[[], Awaitable[object]]]) -> None:
    """Make all the calls, at most IN_FLIGHT at a time."""
    waiting = iter(calls)

    async def work() -> None:
        for call in waiting:
            await call()

    await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))


@asynccontextmanager
async def longest_pause() -> AsyncGenerator[list[float]]:
    """Measures the longest time in seconds that the event loop was blocked inside the block."""
    worst = [0.0]

    async def watch() -> None:
        loop = asyncio.get_running_loop()
        while True:
            at = loop.time()
            await asyncio.sleep(0.001)
            worst[0] = max(worst[0], loop.time() - at - 0.001)

    watching = asyncio.create_task(watch())
    await asyncio.sleep(0)
    try:
        yield worst
        await asyncio.sleep(0.002)  # so that a pause that has just ended is seen too
    finally:
        watching.cancel()


async def until(seen: Callable[[], Awaitable[bool]], what: str) -> None:
    """Wait until `seen()` is true; RuntimeError after a minute."""
    try:
        async with asyncio.timeout(60):
            while not await seen():  # noqa: ASYNC110  # seen from outside, nothing rings
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise RuntimeError(f"it never came about that {what}") from None


def percentile(figures: Iterable[float], share: float) -> float:
    """The value below which this share (0 to 1) of the figures lies."""
    ordered = sorted(figures)
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)]


def median(figures: Iterable[float]) -> float:
    """The middle value."""
    return statistics.median(figures)


def ms(seconds: float) -> str:
    """Seconds as text in milliseconds."""
    return f"{seconds * 1000:.2f} ms" if seconds < 0.1 else f"{seconds * 1000:.0f} ms"
