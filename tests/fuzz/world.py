"""A running bot between both platforms and a real Redis, and everything that happens to it.

Each case is one thing that a person, a publisher, a record, Redis, a platform or a clock does. Some
last a moment and are then put right. The same seed draws the same cases.
"""

import asyncio
import random
import secrets
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from runtime.away import StorageAway
from runtime.connection import connect
from sandbox import discord as on_discord
from sandbox import telegram as on_telegram
from sandbox.discord import NoAnswer, NotOffered
from stories.archive import Archive
from tests.chaos.world import PREFIX, Plan, World, built, patiently, publish
from tests.fuzz import texts
from tests.running import eventually_so

DISCORD_WAITS_S = 3.0
"""How long Discord waits for a command's first sign."""
LASTS_S = (0.1, 1.0)
"""How long a fault lasts."""


CALM = {"ASKS_A_PERSON": "100000", "ASKS_A_SERVER": "100000"}
"""Nobody is told to ask more slowly: then little would be tried."""


@dataclass(slots=True)
class Seen:
    """What came of the cases."""

    cases: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    slowest_s: float = 0.0
    """The longest anyone on Discord waited for a first sign."""


@dataclass(slots=True)
class Fuzz:
    """The world, and what is not as it should be in it just now."""

    world: World
    redis: Redis
    rng: random.Random
    seen: Seen
    clock: Path
    disturbed_until: float = 0.0
    """Until then Discord's gateway may be away, so that nobody can be answered."""
    undoing: set[asyncio.Task[None]] = field(default_factory=set)
    busy: set[str] = field(default_factory=set)
    """Keys and faults that are in use: no two cases spoil the same thing at once."""

    def later(self, undo: Callable[[], Awaitable[None]], name: str) -> None:
        """Put something right after a moment."""
        self.busy.add(name)

        async def run() -> None:
            await asyncio.sleep(self.rng.uniform(*LASTS_S))
            while True:
                try:
                    await undo()
                except (RedisError, OSError):  # another case stands in the way, for a moment
                    await asyncio.sleep(0.1)
                else:
                    break
            self.busy.discard(name)

        task = asyncio.create_task(run(), name=f"undo {name}")
        self.undoing.add(task)
        task.add_done_callback(self.undoing.discard)

    def disturb(self, seconds: float) -> None:
        self.disturbed_until = max(self.disturbed_until, time.monotonic() + seconds)


@asynccontextmanager
async def begun(plan: Plan, folder: Path) -> AsyncIterator[Fuzz]:
    """The bot, running alone; its standby is not started."""
    clock = folder / "clock"
    clock.write_text("0", "utf-8")
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(built(plan, folder, limits=False))
        first, second = world.bots
        for bot in (first, second):
            bot.kill()
        world.bots.remove(second)
        first.run_as("tests.fuzz.stepped", {"TEST_CLOCK": str(clock), **CALM})
        await eventually_so(first.is_up, "the bot runs")  # before, it would not know a signal
        client = await stack.enter_async_context(connect(world.redis.url))
        fuzz = Fuzz(world, client, world.rng, Seen(), clock)
        yield fuzz


async def play(fuzz: Fuzz, cases: int) -> None:
    """Play so many cases, several at once, then put everything right."""
    kinds = [kind for kind, weight in KINDS.items() for _ in range(weight)]
    for number in range(fuzz.world.plan.stories):
        await publish(fuzz.world, number)
    running: set[asyncio.Task[None]] = set()
    for _ in range(cases):
        kind = fuzz.rng.choice(kinds)
        fuzz.seen.cases[kind.__name__] += 1
        running.add(asyncio.create_task(_one(fuzz, kind), name=kind.__name__))
        if len(running) >= 4:
            _, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        [bot] = fuzz.world.bots
        if not bot.runs:
            fuzz.seen.wrong.append(f"the bot ended by itself; the last case was {kind.__name__}")
            bot.start()
            await eventually_so(bot.is_up, "the bot runs again")
            fuzz.disturb(10)
    if running:
        await asyncio.wait(running)
    while fuzz.undoing:
        await asyncio.wait(set(fuzz.undoing))


async def _one(fuzz: Fuzz, kind: "Case") -> None:
    # What another case did may stand in this one's way: that is no fault of the bot's.
    with suppress(StorageAway, RedisError, OSError, NotOffered, on_telegram.NotPossible):
        await kind(fuzz)


Case = Callable[[Fuzz], Awaitable[None]]


# People.


