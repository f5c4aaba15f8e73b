"""A chat service of the mind, at the seam of bot.platforms.port.Platform, with a history of
its own.

What it does to a request is decided by the seed, the chat and how often that chat was spoken to,
so a schedule goes the same way whenever it is run. It remembers everything that was asked and
done; the checker reads that and nothing the bot says of itself.
"""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from bot.model.capabilities import Capabilities
from bot.model.chat import Chat, Permission, Showing
from bot.model.command import Command
from bot.model.errors import CardGone, Moved, NotNow, OutcomeUnknown, Unreachable
from bot.platforms.known import CAPABILITIES
from stories.story import StoryId
from wording.message import Message
from wording.reasons import Code, Reason

GIVES_UP_S = 30.0
"""How long a client waits for an answer."""
LATE_S = 10.0
"""How long after the client gave up a request may still be carried out."""
NONCE_S = 120.0
"""How long Discord surely remembers a nonce: “a few minutes”. We repeat within one of them, and
the repeat may hang for the better part of another."""
REPEATED_WITHIN_S = 60.0

PUBLISHES = (3, 30.0)
"""What stands for ten publishes an hour, so that a storm of two minutes meets the limit."""

PUBLISHED_UNHEARD = (
    "In the first hour after another process took over, slightly more than ten cards may be "
    "published in an announcement channel: requests of the previous process that got no answer "
    "aren't counted. A 429 is obeyed."
)
TAKEN_OVER = (
    "In the first minute after another process took over, a Telegram group may get more than "
    "twenty requests: failed attempts of the previous process aren't counted. A 429 is obeyed."
)


@dataclass(slots=True)
class Sent:
    """A message as people see it."""

    chat: Chat
    message_id: str
    key: str
    message: Message
    asked_at: float
    at: float
    reply_to: str | None = None
    mention: str | None = None
    deleted_at: float | None = None
    pinned: bool = False
    lives: set[StoryId] = field(default_factory=set)
    """The stories it was ever the card of."""
    published_at: float | None = None

    @property
    def story(self) -> StoryId | None:
        return StoryId(self.message.living) if self.message.living else None


def here(code: Code) -> Reason:
    return Reason(code, {"platform": "simulated"})


@dataclass(slots=True)
class Room:
    """One chat as the platform has it."""

    open: bool = True
    """The bot may write there."""
    moved_to: Chat | None = None
    asked: int = 0
    taken: deque[float] = field(default_factory=lambda: deque(maxlen=40))
    """When the last requests came."""
    published: deque[float] = field(default_factory=lambda: deque(maxlen=40))
    """When cards were sent on to those who follow it."""


@dataclass(frozen=True, slots=True)
class Weather:
    """How likely each mishap is, for one request."""

    answer_lost: float = 0.0
    request_lost: float = 0.0
    hangs: float = 0.0
    too_fast: float = 0.0
    too_fast_for_all: float = 0.0
    trouble: float = 0.0
    """A 5xx that is surely not done."""


CALM = Weather()


