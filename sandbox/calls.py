"""A record of what a client asked of a sandbox platform and how it was answered."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request that a client made, and its answer."""

    at: float
    """Monotonic seconds at which the request arrived."""
    method: str
    path: str
    """Discord: "/channels/123/messages" (without /api/v10); Telegram: "sendMessage"."""
    query: dict[str, str]
    body: Any
    """The parsed JSON or form; None if the request had none."""
    status: int
    """0 if the connection was cut instead of answered."""
    answer: Any
    """The parsed JSON answer; None if there was none."""
