"""Follows the archive: wake-ups and catching up keep the stories in memory in step with it."""

import asyncio
import gc
import logging
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol

from runtime.away import WAIT_S, StorageAway
from runtime.slices import in_slices
from stories.changes import Changes, Cursor, Page
from stories.edition import Edition
from stories.index import StoryIndex
from stories.metrics import StoryMetrics
from stories.stub import Stub, StubError

log = logging.getLogger(__name__)

OVERLAP = 100
"""Number of editions read again after each subscription: a storage that recovered from a failure
may hold different ones under the numbers that we know."""
SLICE_OF_STUBS = 200
"""Number of stubs added to memory in one go."""
SETTLED = 250
"""After reading this many stories, Python is told that existing objects are permanent (gc.freeze).
Otherwise each garbage collection walks through all of them while answers wait."""


class Archive(Protocol):
    """What the follower reads from the archive. Every method may raise StorageAway."""

    async def since(self, cursor: Cursor) -> Changes:
        """Everything newer than `cursor`; everything there is if the cursor's epoch is over."""
        ...

    async def newest(self, below: int | None = None) -> Page:
        """A page of the index, newest first; the next page is below this page's `below`."""
        ...

    def wakes(self) -> AsyncGenerator[str]:
        """Yields a reason to read the index each time there may be one;
        subscribed before the first."""
        ...


class Follower:
    """Keeps the stories in memory in step with the archive, and sets its bells on changes."""

    def __init__(self, archive: Archive, index: StoryIndex, metrics: StoryMetrics) -> None:
        self._archive = archive
        self._index = index
        index.knows_live = index.knows_all = False
        self._metrics = metrics
        self._bells: list[asyncio.Event] = []
        self._filed = 0
        self.cursor = Cursor()
        self.hears = False
        """True while the storage answers and wake-ups are subscribed to."""

    def bell(self) -> asyncio.Event:
        """A new event that is set whenever the stories may have changed."""
        bell = asyncio.Event()
        bell.set()
        self._bells.append(bell)
        return bell

    def ring(self) -> None:
        """Set all bells."""
        for bell in self._bells:
            bell.set()

    async def run(self) -> None:
        """Follow the index for ever: on every wake-up, every (re)subscription and every sweep."""
        while True:
            try:
                async with aclosing(self._archive.wakes()) as wakes:
                    async for cause in wakes:
                        self._metrics.catch_ups.labels(cause).inc()
                        await self._catch_up(overlap=OVERLAP if cause == "subscribed" else 0)
            except StorageAway as away:
                if self.hears:
                    log.warning(
                        "the storage is away: answering from memory", extra={"why": str(away)}
                    )
                self.hears = False
                await asyncio.sleep(WAIT_S)

    async def _fill(self) -> Cursor:
        """Read the whole archive, newest first, so that live stories can be asked about at once.

        Returns the cursor from which to read what arrived meanwhile.
        """
        page = await self._archive.newest()
        begun, may_live = page.upto, datetime.now(UTC) - self._index.live_for
        await self._file(page.editions, page.stubs)
        while page.below:
            if any(edition.heard_at < may_live for edition in page.editions):
                self._index.knows_live = True
            page = await self._archive.newest(page.below)
            await self._file(page.editions, page.stubs)
        return begun

    async def _file(self, editions: Iterable[Edition], stubs: Iterable[Stub]) -> None:
        """Add them to memory in slices; questions are answered in between."""
        async for edition in in_slices(editions):
            self._index.put(edition)
            self._filed += 1
            if self._filed % SETTLED == 0 and not self._index.knows_all:
                gc.freeze()
        for number, stub in enumerate(stubs, 1):
            try:
                self._index.put_stub(stub)
            except StubError as error:
                self._metrics.unreadable.labels("stub").inc()
                log.warning("unreadable stub skipped", extra={"story": stub.id, "why": str(error)})
            if number % SLICE_OF_STUBS == 0:
                await asyncio.sleep(0)

    async def _catch_up(self, overlap: int) -> None:
        if not self.cursor.epoch:
            self.cursor = await self._fill()
        known = self.cursor
        changes = await self._archive.since(replace(known, seq=max(0, known.seq - overlap)))
        if known.seq and not changes.anew and self._lost_some(changes):
            changes = replace(await self._archive.since(Cursor(known.epoch)), anew=True)
        if changes.anew and self.cursor.epoch:
            log.warning("the archive was rolled back", extra={"epoch": changes.upto.epoch})
            self._index.clear()
            self._index.knows_live = self._index.knows_all = False
        await self._file(changes.editions, changes.stubs)
        self._index.knows_live = self._index.knows_all = True
        self.cursor = changes.upto
        self.hears = True
        self.ring()

    def _lost_some(self, changes: Changes) -> bool:
        """True if the archive no longer holds something we have read from it."""
        if changes.upto.epoch != self.cursor.epoch or changes.upto.seq < self.cursor.seq:
            return True
        upto = self.cursor.seq
        lost = (not self._index.holds(each) for each in changes.editions if each.seq <= upto)
        gone = (not self._index.has_stub(each) for each in changes.stubs if each.seq <= upto)
        return any(lost) or any(gone)
