"""A web server on this machine that answers as a test tells it to, and writes down who asked."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from aiohttp import web
from aiohttp.test_utils import TestServer

from newsroom.reading.child import Parsers
from newsroom.reading.document import Document, NotAFeed
from newsroom.reading.fetch import Fetcher, Limits
from newsroom.reading.guard import Guard
from newsroom.reading.parse import parse

Answering = Callable[[web.Request], Awaitable[web.StreamResponse]]
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def now() -> datetime:
    return NOW


@dataclass
class Site:
    """Paths and what stands there: a response's arguments, or a function that answers."""

    url: str = ""
    pages: dict[str, web.Response | Answering] = field(default_factory=dict)
    asked: list[web.BaseRequest] = field(default_factory=list)
    sent: int = 0
    """Bytes that a streaming page got rid of."""

    def has(self, path: str, body: bytes | str = b"", status: int = 200, **headers: str) -> str:
        """Put a page there; return its address."""
        raw = body.encode() if isinstance(body, str) else body
        named = {name.replace("_", "-"): value for name, value in headers.items()}

        async def answer(_: web.Request) -> web.Response:
            return web.Response(status=status, body=raw, headers=named)

        return self.answers(path, answer)

    def answers(self, path: str, answering: Answering) -> str:
        self.pages[path] = answering
        return f"{self.url}{path}"

    def moves(self, path: str, to: str, status: int = 301) -> str:
        return self.has(path, status=status, Location=to)

    def streams(self, path: str, chunk: bytes, times: int, pause: float = 0, **headers: str) -> str:
        """Put a body there that comes in pieces."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}

        async def answer(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse(headers=named)
            await response.prepare(request)
            with contextlib.suppress(ConnectionError):
                for _ in range(times):
                    await response.write(chunk)
                    self.sent += len(chunk)
                    await asyncio.sleep(pause)
            return response

        return self.answers(path, answer)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        page = self.pages.get(request.path)
        if page is None:
            return web.Response(status=404, text="nothing here")
        assert callable(page)
        return await page(request)


@contextlib.asynccontextmanager
async def serving(host: str = "127.0.0.1") -> AsyncIterator[Site]:
    site = Site()
    app = web.Application()
    app.router.add_get("/{path:.*}", site._answer)
    async with TestServer(app, host=host) as server:
        site.url = f"http://127.0.0.1:{server.port}"
        yield site


def fetcher(guard: Guard | None = None, limits: Limits | None = None) -> Fetcher:
    """A fetcher that may ask this machine, and does not pause."""
    return Fetcher(
        "desk@harbour.example", guard or Guard(allow=["127.0.0.1"]), now, limits=limits, spacing=0
    )


class InProcess(Parsers):
    """Parses without a child; `tests/newsroom/reading/test_child.py` tries the real ones."""

    async def parse(self, body: bytes, content_type: str, url: str) -> Document | NotAFeed:
        return parse(body, content_type, url)
