"""A Discord on your own machine: start it, inspect it, act as people, and break it on purpose."""

import asyncio
import json
import re
import time
import weakref
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeVar

from aiohttp import web

from sandbox.calls import Call
from sandbox.discord import refusals, rights, world
from sandbox.discord.commands import Commands
from sandbox.discord.gateway import Gateway
from sandbox.discord.interactions import Interactions
from sandbox.discord.limits import Limits
from sandbox.discord.people import Answer, People, Value
from sandbox.discord.rest import Asked, Reply, Rest, Route
from sandbox.discord.rights import bits
from sandbox.discord.world import BOT, KINDS, MIRA, SOL, Channel, Json, Post, World

TOKEN = "MTEwMDAwMDAwMDAwMDAwMDIwMQ.SaNdBx.harbour-news-club-sandbox-only-0000000"  # noqa: S105
"""Well-formed (its first part is the bot's id) and useless elsewhere."""

API = "/api/v10"
CALLS_KEPT = 100_000
VIA = "1.1 sandbox"
"""Real answers come through a proxy; clients take a 429 without this header for a ban."""


@dataclass(slots=True)
class _Slow:
    """The answers to the next matching requests come late."""

    method: str
    path: re.Pattern[str]
    seconds: float
    times: int


@dataclass(slots=True)
class _Fault:
    """What the next matching requests get instead of their answer, or after being carried out."""

    method: str
    path: re.Pattern[str]
    status: int
    body: Any
    headers: Mapping[str, str]
    times: int
    after_effect: bool


@dataclass(slots=True)
class _Spoiled:
    """The answers to the next matching requests are replaced by arbitrary bytes."""

    method: str
    path: re.Pattern[str]
    raw: bytes
    content_type: str
    times: int


