"""Full-text search in memory: matches typed words against many texts, within a bounded effort."""

import math
import re
from array import array
from bisect import bisect_left, insort
from collections.abc import Container, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import nlargest
from itertools import islice
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
"""Words that say little about what is meant."""

STEM = 0.92
"""How well a word matches a longer form of itself: claim, claims."""
START = 0.8
"""How well the beginning of a word matches: ali, Alibaba."""


TYPED = 300
"""The most characters of a query that are read: as many as the longest question has."""
LONGEST = 32
"""The most letters of a word that are compared; the rest is ignored, in texts as well."""
BEGUN = 400
"""A beginning shared by more words than this is common:
it is only looked for where other words are."""
SLIPPED = 4
"""For at most this many words of a query, the longest ones, typos are considered."""
HOLDERS = 1500
"""The most entries that one search reads. The rarest words come first;
words that no longer fit count as common."""
CHECKS = 800
"""How often one search checks whether a text contains a common word."""
_HEAD = 4
"""Words are grouped by this many first letters."""


_LAST = "\U0010ffff"
"""Sorts after every letter."""


def words_of(text: str) -> list[str]:
    """The words of a text as they are compared: without accents, case and possessive endings."""
    folded = _TAIL.sub("", letters(text))
    plain = folded.isascii()  # most are ASCII: nothing more to fold
    words = _ASCII_WORD.findall(folded) if plain else _WORD.findall(unaccented(folded))
    return [word[:LONGEST] for word in words]


def typed(text: str) -> list[str]:
    """The words of a query, as far as it is read."""
    return words_of(text[:TYPED])


def telling(words: Sequence[str]) -> list[str]:
    """The words that say what is meant, once each; all of them if none stands out."""
    once = list(dict.fromkeys(words))
    return [word for word in once if word not in _FILLERS] or once


def closeness(asked: str, word: str) -> float:
    """How well a typed word matches a text's word (0-1): equal, its beginning, or a typo."""
    if asked == word:
        return 1.0
    more = len(word) - len(asked)
    if more > 0 and word.startswith(asked):
        return STEM if len(asked) > 3 and more <= 2 else START
    slips = _slips(asked) if -3 < more < 3 else 0
    if not slips:
        return 0.0
    return _slipped(asked, OSA.distance(asked, word, score_cutoff=slips), slips)


def _slips(asked: str) -> int:
    """The most typos a word may have. Short words and numbers must be exact."""
    if len(asked) < 4 or not asked.isalpha():
        return 0
    return 1 if len(asked) < 8 else 2


def _slipped(asked: str, distance: int, slips: int) -> float:
    return 1 - 0.72 * distance / len(asked) if distance <= slips else 0.0


class Vocabulary:
    """Words, found by their beginning."""

    def __init__(self, known: Container[str], shortest: int = 1) -> None:
        """`known`: the words that exist, stored by the caller."""
        self._known = known
        self._heads: list[str] = []
        self._under: dict[str, list[str]] = {}
        """The words by their first letters, each list sorted."""
        self._letters: dict[int, set[str]] = {}
        """The letters in use, roughly grouped by script."""
        self._shortest = shortest
        """The fewest letters of a beginning; shorter words match only themselves."""

    def add(self, word: str) -> None:
        """Add a word that isn't there yet."""
        head = word[:_HEAD]
        if head not in self._under:
            self._under[head] = []
            insort(self._heads, head)
        insort(self._under[head], word)
        for letter in word:
            self._letters.setdefault(_script(letter), set()).add(letter)

    def remove(self, word: str) -> None:
        """Remove a word."""
        head = word[:_HEAD]
        words = self._under[head]
        del words[bisect_left(words, word)]
        if not words:
            del self._under[head]
            del self._heads[bisect_left(self._heads, head)]

    def begun(self, asked: str) -> list[str] | None:
        """The words that begin like the typed one; None if there are too many."""
        if len(asked) < self._shortest:
            return [asked] if asked in self._known else []
        if len(asked) >= _HEAD:
            words = self._under.get(asked[:_HEAD], [])
            first = bisect_left(words, asked)
            words = words[first : bisect_left(words, asked + _LAST, first)]
            return words if len(words) <= BEGUN else None
        first = bisect_left(self._heads, asked)
        last = bisect_left(self._heads, asked + _LAST, first)
        if last - first > BEGUN:
            return None
        words = []
        for head in self._heads[first:last]:
            words += self._under[head]
            if len(words) > BEGUN:
                return None
        return words

    def slipped(self, asked: str) -> list[str]:
        """The words that the typed one may mean with a typo, the likeliest first.

        For a long word, which may have two typos, at most one is assumed in its first four letters.
        """
        slips = _slips(asked)
        if not slips or len(asked) < self._shortest:
            return []
        alphabet = self._letters.get(_script(asked[0]), set())
        if slips == 1:
            return [word for word in _one_slip(asked, alphabet) if word in self._known][:20]
        heads = {asked[:_HEAD], *(each[:_HEAD] for each in _one_slip(asked[: _HEAD + 1], alphabet))}
        near = [
            word
            for head in heads
            for word in self._under.get(head, ())
            if abs(len(word) - len(asked)) <= slips
        ]
        found = process.extract(
            asked, near[: 10 * BEGUN], scorer=OSA.distance, score_cutoff=slips, limit=20
        )
        return [word for word, _, _ in found]


