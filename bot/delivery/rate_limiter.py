"""Rate limits: stays below the platform's own, with some capacity reserved for answers."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from bot.model.capabilities import Capabilities, Limits
from bot.model.chat import Chat


@dataclass(slots=True)
class RateLimiter:
    """Decides when the next call may be made. One per platform and token."""

    capabilities: Capabilities
    clock: Callable[[], float] = time.monotonic
    _next: float = 0.0
    _halted: float = 0.0
    _chats: dict[Chat, deque[float]] = field(default_factory=dict)
    _held: dict[Chat, float] = field(default_factory=dict)
    _invalid: deque[float] = field(default_factory=deque)
    _published: dict[Chat, deque[float]] = field(default_factory=dict)
    _unpublishing: dict[Chat, float] = field(default_factory=dict)
    """Until when nothing is published in channels where the platform refused more."""

    @property
    def limits(self) -> Limits:
        return self.capabilities.limits

    def rest(self, chat: Chat) -> float:
        """Seconds until this chat may be written to."""
        chat = self.capabilities.group(chat)
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
        held = self._held.get(self.capabilities.group(chat), 0.0)
        return max(0.0, max(held, self._halted) - self.clock())

    def counts(self, chat: Chat) -> bool:
        """Whether the chat has a limit per minute."""
        return self.limits.group_per_minute is not None and self.capabilities.is_group(chat)

    def remember(self, chat: Chat, ages_s: Iterable[float]) -> None:
        """Count what was sent there this many seconds ago, by whichever process."""
        now = self.clock()
        past = self._past(self.capabilities.group(chat))
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

    def _past(self, group: Chat) -> deque[float]:
        return self._chats.setdefault(group, deque(maxlen=self.limits.group_per_minute or 1))

    async def take(self, chat: Chat) -> None:
        """Wait for the limits of the chat and of the platform, and count the message."""
        while True:
            seconds = self.rest(chat)
            if seconds <= 0:
                break
            await asyncio.sleep(seconds)  # rare, because due cards wait in the queue
        chat = self.capabilities.group(chat)
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
        chat = self.capabilities.group(chat)
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
        most, window_s = self.limits.refusals
        while self._invalid and self._invalid[0] < now - window_s:
            self._invalid.popleft()
        if len(self._invalid) < most:
            return 0.0
        return self._invalid[-most] + window_s

    def _forget(self, now: float) -> None:
        self._chats = {
            chat: past for chat, past in self._chats.items() if past and past[-1] > now - 60.0
        }
        self._held = {chat: at for chat, at in self._held.items() if at > now}