class Discord:
    """Discord's REST API and gateway for one bot in one server, on 127.0.0.1.

    Ids are strings. The world is the "Harbour News Club": see the constants in `world`.
    """

    def __init__(
        self,
        *,
        token: str = TOKEN,
        limits: bool = True,
        host: str = "127.0.0.1",
        port: int = 0,
        privileged_intents: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`limits=False` switches the rate limits off; port 0 takes a free one.

        `clock`: seconds since 1970, for ids, dates, ages and rate limits; tests can pass their own.
        """
        self.token = token
        self.calls: list[Call] = []
        """Every request so far, oldest first; the oldest are dropped beyond CALLS_KEPT."""
        self.unknown_calls: list[str] = []
        """Requests for something that Discord may have, but the sandbox doesn't."""
        self.world = World(self._happened, clock)
        self.gateway = Gateway(
            self.world, token, privileged=privileged_intents, changed=self._changed
        )
        self.interactions = Interactions(self.world)
        self.commands = Commands(self.world)
        self.limits = Limits(enforced=limits, clock=clock)
        self.rest = Rest(self.world, self.commands, self.interactions, self.gateway, self.limits)
        self._people = People(self.world, self.commands, self.interactions, self.gateway)
        self._faults: list[_Fault] = []
        self._slow: list[_Slow] = []
        self._spoiled: list[_Spoiled] = []
        self._bells: weakref.WeakSet[asyncio.Event] = weakref.WeakSet()
        self._host = host
        self._port = port
        self._runner: web.AppRunner | None = None

    # -- running ---------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/gateway", self.gateway.serve)
        app.router.add_get("/gateway/", self.gateway.serve)
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]
        self.gateway.url = self.gateway_url
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.gateway.close()
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def api_url(self) -> str:
        """The base of the REST API."""
        return f"http://{self._host}:{self._port}{API}"

    @property
    def gateway_url(self) -> str:
        """The address of the gateway."""
        return f"ws://{self._host}:{self._port}/gateway"

    # -- looking ---------------------------------------------------------------------------------

    def view(self) -> Json:
        """Everything that anyone could see, as JSON."""
        channels = list(self.world.channels.values())
        return {
            "guild": {
                "id": world.GUILD,
                "name": self.world.guild_name,
                "roles": [{"id": role.id, "name": role.name} for role in self.world.roles.values()],
            },
            "bot": self.world.user_object(BOT),
            "bot_is_here": self.world.bot_is_here,
            "connected": self.gateway.connected,
            "people": [
                {
                    "id": person,
                    "name": self.world.people[person].name,
                    "moderator": world.MODERATORS in self.world.people[person].roles,
                    "roles": list(self.world.people[person].roles),
                }
                for person in (MIRA, SOL)
            ],
            "channels": [
                {
                    "id": channel.id,
                    "name": channel.name,
                    "kind": KINDS[channel.kind],
                    "bot_may": rights.names(self.world.permissions(BOT, channel)),
                    **({"person": channel.recipient} if channel.recipient else {}),
                    **({"people": list(channel.group)} if channel.group else {}),
                    **({"parent": channel.parent.id} if channel.parent else {}),
                }
                for channel in channels
            ],
            "messages": {
                channel.id: [self._seen(post) for post in channel.posts.values()]
                for channel in channels
            },
            "commands": self.commands.all(),
            "pins": {channel.id: list(channel.pins) for channel in channels},
        }

    def _seen(self, post: Post) -> Json:
        label = {"interaction_label": post.label} if post.label else {}
        return self.world.message_object(post) | {"seen_by": post.seen_by} | label

    def watch(self) -> AsyncIterator[None]:
        """Yields after every visible change since the call; several changes at once count as
        one."""
        bell = asyncio.Event()
        self._bells.add(bell)
        return _ringing(bell)

    def messages(self, channel: str, seen_by: str | None = None) -> list[Json]:
        """Message objects, oldest first; ephemeral ones only for the person who sees them."""
        return [
            self.world.message_object(post)
            for post in self.world.channel(channel).posts.values()
            if post.seen_by is None or post.seen_by == seen_by
        ]

    def pins(self, channel: str) -> list[Json]:
        """The pinned messages, newest pin first."""
        where = self.world.channel(channel)
        return [self.world.message_object(where.posts[pin]) for pin in reversed(where.pins)]

    # -- people ----------------------------------------------------------------------------------

    async def slash(
        self,
        person: str,
        channel: str,
        command: str,
        options: Mapping[str, Value] | None = None,
        *,
        locale: str = "en-US",
        timeout: float = 10.0,  # noqa: ASYNC109 - how long the person looks, part of the product
    ) -> Answer:
        """Use a command ("faq", or "watch add" for a subcommand) and wait for the answer.

        Raises NotOffered if Discord's client would not let this person do it here, and NoAnswer if
        the bot doesn't react within three seconds or answer within `timeout`.
        """
        return await self._people.slash(
            str(person), str(channel), command, options or {}, locale=locale, timeout=timeout
        )

    async def autocomplete(
        self,
        person: str,
        channel: str,
        command: str,
        focused: str,
        options: Mapping[str, Any],
        *,
        locale: str = "en-US",
    ) -> list[Json]:
        """The choices offered while typing into `focused`; `options` contains the text so far."""
        return await self._people.autocomplete(
            str(person), str(channel), command, focused, options, locale=locale
        )

    async def click(
        self,
        person: str,
        message: Mapping[str, Any],
        custom_id: str,
        values: Sequence[str] = (),
        *,
        locale: str = "en-US",
        timeout: float = 10.0,  # noqa: ASYNC109
    ) -> Answer:
        """Press a button, or choose `values` in a menu, and wait for the result."""
        return await self._people.click(
            str(person), dict(message), custom_id, values, locale=locale, timeout=timeout
        )

    async def menu(
        self,
        person: str,
        message: Mapping[str, Any],
        command: str,
        *,
        locale: str = "en-US",
        timeout: float = 10.0,  # noqa: ASYNC109
    ) -> Answer:
        """Choose a command, by its name, in a message's menu, and wait for the answer."""
        return await self._people.menu(
            str(person), dict(message), command, locale=locale, timeout=timeout
        )

    async def submit(
        self,
        person: str,
        channel: str,
        answer: Answer,
        values: Mapping[str, str | Sequence[str]],
        *,
        locale: str = "en-US",
        timeout: float = 10.0,  # noqa: ASYNC109
    ) -> Answer:
        """Fill in the form that `answer` opened and wait for the result.

        `values`: texts and menu choices, by the custom_id of their field. Fields left out keep
        their preset.
        """
        return await self._people.submit(
            str(person), str(channel), answer, values, locale=locale, timeout=timeout
        )

    def say(self, person: str, channel: str, text: str) -> Json:
        """A person writes a message."""
        where = self.world.channel(channel)
        mentions = self.world.mentions(text, None, str(person), where)
        post = self.world.post(where, str(person), {"content": text, **mentions})
        return self.world.message_object(post)

    def delete_message(self, channel: str, message: str) -> None:
        """A person deletes a message, or dismisses one that only they see."""
        post = self.world.channel(channel).posts.get(str(message))
        if post is None:
            raise refusals.unknown_message()
        self.world.remove(post)

    def dm(self, person: str) -> str:
        """The id of the person's direct messages with the bot."""
        known = len(self.world.channels)
        channel = self.world.dm(str(person))
        if len(self.world.channels) != known:
            self._changed()
        return channel.id

    def refuse_dms(self, person: str, *, refused: bool = True) -> None:
        """The person closes their direct messages to the bot, or opens them again."""
        change = self.world.deaf_to_bot.add if refused else self.world.deaf_to_bot.discard
        change(str(person))

    def install(self, person: str) -> None:
        """The person adds the app to their own account, and can use it wherever they go."""
        self.world.installed.add(self.world.person(str(person)).id)
        self._changed()

    def uninstall(self, person: str) -> None:
        """The person removes the app from their account."""
        self.world.installed.discard(str(person))
        self._changed()

    def group(self, *people: str) -> str:
        """Start a group conversation between people; returns its channel id."""
        channel = self.world.start_group(tuple(map(str, people)))
        self._changed()
        return channel.id

    # -- the server's keepers --------------------------------------------------------------------

    def add_channel(self, name: str, kind: str = "text") -> str:
        """Create a channel of the kind text, announcement, forum, category or stage;
        returns its id."""
        numbers = {word: number for number, word in KINDS.items() if word in _MADE_BY_HAND}
        return self.world.add_channel(name, numbers[kind]).id

    def remove_channel(self, channel: str) -> None:
        """Delete a channel and everything in it."""
        self.world.remove_channel(self.world.channel(channel))

    def deny(self, channel: str, *permissions: str) -> None:
        """Take permissions from the bot in one channel."""
        self.world.overwrite(self.world.channel(channel), BOT, deny=bits(permissions))

    def allow(self, channel: str, *permissions: str) -> None:
        """Grant the bot permissions in one channel."""
        self.world.overwrite(self.world.channel(channel), BOT, allow=bits(permissions))

    def filter_links(self, *hosts: str) -> None:
        """Discord's filter refuses messages with a link to any of these hosts, and no others."""
        self.world.harmful = set(hosts)

    def remove_bot(self) -> None:
        """Remove the bot from the server (GUILD_DELETE); its messages stay."""
        self.world.bot_is_here = False
        self._happened("GUILD_DELETE", {"id": world.GUILD}, None)

    def add_bot(self) -> None:
        """Add the bot to the server again (GUILD_CREATE), with the permissions it had."""
        self.world.bot_is_here = True
        self._happened("GUILD_CREATE", self.gateway.guild(), None)

    def add_thread(self, channel: str, name: str) -> str:
        """Someone opens a thread in a channel; returns its id."""
        return self.world.start_thread(self.world.channel(channel), name, None, owner=SOL).id

    def archive(self, thread: str, *, archived: bool = True, locked: bool = False) -> None:
        """Archive, reopen, lock or unlock a thread."""
        self.world.archive(self.world.channel(thread), archived=archived, locked=locked)

    # -- faults ----------------------------------------------------------------------------------

    def fail_next(
        self,
        method: str,
        path_regex: str,
        status: int,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        times: int = 1,
        *,
        after_effect: bool = False,
    ) -> None:
        """Answer the next `times` matching requests with `status`; 0 cuts the connection.

        With `after_effect` the request is carried out first, and only its answer is lost.
        """
        self._faults.append(
            _Fault(method, re.compile(path_regex), status, body, headers or {}, times, after_effect)
        )

    def slow_next(self, method: str, path_regex: str, seconds: float, times: int = 1) -> None:
        """Carry out the next `times` matching requests at once, and answer them `seconds` later."""
        self._slow.append(_Slow(method, re.compile(path_regex), seconds, times))

    def spoil_next(
        self,
        method: str,
        path_regex: str,
        raw: bytes,
        content_type: str = "application/json",
        times: int = 1,
    ) -> None:
        """Carry out the next `times` matching requests, and answer them with these bytes
        instead."""
        self._spoiled.append(_Spoiled(method, re.compile(path_regex), raw, content_type, times))

    async def revoke_token(self, token: str) -> None:
        """Reset the bot's token: clients with the old one are refused, and disconnected (4004)."""
        self.token = self.gateway.token = token
        await self.gateway.hang_up(4004)

    def heal(self) -> None:
        """Cancel all faults that were still to come."""
        self._faults.clear()
        self._slow.clear()

    async def hang_up(self, code: int | None = None) -> None:
        """Close the gateway's sockets with a close code, or cut them; sessions can be resumed."""
        await self.gateway.hang_up(code)

    def ask_to_reconnect(self) -> None:
        """Opcode 7: clients are asked to reconnect and resume."""
        self.gateway.ask_to_reconnect()

    def forget_sessions(self) -> None:
        """Opcode 9: sessions are gone, clients have to identify anew."""
        self.gateway.forget_sessions()

    # -- one request -----------------------------------------------------------------------------

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        at = time.monotonic()
        path = re.sub(r"^/api(/v\d+)?(?=/)", "", request.path)
        body: Any = None
        try:
            body, wrong = await _read_body(request)
            reply, headers = self._answer(request, path, body, wrong)
        except refusals.Refusal as refused:
            reply, headers = Reply(refused.body(), refused.status), {}
        except _Limited as limited:
            reply, headers = Reply(limited.body, 429), limited.headers
        fault = self._fault(request.method, path, after_effect=True)
        if fault is not None:
            reply, headers = self._broken(fault, headers)
        call = Call(at, request.method, path, dict(request.query), body, reply.status, reply.body)
        self.calls.append(call)
        if len(self.calls) > CALLS_KEPT:
            del self.calls[: CALLS_KEPT // 2]
        await asyncio.sleep(self._late(request.method, path))
        if reply.status == 0:
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=500)  # goes nowhere
        if (spoiled := _next_of(self._spoiled, request.method, path)) is not None:
            headers = {**headers, "Content-Type": spoiled.content_type}
            return web.Response(status=200, body=spoiled.raw, headers=headers)
        if reply.body is None:
            return web.Response(status=reply.status, headers=headers)
        headers = {**headers, "Content-Type": "application/json"}  # exactly: no charset
        return web.Response(
            status=reply.status, body=json.dumps(reply.body).encode(), headers=headers
        )

    def _answer(
        self, request: web.Request, path: str, body: Any, wrong: refusals.Refusal | None
    ) -> tuple[Reply, dict[str, str]]:
        try:
            if not request.path.startswith(f"{API}/"):
                raise refusals.not_found()
            route, parts = self.rest.route(request.method, path)
        except refusals.Refusal:
            self.unknown_calls.append(f"{request.method} {path}")
            raise
        if not route.open and request.headers.get("Authorization") != f"Bot {self.token}":
            raise refusals.unauthorized()
        headers = self._count(route, parts)
        fault = self._fault(request.method, path, after_effect=False)
        if fault is not None:
            return self._broken(fault, headers)
        try:
            if wrong is not None:
                raise wrong
            return route.handler(Asked(body, request.query), **parts), headers
        except refusals.Refusal as refused:
            if refused.status == 501:
                self.unknown_calls.append(f"{request.method} {path}: {refused.message}")
            return Reply(refused.body(), refused.status), {**headers, **refused.headers}

    def _count(self, route: Route, parts: Mapping[str, str]) -> dict[str, str]:
        verdict = self.limits.check(
            route.method, route.template, route.major(parts), counted=not route.open
        )
        headers = {**verdict.headers, "Via": VIA}
        if verdict.refused:
            raise _Limited(verdict.body(), headers)
        return headers

    def _late(self, method: str, path: str) -> float:
        slow = _next_of(self._slow, method, path)
        return slow.seconds if slow else 0.0

    def _fault(self, method: str, path: str, *, after_effect: bool) -> _Fault | None:
        for fault in self._faults:
            fits = fault.method == method and fault.path.search(path)
            if fits and fault.after_effect == after_effect:
                fault.times -= 1
                if fault.times <= 0:
                    self._faults.remove(fault)
                return fault
        return None

    def _broken(self, fault: _Fault, headers: dict[str, str]) -> tuple[Reply, dict[str, str]]:
        body = fault.body
        if body is None and fault.status:
            body = {"message": f"{fault.status}: made to fail", "code": 0}
        return Reply(body, fault.status), {**headers, "Via": VIA, **fault.headers}

    # -- changes ---------------------------------------------------------------------------------

    def _happened(self, event: str, data: Json, channel: Channel | None) -> None:
        self.gateway.tell(event, data, channel)
        self._changed()

    def _changed(self) -> None:
        for bell in self._bells:
            bell.set()


