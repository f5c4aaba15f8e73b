"""The reconciler: closes the gap between what cards should show and what the ledger says they show.

It is level-triggered. What is due is only a chat and a story; what to do is decided when its turn
comes, from the latest edition and the ledger. Catching up after a crash therefore uses the same
code as normal operation.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.delivery.affected import AffectedCards
from bot.delivery.asking import Asking
from bot.delivery.cards import Cards
from bot.delivery.parking import ParkingLot
from bot.delivery.pin_requests import PinRequests
from bot.delivery.plan import chat_hold, explain
from bot.delivery.policy import Policy
from bot.delivery.ports import Archive, Due, HighWater, Lease, Ledger
from bot.delivery.rate_limiter import RateLimiter
from bot.delivery.recalling import recall_rates
from bot.delivery.requests import CardRequests
from bot.delivery.rollback import RollbackWatch, patiently
from bot.delivery.rules import RuleBook
from bot.delivery.unreachable import UnreachableChats
from bot.delivery.work_queue import WorkQueue
from bot.delivery.workers import TakesStep, Workers
from bot.metrics import Metrics
from bot.model.chat import Chat
from bot.model.due import DueSubject
from bot.model.ledger import CardRecord
from bot.model.rule import Rule
from bot.model.status import Refusal
from bot.model.step import Hold, Step
from bot.model.subject import CARD, Subject
from bot.platforms.port import Platform
from runtime.alarms import Alarms
from runtime.away import StorageAway
from stories.changes import Cursor
from stories.index import StoryIndex
from stories.story import StoryId
from wording.holds import Part
from wording.language import speaking

log = logging.getLogger(__name__)

WELCOME = 5
"""The most live stories a chat gets when its rule changes; the rest come when they are updated."""
LOSS_REMEMBERED = timedelta(hours=1)
"""A process that starts within this time of a detected rollback rechecks every card."""
LOST = (
    "Redis lost data that it had acknowledged, so cards may miss an update or be posted a second "
    "time, and chats may follow again what they followed before; set appendonly yes in Redis, so "
    "that a restart loses no more than a second."
)
FIRST_WORD_S = 1.5
"""How long an answer waits to learn whether its chat can be written to."""


def _now() -> datetime:
    return datetime.now(UTC)


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
        self._has_read = False
        """The index was filled: a story that isn't there now is in no archive."""
        self._rollback = RollbackWatch(platform.name, ledger, high_water, now, self._stepped_back)
        self._anew = False
        self._lost = asyncio.Event()
        """The storage lost something; rules that people set may be missing there."""
        rules.on_loss(self._lost.set)
        self._kinds: dict[str, TakesStep] = {}
        self._parking = ParkingLot(policy, now)
        self.work = WorkQueue(
            platform,
            due=due,
            index=index,
            kinds=self._kinds,
            ready=lambda: lease.sure and platform.connected and self._has_read,
            rest=self._rest,
            now=now,
        )
        self._workers = Workers(
            platform.name,
            self.work,
            kinds=self._kinds,
            policy=policy,
            speaking=self._speaking,
            refused=self._parking.park,
            moved=self._follow_move,
            now=now,
        )
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
            beside=self.work.hold_other,
            look=self.work.look_again_at,
            now=now,
        )
        self.serve(CARD, lambda chat, subject: self._cards.step(chat, StoryId(subject)))
        self.requests = CardRequests(
            platform,
            self.work,
            self._cards,
            index=index,
            speaking=self._speaking,
            now=now,
        )
        self.pins = PinRequests(
            platform,
            self.work,
            cards=self._cards,
            requests=self.requests,
            ledger=ledger,
            index=index,
            rules=rules,
            policy=policy,
            speaking=self._speaking,
            note=self.requests.note,
            now=now,
        )
        self._asking = Asking(
            platform,
            ledger=ledger,
            rules=rules,
            index=index,
            unreachable=unreachable,
            lease=lease,
            rate_limiter=rate_limiter,
            note=self.requests.note,
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
        return not self._workers.stuck

    @property
    def policy(self) -> Policy:
        """The operator's choices."""
        return self._policy

    def is_due(self, chat: Chat, story: StoryId) -> bool:
        """Whether something remains to be done about the story's card."""
        return (chat, story) in self.work

    def next_publish(self, chat: Chat) -> datetime | None:
        """When the next card may be published in a chat; None where none can be."""
        rest_s = self._rate_limiter.publish_rest(chat)
        return None if rest_s is None else self._now() + timedelta(seconds=rest_s)

    def refusal(self, chat: Chat) -> Refusal | None:
        """Why a chat accepts nothing from us, if it refuses."""
        return self._parking.refusal(chat)

    async def first_word(self, chat: Chat) -> Refusal | None:
        """Why a chat refuses us, after what waits there was attempted; takes at most
        FIRST_WORD_S."""
        self.try_again(chat)

        def tried() -> bool:
            return self._parking.left_s(chat) > 0 or not self.waiting(chat)

        with suppress(TimeoutError):
            async with asyncio.timeout(FIRST_WORD_S):
                await self.work.until(tried)
        return self.refusal(chat)

    def serve(self, kind: str, step: TakesStep) -> None:
        """Bring another kind of subject up to date as well: `step` takes one step for it, and
        returns None when there may be more to do, else what holds it. Call it before `run`."""
        self._kinds[kind] = step

    def waiting(self, chat: Chat) -> list[StoryId]:
        """The stories whose cards here have something left to do."""
        return self.work.stories_of(chat)

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
        if not self.is_due(chat, story) or not (held_s or self._workers.is_late((chat, story))):
            return None
        turn = self.work.turn((chat, story)) or 0.0
        left_s = max(turn - asyncio.get_running_loop().time(), held_s, 0.0)
        return self._now() + timedelta(seconds=left_s)

    def try_again(self, chat: Chat) -> None:
        """A chat that refused us may accept something now: retry what waits there."""
        if self._parking.try_again(chat):
            self.work.wake(chat)

    def _membership_changed(self, chats: frozenset[Chat], inside: bool) -> None:
        self._unreachable.membership_changed(chats, inside)
        for chat in self._parking if inside else ():
            if self.platform.capabilities.group(chat) in chats:
                self.try_again(chat)

    def observe(self) -> None:
        """Update the gauges."""
        name, now = self.platform.name, asyncio.get_running_loop().time()
        turns = (
            self.work.longest_due(but=self._parking),
            self._workers.late_since(but=self._parking),
        )
        since = min((turn for turn in turns if turn is not None), default=now)
        self._metrics.due.labels(name).set(len(self.work))
        self._metrics.oldest_due.labels(name).set(max(0.0, now - since))
        self._metrics.parked.labels(name).set(len(self._parking))

    async def run(self) -> None:
        """Enqueue what changes and deliver what is due, until cancelled."""
        self.work.begin()
        try:
            await self._deliver()
        finally:
            self.work.end()

    async def _deliver(self) -> None:
        await self._unreachable.begin()
        self._cards.begin()
        self._asking.begin()
        # The cursor first: what the previous holder still enqueues, we enqueue again.
        cursor = await self.work.cursor()
        await patiently(self.work.load)
        await patiently(self._rollback.look)
        if (
            self._rollback.doubt is not None
            and self._now() - self._rollback.doubt < LOSS_REMEMBERED
        ):
            self._anew = True  # the process that saw it may not have rechecked every card
            self._bell.set()
        self._rate_limiter.take_over()
        await patiently(self._recall_rates)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow(cursor), name=f"follows {self.platform.name}")
            tasks.create_task(self._put_back(), name=f"rules {self.platform.name}")
            tasks.create_task(self.work.acknowledge(), name=f"acks {self.platform.name}")
            tasks.create_task(self._rollback.keep(), name=f"tide {self.platform.name}")
            tasks.create_task(self.pins.tend(), name=f"pins {self.platform.name}")
            tasks.create_task(self._unreachable.run(), name=f"warden {self.platform.name}")
            if (
                not self._policy.repeat_unknown
            ):  # then cards of unknown outcome are repeated automatically
                tasks.create_task(self._asking.run(), name=f"asking {self.platform.name}")
            tasks.create_task(self._workers.run(), name=f"workers {self.platform.name}")

    async def _recall_rates(self) -> None:
        await recall_rates(
            self._rate_limiter, self._rules, self._ledger, self.platform.name, self._now()
        )

    async def welcome(self, chat: Chat, before: Rule) -> None:
        """A chat's rule changed: show it the top live stories that it wants now.

        After a pause it gets all it wants, and of what was muted everything that no longer is.
        """
        rule = self._rules.of(chat)
        if chat.platform != self.platform.name or rule is None:
            return
        self.work.enqueue_again(chat)
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
            await self.work.store(entries)
        except StorageAway:  # they may have been stored, and nobody else would know about them
            for entry in entries:
                self.work.enqueue(entry)
            raise

    def _speaking(self, chat: Chat) -> AbstractContextManager[None]:
        """Use the chat's language inside the block."""
        rule = self._rules.of(chat)
        return speaking(rule.language if rule else None)

    def live(self, story: StoryId) -> bool:
        """Whether a story is known and still live."""
        edition = self._index.get(story)
        return edition is not None and edition.is_live(self._now(), self._index.live_for)

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
            self.work.wake()
            self._anew = False  # set again if more is lost meanwhile
            steady = cursor.epoch == upto.epoch and cursor.seq <= upto.seq and not anew
            behind = cursor.seq if steady else 0
            try:
                if anew:
                    await self.work.load()
                named = [] if begun or not behind else await self._affected.by_file()
                owed = named + await self._affected.since(behind, first=cursor == Cursor())
                await self.work.store(owed, upto)
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

    def _chat_hold(self, chat: Chat) -> Hold | None:
        """What keeps us from writing to a chat at all."""
        now = self._now()
        refused_s = self._parking.left_s(chat)
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

    async def _moves(self, chat: Chat, to: Chat) -> None:
        """A chat has a new address: what is stored about it moves along."""
        log.warning("a chat moved", extra={"chat": str(chat), "to": str(to)})
        self._parking.release(chat)
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
            lambda: self.work.store(
                [DueSubject(to, edition.story.id, edition.seq) for edition in known]
            )
        )

    def _unpark(self, chat: Chat, act: str) -> None:
        self._unreachable.taken(chat, act)
        if self._parking.release(chat):
            log.info("a chat takes us again", extra={"chat": str(chat)})