async def someone_asks_on_discord(fuzz: Fuzz) -> None:
    there, rng = fuzz.world.discord, fuzz.rng
    if not there.view()["connected"]:
        return
    person = rng.choice([on_discord.MIRA, on_discord.SOL])
    place = rng.choice([on_discord.NEWS, on_discord.GENERAL, there.dm(person)])
    offered = [command for command in there.view()["commands"] if command["type"] == 1]
    if not offered:
        return
    command = rng.choice(offered)
    options = {
        option["name"]: texts.text(rng, option.get("max_length", 300)) or "x"
        for option in command.get("options", ())
        if option["type"] == 3 and (option.get("required") or rng.random() < 0.8)
    }
    typed = [o["name"] for o in command.get("options", ()) if o.get("autocomplete")]
    if typed and rng.random() < 0.4:
        await _in_time(
            fuzz, command["name"], there.autocomplete(
                person, place, command["name"], typed[0], {typed[0]: texts.text(rng, 100)}
            )
        )  # fmt: skip
    else:
        await _in_time(
            fuzz, command["name"], there.slash(person, place, command["name"], options, timeout=60)
        )


async def someone_presses_on_discord(fuzz: Fuzz) -> None:
    there, rng = fuzz.world.discord, fuzz.rng
    if not there.view()["connected"]:
        return
    channel = rng.choice([on_discord.NEWS, on_discord.GENERAL, *_chats(fuzz, "discord")])
    person = rng.choice([on_discord.MIRA, on_discord.SOL])
    buttons = [
        (message, item)
        for message in there.messages(channel, person)
        for row in message.get("components", ())
        for item in row.get("components", ())
        if item["type"] == 2 and "custom_id" in item
    ]
    if buttons:
        message, item = rng.choice(buttons)
        await _in_time(
            fuzz,
            str(item.get("label")),
            there.click(person, message, item["custom_id"], timeout=60),
        )


async def _in_time(fuzz: Fuzz, what: str, asking: Awaitable[Any]) -> None:
    """Whoever asks on Discord gets a first sign in time, but while the gateway is away."""
    began = time.monotonic()
    try:
        answer = await asking
    except NoAnswer as error:
        if began > fuzz.disturbed_until:
            fuzz.seen.wrong.append(f"{what}: {error}")
    else:
        fuzz.seen.slowest_s = max(fuzz.seen.slowest_s, getattr(answer, "acknowledged", 0.0))


async def someone_types_on_telegram(fuzz: Fuzz) -> None:
    there, rng = fuzz.world.telegram, fuzz.rng
    person = rng.choice([on_telegram.MIRA, on_telegram.SOL])
    chat = rng.choice([person, person, on_telegram.GROUP])
    command = rng.choice(["", "/", "/story ", "/faq ", "/search ", "/follow ", "/why ", "/start "])
    typed = f"{command}{texts.text(rng, 3000)}".strip()
    with suppress(UnicodeEncodeError):
        await there.say(person, chat, typed or "/help")


async def someone_types_inline(fuzz: Fuzz) -> None:
    with suppress(on_telegram.NoAnswer):  # its own time limit is longer than any of ours
        await fuzz.world.telegram.inline(on_telegram.MIRA, texts.text(fuzz.rng, 256))


async def someone_follows_a_link(fuzz: Fuzz) -> None:
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"
    payload = "".join(fuzz.rng.choices(letters, k=fuzz.rng.randrange(65)))
    await fuzz.world.telegram.open(on_telegram.MIRA, payload)


# Publishers.


async def a_story_develops(fuzz: Fuzz) -> None:
    await publish(fuzz.world, fuzz.rng.randrange(fuzz.world.plan.stories))


async def a_document_is_left(fuzz: Fuzz) -> None:
    raw = texts.document(fuzz.rng)
    await patiently(lambda: Archive(fuzz.redis, PREFIX).leave(raw))


async def a_document_is_said(fuzz: Fuzz) -> None:
    await fuzz.redis.publish(f"{PREFIX}:updates", texts.document(fuzz.rng))


async def a_wake_is_made_up(fuzz: Fuzz) -> None:
    await fuzz.redis.publish(f"{PREFIX}:wake", texts.damage(fuzz.rng))


# Records.

LEFT_ALONE = ("lease:", "{archive}:epoch", "{archive}:seq", "inbox", "probe")
"""Keys whose damage is Redis losing its mind, not one bad record: the storms step them back."""