_MADE_BY_HAND = ("text", "announcement", "forum", "category", "stage")


_T = TypeVar("_T", _Slow, _Spoiled)


def _next_of(those: list[_T], method: str, path: str) -> _T | None:
    """The first entry that matches, with one use subtracted."""
    for one in those:
        if one.method == method and one.path.search(path):
            one.times -= 1
            if one.times <= 0:
                those.remove(one)
            return one
    return None


@dataclass(slots=True)
class _Limited(Exception):
    body: dict[str, object]
    headers: dict[str, str]


async def _ringing(bell: asyncio.Event) -> AsyncIterator[None]:
    while True:
        await bell.wait()
        bell.clear()
        yield


async def _read_body(request: web.Request) -> tuple[Any, refusals.Refusal | None]:
    """A request's JSON, or the refusal if it is malformed (to be raised after checking
    permissions)."""
    if request.content_type == "multipart/form-data":
        return None, refusals.not_in_the_sandbox("a message with files")
    raw = await request.read()
    if not raw:
        return None, None
    if request.content_type != "application/json":
        message = "Expected \"Content-Type\" header to be one of {'application/json'}."
        wrong = {"_errors": [{"code": "CONTENT_TYPE_INVALID", "message": message}]}
        return None, refusals.invalid_form(wrong)
    try:
        return json.loads(raw), None
    except ValueError:
        return None, refusals.invalid_json()
