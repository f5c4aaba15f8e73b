"""Exceptions, named for what happened."""

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
"""No platform can make us wait longer: after that we ask again."""
LONGEST_MEANT = timedelta(days=1)
"""A longer pause than this is taken for a mistake of the platform."""


class Sorry(Exception):
    """For the person who asked: a sentence, and what they can do next."""

    def __init__(self, sentence: str, *blocks: Block, rows: tuple[Row, ...] = ()) -> None:
        super().__init__(sentence)
        self.blocks = blocks
        self.rows = rows


class SendFailed(Exception):
    """A platform didn't accept what we sent. Each kind says what is known and what may follow.

    As a string it is English, for the log.
    """

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return in_english(self.reason)


class Unreachable(SendFailed):
    """The chat refuses us: permissions lost, blocked, removed, deleted. People can fix it."""

    def __init__(self, reason: Reason, *, out: bool = False) -> None:
        super().__init__(reason)
        self.out = out
        """True if we are no longer in the chat: removed, blocked, or it no longer exists."""


class Moved(SendFailed):
    """The chat has a new address."""

    def __init__(self, to: Chat) -> None:
        super().__init__(Reason(Code.MOVED, {"chat": str(to)}))
        self.to = to


class CardGone(SendFailed):
    """The message to edit or pin no longer exists, or isn't ours to change."""


class NotNow(SendFailed):
    """Certainly not done; worth another try after a while."""

    def __init__(self, after: timedelta, reason: Reason, *, too_fast: bool = False) -> None:
        super().__init__(reason)
        self.after = after
        self.too_fast = too_fast
        """The platform answered 429: we exceeded its rate limit."""


class Rejected(SendFailed):
    """The platform won't accept this content at any time: our mistake."""


class LinksRefused(Rejected):
    """A filter of the platform refused a link: without links the message may be accepted."""


class OutcomeUnknown(SendFailed):
    """The request was sent and no answer came back. It may have been carried out."""


def pause(seconds: object, usual: timedelta) -> timedelta:
    """The pause a platform asks for: at most LONGEST_PAUSE, and `usual` for impossible values.

    JSON as Python parses it can contain infinity and NaN, which no timer accepts.
    """
    asked = usual
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        seconds = -1
    if 0 <= seconds <= LONGEST_MEANT.total_seconds():
        asked = timedelta(seconds=seconds)
    return min(asked, LONGEST_PAUSE)
