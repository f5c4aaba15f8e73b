"""Limits how long Discord can make discord.py wait: never for ever, and only for real durations.

discord.py 2.7.1 sleeps for whatever a 429 or a header says. A NaN among asyncio's timers stops the
event loop, and after infinity a channel would never be written to again.
"""

from typing import Any

import aiohttp
from discord import http
from discord.webhook import async_ as webhook

from bot.model.errors import LONGEST_PAUSE, pause
from bot.platforms.discord.incoming import read_answer
from bot.platforms.discord.refusals import LATER


async def _answer(response: aiohttp.ClientResponse) -> Any:
    """Discord's answer; the pause in a 429 is replaced by one that can be waited for."""
    data: Any = await read_answer(response)
    if response.status == 429 and isinstance(data, dict):
        data["retry_after"] = pause(data.get("retry_after"), LATER).total_seconds()
    return data


class _Ratelimit(http.Ratelimit):
    """The library's rate limit, which otherwise believes every header."""

    __slots__ = ()

    def update(self, response: aiohttp.ClientResponse, *, use_clock: bool = False) -> None:
        try:
            super().update(response, use_clock=use_clock)
        except (
            KeyError,
            ValueError,
            OverflowError,
        ):  # no usable numbers: a 429 will say when to wait
            self.remaining, self.reset_after = self.limit, 0.0
        self.limit = max(self.limit, 1)
        if not 0 <= self.reset_after < LONGEST_PAUSE.total_seconds():
            self.reset_after = 0.0
        self.expires = self._loop.time() + self.reset_after


def bound() -> None:
    """Make the library wait within limits. Idempotent."""
    http.json_or_text = webhook.json_or_text = _answer  # type: ignore[attr-defined]
    http.Ratelimit = _Ratelimit  # type: ignore[misc]
