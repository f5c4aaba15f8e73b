"""A Redis of the mind: every storage port in memory, held to one contract with the real ones.

`Store` is what the server holds, `Client` one process's connection to it. A store can be away,
forget what it had acknowledged, and be shared; a client can lose a command or its answer, have a
command repeated, be slow, go deaf, and die with its process.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import aclosing
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TypeVar

from bot.model.chat import Chat
from bot.model.due import DueSubject
from bot.model.ledger import CardRecord, HighWaterMark, State
from bot.model.rule import Rule
from bot.model.subject import Subject
from bot.model.trouble import Trouble
from bot.model.unknown import Unknown
from bot.storage.packed import pack, packs, unpack
from runtime.away import StorageAway, StorageRefuses
from runtime.lease import LASTS_S, RedisLease
from stories.announced import announced
from stories.archive import (
    HISTORY_REVISIONS,
    PROBE_S,
    REJECTED_LENGTH,
    SWEEP_S,
)
from stories.changes import Changes, Cursor, Door, Page, Rejected, Verdict
from stories.edition import Edition
from stories.log import Log, grown
from stories.search import title_key
from stories.story import Story, StoryId
from stories.stub import Stub, write_stub
from stories.wire import content_hash

T = TypeVar("T")

UPDATES, WAKE = "updates", "wake"


@dataclass(frozen=True, slots=True)
class Held:
    """One story as it is served."""

    story: Story
    hash: str
    seq: int
    heard_at: datetime
    stub: bytes | None = None
    """What is served instead once it has left full memory."""


@dataclass(slots=True)
class Data:
    """Everything a server remembers. Values are never changed in place, so a copy is shallow."""

    epoch: str = ""
    seq: int = 0
    stories: dict[StoryId, Held] = field(default_factory=dict)
    histories: dict[StoryId, tuple[tuple[datetime, Story], ...]] = field(default_factory=dict)
    bases: dict[StoryId, int] = field(default_factory=dict)
    """The revision from which on a history is served; what was before tells only the checker."""
    logs: dict[StoryId, Log] = field(default_factory=dict)
    inbox: dict[int, bytes] = field(default_factory=dict)
    handed: int | None = None
    """The number of the last document handed to the editors; None before they opened it."""
    in_hand: dict[int, None] = field(default_factory=dict)
    rejected: tuple[Rejected, ...] = ()
    rows: dict[StoryId, dict[Chat, CardRecord]] = field(default_factory=dict)
    written: dict[str, int] = field(default_factory=dict)
    due: dict[str, dict[tuple[Chat, Subject], int]] = field(default_factory=dict)
    due_at: dict[tuple[Chat, Subject], datetime] = field(default_factory=dict)
    cursors: dict[str, Cursor] = field(default_factory=dict)
    rules: dict[Chat, Rule] = field(default_factory=dict)
    moved: dict[Chat, Chat] = field(default_factory=dict)
    troubles: dict[Chat, Trouble] = field(default_factory=dict)
    leases: dict[str, tuple[str, float]] = field(default_factory=dict)

    def copied(self) -> "Data":
        new = copy(self)
        for name in ("stories", "histories", "inbox", "in_hand", "written", "cursors", "rules"):
            setattr(new, name, dict(getattr(self, name)))
        for name in ("logs", "bases", "moved", "troubles", "leases", "due_at"):
            setattr(new, name, dict(getattr(self, name)))
        new.rows = {story: dict(rows) for story, rows in self.rows.items()}
        new.due = {platform: dict(marks) for platform, marks in self.due.items()}
        return new


Ear = asyncio.Queue[bytes | StorageAway | None]
"""What a listener hears; None: it was reconnected silently."""


class Store:
    """One server. `now` is its calendar; its seconds are the running loop's."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.now = now
        self.data = Data()
        self.away = False
        self.refuses = False
        """It answers, and takes no writes: its memory is full."""
        self.ears: dict[str, list[Ear]] = {UPDATES: [], WAKE: []}
        self.log: list[tuple[float, Chat, StoryId, CardRecord]] = []
        """Every row ever written. This is the test's own memory: it never steps back."""
        self.losses: list[float] = []
        """When something acknowledged was lost."""
        self.handed: list[tuple[float, str]] = []
        """When a lease went from one holder to another, and which."""
        self.accepted: defaultdict[StoryId, list[float]] = defaultdict(list)
        """When revisions of each story were accepted."""
        self._tokens = self._numbers = 0

    def number(self) -> int:
        """A stream's next number: it comes from the clock, so a loss makes none come twice."""
        self._numbers += 1
        return self._numbers

    def token(self) -> str:
        self._tokens += 1
        return f"{self._tokens:016x}"

    def publish(self, channel: str, said: bytes) -> None:
        if not self.away:
            for ear in self.ears[channel]:
                ear.put_nowait(said)

    def go_away(self) -> None:
        self.away = True
        self.hang_up()

    def hang_up(self) -> None:
        """Close every subscription."""
        for ears in self.ears.values():
            for ear in ears:
                ear.put_nowait(StorageAway("the connection was closed"))
            ears.clear()

    def step_back(self, to: Data) -> None:
        """Restart with what was held at an earlier moment: a failover, a restored backup."""
        self.losses.append(_seconds())
        self.data = to.copied()
        self.hang_up()


