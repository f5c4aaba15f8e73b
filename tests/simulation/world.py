"""A small world around the bot: publishers, chats, people, and everything that can go wrong.

One seed decides everything: who publishes what and when, what the platforms and the storage do
to each request, and when a process dies. After the stormy part everything is healed and left
alone; then the checker looks at what people see.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from functools import partial
from random import Random
from types import ModuleType
from typing import Any, TypeVar

from bot.assembly import Ground, assemble
from bot.delivery import asking as asking_module
from bot.delivery import pins as pins_module
from bot.delivery import workers as workers_module
from bot.delivery.policy import Policy, Spacing
from bot.delivery.rate_limiter import RateLimiter
from bot.metrics import Metrics
from bot.model.capabilities import Capabilities
from bot.model.chat import Chat
from bot.model.errors import SendFailed
from bot.model.ledger import HighWaterMark, Pin, State
from bot.model.rule import Loudness, Mute, Quiet, Rule
from bot.model.unknown import Unknown
from bot.serving import keep_in_step
from runtime.alarms import Alarms
from runtime.away import StorageAway
from stories.changes import Cursor
from stories.story import Correction, Stats, Status, Story, StoryId
from stories.wire import write
from tests.simulation.clock import BEGINNING, VirtualLoop
from tests.simulation.platform import CALM, GIVES_UP_S, LATE_S, PUBLISHES, Handle, Service, Weather
from tests.simulation.storage import (
    UPDATES,
    WAKE,
    Client,
    Data,
    MemoryArchive,
    MemoryDue,
    MemoryHighWater,
    MemoryLease,
    MemoryLedger,
    MemoryRules,
    MemoryTroubles,
    Store,
    shelve,
)

T = TypeVar("T")

STORM_S = 120.0
REST_S = 1500.0
"""Healed and left alone, everything must have come to rest by then."""
AFTER_S = 60.0
"""What was on its way when it came to rest has arrived by then."""

HURRY: dict[ModuleType, dict[str, Any]] = {
    workers_module: {"WORKERS": 8},
    pins_module: {"PINS_REST": timedelta(seconds=30)},
    asking_module: {
        "TELL_AFTER": timedelta(seconds=10),
        "LOOK_S": 5.0,
        "AGAIN": timedelta(seconds=20),
    },
}
POLICY = Policy(
    Spacing(timedelta(seconds=6), timedelta(seconds=20), timedelta(seconds=40)),
    reply_gap=timedelta(seconds=30),
    park_first=timedelta(seconds=5),
    park_longest=timedelta(seconds=40),
)
"""The reconciler's long waits, shortened so that a storm of two minutes meets them all."""

CHATS = {
    "discord": [Chat("discord", number) for number in ("1101", "1102", "2201", "@3301")],
    "telegram": [Chat("telegram", number) for number in ("501", "502", "-601", "-602")],
}
GROUP, SUPERGROUP = Chat("telegram", "-602"), Chat("telegram", "-100602")


@dataclass(frozen=True, slots=True)
class Storage:
    """How likely each mishap is for one command to the storage."""

    lost: float = 0.0
    answer_lost: float = 0.0
    repeated: float = 0.0
    slow: float = 0.0


class StormyClient(Client):
    """A connection through bad weather."""

    def __init__(self, store: Store, dice: Random) -> None:
        super().__init__(store)
        self._dice = dice
        self.weather = Storage()

    async def _there(self) -> None:
        self._lives()
        await asyncio.sleep(self._dice.uniform(0.0005, 0.003))
        if self.weather.slow and self._dice.random() < self.weather.slow:
            await asyncio.sleep(self._dice.uniform(0.1, 6))
        self._lives()
        if self.store.away or self._dice.random() < self.weather.lost:
            await asyncio.sleep(self._dice.uniform(0.1, 1.5))
            self._lives()
            raise StorageAway("the command was lost")

    async def _do(self, do: Any) -> Any:
        result = do(self.store.data)
        if self.weather.repeated and self._dice.random() < self.weather.repeated:
            result = do(self.store.data)  # the library did not hear the answer, and asked again
        return result

    async def _back(self) -> None:
        if self.weather.slow and self._dice.random() < self.weather.slow:
            await asyncio.sleep(self._dice.uniform(0.1, 14))
        self._lives()
        if self.weather.answer_lost and self._dice.random() < self.weather.answer_lost:
            raise StorageAway("the answer was lost")


def seconds(at: datetime) -> float:
    """When that was, on the loop's clock."""
    return (at - BEGINNING).total_seconds()


