"""Telegram's flood limits.

Telegram publishes no exact figures. The ones here are from core.telegram.org/bots/faq: about 30
messages a second over all chats, one a second in one chat with short bursts, 20 a minute in one
group. Edits count as messages.
"""

import math
from collections import defaultdict, deque
from collections.abc import Callable

OVERALL, OVERALL_SECONDS = 30, 1.0
GROUP, GROUP_SECONDS = 20, 60.0
BURST = 3
"""Messages allowed in one chat at once, before one a second applies."""


class Flood:
    """Counts what a bot sends, by a clock in seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._overall: deque[float] = deque()
        self._groups: defaultdict[int, deque[float]] = defaultdict(deque)
        self._chats: dict[int, float] = {}

    def take(self, chat: int, *, group: bool) -> int:
        """Count one message and return 0; or, past a limit,
        count nothing and return the seconds to wait."""
        now = self._clock()
        waits = [_wait(self._overall, now, OVERALL, OVERALL_SECONDS)]
        if group:
            waits.append(_wait(self._groups[chat], now, GROUP, GROUP_SECONDS))
        # One second of debt per message; more debt than a burst is too much.
        debt = max(self._chats.get(chat, now), now)
        waits.append(debt - now - (BURST - 1))
        wait = max(waits)
        if wait > 0:
            return max(math.ceil(wait), 1)
        self._overall.append(now)
        if group:
            self._groups[chat].append(now)
        self._chats[chat] = debt + 1
        return 0


def _wait(taken: deque[float], now: float, most: int, seconds: float) -> float:
    while taken and taken[0] <= now - seconds:
        taken.popleft()
    return taken[0] + seconds - now if len(taken) >= most else 0.0
