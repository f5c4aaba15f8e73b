"""A clock that is set while the bot runs moves nothing, and is told of."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.metrics import Metrics
from runtime.alarms import Alarms
from runtime.away import StorageAway
from runtime.clock import Clock, Past

NOON = datetime(2026, 6, 25, 12, tzinfo=UTC)
HOUR, YEAR = timedelta(hours=1, minutes=1), timedelta(days=365)


class Clocks:
    """The clocks of a machine and of Redis, set by hand."""

    def __init__(self) -> None:
        self.wall = self.redis = NOON
        self.steady = 7.0
        self.away = False
        self.alarms = Alarms(Metrics())
        self.clock = Clock(self.alarms, wall=lambda: self.wall, steady=lambda: self.steady)

    async def theirs(self) -> datetime:
        if self.away:
            raise StorageAway("gone")
        return self.redis

    async def pass_by(self, seconds: float) -> None:
        span = timedelta(seconds=seconds)
        self.steady += seconds
        self.wall += span
        self.redis += span
        await self.clock.look(self.theirs)

    @property
    def alarm(self) -> str:
        return self.alarms.active.get("clock", "")


@pytest.mark.parametrize("step", [HOUR, -HOUR, YEAR, -YEAR])
async def test_a_step_of_our_clock_is_not_followed_and_is_told_until_it_is_set_right(
    step: timedelta,
) -> None:
    clocks = Clocks()
    clocks.wall += step
    for _ in range(3):
        await clocks.pass_by(60)
    assert clocks.clock.now() == NOON + timedelta(minutes=3)
    assert "start the bot again" in clocks.alarm
    assert not clocks.clock.is_certain()
    clocks.wall -= step
    await clocks.pass_by(60)
    assert clocks.alarm == ""
    assert clocks.clock.is_certain()


@pytest.mark.parametrize("step", [HOUR, -HOUR, YEAR, -YEAR])
async def test_a_redis_whose_clock_is_off_is_told_and_not_followed(step: timedelta) -> None:
    clocks = Clocks()
    clocks.redis += step
    await clocks.pass_by(60)
    assert clocks.clock.now() == NOON + timedelta(minutes=1)
    assert "set the wrong one right" in clocks.alarm
    assert not clocks.clock.is_certain()


async def test_a_machine_that_slept_is_followed_and_never_goes_backwards() -> None:
    clocks = Clocks()
    clocks.wall += YEAR
    clocks.redis += YEAR
    await clocks.pass_by(60)
    assert clocks.clock.now() == clocks.wall
    assert not clocks.clock.is_certain(), "nothing is deleted on the word of a step"
    before = clocks.clock.now()
    clocks.wall -= YEAR
    clocks.redis -= YEAR
    await clocks.pass_by(60)
    assert clocks.clock.now() > before
    assert clocks.alarm


async def test_a_clock_that_drifts_is_followed() -> None:
    clocks = Clocks()
    for _ in range(100):
        clocks.wall += timedelta(seconds=2)
        clocks.redis += timedelta(seconds=2)
        await clocks.pass_by(10)
    assert clocks.clock.now() == clocks.wall
    assert clocks.alarm == ""


async def test_while_redis_is_away_no_step_is_followed() -> None:
    clocks = Clocks()
    clocks.away = True
    clocks.wall += YEAR
    await clocks.pass_by(60)
    assert clocks.clock.now() == NOON + timedelta(minutes=1)
    assert clocks.alarm


def test_a_moment_ahead_counts_as_the_moment_at_which_it_was_first_seen() -> None:
    now = [NOON]
    past = Past(lambda: now[0])
    assert past(NOON - HOUR) == NOON - HOUR
    assert past(NOON + YEAR) == NOON
    now[0] += HOUR
    assert past(NOON + YEAR) == NOON, "or whoever waits for a minute after it waits for ever"
    now[0] = NOON - YEAR
    assert past(NOON + YEAR) == NOON - YEAR
