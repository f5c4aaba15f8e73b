"""All feeds are read when they are due, and none of them harms another."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta

import pytest

from newsroom.feeds import read_feeds
from newsroom.model import Article, ArticleKey, Feed, FeedKey
from newsroom.reading.document import Document, NotAFeed
from newsroom.reading.news import News
from newsroom.reading.rounds import Rounds
from newsroom.reading.schedule import FeedState
from sandbox.papers import Papers
from tests.newsroom.reading.site import NOW, InProcess, Site, fetcher, serving
from tests.newsroom.reading.test_parse import rss
from tests.running import eventually


class Remembered:
    """A memory that forgets with the process, and a clock that a test sets."""

    def __init__(self) -> None:
        self.now = NOW
        self.kept: dict[FeedKey, FeedState] = {}
        self.known: dict[FeedKey, dict[ArticleKey, str]] = {}
        self.articles: list[Article] = []
        self.revised: list[Article] = []
        self.withdrawn: list[ArticleKey] = []

    def clock(self) -> datetime:
        return self.now

    async def states(self) -> Mapping[FeedKey, FeedState]:
        return self.kept

    async def seen(self, feed: FeedKey) -> Mapping[ArticleKey, str]:
        return self.known.get(feed, {})

    async def take(self, feed: Feed, news: News, state: FeedState) -> None:
        self.kept[feed.key] = state
        self.known.setdefault(feed.key, {}).update(news.seen)
        self.articles += news.new
        self.revised += news.revised
        self.withdrawn += news.withdrawn


@contextlib.asynccontextmanager
async def reading(memory: Remembered, *feeds: Feed, parsers: InProcess) -> AsyncIterator[None]:
    async with fetcher() as fetching:
        rounds = Rounds(feeds, memory, fetching, parsers, memory.clock, glance=0.01)
        running = asyncio.create_task(rounds.run())
        try:
            yield
        finally:
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running


def many(count: int) -> str:
    item = "<item><title>{0}</title><guid>{0}</guid><pubDate>{1}</pubDate></item>"
    return rss("".join(item.format(n, NOW.strftime("%a, %d %b %Y %X GMT")) for n in range(count)))


@pytest.fixture
async def other() -> AsyncIterator[Site]:
    async with serving() as here:
        yield here


async def test_the_papers_are_followed_while_they_publish_correct_and_withdraw() -> None:
    memory = Remembered()
    async with Papers(memory.clock) as papers:
        feeds = read_feeds(papers.feeds_toml(), "feeds.toml").feeds
        async with reading(memory, *feeds, parsers=InProcess(0)):
            for step in papers.steps:
                papers.take(step)
                memory.now += timedelta(hours=7)
                read = {key: state.read_at for key, state in memory.kept.items()}
                await eventually(
                    lambda read=read: (
                        len(memory.kept) == len(feeds)  # type: ignore[misc]
                        and all(memory.kept[key].read_at != at for key, at in read.items())
                    )
                )
    assert len(memory.articles) == len(papers.pieces())
    assert len(memory.revised) == 2
    assert len(memory.withdrawn) == 1


async def test_a_broken_feed_and_a_defect_of_ours_harm_no_other(site: Site, other: Site) -> None:
    class Defective(InProcess):
        async def parse(self, body: bytes, content_type: str, url: str) -> Document | NotAFeed:
            if url.endswith("/defect"):
                raise RuntimeError("a defect")
            return await super().parse(body, content_type, url)

    memory = Remembered()
    feeds = [
        Feed(site.has("/defect", many(1)), "A"),
        Feed(site.has("/gone", status=410), "B"),
        Feed(site.has("/page", "<html>"), "C"),
        Feed(other.has("/good", many(3)), "D"),
    ]
    async with reading(memory, *feeds, parsers=Defective(0)):
        await eventually(lambda: len(memory.kept) == 4)
        memory.now += timedelta(hours=12)
        other.has("/good", many(4))
        await eventually(lambda: len(memory.articles) == 4)
    faults = [memory.kept[feed.key].fault for feed in feeds]
    assert faults[0] == "reading it failed by a defect of ours"
    assert faults[1].startswith("127.0.0.1 says that it's gone")
    assert faults[2] == "this is a web page (HTML), not a feed"
    assert faults[3] == ""
    assert [request.path for request in site.asked].count("/gone") == 1


async def test_a_flood_makes_that_feed_wait_and_nothing_of_it_is_lost(
    site: Site, other: Site
) -> None:
    memory = Remembered()
    flood = Feed(site.has("/flood", many(150), ETag='"1"'), "Flood")
    calm = Feed(other.has("/calm", many(2)), "Calm")
    async with reading(memory, flood, calm, parsers=InProcess(0)):
        for taken in (62, 122, 152):
            await eventually(lambda taken=taken: len(memory.articles) == taken)  # type: ignore[misc]
            memory.now += timedelta(hours=1, minutes=10)
    assert len({article.key for article in memory.articles}) == 152
    assert memory.kept[calm.key].fault == ""


async def test_a_restart_goes_on_where_it_was(site: Site) -> None:
    memory = Remembered()
    feed = Feed(site.has("/feed", many(3), ETag='"1"'), "A")
    async with reading(memory, feed, parsers=InProcess(0)):
        await eventually(lambda: len(memory.articles) == 3)
    async with reading(memory, feed, parsers=InProcess(0)):
        memory.now += timedelta(hours=7)
        await eventually(lambda: len(site.asked) == 2)
        await eventually(lambda: memory.kept[feed.key].read_at == memory.now)
    assert site.asked[1].headers["If-None-Match"] == '"1"'
    assert len(memory.articles) == 3
