"""Fit the newsroom's weights to labelled streams: `python -m scripts.fit_newsroom`.

Pairs of an article and a story, as far as the story had come by then, are gathered along each
stream: the labelled story is the right one, its rivals are wrong ones. A logistic regression over
them gives the weights; every labelled set counts alike. A second one over pairs of clusters, as the
desk makes them with those weights, says which are one story. What is printed goes into
`newsroom/desk/weights.py`; the thresholds there were chosen on the same streams, with
`python -m newsroom.evaluate clusters`.
"""

import argparse
import math
import os
import random
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from newsroom.desk import entries, weights
from newsroom.desk.entries import Came
from newsroom.desk.match import (
    AGE_STEP_S,
    AGES,
    SIZES,
    Counts,
    MergeWeights,
    Terms,
    Vector,
    Weights,
    cosine,
    summary,
    vector,
)
from newsroom.desk.pool import Pool
from newsroom.evaluate import PARTS, ROOT, SETS, reader
from newsroom.streams import Labelled, read_stream

ALIKE = 2_000.0
"""What the right pairs of each labelled set weigh together."""
RIDGE = 1e-5
"""The strength of the ridge penalty, of the pairs' whole weight."""
MERGE_RIDGE = 1e-4
PURE = 0.7
"""A cluster of which a smaller share is of one story stands for none."""
TIDY = 20
"""Articles after which stories that are over are taken out."""
Row = list[float]
Array = npt.NDArray[np.float64]


def main() -> int:
    """Gather pairs, fit, print."""
    shared = Path(os.environ.get("STORYWIRE_SHARED", ROOT.parent / "shared"))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=shared / "data")
    given = parser.parse_args()
    if not given.data.exists():
        print(f"{given.data} is not there: set STORYWIRE_SHARED to the folder with the data")
        return 2
    streams = [
        read_stream(given.data / f"{name}.dev.jsonl", **order)
        for name, order in (*SETS.items(), ("mixed", {}))
    ]
    came = [_came(stream) for stream in streams]
    pairs = [
        pair
        for stream, log in zip(streams, came, strict=True)
        for pair in article_pairs(stream, log)
    ]
    fitted = {bare: _weights(pairs, bare) for bare in (False, True)}
    print("TEXT =", fitted[False])
    print("BARE =", fitted[True])
    merges: list[tuple[Row, bool, float]] = []
    for stream, log in zip(streams, came, strict=True):
        merges += story_pairs(stream, log, fitted)
    rows, right, weight = zip(*merges, strict=True)
    found = fit(np.array(rows), np.array(right, float), np.sqrt(weight), MERGE_RIDGE)
    print(
        "MERGE_BARE =", MergeWeights(weights.MERGE_BARE.least, *found), f"{sum(right)} pairs right"
    )
    return 0


def _came(stream: Sequence[Labelled]) -> list[Came]:
    read = reader()
    return [entries.came(each.article, read) for each in stream]


def article_pairs(
    stream: Sequence[Labelled], log: Sequence[Came]
) -> Iterator[tuple[Row, bool, bool, str]]:
    """What an article and a story have to do with each other, whether it is right, whether the
    article is a bare title, and the set it is of.
    """
    pool, counts = Pool(), Counts()
    column_of: dict[str, int] = {}
    story_of: dict[int, str] = {}
    for place, (labelled, entry) in enumerate(zip(stream, log, strict=True)):
        if place % TIDY == 0:
            for column in pool.silent(entry.published):
                pool.end(column)
                column_of.pop(story_of.pop(column), None)
        counts.add(entry.features)
        made = vector(entry.features, counts)
        story = labelled.story or f"noise {labelled.id}"
        mine = column_of.get(story)
        rule = weights.BARE if entry.features.bare else weights.TEXT
        near = pool.nearest(made, entry.published, rule)
        found = {each.column: terms for each, terms in near}
        if mine is not None and mine not in found:
            found[mine] = _terms(pool, made, entry.published, mine, near[0][1].crowd if near else 0)
        for column, terms in sorted(found.items()):
            strangers = labelled.story is None and story_of[column].startswith("noise ")
            if column == mine or not strangers:
                yield _row(terms), column == mine, entry.features.bare, _set_of(labelled)
        if mine is None:
            mine = column_of[story] = pool.begin(place)
            story_of[mine] = story
        pool.add(mine, made, entry.published)


