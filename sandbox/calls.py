"""What a client asked of a sandbox platform, and what it was answered."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request a client made, and what it was answered."""

    at: float
    """Monotonic seconds at which the request arrived."""
    method: str
    path: str
    """Discord: "/channels/123/messages" (without /api/v10); Telegram: "sendMessage"."""
    query: dict[str, str]
    body: Any
    """The parsed JSON or form; None when the request had none."""
    status: int
    """0 when the connection was cut instead of an answer."""
    answer: Any
    """The parsed JSON answer; None when there was none."""
