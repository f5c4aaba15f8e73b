"""What the log holds: everything the desk ever hears, in the order in which it was heard.

An entry holds no article text, only its title and counted words; texts are kept elsewhere, and
expire. Times are whole seconds since 1970.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from newsroom.desk.copies import print_of, sketch
from newsroom.desk.formats import is_filler
from newsroom.desk.words import Features, Reader
from newsroom.model import Article, ArticleKey, Bullet, Draft, FeedKey
from stories.story import StoryId

VERSION = 1
"""The form of entries. A change that an older reader would misread counts one up."""


@dataclass(frozen=True, slots=True)
class Came:
    """An article, as it came or as it was revised: entries `article` and `revised`."""

    key: ArticleKey
    feed: FeedKey
    outlet: str
    name: str
    title: str
    url: str | None
    published: int
    arrived: int
    alone: bool
    filler: bool
    """It only looks like news, and belongs to no story."""
    features: Features
    print: str
    """The same in equal articles; empty where there is too little to compare."""
    sketch: tuple[int, ...]
    """Tells near copies; empty for a short text."""
    revised: bool = False


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """An article no longer stands."""

    key: ArticleKey
    why: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A moment. The desk knows no other time than that of its last tick."""

    at: int


class Does(StrEnum):
    """What an operator can order."""

    MERGE = "merge"
    SPLIT = "split"
    WITHDRAW = "withdraw"


@dataclass(frozen=True, slots=True)
class Order:
    """The operator's word, which stands above every score."""

    does: Does
    story: StoryId
    into: StoryId | None = None
    """The story that lives on, for a merge."""
    articles: tuple[ArticleKey, ...] = ()
    """Those that become a story of their own, for a split."""
    why: str = ""
    """What people are told when a story is withdrawn."""


Entry = Came | Withdrawn | Tick | Order | Draft


def came(article: Article, reader: Reader, *, revised: bool = False) -> Came:
    """The log's entry for an article: here its text is read, and left behind."""
    features, order = reader.read(article.title, article.text)
    return Came(
        key=article.key,
        feed=article.feed,
        outlet=article.outlet,
        name=article.name or article.outlet,
        title=article.title,
        url=article.url,
        published=min(int(article.published.timestamp()), int(article.arrived.timestamp())),
        arrived=int(article.arrived.timestamp()),
        alone=article.alone,
        filler=is_filler(article.title),
        features=features,
        print=print_of(article.title, article.text),
        sketch=sketch(order),
        revised=revised,
    )


_KINDS = {Withdrawn: "withdrawn", Tick: "tick", Order: "order", Draft: "draft"}


def write(entry: Entry) -> bytes:
    """One entry as it stands in the log: equal entries give equal bytes."""
    said = asdict(entry)
    if isinstance(entry, Came):
        kind = "revised" if said.pop("revised") else "article"
        said["features"] = _packed(entry.features)
    else:
        kind = _KINDS[type(entry)]
    said = {"kind": kind, "v": VERSION, **said}
    return json.dumps(said, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode(
        errors="surrogatepass"
    )


def read(raw: bytes) -> Entry:
    """The entry that `write` wrote; ValueError for anything else."""
    try:
        said = json.loads(raw.decode(errors="surrogatepass"))
        version, kind = said.pop("v"), said.pop("kind")
        if version != VERSION:
            raise ValueError(f"the entry is of version {version}, but {VERSION} is known")
        return _entry(kind, said)
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise ValueError(f"not an entry of the log: {error!r}") from error


def _entry(kind: str, said: dict[str, Any]) -> Entry:
    match kind:
        case "article" | "revised":
            return came_from(said, revised=kind == "revised")
        case "withdrawn":
            return Withdrawn(**said)
        case "tick":
            return Tick(int(said["at"]))
        case "order":
            said["does"], said["articles"] = Does(said["does"]), tuple(said["articles"])
            return Order(**said)
        case "draft":
            bullets = (Bullet(each["text"], tuple(each["sources"])) for each in said.pop("bullets"))
            return Draft(**said, bullets=tuple(bullets))
    raise ValueError(f"“{kind}” is no kind of entry")


def came_from(said: Mapping[str, Any], *, revised: bool = False) -> Came:
    """An article as `packed` wrote it."""
    given = dict(said)
    given["features"] = _unpacked(given["features"])
    given["sketch"] = tuple(given["sketch"])
    return Came(**{"revised": revised, **given})


def packed(entry: Came) -> dict[str, Any]:
    """An article as plain data, for the snapshot."""
    return {**asdict(entry), "features": _packed(entry.features)}


def _packed(features: Features) -> list[Any]:
    columns = (features.words, features.common, features.lead, features.title, features.names)
    return [features.bare, *columns]


def _unpacked(said: Sequence[Any]) -> Features:
    bare, *columns = said
    words, common, lead, title, names = (tuple(map(int, column)) for column in columns)
    return Features(words, common, lead, title, names, bool(bare))
