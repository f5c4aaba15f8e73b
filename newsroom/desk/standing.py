"""A story's figures: how far it has spread, and whether it emerges, is active, cools or has ended.

Everything comes from the articles' outlets and times. Virality is

    x = FACTOR · ln(1 + H) · sqrt(D / (D + 2)) · (1 + A / 2)        V = 10 · (1 − e^(−x))

H (heat) adds the articles, each halved every 6 hours; an outlet's hottest counts whole, its next
one half, and so on down to a sixteenth. D (breadth) adds the outlets, each as fresh as its latest
article, halved every 24 hours. A (pace) = F / (F + 2), F being heat with a half-life of 2 hours. A
near copy counts .2 of an original throughout. A story of one outlet stays at 1.0 or below.

So V never falls by an article, wherever in time it belongs; it falls while nothing comes; a copy
adds at most what an original adds; and the order in which articles were heard of is of no matter.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from stories.story import Status

COPY = 0.2
"""What a near copy counts of an original."""
REPEAT = 0.5
"""What an outlet's next article counts of the one before."""
REPEATS = 4
"""How often it is halved at most."""
HEAT_H = 6.0
BREADTH_H = 24.0
PACE_H = 2.0
"""Half-lives in hours."""
FACTOR = 0.36
HALF_BREADTH = 2.0
HALF_PACE = 2.0
PACE = 0.5
"""How much pace adds at most."""
ALONE = 1.0
"""The most that a story of one outlet reaches."""

OUTLETS_EMERGING = 2
OUTLETS_ACTIVE = 3
ARTICLES_ACTIVE = 4
FIRST_S = 600
"""Seconds that a story waits to be published after its second outlet's article, or after its first
article where an outlet is published by itself."""
AT_ONCE = 5.0
"""The virality at which it is published without waiting."""
ARTICLES_AT_ONCE = 5
"""Articles that such a virality takes at least: four outlets with one each reach 4.7."""
COOLING_S = 12 * 3600
"""Seconds without an article after which a story cools, if its virality is below `COOL`."""
COOL = 2.0
WARM = 2.5
"""The virality at which a cooling story is active again."""
RETURNED = 2
"""Originals since it began to cool that make it active again, whatever its virality."""
ENDED_S = 72 * 3600
"""Seconds of silence that end a story."""
REVIEW_S = 600
"""How often a silent story that is still too warm to cool is looked at."""
OLDEST_S = 30 * 86_400
"""Seconds after its first article at which every story ends."""


@dataclass(frozen=True, slots=True)
class Report:
    """One article as the figures see it."""

    outlet: str
    at: int
    """When it was published, seconds since 1970."""
    copy: bool = False


@dataclass(frozen=True, slots=True)
class Virality:
    """Virality with what it is made of."""

    value: float
    heat: float
    breadth: float
    pace: float
    outlets: int


def virality(reports: Iterable[Report], now: int) -> Virality:
    """How far a story has spread by `now` (seconds since 1970), 0-10."""
    reports = list(reports)
    heat = math.fsum(contributions(reports, now, HEAT_H))
    fresh = math.fsum(contributions(reports, now, PACE_H))
    latest: dict[str, float] = {}
    for report, each in zip(reports, _faded(reports, now, BREADTH_H), strict=True):
        latest[report.outlet] = max(latest.get(report.outlet, 0.0), each)
    breadth = math.fsum(latest.values())
    pace = fresh / (fresh + HALF_PACE)
    x = FACTOR * math.log1p(heat) * math.sqrt(breadth / (breadth + HALF_BREADTH))
    value = 10.0 * -math.expm1(-x * (1.0 + PACE * pace))
    if len(latest) < OUTLETS_EMERGING:
        value = min(value, ALONE)
    return Virality(value, heat, breadth, pace, len(latest))


def contributions(reports: Sequence[Report], now: int, half_life: float) -> list[float]:
    """What each article adds: an outlet's hottest whole, each further one counting less."""
    faded = _faded(reports, now, half_life)
    ranks: dict[str, int] = {}
    found = [0.0] * len(reports)
    for place in sorted(range(len(reports)), key=lambda place: -faded[place]):
        outlet = reports[place].outlet
        rank = ranks[outlet] = ranks.get(outlet, -1) + 1
        found[place] = faded[place] * REPEAT ** min(rank, REPEATS)
    return found


def _faded(reports: Sequence[Report], now: int, half_life: float) -> list[float]:
    """Each article by itself, halved every so many hours."""
    return [
        (COPY if report.copy else 1.0) * 2.0 ** (-max(0, now - report.at) / 3600 / half_life)
        for report in reports
    ]


@dataclass(frozen=True, slots=True)
class Facts:
    """What a story's status depends on, beside the status before."""

    outlets: int
    articles: int
    started: int
    last: int
    """The first and the last article, seconds since 1970."""
    ready: int | None = None
    """When enough outlets reported it to be published; None while it is one outlet's."""
    returned: int = 0
    """Originals since it began to cool."""


def status(before: Status | None, facts: Facts, heat: float, now: int) -> Status | None:
    """The status that follows `before`; `heat` is the virality, asked for where it can matter.

    A story that has been seen never goes back to pending, and it takes more to step up than to
    stay: the figures at which it steps down lie one article or one outlet lower.
    """
    silent = now - facts.last
    if before is Status.ENDED or silent >= ENDED_S or now - facts.started >= OLDEST_S:
        return None if before is None else Status.ENDED
    if before is None and (facts.ready is None or (now < facts.ready + FIRST_S and heat < AT_ONCE)):
        return None
    if before is Status.COOLING and not (heat >= WARM or facts.returned >= RETURNED):
        return Status.COOLING
    if before is not None and silent >= COOLING_S and heat < COOL:
        return Status.COOLING
    kept = 1 if before is Status.ACTIVE else 0
    spread = facts.outlets >= OUTLETS_ACTIVE - kept and facts.articles >= ARTICLES_ACTIVE - kept
    return Status.ACTIVE if spread else Status.EMERGING


def due(after: Status | None, facts: Facts, now: int) -> int:
    """When the status can change although no article comes, seconds since 1970."""
    ends = min(facts.last + ENDED_S, facts.started + OLDEST_S)
    if after is None:
        return ends if facts.ready is None else min(ends, facts.ready + FIRST_S)
    if after is Status.COOLING:
        return ends
    cools = facts.last + COOLING_S
    return min(ends, cools if cools > now else now + REVIEW_S)
