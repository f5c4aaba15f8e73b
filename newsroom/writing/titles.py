"""The headline, which is one of the articles' titles, and the few words of it that are the title.

import re
The headline is the title most like all others (the medoid). It may change while a story is young,
and freezes once `FROZEN` outlets report it. After that it changes only when the story has become
another: when it shares no name with the medoid of the last hours.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from grounding import check as grounding
from grounding.words import stem, words
from newsroom.model import ArticleKey, Sentence
from newsroom.writing.material import Report
from newsroom.writing.sentences import cosine, counts, rarity, title, weighed

FROZEN = 4
"""Outlets from which the title stays."""
LATELY = timedelta(hours=6)
BETTER = 1.5
"""How many times more like the others another title must be, while the story is young."""
WORDS = 4
"""Words of the short title at most."""
COMMON = 0.4
"""The share of the titles that must have a word, for it to belong into the short title."""
NAMED = 0.25
"""How much smaller that share may be for a name."""
SHORTEST, LONGEST = 20, 140
"""Characters of a title that can be the headline, if there is another."""
TITLES = 60
"""Titles that are compared, the newest."""


def medoid(reports: Sequence[Report]) -> tuple[Report, dict[ArticleKey, float]]:
    """The article whose title is most like the others', and how like them each title is, by key.

    Originals come before copies, whole titles before questions, and of two alike the older.
    """
    some = [each for each in reports if not each.copy][-TITLES:] or list(reports[-TITLES:])
    texts = [counts(each.article.title) for each in some]
    rare = rarity(texts)
    vectors = [weighed(text, rare) for text in texts]
    like = {
        each.article.key: sum(cosine(mine, other) for other in vectors) / len(vectors)
        for each, mine in zip(some, vectors, strict=True)
    }
    fit = [each for each in some if _can_lead(each.article.title)] or some
    best = min(fit, key=lambda each: (-round(like[each.article.key], 9), _age(each)))
    return best, like


def choose(
    reports: Sequence[Report],
    outlets: int,
    now: datetime,
    before: Sentence | None = None,
    *,
    frozen: bool = False,
) -> tuple[Sentence, bool]:
    """The headline, and whether it is frozen now. `before` is what it was."""
    best, like = medoid(reports)
    freezes = frozen or outlets >= FROZEN
    if before is None:
        return title(best), freezes
    home = next((each for each in reports if each.article.key == before.article), None)
    if home is None or home.article.title != before.text:
        return title(best), freezes  # it was withdrawn, or its publisher says it differently now
    if frozen:
        late = [each for each in reports if each.article.published >= now - LATELY]
        if len({each.article.outlet for each in late}) < FROZEN:
            return before, True
        lately, _ = medoid(late)
        names = _names(before.text)
        if names and not names & _names(lately.article.title):
            return title(lately), True
        return before, True
    mine = like.get(before.article, 0.0)
    return (title(best) if like[best.article.key] > BETTER * mine else before), freezes


def short(headline: str, titles: Sequence[str]) -> str:
    """The top phrase of a headline in Title Case: the words in a row that most titles share."""
    said = words(headline)
    shared: dict[str, int] = {}
    for each in titles:
        for one in {word.stem for word in words(each) if word.telling}:
            shared[one] = shared.get(one, 0) + 1
    named = {word.start for run in grounding.Sentence(headline).names for word in run}
    best: tuple[float, int, int] | None = None
    for begin in range(len(said)):
        for end in range(begin + 1, min(begin + WORDS, len(said)) + 1):
            part = said[begin:end]
            if not (part[0].telling and part[-1].telling):
                continue
            if _is_broken(headline[part[0].start : part[-1].start]):
                break
            value = sum(
                shared.get(each.stem, 0) / max(1, len(titles))
                - COMMON
                + NAMED * (each.start in named)
                for each in part
                if each.telling
            )
            if best is None or value > best[0] + 1e-9:
                best = value, begin, end
    if best is None:
        return _cased(" ".join(headline.split()[:WORDS]))
    first, last = said[best[1]], said[best[2] - 1]
    phrase = headline[first.start : last.start + len(last.text)]
    return _cased(" ".join(phrase.split()[:WORDS]))


def _is_broken(phrase: str) -> bool:
    """Whether the headline pauses inside a phrase."""
    return re.search(r"[,:;|“”\"‘]|\s[–—-]\s|['’]\s|\s'", phrase) is not None


def _cased(phrase: str) -> str:
    parts = phrase.split()
    return " ".join(
        part
        if any(letter.isupper() for letter in part) or (part in _SMALL and 0 < at < len(parts) - 1)
        else part[:1].upper() + part[1:]
        for at, part in enumerate(parts)
    )


_SMALL = frozenset(
    re.findall(
        r"\S+",
        "a an and as at by for from in into of off on or over the to up with",
    )
)


def _can_lead(text: str) -> bool:
    return SHORTEST <= len(text) <= LONGEST and not text.rstrip(" ”\"'").endswith(("?", "…", "..."))


def _names(text: str) -> set[str]:
    return {stem(word.text) for run in grounding.Sentence(text).names for word in run}


def _age(report: Report) -> tuple[float, str]:
    return report.article.published.timestamp(), report.article.key
