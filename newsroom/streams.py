"""Labelled streams of articles, for measuring: read from JSON lines, put in order, scored."""

import json
import math
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from newsroom.desk.entries import Came, Entry, Tick
from newsroom.model import Article, FeedKey, article_key

TICK_S = 60
"""Between two ticks of the desk."""
JITTER_H = 12.0
"""AllSides gives one time for a whole story; each article is moved by as many hours at most."""
DELAY_H = 6.0
"""The UCI rows lie story by story; each headline is moved by a log-normal delay of this median."""
SPREAD = 1.2
LONGEST_H = 96.0


@dataclass(frozen=True, slots=True)
class Labelled:
    """An article with the name it has in its file, and the story it belongs to."""

    id: str
    story: str | None
    """None for noise: an article of no labelled story."""
    article: Article


def read_stream(path: Path, *, jitter: bool = False, interleave: bool = False) -> list[Labelled]:
    """The articles of a file in the order in which they come.

    `jitter` moves times by up to `JITTER_H`; `interleave` has a story's articles come one after
    the other. Both are drawn from the same seed each time. Neither ids nor labels decide an order.
    """
    with path.open(encoding="utf-8") as file:
        rows = [json.loads(line) for line in file if line.strip()]
    draw = random.Random(1)  # noqa: S311  a simulation, no secret
    made = []
    for row in rows:
        at = datetime.fromisoformat(row["published"])
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        if jitter:
            at += timedelta(hours=draw.uniform(-JITTER_H, JITTER_H))
        if interleave:
            delay = draw.lognormvariate(math.log(DELAY_H), SPREAD)
            at += timedelta(hours=min(delay, LONGEST_H))
        made.append(Labelled(str(row["id"]), row["story"], _article(row, at)))
    draw.shuffle(made)
    return sorted(made, key=lambda each: each.article.published)


def _article(row: Mapping[str, str], at: datetime) -> Article:
    return Article(
        key=article_key(FeedKey("measured"), row["id"]),
        feed=FeedKey("measured"),
        outlet=row["source"],
        title=row["title"],
        text=row["text"],
        published=at,
        arrived=at,
    )


@dataclass(frozen=True, slots=True)
class Score:
    """BCubed precision, recall and their harmonic mean, over labelled articles."""

    precision: float
    recall: float
    f1: float


def bcubed(gold: Mapping[str, object], predicted: Mapping[str, object]) -> Score:
    """BCubed (Bagga and Baldwin 1998; Amigó et al. 2009).

    What `predicted` has and `gold` has not is noise: it counts in the size of a cluster only.
    """
    stories, clusters = Counter(gold.values()), Counter(predicted.values())
    both = Counter((story, predicted[name]) for name, story in gold.items())
    precision = sum(n * n / clusters[c] for (_, c), n in both.items()) / len(gold)
    recall = sum(n * n / stories[s] for (s, _), n in both.items()) / len(gold)
    return Score(precision, recall, 2 * precision * recall / (precision + recall))


def labels(stream: Iterable[Labelled]) -> dict[str, object]:
    """The story of every labelled article."""
    return {each.id: each.story for each in stream if each.story is not None}


def cut_labels(stream: Iterable[Labelled], gap: timedelta) -> dict[str, object]:
    """The same with stories cut wherever nothing came for longer than `gap`."""
    last: dict[str, datetime] = {}
    part: Counter[str] = Counter()
    found: dict[str, object] = {}
    timed = [each for each in stream if each.story is not None]
    for each in sorted(timed, key=lambda each: (each.article.published, each.id)):
        story, at = str(each.story), each.article.published
        if story in last and at - last[story] > gap:
            part[story] += 1
        last[story] = at
        found[each.id] = (story, part[story])
    return found


def taken(stream: Iterable[Labelled], predicted: Mapping[str, object]) -> float:
    """The share of noise that lies in a cluster with a labelled article."""
    stream = list(stream)
    known = {predicted[each.id] for each in stream if each.story is not None}
    noise = [each for each in stream if each.story is None]
    return sum(predicted[each.id] in known for each in noise) / len(noise) if noise else 0.0


def judged(name: str, value: str, floor: bool, goal: bool) -> str:
    """One figure as the gates print it, and whether it reaches its floor and its goal."""
    return f"{name:<24} {value:>8}   {'goal' if goal else 'floor' if floor else 'MISSED'}"


def ticked(came: Iterable[Came]) -> Iterator[Entry]:
    """The entries with the ticks between them; minutes in which nothing came have none."""
    minute = None
    for entry in came:
        now = entry.arrived - entry.arrived % TICK_S
        if minute is not None and now > minute:
            yield Tick(now)
        minute = now
        yield entry
    if minute is not None:
        yield Tick(minute + TICK_S)
