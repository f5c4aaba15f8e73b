"""Everything that is real at once: both platforms, Redis, the bot and its standby, and the faults.

Stories develop while processes are killed and wires are cut; then all is healed, every story gets
a last revision, and the cards are looked at.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from redis import exceptions

from bot.model.chat import Chat
from bot.model.rule import Rule
from config.chats import read_chats
from runtime.away import StorageAway
from runtime.connection import connect
from sandbox.discord import Discord
from sandbox.telegram import Telegram
from stories.archive import Archive
from stories.story import Question, Stats, Status, Story, StoryId
from stories.wire import write
from tests.chaos.process import BotProcess, RedisProcess
from tests.chaos.proxy import Proxy
from tests.running import eventually_so

PREFIX = "chaos"
STOPS_S = 20.0
"""A container is killed so long after it was told to stop."""
HOT = 6
"""So many stories change five times as often as the others; groups follow only those."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much of what; the same seed draws the same faults and the same news."""

    seed: int
    kills: int
    """Of the bot or its standby, with SIGKILL."""
    redis_restarts: int
    wire_faults: int
    stories: int
    chats: int
    apart_s: float
    """On average between two faults."""
    patience_s: float
    """How long the healed world may take to come to rest."""
    hurried: bool = False
    """Short leases, and a second between edits of one card, for a short test."""
    stops: int = 0
    """Of the bot or its standby, with SIGTERM, as at a planned restart."""
    burst: bool = False
    """Every chat that is no group wants every story, and all come at once. Until all are told
    Redis is restarted every 5 to 15 seconds, besides the plan's faults."""

    def command(self) -> str:
        """What a person types to see it again."""
        return (
            f"python -m tests.chaos.long --seed {self.seed} --kills {self.kills} "
            f"--redis-restarts {self.redis_restarts} --wire-faults {self.wire_faults} "
            f"--stories {self.stories} --chats {self.chats} --apart {self.apart_s:g} "
            f"--patience {self.patience_s:g} --stops {self.stops}"
            f"{' --hurried' if self.hurried else ''}{' --burst' if self.burst else ''}"
        )


@dataclass(slots=True)
class World:
    """What the checker looks at."""

    plan: Plan
    folder: Path
    discord: Discord
    telegram: Telegram
    redis: RedisProcess
    chats: dict[Chat, Rule]
    bots: list[BotProcess]
    proxies: list[Proxy]
    rng: random.Random
    news: dict[int, int] = field(default_factory=dict)
    """Each story's newest state."""
    done: dict[str, int] = field(default_factory=dict)
    """What was done to it, counted."""
    wrong: list[str] = field(default_factory=list)
    """What was seen to be wrong on the way."""

    def count(self, what: str) -> None:
        self.done[what] = self.done.get(what, 0) + 1


def story(number: int, state: int) -> Story:
    """The n-th story in its k-th state: told by its title and headline."""
    now = datetime.now(UTC).replace(microsecond=0)
    return Story(
        StoryId(f"harbour-{number}"),
        f"Harbour {number}",
        tuple(f"Berth {berth} is taken." for berth in range(1 + state % 4)),
        headline=f"State {state}",
        stats=Stats(Status.ACTIVE, float(state % 10), 3 + state),
        updated_at=now,
        questions=(Question("Who came?", "Everyone did."),),
        keywords=(f"quay{number % 3}", f"pier{number % 20}"),
        revision=state,
    )


