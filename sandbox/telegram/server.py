"""The Bot API over HTTP: receives calls, runs the methods, records everything."""

import asyncio
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self, TypeVar

from aiohttp import web

from sandbox.calls import Call
from sandbox.telegram import refusals
from sandbox.telegram.methods import Methods, Missing
from sandbox.telegram.params import Params, read
from sandbox.telegram.refusals import Refusal, Refused
from sandbox.telegram.updates import LONGEST_POLL

SEEN_FOR = 5.0
"""Seconds after its last getUpdates for which a bot still counts as connected."""


@dataclass(slots=True)
class Fault:
    """The next calls of some methods fail."""

    method: re.Pattern[str]
    refused: Refused
    left: int
    after_effect: bool


@dataclass(slots=True)
class Slow:
    """The answers to the next calls of some methods come late."""

    method: re.Pattern[str]
    seconds: float
    left: int


@dataclass(slots=True)
class Spoiled:
    """The answers to the next calls of some methods are replaced by arbitrary bytes."""

    method: re.Pattern[str]
    raw: bytes
    status: int
    content_type: str
    left: int


class Server:
    """Serves one bot at /bot<token>/<method>."""

    def __init__(self, methods: Methods, *, token: str, changed: Callable[[], None]) -> None:
        self.calls: list[Call] = []
        self.unknown_calls: list[str] = []
        """Methods, and parameters by name, that a bot asked for and the sandbox doesn't have."""
        self.faults: list[Fault] = []
        self.slow: list[Slow] = []
        self.spoiled: list[Spoiled] = []
        self.begun = 0
        """How many calls other than getUpdates have arrived."""
        self.in_flight = 0
        self.port = 0
        self._methods = methods
        self.token = token
        self._changed = changed
        self._last_poll: float | None = None
        self._goes: asyncio.TimerHandle | None = None
        self._runner: web.AppRunner | None = None

    async def start(self, host: str, port: int) -> Self:
        """Listen; port 0 takes a free one."""
        app = web.Application()
        app.router.add_route("*", "/bot{token}/{method}", self._answer)
        app.router.add_route("*", "/{other:.*}", _nowhere)
        # A poller that went away must not keep emptying the queue of updates.
        self._runner = web.AppRunner(
            app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def stop(self) -> None:
        """Close every connection and stop listening."""
        if self._goes:
            self._goes.cancel()
        if self._runner:
            await self._runner.cleanup()

    @property
    def connected(self) -> bool:
        """Whether a getUpdates is waiting, or came a moment ago."""
        if self._methods.updates.polled:
            return True
        now = asyncio.get_running_loop().time()
        return self._last_poll is not None and now - self._last_poll < SEEN_FOR

    async def drop_connections(self) -> None:
        """Cut every connection of the bot, as a network failure would."""
        if self._runner and self._runner.server:
            for connection in list(self._runner.server.connections):
                if connection.transport:
                    connection.transport.abort()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        token = request.match_info["token"]
        if not re.fullmatch(r"[0-9]+:[A-Za-z0-9_-]+", token):
            return _refuse(refusals.NOT_FOUND)
        if not secrets.compare_digest(token, self.token):
            return _refuse(refusals.UNAUTHORIZED)
        name, method = self._methods.named(request.match_info["method"])
        if name.lower() == "getupdates":
            return await self._call("getUpdates", self._updates, request)
        self.begun += 1
        self.in_flight += 1
        try:
            return await self._call(name, method, request)
        finally:
            self.in_flight -= 1

    async def _updates(self, params: Params) -> list[Any]:
        if self._methods.profile.webhook:
            raise Refused(refusals.WEBHOOK_IS_SET)
        updates = self._methods.updates
        updates.allow(params.value("allowed_updates", "allowed updates"))
        limit = min(max(params.integer("limit", 100), 1), 100)
        timeout = min(max(params.integer("timeout"), 0), LONGEST_POLL)
        try:
            return await updates.poll(params.integer("offset"), limit, timeout)
        finally:
            loop = asyncio.get_running_loop()
            self._last_poll = loop.time()
            if self._goes:
                self._goes.cancel()
            self._goes = loop.call_later(SEEN_FOR + 0.1, self._changed)

    async def _call(
        self, name: str, method: Callable[[Params], Any], request: web.Request
    ) -> web.StreamResponse:
        at = asyncio.get_running_loop().time()
        query: dict[str, str] = {}
        body: Any = None
        fault = self._fault(name)
        status = 200
        answer: dict[str, Any]
        headers: dict[str, str] = {}
        try:
            query, body = await read(request)
            result = await self._do(method, Params({**query, **(body or {})}), fault)
            answer = {"ok": True, "result": result}
        except Refused as refused:
            status, answer, headers = _refusal(refused)
        dropped = status == 0
        self.calls.append(
            Call(
                at=at,
                method=request.method,
                path=name,
                query=query,
                body=body,
                status=status,
                answer=None if dropped else answer,
            )
        )
        await asyncio.sleep(self._late(name))
        if dropped and request.transport:
            request.transport.abort()
        if (spoiled := _next_of(self.spoiled, name)) is not None:
            return web.Response(
                body=spoiled.raw, status=spoiled.status, content_type=spoiled.content_type
            )
        return web.json_response(answer, status=status or 500, headers=headers)

    async def _do(
        self, method: Callable[[Params], Any], params: Params, fault: Fault | None
    ) -> Any:
        if fault and not fault.after_effect:
            raise fault.refused
        try:
            result = method(params)
            if asyncio.iscoroutine(result):
                result = await result
        except Missing as missing:
            # Telegram would say 404, which clients read as a wrong token: say what it is.
            self.unknown_calls.append(str(missing))
            raise refusals.bad_request(f"{missing} is not in the sandbox") from missing
        if fault:
            raise fault.refused
        return result

    def _late(self, name: str) -> float:
        slow = _next_of(self.slow, name)
        return slow.seconds if slow else 0.0

    def _fault(self, name: str) -> Fault | None:
        return _next_of(self.faults, name)


_T = TypeVar("_T", Fault, Slow, Spoiled)


def _next_of(those: list[_T], name: str) -> _T | None:
    """The first entry that matches, with one use subtracted."""
    for one in those:
        if one.method.fullmatch(name):
            one.left -= 1
            if not one.left:
                those.remove(one)
            return one
    return None


def default_description(status: int, parameters: Mapping[str, Any]) -> str:
    """Telegram's description for a status if nothing more is known."""
    if "retry_after" in parameters:
        return f"Too Many Requests: retry after {parameters['retry_after']}"
    return {
        400: "Bad Request",
        401: "Unauthorized",
        403: "Forbidden",
        404: "Not Found",
        409: "Conflict",
        429: "Too Many Requests: retry later",
        500: "Internal Server Error",
        502: "Bad Gateway",
        504: "Gateway Timeout",
    }.get(status, f"Error {status}")


def fault(
    method: str,
    status: int,
    description: str | None,
    parameters: Mapping[str, Any] | None,
    times: int,
    *,
    after_effect: bool,
) -> Fault:
    """A Fault with Telegram's default description, unless another is given."""
    known = dict(parameters or {})
    refusal = Refusal(status, description or default_description(status, known))
    return Fault(re.compile(method, re.IGNORECASE), Refused(refusal, known), times, after_effect)


def _refusal(refused: Refused) -> tuple[int, dict[str, Any], dict[str, str]]:
    """The status, the answer and the headers of a refusal."""
    status = refused.refusal.status
    answer: dict[str, Any] = {
        "ok": False,
        "error_code": status,
        "description": refused.refusal.description,
    }
    headers = {}
    if refused.parameters:
        answer["parameters"] = refused.parameters
    if "retry_after" in refused.parameters:
        headers["Retry-After"] = str(refused.parameters["retry_after"])
    return status, answer, headers


def _refuse(refusal: Refusal) -> web.Response:
    status, answer, headers = _refusal(Refused(refusal))
    return web.json_response(answer, status=status, headers=headers)


async def _nowhere(request: web.Request) -> web.Response:
    return _refuse(refusals.NOT_FOUND)
