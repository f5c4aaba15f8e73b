"""`storywire newsroom …`: try a feed, check them all, and take lists of feeds in and out."""

import argparse
import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from runtime import log
from runtime.errors import SetupError
from runtime.settings import load

if TYPE_CHECKING:
    from newsroom.feeds import Feeds
    from newsroom.model import Feed
    from newsroom.reading.checkup import Finding
    from newsroom.settings import NewsroomSettings

OK, WRONG = 0, 1
_SHOWN = 5
"""Items that `try` shows."""
_LARGEST = 10 * 2**20
"""Bytes of a list of feeds."""

Act = Callable[[argparse.Namespace], Awaitable[int] | int]
Examine = Callable[..., Awaitable["Finding"]]


def add(parser: argparse.ArgumentParser) -> None:
    """The subcommands of `storywire newsroom`."""
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, description: str, act: Act) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=description, description=description)
        sub.set_defaults(act=_with_libraries(act))
        return sub

    sub = command("try", "Fetch one feed, or find a site's feeds, and say what it gives", _try)
    sub.add_argument("url", help="of a feed or a site, such as harbour-times.example")
    command("check", "Fetch every feed in feeds.toml once, and say what is wrong with each", _check)
    sub = command("import", "Add the feeds of another reader's list to feeds.toml", _import)
    sub.add_argument("format", choices=["opml"])
    sub.add_argument("file", type=Path, help="the list")
    sub = command("export", "Print the feeds of feeds.toml as a list for other readers", _export)
    sub.add_argument("format", choices=["opml"])


def _with_libraries(act: Act) -> Act:
    """The command, or a sentence where what it needs is not installed."""

    def run(arguments: argparse.Namespace) -> Awaitable[int] | int:
        if not all(find_spec(name) for name in ("feedparser", "publicsuffixlist")):
            raise SetupError(
                "the newsroom's libraries are missing: pip install 'storywire[newsroom]'"
            )
        return act(arguments)

    return run


def _loaded() -> tuple["NewsroomSettings", "Feeds"]:
    from newsroom.feeds import load_feeds
    from newsroom.settings import NewsroomSettings

    settings = load(NewsroomSettings)
    log.set_up("ERROR")
    return settings, load_feeds(settings.newsroom_feeds)


@contextlib.asynccontextmanager
async def _examining(
    settings: "NewsroomSettings", feeds: "Feeds"
) -> AsyncIterator[tuple[Examine, Examine]]:
    """`examine` and `search` of newsroom.reading.checkup, with what they need."""
    from newsroom.reading.checkup import examine, search
    from newsroom.reading.child import Parsers
    from newsroom.reading.fetch import Fetcher, NoContact
    from newsroom.reading.guard import Guard

    def now() -> datetime:
        return datetime.now(UTC)

    try:
        fetcher = Fetcher(settings.newsroom_contact, Guard(feeds.allow), now)
    except NoContact as error:
        raise SetupError(str(error)) from None
    async with fetcher, Parsers() as parsers:
        yield (
            partial(examine, fetcher=fetcher, parsers=parsers, now=now),
            partial(search, fetcher=fetcher, parsers=parsers, now=now),
        )


async def _try(arguments: argparse.Namespace) -> int:
    settings, feeds = _loaded()
    listed = {feed.url: feed for feed in feeds.feeds}
    async with _examining(settings, feeds) as (examine, search):
        finding = await examine(arguments.url, feed=listed.get(arguments.url))
        if finding.silent:
            print(f"{finding.url} names no feed; looking at the usual places …", flush=True)
            finding = await search(finding)
    print(f"{finding.url}\n{finding.sentence}")
    for note in finding.notes:
        print(f"  note: {note}")
    if finding.document:
        for item in finding.document.items[:_SHOWN]:
            at = f"{item.published:%Y-%m-%d %H:%M} UTC" if item.published else "no date"
            print(f"  {at:<20}  {item.title}")
    for link in finding.feeds:
        print(f"  {link.url}  {link.title}".rstrip())
    return OK if finding.fine else WRONG


async def _check(_: argparse.Namespace) -> int:
    settings, feeds = _loaded()
    if not feeds.feeds:
        raise SetupError("no feeds are listed: config/feeds.toml says how to add one")
    bad = 0
    async with _examining(settings, feeds) as (examine, _search), asyncio.TaskGroup() as group:
        tasks = [
            (feed, group.create_task(_found(examine, feed)))  # those of one host wait for another
            for feed in feeds.feeds
        ]
        for feed, task in tasks:
            finding = await task
            bad += not finding.fine
            print(f"{'ok   ' if finding.fine else 'WRONG'} {feed.outlet}  {feed.url}", flush=True)
            print(f"      {finding.sentence}")
            for note in finding.notes:
                print(f"      note: {note}")
    if bad:
        print(f"storywire: {bad} of {len(tasks)} feeds give no articles", file=sys.stderr)
    return WRONG if bad else OK


async def _found(examine: Examine, feed: "Feed") -> "Finding":
    return await examine(feed.url, feed=feed)


def _import(arguments: argparse.Namespace) -> int:
    from newsroom.feeds import DEFAULT, as_toml, read_feeds
    from newsroom.reading.opml import NotOpml, read_opml

    settings, feeds = _loaded()
    try:
        with arguments.file.open("rb") as file:
            found = read_opml(file.read(_LARGEST))
    except OSError as error:
        raise SetupError(f"can't read {arguments.file}: {error.strerror or error}") from error
    except NotOpml as error:
        raise SetupError(f"{arguments.file} isn't a list of feeds: {error}") from None
    listed = {feed.url for feed in feeds.feeds}
    new = [feed for feed in found if feed.url not in listed]
    where = settings.newsroom_feeds or DEFAULT
    try:
        before = where.read_text("utf-8") if where.exists() else ""
        if new:
            gap = "" if not before else "\n" if before.endswith("\n") else "\n\n"
            text = gap + as_toml(new)
            read_feeds(before + text, str(where))  # nothing is written that can't be read again
            where.parent.mkdir(parents=True, exist_ok=True)
            with where.open("a", encoding="utf-8") as file:
                file.write(text)
    except OSError as error:
        raise SetupError(f"can't write {where}: {error.strerror or error}") from error
    known = len(found) - len(new)
    print(f"feeds added to {where}: {len(new)}; listed before: {known}")
    return OK


def _export(_: argparse.Namespace) -> int:
    from newsroom.reading.opml import write_opml

    _settings, feeds = _loaded()
    print(write_opml(feeds.feeds), end="")
    return OK
