"""Rate limits: stays below the platform's own, with some capacity reserved for answers."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from bot.model.chat import Chat

INVALID_WINDOW_S = 600.0
INVALID_MOST = 5_000
"""Discord bans an address for a while after 10,000 refused requests (401, 403, 429) in ten minutes
(docs.discord.com, Rate Limits); at half of that we stop by ourselves."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a platform allows, minus what we reserve for answers."""

    per_second: float
    """Messages per second, over all chats."""
    chat_gap_s: float
    """Seconds between two messages to one chat."""
    group_per_minute: int | None = None
    """Messages per minute in one group or channel, including edits."""
    publishes: tuple[int, float] | None = None
    """(number, seconds) per channel; None where nothing can be published."""


DISCORD = Limits(per_second=45, chat_gap_s=1.0, publishes=(10, 3660.0))
"""Discord allows 50/s per bot and 5 in 5 s per channel (docs.discord.com, Rate Limits), and ten
publishes an hour per channel (https://github.com/discordjs/discord.js/issues/4956); a request may
be carried out a while after it was made."""
TELEGRAM = Limits(per_second=25, chat_gap_s=1.0, group_per_minute=18)
"""Telegram allows about 30/s, 1/s per chat, 20/min per group: core.telegram.org/bots/faq."""


@dataclass(slots=True)
class RateLimiter:
    """Decides when the next call may be made. One per platform and token."""

    limits: Limits
    clock: Callable[[], float] = time.monotonic
    _next: float = 0.0
    _halted: float = 0.0
    _chats: dict[Chat, deque[float]] = field(default_factory=dict)
    _held: dict[Chat, float] = field(default_factory=dict)
    _invalid: deque[float] = field(default_factory=deque)
    _published: dict[Chat, deque[float]] = field(default_factory=dict)
    _unpublishing: dict[Chat, float] = field(default_factory=dict)
    """Until when nothing is published in channels where the platform refused more."""

    def rest(self, chat: Chat) -> float:
        """Seconds until this chat may be written to."""
        chat = room(chat)
        now = self.clock()
        ready = self._held.get(chat, 0.0)
        past = self._chats.get(chat)
        if past:
            ready = max(ready, past[-1] + self.limits.chat_gap_s)
            most = self.limits.group_per_minute
            if most is not None and len(past) >= most and self.counts(chat):
                ready = max(ready, past[-most] + 60.0)
        return max(0.0, ready - now)

    def held(self, chat: Chat) -> float:
        """Seconds for which the platform asked us to leave this chat alone, or every chat."""
        return max(0.0, max(self._held.get(room(chat), 0.0), self._halted) - self.clock())

    def counts(self, chat: Chat) -> bool:
        """Whether the chat has a limit per minute."""
        return self.limits.group_per_minute is not None and chat.address.startswith("-")

    def remember(self, chat: Chat, ages_s: Iterable[float]) -> None:
        """Count what was sent there this many seconds ago, by whichever process."""
        now = self.clock()
        past = self._past(room(chat))
        moments = sorted([*past, *(now - age_s for age_s in ages_s)])
        past.clear()
        past.extend(moments)

    def take_over(self) -> None:
        """Leave a second before the first call: another process may have sent at full pace until
        a moment ago, and both platforms count calls per second."""
        self._next = max(self._next, self.clock() + 1.0)

    def publish_rest(self, chat: Chat) -> float | None:
        """Seconds until a card may be published in this chat; None where none can be."""
        if self.limits.publishes is None:
            return None
        most, window_s = self.limits.publishes
        ready = self._unpublishing.get(chat, 0.0)
        past = self._published.get(chat, ())
        if len(past) >= most:
            ready = max(ready, past[-most] + window_s)
        return max(0.0, ready - self.clock())

    def published(self, chat: Chat, ages_s: Iterable[float] = (0.0,)) -> None:
        """Count what was published there this many seconds ago."""
        if self.limits.publishes is not None:
            past = self._published.setdefault(chat, deque(maxlen=self.limits.publishes[0]))
            moments = sorted([*past, *(self.clock() - age_s for age_s in ages_s)])
            past.clear()
            past.extend(moments)

    def published_enough(self, chat: Chat, after: timedelta) -> None:
        """The platform asked for a pause before the next publish there."""
        self._unpublishing[chat] = self.clock() + after.total_seconds()

    def _past(self, room: Chat) -> deque[float]:
        return self._chats.setdefault(room, deque(maxlen=self.limits.group_per_minute or 1))

    async def take(self, chat: Chat) -> None:
        """Wait for the limits of the chat and of the platform, and count the message."""
        while True:
            seconds = self.rest(chat)
            if seconds <= 0:
                break
            await asyncio.sleep(seconds)  # rare, because due cards wait in the queue
        chat = room(chat)
        now = self.clock()
        turn = max(now, self._next, self._halted, self._invalid_over(now))
        self._next = turn + 1 / self.limits.per_second
        self._past(chat).append(turn)  # at once: another call to this chat must count it
        if len(self._chats) > 10_000:
            self._forget(now)
        if turn > now:
            await asyncio.sleep(turn - now)

    def too_fast(self, chat: Chat, after: timedelta) -> None:
        """The platform answered 429: this chat rests; if others rest for the same reason, all
        do."""
        chat = room(chat)
        now = self.clock()
        until = now + after.total_seconds()
        others = [at for other, at in self._held.items() if other != chat and at > now]
        if others:
            self._halted = max(self._halted, until)
        self._held[chat] = max(self._held.get(chat, 0.0), until)
        self.refused()

    def refused(self) -> None:
        """A request was refused. After too many of those, we pause by ourselves."""
        self._invalid.append(self.clock())

    def _invalid_over(self, now: float) -> float:
        while self._invalid and self._invalid[0] < now - INVALID_WINDOW_S:
            self._invalid.popleft()
        if len(self._invalid) < INVALID_MOST:
            return 0.0
        return self._invalid[-INVALID_MOST] + INVALID_WINDOW_S

    def _forget(self, now: float) -> None:
        self._chats = {
            chat: past for chat, past in self._chats.items() if past and past[-1] > now - 60.0
        }
        self._held = {chat: at for chat, at in self._held.items() if at > now}


def room(chat: Chat) -> Chat:
    """The chat itself, or the group of a topic: topics share their group's rate limit."""
    return Chat(chat.platform, chat.address.partition("/")[0])
