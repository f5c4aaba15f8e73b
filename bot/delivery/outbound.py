"""Calls to a platform: within its rate limit, with the lease held, and every outcome counted."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from bot.delivery.ports import Lease
from bot.delivery.rate_limiter import RateLimiter
from bot.metrics import Metrics
from bot.model.chat import Chat
from bot.model.errors import NotNow, SendFailed, Unreachable
from bot.model.ledger import CardRecord, State
from stories.edition import Edition
from wording.reasons import Code, Reason

CHAT_RESTS = timedelta(minutes=1)
"""A longer pause requested for an edit concerns only that message: Discord allows a few edits an
hour of an old or a published one."""


class Outbound:
    """What precedes and follows every call."""

    def __init__(
        self,
        platform: str,
        *,
        lease: Lease,
        rate_limiter: RateLimiter,
        metrics: Metrics,
        taken: Callable[[Chat, str], None],
        refused: Callable[[Chat, str, Unreachable], None],
        now: Callable[[], datetime],
    ) -> None:
        """`taken`: called when a chat accepts something. `refused`: when it accepts nothing."""
        self._platform = platform
        self._lease = lease
        self._rate_limiter = rate_limiter
        self._metrics = metrics
        self._wake_to_wire = metrics.wake_to_wire.labels(platform)
        self._taken = taken
        self._now = now
        self.refused = refused

    async def turn(self, chat: Chat) -> None:
        """Wait for the rate limit; raises NotNow if the lease was lost meanwhile."""
        await self._rate_limiter.take(chat)
        if not self._lease.sure:
            raise NotNow(timedelta(seconds=1), Reason(Code.LEASE_UNSURE))

    def leaves(self, edition: Edition) -> None:
        """Record that an edition is being sent to a chat."""
        waited = (self._now() - edition.heard_at).total_seconds()
        self._wake_to_wire.observe(max(0.0, waited))

    def done(self, chat: Chat, act: str) -> None:
        """Record that the chat accepted it."""
        self.count(act, "shown")
        self._taken(chat, act)

    def failed(self, row: CardRecord, act: str, chat: Chat, failed: SendFailed) -> CardRecord:
        """Count a refusal, slow down if we were too fast, and return the resulting row."""
        too_fast = isinstance(failed, NotNow) and failed.too_fast
        self.count(act, "too fast" if too_fast else type(failed).__name__)
        if isinstance(failed, NotNow):
            if too_fast:
                self._metrics.too_fast.labels(self._platform).inc()
                if act in ("edit", "publish") and failed.after > CHAT_RESTS:
                    self._rate_limiter.refused()  # this card has to wait, not its chat
                else:
                    self._rate_limiter.too_fast(chat, failed.after)
        else:
            self._rate_limiter.refused()
        if isinstance(failed, Unreachable) and act in ("post", "edit", "reply"):
            self.refused(chat, act, failed)
        return replace(row, state=State.FAILED, at=self._now(), why=failed.reason)

    def count(self, act: str, outcome: str) -> None:
        """Count the outcome of an attempt."""
        self._metrics.deliveries.labels(self._platform, act, outcome).inc()
