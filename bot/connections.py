"""Keeps the platforms connected, and raises an alarm for one that can't be."""

import asyncio
import logging
from collections.abc import Sequence
from functools import partial
from itertools import chain, repeat

from bot.model.command import Command
from bot.platforms.port import Platform
from runtime.alarms import Alarms
from runtime.errors import SetupError
from runtime.supervision import restarting

log = logging.getLogger(__name__)

RESTS_S = (60.0, 300.0, 900.0, 3600.0)
"""Pauses before retrying a platform that refuses us for good: someone may fix the token.
The last one repeats."""


class Connections:
    """Keeps the platforms connected, each with an alarm under its name while it isn't."""

    def __init__(self, platforms: Sequence[Platform], alarms: Alarms) -> None:
        self._alarms = alarms
        self._platforms = platforms
        self._refused: dict[str, SetupError] = {}
        """The platforms that refuse us for good."""
        self._served = False
        """True once any platform was connected: from then on none can stop the process."""
        self._rests: dict[str, chain[float]] = {}
        for platform in platforms:
            self._connected(platform.name)
            platform.on_connection(partial(self._hear, platform.name))

    async def keep(self, platform: Platform, commands: Sequence[Command]) -> None:
        """Keep one platform connected until cancelled.

        Raises SetupError if every platform refused us for good and none was ever connected.
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
            self._alarms.clear(name)  # now another process may connect

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
