"""What the operator knows about outlets: who owns each, and which way it leans.

A leaning is never guessed. It comes from the operator's `outlets.csv` (columns: `COLUMNS`), and
counts once for each owner.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from stories.story import Leaning

SIDES: Mapping[Leaning, float] = MappingProxyType(
    {
        Leaning.LEFT: -1.0,
        Leaning.LEAN_LEFT: -0.5,
        Leaning.CENTER: 0.0,
        Leaning.LEAN_RIGHT: 0.5,
        Leaning.RIGHT: 1.0,
    }
)
"""Where each leaning stands on the line from left to right."""
RATED = 3
"""Rated owners that a story's leaning needs at least."""
SHARE = 0.4
"""The share of its owners that must be rated."""
BOTH = 0.35
"""The share of the rated owners on each side from which coverage is mixed."""
FAR = 0.75
LEAN = 0.25
"""How far the mean lies from the center for left or right, and for leaning so."""
COLUMNS = ("domain", "name", "owner", "country", "leaning", "rater", "as_of")
_WORDS = {
    "left": Leaning.LEFT,
    "far-left": Leaning.LEFT,
    "lean-left": Leaning.LEAN_LEFT,
    "left-center": Leaning.LEAN_LEFT,
    "center": Leaning.CENTER,
    "centre": Leaning.CENTER,
    "least-biased": Leaning.CENTER,
    "lean-right": Leaning.LEAN_RIGHT,
    "right-center": Leaning.LEAN_RIGHT,
    "right": Leaning.RIGHT,
    "far-right": Leaning.RIGHT,
}
"""How raters call them."""


@dataclass(frozen=True, slots=True)
class Outlet:
    """One line of `outlets.csv`."""

    domain: str
    name: str
    owner: str
    """The domain itself where no owner is named."""
    country: str = ""
    leaning: Leaning | None = None
    rater: str = ""
    as_of: str = ""


@dataclass(frozen=True, slots=True)
class Outlets:
    """All outlets the operator knows, by registrable domain."""

    known: Mapping[str, Outlet] = field(default_factory=dict)

    def owner(self, domain: str) -> str:
        """Who owns an outlet; an unknown one owns itself."""
        outlet = self.known.get(domain)
        return outlet.owner if outlet else domain

    def leaning(self, domain: str) -> Leaning | None:
        """Which way an outlet leans, if it was rated."""
        outlet = self.known.get(domain)
        return outlet.leaning if outlet else None


@dataclass(frozen=True, slots=True)
class Leanings:
    """How a story's coverage leans."""

    leaning: Leaning | None
    """None when too few owners are rated."""
    spread: Mapping[str, int]
    """Owners that lean left, center, right, and unrated ones."""
    mean: float | None
    """-1 is left, 1 is right; None without any rating."""


def leanings(domains: Iterable[str], outlets: Outlets) -> Leanings:
    """How the coverage by these outlets leans, each owner counted once.

    An owner with outlets of several leanings stands at their mean.
    """
    by_owner: dict[str, list[float]] = {}
    for domain in sorted(set(domains)):
        leaning = outlets.leaning(domain)
        sides = by_owner.setdefault(outlets.owner(domain), [])
        if leaning is not None and leaning in SIDES:
            sides.append(SIDES[leaning])
    rated = [sum(sides) / len(sides) for sides in by_owner.values() if sides]
    counted = Counter(
        "left" if side <= -LEAN else "right" if side >= LEAN else "center" for side in rated
    )
    spread = {name: counted[name] for name in ("left", "center", "right")}
    spread["unrated"] = len(by_owner) - len(rated)
    mean = sum(rated) / len(rated) if rated else None
    if mean is None or len(rated) < RATED or len(rated) < SHARE * len(by_owner):
        return Leanings(None, spread, mean)
    return Leanings(_named(mean, spread, len(rated)), spread, mean)


def _named(mean: float, spread: Mapping[str, int], rated: int) -> Leaning:
    if min(spread["left"], spread["right"]) >= BOTH * rated:
        return Leaning.MIXED
    if abs(mean) <= LEAN:
        return Leaning.CENTER
    if mean < 0:
        return Leaning.LEFT if mean < -FAR else Leaning.LEAN_LEFT
    return Leaning.RIGHT if mean > FAR else Leaning.LEAN_RIGHT


def read_outlets(text: str) -> Outlets:
    """Read `outlets.csv`; ValueError names the line and what is wrong with it."""
    rows = csv.DictReader(io.StringIO(text))
    heads = [(head or "").strip().casefold() for head in rows.fieldnames or ()]
    rows.fieldnames = heads
    if "domain" not in heads:
        raise ValueError(f"line 1: the columns are {', '.join(COLUMNS)}; “domain” is missing")
    known: dict[str, Outlet] = {}
    for row in rows:
        said = {head: (row.get(head) or "").strip() for head in COLUMNS}
        domain = said["domain"].casefold().removeprefix("www.")
        if not domain:
            continue
        word = "-".join(said["leaning"].casefold().replace("_", " ").replace("-", " ").split())
        if word and word not in _WORDS:
            raise ValueError(
                f"line {rows.line_num}: “{said['leaning']}” is no leaning; "
                f"say {', '.join(leaning.value for leaning in SIDES)}, or leave it empty"
            )
        if domain in known:
            raise ValueError(f"line {rows.line_num}: {domain} stands there twice")
        known[domain] = Outlet(
            domain,
            said["name"] or domain,
            said["owner"].casefold() or domain,
            said["country"],
            _WORDS.get(word),
            said["rater"],
            said["as_of"],
        )
    return Outlets(known)
