"""Turns what Telegram or the network refuses into our own errors.

Telegram's refusals differ only in their text; the texts are those of
https://github.com/tdlib/telegram-bot-api (Client.cpp) and of TDLib behind it.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    TelegramError,
)

from bot.model.chat import Chat
from bot.model.errors import (
    CardGone,
    Moved,
    NotNow,
    OutcomeUnknown,
    Rejected,
    SendFailed,
    Unreachable,
)
from bot.platforms.telegram.request import NotSent, TooSoon
from wording.reasons import Code, Reason

SOON = timedelta(seconds=5)
LATER = timedelta(minutes=1)

NOT_MODIFIED = "message is not modified"
NOT_PINNED = "message to unpin not found"

NOT_A_MEMBER: Sequence[str] = (
    "user not found",
    "member not found",
    "user_not_participant",
    "participant_id_invalid",
)
"""How getChatMember says that someone isn't in the chat.
Any other refusal means that we can't see who is."""

CARD_GONE: Sequence[str] = (
    "message to edit not found",
    "message can't be edited",
    "message to pin not found",
    "message_id_invalid",
    "message_author_required",
)

UNREACHABLE: Sequence[tuple[str, Code]] = (
    ("blocked by the user", Code.BLOCKED),
    ("user_is_blocked", Code.BLOCKED),
    ("can't initiate", Code.NOT_STARTED),
    ("user is deactivated", Code.ACCOUNT_GONE),
    ("messages to bots", Code.CHAT_OF_A_BOT),
    ("chat was deleted", Code.GROUP_DELETED),
    ("was kicked", Code.REMOVED_FROM_CHAT),
    ("not a member", Code.NOT_IN_CHAT),
    ("channel_private", Code.NOT_IN_CHANNEL),
    ("chat not found", Code.CHAT_NOT_FOUND),
    ("peer_id_invalid", Code.CHAT_UNKNOWN),
    ("thread not found", Code.TOPIC_GONE),
    ("topic_deleted", Code.TOPIC_GONE),
    ("topic_closed", Code.TOPIC_CLOSED),
    ("manage pinned messages", Code.MAY_NOT_PIN),
    ("administrator rights in the channel", Code.MAY_NOT_POST),
    ("chat_admin_required", Code.NOT_ADMINISTRATOR),
    ("rights to send", Code.MAY_NOT_WRITE),
    ("chat_write_forbidden", Code.MAY_NOT_WRITE),
    ("chat_restricted", Code.MAY_NOT_WRITE),
    ("write access", Code.MAY_NOT_WRITE),
    ("chat_guest_send_forbidden", Code.MAY_NOT_WRITE),
    ("chat_send_plain_forbidden", Code.TEXT_NOT_ALLOWED),
    ("user_banned_in_channel", Code.MAY_NOT_WRITE),
    ("channel_invalid", Code.CHAT_UNKNOWN),
    ("chat_id_invalid", Code.CHAT_UNKNOWN),
    ("not enough rights", Code.MAY_NOT_DO_THAT),
    ("have no rights", Code.MAY_NOT_DO_THAT),
)
"""Part of Telegram's text, case-folded · what it means."""


OUT = frozenset(
    {
        "blocked by the user",
        "user_is_blocked",
        "user is deactivated",
        "chat was deleted",
        "was kicked",
        "not a member",
        "channel_private",
        "chat not found",
        "thread not found",
        "topic_deleted",
    }
)
"""Those that mean that we aren't in the chat, or no longer."""


def failed(error: TelegramError) -> SendFailed:
    """What an error of the library means for the card."""
    quote = {"platform": "telegram", "said": error.message}
    match error:
        case ChatMigrated():
            return Moved(Chat("telegram", str(error.new_chat_id)))
        case TooSoon():
            return NotNow(error.after, here(Code.PAUSE), too_fast=True)
        case NotSent():
            return NotNow(SOON, here(Code.NO_CONNECTION))
        case InvalidToken():
            return NotNow(LATER, here(Code.TOKEN_REFUSED))
        case BadRequest() | Forbidden():
            return _answered(error, quote)
        case NetworkError():  # after BadRequest, which is one
            return OutcomeUnknown(Reason(Code.SAID, quote))
        case Conflict():
            return NotNow(LATER, Reason(Code.SAID, quote))
        case _:
            return OutcomeUnknown(Reason(Code.SAID, quote))


def here(code: Code) -> Reason:
    """A reason that concerns the way to Telegram."""
    return Reason(code, {"platform": "telegram"})


def _answered(error: BadRequest | Forbidden, quote: Mapping[str, str]) -> SendFailed:
    text = error.message.casefold()
    for part, code in UNREACHABLE:
        if part in text:
            return Unreachable(Reason(code), out=part in OUT)
    if any(part in text for part in CARD_GONE):
        return CardGone(Reason(Code.SAID, quote))
    if isinstance(error, Forbidden):
        return Unreachable(Reason(Code.SAID_FORBIDDEN, quote))
    return Rejected(Reason(Code.SAID, quote))
