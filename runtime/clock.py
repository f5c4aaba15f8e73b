"""The time for the bot, even if someone sets the machine's clock while it runs."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from runtime.alarms import Alarms
from runtime.away import StorageAway

LOOK_S = 10.0
FOLLOWED = timedelta(seconds=60)
"""A wall clock that is off by at most this is followed: NTP corrections and drift."""
APART = timedelta(hours=1)
"""The most by which Redis's clock may differ from ours."""
KEPT = 100_000
"""How many future times are remembered."""


def _wall() -> datetime:
    return datetime.now(UTC)


def steadily() -> float:
    """Monotonic seconds, including time spent asleep where the system can tell."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Clock:
    """The wall clock as it was at the start, plus the seconds since then.

    A step of the wall clock raises an alarm. It is followed only forwards, and only if Redis's
    clock agrees, which means that the machine slept. The bot's time never goes backwards while it
    runs.
    """

    def __init__(
        self,
        alarms: Alarms,
        *,
        wall: Callable[[], datetime] = _wall,
        steady: Callable[[], float] = steadily,
    ) -> None:
        self._alarms = alarms
        self._wall = wall
        self._steady = steady
        self._began = wall()
        self._began_steady = steady()
        self._followed = timedelta(0)
        """How much of the wall clock's steps has been followed so far."""
        self._certain = True

    def is_certain(self) -> bool:
        """False once a clock was seen to be wrong: nothing is deleted because of its age.

        It becomes true again with a restart, or when the clocks agree again as before.
        """
        return self._certain

    def now(self) -> datetime:
        """The bot's time, in UTC."""
        return self._began + timedelta(seconds=self._steady() - self._began_steady)

    async def run(self, theirs: Callable[[], Awaitable[datetime]]) -> None:
        """Check the clocks until cancelled.

        `theirs` reads Redis's clock, and may raise StorageAway.
        """
        while True:
            await self.look(theirs)
            await asyncio.sleep(LOOK_S)

    async def look(self, theirs: Callable[[], Awaitable[datetime]]) -> None:
        """Compare the clocks once."""
        try:
            redis: datetime | None = await theirs()
        except StorageAway:
            redis = None
        ours, wall = self.now(), self._wall()
        step = wall - ours
        slept = redis is not None and step > FOLLOWED and abs(redis - wall) <= FOLLOWED
        if abs(step) <= FOLLOWED or slept:
            self._began += step
        if slept:
            self._followed += step
        why = self._wrong(self.now(), wall, redis)
        self._certain = why is None
        if why is None:
            self._alarms.clear("clock")
        else:
            self._alarms.report(
                "clock", f"{why}. Until then no chat is forgotten, and no record for its age."
            )

    def _wrong(self, ours: datetime, wall: datetime, redis: datetime | None) -> str | None:
        if abs(wall - ours) > FOLLOWED:
            return (
                f"This machine's clock was set to {_said(wall)} while the bot ran, and the bot "
                f"goes on by the time before: set the clock right, or start the bot again"
            )
        if self._followed:
            return (
                f"This machine's clock and Redis's were set ahead by {self._followed} while the "
                "bot ran, and it goes by them: if that is right, start the bot again"
            )
        if redis is not None and abs(redis - ours) > APART:
            return (
                f"This machine's clock says {_said(ours)}, Redis's {_said(redis)}: set the wrong "
                "one right"
            )
        return None


def _said(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


class Past:
    """Reads times that may have been written by a wrong clock.

    A time in the future counts as the moment at which it was first seen, so that nothing waits for
    it: something due a minute after it happens a minute after that moment.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._ahead: dict[datetime, datetime] = {}

    def __call__(self, moment: datetime) -> datetime:
        now = self._now()
        if moment <= now:
            return moment
        seen = self._ahead.get(moment)
        if seen is None or seen > now:
            if len(self._ahead) >= KEPT:
                self._ahead.clear()
            seen = self._ahead[moment] = now
        return seen