def _hurried(able: Capabilities) -> Capabilities:
    most, window_s = PUBLISHES
    publishes = (most, window_s + GIVES_UP_S + LATE_S) if able.publishes else None
    return replace(able, limits=replace(able.limits, publishes=publishes))


class Process:
    """The bot on storage and platforms of its own, until it is killed."""

    def __init__(self, world: "World", number: int) -> None:
        self.world = world
        self.number = number
        self.client = client = StormyClient(world.store, world.dice(f"process {number}"))
        client.weather = world.storage_weather
        self.handles = {
            name: Handle(service, client._lives) for name, service in world.services.items()
        }
        self.leases = {name: MemoryLease(client, name) for name in world.services}

        async def knows(chat: Chat) -> bool:
            return bool(await MemoryLedger(client).of_chat(chat))

        async def forget(chat: Chat) -> None:
            raise AssertionError(f"{chat} did not remove us")

        metrics = Metrics()
        bot = assemble(
            Ground(
                platforms=list(self.handles.values()),
                rate_limiters={
                    name: RateLimiter(_hurried(handle.capabilities), clock=world.loop.time)
                    for name, handle in self.handles.items()
                },
                archive=MemoryArchive(client),
                editing=MemoryLease(client, "editor"),
                leases=self.leases,
                rules=MemoryRules(client, self.leases),
                ledgers={name: MemoryLedger(client, self.leases[name]) for name in self.handles},
                due=MemoryDue(client),
                troubles=MemoryTroubles(client),
                high_water={
                    name: MemoryHighWater(client, world.disk, name) for name in self.handles
                },
                metrics=metrics,
                alarms=Alarms(metrics),
                knows=knows,
                forget=forget,
                now=world.loop.calendar,
            ),
            world.fixed,
            world.policy,
        )
        self.index, self.follower, self.editor = bot.index, bot.follower, bot.editor
        self.rules, self.reconcilers = bot.rules, bot.reconcilers
        self.task = world.loop.create_task(self._run())

    async def _run(self) -> None:
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self.editor.run())
                tasks.create_task(self.follower.run())
                for name, handle in self.handles.items():
                    tasks.create_task(
                        keep_in_step(
                            self.reconcilers[name],
                            self.leases[name],
                            self.rules,
                            partial(handle.run, ()),
                        )
                    )
        except BaseExceptionGroup as error:
            if self.client.alive:
                self.world.violations.append(f"a process ended by itself: {_inmost(error)!r}")
        finally:
            self.client.alive = False

    @property
    def alive(self) -> bool:
        return self.client.alive

    def kill(self) -> None:
        """SIGKILL: from this moment not one of its instructions has an effect."""
        self.client.alive = False
        for handle in self.handles.values():
            handle.hang_up()
        self.task.cancel()

    async def stop(self) -> None:
        """SIGTERM, and after 20 s SIGKILL, as a container does."""
        self.task.cancel()
        _, running = await asyncio.wait([self.task], timeout=20)
        if running and self.alive:
            self.world.violations.append("a process did not stop within 20 s of being told to")
        self.kill()


@dataclass(slots=True)
class Author:
    """What the publishers know of one story."""

    story: Story
    past: list[Story] = field(default_factory=list)