class Service:
    """One platform, shared by every process that knows its token."""

    def __init__(self, name: str, seed: int, chats: Sequence[Chat]) -> None:
        self.name = name
        self.rooms = {chat: Room() for chat in chats}
        self.sent: dict[str, Sent] = {}
        self.weather = CALM
        self.violations: list[str] = []
        self.exempted: list[str] = []
        self.requests: Counter[str] = Counter()
        """What became of the requests, for those who want to see that something happened."""
        self._seed = seed
        self._taken: deque[float] = deque(maxlen=60)
        self._refuses_until = 0.0
        self._last: Handle | None = None
        self._taken_over_at = 0.0

    @property
    def has_keys(self) -> bool:
        return self.name == "discord"

    def visible(self) -> list[Sent]:
        """What stands in the chats, oldest first; a chat that moved is judged where it went."""
        return [
            sent
            for sent in self.sent.values()
            if sent.deleted_at is None and self.rooms[sent.chat].moved_to is None
        ]

    def delete(self, dice: Random) -> None:
        """A person deletes one of the bot's messages."""
        if visible := self.visible():
            dice.choice(visible).deleted_at = _seconds()

    def migrate(self, old: Chat, new: Chat) -> None:
        """A group becomes a supergroup: other address, old messages out of reach."""
        self.rooms[old].moved_to = new
        self.rooms[new] = Room()

    async def request(
        self, act: str, chat: Chat, do: Callable[[Room], str], given_up: asyncio.Event
    ) -> str:
        """Take one request: refuse it, lose it, or do it, now or late."""
        room = self.rooms[chat]
        room.asked += 1
        dice = Random(f"{self._seed} {chat} {room.asked}")  # noqa: S311
        await asyncio.sleep(dice.uniform(0.01, 0.15))
        self._reckon(chat, room)
        if room.moved_to is not None:
            self.requests["moved"] += 1
            raise Moved(room.moved_to)
        now, weather = _seconds(), self.weather
        fate = dice.random()
        if now < self._refuses_until or (fate := fate - weather.too_fast_for_all) < 0:
            if now >= self._refuses_until:
                self._refuses_until = now + dice.uniform(1, 5)
            self.requests["too fast for all"] += 1
            pause = timedelta(seconds=self._refuses_until - now)
            raise NotNow(pause, here(Code.PAUSE), too_fast=True)
        if (fate := fate - weather.too_fast) < 0:
            self.requests["too fast"] += 1
            raise NotNow(timedelta(seconds=dice.uniform(0, 8)), here(Code.PAUSE), too_fast=True)
        if (fate := fate - weather.trouble) < 0:
            self.requests["trouble"] += 1
            raise NotNow(timedelta(seconds=5), here(Code.NO_CONNECTION))
        if not room.open:
            self.requests["closed"] += 1
            raise Unreachable(Reason(Code.MAY_NOT_WRITE))
        if (fate := fate - weather.request_lost) < 0:
            self.requests["request lost"] += 1
            await asyncio.sleep(dice.uniform(0.1, GIVES_UP_S))
            raise OutcomeUnknown(here(Code.CONNECTION_CLOSED))
        if (fate := fate - weather.hangs) < 0:
            self.requests["hangs"] += 1
            with suppress(TimeoutError):
                async with asyncio.timeout(dice.uniform(0.1, GIVES_UP_S)):
                    await given_up.wait()
            late = dice.uniform(0, LATE_S)
            asyncio.get_running_loop().call_later(late, self._late, do, room)
            raise OutcomeUnknown(here(Code.ANSWER_LOST))
        done = do(room)
        if (fate := fate - weather.answer_lost) < 0:
            self.requests["answer lost"] += 1
            await asyncio.sleep(dice.uniform(0.1, GIVES_UP_S))
            raise OutcomeUnknown(here(Code.ANSWER_LOST))
        self.requests[act] += 1
        await asyncio.sleep(dice.uniform(0.01, 0.15))
        return done

    def hears(self, caller: "Handle") -> None:
        """Note who calls: another process than before has taken over."""
        if caller is not self._last:
            self._last, self._taken_over_at = caller, _seconds()

    def _late(self, do: Callable[[Room], str], room: Room) -> None:
        """Nobody waits for it any more, and it is done all the same."""
        if room.open and room.moved_to is None:
            try:
                do(room)
            except CardGone:
                self.requests["late, and gone"] += 1
            else:
                self.requests["late"] += 1

    def count_publish(self, chat: Chat, room: Room) -> None:
        """Hold the bot to the platform's limit of publishes."""
        now = _seconds()
        room.published.append(now)
        most, window_s = PUBLISHES
        number = sum(at > now - window_s for at in room.published)
        if number > most and self._taken_over_at > now - window_s:
            self.exempted.append(PUBLISHED_UNHEARD)
        elif number > most:
            self.violations.append(f"{number} publishes in {window_s} s in {chat} at {now:.1f}")

    def _reckon(self, chat: Chat, room: Room) -> None:
        """Hold the bot to the platform's real limits."""
        now = _seconds()
        room.taken.append(now)
        self._taken.append(now)
        most = 50 if self.has_keys else 30
        if sum(at > now - 1 for at in self._taken) > most:
            self.violations.append(f"more than {most} requests in a second at {now:.1f}")
        in_5_s = sum(at > now - 5 for at in room.taken)
        if in_5_s > 7:  # 1/s, and a short burst passes
            self.violations.append(f"{in_5_s} requests in 5 s to {chat} at {now:.1f}")
        in_60_s = sum(at > now - 60 for at in room.taken)
        if chat.address.startswith("-") and in_60_s > 20:
            if self._taken_over_at > now - 60:
                self.exempted.append(TAKEN_OVER)
                return
            self.violations.append(f"{in_60_s} requests in 60 s to {chat} at {now:.1f}")


