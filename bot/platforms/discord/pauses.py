"""How long Discord can make discord.py wait: never for ever, and never for what is no time at all.

discord.py 2.7.1 sleeps for whatever a 429 or a header says. A NaN among asyncio's timers ends the
event loop, and after infinity a channel would be written to never again.
"""

from typing import Any

import aiohttp
from discord import http
from discord.webhook import async_ as webhook

from bot.model.errors import LONGEST_PAUSE, pause
from bot.platforms.discord.incoming import read_answer
from bot.platforms.discord.refusals import LATER


async def _answer(response: aiohttp.ClientResponse) -> Any:
    """What Discord answered; the pause of a 429 is one that can be kept."""
    data: Any = await read_answer(response)
    if response.status == 429 and isinstance(data, dict):
        data["retry_after"] = pause(data.get("retry_after"), LATER).total_seconds()
    return data


class _Ratelimit(http.Ratelimit):
    """The library's, which believes every header."""

    __slots__ = ()

    def update(self, response: aiohttp.ClientResponse, *, use_clock: bool = False) -> None:
        try:
            super().update(response, use_clock=use_clock)
        except (KeyError, ValueError, OverflowError):  # no figures: a 429 will say when to wait
            self.remaining, self.reset_after = self.limit, 0.0
        self.limit = max(self.limit, 1)
        if not 0 <= self.reset_after < LONGEST_PAUSE.total_seconds():
            self.reset_after = 0.0
        self.expires = self._loop.time() + self.reset_after


def bound() -> None:
    """Have the library wait within bounds; more than once is once."""
    http.json_or_text = webhook.json_or_text = _answer  # type: ignore[attr-defined]
    http.Ratelimit = _Ratelimit  # type: ignore[misc]
