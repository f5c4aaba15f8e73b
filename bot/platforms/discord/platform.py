"""The Discord adapter: connects, posts, edits and pins."""

import asyncio
import hashlib
import logging
import time
import zlib
from collections import deque
from collections.abc import (
    AsyncGenerator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, TypeVar

import discord
import yarl

from bot.model.capabilities import Capabilities
from bot.model.chat import Chat, Permission, Showing
from bot.model.command import Command
from bot.model.errors import NotNow, OutcomeUnknown, SendFailed, Unreachable
from bot.platforms.discord import pauses, permissions
from bot.platforms.discord.answers import Client, view
from bot.platforms.discord.capabilities import DISCORD
from bot.platforms.discord.incoming import UNREADABLE, set_bounds
from bot.platforms.discord.membership import Joined, watch
from bot.platforms.discord.refusals import (
    ARCHIVED,
    PUBLISHED_ALREADY,
    RIGHTS,
    SOON,
    TROUBLE,
    failed,
    here,
)
from bot.platforms.discord.render import brief, escape, render
from bot.platforms.needs import AskLimits, Moderators
from runtime.errors import SetupError
from wording.language import Language, spoken
from wording.message import Message
from wording.reasons import Code, Reason

log = logging.getLogger(__name__)
T = TypeVar("T")

API_URL = discord.http.Route.BASE
GATEWAY_URL = str(discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY)

NONCE_LIMIT = 25  # discord.com/developers/docs/resources/message#create-message
REPEATABLE_S = 60
"""Discord remembers a nonce for “a few minutes”; we rely on one."""
LOOK_BACK = timedelta(minutes=1)  # our clock and Discord's may differ
LOOK_AT = 200
NOTICE_AMONG = 5
"""Number of latest messages among which the notice of a pin is looked for."""

REFUSED = (
    "Discord refused the token: copy it anew from discord.com/developers/applications → your "
    "application → Bot → Reset Token, and put it into STORYWIRE_DISCORD_TOKEN"
)
AUTHENTICATION_FAILED = 4004
INTENTS = (
    "Discord closed the connection for good (code 4014): the bot asks for an intent that its "
    "application may not have; see discord.com/developers/applications → your application → Bot"
)
IDENTIFIES = 40
"""The most new sessions in one hour: Discord resets the token of a bot that starts more than 1,000
a day (docs.discord.com, Gateway, Session Start Limit)."""
HOUR_S = 3600.0

FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 30.0
SILENCE_S = 180
"""After this many seconds without a connection a fresh one is made: discord.py 2.7.1 can try to
resume a lost session for ever (https://github.com/Rapptz/discord.py/issues/10511)."""
CHECK_S = 5
NAMES_KEPT = 1000
CLEAR_S = 60.0


class TooManySessions(Exception):
    """So many sessions were started that the next one has to wait."""

    def __init__(self, wait_s: float) -> None:
        super().__init__(f"{IDENTIFIES} sessions were begun within an hour, and none lasted")
        self.wait_s = wait_s


class DiscordPlatform:
    """One bot on Discord. `api_url` and `gateway_url`: None for the real ones."""

    def __init__(
        self,
        token: str,
        *,
        api_url: str | None,
        gateway_url: str | None,
        turns: AskLimits | None = None,
        moderators: Moderators | None = None,
        left_out: Callable[[], None] = lambda: None,
        too_fast: Callable[[], None] = lambda: None,
    ) -> None:
        """Without `turns` everyone may ask as fast as they like; without `moderators` no role
        counts as one. `left_out` is called for each message of the gateway that cannot be read,
        `too_fast` for each answer that is refused with a 429."""
        self._too_fast = too_fast
        self._left_out = left_out
        self._moderators = moderators
        self._token = token
        self._turns = turns
        self._api_url = api_url or API_URL
        self._gateway_url = gateway_url or GATEWAY_URL
        self._client: Client | None = None
        self._servers: dict[Chat, str] = {}
        self._listeners: list[Callable[[frozenset[Chat], bool], None]] = []
        self._connection: Callable[[str | None], None] = lambda _: None
        self._identified: deque[float] = deque(maxlen=IDENTIFIES)
        self._names: dict[int, str] = {}
        """The names of channels that we have been removed from."""

    @property
    def name(self) -> str:
        return "discord"

    @property
    def capabilities(self) -> Capabilities:
        return DISCORD

    @property
    def connected(self) -> bool:
        return self._client is not None and self._client.online

    async def run(self, commands: Sequence[Command]) -> None:
        """Stay connected and answer commands until cancelled.

        Raises SetupError when Discord refuses us for good.
        """
        wait_s = FIRST_WAIT_S
        while True:
            async with self._new_client(commands) as client:
                try:
                    await self._log_in(client)
                    await _offer(client)
                    self._client = client
                    await _stay(client, self._connection)
                except discord.ConnectionClosed as error:
                    if error.code == AUTHENTICATION_FAILED:
                        raise SetupError(REFUSED) from None
                    raise SetupError(
                        f"Discord closed the connection for good (code {error.code}): look the "
                        "code up at discord.com/developers/docs/topics/opcodes-and-status-codes"
                    ) from None
                except discord.PrivilegedIntentsRequired:
                    raise SetupError(INTENTS) from None
                except (*TROUBLE, discord.GatewayNotFound) as error:
                    self._connection(str(error) or type(error).__name__)
                except (*UNREADABLE, zlib.error) as error:
                    log.warning("unreadable answer from Discord", exc_info=error)
                    self._connection("it says what cannot be read")
                    self._left_out()
                except TooManySessions as enough:
                    self._connection(str(enough))
                    wait_s = enough.wait_s
                finally:
                    self._client = None
                    if client.was_online:
                        wait_s = FIRST_WAIT_S
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s, LONGEST_WAIT_S)

    def on_connection(self, listener: Callable[[str | None], None]) -> None:
        self._connection = listener

    def _identify(self) -> None:
        """Count a new session; raises TooManySessions if there were too many."""
        now = time.monotonic()
        if len(self._identified) == IDENTIFIES and now < self._identified[0] + HOUR_S:
            raise TooManySessions(self._identified[0] + HOUR_S - now)
        self._identified.append(now)

    @asynccontextmanager
    async def visit(self) -> AsyncGenerator[str]:
        """Log in without answering anyone, to inspect chats with `lacks`; yields the bot's name.

        Raises SetupError for a wrong token and SendFailed if Discord can't be reached.
        """
        async with self._new_client(()) as client:
            try:
                await self._log_in(client)
            except TROUBLE as error:
                raise failed(error, ()) from error
            except UNREADABLE as error:
                raise NotNow(SOON, here(Code.ANSWER_UNREADABLE)) from error
            self._client = client
            try:
                yield str(client.user)
            finally:
                self._client = None

    def _new_client(self, commands: Sequence[Command]) -> Client:
        # The library keeps its addresses in class variables, so a process can use only one Discord.
        discord.http.Route.BASE = self._api_url
        discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(self._gateway_url)
        pauses.bound()
        client = Client(
            commands,
            self._turns,
            self._moderators,
            about_to_identify=self._identify,
            heard=lambda: self._connection(None),
            left_out=self._left_out,
            too_fast=self._too_fast,
        )
        set_bounds(client)
        watch(client, self._stand)
        _clear_seldom(client)
        return client

    async def _log_in(self, client: Client) -> None:
        try:
            await client.login(self._token)
        except discord.LoginFailure:
            raise SetupError(REFUSED) from None

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
        """Post and return the message's id. Within a minute the same key posts only once."""
        body = {**_body(message, spoken()), "nonce": _nonce(key), "enforce_nonce": True}
        body["components"] = _marked(body["components"], _marker(key))
        body["flags"] = discord.MessageFlags(suppress_notifications=silent).value
        if reply_to is not None or not silent:
            body["content"] = escape(brief(message))
        if mention is not None:
            body["content"] = f"<@&{int(mention)}> {body.get('content') or ''}".rstrip()
            body["allowed_mentions"] = {"parse": [], "roles": [mention]}
        with self._speaking(chat, Permission.POST) as client:
            channel = await _channel(client, chat)
            if reply_to is not None:
                body["message_reference"] = _original(channel, reply_to).to_message_reference_dict()
            # The library's own send() rebuilds everything for each chat, and an object for the
            # answer, which costs a third of its time (docs/benchmarks.md).
            sent: Mapping[str, Any] = await client.http.send_message(
                channel.id, params=discord.http.MultipartParameters(body, None, None)
            )
            return str(int(sent["id"]))

    async def edit(self, chat: Chat, message_id: str, message: Message) -> None:
        said = discord.http.MultipartParameters({**_body(message, spoken())}, None, None)
        with self._speaking(chat, Permission.POST) as client:
            channel = await _channel(client, chat)
            edited: Mapping[str, Any] = await _awake(
                client,
                chat,
                lambda: client.http.edit_message(channel.id, int(message_id), params=said),
            )
            int(edited["id"])  # otherwise the answer wasn't Discord's

    async def pin(self, chat: Chat, message_id: str) -> None:
        with self._speaking(chat, Permission.PIN) as client:
            channel = await _channel(client, chat)
            await _awake(client, chat, channel.get_partial_message(int(message_id)).pin)
            try:
                await _tidy_up(client, channel, int(message_id))
            except (*TROUBLE, *UNREADABLE) as error:  # the notice stays, which is harmless
                log.info("pin notice not deleted", extra={"chat": str(chat), "why": str(error)})

    async def unpin(self, chat: Chat, message_id: str) -> None:
        with self._speaking(chat, Permission.PIN) as client:
            channel = await _channel(client, chat)
            await _awake(client, chat, channel.get_partial_message(int(message_id)).unpin)

    async def pinned(self, chat: Chat) -> frozenset[str] | None:
        if await self.lacks(chat, Permission.PIN):
            return None  # without the history permission Discord shows no pins
        with self._speaking(chat, Permission.PIN) as client:
            pins = (await _channel(client, chat)).pins(limit=None)
            return frozenset([str(message.id) async for message in pins])

    async def publish(self, chat: Chat, message_id: str) -> None:
        """Publish an announcement to the servers that follow its channel."""
        with self._speaking(chat, Permission.POST) as client:
            if permissions.announces(client, chat) is False:
                raise Unreachable(Reason(Code.NOT_ANNOUNCEMENTS))
            try:
                await (await _channel(client, chat)).get_partial_message(int(message_id)).publish()
            except discord.HTTPException as error:
                if error.code != PUBLISHED_ALREADY:
                    raise

    async def lacks(self, chat: Chat, permission: Permission) -> Sequence[str]:
        """The permissions we need and don't have, as Discord's settings name them."""
        with self._speaking(chat, permission) as client:
            missing = permissions.known(client, chat, permission)
            return (
                await permissions.fetched(client, chat, permission) if missing is None else missing
            )

    def may_mention(self, chat: Chat, role: str) -> bool | None:
        if self._client is None or not role.isdecimal():
            return None
        return permissions.may_mention(self._client, chat, int(role))

    async def called(self, chat: Chat) -> str:
        number = int(chat.address.removeprefix("@"))
        channel: object = self._client.get_channel(number) if self._client else None
        name = getattr(channel, "name", None) or self._names.get(number)
        if name is None and not chat.address.startswith("@"):  # perhaps an archived thread
            with suppress(SendFailed), self._speaking(chat, Permission.POST) as client:
                name = getattr(await client.fetch_channel(number), "name", None)
        return f"#{name}" if name else str(chat)

    async def moderates(self, chat: Chat, person: Chat) -> bool:
        if chat == person or chat.address.startswith("@"):
            return chat == person

        async def role(server: str) -> str | None:
            return await self._moderators.role(server) if self._moderators else None

        try:
            with self._speaking(chat, Permission.POST) as client:
                number = int(person.address.removeprefix("@"))
                return await permissions.moderates(client, chat, number, role)
        except Unreachable:  # we aren't a member ourselves
            return False

    async def showing(self, chat: Chat) -> Showing | None:
        """Always None: Discord lets us look up our posts, so nobody needs to show them."""
        return None

    async def is_in(self, chat: Chat) -> bool:
        if chat.address.startswith("@"):
            return False
        try:
            with self._speaking(chat, Permission.POST) as client:
                if not client.is_ready():
                    raise NotNow(timedelta(seconds=FIRST_WAIT_S), here(Code.NOT_READY))
                number = int(chat.address)
                if client.get_channel(number) is None and client.get_guild(number) is None:
                    await client.fetch_channel(number)
        except Unreachable as refused:
            return not refused.out
        return True

    def on_membership(self, listener: Callable[[frozenset[Chat], bool], None]) -> None:
        self._listeners.append(listener)

    def on_moved(self, listener: Callable[[Chat, Chat], Awaitable[None]]) -> None:
        """Never called: a channel keeps its id for life."""

    def _stand(self, joined: Iterable[Joined], inside: bool) -> None:
        named = {each.id: each.name for each in joined}
        if not inside:
            self._names |= named
        while len(self._names) > NAMES_KEPT:
            del self._names[next(iter(self._names))]
        for listener in self._listeners:
            listener(frozenset(Chat("discord", str(number)) for number in named), inside)

    async def find(self, chat: Chat, key: str, since: datetime) -> str | None:
        """The id of the message posted with `key`, found by its nonce or its first button's
        number."""
        with self._speaking(chat, Permission.POST) as client:
            channel = await _channel(client, chat)
            async for message in channel.history(
                after=since - LOOK_BACK, limit=LOOK_AT, oldest_first=True
            ):
                ours = client.user is not None and message.author.id == client.user.id
                if ours and (message.nonce == _nonce(key) or _number(message) == _marker(key)):
                    return str(message.id)
        return None

    def server(self, chat: Chat) -> str:
        """The guild, as far as we know it; a direct message counts as its own."""
        if chat not in self._servers:
            if self._client is None or chat.address.startswith("@"):
                return str(chat)
            channel = self._client.get_channel(int(chat.address))  # looks through every guild
            guild = getattr(channel, "guild", None)
            if guild is None:
                return str(chat)
            self._servers[chat] = str(guild.id)
        return self._servers[chat]

    def link(self, chat: Chat, message_id: str) -> str | None:
        """None for direct messages, and for channels we haven't heard of."""
        # Remembered, because the gateway says nothing more about an archived thread.
        guild = self.server(chat)
        if guild == str(chat):
            return None
        return f"https://discord.com/channels/{guild}/{chat.address}/{message_id}"

    def repeatable(self, age_s: float) -> bool:
        return age_s <= REPEATABLE_S

    @contextmanager
    def _speaking(self, chat: Chat, permission: Permission) -> Iterator[Client]:
        """The client; everything that goes wrong inside the block is raised as a SendFailed."""
        client = self._client
        if client is None:
            raise NotNow(timedelta(seconds=FIRST_WAIT_S), here(Code.NO_CONNECTION))
        try:
            yield client
        except TROUBLE as error:
            missing = permissions.known(client, chat, permission)
            if missing is None and not client.is_ready():
                missing = ()  # the gateway hasn't told us yet which servers we are in
            raise failed(error, missing) from error
        except UNREADABLE as error:
            log.warning("unreadable answer from Discord", extra={"chat": str(chat)}, exc_info=error)
            raise OutcomeUnknown(here(Code.ANSWER_UNREADABLE)) from error
        except RuntimeError as error:
            if not client.is_closed():
                raise
            raise OutcomeUnknown(here(Code.CONNECTION_CLOSED)) from error


