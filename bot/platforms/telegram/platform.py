"""The Telegram adapter: connects, posts, edits and pins."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import telegram
from telegram import Update
from telegram.constants import ChatType, ParseMode, UpdateType
from telegram.error import BadRequest, InvalidToken, TelegramError

from bot.model.capabilities import Capabilities
from bot.model.chat import Chat, Permission, Showing
from bot.model.command import Command
from bot.model.errors import NotNow, OutcomeUnknown, SendFailed, Unreachable
from bot.platforms.needs import AskLimits, GroupRateLimiter
from bot.platforms.telegram import permissions
from bot.platforms.telegram.answers import NO_PREVIEW, Answers, introduce, start_link
from bot.platforms.telegram.capabilities import TELEGRAM
from bot.platforms.telegram.membership import is_inside
from bot.platforms.telegram.refusals import NOT_MODIFIED, NOT_PINNED, failed, here
from bot.platforms.telegram.render import render
from bot.platforms.telegram.request import UNREADABLE, AiohttpRequest, TooLarge, TooSoon, Unread
from runtime.errors import SetupError
from wording.language import Language, spoken
from wording.message import Message
from wording.reasons import Code

log = logging.getLogger(__name__)

API_URL = "https://api.telegram.org"

REFUSED = (
    "Telegram refused the token: ask @BotFather for it (/mybots → your bot → API Token) "
    "and put it into STORYWIRE_TELEGRAM_TOKEN"
)

FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 30.0
LONGEST_DEAF_S = 300.0
"""The longest pause, in seconds, before asking for updates again, whatever Telegram asks for."""
ANSWER_S = 30.0
"""Timeout of a request. It is long, because a request we give up on may have been carried out."""
POLL_S = 25
POLL_SLACK_S = 10.0
CONNECTIONS = 100
QUESTIONS_AT_ONCE = 100
UPDATES_AT_ONCE = 100
MOVE_S = 2.0
"""How long updates wait for the rules of a chat that has just moved."""
TITLES_KEPT = 1000
WANTED = (
    UpdateType.MESSAGE,
    UpdateType.CHANNEL_POST,
    UpdateType.CALLBACK_QUERY,
    UpdateType.INLINE_QUERY,
    UpdateType.MY_CHAT_MEMBER,
)


class _Bot(telegram.Bot):
    """The library's bot, with direct ways to send cards.

    The library's own methods build objects for requests and answers each time, which costs more
    than the request (docs/benchmarks.md).
    """

    async def send_card(self, parameters: Mapping[str, Any]) -> str:
        """sendMessage; returns the message's id."""
        return str(int((await self._say("sendMessage", parameters))["message_id"]))

    async def edit_card(self, parameters: Mapping[str, Any]) -> None:
        """editMessageText."""
        int((await self._say("editMessageText", parameters))["message_id"])

    async def _say(self, method: str, parameters: Mapping[str, Any]) -> Any:
        assert isinstance(self.request, AiohttpRequest)
        return await self.request.call(f"{self.base_url}/{method}", parameters)

    async def raw_updates(self, offset: int, seconds: int, limit: int) -> list[Any]:
        """getUpdates, unparsed: the library would reject all of them because of a single unreadable
        one."""
        polling = self._request[0]
        assert isinstance(polling, AiohttpRequest)
        asked = {"offset": offset, "timeout": seconds, "limit": limit, "allowed_updates": WANTED}
        updates = await polling.call(
            f"{self.base_url}/getUpdates", asked, polling.read_timeout + seconds
        )
        if not isinstance(updates, list):
            raise Unread("Telegram's answer to getUpdates is no list")
        return updates