class Client:
    """One process's connection. Once dead it does and answers nothing, whoever asks."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.alive = True

    async def call(self, do: Callable[[Data], T]) -> T:
        """Carry out one atomic step at the server."""
        await self._there()
        result = await self._do(do)
        await self._back()
        return result

    async def write(self, do: Callable[[Data], T]) -> T:
        """The same for a step that changes something."""

        def unless_refused(data: Data) -> T:
            if self.store.refuses:
                raise StorageRefuses("OOM")
            return do(data)

        return await self.call(unless_refused)

    async def _there(self) -> None:
        await asyncio.sleep(0)
        self._lives()
        if self.store.away:
            raise StorageAway("the storage is away")

    async def _do(self, do: Callable[[Data], T]) -> T:
        return do(self.store.data)

    async def _back(self) -> None:
        self._lives()

    def _lives(self) -> None:
        """A dead process runs no code: whatever asks for something unwinds, and writes nothing."""
        if not self.alive:
            raise asyncio.CancelledError

    async def listen(self, channel: str) -> AsyncGenerator[bytes | None]:
        """What is said on a channel; None upon each subscription and upon a long silence."""
        ear: Ear = asyncio.Queue()
        await self.call(lambda _: self.store.ears[channel].append(ear))
        try:
            yield None
            while True:
                try:
                    async with asyncio.timeout(SWEEP_S):
                        heard = await ear.get()
                except TimeoutError:
                    heard = b""
                self._lives()
                if isinstance(heard, StorageAway):
                    raise heard
                yield heard
        finally:
            if ear in self.store.ears[channel]:
                self.store.ears[channel].remove(ear)

    def go_deaf(self) -> None:
        """The connection dies without a sign; silence is noticed after two probes."""
        loop = asyncio.get_running_loop()
        for ears in self.store.ears.values():
            for ear in ears:
                loop.call_later(2 * PROBE_S, ear.put_nowait, StorageAway("no word came back"))
            ears.clear()


class MemoryArchive:
    """Where stories are kept."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._store = client.store

    async def accept(self, story: Story, now: datetime | None = None) -> tuple[Verdict, int]:
        digest, moment = content_hash(story), now or self._store.now()
        return await self._client.write(lambda data: self._accept(data, story, digest, moment))

    def _accept(self, data: Data, story: Story, digest: str, now: datetime) -> tuple[Verdict, int]:
        held = data.stories.get(story.id)
        stored = (held.story.revision or 0) if held else 0
        if held and held.hash == digest and story.revision in (None, stored):
            return Verdict.SAME, stored
        if story.revision is not None and story.revision < stored:
            return Verdict.STALE, stored
        if story.revision is not None and story.revision == stored:
            return Verdict.CONFLICT, stored
        said = announced(held.story if held else None, story, now)
        new = replace(story, revision=story.revision or stored + 1, announced=said)
        self._store.accepted[story.id].append(_seconds())
        data.epoch = data.epoch or self._store.token()
        data.seq += 1
        data.stories.pop(story.id, None)  # the dictionary's order is the index's
        data.stories[story.id] = Held(new, digest, data.seq, now)
        if held and held.stub:  # back in full memory
            data.bases[story.id] = stored
        past = (*data.histories.get(story.id, ()), (now, new))[-HISTORY_REVISIONS:]
        data.histories[story.id] = past
        was = _edition(data, data.stories[story.id]).before
        log = data.logs.get(story.id, Log())
        data.logs[story.id] = grown(log, was, story, new.revision or 0, now)
        self._store.publish(WAKE, story.id.encode())
        return Verdict.ACCEPTED, new.revision or 0

    async def since(self, cursor: Cursor) -> Changes:
        return await self._client.call(lambda data: _since(data, cursor))

    async def newest(self, below: int | None = None) -> Page:
        changes = await self._client.call(lambda data: _since(data, Cursor()))
        return Page(changes.upto, 0, changes.editions[::-1], changes.stubs)

    async def edition(self, story_id: StoryId) -> Edition | None:
        def do(data: Data) -> Edition | None:
            held = data.stories.get(story_id)
            if held is None:
                return None
            return replace(_edition(data, held), before=held.story)

        return await self._client.call(do)

    async def log(self, story_id: StoryId) -> Log:
        return await self._client.call(lambda data: data.logs.get(story_id, Log()))

    async def story(self, story_id: str) -> Story | None:
        held = await self._client.call(lambda data: data.stories.get(StoryId(story_id)))
        return held.story if held else None

    async def history(self, story: StoryId, since: int = 0) -> Sequence[Story]:
        def do(data: Data) -> list[Story]:
            least = max(since, data.bases.get(story, 0))
            past = (each for _, each in data.histories.get(story, ()))
            return [each for each in past if (each.revision or 0) >= least]

        return await self._client.call(do)

    async def wakes(self) -> AsyncGenerator[str]:
        async with aclosing(self._client.listen(WAKE)) as heard:
            async for said in heard:
                yield "subscribed" if said is None else "wake" if said else "sweep"

    async def leave(self, document: bytes) -> None:
        def do(data: Data) -> None:
            data.inbox[self._store.number()] = document

        await self._client.write(do)

    async def pubsub(self) -> AsyncGenerator[bytes]:
        async with aclosing(self._client.listen(UPDATES)) as heard:
            async for said in heard:
                if said:
                    yield said

    async def inbox(self) -> AsyncGenerator[bytes]:
        await self._client.write(_open)
        in_hand = True  # what a dead editor had in hand comes first
        while True:
            entries = await self._client.write(_in_hand if in_hand else _hand_over)
            if not entries and not in_hand:
                await asyncio.sleep(0.5)
            in_hand = bool(entries) or not in_hand
            for number, document in entries:
                yield document

                def strike(data: Data, number: int = number) -> None:
                    data.in_hand.pop(number, None)
                    data.inbox.pop(number, None)

                await self._client.write(strike)

    async def reject(self, door: Door, raw: bytes, why: str) -> None:
        entry = Rejected(self._store.now(), door, why, raw[:800].decode("utf-8", "replace")[:200])

        def do(data: Data) -> None:
            data.rejected = (entry, *data.rejected)[:REJECTED_LENGTH]

        await self._client.write(do)

    async def rejected(self, limit: int = 20) -> list[Rejected]:
        return await self._client.call(lambda data: list(data.rejected[:limit]))


