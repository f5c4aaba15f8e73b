"""Telling: closes the difference between what a card should say and what the ledger says it does.

Delivery is desired state, not a queue of messages. What is due is only a chat and a story; what
to do is decided when its turn comes, from the newest edition and the ledger. Coming back after a
crash is therefore the same code as going on.
"""

import asyncio
import base64
import hashlib
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from bot.delivery.decide import Edit, Nothing, Post, Recover, Reply, Spacing, Wait, decide
from bot.delivery.pace import Pace
from bot.delivery.queue import Key, Queue
from bot.delivery.rules import RuleBook
from bot.metrics import Metrics
from bot.model.card import card, reply
from bot.model.chat import Chat
from bot.model.errors import (
    CardGone,
    Moved,
    NotNow,
    OutcomeUnknown,
    SendFailed,
    StorageAway,
    Unreachable,
)
from bot.model.message import Message
from bot.model.rule import Loudness
from bot.ports import Archive, Due, HighWater, Lease, Ledger, Mark, Platform, Row, State, Tide
from stories.delta import Delta, Weight, compare
from stories.index import Cursor
from stories.shelf import Edition, Shelf
from stories.story import StoryId

log = logging.getLogger(__name__)
T = TypeVar("T")

WORKERS = 50
"""Calls in flight on one platform."""
WELCOME = 5
"""How many live stories a chat is shown when its rule changes; the rest come as they move."""
ROUTINE_WAITS_S = 30.0
"""How far back in line a routine edit stands; waiting moves everything forward."""
REPLY_GAP = timedelta(hours=1)
SETTLE_S = 15.0
"""Before an attempt of unknown outcome is looked at again: a late one may still arrive."""
PARK_FIRST_S, PARK_LONGEST_S = 60.0, 1800.0
"""How long a chat that refuses us is left alone; doubled each time."""
DRAIN_S = 8.0
"""How long a step under way may take to finish when we are told to stop."""
STUCK_S = 120.0
"""A card in line for so long while nothing ends: delivery is stuck."""
TIDE_S = 1.0
"""Between two looks at the high-water mark."""


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Parked:
    """A chat that refuses us. It keeps its rule, and its newest state waits."""

    why: str
    remedy: str
    for_s: float
    until: float
    """On the event loop's clock."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What an operator may choose about telling."""

    spacing: Spacing = field(default_factory=Spacing)
    first_for: timedelta = timedelta(hours=24)
    """On the very first start only live stories moved within so long are posted."""
    repeat_unknown: bool = False
    """Post again when it is not known whether a post arrived: twice rather than never."""


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
        high_water: HighWater,
        pace: Pace,
        metrics: Metrics,
        policy: Policy,
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
        self._high_water = high_water
        self._pace = pace
        self._metrics = metrics
        self._policy = policy
        self._now = now
        self._queue = Queue()
        self._moved = asyncio.Event()
        self._released = asyncio.Condition()
        self._parked: dict[Chat, Parked] = {}
        self._messages: dict[tuple[StoryId, bool], tuple[int, Message, str]] = {}
        self._tide = Tide()
        self._ended_at = 0.0

    # What others see of it.

    @property
    def delivers(self) -> bool:
        """False when a card has waited in line for long and nothing came to an end meanwhile."""
        now = asyncio.get_running_loop().time()
        oldest = self._queue.oldest()
        waited = now - oldest if oldest is not None else 0.0
        return waited < STUCK_S or now - self._ended_at < STUCK_S

    def observe(self) -> None:
        """Bring the gauges up to date."""
        name, now = self.platform.name, asyncio.get_running_loop().time()
        oldest = self._queue.oldest()
        self._metrics.due.labels(name).set(len(self._queue))
        self._metrics.oldest_due.labels(name).set(max(0.0, now - oldest) if oldest else 0.0)
        self._metrics.parked.labels(name).set(len(self._parked))

    async def run(self) -> None:
        """Mark what changes and deliver what is due, until cancelled."""
        self._queue = Queue()
        for mark in await _patiently(lambda: self._due.all(self.platform.name)):
            self._enqueue(mark)
        await _patiently(self._look_at_tide)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow(), name=f"marks {self.platform.name}")
            tasks.create_task(self._keep_tide(), name=f"tide {self.platform.name}")
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
            await self._released.wait_for(lambda: self._queue.hold((chat, story)))
        try:
            row = await self._ledger.row(chat, story)
            if row is not None and row.place is not None and row.state is not State.GONE:
                return row
            if row is not None and row.state is State.SENDING:
                await self._recover(chat, edition, row)
            else:
                await self._post(chat, edition, row.generation + 1 if row else 1)
            row = await self._ledger.row(chat, story)
        finally:
            await self._release((chat, story))
        if row is None or row.place is None:
            raise OutcomeUnknown("the card may or may not be there")
        return row

    async def note(self, chat: Chat, story: StoryId, change: Callable[[Row], Row]) -> None:
        """Change a card's row while nobody has it in hand."""
        async with self._released:
            await self._released.wait_for(lambda: self._queue.hold((chat, story)))
        try:
            row = await self._ledger.row(chat, story)
            if row is not None:
                await self._record(chat, story, change(row))
        finally:
            await self._release((chat, story))

    # What is due.

    async def _follow(self) -> None:
        cursor = await _patiently(lambda: self._due.cursor(self.platform.name))
        while True:
            await self._bell.wait()
            self._bell.clear()
            upto = self._position()
            if upto == cursor:
                continue
            steady = cursor.epoch == upto.epoch and cursor.seq <= upto.seq
            behind = cursor.seq if steady else 0
            try:
                await self._owe(await self._owed(behind, first=cursor == Cursor()), upto)
            except StorageAway:
                await asyncio.sleep(1)
                self._bell.set()
            else:
                cursor = upto

    async def _owed(self, behind: int, *, first: bool) -> list[Mark]:
        """Who is owed what changed: those who want it while it is live, and those who have it."""
        marks = []
        for edition in self._shelf.since(behind):
            story = edition.story
            chats = set((await self._ledger.of_story(story.id)).keys())
            live_for = self._shelf.live_for
            if first:
                live_for = min(live_for, self._policy.first_for)
            if edition.is_live(self._now(), live_for):
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

    def _enqueue(self, mark: Mark) -> None:
        edition = self._shelf.get(mark.story)
        urgent = (
            edition is None
            or edition.before is None
            or self._shelf.delta(edition).weight == Weight.MAJOR
        )
        self._queue.add(
            mark,
            asyncio.get_running_loop().time(),
            server=self.platform.server(mark.chat),
            stands_back_s=0.0 if urgent else ROUTINE_WAITS_S,
        )
        self._moved.set()

    async def _next(self) -> Mark:
        """The mark whose turn it is, taken in hand."""
        loop = asyncio.get_running_loop()
        while True:
            self._moved.clear()
            now = loop.time()
            wait: float | None = 0.5  # not sure of the lease, or not connected: look again
            if self._lease.sure and self.platform.connected:
                if (mark := self._queue.take(now, self._rest)) is not None:
                    self._moved.set()  # the next worker may find something, too
                    return mark
                wait = self._queue.waits(now)
            with suppress(TimeoutError):
                async with asyncio.timeout(None if wait is None else max(wait, 0.005)):
                    await self._moved.wait()

    def _rest(self, chat: Chat) -> float:
        """Seconds until a chat may be written to: its pace, or its refusal."""
        parked = self._parked.get(chat)
        left = parked.until - asyncio.get_running_loop().time() if parked else 0.0
        return max(left, self._pace.rest(chat))

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            mark = await self._next()
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
                self._ended_at = loop.time()
                await self._release((mark.chat, mark.story), mark, again_s)

    async def _to_its_end(self, mark: Mark) -> float | None:
        """Take the step, and when we are told to stop, let it finish: it may be on the wire."""
        step = asyncio.create_task(self._bring_up(mark.chat, mark.story))
        try:
            return await asyncio.shield(step)
        except asyncio.CancelledError:
            await asyncio.wait([step], timeout=DRAIN_S)
            step.cancel()
            raise

    async def _release(
        self, key: Key, mark: Mark | None = None, again_s: float | None = None
    ) -> None:
        self._queue.release(key)
        if mark is not None and again_s is not None:  # once released, or it lines up at once
            self._queue.add_later(mark, asyncio.get_running_loop().time() + again_s)
        self._moved.set()
        async with self._released:
            self._released.notify_all()

    # What to do about it.

    async def _bring_up(self, chat: Chat, story_id: StoryId) -> float | None:
        """Take one step towards the newest edition; return in how many seconds to look again."""
        edition = self._shelf.get(story_id)
        if edition is None:
            return None
        row = await self._ledger.row(chat, story_id)
        if self._in_doubt(edition, row):
            why = "the storage lost its memory of this card; the next update is posted afresh"
            lost = Row(State.UNKNOWN, self._now(), edition.revision, why=why)
            generation = row.generation if row else 1
            await self._record(chat, story_id, replace(lost, generation=generation))
            return None
        rule = self._rules.of(chat)
        live = edition.is_live(self._now(), self._shelf.live_for)
        since = await self._delta_since(edition, row.revision if row else None)
        message, looks = self._card(chat, edition)
        step = decide(
            row,
            revision=edition.revision,
            looks=looks,
            weight=since.weight,
            wanted=live and rule is not None and rule.wants(edition.story),
            now=self._now(),
            spacing=self._policy.spacing,
        )
        facts = {"chat": str(chat), "story": story_id, "revision": edition.revision}
        try:
            match step:
                case Nothing():
                    if row and row.state is State.SHOWN and row.revision < edition.revision:
                        await self._record(chat, story_id, replace(row, revision=edition.revision))
                    return None
                case Wait(until):
                    return max(0.05, (until - self._now()).total_seconds())
                case Post(generation):
                    await self._post(chat, edition, generation)
                    return None
                case Recover():
                    assert row is not None
                    return await self._recover(chat, edition, row)
                case Edit(place):
                    assert row is not None
                    await self._edit(chat, edition, row, place, message, looks, since)
                case Reply(place, revision):
                    assert row is not None
                    await self._reply(chat, edition, row, place, revision)
        except NotNow as later:
            return max(later.after.total_seconds(), 1.0)
        except OutcomeUnknown as unknown:
            log.warning("outcome unknown", extra={**facts, "why": str(unknown)})
            return SETTLE_S
        except CardGone:
            pass  # someone deleted it: whether it is made anew is decided afresh
        except Unreachable as refused:
            self._park(chat, refused)
            return 0.05  # waits with its chat
        except SendFailed as failed:
            log.warning("not shown", extra={**facts, "why": str(failed)})
            return None
        return 0.0  # more may be owed: a reply, or a newer edition

    def _in_doubt(self, edition: Edition, row: Row | None) -> bool:
        """True for a card that may stand although the storage, having lost rows, knows of none."""
        doubt = self._tide.doubt
        if doubt is None or (row is not None and (row.place or row.state is not State.FAILED)):
            return False
        moments = [edition.heard_at, edition.story.updated_at or edition.heard_at]
        return (row.at if row else min(moments)) <= doubt

    async def _delta_since(self, edition: Edition, revision: int | None) -> Delta:
        """What changed between a revision that was shown and the newest edition."""
        before = edition.before
        if revision is None or before is None or revision in (before.revision, edition.revision):
            return self._shelf.delta(edition)
        history = await self._archive.history(edition.story.id)
        shown = next((past for past in history if past.revision == revision), before)
        return compare(shown, edition.story)

    def _card(self, chat: Chat, edition: Edition) -> tuple[Message, str]:
        """The card and a hash of its looks; made once a revision and variant, not once a chat."""
        rule = self._rules.of(chat)
        show_leaning = rule is not None and rule.show_leaning
        variant = (edition.story.id, show_leaning)
        made = self._messages.get(variant)
        if made is None or made[0] != edition.seq:
            delta = self._shelf.delta(edition)
            message = card(edition, delta, show_leaning=show_leaning)
            if len(self._messages) > 1000:
                self._messages.clear()
            made = self._messages[variant] = (edition.seq, message, _looks(message))
        return made[1:]

    async def _post(self, chat: Chat, edition: Edition, generation: int) -> None:
        """Make a card. Whatever happens is in the ledger when this returns or raises."""
        message, looks = self._card(chat, edition)
        revision = edition.revision
        await self._may_call(chat)
        row = Row(State.SENDING, self._now(), revision, looks=looks, generation=generation)
        await self._write(chat, edition.story.id, row)
        await self._send(chat, edition, row, message)

    async def _send(self, chat: Chat, edition: Edition, row: Row, message: Message) -> None:
        story = edition.story.id
        try:
            self._observe_wire(edition)
            place = await self.platform.post(
                chat, message, key=nonce(chat, story, "card", row.generation)
            )
        except OutcomeUnknown:
            self._count("post", "unknown")
            raise  # the row says `sending`, which is the truth
        except SendFailed as failed:
            await self._record(chat, story, self._failed(row, "post", chat, failed))
            await self._follow_move(chat, story, failed)
            raise
        now = self._now()
        shown = replace(row, state=State.SHOWN, at=now, place=place, posted_at=now, why=None)
        await self._record(chat, story, shown)
        self._count("post", "shown")
        self._unpark(chat)
        log.info("card posted", extra={"chat": str(chat), "story": story, "revision": row.revision})

    async def _recover(self, chat: Chat, edition: Edition, row: Row) -> float | None:
        """A post was under way: repeat it where that is harmless, else look for it."""
        story = edition.story.id
        age_s = (self._now() - row.at).total_seconds()
        if self.platform.repeatable(age_s):
            # The platform may hand back the message made then, with what it said then: the
            # row keeps those looks, and an edit follows if the newest differs.
            await self._may_call(chat)
            await self._send(chat, edition, row, self._card(chat, edition)[0])
            return 0.0
        key = nonce(chat, story, "card", row.generation)
        await self._may_call(chat)
        place = await self.platform.find(chat, key, row.at)
        if place is not None:
            found = replace(row, state=State.SHOWN, place=place, posted_at=row.at)
        elif self._policy.repeat_unknown:
            found = replace(row, state=State.FAILED, generation=row.generation + 1)
        else:
            why = "it is not known whether the card was posted; the next update is posted afresh"
            found = replace(row, state=State.UNKNOWN, why=why)
        await self._record(chat, story, found)
        return 0.0

    async def _edit(
        self,
        chat: Chat,
        edition: Edition,
        row: Row,
        place: str,
        message: Message,
        looks: str,
        since: Delta,
    ) -> None:
        story = edition.story.id
        await self._may_call(chat)
        sending = replace(row, state=State.SENDING, at=self._now(), looks=None)
        await self._write(chat, story, sending)
        try:
            self._observe_wire(edition)
            await self.platform.edit(chat, place, message)
        except OutcomeUnknown:
            self._count("edit", "unknown")
            raise
        except CardGone as gone:
            self._count("edit", "gone")
            lost = replace(row, state=State.GONE, at=self._now(), place=None, why=str(gone))
            await self._record(chat, story, replace(lost, pinned=False, owes=None))
            raise
        except SendFailed as failed:
            await self._record(chat, story, self._failed(sending, "edit", chat, failed))
            await self._follow_move(chat, story, failed)
            raise
        shown = replace(
            row,
            state=State.SHOWN,
            at=self._now(),
            revision=edition.revision,
            looks=looks,
            owes=self._owes(chat, edition, row, since),
            why=None,
        )
        await self._record(chat, story, shown)
        self._count("edit", "shown")
        self._unpark(chat)
        facts = {"chat": str(chat), "story": story, "revision": edition.revision}
        log.info("card edited", extra=facts)

    def _owes(self, chat: Chat, edition: Edition, row: Row, since: Delta) -> int | None:
        """Whether a change is worth a reply: the revision whose readers are to be told."""
        rule = self._rules.of(chat)
        if rule is None or rule.loudness is not Loudness.REPLY or not rule.wants(edition.story):
            return None
        if since.weight is None or since.weight < Weight.NOTABLE:
            return None
        if row.replied_at is not None and self._now() - row.replied_at < REPLY_GAP:
            return None
        return row.revision

    async def _reply(
        self, chat: Chat, edition: Edition, row: Row, place: str, revision: int
    ) -> None:
        """Say what changed beside the card: once, or perhaps not at all, but never twice."""
        story = edition.story.id
        since = await self._delta_since(edition, revision)
        await self._may_call(chat)
        said = replace(row, owes=None, replied_at=self._now())
        await self._write(chat, story, said)
        try:
            await self.platform.post(
                chat,
                reply(edition, since),
                key=nonce(chat, story, "reply", edition.revision),
                silent=since.weight is None or since.weight < Weight.MAJOR,
                reply_to=place,
            )
        except (NotNow, Unreachable) as failed:  # surely not said: it stays owed
            self._failed(row, "reply", chat, failed)
            await self._record(chat, story, row)
            raise
        except SendFailed as failed:
            self._count("reply", type(failed).__name__)
            log.warning("a reply was not said", extra={"chat": str(chat), "why": str(failed)})
        else:
            self._count("reply", "shown")

    async def _may_call(self, chat: Chat) -> None:
        """Wait for our turn at the platform; raise NotNow when the lease ran out meanwhile."""
        await self._pace.take(chat)
        if not self._lease.sure:
            raise NotNow(timedelta(seconds=1), "not sure of the lease")

    def _failed(self, row: Row, act: str, chat: Chat, failed: SendFailed) -> Row:
        """Count a refusal, slow down if we were too fast, and say what the row becomes."""
        self._count(act, "too fast" if _too_fast(failed) else type(failed).__name__)
        if isinstance(failed, NotNow):
            if failed.too_fast:
                self._metrics.too_fast.labels(self.platform.name).inc()
                self._pace.too_fast(chat, failed.after)
        else:
            self._pace.refused()
        why = f"{failed.why}; {failed.remedy}" if isinstance(failed, Unreachable) else str(failed)
        return replace(row, state=State.FAILED, at=self._now(), why=why)

    def _park(self, chat: Chat, refused: Unreachable) -> None:
        """Leave a chat that refuses us alone for a while; what is due there waits."""
        before = self._parked.get(chat)
        for_s = min(before.for_s * 2, PARK_LONGEST_S) if before else PARK_FIRST_S
        until = asyncio.get_running_loop().time() + for_s
        self._parked[chat] = Parked(refused.why, refused.remedy, for_s, until)
        if before is None:
            facts = {"chat": str(chat), "why": refused.why, "remedy": refused.remedy}
            log.warning("a chat refuses us", extra=facts)

    def _unpark(self, chat: Chat) -> None:
        if self._parked.pop(chat, None) is not None:
            log.info("a chat takes us again", extra={"chat": str(chat)})

    async def _follow_move(self, chat: Chat, story: StoryId, failed: SendFailed) -> None:
        """A chat has another address now: its rule goes along, and its stories are shown there."""
        if isinstance(failed, Moved):
            log.warning("a chat moved", extra={"chat": str(chat), "to": str(failed.to)})
            await _patiently(lambda: self._rules.move(chat, failed.to))
            edition = self._shelf.get(story)
            assert edition is not None
            await _patiently(lambda: self._owe([Mark(failed.to, story, edition.seq)], None))

    # What is written down.

    async def _write(self, chat: Chat, story: StoryId, row: Row) -> None:
        """Write a row before a call; raise StorageAway, and then the call is not made."""
        self._rise(await self._ledger.write(chat, story, row))

    async def _record(self, chat: Chat, story: StoryId, row: Row) -> None:
        """Write down what happened, however long it takes: only we know it."""
        await _patiently(lambda: self._write(chat, story, row))

    def _rise(self, written: int) -> None:
        """Notice when the storage has forgotten rows that it had acknowledged."""
        if written < self._tide.written:
            log.error(
                "the storage stepped back: cards that cannot be proved are left alone",
                extra={"written": written, "known": self._tide.written},
            )
            self._metrics.steps_back.labels(self.platform.name).inc()
            self._tide = Tide(written, self._now())
            self._high_water.write(self._tide)
        else:
            self._tide = replace(self._tide, written=written)

    async def _look_at_tide(self) -> None:
        written = await self._ledger.count()
        self._tide = max(self._tide, self._high_water.read(), key=lambda tide: tide.written)
        self._rise(written)

    async def _keep_tide(self) -> None:
        kept = self._high_water.read()
        try:
            while True:
                if self._tide != kept:
                    kept = self._tide
                    self._high_water.write(kept)
                await asyncio.sleep(TIDE_S)
        finally:
            self._high_water.write(self._tide)

    def _observe_wire(self, edition: Edition) -> None:
        waited = (self._now() - edition.heard_at).total_seconds()
        self._metrics.wake_to_wire.labels(self.platform.name).observe(max(0.0, waited))

    def _count(self, act: str, outcome: str) -> None:
        self._metrics.deliveries.labels(self.platform.name, act, outcome).inc()


async def _patiently(call: Callable[[], Awaitable[T]]) -> T:
    """Do something with the storage, waiting while it is away."""
    while True:
        try:
            return await call()
        except StorageAway:
            await asyncio.sleep(1)


def _too_fast(failed: SendFailed) -> bool:
    return isinstance(failed, NotNow) and failed.too_fast


def nonce(chat: Chat, story: StoryId, slot: str, number: int) -> str:
    """25 characters that stand for one message we mean to send, in every process the same.

    Discord takes at most 25 and compares them among all messages of one author, so the chat
    is part of it (docs.discord.com, Create Message).
    """
    digest = hashlib.sha256(f"{chat}\n{story}\n{slot}\n{number}".encode()).digest()
    return base64.urlsafe_b64encode(digest).decode()[:25]


def _looks(message: Message) -> str:
    said = repr(message).encode("utf-8", "surrogatepass")
    return hashlib.blake2s(said, digest_size=12).hexdigest()
