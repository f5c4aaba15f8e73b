"""The ledger as the reconciler uses it: losses are noticed, and nothing is written over them."""

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


class HeldRecord:
    """The record of one held card: what it says, and the only way to write it.

    Use it as `async with rows.hold(chat, story) as held`. Reading it, writing it before a call and
    writing the outcome of the call belong together: what was decided from a record isn't written
    once the storage has lost records since.
    """

    __slots__ = ("_anew", "_doubt", "_rows", "chat", "record", "story")

    def __init__(self, rows: "Rows", chat: Chat, story: StoryId, *, anew: bool = False) -> None:
        self.chat = chat
        self.story = story
        self.record: CardRecord | None = None
        """As last read or written; None if the ledger has no card."""
        self._rows = rows
        self._anew = anew
        self._doubt: datetime | None = None

    async def __aenter__(self) -> "HeldRecord":
        read = self._rows.read if self._anew else self._rows.take
        self.record, self._doubt = await read(self.chat, self.story)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Forget it: the next holder reads it anew."""

    def is_current(self) -> bool:
        """False once the storage was seen to have lost records since this was read."""
        return self._doubt == self._rows.doubt

    async def about_to(self, record: CardRecord) -> None:
        """Write a record before a call; raises StorageAway, and then the call isn't made."""
        await self._rows.write(self.chat, self.story, record)
        self.record = record
        if not self.is_current():
            raise StorageAway("rows were lost since this was decided")
        if not self._rows.sure:  # it expired while this was being written
            raise StorageAway("not sure of the lease")

    async def write(self, record: CardRecord) -> None:
        """Record what happened, however long it takes: only we know it."""
        await patiently(lambda: self._rows.write(self.chat, self.story, record))
        self.record = record

    def ended_unknown(self) -> None:
        """An attempt ended with an unknown outcome. The record says `sending`, which is the
        truth."""
        self._rows.ended_unknown(self.chat, self.story)


class Rows:
    """Reads and writes ledger rows: each record is read before it is written."""

    def __init__(
        self, ledger: Ledger, lease: Lease, rollback: RollbackWatch, now: Callable[[], datetime]
    ) -> None:
        self._ledger = ledger
        self._lease = lease
        self._rollback = rollback
        self._now = now
        self._past = Past(now)
        self._known: dict[Key, tuple[CardRecord | None, datetime | None]] = {}
        """Rows that were read when their cards became due, and what was known about losses then.
        Each is used once, and forgotten when it is written."""
        self._unknown: dict[Key, datetime] = {}
        """When attempts of unknown outcome ended."""
        self.changes = 0
        """Counts what happened to rows: one read meanwhile may be outdated."""

    @property
    def doubt(self) -> datetime | None:
        """When the storage was last seen to have lost rows."""
        return self._rollback.doubt

    def begin(self) -> None:
        """Forget what is remembered: another process may have written since."""
        self._known.clear()

    def know(self, story: StoryId, rows: Mapping[Chat, CardRecord], chats: Iterable[Chat]) -> None:
        """These chats' cards become due, and this is what the ledger says about them now."""
        for chat in chats:
            if (row := rows.get(chat)) is not UNREADABLE:  # read again, alone
                self._known[chat, story] = row, self.doubt

    def hold(self, chat: Chat, story: StoryId, *, anew: bool = False) -> HeldRecord:
        """The record of a held card, to be entered with `async with`.

        `anew`: as the ledger has it now, rather than as it was when the card became due.
        """
        return HeldRecord(self, chat, story, anew=anew)

    async def take(self, chat: Chat, story: StoryId) -> tuple[CardRecord | None, datetime | None]:
        """A record as it was when its card became due, else read;
        and what was known about losses then."""
        known = self._known.pop((chat, story), None)
        if known is None:
            return await self.read(chat, story)
        record, doubt = known
        return self._in_time(record), doubt

    async def read(self, chat: Chat, story: StoryId) -> tuple[CardRecord | None, datetime | None]:
        """A record as the ledger has it now, and what was known about losses before."""
        self._known.pop((chat, story), None)
        self.changes += 1  # the caller may know of more than we do
        doubt = self.doubt
        return self._in_time(await self._ledger.row(chat, story)), doubt

    async def glance(self, chat: Chat, story: StoryId) -> CardRecord | None:
        """The row of a card that isn't held, and won't be written."""
        return self._in_time(await self._ledger.row(chat, story))

    def _in_time(self, row: CardRecord | None) -> CardRecord | None:
        """The row as a correct clock would have written it: no time in it is in the future."""
        if row is None:
            return None
        told = row.reported_at.values() if row.reported_at else ()
        moments = (row.at, row.posted_at, row.replied_at, row.published_at, row.pinned_at, *told)
        if all(moment is None or moment <= self._now() for moment in moments):
            return row
        past = self._past
        # An attempt of unknown age counts as too old to repeat, and is searched for far back.
        age = UNKNOWN_AGE if row.state is State.SENDING else timedelta(0)
        return replace(
            row,
            at=past(row.at) - age,
            posted_at=row.posted_at and past(row.posted_at),
            replied_at=row.replied_at and past(row.replied_at),
            published_at=row.published_at and past(row.published_at),
            pinned_at=row.pinned_at and past(row.pinned_at),
            reported_at=row.reported_at
            and {kind: past(at) for kind, at in row.reported_at.items()},
        )

    @property
    def sure(self) -> bool:
        """Whether we certainly hold the lease."""
        return self._lease.sure

    async def write_together(self, written: Mapping[HeldRecord, CardRecord]) -> None:
        """Write records of one chat that were held and decided together; raises StorageAway."""
        if not all(held.is_current() for held in written):
            raise StorageAway("rows were lost since this was decided")
        [chat] = {held.chat for held in written}
        records = {held.story: record for held, record in written.items()}
        least = self._rollback.written + 1
        try:
            count = await self._ledger.write_together(chat, records)
        finally:
            self._changed(chat, *records)
        self._rise(count, least)
        for held, record in written.items():
            held.record = record

    async def write(self, chat: Chat, story: StoryId, record: CardRecord) -> None:
        """Write a held record; raises StorageAway."""
        assert record.state is not State.UNREADABLE, "what cannot be read is not written over"
        least = self._rollback.written + 1
        try:
            written = await self._ledger.write(chat, story, record)
        finally:
            self._changed(chat, story)
        self._rise(written, least)
        if record.state is not State.SENDING:
            self._unknown.pop((chat, story), None)

    def _changed(self, chat: Chat, *stories: StoryId) -> None:
        self.changes += 1
        for story in stories:
            self._known.pop((chat, story), None)

    def _rise(self, written: int | None, least: int) -> None:
        if not self._rollback.rise(written, least):
            raise StorageAway("the storage stepped back: what is due is decided afresh")

    # Unknown outcomes.

    def ended_unknown(self, chat: Chat, story: StoryId) -> None:
        """An attempt ended with an unknown outcome. The row says `sending`, which is the truth."""
        self._unknown[chat, story] = self._now()

    def unknown_since(self, chat: Chat, story: StoryId) -> datetime | None:
        """When the last attempt ended, if its outcome is unknown."""
        return self._unknown.get((chat, story))

    def is_missing(self, edition: Edition, row: CardRecord | None) -> bool:
        """True for a card that may exist although the storage, having lost rows, has none."""
        if self.doubt is None or (
            row is not None and (row.message_id or row.state is State.SENDING)
        ):
            return False
        moments = [edition.heard_at, edition.story.updated_at or edition.heard_at]
        return (row.at if row else min(moments)) <= self.doubt