def _since(data: Data, cursor: Cursor) -> Changes:
    if cursor.seq and (data.epoch != cursor.epoch or data.seq < cursor.seq):
        return replace(_since(data, Cursor(data.epoch)), anew=True)
    newer = [held for held in data.stories.values() if held.seq > cursor.seq]
    upto = Cursor(data.epoch, newer[-1].seq if newer else cursor.seq)
    editions = tuple(_edition(data, held) for held in newer if not held.stub)
    stubs = tuple(Stub(held.story.id, held.seq, held.stub) for held in newer if held.stub)
    return Changes(upto, editions, stubs=stubs)


def shelve(data: Data, story: StoryId) -> None:
    """Take a story out of full memory, and pack its rows, as bot/pruning.py has it done."""
    held = data.stories.pop(story)
    rows = data.rows.get(story, {})
    for chat, row in rows.items():
        if packs(row):
            rows[chat] = unpack(pack({1: row}))[1]
    data.seq += 1
    stub = write_stub(held.story, held.heard_at, title_key(held.story.title))
    data.stories[story] = replace(held, seq=data.seq, stub=stub)
    data.logs.pop(story, None)  # its history goes too, but tells the checker what cards say


def _edition(data: Data, held: Held) -> Edition:
    past = [story for _, story in data.histories[held.story.id]]
    older = [was for was in past[-2:] if (was.revision or 0) < (held.story.revision or 0)]
    return Edition(held.story, older[-1] if older else None, held.seq, held.heard_at)


