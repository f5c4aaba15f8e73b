"""Finding texts by words: what someone typed against many texts at once, in memory."""

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
"""Words that say little of what is meant."""

STEM = 0.92
"""How close a word and its longer form are: claim, claims."""
START = 0.8
"""How close the beginning of a word is: ali, Alibaba."""


TYPED = 300
"""How many characters of what someone typed are read: as many as the longest question has."""
LONGEST = 32
"""Letters of a word that are compared; the rest of it is left out, in texts as well."""
BEGUN = 400
"""A beginning that more words share is common: it is only looked for where other words are."""
SLIPPED = 4
"""For how many words of one search slips of the finger are looked for: the longest."""
HOLDERS = 1500
"""How many entries one search reads. The rarest words come first; those that no longer fit in are
common, too."""
CHECKS = 800
"""How often one search looks whether a text holds a common word."""
_HEAD = 4
"""Words are kept by their first letters, so many."""


_LAST = "\U0010ffff"
"""Comes after every letter."""


def words_of(text: str) -> list[str]:
    """The words of a text as they are compared: without accents, case and possessive endings."""
    folded = _TAIL.sub("", letters(text))
    plain = folded.isascii()  # as most are: nothing to fold any further
    words = _ASCII_WORD.findall(folded) if plain else _WORD.findall(unaccented(folded))
    return [word[:LONGEST] for word in words]


def typed(text: str) -> list[str]:
    """The words of what someone typed, as far as it is read."""
    return words_of(text[:TYPED])


def telling(words: Sequence[str]) -> list[str]:
    """The words that say what is meant, once each; all of them when none stands out."""
    once = list(dict.fromkeys(words))
    return [word for word in once if word not in _FILLERS] or once


def closeness(asked: str, word: str) -> float:
    """0-1: how well a typed word fits one of a text: the same, its beginning, or a slip away."""
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
    """How many slips of the finger a word may hold. Short words and numbers must be right."""
    if len(asked) < 4 or not asked.isalpha():
        return 0
    return 1 if len(asked) < 8 else 2


def _slipped(asked: str, distance: int, slips: int) -> float:
    return 1 - 0.72 * distance / len(asked) if distance <= slips else 0.0


