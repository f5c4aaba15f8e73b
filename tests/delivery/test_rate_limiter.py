"""The rate limiter never exceeds what a platform allows, no matter who asks or when."""

import asyncio
from bisect import bisect_left
from collections.abc import Coroutine
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.delivery.rate_limiter import RateLimiter
from bot.model.capabilities import Capabilities, Limits
from bot.model.chat import Chat
from bot.platforms.discord.capabilities import DISCORD
from bot.platforms.telegram.capabilities import TELEGRAM
from tests.simulation.clock import VirtualLoop

NORTH, SOUTH, EAST = (Chat("discord", number) for number in "123")
GROUP, TOPIC = Chat("telegram", "-1"), Chat("telegram", "-1/7")
PERSON = Chat("telegram", "5")


def run(
    able: Capabilities, do: Coroutine[None, None, None], rate_limiter: list[RateLimiter]
) -> None:
    """Run something in virtual time, with a pace of its own in `pace`."""
    loop = VirtualLoop()
    rate_limiter.append(RateLimiter(able, clock=loop.time))
    try:
        loop.run_until_complete(do)
    finally:
        loop.close()


def most_within(moments: list[float], seconds: float) -> int:
    """The most that fell into any stretch of so many seconds."""
    ordered = sorted(moments)
    return max(
        (bisect_left(ordered, at + seconds - 1e-6) - number for number, at in enumerate(ordered)),
        default=0,
    )


@settings(max_examples=60, deadline=None)
@given(
    able=st.sampled_from([DISCORD, TELEGRAM]),
    asked=st.lists(
        st.tuples(st.integers(0, 5), st.floats(0, 40), st.integers(1, 12)), min_size=1, max_size=25
    ),
)
def test_whoever_asks_when_the_limits_hold(
    able: Capabilities, asked: list[tuple[int, float, int]]
) -> None:
    chats = [Chat("any", f"-{n}" if n % 2 else f"{n + 1}") for n in range(6)]
    taken: list[tuple[float, Chat]] = []
    rate_limiter: list[RateLimiter] = []

    async def ask(chat: Chat, after: float) -> None:
        await asyncio.sleep(after)
        await rate_limiter[0].take(chat)
        taken.append((asyncio.get_running_loop().time(), chat))

    async def all_ask() -> None:
        await asyncio.gather(
            *(ask(chats[n], after) for n, after, times in asked for _ in range(times))
        )

    run(able, all_ask(), rate_limiter)
    limits = able.limits
    assert len(taken) == sum(times for *_, times in asked)
    assert most_within([at for at, _ in taken], 1.0) <= limits.per_second
    for chat in chats:
        moments = [at for at, each in taken if each == chat]
        assert most_within(moments, limits.chat_gap_s) <= 1
        if limits.group_per_minute is not None and chat.address.startswith("-"):
            assert most_within(moments, 60.0) <= limits.group_per_minute


def test_a_chat_that_was_written_to_rests() -> None:
    rate_limiter: list[RateLimiter] = []

    async def write() -> None:
        assert rate_limiter[0].rest(NORTH) == 0
        await rate_limiter[0].take(NORTH)
        assert rate_limiter[0].rest(NORTH) == pytest.approx(DISCORD.limits.chat_gap_s)
        assert rate_limiter[0].rest(SOUTH) == 0

    run(DISCORD, write(), rate_limiter)


def test_a_group_rests_when_its_minute_is_full_and_its_topics_with_it() -> None:
    rate_limiter: list[RateLimiter] = []

    async def write() -> None:
        for number in range(18):
            await rate_limiter[0].take(TOPIC if number % 2 else GROUP)
        for _ in range(18):
            await rate_limiter[0].take(PERSON)
        assert rate_limiter[0].rest(GROUP) == rate_limiter[0].rest(TOPIC) > 20
        assert rate_limiter[0].rest(PERSON) <= 1

    run(TELEGRAM, write(), rate_limiter)


def test_what_another_process_did_counts() -> None:
    rate_limiter: list[RateLimiter] = []

    async def take_over() -> None:
        rate_limiter[0].remember(GROUP, [float(age) for age in range(10, 28)])
        assert rate_limiter[0].rest(GROUP) == pytest.approx(60 - 27)
        rate_limiter[0].remember(TOPIC, [1.0])
        assert rate_limiter[0].rest(GROUP) == pytest.approx(60 - 26)

    run(TELEGRAM, take_over(), rate_limiter)


