"""The proxy itself: what passes, what is cut, and what is lost without a sign."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest

from tests.chaos.proxy import Proxy

Wire = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Dial = Callable[[], Awaitable[Wire]]


@pytest.fixture
async def proxy() -> AsyncIterator[Proxy]:
    """In front of a server that says everything back."""
    talks: set[asyncio.Task[None] | None] = set()

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.add(asyncio.current_task())
        try:
            while line := await reader.readline():
                writer.write(line)
        except ConnectionError:
            pass
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with server, Proxy(server.sockets[0].getsockname()[1]) as here:
        yield here
    await asyncio.gather(*filter(None, talks))  # the server hears that everyone hung up


@pytest.fixture
async def dial(proxy: Proxy) -> AsyncIterator[Dial]:
    async with AsyncExitStack() as stack:

        async def dialled() -> Wire:
            reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
            stack.callback(lambda: writer.transport.abort())  # holds the writer, too
            return reader, writer

        yield dialled


async def echoed(wire: Wire, word: bytes) -> bytes:
    """What comes back; nothing when the connection has ended."""
    try:
        wire[1].write(word + b"\n")
        return (await wire[0].readline()).strip()
    except ConnectionError:
        return b""


async def test_what_is_said_comes_back(proxy: Proxy, dial: Dial) -> None:
    assert await echoed(await dial(), b"one") == b"one"
    proxy.delay_s = 0.01
    assert await echoed(await dial(), b"two") == b"two"


async def test_a_cut_ends_every_connection_and_the_next_one_is_well(
    proxy: Proxy, dial: Dial
) -> None:
    first = await dial()
    assert await echoed(first, b"one") == b"one"
    proxy.cut()
    assert await echoed(first, b"two") == b""
    assert await echoed(await dial(), b"three") == b"three"


async def test_a_half_open_connection_gives_no_sign_and_others_are_well(
    proxy: Proxy, dial: Dial
) -> None:
    silent, well = await dial(), await dial()
    assert await echoed(silent, b"subscribe") == b"subscribe"
    assert await echoed(well, b"one") == b"one"
    assert proxy.swallow(b"subscribe") == 1
    answer = asyncio.create_task(echoed(silent, b"two"))
    for word in (b"two", b"three"):
        assert await echoed(well, word) == word
    proxy.heal()
    assert await echoed(await dial(), b"four") == b"four"
    assert not answer.done()
    proxy.cut()
    assert await answer == b""


async def test_refused_is_closed_at_once(proxy: Proxy, dial: Dial) -> None:
    proxy.refuses = True
    assert await echoed(await dial(), b"one") == b""
    proxy.heal()
    assert await echoed(await dial(), b"one") == b"one"
