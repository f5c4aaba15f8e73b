"""Reads all feeds, each when it is due, and hands what is new to the memory of them.

Each feed has a task of its own that does nothing but wait, visit and hand over. How many ask at the
same time is the fetcher's concern. A feed that fails, even by a defect of ours, waits like any
failing feed; the others don't notice.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Protocol

from newsroom.model import ArticleKey, Feed, FeedKey
from newsroom.reading import schedule
from newsroom.reading.child import Parsers
from newsroom.reading.fetch import Fetcher
from newsroom.reading.news import News, sift
from newsroom.reading.schedule import FeedState
from newsroom.reading.visit import visit

log = logging.getLogger(__name__)

GLANCE_S = 60.0
"""The longest sleep: a clock that was set is noticed within it."""


class Memory(Protocol):
    """What is remembered of feeds and their items, across restarts."""

    async def states(self) -> Mapping[FeedKey, FeedState]:
        """What is known of each feed."""
        ...

    async def seen(self, feed: FeedKey) -> Mapping[ArticleKey, str]:
        """The items seen of a feed in the last weeks, with the hashes of their contents."""
        ...

    async def take(self, feed: Feed, news: News, state: FeedState) -> None:
        """Write down the articles, what was seen, and the state: all of it, or nothing."""
        ...


class Rounds:
    """Keeps reading feeds. `run` ends only when it is cancelled or the memory fails."""

    def __init__(
        self,
        feeds: Iterable[Feed],
        memory: Memory,
        fetcher: Fetcher,
        parsers: Parsers,
        now: Callable[[], datetime],
        *,
        glance: float = GLANCE_S,
    ) -> None:
        self._feeds = tuple(feeds)
        self._memory = memory
        self._fetcher = fetcher
        self._parsers = parsers
        self._now = now
        self._glance = glance

    async def run(self) -> None:
        """Visit every feed whenever it is due."""
        states = await self._memory.states()
        async with asyncio.TaskGroup() as group:
            for feed in self._feeds:
                state = states.get(feed.key) or FeedState(feed.url)
                group.create_task(self._keep_reading(feed, state))

    async def _keep_reading(self, feed: Feed, state: FeedState) -> None:
        while not state.disabled:
            if schedule.is_due(state, self._now()):
                state = await self._read(feed, state)
            else:
                assert state.next_at
                wait = (state.next_at - self._now()).total_seconds()
                await asyncio.sleep(max(0.0, min(wait, self._glance)))
        log.warning("a feed is disabled", extra={"feed": feed.url, "why": state.disabled})

    async def _read(self, feed: Feed, state: FeedState) -> FeedState:
        """One visit; what it brought is remembered before the new state counts."""
        try:
            came = await visit(state, self._fetcher, self._parsers, self._now)
        except Exception:
            log.exception("a feed could not be visited", extra={"feed": feed.url})
            state = schedule.failed(state, self._now(), "reading it failed by a defect of ours")
            await self._memory.take(feed, News(), state)
            return state
        now, news, after = self._now(), News(), came.state
        if came.document is not None:
            news = sift(
                feed,
                came.document.items,
                await self._memory.seen(feed.key),
                now,
                allowance=schedule.allowance(state, now),
                first=state.read_at is None,
            )
            after = schedule.took(after, now, news.taken, news.waiting)
        if after.fault and after.fault != state.fault:
            log.warning("a feed fails", extra={"feed": feed.url, "why": after.fault})
        if news.waiting:
            log.warning("a feed floods", extra={"feed": feed.url, "waiting": news.waiting})
        await self._memory.take(feed, news, after)
        return after
