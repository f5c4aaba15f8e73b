"""The desk over the real storage: a chat is forgotten for good, even while a card for it is on its
way, and only our own pins are taken away."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from redis.asyncio import Redis

from bot.delivery.desk import CardDesk
from bot.model.chat import Chat
from bot.model.due import DueSubject
from bot.model.errors import Sorry
from bot.model.ledger import CardRecord, Pin, State
from bot.storage.due import RedisDue
from bot.storage.ledger import RedisLedger
from stories.story import StoryId

MIRA, SOL = Chat("telegram", "5"), Chat("telegram", "55")
FIRE, FERRY, TRAM = StoryId("fire"), StoryId("ferry"), StoryId("tram")
SHOWN = CardRecord(State.SHOWN, datetime(2026, 6, 25, 6, 0, tzinfo=UTC), 3, "42", pin=Pin.STANDS)


class OnItsWay:
    """A reconciler with one attempt under way: once it ends, its outcome is recorded."""

    def __init__(self, ledger: RedisLedger) -> None:
        self._ledger = ledger
        self._under_way = {(MIRA, TRAM)}
        self.requests = self

    async def note(
        self, chat: Chat, story: StoryId, change: Callable[[CardRecord], CardRecord]
    ) -> None:
        if (chat, story) in self._under_way:
            self._under_way.remove((chat, story))
            await self._ledger.write(chat, story, SHOWN)


async def test_no_key_or_field_names_a_forgotten_chat(redis: Redis, prefix: str) -> None:
    ledger, due = RedisLedger(redis, prefix), RedisDue(redis, prefix)
    reconcilers: Mapping[str, Any] = {"telegram": OnItsWay(ledger)}
    desk = CardDesk(reconcilers, ledger, [ledger, due])
    for chat in (MIRA, SOL):
        await ledger.write(chat, FIRE, SHOWN)
        await ledger.write(chat, FERRY, SHOWN)
        await due.enqueue("telegram", [DueSubject(chat, FIRE, 1), DueSubject(chat, TRAM, 2)], None)
    assert await desk.cards(MIRA) == 2
    assert await desk.forget(MIRA) == 2
    assert await ledger.of_chat(MIRA) == {}
    assert await ledger.of_story(FIRE) == {SOL: SHOWN}
    assert await ledger.of_story(TRAM) == {}
    assert await due.all("telegram") == [DueSubject(SOL, FIRE, 1), DueSubject(SOL, TRAM, 2)]
    assert not [key async for key in redis.scan_iter(f"{prefix}:*{MIRA}:*")]
    assert await redis.smembers(f"{prefix}:pins:telegram") == {
        f"{SOL} {story}".encode() for story in (FIRE, FERRY)
    }
    assert await ledger.count("telegram") == 5, "what was ever written is still counted"
    assert await desk.forget(MIRA) == 0
    assert await desk.cards(SOL) == 2


@pytest.mark.parametrize("pin", [None, Pin.GOING])
async def test_a_pin_that_another_took_away_meanwhile_is_not_taken_again(
    ledger: RedisLedger, pin: Pin | None
) -> None:
    reconcilers: Mapping[str, Any] = {"telegram": OnItsWay(ledger)}
    await ledger.write(MIRA, FIRE, replace(SHOWN, pin=pin))
    with pytest.raises(Sorry, match="I haven't pinned that story here"):
        await CardDesk(reconcilers, ledger, [ledger]).unpin(MIRA, FIRE)
