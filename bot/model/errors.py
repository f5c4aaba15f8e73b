"""What can go wrong, named for what happened."""

from datetime import timedelta

from bot.model.chat import Chat
from wording.message import Block, Row
from wording.reasons import Code, Reason, in_english

__all__ = [
    "LONGEST_PAUSE",
    "CardGone",
    "LinksRefused",
    "Moved",
    "NotNow",
    "OutcomeUnknown",
    "Rejected",
    "SendFailed",
    "Sorry",
    "Unreachable",
    "pause",
]

LONGEST_PAUSE = timedelta(hours=1)
"""No platform makes us wait longer: after that it is asked again."""
LONGEST_MEANT = timedelta(days=1)
"""No platform means a longer pause: it is a mistake of whoever answered."""


class Sorry(Exception):
    """The asker should hear about it: a sentence written for them, and where to go from here."""

    def __init__(self, sentence: str, *blocks: Block, rows: tuple[Row, ...] = ()) -> None:
        super().__init__(sentence)
        self.blocks = blocks
        self.rows = rows


class SendFailed(Exception):
    """A platform did not take what we sent. Each kind says what is known and what may follow.

    As a string it is English, for the log.
    """

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return in_english(self.reason)


class Unreachable(SendFailed):
    """The chat refuses us: permissions lost, blocked, kicked, gone. People can fix it."""

    def __init__(self, reason: Reason, *, out: bool = False) -> None:
        super().__init__(reason)
        self.out = out
        """We are no longer in the chat: removed, blocked, or it is no more."""


class Moved(SendFailed):
    """The chat lives on under another address."""

    def __init__(self, to: Chat) -> None:
        super().__init__(Reason(Code.MOVED, {"chat": str(to)}))
        self.to = to


class CardGone(SendFailed):
    """The message to edit or pin is no longer there, or no longer ours to change."""


class NotNow(SendFailed):
    """Surely not done; worth another try after a while."""

    def __init__(self, after: timedelta, reason: Reason, *, too_fast: bool = False) -> None:
        super().__init__(reason)
        self.after = after
        self.too_fast = too_fast
        """The platform said 429: our pace was wrong."""


class Rejected(SendFailed):
    """The platform will not take this content, whenever it is sent: our mistake."""


class LinksRefused(Rejected):
    """A filter of the platform refused a link: without links the message may be taken."""


class OutcomeUnknown(SendFailed):
    """The request left and no answer came back. It may have been done."""


def pause(seconds: object, usual: timedelta) -> timedelta:
    """The pause a platform asks for: at most LONGEST_PAUSE, and `usual` for what no platform means.

    JSON as Python reads it has infinity and NaN, which no clock and no timer can take.
    """
    asked = usual
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        seconds = -1
    if 0 <= seconds <= LONGEST_MEANT.total_seconds():
        asked = timedelta(seconds=seconds)
    return min(asked, LONGEST_PAUSE)
