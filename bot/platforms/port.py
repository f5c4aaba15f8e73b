"""What the bot needs of a chat service. Each adapter is one."""

from collections.abc import (
    Awaitable,
    Callable,
    Sequence,
)
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from bot.model.capabilities import Capabilities
from bot.model.chat import Chat, Permission, Showing
from bot.model.command import Command
from wording.message import Message


class Platform(Protocol):
    """A chat service that the bot uses. Everything it raises is a SendFailed of
    bot.model.errors."""

    @property
    def name(self) -> str:
        """The part of a chat's address before the colon: discord, telegram."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What is particular about this chat service."""
        ...

    @property
    def connected(self) -> bool:
        """Whether people's questions reach us."""
        ...

    async def run(self, commands: Sequence[Command]) -> None:
        """Stay connected and answer commands until cancelled.

        It waits for a platform that can't be reached. Raises SetupError if the platform refuses us
        for good, for example because of a wrong token.
        """
        ...

    def on_connection(self, listener: Callable[[str | None], None]) -> None:
        """Call `listener` with None whenever we are connected,
        and with the reason whenever we can't be.

        There is one listener; it may get the same value repeatedly.
        """
        ...

    def visit(self) -> AbstractAsyncContextManager[str]:
        """Log in without answering anyone, to inspect chats with `lacks`; yields the bot's name.

        Raises SetupError for a wrong token and SendFailed if the platform can't be reached.
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
        """Post and return the message's id.

        Where the platform supports it, `key` makes a repeat harmless.

        `mention` is a role in the platform's terms: its members are notified, and nobody else ever
        is. Don't cancel this because of a timeout: the message may have been posted anyway.
        """
        ...

    async def edit(self, chat: Chat, message_id: str, message: Message) -> None:
        """Change a message to this; not an error if nothing changes."""
        ...

    async def pin(self, chat: Chat, message_id: str) -> None:
        """Pin a message silently; one that is already pinned stays pinned."""
        ...

    async def unpin(self, chat: Chat, message_id: str) -> None:
        """Unpin a message; one that isn't pinned stays so."""

    async def pinned(self, chat: Chat) -> frozenset[str] | None:
        """The ids of all pinned messages in the chat, by anyone; None where they can't be seen."""
        ...

    async def publish(self, chat: Chat, message_id: str) -> None:
        """Publish a message to the followers of its channel; one that was published stays so.

        Does nothing on platforms without publishing.
        """
        ...

    async def lacks(self, chat: Chat, permission: Permission) -> Sequence[str]:
        """The permissions we need and don't have, as the platform names them."""
        ...

    def may_mention(self, chat: Chat, role: str) -> bool | None:
        """Whether mentioning a role would notify its members there; None if unknown."""
        ...

    async def called(self, chat: Chat) -> str:
        """The chat's name as people know it (“#news”, “Harbour News”).

        Untrusted text, like a story's.

        Its address if the name can't be found out. Never raises.
        """
        ...

    async def moderates(self, chat: Chat, person: Chat) -> bool:
        """Whether a person is a moderator of the chat, checked with the platform now."""
        ...

    async def showing(self, chat: Chat) -> Showing | None:
        """How people can point out a message of ours there; None if `find` finds it anyway."""
        ...

    async def is_in(self, chat: Chat) -> bool:
        """Whether we are in the chat, checked with the platform now.

        False for a person whom only a message could reveal. May raise SendFailed if unknown.
        """
        ...

    def on_membership(self, listener: Callable[[frozenset[Chat], bool], None]) -> None:
        """Call `listener` with chats, and whether we are in them,
        whenever that or our permissions change.

        A group is reported without its topics, and a server under its own id, too.
        """
        ...

    def on_moved(self, listener: Callable[[Chat, Chat], Awaitable[None]]) -> None:
        """Call `listener` with the old and the new address of each chat that moves."""
        ...

    async def find(self, chat: Chat, key: str, since: datetime) -> str | None:
        """The id of the message posted with `key`, if the platform lets us look."""
        ...

    def server(self, chat: Chat) -> str:
        """What the chat belongs to: delivery gives each of these a fair share."""
        ...

    def link(self, chat: Chat, message_id: str) -> str | None:
        """A link that opens the message; None where the platform has none."""
        ...

    def repeatable(self, age_s: float) -> bool:
        """Whether a post of unknown outcome and this age can safely be repeated with its key."""
        ...