def _open(data: Data) -> None:
    if data.handed is None:
        data.handed = 0


def _in_hand(data: Data) -> list[tuple[int, bytes]]:
    if data.handed is None:
        raise StorageAway("the data was wiped")
    return [(number, data.inbox[number]) for number in data.in_hand][:16]


def _hand_over(data: Data) -> list[tuple[int, bytes]]:
    handed = data.handed
    if handed is None:
        raise StorageAway("the data was wiped")
    entries = [entry for entry in data.inbox.items() if entry[0] > handed][:16]
    for number, _ in entries:
        data.handed = number
        data.in_hand[number] = None
    return entries


class MemoryLedger:
    """Which card shows which revision where. With a lease, only its holder can write."""

    def __init__(self, client: Client, lease: "MemoryLease | None" = None) -> None:
        self._client = client
        self._lease = lease

    async def row(self, chat: Chat, story: StoryId) -> CardRecord | None:
        return await self._client.call(lambda data: data.rows.get(story, {}).get(chat))

    async def write(self, chat: Chat, story: StoryId, row: CardRecord) -> int:
        return await self._client.write(lambda data: self._write(data, chat, story, row))

    async def write_together(self, chat: Chat, rows: Mapping[StoryId, CardRecord]) -> int:
        return await self._client.write(
            lambda data: [self._write(data, chat, story, row) for story, row in rows.items()][-1]
        )

    def _write(self, data: Data, chat: Chat, story: StoryId, row: CardRecord) -> int:
        if self._lease is not None and not self._lease.is_ours(data):
            raise StorageAway("another process holds the lease")
        data.rows.setdefault(story, {})[chat] = row
        data.written[chat.platform] = data.written.get(chat.platform, 0) + 1
        self._client.store.log.append((_seconds(), chat, story, row))
        return data.written[chat.platform]

    async def count(self, platform: str) -> int:
        return await self._client.call(lambda data: data.written.get(platform, 0))

    async def of_story(self, story: StoryId) -> Mapping[Chat, CardRecord]:
        return await self._client.call(lambda data: dict(data.rows.get(story, {})))

    async def of_chat(self, chat: Chat) -> Mapping[StoryId, CardRecord]:
        return await self._client.call(
            lambda data: {story: rows[chat] for story, rows in data.rows.items() if chat in rows}
        )

    async def pins(self, platform: str) -> Mapping[tuple[Chat, StoryId], CardRecord]:
        return await self._client.call(
            lambda data: {
                (chat, story): row
                for story, rows in data.rows.items()
                for chat, row in rows.items()
                if row.pin is not None and chat.platform == platform
            }
        )

    async def unknown(self, platform: str) -> list[Unknown]:
        return await self._client.call(
            lambda data: [
                Unknown(chat, story, row.generation)
                for story, rows in data.rows.items()
                for chat, row in rows.items()
                if row.state is State.UNKNOWN
                and chat.platform == platform
                and row.why is not None  # of packed rows, which keep no reason, no index is kept
            ]
        )

    async def unknown_by(self, platform: str, key: str) -> Unknown | None:
        return next((each for each in await self.unknown(platform) if each.key == key), None)


