"""Hearing: documents come in by one editor at a time; wakes and catch-up close every gap."""

import asyncio
import gc
import logging
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime

from bot.metrics import Metrics
from bot.ports import Archive, Lease
from runtime.away import StorageAway, StorageRefuses
from runtime.errors import LeaseLost
from runtime.records import Unreadable
from runtime.slices import in_slices
from runtime.supervision import unless_told_to_stop
from stories.index import Changes, Cursor, Door, Verdict
from stories.shelf import Edition, Shelf
from stories.stub import Stub, StubError
from stories.wire import WireError, read

log = logging.getLogger(__name__)

OVERLAP = 100
"""So many editions are read once more after each subscription: a storage that came back from a
failure may hold others under the numbers that we know."""
SLICE_OF_STUBS = 200
"""So many stubs are put on the shelf in one go."""
SETTLED = 250
"""After so many stories, while all are read, Python is told that what there is stays (gc.freeze):
else it walks through all of them whenever it looks for garbage, and answers wait for it."""
WAIT_S = 1.0
"""Between attempts to reach a storage that is away."""


class Editor:
    """Takes documents from both doors in the order they came, and accepts what is newer."""

    def __init__(
        self,
        archive: Archive,
        lease: Lease,
        metrics: Metrics,
        prune: Callable[[], Coroutine[None, None, None]] | None = None,
    ) -> None:
        """`prune` runs beside, while we hold the lease."""
        self._archive = archive
        self._prune = prune
        self._lease = lease
        self._metrics = metrics
        self._one_at_a_time = asyncio.Lock()

    async def run(self) -> None:
        """Edit while we hold the lease; stand by while another does."""
        while True:
            try:
                async with self._lease.held(), asyncio.TaskGroup() as doors:
                    doors.create_task(
                        self._watch(Door.PUBSUB, self._archive.pubsub), name="door said"
                    )
                    doors.create_task(
                        self._watch(Door.INBOX, self._archive.inbox), name="door left"
                    )
                    if self._prune is not None:
                        doors.create_task(self._prune(), name="pruning")
            except* LeaseLost:
                log.warning("another process took over", extra={"lease": "editor"})
                unless_told_to_stop()

    async def _watch(self, door: Door, documents: Callable[[], AsyncGenerator[bytes]]) -> None:
        said = ""
        while True:
            try:
                async with aclosing(documents()) as arriving:
                    async for raw in arriving:
                        await self._take(door, raw)
                        said = ""
            except StorageAway as away:
                if said != str(away):
                    said = str(away)
                    log.warning("waiting for the storage", extra={"door": door, "why": said})
                await asyncio.sleep(WAIT_S)

    async def _take(self, door: Door, raw: bytes) -> None:
        """Accept or reject one document. StorageAway leaves it at the inbox for another time.

        What was said is nowhere else: it is tried until the storage takes it, before what is newer.
        """
        async with self._one_at_a_time:
            logged = False
            while True:
                try:
                    return await self._edit(door, raw)
                except StorageAway as away:
                    unforeseen = isinstance(away, StorageRefuses) and not away.expected
                    if door is Door.INBOX or unforeseen:
                        raise
                    if not logged:
                        logged = True
                        log.warning(
                            "waiting for the storage", extra={"door": door, "why": str(away)}
                        )
                await asyncio.sleep(WAIT_S)

    async def _edit(self, door: Door, raw: bytes) -> None:
        try:
            reading = read(raw)
        except WireError as error:
            await self._reject(door, raw, str(error))
            self._metrics.documents.labels(door, "unreadable").inc()
            return
        story = reading.story
        if reading.unknown:
            log.warning(
                "unknown fields left out",
                extra={"story": story.id, "fields": ", ".join(reading.unknown)},
            )
        try:
            verdict, revision = await self._archive.accept(story)
        except Unreadable as error:
            await self._reject(door, raw, str(error))
            self._metrics.documents.labels(door, "unreadable").inc()
            return
        self._metrics.documents.labels(door, verdict).inc()
        facts = {"story": story.id, "revision": revision, "door": door}
        match verdict:
            case Verdict.ACCEPTED:
                log.info("story accepted", extra=facts)
            case Verdict.SAME:
                log.info("nothing new", extra=facts)
            case Verdict.STALE:
                why = f"revision {story.revision} of {story.id} is stale: {revision} is held"
                await self._reject(door, raw, why)
            case Verdict.CONFLICT:
                why = (
                    f"revision {revision} of {story.id} is held with other content: "
                    "publish the change as a higher revision, or leave revision out"
                )
                await self._reject(door, raw, why)

    async def _reject(self, door: Door, raw: bytes, why: str) -> None:
        await self._archive.reject(door, raw, why)
        log.warning("document refused", extra={"door": door, "why": why})


