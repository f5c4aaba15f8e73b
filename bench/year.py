"""What a year leaves behind: fill Redis with it, run two more days at full rate, then restart.

300 stories a day with 20 revisions each, in 200 chats. It takes about half an hour, so it runs only
when named: `python -m bench year`.
"""

import asyncio
import multiprocessing
import os
import random
import sys
import time
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import blake2s
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pydantic import TypeAdapter
from redis.asyncio import Redis

from bench.kit import Lean, Line, longest_pause, pointed_at, processes
from bot import app, pruning
from bot.answering import answer_to
from bot.model.chat import Chat
from bot.model.command import Ask, Command
from bot.model.ledger import CardRecord, State
from bot.platforms.known import CAPABILITIES
from bot.storage.ledger import RedisLedger
from bot.storage.packed import pack
from config.settings import given
from handlers import menu
from runtime import log
from runtime.connection import connect
from sandbox.redis import own_redis
from stories.archive import Archive
from stories.log import Log, grown, write_log
from stories.retention import Retention
from stories.search import title_key
from stories.story import Question, Source, Stats, Status, Story, StoryId
from stories.stub import write_stub
from stories.wire import write
from wording.message import Message

DAYS, FULL_DAYS, HISTORY_DAYS = 365, 33, 7
A_DAY, REVISIONS, CHATS = 300, 20, 200
HOURS = 48
SIZES = (3_000, 11_000)
WORDS, BODIES = 20_000, 400
"""Number of distinct words, and of distinct stories; the others differ only by id and title."""
REDIS, PROCESS = 4 * 10**9, 600 * 10**6
FIRST_S, ALL_S = 2.0, 20.0
PREFIX = "storywire"
KEYS = f"{PREFIX}:{{archive}}:"
ASKER = Chat("telegram", "77")
_AS_STORED = TypeAdapter(CardRecord)


@dataclass(frozen=True, slots=True)
class Asked:
    """Titles to ask for once the bot has started; each must be answered with its card."""

    newest: str
    oldest: str
    oldest_stub: str


def _words(rng: random.Random) -> list[str]:
    parts = [c + v for c in "bdfghklmnprstvz" for v in "aeiou"]
    words = {"".join(rng.choices(parts, k=rng.randint(2, 4))) for _ in range(WORDS * 2)}
    return sorted(words)[:WORDS]


