"""Who changed what in a chat."""

from dataclasses import dataclass
from datetime import datetime

from bot.model.chat import Chat
from wording.acts import Act


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Someone who cares for a chat changed something there."""

    at: datetime
    act: Act
    person: Chat | None
    """Who did it; None once they asked to be forgotten."""
    name: str | None = None
    """What they were called then."""
