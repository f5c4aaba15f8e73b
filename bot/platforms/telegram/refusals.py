"""What Telegram and the way to it can refuse, in our own words.

Telegram tells refusals apart by their text only; the texts are those of
https://github.com/tdlib/telegram-bot-api (Client.cpp) and of TDLib behind it.
"""

from collections.abc import Sequence
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

SOON = timedelta(seconds=5)
LATER = timedelta(minutes=1)

NOT_MODIFIED = "message is not modified"
NOT_PINNED = "message to unpin not found"

CARD_GONE: Sequence[str] = (
    "message to edit not found",
    "message can't be edited",
    "message to pin not found",
    "message_id_invalid",
    "message_author_required",
)

_ADD = "add the bot to the chat again"
_WRITE = "let the bot write there: make it an administrator, or lift its restriction"
_POST = "make the bot an administrator of the channel with “Post Messages”"
_PIN = "make the bot an administrator with “Pin Messages”; in a channel, with “Edit Messages”"

UNREACHABLE: Sequence[tuple[str, str, str]] = (
    ("blocked by the user", "the person has blocked the bot", "unblock the bot and press Start"),
    ("user_is_blocked", "the person has blocked the bot", "unblock the bot and press Start"),
    ("can't initiate", "the person has not started the bot", "open the bot and press Start"),
    ("user is deactivated", "the person's account is gone", "take the chat out of the rules"),
    ("messages to bots", "the chat is another bot's", "check the chat's number"),
    ("chat was deleted", "the group was deleted", "take the chat out of the rules"),
    ("was kicked", "the bot was removed from the chat", _ADD),
    ("not a member", "the bot is not in the chat", _ADD),
    ("channel_private", "the bot is not in the channel", _ADD),
    ("chat not found", "the chat is gone, or the bot never was in it", _ADD),
    ("peer_id_invalid", "the chat is unknown to the bot", _ADD),
    ("thread not found", "the topic is gone", "choose another topic with /follow there"),
    ("topic_deleted", "the topic is gone", "choose another topic with /follow there"),
    ("topic_closed", "the topic is closed", "open the topic again"),
    ("manage pinned messages", "the bot may not pin there", _PIN),
    ("administrator rights in the channel", "the bot may not post in the channel", _POST),
    ("chat_admin_required", "the bot is not an administrator there", _POST),
    ("rights to send", "the bot may not write there", _WRITE),
    ("chat_write_forbidden", "the bot may not write there", _WRITE),
    ("chat_restricted", "the bot may not write there", _WRITE),
)
"""A part of Telegram's text, folded · what it means · what mends it."""


def failed(error: TelegramError) -> SendFailed:
    """Say what an error of the library means for the card."""
    said = f"Telegram said: {error.message}"
    match error:
        case ChatMigrated():
            return Moved(Chat("telegram", str(error.new_chat_id)))
        case TooSoon():
            return NotNow(error.after, "Telegram asks for a pause", too_fast=True)
        case NotSent():
            return NotNow(SOON, "no connection to Telegram")
        case InvalidToken():
            return NotNow(LATER, "Telegram no longer takes the bot's token")
        case BadRequest() | Forbidden():
            return _answered(error, said)
        case NetworkError():  # after BadRequest, which is one
            return OutcomeUnknown(said)
        case Conflict():
            return NotNow(LATER, said)
        case _:
            return OutcomeUnknown(said)


def _answered(error: BadRequest | Forbidden, said: str) -> SendFailed:
    text = error.message.casefold()
    for part, why, remedy in UNREACHABLE:
        if part in text:
            return Unreachable(why, remedy)
    if any(part in text for part in CARD_GONE):
        return CardGone(said)
    if isinstance(error, Forbidden):
        return Unreachable(said, _WRITE)
    return Rejected(said)
