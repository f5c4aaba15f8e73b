"""A feed that no parser can digest costs one child process, and no other feed anything."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from newsroom.reading.child import ParserKilled, Parsers
from newsroom.reading.document import Document, NotAFeed

URL = "https://harbour-times.example/feed"
GOOD = b"<rss version='2.0'><channel><title>Harbour Times</title><item><title>Ferry</title></item>"
SLOW = b"<rss version='2.0'><channel><item><description>" + b"<b>" * 50_000
LARGE = GOOD + b" " * 30 * 2**20


@pytest.fixture
async def parsers() -> AsyncIterator[Parsers]:
    async with Parsers(1) as here:
        yield here


async def titles(parsers: Parsers) -> list[str]:
    found = await parsers.parse(GOOD, "text/xml", URL)
    assert isinstance(found, Document)
    return [item.title for item in found.items]


@pytest.mark.parametrize(
    ("poison", "cpu", "memory"),
    [(SLOW, 0, 2**30), (LARGE, 60, 120 * 2**20)],
    ids=["slow", "large"],
)
async def test_a_feed_over_the_limits_is_given_up_and_the_next_is_read(
    poison: bytes, cpu: int, memory: int
) -> None:
    async with Parsers(1, cpu=cpu, memory=memory) as parsers:
        with pytest.raises(ParserKilled, match="within the time and memory"):
            await parsers.parse(poison, "text/xml", URL)
        assert await titles(parsers) == ["Ferry"]


async def test_a_child_reads_many_feeds_and_what_is_none(parsers: Parsers) -> None:
    assert [await titles(parsers) for _ in range(3)] == [["Ferry"]] * 3
    found = await parsers.parse("Fähre\ud800".encode(errors="surrogatepass"), "", URL)
    assert found == NotAFeed("neither XML nor JSON")
    assert len(parsers._running) == 1


async def test_a_child_that_hangs_or_was_ended_is_replaced() -> None:
    async with Parsers(1, wall=5) as parsers:
        assert await titles(parsers) == ["Ferry"]
        (child,) = parsers._running
        os.kill(child.pid, signal.SIGSTOP)  # stopped: it neither answers nor ends
        parsers._wall = 0.2
        with pytest.raises(ParserKilled):
            await parsers.parse(GOOD, "text/xml", URL)
        parsers._wall = 60
        assert await titles(parsers) == ["Ferry"]
        (child,) = parsers._running
        child.kill()
        await child.wait()
        assert await titles(parsers) == ["Ferry"]


async def test_who_stops_waiting_leaves_no_half_read_answer_behind(parsers: Parsers) -> None:
    assert await titles(parsers) == ["Ferry"]
    reading = asyncio.create_task(parsers.parse(SLOW, "text/xml", URL))
    await asyncio.sleep(0.05)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert await titles(parsers) == ["Ferry"]


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="no /proc to look into")
async def test_a_child_sees_nothing_of_our_environment(
    parsers: Parsers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STORYWIRE_DISCORD_TOKEN", "secret-token")
    await titles(parsers)
    (child,) = parsers._running
    environment = await asyncio.to_thread(Path(f"/proc/{child.pid}/environ").read_bytes)
    assert b"PYTHONPATH" in environment
    assert b"secret-token" not in environment
