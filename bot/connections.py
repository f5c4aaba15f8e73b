"""Keeps the platforms connected, and tells the operator of one that cannot be."""

import asyncio
import logging
from collections.abc import Sequence
from functools import partial
from itertools import chain, repeat

from bot.model.command import Command
from bot.ports import Platform
from runtime.alarms import Alarms
from runtime.errors import SetupError
from runtime.supervision import restarting

log = logging.getLogger(__name__)

RESTS_S = (60.0, 300.0, 900.0, 3600.0)
"""How long a platform that refuses us for good is left alone: a token may be put right there. The
last one stands for all that follow."""


class Connections:
    """Keeps the platforms connected, each with an alarm by its name while it cannot be."""

    def __init__(self, platforms: Sequence[Platform], alarms: Alarms) -> None:
        self._alarms = alarms
        self._platforms = platforms
        self._refused: dict[str, SetupError] = {}
        """The platforms that refuse us for good."""
        self._served = False
        """One of them was connected to since we began: from then on none can end us."""
        self._rests: dict[str, chain[float]] = {}
        for platform in platforms:
            self._connected(platform.name)
            platform.on_connection(partial(self._hear, platform.name))

    async def keep(self, platform: Platform, commands: Sequence[Command]) -> None:
        """Keep one of the platforms connected until cancelled.

        Raises SetupError when every platform refused us for good and none was ever connected.
        """
        name = platform.name
        try:
            while True:
                try:
                    await restarting(name, lambda: platform.run(commands), self._alarms)
                except SetupError as refused:
                    self._refuse(name, refused)
                    await asyncio.sleep(next(self._rests[name]))
        finally:
            self._alarms.clear(name)  # another process may connect now

    def _hear(self, name: str, why: str | None) -> None:
        if why is None:
            self._served = True
            self._connected(name)
        elif name not in self._alarms.active:  # the first reason is enough
            self._alarms.report(
                name, f"{name.capitalize()} can't be reached ({why}). The bot keeps trying."
            )

    def _connected(self, name: str) -> None:
        self._refused.pop(name, None)
        self._rests[name] = chain(RESTS_S, repeat(RESTS_S[-1]))
        self._alarms.clear(name)

    def _refuse(self, name: str, refused: SetupError) -> None:
        self._refused[name] = refused
        if not self._served and len(self._refused) == len(self._platforms):
            raise SetupError("; ".join(map(str, self._refused.values())))
        self._alarms.report(
            name, f"{refused}. The bot tries again automatically, at least once an hour."
        )