class Handle:
    """The platform as one process sees it. When the process dies, it does nothing more."""

    def __init__(self, service: Service, lives: Callable[[], None]) -> None:
        self._service = service
        self._lives = lives
        self.online = self._running = False
        self._open: set[asyncio.Event] = set()

    @property
    def name(self) -> str:
        return self._service.name

    @property
    def capabilities(self) -> Capabilities:
        return CAPABILITIES[self.name]

    @property
    def connected(self) -> bool:
        return self.online

    async def run(self, commands: Sequence[Command]) -> None:
        try:
            await asyncio.sleep(0.5)
            self._running = self.online = True
            await asyncio.Event().wait()
        finally:
            self._running = self.online = False

    def on_connection(self, listener: Callable[[str | None], None]) -> None:
        """Nobody asks here how the connection is."""

    def reconnect(self) -> None:
        self.online = self._running

    @asynccontextmanager
    async def visit(self) -> AsyncGenerator[str]:
        yield "the bot"

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
        service, asked_at = self._service, _seconds()

        def do(room: Room) -> str:
            now = _seconds()
            if service.has_keys:
                for sent in reversed(service.sent.values()):
                    if sent.key == key and sent.chat == chat and now - sent.at < NONCE_S:
                        return sent.message_id
            place = str(len(service.sent) + 1)
            sent = service.sent[place] = Sent(
                chat, place, key, message, asked_at, now, reply_to, mention
            )
            sent.lives |= {sent.story} if sent.story else set()
            return place

        return await self._request("reply" if reply_to else "post", chat, do)

    async def edit(self, chat: Chat, place: str, message: Message) -> None:
        service = self._service

        def do(room: Room) -> str:
            sent = service.sent.get(place)
            if sent is None or sent.chat != chat or sent.deleted_at is not None:
                raise CardGone(here(Code.SAID))
            sent.message = message
            sent.lives |= {sent.story} if sent.story else set()
            return place

        await self._request("edit", chat, do)

    async def pin(self, chat: Chat, place: str) -> None:
        await self._request("pin", chat, lambda room: self._pinned(chat, place, pinned=True))

    async def unpin(self, chat: Chat, place: str) -> None:
        await self._request("unpin", chat, lambda room: self._pinned(chat, place, pinned=False))

    async def pinned(self, chat: Chat) -> frozenset[str] | None:
        return frozenset(
            place
            for place, sent in self._service.sent.items()
            if sent.chat == chat and sent.pinned and sent.deleted_at is None
        )

    def _pinned(self, chat: Chat, place: str, *, pinned: bool) -> str:
        sent = self._service.sent.get(place)
        if sent is None or sent.chat != chat or sent.deleted_at is not None:
            raise CardGone(here(Code.SAID))
        sent.pinned = pinned
        return place

    async def publish(self, chat: Chat, place: str) -> None:
        service = self._service

        def do(room: Room) -> str:
            sent = service.sent.get(place)
            if sent is None or sent.chat != chat or sent.deleted_at is not None:
                raise CardGone(here(Code.SAID))
            if sent.published_at is None:
                sent.published_at = _seconds()
                service.count_publish(chat, room)
            return place

        await self._request("publish", chat, do)

    async def lacks(self, chat: Chat, permission: Permission) -> Sequence[str]:
        self._lives()
        return () if self._service.rooms[chat].open else ("Send Messages",)

    def may_mention(self, chat: Chat, role: str) -> bool | None:
        return None

    async def called(self, chat: Chat) -> str:
        return str(chat)

    async def moderates(self, chat: Chat, person: Chat) -> bool:
        self._lives()
        return True

    async def showing(self, chat: Chat) -> Showing | None:
        return None if self._service.has_keys else Showing.REPLY

    async def is_in(self, chat: Chat) -> bool:
        self._lives()
        return True  # nobody removes the bot here

    def on_moved(self, listener: Callable[[Chat, Chat], Awaitable[None]]) -> None:
        """Never called: that a chat moved is only noticed when it is written to."""

    def on_membership(self, listener: Callable[[frozenset[Chat], bool], None]) -> None:
        """Never called: what changes is only noticed when it is tried."""

    async def find(self, chat: Chat, key: str, since: datetime) -> str | None:
        service = self._service
        if not service.has_keys:
            return None

        def do(room: Room) -> str:
            places = (
                sent.message_id
                for sent in service.sent.values()
                if sent.key == key and sent.chat == chat and sent.deleted_at is None
            )
            return next(places, "")

        return await self._request("find", chat, do) or None

    def server(self, chat: Chat) -> str:
        return chat.address[:2]

    def link(self, chat: Chat, place: str) -> str | None:
        return f"https://chat.example/{chat.address}/{place}"

    def repeatable(self, age_s: float) -> bool:
        return self._service.has_keys and age_s <= REPEATED_WITHIN_S

    async def _request(self, act: str, chat: Chat, do: Callable[[Room], str]) -> str:
        """Once it has left it is the platform's: a dead process cannot call it back."""
        self._lives()
        given_up = asyncio.Event()
        self._service.hears(self)
        request = asyncio.ensure_future(self._service.request(act, chat, do, given_up))
        request.add_done_callback(_seen)
        self._open.add(given_up)
        try:
            return await asyncio.shield(request)
        finally:
            self._open.discard(given_up)
            given_up.set()
            self._lives()

    def hang_up(self) -> None:
        """The process died: its connections are closed, wherever its requests are."""
        for given_up in self._open:
            given_up.set()


def _seen(request: "asyncio.Future[str]") -> None:
    """Whoever asked may be gone; then nobody else reads how it ended."""
    if not request.cancelled():
        request.exception()


def _seconds() -> float:
    return asyncio.get_running_loop().time()
