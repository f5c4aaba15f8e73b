"""An alarm while Redis answers “no”."""

import asyncio

from redis.asyncio import Redis

from runtime.alarms import Alarms
from runtime.away import NotWritten, StorageAway, StorageRefuses
from runtime.connection import storage

ALARM = "redis"
PROBE_EVERY_S = 3.0
"""Whoever waits for the storage asks again each second: what is still refused is heard by then."""
PROBE_LASTS_S = 60


class RefusalWatch:
    """Reports an alarm when Redis refuses something; clears it once Redis takes writes again."""

    def __init__(self, alarms: Alarms, prefix: str) -> None:
        self._alarms = alarms
        self._key = f"{prefix}:probe"
        self._refused = asyncio.Event()
        self._newest: StorageRefuses | None = None
        self._told: str | None = None
        """The code that the alarm is about."""

    @property
    def refuses(self) -> bool:
        """Redis refused something, and has not taken a write since."""
        return self._refused.is_set()

    def refused(self, refusal: StorageRefuses) -> None:
        """Redis refused a command."""
        self._newest = refusal
        if not self._refused.is_set():
            self._refused.set()
            self._tell(refusal)

    async def run(self, redis: Redis) -> None:
        """Try to write while something is refused, until cancelled."""
        while True:
            await self._refused.wait()
            self._newest = None
            await asyncio.sleep(PROBE_EVERY_S)
            try:
                await self._write(redis)
            except NotWritten:  # whether it would be refused shows once we write again
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