def _script(letter: str) -> int:
    return ord(letter) >> 7


def _one_slip(word: str, alphabet: Iterable[str]) -> set[str]:
    """What a word can become through one typo: a letter missing, two swapped, one wrong, one
    extra."""
    parts = [(word[:place], word[place:]) for place in range(len(word) + 1)]
    made = {left + right[1:] for left, right in parts if right}
    made |= {left + right[1] + right[0] + right[2:] for left, right in parts if len(right) > 1}
    for letter in alphabet:
        made |= {left + letter + right[1:] for left, right in parts if right}
        made |= {left + letter + right for left, right in parts}
    return made


def fitting(
    asked: Sequence[str], *vocabularies: Vocabulary
) -> dict[str, Mapping[str, float] | None]:
    """For each typed word those that match it, and how well (0-1); None if too many do.

    Typos are considered only where nothing else matches.
    """
    found: dict[str, Mapping[str, float] | None] = {}
    for word in asked:
        begun = [each.begun(word) for each in vocabularies]
        if None in begun:
            found[word] = None
        else:
            full = len(word) + 2 if len(word) > 3 else 0  # as `closeness` computes it
            found[word] = {
                w: 1.0 if w == word else STEM if len(w) <= full else START
                for each in begun
                if each
                for w in each
            }
    missing = [word for word in found if found[word] == {}]
    for word in nlargest(SLIPPED, missing, key=len):
        near = {w for each in vocabularies for w in each.slipped(word)}
        found[word] = {w: closeness(word, w) for w in near}
    return found


@dataclass(frozen=True, slots=True)
class Asked:
    """A typed word, and what is known about it."""

    word: str
    like: Mapping[str, float] | None
    """The words that match it, and how well; None if too many do."""
    entries: float
    """How many entries contain those words, in total."""
    weight: float
    """How well it distinguishes texts: the fewer contain it (or a match), the more."""


def rare_and_common(asked: Iterable[Asked]) -> tuple[list[Asked], list[Asked]]:
    """The words whose entries are read, the rarest first, and those only checked in texts."""
    left, rare, common = float(HOLDERS), list[Asked](), list[Asked]()
    for each in sorted(asked, key=lambda each: each.entries):
        (rare if each.entries <= left else common).append(each)
        left -= each.entries if each.entries <= left else 0
    return rare, common


def to_look_in(
    scores: Mapping[K, float], common: Sequence[Asked], else_in: Iterable[K]
) -> Iterable[K]:
    """The texts in which to look for common words: the best found, or `else_in` if there are
    none."""
    most = CHECKS // len(common)
    if not scores:
        return islice(else_in, most)
    return scores if len(scores) <= most else nlargest(most, scores, key=lambda k: scores[k])


