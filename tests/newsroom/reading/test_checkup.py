"""`try` and `check` say in a sentence what an address gives."""

from collections.abc import Sequence
from datetime import timedelta
from email.utils import format_datetime

import pytest

from newsroom.model import Feed
from newsroom.reading.checkup import Finding, examine, search
from newsroom.reading.document import Link
from newsroom.reading.fetch import Fetcher
from newsroom.reading.guard import Guard
from tests.newsroom.reading.site import NOW, InProcess, Site, fetcher, now
from tests.newsroom.reading.test_parse import JSON, rss

HOUR = timedelta(hours=1)


def item(ago: timedelta | None = HOUR, link: str = "/ferry", text: str = "It sails.") -> str:
    date = "" if ago is None else f"<pubDate>{format_datetime(NOW - ago)}</pubDate>"
    target = f"<link>{link}</link>" if link else ""
    shown = f"<title>Night ferry {ago}</title><description>{text}</description>"
    return f"<item>{shown}{target}{date}</item>"


async def found(url: str, fetching: Fetcher, feed: Feed | None = None) -> Finding:
    return await examine(url, fetching, InProcess(0), now, feed=feed)


async def searched(finding: Finding, fetching: Fetcher) -> Finding:
    assert finding.silent
    return await search(finding, fetching, InProcess(0), now)


@pytest.mark.parametrize(
    ("text", "fine", "sentence"),
    [
        (rss(item()), True, "RSS 2.0 “Harbour Times”: 1 item, the newest from 60 minutes ago"),
        (JSON, True, "JSON Feed 1.1 “Harbour Times”: 1 item, the newest from 2 hours ago"),
        (
            rss(item(3 * 24 * HOUR) + item(-HOUR / 2, "/b")),
            True,
            "RSS 2.0 “Harbour Times”: 2 items, the newest from just now",
        ),
        (rss(""), False, "it's empty: RSS 2.0 “Harbour Times” has no items"),
        (
            rss(item(400 * 24 * HOUR) * 2),
            False,
            "its newest item is from 20 October 2025, too old to be news: RSS 2.0 “Harbour Times”, "
            "1 item",
        ),
        (
            rss(item(None)),
            True,
            "RSS 2.0 “Harbour Times”: 1 item, none with a date: each counts from when it is first "
            "seen",
        ),
        ("", False, "this is an empty document, not a feed"),
        ("<rss version='2.0'", False, "this is XML of another kind, not a feed"),
        ("<html>", False, "this is a web page (HTML), not a feed"),
    ],
)
async def test_what_an_address_gives_is_one_sentence(
    site: Site, fetching: Fetcher, text: str, fine: bool, sentence: str
) -> None:
    finding = await found(site.has("/feed", text), fetching)
    assert (finding.fine, finding.sentence) == (fine, sentence)


@pytest.mark.parametrize(
    ("text", "note"),
    [
        (rss(item()) + "<oops", "it isn't well-formed XML; what could be read was read"),
        (rss(item() + "<item/>"), "entries with neither a title nor a text were left out: 1"),
        (
            rss(item(-48 * HOUR)),
            "items dated in the future: 1; they count from when they are first",
        ),
        (rss(item() + item(None, "/b")), "items without a date that can be one: 1"),
        (rss(item() + item(HOUR, "/b") + item(HOUR, "/c")), "all its items have the same date"),
        (rss(item(link="")), "none of its items has a link"),
        (rss(item(text="")), "it has titles only: stories can quote nothing but those"),
        (
            rss(item(link="https://news.gazette.example/ferry")),
            "its items link to gazette.example, and it counts as 127.0.0.1: add domain = "
            '"gazette.example" if that is the outlet',
        ),
    ],
)
async def test_what_is_worth_changing_is_noted(
    site: Site, fetching: Fetcher, text: str, note: str
) -> None:
    finding = await found(site.has("/feed", text), fetching)
    assert finding.fine
    assert [each for each in finding.notes if each.startswith(note)]


async def test_what_the_operator_has_decided_is_not_noted(site: Site, fetching: Fetcher) -> None:
    url = site.has("/feed", rss(item(link="https://news.gazette.example/ferry")))
    assert (await found(url, fetching, Feed(url, "H", domain="times.example"))).notes == ()


async def test_a_good_feed_has_no_notes(site: Site, fetching: Fetcher) -> None:
    assert (await found(site.has("/feed", rss(item())), fetching)).notes == ()


async def test_a_feed_that_moved_or_speaks_another_language_is_noted(
    site: Site, fetching: Fetcher
) -> None:
    new = site.has("/new", rss(item(), "<language>de-at</language>"))
    old = site.moves("/old", "/new")
    finding = await found(old, fetching, Feed(old, "Harbour Times"))
    assert finding.notes == (
        f"it moved for good: change its address to {new}",
        'it says that it is in “de-at”, and its entry says language = "en"',
    )


async def test_a_site_names_its_feeds_or_they_are_searched(site: Site, fetching: Fetcher) -> None:
    page = '<html><link rel="alternate" type="application/rss+xml" href="/news.xml">'
    finding = await found(site.has("/", page), fetching)
    assert finding.feeds == (Link(f"{site.url}/news.xml"),)
    assert finding.sentence.endswith(f"not a feed; its feeds: {site.url}/news.xml")
    assert not finding.silent
    silent = await found(site.has("/silent", "<html>Welcome"), fetching)
    assert silent.feeds == ()
    lost = await searched(silent, fetching)
    assert lost.sentence.endswith("not a feed, and the usual places have none")
    site.has("/rss.xml", rss(item()))
    finding = await searched(silent, fetching)
    assert finding.feeds == (Link(f"{site.url}/rss.xml"),)
    assert finding.sentence.endswith(f"not a feed; there is one at {site.url}/rss.xml")


@pytest.mark.parametrize(
    "typed", ["paper.example/feed", "feed:https://paper.example/feed", " //paper.example/feed"]
)
async def test_an_address_may_be_typed_as_into_a_browser(typed: str) -> None:
    async def lookup(host: str, port: int) -> Sequence[str]:
        raise OSError

    async with fetcher(Guard(lookup=lookup)) as lost:
        finding = await found(typed, lost)
    assert finding.url == "https://paper.example/feed"
    assert finding.sentence == ("there's no server called paper.example: check the spelling")
