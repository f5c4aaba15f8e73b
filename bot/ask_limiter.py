"""A rate limiter for people: no person and no server asks faster than the bot may answer."""

import asyncio
import math
import time
from collections import deque
from collections.abc import Awaitable, Callable

from bot.model.chat import Chat
from bot.model.command import AskKind, RateLimited
from runtime.away import StorageAway

COSTS = {AskKind.ASK: 1.0, AskKind.PRESS: 0.25, AskKind.TYPING: 0.0625}
"""What each kind counts: turning pages isn't flooding, hammering is;
suggestions come with nearly every letter typed."""
SPARING_S = 1.0
"""Timeout for finding out whether a person is exempt: Discord waits 3 s for a first sign."""


class AskLimiter:
    """Counts, in memory, the recent answers per person and server. Refused requests don't count."""

    def __init__(
        self,
        *,
        a_person: int,
        a_server: int,
        within_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._people = _Window(a_person, within_s)
        self._servers = _Window(a_server, within_s)
        self._told = _Window(1, within_s)
        self._clock = clock

    async def take(
        self,
        person: Chat,
        server: str | None,
        *,
        turn: AskKind = AskKind.ASK,
        spared: Callable[[], Awaitable[bool]] | None = None,
    ) -> RateLimited | None:
        """Count one request; returns a RateLimited if it is refused.

        `spared` tells whether the person is exempt from the server's limit.
        """
        cost = COSTS[turn]
        wait_s, crowd = self._people.wait_s(str(person), cost, self._clock()), False
        if not wait_s and server is not None:
            wait_s, crowd = self._servers.wait_s(server, cost, self._clock()), True
        if wait_s and not (crowd and spared is not None and await _surely(spared)):
            at = self._clock()
            told = self._told.wait_s(f"{person} {server}", 1, at) > 0
            if not told and turn is not AskKind.TYPING:  # suggestions are refused silently
                self._told.count(f"{person} {server}", 1, at)
            return RateLimited(math.ceil(wait_s), crowd=crowd, told=told)
        self._people.count(str(person), cost, self._clock())
        if server is not None:
            self._servers.count(server, cost, self._clock())
        return None


async def _surely(spared: Callable[[], Awaitable[bool]]) -> bool:
    try:
        async with asyncio.timeout(SPARING_S):
            return await spared()
    except (TimeoutError, StorageAway):
        return False


class _Window:
    """The recent costs for each name."""

    def __init__(self, most: float, within_s: float) -> None:
        self._most = most
        self._within_s = within_s
        self._counted: dict[str, deque[tuple[float, float]]] = {}
        """Times and costs by name, the most recently counted name last."""

    def wait_s(self, name: str, cost: float, at: float) -> float:
        """Seconds until this much more fits; 0 if it fits now."""
        recent = [each for each in self._counted.get(name, ()) if self._lasts(each[0], at)]
        over = sum(much for _, much in recent) + cost - self._most
        wait_s = 0.0
        for then, much in recent:  # the oldest is the first to expire
            if over <= 0:
                break
            over -= much
            wait_s = then + self._within_s - at
        return wait_s

    def count(self, name: str, cost: float, at: float) -> None:
        counted = self._counted.pop(name, deque())
        while counted and not self._lasts(counted[0][0], at):
            counted.popleft()
        counted.append((at, cost))
        self._counted[name] = counted
        while not self._lasts(next(iter(self._counted.values()))[-1][0], at):
            del self._counted[next(iter(self._counted))]

    def _lasts(self, then: float, at: float) -> bool:
        return at - then < self._within_s
