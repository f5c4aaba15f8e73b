"""Finding texts by words: what someone typed against many texts at once, in memory."""

import math
import unicodedata
from bisect import bisect_left, insort
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Generic, TypeVar

import regex
from rapidfuzz import process
from rapidfuzz.distance import OSA

K = TypeVar("K", bound=Hashable)

_TAIL = regex.compile(r"['’](?:s|re|ve|ll|d|m|t)?\b")
_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
# Scripts that put no spaces between words are compared character by character.
_WORD = regex.compile(rf"(?V1)[{_UNSPACED}]|[[\p{{L}}\p{{N}}]--[{_UNSPACED}]]+")
_PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe", "ı": "i"})
_FILLERS = frozenset(
    regex.findall(
        r"\w+",
        "a an and are as at be been but by can could did do does for from had has have how i if "
        "in is it its may me my not of on or our s should so tell than that the their them there "
        "these they this those to was we were what when where which who whom whose why will with "
        "would you your please explain about",
    )
)
"""Words that say little of what is meant."""

STEM = 0.92
"""How close a word and its longer form are: claim, claims."""
START = 0.8
"""How close the beginning of a word is: ali, Alibaba."""


def words_of(text: str) -> list[str]:
    """The words of a text as they are compared: without accents, case and possessive endings."""
    folded = unicodedata.normalize("NFKD", _TAIL.sub("", text.casefold())).translate(_PLAIN)
    return _WORD.findall("".join(mark for mark in folded if not unicodedata.combining(mark)))


def telling(words: Sequence[str]) -> list[str]:
    """The words that say what is meant, once each; all of them when none stands out."""
    once = list(dict.fromkeys(words))
    return [word for word in once if word not in _FILLERS] or once


def closeness(asked: str, word: str) -> float:
    """0-1: how well a typed word fits one of a text: the same, its beginning, or a slip away."""
    if asked == word:
        return 1.0
    if word.startswith(asked):
        return STEM if len(asked) > 3 and len(word) - len(asked) <= 2 else START
    slips = _slips(asked)
    if not slips:
        return 0.0
    return _slipped(asked, OSA.distance(asked, word, score_cutoff=slips), slips)


def _slips(asked: str) -> int:
    """How many slips of the finger a word may hold. Short words and numbers must be right."""
    if len(asked) < 4 or not asked.isalpha():
        return 0
    return 1 if len(asked) < 8 else 2


def _slipped(asked: str, distance: int, slips: int) -> float:
    return 1 - 0.72 * distance / len(asked) if distance <= slips else 0.0


class Words(Generic[K]):
    """Which texts hold which words, so that a search looks only where something fits."""

    def __init__(self, shortest: int = 1) -> None:
        self._where: dict[str, dict[K, float]] = {}
        self._vocabulary: list[str] = []
        """Every word, sorted: the ones with one beginning stand together."""
        self._texts = 0
        self._shortest = shortest
        """How many letters make a beginning; shorter words fit only themselves."""

    def put(self, text: K, words: Mapping[str, float]) -> None:
        """Add a text by its words, each with how much it counts there (0-1)."""
        self._texts += 1
        for word, counts in words.items():
            if word not in self._where:
                self._where[word] = {}
                insort(self._vocabulary, word)
            self._where[word][text] = counts

    def drop(self, text: K, words: Iterable[str]) -> None:
        """Take a text out again, with the words it was put in with."""
        self._texts -= 1
        for word in words:
            holders = self._where[word]
            del holders[text]
            if not holders:
                del self._where[word]
                del self._vocabulary[bisect_left(self._vocabulary, word)]

    def weight(self, asked: str) -> float:
        """How much a word tells texts apart: the fewer hold it (or what fits it), the more."""
        return self._rarity(
            max((len(self._where[word]) for word, _ in self._like(asked)), default=0)
        )

    def search(self, asked: Sequence[str]) -> dict[K, float]:
        """How much (0-100) of what was asked each text holds; rare words weigh more."""
        found: dict[K, float] = {}
        whole = 0.0
        for word in asked:
            hits: dict[K, float] = {}
            commonest = 0
            for close, fits in self._like(word):
                holders = self._where[close]
                commonest = max(commonest, len(holders))
                for text, counts in holders.items():
                    if fits * counts > hits.get(text, 0.0):
                        hits[text] = fits * counts
            weight = self._rarity(commonest)
            whole += weight
            for text, fits in hits.items():
                found[text] = found.get(text, 0.0) + weight * fits
        return {text: 100 * score / whole for text, score in found.items()}

    def _rarity(self, holders: int) -> float:
        if not holders:  # a word nobody uses cannot tell our texts apart, but it was said
            return 0.5 * math.log(1 + 2 * max(self._texts, 1))
        return math.log(1 + self._texts / holders)

    def _like(self, asked: str) -> Iterator[tuple[str, float]]:
        """The words that fit a typed one. Slips are looked for only when nothing else fits."""
        if len(asked) < self._shortest:
            if asked in self._where:
                yield asked, 1.0
            return
        start = place = bisect_left(self._vocabulary, asked)
        while place < len(self._vocabulary) and self._vocabulary[place].startswith(asked):
            yield self._vocabulary[place], closeness(asked, self._vocabulary[place])
            place += 1
        slips = _slips(asked)
        if place == start and slips:
            near = process.extract(
                asked, self._vocabulary, scorer=OSA.distance, score_cutoff=slips, limit=20
            )
            for word, distance, _ in near:
                yield word, _slipped(asked, int(distance), slips)
