"""What is wrong with a chat that refuses us."""

from dataclasses import dataclass
from datetime import datetime

from wording.reasons import Reason


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with a chat, until it takes something from us again."""

    reason: Reason
    since: datetime
    act: str = "post"
    """What it refuses: a post, an edit or a reply. Taking the same again ends the trouble."""
    told: bool = False
    """Someone who can mend it has been told, or an attempt was made that may have arrived."""
    asked_at: datetime | None = None
    """When it was last tried to tell someone, and nobody could be reached."""
    left_at: datetime | None = None
    """When we were found to be out of the chat."""