class TelegramPlatform:
    """One bot on Telegram. `api_url`: None for the real one."""

    def __init__(
        self,
        token: str,
        *,
        api_url: str | None,
        turns: AskLimits | None = None,
        left_out: Callable[[], None] = lambda: None,
        rate_limiter: GroupRateLimiter | None = None,
        too_fast: Callable[[], None] = lambda: None,
    ) -> None:
        """Without `turns` everyone may ask as fast as they like, and without `pace` they are
        answered as fast. `left_out` is called for each update that cannot be read, `too_fast` for
        each answer that is refused with a 429."""
        self._rate_limiter = rate_limiter
        self._too_fast = too_fast
        self._left_out = left_out
        self._turns = turns
        self._token = token
        self._api_url = api_url or API_URL
        self._bot: _Bot | None = None
        self._online = False
        self._pinning: deque[tuple[int, int]] = deque(maxlen=100)
        self._listeners: list[Callable[[frozenset[Chat], bool], None]] = []
        self._connection: Callable[[str | None], None] = lambda _: None
        self._movers: list[Callable[[Chat, Chat], Awaitable[None]]] = []
        self._titles: dict[int, str] = {}
        """The titles of chats that we have been removed from."""

    @property
    def name(self) -> str:
        return "telegram"

    @property
    def capabilities(self) -> Capabilities:
        return TELEGRAM

    @property
    def connected(self) -> bool:
        return self._online

    async def run(self, commands: Sequence[Command]) -> None:
        """Stay connected and answer commands until cancelled.

        Raises SetupError when Telegram refuses us for good.
        """
        bot = self._new_bot()
        answering: set[asyncio.Task[None]] = set()
        try:
            await self._persist(bot.initialize)
            await self._persist(bot.delete_webhook)  # Telegram delivers updates in one way only
            await self._persist(lambda: _offer(bot, commands))
            self._bot = bot
            answers = Answers(
                bot, commands, self._turns, self._pinning, self._rate_limiter, self._too_fast
            )
            async with aclosing(self._updates(bot)) as updates:
                async for update in updates:
                    if moved := _moved(update):
                        task = asyncio.create_task(self._tell_moved(*moved), name="telegram move")
                        answering.add(task)
                        task.add_done_callback(answering.discard)
                        # The next command there finds the rule, unless the storage is away long.
                        await asyncio.wait({task}, timeout=MOVE_S)
                    task = asyncio.create_task(answers.handle(update), name="telegram answer")
                    answering.add(task)
                    task.add_done_callback(answering.discard)
                    if len(answering) >= QUESTIONS_AT_ONCE:
                        await asyncio.wait(answering, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._bot, self._online = None, False
            for task in answering:
                task.cancel()
            await asyncio.gather(*answering, return_exceptions=True)
            await bot.shutdown()

    @asynccontextmanager
    async def visit(self) -> AsyncGenerator[str]:
        """Log in without answering anyone, to inspect chats with `lacks`; yields the bot's name.

        Raises SetupError for a wrong token and SendFailed if Telegram can't be reached.
        """
        bot = self._new_bot()
        try:
            try:
                await bot.initialize()
            except InvalidToken:
                raise SetupError(REFUSED) from None
            except TelegramError as error:
                raise failed(error) from error
            except UNREADABLE as error:
                raise failed(Unread("its answer cannot be read")) from error
            self._bot = bot
            yield f"@{bot.username}"
        finally:
            self._bot = None
            await bot.shutdown()

    def _new_bot(self) -> _Bot:
        # At DEBUG the library logs the token, and the text of every message.
        logging.getLogger("telegram.Bot").setLevel(logging.INFO)
        try:
            return _Bot(
                self._token,
                base_url=f"{self._api_url}/bot",
                request=AiohttpRequest(read_timeout_s=ANSWER_S, connections=CONNECTIONS),
                get_updates_request=AiohttpRequest(read_timeout_s=POLL_SLACK_S, connections=1),
            )
        except InvalidToken:  # an empty one
            raise SetupError(REFUSED) from None

    async def _updates(self, bot: _Bot) -> AsyncGenerator[Update]:
        """What people do, as it happens. Asking for more confirms the previous updates."""
        offset, poll_s, wait_s, limit = 0, 0, FIRST_WAIT_S, UPDATES_AT_ONCE
        while True:
            try:
                updates = await bot.raw_updates(offset, poll_s, limit)
            except InvalidToken:
                raise SetupError(REFUSED) from None
            except TelegramError as error:
                self._online, poll_s = False, 0  # the next poll returns at once, and says why
                if isinstance(error, TooLarge):  # one by one, and skip the one that is so large
                    offset += limit == 1 and offset > 0
                    limit = 1
                wait_s = await self._pause(error, wait_s)
                continue
            self._online, poll_s, wait_s, limit = True, POLL_S, FIRST_WAIT_S, UPDATES_AT_ONCE
            self._connection(None)
            for raw in updates:
                offset = _after(raw, offset)
                if (update := self._read(raw, bot)) is not None:
                    yield update
            if updates and not offset:  # they have no id by which to confirm them
                wait_s = await self._pause(Unread("updates without a number"), wait_s)

    def _read(self, raw: Any, bot: telegram.Bot) -> Update | None:
        """Parse an update, and note what it says about our membership; None if it can't be read."""
        try:
            update = Update.de_json(raw, bot)
            self._stand(update)
        except UNREADABLE as error:
            log.warning("unreadable update skipped", exc_info=error)
            self._left_out()
            return None
        return update

    def on_connection(self, listener: Callable[[str | None], None]) -> None:
        self._connection = listener

    async def _persist(self, step: Callable[[], Awaitable[object]]) -> None:
        """Run a step of connecting, and retry however long the network is away."""
        wait_s = FIRST_WAIT_S
        while True:
            try:
                await step()
            except InvalidToken:
                raise SetupError(REFUSED) from None  # the library's own text contains the token
            except TelegramError as error:
                wait_s = await self._pause(error, wait_s)
            except UNREADABLE as error:
                log.warning("unreadable answer from Telegram", exc_info=error)
                wait_s = await self._pause(Unread("its answer cannot be read"), wait_s)
            else:
                return

    async def _pause(self, error: TelegramError, wait_s: float) -> float:
        """Wait after an error; returns how long to wait after the next consecutive one."""
        if isinstance(error, TooSoon):
            wait_s = min(error.after.total_seconds(), LONGEST_DEAF_S)
        self._connection(error.message)
        await asyncio.sleep(wait_s)
        return min(2 * wait_s, LONGEST_WAIT_S)

    async def post(
        self,
        chat: Chat,
        message: Message,
        *,
        key: str,  # Telegram has no idempotency key
        silent: bool = True,
        reply_to: str | None = None,
        mention: str | None = None,  # Telegram has no roles: a sound is all there is
    ) -> str:
        """Post and return the message's id."""
        chat_id, topic = _address(chat)
        to = {"chat_id": chat_id, "message_thread_id": topic, "disable_notification": silent}
        original = None
        if reply_to is not None:
            original = {"message_id": int(reply_to), "allow_sending_without_reply": True}
        body = _body(self._here, chat_id, message)
        with self._speaking() as bot:
            return await bot.send_card({**to, **body, "reply_parameters": original})

    async def edit(self, chat: Chat, message_id: str, message: Message) -> None:
        chat_id, _ = _address(chat)
        which = {"chat_id": chat_id, "message_id": int(message_id)}
        body = _body(self._here, chat_id, message)
        with self._speaking(but=NOT_MODIFIED) as bot:
            await bot.edit_card({**which, **body})

    async def pin(self, chat: Chat, message_id: str) -> None:
        with self._speaking() as bot:
            chat_id, _ = _address(chat)
            self._pinning.append((chat_id, int(message_id)))
            await bot.pin_chat_message(chat_id, int(message_id), disable_notification=True)

    async def unpin(self, chat: Chat, message_id: str) -> None:
        with self._speaking(but=NOT_PINNED) as bot:
            await bot.unpin_chat_message(_address(chat)[0], message_id=int(message_id))

    async def pinned(self, chat: Chat) -> frozenset[str] | None:
        """Always None: bots see only a chat's latest pin."""
        return None

    async def publish(self, chat: Chat, message_id: str) -> None:
        """Does nothing: people who follow a Telegram channel read it there."""

    async def lacks(self, chat: Chat, permission: Permission) -> Sequence[str]:
        """The permissions we need and don't have, as Telegram names them to administrators."""
        with self._speaking() as bot:
            chat_id, topic = _address(chat)
            return (
                ()
                if _is_private(chat_id)
                else await permissions.missing(bot, chat_id, permission, topic)
            )

    def may_mention(self, chat: Chat, role: str) -> bool | None:
        """Always None: there are no roles."""
        return None

    async def called(self, chat: Chat) -> str:
        chat_id, topic = _address(chat)
        try:
            with self._speaking() as bot:
                title = (await bot.get_chat(chat_id)).effective_name
        except SendFailed:
            title = self._titles.get(chat_id)
        if not title:
            return str(chat)
        return f"{title} ({topic})" if topic else title

    async def moderates(self, chat: Chat, person: Chat) -> bool:
        if chat == person:
            return True
        chat_id, _ = _address(chat)
        try:
            with self._speaking() as bot:
                return await permissions.heads(bot, chat_id, _address(person)[0])
        except Unreachable:  # we aren't a member ourselves
            return False

    async def showing(self, chat: Chat) -> Showing | None:
        chat_id, _ = _address(chat)
        if _is_private(chat_id):
            return Showing.REPLY
        with self._speaking() as bot:
            channel = (await bot.get_chat(chat_id)).type == ChatType.CHANNEL
        return Showing.FORWARD if channel else Showing.REPLY

    async def is_in(self, chat: Chat) -> bool:
        chat_id, topic = _address(chat)
        if _is_private(chat_id) or topic is not None:
            return False
        try:
            with self._speaking() as bot:
                await permissions.missing(bot, chat_id, Permission.POST)
        except Unreachable as refused:
            return not refused.out
        return True

    def on_membership(self, listener: Callable[[frozenset[Chat], bool], None]) -> None:
        self._listeners.append(listener)

    def on_moved(self, listener: Callable[[Chat, Chat], Awaitable[None]]) -> None:
        self._movers.append(listener)

    async def _tell_moved(self, old: Chat, new: Chat) -> None:
        for listener in self._movers:
            try:
                await listener(old, new)
            except Exception:  # the next post to the old address reports it again
                log.exception("moving a chat failed", extra={"chat": str(old), "to": str(new)})

    def _stand(self, update: Update) -> None:
        """Note what an update says about our membership in its chat."""
        chat, inside = update.effective_chat, is_inside(update)
        if chat is None or inside is None:
            return
        if not inside and chat.effective_name:
            self._titles[chat.id] = chat.effective_name
        while len(self._titles) > TITLES_KEPT:
            del self._titles[next(iter(self._titles))]
        for listener in self._listeners:
            listener(frozenset({Chat("telegram", str(chat.id))}), inside)

    async def find(self, chat: Chat, key: str, since: datetime) -> str | None:
        """Always None: bots can't read earlier messages."""
        return None

    def server(self, chat: Chat) -> str:
        """Topics share their group's rate limit; every other chat counts as its own."""
        return chat.address.partition("/")[0]

    def link(self, chat: Chat, message_id: str) -> str | None:
        """For supergroups and channels; it works for their members: core.telegram.org/api/links."""
        chat_id, topic = _address(chat)
        if not str(chat_id).startswith("-100"):
            return None
        steps = [str(chat_id)[4:], *([str(topic)] if topic else []), message_id]
        return f"https://t.me/c/{'/'.join(steps)}"

    def repeatable(self, age_s: float) -> bool:
        """Always false: nothing would prevent a duplicate message."""
        return False

    @property
    def _here(self) -> _Bot:
        """The bot while we are connected; otherwise raises NotNow."""
        if self._bot is None:
            raise NotNow(timedelta(seconds=FIRST_WAIT_S), here(Code.NO_CONNECTION))
        return self._bot

    @contextmanager
    def _speaking(self, *, but: str | None = None) -> Iterator[_Bot]:
        """The bot; everything that goes wrong inside the block is raised as a SendFailed.

        A refusal that contains `but` is ignored: it means that nothing needs to be done.
        """
        bot = self._here
        try:
            yield bot
        except TelegramError as error:
            if but is None or but not in error.message.casefold():
                raise failed(error) from error
        except UNREADABLE as error:
            log.warning("unreadable answer from Telegram", exc_info=error)
            raise OutcomeUnknown(here(Code.ANSWER_UNREADABLE)) from error


def _after(raw: Any, offset: int) -> int:
    """The offset at which to continue after this raw update, whatever is wrong with it.

    0 if its id is unknown.
    """
    number = raw.get("update_id") if isinstance(raw, dict) else None
    if isinstance(number, int):
        return max(number + 1, offset)
    return offset + 1 if offset else 0  # the number increases by one


async def _offer(bot: telegram.Bot, commands: Sequence[Command]) -> None:
    """Register our commands with Telegram; if it refuses them, it keeps the ones it has."""
    try:
        await introduce(bot, commands)
    except BadRequest:
        log.exception("Telegram refused our commands and keeps the old ones")


def _moved(update: Update) -> tuple[Chat, Chat] | None:
    """The old and the new address if a group has become a supergroup; both chats report it."""
    said = update.message
    if said is None:
        return None
    old, new = said.chat.id, said.migrate_to_chat_id
    if said.migrate_from_chat_id:
        old, new = said.migrate_from_chat_id, said.chat.id
    return (Chat("telegram", str(old)), Chat("telegram", str(new))) if new else None


def _address(chat: Chat) -> tuple[int, int | None]:
    chat_id, _, topic = chat.address.partition("/")
    return int(chat_id), int(topic) if topic else None


def _is_private(chat_id: int) -> bool:
    """Groups and channels have negative ids: core.telegram.org/api/bots/ids."""
    return chat_id > 0


def _body(bot: telegram.Bot, chat_id: int, message: Message) -> Mapping[str, Any]:
    """A message as request parameters, without the chat."""
    return _body_once(message, spoken(), None if _is_private(chat_id) else start_link(bot))


@lru_cache(maxsize=128)
def _body_once(message: Message, _in: Language, link: str | None) -> Mapping[str, Any]:
    """The cached part: one card goes to many chats."""
    rendered = render(message, start_link=link)
    return {
        "text": rendered.html,
        "parse_mode": ParseMode.HTML,
        "reply_markup": rendered.keyboard and rendered.keyboard.to_dict(),
        "link_preview_options": NO_PREVIEW.to_dict(),
    }
