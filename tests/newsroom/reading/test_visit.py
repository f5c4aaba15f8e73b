"""A visit to a feed: papers of every kind over real sockets, and everything that goes wrong."""

import gzip
from dataclasses import replace
from datetime import timedelta

import pytest
from aiohttp import web

from newsroom.reading.child import ParserKilled
from newsroom.reading.document import Document, NotAFeed
from newsroom.reading.fetch import Fetcher
from newsroom.reading.schedule import FeedState
from newsroom.reading.visit import Visit, visit
from tests.newsroom.reading.site import NOW, InProcess, Site, now
from tests.newsroom.reading.test_parse import ATOM, JSON, RSS_1, RSS_2, rss

DAY = timedelta(days=1)


async def visited(state: FeedState | str, fetching: Fetcher) -> Visit:
    state = FeedState(state) if isinstance(state, str) else state
    return await visit(state, fetching, InProcess(0), now)


@pytest.mark.parametrize("text", [RSS_2, RSS_1, ATOM, JSON])
async def test_papers_of_every_format_are_read(site: Site, fetching: Fetcher, text: str) -> None:
    came = await visited(site.has("/feed", text), fetching)
    assert came.document
    assert [item.title for item in came.document.items] == ["Night ferry returns"]
    assert (came.state.fault, came.state.failures, came.state.read_at) == ("", 0, NOW)
    assert came.state.next_at
    assert came.state.next_at > NOW


async def test_a_latin_1_paper_behind_gzip_is_read(site: Site, fetching: Fetcher) -> None:
    body = gzip.compress(rss("<item><title>Fähre nach Malmö</title></item>").encode("latin-1"))
    url = site.has(
        "/feed", body, Content_Type="text/xml; charset=iso-8859-1", Content_Encoding="gzip"
    )
    came = await visited(url, fetching)
    assert came.document
    assert came.document.items[0].title == "Fähre nach Malmö"


async def test_what_did_not_change_is_neither_sent_nor_parsed(
    site: Site, fetching: Fetcher
) -> None:
    async def conditional(request: web.Request) -> web.Response:
        if request.headers.get("If-None-Match") == '"1"':
            return web.Response(status=304)
        return web.Response(text=RSS_2, headers={"ETag": '"1"'})

    first = await visited(site.answers("/feed", conditional), fetching)
    second = await visited(first.state, fetching)
    assert (second.document, second.state.fault) == (None, "")
    assert first.state.interval
    assert second.state.interval == first.state.interval * 1.5
    assert second.state.etag == '"1"'


async def test_without_validators_the_body_itself_tells(site: Site, fetching: Fetcher) -> None:
    first = await visited(site.has("/feed", RSS_2), fetching)
    second = await visited(first.state, fetching)
    assert (second.document, second.state.fault) == (None, "")
    site.has("/feed", RSS_1)
    assert (await visited(second.state, fetching)).document


async def test_a_paper_that_only_ever_says_304_is_named(site: Site, fetching: Fetcher) -> None:
    came = await visited(site.has("/feed", status=304), fetching)
    assert came.state.fault == (
        "127.0.0.1 answers “not modified” (304), though it was never read before"
    )
    assert came.state.failures == 1


async def test_a_broken_answer_is_not_remembered_as_read(site: Site, fetching: Fetcher) -> None:
    url = site.has("/feed", "<html>Come back later</html>", ETag='"1"')
    came = await visited(url, fetching)
    assert came.state.fault == "this is a web page (HTML), not a feed"
    assert (came.state.etag, came.state.body) == ("", "")


async def test_a_web_page_says_where_its_feeds_are(site: Site, fetching: Fetcher) -> None:
    links = "".join(
        f'<link rel=alternate type="application/rss+xml" href=/{each}>' for each in range(5)
    )
    came = await visited(site.has("/", f"<html>{links}</html>"), fetching)
    named = ", ".join(f"{site.url}/{each}" for each in range(3))
    assert came.state.fault == (
        f"this is a web page (HTML), not a feed; its feeds: {named} and 2 more"
    )


async def test_a_paper_that_moves_is_followed_at_once_and_rewritten_later(
    site: Site, fetching: Fetcher
) -> None:
    new = site.has("/new", RSS_2)
    state = FeedState(site.moves("/old", "/new"))
    clock = iter([NOW + day * DAY for day in range(3)])
    for _ in range(3):
        assert state.url.endswith("/old")
        state = (await visit(state, fetching, InProcess(0), clock.__next__)).state
        assert not state.fault
    assert state.url == new
    assert (await visited(state, fetching)).state.url == new


async def test_a_move_to_what_is_no_feed_counts_for_nothing(site: Site, fetching: Fetcher) -> None:
    site.has("/parked", "<html>This domain is for sale</html>")
    came = await visited(site.moves("/old", "/parked"), fetching)
    assert (came.state.moved_to, came.state.moved_days) == ("", 0)
    assert came.state.fault


async def test_gone_is_gone(site: Site, fetching: Fetcher) -> None:
    came = await visited(site.has("/feed", status=410), fetching)
    assert came.state.disabled.startswith("127.0.0.1 says that it's gone for good (410)")


@pytest.mark.parametrize("status", [429, 503])
async def test_a_server_that_wants_rest_gets_it(site: Site, fetching: Fetcher, status: int) -> None:
    came = await visited(site.has("/feed", status=status, Retry_After="36000"), fetching)
    assert came.state.next_at == NOW + timedelta(hours=10)
    assert f"({status})" in came.state.fault


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (401, "127.0.0.1 wants a login or a payment (401)"),
        (403, "127.0.0.1 refuses access (403): many sites block programs"),
        (404, "127.0.0.1 has nothing at this address (404): look for the feed on its site"),
        (418, "127.0.0.1 refuses it (418)"),
        (302, "127.0.0.1 redirects (302) without saying where"),
        (500, "127.0.0.1 has an error of its own (500)"),
    ],
)
async def test_every_refusal_is_a_sentence(
    site: Site, fetching: Fetcher, status: int, says: str
) -> None:
    came = await visited(site.has("/feed", status=status), fetching)
    assert came.state.fault.startswith(says)
    assert came.document is None


async def test_a_feed_that_kills_its_parser_is_parked_and_others_go_on(
    site: Site, fetching: Fetcher
) -> None:
    class Dying(InProcess):
        async def parse(self, body: bytes, content_type: str, url: str) -> Document | NotAFeed:
            raise ParserKilled("too much")

    state = FeedState(site.has("/feed", RSS_2))
    for _ in range(2):
        assert not state.disabled
        state = (await visit(state, fetching, Dying(0), now)).state
    assert state.disabled == "too much"
    assert (await visited(site.has("/other", RSS_2), fetching)).document


async def test_what_a_document_says_about_visits_holds_while_it_does_not_change(
    site: Site, fetching: Fetcher
) -> None:
    first = await visited(site.has("/feed", rss("", "<ttl>300</ttl>")), fetching)
    second = await visited(replace(first.state, interval=None), fetching)
    for came in (first, second):
        assert came.state.next_at
        assert came.state.next_at >= NOW + timedelta(minutes=300)
