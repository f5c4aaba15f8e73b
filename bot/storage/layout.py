"""The version of the key layout in Redis. A bot that finds a newer one there reads what it can, and
writes nothing."""

import asyncio
import logging
from collections.abc import Collection
from contextlib import suppress
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection

from bot.alarms import Alarms
from stories.archive import storage, text
from stories.away import StorageAway
from stories.records import Skipped, Unreadable

log = logging.getLogger(__name__)

LAYOUT = 1
"""Counts one up when an older bot would write into wrong keys, or wrongly into the right ones."""
LOOK_S = 30.0
READS = frozenset(
    """
    GET MGET HGET HMGET HGETALL HKEYS HVALS HLEN HEXISTS HSCAN SMEMBERS SISMEMBER SCARD SSCAN
    ZRANGE ZREVRANGE ZRANGEBYSCORE ZREVRANGEBYSCORE ZCARD ZSCORE ZSCAN LRANGE LLEN XRANGE
    XREVRANGE XLEN EXISTS TYPE TTL PTTL EXPIRETIME PEXPIRETIME STRLEN SCAN DBSIZE INFO TIME PING
    HELLO AUTH SELECT CLIENT COMMAND SCRIPT MULTI EXEC DISCARD RESET QUIT
    SUBSCRIBE UNSUBSCRIBE PUBLISH
    """.split()  # noqa: SIM905 - a list of words is easier to read
)
"""What is sent to a Redis of a newer layout; nothing is kept of what is published."""


class NotWritten(StorageAway):
    """A newer version has laid out the keys, so this one writes nothing there."""


class _Reading(AbstractConnection):
    """A connection that sends nothing that would write."""

    scripts: Collection[str] = ()

    def pack_command(self, *args: Any) -> list[bytes]:
        name = text(args[0]).upper()
        reads = name.partition(" ")[0] in READS
        if not reads and not (name == "EVALSHA" and text(args[1]) in self.scripts):
            raise NotWritten(f"{name} is not sent: a newer version has laid out the keys")
        return super().pack_command(*args)


class Layout:
    """Knows which version laid out the keys."""

    def __init__(
        self,
        redis: Redis,
        alarms: Alarms,
        prefix: str = "storywire",
        skipped: Skipped | None = None,
        scripts: Collection[str] = (),
    ) -> None:
        """`scripts`: the hashes of those that only read."""
        self._redis = redis
        self._alarms = alarms
        self._key = f"{prefix}:layout"
        self._skipped = skipped or Skipped()
        self._scripts = scripts
        self.newer = False
        """From now on nothing is written, until the process starts again."""

    @storage
    async def look(self) -> bool:
        """Whether a newer version, or nobody knows which, has laid out the keys."""
        if self.newer:
            return True
        try:
            held = await self._skipped.keep("layout", self._key, self._redis.get(self._key))
        except Unreadable:
            held = b"of another type"
        if held is None:
            with suppress(StorageAway):  # it is written when it can be
                await self._write()
            return False
        version = self._skipped.read("layout", self._key, int, held)
        self.newer = version is None or version > LAYOUT
        if self.newer:
            said = "cannot be read" if version is None else f"has version {version}"
            self._alarms.report(
                "layout",
                f"The key layout in Redis {said}, and this bot knows {LAYOUT}: it posts and saves "
                "nothing, and answers from what it can read. Install the version that ran last.",
            )
            self._only_read()
        return self.newer

    async def watch(self) -> None:
        """Look again and again, until cancelled: a newer version may be started beside us."""
        while True:
            await asyncio.sleep(LOOK_S)
            with suppress(StorageAway):
                await self.look()

    @storage
    async def _write(self) -> None:
        await self._redis.set(self._key, LAYOUT, nx=True)

    def _only_read(self) -> None:
        """Have every connection, also those there are, send nothing that would write."""
        pool = self._redis.connection_pool
        kind: Any = type(
            "Reading", (_Reading, pool.connection_class), {"scripts": frozenset(self._scripts)}
        )
        pool.connection_class = kind
        for connection in (*pool._available_connections, *pool._in_use_connections):
            connection.__class__ = kind
