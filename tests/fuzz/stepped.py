"""`python -m cli` whose wall clock a test can step: SIGUSR1 reads the offset anew.

The file named by STORYWIRE_TEST_CLOCK holds it, in seconds. Only the wall clock steps, as it does
when a machine's clock is set: the monotonic one, by which the event loop waits, goes on.
"""

import datetime as clock
import os
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

_REAL = clock.datetime
_real_time = time.time
_offset_s = 0.0


class _Any(type):
    """Every real datetime passes for a stepped one."""

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, _REAL)

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, _REAL)


class SteppedDatetime(_REAL, metaclass=_Any):
    """A datetime that is read from the stepped clock."""

    @classmethod
    def now(cls, tz: clock.tzinfo | None = None) -> clock.datetime:  # type: ignore[override]
        return _REAL.now(tz) + clock.timedelta(seconds=_offset_s)


def _step(_: int, __: FrameType | None) -> None:
    global _offset_s  # one clock for the whole process, as on a machine
    _offset_s = float(Path(os.environ["STORYWIRE_TEST_CLOCK"]).read_text("utf-8") or 0)


def _hurry() -> None:
    """What rests an hour, for a platform's or a defect's sake, rests a second or two."""
    from bot import connections
    from bot.delivery import workers
    from bot.model import errors

    errors.LONGEST_PAUSE = clock.timedelta(seconds=2)
    connections.RESTS_S = (1.0, 1.0, 2.0, 2.0)
    workers.FAILED_REST_S = 2.0


if __name__ == "__main__":
    clock.datetime = SteppedDatetime  # type: ignore[misc]
    time.time = lambda: _real_time() + _offset_s
    signal.signal(signal.SIGUSR1, _step)
    import tests.chaos.hurried  # noqa: F401  # only now: modules bind the clock when they come
    from bot.app import policy_of
    from cli.__main__ import main
    from config.settings import load_settings

    _hurry()
    policy = replace(
        policy_of(load_settings()),
        park_first=clock.timedelta(seconds=1),
        park_longest=clock.timedelta(seconds=4),
    )
    sys.exit(main(policy=policy))
