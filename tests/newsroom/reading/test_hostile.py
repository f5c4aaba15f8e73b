"""Whatever a server sends, a visit ends with a feed or a sentence, and the next one works."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator

import pytest

from newsroom.reading.fetch import Limits
from newsroom.reading.schedule import FeedState
from newsroom.reading.visit import visit
from tests.newsroom.reading.site import InProcess, Site, fetcher, now
from tests.newsroom.reading.test_parse import ATOM, JSON, RSS_1, RSS_2

HEADERS = (
    *(b"Content-Type: text/xml; charset=utf-8", b"Content-Type: ;;=", b"Content-Length: -5"),
    *(b"Content-Length: 99999999999999999999", b"Content-Length: 5\r\nContent-Length: 6"),
    *(b"Transfer-Encoding: chunked", b"Transfer-Encoding: gzip", b"Content-Encoding: gzip"),
    *(b"Content-Encoding: gzip, gzip", b"Location: http://[::1", b"Location: //\xff\xfe/"),
    *(b"Location: http://a..b/", b"Location: http://paper.invalid../", b"Location: \x7f"),
    *(b"Location: http://" + b"a" * 300 + b"/", b"Retry-After: \xb2", b"Retry-After: 1 Foo 99999"),
    *(
        b"Cache-Control: max-age=99999999999999",
        b"Age: \xb2",
        b"ETag: \x01\xff",
        b"Set-Cookie: \xff",
    ),
    *(b"X: " + b"y" * 70_000, b" folded", b":", b"no colon", b"\0: \0"),
)
STATUSES = (
    b"200",
    b"200",
    b"200",
    b"204",
    b"206",
    b"301",
    b"304",
    b"308",
    b"429",
    b"999",
    b"1",
    b"x",
)
BODIES = tuple(text.encode() for text in (RSS_2, RSS_1, ATOM, JSON))


def response(rng: random.Random) -> bytes:
    """A response in which something is wrong, seldom everything."""
    body = bytearray(rng.choice(BODIES))
    for _ in range(rng.choice((0, 1, 3, 30))):
        body[rng.randrange(len(body))] = rng.randrange(256)
    if rng.random() < 0.3:
        body = body[: rng.randrange(len(body))]
    headers = rng.sample(HEADERS, rng.choice((0, 0, 1, 2)))
    if rng.random() < 0.5:
        headers.append(b"Content-Length: %d" % len(body))
    head = b"HTTP/1.1 %s OK\r\n%s\r\n\r\n" % (rng.choice(STATUSES), b"\r\n".join(headers))
    whole = bytearray(head + body)
    if rng.random() < 0.2:
        whole[rng.randrange(len(head))] = rng.randrange(256)
    return bytes(whole)


@contextlib.asynccontextmanager
async def garbling(rng: random.Random) -> AsyncIterator[str]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(response(rng))
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/feed"


@pytest.mark.parametrize("seed", range(10))
async def test_whatever_a_server_sends_a_visit_ends_in_a_feed_or_a_sentence(
    seed: int, site: Site
) -> None:
    rng = random.Random(seed)  # noqa: S311 - the same every time
    good = site.has("/feed", RSS_2)
    async with garbling(rng) as url, fetcher(limits=Limits(seconds=5)) as fetching:
        for _ in range(40):
            came = await visit(FeedState(url, etag='"1"'), fetching, InProcess(0), now)
            if came.document is None and came.state.fault:
                assert came.state.fault.isprintable()
                assert len(came.state.fault) <= 500
            assert came.state.next_at or came.state.disabled
        assert (await visit(FeedState(good), fetching, InProcess(0), now)).document
