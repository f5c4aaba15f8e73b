"""Lists of feeds from other readers, and for them."""

import pytest

from newsroom.model import Feed
from newsroom.reading.opml import NotOpml, read_opml, write_opml

LIST = """<?xml version="1.0" encoding="ISO-8859-1"?><opml version="1.1"><head><title>Mine</title>
</head><body><outline text="News"><outline text="Küste">
<outline type="rss" text="x" title="Harbour  Times" xmlUrl="https://harbour-times.example/feed"
 htmlUrl="https://www.harbour-times.example/" category="/local/sea,Ferries"/></outline>
<outline text="Gazette" XMLURL="https://feeds.rented.example/g" htmlUrl="https://gazette.example"
 language="de"/></outline>
<outline text="Again" xmlUrl="https://harbour-times.example/feed"/>
<outline xmlUrl="https://plain.example/rss"/><outline text="Bad" xmlUrl="javascript:alert(1)"/>
</body></opml>"""


def test_a_list_gives_each_feed_once_with_its_folders_as_tags() -> None:
    assert read_opml(LIST.encode("latin-1")) == [
        Feed(
            "https://harbour-times.example/feed",
            "Harbour Times",
            tags=("news", "küste", "local", "sea", "ferries"),
        ),
        Feed(
            "https://feeds.rented.example/g",
            "Gazette",
            domain="gazette.example",
            language="de",
            tags=("news",),
        ),
        Feed("https://plain.example/rss", "plain.example"),
    ]


def test_what_is_written_is_read_back() -> None:
    feeds = [
        Feed("https://a.example/f?a=1&b=2", 'The <A> & "B"', tags=("news", "local")),
        Feed("https://b.example/f", "B", domain="other.example", language="de"),
    ]
    text = write_opml(feeds)
    assert read_opml(text.encode()) == feeds
    assert '<outline text="news">' in text


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b"", "it isn't well-formed XML"),
        (b"<opml><body>", r"it isn't well-formed XML \(line 1\)"),
        (b"<html></html>", "it begins with <html>, not with <opml>"),
        (b'<!DOCTYPE o [<!ENTITY a "ha">]><opml>&a;</opml>', "it declares entities"),
        (b"<opml>" + b"<outline text='a'>" * 100, "too deeply"),
    ],
)
def test_what_is_no_list_says_why(raw: bytes, sentence: str) -> None:
    with pytest.raises(NotOpml, match=sentence):
        read_opml(raw)
