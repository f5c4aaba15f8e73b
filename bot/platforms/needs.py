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
    """Which role of a server counts as moderator, in addition to people with the permissions."""

    async def role(self, server: str) -> str | None:
        """The role, in the platform's terms. May raise StorageAway."""
        ...


class AskLimits(Protocol):
    """A rate limiter for people's questions."""

    async def take(
        self,
        person: Chat,
        server: str | None,
        *,
        turn: AskKind = AskKind.ASK,
        spared: Callable[[], Awaitable[bool]] | None = None,
    ) -> RateLimited | None:
        """None if the person may ask now, which then counts; otherwise why not, and until when.

        `server` is what the chat belongs to; None in private. A button press counts less, and a
        suggestion while someone types least. A person who is `spared` is exempt from the server's
        limit.
        """
        ...


class GroupRateLimiter(Protocol):
    """A group's rate limit, which answers and cards share."""

    def counts(self, chat: Chat) -> bool:
        """Whether everything written to the chat counts."""
        ...

    async def take(self, chat: Chat) -> None:
        """Wait until the chat may be written to, which then counts."""
        ...

    def too_fast(self, chat: Chat, after: timedelta) -> None:
        """The platform asked for a pause there."""
        ...
