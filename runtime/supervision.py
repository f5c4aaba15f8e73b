"""Runs the parts of a process independently: a failed one is restarted, and the others continue."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from runtime.alarms import Alarms
from runtime.errors import SetupError

log = logging.getLogger(__name__)


FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 60.0
"""Seconds between a failure and the next attempt; doubled each time."""


STEADY_S = 120.0
"""After running this many seconds, a part counts as healthy again."""


async def restarting(name: str, work: Callable[[], Awaitable[object]], alarms: Alarms) -> object:
    """Run something until cancelled, and restart it after each unexpected exception, with an alarm.

    Raises SetupError, perhaps inside an ExceptionGroup, because a restart wouldn't help.
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
            log.exception("a part of the bot failed and is restarted", extra={"part": name})
        finally:
            well.cancel()
        if loop.time() - begun >= STEADY_S:
            wait_s = FIRST_WAIT_S
        alarms.report(
            alarm,
            "A bug: this part of the bot keeps being restarted. Find the traceback in the log, and "
            "report it.",
        )
        await asyncio.sleep(wait_s)
        wait_s = min(2 * wait_s, LONGEST_WAIT_S)


def _is_set_up_wrongly(error: Exception) -> bool:
    if isinstance(error, ExceptionGroup):
        return error.split(SetupError)[0] is not None
    return isinstance(error, SetupError)


def unless_told_to_stop() -> None:
    """Raise CancelledError if we were cancelled while something else failed, too.

    Before Python 3.13 a TaskGroup then raises only its tasks' errors, and the cancellation is lost.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
