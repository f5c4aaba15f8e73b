"""Eight invented papers on this machine, which publish, contradict, copy and correct each other.

Each has a feed in one of the usual formats (one in Latin-1, one that has moved) and a page per
article, as real papers have. What they publish, and when, stands in papers.toml; anybody can have a
paper publish something of their own meanwhile.
"""

import asyncio
import hashlib
import html
import json
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from importlib import resources
from types import TracebackType
from typing import Any, Literal, Self
from xml.sax.saxutils import escape, quoteattr

from aiohttp import web

Kind = Literal["rss", "rdf", "atom", "json"]
_TYPES: Mapping[Kind, str] = {
    "rss": "application/rss+xml",
    "rdf": "application/rdf+xml",
    "atom": "application/atom+xml",
    "json": "application/feed+json",
}
_TOMBSTONES = "http://purl.org/atompub/tombstones/1.0"


class NoSuchPaper(KeyError):
    """None of the papers has this key."""


@dataclass(frozen=True, slots=True)
class Paper:
    """One publisher."""

    key: str
    name: str
    kind: Kind
    encoding: str = "utf-8"
    moved: bool = False
    """Whether its feed is listed under an old address that redirects."""

    @property
    def domain(self) -> str:
        """What it would be called on the internet; nothing answers there."""
        return f"{self.key}.example"


@dataclass(frozen=True, slots=True)
class Piece:
    """One article as it stands now."""

    paper: str
    slug: str
    title: str
    text: str
    published: datetime
    updated: datetime
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """Something that one paper does."""

    after: float
    """Seconds after the start."""
    paper: str
    slug: str
    title: str = ""
    text: str = ""
    copies: str = ""
    """“paper/slug”, whose title and text are taken as they stand then."""
    withdrawn: bool = False


def cast() -> tuple[tuple[Paper, ...], tuple[Step, ...]]:
    """The papers, and their steps in order of time."""
    told = tomllib.loads((resources.files("sandbox") / "papers.toml").read_text("utf-8"))
    papers = tuple(Paper(**paper) for paper in told["papers"])
    steps = [Step(**{**step, "text": step.get("text", "").strip()}) for step in told["steps"]]
    return papers, tuple(sorted(steps, key=lambda step: step.after))