def _clear_seldom(client: Client) -> None:
    """Make the library clean up its rate limits at most once a minute.

    discord.py 2.7.1 walks through all of them whenever a new channel is written to, so that each
    card costs more the more channels there are (docs/benchmarks.md: cards sent).
    """
    clear = client.http._try_clear_expired_ratelimits
    cleared = time.monotonic()

    def clear_seldom() -> None:
        nonlocal cleared
        if time.monotonic() - cleared >= CLEAR_S:
            cleared = time.monotonic()
            clear()

    vars(client.http)["_try_clear_expired_ratelimits"] = clear_seldom


async def _offer(client: Client) -> None:
    """Register our commands with Discord; if it refuses them, it keeps the ones it has."""
    try:
        await client.tree.sync()
    except discord.app_commands.CommandSyncFailure:
        log.exception("Discord refused our commands and keeps the old ones")


async def _stay(client: Client, tell: Callable[[str | None], None]) -> None:
    """Stay connected until the library gives up, or has been silent for too long."""
    connecting = asyncio.create_task(client.connect(), name="discord gateway")
    try:
        silent_s = 0.0
        while silent_s < SILENCE_S:
            done, _ = await asyncio.wait({connecting}, timeout=CHECK_S)
            if done:
                connecting.result()
                return
            silent_s = 0.0 if client.online else silent_s + CHECK_S
            if silent_s > CHECK_S:  # a short interruption isn't worth reporting
                tell("its gateway is silent")
        log.warning(
            "Discord has been silent for too long: reconnecting", extra={"silent_s": silent_s}
        )
    finally:
        # discord.py connects with asyncio.wait_for, which before Python 3.12 may lose a
        # cancellation (https://github.com/python/cpython/issues/86296), so cancel repeatedly.
        while not connecting.done():
            connecting.cancel()
            await asyncio.wait({connecting}, timeout=1)


