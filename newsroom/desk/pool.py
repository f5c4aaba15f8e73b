"""The live stories, and which of them an article is nearest to."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from newsroom.desk.index import Floats, Index
from newsroom.desk.match import AGE_STEP_S, AGES, SIZES, Terms, Vector, Weights, cosine

SILENCE_S = 72 * 3600
"""Seconds without an article after which nothing more can join a story."""
RIVALS = 6
"""Stories that are looked at in all channels: those with the nearest leads."""
CROWD = slice(2, 10)
"""Of the nearest leads, those that tell how crowded it is around an article: the first two are left
out, as they may be its story and a part of it that stands apart."""
FAR = 0.02
"""Leads with a lower cosine have nothing in common."""


class Near(NamedTuple):
    """A live story as an article meets it."""

    score: float
    """Log-odds that they belong together."""
    serial: int
    column: int


@dataclass(slots=True)
class Column:
    """A live story as far as matching goes."""

    serial: int
    vector: Vector
    size: int
    last: int
    """When its newest article was published, seconds since 1970."""


class Pool:
    """Columns of live stories."""

    def __init__(self) -> None:
        self.columns: dict[int, Column] = {}
        self.free: list[int] = []
        self.top = 0
        """Columns from here on were never used."""
        self._index = Index()
        self._length = np.ones(64)
        self._last = np.full(64, -np.inf)

    def begin(self, serial: int) -> int:
        """A column for a new story, still empty."""
        if self.free:
            column = self.free.pop()
        else:
            column, self.top = self.top, self.top + 1
        self._open(column, Column(serial, Vector(), 0, 0))
        return column

    def _open(self, column: int, story: Column) -> None:
        while column >= len(self._length):
            self._length = np.concatenate([self._length, np.ones(len(self._length))])
            self._last = np.concatenate([self._last, np.full(len(self._last), -np.inf)])
        self.columns[column] = story

    def restore(self, column: int, story: Column) -> None:
        """Put a story back where it was."""
        self._open(column, story)
        self._index.add(column, story.vector.lead)
        self._show(column, story)

    def add(self, column: int, vector: Vector, at: int, size: int = 1) -> None:
        """Add an article, or a whole story, to a story."""
        mine = self.columns[column]
        mine.vector.add(vector)
        mine.size += size
        mine.last = max(mine.last, at)
        self._index.add(column, vector.lead)
        self._show(column, mine)

    def take_out(self, column: int, vector: Vector, last: int) -> None:
        """Take one article out of a story, whose newest is `last` without it."""
        mine = self.columns[column]
        mine.vector.add(vector, -1)
        mine.size -= 1
        mine.last = last
        self._index.add(column, vector.lead, -1)
        self._show(column, mine)

    def _show(self, column: int, story: Column) -> None:
        self._length[column] = math.sqrt(story.vector.squares[0]) or 1.0
        self._last[column] = story.last

    def end(self, column: int) -> Column:
        """Take a story out."""
        gone = self.columns.pop(column)
        self._index.add(column, gone.vector.lead, -1)
        self._length[column], self._last[column] = 1.0, -np.inf
        self.free.append(column)
        return gone

    def tidy(self) -> None:
        """Give back memory that stories which ended have left."""
        self._index.tidy()

    def silent(self, now: int) -> list[int]:
        """The columns of stories that ended because no article came for long enough."""
        last = self._last[: self.top]
        return [int(c) for c in np.flatnonzero((last > -np.inf) & (now - last >= SILENCE_S))]

    def nearest(
        self, vector: Vector, at: int, weights: Weights, but: int = -1
    ) -> list[tuple[Near, Terms]]:
        """The stories nearest to an article, best first, each with what its score is made of.

        `but` is a column to leave out.
        """
        if not self.top or not vector.squares[0]:
            return []
        dots = self._index.dots(vector.lead, self.top)
        cosines = dots / (self._length[: self.top] * math.sqrt(vector.squares[0]))
        if but >= 0:
            cosines[but] = 0.0
        places = np.flatnonzero(cosines > FAR)
        leads = cosines[places]
        ages = np.abs(at - self._last[places])
        live = ages <= SILENCE_S
        places, leads, ages = places[live], leads[live], ages[live]
        if not len(places):
            return []
        old = AGES[(ages / AGE_STEP_S).astype(np.int64)]
        first = leads * (weights.lead + weights.lead_age * old) + weights.age * old
        crowd = _crowd(leads)
        if len(places) > RIVALS:
            best = np.argpartition(-first, RIVALS)[:RIVALS]
            places, leads = places[best], leads[best]
        found = []
        for column, lead in zip(places.tolist(), leads.tolist(), strict=True):
            terms = self._terms(vector, at, column, lead, crowd)
            found.append((Near(weights.score(terms), self.columns[column].serial, column), terms))
        found.sort(key=lambda each: (-each[0].score, each[0].serial))
        return found

    def _terms(self, vector: Vector, at: int, column: int, lead: float, crowd: float) -> Terms:
        mine = self.columns[column]
        its = mine.vector
        one, other = vector.squares, its.squares
        age = abs(at - mine.last) // AGE_STEP_S
        return Terms(
            lead,
            cosine(vector.title, its.title, one[1] * other[1]),
            cosine(vector.names, its.names, one[2] * other[2]),
            float(AGES[min(age, len(AGES) - 1)]),
            SIZES[min(mine.size, len(SIZES) - 1)],
            crowd,
        )


def _crowd(leads: Floats) -> float:
    """The mean cosine of the leads that `CROWD` names; what is not there counts nothing."""
    if len(leads) > CROWD.stop:
        leads = np.partition(leads, len(leads) - CROWD.stop)[-CROWD.stop :]
    nearest = sorted(leads.tolist(), reverse=True)[CROWD]
    return math.fsum(nearest) / (CROWD.stop - CROWD.start)
