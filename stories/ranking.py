"""The order in which stories are shown, and which of them are live."""

import math
from bisect import bisect_left, insort
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from heapq import heappop, heappush
from itertools import chain

from stories.edition import Edition
from stories.story import LIVE_FOR, StoryId

Rank = tuple[float, float, StoryId]
"""Virality, then freshness, negated so that the first in order is the smallest."""


def rank(edition: Edition) -> Rank:
    """An edition's position in the order."""
    story = edition.story
    return (-(story.stats.virality or 0.0), -edition.fresh.timestamp(), story.id)


@dataclass(frozen=True, slots=True)
class Ranked:
    """Values computed once per edition, so that thousands can be searched at once."""

    rank: Rank
    until: float
    """The time at which it stops being live if nothing new arrives."""


@dataclass(slots=True)
class _Live:
    """The live stories in order, maintained as time passes, so that listing them needs no scan."""

    moment: float = -math.inf
    """Until when expired stories have been removed."""
    ranks: list[Rank] = field(default_factory=list)
    editions: list[Edition] = field(default_factory=list)
    """One for each rank."""
    _ends: list[tuple[float, Rank]] = field(default_factory=list)
    """When they go stale, soonest first, including some that are no longer here."""

    def add(self, edition: Edition, ranked: Ranked) -> None:
        self.go_on(edition.heard_at.timestamp())
        if ranked.until < self.moment:
            return
        index = bisect_left(self.ranks, ranked.rank)
        self.ranks.insert(index, ranked.rank)
        self.editions.insert(index, edition)
        heappush(self._ends, (ranked.until, ranked.rank))

    def drop(self, rank: Rank) -> None:
        """Remove one, if it is here."""
        index = bisect_left(self.ranks, rank)
        if index < len(self.ranks) and self.ranks[index] == rank:
            del self.ranks[index], self.editions[index]

    def go_on(self, moment: float) -> None:
        """Remove the stories that went stale before a moment."""
        self.moment = max(self.moment, moment)
        while self._ends and self._ends[0][0] < self.moment:
            self.drop(heappop(self._ends)[1])


class Ranking:
    """Stories by virality, then freshness, and which of them are live at a moment.

    Moments are POSIX timestamps.
    """

    def __init__(self, editions: Mapping[StoryId, Edition], live_for: timedelta = LIVE_FOR) -> None:
        """`editions`: what is ranked; their owner adds and drops each one here, too."""
        self._editions = editions
        self._live_for = live_for
        self.of: dict[StoryId, Ranked] = {}
        self._order: list[Rank] = []
        self._now_live = _Live()

    def add(self, edition: Edition) -> None:
        """Rank a story."""
        until = -math.inf
        if edition.is_live(edition.fresh):
            until = edition.live_until(self._live_for).timestamp()
        ranked = self.of[edition.story.id] = Ranked(rank(edition), until)
        insort(self._order, ranked.rank)
        self._now_live.add(edition, ranked)

    def drop(self, story_id: StoryId) -> None:
        """Remove a story from the ranking."""
        ranked = self.of.pop(story_id)
        del self._order[bisect_left(self._order, ranked.rank)]
        self._now_live.drop(ranked.rank)

    def clear(self) -> None:
        """Remove every story."""
        self.of.clear()
        self._order.clear()
        self._now_live = _Live()

    def live(self, moment: float) -> Sequence[Edition]:
        """The live stories in order; valid until something is added or dropped."""
        if moment >= self._now_live.moment:
            self._now_live.go_on(moment)
            return self._now_live.editions
        ranked = self.of  # asked about the past
        return [self._editions[each] for *_, each in self._order if ranked[each].until >= moment]

    def first(self, moment: float, *, only_live: bool = False) -> Iterator[StoryId]:
        """The stories in order, live ones first."""
        live = (edition.story.id for edition in self.live(moment))
        if only_live:
            return live
        ranked = self.of
        return chain(live, (each for *_, each in self._order if ranked[each].until < moment))

    def all_are_live(self, moment: float) -> bool:
        """Whether all stories are known to be live without looking at each."""
        now = self._now_live
        return len(now.ranks) >= len(self._editions) and moment >= now.moment