class Follower:
    """Keeps the shelf in step with the archive, and rings when it changed."""

    def __init__(self, archive: Archive, shelf: Shelf, metrics: Metrics) -> None:
        self._archive = archive
        self._shelf = shelf
        shelf.knows_live = shelf.knows_all = False
        self._metrics = metrics
        self._bells: list[asyncio.Event] = []
        self._filed = 0
        self.cursor = Cursor()
        self.hears = False
        """True while the storage answers and wakes are subscribed."""

    def bell(self) -> asyncio.Event:
        """An event that is set whenever the shelf may have changed."""
        bell = asyncio.Event()
        bell.set()
        self._bells.append(bell)
        return bell

    async def run(self) -> None:
        """Follow the index for ever: on every wake, every (re)subscription and every sweep."""
        while True:
            try:
                async with aclosing(self._archive.wakes()) as wakes:
                    async for cause in wakes:
                        self._metrics.catch_ups.labels(cause).inc()
                        await self._catch_up(overlap=OVERLAP if cause == "subscribed" else 0)
            except StorageAway as away:
                if self.hears:
                    log.warning("stories come from memory for now", extra={"why": str(away)})
                self.hears = False
                await asyncio.sleep(WAIT_S)

    async def _fill(self) -> Cursor:
        """Read the whole archive, newest first, so that what is live can be asked about at once;
        return from where on to read what came meanwhile."""
        page = await self._archive.newest()
        begun, may_live = page.upto, datetime.now(UTC) - self._shelf.live_for
        await self._file(page.editions, page.stubs)
        while page.below:
            if any(edition.heard_at < may_live for edition in page.editions):
                self._shelf.knows_live = True
            page = await self._archive.newest(page.below)
            await self._file(page.editions, page.stubs)
        return begun

    async def _file(self, editions: Iterable[Edition], stubs: Iterable[Stub]) -> None:
        """Put them on the shelf; questions are answered meanwhile."""
        async for edition in in_slices(editions):
            self._shelf.put(edition)
            self._filed += 1
            if self._filed % SETTLED == 0 and not self._shelf.knows_all:
                gc.freeze()
        for number, stub in enumerate(stubs, 1):
            try:
                self._shelf.shelve(stub)
            except StubError as error:
                self._metrics.unreadable.labels("stub").inc()
                log.warning("a stub is left out", extra={"story": stub.id, "why": str(error)})
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
            log.warning("the archive stepped back", extra={"epoch": changes.upto.epoch})
            self._shelf.clear()
            self._shelf.knows_live = self._shelf.knows_all = False
        await self._file(changes.editions, changes.stubs)
        self._shelf.knows_live = self._shelf.knows_all = True
        self.cursor = changes.upto
        self.hears = True
        for bell in self._bells:
            bell.set()

    def _lost_some(self, changes: Changes) -> bool:
        """True when the archive no longer holds what we have read of it."""
        if changes.upto.epoch != self.cursor.epoch or changes.upto.seq < self.cursor.seq:
            return True
        upto = self.cursor.seq
        lost = (not self._shelf.holds(each) for each in changes.editions if each.seq <= upto)
        gone = (not self._shelf.has_shelved(each) for each in changes.stubs if each.seq <= upto)
        return any(lost) or any(gone)