class World:
    """Everything outside the bot, and the bot."""

    def __init__(self, seed: int, loop: VirtualLoop, troubles: frozenset[str] | None) -> None:
        self.seed = seed
        self.loop = loop
        self.policy = POLICY
        self.random = self.dice("director")
        self.calm = self.dice("what chats do not want to hear")
        self.pruning = self.dice("what has become old")
        self.pruned = 0
        """How often a story left full memory."""
        self.settling = self.dice("what moderators know of lost cards")
        known = self._troubles()
        self.troubles = known if troubles is None else troubles
        self.store = Store(loop.calendar)
        self.disk: dict[str, HighWaterMark] = {}
        names = self.random.choice([("discord",), ("telegram",), ("discord", "telegram")])
        self.services = {name: Service(name, seed, CHATS[name]) for name in names}
        self.fixed: dict[Chat, Rule] = {}
        self.unheard: dict[Chat, float] = {}
        """Chats whose rule was saved at a moment when nobody could be told, and when."""
        self.ruled: dict[Chat, float] = {}
        """When each chat's rule was last set."""
        self.changed: set[Chat] = set()
        """Chats whose rule somebody meant to change."""
        self.settled = 0
        """How often a moderator pressed a button for a card of unknown outcome."""
        self.asked_for: set[tuple[Chat, StoryId]] = set()
        """Cards that a moderator asked for, wanted or not."""
        self.left: list[tuple[float, Story]] = []
        """What the inbox acknowledged, and when."""
        self.kills: list[float] = []
        self.violations: list[str] = []
        self.storage_weather = Storage()
        self.processes: list[Process] = []
        self.standing: dict[str, Process | None] = {}
        """Who delivered to each platform when it was over."""
        self._snapshots: list[Data] = []
        self._errands: set[asyncio.Task[Any]] = set()
        self._authors = [self._author(number) for number in range(self.random.randint(1, 5))]
        for chats in (CHATS[name] for name in names):
            for chat in chats:
                if self.random.random() < 0.7:
                    rule = self._rule()
                    (self.fixed if self.random.random() < 0.5 else self.store.data.rules)[chat] = (
                        rule
                    )

    def dice(self, what: str) -> Random:
        return Random(f"{self.seed} {what}")  # noqa: S311

    def _troubles(self) -> frozenset[str]:
        """Each seed knows some kinds of trouble and not others: a storm of all hides the rare."""
        # These have dice of their own, so that the others fall as before.
        own = {
            "refuses": self.dice("whether the storage refuses"),
            "pruned": self.dice("whether what is old goes"),
        }
        return frozenset(name for name in TROUBLES if own.get(name, self.random).random() < 0.4)

    async def run(self) -> None:
        """The storm, then the calm."""
        self._weather(self.troubles)
        count = 2 if "standby" in self.troubles else 1
        self.processes = [Process(self, number) for number in range(count)]
        while self.loop.time() < STORM_S:
            await asyncio.sleep(self.random.expovariate(1 / 1.5))
            self._something_happens()
        await self._heal()
        await self._rests()
        await asyncio.sleep(AFTER_S)
        await self._rests()
        self.standing = {name: self._holder(name) for name in self.services}

    def close(self) -> None:
        for process in self.processes:
            process.kill()

    # What happens.

    def _something_happens(self) -> None:
        usual: list[Event] = [World._develop, World._again, World._change_rule, World._pin]
        happens = usual[:1] * 10 + usual[1:] * 2
        if self.settling.random() < 0.3:
            self._settle()
        if "pruned" in self.troubles and self.pruning.random() < 0.3:
            self._prune()
        happens += [event for name in sorted(self.troubles) for event in TROUBLES[name]]
        self.random.choice(happens)(self)

    def _author(self, number: int) -> Author:
        story = Story(
            StoryId(f"story-{number}"),
            f"Story {number}",
            ("It began.",),
            revision=1 if self.random.random() < 0.5 else None,
            keywords=(("even", "odd")[number % 2],),
            stats=Stats(Status.EMERGING, 3.0, 4),
        )
        return Author(story)

    def _develop(self) -> None:
        author = self.random.choice(self._authors)
        story = author.story
        number = len(author.past) + 1
        if author.past:
            story = replace(story, revision=story.revision and story.revision + 1)
            what = self.random.random()
            if what < 0.4:
                story = replace(story, rank=number)
            elif what < 0.8:
                bullets = (*story.breakdown[-4:], f"Then number {number} became known to all.")
                story = replace(story, breakdown=bullets)
            elif what < 0.83:
                said = Correction(f"It was not number {number - 1}.", BEGINNING)
                story = replace(story, correction=None if story.correction else said)
            elif what < 0.9:
                stats = replace(story.stats, virality=9.0 if number % 2 else 2.0)
                story = replace(story, stats=stats)
            elif what < 0.92:
                others = [each.story.id for each in self._authors if each is not author]
                into = self.random.choice([None, *others]) if others else None
                story = replace(story, merged_into=None if story.merged_into else into)
            elif what < 0.96:
                status = Status.ACTIVE if story.stats.status is Status.ENDED else Status.ENDED
                story = replace(story, stats=replace(story.stats, status=status))
            else:
                story = replace(story, retracted=None if story.retracted else "It was not so.")
        author.story = replace(story, headline=f"As of number {number}.")
        author.past.append(author.story)
        self._publish(author.story)

    def _again(self) -> None:
        """An old document, the same once more, another under the same number, or none at all."""
        author = self.random.choice(self._authors)
        if not author.past:
            return
        old = self.random.choice(author.past[-4:])
        match self.random.randrange(3):
            case 0:
                self._publish(old)
            case 1:
                self._publish(replace(old, headline="Under the same number."))
            case 2:
                self._bring(b"{not a story", None)

    def _publish(self, story: Story) -> None:
        self._bring(write(story), story)

    def _bring(self, document: bytes, story: Story | None) -> None:
        by_inbox, on_the_way_s = self.random.random() < 0.6, self.random.uniform(0, 2)

        async def bring() -> None:
            await asyncio.sleep(on_the_way_s)
            if not by_inbox:
                self.store.publish(UPDATES, document)
                return
            while self.store.away or self.store.refuses:  # noqa: ASYNC110 - people look again, too
                await asyncio.sleep(1)
            self.store.data.inbox[self.store.number()] = document
            if story is not None:
                self.left.append((self.loop.time(), story))

        self._errand(bring())

    def _rule(self) -> Rule:
        loudness = self.random.choice(list(Loudness))
        publish = self.calm.random() < 0.3
        match self.random.randrange(4):
            case 0:
                rule = Rule(keywords=("Even",), loudness=loudness, pins=1)
            case 1:
                rule = Rule(story_ids=(StoryId("story-1"), StoryId("story-2")), loudness=loudness)
            case _:
                rule = Rule(all=True, loudness=loudness, publish=publish)
        what = self.calm.random()
        if what < 0.05:
            return replace(rule, paused=True)
        if what < 0.2:
            return replace(rule, quiet=self._quiet())
        if what < 0.4:
            return replace(rule, muted=(self._mute(), self._mute()))
        return rule

    def _quiet(self) -> Quiet:
        """A night that begins about when the storm does, and ends in it or a little after it."""
        begins_s, lasts_s = self.calm.uniform(-40, 40), self.calm.uniform(60, 160)
        begins, ends = (BEGINNING + timedelta(seconds=at) for at in (begins_s, begins_s + lasts_s))
        return Quiet(begins.time(), ends.time(), "UTC", majors=self.calm.random() < 0.5)

    def _mute(self) -> Mute:
        story = self.calm.choice(self._authors).story.id
        held = self.store.data.stories.get(story)
        newest = (held.story.revision or 1) if held else 1
        return Mute(story, self.calm.random() < 0.7, self.calm.choice([0, newest, newest]))

    def _asked(self, name: str) -> list["Process"]:
        """Who answers people on a platform."""
        return [
            process
            for process in self.processes
            if process.alive and process.leases[name].sure and process.handles[name].online
        ]

    def _pin(self) -> None:
        """A moderator has a card pinned, or unpinned."""
        name = self.random.choice(list(self.services))
        chat = self.random.choice(list(self.services[name].rooms))
        story, unpins = self.random.choice(self._authors).story.id, self.random.random() < 0.3
        asked = self._asked(name)
        if not asked:
            return
        reconciler = asked[0].reconcilers[name]
        edition = asked[0].index.get(story)
        if not unpins and (edition is None or not edition.is_live(self.store.now())):
            return

        self.asked_for.add((chat, story))

        async def ask() -> None:
            with suppress(SendFailed, StorageAway, asyncio.CancelledError, TimeoutError):
                async with asyncio.timeout(90):  # what was asked of a dead process has no end
                    pins = reconciler.pins
                    await (pins.unpin(chat, story) if unpins else pins.pin(chat, story))

        self._errand(ask())

    def _settle(self) -> None:
        """A moderator settles a card of unknown outcome, and is right about it."""
        name = self.settling.choice(list(self.services))
        service = self.services[name]
        rows = [
            (Unknown(chat, story, row.generation), row)
            for story, held in sorted(self.store.data.rows.items())
            for chat, row in held.items()
            if chat.platform == name and row.state is State.UNKNOWN
        ]
        asked = self._asked(name)
        if not rows or not asked:
            return
        card, row = self.settling.choice(rows)
        reconciler, shows = asked[0].reconcilers[name], self.settling.random() < 0.6
        there = [
            sent.message_id
            for sent in service.visible()
            if sent.chat == card.chat and sent.story == card.story
        ]
        live = reconciler.live(card.story)
        if not there:
            self.asked_for.add((card.chat, card.story))

        async def settle() -> None:
            with suppress(SendFailed, StorageAway, asyncio.CancelledError, TimeoutError):
                async with asyncio.timeout(90):
                    if not there and live and self.loop.time() > seconds(row.at) + GIVES_UP_S:
                        await reconciler.requests.post_again(card)
                    elif there:
                        await reconciler.requests.claim(card)
                        if shows:
                            await reconciler.requests.show(card.chat, card.story, there[-1])

        self.settled += 1
        self._errand(settle())

    def _change_rule(self) -> None:
        """Someone asks for it in a chat, so it is the process that answers there that does it."""
        name = self.random.choice(list(self.services))
        chat = self.random.choice(list(self.services[name].rooms))
        rule = self._rule() if self.random.random() < 0.8 else Rule()
        asked = self._asked(name)
        if not asked or asked[0].rules.is_fixed(chat):
            return
        if self.services[name].rooms[chat].moved_to is not None:
            return
        self.unheard[chat] = self.loop.time()
        self.changed.add(chat)

        async def change() -> None:
            with suppress(StorageAway, asyncio.CancelledError):  # away, or it died
                was, now = await asked[0].rules.change(chat, lambda _: rule)
                if was != now:
                    self.unheard.pop(chat, None)
            self.ruled[chat] = self.loop.time()

        self._errand(change())

    def _errand(self, errand: Coroutine[Any, Any, None]) -> None:
        task = self.loop.create_task(errand)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)

    # Trouble.

    def _weather(self, troubles: frozenset[str]) -> None:
        chance = self.random.choice([0.02, 0.1, 0.25])
        sky = {f.name: chance if f.name in troubles else 0.0 for f in fields(Weather)}
        below = {
            f.name: chance / 4 if f"storage {f.name}" in troubles else 0.0 for f in fields(Storage)
        }
        self.storage_weather = Storage(**below)
        for service in self.services.values():
            service.weather = Weather(**sky)

    def _kill(self) -> None:
        process = self.random.choice(self.processes)
        if process.alive:
            self.kills.append(self.loop.time())
            process.kill()
            self._errand(self._replace(process))

    def _stop(self) -> None:
        process = self.random.choice(self.processes)
        if process.alive:
            self.kills.append(self.loop.time())

            async def stop() -> None:
                await process.stop()
                await self._replace(process)

            self._errand(stop())

    async def _replace(self, process: Process) -> None:
        await asyncio.sleep(self.random.uniform(0.1, 5))
        if process in self.processes:
            self.processes[self.processes.index(process)] = Process(self, process.number)

    def _service(self) -> Service:
        return self.services[self.random.choice(list(self.services))]

    def _close_room(self) -> None:
        room = self.random.choice(list(self._service().rooms.values()))
        room.open = not room.open

    def _delete(self) -> None:
        self._service().delete(self.random)

    def _migrate(self) -> None:
        service = self.services.get(GROUP.platform)
        if service is not None and service.rooms[GROUP].moved_to is None:
            service.migrate(GROUP, SUPERGROUP)

    def _offline(self) -> None:
        process = self.random.choice(self.processes)
        handle = process.handles[self.random.choice(list(self.services))]
        if handle.online:
            handle.online = False
            self.loop.call_later(self.random.uniform(0.5, 20), handle.reconnect)

    def _away(self) -> None:
        if not self.store.away:
            self.store.go_away()
            self.loop.call_later(self.random.choice([0.5, 4, 15]), self._back)

    def _back(self) -> None:
        self.store.away = False

    def _refuse(self) -> None:
        if not self.store.refuses:
            self.store.refuses = True
            self.loop.call_later(self.random.choice([0.5, 4, 15, 40]), self._take_writes)

    def _take_writes(self) -> None:
        self.store.refuses = False

    def _hang_up(self) -> None:
        self.store.hang_up()

    def _go_deaf(self) -> None:
        self.random.choice(self.processes).client.go_deaf()

    def _keep(self) -> None:
        self._snapshots.append(self.store.data.copied())

    def _step_back(self) -> None:
        if self._snapshots:
            self.store.step_back(self._snapshots.pop())
            self._snapshots.clear()

    def _wipe(self) -> None:
        if self.random.random() < 0.2:
            self.store.step_back(Data())
            self._snapshots.clear()

    def _prune(self) -> None:
        """A story that is over, and of which nothing is left to be told, leaves full memory."""
        data = self.store.data
        due = {story for marks in data.due.values() for _, story in marks}
        old = [
            story
            for story, held in sorted(data.stories.items())
            if not held.stub
            and story not in due
            and not held.story.is_live(self.store.now(), held.heard_at)
            and not any(row.reply_since or row.tells for row in data.rows.get(story, {}).values())
        ]
        if old and not self.store.away and not self.store.refuses:
            shelve(data, self.pruning.choice(old))
            self.pruned += 1
            self.store.publish(WAKE, b"pruned")

    # The calm after it.

    async def _heal(self) -> None:
        while self._errands:
            await asyncio.wait(self._errands)
        self.store.away = self.store.refuses = False
        self.storage_weather = Storage()
        for service in self.services.values():
            service.weather = CALM
            for room in service.rooms.values():
                room.open = True
        for process in self.processes:
            process.client.weather = self.storage_weather
            for handle in process.handles.values():
                handle.reconnect()
        self.processes = [
            process if process.alive else Process(self, process.number)
            for process in self.processes
        ]

    async def _rests(self) -> None:
        deadline = self.loop.time() + REST_S
        while unrest := self._unrest():
            if self.loop.time() > deadline:
                self.violations.append(f"it never came to rest: {unrest}")
                return
            await asyncio.sleep(5)

    def _unrest(self) -> str | None:
        data = self.store.data
        upto = Cursor(data.epoch, data.seq)
        if data.inbox:
            return f"{len(data.inbox)} documents wait in the inbox"
        for name in self.services:
            holder = self._holder(name)
            if holder is None:
                return f"nobody delivers to {name}"
            if in_line := len(
                holder.reconcilers[name].work
            ):  # a mark kept and not in line: no harm
                return f"{in_line} cards are in line on {name}, of {data.due.get(name)}"
            for story, rows in data.rows.items():
                for chat, row in rows.items():
                    if story not in data.stories:
                        continue  # forgotten: until it is heard of again nobody can say its card
                    if (
                        chat.platform == name
                        and row.message_id
                        and row.pin in (Pin.WANTED, Pin.GOING)
                    ):
                        return f"the pin of {story} in {chat} is {row.pin}"
            if data.seq and data.cursors.get(name) != upto and not self.store.losses:
                return f"{name} has marked up to {data.cursors.get(name)}, not {upto}"
        return None

    def _holder(self, platform: str) -> Process | None:
        for process in self.processes:
            if process.alive and process.leases[platform].sure:
                return process
        return None


