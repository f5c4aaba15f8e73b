"""Who and what a story is about: names that several outlets use, and the words that mark it.

Chats follow keywords, so both lists keep what they had for as long as it still belongs there.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from grounding import check as grounding
from grounding.english import TITLES
from grounding.words import words
from newsroom.writing.material import Report
from newsroom.writing.sentences import READ, split

ENTITIES = 8
KEYWORDS = 8
"""Names and words of a story at most."""
OUTLETS = 2
"""Outlets that must use a name or a word."""
KEPT = 2
"""What is among so many times the best stays."""
PRIOR = 2_000
"""Documents that the background counts as."""


def entities(reports: Sequence[Report], kept: Sequence[str] = ()) -> tuple[str, ...]:
    """The names that at least two outlets use in their texts, the commonest first."""
    outlets: dict[str, set[str]] = defaultdict(set)
    spelled: dict[str, Counter[str]] = defaultdict(Counter)
    sure = {
        name.casefold()
        for each in reports
        for name, first in _named(each.article.text)
        if not first
    }
    for report in reports:
        for name in sorted({name for name, _ in _named(report.article.text)}):
            if name.casefold() not in sure:
                continue
            outlets[name.casefold()].add(report.article.outlet)
            spelled[name.casefold()][name] += 1
    found = [key for key, used in outlets.items() if len(used) >= OUTLETS]
    number = {key: spelled[key].total() for key in found}
    found = [key for key in found if not _is_part(key, found, number)]
    ranked = sorted(found, key=lambda key: (-len(outlets[key]), -number[key], key))
    names = [min(spelled[key], key=lambda name: (-spelled[key][name], name)) for key in ranked]
    return _sticky(names, kept, ENTITIES)


def keywords(
    reports: Sequence[Report], common: Callable[[str], int], kept: Sequence[str] = ()
) -> tuple[str, ...]:
    """The words that stand in the story far more often than in the language (class-based TF-IDF).

    `common` tells in how many of `PRIOR` documents of the language a word stands.
    """
    texts: Counter[str] = Counter()
    outlets: dict[str, set[str]] = defaultdict(set)
    spelled: dict[str, Counter[str]] = defaultdict(Counter)
    for report in reports:
        here = _marking(report.article.title, report.article.text)
        for stem, text in here.items():
            texts[stem] += 1
            outlets[stem].add(report.article.outlet)
            spelled[stem][text] += 1
    least = min(OUTLETS, len({report.article.outlet for report in reports}))
    value: dict[str, float] = {}
    for stem, number in texts.items():
        if len(outlets[stem]) >= least:
            word = min(spelled[stem], key=lambda text: (-spelled[stem][text], text))
            value[word] = number * math.log(1 + PRIOR / (1 + common(word)))
    ranked = sorted(value, key=lambda word: (-round(value[word], 9), word))
    return _sticky(ranked, kept, KEYWORDS)


@lru_cache(maxsize=4_096)
def _marking(title: str, text: str) -> Mapping[str, str]:
    """The words of an article that can be keywords, by their stems."""
    lead = " ".join((title, *split(text)[:READ]))
    return {
        word.stem: word.text.casefold()
        for word in words(lead)
        if word.telling and 2 < len(word.text) <= 40 and word.text.isalpha()
    }


def _sticky(ranked: Sequence[str], kept: Sequence[str], most: int) -> tuple[str, ...]:
    """The best, with what was there before while it is still among twice as many."""
    still = [each for each in kept if each in ranked[: KEPT * most]][:most]
    new = [each for each in ranked[:most] if each not in still]
    return (*still, *new[: most - len(still)])


def _is_part(key: str, found: Sequence[str], number: dict[str, int]) -> bool:
    """Whether a name is mostly used as a part of a longer one."""
    inside = [other for other in found if other != key and f" {key} " in f" {other} "]
    return any(2 * number[other] >= number[key] for other in inside)


@lru_cache(maxsize=4_096)
def _named(text: str) -> tuple[tuple[str, bool], ...]:
    """The names in a text, as they are written there.

    With each goes whether it begins its sentence as a single word, and is perhaps no name.
    """
    found = []
    for each in split(text)[:READ]:
        said = grounding.Sentence(each)
        for run in said.names:
            alone = len(run) == 1 and run[0] is said.words[0] and not run[0].text.isupper()
            begin, last = run[0].start, run[-1]
            name = " ".join(each[begin : last.start + len(last.text)].split())
            if "." in name and each[begin + len(name) :].startswith("."):
                name += "."
            if each[:begin].endswith("New "):
                name = f"New {name}"
            if 2 < len(name) <= 60 and name.casefold() not in TITLES:
                found.append((name, alone))
    return tuple(found)
