"""What people request for single cards: that one exists now, or what became of an unknown one."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractContextManager, asynccontextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta

from bot.delivery import outcomes
from bot.delivery.cards import Cards
from bot.delivery.messages import idempotency_key
from bot.delivery.rows import HeldRecord
from bot.delivery.work_queue import WorkQueue
from bot.model.chat import Chat
from bot.model.errors import NotNow, OutcomeUnknown, SendFailed, Unreachable
from bot.model.ledger import CardRecord, State
from bot.model.status import Claim
from bot.model.unknown import Unknown
from bot.platforms.port import Platform
from stories.edition import Edition
from stories.index import StoryIndex
from stories.story import StoryId
from wording.reasons import Code, Reason


class CardRequests:
    """Carries out what people request, out of turn: each holds the card while it does."""

    def __init__(
        self,
        platform: Platform,
        work: WorkQueue,
        cards: Cards,
        *,
        index: StoryIndex,
        speaking: Callable[[Chat], AbstractContextManager[None]],
        now: Callable[[], datetime],
    ) -> None:
        """`speaking`: use a chat's language."""
        self._platform = platform
        self._work = work
        self._index = index
        self._speaking = speaking
        self._cards = cards
        self._rows = cards.rows
        self._observer = cards.observer
        self._outbound = cards.outbound
        self._now = now

    async def ensure(self, chat: Chat, edition: Edition) -> CardRecord:
        """Make sure that the story's card exists in the chat, wanted or not; raises SendFailed.

        The caller holds the card.
        """
        whole = await self._observer.edition(edition.story.id)
        if whole is None:
            raise Unreachable(Reason(Code.STORY_FORGOTTEN))
        async with self._rows.hold(chat, edition.story.id, anew=True) as held:
            record = held.record
            if record is None or record.message_id is None or record.state is State.GONE:
                await self._make(held, whole)
            if held.record is None or held.record.message_id is None:
                raise OutcomeUnknown(Reason(Code.OUTCOME_UNKNOWN))
            return held.record

    async def _make(self, held: HeldRecord, edition: Edition) -> None:
        record = held.record
        if record is not None and record.state is State.UNREADABLE:
            raise Unreachable(Reason(Code.RECORD_UNREADABLE))
        if self._rows.is_missing(edition, record):
            raise Unreachable(Reason(Code.RECORD_LOST))
        if record is not None and record.state is State.SENDING:
            await self._cards.recover(held, edition, record)
        else:
            generation = record.generation + 1 if record else 1
            await self._post(held, edition, generation)

    async def _post(self, held: HeldRecord, edition: Edition, generation: int) -> None:
        message, fingerprint = self._observer.card(held.chat, edition)
        await self._cards.post(held, edition, generation, message, fingerprint)

    async def note(
        self, chat: Chat, story: StoryId, change: Callable[[CardRecord], CardRecord]
    ) -> None:
        """Change a card's row while nobody else holds the card."""
        async with (
            self._work.holding((chat, story)),
            self._rows.hold(chat, story, anew=True) as held,
        ):
            if held.record is not None and held.record.state is not State.UNREADABLE:
                await held.write(change(held.record))

    # What moderators say about a card of unknown outcome.

    async def claim(self, card: Unknown) -> Claim | None:
        """Look for it once more, otherwise trust the moderator; None if it is settled."""
        async with self._held_newest(card.chat, card.story) as held:
            if (record := _unproven(held, card)) is None:
                return None
            message_id = None
            if self._platform.capabilities.finds:  # otherwise nothing can be looked up
                key = idempotency_key(card.chat, card.story, "card", record.generation)
                await self._outbound.turn(card.chat)
                with suppress(SendFailed):  # then their word has to suffice
                    message_id = await self._platform.find(card.chat, key, record.at)
            if message_id is not None:
                await held.write(outcomes.found(record, self._now(), message_id))
                return Claim.FOUND
            if record.claimed_at is not None:
                return Claim.REPEATED
            await held.write(replace(record, claimed_at=self._now()))
            return Claim.TAKEN

    async def show(self, chat: Chat, story: StoryId, message_id: str) -> CardRecord | None:
        """A card of unknown outcome is there; returns what its record was before."""
        async with self._held_newest(chat, story) as held:
            before = held.record
            if before is not None and before.state is State.UNKNOWN:
                await held.write(outcomes.found(before, self._now(), message_id))
            return before

    async def post_again(self, card: Unknown) -> bool:
        """Post a card of unknown outcome again; False if it is settled. Raises SendFailed."""
        edition = self._index.get(card.story)
        assert edition is not None, "the desk has looked"
        with self._speaking(card.chat):
            async with self._held_newest(card.chat, card.story) as held:
                if (record := _unproven(held, card)) is None:
                    return False
                if await self._observer.becoming(card.chat, card.story):
                    raise NotNow(timedelta(seconds=1), Reason(Code.CARDS_MERGING))
                await self._post(held, edition, record.generation + 1)
                return True

    @asynccontextmanager
    async def _held_newest(self, chat: Chat, story: StoryId) -> AsyncGenerator[HeldRecord]:
        """Hold a card that is brought up to date afterwards, even if we crash."""
        async with self._work.holding((chat, story)):
            await self._work.store_newest(chat, story)
            async with self._rows.hold(chat, story, anew=True) as held:
                yield held


def _unproven(held: HeldRecord, card: Unknown) -> CardRecord | None:
    """The record, while it is unknown whether that attempt arrived."""
    record = held.record
    if record is None or record.state is not State.UNKNOWN or record.generation != card.generation:
        return None
    return record
