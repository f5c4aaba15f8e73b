"""Detects a rollback of the storage, by a high-water mark outside of it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from itertools import count
from typing import TypeVar

from bot.delivery.ports import HighWater, Ledger
from bot.model.ledger import HighWaterMark
from runtime.away import StorageAway
from runtime.clock import Past

log = logging.getLogger(__name__)
T = TypeVar("T")

KEEP_S = 1.0
"""Seconds between two writes of the mark to disk."""
LOOK_EVERY = 30
"""After this many of those the storage is asked, so that a loss is noticed without a write."""


class RollbackWatch:
    """Knows how many rows were ever written. A storage that knows of fewer has lost some."""

    def __init__(
        self,
        platform: str,
        ledger: Ledger,
        high_water: HighWater,
        now: Callable[[], datetime],
        stepped_back: Callable[[], None],
    ) -> None:
        self._platform = platform
        self._ledger = ledger
        self._high_water = high_water
        self._now = now
        self._stepped_back = stepped_back
        self._rollback = HighWaterMark()
        self._past = Past(now)  # a doubt in the future would hold all cards until then

    @property
    def written(self) -> int:
        """The least number of rows there must be."""
        return self._rollback.written

    @property
    def doubt(self) -> datetime | None:
        """When the storage was last seen to have lost rows; None if never."""
        return self._rollback.doubt

    async def look(self) -> None:
        """Compare the mark with what the storage knows; raises StorageAway."""
        ours, kept = self._rollback, self._high_water.read()
        doubts = [self._past(doubt) for doubt in (ours.doubt, kept.doubt) if doubt is not None]
        self._rollback = HighWaterMark(max(ours.written, kept.written), max(doubts, default=None))
        least = self._rollback.written
        self.rise(await self._ledger.count(self._platform), least)

    def rise(self, written: int | None, least: int) -> bool:
        """The storage counts `written` rows; there must be at least `least`.

        `least` is from before the storage was asked, because answers may arrive out of order. False
        if the storage was rolled back. A count that can't be read proves nothing.
        """
        if written is None:
            return True
        if written >= least:
            self._rollback = HighWaterMark(
                max(written, self._rollback.written), self._rollback.doubt
            )
            return True
        log.error(
            "the storage stepped back: cards that cannot be proved are left alone",
            extra={"written": written, "known": least},
        )
        self._stepped_back()
        self._rollback = HighWaterMark(written, self._now())
        self._high_water.write(self._rollback)
        return False

    async def keep(self) -> None:
        """Keep the mark on disk up to date, until cancelled."""
        kept = self._high_water.read()
        try:
            for seconds in count(1):
                if seconds % LOOK_EVERY == 0:
                    with suppress(StorageAway):
                        await self.look()
                if (mark := self._rollback) != kept and self._high_water.write(mark):
                    kept = mark
                await asyncio.sleep(KEEP_S)
        finally:
            self._high_water.write(self._rollback)


async def patiently(call: Callable[[], Awaitable[T]]) -> T:
    """Call the storage, waiting while it is away."""
    while True:
        try:
            return await call()
        except StorageAway:
            await asyncio.sleep(1)
