"""Feeds of every format give the same items; what is no feed says what it is."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from newsroom.model import TEXT, TITLE, Item
from newsroom.reading.document import ITEMS, Document, Link, NotAFeed
from newsroom.reading.parse import parse

URL = "https://harbour-times.example/feed"
PAGE = "https://harbour-times.example/ferry"
TEN = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
ELEVEN = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)


def read(text: str | bytes, content_type: str = "", url: str = URL) -> Document:
    found = parse(text.encode() if isinstance(text, str) else text, content_type, url)
    assert isinstance(found, Document), found
    return found


def only(text: str | bytes, content_type: str = "") -> Item:
    (item,) = read(text, content_type).items
    return item


def rss(items: str, channel: str = "", head: str = "") -> str:
    return (
        f'{head}<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom">'
        f"<channel><title>Harbour Times</title><link>https://harbour-times.example/</link>{channel}"
        f"{items}</channel></rss>"
    )


RSS_2 = rss(
    f"""<item><title>Night ferry returns</title><link>{PAGE}</link>
    <guid isPermaLink="false">tag:1</guid><description>&lt;p&gt;It &lt;b&gt;sails&lt;/b&gt; at ten.
    &lt;/p&gt;</description><pubDate>Tue, 24 Nov 2026 11:00:00 +0100</pubDate></item>"""
)
RSS_091 = f"""<?xml version="1.0"?><!DOCTYPE rss PUBLIC "-//Netscape//DTD RSS 0.91//EN"
    "http://my.netscape.com/publish/formats/rss-0.91.dtd"><rss version="0.91"><channel>
    <title>Harbour Times</title><item><title>Night ferry returns</title><link>{PAGE}</link>
    <description>It sails at ten.</description></item></channel></rss>"""
RSS_1 = f"""<?xml version="1.0"?><rdf:RDF xmlns="http://purl.org/rss/1.0/"
    xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
    xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="{URL}">
    <title>Harbour Times</title><link>https://harbour-times.example/</link></channel>
    <item rdf:about="tag:1"><title>Night ferry returns</title><link>{PAGE}</link>
    <description>It sails at ten.</description><dc:date>2026-11-24T10:00:00Z</dc:date></item>
    </rdf:RDF>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en-GB"><title>Harbour Times</title>
    <link href="https://harbour-times.example/"/><link rel="hub" href="https://hub.example/"/>
    <entry><id>tag:1</id><title type="text">Night ferry returns</title><link href="/ferry"/>
    <published>2026-11-24T10:00:00Z</published><updated>2026-11-24T11:00:00Z</updated>
    <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>It <b>sails</b> at ten.</p>
    </div></content></entry></feed>"""
JSON = json.dumps(
    {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Harbour Times",
        "home_page_url": "https://harbour-times.example/",
        "language": "en-GB",
        "hubs": [{"type": "WebSub", "url": "https://hub.example/"}],
        "items": [
            {
                "id": "tag:1",
                "url": "/ferry",
                "title": "Night ferry returns",
                "content_html": "<p>It <b>sails</b> at ten.</p>",
                "date_published": "2026-11-24T12:00:00+02:00",
            }
        ],
    }
)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (RSS_2, "RSS 2.0"),
        (RSS_091, "RSS 0.91 (Netscape)"),
        (RSS_1, "RSS 1.0"),
        (ATOM, "Atom 1.0"),
        (JSON, "JSON Feed 1.1"),
    ],
)
def test_every_format_says_the_same(text: str, kind: str) -> None:
    feed = read(text)
    assert (feed.format, feed.title, feed.damaged) == (kind, "Harbour Times", False)
    (item,) = feed.items
    assert (item.title, item.text, item.url) == ("Night ferry returns", "It sails at ten.", PAGE)
    if "0.91" not in kind:
        assert feed.site == "https://harbour-times.example/"
        assert (item.id, item.published) == ("tag:1", TEN)


def test_what_only_newer_formats_say_is_read() -> None:
    for text in (ATOM, JSON):
        feed = read(text)
        assert (feed.language, feed.hub) == ("en-GB", "https://hub.example/")
    assert only(ATOM).updated == ELEVEN


ENCODED = "Fähre “Nord” fährt – für 5 €"


@pytest.mark.parametrize(
    ("codec", "declared", "content_type"),
    [
        ("utf-8", "utf-8", "text/xml"),
        ("utf-8", "", "application/rss+xml"),
        ("utf-8", "iso-8859-1", "text/xml; charset=iso-8859-1"),  # wrong twice, and common
        ("utf-8-sig", "iso-8859-1", ""),
        ("cp1252", "iso-8859-1", ""),
        ("cp1252", "", "text/xml; charset=ISO-8859-1"),
        ("cp1252", "utf-8", ""),
        ("cp1252", "x-unheard-of", ""),
        ("utf-16", "utf-16", ""),
        ("utf-16-le", "utf-16", "text/xml; charset=utf-16"),
        ("utf-16-be", "", ""),
        ("utf-8", "utf-16", ""),
    ],
)
def test_encodings_are_read_as_a_browser_would(
    codec: str, declared: str, content_type: str
) -> None:
    said = f' encoding="{declared}"' if declared else ""
    text = rss(f"<item><title>{ENCODED}</title></item>", head=f'<?xml version="1.0"{said}?>\n')
    assert only(text.encode(codec), content_type).title == ENCODED


@pytest.mark.parametrize(
    ("label", "codec", "title"),
    [
        ("gb2312", "gb18030", "渡轮夜航恢复镕"),
        ("big5", "big5", "夜間渡輪復航"),
        ("shift_jis", "cp932", "夜行フェリー再開①"),
        ("euc-jp", "euc_jp", "夜行フェリー再開"),
        ("iso-2022-jp", "iso2022_jp", "夜行フェリー再開"),
        ("ks_c_5601-1987", "cp949", "야간 여객선 재개"),
        ("windows-1251", "cp1251", "Ночной паром"),
        ("koi8-r", "koi8_r", "Ночной паром"),
        ("iso-8859-9", "cp1254", "Gece vapuru döndü – İzmir"),
        ("iso-8859-2", "iso8859_2", "Nocny prom powrócił"),
        ("windows-1256", "cp1256", "عودة العبارة"),
        ("iso-8859-8-i", "iso8859_8", "המעבורת חוזרת"),
        ("tis-620", "cp874", "เรือข้ามฟาก"),
        ("x-mac-cyrillic", "mac_cyrillic", "Ночной паром"),
        ("iso-8859-15", "iso8859_15", "Fähre für 5 €"),
    ],
)
def test_labels_mean_what_the_encoding_standard_says(label: str, codec: str, title: str) -> None:
    head = f'<?xml version="1.0" encoding="{label}"?>'
    text = rss(f"<item><title>{title}</title></item>", head=head)
    assert only(text.encode(codec)).title == title


def test_one_wrong_byte_costs_one_character() -> None:
    text = rss("<item><title>Fähre nach Göteborg</title></item><item><title>?x</title></item>")
    first, second = read(text.encode().replace(b"?x", b"\xe4x")).items
    assert (first.title, second.title) == ("Fähre nach Göteborg", "äx")
    japanese = rss("<item><title>夜行フェリー</title></item><item><title>?!</title></item>")
    raw = b'<?xml version="1.0" encoding="shift_jis"?>' + japanese.encode("cp932")
    assert read(raw.replace(b"?!", b"\xff!")).items[0].title == "夜行フェリー"


@pytest.mark.parametrize(
    "title",
    [
        "AT&amp;amp;T &amp;#8217;says&amp;#8217; hi",
        "<![CDATA[AT&amp;T &#8217;says&#8217; hi]]>",
        "<![CDATA[<b>AT&amp;T</b> &rsquo;says&rsquo;\n hi]]>",
        "AT&amp;T &#8217;says&#8217; hi\u202e\u200b\x07",
    ],
)
def test_titles_are_plain_however_they_are_escaped(title: str) -> None:
    assert only(rss(f"<item><title>{title}</title></item>")).title == "AT&T ’says’ hi"


def test_what_only_looks_like_markup_stays() -> None:
    atom = ATOM.replace("Night ferry returns", "Why &lt;b&gt; is bold &amp;amp; 1 &lt; 2")
    assert only(atom).title == "Why <b> is bold &amp; 1 < 2"
    assert only(rss("<item><title>1 &lt; 2 and 3 &gt; 2</title></item>")).title == "1 < 2 and 3 > 2"


def test_the_longest_text_is_kept_without_the_programs_tail() -> None:
    item = only(
        rss(
            "<item><title>T</title><description>Short. [&#8230;]</description><content:encoded>"
            "<![CDATA[<p>One.</p><script>track()</script><p>Two.</p><p>The post <a>T</a> appeared "
            "first on <a>Harbour Times</a>.</p>]]></content:encoded></item>"
        )
    )
    assert item.text == "One.\nTwo."


def test_long_feeds_titles_and_texts_are_cut() -> None:
    entry = f"<item><title>{{}} {'word ' * 100}</title>"
    items = "".join(f"{entry.format(each)}</item>" for each in range(ITEMS + 9))
    long = f"<item><title>0</title><description>{'word ' * 2000}</description></item>"
    feed = read(rss(long + items))
    assert len(feed.items) == ITEMS
    assert len(feed.items[1].title) <= TITLE
    assert 0.9 * TEXT < len(feed.items[0].text) <= TEXT
    assert feed.items[0].text.endswith("word…")


def test_an_entry_without_title_begins_with_its_text_and_one_without_both_is_left_out() -> None:
    feed = read(
        rss("<item><description>It sails.</description></item><item><link>/x</link></item>")
    )
    assert [(item.title, item.text) for item in feed.items] == [("It sails.", "")]
    assert feed.unusable == 1


@pytest.mark.parametrize(
    "link",
    ["javascript:alert(1)", "ftp://x.example/", "http://u:p@x.example/", "http://[", "/" * 2001],
)
def test_links_that_nobody_should_follow_are_left_out(link: str) -> None:
    assert only(rss(f"<item><title>T</title><link>{link}</link></item>")).url is None


def test_a_guid_that_every_item_has_tells_nothing_apart() -> None:
    item = "<item><title>{0}</title><link>/{0}</link><guid>0</guid></item>"
    feed = read(rss("".join(item.format(name) for name in ("a", "b", "a"))))
    assert [each.id for each in feed.items] == [
        "https://harbour-times.example/a",
        "https://harbour-times.example/b",
    ]


def test_without_a_guid_tracking_does_not_make_another_item() -> None:
    first = only(rss(f"<item><title>T</title><link>{PAGE}?id=7&amp;utm_source=rss</link></item>"))
    second = only(rss(f"<item><title>U</title><link>{PAGE}?id=7#top</link></item>"))
    assert first.id == second.id == f"{PAGE}?id=7"


def test_deleted_entries_and_retractions_are_withdrawn() -> None:
    deleted = (
        '<at:deleted-entry xmlns:at="http://purl.org/atompub/tombstones/1.0" ref="tag:9" '
        'when="2026-11-24T10:00:00Z"/></feed>'
    )
    feed = read(ATOM.replace("</feed>", deleted))
    assert [(item.id, item.withdrawn) for item in feed.items] == [("tag:1", False), ("tag:9", True)]
    quoted = ATOM.replace("ten.", "ten. <![CDATA[ <at:deleted-entry ref='tag:8'/> ]]>")
    assert [item.id for item in read(quoted).items] == ["tag:1"]
    for title in ("RETRACTED: Ferry sank", "[Withdrawn] Ferry sank", "WITHDRAWN – Ferry sank"):
        assert only(rss(f"<item><title>{title}</title></item>")).withdrawn
        assert only(JSON.replace("Night ferry returns", title)).withdrawn
    for title in ("Withdrawn troops return", "Retracted claims made again"):
        assert not only(rss(f"<item><title>{title}</title></item>")).withdrawn


def test_the_times_at_which_a_feed_wants_no_visit_are_read() -> None:
    channel = """<ttl>90</ttl><skipHours><hour>0</hour><hour>24</hour><hour> 3 </hour></skipHours>
        <skipDays><day>Sunday</day><day>Funday</day></skipDays>"""
    feed = read(rss("", channel))
    assert (feed.ttl, feed.skip_hours, feed.skip_days) == (90, (0, 3), (6,))
    never = "".join(f"<hour>{hour}</hour>" for hour in range(24))
    assert read(rss("", f"<skipHours>{never}</skipHours>")).skip_hours == ()


@pytest.mark.parametrize("date", ["0000-00-00", "soon", "Tue, 99 Foo 2026"])
def test_a_date_that_is_none_is_left_out(date: str) -> None:
    assert only(rss(f"<item><title>T</title><pubDate>{date}</pubDate></item>")).published is None


def test_a_broken_feed_is_read_as_far_as_it_goes() -> None:
    broken = RSS_2.replace("</description>", "</description><br>&nbsp; & <oops").partition(
        "</chan"
    )[0]
    feed = read("Warning: mysql_connect() in /srv/www\n" + broken)
    assert feed.damaged
    assert [item.title for item in feed.items] == ["Night ferry returns"]
    control = rss("<item><title>It\x00 sails\x0b</title></item>")
    assert only(control).title == "It sails"


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("", "an empty document"),
        (" \n", "an empty document"),
        ("<!DOCTYPE html><html><body>Hello</body></html>", "a web page (HTML)"),
        ("<!-- hi -->\n<HTML><p>Hello", "a web page (HTML)"),
        ('<?xml version="1.0"?><sitemap><loc>x</loc></sitemap>', "XML of another kind"),
        ("just words", "neither XML nor JSON"),
        ("/etc/passwd", "neither XML nor JSON"),
        ("http://127.0.0.1/", "neither XML nor JSON"),
        ('{"items": []}', "JSON of another kind"),
        ("[1, 2]", "JSON of another kind"),
        ('{"items": [', "broken JSON"),
        ("[" * 100_000, "broken JSON"),
    ],
)
def test_what_is_no_feed_says_what_it_is(body: str, what: str) -> None:
    found = parse(body.encode(), "text/xml", URL)
    assert isinstance(found, NotAFeed)
    assert found.what == what


def test_a_body_is_never_taken_for_the_name_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "feed.xml").write_text(RSS_2)
    found = parse(str(tmp_path / "feed.xml").encode(), "", URL)
    assert found == NotAFeed("neither XML nor JSON")


def test_a_web_page_names_its_feeds() -> None:
    page = """<html><head><base href="https://cdn.example/x/"><link rel="stylesheet" href="a.css">
        <link rel="alternate" type="application/rss+xml" title="News &amp; more" href="rss">
        <link rel="Alternate" type="application/feed+json; charset=utf-8" href="/feed.json">
        <link rel="alternate" type="application/rss+xml" href="rss"><link rel=alternate
        hreflang=de href=/de></head><a href="/feed">not asked: announced ones win</a></html>"""
    found = parse(page.encode(), "text/html", URL)
    assert isinstance(found, NotAFeed)
    assert found.links == (
        Link("https://cdn.example/x/rss", "News & more"),
        Link("https://cdn.example/feed.json"),
    )
    plain = parse(b"<html><a href=/about>A</a><a href=/news/rss.xml>B</a>", "text/html", URL)
    assert isinstance(plain, NotAFeed)
    assert plain.links == (Link("https://harbour-times.example/news/rss.xml"),)


def test_odd_json_items_are_left_out_and_odd_fields_ignored() -> None:
    feed = json.loads(JSON)
    feed["items"] += [None, [], {}, {"id": 7, "content_text": "It sails.", "date_published": 7}]
    feed["hubs"], feed["language"] = "none", None
    found = read(json.dumps(feed))
    assert [(item.id, item.title) for item in found.items[1:]] == [("7", "It sails.")]
    assert found.unusable == 3


def test_what_no_text_may_hold_does_not_reach_the_child_process_pipe() -> None:
    feed = json.loads(JSON)
    feed["title"] = feed["version"] = "jsonfeed.org/version/\ud800"
    feed["language"] = feed["home_page_url"] = "https://\ud800"
    feed["items"][0] |= {name: f"x \ud800 {name}" for name in ("id", "title", "url", "summary")}
    found = read(json.dumps(feed))
    assert TypeAdapter(Document).dump_json(found)
    assert found.items[0].title == "x title"


LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    + "]>"
)


def test_entities_neither_grow_nor_reach_outside() -> None:
    feed = read(rss("<item><title>Joke &j;</title></item>", head=LAUGHS))
    assert len(feed.items[0].title) < 20
    for where in ("file:///etc/passwd", "http://127.0.0.1:1/x"):
        head = f'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY x SYSTEM "{where}">]>'
        assert only(rss("<item><title>Out &x;</title></item>", head=head)).title in (
            "Out &x;",
            "Out",
        )
