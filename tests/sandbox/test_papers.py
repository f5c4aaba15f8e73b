"""The invented papers are papers to a real reader: every format, correction and withdrawal."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from newsroom.feeds import read_feeds
from newsroom.model import Article, ArticleKey, Feed, Item
from newsroom.reading.news import News, sift
from newsroom.reading.schedule import FeedState
from newsroom.reading.visit import visit
from sandbox.papers import NoSuchPaper, Papers, Step, cast
from tests.newsroom.reading.site import NOW, InProcess, fetcher, now


class Reader:
    """Reads all papers again and again, as the newsroom would."""

    def __init__(self, papers: Papers) -> None:
        self.feeds = read_feeds(papers.feeds_toml(), "feeds.toml").feeds
        self.states = {feed.key: FeedState(feed.url) for feed in self.feeds}
        self.seen: dict[ArticleKey, str] = {}
        self.articles: dict[ArticleKey, Article] = {}
        self.revised: list[Article] = []
        self.withdrawn: list[ArticleKey] = []

    async def round(self) -> None:
        async with fetcher() as fetching:
            for feed in self.feeds:
                came = await visit(self.states[feed.key], fetching, InProcess(0), now)
                assert came.state.fault == ""
                self.states[feed.key] = came.state
                if came.document:
                    self._take(feed, came.document.items)

    def _take(self, feed: Feed, items: tuple[Item, ...]) -> None:
        news: News = sift(feed, items, self.seen, NOW, allowance=60, first=False)
        self.seen |= news.seen
        self.articles |= {article.key: article for article in (*news.new, *news.revised)}
        self.revised += news.revised
        self.withdrawn += news.withdrawn


def test_every_paper_publishes_and_every_step_makes_sense() -> None:
    papers, steps = cast()
    assert len(papers) == 8
    assert {paper.kind for paper in papers} == {"rss", "rdf", "atom", "json"}
    assert {step.paper for step in steps} == {paper.key for paper in papers}
    assert steps[-1].after < 120, "all of it is seen within two minutes"
    known: set[tuple[str, ...]] = set()
    for step in steps:
        assert not step.copies or tuple(step.copies.split("/")) in known
        assert not step.withdrawn or (step.paper, step.slug) in known
        assert step.copies or (step.title and step.text)
        known.add((step.paper, step.slug))


async def test_a_reader_gets_what_the_papers_wrote() -> None:
    async with Papers(now) as papers:
        reader = Reader(papers)
        for step in papers.steps:
            papers.take(step)
            await reader.round()
        written = {
            (piece.title, piece.text.replace("\n\n", "\n"))
            for piece in papers.pieces()
            if not piece.withdrawn
        }
        read = {(each.title, each.text) for each in reader.articles.values()}
        assert written <= read
        assert {each.outlet for each in reader.articles.values()} == {
            paper.domain for paper in papers.papers.values()
        }
        assert {each.title for each in reader.revised} == {
            "Marlena stuck on the rocks at Skarn Point, tugs on their way",
            "Bronze compass of the Sorvik museum found in Aldmar",
        }
        assert len(reader.withdrawn) == 1
        assert reader.articles[reader.withdrawn[0]].name == "Lamplight"
        pages = [each.url for each in reader.articles.values()]
    assert all(page and page.startswith(papers.url) for page in pages)


@pytest.mark.parametrize("paper", [paper.key for paper in cast()[0]])
async def test_anybody_can_have_a_paper_publish_and_take_back(paper: str) -> None:
    async with Papers(now) as papers:
        reader = Reader(papers)
        papers.publish(paper, "mine", "Fähre & “more”", "One <two>.\nTwo & three €.")
        await reader.round()
        (article,) = reader.articles.values()
        assert (article.title, article.text) == ("Fähre & “more”", "One <two>.\nTwo & three €.")
        papers.withdraw(paper, "mine")
        await reader.round()
        assert reader.withdrawn == [article.key]
        with pytest.raises(NoSuchPaper):
            papers.publish("nobody", "x", "X", "X")


async def test_steps_are_played_in_their_order() -> None:
    async with Papers(lambda: datetime.now(UTC)) as papers:
        playing = asyncio.create_task(papers.play(pace=10_000))
        await playing
        assert len(papers.pieces()) == len({(step.paper, step.slug) for step in papers.steps})
        assert datetime.now(UTC) - papers.pieces()[0].updated < timedelta(minutes=5)
        papers.take(Step(0, "lamplight", "again", copies="coast-wire/marlena-afloat"))
        assert (
            papers.pieces("lamplight")[0].title == "Freighter Marlena pulled free from Skarn Point"
        )
