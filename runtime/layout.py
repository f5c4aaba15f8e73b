"""The version of the key layout in Redis.

A bot that finds a newer version there reads what it can, and writes nothing until that is over.
"""

import asyncio
from contextlib import suppress

from redis.asyncio import Redis

from runtime.alarms import Alarms
from runtime.away import StorageAway
from runtime.connection import Gate, storage
from runtime.records import Skipped, Unreadable

ALARM = "layout"
LAYOUT = 1
"""Incremented when an older bot would write to wrong keys, or wrongly to the right ones."""
LOOK_S = 15.0


class Layout:
    """Checks which version laid out the keys, and closes the gate while it isn't ours."""

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
        """True if a newer or unknown version has laid out the keys, so nothing is written."""
        return self._gate.closed

    async def becomes(self, *, newer: bool) -> None:
        """Wait until `newer` has this value."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.newer is newer)

    @storage
    async def look(self) -> str | None:
        """Check the version; returns why nothing may be written, or None."""
        if not self.newer:
            with suppress(StorageAway):  # it is written when it can be
                await self._redis.set(self._key, LAYOUT, nx=True)
        why = await self.fault()
        if why is None:
            self._alarms.clear(ALARM)
        else:
            self._alarms.report(ALARM, why)
        self._gate.closed = why is not None
        async with self._changed:
            self._changed.notify_all()
        return why

    @storage
    async def fault(self) -> str | None:
        """Why this version may not write, or None."""
        try:
            held = await self._skipped.keep("layout", self._key, self._redis.get(self._key))
        except Unreadable:
            held = b"of another type"
        version = LAYOUT
        if held is not None:
            version = self._skipped.read("layout", self._key, _version, held) or 0
        if 1 <= version <= LAYOUT:
            return None
        said = f"has version {version}" if version else "cannot be read"
        return (
            f"The key layout in Redis {said}, but this bot knows {LAYOUT}: it posts and saves "
            "nothing, and answers from what it can read. Install the version that ran last."
        )

    async def watch(self) -> None:
        """Check regularly until cancelled, because a newer version may be started beside us."""
        while True:
            await asyncio.sleep(LOOK_S)
            with suppress(StorageAway):
                await self.look()


def _version(held: bytes | str) -> int:
    version = int(held)
    if version < 1:
        raise ValueError(f"it is {version}, where a version counts from 1")
    return version
