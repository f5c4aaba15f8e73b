"""Whose turn it is to ask: what fits within the last seconds, of one person and of one server."""

import asyncio

import pytest

from bot.answering import too_fast
from bot.ask_limiter import AskLimiter
from bot.model.chat import Chat
from bot.model.command import AskKind, RateLimited
from runtime.away import StorageAway

MIRA, SOL = Chat("telegram", "5"), Chat("discord", "@6")


class Clock:
    at = 100.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def turns(clock: Clock) -> AskLimiter:
    return AskLimiter(a_person=3, a_server=5, within_s=10, clock=clock)


async def took(turns: AskLimiter, times: int, person: Chat = MIRA, server: str | None = "1") -> int:
    return sum([not await turns.take(person, server) for _ in range(times)])


async def test_a_person_may_ask_so_often_and_is_told_when_again(
    turns: AskLimiter, clock: Clock
) -> None:
    for _ in range(3):
        assert await turns.take(MIRA, None) is None
        clock.at += 2
    assert await turns.take(MIRA, None) == RateLimited(4, crowd=False, told=False)
    clock.at += 3.5
    assert await turns.take(MIRA, None) == RateLimited(1, crowd=False, told=True)
    clock.at += 0.5
    assert await turns.take(MIRA, None) is None
    assert await turns.take(MIRA, None) == RateLimited(2, crowd=False, told=True)


async def test_what_is_refused_does_not_make_the_wait_longer(
    turns: AskLimiter, clock: Clock
) -> None:
    assert await took(turns, 100) == 3
    clock.at += 10
    assert await took(turns, 1) == 1


async def test_nobody_is_told_twice_within_the_window_in_one_place(
    turns: AskLimiter, clock: Clock
) -> None:
    await took(turns, 3)
    told = []
    for _ in range(40):
        hurry = await turns.take(MIRA, "1")
        told.append(hurry is not None and not hurry.told)
        clock.at += 0.2
    assert told.count(True) == 1
    assert await turns.take(MIRA, None) == RateLimited(2, crowd=False, told=False), (
        "in another place"
    )


async def test_a_press_counts_a_quarter(turns: AskLimiter) -> None:
    pressed = [await turns.take(MIRA, "1", turn=AskKind.PRESS) for _ in range(13)]
    assert [hurry is None for hurry in pressed] == [True] * 12 + [False]


async def test_many_in_one_server_wait_for_each_other_and_other_servers_do_not(
    turns: AskLimiter,
) -> None:
    people = [Chat("telegram", str(number)) for number in range(1, 8)]
    hurries = [await turns.take(person, "1") for person in people]
    assert hurries[:5] == [None] * 5
    assert hurries[5] == RateLimited(10, crowd=True, told=False)
    assert await turns.take(people[5], "2") is None
    assert await turns.take(people[6], None) is None


async def test_who_is_spared_does_not_wait_for_the_others_but_for_themselves(
    turns: AskLimiter,
) -> None:
    async def yes() -> bool:
        return True

    async def no() -> bool:
        return False

    for number in range(1, 6):
        await turns.take(Chat("telegram", str(number)), "1")
    assert await turns.take(MIRA, "1", spared=no) is not None
    for _ in range(3):
        assert await turns.take(SOL, "1", spared=yes) is None
    assert await turns.take(SOL, "1", spared=yes) == RateLimited(10, crowd=False, told=False)


async def test_who_cannot_be_told_apart_from_the_others_waits_like_them(
    monkeypatch: pytest.MonkeyPatch, turns: AskLimiter
) -> None:
    monkeypatch.setattr("bot.ask_limiter.SPARING_S", 0.01)

    async def away() -> bool:
        raise StorageAway

    async def endless() -> bool:
        await asyncio.sleep(60)
        return True

    for number in range(1, 6):
        await turns.take(Chat("telegram", str(number)), "1")
    assert await turns.take(MIRA, "1", spared=away) is not None
    assert await turns.take(SOL, "1", spared=endless) is not None


async def test_nothing_is_remembered_of_who_asked_long_ago(turns: AskLimiter, clock: Clock) -> None:
    for number in range(1, 1000):
        await turns.take(Chat("telegram", str(number)), str(number))
        clock.at += 1
    assert len(turns._people._counted) <= 10
    assert len(turns._servers._counted) <= 10


@pytest.mark.parametrize(
    ("hurry", "said"),
    [
        (
            RateLimited(4, crowd=False, told=False),
            "That's too fast. Try again in 4 seconds.",
        ),
        (RateLimited(1, crowd=False, told=False), "Try again in 1 second."),
        (
            RateLimited(2, crowd=True, told=False),
            "Too many people are asking here right now. Try again in 2 seconds.",
        ),
    ],
)
def test_who_asks_too_fast_reads_when_to_ask_again(hurry: RateLimited, said: str) -> None:
    assert said in too_fast(hurry)
