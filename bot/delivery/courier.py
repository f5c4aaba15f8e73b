"""Telling: closes the difference between what a card should say and what the ledger says it does.

Delivery is desired state, not a queue of messages. What is due is only a chat and a story; what
to do is decided when its turn comes, from the newest edition and the ledger. Coming back after a
crash is therefore the same code as going on.
"""

import asyncio
import base64
import hashlib
import heapq
import itertools
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.delivery.decide import Edit, Nothing, Post, Recover, Spacing, Wait, decide
from bot.delivery.pace import Pace
from bot.delivery.rules import RuleBook
from bot.model.card import card, reply
from bot.model.chat import Chat
from bot.model.errors import (
    CardGone,
    Moved,
    NotNow,
    OutcomeUnknown,
    Rejected,
    SendFailed,
    StorageAway,
    Unreachable,
)
from bot.model.message import Message
from bot.model.rule import Loudness
from bot.ports import Archive, Due, Lease, Ledger, Mark, Platform, Row, State
from stories.delta import Delta, Weight, compare
from stories.index import Cursor
from stories.shelf import Edition, Shelf
from stories.story import StoryId

log = logging.getLogger(__name__)

WORKERS = 16
"""Calls in flight on one platform."""
WELCOME = 5
"""How many live stories a chat is shown when its rule changes; the rest come as they move."""
ROUTINE_WAITS_S = 30.0
"""How far back in the queue a routine edit stands; waiting moves everything forward."""
REPLY_GAP = timedelta(hours=1)
SETTLE_S = 5.0
"""Before an attempt of unknown outcome is looked at again."""

DRAIN_S = 8.0
"""How long a step under way may take to finish when we are told to stop."""

Key = tuple[Chat, StoryId]


def _now() -> datetime:
    return datetime.now(UTC)


