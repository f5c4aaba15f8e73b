"""What was asked about a pin may be done late: the platform of the storms, in virtual time."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from bot.delivery.outbound import Outbound
from bot.delivery.pins import Pins
from bot.delivery.policy import Policy
from bot.delivery.rate_limiter import RateLimiter
from bot.delivery.rollback import RollbackWatch
from bot.delivery.rows import Rows
from bot.metrics import Metrics
from bot.model.chat import Chat
from bot.model.errors import OutcomeUnknown
from bot.model.ledger import CardRecord, Pin, State
from bot.platforms.telegram.capabilities import TELEGRAM
from stories.story import StoryId
from tests.simulation.clock import VirtualLoop
from tests.simulation.platform import CALM, GIVES_UP_S, LATE_S, Handle, Sent, Service, Weather
from tests.simulation.storage import Client, MemoryHighWater, MemoryLease, MemoryLedger, Store
from wording.message import Message

HERE, FERRY, PORT = Chat("telegram", "501"), StoryId("ferry"), StoryId("port")
SETTLE = Policy().settle
NO_ANSWER = Weather(hangs=1.0)


class Board:
    """A chat with one card of ours, and who pins and unpins it."""

    def __init__(self, loop: VirtualLoop, seed: int) -> None:
        self.service = Service("telegram", seed, [HERE])
        store = Store(loop.calendar)
        client = Client(store)
        self.ledger = MemoryLedger(client)
        self.lease = MemoryLease(client, "telegram")
        self.handle = Handle(self.service, client._lives)
        disk = MemoryHighWater(client, {}, "telegram")
        rollback = RollbackWatch("telegram", self.ledger, disk, loop.calendar, lambda: None)
        calls = Outbound(
            "telegram",
            lease=self.lease,
            rate_limiter=RateLimiter(TELEGRAM, clock=loop.time),
            metrics=Metrics(),
            taken=lambda *_: None,
            refused=lambda *_: None,
            now=loop.calendar,
        )
        self.rows = Rows(self.ledger, self.lease, rollback, loop.calendar)
        self.pins = Pins(self.handle, calls, SETTLE, loop.calendar)
        self._now = loop.calendar

    async def card(self, story: StoryId) -> CardRecord:
        place = await self.handle.post(HERE, Message("A card"), key="card")
        row = CardRecord(State.SHOWN, self._now(), 1, message_id=place)
        async with self.rows.hold(HERE, story) as held:
            await held.write(row)
        return row

    async def pin_without_an_answer(self, story: StoryId, row: CardRecord) -> CardRecord:
        self.service.weather = NO_ANSWER
        async with self.rows.hold(HERE, story) as held:
            with pytest.raises(OutcomeUnknown):
                await self.pins.put(held, row)
        self.service.weather = CALM
        return replace(row, pin=Pin.WANTED, pinned_at=self._now())

    @property
    def sent(self) -> Sent:
        (sent,) = self.service.sent.values()
        return sent

    async def unpin_for_good(self, story: StoryId, row: CardRecord) -> None:
        """As the reconciler does: until it is sure."""
        async with self.rows.hold(HERE, story) as held:
            while not await self.pins.remove(held, row):  # noqa: ASYNC110 - it looks again, too
                await asyncio.sleep(SETTLE.total_seconds())
        await asyncio.sleep(GIVES_UP_S + LATE_S)


def played(seed: int, play: Callable[[Board], Awaitable[None]]) -> None:
    loop = VirtualLoop()

    async def scene() -> None:
        board = Board(loop, seed)
        async with board.lease.held():
            await asyncio.sleep(SETTLE.total_seconds())  # nobody before us has anything on its way
            await play(board)

    try:
        loop.run_until_complete(scene())
    finally:
        loop.close()


@pytest.mark.parametrize("seed", range(5))
def test_a_pin_that_is_carried_out_late_does_not_outlive_the_unpin(seed: int) -> None:
    async def play(board: Board) -> None:
        wanted = await board.pin_without_an_answer(FERRY, await board.card(FERRY))
        await board.unpin_for_good(FERRY, wanted)
        assert board.service.requests["late"] == 1
        assert not board.sent.pinned
        row = await board.ledger.row(HERE, FERRY)
        assert row is not None
        assert row.pin is None

    played(seed, play)


@pytest.mark.parametrize("seed", range(5))
def test_a_late_pin_does_not_outlive_the_unpin_of_what_is_another_storys_card_by_then(
    seed: int,
) -> None:
    async def play(board: Board) -> None:
        wanted = await board.pin_without_an_answer(FERRY, await board.card(FERRY))
        await board.unpin_for_good(PORT, replace(wanted, pin=Pin.GOING))
        assert board.service.requests["late"] == 1
        assert not board.sent.pinned

    played(seed, play)
