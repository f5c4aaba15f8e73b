"""What can go wrong, named for what happened."""

from datetime import timedelta

from bot.model.chat import Chat
from wording.language import recalled
from wording.message import Block, Row

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
    """A platform did not take what we sent. Each kind says what is known and what may follow."""


class Unreachable(SendFailed):
    """The chat refuses us: rights lost, blocked, kicked, gone. It can be mended by people.

    `why` and `remedy` are `kept`, since they are said later: say them with `recalled`.
    """

    def __init__(self, why: str, remedy: str, *, out: bool = False) -> None:
        super().__init__(f"{recalled(why)}: {recalled(remedy)}")
        self.why = why
        self.remedy = remedy
        self.out = out
        """We are no longer in the chat: removed, blocked, or it is no more."""


class Moved(SendFailed):
    """The chat lives on under another address."""

    def __init__(self, to: Chat) -> None:
        super().__init__(f"the chat is now {to}")
        self.to = to


class CardGone(SendFailed):
    """The message to edit or pin is no longer there, or no longer ours to change."""


class NotNow(SendFailed):
    """Surely not done; worth another try after a while."""

    def __init__(self, after: timedelta, why: str, *, too_fast: bool = False) -> None:
        super().__init__(why)
        self.after = after
        self.too_fast = too_fast
        """The platform said 429: our pace was wrong."""


class Rejected(SendFailed):
    """The platform will not take this content, whenever it is sent: our mistake."""


class LinksRefused(Rejected):
    """A filter of the platform refused a link: without links the message may be taken.

    `why` is `kept`: say it with `recalled`.
    """

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


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