@asynccontextmanager
async def built(plan: Plan, folder: Path, *, limits: bool = True) -> AsyncIterator[World]:
    """All of it running, with the platforms' limits on, and the bot and its standby up."""
    rng = random.Random(plan.seed)  # noqa: S311  # repeatable on purpose
    async with AsyncExitStack() as stack:
        discord = await stack.enter_async_context(Discord(limits=limits))
        telegram = await stack.enter_async_context(Telegram(limits=limits))
        redis = RedisProcess(folder / "redis")
        await redis.start()
        stack.push_async_callback(redis.stop)
        toml = _chats(plan, rng, discord, telegram)
        config = folder / "storywire.toml"
        config.write_text(toml, "utf-8")
        world = World(plan, folder, discord, telegram, redis, read_chats(toml, ""), [], [], rng)
        for name in ("first", "second"):
            proxy = await stack.enter_async_context(Proxy(redis.port))
            bot = BotProcess(
                name,
                folder / name,
                {
                    "REDIS_URL": f"redis://127.0.0.1:{proxy.port}/0",
                    "PREFIX": PREFIX,
                    "CONFIG": str(config),
                    "DISCORD_TOKEN": discord.token,
                    "DISCORD_API_URL": discord.api_url,
                    "DISCORD_GATEWAY_URL": discord.gateway_url,
                    "TELEGRAM_TOKEN": telegram.token,
                    "TELEGRAM_API_URL": telegram.api_url,
                    "EDIT_SPACING_S": "1" if plan.hurried else "60",
                },
                module="tests.chaos.hurried" if plan.hurried else "cli",
            )
            world.proxies.append(proxy)
            world.bots.append(bot)
            bot.start()
            stack.callback(_gone, bot)
        yield world


def _gone(bot: BotProcess) -> None:
    if bot.runs:
        bot.kill()


def _chats(plan: Plan, rng: random.Random, discord: Discord, telegram: Telegram) -> str:
    """Half of the chats on Discord; a third of Telegram's are groups, which take little."""
    entries = []
    words = (
        [f"quay{n}" for n in range(3)] if plan.stories <= 30 else [f"pier{n}" for n in range(20)]
    )
    each = 1 if plan.stories <= 30 else 3
    for number in range(plan.chats):
        follows = f"keywords = {rng.sample(words, each)}"
        if plan.burst:
            follows = "stories = 'all'"
        if number % 2 == 0:
            chat = f"discord:{discord.add_channel(f'quay-{number}')}"
        elif number % 3 == 0:
            chat = f"telegram:{telegram.add_chat(f'Quay {number}')}"
            hot = rng.sample(range(HOT), 2 if plan.stories <= 30 else HOT)
            follows = f"story_ids = {[f'harbour-{n}' for n in hot]}"
        else:
            person = telegram.add_person(f"sailor{number}")
            telegram.world.place(person).started = True
            chat = f"telegram:{person}"
        loud = rng.choice(["edit", "edit", "reply"])
        entries.append(f'[[chats]]\nchat = "{chat}"\n{follows}\nloudness = "{loud}"\n')
    return "\n".join(entries).replace("'", '"')


async def develop(world: World) -> None:
    """Publish for ever: new states, now and then one again, now and then an old one."""
    while True:
        number = world.rng.randrange(HOT) if world.rng.random() < 0.4 else None
        await publish(world, world.rng.randrange(world.plan.stories) if number is None else number)
        await asyncio.sleep(world.rng.uniform(0.05, 0.4))


async def publish(world: World, number: int) -> None:
    """Leave a story's next state at the inbox, however often that has to be tried."""
    state = world.news[number] = world.news.get(number, 0) + 1
    again = world.rng.random()
    documents = [write(story(number, state))]
    if again < 0.1:
        documents.append(documents[0])
    elif again < 0.2 and state > 1:
        documents.append(write(story(number, state - 1)))
    async with connect(world.redis.url) as client:
        archive = Archive(client, PREFIX)
        for document in documents:
            await patiently(lambda document=document: archive.leave(document))  # type: ignore[misc]
    world.count("documents")


async def patiently(call: Callable[[], Awaitable[Any]]) -> Any:
    """Do something with Redis, however long it is away."""
    while True:
        try:
            return await call()
        except (StorageAway, exceptions.ConnectionError, exceptions.TimeoutError):
            await asyncio.sleep(0.1)


async def suffer(world: World) -> None:
    """Every fault of the plan once, in an order and at moments the seed draws."""
    plan, rng = world.plan, world.rng
    faults: list[Callable[[World], Awaitable[None]]] = [
        *[kill_a_bot] * plan.kills,
        *[restart_redis] * plan.redis_restarts,
        *[spoil_a_wire] * plan.wire_faults,
        *[stop_a_bot] * plan.stops,
    ]
    rng.shuffle(faults)
    for fault in faults:
        await asyncio.sleep(rng.uniform(0.2, 1.8) * plan.apart_s)
        await fault(world)


