"""Virtual time: an event loop whose clock jumps to the next moment at which anything happens.

Nothing here waits. A day of the bot's life passes in as long as its steps take to compute, and
the same steps happen in the same order each time.
"""

import asyncio
import selectors
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

BEGINNING = datetime(2026, 6, 25, 6, tzinfo=UTC)
"""What the calendar shows when the loop's clock shows 0."""


class Stalled(Exception):
    """Nothing is ready and no timer runs: whoever waits now waits for ever."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop without sockets, on a clock of its own."""

    def __init__(self) -> None:
        self._clock = 1.0
        super().__init__(_Jump(self))

    def time(self) -> float:
        return self._clock

    def jump(self, seconds: float) -> None:
        self._clock += seconds

    def calendar(self) -> datetime:
        return BEGINNING + timedelta(seconds=self._clock)


class _Jump(selectors.BaseSelector):
    """Where another loop would wait for its sockets, the clock goes forward."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop
        self._keys: dict[Any, selectors.SelectorKey] = {}

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise Stalled
        if timeout > 0:
            self._loop.jump(timeout)
        return []

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        key = self._keys[fileobj] = selectors.SelectorKey(fileobj, 0, events, data)
        return key

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._keys.pop(fileobj)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._keys
