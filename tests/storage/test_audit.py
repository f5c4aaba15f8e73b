"""Who changed what in a chat is remembered, in Redis and in the tests' memory alike."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis.asyncio import Redis

from bot.model.audit import AuditEntry
from bot.model.chat import Chat
from bot.storage import audit as stored
from bot.storage.audit import KEPT, RedisAudit
from handlers.ports import Audit
from runtime.away import StorageAway
from runtime.connection import connect, text
from tests.handlers.talking import MemoryAudit
from tests.running import beside, eventually_so
from wording.acts import Act

GROUP, OTHER = Chat("telegram", "-5"), Chat("discord", "5")
MIRA, SOL = Chat("telegram", "5"), Chat("discord", "@5")
NOW = datetime.now(UTC)


def deed(number: int = 0, person: Chat = SOL, *, ago: timedelta = timedelta(0)) -> AuditEntry:
    at = NOW - ago + timedelta(seconds=number)
    return AuditEntry(at, Act("followed {what}", f"“{number} – ”"), person, "Sol @everyone")


@pytest.fixture
async def saving(redis: Redis, prefix: str) -> AsyncIterator[RedisAudit]:
    audit = RedisAudit(redis, prefix)
    async with beside(audit.run()):
        yield audit


@pytest.fixture(params=["memory", "redis", "redis, not saved yet"])
async def audit(
    request: pytest.FixtureRequest, saving: RedisAudit, redis: Redis, prefix: str
) -> Audit:
    if request.param == "memory":
        return MemoryAudit()
    return saving if request.param == "redis" else RedisAudit(redis, prefix)


def saved(redis: Redis, prefix: str, chat: Chat, last: str) -> Callable[[], Awaitable[bool]]:
    async def seen() -> bool:
        kept: list[Any] = await redis.zrangebyscore(f"{prefix}:audit:{chat}", "-inf", "+inf")
        return bool(kept) and last in text(kept[-1])

    return seen


async def test_deeds_are_read_as_they_were_written_the_newest_first(audit: Audit) -> None:
    for number in range(3):
        audit.note(GROUP, deed(number))
    audit.note(OTHER, deed(9))
    assert list(await audit.deeds(GROUP)) == [deed(2), deed(1), deed(0)]
    assert list(await audit.deeds(Chat("telegram", "-6"))) == []


async def test_a_hundred_deeds_are_kept(audit: Audit) -> None:
    for number in range(KEPT + 5):
        audit.note(GROUP, deed(number))
    kept = await audit.deeds(GROUP)
    assert [each.at for each in (kept[0], kept[-1])] == [deed(KEPT + 4).at, deed(5).at]
    assert len(kept) == KEPT


async def test_who_asks_to_be_forgotten_is_named_no_more_and_what_they_did_stays(
    audit: Audit,
) -> None:
    for number, person in enumerate((SOL, MIRA, SOL)):
        audit.note(GROUP, deed(number, person))
    audit.note(OTHER, deed(3, SOL))
    await audit.deeds(GROUP)
    assert await audit.forget(SOL) == 3
    assert [each.person for each in await audit.deeds(GROUP)] == [None, MIRA, None]
    assert [each.name for each in await audit.deeds(GROUP)] == [None, "Sol @everyone", None]
    [left] = await audit.deeds(OTHER)
    assert (left.act, left.person, left.name) == (deed(3).act, None, None)
    assert await audit.forget(SOL) == 0


async def test_another_process_reads_them_and_they_last_ninety_days(
    saving: RedisAudit, redis: Redis, prefix: str
) -> None:
    saving.note(GROUP, deed(0, ago=timedelta(days=91)))
    saving.note(GROUP, deed(1, ago=timedelta(days=89)))
    for number in range(2, KEPT + 5):
        saving.note(GROUP, deed(number))
    await eventually_so(saved(redis, prefix, GROUP, f"“{KEPT + 4} – ”"), "all are saved")
    assert await redis.zcard(f"{prefix}:audit:{GROUP}") == KEPT
    assert list(await RedisAudit(redis, prefix).deeds(GROUP)) == [
        deed(number) for number in range(KEPT + 4, 4, -1)
    ]
    for key in (f"{prefix}:audit:{GROUP}", f"{prefix}:audited:{SOL}"):
        assert 0 <= timedelta(days=90).total_seconds() - await redis.ttl(key) < 60


async def test_what_is_older_than_ninety_days_is_neither_kept_nor_told(
    saving: RedisAudit, redis: Redis, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    saving.note(OTHER, deed(0, ago=timedelta(days=91)))
    saving.note(OTHER, deed(1, ago=timedelta(days=89)))
    await eventually_so(saved(redis, prefix, OTHER, "“1 – ”"), "both are saved")
    assert await redis.zcard(f"{prefix}:audit:{OTHER}") == 1
    [left] = await RedisAudit(redis, prefix).deeds(OTHER)
    assert left.act.what == "“1 – ”"
    monkeypatch.setattr(stored, "KEPT_FOR", timedelta(days=88))  # as if two days had passed
    assert list(await RedisAudit(redis, prefix).deeds(OTHER)) == []


async def test_deeds_go_along_saved_or_not_and_their_doers_can_still_be_forgotten(
    saving: RedisAudit, redis: Redis, prefix: str
) -> None:
    saving.note(OTHER, deed(1))
    await eventually_so(saved(redis, prefix, OTHER, "“1 – ”"), "it is saved")
    unsaved = RedisAudit(redis, prefix)
    unsaved.note(OTHER, deed(2))
    await unsaved.move(OTHER, GROUP)
    assert list(await unsaved.deeds(GROUP)) == [deed(2), deed(1)]
    assert list(await unsaved.deeds(OTHER)) == []
    assert await redis.smembers(f"{prefix}:audited:{SOL}") == {str(GROUP).encode()}
    assert await unsaved.forget(SOL) == 2


async def test_nothing_in_redis_names_who_is_forgotten(
    saving: RedisAudit, redis: Redis, prefix: str
) -> None:
    saving.note(GROUP, deed(1))
    await eventually_so(saved(redis, prefix, GROUP, "Sol @everyone"), "it is saved")
    assert await RedisAudit(redis, prefix).forget(SOL) == 1
    [kept] = await redis.zrange(f"{prefix}:audit:{GROUP}", 0, -1)
    assert b"Sol" not in kept
    assert str(SOL).encode() not in kept
    assert not await redis.exists(f"{prefix}:audited:{SOL}")


async def test_a_deed_saved_twice_for_want_of_an_answer_stays_one(
    redis: Redis, prefix: str
) -> None:
    audit = RedisAudit(redis, prefix)
    audit.note(GROUP, deed(1))
    [(mark, (chat, done))] = audit._unsaved.items()
    for _ in range(2):
        await audit._save(mark, chat, done)
    assert list(await audit.deeds(GROUP)) == [done]


async def test_noting_waits_for_nothing_and_what_was_noted_is_saved_when_the_storage_is_back(
    redis: Redis, prefix: str
) -> None:
    async with connect("redis://127.0.0.1:1") as nowhere:
        audit = RedisAudit(nowhere, prefix)
        async with beside(audit.run()):
            audit.note(GROUP, deed(1))
            with pytest.raises(StorageAway):
                await audit.deeds(GROUP)
            audit._redis = redis
            await eventually_so(saved(redis, prefix, GROUP, "“1 – ”"), "it is saved")


async def test_while_the_storage_is_away_only_the_newest_wait(
    prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored, "UNSAVED", 3)
    async with connect("redis://127.0.0.1:1") as nowhere:
        audit = RedisAudit(nowhere, prefix)
        for number in range(5):
            audit.note(GROUP, deed(number))
    assert [done for _, done in audit._unsaved.values()] == [deed(2), deed(3), deed(4)]


async def test_what_the_server_refuses_is_said_to_the_operator_and_harms_no_one(
    saving: RedisAudit, redis: Redis, prefix: str, caplog: pytest.LogCaptureFixture
) -> None:
    await redis.set(f"{prefix}:audit:{GROUP}", "no sorted set")
    saving.note(GROUP, deed(1))
    saving.note(OTHER, deed(2))
    await eventually_so(saved(redis, prefix, OTHER, "“2 – ”"), "others go on being saved")
    assert "unreadable record skipped" in caplog.text


async def test_nothing_in_redis_names_a_chat_that_is_forgotten(
    saving: RedisAudit, redis: Redis, prefix: str
) -> None:
    saving.note(GROUP, deed(1))
    saving.note(OTHER, deed(2))
    await eventually_so(saved(redis, prefix, GROUP, "“1 – ”"), "it is saved")
    await eventually_so(saved(redis, prefix, OTHER, "“2 – ”"), "it is saved")
    saving.note(GROUP, deed(3))
    await saving.forget_chat(GROUP)
    assert list(await saving.deeds(GROUP)) == []
    assert not await redis.exists(f"{prefix}:audit:{GROUP}")
    assert await redis.smembers(f"{prefix}:audited:{SOL}") == {str(OTHER).encode()}
    assert list(await saving.deeds(OTHER)) == [deed(2)]


@pytest.mark.parametrize("who", ["chat", "person"])
async def test_what_is_being_saved_when_one_is_forgotten_does_not_come_back(
    saving: RedisAudit, redis: Redis, prefix: str, monkeypatch: pytest.MonkeyPatch, who: str
) -> None:
    save, begun, go_on = saving._save, asyncio.Event(), asyncio.Event()

    async def slowly(mark: str, chat: Chat, done: AuditEntry) -> None:
        begun.set()
        await go_on.wait()
        await save(mark, chat, done)

    monkeypatch.setattr(saving, "_save", slowly)
    saving.note(GROUP, deed(1))
    await begun.wait()
    forgets = saving.forget_chat(GROUP) if who == "chat" else saving.forget(SOL)
    forgetting = asyncio.create_task(forgets)
    await asyncio.wait({forgetting}, timeout=0.1)
    go_on.set()
    await forgetting
    saving.note(OTHER, deed(2, MIRA))
    await eventually_so(saved(redis, prefix, OTHER, "“2 – ”"), "what came later is saved")
    kept: list[Any] = await redis.zrange(f"{prefix}:audit:{GROUP}", 0, -1)
    assert not [each for each in kept if who == "chat" or str(SOL).encode() in each]
