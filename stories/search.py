"""Finding texts by words: what someone typed against many texts at once, in memory."""

import math
import re
from array import array
from bisect import bisect_left, insort
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Generic, TypeVar

import regex
from rapidfuzz import process
from rapidfuzz.distance import OSA

from stories.spelling import letters, unaccented

K = TypeVar("K", bound=Hashable)

_TAIL = regex.compile(r"'(?:s|re|ve|ll|d|m|t)?\b")
_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
# Scripts that put no spaces between words are compared character by character.
_WORD = regex.compile(rf"(?V1)[{_UNSPACED}]|[[\p{{L}}\p{{N}}]--[{_UNSPACED}]]+")
_ASCII_WORD = re.compile(r"[a-z0-9]+")
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
    folded = _TAIL.sub("", letters(text))
    if folded.isascii():  # as most are: nothing to fold any further
        return _ASCII_WORD.findall(folded)
    return _WORD.findall(unaccented(folded))


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


class Vocabulary:
    """Words in order: the ones with one beginning stand together."""

    def __init__(self, shortest: int = 1) -> None:
        self._words: list[str] = []
        self._shortest = shortest
        """How many letters make a beginning; shorter words fit only themselves."""

    def add(self, word: str) -> None:
        """Add a word that is not there yet."""
        insort(self._words, word)

    def remove(self, word: str) -> None:
        del self._words[bisect_left(self._words, word)]

    def begun(self, asked: str) -> Iterator[tuple[str, float]]:
        """The words that begin as the typed one does, each with how well it fits."""
        place = bisect_left(self._words, asked)
        short = len(asked) < self._shortest
        while place < len(self._words) and self._words[place].startswith(asked):
            if short and self._words[place] != asked:
                return
            yield self._words[place], closeness(asked, self._words[place])
            place += 1

    def slipped(self, asked: str, *, quickly: bool = False) -> Iterator[tuple[str, float]]:
        """The words that the typed one may mean by a slip of the finger.

        `quickly` looks among those that begin with its first or second letter: all but those
        with another letter in the first one's place, in a tenth of the time.
        """
        slips = _slips(asked)
        if not slips or len(asked) < self._shortest:
            return
        words = self._words
        if quickly:
            words = [word for letter in sorted({*asked[:2]}) for word in self._under(letter)]
        near = process.extract(asked, words, scorer=OSA.distance, score_cutoff=slips, limit=20)
        for word, distance, _ in near:
            yield word, _slipped(asked, int(distance), slips)

    def _under(self, letter: str) -> list[str]:
        after = chr(ord(letter) + 1)
        return self._words[bisect_left(self._words, letter) : bisect_left(self._words, after)]


class Words(Generic[K]):
    """Which texts hold which words, so that a search looks only where something fits."""

    def __init__(self, shortest: int = 1) -> None:
        self._where: dict[str, dict[K, float]] = {}
        self.vocabulary = Vocabulary(shortest)
        self._texts = 0

    def put(self, text: K, words: Mapping[str, float]) -> None:
        """Add a text by its words, each with how much it counts there (0-1)."""
        self._texts += 1
        for word, counts in words.items():
            if word not in self._where:
                self._where[word] = {}
                self.vocabulary.add(word)
            self._where[word][text] = counts

    def drop(self, text: K, words: Iterable[str]) -> None:
        """Take a text out again, with the words it was put in with."""
        self._texts -= 1
        for word in words:
            holders = self._where[word]
            del holders[text]
            if not holders:
                del self._where[word]
                self.vocabulary.remove(word)

    def holding(self, word: str) -> Mapping[K, float]:
        """The texts that hold a word, each with how much it counts there."""
        return self._where.get(word, {})

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
        return rarity(holders, self._texts)

    def _like(self, asked: str) -> list[tuple[str, float]]:
        """The words that fit a typed one. Slips are looked for only when nothing else fits."""
        return list(self.vocabulary.begun(asked)) or list(self.vocabulary.slipped(asked))


def rarity(holders: int, texts: int) -> float:
    """How much a word tells texts apart when so many of them hold it."""
    if not holders:  # a word nobody uses cannot tell our texts apart, but it was said
        return 0.5 * math.log(1 + 2 * max(texts, 1))
    return math.log(1 + texts / holders)


class Postings(Generic[K]):
    """Which long texts hold which words, in four bytes each: how often or where is left out."""

    def __init__(self) -> None:
        self._where: dict[str, array[int]] = {}
        self._numbers: dict[K, int] = {}
        self._texts: dict[int, K] = {}
        self._next = 0
        self.vocabulary = Vocabulary(shortest=2)

    def put(self, text: K, words: Iterable[str]) -> None:
        """Add a text by its words, each said once."""
        number = self._numbers[text] = self._next
        self._texts[number] = text
        self._next += 1
        for word in words:
            holders = self._where.get(word)
            if holders is None:
                holders = self._where[word] = array("I")
                self.vocabulary.add(word)
            holders.append(number)  # always the highest yet: each list stays sorted

    def drop(self, text: K, words: Iterable[str]) -> None:
        """Take a text out again, with the words it was put in with."""
        number = self._numbers.pop(text)
        del self._texts[number]
        for word in words:
            holders = self._where[word]
            del holders[bisect_left(holders, number)]
            if not holders:
                del self._where[word]
                self.vocabulary.remove(word)

    def holding(self, word: str) -> Iterator[K]:
        """The texts that hold a word."""
        return (self._texts[number] for number in self._where.get(word, ()))
