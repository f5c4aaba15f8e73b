"""One chat, one bot and fair weather: the real delivery on the simulation's platform and clock."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from bot.delivery.policy import Policy
from bot.model.chat import Chat
from bot.model.ledger import CardRecord
from bot.model.rule import Rule
from stories.story import Story, StoryId
from tests.simulation.clock import BEGINNING, VirtualLoop
from tests.simulation.platform import Sent, Service
from tests.simulation.storage import Client, MemoryArchive
from tests.simulation.world import Process, World

CHAT = Chat("discord", "1101")


class _Idle:
    """Takes nothing in: what is published here goes straight to the archive."""

    async def run(self) -> None:
        await asyncio.Event().wait()


class Calm:
    """A chat in which stories develop as the test says."""

    def __init__(self, loop: VirtualLoop, rule: Rule, policy: Policy) -> None:
        self.loop = loop
        self.world = World(1, loop, frozenset())
        self.world.policy = policy
        self.service = Service("discord", 1, [CHAT])
        self.world.services = {"discord": self.service}
        self.world.fixed = {CHAT: rule}
        self.world.store.data.rules.clear()
        self._archive = MemoryArchive(Client(self.world.store))
        self.process = self._begun(0)

    def chooses(self, rule: Rule) -> None:
        """The operator's file says this from the next start on."""
        self.world.fixed = {CHAT: rule}

    async def restart(self) -> None:
        """Kill the bot and start it anew."""
        self.process.kill()
        await asyncio.sleep(1)
        self.process = self._begun(1)

    def _begun(self, number: int) -> Process:
        process = Process(self.world, number)
        process.editor = _Idle()  # type: ignore[assignment]  # it looks into the inbox all the time
        return process

    async def publish(self, *stories: Story) -> None:
        for story in stories:
            await self._archive.accept(story)

    async def until(self, at: datetime) -> None:
        """Let time pass."""
        await asyncio.sleep((at - BEGINNING).total_seconds() - self.loop.time())

    async def after(self, span: timedelta) -> None:
        await asyncio.sleep(span.total_seconds())

    def record(self, story: StoryId) -> CardRecord | None:
        return self.world.store.data.rows.get(story, {}).get(CHAT)

    @property
    def cards(self) -> list[Sent]:
        return [sent for sent in self.service.sent.values() if sent.reply_to is None]

    @property
    def replies(self) -> list[Sent]:
        return [sent for sent in self.service.sent.values() if sent.reply_to is not None]


@asynccontextmanager
async def _held(calm: Calm) -> AsyncGenerator[Calm]:
    try:
        yield calm
    finally:
        calm.process.kill()
        await asyncio.sleep(20)


def played(
    rule: Rule, play: Callable[[Calm], Awaitable[None]], policy: Policy | None = None
) -> Calm:
    """Let a test play in fair weather, on a clock that waits for nothing."""
    loop = VirtualLoop()

    async def scene() -> Calm:
        async with _held(Calm(loop, rule, policy or Policy())) as calm:
            await play(calm)
            return calm

    try:
        return loop.run_until_complete(scene())
    finally:
        loop.close()


class Log(logging.Handler):
    """Every line that delivery logs, with its facts."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[Mapping[str, object]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append({"event": record.getMessage(), **vars(record)})
