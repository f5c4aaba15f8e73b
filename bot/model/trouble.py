"""What is wrong with a chat that refuses us."""

from dataclasses import dataclass
from datetime import datetime

from wording.reasons import Reason


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with a chat, until it accepts something from us again."""

    reason: Reason
    since: datetime
    act: str = "post"
    """What it refuses: a post, an edit or a reply. Accepting the same again ends the trouble."""
    told: bool = False
    """Someone who can fix it has been told, or a message to them may have arrived."""
    asked_at: datetime | None = None
    """The last attempt to tell someone, if nobody could be reached."""
    left_at: datetime | None = None
    """When we were found to be no longer in the chat."""
