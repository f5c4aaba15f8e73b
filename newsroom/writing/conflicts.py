"""What the outlets of a story report differently: figures for the same thing, and yes against no.

import re
Both sides are shown in their own words. Only sentences that otherwise say much the same are held
against each other, so a figure that is about something else is none. English only.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from grounding import check as grounding
from grounding.check import Fault
from grounding.numbers import numbers
from grounding.words import Word, stem, words
from newsroom.model import Article, Sentence
from newsroom.writing.material import Report
from newsroom.writing.sentences import is_quotable, sentences

MOST = 5
"""Conflicts of a story."""
REPORTS = 4
"""Reports of one."""
LONGEST = 300
"""Characters of a report."""
ALIKE = 0.5
"""The share of the shorter sentence's words that the other must have, the figures aside."""
OPPOSED = 0.6
"""The share of the longer one's for a yes against a no."""
ROUND = Decimal("0.1")
"""Figures that differ by less than this share are the same one, rounded."""
HEDGES = frozenset(
    re.findall(
        r"\S+",
        "about around almost nearly roughly some approximately over than least most up estimated",
    )
)
"""A figure behind one of these only bounds another."""
BEHIND = 3
"""Words behind a figure among which the thing counted stands."""
CONSIDERED = 120
"""Sentences that are compared, the newest."""


@dataclass(frozen=True, slots=True)
class Said:
    """What one outlet says."""

    sentence: Sentence
    article: Article


@dataclass(frozen=True, slots=True)
class Differing:
    """Something that outlets report differently, newest report first."""

    about: str
    reports: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class _Figure:
    said: Said
    value: Decimal
    noun: str
    """What it counts, with what stands between: “wasted doses” are other things than “doses”."""
    vague: bool


def conflicts(reports: Sequence[Report], kept: Sequence[str] = ()) -> tuple[Differing, ...]:
    """All that is reported differently; what `kept` names comes first, in the same words."""
    said = [
        Said(each, report.article)
        for report in reports
        if not report.copy
        for each in sentences(report)
        if is_quotable(each.text) and len(each.text) <= LONGEST
    ][-CONSIDERED:]
    found: dict[str, Differing] = {}
    for each in (*_figures(said), *_opposed(said)):
        found.setdefault(each.about.casefold(), each)
    before = [about.casefold() for about in kept if about.casefold() in found]
    order = [*before, *(about for about in found if about not in before)]
    return tuple(found[about] for about in order[:MOST])


def _figures(said: Sequence[Said]) -> Iterator[Differing]:
    by_noun: dict[str, list[_Figure]] = defaultdict(list)
    for each in said:
        for value, noun, vague in counted(each.sentence.text):
            by_noun[" ".join(map(stem, noun.split()))].append(_Figure(each, value, noun, vague))
    for figures in by_noun.values():
        latest: dict[str, _Figure] = {}
        for figure in sorted(figures, key=lambda each: _age(each.said)):
            latest[figure.said.article.outlet] = figure
        values = list(latest.values())
        sides = [
            one
            for one in values
            if any(_differ(one, other) for other in values if other is not one)
        ]
        if len(sides) >= 2 and len({each.value for each in sides}) >= 2:
            first = min(figures, key=lambda each: _age(each.said))
            yield Differing(f"number of {first.noun}", _newest(each.said for each in sides))


def _differ(one: _Figure, other: _Figure) -> bool:
    """Whether two outlets give different figures for what must be the same."""
    most, least = max(one.value, other.value), min(one.value, other.value)
    if most == least or (most - least <= ROUND * most and most >= 20):
        return False
    if one.vague or other.vague:
        return False
    return _alike(one.said.sentence.text, other.said.sentence.text) >= ALIKE


@lru_cache(maxsize=8_192)
def counted(text: str) -> tuple[tuple[Decimal, str, bool], ...]:
    """Each figure of a sentence that counts something: value, what it counts, if it is a bound.

    What it counts is a plural noun with the words between: “injured passengers”.
    """
    said = words(text)
    found = []
    for number in numbers(text):
        end = number.start + len(number.written)
        if not isinstance(number.value, Decimal) or number.value < 2:
            continue
        if number.value == int(number.value) and 1900 <= number.value <= 2100:
            continue
        after = [word for word in said if word.start >= end][:BEHIND]
        noun = next(_things(text, end, after), None)
        if noun is None:
            continue
        before = [word.text.casefold() for word in said if word.start < number.start][-2:]
        found.append((number.value, noun, bool(HEDGES & set(before))))
    return tuple(found)


def _things(text: str, end: int, after: Sequence[Word]) -> Iterator[str]:
    """The plural noun right behind a figure, as far as English endings tell."""
    between: list[str] = []
    for word in after:
        if text[end : word.start].strip(" -"):
            return
        lower = word.text.casefold()
        if lower in _MEASURES or not word.telling:
            return
        between.append(lower)
        end = word.start + len(word.text)
        if lower in ("people", "men", "women", "children", "dead") or (
            lower.endswith("s") and not lower.endswith(("ss", "us", "is")) and word.text.islower()
        ):
            yield " ".join(between)
            return


_MEASURES = frozenset(
    re.findall(
        r"\S+",
        "years months weeks days hours minutes seconds percent miles feet kilometres kilometers "
        "metres meters inches dollars pounds euros times points degrees others states",
    )
)
"""What nearly every story counts, each time something else."""


def _opposed(said: Sequence[Said]) -> Iterator[Differing]:
    """Sentences of two outlets of which one denies what the other says."""
    for at, one in enumerate(said):
        for other in said[at + 1 :]:
            if one.article.outlet == other.article.outlet:
                continue
            if not _says_the_same(one.sentence.text, other.sentence.text):
                continue
            findings = grounding.check(one.sentence.text, [other.sentence.text])
            if any(each.fault is Fault.POLARITY for each in findings):
                yield Differing(_about(one, other), _newest((one, other)))


def _says_the_same(one: str, other: str) -> bool:
    mine, its = _plain(one), _plain(other)
    return len(mine & its) >= OPPOSED * max(len(mine), len(its), 1)


def _about(one: Said, other: Said) -> str:
    """The words that both sentences have, in the order of the older one."""
    first, second = sorted((one, other), key=_age)
    shared = grounding.Sentence(second.sentence.text).stems
    common = [w.text for w in words(first.sentence.text) if w.telling and w.stem in shared]
    return " ".join(dict.fromkeys(common))[:100].rsplit(" ", 1)[0] if common else "this"


def _alike(one: str, other: str) -> float:
    mine, its = _plain(one), _plain(other)
    return len(mine & its) / max(1, min(len(mine), len(its)))


@lru_cache(maxsize=8_192)
def _plain(text: str) -> frozenset[str]:
    return frozenset(each for each in grounding.Sentence(text).stems if not each[0].isdigit())


def _newest(said: Iterator[Said] | Sequence[Said]) -> tuple[Said, ...]:
    return tuple(sorted(said, key=_age, reverse=True)[:REPORTS])


def _age(said: Said) -> tuple[float, str, int]:
    return said.article.published.timestamp(), said.article.key, said.sentence.place
