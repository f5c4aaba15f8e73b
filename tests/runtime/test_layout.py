"""The version of the key layout: who finds a newer one writes nothing."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest
from redis.asyncio import Redis

from bot.metrics import Metrics
from bot.model.chat import Chat
from bot.model.due import DueSubject
from bot.model.ledger import CardRecord, State
from bot.model.rule import Rule
from bot.storage.due import RedisDue
from bot.storage.ledger import RedisLedger
from bot.storage.rules import RedisRules
from runtime.alarms import Alarms
from runtime.away import NotWritten
from runtime.connection import Gate, connect
from runtime.layout import LAYOUT, Layout
from runtime.lease import RedisLease
from stories.archive import Archive
from stories.changes import Cursor, Door
from stories.story import Story, StoryId

FERRY = Story(StoryId("ferry"), "Night ferry returns", ("It sailed at dusk.",))
HERE = Chat("discord", "1")
ROW = CardRecord(State.SHOWN, datetime(2026, 6, 25, tzinfo=UTC), 1, message_id="7")


async def test_the_first_to_start_writes_which_layout_it_is(redis: Redis, prefix: str) -> None:
    layout = Layout(redis, Gate(), Alarms(Metrics()), prefix)
    assert not await layout.look()
    assert await redis.get(f"{prefix}:layout") == b"1"
    assert not await layout.look()


WRITES: dict[str, Callable[[Redis, str], Awaitable[object]]] = {
    "a row": lambda redis, prefix: RedisLedger(redis, prefix).write(HERE, FERRY.id, ROW),
    "a rule": lambda redis, prefix: RedisRules(redis, prefix).save(HERE, Rule(all=True)),
    "a mark": lambda redis, prefix: RedisDue(redis, prefix).enqueue(
        "discord", [DueSubject(HERE, FERRY.id, 3)], Cursor("e", 3)
    ),
    "a story": lambda redis, prefix: Archive(redis, prefix).accept(FERRY),
    "a refused document": lambda redis, prefix: Archive(redis, prefix).reject(
        Door.PUBSUB, b"", "x"
    ),
    "a lease": lambda redis, prefix: RedisLease(redis, "discord", prefix)._hold(),
    "a chat to forget": lambda redis, prefix: RedisLedger(redis, prefix).forget(HERE),
}


@pytest.mark.parametrize("held", [str(LAYOUT + 1).encode(), b"", b"\xff", b"two", b"-1", None])
async def test_who_finds_another_layout_reads_and_writes_nothing(
    redis: Redis, redis_url: str, prefix: str, held: bytes | None
) -> None:
    archive = Archive(redis, prefix)
    await archive.accept(FERRY)
    await RedisRules(redis, prefix).save(HERE, Rule(all=True))
    await RedisLedger(redis, prefix).write(HERE, FERRY.id, ROW)
    if held is None:
        await redis.rpush(f"{prefix}:layout", "of another type")
    else:
        await redis.set(f"{prefix}:layout", held)
    before = await _dump(redis, prefix)
    gate = Gate()
    async with connect(redis_url, gate=gate) as client:
        ours = Archive(client, prefix)
        gate.scripts = frozenset({ours.reading})
        await ours.ping()  # a connection there is already
        alarms = Alarms(Metrics())
        layout = Layout(client, gate, alarms, prefix)
        assert await layout.look()
        assert "Install the version that ran last" in alarms.active["layout"]
        assert [each.story.id for each in (await ours.since(Cursor())).editions] == [FERRY.id]
        assert await RedisRules(client, prefix).load() == {HERE: Rule(all=True)}
        assert await RedisLedger(client, prefix).of_chat(HERE) == {FERRY.id: ROW}
        assert not await RedisLease(client, "discord", prefix).taken()
        for write in WRITES.values():
            with pytest.raises(NotWritten):
                await write(client, prefix)
        assert await _dump(redis, prefix) == before
        await redis.delete(f"{prefix}:layout")  # as whoever put it right would
        await redis.set(f"{prefix}:layout", LAYOUT)
        assert not await layout.look()
        assert alarms.active == {}
        assert await RedisLease(client, "discord", prefix)._hold()


async def _dump(redis: Redis, prefix: str) -> dict[str | bytes, object]:
    return {key: await redis.dump(key) async for key in redis.scan_iter(f"{prefix}:*")}
