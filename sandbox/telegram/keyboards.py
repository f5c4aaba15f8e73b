"""The buttons under a message: what Telegram accepts, and how it stores them."""

import json
from collections.abc import Mapping
from typing import Any

from sandbox.telegram.entities import WrongLink, checked_link
from sandbox.telegram.refusals import (
    BUTTON_DATA_INVALID,
    BUTTON_TYPE_INVALID,
    INLINE_EXPECTED,
    MARKUP_TOO_LONG,
    Refused,
    bad_request,
)

LARGEST = 10_240
"""Bytes of a whole keyboard as JSON; undocumented, roughly what is refused in practice."""

_ACTIONS = (
    "url",
    "callback_data",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "copy_text",
    "callback_game",
    "pay",
)


def read(markup: Any, *, private: bool, inline_only: bool = False) -> dict[str, Any] | None:
    """An inline keyboard as a message contains it; None if there are no buttons.

    Raises Refused. The other kinds of markup (a custom keyboard, a forced reply) are shown to
    people and never come back in a message.
    """
    if markup is None:
        return None
    if not isinstance(markup, Mapping):
        raise bad_request("object expected as reply markup")
    if inline_only and markup and "inline_keyboard" not in markup:
        raise Refused(INLINE_EXPECTED)
    if "inline_keyboard" not in markup:
        return None
    rows = markup["inline_keyboard"]
    if not isinstance(rows, list):
        raise bad_request('field "inline_keyboard" must be of type Array')
    kept = []
    for row in rows:
        if not isinstance(row, list):
            raise bad_request('field "inline_keyboard" must be an Array of Arrays')
        if row:
            kept.append([_button(button, private=private) for button in row])
    if len(json.dumps(kept).encode()) > LARGEST:
        raise Refused(MARKUP_TOO_LONG)
    return {"inline_keyboard": kept} if kept else None


def forced_reply(markup: Any) -> dict[str, Any] | None:
    """A ForceReply: its `placeholder` ("" for none), and whether it is `selective`.

    None for every other markup. Raises Refused.
    """
    if not isinstance(markup, Mapping) or not markup.get("force_reply"):
        return None
    placeholder = markup.get("input_field_placeholder") or ""
    if not isinstance(placeholder, str) or len(placeholder) > 64:
        raise bad_request("input field placeholder is too long")
    return {"placeholder": placeholder, "selective": bool(markup.get("selective"))}


def _button(button: Any, *, private: bool) -> dict[str, Any]:
    if not isinstance(button, Mapping):
        raise bad_request(
            "can't parse inline keyboard button: InlineKeyboardButton must be an Object"
        )
    text = button.get("text")
    if not isinstance(text, str):
        raise bad_request("can't parse inline keyboard button: Can't find field \"text\"")
    if not text.strip():
        raise bad_request("inline keyboard button text must be non-empty")
    actions = [action for action in _ACTIONS if button.get(action) is not None]
    if not actions:
        raise bad_request(
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"
        )
    if len(actions) > 1:
        raise Refused(BUTTON_TYPE_INVALID)
    action, value = actions[0], button[actions[0]]
    kept = {"text": text, action: value}
    match action:
        case "url":
            try:
                kept["url"] = checked_link(str(value))
            except WrongLink as error:
                raise bad_request(
                    f"inline keyboard button URL '{value}' is invalid: {error}"
                ) from error
        case "callback_data":
            if not isinstance(value, str) or not 1 <= len(value.encode()) <= 64:
                raise Refused(BUTTON_DATA_INVALID)
        case "copy_text":
            if not isinstance(value, Mapping) or not 1 <= len(str(value.get("text", ""))) <= 256:
                raise Refused(BUTTON_DATA_INVALID)
        case "web_app" if not private:
            raise Refused(BUTTON_TYPE_INVALID)
        case "pay" | "callback_game" | "login_url":
            raise Refused(BUTTON_TYPE_INVALID)
    if style := button.get("style"):
        if style not in ("danger", "success", "primary"):
            raise bad_request("invalid button style specified")
        kept["style"] = style
    return kept
