"""The queue of updates on their way to the bot, which getUpdates empties."""

import asyncio
import json
from collections.abc import Callable
from typing import Any, TypeVar

from sandbox.telegram.refusals import ANOTHER_POLLER, Refused, bad_request

T = TypeVar("T")

LONGEST_POLL = 50
"""Seconds."""


class Updates:
    """Updates with ascending numbers; confirmed ones are dropped."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._next = 100_000_001
        self._waiting: list[tuple[int, Any]] = []
        self._allowed: tuple[str, ...] = ()
        self._arrived = asyncio.Event()
        self._poll: asyncio.Future[None] | None = None
        self._changed = changed

    @property
    def pending(self) -> int:
        """How many updates the bot has not confirmed."""
        return len(self._waiting)

    @property
    def polled(self) -> bool:
        """Whether a getUpdates is waiting right now."""
        return self._poll is not None

    @property
    def allowed(self) -> tuple[str, ...]:
        """The kinds of update that the bot wants; empty means the default kinds."""
        return self._allowed

    def add(self, kind: str, content: dict[str, Any]) -> None:
        """Queue an update, unless the bot doesn't want its kind."""
        if self._allowed and kind not in self._allowed:
            return
        self.add_raw({kind: content})

    def add_raw(self, update: Any) -> None:
        """Queue an update as it is, even if it isn't valid. It gets the next number unless it has
        its own `update_id`; None means that it has none."""
        if isinstance(update, dict):
            update = {"update_id": self._next, **update}
            if update["update_id"] is None:
                del update["update_id"]
        self._waiting.append((self._next, update))
        self._next += 1
        self._arrived.set()

    def allow(self, kinds: Any) -> None:
        """Set the wanted kinds; an empty list means the default kinds, None changes nothing."""
        if kinds is None:
            return
        if not isinstance(kinds, list) or not all(isinstance(kind, str) for kind in kinds):
            raise bad_request("can't parse allowed updates: expected an Array of String")
        self._allowed = tuple(kinds)

    def forget(self) -> None:
        """Drop every pending update."""
        self._waiting.clear()

    async def poll(self, offset: int, limit: int, seconds: float) -> list[Any]:
        """Confirm what comes before `offset`, then wait for more; an earlier poll ends with 409."""
        if self._poll is not None and not self._poll.done():
            self._poll.set_exception(Refused(ANOTHER_POLLER))
        mine = asyncio.get_running_loop().create_future()
        self._poll = mine
        self._changed()
        try:
            if offset < 0:
                self._waiting = self._waiting[offset:]
            elif offset:
                self._waiting = [one for one in self._waiting if one[0] >= offset]
            if not self._waiting and seconds > 0:
                self._arrived.clear()
                arrival = asyncio.ensure_future(self._arrived.wait())
                try:
                    await asyncio.wait(
                        (arrival, mine), timeout=seconds, return_when=asyncio.FIRST_COMPLETED
                    )
                finally:
                    arrival.cancel()
            if mine.done():
                mine.result()
            return copy_of([update for _, update in self._waiting[:limit]])
        finally:
            mine.cancel()
            if self._poll is mine:
                self._poll = None
            self._changed()


def copy_of(value: T) -> T:
    """A deep copy of plain JSON, so that changes on one side don't affect the other."""
    copied: T = json.loads(json.dumps(value))
    return copied
