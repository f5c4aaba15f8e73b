"""What is due on one platform: in line in memory, and stored so that a crash loses nothing."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Container, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta

from bot.delivery.affected import by_turns
from bot.delivery.ports import Due
from bot.delivery.queue import Key, Queue
from bot.delivery.rollback import patiently
from bot.model.chat import Chat
from bot.model.due import DueSubject
from bot.model.subject import kind_of, story_of
from bot.platforms.port import Platform
from runtime.away import StorageAway
from stories.changes import Cursor
from stories.delta import Weight
from stories.index import StoryIndex
from stories.story import StoryId

ROUTINE_WAITS_S = 30.0
"""How far back in line a routine edit starts; waiting moves everything forward."""
ACK_EVERY_S = 0.1
"""How long finished cards are collected before they are acknowledged together."""
UNREADY_S = 0.5
"""How often it is checked whether work may be handed out, while it may not."""


class WorkQueue:
    """Hands out what is due, one subject to one worker at a time.

    People's requests hold subjects out of turn, with `holding`.
    """

    def __init__(
        self,
        platform: Platform,
        *,
        due: Due,
        index: StoryIndex,
        kinds: Container[str],
        ready: Callable[[], bool],
        rest: Callable[[Chat], float],
        now: Callable[[], datetime],
    ) -> None:
        """`kinds` of subjects are served here. `ready`: whether work may be handed out. `rest`:
        the seconds for which a chat can't be written to."""
        self._platform = platform
        self._due = due
        self._index = index
        self._kinds = kinds
        self._ready = ready
        self._rest = rest
        self._now = now
        self._queue = Queue()
        self._moved = asyncio.Event()
        self._delivering = False
        self._closing = False
        """We are told to stop: no more work is started."""
        self._errands: set[asyncio.Timeout] = set()
        """What people are doing with cards right now, outside our own tasks."""
        self._looking = asyncio.Lock()  # one worker watches for all, so fifty needn't wake at once
        self._storing = asyncio.Lock()  # held while enqueued cards are being stored
        self._released = asyncio.Condition()
        self._done: list[DueSubject] = []
        """Finished cards that haven't been acknowledged yet."""
        self._some_done = asyncio.Event()

    def begin(self) -> None:
        """This process delivers from now on."""
        self._queue, self._done = Queue(), []
        self._delivering, self._closing = True, False

    def end(self) -> None:
        """Stop what people requested: another process may write the rows it relies on."""
        self._delivering = False
        for errand in self._errands:
            if not errand.expired():
                errand.reschedule(asyncio.get_running_loop().time())

    def close(self) -> None:
        """Hand out no more work."""
        self._closing = True
        self._moved.set()

    # What is in line.

    def __len__(self) -> int:
        return len(self._queue)

    def __contains__(self, key: Key) -> bool:
        return key in self._queue

    def stories_of(self, chat: Chat) -> list[StoryId]:
        """The stories whose cards in a chat have something left to do."""
        return self._queue.stories_of(chat)

    def turn(self, key: Key) -> float | None:
        """When it is a subject's turn, on the loop's clock; None if it isn't in line."""
        return self._queue.turn(key)

    def oldest(self) -> float | None:
        """The earliest turn of all that could be taken now."""
        return self._queue.oldest()

    def longest_due(self, but: Container[Chat]) -> float | None:
        """The earliest turn of all that waits, except in some chats."""
        return self._queue.longest_due(but=but)

    # Enqueueing.

    async def load(self) -> None:
        """Enqueue what is stored as due; raises StorageAway."""
        for entry in await self._due.all(self._platform.name):
            self.enqueue(entry)

    async def cursor(self) -> Cursor:
        """How far into the archive's index cards have been enqueued, retrying while the storage is
        away."""
        return await patiently(lambda: self._due.cursor(self._platform.name))

    async def store(self, entries: Sequence[DueSubject], upto: Cursor | None = None) -> None:
        """Store what is due, with the cursor, and put it in line; raises StorageAway."""
        async with self._storing:
            # At once: until the cursor has moved, our successor would enqueue them anew.
            storing = asyncio.create_task(self._due.enqueue(self._platform.name, entries, upto))
            try:
                if upto is None:
                    await storing
                async for entry in by_turns(entries):
                    self.enqueue(entry)
            finally:
                await storing

    async def store_newest(self, chat: Chat, story: StoryId) -> None:
        """Enqueue a card that we hold, so that it is brought up to date even if we crash."""
        if (edition := self._index.get(story)) is not None:
            await self.store([DueSubject(chat, story, edition.seq)])

    def enqueue_again(self, chat: Chat) -> None:
        """What a chat's subjects waited for may be over: it is their turn now."""
        for entry in self._queue.waiting(chat):
            self.enqueue(entry)

    def enqueue(self, entry: DueSubject) -> None:
        """Put a subject in line; it is stored already."""
        if kind_of(entry.subject) not in self._kinds:
            return  # a newer version's: it stays due, for when that comes back
        loop_now = asyncio.get_running_loop().time()
        if entry.due_at is not None and (left := entry.due_at - self._now()) > timedelta(0):
            self._queue.add_later(entry, loop_now + left.total_seconds())
        else:
            waits_s = 0.0 if self._urgent(entry) else ROUTINE_WAITS_S
            server = self._platform.server(entry.chat)
            self._queue.add(entry, loop_now, server=server, stands_back_s=waits_s)
        self._moved.set()

    def _urgent(self, entry: DueSubject) -> bool:
        story = story_of(entry.subject)
        edition = self._index.get(story) if story is not None else None
        return (
            edition is None
            or edition.before is None
            or self._index.delta(edition).weight == Weight.MAJOR
        )

    def look_again_at(self, chat: Chat, story: StoryId, after: timedelta = timedelta(0)) -> None:
        """Check the story's card again, although nothing new happened."""
        if (edition := self._index.get(story)) is not None:
            at = asyncio.get_running_loop().time() + after.total_seconds()
            self._queue.add_later(DueSubject(chat, story, edition.seq), at)
            self._moved.set()

    def wake(self, chat: Chat | None = None) -> None:
        """Something may be handed out now; `chat` rests no longer."""
        if chat is not None:
            self._queue.wake(chat)
        self._moved.set()

    # Handing out.

    async def next(self) -> DueSubject | None:
        """The subject whose turn it is; None when no more work is started."""
        loop = asyncio.get_running_loop()
        async with self._looking:
            while not self._closing:
                self._moved.clear()
                now = loop.time()
                wait: float | None = UNREADY_S
                if self._ready():
                    if (entry := self._queue.take(now, self._rest)) is not None:
                        self._moved.set()  # the next worker may find something, too
                        return entry
                    wait = self._queue.waits(now)
                with suppress(TimeoutError):
                    async with asyncio.timeout(None if wait is None else max(wait, 0.005)):
                        await self._moved.wait()
        return None

    def finish(self, entry: DueSubject) -> None:
        """Nothing is left to do about a subject that a worker holds: acknowledge it soon."""
        self._done.append(entry)
        self._some_done.set()

    async def release(
        self, key: Key, entry: DueSubject | None = None, again_s: float | None = None
    ) -> None:
        """A subject is no longer held; `entry` is due again after `again_s`."""
        self._queue.release(key)
        if entry is not None and again_s is not None:  # once released, or it gets in line at once
            self._queue.add_later(entry, asyncio.get_running_loop().time() + again_s)
        self._moved.set()
        async with self._released:
            self._released.notify_all()

    async def until(self, met: Callable[[], bool]) -> None:
        """Wait until something is so, asking whenever a subject was released."""
        async with self._released:
            await self._released.wait_for(met)

    async def acknowledge(self) -> None:
        """Acknowledge finished subjects, until cancelled: many at a time,
        because nothing waits for it."""
        while True:
            await self._some_done.wait()
            await asyncio.sleep(ACK_EVERY_S)
            self._some_done.clear()
            async with self._storing:  # or one that is being enqueued would be acknowledged
                ended, self._done = self._done, []
                # One that was enqueued again meanwhile stays until that is done, too.
                done = [entry for entry in ended if (entry.chat, entry.subject) not in self._queue]
                try:
                    await self._due.ack(self._platform.name, done)
                except StorageAway:
                    self._done += done
                    self._some_done.set()

    # Out of turn.

    @asynccontextmanager
    async def holding(self, key: Key) -> AsyncGenerator[None]:
        """Hold a subject out of turn, once nobody else does; raises StorageAway when another
        process delivers."""
        if not self._delivering:
            raise StorageAway("another process delivers")
        queue, errand = self._queue, asyncio.timeout(None)
        self._errands.add(errand)
        try:
            async with errand:
                await self.until(lambda: queue.hold(key))
                try:
                    yield
                finally:
                    if queue is self._queue:
                        await self.release(key)
        except TimeoutError:
            if not errand.expired():
                raise
            raise StorageAway("another process may be delivering already") from None
        finally:
            self._errands.discard(errand)

    @asynccontextmanager
    async def hold_other(self, chat: Chat, story: StoryId) -> AsyncGenerator[bool]:
        """Hold another card of a chat as well; yields False if someone else holds it.

        It never waits, so two that want each other's card simply try again.
        """
        if not self._queue.hold((chat, story)):
            yield False
            return
        try:
            yield True
        finally:
            await self.release((chat, story))