async def a_record_is_damaged(fuzz: Fuzz) -> None:
    """One value, or one field's, is not what we wrote; in the end it is what it was."""
    key = await _some_key(fuzz)
    if key is None:
        return
    harm = texts.damage(fuzz.rng)
    match await fuzz.redis.type(key):
        case b"string":
            was: Any = await fuzz.redis.get(key)
            await fuzz.redis.set(key, harm, keepttl=True)

            async def undo() -> None:
                if await fuzz.redis.get(key) != harm:
                    fuzz.seen.wrong.append(f"{key!r} could not be read, and was overwritten")
                await fuzz.redis.set(key, was, keepttl=True)

        case b"hash":
            fields = await fuzz.redis.hkeys(key)
            if not fields:
                fuzz.busy.discard(f"key {key!r}")
                return
            name = fuzz.rng.choice(sorted(fields))
            was = await fuzz.redis.hget(key, name)
            await fuzz.redis.hset(key, name, harm)

            async def undo() -> None:
                now: Any = await fuzz.redis.hget(key, name)
                if now == harm:
                    await fuzz.redis.hset(key, name, was)
                elif not (_may_be_anew(key) or _is_known_anew(key, now)):
                    fuzz.seen.wrong.append(
                        f"{key!r} {name!r} could not be read, and became {now!r:.200}"
                    )

        case _:
            fuzz.busy.discard(f"key {key!r}")
            return
    fuzz.later(undo, f"key {key!r}")


def _may_be_anew(key: bytes) -> bool:
    """What the next revision replaces whole, whatever was there before."""
    kind = key.removeprefix(f"{PREFIX}:".encode()).removeprefix(b"{archive}:")
    return kind.startswith((b"story:", b"cursor:", b"due:"))


def _is_known_anew(key: bytes, now: bytes | None) -> bool:
    """Whether what stands there is known: a card was being sent, or a chat takes us again."""
    if now is None:  # or someone had everything about them deleted
        return any(kind in key for kind in (b":troubles:", b":places:", b":audit"))
    return b":cards:" in key and (b'"state":"shown"' in now or b'"state":"sending"' in now)


async def a_key_is_of_another_type(fuzz: Fuzz) -> None:
    """A whole key stands aside for one of the wrong type, and comes back."""
    key = await _some_key(fuzz)
    if key is None:
        return
    aside = b"aside:" + secrets.token_hex(4).encode() + key
    wrong = "list" if await fuzz.redis.type(key) != b"list" else "string"
    async with fuzz.redis.pipeline(transaction=True) as pipe:
        pipe.rename(key, aside)
        if wrong == "list":
            pipe.rpush(key, b"of another type")
        else:
            pipe.set(key, b"of another type")
        await pipe.execute()

    async def undo() -> None:
        if await fuzz.redis.exists(aside):
            if await fuzz.redis.type(key) != wrong.encode():
                fuzz.seen.wrong.append(f"{key!r} was of another type, and was replaced")
            await fuzz.redis.rename(aside, key)

    fuzz.later(undo, f"key {key!r}")


async def _command(fuzz: Fuzz, *words: str | int) -> None:
    await fuzz.redis.execute_command(*words)  # type: ignore[no-untyped-call]


async def _some_key(fuzz: Fuzz) -> bytes | None:
    """A key that nothing else happens to: first a kind is drawn, then one of its keys."""
    kinds: dict[bytes, list[bytes]] = {}
    async for key in fuzz.redis.scan_iter(f"{PREFIX}:*", count=1000):
        rest = key.removeprefix(f"{PREFIX}:".encode())
        if not rest.decode().startswith(LEFT_ALONE):
            kinds.setdefault(rest.partition(b":")[0], []).append(key)
    if not kinds:
        return None
    key = fuzz.rng.choice(sorted(kinds[fuzz.rng.choice(sorted(kinds))]))
    if f"key {key!r}" in fuzz.busy:
        return None
    fuzz.busy.add(f"key {key!r}")  # at once: another case may be choosing, too
    return key


# Redis.


async def redis_refuses(fuzz: Fuzz) -> None:
    name, worse, better = fuzz.rng.choice(
        [
            ("min-replicas-to-write", "1", "0"),
            ("maxmemory", "1mb", "0"),
            ("maxclients", "1", "10000"),
        ]
    )
    if f"redis {name}" in fuzz.busy:
        return
    await fuzz.redis.config_set(name, worse)

    async def undo() -> None:
        await fuzz.redis.config_set(name, better)

    fuzz.later(undo, f"redis {name}")


async def redis_is_no_longer_the_master(fuzz: Fuzz) -> None:
    if "redis role" in fuzz.busy:
        return
    await _command(fuzz, "REPLICAOF", "127.0.0.1", "1")

    async def undo() -> None:
        await _command(fuzz, "REPLICAOF", "NO", "ONE")

    fuzz.later(undo, "redis role")


async def redis_forbids(fuzz: Fuzz) -> None:
    command = fuzz.rng.choice(["hset", "evalsha|eval", "xreadgroup", "subscribe", "get", "@write"])
    if "redis acl" in fuzz.busy:
        return
    names = [f"-{each}" for each in command.split("|")]
    await _command(fuzz, "ACL", "SETUSER", "default", *names)

    async def undo() -> None:
        await _command(fuzz, "ACL", "SETUSER", "default", "+@all")

    fuzz.later(undo, "redis acl")


async def redis_forgets_our_scripts(fuzz: Fuzz) -> None:
    await fuzz.redis.script_flush()


