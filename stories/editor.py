"""Takes documents in: one editor at a time accepts newer revisions and refuses others with a
reason."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, aclosing
from typing import Protocol

from runtime.away import WAIT_S, StorageAway, StorageRefuses
from runtime.errors import LeaseLost
from runtime.records import Unreadable
from runtime.supervision import unless_told_to_stop
from stories.changes import Door, Verdict
from stories.metrics import StoryMetrics
from stories.story import Story
from stories.wire import WireError, read

log = logging.getLogger(__name__)


class Archive(Protocol):
    """What the editor needs from the archive. Every method may raise StorageAway."""

    async def accept(self, story: Story) -> tuple[Verdict, int]:
        """Store a revision if it is newer; returns the verdict and the revision now stored."""
        ...

    async def reject(self, door: Door, raw: bytes, why: str) -> None:
        """Record a refused document for the operator."""
        ...

    def pubsub(self) -> AsyncGenerator[bytes]:
        """Documents as they are published, while we listen."""
        ...

    def inbox(self) -> AsyncGenerator[bytes]:
        """Documents of the inbox; each is acknowledged when the next is requested."""
        ...


class Lease(Protocol):
    """Guarantees that there is at most one editor at a time."""

    def held(self) -> AbstractAsyncContextManager[None]:
        """Wait for the lease and keep it inside the block,
        which is cancelled when another takes it over."""
        ...


class Editor:
    """Takes documents from the inbox and from pub/sub in order of arrival, and accepts newer
    ones."""

    def __init__(
        self,
        archive: Archive,
        lease: Lease,
        metrics: StoryMetrics,
        prune: Callable[[], Coroutine[None, None, None]] | None = None,
    ) -> None:
        """`prune` runs alongside while we hold the lease."""
        self._archive = archive
        self._prune = prune
        self._lease = lease
        self._metrics = metrics
        self._one_at_a_time = asyncio.Lock()

    async def run(self) -> None:
        """Edit while we hold the lease; stand by while another process does."""
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
                        await self._process(door, raw)
                        said = ""
            except StorageAway as away:
                if said != str(away):
                    said = str(away)
                    log.warning("waiting for the storage", extra={"door": door, "why": said})
                await asyncio.sleep(WAIT_S)

    async def _process(self, door: Door, raw: bytes) -> None:
        """Accept or reject one document. On StorageAway, one from the inbox stays there for later.

        One from pub/sub exists nowhere else, so it is retried until the storage accepts it, before
        any newer one.
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
                "unknown fields ignored",
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
