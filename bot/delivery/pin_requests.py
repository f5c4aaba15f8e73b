"""Pins that moderators ask for, how many a rule allows, and which of them are over."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from datetime import datetime
from functools import partial

from bot.delivery.cards import Cards
from bot.delivery.policy import Policy
from bot.delivery.ports import Ledger
from bot.delivery.requests import CardRequests
from bot.delivery.rollback import patiently
from bot.delivery.rules import RuleBook
from bot.delivery.work_queue import WorkQueue
from bot.model.chat import Chat
from bot.model.due import DueSubject
from bot.model.errors import SendFailed
from bot.model.ledger import CardRecord, Pin
from bot.model.rule import Rule
from bot.model.status import Pinned
from bot.platforms.port import Platform
from stories.index import StoryIndex
from stories.story import StoryId

PINS_EVERY_S = 60.0
"""Pins are checked at least this often, because a story goes stale without an event."""
LOOK_UP_S = 1.0
"""The longest that /status and /pins wait for the platform."""

Note = Callable[[Chat, StoryId, Callable[[CardRecord], CardRecord]], Awaitable[None]]


class PinRequests:
    """The pins of one platform's cards."""

    def __init__(
        self,
        platform: Platform,
        work: WorkQueue,
        *,
        cards: Cards,
        requests: CardRequests,
        ledger: Ledger,
        index: StoryIndex,
        rules: RuleBook,
        policy: Policy,
        speaking: Callable[[Chat], AbstractContextManager[None]],
        note: Note,
        now: Callable[[], datetime],
    ) -> None:
        """`speaking`: use a chat's language. `note`: change a card's record while nobody else holds
        the card."""
        self._platform = platform
        self._work = work
        self._cards = cards
        self._requests = requests
        self._ledger = ledger
        self._index = index
        self._rules = rules
        self._policy = policy
        self._speaking = speaking
        self._note = note
        self._now = now
        self._pinned = asyncio.Event()

    async def pin(self, chat: Chat, story: StoryId) -> list[StoryId]:
        """Pin the story's card, posting it first if necessary; raises SendFailed.

        Returns the stories whose pins make room for it.
        """
        edition = self._index.get(story)
        assert edition is not None, "handlers ask about stories they have found"
        await self.pins(chat)  # otherwise removed pins would count when making room
        await self._work.store([DueSubject(chat, story, edition.seq)])  # wanted or not
        async with self._work.holding((chat, story)):
            with self._speaking(chat):
                record = await self._requests.ensure(chat, edition)
            async with self._cards.rows.hold(chat, story) as held:
                sure = await self._cards.pins.put(held, record, asked=True)
        if not sure:
            self._work.look_again_at(chat, story, self._policy.settle)
        self._pinned.set()
        return await self._make_room(chat, await self._ledger.of_chat(chat))

    async def unpin(self, chat: Chat, story: StoryId) -> None:
        """Unpin the story's card; raises SendFailed."""
        rows = self._cards.rows
        async with self._work.holding((chat, story)), rows.hold(chat, story, anew=True) as held:
            sure = await self._cards.pins.remove_any(held)
        if not sure:
            self._work.look_again_at(chat, story, self._policy.settle)

    async def pins(self, chat: Chat) -> Pinned:
        """What we have pinned in a chat. Pins that people removed by hand are forgotten first."""
        rows = await self._ledger.of_chat(chat)
        pinned = {story: row for story, row in rows.items() if row.pin is Pin.STANDS}
        there: frozenset[str] | None = frozenset()
        if pinned:
            try:
                async with asyncio.timeout(LOOK_UP_S):
                    there = await self._platform.pinned(chat)
            except (SendFailed, TimeoutError):
                there = None
        if there is None:
            return Pinned(pins_in(rows), seen=False)
        gone = {story: row for story, row in pinned.items() if row.message_id not in there}
        for story, row in gone.items():
            await self._note(chat, story, partial(_unpinned, row))
        return Pinned(pins_in(await self._ledger.of_chat(chat) if gone else rows), seen=True)

    async def _make_room(self, chat: Chat, rows: Mapping[StoryId, CardRecord]) -> list[StoryId]:
        """Unpin the oldest pins of a chat that exceed its rule's limit."""
        rule = self._rules.of(chat) or Rule()
        gone = pins_in(rows)[max(rule.pins, 0) :]
        for story in gone:
            await self._note(chat, story, _let_go)
            self._work.look_again_at(chat, story)
        return gone

    async def tend(self) -> None:
        """Unpin what is over, and finish what was started, until cancelled."""
        while True:
            self._pinned.clear()
            again_s = await patiently(self._look)
            with suppress(TimeoutError):
                async with asyncio.timeout(again_s):
                    await self._pinned.wait()

    async def _look(self) -> float:
        """Check every pin once; returns the seconds until the next one may be over."""
        if not len(self._index):
            return 1.0  # just started
        now, live_for = self._now(), self._index.live_for
        wait_s = PINS_EVERY_S
        chats: dict[Chat, dict[StoryId, CardRecord]] = {}
        for (chat, story), row in (await self._ledger.pins(self._platform.name)).items():
            chats.setdefault(chat, {})[story] = row
            edition = self._index.get(story)
            if row.pin is not Pin.STANDS or (edition and not edition.is_live(now, live_for)):
                self._work.look_again_at(chat, story)
            elif edition is not None:
                left = edition.live_until(live_for) - now
                wait_s = min(wait_s, left.total_seconds() + 0.05)
        for chat, rows in chats.items():
            await self._make_room(chat, rows)
        return max(wait_s, 0.05)


def pins_in(rows: Mapping[StoryId, CardRecord]) -> list[StoryId]:
    """The stories of a chat that we have pinned there, the latest pin first."""
    pinned = [(row.pinned_at or row.at, story) for story, row in rows.items() if row.pinned]
    return [story for _, story in sorted(pinned, reverse=True)]


def _unpinned(seen: CardRecord, row: CardRecord) -> CardRecord:
    """A row without its pin, unless it was pinned again since it was read."""
    return replace(row, pin=None, pinned_at=None) if row == seen else row


def _let_go(row: CardRecord) -> CardRecord:
    return replace(row, pin=Pin.GOING) if row.pinned else row
