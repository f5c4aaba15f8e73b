"""A feed's document once it is parsed, whatever its format: what the parsers give back."""

import re
from dataclasses import dataclass

from newsroom.model import Item

ITEMS = 500
"""Items of one document that are read; the rest is left out."""

_WITHDRAWN = re.compile(
    r"\s*(?:[\[(]\s*(?:retracted|withdrawn)\s*[\])]|(?:retracted|withdrawn)\s*[:–—|])", re.I
)


@dataclass(frozen=True, slots=True)
class Document:
    """A feed, parsed."""

    format: str
    """As people call it: “RSS 2.0”, “Atom 1.0”, “JSON Feed 1.1”."""
    items: tuple[Item, ...]
    """In the feed's order; withdrawn ones come last."""
    title: str = ""
    site: str | None = None
    """The page that the feed belongs to."""
    language: str | None = None
    hub: str | None = None
    """Where WebSub subscriptions are taken."""
    ttl: int | None = None
    """Minutes that it may be kept, by its own word."""
    skip_hours: tuple[int, ...] = ()
    """Hours of UTC (0-23) in which it need not be asked."""
    skip_days: tuple[int, ...] = ()
    """Days of the week (Monday is 0) likewise."""
    damaged: bool = False
    """It isn't well-formed; what could be read was read."""
    unusable: int = 0
    """Entries that were left out: they have neither a title nor a text."""


@dataclass(frozen=True, slots=True)
class Link:
    """A feed that a page points to."""

    url: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class NotAFeed:
    """What was fetched is something else."""

    what: str
    """“an empty document”, “JSON of another kind”, …: what can be put after “it is”."""
    links: tuple[Link, ...] = ()
    """Feeds that the page points to."""
    page: bool = False
    """It is a web page."""


def takes_back(title: str) -> bool:
    """Whether a title withdraws its article (“RETRACTED: …”), unlike one about withdrawn troops."""
    return bool(_WITHDRAWN.match(title))
