"""The addresses of chats and people. Only a platform's adapter looks inside."""

from enum import StrEnum
from typing import NamedTuple


class Chat(NamedTuple):
    """A place where the bot posts. A tuple, because it is used as a key nearly everywhere.

    Written `platform:address`; how an address looks is each adapter's own matter.
    """

    platform: str
    address: str

    def __str__(self) -> str:
        return f"{self.platform}:{self.address}"


class Permission(StrEnum):
    """A permission the bot may need in a chat."""

    POST = "post"
    PIN = "pin"


class Showing(StrEnum):
    """How someone can point out a message of ours that we can't look up."""

    REPLY = "reply"
    FORWARD = "forward"
    """To us, in private: a reply would be seen by everyone who reads the channel."""