Event = Callable[[World], None]
TROUBLES: dict[str, list[Event]] = {
    **{f.name: [] for f in fields(Weather)},
    **{f"storage {f.name}": [] for f in fields(Storage)},
    "standby": [],
    "kill": [World._kill],
    "stop": [World._stop],
    "closed": [World._close_room] * 2,
    "deleted": [World._delete],
    "moved": [World._migrate],
    "offline": [World._offline],
    "away": [World._away],
    "hung up": [World._hang_up],
    "deaf": [World._go_deaf],
    "stepped back": [World._keep, World._step_back],
    "wiped": [World._wipe],
    "refuses": [World._refuse],
    "pruned": [],
}
"""What can go wrong, and what of it happens at moments rather than all the time."""


class Overheard(logging.Handler):
    """An error in the log is an error of ours: what the bot expects it does not log so."""

    def __init__(self, violations: list[str]) -> None:
        super().__init__(logging.ERROR)
        self._violations = violations

    def emit(self, record: logging.LogRecord) -> None:
        if "stepped back" not in record.getMessage():
            error = record.exc_info[1] if record.exc_info else None
            self._violations.append(f"logged: {record.getMessage()}: {error!r}")


@contextmanager
def in_a_hurry() -> Iterator[None]:
    held = {
        module: {name: getattr(module, name) for name in changed}
        for module, changed in HURRY.items()
    }
    for module, changed in HURRY.items():
        vars(module).update(changed)
    try:
        yield
    finally:
        for module, changed in held.items():
            vars(module).update(changed)


OURS = ("bot", "runtime", "stories")
"""The packages whose log is listened to."""


def simulate(seed: int, troubles: frozenset[str] | None = None) -> World:
    """Run one seed to its end, with its own troubles or these; the world tells what came of it."""
    loop = VirtualLoop()
    world = World(seed, loop, troubles)
    overheard = Overheard(world.violations)
    for package in OURS:
        logging.getLogger(package).addHandler(overheard)
    try:
        with in_a_hurry():
            loop.run_until_complete(world.run())
            world.close()
            loop.run_until_complete(asyncio.sleep(20))
            if running := asyncio.all_tasks(loop):
                names = sorted(task.get_name() for task in running)
                world.violations.append(f"killed and yet not gone: {', '.join(names)}")
    finally:
        for package in OURS:
            logging.getLogger(package).removeHandler(overheard)
        loop.close()
    return world


def _inmost(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