async def redis_hangs_up(fuzz: Fuzz) -> None:
    kind = fuzz.rng.choice(["normal", "pubsub"])
    await _command(fuzz, "CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes")


async def redis_is_busy(fuzz: Fuzz) -> None:
    await _command(fuzz, "CLIENT", "PAUSE", fuzz.rng.randrange(100, 900), "WRITE")


# Platforms.

_HTML = "<html><body><h1>502 Bad Gateway</h1></body></html>"


async def discord_answers_badly(fuzz: Fuzz) -> None:
    rng = fuzz.rng
    status, body = rng.choice(
        [
            (0, None),
            (200, None),
            (200, _HTML),
            (400, {"code": 240000, "message": "blocked"}),
            (400, {"code": 50035, "message": "Invalid Form Body"}),
            (401, {"code": 0, "message": "401: Unauthorized"}),
            (403, {"code": 50013, "message": "Missing Permissions"}),
            (404, {"code": 10008, "message": "Unknown Message"}),
            (429, {"message": "slow", "retry_after": 0.3, "global": False}),
            (429, {"message": "slow", "retry_after": 1e308, "global": False}),
            (500, _HTML),
            (503, None),
        ]
    )
    route = rng.choice(["/messages$", "/messages/", "/pins", "^/users/@me/channels", "^/channels/"])
    headers = {"Via": "1.1 discord"} if status == 429 else {}
    fuzz.world.discord.fail_next(rng.choice(["POST", "PATCH", "GET", "PUT"]), route, status, body,
                                 headers, times=rng.choice([1, 3]))  # fmt: skip


async def telegram_answers_badly(fuzz: Fuzz) -> None:
    rng = fuzz.rng
    status, description, parameters = rng.choice(
        [
            (0, None, None),
            (400, "Bad Request: have no write access to the chat", None),
            (400, "Bad Request: something nobody has heard of", None),
            (403, "Forbidden: bot was kicked from the group chat", None),
            (404, "Not Found", None),
            (409, "Conflict: terminated by other getUpdates request", None),
            (429, "Too Many Requests: retry after 1", {"retry_after": 1}),
            (429, "Too Many Requests: retry after 10", {"retry_after": 10**12}),
            (500, "Internal Server Error", None),
            (502, "Bad Gateway", None),
        ]
    )
    method = rng.choice(["sendMessage", "editMessageText", "getUpdates", "getChat.*", ".*"])
    fuzz.world.telegram.fail_next(method, status, description, parameters, times=rng.choice([1, 3]))


async def discord_hangs_up(fuzz: Fuzz) -> None:
    fuzz.disturb(30)
    what = fuzz.rng.random()
    if what < 0.5:
        await fuzz.world.discord.hang_up(fuzz.rng.choice([None, 1000, 4000, 4009, 1006]))
    elif what < 0.8:
        fuzz.world.discord.ask_to_reconnect()
    else:
        fuzz.world.discord.forget_sessions()


async def telegram_hangs_up(fuzz: Fuzz) -> None:
    await fuzz.world.telegram.drop_connections()


# Clocks.


async def the_clock_steps(fuzz: Fuzz) -> None:
    if "clock" in fuzz.busy:
        return
    hours = fuzz.rng.choice([-24 * 365, -24, -1, 1, 24, 24 * 365])
    _set_clock(fuzz, hours * 3600)

    async def undo() -> None:
        _set_clock(fuzz, 0)

    fuzz.later(undo, "clock")


def _set_clock(fuzz: Fuzz, offset_s: float) -> None:
    fuzz.clock.write_text(str(offset_s), "utf-8")
    [bot] = fuzz.world.bots
    if bot.runs:
        bot.signal(signal.SIGUSR1)


def _chats(fuzz: Fuzz, platform: str) -> list[str]:
    return [chat.address for chat in fuzz.world.chats if chat.platform == platform]


KINDS: dict[Case, int] = {
    someone_asks_on_discord: 20,
    someone_presses_on_discord: 8,
    someone_types_on_telegram: 14,
    someone_types_inline: 4,
    someone_follows_a_link: 3,
    a_story_develops: 10,
    a_document_is_left: 6,
    a_document_is_said: 3,
    a_wake_is_made_up: 2,
    a_record_is_damaged: 12,
    a_key_is_of_another_type: 5,
    redis_refuses: 2,
    redis_is_no_longer_the_master: 1,
    redis_forbids: 2,
    redis_forgets_our_scripts: 1,
    redis_hangs_up: 1,
    redis_is_busy: 1,
    discord_answers_badly: 4,
    telegram_answers_badly: 4,
    discord_hangs_up: 1,
    telegram_hangs_up: 1,
    the_clock_steps: 2,
}
"""Every kind of case, and how often it is drawn."""