class Papers:
    """The papers' web server. Use it as a block."""

    def __init__(
        self, now: Callable[[], datetime] = lambda: datetime.now(UTC), *, port: int = 0
    ) -> None:
        """`port` 0 takes a free one."""
        everyone, self.steps = cast()
        self.papers = {paper.key: paper for paper in everyone}
        self._now = now
        self._port = port
        self._pieces: dict[tuple[str, str], Piece] = {}
        self.changed = asyncio.Event()
        """Set after each step; the one that waits for it clears it."""

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/{paper}/feed", self._feed)
        app.router.add_get("/{paper}/old-feed", self._moved)
        app.router.add_get("/{paper}/", self._front)
        app.router.add_get("/{paper}/{slug}", self._page)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        await self._runner.cleanup()

    def feed_of(self, paper: Paper) -> str:
        """The address under which its feed is known."""
        return f"{self.url}/{paper.key}/{'old-feed' if paper.moved else 'feed'}"

    def feeds_toml(self) -> str:
        """A feeds.toml that lists all papers."""
        blocks = [
            f"[[feeds]]\nurl = {json.dumps(self.feed_of(paper))}\n"
            f"outlet = {json.dumps(paper.name, ensure_ascii=False)}\n"
            f"domain = {json.dumps(paper.domain)}\n"
            for paper in self.papers.values()
        ]
        return "\n".join(['allow = ["127.0.0.1"]\n', *blocks])

    def pieces(self, paper: str | None = None) -> Sequence[Piece]:
        """The articles as they stand, newest first: of one paper, or of all."""
        found = (piece for piece in self._pieces.values() if paper in (None, piece.paper))
        return sorted(found, key=lambda piece: (piece.published, piece.slug), reverse=True)

    def publish(self, paper: str, slug: str, title: str, text: str) -> Piece:
        """A new article, or the next version of one; raises NoSuchPaper."""
        if paper not in self.papers:
            raise NoSuchPaper(paper)
        now = self._now()
        before = self._pieces.get((paper, slug))
        piece = Piece(paper, slug, title, text, before.published if before else now, now)
        self._keep(piece)
        return piece

    def withdraw(self, paper: str, slug: str, title: str = "", text: str = "") -> None:
        """Take an article back. An Atom feed deletes its entry; the others say it in the title."""
        piece = self._pieces[paper, slug]
        title = title or f"RETRACTED: {piece.title}"
        self._keep(
            replace(
                piece, title=title, text=text or piece.text, updated=self._now(), withdrawn=True
            )
        )

    def take(self, step: Step) -> None:
        """Do what a step says."""
        if step.withdrawn:
            self.withdraw(step.paper, step.slug, step.title, step.text)
        elif step.copies:
            paper, _, slug = step.copies.partition("/")
            copied = self._pieces[paper, slug]
            self.publish(step.paper, step.slug, step.title or copied.title, copied.text)
        else:
            self.publish(step.paper, step.slug, step.title, step.text)

    async def play(self, pace: float = 1.0) -> None:
        """Take all steps in their time; at a pace of 2 in half of it."""
        began = asyncio.get_running_loop().time()
        for step in self.steps:
            due = began + step.after / pace
            await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))
            self.take(step)

    def _keep(self, piece: Piece) -> None:
        self._pieces[piece.paper, piece.slug] = piece
        self.changed.set()

    def _asked(self, request: web.Request) -> Paper:
        try:
            return self.papers[request.match_info["paper"]]
        except KeyError:
            raise web.HTTPNotFound(text="There is no such paper.") from None

    async def _feed(self, request: web.Request) -> web.Response:
        paper = self._asked(request)
        text = _DOCUMENTS[paper.kind](paper, self.pieces(paper.key), self.url)
        body = text.encode(paper.encoding, "xmlcharrefreplace")
        etag = f'"{hashlib.blake2s(body, digest_size=8).hexdigest()}"'
        headers = {"ETag": etag, "Cache-Control": "max-age=0"}
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers=headers)
        headers["Content-Type"] = f"{_TYPES[paper.kind]}; charset={paper.encoding}"
        return web.Response(body=body, headers=headers)

    async def _moved(self, request: web.Request) -> web.Response:
        raise web.HTTPMovedPermanently(f"{self.url}/{self._asked(request).key}/feed")

    async def _front(self, request: web.Request) -> web.Response:
        paper = self._asked(request)
        links = "".join(
            f"<li><a href={quoteattr(_link(piece, self.url))}>{html.escape(piece.title)}</a></li>"
            for piece in self.pieces(paper.key)
        )
        head = f'<link rel="alternate" type="{_TYPES[paper.kind]}" href="feed">'
        return _page(paper.name, f"<h1>{html.escape(paper.name)}</h1><ul>{links}</ul>", head)

    async def _page(self, request: web.Request) -> web.Response:
        paper = self._asked(request)
        piece = self._pieces.get((paper.key, request.match_info["slug"]))
        if piece is None:
            raise web.HTTPNotFound(text="There is no such article.")
        title = html.escape(piece.title)
        return _page(piece.title, f"<p>{html.escape(paper.name)}</p><h1>{title}</h1>{_html(piece)}")


def _page(title: str, body: str, head: str = "") -> web.Response:
    return web.Response(
        text=f"<!doctype html><html lang=en><meta charset=utf-8><title>{html.escape(title)}</title>"
        f"{head}<body>{body}</body></html>",
        content_type="text/html",
        headers={"Content-Security-Policy": "default-src 'none'"},
    )


