"""The ledger in the hands of who delivers: losses are noticed, and nothing is written over them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from bot.delivery.ports import Lease, Ledger
from bot.delivery.rollback import RollbackWatch, patiently
from bot.model.chat import Chat
from bot.model.ledger import UNREADABLE, CardRecord, State
from runtime.away import StorageAway
from runtime.clock import Past
from stories.edition import Edition
from stories.story import StoryId

UNKNOWN_AGE = timedelta(hours=1)
Key = tuple[Chat, StoryId]

SETTLE = timedelta(seconds=15)
"""Before an attempt of unknown outcome is looked at again: a late one may still arrive."""


class Rows:
    """Rows of the ledger, each read before it is written, and each card's in one pair of hands."""

    def __init__(
        self, ledger: Ledger, lease: Lease, rollback: RollbackWatch, now: Callable[[], datetime]
    ) -> None:
        self._ledger = ledger
        self._lease = lease
        self._rollback = rollback
        self._now = now
        self._past = Past(now)
        self._doubt_then: dict[Key, datetime | None] = {}
        """What was known of losses when the row of a card in hand was read."""
        self._known: dict[Key, tuple[CardRecord | None, datetime | None]] = {}
        """Rows that were read when their cards became due, and what was known of losses then.
        Each is used once, and forgotten when it is written."""
        self._unknown: dict[Key, datetime] = {}
        """When attempts ended of which nobody knows how."""
        self.changes = 0
        """Counts what happened to rows: one read meanwhile may be out of date."""

    @property
    def doubt(self) -> datetime | None:
        """When the storage was last seen to have lost rows."""
        return self._rollback.doubt

    def begin(self) -> None:
        """Another process may have written since."""
        self._known.clear()

    def know(self, story: StoryId, rows: Mapping[Chat, CardRecord], chats: Iterable[Chat]) -> None:
        """These chats' cards become due, and this is what the ledger says of them just now."""
        for chat in chats:
            if (row := rows.get(chat)) is not UNREADABLE:  # looked at again, alone
                self._known[chat, story] = row, self.doubt

    async def take(self, chat: Chat, story: StoryId) -> CardRecord | None:
        """The row of a card taken in hand: as it was known to be, else read."""
        known = self._known.pop((chat, story), None)
        if known is None:
            return await self.read(chat, story)
        row, self._doubt_then[chat, story] = known
        return self._in_time(row)

    async def read(self, chat: Chat, story: StoryId) -> CardRecord | None:
        self._known.pop((chat, story), None)
        self.changes += 1  # whoever asks anew may know of more than we do
        self._doubt_then[chat, story] = self.doubt
        return self._in_time(await self._ledger.row(chat, story))

    def put_down(self, chat: Chat, story: StoryId) -> None:
        """The card is no longer in hand."""
        self._doubt_then.pop((chat, story), None)

    async def glance(self, chat: Chat, story: StoryId) -> CardRecord | None:
        """The row of a card that is not in hand, and is not to be written."""
        return self._in_time(await self._ledger.row(chat, story))

    def _in_time(self, row: CardRecord | None) -> CardRecord | None:
        """The row as a clock that was right would have written it: nothing in it lies ahead."""
        if row is None:
            return None
        moments = (row.at, row.posted_at, row.replied_at, row.published_at, row.pinned_at)
        if all(moment is None or moment <= self._now() for moment in moments):
            return row
        past = self._past
        # An attempt of unknown age is too old to be repeated, and looked for far enough back.
        age = UNKNOWN_AGE if row.state is State.SENDING else timedelta(0)
        return replace(
            row,
            at=past(row.at) - age,
            posted_at=row.posted_at and past(row.posted_at),
            replied_at=row.replied_at and past(row.replied_at),
            published_at=row.published_at and past(row.published_at),
            pinned_at=row.pinned_at and past(row.pinned_at),
        )

    async def about_to(self, chat: Chat, story: StoryId, row: CardRecord) -> None:
        """Write a row before a call; raise StorageAway, and then the call is not made."""
        await self._write(chat, story, row)
        if self.doubt != self._doubt_then[chat, story]:
            raise StorageAway("rows were lost since this was decided")
        if not self._lease.sure:  # it ran out while this was written
            raise StorageAway("not sure of the lease")

    async def record(self, chat: Chat, story: StoryId, row: CardRecord) -> None:
        """Write down what happened, however long it takes: only we know it."""
        await patiently(lambda: self._write(chat, story, row))

    async def write_together(self, chat: Chat, rows: Mapping[StoryId, CardRecord]) -> None:
        """Write rows that were read and decided together; raise StorageAway."""
        if any(self._doubt_then[chat, story] != self.doubt for story in rows):
            raise StorageAway("rows were lost since this was decided")
        least = self._rollback.written + 1
        try:
            written = await self._ledger.write_together(chat, rows)
        finally:
            self._changed(chat, *rows)
        self._rise(written, least)

    async def _write(self, chat: Chat, story: StoryId, row: CardRecord) -> None:
        assert row.state is not State.UNREADABLE, "what cannot be read is not written over"
        least = self._rollback.written + 1
        try:
            written = await self._ledger.write(chat, story, row)
        finally:
            self._changed(chat, story)
        self._rise(written, least)
        if row.state is not State.SENDING:
            self._unknown.pop((chat, story), None)

    def _changed(self, chat: Chat, *stories: StoryId) -> None:
        self.changes += 1
        for story in stories:
            self._known.pop((chat, story), None)

    def _rise(self, written: int | None, least: int) -> None:
        if not self._rollback.rise(written, least):
            raise StorageAway("the storage stepped back: what is due is decided afresh")

    # What is not known.

    def ended_unknown(self, chat: Chat, story: StoryId) -> None:
        """An attempt ended, and nobody knows how. The row says `sending`, which is the truth."""
        self._unknown[chat, story] = self._now()

    def unknown_since(self, chat: Chat, story: StoryId) -> datetime | None:
        """When the last attempt ended, if it is not known how."""
        return self._unknown.get((chat, story))

    def is_doubtful(self, row: CardRecord) -> bool:
        """True for a row that may have had a successor which the storage lost."""
        return self.doubt is not None and row.at <= self.doubt

    def is_missing(self, edition: Edition, row: CardRecord | None) -> bool:
        """True for a card that may stand although the storage, having lost rows, knows of none."""
        if self.doubt is None or (row is not None and (row.place or row.state is State.SENDING)):
            return False
        moments = [edition.heard_at, edition.story.updated_at or edition.heard_at]
        return (row.at if row else min(moments)) <= self.doubt
