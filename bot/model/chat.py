"""The addresses of chats and people. Only a platform's adapter looks inside."""

import re
from enum import StrEnum
from typing import NamedTuple

_SHAPES = {
    "discord": re.compile(r"@?[1-9][0-9]{0,19}"),
    "telegram": re.compile(r"-?[1-9][0-9]{0,18}(/[1-9][0-9]{0,9})?"),
}


GENERAL = "/1"
"""Suffix of a Telegram forum's first topic. Links write it so,
but in the Bot API it is the forum itself."""


class Chat(NamedTuple):
    """A place where the bot posts. A tuple, because it is used as a key nearly everywhere.

    Written `discord:<channel or thread>`, `discord:@<user>` (a direct message), `telegram:<chat>`
    or `telegram:<chat>/<topic>`.
    """

    platform: str
    address: str

    def __str__(self) -> str:
        return f"{self.platform}:{self.address}"


def read_chat(text: str) -> Chat:
    """Parse a chat as people write it; raises ValueError with one sentence and the remedy."""
    text = text.replace("\N{WORD JOINER}", "").strip()  # our own messages keep links apart with it
    platform, colon, address = text.partition(":")
    shape = _SHAPES.get(platform)
    if not colon or shape is None:
        raise ValueError(
            f"“{text}” isn't a chat: use discord:<channel id>, discord:@<user id>, "
            "telegram:<chat id> or telegram:<chat id>/<topic id>"
        )
    if platform == "telegram" and address.startswith("@"):
        raise ValueError(
            f"“{text}” is a username, and usernames can change hands: send /following there; "
            "the bot's answer ends with the chat's ID"
        )
    if not shape.fullmatch(address):
        raise ValueError(
            f"“{text}” isn't a {platform.title()} chat: after “{platform}:” comes its ID"
            + (", or @ and a person's ID" if platform == "discord" else "")
        )
    if platform == "telegram" and address.endswith(GENERAL):
        address = address.removesuffix(GENERAL)
    return Chat(platform, address)


class Right(StrEnum):
    """A permission the bot may need in a chat."""

    POST = "post"
    PIN = "pin"


class Showing(StrEnum):
    """How someone can point out a message of ours that we can't look up."""

    REPLY = "reply"
    FORWARD = "forward"
    """To us, in private: a reply would be seen by everyone who reads the channel."""
