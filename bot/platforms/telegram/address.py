"""How the addresses of Telegram's chats and topics are written."""

import re

EXAMPLES = ("telegram:<chat id>", "telegram:<chat id>/<topic id>")
GENERAL = "/1"
"""Suffix of a forum's first topic. Links write it so, but in the Bot API it is the forum itself."""
_SHAPE = re.compile(r"-?[1-9][0-9]{0,18}(/[1-9][0-9]{0,9})?")


def read_address(address: str, text: str) -> str:
    """The address as we keep it; raises ValueError with one sentence about the whole `text`."""
    if address.startswith("@"):
        raise ValueError(
            f"“{text}” is a username, and usernames can change hands: send /following there; "
            "the bot's answer ends with the chat's ID"
        )
    if not _SHAPE.fullmatch(address):
        raise ValueError(f"“{text}” isn't a Telegram chat: after “telegram:” comes its ID")
    return address.removesuffix(GENERAL)
