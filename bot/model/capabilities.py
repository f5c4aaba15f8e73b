"""What a chat service allows and can do: each adapter states its own."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.model.chat import Chat


@dataclass(frozen=True, slots=True)
class Limits:
    """What a platform allows, less what we keep free for answers."""

    per_second: float
    """Calls, over all chats."""
    chat_gap_s: float
    """Seconds between two messages to one chat."""
    group_per_minute: int | None = None
    """Messages in one group or channel, edits counted."""
    publishes: tuple[int, float] | None = None
    """So many in so many seconds in one channel; None where nothing can be published."""
    refusals: tuple[int, float] = (5_000, 600.0)
    """After so many refused requests (401, 403, 429) in so many seconds we pause by ourselves."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What is particular about one chat service."""

    limits: Limits
    mentions: bool
    """There are roles, whose members a message can mention."""
    finds: bool
    """A message of ours can be looked up by its idempotency key."""
    group: Callable[[Chat], Chat]
    """The chat that a chat shares its limits with: itself, or the group that it is a topic of."""
    is_group: Callable[[Chat], bool]
    """Whether `group_per_minute` holds there."""

    @property
    def publishes(self) -> bool:
        """Whether messages can be sent on to those who follow a channel."""
        return self.limits.publishes is not None
