"""Discord's refusals, with status, code and text.

Codes: https://docs.discord.com/developers/topics/opcodes-and-status-codes
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Refusal(Exception):
    """An answer that is not a success."""

    status: int
    code: int
    message: str
    errors: Mapping[str, Any] | None = None
    retry_after: float | None = None
    """Seconds, in a 429."""
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """The JSON of the answer."""
        body: dict[str, Any] = {"message": self.message, "code": self.code}
        if self.errors is not None:
            body["errors"] = self.errors
        if self.retry_after is not None:
            body |= {"retry_after": self.retry_after, "global": False}
        return body


def not_found() -> Refusal:
    return Refusal(404, 0, "404: Not Found")


def unauthorized() -> Refusal:
    return Refusal(401, 0, "401: Unauthorized")


def unknown_channel() -> Refusal:
    return Refusal(404, 10003, "Unknown Channel")


def unknown_guild() -> Refusal:
    return Refusal(404, 10004, "Unknown Guild")


def unknown_member() -> Refusal:
    return Refusal(404, 10007, "Unknown Member")


def unknown_message() -> Refusal:
    return Refusal(404, 10008, "Unknown Message")


def unknown_role() -> Refusal:
    return Refusal(404, 10011, "Unknown Role")


def unknown_user() -> Refusal:
    return Refusal(404, 10013, "Unknown User")


def unknown_webhook() -> Refusal:
    return Refusal(404, 10015, "Unknown Webhook")


def unknown_interaction() -> Refusal:
    return Refusal(404, 10062, "Unknown interaction")


def unknown_command() -> Refusal:
    return Refusal(404, 10063, "Unknown application command")


def pins_full() -> Refusal:
    return Refusal(400, 30003, "Maximum number of pins reached (250)")


def too_many_commands(most: int) -> Refusal:
    return Refusal(400, 30032, f"Maximum number of application commands reached ({most})")


def too_many_old_edits(wait: float) -> Refusal:
    message = "Maximum number of edits to messages older than 1 hour reached"
    headers = {"Retry-After": str(math.ceil(wait)), "X-RateLimit-Scope": "user"}
    return Refusal(429, 30046, message, retry_after=wait, headers=headers)


def too_many_publishes(wait: float) -> Refusal:
    """Text and headers as in https://github.com/discord/discord-api-docs/issues/6109."""
    message = "The write action you are performing on the channel has hit the write rate limit."
    return Refusal(429, 20028, message, retry_after=wait, headers=_SHARED)


def too_many_published_edits(wait: float) -> Refusal:
    """Code and text as in Discord's table; 20028 has been seen instead."""
    message = "This message cannot be edited due to announcement rate limits"
    return Refusal(429, 20022, message, retry_after=wait, headers=_SHARED)


_SHARED = {"Retry-After": "1", "X-RateLimit-Scope": "shared"}
"""Retry-After is about the route's bucket and is wrong; the body's retry_after is correct."""


def already_crossposted() -> Refusal:
    return Refusal(400, 40033, "This message has already been crossposted")


def already_acknowledged() -> Refusal:
    return Refusal(400, 40060, "Interaction has already been acknowledged.")


def missing_access() -> Refusal:
    return Refusal(403, 50001, "Missing Access")


def other_author() -> Refusal:
    return Refusal(403, 50005, "Cannot edit a message authored by another user")


def empty_message() -> Refusal:
    return Refusal(400, 50006, "Cannot send an empty message")


def cannot_message_user() -> Refusal:
    return Refusal(403, 50007, "Cannot send messages to this user")


def not_a_text_channel() -> Refusal:
    return Refusal(400, 50008, "Cannot send messages in a non-text channel")


def missing_permissions() -> Refusal:
    return Refusal(403, 50013, "Missing Permissions")


def system_message() -> Refusal:
    return Refusal(403, 50021, "Cannot execute action on a system message")


def wrong_channel_type() -> Refusal:
    return Refusal(400, 50024, "Cannot execute action on this channel type")


def invalid_webhook_token() -> Refusal:
    return Refusal(401, 50027, "Invalid Webhook Token")


def no_server_in_common() -> Refusal:
    message = "Cannot send messages to this user due to having no mutual guilds"
    return Refusal(403, 50278, message)


def invalid_form(errors: Mapping[str, Any]) -> Refusal:
    return Refusal(400, 50035, "Invalid Form Body", errors)


def invalid_message_type() -> Refusal:
    return Refusal(400, 50068, "Invalid message type")


def thread_archived() -> Refusal:
    return Refusal(400, 50083, "Thread is archived")


def invalid_json() -> Refusal:
    return Refusal(400, 50109, "The request body contains invalid JSON.")


def reply_without_history() -> Refusal:
    return Refusal(
        400, 160002, "Cannot reply to a message without permission to read message history"
    )


def thread_exists() -> Refusal:
    return Refusal(400, 160004, "A thread has already been created for this message")


def thread_locked() -> Refusal:
    return Refusal(400, 160005, "Thread is locked")


def harmful_link() -> Refusal:
    return Refusal(400, 240000, "Message blocked by harmful links filter")


def not_in_the_sandbox(what: str) -> Refusal:
    """Ours, not Discord's: something real that the sandbox can't do; see `unknown_calls`."""
    return Refusal(501, 0, f"{what} is not in the sandbox")
