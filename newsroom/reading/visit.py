"""One visit to a feed: ask, parse, and say what that means for the next visit.

Every failure becomes a sentence in the feed's state. Nothing that one feed does raises, so no feed
can harm another.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus
from urllib.parse import urlsplit

from newsroom.reading import schedule
from newsroom.reading.child import ParserKilled, Parsers
from newsroom.reading.document import Document, NotAFeed
from newsroom.reading.fetch import Answer, Fetcher, FetchFailed
from newsroom.reading.news import published_at
from newsroom.reading.schedule import FeedState, Wishes


@dataclass(frozen=True, slots=True)
class Visit:
    """What one visit gave."""

    state: FeedState
    """What to keep for the next time, once the document's items are taken: stored earlier, it would
    have the next visit find nothing new. Its `fault` is empty when all went well."""
    document: Document | None = None
    """None when nothing changed, and when it failed."""
    other: NotAFeed | None = None
    """What was found in place of a feed."""


async def visit(
    state: FeedState, fetcher: Fetcher, parsers: Parsers, now: Callable[[], datetime]
) -> Visit:
    """Ask for the feed once, at the address where it is now, and read it."""
    try:
        answer = await fetcher.get(state.url, etag=state.etag, last_modified=state.last_modified)
    except FetchFailed as error:
        return Visit(schedule.failed(state, now(), str(error)))
    at, wishes = now(), Wishes(max_age=answer.max_age, retry_after=answer.retry_after)
    match answer.status:
        case HTTPStatus.NOT_MODIFIED if state.etag or state.last_modified:
            state = schedule.redirected(state, at, answer.moved_to)
            return Visit(schedule.unchanged(state, at, wishes))
        case HTTPStatus.GONE:
            return Visit(schedule.gone(state, refusal(answer)))
        case status if not 200 <= status < 300:
            return Visit(schedule.failed(state, at, refusal(answer), wishes))
    body = hashlib.blake2s(answer.body, digest_size=16).hexdigest()
    if body == state.body:
        state = _validated(schedule.redirected(state, at, answer.moved_to), answer, body)
        return Visit(schedule.unchanged(state, at, wishes))
    try:
        found = await parsers.parse(answer.body, answer.content_type, answer.url)
    except ParserKilled as error:
        return Visit(schedule.killed(state, now(), str(error)))
    if isinstance(found, NotAFeed):
        return Visit(schedule.failed(state, at, not_a_feed(found)), other=found)
    state = replace(
        _validated(schedule.redirected(state, at, answer.moved_to), answer, body),
        hub=found.hub,
        ttl=found.ttl,
        skip_hours=found.skip_hours,
        skip_days=found.skip_days,
    )
    dates = [moment for item in found.items if (moment := published_at(item, at))]
    return Visit(schedule.changed(state, at, dates, wishes), found)


def refusal(answer: Answer) -> str:
    """What an answer that is no feed means, with what to do about it."""
    host, status = urlsplit(answer.url).hostname, answer.status
    match status:
        case 304:
            return f"{host} answers “not modified” (304), though it was never read before"
        case 401 | 402 | 407:
            return f"{host} wants a login or a payment ({status})"
        case 403:
            return (
                f"{host} refuses access (403): many sites block programs; "
                "ask its publisher, or use another feed"
            )
        case 404:
            return f"{host} has nothing at this address (404): look for the feed on its site"
        case 410:
            return f"{host} says that it's gone for good (410): remove it, or find its successor"
        case 429:
            return f"{host} wants fewer requests (429)"
        case 503:
            return f"{host} is unavailable for now (503)"
        case _ if 300 <= status < 400:
            return f"{host} redirects ({status}) without saying where"
        case _ if status >= 500:
            return f"{host} has an error of its own ({status})"
        case _:
            return f"{host} refuses it ({status})"


def not_a_feed(found: NotAFeed) -> str:
    """What was found in place of a feed, and where feeds are."""
    sentence = f"this is {found.what}, not a feed"
    if not found.links:
        return sentence
    named = ", ".join(link.url for link in found.links[:3])
    more = len(found.links) - 3
    return f"{sentence}; its feeds: {named}" + (f" and {more} more" if more > 0 else "")


def _validated(state: FeedState, answer: Answer, body: str) -> FeedState:
    """With what makes the next question a conditional one; kept of readable answers only."""
    return replace(state, etag=answer.etag, last_modified=answer.last_modified, body=body)
