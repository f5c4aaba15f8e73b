"""How likely it is that an article belongs to a story: a logistic score over three channels.

Every weight is a whole number once it is computed, so sums of them are exact in any order, and a
member that leaves a story leaves nothing behind. Only then are cosines taken.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from newsroom.desk.words import PRIOR, Features

SCALE = 128
"""The length of an article's vector in each channel, before its weights are rounded."""
CHANNELS = 3
"""Lead, title, names and numbers."""


class Counts:
    """In how many articles each word has stood, on top of the background."""

    FULL = 50_000
    """Articles after which all counts are halved: old news fades."""

    def __init__(self) -> None:
        self.total = 0
        self.seen: dict[int, int] = {}

    def add(self, features: Features) -> None:
        """One more article."""
        self.total += 1
        seen = self.seen
        for word in features.words:
            seen[word] = seen.get(word, 0) + 1
        if self.total >= self.FULL:
            self.total //= 2
            self.seen = {word: half for word, n in self.seen.items() if (half := n // 2)}


@dataclass(slots=True)
class Vector:
    """Whole-number weights in each channel, of an article or summed over a story."""

    lead: dict[int, int] = field(default_factory=dict)
    title: dict[int, int] = field(default_factory=dict)
    names: dict[int, int] = field(default_factory=dict)
    squares: list[int] = field(default_factory=lambda: [0] * CHANNELS)

    def channels(self) -> tuple[dict[int, int], dict[int, int], dict[int, int]]:
        return self.lead, self.title, self.names

    def add(self, other: "Vector", sign: int = 1) -> None:
        """Add another vector, or with sign −1 take it out again."""
        for place, (mine, its) in enumerate(zip(self.channels(), other.channels(), strict=True)):
            square = self.squares[place]
            for word, weight in its.items():
                before = mine.get(word, 0)
                after = before + sign * weight
                square += after * after - before * before
                if after:
                    mine[word] = after
                else:
                    del mine[word]
            self.squares[place] = square


_LOG = [0.0, *(1.0 + math.log(n) for n in range(1, 1024))]
_HALVES = [math.log(n + 0.5) for n in range(4096)]


def vector(features: Features, counts: Counts) -> Vector:
    """The weights of an article, each channel of length `SCALE`.

    A word's weight is (1 + ln n) · ln((PRIOR + articles + 1) / (common + seen + ½)), n being how
    often it stands there, `common` its documents in the background, `seen` those in the stream.
    """
    made = Vector()
    leads: list[float] = []
    titles: list[tuple[int, float]] = []
    names: list[tuple[int, float]] = []
    seen, most = counts.seen, math.log(PRIOR + counts.total + 1)
    columns = (features.words, features.common, features.lead, features.title, features.names)
    for word, common, lead, title, name in zip(*columns, strict=True):
        held = common + seen.get(word, 0)
        rarity = most - (_HALVES[held] if held < len(_HALVES) else math.log(held + 0.5))
        leads.append(rarity * _LOG[lead])
        if title:
            titles.append((word, rarity * _LOG[title]))
        if name:
            names.append((word, rarity * _LOG[name]))
    _fill(made.lead, made.squares, 0, list(zip(features.words, leads, strict=True)))
    _fill(made.title, made.squares, 1, titles)
    _fill(made.names, made.squares, 2, names)
    return made


def _fill(
    channel: dict[int, int], squares: list[int], place: int, raw: Sequence[tuple[int, float]]
) -> None:
    """Put the weights into a channel, scaled to `SCALE` and made whole."""
    length = math.sqrt(math.fsum([value * value for _, value in raw]))
    if not length:
        return
    scale = SCALE / length
    square = 0
    for word, value in raw:
        if whole := round(scale * value):
            channel[word] = whole
            square += whole * whole
    squares[place] = square


def cosine(one: Mapping[int, int], other: Mapping[int, int], squares: int) -> float:
    """The cosine of two channels; `squares` is the product of their squared lengths."""
    if not squares:
        return 0.0
    if len(one) > len(other):
        one, other = other, one
    return sum([w * other[word] for word, w in one.items() if word in other]) / math.sqrt(squares)


class Terms(NamedTuple):
    """What an article and a story have to do with each other."""

    lead: float
    title: float
    names: float
    """Cosines of the three channels."""
    age: float
    """ln(1 + hours between the article and the story's newest) / 5."""
    size: float
    """ln(articles in the story) / 5."""
    crowd: float
    """How near the leads of other stories are: among many alike, likeness says less."""


class Weights(NamedTuple):
    """The weights of the logistic score, and the score from which two belong together."""

    least: float
    base: float
    lead: float
    title: float
    names: float
    age: float
    size: float
    lead_age: float
    title_age: float
    names_age: float
    crowd: float
    crowd_age: float

    def score(self, terms: Terms) -> float:
        """The log-odds that they belong together."""
        lead, title, names, age, size, crowd = terms
        return (
            self.base
            + self.lead * lead
            + self.title * title
            + self.names * names
            + self.age * age
            + self.size * size
            + self.crowd * crowd
            + age
            * (
                self.lead_age * lead
                + self.title_age * title
                + self.names_age * names
                + self.crowd_age * crowd
            )
        )


class MergeWeights(NamedTuple):
    """The weights of the logistic score that says whether two stories are one."""

    least: float
    base: float
    lead: float
    title: float
    names: float
    age: float
    small: float
    big: float
    crowd: float
    lead_small: float
    title_small: float
    names_small: float
    lead_age: float

    def score(self, terms: Terms, one: int, other: int) -> float:
        """The log-odds that two stories of so many articles are one."""
        small, big = SIZES[min(one, other, MOST)], SIZES[min(max(one, other), MOST)]
        return (
            self.base
            + (self.lead + self.lead_small * small + self.lead_age * terms.age) * terms.lead
            + (self.title + self.title_small * small) * terms.title
            + (self.names + self.names_small * small) * terms.names
            + self.age * terms.age
            + self.small * small
            + self.big * big
            + self.crowd * terms.crowd
        )


AGE_STEP_S = 360
"""Ages are told apart by six minutes."""
AGES = np.array([round(math.log1p(n * AGE_STEP_S / 3600) / 5, 9) for n in range(40 * 240)])
"""`Terms.age` by steps, for forty days."""
MOST = 4096
SIZES = [0.0, *(round(math.log(n) / 5, 9) for n in range(1, MOST + 1))]
"""`Terms.size` by articles."""
TOP = 120
"""Words of a story's channel that are compared with other stories."""


def summary(story: Vector) -> Vector:
    """A story as if it were one article: the heaviest words of each channel, of length `SCALE`."""
    made = Vector()
    for place, (its, mine) in enumerate(zip(story.channels(), made.channels(), strict=True)):
        pairs = list(zip(its.values(), its, strict=True))
        square = story.squares[place]
        if len(pairs) > TOP:
            pairs = sorted(pairs, reverse=True)[:TOP]
            square = sum([weight * weight for weight, _ in pairs])
        scale = SCALE / math.sqrt(square or 1)
        for weight, word in pairs:
            if whole := round(scale * weight):
                mine[word] = whole
        made.squares[place] = sum([weight * weight for weight in mine.values()])
    return made
