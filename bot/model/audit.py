"""Who changed what in a chat."""

from dataclasses import dataclass
from datetime import datetime

from bot.model.chat import Chat
from wording.acts import Act


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """A moderator changed something in a chat."""

    at: datetime
    act: Act
    person: Chat | None
    """Who did it; None after they asked to be forgotten."""
    name: str | None = None
    """Their name at the time."""
