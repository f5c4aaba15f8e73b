"""A wire to a server on this machine that can be slow, be cut, or go silently dead."""

import asyncio
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

CHUNK = 65536


@dataclass(eq=False, slots=True)
class _Link:
    """One connection through the proxy: towards the client, and towards the server."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    said: bytearray = field(default_factory=bytearray)
    """How the client began; enough to know what the connection is for."""
    dead: bool = False
    """Half open: each side can write for ever, and nothing arrives at the other."""


class Proxy:
    """Passes connections at `port` on to `to_port`, both on 127.0.0.1."""

    def __init__(self, to_port: int) -> None:
        self.port = 0
        self.delay_s = 0.0
        """How long each piece takes, either way."""
        self.refuses = False
        """New connections are closed at once."""
        self._to_port = to_port
        self._links: set[_Link] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        """Reset every connection, as a router that restarts does; the half-open ones as well."""
        for link in list(self._links):
            link.client.transport.abort()
            link.server.transport.abort()

    def swallow(self, saying: bytes = b"") -> int:
        """Make every connection of now half open whose client said `saying` so far; count them.

        No side is told: what either writes from now on is lost. New connections are well.
        """
        found = [link for link in self._links if saying in link.said and not link.dead]
        for link in found:
            link.dead = True
        return len(found)

    def leads_to(self, port: int) -> None:
        """Pass new connections on to another server; those that stand stay where they are."""
        self._to_port = port

    def heal(self) -> None:
        """Be a good wire again. What is half open stays so: nobody on it would ever know."""
        self.delay_s = 0.0
        self.refuses = False

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.refuses:
            writer.transport.abort()
            return
        try:
            answers, server = await asyncio.open_connection("127.0.0.1", self._to_port)
        except OSError:
            writer.transport.abort()
            return
        link = _Link(writer, server)
        self._links.add(link)
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pass(link, reader, server, outward=True))
                both.create_task(self._pass(link, answers, writer, outward=False))
        finally:
            self._links.discard(link)
            writer.transport.abort()
            server.transport.abort()

    async def _pass(
        self,
        link: _Link,
        source: asyncio.StreamReader,
        target: asyncio.StreamWriter,
        *,
        outward: bool,
    ) -> None:
        """Carry what comes until one side ends; of a dead link only the client's end is noticed."""
        try:
            while piece := await source.read(CHUNK):
                if outward and len(link.said) < CHUNK:
                    link.said += piece
                if self.delay_s:
                    await asyncio.sleep(self.delay_s)
                if not link.dead:
                    target.write(piece)
                    await target.drain()
        except OSError:
            pass  # reset by one side: the other is told in the same way
        if outward or not link.dead:
            link.client.transport.abort()
            link.server.transport.abort()
