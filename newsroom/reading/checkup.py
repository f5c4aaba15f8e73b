"""What is wrong with a feed, in one sentence: for an operator who has just typed its address."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urljoin

from newsroom.model import Feed
from newsroom.reading import discovery
from newsroom.reading.child import Parsers
from newsroom.reading.document import Document, Link
from newsroom.reading.fetch import Fetcher
from newsroom.reading.identity import domain_of
from newsroom.reading.news import NEWS, outlet_of, published_at
from newsroom.reading.schedule import FeedState
from newsroom.reading.visit import visit

_FUTURE = timedelta(hours=1)
"""Clocks differ; a date further ahead than this is wrong."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one address gives."""

    url: str
    """The address that was asked."""
    fine: bool
    """Whether it gives articles."""
    sentence: str
    notes: tuple[str, ...] = ()
    """What is worth changing though it works, a sentence each."""
    document: Document | None = None
    feeds: tuple[Link, ...] = ()
    """Where feeds are instead."""
    silent: bool = False
    """It is a web page that names no feed: `search` may find one on its site."""


async def examine(
    url: str,
    fetcher: Fetcher,
    parsers: Parsers,
    now: Callable[[], datetime],
    *,
    feed: Feed | None = None,
) -> Finding:
    """Ask an address once and say what it gives; `feed` is its entry in feeds.toml, if any."""
    address = _with_scheme(url)
    came = await visit(FeedState(address), fetcher, parsers, now)
    if came.document is not None:
        return _judged(address, came.document, now(), feed, came.state.moved_to)
    if came.other is None:
        return Finding(address, False, came.state.fault)
    silent = came.other.page and not came.other.links
    return Finding(address, False, came.state.fault, feeds=came.other.links, silent=silent)


async def search(
    finding: Finding, fetcher: Fetcher, parsers: Parsers, now: Callable[[], datetime]
) -> Finding:
    """Ask the usual places of a site whose page names no feed; each takes a few seconds."""
    for place in discovery.COMMON:
        guess = urljoin(finding.url, f"/{place}")
        if (await visit(FeedState(guess), fetcher, parsers, now)).document is not None:
            sentence = f"{finding.sentence}; there is one at {guess}"
            return replace(finding, sentence=sentence, feeds=(Link(guess),))
    return replace(finding, sentence=f"{finding.sentence}, and the usual places have none")


def _judged(
    url: str, document: Document, now: datetime, feed: Feed | None, moved_to: str
) -> Finding:
    items = [item for item in document.items if not item.withdrawn]
    name = f"{document.format} “{document.title}”" if document.title else document.format
    if not items:
        return Finding(url, False, f"it's empty: {name} has no items", document=document)
    dates = [moment for item in items if (moment := published_at(item, now))]
    notes = tuple(_notes(document, now, dates, feed or Feed(url, ""), moved_to))
    if feed is not None and document.language:
        theirs, ours = document.language.partition("-")[0], feed.language.partition("-")[0]
        if theirs.lower() != ours.lower():
            notes += (
                f"it says that it is in “{document.language}”, and its entry says "
                f'language = "{feed.language}"',
            )
    count = f"{len(items)} items" if len(items) > 1 else "1 item"
    if not dates:
        sentence = f"{name}: {count}, none with a date: each counts from when it is first seen"
        return Finding(url, True, sentence, notes, document)
    newest = max(dates)
    if now - newest > NEWS:
        sentence = f"its newest item is from {_day(newest)}, too old to be news: {name}, {count}"
        return Finding(url, False, sentence, notes, document)
    return Finding(url, True, f"{name}: {count}, the newest {_ago(now - newest)}", notes, document)


def _notes(
    document: Document, now: datetime, dates: list[datetime], feed: Feed, moved_to: str
) -> list[str]:
    items = [item for item in document.items if not item.withdrawn]
    notes = []
    if moved_to:
        notes.append(f"it moved for good: change its address to {moved_to}")
    if document.damaged:
        notes.append("it isn't well-formed XML; what could be read was read")
    if document.unusable:
        notes.append(f"entries with neither a title nor a text were left out: {document.unusable}")
    ahead = [item for item in items if item.published and item.published - now > _FUTURE]
    if ahead:
        notes.append(
            f"items dated in the future: {len(ahead)}; they count from when they are first seen"
        )
    if dates and len(dates) < len(items):
        notes.append(f"items without a date that can be one: {len(items) - len(dates)}")
    if len(dates) > 2 and len(set(dates)) == 1:
        notes.append("all its items have the same date, so their order can't be told")
    if not any(item.url for item in items):
        notes.append("none of its items has a link, so nothing it reports can be linked")
    if not any(item.text for item in items):
        notes.append("it has titles only: stories can quote nothing but those")
    domains = Counter(domain_of(item.url) for item in items if item.url)
    top, count = domains.most_common(1)[0] if domains else ("", 0)
    listed = feed.domain or top == outlet_of(feed) or top.replace(".", "").isdigit()
    if count * 2 > len(items) and not listed:
        notes.append(
            f"its items link to {top}, and it counts as {outlet_of(feed)}: "
            f'add domain = "{top}" if that is the outlet'
        )
    return notes


def _with_scheme(url: str) -> str:
    """As typed into a browser: without a scheme, https is meant; feed: is an old one for both."""
    url = url.strip().removeprefix("feed:")
    url = url.removeprefix("//")
    return url if "://" in url else f"https://{url}"


def _day(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y}"


def _ago(gap: timedelta) -> str:
    minutes = int(gap.total_seconds() // 60)
    if minutes < 2:
        return "from just now"
    if minutes < 120:
        return f"from {minutes} minutes ago"
    hours = minutes // 60
    return f"from {hours} hours ago" if hours < 48 else f"from {hours // 24} days ago"
