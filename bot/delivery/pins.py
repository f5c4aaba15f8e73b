"""Pins and unpins cards: requests what the row says is wanted, and repeats it until it is
certain."""

import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from bot.delivery.outbound import Outbound
from bot.delivery.rows import HeldRecord
from bot.model.chat import Chat
from bot.model.errors import (
    CardGone,
    Moved,
    NotNow,
    OutcomeUnknown,
    Rejected,
    SendFailed,
    Unreachable,
)
from bot.model.ledger import CardRecord, Pin
from bot.model.step import PutPin, RemovePin
from bot.platforms.port import Platform

log = logging.getLogger(__name__)

PINS_REST = timedelta(minutes=30)
"""How long no pin is attempted after a refusal: the permission is missing, or the pins are full."""


class Pins:
    """Pins and unpins existing cards. The caller holds the card."""

    def __init__(
        self,
        platform: Platform,
        calls: Outbound,
        settle: timedelta,
        now: Callable[[], datetime],
    ) -> None:
        self._platform = platform
        self._outbound = calls
        self._settle = settle
        self._now = now
        self._began = now()
        self._unknown: dict[tuple[Chat, str], datetime] = {}
        """When attempts of unknown outcome ended, by the message concerned,
        which may now be another story's card."""
        self._rests: dict[Chat, datetime] = {}
        """Until when pins are left alone in chats that refused one."""

    def begin(self) -> None:
        """From now on this process delivers: requests of another one may still be under way."""
        self._began = self._now()

    def rest_until(self, chat: Chat) -> datetime | None:
        """Until when the chat's pins are left alone."""
        until = self._rests.get(chat)
        return until if until and until > self._now() else None

    async def put(self, held: HeldRecord, record: CardRecord, *, asked: bool = False) -> bool:
        """Pin an existing card; False if an earlier request may yet unpin it.

        The record says beforehand that it is wanted, so that a crash loses nothing. `asked`:
        someone requested it now; otherwise it is only verified.
        """
        assert record.message_id is not None, "only what stands is pinned"
        message_id = record.message_id
        await self._outbound.turn(held.chat)
        wanted = replace(record, pin=Pin.WANTED)
        if asked or wanted.pinned_at is None:
            wanted = replace(wanted, pinned_at=self._now())
        if wanted != record:
            await held.about_to(wanted)
        try:
            await self._ask(held, wanted, message_id, "pin", self._platform.pin)
        except OutcomeUnknown:
            raise
        except SendFailed as failed:
            if asked and not isinstance(
                failed, CardGone | Moved
            ):  # they are told, and can try again
                await held.write(record)
            raise
        if self._may_be_undone(held.chat, message_id, record):
            return False
        await held.write(replace(wanted, pin=Pin.STANDS))
        return True

    async def remove_any(self, held: HeldRecord) -> bool:
        """Unpin our card if it is pinned; otherwise do nothing."""
        record = held.record
        if record is None or record.message_id is None or record.pin is None:
            return True
        return await self.remove(held, record)

    async def remove(self, held: HeldRecord, record: CardRecord) -> bool:
        """Unpin it; False if an earlier request may yet pin it."""
        assert record.message_id is not None, "only what stands is pinned"
        message_id = record.message_id
        await self._outbound.turn(held.chat)
        going = replace(record, pin=Pin.GOING)
        if going != record:
            await held.about_to(going)
        with suppress(CardGone):  # then it is no longer pinned
            await self._ask(held, going, message_id, "unpin", self._platform.unpin)
        if self._may_be_undone(held.chat, message_id, record):
            return False
        await held.write(replace(going, pin=None, pinned_at=None))
        return True

    def _may_be_undone(self, chat: Chat, message_id: str, record: CardRecord) -> bool:
        """Whether a request about the pin, by us or another process, may still be under way."""
        ended = self._unknown.get((chat, message_id), self._began)
        begun = record.pin in (Pin.WANTED, Pin.GOING) or ended > self._began
        if begun and self._now() < ended + self._settle:
            return True
        self._unknown.pop((chat, message_id), None)
        return False

    async def _ask(
        self,
        held: HeldRecord,
        record: CardRecord,
        message_id: str,
        act: str,
        call: Callable[[Chat, str], Awaitable[None]],
    ) -> None:
        chat = held.chat
        try:
            await call(chat, message_id)
        except OutcomeUnknown:
            self._outbound.count(act, "unknown")
            self._unknown[chat, message_id] = self._now()
            raise  # the record says what is wanted, and it will be repeated
        except SendFailed as failed:
            self._outbound.failed(record, act, chat, failed)
            if isinstance(failed, NotNow):
                raise
            if isinstance(failed, CardGone | Moved):
                await held.write(replace(record, pin=None, pinned_at=None))
            if isinstance(failed, Unreachable | Rejected):
                self._rests[chat] = self._now() + PINS_REST
            raise
        self._outbound.count(act, "shown")

    async def tend(self, held: HeldRecord, record: CardRecord, step: PutPin | RemovePin) -> bool:
        """Do what is due about a pin. A refusal concerns the pin, not the chat."""
        try:
            if isinstance(step, PutPin):
                return await self.put(held, record)
            return await self.remove(held, record)
        except (Unreachable, Rejected, CardGone) as refused:
            facts = {"chat": str(held.chat), "story": held.story, "why": str(refused)}
            log.warning("a pin is left as it is", extra=facts)
            return True