def story_pairs(
    stream: Sequence[Labelled], log: Sequence[Came], fitted: dict[bool, Weights]
) -> Iterator[tuple[Row, bool, float]]:
    """Pairs of clusters of bare titles: what they have to do with each other, whether they are of
    one story, and how many articles the smaller has.
    """
    pool, counts = Pool(), Counts()
    labels: dict[int, Counter[str | None]] = {}
    bare: dict[int, bool] = {}
    draw = random.Random(1)  # noqa: S311  a simulation, no secret
    for place, (labelled, entry) in enumerate(zip(stream, log, strict=True)):
        if place % TIDY == 0:
            for column in pool.silent(entry.published):
                pool.end(column)
        counts.add(entry.features)
        made = vector(entry.features, counts)
        rule = fitted[entry.features.bare]
        near = pool.nearest(made, entry.published, rule)
        if near and near[0][0].score >= rule.least:
            column = near[0][0].column
        else:
            column = pool.begin(place)
            labels[column], bare[column] = Counter(), True
        pool.add(column, made, entry.published)
        labels[column][labelled.story] += 1
        bare[column] &= entry.features.bare
        mine = pool.columns[column]
        if mine.size < 2 or not bare[column]:
            continue
        for each, terms in pool.nearest(summary(mine.vector), mine.last, rule, column):
            its = pool.columns[each.column]
            one, other = _story(labels[column], mine.size), _story(labels[each.column], its.size)
            if one is None and other is None:
                continue
            yield _merge_row(terms, mine.size, its.size), one == other, min(mine.size, its.size)
            if one == other and draw.random() < 0.3:
                gone = pool.end(each.column)
                pool.add(column, gone.vector, gone.last, gone.size)
                labels[column] += labels[each.column]
                bare[column] &= bare[each.column]
                break


def _story(labels: Counter[str | None], size: int) -> str | None:
    story, count = labels.most_common(1)[0]
    return story if count >= PURE * size else None


def _terms(pool: Pool, made: Vector, at: int, column: int, crowd: float) -> Terms:
    mine = pool.columns[column]
    lead, title, names = (
        cosine(one, other, made.squares[n] * mine.vector.squares[n])
        for n, (one, other) in enumerate(zip(made.channels(), mine.vector.channels(), strict=True))
    )
    age = min(abs(at - mine.last) // AGE_STEP_S, len(AGES) - 1)
    return Terms(lead, title, names, float(AGES[age]), SIZES[min(mine.size, len(SIZES) - 1)], crowd)


def _row(terms: Terms) -> Row:
    """What `Weights.score` multiplies, in the order of its weights."""
    lead, title, names, age, size, crowd = terms
    plain = [1.0, lead, title, names, age, size]
    return [*plain, lead * age, title * age, names * age, crowd, crowd * age]


def _merge_row(terms: Terms, one: int, other: int) -> Row:
    """What `MergeWeights.score` multiplies, in the order of its weights."""
    lead, title, names, age, _, crowd = terms
    small, big = math.log(min(one, other)) / 5, math.log(max(one, other)) / 5
    plain = [1.0, lead, title, names, age, small, big, crowd]
    return [*plain, lead * small, title * small, names * small, lead * age]


def _set_of(labelled: Labelled) -> str:
    if labelled.story is None:
        return "noise"
    return next(name for name, shape in PARTS.items() if re.search(shape, labelled.id))


def _weights(pairs: Sequence[tuple[Row, bool, bool, str]], bare: bool) -> Weights:
    some = [pair for pair in pairs if pair[2] == bare]
    rights = Counter(name for _, right, _, name in some if right)
    weight = np.array([ALIKE / (rights[name] + 1) if rights[name] else 1.0 for *_, name in some])
    rows, right = np.array([pair[0] for pair in some]), np.array([pair[1] for pair in some], float)
    least = (weights.BARE if bare else weights.TEXT).least
    return Weights(least, *fit(rows, right, weight, RIDGE))


def fit(rows: Array, right: Array, weight: Any, ridge: float) -> list[float]:
    """Weighted logistic regression by Newton's method; the first column is the base."""
    found = np.zeros(rows.shape[1])
    penalty = np.eye(len(found)) * ridge * weight.sum()
    penalty[0, 0] = 0.0
    for _ in range(60):
        chance = 1.0 / (1.0 + np.exp(-np.clip(rows @ found, -30, 30)))
        slope = rows.T @ (weight * (right - chance)) - penalty @ found
        bend = (rows * (weight * chance * (1 - chance))[:, None]).T @ rows + penalty
        step = np.linalg.solve(bend + 1e-9 * np.eye(len(found)), slope)
        found += step
        if np.abs(step).max() < 1e-6:
            break
    return [round(float(each), 2) for each in found]


if __name__ == "__main__":
    sys.exit(main())
