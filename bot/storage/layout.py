"""The version of the key layout in Redis. A bot that finds a newer one there reads what it can, and
writes nothing until that is over."""

import asyncio
import logging
from contextlib import suppress

from redis.asyncio import Redis

from bot.alarms import Alarms
from stories.archive import Gate, storage
from stories.away import StorageAway
from stories.records import Skipped, Unreadable

log = logging.getLogger(__name__)

ALARM = "layout"
LAYOUT = 1
"""Counts one up when an older bot would write into wrong keys, or wrongly into the right ones."""
LOOK_S = 15.0


class Layout:
    """Knows which version laid out the keys, and closes the gate while it is not ours."""

    def __init__(
        self,
        redis: Redis,
        gate: Gate,
        alarms: Alarms,
        prefix: str = "storywire",
        skipped: Skipped | None = None,
    ) -> None:
        self._redis = redis
        self._gate = gate
        self._alarms = alarms
        self._key = f"{prefix}:layout"
        self._skipped = skipped or Skipped()
        self._changed = asyncio.Condition()

    @property
    def newer(self) -> bool:
        """A newer version, or nobody knows which, has laid out the keys: nothing is written."""
        return self._gate.closed

    async def becomes(self, *, newer: bool) -> None:
        """Wait until it is so."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.newer is newer)

    @storage
    async def look(self) -> bool:
        """Look which version it is; returns `newer`."""
        try:
            held = await self._skipped.keep("layout", self._key, self._redis.get(self._key))
        except Unreadable:
            held = b"of another type"
        if held is None and not self.newer:
            with suppress(StorageAway):  # it is written when it can be
                await self._redis.set(self._key, LAYOUT, nx=True)
        version = LAYOUT if held is None else self._skipped.read("layout", self._key, int, held)
        if version is not None and version <= LAYOUT:
            self._alarms.clear(ALARM)
            await self._set(closed=False)
        else:
            said = "cannot be read" if version is None else f"has version {version}"
            self._alarms.report(
                ALARM,
                f"The key layout in Redis {said}, and this bot knows {LAYOUT}: it posts and saves "
                "nothing, and answers from what it can read. Install the version that ran last.",
            )
            await self._set(closed=True)
        return self.newer

    async def watch(self) -> None:
        """Look again and again, until cancelled: a newer version may be started beside us."""
        while True:
            await asyncio.sleep(LOOK_S)
            with suppress(StorageAway):
                await self.look()

    async def _set(self, *, closed: bool) -> None:
        self._gate.closed = closed
        async with self._changed:
            self._changed.notify_all()
