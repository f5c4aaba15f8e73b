"""The sentences of a story's articles: which can be quoted, and how alike two of them are."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from grounding import words as english
from newsroom.model import Article, Sentence
from newsroom.writing.material import Report

READ = 12
"""Sentences of a text that are considered."""
SHORTEST = 6
LONGEST = 60
"""Words of a sentence that can be quoted alone."""
CHARACTERS = 500

_TEASER = re.compile(
    r"""(?ix)
    \b(?:click|tap|swipe)\ (?:here|on|to)\b | \bread\ (?:more|the\ full|our)\b | \bsign\ up\b
  | \bsubscri(?:be|ption)\b | \bnewsletter\b | \bfollow\ (?:us|him|her)\ on\b | \bscroll\ down\b
  | \bwatch\ (?:the\ video|live|below|here)\b | \bphoto(?:s|graph)?:\s | \bgetty\ images\b
  | \ball\ rights\ reserved\b | \bthis\ (?:article|story|post)\ (?:was|has|is|originally|first)\b
  | \b(?:here(?:['’]s|\ is|\ are)|this\ is)\ (?:what|how|why|everything)\b
  | \bhttps?:// | \bwww\. | \bpic\.twitter\b
    """
)
_DANGLING = frozenset(
    re.findall(
        r"\S+",
        "he she it they his her their its this that these those and but or so also then there "
        "however meanwhile moreover instead otherwise still yet such both neither him them we i "
        "you our my your",
    )
)
"""A sentence that begins with one of these needs the one before it."""
_OPEN = (("“", "”"), ("(", ")"), ("[", "]"))


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence that can be quoted, with what decides whether it is."""

    sentence: Sentence
    article: Article
    copy: bool
    vector: Mapping[str, float]
    """TF-IDF of its telling words, of length 1."""
    words: int


def candidates(reports: Sequence[Report]) -> list[Candidate]:
    """Every sentence that can be quoted, and the titles of articles that have none."""
    found: list[tuple[Sentence, Report]] = []
    for report in reports:
        mine = [each for each in sentences(report) if is_quotable(each.text)]
        if not mine and not report.expired:
            mine = [title(report)]
        found += [(each, report) for each in mine]
    rare = rarity(counts(sentence.text) for sentence, _ in found)
    return [
        Candidate(
            sentence,
            report.article,
            report.copy,
            weighed(counts(sentence.text), rare),
            len(sentence.text.split()),
        )
        for sentence, report in found
    ]


def sentences(report: Report) -> Iterator[Sentence]:
    """The first sentences of an article's text."""
    article = report.article
    for place, text in enumerate(split(article.text)[:READ]):
        yield Sentence(article.key, place, text)


def title(report: Report) -> Sentence:
    """An article's title as a sentence."""
    return Sentence(report.article.key, -1, report.article.title)


@lru_cache(maxsize=4_096)
def split(text: str) -> tuple[str, ...]:
    """The sentences of a plain text."""
    return tuple(" ".join(each.split()) for each in english.sentences(text))


def is_quotable(text: str) -> bool:
    """Whether a sentence says something by itself: whole, no teaser, no dangling pronoun."""
    if len(text) > CHARACTERS or not SHORTEST <= len(text.split()) <= LONGEST:
        return False
    if not text.endswith((".", "!", "”", '"')):
        return False
    if text.endswith(("...", "…", "...”", '..."')) or "?" in text or _TEASER.search(text):
        return False
    first = re.match(r"\W*([\w’']+)", text)
    if first is None or re.split(r"[’']", first[1])[0].casefold() in _DANGLING:
        return False
    if not (text[0].isupper() or text[0].isdigit() or text[0] in "“\"'‘$€£"):
        return False
    return text.count('"') % 2 == 0 and all(text.count(a) == text.count(b) for a, b in _OPEN)


@lru_cache(maxsize=8_192)
def counts(text: str) -> Mapping[str, int]:
    """How often each telling word's stem stands in a text."""
    return Counter(word.stem for word in english.words(text) if word.telling)


def rarity(texts: Iterable[Mapping[str, int]]) -> dict[str, float]:
    """The weight of each stem, by the number of texts that it stands in."""
    seen: Counter[str] = Counter()
    number = 0
    for text in texts:
        seen.update(text.keys())
        number += 1
    return {stem: math.log((1 + number) / (1 + n)) + 1.0 for stem, n in seen.items()}


def weighed(text: Mapping[str, int], rare: Mapping[str, float]) -> dict[str, float]:
    """The TF-IDF vector of a text, of length 1; empty where it has no known word."""
    raw = {stem: (1 + math.log(n)) * rare[stem] for stem, n in sorted(text.items()) if stem in rare}
    length = math.sqrt(math.fsum(each * each for each in raw.values()))
    return {stem: each / length for stem, each in raw.items()} if length else {}


def cosine(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    """How alike two vectors of length 1 are, 0-1. The order of the two is of no matter."""
    return math.fsum(each * other[stem] for stem, each in one.items() if stem in other)


def mean(vectors: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """The sum of vectors, scaled to length 1."""
    parts: dict[str, list[float]] = {}
    for vector in vectors:
        for stem, each in vector.items():
            parts.setdefault(stem, []).append(each)
    raw = {stem: math.fsum(each) for stem, each in parts.items()}
    length = math.sqrt(math.fsum(each * each for each in raw.values()))
    return {stem: each / length for stem, each in raw.items()} if length else {}