def _bodies(size: int) -> list[Story]:
    """Stories whose document has about `size` bytes."""
    rng = random.Random(size)  # noqa: S311  # the same stories every time
    words = _words(rng)
    weights = [1 / (place + 10) for place in range(len(words))]

    def text(length: int) -> str:
        return " ".join(rng.choices(words, weights, k=max(1, length // 7)))

    now = datetime.now(UTC)
    return [
        Story(
            StoryId("body"),
            text(50),
            tuple(text(size // 25) for _ in range(10)),
            headline=text(90),
            stats=Stats(Status.ACTIVE, 5.0, 40),
            started_at=now - timedelta(days=400),
            keywords=tuple(text(10) for _ in range(6)),
            questions=tuple(Question(f"{text(40)}?", text(size // 25)) for _ in range(6)),
            sources=tuple(
                Source(text(45), text(12), f"https://{text(7)}.example/{number}")
                for number in range(max(3, size // 800))
            ),
        )
        for _ in range(BODIES)
    ]


def _story(bodies: Sequence[Story], day: int, number: int) -> Story:
    body = bodies[(day * A_DAY + number) % len(bodies)]
    at = datetime.now(UTC) - timedelta(days=day, minutes=4 * number + 1)
    title = f"{body.title} {day} {number}"
    return replace(body, id=StoryId(f"story-{day}-{number}"), title=title, updated_at=at)


def _chats() -> list[Chat]:
    return [Chat("discord", str(10**17 + 7919 * number)) for number in range(CHATS)]


async def _fill(redis: Redis, size: int) -> Asked:
    """Fill Redis as a year with pruning leaves it, oldest first."""
    bodies, chats = _bodies(size), _chats()
    rng = random.Random(7)  # noqa: S311  # the same places every time
    numbers = {number: str(chat) for number, chat in enumerate(chats, 1)}
    await redis.hset(f"{PREFIX}:packed-chats", mapping={str(n): c for n, c in numbers.items()})
    await redis.hset(f"{PREFIX}:packed-numbers", mapping={c: str(n) for n, c in numbers.items()})
    await redis.set(f"{PREFIX}:packed-last", CHATS)

    def rows(at: datetime) -> dict[Chat, CardRecord]:
        return {
            chat: CardRecord(
                State.SHOWN,
                at,
                REVISIONS,
                message_id=str(rng.randrange(10**17, 2 * 10**18)),
                fingerprint="0123456789abcdef01234567",
                posted_at=at,
                reported=REVISIONS,
            )
            for chat in chats
        }

    packed = [pack(dict(enumerate(rows(datetime.now(UTC)).values(), 1))) for _ in range(BODIES)]
    deflated = [zlib.compress(write(_story(bodies, 1, number))) for number in range(BODIES)]
    logs = [_log(body, datetime.now(UTC)) for body in bodies]
    seq, on = 0, list[StoryId]()
    for day in range(DAYS - 1, -1, -1):
        async with redis.pipeline(transaction=False) as pipe:
            for number in range(A_DAY):
                seq += 1
                story = _story(bodies, day, number)
                at = story.updated_at or datetime.now(UTC)
                ms = int(at.timestamp() * 1000)
                held: Any = {
                    "revision": REVISIONS,
                    "hash": blake2s(story.id.encode(), digest_size=16).hexdigest(),
                    "heard_at": ms,
                    "seq": seq,
                    "over": "",
                }
                pipe.zadd(f"{KEYS}index", {story.id: seq})
                if day >= FULL_DAYS:
                    held |= {"stage": "stub", "deflated": deflated[seq % BODIES]}
                    numbered = replace(story, revision=REVISIONS)
                    stub = write_stub(numbered, at, title_key(story.title))
                    pipe.hset(f"{KEYS}stubs", story.id, stub)
                    pipe.set(f"{PREFIX}:packed:{story.id}", packed[seq % BODIES])
                else:
                    held["document"] = document = write(story)
                    count = REVISIONS if day < HISTORY_DAYS else 2
                    for past in range(count):
                        before = ms - (count - past) * 60_000
                        revision = REVISIONS - count + past + 1
                        fields: Any = {"revision": revision, "document": document}
                        pipe.xadd(f"{KEYS}history:{story.id}", fields, id=f"{before}-0")
                    pipe.set(f"{KEYS}log:{story.id}", logs[seq % BODIES])
                    lines: Any = {
                        str(chat): _AS_STORED.dump_json(row, by_alias=True, exclude_none=True)
                        for chat, row in rows(at).items()
                    }
                    pipe.hset(f"{PREFIX}:cards:{story.id}", mapping=lines)
                    on.append(story.id)
                pipe.hset(f"{KEYS}story:{story.id}", mapping=held)
                if number % 25 == 24:
                    await pipe.execute()
            await pipe.execute()
    for chat in chats:
        await redis.sadd(f"{PREFIX}:chat:{chat}:stories", *on)
    await redis.set(f"{KEYS}seq", seq)
    await redis.set(f"{KEYS}epoch", "bench")
    for platform in ("discord", "telegram"):
        await redis.hset(f"{PREFIX}:cursor:{platform}", mapping={"epoch": "bench", "seq": seq})
    return Asked(
        _story(bodies, 0, 0).title,
        _story(bodies, FULL_DAYS - 5, 0).title,
        _story(bodies, DAYS - 5, 0).title,
    )


def _log(story: Story, at: datetime) -> bytes:
    known, before = Log(), None
    for number in range(REVISIONS):
        bullets = story.breakdown[: 1 + number % len(story.breakdown)]
        now = replace(story, breakdown=bullets)
        known = grown(known, before, now, number + 1, at - timedelta(hours=REVISIONS - number))
        before = now
    return write_log(known)


def _bot(
    url: str, lean: dict[str, str], ahead: Any, asked: Asked, began: float, told: Connection
) -> None:
    """Process: the whole bot, its clocks `ahead`; reports through `told` when it could answer
    what."""
    sys.stderr = open(os.devnull, "w")  # noqa: SIM115, PTH123  # for the life of the process
    log.set_up("INFO")
    pruning.LOOK_EVERY_S = 0.2
    commands: dict[str, Command] = {}

    def span() -> timedelta:
        return timedelta(seconds=ahead.value)

    class Ahead(Retention):
        async def time(self) -> datetime:
            return await super().time() + span()

    def asked_of(**parts: Any) -> tuple[Command, ...]:
        found = menu(**parts)
        commands.update({command.name: command for command in found})
        return found

    vars(app).update(
        Retention=Ahead,
        Pruner=partial(
            pruning.Pruner,
            now=lambda: datetime.now(UTC) + span(),
            steadily=lambda: time.monotonic() + ahead.value,
        ),
        menu=asked_of,
    )

    async def right(title: str) -> bool:
        if "story" not in commands:
            return False
        options = {"words": title}
        answer: Message = await answer_to(
            commands["story"], Ask(ASKER, ASKER, private=True, options=options), _nobody
        )
        return answer.title == title

    async def watch() -> None:
        told.send(os.getpid())
        for name in (asked.newest, asked.oldest, asked.oldest_stub):
            while not await right(name):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            told.send(time.time() - began)

    async def both() -> None:
        with TemporaryDirectory(prefix="storywire-bench-") as data_dir:
            settings = given(redis_url=url, data_dir=data_dir, http_port=0, **lean)
            async with longest_pause() as worst, asyncio.TaskGroup() as tasks:
                tasks.create_task(app.run(settings, {}))
                await watch()
                told.send(worst[0])

    asyncio.run(both())


async def _nobody() -> bool:
    return False


async def measure(_redis: Redis, _url: str, lean: Lean) -> list[Line]:
    """Run the year once for each story size; returns the table's rows."""
    lines: list[Line] = []
    for size in SIZES:
        async with own_redis(options=("--appendonly", "no")) as url, connect(url) as redis:
            lines += await _year(redis, url, lean, size)
    return lines


async def _year(redis: Redis, url: str, lean: Lean, size: int) -> list[Line]:
    fresh = multiprocessing.get_context("spawn")
    ahead = fresh.Value("d", 0.0)
    asked = await _fill(redis, size)
    hear, tell = fresh.Pipe(duplex=False)
    pointed = pointed_at(lean, "discord", "telegram")
    with processes((_bot, (url, pointed, ahead, asked, time.time(), tell))):
        process, *_ = await _heard(hear, 5)
        await _swept(redis, None)  # it has compared the clocks: from now on they may be ahead
        bodies = _bodies(size)
        rss = 0
        for hour in range(HOURS):
            before = await redis.hget(f"{KEYS}pruning", "at")
            await _one_hour(redis, bodies, hour, ahead)
            await _swept(redis, before)
            rss = max(rss, _rss(int(process)))
        pruned = int(await redis.hlen(f"{KEYS}stubs"))
        used = await _bytes(redis)
    hear, tell = fresh.Pipe(duplex=False)
    await redis.delete(f"{PREFIX}:lease:editor", *(f"{PREFIX}:lease:{n}" for n in CAPABILITIES))
    with processes((_bot, (url, pointed, ahead, asked, time.time(), tell))):
        _, newest, _, everything, pause = await _heard(hear, 5)
    what = f"{size // 1000} KB a story"
    return [
        Line(
            f"Redis after a year and {HOURS} h, {what}",
            f"{used / 10**9:.2f} GB",
            f"{await redis.zcard(f'{KEYS}index'):,} stories, {pruned:,} of them packed",
            "",
            "≤ 4 GB",
            used <= REDIS,
        ),
        Line(
            f"the process, most memory, {what}",
            f"{rss / 10**6:.0f} MB",
            "",
            "",
            "≤ 600 MB",
            rss <= PROCESS,
        ),
        Line(
            f"first right answer after the start, {what}",
            f"{newest:.1f} s",
            "",
            "",
            "≤ 2 s",
            newest <= FIRST_S,
        ),
        Line(
            f"every story can be asked about, {what}",
            f"{everything:.1f} s",
            f"longest pause of the loop {pause * 1000:.0f} ms",
            "",
            "≤ 20 s",
            everything <= ALL_S,
        ),
    ]


async def _one_hour(redis: Redis, bodies: Sequence[Story], hour: int, ahead: Any) -> None:
    """Publish an hour's share of new stories, each with all its revisions, and their cards."""
    archive, ledger = Archive(redis, PREFIX), RedisLedger(redis, PREFIX)
    ahead.value += 3600
    share = [n for n in range(A_DAY) if n * 24 // A_DAY == hour % 24]
    for number in share:
        at = datetime.now(UTC) + timedelta(seconds=ahead.value)
        base = _story(bodies, 0, number)
        name, title = f"new-{hour // 24}-{number}", f"{base.title} new {hour}"
        base = replace(base, id=StoryId(name), title=title, updated_at=at)
        for revision in range(1, REVISIONS + 1):
            story = replace(base, headline=f"{base.headline} {revision}", revision=revision)
            await archive.accept(story, at)
        row = CardRecord(State.SHOWN, at, REVISIONS, message_id="123456789012345678", posted_at=at)
        await asyncio.gather(*(ledger.write(chat, base.id, row) for chat in _chats()))


async def _swept(redis: Redis, before: Any) -> None:
    """Wait until old data was pruned."""
    for _ in range(600):
        await asyncio.sleep(0.1)
        if await redis.hget(f"{KEYS}pruning", "at") != before:
            await asyncio.sleep(0.5)  # until it has read its clock again
            return
    raise RuntimeError("nothing was pruned")


async def _bytes(redis: Redis) -> int:
    return int((await redis.info("memory"))["used_memory"])


async def _heard(hear: Connection, many: int) -> list[float]:
    return [await asyncio.to_thread(hear.recv) for _ in range(many)]


def _rss(process: int) -> int:
    """The memory of a process, in bytes."""
    status = Path(f"/proc/{process}/status").read_text()
    return 1024 * int(status.partition("VmRSS:")[2].split()[0])