@lru_cache(maxsize=128)
def _body(message: Message, _in: Language) -> Mapping[str, Any]:
    """A message as a request body, cached because one card goes to many chats."""
    rendered = render(message)
    said = discord.http.handle_message_parameters(
        embed=rendered.embed,
        view=view(rendered),
        allowed_mentions=discord.AllowedMentions.none(),
    )
    assert said.payload is not None, "there are no files"
    return said.payload


def _marked(rows: Sequence[Mapping[str, Any]], marker: int) -> list[Mapping[str, Any]]:
    """The rows, with this number as the id of the first component."""
    if not rows:
        return []
    first, *others = rows[0]["components"]
    return [{**rows[0], "components": [{**first, "id": marker}, *others]}, *rows[1:]]


async def _channel(client: Client, chat: Chat) -> discord.DMChannel | discord.PartialMessageable:
    if chat.address.startswith("@"):
        return await client.create_dm(discord.Object(int(chat.address[1:])))
    return client.get_partial_messageable(int(chat.address))


async def _awake(client: Client, chat: Chat, do: Callable[[], Awaitable[T]]) -> T:
    """Do something in a channel; if it is an archived thread, reopen it first.

    Discord archives a thread when nobody writes there for a while, and edits don't count. Anyone
    who may write in it may reopen it, unless it is locked.
    """
    try:
        return await do()
    except discord.HTTPException as error:
        if error.code != ARCHIVED or isinstance(
            client.get_channel(int(chat.address)), discord.abc.GuildChannel
        ):
            raise
    try:
        await client.http.edit_channel(int(chat.address), archived=False)
    except discord.HTTPException as error:
        if error.code not in RIGHTS:
            raise
        if missing := await permissions.fetched(client, chat, Permission.POST):
            raise failed(error, missing) from error
        raise Unreachable(Reason(Code.THREAD_LOCKED)) from error
    return await do()


