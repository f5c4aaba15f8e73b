"""JSON Feed 1.0 and 1.1 (jsonfeed.org) to the same document as every other feed."""

import json
from datetime import UTC, datetime
from typing import Any

from newsroom.model import TEXT, TITLE, Item
from newsroom.reading.document import ITEMS, Document, NotAFeed, takes_back
from newsroom.reading.identity import item_id, language_tag, link, told_apart
from newsroom.reading.plain import clean, from_either, from_html, one_line, shorten, without_tail

_VERSION = "jsonfeed.org/version/"


def parse(text: str, url: str) -> Document | NotAFeed:
    """Read a JSON Feed; JSON of another kind, or broken, is a NotAFeed."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return NotAFeed("broken JSON")
    if not isinstance(data, dict) or not isinstance(data.get("items"), list):
        return NotAFeed("JSON of another kind")
    version = str(data.get("version") or "")
    if _VERSION not in version:
        return NotAFeed("JSON of another kind")
    found = [_item(entry, url) for entry in data["items"][:ITEMS]]
    items = [item for item in found if item is not None]
    hubs = data.get("hubs") if isinstance(data.get("hubs"), list) else []
    addresses = [hub.get("url") for hub in hubs or () if isinstance(hub, dict)]
    return Document(
        format=f"JSON Feed {clean(version.rpartition('/')[2], 10)}",
        items=told_apart(items),
        title=one_line(clean(_text(data, "title"), TITLE)),
        site=link(_text(data, "home_page_url"), url),
        language=language_tag(_text(data, "language")),
        hub=next((hub for each in addresses if (hub := link(str(each), url))), None),
        unusable=len(found) - len(items),
    )


def _item(entry: Any, base: str) -> Item | None:
    if not isinstance(entry, dict):
        return None
    texts = (
        from_html(_text(entry, "content_html"), TEXT),
        clean(_text(entry, "content_text"), TEXT),
        clean(_text(entry, "summary"), TEXT),
    )
    text = without_tail(max(texts, key=len))
    title = one_line(from_either(_text(entry, "title"), TITLE))
    title = title or shorten(text.partition("\n")[0], TITLE)
    if not title:
        return None
    url = link(_text(entry, "url") or _text(entry, "external_url"), base)
    return Item(
        id=item_id(clean(_text(entry, "id"), 2_000), url, title, text),
        title=title,
        text="" if text == title else text,
        url=url,
        published=_time(_text(entry, "date_published")),
        updated=_time(_text(entry, "date_modified")),
        language=language_tag(_text(entry, "language")),
        withdrawn=takes_back(title),
    )


def _text(entry: dict[str, Any], name: str) -> str:
    """A field's text; ids are numbers in some feeds."""
    value = entry.get(name)
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def _time(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError:
        return None
