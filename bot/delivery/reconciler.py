"""The reconciler: closes the gap between what cards should show and what the ledger says they show.

It is level-triggered. What is due is only a chat and a story; what to do is decided when its turn
comes, from the latest edition and the ledger. Catching up after a crash therefore uses the same
code as normal operation.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial

from bot.delivery.affected import AffectedCards, by_turns
from bot.delivery.asking import Asking
from bot.delivery.cards import Cards
from bot.delivery.plan import chat_hold, explain
from bot.delivery.policy import Policy
from bot.delivery.ports import Archive, Due, HighWater, Lease, Ledger
from bot.delivery.queue import Key, Queue
from bot.delivery.rate_limiter import RateLimiter
from bot.delivery.requests import CardRequests
from bot.delivery.rollback import RollbackWatch, patiently
from bot.delivery.rules import RuleBook
from bot.delivery.unreachable import UnreachableChats
from bot.metrics import Metrics
from bot.model.chat import Chat
from bot.model.due import DueSubject
from bot.model.errors import Moved, NotNow, OutcomeUnknown, SendFailed, Unreachable
from bot.model.ledger import CardRecord, Pin
from bot.model.rule import Rule
from bot.model.status import Claim, Pinned, Refusal
from bot.model.step import Hold, Step
from bot.model.subject import CARD, Subject, kind_of, story_of
from bot.model.unknown import Unknown
from bot.platforms.port import Platform
from runtime.alarms import Alarms
from runtime.away import StorageAway
from stories.changes import Cursor
from stories.delta import Weight
from stories.index import StoryIndex
from stories.story import StoryId
from wording.holds import HoldCode, Part
from wording.language import speaking
from wording.reasons import Reason

log = logging.getLogger(__name__)

WORKERS = 50
"""Calls in flight on one platform."""
WELCOME = 5
"""The most live stories a chat gets when its rule changes; the rest come when they are updated."""
ROUTINE_WAITS_S = 30.0
"""How far back in line a routine edit starts; waiting moves everything forward."""
LOSS_REMEMBERED = timedelta(hours=1)
"""A process that starts within this time of a detected rollback rechecks every card."""
LOST = (
    "Redis lost data that it had acknowledged, so cards may miss an update or be posted a second "
    "time, and chats may follow again what they followed before; set appendonly yes in Redis, so "
    "that a restart loses no more than a second."
)
PINS_EVERY_S = 60.0
"""Pins are checked at least this often, because a story goes stale without an event."""
LOOK_UP_S = 1.0
"""The longest that /status and /pins wait for the platform."""
FIRST_WORD_S = 1.5
"""How long an answer waits to learn whether its chat can be written to."""
DRAIN_S = 8.0
"""How long a step in flight may take to finish when we are told to stop."""
ACK_EVERY_S = 0.1
"""How long finished cards are collected before they are acknowledged together."""
FAILED_REST_S = 600.0
"""Retry delay after an unexpected exception."""
TakesStep = Callable[[Chat, Subject], Awaitable[Hold | None]]
LATE = frozenset({HoldCode.RETRY, HoldCode.PLATFORM_PAUSE})
"""Cards held for these reasons are late: they count in the gauge of the oldest due."""
STUCK_S = 120.0
"""If a card is in line this long while nothing finishes, delivery is stuck."""


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class ParkedChat:
    """A chat that refuses us. It keeps its rule, and its latest state waits."""

    reason: Reason
    left_alone: timedelta
    until: float
    """On the event loop's clock."""