def test_who_takes_over_leaves_room_for_what_the_one_before_sent_in_the_last_second() -> None:
    rate_limiter: list[RateLimiter] = []
    sent: list[float] = []

    async def take_over() -> None:
        loop = asyncio.get_running_loop()
        before = RateLimiter(DISCORD, clock=loop.time)
        for limiter in (before, rate_limiter[0]):
            limiter.take_over()
            for number in range(100):
                await limiter.take(Chat("discord", str(number)))
                sent.append(loop.time())

    run(DISCORD, take_over(), rate_limiter)
    assert most_within(sent, 1.0) <= DISCORD.limits.per_second


def test_a_429_is_obeyed_in_its_chat_and_when_another_has_one_everywhere() -> None:
    rate_limiter: list[RateLimiter] = []

    async def be_refused() -> None:
        loop = asyncio.get_running_loop()
        rate_limiter[0].too_fast(NORTH, timedelta(seconds=8))
        rate_limiter[0].too_fast(NORTH, timedelta(seconds=2))
        assert rate_limiter[0].rest(NORTH) == pytest.approx(8)
        assert rate_limiter[0].rest(SOUTH) == 0
        before = loop.time()
        await rate_limiter[0].take(EAST)
        assert loop.time() == before
        rate_limiter[0].too_fast(SOUTH, timedelta(seconds=5))
        await rate_limiter[0].take(EAST)
        assert loop.time() - before == pytest.approx(5)

    run(DISCORD, be_refused(), rate_limiter)


def test_a_429_in_a_topic_is_obeyed_in_its_group() -> None:
    rate_limiter = RateLimiter(TELEGRAM, clock=lambda: 100.0)
    rate_limiter.too_fast(TOPIC, timedelta(seconds=8))
    assert rate_limiter.rest(GROUP) == rate_limiter.rest(TOPIC) == 8


def test_of_very_many_chats_those_that_rest_are_remembered() -> None:
    rate_limiter: list[RateLimiter] = []

    async def write() -> None:
        rate_limiter[0].too_fast(EAST, timedelta(seconds=100))
        for number in range(10_000):
            await rate_limiter[0].take(Chat("discord", f"9{number}"))
        await asyncio.sleep(70)
        for chat in (NORTH, SOUTH):
            await rate_limiter[0].take(chat)
        assert len(rate_limiter[0]._chats) < 10
        assert rate_limiter[0].rest(NORTH) == pytest.approx(10)
        assert rate_limiter[0].rest(EAST) == pytest.approx(30)

    endless = replace(DISCORD, limits=Limits(per_second=1e9, chat_gap_s=10))
    run(endless, write(), rate_limiter)


def test_five_thousand_refusals_in_ten_minutes_stop_us_until_the_first_is_forgotten() -> None:
    rate_limiter: list[RateLimiter] = []

    most, window_s = DISCORD.limits.refusals

    async def be_refused() -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        for _ in range(most - 2):
            rate_limiter[0].refused()
        rate_limiter[0].too_fast(NORTH, timedelta(0))
        await rate_limiter[0].take(NORTH)
        assert loop.time() == began, "one less than too many"
        await asyncio.sleep(100)
        rate_limiter[0].refused()
        await rate_limiter[0].take(SOUTH)
        assert loop.time() - began == pytest.approx(window_s)
        await rate_limiter[0].take(EAST)
        assert loop.time() - began < window_s + 1, "and then it goes on"

    run(DISCORD, be_refused(), rate_limiter)


def test_so_many_cards_are_published_in_a_channel_and_no_more_until_the_first_is_past() -> None:
    now = [0.0]
    rate_limiter = RateLimiter(DISCORD, clock=lambda: now[0])
    assert DISCORD.limits.publishes is not None
    most, window_s = DISCORD.limits.publishes
    rate_limiter.published(NORTH, [50.0] * (most - 1))
    assert rate_limiter.publish_rest(NORTH) == 0
    rate_limiter.published(NORTH)
    assert rate_limiter.publish_rest(NORTH) == window_s - 50
    assert rate_limiter.publish_rest(SOUTH) == 0
    now[0] = window_s - 50
    assert rate_limiter.publish_rest(NORTH) == 0
    rate_limiter.published_enough(NORTH, timedelta(seconds=700))
    assert rate_limiter.publish_rest(NORTH) == 700
    assert RateLimiter(TELEGRAM).publish_rest(NORTH) is None