async def kill_a_bot(world: World) -> None:
    """While the platforms have done what they were asked and their answers are on the way."""
    bot = world.rng.choice(world.bots)
    seconds = world.rng.uniform(0.2, 1.5)
    world.discord.slow_next("POST", "/messages$", seconds, times=3)
    world.discord.slow_next("PATCH", "/messages/", seconds, times=3)
    world.telegram.slow_next("sendMessage|editMessageText", seconds, times=4)
    await asyncio.sleep(world.rng.uniform(0.0, seconds))
    if bot.runs:
        bot.kill()
        world.count("kills")
    await asyncio.sleep(world.rng.uniform(0.0, 0.5))
    bot.start()


async def stop_a_bot(world: World) -> None:
    """A planned restart, while answers are on the way: what is on the wire is finished first."""
    bot = world.rng.choice(world.bots)
    await eventually_so(bot.is_up, f"{bot.name} runs")
    seconds = world.rng.uniform(0.2, 1.5)
    world.discord.slow_next("POST", "/messages$", seconds, times=3)
    world.telegram.slow_next("sendMessage|editMessageText", seconds, times=4)
    await asyncio.sleep(world.rng.uniform(0.0, seconds))
    if bot.runs:
        began = time.monotonic()
        code = await bot.stop()
        world.count("planned restarts")
        if code != 0:
            last = bot.log.read_text("utf-8", "replace").splitlines()[-3:]
            world.wrong.append(f"told to stop, {bot.name} ended with {code}: {last}")
        if time.monotonic() - began > STOPS_S:
            world.wrong.append(f"{bot.name} took {time.monotonic() - began:.0f} s to stop")
    bot.start()


async def restart_redis(world: World) -> None:
    await world.redis.kill()
    world.count("redis restarts")
    await asyncio.sleep(world.rng.uniform(0.0, 2.0))
    await world.redis.start()


async def restart_redis_until_all_is_told(
    world: World, at_rest: Callable[[World], Awaitable[Mapping[str, Any]]]
) -> None:
    began = time.monotonic()
    while open_ends := await at_rest(world):
        if time.monotonic() - began > world.plan.patience_s:
            raise AssertionError(f"{len(open_ends)} cards of the burst never came")
        await asyncio.sleep(world.rng.uniform(5.0, 15.0))
        await restart_redis(world)
    world.done["cards of the burst"] = sum(
        rule.wants(story(number, 1))
        for rule in world.chats.values()
        for number in range(world.plan.stories)
    )
    world.done["seconds of the burst"] = round(time.monotonic() - began)


async def spoil_a_wire(world: World) -> None:
    proxy = world.rng.choice(world.proxies)
    kind = world.rng.choice(["cut", "slow", "half open", "half open to wakes", "refused"])
    world.count(kind)
    match kind:
        case "cut":
            proxy.cut()
        case "half open":
            proxy.swallow()
        case "half open to wakes":
            proxy.swallow(b"SUBSCRIBE")
        case "slow":
            proxy.delay_s = world.rng.uniform(0.02, 0.3)
            await asyncio.sleep(world.rng.uniform(0.5, 2.0))
        case "refused":
            proxy.refuses = True
            proxy.cut()
            await asyncio.sleep(world.rng.uniform(0.5, 2.0))
    proxy.heal()


def heal(world: World) -> None:
    for proxy in world.proxies:
        proxy.heal()
    for bot in world.bots:
        if not bot.runs:
            world.count("ended by themselves")
            bot.start()


async def run(world: World, at_rest: Callable[[World], Awaitable[Mapping[str, Any]]]) -> float:
    """The whole story; returns how many seconds the healed world took to come to rest.

    `at_rest` says what is still to come; nothing, when all is told.
    """
    for number in range(world.plan.stories):
        await publish(world, number)
    if world.plan.burst:
        await restart_redis_until_all_is_told(world, at_rest)
    developing = asyncio.create_task(develop(world))
    try:
        await suffer(world)
    finally:
        developing.cancel()
        await asyncio.wait([developing])
    heal(world)
    healed = time.monotonic()
    for number in range(world.plan.stories):
        await publish(world, number)
    while open_ends := await at_rest(world):
        if time.monotonic() - healed > world.plan.patience_s:
            raise AssertionError(f"never at rest: {dict(list(open_ends.items())[:10])}")
        await asyncio.sleep(0.5)
    return time.monotonic() - healed
