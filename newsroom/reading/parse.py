"""A feed's bytes to its items: RSS 0.9x to 2.0, RSS 1.0, Atom, and JSON Feed by `jsonfeed`.

Runs in a child process (`child`), as what feeds hold can make any parser slow or large. It never
fetches anything and reads no file. The only module that knows feedparser.
"""

import io
import re
from calendar import timegm
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from time import struct_time
from typing import Any
from xml.parsers import expat

import feedparser  # type: ignore[import-untyped]  # it has no type hints

from newsroom.model import TEXT, TITLE, Item
from newsroom.reading import discovery, jsonfeed
from newsroom.reading.document import ITEMS, Document, NotAFeed, takes_back
from newsroom.reading.encoding import decode
from newsroom.reading.identity import item_id, language_tag, link, told_apart
from newsroom.reading.plain import clean, from_either, from_html, one_line, shorten, without_tail

_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Characters that no XML document may hold, and some feeds do."""
_HTML = re.compile(r"^\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.I | re.S)
_XML = re.compile(r"^\s*<(?:\?xml|!--|[A-Za-z])")
_TOMBSTONE = "http://purl.org/atompub/tombstones/1.0 deleted-entry"
"""RFC 6721, as expat names it."""
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def parse(body: bytes, content_type: str, url: str) -> Document | NotAFeed:
    """Read what was found at `url`; what isn't a feed is a NotAFeed that says what it is."""
    text = _NOT_XML.sub("", decode(body, content_type))
    if not text.strip():
        return NotAFeed("an empty document")
    if text.lstrip()[0] in "{[":
        return jsonfeed.parse(text, url)
    if _HTML.match(text[:10_000]):
        return NotAFeed("a web page (HTML)", discovery.feeds_in(text, url), page=True)
    raw = text.encode()
    feed = feedparser.parse(  # a stream: a text could be taken for an address or a file's name
        io.BytesIO(raw),
        response_headers={
            "content-type": "application/xml; charset=utf-8",
            "content-location": url,
        },
        sanitize_html=False,  # no markup is kept at all
        resolve_relative_uris=False,
    )
    if not feed.version:
        return NotAFeed("XML of another kind" if _XML.match(text) else "neither XML nor JSON")
    return _document(feed, raw, url)


def _document(feed: Any, raw: bytes, url: str) -> Document:
    channel, atom = feed.feed, feed.version.startswith("atom")
    found = [_item(entry, url, atom=atom) for entry in feed.entries[:ITEMS]]
    items = [item for item in found if item is not None]
    if not feed.bozo:
        items += [Item(ref, "", withdrawn=True) for ref in _tombstones(raw)]
    hubs = [each.get("href") for each in channel.get("links", ()) if each.get("rel") == "hub"]
    return Document(
        format=feedparser.api.SUPPORTED_VERSIONS.get(feed.version) or "RSS",
        items=told_apart(items),
        title=one_line(from_either(channel.get("title") or "", TITLE)),
        site=link(channel.get("link"), url),
        language=language_tag(channel.get("language")),
        hub=next((address for hub in hubs if (address := link(hub, url))), None),
        ttl=_number(channel.get("ttl")),
        skip_hours=_hours(_texts(raw, b"skipHours", b"hour")),
        skip_days=_weekdays(_texts(raw, b"skipDays", b"day")),
        damaged=bool(feed.bozo),
        unusable=len(found) - len([item for item in found if item is not None]),
    )


def _item(entry: Any, base: str, *, atom: bool) -> Item | None:
    get = entry.get
    text = max((_plain(each, TEXT, atom=atom) for each in _texts_of(entry)), key=len, default="")
    text = without_tail(text)
    title = one_line(_plain(get("title_detail") or {}, TITLE, atom=atom))
    if not title:
        title = shorten(text.partition("\n")[0], TITLE)
    if not title:
        return None
    url = link(get("feedburner_origlink") or get("link"), base)
    contents = get("content") or ()
    published = _time(dict.get(entry, "published_parsed"))
    updated = _time(dict.get(entry, "updated_parsed"))
    return Item(
        id=item_id(clean(str(get("id") or ""), 2_000), url, title, text),
        title=title,
        text="" if text == title else text,
        url=url,
        published=published or (None if atom else updated),  # RSS 1.0 knows one date only
        updated=updated,
        language=language_tag(contents[0].get("language")) if contents else None,
        withdrawn=takes_back(title),
    )


def _texts_of(entry: Any) -> Iterable[Mapping[str, Any]]:
    yield from entry.get("content") or ()
    if summary := entry.get("summary_detail"):
        yield summary


def _plain(detail: Mapping[str, Any], limit: int, *, atom: bool) -> str:
    value, kind = str(detail.get("value") or ""), detail.get("type") or ""
    if atom and kind == "text/plain":
        return clean(value, limit)
    if kind in ("text/html", "application/xhtml+xml"):
        return from_html(value, limit)
    return from_either(value, limit)


def _time(moment: struct_time | None) -> datetime | None:
    if moment is None:
        return None
    try:
        return datetime.fromtimestamp(timegm(moment), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _number(text: Any) -> int | None:
    found = re.match(r"\s*(\d{1,6})", str(text or ""))
    return int(found[1]) if found else None


def _texts(raw: bytes, outer: bytes, inner: bytes) -> list[str]:
    """The texts of <inner> within the first <outer>, which feedparser doesn't give."""
    begins = raw.find(b"<" + outer)
    ends = raw.find(b"</" + outer, begins)
    if begins < 0 or ends < 0:
        return []
    part = raw[begins : min(ends, begins + 5_000)]
    return [each.decode() for each in re.findall(b"<%b>\\s*(\\w{1,10})\\s*</" % inner, part)]


def _hours(texts: list[str]) -> tuple[int, ...]:
    """Some write 24 for midnight (RSS 0.91)."""
    hours = {int(text) % 24 for text in texts if text.isdecimal() and int(text) <= 24}
    return tuple(sorted(hours)) if len(hours) < 24 else ()


def _weekdays(texts: list[str]) -> tuple[int, ...]:
    days = {_DAYS.index(text.lower()) for text in texts if text.lower() in _DAYS}
    return tuple(sorted(days)) if len(days) < 7 else ()


def _tombstones(raw: bytes) -> list[str]:
    """The ids of entries that an Atom feed deleted."""
    if b"deleted-entry" not in raw:
        return []
    found: list[str] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        ref = attributes.get("ref", "").strip()
        if name == _TOMBSTONE and ref and len(found) < ITEMS:
            found.append(item_id(clean(ref, 2_000), None, "", ""))

    reader = expat.ParserCreate(namespace_separator=" ")
    reader.StartElementHandler = start
    try:
        reader.Parse(raw, True)
    except expat.ExpatError:
        return []
    return found
