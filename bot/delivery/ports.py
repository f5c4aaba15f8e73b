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
from bot.model.due import DueCard
from bot.model.ledger import CardRecord, HighWaterMark
from bot.model.rule import Rule
from bot.model.trouble import Trouble
from bot.model.unknown import Unknown
from stories.changes import Cursor
from stories.edition import Edition
from stories.log import Log
from stories.story import Story, StoryId


class RuleStore(Protocol):
    """Where the rules that people set from chat are kept, and what became of moved chats."""

    @property
    def unreadable(self) -> Collection[Chat]:
        """The chats that have a rule which could not be read when they were loaded last."""
        ...

    async def load(self) -> Mapping[Chat, Rule]: ...

    async def save(self, chat: Chat, rule: Rule | None) -> None:
        """Keep a chat's rule; None: none any more. Raises Unreadable rather than replace one that
        cannot be read."""
        ...

    async def moved(self) -> Mapping[Chat, Chat]:
        """Old addresses and the ones they became."""
        ...

    async def move(self, old: Chat, new: Chat) -> None:
        """Remember that a chat has another address now."""
        ...

    async def put_back(
        self, platform: str, rules: Mapping[Chat, Rule], moved: Mapping[Chat, Chat]
    ) -> int:
        """Keep again what is missing of a platform's rules and moves; what is there stays.

        Returns how many were missing. Raises StorageAway unless we hold the platform's lease.
        """
        ...


class Troubles(Protocol):
    """The chats that refuse us or have removed us."""

    async def all(self, platform: str) -> Mapping[Chat, Trouble]: ...

    async def save(self, chat: Chat, trouble: Trouble | None) -> None:
        """Keep what is wrong with a chat; None: nothing any more."""
        ...


class Forgetful(Protocol):
    """A part of the storage that can forget a chat."""

    async def forget(self, chat: Chat) -> set[StoryId]:
        """Keep nothing that names the chat; return the stories it was about."""
        ...


class Ledger(Protocol):
    """Which card shows which revision where, and how every attempt ended.

    A row that cannot be read is UNREADABLE.
    """

    async def row(self, chat: Chat, story: StoryId) -> CardRecord | None: ...

    async def write(self, chat: Chat, story: StoryId, row: CardRecord) -> int | None:
        """Write a row; return how many were ever written on its platform, None if not known.

        Only a storage that lost something counts fewer than before.
        """
        ...

    async def write_together(self, chat: Chat, rows: Mapping[StoryId, CardRecord]) -> int | None:
        """Write several rows of a chat, all or none."""
        ...

    async def count(self, platform: str) -> int | None:
        """How many rows were ever written on a platform; None if not known."""
        ...

    async def of_story(self, story: StoryId) -> Mapping[Chat, CardRecord]: ...

    async def of_chat(self, chat: Chat) -> Mapping[StoryId, CardRecord]: ...

    async def pins(self, platform: str) -> Mapping[tuple[Chat, StoryId], CardRecord]:
        """Every card on a platform that has a pin of ours, or is to lose it."""
        ...

    async def unknown(self, platform: str) -> Sequence[Unknown]:
        """Every card on a platform of which it is not known whether it stands."""
        ...

    async def unknown_by(self, platform: str, key: str) -> Unknown | None:
        """The one that buttons name so; None when it is settled."""
        ...


class Due(Protocol):
    """What is owed, kept so that a crash forgets none of it. Marking twice is marking once."""

    async def cursor(self, platform: str) -> Cursor: ...

    async def mark(self, platform: str, marks: Iterable[DueCard], upto: Cursor | None) -> None:
        """Add marks, then move the platform's cursor (None: leave it) together with the last."""
        ...

    async def all(self, platform: str) -> list[DueCard]: ...

    async def done(self, platform: str, marks: Sequence[DueCard]) -> None:
        """Strike marks out, but for those whose chat and story a newer edition has marked since."""
        ...


class HighWater(Protocol):
    """A mark outside the storage that tells when the storage steps back. Never waits long, never
    raises."""

    def read(self) -> HighWaterMark: ...

    def write(self, rollback: HighWaterMark) -> bool:
        """False when it could not be written, which the operator is told of by an alarm."""
        ...


class Archive(Protocol):
    """What delivery reads of the archive. Everything may raise StorageAway."""

    async def edition(self, story_id: StoryId) -> Edition | None:
        """One story as it is held, also when it has left full memory."""
        ...

    async def log(self, story_id: StoryId) -> Log:
        """What is remembered of revisions that are no longer kept whole."""
        ...

    async def history(self, story: StoryId, since: int = 0) -> Sequence[Story]:
        """The revisions still kept from `since` on, oldest first."""
        ...


class Lease(Protocol):
    """At most one holder of a name at a time."""

    @property
    def sure(self) -> bool:
        """False while the storage is away and the lease cannot be proved."""
        ...

    def held(self) -> AbstractAsyncContextManager[None]:
        """Wait for the lease and keep it while inside; cancelled when another took it over."""
        ...
