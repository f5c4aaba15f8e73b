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
from wording.language import N_

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
"""How getChatMember says of someone that they are not in the chat. Every other refusal of it says
that we cannot see who is."""

CARD_GONE: Sequence[str] = (
    "message to edit not found",
    "message can't be edited",
    "message to pin not found",
    "message_id_invalid",
    "message_author_required",
)

_ADD = N_("add the bot to the chat again")
_WRITE = N_("let the bot write there: make it an administrator, or lift its restriction")
_POST = N_("make the bot an administrator of the channel with “Post Messages”")
_PIN = N_("make the bot an administrator with “Pin Messages”; in a channel, with “Edit Messages”")

UNREACHABLE: Sequence[tuple[str, str, str]] = (
    (
        "blocked by the user",
        N_("the person has blocked the bot"),
        N_("unblock the bot and press Start"),
    ),
    (
        "user_is_blocked",
        N_("the person has blocked the bot"),
        N_("unblock the bot and press Start"),
    ),
    (
        "can't initiate",
        N_("the person has not started the bot"),
        N_("open the bot and press Start"),
    ),
    (
        "user is deactivated",
        N_("the person's account is gone"),
        N_("take the chat out of the rules"),
    ),
    ("messages to bots", N_("the chat is another bot's"), N_("check the chat's number")),
    ("chat was deleted", N_("the group was deleted"), N_("take the chat out of the rules")),
    ("was kicked", N_("the bot was removed from the chat"), _ADD),
    ("not a member", N_("the bot is not in the chat"), _ADD),
    ("channel_private", N_("the bot is not in the channel"), _ADD),
    ("chat not found", N_("the chat is gone, or the bot never was in it"), _ADD),
    ("peer_id_invalid", N_("the chat is unknown to the bot"), _ADD),
    ("thread not found", N_("the topic is gone"), N_("choose another topic with /follow there")),
    ("topic_deleted", N_("the topic is gone"), N_("choose another topic with /follow there")),
    ("topic_closed", N_("the topic is closed"), N_("open the topic again")),
    ("manage pinned messages", N_("the bot may not pin there"), _PIN),
    ("administrator rights in the channel", N_("the bot may not post in the channel"), _POST),
    ("chat_admin_required", N_("the bot is not an administrator there"), _POST),
    ("rights to send", N_("the bot may not write there"), _WRITE),
    ("chat_write_forbidden", N_("the bot may not write there"), _WRITE),
    ("chat_restricted", N_("the bot may not write there"), _WRITE),
    ("write access", N_("the bot may not write there"), _WRITE),
    ("chat_guest_send_forbidden", N_("the bot may not write there"), _WRITE),
    ("chat_send_plain_forbidden", N_("text messages are not allowed there"), _WRITE),
    ("user_banned_in_channel", N_("the bot may not write there"), _WRITE),
    ("channel_invalid", N_("the chat is unknown to the bot"), _ADD),
    ("chat_id_invalid", N_("the chat is unknown to the bot"), _ADD),
    ("not enough rights", N_("the bot may not do that there"), _WRITE),
    ("have no rights", N_("the bot may not do that there"), _WRITE),
)
"""A part of Telegram's text, folded · what it means · what mends it."""


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
"""Those of them that say that we are not, or no longer, in the chat."""


def failed(error: TelegramError) -> SendFailed:
    """Say what an error of the library means for the card."""
    said = f"Telegram said: {error.message}"
    match error:
        case ChatMigrated():
            return Moved(Chat("telegram", str(error.new_chat_id)))
        case TooSoon():
            return NotNow(error.after, N_("Telegram asks for a pause"), too_fast=True)
        case NotSent():
            return NotNow(SOON, N_("no connection to Telegram"))
        case InvalidToken():
            return NotNow(LATER, N_("Telegram no longer takes the bot's token"))
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
            return Unreachable(why, remedy, out=part in OUT)
    if any(part in text for part in CARD_GONE):
        return CardGone(said)
    if isinstance(error, Forbidden):
        return Unreachable(said, _WRITE)
    return Rejected(said)
