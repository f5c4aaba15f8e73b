"""The follower reads what the archive holds, page by page."""

import asyncio
import gc
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.metrics import Metrics
from stories.changes import Changes, Cursor, Page
from stories.edition import Edition
from stories.follower import SETTLED, Follower
from stories.index import StoryIndex
from stories.story import Story, StoryId

NOW = datetime(2026, 6, 25, 6, 0, tzinfo=UTC)
PAGE = 20


def edition(number: int) -> Edition:
    told = Story(StoryId(f"s{number}"), "Storm", ("It blew.",), revision=1)
    return Edition(told, None, number, NOW)


class Paged:
    """An archive of so many stories, in pages; more may come later."""

    def __init__(self, held: int, later: int) -> None:
        self.held, self.later = held, later

    async def wakes(self) -> AsyncGenerator[str]:
        yield "subscribed"
        await asyncio.sleep(0)
        yield "wake"
        await asyncio.Event().wait()

    async def newest(self, below: int | None = None) -> Page:
        last = self.held if below is None else below - 1
        first = max(0, last - PAGE)
        page = tuple(edition(number) for number in range(last, first, -1))
        return Page(Cursor("e", self.held), first and first + 1, page, ())

    async def since(self, cursor: Cursor) -> Changes:
        if cursor.seq < self.held:
            return Changes(Cursor("e", self.held), ())
        upto = self.held + self.later
        return Changes(Cursor("e", upto), tuple(map(edition, range(cursor.seq + 1, upto + 1))))


async def test_python_is_told_that_stories_stay_while_all_are_read_and_not_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However small the pages: else it walks through all of them while answers wait. Later it
    would keep what is garbage at that moment."""
    told: list[int] = []
    index = StoryIndex()
    monkeypatch.setattr(gc, "freeze", lambda: told.append(len(index)))
    archive: Any = Paged(3 * SETTLED + 5, later=4 * SETTLED)
    following = asyncio.create_task(Follower(archive, index, Metrics()).run())
    async with asyncio.timeout(20):
        while len(index) < 7 * SETTLED + 5:  # noqa: ASYNC110  # seen from outside, nothing rings
            await asyncio.sleep(0)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    assert told == [SETTLED, 2 * SETTLED, 3 * SETTLED]
