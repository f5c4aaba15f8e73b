"""The sandbox's web page: a Discord and a Telegram side by side, updated live, acting for people.

GET / is the page, GET /events streams what there is to see, POST /act does what a person would do.
"""

import asyncio
import contextlib
import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import asdict
from importlib import resources
from types import TracebackType
from typing import Annotated, Any, Literal, Self, TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from sandbox import discord as local_discord
from sandbox import telegram as local_telegram
from sandbox.discord import Discord
from sandbox.discord.refusals import Refusal
from sandbox.discord.rights import BITS
from sandbox.telegram import Telegram

T = TypeVar("T")

HEADERS = {
    # Whatever a message contains, only this page's own files run, and nothing is fetched from
    # elsewhere: https://www.w3.org/TR/CSP3/
    "Content-Security-Policy": "default-src 'self'; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
LOOPBACK = ("127.0.0.1", "localhost", "::1")
APART = 0.1
"""Minimum seconds between two events to one page."""
GLANCE = 1.0
"""Seconds after which the page refreshes by itself: a connection can end through time alone."""
MOST_BYTES = 64 * 1024
ANSWERS_KEPT = 100
REFUSALS = (
    local_discord.NotOffered,
    local_discord.NoAnswer,
    local_telegram.NotPossible,
    local_telegram.NoAnswer,
)


class _Act(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class _Slash(_Act):
    do: Literal["discord.slash"]
    person: str
    channel: str
    command: str
    options: dict[str, str | int | float | bool] = {}
    locale: str = "en-US"


class _Autocomplete(_Act):
    do: Literal["discord.autocomplete"]
    person: str
    channel: str
    command: str
    focused: str
    options: dict[str, str | int | float | bool] = {}


class _DiscordMessage(BaseModel):
    """A message object; the sandbox looks up the rest by its id."""

    id: str
    channel_id: str


class _DiscordClick(_Act):
    do: Literal["discord.click"]
    person: str
    message: _DiscordMessage
    custom_id: str
    values: list[str] = []


class _DiscordMenu(_Act):
    do: Literal["discord.menu"]
    person: str
    message: _DiscordMessage
    command: str


class _Submit(_Act):
    do: Literal["discord.submit"]
    person: str
    channel: str
    form: str
    values: dict[str, str | list[str]] = {}


class _DiscordRight(_Act):
    do: Literal["discord.right"]
    channel: str
    right: str
    given: bool


class _DiscordBot(_Act):
    do: Literal["discord.bot"]
    here: bool


class _DiscordSay(_Act):
    do: Literal["discord.say"]
    person: str
    channel: str
    text: Annotated[str, Field(min_length=1, max_length=2000)]


class _Dm(_Act):
    do: Literal["discord.dm"]
    person: str


class _TelegramSay(_Act):
    do: Literal["telegram.say"]
    person: int
    chat: int
    text: str
    topic: int | None = None
    reply_to: int | None = None


class _TelegramRight(_Act):
    do: Literal["telegram.right"]
    chat: int
    right: str
    given: bool


class _TelegramBot(_Act):
    do: Literal["telegram.bot"]
    chat: int
    here: bool


class _TelegramChat(BaseModel):
    id: int


class _TelegramMessage(BaseModel):
    """A Message object; the sandbox looks up the rest by its number."""

    message_id: int
    chat: _TelegramChat


class _TelegramClick(_Act):
    do: Literal["telegram.click"]
    person: int
    message: _TelegramMessage
    data: str


class _Inline(_Act):
    do: Literal["telegram.inline"]
    person: int
    query: Annotated[str, Field(max_length=256)]


class _Choose(_Act):
    do: Literal["telegram.choose"]
    person: int
    chat: int
    offer: str
    result: str
    topic: int | None = None


class _Open(_Act):
    do: Literal["telegram.open"]
    person: int
    payload: str


_ACT: TypeAdapter[_Act] = TypeAdapter(
    Annotated[
        _Slash
        | _Autocomplete
        | _DiscordClick
        | _DiscordMenu
        | _Submit
        | _DiscordSay
        | _DiscordRight
        | _DiscordBot
        | _Dm
        | _TelegramSay
        | _TelegramRight
        | _TelegramBot
        | _TelegramClick
        | _Inline
        | _Choose
        | _Open,
        Field(discriminator="do"),
    ]
)


class Page:
    """The web page of one Discord and one Telegram.

    `async with Page(discord, telegram, port=8080) as page:` serves it at `page.url`. It listens
    only on this machine, because anyone who reaches it can act as anyone in the sandbox.
    """

    def __init__(
        self, discord: Discord, telegram: Telegram, *, host: str = "127.0.0.1", port: int = 0
    ) -> None:
        """Port 0 takes a free one. Raises ValueError for a host that others could reach."""
        if host not in LOOPBACK:
            raise ValueError(
                f"host {host!r} would show the sandbox to other machines; use one of "
                f"{', '.join(LOOPBACK)}"
            )
        self._discord = discord
        self._telegram = telegram
        self._host = host
        self._port = port
        self._stopping = False
        self._readers: set[asyncio.Event] = set()
        self._assets = _assets()
        self._forms: dict[str, local_discord.Answer] = {}
        """Answers that opened a form, until it is filled in; the oldest are dropped."""
        self._offers: dict[str, local_telegram.InlineAnswer] = {}
        """Inline results offered to a person; the oldest are dropped."""
        self._stack = contextlib.AsyncExitStack()

    @property
    def url(self) -> str:
        """The page's address, "http://127.0.0.1:8080/"."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}/"

    async def __aenter__(self) -> Self:
        app = web.Application(middlewares=[_at_home], client_max_size=MOST_BYTES)
        app.on_response_prepare.append(_add_headers)
        app.add_routes(
            [
                web.get("/events", self._events),
                web.post("/act", self._act),
                web.get("/{name:[^/]*}", self._asset),
            ]
        )
        async with contextlib.AsyncExitStack() as stack:
            runner = web.AppRunner(app, shutdown_timeout=1.0)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            site = web.TCPSite(runner, self._host, self._port)
            await site.start()  # report a taken port as such, before there are tasks
            tasks = await stack.enter_async_context(asyncio.TaskGroup())
            for changes in (self._discord.watch(), self._telegram.watch()):
                stack.callback(tasks.create_task(self._follow(changes)).cancel)
            self._port = int(runner.addresses[0][1])
            stack.callback(self._stop)  # first, so that open event streams end by themselves
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool | None:
        return await self._stack.__aexit__(kind, error, trace)

    def _stop(self) -> None:
        self._stopping = True
        self._tell()

    def _tell(self) -> None:
        for reader in self._readers:
            reader.set()

    async def _follow(self, changes: AsyncIterator[None]) -> None:
        async for _ in changes:
            self._tell()

    async def _asset(self, request: web.Request) -> web.Response:
        try:
            body, kind = self._assets[request.match_info["name"] or "index.html"]
        except KeyError:
            raise web.HTTPNotFound(text="There is no such page here.") from None
        return web.Response(body=body, content_type=kind, charset="utf-8")

    async def _events(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html): one
        `{"discord": view, "telegram": view}` now and after every change."""
        answer = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
        await answer.prepare(request)
        news = asyncio.Event()
        self._readers.add(news)
        shown = b""
        try:
            while not self._stopping:
                news.clear()
                views = {"discord": self._discord.view(), "telegram": self._telegram.view()}
                if (now := json.dumps(views).encode()) != shown:
                    await answer.write(b"data: %b\n\n" % now)
                    shown = now
                    await asyncio.sleep(APART)
                else:
                    await answer.write(b":\n\n")  # notice a page that went away
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(GLANCE):
                        await news.wait()
        except ConnectionResetError:
            pass  # the page was closed
        finally:
            self._readers.discard(news)
        return answer

    async def _act(self, request: web.Request) -> web.Response:
        """Do what the JSON says; 200 with the result, or 400 with {"error": one sentence}."""
        if request.content_type != "application/json":
            return _refusal("Send JSON, with Content-Type: application/json.")
        try:
            act = _ACT.validate_json(await request.read())
        except ValidationError as error:
            return _refusal(_sentence(error))
        try:
            result = await self._do(act)
        except REFUSALS as error:
            return _refusal(_as_sentence(str(error)))
        except Refusal as error:
            return _refusal(_as_sentence(error.message))
        if isinstance(result, local_discord.Answer):
            form = None if result.modal is None else _kept(self._forms, result)
            result = asdict(result) | {"form": form}
        elif isinstance(result, local_telegram.InlineAnswer):
            offer = _kept(self._offers, result)
            result = {"offer": offer, "results": result.results, "button": result.button}
        elif isinstance(result, local_telegram.ClickAnswer):
            result = asdict(result)
        return web.json_response(result)

    async def _do(self, act: _Act) -> Any:
        """Carry out the act and return the platform's answer; raises one of REFUSALS."""
        discord, telegram = self._discord, self._telegram
        match act:
            case _Slash(person=person, channel=channel, command=command, options=options):
                return await discord.slash(person, channel, command, options, locale=act.locale)
            case _Autocomplete(person=person, channel=channel, command=command, options=options):
                return await discord.autocomplete(person, channel, command, act.focused, options)
            case _DiscordClick(person=person, message=message, custom_id=button, values=values):
                return await discord.click(person, message.model_dump(), button, values)
            case _DiscordMenu(person=person, message=message, command=command):
                return await discord.menu(person, message.model_dump(), command)
            case _Submit(person=person, channel=channel, form=form, values=values):
                if form not in self._forms:
                    raise local_discord.NotOffered("the form is gone; open it again")
                opened = self._forms[form]
                return await discord.submit(person, channel, opened, values)
            case _DiscordRight(channel=channel, right=right, given=given):
                if right not in BITS:
                    raise local_discord.NotOffered(f"there is no right {right}")
                (discord.allow if given else discord.deny)(channel, right)
                return None
            case _DiscordBot(here=here):
                (discord.add_bot if here else discord.remove_bot)()
                return None
            case _DiscordSay(person=person, channel=channel, text=text):
                place = discord.world.channel(channel)
                if not discord.world.may(discord.world.person(person).id, place, "SEND_MESSAGES"):
                    raise local_discord.NotOffered(f"nobody with the id {person} writes there")
                return discord.say(person, channel, text)
            case _Dm(person=person):
                return discord.dm(person)
            case _TelegramSay(person=writer, chat=chat, text=text, topic=topic):
                return await telegram.say(writer, chat, text, topic=topic, reply_to=act.reply_to)
            case _TelegramRight(chat=chat, right=right, given=given):
                (telegram.allow if given else telegram.deny)(chat, right)
                return None
            case _TelegramBot(chat=chat, here=here):
                _bring_or_send_away(telegram, chat, here=here)
                return None
            case _TelegramClick(person=presser, message=shown, data=data):
                return await telegram.click(presser, shown.model_dump(), data)
            case _Inline(person=typist, query=query):
                return await telegram.inline(typist, query)
            case _Choose(person=chooser, chat=chat, offer=offer, result=result, topic=topic):
                if offer not in self._offers:
                    raise local_telegram.NotPossible("the offer is gone; type the words again")
                offered = self._offers[offer]
                return await telegram.choose(chooser, chat, offered, result, topic=topic)
            case _Open(person=opener, payload=payload):
                return await telegram.open(opener, payload)
            case _:
                raise AssertionError(f"nobody does {act!r}")


def _kept(shelf: dict[str, T], answer: T) -> str:
    """Store an answer; returns the name under which it can be found again."""
    name = secrets.token_hex(8)
    shelf[name] = answer
    if len(shelf) > ANSWERS_KEPT:
        del shelf[next(iter(shelf))]
    return name


def _bring_or_send_away(telegram: Telegram, chat: int, *, here: bool) -> None:
    """Add the bot to a chat, with its initial permissions, or remove it; in a private chat,
    unblock or block it."""
    match telegram.world.place(chat).kind, here:
        case "private", True:
            telegram.unblock(chat)
        case "private", False:
            telegram.block(chat)
        case "channel", True:
            telegram.invite(chat, "can_post_messages", "can_edit_messages")
        case _, True:
            telegram.invite(chat, "can_pin_messages")
        case _:
            telegram.kick(chat)


def _assets() -> Mapping[str, tuple[bytes, str]]:
    files = (resources.files("sandbox") / "page").iterdir()
    return {
        file.name: (file.read_bytes(), kind)
        for file in files
        for ending, kind in TYPES.items()
        if file.name.endswith(ending)
    }


@web.middleware
async def _at_home(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Answer this machine only under its own name: a foreign name that resolves here (DNS
    rebinding) or a foreign page that posts here must not act in the sandbox."""
    host = request.headers.get("Host", "")
    if host.rpartition(":")[0].strip("[]") not in LOOPBACK and host not in LOOPBACK:
        return _refusal(f"The sandbox answers to 127.0.0.1 and localhost, not to {host!r}.", 403)
    origin = request.headers.get("Origin")
    if origin is not None and origin != f"http://{host}":
        return _refusal(f"A page at {origin!r} may not act in the sandbox.", 403)
    return await handler(request)


async def _add_headers(_: web.Request, answer: web.StreamResponse) -> None:
    answer.headers.update(HEADERS)


def _refusal(sentence: str, status: int = 400) -> web.Response:
    return web.json_response({"error": sentence}, status=status)


def _sentence(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    path = ".".join(str(part) for part in first["loc"] if "." not in str(part))
    return _as_sentence(f"{path}: {first['msg']}" if path else first["msg"])


def _as_sentence(text: str) -> str:
    """The text with a capital and a full stop; option names at its start keep their case."""
    head = text if ":" in text.split(" ", 1)[0] else text[:1].upper() + text[1:]
    return head if head.endswith((".", "!", "?", "…")) else f"{head}."
