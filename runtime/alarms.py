"""What is wrong with the process right now, for /readyz, the metrics and the log."""

import asyncio
import logging
from collections.abc import Mapping
from datetime import timedelta

from runtime.metrics import ProcessMetrics

log = logging.getLogger(__name__)


class Alarms:
    """Named conditions that last until they are cleared, each with one sentence for the operator.

    A name is short and stable ("disk", "redis refuses"); the sentence says what is wrong and how to
    fix it. Each change is logged once, however often it is reported.
    """

    def __init__(self, metrics: ProcessMetrics) -> None:
        self._metrics = metrics
        self._active: dict[str, str] = {}
        self._ends: dict[str, asyncio.TimerHandle] = {}

    @property
    def active(self) -> Mapping[str, str]:
        """The names of what is wrong, each with its sentence."""
        return dict(self._active)

    def report(self, name: str, sentence: str, lasts: timedelta | None = None) -> None:
        """Raise an alarm; reporting the same again changes nothing.

        With `lasts`, the alarm ends by itself that long after the last report.
        """
        if lasts is not None:
            if (end := self._ends.pop(name, None)) is not None:
                end.cancel()
            loop = asyncio.get_running_loop()
            self._ends[name] = loop.call_later(lasts.total_seconds(), self.clear, name)
        if self._active.get(name) == sentence:
            return
        self._active[name] = sentence
        self._metrics.alarms.labels(name).set(1)
        log.warning("alarm", extra={"alarm": name, "why": sentence})

    def clear(self, name: str) -> None:
        """End an alarm, if there is one."""
        if self._active.pop(name, None) is not None:
            self._metrics.alarms.labels(name).set(0)
            log.info("alarm over", extra={"alarm": name})
