"""What was deleted about a person."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Erased:
    """What was deleted about a person."""

    followed: bool
    """Their private chat followed something."""
    cards: int
    """Records of cards sent there."""
    keeps: int
    """Chats in whose rules they were named as the one to notify."""
    seen: int
    """Stories they opened."""
    caught_up: bool
    """They had said how far they had read."""
    changes: int
    """Changes in chats that bore their name."""
