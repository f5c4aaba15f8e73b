"""Durations and obstacles in words, for /why and /status."""

from datetime import datetime, timedelta

from bot.model.status import Refusal
from wording import words
from wording.language import _, ngettext
from wording.reasons import explained


def refused(refusal: Refusal, at: datetime) -> str:
    """Why nothing arrives in a chat, and how to fix it."""
    said = [_("This chat doesn't accept what I send."), explained(refusal.reason)]
    left = refusal.again_at - at
    if left > timedelta(0):
        again = _("I try again in {time}, and show the newest then.")
        said.append(again.format(time=span(left)))
    else:
        said.append(_("I try again, and show the newest then."))
    return " ".join(said)


def since(then: datetime, at: datetime) -> str:
    """How long ago something was: “3 minutes”."""
    return words.duration(max(at - then, timedelta(0)))


def span(time: timedelta) -> str:
    """For example “40 seconds” or “10 minutes”."""
    seconds = max(1, round(time.total_seconds()))
    if seconds >= 120:
        return words.duration(time)
    return ngettext("{n} second", "{n} seconds", seconds).format(n=seconds)
