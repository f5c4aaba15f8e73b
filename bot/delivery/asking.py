"""Asks moderators whether a card of unknown outcome exists: once per chat and outage.

A post whose answer was lost can't be looked up on every platform. Its row says so, and after
TELL_AFTER a moderator is told, with two buttons: it's there, or post it again.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.delivery.ports import Lease, Ledger
from bot.delivery.rate_limiter import RateLimiter
from bot.delivery.rules import RuleBook
from bot.delivery.unreachable import NAME_LENGTH, UnreachableChats
from bot.model.chat import Chat
from bot.model.errors import NotNow, OutcomeUnknown, SendFailed, Unreachable
from bot.model.ledger import CardRecord, State
from bot.model.unknown import Unknown
from bot.platforms.port import Platform
from bot.settling import listed, offered
from runtime.away import StorageAway
from stories.index import StoryIndex
from stories.story import StoryId
from wording.language import _, ngettext, speaking
from wording.message import Message, Note, Text, Tone
from wording.text import line, shorten
from wording.words import number

log = logging.getLogger(__name__)

TELL_AFTER = timedelta(minutes=2)
"""Delay after the attempt, so that the cards of one outage are reported together."""
LOOK_S = 30.0
OUTAGE = timedelta(hours=1)
"""At most one notice per chat in this time; /status shows other unknown cards."""
AGAIN = timedelta(minutes=10)
"""If nobody could be told, the next attempt comes after this time."""
AT_ONCE = 100
"""How many rows are read at once."""

Change = Callable[[Chat, StoryId, Callable[[CardRecord], CardRecord]], Awaitable[None]]


class Asking:
    """Takes care of one platform's cards of unknown outcome."""

    def __init__(
        self,
        platform: Platform,
        *,
        ledger: Ledger,
        rules: RuleBook,
        index: StoryIndex,
        unreachable: UnreachableChats,
        lease: Lease,
        rate_limiter: RateLimiter,
        note: Change,
        now: Callable[[], datetime],
    ) -> None:
        """`note` changes a row that nobody else holds."""
        self._platform = platform
        self._ledger = ledger
        self._rules = rules
        self._index = index
        self._unreachable = unreachable
        self._lease = lease
        self._rate_limiter = rate_limiter
        self._note = note
        self._now = now
        self._seen: set[Unknown] = set()
        """Cards that need no notice any more."""
        self._told: dict[Chat, datetime] = {}
        """When someone was last told about a chat, as far as we have looked."""
        self._again_at: dict[Chat, datetime] = {}
        """Chats about which nobody could be told, and when to try again."""
        self._deaf: set[Chat] = set()
        """Chats that refused a notice."""

    def begin(self) -> None:
        """Forget what is remembered: another process may have sent notices since."""
        self._seen.clear()
        self._told.clear()

    async def run(self) -> None:
        """Send notices, until cancelled."""
        while True:
            if self._lease.sure and self._platform.connected:
                try:
                    await self._look()
                except StorageAway as away:
                    log.info("unknown cards are looked at later", extra={"why": str(away)})
                except Exception:
                    log.exception("looking at unknown cards failed")
            await asyncio.sleep(LOOK_S)

    async def _look(self) -> None:
        unknown = await self._ledger.unknown(self._platform.name)
        self._seen &= set(unknown)
        now = self._now()
        self._again_at = {chat: at for chat, at in self._again_at.items() if now < at}
        fresh = [
            card
            for card in unknown
            if card not in self._seen
            and card.chat not in self._again_at
            and not self._is_told(card.chat)
        ]
        ripe: dict[Chat, list[Unknown]] = defaultdict(list)
        for begin in range(0, len(fresh), AT_ONCE):
            batch = fresh[begin : begin + AT_ONCE]
            rows = await asyncio.gather(*(self._ledger.row(c.chat, c.story) for c in batch))
            for card, row in zip(batch, rows, strict=True):
                if row is None or row.state is not State.UNKNOWN:
                    continue
                if row.noticed_at is not None and row.noticed_at >= row.at:
                    self._seen.add(card)
                elif not timedelta(0) <= now - row.at < TELL_AFTER:
                    ripe[card.chat].append(card)
        for chat, cards in ripe.items():
            await self._recall(chat)
            if not self._is_told(chat):
                await self._tell(chat, cards)

    def _is_told(self, chat: Chat) -> bool:
        """Whether someone was told about the chat during this outage."""
        told = self._told.get(chat)
        return told is not None and self._now() - told < OUTAGE

    async def _recall(self, chat: Chat) -> None:
        """Learn from a chat's rows, which survive restarts, when someone was told."""
        if chat not in self._told:
            rows = (await self._ledger.of_chat(chat)).values()
            told = [row.noticed_at for row in rows if row.noticed_at is not None]
            if told:
                self._told[chat] = max(told)

    async def _noticed(self, cards: Sequence[Unknown], at: datetime | None) -> list[Unknown]:
        """Record when someone was told; return the cards that are still of unknown outcome."""
        still: list[Unknown] = []
        for card in cards:

            def noticed(row: CardRecord, card: Unknown = card) -> CardRecord:
                if row.state is not State.UNKNOWN or row.generation != card.generation:
                    return row
                still.append(card)
                return replace(row, noticed_at=at)

            await self._note(card.chat, card.story, noticed)
        (self._seen.update if at else self._seen.difference_update)(cards)
        return still

    async def _tell(self, chat: Chat, cards: Sequence[Unknown]) -> None:
        """Send a notice about these cards.

        It is recorded before it is sent: a notice is sent once, or, after a crash, perhaps not at
        all. /status and /why show the cards anyway.
        """
        contact = await self._unreachable.contact(chat, self._deaf, itself=True)
        if contact is None:
            log.info("nobody can be told of an unknown card", extra={"chat": str(chat)})
            self._again_at[chat] = self._now() + AGAIN
            self._deaf.clear()
            return
        name = shorten(line(await self._platform.called(chat)), NAME_LENGTH)
        await self._rate_limiter.take(contact)
        at = self._now()
        cards = await self._noticed(cards, at)
        if not cards:  # settled while we waited: nobody needs to look
            return
        rule = self._rules.of(contact)
        with speaking(rule.language if rule else None):
            message = self._message(name, cards)
        near = self._platform.server(contact) == self._platform.server(chat)
        self._told[chat] = at
        try:
            await self._unreachable.post(contact, message, f"unknown {chat} {at.isoformat()}", near)
        except (NotNow, Unreachable) as failed:  # certainly not sent
            del self._told[chat]
            await self._noticed(cards, None)
            if isinstance(failed, Unreachable):
                self._rate_limiter.refused()
                self._deaf.add(contact)
            elif failed.too_fast:
                self._rate_limiter.too_fast(contact, failed.after)
        except SendFailed as failed:
            facts = {"chat": str(chat), "contact": str(contact), "why": str(failed)}
            perhaps = isinstance(failed, OutcomeUnknown)
            log.warning("an unknown card was not told", extra={**facts, "perhaps_said": perhaps})
        else:
            told = {"chat": str(chat), "contact": str(contact), "cards": len(cards)}
            log.info("told of unknown cards", extra=told)

    def _message(self, name: str, cards: Sequence[Unknown]) -> Message:
        title = ngettext(
            "{n} card may not have arrived in {chat}",
            "{n} cards may not have arrived in {chat}",
            len(cards),
        )
        titles = [
            line(edition.story.title) if (edition := self._index.get(card.story)) else card.story
            for card in cards
        ]
        return Message(
            title.format(n=number(len(cards)), chat=name),
            (
                *listed(titles),
                Text(_("I got no confirmation from the platform. Please check the chat.")),
                Note(
                    _(
                        "I send this notice at most once an hour. Use /status in that chat to "
                        "see every card."
                    )
                ),
            ),
            offered(cards),
            tone=Tone.SORRY,
        )
