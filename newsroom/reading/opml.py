"""OPML, the list of feeds that every feed reader takes and gives (opml.org, 2.0)."""

from collections.abc import Iterable
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from newsroom.model import Feed
from newsroom.reading.encoding import decode
from newsroom.reading.identity import domain_of, language_tag, link
from newsroom.reading.plain import clean, one_line

_NAME = 100
_TAGS = 20
_DEPTH = 50


class NotOpml(ValueError):
    """It is no list of feeds; str() is a sentence for the operator."""


def read_opml(raw: bytes) -> list[Feed]:
    """The feeds of a list, each once, with the folders they lie in as tags; raises NotOpml."""
    found: dict[str, Feed] = {}
    folders: list[str] = []
    roots: list[str] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        roots.append(tag.lower()) if not roots else None
        if tag.lower() != "outline":
            return
        given = {name.lower(): value for name, value in attributes.items()}
        name = one_line(clean(given.get("title") or given.get("text") or "", _NAME))
        url = link(given.get("xmlurl"))
        if url:
            tags = [*(folder for folder in folders if folder), *_categories(given)]
            found.setdefault(url, _feed(url, name, given, tags))
        if len(folders) > _DEPTH:
            raise NotOpml("its folders lie in one another too deeply")
        folders.append("" if url else name.lower())

    def end(tag: str) -> None:
        if tag.lower() == "outline":
            folders.pop()

    def refuse(*_: object) -> None:
        raise NotOpml("it declares entities, which no list of feeds needs")

    reader = expat.ParserCreate()
    reader.StartElementHandler = start
    reader.EndElementHandler = end
    reader.EntityDeclHandler = refuse
    try:
        reader.Parse(decode(raw).encode(), True)
    except expat.ExpatError as error:
        raise NotOpml(f"it isn't well-formed XML (line {error.lineno})") from None
    if roots != ["opml"]:
        raise NotOpml(f"it begins with <{roots[0]}>, not with <opml>")
    return list(found.values())


def write_opml(feeds: Iterable[Feed], title: str = "Storywire") -> str:
    """The list as another feed reader can read it; a feed's first tag is its folder."""
    groups: dict[str, list[Feed]] = {}
    for feed in feeds:
        groups.setdefault(feed.tags[0] if feed.tags else "", []).append(feed)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<opml version="2.0">',
        f"  <head><title>{_escaped(title)}</title></head>",
        "  <body>",
    ]
    for folder, members in groups.items():
        pad = "      " if folder else "    "
        if folder:
            lines.append(f"    <outline text={quoteattr(folder)}>")
        lines += [f"{pad}{_outline(feed)}" for feed in members]
        if folder:
            lines.append("    </outline>")
    return "\n".join([*lines, "  </body>", "</opml>", ""])


def _feed(url: str, name: str, given: dict[str, str], tags: list[str]) -> Feed:
    home = link(given.get("htmlurl"))
    domain = domain_of(home) if home else ""
    return Feed(
        url,
        name or domain_of(url),
        domain="" if domain == domain_of(url) else domain,
        language=language_tag(given.get("language")) or "en",
        tags=tuple(dict.fromkeys(tags))[:_TAGS],
    )


def _categories(given: dict[str, str]) -> list[str]:
    """The comma-separated categories, of which some are paths (“/news/local”)."""
    names = given.get("category", "").replace("/", ",").split(",")
    return [name for each in names if (name := one_line(clean(each, _NAME)).lower())]


def _outline(feed: Feed) -> str:
    given = {"type": "rss", "text": feed.outlet, "title": feed.outlet, "xmlUrl": feed.url}
    if feed.domain:
        given["htmlUrl"] = f"https://{feed.domain}/"
    if feed.tags[1:]:
        given["category"] = ",".join(feed.tags[1:])
    given["language"] = feed.language
    shown = " ".join(f"{name}={quoteattr(value)}" for name, value in given.items())
    return f"<outline {shown}/>"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
