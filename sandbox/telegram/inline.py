"""Inline mode: what a bot offers to people who type its name and some words in any chat.

https://core.telegram.org/bots/api#inlinequeryresult: of its kinds, this sandbox supports articles.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.telegram import keyboards
from sandbox.telegram.params import Params
from sandbox.telegram.refusals import (
    RESULT_ID_DUPLICATE,
    RESULT_ID_INVALID,
    START_PARAMETER_INVALID,
    TOO_MANY_RESULTS,
    Refused,
    bad_request,
)

MOST = 50
OTHER_KINDS = (
    *("audio", "contact", "document", "game", "gif", "location"),
    *("mpeg4_gif", "photo", "sticker", "venue", "video", "voice"),
)
"""Kinds that Telegram accepts and this sandbox doesn't support."""


def read(sent: Any, content_of: Callable[[Params], dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The message that each result sends when chosen, by the result's id; raises Refused.

    `content_of` reads text, formatting and preview as sendMessage does.
    """
    if not isinstance(sent, list):
        raise bad_request("expected an Array of inline query results")
    if len(sent) > MOST:
        raise Refused(TOO_MANY_RESULTS)
    messages: dict[str, dict[str, Any]] = {}
    for result in sent:
        number, message = _result(result, content_of)
        if number in messages:
            raise Refused(RESULT_ID_DUPLICATE)
        messages[number] = message
    return messages


def _result(
    result: Any, content_of: Callable[[Params], dict[str, Any]]
) -> tuple[str, dict[str, Any]]:
    if not isinstance(result, Mapping):
        raise _unreadable("expected an Object")
    kind = result.get("type", "")
    if kind != "article":
        raise _unreadable(f'type "{kind}" is unsupported for the inline query result')
    number = str(result.get("id", ""))
    if not 1 <= len(number.encode()) <= 64:
        raise Refused(RESULT_ID_INVALID)
    if not str(result.get("title", "")).strip():
        raise _unreadable('Can\'t find field "title"')
    content = result.get("input_message_content")
    if not isinstance(content, Mapping):
        raise _unreadable('Can\'t find field "input_message_content"')
    said = {name: value for name, value in content.items() if name != "message_text"}
    try:
        message = content_of(Params({**said, "text": content.get("message_text")}))
    except Refused as refused:
        why = refused.refusal.description.removeprefix("Bad Request: ")
        raise _unreadable(why[:1].upper() + why[1:]) from refused
    if keyboard := keyboards.read(result.get("reply_markup"), private=False, inline_only=True):
        message["reply_markup"] = keyboard
    return number, message


def read_button(sent: Any) -> dict[str, Any] | None:
    """The button above the results: its text, and the parameter it starts the bot with."""
    if sent is None:
        return None
    if not isinstance(sent, Mapping) or not str(sent.get("text", "")).strip():
        raise bad_request("can't parse inline query results button: Can't find field \"text\"")
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", str(sent.get("start_parameter", ""))):
        raise Refused(START_PARAMETER_INVALID)
    return {"text": sent["text"], "start_parameter": sent["start_parameter"]}


def _unreadable(why: str) -> Refused:
    return bad_request(f"can't parse inline query result: {why}")
