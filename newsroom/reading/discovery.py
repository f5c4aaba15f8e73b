"""Feeds that a web page points to: an operator knows a paper's address, seldom its feed's."""

from html.parser import HTMLParser
from urllib.parse import urlsplit

from newsroom.reading.document import Link
from newsroom.reading.identity import link
from newsroom.reading.plain import clean, one_line

FOUND = 20
"""Feeds of one page that are named."""
COMMON = ("feed", "rss", "rss.xml", "feed.xml", "atom.xml", "index.xml", "feed.json")
"""Where feeds often are though no page points to them."""

_SOURCE = 1_000_000
"""Characters of a page that are looked at."""
_TYPES = (
    "application/rss+xml",
    "application/atom+xml",
    "application/feed+json",
    "application/rdf+xml",
    "application/json",
)


class _Links(HTMLParser):
    """Collects <link rel="alternate"> of a feed's type, and links whose address looks like one."""

    def __init__(self, base: str) -> None:
        super().__init__(convert_charrefs=True)
        self.base = base
        self.announced: dict[str, str] = {}
        self.guessed: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        url = link(given.get("href"), self.base)
        if url is None:
            return
        if tag == "base":
            self.base = url
        elif tag == "link" and "alternate" in given.get("rel", "").lower().split():
            kind = given.get("type", "").partition(";")[0].strip().lower()
            is_feed = kind in _TYPES and not (kind.endswith("/json") and "wp-json" in url)
            if is_feed and len(self.announced) < FOUND:
                self.announced.setdefault(url, one_line(clean(given.get("title", ""), 100)))
        elif tag == "a" and _looks_like_one(url) and len(self.guessed) < FOUND:
            self.guessed.setdefault(url, "")


def feeds_in(page: str, url: str) -> tuple[Link, ...]:
    """The feeds that an HTML page announces, else the addresses in it that look like feeds."""
    reader = _Links(url)
    reader.feed(page[:_SOURCE])
    found = reader.announced or reader.guessed
    return tuple(Link(address, title) for address, title in found.items())


def _looks_like_one(url: str) -> bool:
    parts = urlsplit(url)
    last = parts.path.rstrip("/").rpartition("/")[2].lower()
    host = (parts.hostname or "").partition(".")[0]
    return (
        last in ("rss", "feed", "atom", "rdf", *COMMON)
        or last.endswith((".rss", ".atom", ".rdf"))
        or (host in ("feeds", "rss") and last.endswith(".xml"))
    )
