"""A storage that lost something is noticed, and one that answers out of order is not suspected."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from redis.asyncio import Redis

from bot.delivery import rollback as tides
from bot.delivery.rollback import RollbackWatch
from bot.model.chat import Chat
from bot.model.ledger import CardRecord, HighWaterMark, State
from bot.storage.highwater import FileHighWater
from bot.storage.ledger import RedisLedger
from runtime.data_folder import DataFolder
from stories.story import StoryId
from tests.running import beside, eventually

NOW = datetime(2026, 6, 25, 6, tzinfo=UTC)
ROW = CardRecord(State.SENDING, NOW, 1)
HERE, FERRY = Chat("discord", "1"), StoryId("ferry")


def watch(ledger: RedisLedger, folder: Path, seen: list[str]) -> RollbackWatch:
    mark = FileHighWater(DataFolder(folder), "test", "discord")
    return RollbackWatch("discord", ledger, mark, lambda: NOW, lambda: seen.append("lost"))


async def test_answers_out_of_order_are_no_loss(ledger: RedisLedger, tmp_path: Path) -> None:
    seen: list[str] = []
    rollback = watch(ledger, tmp_path, seen)
    least = rollback.written + 1  # both are asked before either has answered
    first, second = [await ledger.write(HERE, FERRY, ROW) for _ in range(2)]
    rollback.rise(second, least)
    rollback.rise(first, least)
    assert seen == []
    assert rollback.doubt is None
    assert rollback.written == 2


async def test_a_storage_that_forgot_rows_is_doubted(
    ledger: RedisLedger, tmp_path: Path, redis: Redis, prefix: str
) -> None:
    seen: list[str] = []
    rollback = watch(ledger, tmp_path, seen)
    for _ in range(3):
        least = rollback.written + 1
        rollback.rise(await ledger.write(HERE, FERRY, ROW), least)
    await redis.delete(f"{prefix}:cards-written:discord")
    least = rollback.written + 1
    rollback.rise(await ledger.write(HERE, FERRY, ROW), least)
    assert seen == ["lost"]
    assert rollback.doubt == NOW
    again = watch(ledger, tmp_path, seen)
    await again.look()
    assert again.doubt == NOW, "the next process doubts as well"


async def test_a_storage_that_knows_less_than_the_disk_is_doubted_before_anything_is_written(
    ledger: RedisLedger, tmp_path: Path
) -> None:
    seen: list[str] = []
    FileHighWater(DataFolder(tmp_path), "test", "discord").write(HighWaterMark(2))
    await ledger.write(HERE, FERRY, ROW)
    rollback = watch(ledger, tmp_path, seen)
    await rollback.look()
    assert seen == ["lost"]
    assert (rollback.written, rollback.doubt) == (1, NOW)


async def test_what_is_written_is_known_on_disk_and_a_loss_is_seen_though_nothing_is_written(
    ledger: RedisLedger,
    tmp_path: Path,
    redis: Redis,
    prefix: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tides, "KEEP_S", 0.01)
    seen: list[str] = []
    rollback, mark = (
        watch(ledger, tmp_path, seen),
        FileHighWater(DataFolder(tmp_path), "test", "discord"),
    )
    async with beside(rollback.keep()):
        rollback.rise(await ledger.write(HERE, FERRY, ROW), 1)
        await eventually(lambda: mark.read() == HighWaterMark(1), "it is on disk")
        await redis.delete(f"{prefix}:cards-written:discord")
        await eventually(lambda: seen == ["lost"], "the loss is seen")


async def test_whoever_stops_leaves_the_newest_on_disk(ledger: RedisLedger, tmp_path: Path) -> None:
    rollback, mark = (
        watch(ledger, tmp_path, []),
        FileHighWater(DataFolder(tmp_path), "test", "discord"),
    )
    rollback.rise(1, 1)
    async with beside(rollback.keep()):
        await eventually(lambda: mark.read() == HighWaterMark(1), "it is on disk")
        rollback.rise(2, 2)
    assert mark.read() == HighWaterMark(2)
