"""At what pace: the platform's limits kept ahead of the platform, with room for answers."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.model.chat import Chat


@dataclass(frozen=True, slots=True)
class Limits:
    """What a platform allows, less what we keep free for answers."""

    per_second: float
    """Over all chats."""
    chat_gap_s: float
    """Between two messages to one chat."""
    group_per_minute: int | None = None
    """In one group or channel, edits counted."""


DISCORD = Limits(per_second=45, chat_gap_s=1.0)
"""Discord takes 50/s a bot and 5 in 5 s a channel (docs.discord.com, Rate Limits)."""
TELEGRAM = Limits(per_second=25, chat_gap_s=1.0, group_per_minute=20)
"""Telegram takes about 30/s, 1/s a chat, 20/min a group: core.telegram.org/bots/faq."""


@dataclass(slots=True)
class Pace:
    """Says when the next call may be made. One a platform and token."""

    limits: Limits
    clock: Callable[[], float] = time.monotonic
    _next: float = 0.0
    _chats: dict[Chat, deque[float]] = field(default_factory=dict)

    def delay(self, chat: Chat) -> float:
        """Seconds until this chat may be written to."""
        past = self._chats.get(chat)
        if not past:
            return 0.0
        now = self.clock()
        ready = past[-1] + self.limits.chat_gap_s
        most = self.limits.group_per_minute
        if most is not None and len(past) >= most and chat.address.startswith("-"):
            ready = max(ready, past[-most] + 60.0)
        return max(0.0, ready - now)

    async def take(self, chat: Chat) -> None:
        """Wait for our turn among all chats, and note that this one is written to."""
        now = self.clock()
        turn = max(now, self._next)
        self._next = turn + 1 / self.limits.per_second
        if turn > now:
            await asyncio.sleep(turn - now)
        past = self._chats.setdefault(chat, deque(maxlen=self.limits.group_per_minute or 1))
        past.append(self.clock())
        if len(self._chats) > 10_000:
            self._forget()

    def _forget(self) -> None:
        before = self.clock() - 60.0
        self._chats = {chat: past for chat, past in self._chats.items() if past[-1] > before}
