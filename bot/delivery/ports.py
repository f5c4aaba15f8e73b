"""What delivery needs of the storage and of the archive."""

from collections.abc import (
    Collection,
    Iterable,
    Mapping,
    Sequence,
)
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from bot.model.chat import Chat
from bot.model.due import DueSubject
from bot.model.ledger import CardRecord, HighWaterMark
from bot.model.rule import Rule
from bot.model.trouble import Trouble
from bot.model.unknown import Unknown
from stories.changes import Cursor
from stories.edition import Edition
from stories.log import Log
from stories.story import Story, StoryId


class RuleStore(Protocol):
    """Stores the rules that people set from chat, and the new addresses of chats that moved."""

    @property
    def unreadable(self) -> Collection[Chat]:
        """The chats whose rule couldn't be read when the rules were last loaded."""
        ...

    async def load(self) -> Mapping[Chat, Rule]:
        """Every chat's rule."""

    async def save(self, chat: Chat, rule: Rule | None) -> None:
        """Store a chat's rule, or delete it (None).

        Raises Unreadable instead of replacing an unreadable one.
        """
        ...

    async def moved(self) -> Mapping[Chat, Chat]:
        """Old addresses and the ones that replaced them."""
        ...

    async def move(self, old: Chat, new: Chat) -> None:
        """Record that a chat has a new address."""
        ...

    async def put_back(
        self, platform: str, rules: Mapping[Chat, Rule], moved: Mapping[Chat, Chat]
    ) -> int:
        """Write back the platform's rules and moves that are missing; existing ones stay.

        Returns how many were missing. Raises StorageAway unless we hold the platform's lease.
        """
        ...


class Troubles(Protocol):
    """Stores which chats refuse us or have removed us."""

    async def all(self, platform: str) -> Mapping[Chat, Trouble]:
        """A platform's troubles, by chat."""

    async def save(self, chat: Chat, trouble: Trouble | None) -> None:
        """Store what is wrong with a chat, or delete it (None)."""
        ...


class Forgetful(Protocol):
    """A part of the storage that can forget a chat."""

    async def forget(self, chat: Chat) -> set[StoryId]:
        """Delete everything that names the chat; returns the stories concerned."""
        ...


class Ledger(Protocol):
    """Which card shows which revision in which chat, and how every attempt ended.

    A row that can't be read is UNREADABLE.
    """

    async def row(self, chat: Chat, story: StoryId) -> CardRecord | None:
        """The row of a card, or None."""

    async def write(self, chat: Chat, story: StoryId, row: CardRecord) -> int | None:
        """Write a row; returns how many were ever written on its platform, or None if unknown.

        The number decreases only if the storage lost something.
        """
        ...

    async def write_together(self, chat: Chat, rows: Mapping[StoryId, CardRecord]) -> int | None:
        """Write several rows of a chat, all or none."""
        ...

    async def count(self, platform: str) -> int | None:
        """How many rows were ever written on a platform; None if unknown."""
        ...

    async def of_story(self, story: StoryId) -> Mapping[Chat, CardRecord]:
        """A story's rows, by chat."""

    async def of_chat(self, chat: Chat) -> Mapping[StoryId, CardRecord]:
        """A chat's rows, by story."""

    async def pins(self, platform: str) -> Mapping[tuple[Chat, StoryId], CardRecord]:
        """Every card on a platform that has a pin of ours, or should lose it."""
        ...

    async def unknown(self, platform: str) -> Sequence[Unknown]:
        """Every card of unknown outcome on a platform."""
        ...

    async def unknown_by(self, platform: str, key: str) -> Unknown | None:
        """The card with this key from a button; None if it is settled."""
        ...


class Due(Protocol):
    """The work queue, stored so that a crash loses nothing. Enqueueing is idempotent."""

    async def cursor(self, platform: str) -> Cursor:
        """How far into the archive's index the platform's cards have been enqueued."""

    async def enqueue(
        self, platform: str, entries: Iterable[DueSubject], upto: Cursor | None
    ) -> None:
        """Enqueue cards, then move the platform's cursor together with the last (None: leave
        it)."""
        ...

    async def all(self, platform: str) -> list[DueSubject]:
        """Every card that is due on a platform."""

    async def ack(self, platform: str, entries: Sequence[DueSubject]) -> None:
        """Acknowledge cards, except those that a newer edition has enqueued again since."""
        ...


class HighWater(Protocol):
    """A mark outside the storage that reveals a rollback. Never waits long, never raises."""

    def read(self) -> HighWaterMark:
        """The stored mark."""

    def write(self, rollback: HighWaterMark) -> bool:
        """False if it couldn't be written, which raises an alarm for the operator."""
        ...


class Archive(Protocol):
    """What delivery reads of the archive. Everything may raise StorageAway."""

    async def edition(self, story_id: StoryId) -> Edition | None:
        """A story as it is stored, even if it has left full memory."""
        ...

    async def log(self, story_id: StoryId) -> Log:
        """What is remembered of revisions that are no longer stored in full."""
        ...

    async def history(self, story: StoryId, since: int = 0) -> Sequence[Story]:
        """The stored revisions from `since` on, oldest first."""
        ...


class Lease(Protocol):
    """At most one holder of a name at a time."""

    @property
    def sure(self) -> bool:
        """Whether we provably hold the lease; false while the storage is away."""
        ...

    def held(self) -> AbstractAsyncContextManager[None]:
        """Wait for the lease and keep it inside the block,
        which is cancelled when another takes it over."""
        ...