async def _tidy_up(
    client: Client, where: discord.DMChannel | discord.PartialMessageable, pinned: int
) -> None:
    """Delete the notice “Storywire pinned a message”, which counts as our own message."""
    async for message in where.history(limit=NOTICE_AMONG):
        ours = client.user is not None and message.author.id == client.user.id
        about = message.reference.message_id if message.reference else None
        if ours and message.type is discord.MessageType.pins_add and about == pinned:
            await message.delete()
            return


def _original(
    channel: discord.DMChannel | discord.PartialMessageable, reply_to: str
) -> discord.MessageReference:
    return discord.MessageReference(
        message_id=int(reply_to), channel_id=channel.id, fail_if_not_exists=False
    )


def _nonce(key: str) -> str:
    return (
        key if len(key) <= NONCE_LIMIT else hashlib.blake2s(key.encode()).hexdigest()[:NONCE_LIMIT]
    )


def _marker(key: str) -> int:
    """The key as the id of a message's first component, which Discord returns for ever.

    It is large, so that it differs from the small numbers that Discord assigns by itself.
    """
    digest = hashlib.blake2s(key.encode(), digest_size=4).digest()
    return int.from_bytes(digest) & 0x7FFFFFFF | 0x40000000


def _number(message: discord.Message) -> int | None:
    for row in message.components:
        if isinstance(row, discord.ActionRow) and row.children:
            return row.children[0].id
    return None