class Reconciler:
    """Keeps one platform's cards up to date.

    The lease ensures that at most one is active per platform.
    """

    def __init__(
        self,
        platform: Platform,
        *,
        index: StoryIndex,
        bell: asyncio.Event,
        position: Callable[[], Cursor],
        rules: RuleBook,
        ledger: Ledger,
        due: Due,
        archive: Archive,
        lease: Lease,
        high_water: HighWater,
        rate_limiter: RateLimiter,
        metrics: Metrics,
        alarms: Alarms,
        policy: Policy,
        unreachable: UnreachableChats,
        now: Callable[[], datetime] = _now,
    ) -> None:
        self.platform = platform
        platform.on_membership(self._membership_changed)
        platform.on_moved(self._moves)
        self._unreachable = unreachable
        self._index = index
        self._bell = bell
        self._position = position
        self._rules = rules
        self._ledger = ledger
        self._due = due
        self._lease = lease
        self._rate_limiter = rate_limiter
        self._metrics = metrics
        self._alarms = alarms
        self._policy = policy
        self._now = now
        self._queue = Queue()
        self._moved = asyncio.Event()
        self._pinned = asyncio.Event()
        self._delivering = False
        self._closing = False
        """We are told to stop: no more work is started."""
        self._errands: set[asyncio.Timeout] = set()
        """What people are doing with cards right now, outside our own tasks."""
        self._looking = asyncio.Lock()  # one worker watches for all, so fifty needn't wake at once
        self._marking = asyncio.Lock()  # held while enqueued cards are being stored
        self._released = asyncio.Condition()
        self._done: list[DueSubject] = []
        """Finished cards that haven't been acknowledged yet."""
        self._some_done = asyncio.Event()
        self._has_read = False
        """The index was filled: a story that isn't there now is in no archive."""
        self._parked: dict[Chat, ParkedChat] = {}
        self._late: dict[Key, float] = {}
        """Cards whose last attempt failed, and when the first failure was."""
        self._ended_at = 0.0
        self._rollback = RollbackWatch(platform.name, ledger, high_water, now, self._stepped_back)
        self._anew = False
        self._lost = asyncio.Event()
        """The storage lost something; rules that people set may be missing there."""
        rules.on_loss(self._lost.set)
        self._cards = Cards(
            platform,
            index=index,
            rules=rules,
            ledger=ledger,
            archive=archive,
            lease=lease,
            rollback=self._rollback,
            rate_limiter=rate_limiter,
            metrics=metrics,
            policy=policy,
            taken=self._unpark,
            refused=unreachable.refused,
            beside=self._beside,
            look=self._look_again_at,
            now=now,
        )
        self._kinds: dict[str, TakesStep] = {
            CARD: lambda chat, subject: self._cards.step(chat, StoryId(subject))
        }
        self._requests = CardRequests(platform, self._cards, self._cards.outbound, now)
        self._asking = Asking(
            platform,
            ledger=ledger,
            rules=rules,
            index=index,
            unreachable=unreachable,
            lease=lease,
            rate_limiter=rate_limiter,
            note=self.note,
            now=now,
        )
        self._affected = AffectedCards(
            platform.name,
            index=index,
            rules=rules,
            ledger=ledger,
            archive=archive,
            rows=self._cards.rows,
            first_for=policy.first_for,
            now=now,
        )

    # What others can see.

    @property
    def delivers(self) -> bool:
        """False if a card has been in line for long and nothing finished meanwhile."""
        now = asyncio.get_running_loop().time()
        oldest = self._queue.oldest()
        waited = now - oldest if oldest is not None else 0.0
        return waited < STUCK_S or now - self._ended_at < STUCK_S

    @property
    def policy(self) -> Policy:
        """The operator's choices."""
        return self._policy

    def is_due(self, chat: Chat, story: StoryId) -> bool:
        """Whether something remains to be done about the story's card."""
        return (chat, story) in self._queue

    def next_publish(self, chat: Chat) -> datetime | None:
        """When the next card may be published in a chat; None where none can be."""
        rest_s = self._rate_limiter.publish_rest(chat)
        return None if rest_s is None else self._now() + timedelta(seconds=rest_s)

    def refusal(self, chat: Chat) -> Refusal | None:
        """Why a chat accepts nothing from us, if it refuses."""
        parked = self._parked.get(chat)
        if parked is None:
            return None
        left_s = parked.until - asyncio.get_running_loop().time()
        return Refusal(parked.reason, self._now() + timedelta(seconds=max(0.0, left_s)))

    async def first_word(self, chat: Chat) -> Refusal | None:
        """Why a chat refuses us, after what waits there was attempted; takes at most
        FIRST_WORD_S."""
        self.try_again(chat)

        def tried() -> bool:
            parked = self._parked.get(chat)
            refuses = parked is not None and parked.until > asyncio.get_running_loop().time()
            return refuses or not self.waiting(chat)

        with suppress(TimeoutError):
            async with asyncio.timeout(FIRST_WORD_S), self._released:
                await self._released.wait_for(tried)
        return self.refusal(chat)

    def serve(self, kind: str, step: TakesStep) -> None:
        """Bring another kind of subject up to date as well: `step` takes one step for it, and
        returns None when there may be more to do, else what holds it. Call it before `run`."""
        self._kinds[kind] = step

    def waiting(self, chat: Chat) -> list[StoryId]:
        """The stories whose cards here have something left to do."""
        return self._queue.stories_of(chat)

    async def explain(
        self, chat: Chat, story: StoryId, record: CardRecord | None
    ) -> Mapping[Part, Step | Hold]:
        """What is planned for a story's card, part by part; may raise StorageAway."""
        observer = self._cards.observer
        if (edition := await observer.edition(story)) is None:
            return {}
        with self._speaking(chat):
            view = await observer.view(chat, edition, record, unmute=False)
        retry_at = self.again_at(chat, story)
        facts = replace(view.facts, chat=self._chat_hold(chat), retry_at=retry_at)
        return explain(view.observed, view.desired, facts, self._now())

    def again_at(self, chat: Chat, story: StoryId) -> datetime | None:
        """When a card is retried that couldn't be shown or waits for the platform's pause;
        else None."""
        held_s = self._rate_limiter.held(chat)
        if not self.is_due(chat, story) or not (held_s or (chat, story) in self._late):
            return None
        turn = self._queue.turn((chat, story)) or 0.0
        left_s = max(turn - asyncio.get_running_loop().time(), held_s, 0.0)
        return self._now() + timedelta(seconds=left_s)

    def try_again(self, chat: Chat) -> None:
        """A chat that refused us may accept something now: retry what waits there."""
        if (parked := self._parked.get(chat)) is not None:
            now = asyncio.get_running_loop().time()
            self._parked[chat] = replace(parked, until=now)
            self._queue.wake(chat)
            self._moved.set()

    def _membership_changed(self, chats: frozenset[Chat], inside: bool) -> None:
        self._unreachable.membership_changed(chats, inside)
        for chat in list(self._parked) if inside else ():
            if self.platform.capabilities.group(chat) in chats:
                self.try_again(chat)

    def observe(self) -> None:
        """Update the gauges."""
        name, now = self.platform.name, asyncio.get_running_loop().time()
        turn = self._queue.longest_due(but=self._parked)
        for (chat, _), since in self._late.items():
            if chat not in self._parked and (turn is None or since < turn):
                turn = since
        self._metrics.due.labels(name).set(len(self._queue))
        self._metrics.oldest_due.labels(name).set(max(0.0, now - turn) if turn else 0.0)
        self._metrics.parked.labels(name).set(len(self._parked))

    async def run(self) -> None:
        """Enqueue what changes and deliver what is due, until cancelled."""
        self._queue, self._done = Queue(), []
        self._late.clear()
        self._delivering = True
        try:
            await self._deliver()
        finally:
            self._delivering = False
            self._end_errands()

    async def _deliver(self) -> None:
        await self._unreachable.begin()
        self._cards.begin()
        self._asking.begin()
        # The cursor first: what the previous holder still enqueues, we enqueue again.
        cursor = await patiently(lambda: self._due.cursor(self.platform.name))
        for entry in await patiently(lambda: self._due.all(self.platform.name)):
            self._enqueue(entry)
        await patiently(self._rollback.look)
        if (
            self._rollback.doubt is not None
            and self._now() - self._rollback.doubt < LOSS_REMEMBERED
        ):
            self._anew = True  # the process that saw it may not have rechecked every card
            self._bell.set()
        self._rate_limiter.take_over()
        await patiently(self._recall_pace)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow(cursor), name=f"follows {self.platform.name}")
            tasks.create_task(self._put_back(), name=f"rules {self.platform.name}")
            tasks.create_task(self._acknowledge(), name=f"acks {self.platform.name}")
            tasks.create_task(self._rollback.keep(), name=f"tide {self.platform.name}")
            tasks.create_task(self._tend_pins(), name=f"pins {self.platform.name}")
            tasks.create_task(self._unreachable.run(), name=f"warden {self.platform.name}")
            if (
                not self._policy.repeat_unknown
            ):  # then cards of unknown outcome are repeated automatically
                tasks.create_task(self._asking.run(), name=f"asking {self.platform.name}")
            tasks.create_task(self._labour(), name=f"workers {self.platform.name}")

    async def _recall_pace(self) -> None:
        """Count what was sent to a group within the last minute, and published in a channel within
        the last hour, by whichever process."""
        now = self._now()

        def ages_s(moments: Iterable[datetime | None]) -> list[float]:
            ages_s = [(now - moment).total_seconds() for moment in moments if moment is not None]
            return [max(0.0, age_s) for age_s in ages_s]  # none is in the future

        for chat in self._rules.chats():
            rule = self._rules.of(chat)
            publishes = rule is not None and rule.publish
            if chat.platform == self.platform.name and (
                self._rate_limiter.counts(chat) or publishes
            ):
                rows = (await self._ledger.of_chat(chat)).values()
                done = ages_s(moment for row in rows for moment in (row.at, row.replied_at))
                self._rate_limiter.remember(chat, [age_s for age_s in done if age_s < 60])
                self._rate_limiter.published(chat, ages_s(row.published_at for row in rows))

    async def welcome(self, chat: Chat, before: Rule) -> None:
        """A chat's rule changed: show it the top live stories that it wants now.

        After a pause it gets all it wants, and of what was muted everything that no longer is.
        """
        rule = self._rules.of(chat)
        if chat.platform != self.platform.name or rule is None:
            return
        for entry in self._queue.waiting(chat):  # what they wait for may be over
            self._enqueue(entry)
        wanted = [
            edition
            for edition in self._index.live(self._now())
            if rule.wants(edition.story) or rule.awaits(edition.story)
        ]
        if not before.paused:
            wanted = [
                edition
                for number, edition in enumerate(wanted)
                if number < WELCOME or before.mute_of(edition.story.id)
            ]
        entries = [DueSubject(chat, edition.story.id, edition.seq) for edition in wanted]
        try:
            await self._store_and_enqueue(entries)
        except StorageAway:  # they may have been stored, and nobody else would know about them
            for entry in entries:
                self._enqueue(entry)
            raise

    def _speaking(self, chat: Chat) -> AbstractContextManager[None]:
        """Use the chat's language inside the block."""
        rule = self._rules.of(chat)
        return speaking(rule.language if rule else None)

    async def note(
        self, chat: Chat, story: StoryId, change: Callable[[CardRecord], CardRecord]
    ) -> None:
        """Change a card's row while nobody else holds the card."""
        async with self._holding((chat, story)):
            await self._requests.note(chat, story, change)

    @asynccontextmanager
    async def _beside(self, chat: Chat, story: StoryId) -> AsyncGenerator[bool]:
        """Hold another card of a chat as well; yields False if someone else holds it.

        It never waits, so two that want each other's card simply try again.
        """
        if not self._queue.hold((chat, story)):
            yield False
            return
        try:
            yield True
        finally:
            await self._release((chat, story))

    # Pins.

    async def pin(self, chat: Chat, story: StoryId) -> list[StoryId]:
        """Pin the story's card, posting it first if necessary; raises SendFailed.

        Returns the stories whose pins make room for it.
        """
        edition = self._index.get(story)
        assert edition is not None, "handlers ask about stories they have found"
        await self.pins(chat)  # otherwise removed pins would count when making room
        await self._store_and_enqueue([DueSubject(chat, story, edition.seq)])  # wanted or not
        async with self._holding((chat, story)):
            with self._speaking(chat):
                record = await self._requests.ensure(chat, edition)
            async with self._cards.rows.hold(chat, story) as held:
                sure = await self._cards.pins.put(held, record, asked=True)
        if not sure:
            self._look_again_at(chat, story, self._policy.settle)
        self._pinned.set()
        return await self._make_room(chat, await self._ledger.of_chat(chat))

    async def unpin(self, chat: Chat, story: StoryId) -> None:
        """Unpin the story's card; raises SendFailed."""
        rows = self._cards.rows
        async with self._holding((chat, story)), rows.hold(chat, story, anew=True) as held:
            sure = await self._cards.pins.remove_any(held)
        if not sure:
            self._look_again_at(chat, story, self._policy.settle)

    async def pins(self, chat: Chat) -> Pinned:
        """What we have pinned in a chat. Pins that people removed by hand are forgotten first."""
        rows = await self._ledger.of_chat(chat)
        pinned = {story: row for story, row in rows.items() if row.pin is Pin.STANDS}
        there: frozenset[str] | None = frozenset()
        if pinned:
            try:
                async with asyncio.timeout(LOOK_UP_S):
                    there = await self.platform.pinned(chat)
            except (SendFailed, TimeoutError):
                there = None
        if there is None:
            return Pinned(pins_in(rows), seen=False)
        gone = {story: row for story, row in pinned.items() if row.message_id not in there}
        for story, row in gone.items():
            await self.note(chat, story, partial(_unpinned, row))
        return Pinned(pins_in(await self._ledger.of_chat(chat) if gone else rows), seen=True)

    # Cards of unknown outcome.

    async def claim(self, card: Unknown) -> Claim | None:
        """Accept a moderator's statement that a card exists; None if it is settled."""
        async with self._holding((card.chat, card.story)):
            await self._enqueue_newest(card.chat, card.story)
            return await self._requests.claim(card)

    async def show(self, chat: Chat, story: StoryId, message_id: str) -> CardRecord | None:
        """A moderator points out where a card is; returns what its row was before."""
        async with self._holding((chat, story)):
            await self._enqueue_newest(chat, story)
            return await self._requests.show(chat, story, message_id)

    async def post_again(self, card: Unknown) -> bool:
        """Post a card of unknown outcome again; False if it is settled. Raises SendFailed."""
        edition = self._index.get(card.story)
        assert edition is not None, "the desk has looked"
        entry = DueSubject(card.chat, card.story, edition.seq)
        await self._store_and_enqueue([entry])  # in case we crash
        async with self._holding((card.chat, card.story)):
            with self._speaking(card.chat):
                return await self._requests.post_again(card, edition)

    def live(self, story: StoryId) -> bool:
        """Whether a story is known and still live."""
        edition = self._index.get(story)
        return edition is not None and edition.is_live(self._now(), self._index.live_for)

    async def _make_room(self, chat: Chat, rows: Mapping[StoryId, CardRecord]) -> list[StoryId]:
        """Unpin the oldest pins of a chat that exceed its rule's limit."""
        rule = self._rules.of(chat) or Rule()
        gone = pins_in(rows)[max(rule.pins, 0) :]
        for story in gone:
            await self.note(chat, story, _let_go)
            self._look_again_at(chat, story)
        return gone

    def _look_again_at(self, chat: Chat, story: StoryId, after: timedelta = timedelta(0)) -> None:
        """Check the story's card again, although nothing new happened."""
        if (edition := self._index.get(story)) is not None:
            at = asyncio.get_running_loop().time() + after.total_seconds()
            self._queue.add_later(DueSubject(chat, story, edition.seq), at)
            self._moved.set()

    async def _tend_pins(self) -> None:
        """Unpin what is over, and finish what was started, until cancelled."""
        while True:
            self._pinned.clear()
            again_s = await patiently(self._look_at_pins)
            with suppress(TimeoutError):
                async with asyncio.timeout(again_s):
                    await self._pinned.wait()

    async def _look_at_pins(self) -> float:
        """Check every pin once; returns the seconds until the next one may be over."""
        if not len(self._index):
            return 1.0  # just started
        now, live_for = self._now(), self._index.live_for
        wait_s = PINS_EVERY_S
        chats: dict[Chat, dict[StoryId, CardRecord]] = {}
        for (chat, story), row in (await self._ledger.pins(self.platform.name)).items():
            chats.setdefault(chat, {})[story] = row
            edition = self._index.get(story)
            if row.pin is not Pin.STANDS or (edition and not edition.is_live(now, live_for)):
                self._look_again_at(chat, story)
            elif edition is not None:
                left = edition.live_until(live_for) - now
                wait_s = min(wait_s, left.total_seconds() + 0.05)
        for chat, rows in chats.items():
            await self._make_room(chat, rows)
        return max(wait_s, 0.05)

    # Due cards.

    async def _follow(self, cursor: Cursor) -> None:
        cleared, begun = self._index.cleared, False
        while True:
            await self._bell.wait()
            self._bell.clear()
            upto, now = self._position(), self._index.cleared
            anew = self._anew or now != cleared
            if anew:
                self._rules.noticed_loss()
            if upto == Cursor() or (upto == cursor and not anew and begun):
                continue  # nothing was read yet, or nothing is new
            self._has_read = True
            self._moved.set()
            self._anew = False  # set again if more is lost meanwhile
            steady = cursor.epoch == upto.epoch and cursor.seq <= upto.seq and not anew
            behind = cursor.seq if steady else 0
            try:
                if anew:
                    for entry in await self._due.all(self.platform.name):
                        self._enqueue(entry)
                named = [] if begun or not behind else await self._affected.by_file()
                owed = named + await self._affected.since(behind, first=cursor == Cursor())
                async with self._marking:
                    # At once: until the cursor has moved, our successor would enqueue them anew.
                    keeping = asyncio.create_task(self._due.enqueue(self.platform.name, owed, upto))
                    try:
                        await self._line_up(owed)
                    finally:
                        await keeping
            except StorageAway:
                self._affected.forget()  # it may not have been stored
                self._anew = self._anew or anew
                await asyncio.sleep(1)
                self._bell.set()
            else:
                cursor, cleared, begun = upto, now, True

    def _stepped_back(self) -> None:
        """The storage lost rows: recheck every card."""
        self._metrics.steps_back.labels(self.platform.name).inc()
        self._anew = True
        self._bell.set()

    async def _put_back(self) -> None:
        """Write back the rules that the storage lost, retrying for ever: nobody else may know
        them."""
        while True:
            await self._lost.wait()
            self._lost.clear()
            self._alarms.report("storage", LOST, lasts=LOSS_REMEMBERED)
            missing = await patiently(lambda: self._rules.put_back(self.platform.name))
            if missing:
                facts = {"platform": self.platform.name, "rules": missing}
                log.warning("rules that the storage lost are kept again", extra=facts)

    async def _enqueue_newest(self, chat: Chat, story: StoryId) -> None:
        """Enqueue a card that we hold, so that it is brought up to date even if we crash."""
        if (edition := self._index.get(story)) is not None:
            await self._store_and_enqueue([DueSubject(chat, story, edition.seq)])

    async def _store_and_enqueue(self, entries: list[DueSubject]) -> None:
        async with self._marking:
            await self._due.enqueue(self.platform.name, entries, None)
            await self._line_up(entries)

    async def _line_up(self, entries: list[DueSubject]) -> None:
        async for entry in by_turns(entries):
            self._enqueue(entry)

    def _enqueue(self, entry: DueSubject) -> None:
        if kind_of(entry.subject) not in self._kinds:
            return  # a newer version's: it stays due, for when that comes back
        if entry.due_at is not None and (left := entry.due_at - self._now()) > timedelta(0):
            at = asyncio.get_running_loop().time() + left.total_seconds()
            self._queue.add_later(entry, at)
            self._moved.set()
            return
        story = story_of(entry.subject)
        edition = self._index.get(story) if story is not None else None
        urgent = (
            edition is None
            or edition.before is None
            or self._index.delta(edition).weight == Weight.MAJOR
        )
        self._queue.add(
            entry,
            asyncio.get_running_loop().time(),
            server=self.platform.server(entry.chat),
            stands_back_s=0.0 if urgent else ROUTINE_WAITS_S,
        )
        self._moved.set()

    async def _next(self) -> DueSubject | None:
        """The card whose turn it is; None when no more work is started."""
        loop = asyncio.get_running_loop()
        async with self._looking:
            while not self._closing:
                self._moved.clear()
                now = loop.time()
                wait: float | None = (
                    0.5  # the lease isn't certain, we aren't connected, or nothing was read
                )
                if self._lease.sure and self.platform.connected and self._has_read:
                    if (entry := self._queue.take(now, self._rest)) is not None:
                        self._moved.set()  # the next worker may find something, too
                        return entry
                    wait = self._queue.waits(now)
                with suppress(TimeoutError):
                    async with asyncio.timeout(None if wait is None else max(wait, 0.005)):
                        await self._moved.wait()
        return None

    def _chat_hold(self, chat: Chat) -> Hold | None:
        """What keeps us from writing to a chat at all."""
        now, loop_now = self._now(), asyncio.get_running_loop().time()
        parked = self._parked.get(chat)
        refused_s = parked.until - loop_now if parked else 0.0
        rest_s = self._rate_limiter.rest(chat)
        if refused_s <= 0 and rest_s <= 0:
            return None
        return chat_hold(now, now + timedelta(seconds=refused_s), now + timedelta(seconds=rest_s))

    def _rest(self, chat: Chat) -> float:
        """Seconds until a chat may be written to."""
        hold = self._chat_hold(chat)
        if hold is None or hold.until is None:
            return 0.0
        return max(0.0, (hold.until - self._now()).total_seconds())

    async def _labour(self) -> None:
        """Run all workers until cancelled; then each may finish its step,
        because its call may be in flight."""
        self._closing = False
        workers = {
            asyncio.create_task(self._work(), name=f"reconciler {self.platform.name} {number}")
            for number in range(WORKERS)
        }
        try:
            ended, _ = await asyncio.wait(workers, return_when=asyncio.FIRST_COMPLETED)
            for worker in ended:
                worker.result()  # it runs for ever, or fails
        finally:
            self._closing = True
            self._moved.set()
            try:
                await asyncio.wait(workers, timeout=DRAIN_S)
            finally:
                for worker in workers:
                    worker.cancel()
                await asyncio.gather(*workers, return_exceptions=True)

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while (entry := await self._next()) is not None:
            key, begun, failed = (entry.chat, entry.subject), loop.time(), True
            hold: Hold | None = self._retry(FAILED_REST_S)
            try:
                hold = await self._bring_up(entry.chat, entry.subject)
                failed = hold is not None and hold.reason.code in LATE
                if hold is not None and hold.until is None:
                    self._done.append(entry)
                    self._some_done.set()
            except Exception:
                log.exception(
                    "a card failed", extra={"chat": str(entry.chat), "story": entry.subject}
                )
            finally:
                self._ended_at = loop.time()
                if failed:
                    self._late.setdefault(key, begun)
                else:
                    self._late.pop(key, None)
                await self._release(key, entry, self._again_s(hold))

    def _retry(self, seconds: float) -> Hold:
        return Hold(Reason(HoldCode.RETRY), self._now() + timedelta(seconds=seconds))

    def _again_s(self, hold: Hold | None) -> float | None:
        """Seconds until a card is planned again; None if only after a change."""
        if hold is None:
            return 0.0  # more may be due: a reply, or a newer edition
        if hold.until is None:
            return None
        return max(0.05, (hold.until - self._now()).total_seconds())

    async def _acknowledge(self) -> None:
        """Acknowledge finished cards, until cancelled: many at a time,
        because nothing waits for it."""
        while True:
            await self._some_done.wait()
            await asyncio.sleep(ACK_EVERY_S)
            self._some_done.clear()
            async with (
                self._marking
            ):  # otherwise one that is just being enqueued would be acknowledged
                ended, self._done = self._done, []
                # One that was enqueued again meanwhile stays until that is done, too.
                done = [entry for entry in ended if (entry.chat, entry.subject) not in self._queue]
                try:
                    await self._due.ack(self.platform.name, done)
                except StorageAway:
                    self._done += done
                    self._some_done.set()

    async def _release(
        self, key: Key, entry: DueSubject | None = None, again_s: float | None = None
    ) -> None:
        self._queue.release(key)
        if (
            entry is not None and again_s is not None
        ):  # only after release, otherwise it gets in line at once
            self._queue.add_later(entry, asyncio.get_running_loop().time() + again_s)
        self._moved.set()
        async with self._released:
            self._released.notify_all()

    @asynccontextmanager
    async def _holding(self, key: Key) -> AsyncGenerator[None]:
        if not self._delivering:
            raise StorageAway("another process delivers")
        queue, errand = self._queue, asyncio.timeout(None)
        self._errands.add(errand)
        try:
            async with errand:
                async with self._released:
                    await self._released.wait_for(lambda: queue.hold(key))
                try:
                    yield
                finally:
                    if queue is self._queue:
                        await self._release(key)
        except TimeoutError:
            if not errand.expired():
                raise
            raise StorageAway("another process may deliver by now") from None
        finally:
            self._errands.discard(errand)

    def _end_errands(self) -> None:
        """Stop what people requested meanwhile: another process may write the rows it relies on."""
        for errand in self._errands:
            if not errand.expired():
                errand.reschedule(asyncio.get_running_loop().time())

    # Carrying out steps.

    async def _bring_up(self, chat: Chat, subject: Subject) -> Hold | None:
        """Take a step for a subject; return None when there may be more to do, else what holds
        it."""
        facts = {"chat": str(chat), "story": subject}
        try:
            with self._speaking(chat):
                return await self._kinds[kind_of(subject)](chat, subject)
        except NotNow as later:
            return self._retry(max(later.after.total_seconds(), 1.0))
        except StorageAway:
            return self._retry(1.0)
        except OutcomeUnknown as unknown:
            log.warning("outcome unknown", extra={**facts, "why": str(unknown)})
            return Hold(Reason(HoldCode.SETTLING), self._now() + self._policy.settle)
        except Unreachable as refused:
            self._park(chat, refused)
            return Hold(Reason(HoldCode.REFUSED), self._now())  # waits with its chat
        except Moved as moved:
            await self._follow_move(chat, subject, moved.to)
        except SendFailed as failed:
            log.warning("not shown", extra={**facts, "why": str(failed)})
        return Hold(Reason(HoldCode.UP_TO_DATE))

    async def _moves(self, chat: Chat, to: Chat) -> None:
        """A chat has a new address: what is stored about it moves along."""
        log.warning("a chat moved", extra={"chat": str(chat), "to": str(to)})
        self._parked.pop(chat, None)
        self._unreachable.moved(chat)
        await patiently(lambda: self._rules.move(chat, to))

    async def _follow_move(self, chat: Chat, subject: Subject, to: Chat) -> None:
        """The same, learned while sending a story's card: its stories are shown there."""
        await self._moves(chat, to)
        rule = self._rules.of(to) or Rule()
        stories = {
            StoryId(subject),
            *rule.story_ids,
        }  # these may be over
        known = [edition for each in stories if (edition := self._index.get(each)) is not None]
        await patiently(
            lambda: self._store_and_enqueue(
                [DueSubject(to, edition.story.id, edition.seq) for edition in known]
            )
        )

    def _park(self, chat: Chat, refused: Unreachable) -> None:
        """Leave a chat that refuses us alone for a while; what is due there waits."""
        before = self._parked.get(chat)
        policy = self._policy
        left_alone = (
            min(before.left_alone * 2, policy.park_longest) if before else policy.park_first
        )
        until = asyncio.get_running_loop().time() + left_alone.total_seconds()
        self._parked[chat] = ParkedChat(refused.reason, left_alone, until)
        if before is None:
            facts = {"chat": str(chat), "why": str(refused)}
            log.warning("a chat refuses us", extra=facts)

    def _unpark(self, chat: Chat, act: str) -> None:
        self._unreachable.taken(chat, act)
        if self._parked.pop(chat, None) is not None:
            log.info("a chat takes us again", extra={"chat": str(chat)})


def pins_in(rows: Mapping[StoryId, CardRecord]) -> list[StoryId]:
    """The stories of a chat that we have pinned there, the latest pin first."""
    pinned = [(row.pinned_at or row.at, story) for story, row in rows.items() if row.pinned]
    return [story for _, story in sorted(pinned, reverse=True)]


def _unpinned(seen: CardRecord, row: CardRecord) -> CardRecord:
    """A row without its pin, unless it was pinned again since it was read."""
    return replace(row, pin=None, pinned_at=None) if row == seen else row


def _let_go(row: CardRecord) -> CardRecord:
    return replace(row, pin=Pin.GOING) if row.pinned else row