def _rss(paper: Paper, pieces: Sequence[Piece], url: str) -> str:
    items = "".join(
        f"<item><title>{escape(piece.title)}</title><link>{escape(_link(piece, url))}</link>"
        f'<guid isPermaLink="false">{escape(_id(piece))}</guid>'
        f"<pubDate>{format_datetime(piece.published)}</pubDate>"
        f"<description>{escape(_html(piece))}</description></item>"
        for piece in pieces
    )
    return (
        f'<?xml version="1.0" encoding="{paper.encoding}"?><rss version="2.0"><channel>'
        f"<title>{escape(paper.name)}</title><link>{url}/{paper.key}/</link>"
        f"<description>{escape(paper.name)}</description>{items}</channel></rss>"
    )


def _rdf(paper: Paper, pieces: Sequence[Piece], url: str) -> str:
    items = "".join(
        f"<item rdf:about={quoteattr(_link(piece, url))}><title>{escape(piece.title)}</title>"
        f"<link>{escape(_link(piece, url))}</link><dc:date>{piece.published.isoformat()}</dc:date>"
        f"<description>{escape(_html(piece))}</description></item>"
        for piece in pieces
    )
    return (
        f'<?xml version="1.0" encoding="{paper.encoding}"?><rdf:RDF xmlns="http://purl.org/rss/1.0/"'
        ' xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f'<channel rdf:about="{url}/{paper.key}/"><title>{escape(paper.name)}</title>'
        f"<link>{url}/{paper.key}/</link></channel>{items}</rdf:RDF>"
    )


def _atom(paper: Paper, pieces: Sequence[Piece], url: str) -> str:
    entries = "".join(
        f'<at:deleted-entry ref={quoteattr(_id(piece))} when="{piece.updated.isoformat()}"/>'
        if piece.withdrawn
        else f"<entry><id>{escape(_id(piece))}</id><title>{escape(piece.title)}</title>"
        f"<link href={quoteattr(_link(piece, url))}/>"
        f"<published>{piece.published.isoformat()}</published>"
        f"<updated>{piece.updated.isoformat()}</updated>"
        f'<content type="html">{escape(_html(piece))}</content></entry>'
        for piece in pieces
    )
    return (
        f'<?xml version="1.0" encoding="{paper.encoding}"?>'
        f'<feed xmlns="http://www.w3.org/2005/Atom" xmlns:at="{_TOMBSTONES}" xml:lang="en">'
        f"<id>{url}/{paper.key}/</id><title>{escape(paper.name)}</title>"
        f'<link href="{url}/{paper.key}/"/>{entries}</feed>'
    )


def _json_feed(paper: Paper, pieces: Sequence[Piece], url: str) -> str:
    items: list[dict[str, Any]] = [
        {
            "id": _id(piece),
            "url": _link(piece, url),
            "title": piece.title,
            "content_html": _html(piece),
            "date_published": piece.published.isoformat(),
            "date_modified": piece.updated.isoformat(),
        }
        for piece in pieces
    ]
    return json.dumps(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "title": paper.name,
            "home_page_url": f"{url}/{paper.key}/",
            "feed_url": f"{url}/{paper.key}/feed",
            "language": "en",
            "items": items,
        },
        ensure_ascii=False,
    )


_DOCUMENTS: Mapping[Kind, Callable[[Paper, Sequence[Piece], str], str]] = {
    "rss": _rss,
    "rdf": _rdf,
    "atom": _atom,
    "json": _json_feed,
}


def _html(piece: Piece) -> str:
    return "".join(f"<p>{html.escape(part)}</p>" for part in piece.text.split("\n") if part)


def _link(piece: Piece, url: str) -> str:
    return f"{url}/{piece.paper}/{piece.slug}"


def _id(piece: Piece) -> str:
    return f"tag:{piece.paper}.example,2026:{piece.slug}"
