"""The newsroom's plain, frozen data: feeds, articles, and what is known of a story.

Feed → Item (as the feed gives it) → Article (ours: identified, dated, cleaned) → the desk. Texts
are plain, without markup, and untrusted; datetimes are aware.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType

from stories.story import Leaning, Status, StoryId

FeedKey = NewType("FeedKey", str)
"""12 hex digits of a feed's address."""
ArticleKey = NewType("ArticleKey", str)
"""16 hex digits of a feed's address and the item's own id: the same in every process."""

TITLE = 300
"""Characters of a title that are kept."""
TEXT = 4_000
"""Characters of a text that are kept."""


class Quotes(StrEnum):
    """What of a feed's articles may be quoted."""

    TEXT = "text"
    """Single sentences of the text, linked."""
    TITLES = "titles"
    """Titles only."""


@dataclass(frozen=True, slots=True)
class Feed:
    """One feed, as the operator lists it."""

    url: str
    outlet: str
    """The publisher's name, as people read it."""
    domain: str = ""
    """What the outlet counts and is rated under; empty: the registrable domain of `url`. For feeds
    that live elsewhere than their paper, as `feeds.bbci.co.uk` does."""
    language: str = "en"
    """BCP 47. Each language has a desk of its own."""
    tags: tuple[str, ...] = ()
    weight: float = 1.0
    alone: bool = False
    """Whether a story that only this outlet reports is published."""
    quotes: Quotes = Quotes.TEXT

    @property
    def key(self) -> FeedKey:
        """Stands for the feed wherever its address would be too long."""
        return FeedKey(_hex(12, self.url))


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a feed, parsed and made plain, before anything is decided about it."""

    id: str
    """Tells it from the other entries of its feed: its guid, else its link, else its content."""
    title: str
    text: str = ""
    """Summary or full text, whichever says more; empty for a bare title."""
    url: str | None = None
    published: datetime | None = None
    updated: datetime | None = None
    language: str | None = None
    withdrawn: bool = False
    """The feed says that it no longer stands."""

    @property
    def content(self) -> str:
        """16 hex digits of what it says: tells a changed entry from one that is seen again."""
        return _hex(16, self.title, self.text)


@dataclass(frozen=True, slots=True)
class Article:
    """One article at the desk."""

    key: ArticleKey
    feed: FeedKey
    outlet: str
    """The registrable domain it was published under, such as `harbour-times.example`; the feed's
    outlet name where it has no address. One outlet counts once."""
    title: str
    published: datetime
    """Never after `arrived`."""
    arrived: datetime
    """When it was fetched. Equal in all articles of one fetch."""
    text: str = ""
    url: str | None = None
    language: str = "en"
    alone: bool = False
    """Its feed's `alone`."""
    name: str | None = None
    """The outlet's name, as people read it."""

    @property
    def content(self) -> str:
        """As `Item.content`."""
        return _hex(16, self.title, self.text)


def article_key(feed: FeedKey, item_id: str) -> ArticleKey:
    """The key of one feed's item."""
    return ArticleKey(_hex(16, feed, item_id))


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of an article, as it may be quoted."""

    article: ArticleKey
    place: int
    """0 is the first sentence of the text; the title is -1."""
    text: str


@dataclass(frozen=True, slots=True)
class Bullet:
    """One line of a story's breakdown, with the articles it rests on."""

    text: str
    sources: tuple[ArticleKey, ...]
    """Never empty; the quoted one comes first."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a language model wrote about a story, after it was checked."""

    story: StoryId
    evidence: str
    """Hash of the evidence it was written from."""
    title: str | None
    bullets: tuple[Bullet, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """A story's figures at one moment."""

    status: Status | None
    """None while it is pending: nobody outside has seen it."""
    virality: float
    """0-10."""
    articles: int
    independent: int
    """Articles that are nobody's copy, ≤ `articles`."""
    outlets: int
    started: datetime
    updated: datetime
    """The first and the last article."""
    leaning: Leaning | None = None
    spread: Mapping[str, int] = field(default_factory=dict)
    """How many outlets lean left, center and right, and how many are unrated."""


def _hex(digits: int, *parts: str) -> str:
    return hashlib.blake2s(
        "\0".join(parts).encode(errors="surrogatepass"), digest_size=digits // 2
    ).hexdigest()
