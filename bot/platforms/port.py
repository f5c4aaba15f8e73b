"""What the bot needs of a chat service. Each adapter is one."""

from collections.abc import (
    Awaitable,
    Callable,
    Sequence,
)
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from bot.model.chat import Chat, Right, Showing
from bot.model.command import Command
from wording.message import Message


class Platform(Protocol):
    """A chat service the bot lives on. Everything it raises is a SendFailed of bot.model.errors."""

    @property
    def name(self) -> str:
        """The part before the colon in a chat: discord, telegram."""
        ...

    @property
    def connected(self) -> bool:
        """True while people's questions reach us."""
        ...

    async def run(self, commands: Sequence[Command]) -> None:
        """Stay connected and answer commands until cancelled.

        A platform that cannot be reached is waited for. Raises SetupError when it refuses us for
        good, as it does on a wrong token.
        """
        ...

    def on_connection(self, listener: Callable[[str | None], None]) -> None:
        """Call `listener` with None whenever we are connected, and with the reason whenever we
        cannot be. There is one listener; it may be told the same again and again."""
        ...

    def visit(self) -> AbstractAsyncContextManager[str]:
        """Log in without answering anyone, to look around with `lacks`; yield the bot's name.

        Raises SetupError on a wrong token and SendFailed when the platform cannot be reached.
        """
        ...

    async def post(
        self,
        chat: Chat,
        message: Message,
        *,
        key: str,
        silent: bool = True,
        reply_to: str | None = None,
        mention: str | None = None,
    ) -> str:
        """Post and return where it stands. Where the platform can, `key` makes a repeat harmless.

        `mention` is a role in the platform's terms: its members are called. Nobody else ever is.
        Not to be cancelled because a clock ran out: the message may be there all the same.
        """
        ...

    async def edit(self, chat: Chat, place: str, message: Message) -> None:
        """Make the message at `place` say this; saying what it already says is no error."""
        ...

    async def pin(self, chat: Chat, place: str) -> None:
        """Pin the message, without a notification; a pinned one stays pinned."""
        ...

    async def unpin(self, chat: Chat, place: str) -> None: ...

    async def pinned(self, chat: Chat) -> frozenset[str] | None:
        """Where the chat's pinned messages stand, anybody's; None where that cannot be seen."""
        ...

    async def publish(self, chat: Chat, place: str) -> None:
        """Send the message on to those who follow the channel; one that was stays so.

        Nothing where a platform knows no such thing.
        """
        ...

    async def lacks(self, chat: Chat, right: Right) -> Sequence[str]:
        """The rights we would need and have not, in the platform's own names."""
        ...

    def may_mention(self, chat: Chat, role: str) -> bool | None:
        """Whether a role's members are called when we mention it there; None when not known."""
        ...

    async def called(self, chat: Chat) -> str:
        """The chat's name as its people know it (“#news”, “Harbour News”): hostile text, as a
        story's is. Its address when the name cannot be learned. Never raises."""
        ...

    async def moderates(self, chat: Chat, person: Chat) -> bool:
        """Whether a person is a moderator of the chat, asked of the platform now."""
        ...

    async def showing(self, chat: Chat) -> Showing | None:
        """How people can show us a message of ours there; None: they need not, `find` finds it."""
        ...

    async def is_in(self, chat: Chat) -> bool:
        """Whether we are in the chat, asked of the platform now.

        False for a person whom only a message could ask. May raise SendFailed: not known now.
        """
        ...

    def on_standing(self, listener: Callable[[frozenset[Chat], bool], None]) -> None:
        """Call `listener` with chats and whether we are in them, whenever we may have been let
        in or out, or given or denied a right. A group is told of without its topics, and a server
        under its own number, too."""
        ...

    def on_moved(self, listener: Callable[[Chat, Chat], Awaitable[None]]) -> None:
        """Call `listener` with the old address and the new one of each chat that moves."""
        ...

    async def find(self, chat: Chat, key: str, since: datetime) -> str | None:
        """Where the message posted with `key` stands, if the platform lets us look."""
        ...

    def server(self, chat: Chat) -> str:
        """What the chat shares its place with: a fair share goes to each such server."""
        ...

    def link(self, chat: Chat, place: str) -> str | None:
        """A link that opens the message where it stands; None where the platform has none."""
        ...

    def repeatable(self, age_s: float) -> bool:
        """Whether a post of unknown outcome and that age may be repeated with its key."""
        ...
