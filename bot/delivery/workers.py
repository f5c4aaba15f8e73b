"""The workers of one platform: each takes a subject whose turn it is, and one step for it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Container, Mapping
from contextlib import AbstractContextManager
from datetime import datetime, timedelta

from bot.delivery.policy import Policy
from bot.delivery.queue import Key
from bot.delivery.work_queue import WorkQueue
from bot.model.chat import Chat
from bot.model.errors import Moved, NotNow, OutcomeUnknown, SendFailed, Unreachable
from bot.model.step import Hold
from bot.model.subject import Subject, kind_of
from runtime.away import StorageAway
from wording.holds import HoldCode
from wording.reasons import Reason

log = logging.getLogger(__name__)

TakesStep = Callable[[Chat, Subject], Awaitable[Hold | None]]
"""Takes one step for a subject; returns None when there may be more to do, else what holds it."""

WORKERS = 50
"""Calls in flight on one platform."""
DRAIN_S = 8.0
"""How long a step in flight may take to finish when we are told to stop."""
FAILED_REST_S = 600.0
"""Retry delay after an unexpected exception."""
STUCK_S = 120.0
"""If a card is in line this long while nothing finishes, delivery is stuck."""
LATE = frozenset({HoldCode.RETRY, HoldCode.PLATFORM_PAUSE})
"""Cards held for these reasons are late: they count in the gauge of the oldest due."""


class Workers:
    """Take steps until there is nothing to do, and put each subject back for when its hold ends."""

    def __init__(
        self,
        platform: str,
        work: WorkQueue,
        *,
        kinds: Mapping[str, TakesStep],
        policy: Policy,
        speaking: Callable[[Chat], AbstractContextManager[None]],
        refused: Callable[[Chat, Unreachable], None],
        moved: Callable[[Chat, Subject, Chat], Awaitable[None]],
        now: Callable[[], datetime],
    ) -> None:
        """`speaking`: use a chat's language. `refused`: a chat accepts nothing from us. `moved`: a
        chat has a new address."""
        self._platform = platform
        self._work = work
        self._kinds = kinds
        self._policy = policy
        self._speaking = speaking
        self._refused = refused
        self._moved = moved
        self._now = now
        self._late: dict[Key, float] = {}
        """Cards whose last attempt failed, and when the first failure was."""
        self._ended_at = 0.0

    @property
    def stuck(self) -> bool:
        """Whether a card has been in line for long, and nothing finished meanwhile."""
        now, oldest = asyncio.get_running_loop().time(), self._work.oldest()
        waited = now - oldest if oldest is not None else 0.0
        return waited >= STUCK_S and now - self._ended_at >= STUCK_S

    def is_late(self, key: Key) -> bool:
        """Whether the last attempt for a subject failed, or the platform asked for a pause."""
        return key in self._late

    def late_since(self, but: Container[Chat]) -> float | None:
        """When the earliest of the failures was, except in some chats."""
        since = [at for (chat, _), at in self._late.items() if chat not in but]
        return min(since, default=None)

    async def run(self) -> None:
        """Run all workers until cancelled; then each may finish its step,
        because its call may be in flight."""
        self._late.clear()
        workers = {
            asyncio.create_task(self._one(), name=f"reconciler {self._platform} {number}")
            for number in range(WORKERS)
        }
        try:
            ended, _ = await asyncio.wait(workers, return_when=asyncio.FIRST_COMPLETED)
            for worker in ended:
                worker.result()  # it runs for ever, or fails
        finally:
            self._work.close()
            try:
                await asyncio.wait(workers, timeout=DRAIN_S)
            finally:
                for worker in workers:
                    worker.cancel()
                await asyncio.gather(*workers, return_exceptions=True)

    async def _one(self) -> None:
        loop = asyncio.get_running_loop()
        while (entry := await self._work.next()) is not None:
            key, begun, failed = (entry.chat, entry.subject), loop.time(), True
            hold: Hold | None = self._retry(FAILED_REST_S)
            try:
                hold = await self._bring_up(entry.chat, entry.subject)
                failed = hold is not None and hold.reason.code in LATE
                if hold is not None and hold.until is None:
                    self._work.finish(entry)
            except Exception:
                facts = {"chat": str(entry.chat), "story": entry.subject}
                log.exception("a card failed", extra=facts)
            finally:
                self._ended_at = loop.time()
                if failed:
                    self._late.setdefault(key, begun)
                else:
                    self._late.pop(key, None)
                await self._work.release(key, entry, self._again_s(hold))

    async def _bring_up(self, chat: Chat, subject: Subject) -> Hold | None:
        """Take a step for a subject; return None when there may be more to do, else what holds
        it."""
        facts = {"chat": str(chat), "story": subject}
        try:
            with self._speaking(chat):
                return await self._kinds[kind_of(subject)](chat, subject)
        except NotNow as later:
            return self._retry(max(later.after.total_seconds(), 1.0))
        except StorageAway:
            return self._retry(1.0)
        except OutcomeUnknown as unknown:
            log.warning("outcome unknown", extra={**facts, "why": str(unknown)})
            return Hold(Reason(HoldCode.SETTLING), self._now() + self._policy.settle)
        except Unreachable as refused:
            self._refused(chat, refused)
            return Hold(Reason(HoldCode.REFUSED), self._now())  # waits with its chat
        except Moved as moved:
            await self._moved(chat, subject, moved.to)
        except SendFailed as failed:
            log.warning("not shown", extra={**facts, "why": str(failed)})
        return Hold(Reason(HoldCode.UP_TO_DATE))

    def _retry(self, seconds: float) -> Hold:
        return Hold(Reason(HoldCode.RETRY), self._now() + timedelta(seconds=seconds))

    def _again_s(self, hold: Hold | None) -> float | None:
        """Seconds until a card is planned again; None if only after a change."""
        if hold is None:
            return 0.0  # more may be due: a reply, or a newer edition
        if hold.until is None:
            return None
        return max(0.05, (hold.until - self._now()).total_seconds())
