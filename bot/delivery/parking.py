"""Chats that refuse us: left alone for a while, longer each time. Each keeps its rule, and the
latest state waits."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.delivery.policy import Policy
from bot.model.chat import Chat
from bot.model.errors import Unreachable
from bot.model.status import Refusal
from wording.reasons import Reason

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ParkedChat:
    """A chat that refuses us."""

    reason: Reason
    left_alone: timedelta
    until: float
    """On the event loop's clock."""


class ParkingLot:
    """The parked chats of one platform."""

    def __init__(self, policy: Policy, now: Callable[[], datetime]) -> None:
        self._policy = policy
        self._now = now
        self._parked: dict[Chat, ParkedChat] = {}

    def __len__(self) -> int:
        return len(self._parked)

    def __contains__(self, chat: object) -> bool:
        return chat in self._parked

    def __iter__(self) -> Iterator[Chat]:
        return iter(list(self._parked))

    def park(self, chat: Chat, refused: Unreachable) -> None:
        """Leave a chat that refuses us alone for a while; what is due there waits."""
        before, policy = self._parked.get(chat), self._policy
        left_alone = (
            min(before.left_alone * 2, policy.park_longest) if before else policy.park_first
        )
        until = asyncio.get_running_loop().time() + left_alone.total_seconds()
        self._parked[chat] = ParkedChat(refused.reason, left_alone, until)
        if before is None:
            log.warning("a chat refuses us", extra={"chat": str(chat), "why": str(refused)})

    def release(self, chat: Chat) -> bool:
        """The chat accepts something again, or has another address; whether it was parked."""
        return self._parked.pop(chat, None) is not None

    def try_again(self, chat: Chat) -> bool:
        """The chat may accept something now; whether it was parked."""
        if (parked := self._parked.get(chat)) is None:
            return False
        self._parked[chat] = replace(parked, until=asyncio.get_running_loop().time())
        return True

    def left_s(self, chat: Chat) -> float:
        """Seconds for which a chat is still left alone; 0 or less if it isn't."""
        parked = self._parked.get(chat)
        return parked.until - asyncio.get_running_loop().time() if parked else 0.0

    def refusal(self, chat: Chat) -> Refusal | None:
        """Why a chat accepts nothing from us, if it refuses."""
        if (parked := self._parked.get(chat)) is None:
            return None
        left = timedelta(seconds=max(0.0, self.left_s(chat)))
        return Refusal(parked.reason, self._now() + left)
