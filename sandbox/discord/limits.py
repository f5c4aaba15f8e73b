"""Discord's rate limits: a bucket per route and channel, fifty requests a second in total, and
hourly limits on publishing and on editing old or published messages.

Discord publishes the headers and the global figure, but not the buckets
(https://docs.discord.com/developers/topics/rate-limits); the buckets are what bots observe.
"""

import hashlib
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

GLOBAL = (50, 1.0)
"""Requests and seconds, over all routes that need the bot's token."""

MESSAGES = (5, 5.0)
WEBHOOKS = (5, 2.0)
OTHERS = (50, 1.0)

OLD_S = 3600.0
OLD_EDITS = (6, 3600.0)
"""Edits of one message older than OLD_S, and seconds. Our guess: Discord says that there is such a
limit (code 30046) but not its size (https://github.com/discord/discord-api-docs/issues/4413)."""

PUBLISHES = (10, 3600.0)
"""Per announcement channel (https://github.com/discordjs/discord.js/issues/4956)."""

PUBLISHED_EDITS = (3, 3600.0)
"""Per published message (https://github.com/discord/discord-api-docs/issues/2258)."""

UNLIMITED = ("POST", "/interactions/{interaction}/{token}/callback")
"""The first answer to a person has no bucket and no headers (hikari complains if it has)."""

BUCKETS: Mapping[tuple[str, str], tuple[int, float]] = {
    ("POST", "/channels/{channel}/messages"): MESSAGES,
    ("PATCH", "/channels/{channel}/messages/{message}"): MESSAGES,
    ("POST", "/webhooks/{app}/{token}"): WEBHOOKS,
    ("PATCH", "/webhooks/{app}/{token}/messages/{message}"): WEBHOOKS,
}
"""Requests and seconds per bucket; unlisted routes use OTHERS."""


WINDOWS_KEPT = 1000
"""Closed windows are dropped when there are more than this: every interaction has its own."""


@dataclass(slots=True)
class _Window:
    """Counts requests from the first one until the window closes."""

    most: int
    seconds: float
    closes: float = -math.inf
    used: int = 0

    def take(self, now: float) -> bool:
        if now >= self.closes:
            self.closes = now + self.seconds
            self.used = 0
        if self.used >= self.most:
            return False
        self.used += 1
        return True


@dataclass(frozen=True, slots=True)
class Verdict:
    """How the limits judge one request."""

    headers: dict[str, str]
    refused: bool = False
    everywhere: bool = False
    """True if the limit over all routes refused it."""
    retry_after: float = 0.0

    def body(self) -> dict[str, object]:
        """The JSON of a 429."""
        return {
            "message": "You are being rate limited.",
            "retry_after": self.retry_after,
            "global": self.everywhere,
            "code": 0,
        }


@dataclass(slots=True)
class Limits:
    """Counts requests. With `enforced` off, every request passes and the headers show room."""

    enforced: bool = True
    scale: float = 1.0
    """Factor for the windows' seconds: tests shorten them."""
    clock: Callable[[], float] = time.time
    _windows: dict[tuple[str, str, str], _Window] = field(default_factory=dict)
    _all: _Window = field(default_factory=lambda: _Window(*GLOBAL))

    def check(self, method: str, route: str, major: str, *, counted: bool) -> Verdict:
        """Count one request. `major`: its channel or token; `counted`: also counts towards
        GLOBAL."""
        if (method, route) == UNLIMITED:
            return Verdict({})
        bucket = hashlib.blake2s(f"{method} {route}".encode(), digest_size=16).hexdigest()
        most, seconds = BUCKETS.get((method, route), OTHERS)
        seconds *= self.scale
        if not self.enforced:
            return Verdict(self._headers(1000, 999, seconds, bucket))
        now = self.clock()
        window = self._window((method, route, major), most, seconds)
        if counted and not self._all.take(now):
            wait = _rounded(self._all.closes - now)
            return Verdict(
                {
                    "Retry-After": str(math.ceil(wait)),
                    "X-RateLimit-Global": "true",
                    "X-RateLimit-Scope": "global",
                },
                refused=True,
                everywhere=True,
                retry_after=wait,
            )
        passed = window.take(now)
        wait = _rounded(window.closes - now)
        headers = self._headers(most, most - window.used, wait, bucket)
        if passed:
            return Verdict(headers)
        headers |= {"Retry-After": str(math.ceil(wait)), "X-RateLimit-Scope": "user"}
        return Verdict(headers, refused=True, retry_after=wait)

    def wait(self, what: str, whose: str, limit: tuple[int, float]) -> float:
        """Count one action in a channel or on a message, or return the seconds to wait instead."""
        if not self.enforced:
            return 0.0
        most, seconds = limit
        window = self._window((what, "", whose), most, seconds * self.scale)
        now = self.clock()
        return 0.0 if window.take(now) else _rounded(window.closes - now)

    def _window(self, key: tuple[str, str, str], most: int, seconds: float) -> _Window:
        if len(self._windows) > WINDOWS_KEPT:
            now = self.clock()
            self._windows = {k: w for k, w in self._windows.items() if w.closes > now}
        return self._windows.setdefault(key, _Window(most, seconds))

    def _headers(self, most: int, left: int, after: float, bucket: str) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": str(most),
            "X-RateLimit-Remaining": str(left),
            "X-RateLimit-Reset": f"{self.clock() + after:.3f}",
            "X-RateLimit-Reset-After": f"{after:.3f}",
            "X-RateLimit-Bucket": bucket,
        }


def _rounded(seconds: float) -> float:
    return math.ceil(seconds * 1000) / 1000  # never earlier than the window really closes
