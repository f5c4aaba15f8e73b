"""A storage that lost something is noticed, and one that answers out of order is not suspected."""

from datetime import UTC, datetime
from pathlib import Path

from redis.asyncio import Redis

from bot.delivery.tide import TideWatch
from bot.model.chat import Chat
from bot.ports import Row, State
from bot.storage.highwater import FileHighWater
from bot.storage.ledger import RedisLedger
from stories.story import StoryId

NOW = datetime(2026, 6, 25, 6, tzinfo=UTC)
ROW = Row(State.SENDING, NOW, 1)
HERE, FERRY = Chat("discord", "1"), StoryId("ferry")


def watch(ledger: RedisLedger, folder: Path, seen: list[str]) -> TideWatch:
    mark = FileHighWater(folder, "test", "discord")
    return TideWatch("discord", ledger, mark, lambda: NOW, lambda: seen.append("lost"))


async def test_answers_out_of_order_are_no_loss(ledger: RedisLedger, tmp_path: Path) -> None:
    seen: list[str] = []
    tide = watch(ledger, tmp_path, seen)
    least = tide.written + 1  # both are asked before either has answered
    first, second = [await ledger.write(HERE, FERRY, ROW) for _ in range(2)]
    tide.rise(second, least)
    tide.rise(first, least)
    assert seen == []
    assert tide.doubt is None
    assert tide.written == 2


async def test_a_storage_that_forgot_rows_is_doubted(
    ledger: RedisLedger, tmp_path: Path, redis: Redis, prefix: str
) -> None:
    seen: list[str] = []
    tide = watch(ledger, tmp_path, seen)
    for _ in range(3):
        least = tide.written + 1
        tide.rise(await ledger.write(HERE, FERRY, ROW), least)
    await redis.delete(f"{prefix}:cards-written:discord")
    least = tide.written + 1
    tide.rise(await ledger.write(HERE, FERRY, ROW), least)
    assert seen == ["lost"]
    assert tide.doubt == NOW
    again = watch(ledger, tmp_path, seen)
    await again.look()
    assert again.doubt == NOW, "the next process doubts as well"
