"""Raises an alarm while Redis refuses, and clears it when Redis accepts writes again."""

import asyncio

from redis.asyncio import Redis

from runtime.alarms import Alarms
from runtime.away import NotWritten, StorageAway, StorageRefuses
from runtime.connection import storage

ALARM = "redis"
PROBE_EVERY_S = 3.0
"""Seconds between trial writes. Callers retry every second, so a lasting refusal is known by
then."""
PROBE_LASTS_S = 60


class RefusalWatch:
    """Raises an alarm when Redis refuses something; clears it once Redis accepts writes again."""

    def __init__(self, alarms: Alarms, prefix: str) -> None:
        self._alarms = alarms
        self._key = f"{prefix}:probe"
        self._refused = asyncio.Event()
        self._newest: StorageRefuses | None = None
        self._told: str | None = None
        """The code that the alarm is about."""

    @property
    def refuses(self) -> bool:
        """Whether Redis refused something and hasn't accepted a write since."""
        return self._refused.is_set()

    def refused(self, refusal: StorageRefuses) -> None:
        """Report a refusal: raises the alarm."""
        self._newest = refusal
        if not self._refused.is_set():
            self._refused.set()
            self._tell(refusal)

    async def run(self, redis: Redis) -> None:
        """Attempt writes while something is refused, until cancelled."""
        while True:
            await self._refused.wait()
            self._newest = None
            await asyncio.sleep(PROBE_EVERY_S)
            try:
                await self._write(redis)
            except NotWritten:  # whether it would still refuse shows when we write again
                self._clear()
            except StorageAway:
                pass
            else:
                if self._newest is None:
                    self._clear()
            if self._newest is not None and self._newest.code != self._told:
                self._tell(self._newest)

    def _clear(self) -> None:
        self._refused.clear()
        self._told = None
        self._alarms.clear(ALARM)

    def _tell(self, refusal: StorageRefuses) -> None:
        self._told = refusal.code
        self._alarms.report(ALARM, str(refusal))

    @storage
    async def _write(self, redis: Redis) -> None:
        await redis.set(self._key, b"", ex=PROBE_LASTS_S)
