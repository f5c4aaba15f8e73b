"""Finding the chats that want a story: 100 among 1,000 to 100,000 chats, and one that 100,000
want."""

import asyncio
import random
import time
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from redis.asyncio import Redis

from bench.kit import Lean, Line, longest_pause, median, story, until
from bot.assembly import Ground, assemble
from bot.delivery.policy import Policy
from bot.delivery.rate_limiter import RateLimiter
from bot.delivery.rules import RuleBook
from bot.metrics import Metrics
from bot.model.chat import Chat
from bot.model.due import DueSubject
from bot.model.rule import Rule
from bot.platforms.discord.capabilities import DISCORD
from bot.platforms.discord.platform import DiscordPlatform
from bot.storage.due import RedisDue
from bot.storage.highwater import FileHighWater
from bot.storage.ledger import RedisLedger
from bot.storage.rules import RedisRules
from bot.storage.troubles import RedisTroubles
from runtime.alarms import Alarms
from runtime.data_folder import DataFolder
from runtime.lease import RedisLease
from stories.archive import Archive
from stories.changes import Cursor
from stories.edition import Edition

SIZES = (1_000, 10_000, 100_000)
WANTING = 100
ROUNDS = 30
ALL = 100_000
_DISCORD = {"platform": "discord"}


async def measure(redis: Redis, _url: str, _lean: Lean) -> list[Line]:
    """Measure matching among ever more chats, then marking all; returns the table's rows."""
    return [*await _few_among_many(redis), *await _everyone(redis)]


async def _few_among_many(redis: Redis) -> list[Line]:
    told = story("match", "wanted", "word-1")
    books, memory = {}, {}
    for size in SIZES:
        rules = _mixed(size)
        tracemalloc.start()
        books[size] = RuleBook(rules, RedisRules(redis))
        memory[size] = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
    due = RedisDue(redis)
    took: dict[int, list[float]] = {size: [] for size in SIZES}
    for number in range(ROUNDS):
        for size in SIZES:
            started = time.perf_counter()
            chats = books[size].wanting(told)
            marks = [DueSubject(chat, told.id, number) for chat in chats]
            await due.enqueue(f"match-{size}", marks, Cursor("e", number))
            took[size].append(time.perf_counter() - started)
            assert len(chats) == WANTING
    least = median(took[SIZES[0]])
    return [
        Line(
            f"100 of {size:,} chats found and marked due",
            f"{median(took[size]) * 1000:.2f} ms",
            f"among {SIZES[0]:,}: {least * 1000:.2f} ms; index {memory[size] / 2**20:.1f} MiB",
            f"{median(took[size]) / least:.2f} ×",
            "≤ 1.5 ×" if size == SIZES[-1] else "",
            median(took[size]) / least <= 1.5 if size == SIZES[-1] else None,
        )
        for size in SIZES[1:]
    ]


def _mixed(size: int) -> dict[Chat, Rule]:
    """Rules of every kind, of which a hundred want the story."""
    pick = random.Random(7)  # noqa: S311  # the same rules every time
    wanting = [
        Rule(keywords=("wanted",)),
        Rule(keywords=("wanted",), min_virality=1.0),
        Rule(all=True),
        Rule(keywords=("other", "wanted")),
    ]
    rules = {}
    for number in range(size):
        word = f"word-{pick.randrange(100, 5000)}"
        others = [
            Rule(keywords=(word, "news")),
            Rule(entities=(word,), min_virality=5.0),
            Rule(keywords=(word,), entities=(f"{word} Ltd",), min_articles=3),
        ]
        rule = wanting[number % 4] if number < WANTING else others[number % 3]
        rules[Chat("discord", str(10_000 + number))] = rule
    return rules


async def _everyone(redis: Redis) -> list[Line]:
    """The real courier marks an update due for 100,000 chats; a bare loop writes as many fields."""
    chats = {Chat("discord", str(10_000 + number)): Rule(all=True) for number in range(ALL)}
    took, bare, pauses = [], [], []
    for number in range(3):
        took_s, pause_s = await _marked(redis, chats, f"all-{number}")
        took.append(took_s)
        pauses.append(pause_s)
        bare.append(await _bare_loop(redis, number))
    ours, theirs = median(took), median(bare)
    return [
        Line(
            f"one update marked due for {ALL:,} chats",
            f"{ours:.2f} s",
            f"bare HSET, 1,000 fields each: {theirs:.2f} s",
            f"{ours / theirs:.2f} ×",
            "≤ 2 s",
            ours <= 2.0,
        ),
        Line(
            "longest pause of the event loop meanwhile", f"{median(pauses) * 1000:.0f} ms", "", ""
        ),
    ]


async def _bare_loop(redis: Redis, number: int) -> float:
    started = time.perf_counter()
    for start in range(0, ALL, 1000):
        names = range(10_000 + start, 11_000 + start)
        await redis.hset(
            f"bare-{number}", mapping={f"discord:{name} all-{number}": 1 for name in names}
        )
    return time.perf_counter() - started


async def _nobody(_: Chat) -> bool:
    """No chat removes the bot here."""
    return False


async def _nothing(_: Chat) -> None:
    """So nothing is deleted, either."""


async def _marked(redis: Redis, chats: dict[Chat, Rule], prefix: str) -> tuple[float, float]:
    """Seconds until every chat is marked and queued, and the longest pause of the loop
    meanwhile."""
    metrics = Metrics()
    lease = RedisLease(redis, "discord", prefix)
    with TemporaryDirectory() as folder:
        platform = DiscordPlatform("no token", api_url=None, gateway_url=None)  # away: only marks
        bot = assemble(
            Ground(
                platforms=[platform],
                rate_limiters={"discord": RateLimiter(DISCORD)},
                archive=Archive(redis, prefix),
                editing=RedisLease(redis, "editor", prefix),
                leases={"discord": lease},
                rules=RedisRules(redis, prefix),
                ledgers={"discord": RedisLedger(redis, prefix, lease)},
                due=RedisDue(redis, prefix),
                troubles=RedisTroubles(redis, prefix),
                high_water={"discord": FileHighWater(DataFolder(Path(folder)), prefix, "discord")},
                metrics=metrics,
                alarms=Alarms(metrics),
                knows=_nobody,
                forget=_nothing,
            ),
            chats,
            Policy(),
        )
        reconciler = bot.reconcilers["discord"]
        running = asyncio.create_task(reconciler.run())
        await asyncio.sleep(0.5)
        bot.index.put(Edition(story("everyone"), None, 1, datetime.now(UTC)))
        bot.follower.cursor = Cursor("e", 1)
        async with longest_pause() as pause:
            started = time.perf_counter()
            bot.follower.ring()

            async def all_in_line() -> bool:
                reconciler.observe()
                return metrics.registry.get_sample_value("storywire_due", _DISCORD) == ALL

            await until(all_in_line, "everything is marked")
            took = time.perf_counter() - started
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    return took, pause[0]