class Courier:
    """Keeps one platform's cards in step. At most one is active a platform, by lease."""

    def __init__(
        self,
        platform: Platform,
        *,
        shelf: Shelf,
        bell: asyncio.Event,
        position: Callable[[], Cursor],
        rules: RuleBook,
        ledger: Ledger,
        due: Due,
        archive: Archive,
        lease: Lease,
        pace: Pace,
        spacing: Spacing,
        now: Callable[[], datetime] = _now,
    ) -> None:
        self.platform = platform
        self._shelf = shelf
        self._bell = bell
        self._position = position
        self._rules = rules
        self._ledger = ledger
        self._due = due
        self._archive = archive
        self._lease = lease
        self._pace = pace
        self._spacing = spacing
        self._now = now
        self._marks: dict[Key, Mark] = {}
        self._in_hand: set[Key] = set()
        self._released = asyncio.Condition()
        self._queue: list[tuple[float, int, Key]] = []
        self._later: list[tuple[float, int, Key]] = []
        self._count = itertools.count()
        self._moved = asyncio.Event()

    async def run(self) -> None:
        """Mark what changes and deliver what is due, until cancelled."""
        while True:
            try:
                marks = await self._due.all(self.platform.name)
                break
            except StorageAway:
                await asyncio.sleep(1)
        for mark in marks:
            self._enqueue(mark)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow(), name=f"marks {self.platform.name}")
            for number in range(WORKERS):
                tasks.create_task(self._work(), name=f"courier {self.platform.name} {number}")

    async def welcome(self, chat: Chat) -> None:
        """A chat's rule changed: show it the foremost live stories that it wants now."""
        rule = self._rules.of(chat)
        if chat.platform != self.platform.name or rule is None:
            return
        wanted = [edition for edition in self._shelf.live(self._now()) if rule.wants(edition.story)]
        await self._owe([Mark(chat, e.story.id, e.seq) for e in wanted[:WELCOME]], None)

    async def show(self, chat: Chat, story: StoryId) -> Row:
        """Have the story's card in the chat, wanted or not; raise SendFailed when that fails."""
        edition = self._shelf.get(story)
        assert edition is not None, "handlers ask about stories they have found"
        async with self._released:
            await self._released.wait_for(lambda: (chat, story) not in self._in_hand)
            self._in_hand.add((chat, story))
        try:
            row = await self._ledger.row(chat, story)
            if row is not None and row.place is not None and row.state is not State.GONE:
                return row
            if row is not None and row.state is State.SENDING:
                await self._recover(chat, edition, row)
            else:
                generation = row.generation + 1 if row else 1
                await self._post(chat, edition, generation)
            row = await self._ledger.row(chat, story)
        finally:
            await self._release((chat, story))
        if row is None or row.place is None:
            raise OutcomeUnknown("the card may or may not be there")
        return row

    # What is due.

    async def _follow(self) -> None:
        cursor: Cursor | None = None
        while True:
            await self._bell.wait()
            self._bell.clear()
            try:
                if cursor is None:
                    cursor = await self._due.cursor(self.platform.name)
                upto = self._position()
                if upto != cursor:
                    behind = cursor.seq if cursor.epoch == upto.epoch else 0
                    await self._owe(await self._owed(behind), upto)
                    cursor = upto
            except StorageAway:
                await asyncio.sleep(1)
                self._bell.set()

    async def _owed(self, behind: int) -> list[Mark]:
        """Who is owed what changed: those who want it while it is live, and those who have it."""
        marks = []
        for edition in self._shelf.since(behind):
            story = edition.story
            chats = set((await self._ledger.of_story(story.id)).keys())
            if edition.is_live(self._now(), self._shelf.live_for):
                chats |= self._rules.wanting(story)
            marks += [
                Mark(chat, story.id, edition.seq)
                for chat in chats
                if chat.platform == self.platform.name
            ]
        return marks

    async def _owe(self, marks: list[Mark], upto: Cursor | None) -> None:
        await self._due.mark(self.platform.name, marks, upto)
        for mark in marks:
            self._enqueue(mark)

    def _enqueue(self, mark: Mark, after_s: float = 0.0) -> None:
        key = (mark.chat, mark.story)
        self._marks[key] = mark
        if key in self._in_hand:
            return  # whoever has it in hand puts it back
        now = asyncio.get_running_loop().time()
        if after_s > 0:
            heapq.heappush(self._later, (now + after_s, next(self._count), key))
        else:
            heapq.heappush(self._queue, (now + self._stands_back(key), next(self._count), key))
        self._moved.set()

    def _stands_back(self, key: Key) -> float:
        edition = self._shelf.get(key[1])
        if edition is None or edition.before is None:
            return 0.0
        return 0.0 if self._shelf.delta(edition).weight == Weight.MAJOR else ROUTINE_WAITS_S

    async def _next(self) -> Mark:
        """The mark whose turn it is; taken in hand."""
        loop = asyncio.get_running_loop()
        while True:
            self._moved.clear()
            now = loop.time()
            while self._later and self._later[0][0] <= now:
                *_, key = heapq.heappop(self._later)
                heapq.heappush(self._queue, (now, next(self._count), key))
            while self._queue and self._lease.sure and self.platform.connected:
                *_, key = heapq.heappop(self._queue)
                if key not in self._marks or key in self._in_hand:
                    continue
                if (delay := self._pace.delay(key[0])) > 0:
                    heapq.heappush(self._later, (now + delay, next(self._count), key))
                    continue
                self._in_hand.add(key)
                return self._marks.pop(key)
            wait = self._later[0][0] - now if self._later else 60.0
            if self._queue:
                wait = 0.5  # not sure of the lease, or not connected: look again
            try:
                async with asyncio.timeout(max(wait, 0.01)):
                    await self._moved.wait()
            except TimeoutError:
                continue

    async def _work(self) -> None:
        while True:
            mark = await self._next()
            key = (mark.chat, mark.story)
            again_s: float | None = None
            try:
                again_s = await self._to_its_end(mark)
                if again_s is None:
                    await self._due.done(self.platform.name, mark)
            except StorageAway:
                again_s = 1.0
            except Exception:
                log.exception("a card failed", extra={"chat": str(mark.chat), "story": mark.story})
                again_s = 600.0
            finally:
                await self._release(key)
            if again_s is not None and key not in self._marks:
                self._enqueue(mark, again_s)

    async def _to_its_end(self, mark: Mark) -> float | None:
        """Take the step, and when we are told to stop, let it finish: it may be on the wire."""
        step = asyncio.create_task(self._bring_up(mark.chat, mark.story))
        try:
            return await asyncio.shield(step)
        except asyncio.CancelledError:
            await asyncio.wait([step], timeout=DRAIN_S)
            raise

    async def _release(self, key: Key) -> None:
        async with self._released:
            self._in_hand.discard(key)
            self._released.notify_all()
        if (mark := self._marks.get(key)) is not None:
            self._enqueue(mark)

    # What to do about it.

    async def _bring_up(self, chat: Chat, story_id: StoryId) -> float | None:
        """Take one step towards the newest edition; return in how many seconds to look again."""
        edition = self._shelf.get(story_id)
        if edition is None:
            return None
        row = await self._ledger.row(chat, story_id)
        rule = self._rules.of(chat)
        live = edition.is_live(self._now(), self._shelf.live_for)
        since = await self._delta_since(edition, row)
        message = self._card(chat, edition)
        step = decide(
            row,
            revision=edition.revision,
            looks=_looks(message),
            weight=since.weight,
            wanted=live and rule is not None and rule.wants(edition.story),
            now=self._now(),
            spacing=self._spacing,
        )
        try:
            match step:
                case Nothing():
                    if row and row.state is State.SHOWN and row.revision < edition.revision:
                        await self._ledger.write(
                            chat, story_id, replace(row, revision=edition.revision)
                        )
                    return None
                case Wait(until):
                    return (until - self._now()).total_seconds()
                case Post(generation):
                    await self._post(chat, edition, generation)
                case Recover():
                    assert row is not None
                    return await self._recover(chat, edition, row)
                case Edit(place):
                    assert row is not None
                    shown = await self._edit(chat, edition, row, place, message)
                    await self._say(chat, edition, shown, since)
        except NotNow as later:
            return max(later.after.total_seconds(), 1.0)
        except OutcomeUnknown as unknown:
            log.warning(
                "outcome unknown",
                extra={"chat": str(chat), "story": story_id, "why": str(unknown)},
            )
            return SETTLE_S
        except CardGone:
            return 0.01  # someone deleted it: whether it is made anew is decided afresh
        except SendFailed as failed:
            log.warning(
                "not shown", extra={"chat": str(chat), "story": story_id, "why": str(failed)}
            )
        return None

    async def _delta_since(self, edition: Edition, row: Row | None) -> Delta:
        """What changed between what the card shows and the newest edition."""
        before = edition.before
        if row is None or before is None or row.revision in (before.revision, edition.revision):
            return self._shelf.delta(edition)
        history = await self._archive.history(edition.story.id)
        shown = next((past for past in history if past.revision == row.revision), before)
        return compare(shown, edition.story)

    def _card(self, chat: Chat, edition: Edition) -> Message:
        rule = self._rules.of(chat)
        return card(
            edition,
            self._shelf.delta(edition),
            show_leaning=rule is not None and rule.show_leaning,
        )

    async def _post(self, chat: Chat, edition: Edition, generation: int) -> None:
        """Make a card. Whatever happens is in the ledger when this returns or raises."""
        story = edition.story.id
        message = self._card(chat, edition)
        row = Row(
            State.SENDING,
            self._now(),
            edition.revision,
            looks=_looks(message),
            generation=generation,
        )
        await self._ledger.write(chat, story, row)
        await self._send(chat, story, row, message)

    async def _send(self, chat: Chat, story: StoryId, row: Row, message: Message) -> None:
        await self._pace.take(chat)
        key = nonce(chat, story, "card", row.generation)
        try:
            place = await self.platform.post(chat, message, key=key)
        except OutcomeUnknown:
            raise  # the row says `sending`, which is the truth
        except Moved as moved:
            await self._record(chat, story, replace(row, state=State.FAILED, why=str(moved)))
            await self._follow_move(chat, moved.to)
            raise
        except SendFailed as failed:
            why = failed.remedy if isinstance(failed, Unreachable) else str(failed)
            await self._record(chat, story, replace(row, state=State.FAILED, why=why))
            raise
        now = self._now()
        shown = replace(row, state=State.SHOWN, at=now, place=place, posted_at=now, why=None)
        await self._record(chat, story, shown)
        log.info("card posted", extra={"chat": str(chat), "story": story, "revision": row.revision})

    async def _recover(self, chat: Chat, edition: Edition, row: Row) -> float | None:
        """A post was under way: repeat it where that is harmless, else look for it."""
        story = edition.story.id
        age = (self._now() - row.at).total_seconds()
        if self.platform.repeatable(age):
            # The platform may hand back the message made then, with what it said then: the
            # row keeps those looks, and an edit follows if the newest differs.
            await self._send(chat, story, row, self._card(chat, edition))
            return 0.01
        key = nonce(chat, story, "card", row.generation)
        place = await self.platform.find(chat, key, row.at)
        if place is None:
            why = "it is not known whether the card was posted; the next update is posted afresh"
            await self._record(chat, story, replace(row, state=State.UNKNOWN, why=why))
            return 0.01
        await self._record(
            chat, story, replace(row, state=State.SHOWN, place=place, posted_at=row.at)
        )
        return 0.01

    async def _edit(
        self, chat: Chat, edition: Edition, row: Row, place: str, message: Message
    ) -> Row:
        story = edition.story.id
        sending = replace(row, state=State.SENDING, at=self._now(), looks=None)
        await self._ledger.write(chat, story, sending)
        await self._pace.take(chat)
        try:
            await self.platform.edit(chat, place, message)
        except OutcomeUnknown:
            raise
        except CardGone as gone:
            lost = replace(row, state=State.GONE, at=self._now(), place=None, why=str(gone))
            await self._record(chat, story, replace(lost, pinned=False))
            raise
        except NotNow:
            await self._record(chat, story, row)
            raise
        except Moved as moved:
            await self._record(chat, story, replace(sending, state=State.FAILED, why=str(moved)))
            await self._follow_move(chat, moved.to)
            raise
        except (Unreachable, Rejected) as failed:
            why = failed.remedy if isinstance(failed, Unreachable) else str(failed)
            await self._record(chat, story, replace(sending, state=State.FAILED, why=why))
            raise
        shown = replace(
            row,
            state=State.SHOWN,
            at=self._now(),
            revision=edition.revision,
            looks=_looks(message),
            why=None,
        )
        await self._record(chat, story, shown)
        log.info(
            "card edited", extra={"chat": str(chat), "story": story, "revision": edition.revision}
        )
        return shown

    async def _say(self, chat: Chat, edition: Edition, row: Row, since: Delta) -> None:
        """Reply to the card when the change is worth it. Said at most once, perhaps not at all."""
        rule = self._rules.of(chat)
        weight = since.weight
        if rule is None or rule.loudness is not Loudness.REPLY or not rule.wants(edition.story):
            return
        if weight is None or weight < Weight.NOTABLE:
            return
        if row.replied_at is not None and self._now() - row.replied_at < REPLY_GAP:
            return
        story = edition.story.id
        await self._ledger.write(chat, story, replace(row, replied_at=self._now()))
        await asyncio.sleep(self._pace.delay(chat))
        await self._pace.take(chat)
        await self.platform.post(
            chat,
            reply(edition, since),
            key=nonce(chat, story, "reply", edition.revision),
            silent=weight < Weight.MAJOR,
            reply_to=row.place,
        )

    async def _follow_move(self, chat: Chat, to: Chat) -> None:
        """A chat has another address now: its rule goes along, and its stories are shown there."""
        log.warning("a chat moved", extra={"chat": str(chat), "to": str(to)})
        rule = self._rules.of(chat)
        if rule is not None and not self._rules.is_fixed(chat) and self._rules.of(to) is None:
            await self._rules.set(to, rule)
            await self._rules.set(chat, None)

    async def _record(self, chat: Chat, story: StoryId, row: Row) -> None:
        """Write down what happened, however long it takes: only we know it."""
        while True:
            try:
                await self._ledger.write(chat, story, row)
            except StorageAway:
                await asyncio.sleep(1)
            else:
                return


def nonce(chat: Chat, story: StoryId, slot: str, number: int) -> str:
    """25 characters that stand for one message we mean to send, in every process the same.

    Discord takes at most 25 and compares them among all messages of one author, so the chat
    is part of it (docs.discord.com, Create Message).
    """
    digest = hashlib.sha256(f"{chat}\n{story}\n{slot}\n{number}".encode()).digest()
    return base64.urlsafe_b64encode(digest).decode()[:25]


def _looks(message: Message) -> str:
    return hashlib.blake2s(
        repr(message).encode("utf-8", "surrogatepass"), digest_size=12
    ).hexdigest()
