"""How long ago something was, and how long it takes, for /why and /status."""

from datetime import datetime, timedelta

from wording import words
from wording.language import ngettext


def since(then: datetime, at: datetime) -> str:
    """How long ago something was: “3 minutes”."""
    return words.duration(max(at - then, timedelta(0)))


def span(time: timedelta) -> str:
    """For example “40 seconds” or “10 minutes”."""
    seconds = max(1, round(time.total_seconds()))
    if seconds >= 120:
        return words.duration(time)
    return ngettext("{n} second", "{n} seconds", seconds).format(n=seconds)