class MemoryDue:
    """What each platform still owes its chats."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def cursor(self, platform: str) -> Cursor:
        return await self._client.call(lambda data: data.cursors.get(platform, Cursor()))

    async def enqueue(
        self, platform: str, marks: Iterable[DueSubject], upto: Cursor | None
    ) -> None:
        def do(data: Data) -> None:
            due = data.due.setdefault(platform, {})
            for mark in marks:
                due[mark.chat, mark.subject] = mark.seq
                data.due_at.pop((mark.chat, mark.subject), None)
                if mark.due_at is not None:
                    data.due_at[mark.chat, mark.subject] = mark.due_at
            if upto is not None:
                data.cursors[platform] = upto

        await self._client.write(do)

    async def all(self, platform: str) -> list[DueSubject]:
        def do(data: Data) -> list[DueSubject]:
            due = data.due.get(platform, {})
            return [DueSubject(*key, seq, data.due_at.get(key)) for key, seq in due.items()]

        return await self._client.call(do)

    async def ack(self, platform: str, marks: Sequence[DueSubject]) -> None:
        def do(data: Data) -> None:
            due = data.due.get(platform, {})
            for mark in marks:
                key = mark.chat, mark.subject
                if due.get(key, mark.seq + 1) <= mark.seq:
                    del due[key]
                    data.due_at.pop(key, None)

        await self._client.write(do)


class MemoryRules:
    """What people set from chat, kept."""

    def __init__(self, client: Client, leases: Mapping[str, "MemoryLease"] | None = None) -> None:
        self._client = client
        self._leases = leases or {}

    @property
    def unreadable(self) -> Collection[Chat]:
        return ()

    async def load(self) -> Mapping[Chat, Rule]:
        return await self._client.call(lambda data: dict(data.rules))

    async def save(self, chat: Chat, rule: Rule | None) -> None:
        def do(data: Data) -> None:
            data.rules.pop(chat, None)
            if rule is not None:
                data.rules[chat] = rule

        await self._client.write(do)

    async def moved(self) -> Mapping[Chat, Chat]:
        return await self._client.call(lambda data: dict(data.moved))

    async def move(self, old: Chat, new: Chat) -> None:
        await self._client.write(lambda data: data.moved.update({old: new}))

    async def put_back(
        self, platform: str, rules: Mapping[Chat, Rule], moved: Mapping[Chat, Chat]
    ) -> int:
        def do(data: Data) -> int:
            if not self._leases[platform].is_ours(data):
                raise StorageAway("another process holds the lease")
            missing = (rules.keys() - data.rules.keys()) | (moved.keys() - data.moved.keys())
            data.rules = {**rules, **data.rules}
            data.moved = {**moved, **data.moved}
            return len(missing)

        return await self._client.write(do)


class MemoryTroubles:
    """What is wrong where, and whether someone has been told."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def all(self, platform: str) -> Mapping[Chat, Trouble]:
        def do(data: Data) -> Mapping[Chat, Trouble]:
            return {chat: each for chat, each in data.troubles.items() if chat.platform == platform}

        return await self._client.call(do)

    async def save(self, chat: Chat, trouble: Trouble | None) -> None:
        def do(data: Data) -> None:
            data.troubles.pop(chat, None)
            if trouble is not None:
                data.troubles[chat] = trouble

        await self._client.write(do)


class MemoryLease(RedisLease):
    """The real lease; only the two scripts it asks the server to run are done here."""

    def __init__(self, client: Client, name: str) -> None:
        self._client = client
        self._name = name
        self.key = name
        self.token = client.store.token()
        self._proved = -LASTS_S

    def is_ours(self, data: Data) -> bool:
        token, until = data.leases.get(self.key, ("", 0.0))
        return token == self.token and until > _seconds()

    async def _hold(self) -> bool:
        def do(data: Data) -> bool:
            token, until = data.leases.get(self.key, ("", 0.0))
            if token != self.token and until > _seconds():
                return False
            if token != self.token:
                self._client.store.handed.append((_seconds(), self.key))
            data.leases[self.key] = (self.token, _seconds() + LASTS_S)
            return True

        asked = _seconds()
        held = await self._client.write(do)
        if held:
            self._proved = asked
        return held

    async def _leave(self) -> None:
        def do(data: Data) -> None:
            if data.leases.get(self.key, ("", 0.0))[0] == self.token:
                del data.leases[self.key]

        await self._client.write(do)


class MemoryHighWater:
    """The file beside the processes: a kill leaves it as it was, and losses do not touch it."""

    def __init__(self, client: Client, disk: dict[str, HighWaterMark], platform: str) -> None:
        self._client = client
        self._disk = disk
        self._platform = platform

    def read(self) -> HighWaterMark:
        return self._disk.get(self._platform, HighWaterMark())

    def write(self, rollback: HighWaterMark) -> bool:
        if self._client.alive:
            self._disk[self._platform] = rollback
        return True


def _seconds() -> float:
    return asyncio.get_running_loop().time()