class Words(Generic[K]):
    """An index of which texts contain which words, so that a search reads only what can match."""

    def __init__(self, shortest: int = 1) -> None:
        self._where: dict[str, dict[K, float]] = {}
        self.vocabulary = Vocabulary(self._where, shortest)
        self._texts: dict[K, str] = {}
        """The words of each text, the most important first, with a space before and after each."""
        self._shortest = shortest
        self._weights: dict[str, float] = {}
        """The weights computed since a text was last added or removed."""

    def put(self, text: K, words: Mapping[str, float]) -> None:
        """Add a text by its words, and how much each counts there (0-1)."""
        self._weights.clear()
        ordered = sorted(words, key=lambda word: -words[word])
        self._texts[text] = f" {' '.join(ordered)} "
        for word, counts in words.items():
            if word not in self._where:
                self._where[word] = {}
                self.vocabulary.add(word)
            self._where[word][text] = counts

    def drop(self, text: K) -> None:
        """Remove a text."""
        self._weights.clear()
        for word in self._texts.pop(text).split():
            holders = self._where[word]
            del holders[text]
            if not holders:
                del self._where[word]
                self.vocabulary.remove(word)

    def words(self, text: K) -> list[str] | None:
        """The words of a text; None if it isn't here."""
        held = self._texts.get(text)
        return None if held is None else held.split()

    def holding(self, word: str) -> Mapping[K, float]:
        """The texts that contain a word, and how much it counts in each."""
        return self._where.get(word, {})

    def fit(self, text: K, asked: str) -> float:
        """How well a text contains a typed word (0-1); typos don't count."""
        held = self._texts.get(text, "")
        place = held.find(f" {asked}") + 1
        if not place:
            return 0.0
        word = held[place : held.index(" ", place)]
        if word != asked and f" {asked} " in held:
            word = asked
        if word != asked and len(asked) < self._shortest:
            return 0.0
        return self._where[word][text] * closeness(asked, word)

    def weight(self, word: str) -> float:
        """How well a word distinguishes texts: the fewer contain it (or a word it begins),
        the more."""
        weight = self._weights.get(word)
        if weight is None:
            begun, texts = self.vocabulary.begun(word), len(self._texts)
            holders = (
                texts if begun is None else max((len(self._where[w]) for w in begun), default=0)
            )
            weight = self._weights[word] = rarity(holders, texts)
        return weight

    def asked(self, words: Sequence[str]) -> list[Asked]:
        """What is known about typed words."""
        texts, where = len(self._texts), self._where
        found = []
        for word, like in fitting(words, self.vocabulary).items():
            if like is None:
                found.append(Asked(word, None, math.inf, rarity(texts, texts)))
                continue
            holders = [len(where[each]) for each in like]
            weight = rarity(max(holders, default=0), texts)
            found.append(Asked(word, like, sum(holders), weight))
        return found

    def search(self, asked: Sequence[Asked], else_in: Iterable[K]) -> dict[K, float]:
        """How much (0-100) of the query each text contains; rare words weigh more.

        If all words are common, only the first texts of `else_in` are checked.
        """
        found: dict[K, float] = {}
        rare, common = rare_and_common(asked)
        for each in rare:
            hits: dict[K, float] = {}
            for close, fits in (each.like or {}).items():
                if fits == 1 and not hits:  # the word itself, which comes first
                    hits.update(self._where[close])
                    continue
                for text, counts in self._where[close].items():
                    if fits * counts > hits.get(text, 0.0):
                        hits[text] = fits * counts
            weight = each.weight
            for text, fits in hits.items():
                found[text] = found.get(text, 0.0) + weight * fits
        if common:
            for text in list(to_look_in(found, common, else_in)):
                if fits := sum(each.weight * self.fit(text, each.word) for each in common):
                    found[text] = found.get(text, 0.0) + fits
        whole = sum(each.weight for each in asked)
        return {text: 100 * score / whole for text, score in found.items()}


def rarity(holders: int, texts: int) -> float:
    """How well a word distinguishes texts if this many of them contain it."""
    if not holders:  # a word that no text contains distinguishes nothing, but it was typed
        return 0.5 * math.log(1 + 2 * max(texts, 1))
    return math.log(1 + texts / holders)


class Postings(Generic[K]):
    """An index of which long texts contain which words, in four bytes each,
    without counts or positions."""

    def __init__(self) -> None:
        self._where: dict[str, array[int]] = {}
        self._numbers: dict[K, int] = {}
        self._texts: dict[int, K] = {}
        self._next = 0
        self.vocabulary = Vocabulary(self._where, shortest=2)

    def put(self, text: K, words: Iterable[str]) -> None:
        """Add a text by its words, each given once."""
        number = self._numbers[text] = self._next
        self._texts[number] = text
        self._next += 1
        for word in words:
            holders = self._where.get(word)
            if holders is None:
                holders = self._where[word] = array("I")
                self.vocabulary.add(word)
            holders.append(number)  # always the highest so far, so each list stays sorted

    def drop(self, text: K, words: Iterable[str]) -> None:
        """Remove a text, given the words it was added with."""
        number = self._numbers.pop(text)
        del self._texts[number]
        for word in words:
            holders = self._where[word]
            del holders[bisect_left(holders, number)]
            if not holders:
                del self._where[word]
                self.vocabulary.remove(word)

    def count(self, word: str) -> int:
        """How many texts contain a word."""
        return len(self._where.get(word, ()))

    def holding(self, word: str) -> Iterator[K]:
        """The texts that contain a word."""
        return (self._texts[number] for number in self._where.get(word, ()))

    def holds(self, text: K, word: str) -> bool:
        """Whether a text contains a word."""
        holders, number = self._where.get(word), self._numbers[text]
        if holders is None:
            return False
        place = bisect_left(holders, number)
        return place < len(holders) and holders[place] == number
