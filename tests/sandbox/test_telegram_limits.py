"""Telegram takes so much and no more."""

import asyncio
from datetime import timedelta

import aiohttp
import pytest
from telegram.error import BadRequest, RetryAfter

from sandbox.telegram import CHANNEL, GROUP, MIRA
from sandbox.telegram.limits import Flood
from tests.running import eventually
from tests.sandbox.telegram_kit import bot_of, served


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 1_795_000_000.0

    def __call__(self) -> float:
        return self.now


def test_one_chat_takes_a_short_burst_and_then_one_a_second() -> None:
    clock = Clock()
    flood = Flood(clock)
    assert [flood.take(1, group=False) for _ in range(4)] == [0, 0, 0, 1]
    assert flood.take(2, group=False) == 0
    clock.now += 1
    assert [flood.take(1, group=False) for _ in range(2)] == [0, 1]
    clock.now += 3
    assert [flood.take(1, group=False) for _ in range(4)] == [0, 0, 0, 1]


def test_a_group_takes_twenty_a_minute() -> None:
    clock = Clock()
    flood = Flood(clock)
    for _ in range(20):
        assert flood.take(1, group=True) == 0
        clock.now += 1
    assert flood.take(1, group=True) == 40
    assert flood.take(2, group=True) == 0
    clock.now += 40
    assert [flood.take(1, group=True) for _ in range(2)] == [0, 1]


def test_all_chats_together_take_thirty_a_second() -> None:
    clock = Clock()
    flood = Flood(clock)
    assert {flood.take(chat, group=False) for chat in range(30)} == {0}
    assert flood.take(30, group=False) == 1
    clock.now += 1
    assert flood.take(30, group=False) == 0


async def test_a_bot_that_floods_is_told_how_long_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "1")  # the library's old answer to this warns
    clock = Clock()
    async with served(limits=True, clock=clock) as telegram, bot_of(telegram) as bot:
        for _ in range(3):
            sent = await bot.send_message(CHANNEL, "Ferry")
        with pytest.raises(RetryAfter) as refused:
            await bot.send_message(CHANNEL, "Ferry")
        assert refused.value.retry_after == timedelta(seconds=1)
        assert telegram.calls[-1].answer["description"] == "Too Many Requests: retry after 1"
        with pytest.raises(RetryAfter):  # edits count as messages do
            await sent.edit_text("Ferry back")
        clock.now += 1
        await sent.edit_text("Ferry back")
        with pytest.raises(RetryAfter):
            await bot.send_message(CHANNEL, "Ferry")
        await bot.send_message(GROUP, "Ferry")
        assert len(telegram.messages(CHANNEL)) == 3


async def test_the_wait_stands_in_the_header_too() -> None:
    async with served(limits=True, clock=Clock()) as telegram, aiohttp.ClientSession() as session:
        url = f"{telegram.api_url}/bot{telegram.token}/sendMessage"
        for _ in range(4):
            async with session.post(url, json={"chat_id": GROUP, "text": "Ferry"}) as response:
                answer = await response.json()
    assert (response.status, response.headers["Retry-After"]) == (429, "1")
    assert answer["parameters"] == {"retry_after": 1}


async def test_what_is_refused_for_another_reason_is_not_counted() -> None:
    async with served(limits=True, clock=Clock()) as telegram, bot_of(telegram) as bot:
        sent = await bot.send_message(CHANNEL, "Ferry")
        for _ in range(5):
            with pytest.raises(BadRequest, match="not modified"):
                await sent.edit_text("Ferry")
        for _ in range(2):
            await bot.send_message(CHANNEL, "Ferry")


async def test_answers_to_people_do_not_count_where_limits_are_off() -> None:
    async with served(clock=Clock()) as telegram, bot_of(telegram) as bot:
        await telegram.open(MIRA)
        for _ in range(40):
            await bot.send_message(MIRA, "Ferry")
        assert len(telegram.messages(MIRA)) == 41


async def test_a_slow_call_is_done_at_once_and_answered_late() -> None:
    async with served() as telegram, bot_of(telegram) as bot:
        telegram.slow_next("sendMessage", 1.0)
        answer = asyncio.create_task(bot.send_message(GROUP, "slow"))
        await eventually(lambda: telegram.messages(GROUP)[-1].get("text") == "slow")
        assert not answer.done()
        await bot.send_message(CHANNEL, "the next one is not slow")
        assert not answer.done()
        assert (await answer).text == "slow"