class Vocabulary:
    """Words by their beginnings."""

    def __init__(self, known: Container[str], shortest: int = 1) -> None:
        """`known`: the words that are there, kept by the caller."""
        self._known = known
        self._heads: list[str] = []
        self._under: dict[str, list[str]] = {}
        """The words by their first letters, each list in order."""
        self._letters: dict[int, set[str]] = {}
        """The letters in use, by the script they belong to, roughly."""
        self._shortest = shortest
        """How many letters make a beginning; shorter words fit only themselves."""

    def add(self, word: str) -> None:
        """Add a word that is not there yet."""
        head = word[:_HEAD]
        if head not in self._under:
            self._under[head] = []
            insort(self._heads, head)
        insort(self._under[head], word)
        for letter in word:
            self._letters.setdefault(_script(letter), set()).add(letter)

    def remove(self, word: str) -> None:
        head = word[:_HEAD]
        words = self._under[head]
        del words[bisect_left(words, word)]
        if not words:
            del self._under[head]
            del self._heads[bisect_left(self._heads, head)]

    def begun(self, asked: str) -> list[str] | None:
        """The words that begin as the typed one does; None when those are too many."""
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
        """The words that the typed one may mean by a slip of the finger, the likeliest first.

        Of a long word, which may hold two slips, only one is looked for in its first four letters.
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
    """What a word becomes by one slip: a letter lost, two swapped, one wrong, one too many."""
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
    """For each typed word those that fit it, and how well (0-1); None where too many do.

    Slips are looked for only where nothing else fits.
    """
    found: dict[str, Mapping[str, float] | None] = {}
    for word in asked:
        begun = [each.begun(word) for each in vocabularies]
        if None in begun:
            found[word] = None
        else:
            full = len(word) + 2 if len(word) > 3 else 0  # as `closeness` has it
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
    """A typed word, and what is known of it."""

    word: str
    like: Mapping[str, float] | None
    """The words that fit it, and how well; None where too many do."""
    entries: float
    """In how many entries those stand, all in all."""
    weight: float
    """How much it tells texts apart: the fewer hold it (or what fits it), the more."""


def rare_and_common(asked: Iterable[Asked]) -> tuple[list[Asked], list[Asked]]:
    """The words whose entries are read, the rarest first, and those only looked for in texts."""
    left, rare, common = float(HOLDERS), list[Asked](), list[Asked]()
    for each in sorted(asked, key=lambda each: each.entries):
        (rare if each.entries <= left else common).append(each)
        left -= each.entries if each.entries <= left else 0
    return rare, common


def to_look_in(
    scores: Mapping[K, float], common: Sequence[Asked], else_in: Iterable[K]
) -> Iterable[K]:
    """The texts to look for common words in: the best found, or where none was, `else_in`."""
    most = CHECKS // len(common)
    if not scores:
        return islice(else_in, most)
    return scores if len(scores) <= most else nlargest(most, scores, key=lambda k: scores[k])


class Words(Generic[K]):
    """Which texts hold which words, so that a search looks only where something fits."""

    def __init__(self, shortest: int = 1) -> None:
        self._where: dict[str, dict[K, float]] = {}
        self.vocabulary = Vocabulary(self._where, shortest)
        self._texts: dict[K, str] = {}
        """The words of each text, those that count most first, a space before and behind each."""
        self._shortest = shortest
        self._weights: dict[str, float] = {}
        """Those reckoned since the last text came or went."""

    def put(self, text: K, words: Mapping[str, float]) -> None:
        """Add a text by its words, each with how much it counts there (0-1)."""
        self._weights.clear()
        ordered = sorted(words, key=lambda word: -words[word])
        self._texts[text] = f" {' '.join(ordered)} "
        for word, counts in words.items():
            if word not in self._where:
                self._where[word] = {}
                self.vocabulary.add(word)
            self._where[word][text] = counts

    def drop(self, text: K) -> None:
        """Take a text out again."""
        self._weights.clear()
        for word in self._texts.pop(text).split():
            holders = self._where[word]
            del holders[text]
            if not holders:
                del self._where[word]
                self.vocabulary.remove(word)

    def words(self, text: K) -> list[str] | None:
        """The words of a text; None for one that is not here."""
        held = self._texts.get(text)
        return None if held is None else held.split()

    def holding(self, word: str) -> Mapping[K, float]:
        """The texts that hold a word, each with how much it counts there."""
        return self._where.get(word, {})

    def fit(self, text: K, asked: str) -> float:
        """How well a text holds a typed word (0-1); slips do not count."""
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
        """How much a word tells texts apart: the fewer hold it (or what it begins), the more."""
        weight = self._weights.get(word)
        if weight is None:
            begun, texts = self.vocabulary.begun(word), len(self._texts)
            holders = (
                texts if begun is None else max((len(self._where[w]) for w in begun), default=0)
            )
            weight = self._weights[word] = rarity(holders, texts)
        return weight

    def asked(self, words: Sequence[str]) -> list[Asked]:
        """What is known of typed words."""
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
        """How much (0-100) of what was asked each text holds; rare words weigh more.

        Where all words are common, only the first texts of `else_in` are looked at.
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
        self.vocabulary = Vocabulary(self._where, shortest=2)

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

    def count(self, word: str) -> int:
        """How many texts hold a word."""
        return len(self._where.get(word, ()))

    def holding(self, word: str) -> Iterator[K]:
        """The texts that hold a word."""
        return (self._texts[number] for number in self._where.get(word, ()))

    def holds(self, text: K, word: str) -> bool:
        """Whether a text holds a word."""
        holders, number = self._where.get(word), self._numbers[text]
        if holders is None:
            return False
        place = bisect_left(holders, number)
        return place < len(holders) and holders[place] == number
