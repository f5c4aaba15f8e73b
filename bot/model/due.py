"""What is due: a chat and a subject, and never what to say."""

from dataclasses import dataclass
from datetime import datetime

from bot.model.chat import Chat
from bot.model.subject import Subject


@dataclass(frozen=True, slots=True)
class DueSubject:
    """A subject in a chat that has to be checked: a story's card, as a rule."""

    chat: Chat
    subject: Subject
    seq: int
    """The edition that made it due."""
    due_at: datetime | None = None
    """When it is to be checked, also by a process that begins before; None: now."""
