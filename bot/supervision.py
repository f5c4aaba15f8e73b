"""Keeps every part of the bot running by itself: what ends one neither ends another nor us."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from itertools import chain, repeat

from bot.alarms import Alarms
from bot.model.command import Command
from bot.model.errors import SetupError
from bot.ports import Platform
from bot.updates import unless_told_to_stop

log = logging.getLogger(__name__)

FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 60.0
"""Between a defect of ours and the next attempt; doubled each time."""
STEADY_S = 120.0
"""What has run for so long is well again."""
RESTS_S = (60.0, 300.0, 900.0, 3600.0)
"""How long a platform that refuses us for good is left alone: a token may be put right there. The
last one stands for all that follow."""


async def restarting(name: str, work: Callable[[], Awaitable[object]], alarms: Alarms) -> object:
    """Run something until cancelled, and again after each defect of ours, with an alarm.

    Raises SetupError, perhaps inside an ExceptionGroup: that is no defect.
    """
    loop, alarm, wait_s = asyncio.get_running_loop(), f"{name} failed", FIRST_WAIT_S
    while True:
        begun = loop.time()
        well = loop.call_later(STEADY_S, alarms.clear, alarm)
        try:
            return await work()
        except Exception as error:
            if _is_set_up_wrongly(error):
                raise
            unless_told_to_stop()
            log.exception("a part of the bot failed; it is started again", extra={"part": name})
        finally:
            well.cancel()
        if loop.time() - begun >= STEADY_S:
            wait_s = FIRST_WAIT_S
        alarms.report(
            alarm,
            "A defect of the bot: this part of it is started again and again. Look into the log "
            "for the traceback, and report it.",
        )
        await asyncio.sleep(wait_s)
        wait_s = min(2 * wait_s, LONGEST_WAIT_S)


def _is_set_up_wrongly(error: Exception) -> bool:
    if isinstance(error, ExceptionGroup):
        return error.split(SetupError)[0] is not None
    return isinstance(error, SetupError)


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
                name, f"{name.capitalize()} cannot be reached ({why}). The bot keeps trying."
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
            name, f"{refused}. The bot tries again by itself, once an hour at least."
        )
