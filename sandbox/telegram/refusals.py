"""Telegram's refusals: the codes and texts of the Bot API.

The texts are those of telegram-bot-api's Client.cpp and of TDLib, which sends them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Refusal:
    """One kind of refusal: the HTTP status, and the description that a bot reads."""

    status: int
    description: str


class Refused(Exception):
    """Raised by a method that refuses what the bot asked."""

    def __init__(self, refusal: Refusal, parameters: Mapping[str, Any] | None = None) -> None:
        super().__init__(refusal.description)
        self.refusal = refusal
        self.parameters = dict(parameters or {})


def bad_request(reason: str) -> Refused:
    """400, for a malformed or impossible request."""
    return Refused(Refusal(400, f"Bad Request: {reason}"))


def forbidden(reason: str) -> Refused:
    """403, for something the bot may not do."""
    return Refused(Refusal(403, f"Forbidden: {reason}"))


def too_many(seconds: int) -> Refused:
    """429, with the seconds to wait."""
    return Refused(
        Refusal(429, f"Too Many Requests: retry after {seconds}"), {"retry_after": seconds}
    )


def migrated(new_chat: int) -> Refused:
    """400, because the group became a supergroup with another id."""
    return Refused(
        Refusal(400, "Bad Request: group chat was upgraded to a supergroup chat"),
        {"migrate_to_chat_id": new_chat},
    )


UNAUTHORIZED = Refusal(401, "Unauthorized")
NOT_FOUND = Refusal(404, "Not Found")

ANOTHER_POLLER = Refusal(
    409,
    "Conflict: terminated by other getUpdates request; "
    "make sure that only one bot instance is running",
)
WEBHOOK_IS_SET = Refusal(
    409,
    "Conflict: can't use getUpdates method while webhook is active; "
    "use deleteWebhook to delete the webhook first",
)

CHAT_NOT_FOUND = Refusal(400, "Bad Request: chat not found")
CHAT_ID_EMPTY = Refusal(400, "Bad Request: chat_id is empty")
MEMBER_NOT_FOUND = Refusal(400, "Bad Request: PARTICIPANT_ID_INVALID")
WRONG_USER_ID = Refusal(400, "Bad Request: invalid user_id specified")

TEXT_EMPTY = Refusal(400, "Bad Request: message text is empty")
TEXT_TOO_LONG = Refusal(400, "Bad Request: message is too long")
NOT_UTF8 = Refusal(400, "Bad Request: strings must be encoded in UTF-8")
MARKUP_TOO_LONG = Refusal(400, "Bad Request: reply markup is too long")
INLINE_EXPECTED = Refusal(400, "Bad Request: inline keyboard expected")
BUTTON_DATA_INVALID = Refusal(400, "Bad Request: BUTTON_DATA_INVALID")
BUTTON_TYPE_INVALID = Refusal(400, "Bad Request: BUTTON_TYPE_INVALID")

NOT_MODIFIED = Refusal(
    400,
    "Bad Request: message is not modified: specified new message content and reply markup are "
    "exactly the same as a current content and reply markup of the message",
)
NO_MESSAGE_ID = Refusal(400, "Bad Request: message identifier is not specified")
EDIT_NOT_FOUND = Refusal(400, "Bad Request: message to edit not found")
EDIT_FORBIDDEN = Refusal(400, "Bad Request: message can't be edited")
DELETE_NOT_FOUND = Refusal(400, "Bad Request: message to delete not found")
DELETE_FORBIDDEN = Refusal(400, "Bad Request: message can't be deleted for everyone")
PIN_NOT_FOUND = Refusal(400, "Bad Request: message to pin not found")
UNPIN_NOT_FOUND = Refusal(400, "Bad Request: message to unpin not found")
PIN_FORBIDDEN = Refusal(400, "Bad Request: not enough rights to manage pinned messages in the chat")
REPLY_NOT_FOUND = Refusal(400, "Bad Request: message to be replied not found")
QUOTE_INVALID = Refusal(400, "Bad Request: QUOTE_TEXT_INVALID")
THREAD_NOT_FOUND = Refusal(400, "Bad Request: message thread not found")
TOPIC_CLOSED = Refusal(400, "Bad Request: TOPIC_CLOSED")
NOT_A_FORUM = Refusal(400, "Bad Request: the chat is not a forum")
TOPIC_FORBIDDEN = Refusal(400, "Bad Request: not enough rights to create a topic")
TOPIC_NAME_EMPTY = Refusal(400, "Bad Request: TOPIC_TITLE_EMPTY")
SEND_FORBIDDEN = Refusal(400, "Bad Request: not enough rights to send text messages to the chat")
CHANNEL_RIGHTS = Refusal(400, "Bad Request: need administrator rights in the channel chat")
NO_ADMINISTRATORS = Refusal(400, "Bad Request: there are no administrators in the private chat")
LEAVE_PRIVATE = Refusal(400, "Bad Request: chat member status can't be changed in private chats")
QUERY_TOO_OLD = Refusal(
    400, "Bad Request: query is too old and response timeout expired or query ID is invalid"
)
ANSWER_TOO_LONG = Refusal(400, "Bad Request: MESSAGE_TOO_LONG")
RESULT_ID_DUPLICATE = Refusal(400, "Bad Request: RESULT_ID_DUPLICATE")
RESULT_ID_INVALID = Refusal(400, "Bad Request: RESULT_ID_INVALID")
START_PARAMETER_INVALID = Refusal(400, "Bad Request: START_PARAM_INVALID")
TOO_MANY_RESULTS = Refusal(400, "Bad Request: RESULTS_TOO_MUCH")
BUSINESS_NOT_FOUND = Refusal(400, "Bad Request: business connection not found")

BLOCKED = Refusal(403, "Forbidden: bot was blocked by the user")
NOT_STARTED = Refusal(403, "Forbidden: bot can't initiate conversation with a user")
TO_A_BOT = Refusal(403, "Forbidden: bot can't send messages to bots")
GROUP_DELETED = Refusal(403, "Forbidden: the group chat was deleted")

COMMAND_INVALID = Refusal(400, "Bad Request: BOT_COMMAND_INVALID")
COMMAND_DESCRIPTION_INVALID = Refusal(400, "Bad Request: BOT_COMMAND_DESCRIPTION_INVALID")
TOO_MANY_COMMANDS = Refusal(400, "Bad Request: BOT_COMMANDS_TOO_MUCH")
LANGUAGE_INVALID = Refusal(400, "Bad Request: LANG_CODE_INVALID")
