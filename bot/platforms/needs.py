"""What an adapter needs of the bot."""

from collections.abc import (
    Awaitable,
    Callable,
)
from datetime import timedelta
from typing import Protocol

from bot.model.chat import Chat
from bot.model.command import AskKind, RateLimited


class Moderators(Protocol):
    """Which role of a server counts as moderator, besides those who have the rights."""

    async def role(self, server: str) -> str | None:
        """The role, in the platform's terms. May raise StorageAway."""
        ...


class AskLimits(Protocol):
    """Whose turn it is to ask."""

    async def take(
        self,
        person: Chat,
        server: str | None,
        *,
        turn: AskKind = AskKind.ASK,
        spared: Callable[[], Awaitable[bool]] | None = None,
    ) -> RateLimited | None:
        """None when the person may ask now, which then counts; else why not, and until when.

        `server` is what the chat belongs to; None in private. A press of a button counts less, and
        a suggestion while someone types least.
        Who is `spared` need not wait for the others of the server.
        """
        ...


class GroupRateLimiter(Protocol):
    """How fast a group may be written to: answers and cards share it."""

    def counts(self, chat: Chat) -> bool:
        """True for a chat where all that is written counts."""
        ...

    async def take(self, chat: Chat) -> None:
        """Wait until the chat may be written to, which then counts."""
        ...

    def too_fast(self, chat: Chat, after: timedelta) -> None:
        """The platform asks for a pause there."""
        ...
