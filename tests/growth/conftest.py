"""A pruner over a real Redis, whose clocks and the moments of its stories a test may choose."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from redis.asyncio import Redis

from bot.metrics import Metrics
from bot.model.chat import Chat
from bot.model.ledger import CardRecord, State
from bot.pruning import Plan, Pruner
from bot.storage.ledger import RedisLedger
from runtime.alarms import Alarms
from runtime.lease import RedisLease
from stories.archive import Archive
from stories.changes import Verdict
from stories.follower import Follower
from stories.index import StoryIndex
from stories.retention import Retention
from stories.story import Question, Stats, Status, Story, StoryId

FERRY = Story(
    StoryId("ferry"),
    "Night ferry returns",
    ("It sailed at dusk.", "Forty people were on board."),
    headline="It is back in the harbour",
    stats=Stats(Status.ACTIVE, 5.0, 12),
    questions=(Question("Who sailed it?", "The captain."),),
)
NORTH, GROUP = Chat("discord", "123456789012345678"), Chat("telegram", "-1001")


class Clock(Retention):
    """Redis's clock, set by the test."""

    ahead = timedelta(0)

    async def time(self) -> datetime:
        return await super().time() + self.ahead


@dataclass
class World:
    """One Redis, one process that prunes."""

    redis: Redis
    prefix: str
    archive: Archive
    ledger: RedisLedger
    retention: Clock
    lease: RedisLease
    alarms: Alarms
    ours: timedelta = timedelta(0)
    """How far our own clock is ahead."""
    steady: float = 0.0
    """What the steady clock says."""
    index: StoryIndex = field(default_factory=StoryIndex)

    def __post_init__(self) -> None:
        self.follower = Follower(self.archive, self.index, Metrics())
        self.restart()

    def restart(self) -> None:
        self.pruner = Pruner(
            self.retention,
            self.ledger,
            self.lease,
            self.alarms,
            now=lambda: datetime.now(UTC) + self.ours,
            steadily=lambda: self.steady,
        )

    def pass_time(self, span: timedelta, *, asleep: bool = False) -> None:
        """Time passes for every clock; while switched off nothing of ours counts it."""
        self.ours += span
        self.retention.ahead += span
        self.steady += 0 if asleep else span.total_seconds()
        if asleep:
            self.restart()

    async def accept(self, story: Story, ago: timedelta = timedelta(0)) -> Verdict:
        verdict, _ = await self.archive.accept(story, datetime.now(UTC) + self.ours - ago)
        return verdict

    async def accept_many(self, number: int, ago: timedelta) -> None:
        for each in range(number):
            story = replace(FERRY, id=StoryId(f"story-{each}"), title=f"Story number {each}")
            await self.accept(story, ago)

    async def write(self, chat: Chat, story: StoryId, place: str, revision: int = 1) -> None:
        row = CardRecord(
            State.SHOWN, datetime.now(UTC), revision, message_id=place, fingerprint="looks"
        )
        await self.ledger.write(chat, story, row)

    async def sweep(self, *, confirmed: bool = False) -> Plan:
        plan = await self.pruner.sweep(confirmed=confirmed)
        await self.follower._catch_up(overlap=100)
        return plan

    @property
    def alarm(self) -> str:
        return self.alarms.active.get("pruning", "")


@pytest.fixture
async def pruned(redis: Redis, prefix: str, archive: Archive) -> AsyncIterator[World]:
    lease = RedisLease(redis, "editor", prefix)
    retention = Clock(redis, archive, prefix, lambda: (lease.key, lease.token))
    alarms = Alarms(Metrics())
    async with lease.held():
        yield World(redis, prefix, archive, RedisLedger(redis, prefix), retention, lease, alarms)
