"""Does a text say what a sentence that cites it says? One answer per kind of fault.

A model's sentence is published only when nothing is found here. The checks can't prove a sentence
true. They find what the cited texts do not contain (numbers, dates, names, quotations, most of the
words) and the commonest ways to turn a text around: a negation put in or left out, words put into
another mouth, "may" told as "is". English only.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import pairwise

from grounding.english import (
    CALENDAR,
    DENYING,
    DOUBT,
    FUNCTION_WORDS,
    NEGATIONS,
    SAME,
    SAYING,
    TITLES,
)
from grounding.numbers import dates, numbers
from grounding.words import Word, sentences, stem, words

OVERLAP = 0.5
"""At least this share of a sentence's telling words must stand in the cited texts."""
NEAR = 4
"""How many telling words behind a negation it may be about."""
BESIDE = 2
"""How many telling words on each side of a number it may count."""
_UNNAMED = FUNCTION_WORDS | CALENDAR
ALIGNED = 0.5
"""A sentence of the texts says the same when it shares at least this part of the telling words."""


class Fault(StrEnum):
    """What is wrong with a sentence."""

    UNCITED = "cites no source"
    QUOTATION = "a quotation that no cited text contains"
    NUMBER = "a number that no cited text gives for this"
    DATE = "a date that no cited text contains"
    NAME = "a name that no cited text contains"
    OVERLAP = "too few words of the cited texts"
    POLARITY = "a negation put in or left out"
    ATTRIBUTION = "words put into someone's mouth"
    MODALITY = "something possible told as a fact"


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault, and the words it was found at."""

    fault: Fault
    at: str


class Sentence:
    """One sentence with what the checks ask of it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.words = words(text)

    @cached_property
    def stems(self) -> frozenset[str]:
        """The stems of its telling words, without negations."""
        return frozenset(word.stem for word in self.words if _tells(word))

    @cached_property
    def counted(self) -> list[tuple[object, str, frozenset[str]]]:
        """Each number: its value, how it is written, and the stems of the words beside it."""
        return [
            (
                (number.value, number.unit),
                number.written,
                self._beside(number.start, number.start + len(number.written)),
            )
            for number in numbers(self.text)
        ]

    def _beside(self, start: int, end: int) -> frozenset[str]:
        if re.match(r"-[^\W\d_]", self.text[end : end + 2]):
            return frozenset(w.stem for w in self.words if w.start == end + 1)  # “24-hour”
        before = [w.stem for w in self.words if w.start < start and _tells(w)][-BESIDE:]
        after = [w.stem for w in self.words if w.start >= end and _tells(w)][:BESIDE]
        return frozenset((*before, *after))

    def denied(self, by: frozenset[str]) -> list[frozenset[str]]:
        """For each negation the stems of the telling words that it may be about."""
        found = []
        for at, word in enumerate(self.words):
            if word.text.casefold() not in by or _idle(self.words, at):
                continue
            about = [each.stem for each in self.words[at + 1 :] if _tells(each)][:NEAR]
            if len(about) < 2:
                about += [each.stem for each in self.words[:at] if _tells(each)][-2:]
            found.append(frozenset(about))
        return found

    @cached_property
    def names(self) -> list[list[Word]]:
        """Its capitalised words, those that stand side by side together."""
        runs: list[list[Word]] = []
        last = -2
        for at, word in enumerate(self.words):
            if len(word.text) < 2 or not word.text[0].isupper() or word.text.casefold() in _UNNAMED:
                continue
            apart = at != last + 1 or not _joined(self.text, self.words[at - 1], word)
            if apart:
                runs.append([])
            runs[-1].append(word)
            last = at
        return runs


class Evidence:
    """The cited texts, prepared once for any number of sentences."""

    def __init__(self, texts: Sequence[str]) -> None:
        """`texts`: titles and texts of the cited articles, plain."""
        self.texts = tuple(texts)

    @cached_property
    def sentences(self) -> list[Sentence]:
        """Every sentence of the texts."""
        return [Sentence(each) for text in self.texts for each in sentences(text)]

    @cached_property
    def stems(self) -> frozenset[str]:
        """The stems of all words."""
        return frozenset(word.stem for each in self.sentences for word in each.words)

    @cached_property
    def counted(self) -> dict[object, list[frozenset[str]]]:
        """For each number what it stands beside."""
        found: dict[object, list[frozenset[str]]] = {}
        for each in self.sentences:
            for value, _, beside in each.counted:
                found.setdefault(value, []).append(beside)
        return found

    @cached_property
    def dates(self) -> frozenset[str]:
        """All months and weekdays."""
        return frozenset[str]().union(*(dates(text) for text in self.texts))

    @cached_property
    def plain(self) -> str:
        """All texts with straight quotes, lower case and single spaces, to look quotations up."""
        return " ".join(_plain(text) for text in self.texts)

    @cached_property
    def pairs(self) -> frozenset[tuple[str, str]]:
        """Which two words stand side by side in a name, or could: the run's other words count."""
        return frozenset(
            (one.stem, other.stem)
            for each in self.sentences
            for run in each.names
            for one in run
            for other in run
        )

    @cached_property
    def initials(self) -> frozenset[str]:
        """The initials of the names: those of “National Rifle Association” are “nra”."""
        found = set()
        for each in self.sentences:
            for run in each.names:
                letters = "".join(word.text[0] for word in run).casefold()
                found |= {letters[a:b] for a in range(len(letters)) for b in range(a + 2, a + 6)}
        return frozenset(found)

    def says_same(self, said: Sentence) -> list[Sentence]:
        """The sentences that share most of a sentence's telling words, best first."""
        needed = ALIGNED * len(said.stems)
        near = [each for each in self.sentences if len(said.stems & each.stems) >= needed]
        return sorted(near, key=lambda each: -len(said.stems & each.stems))


def check(sentence: str, cited: Evidence | Sequence[str]) -> tuple[Finding, ...]:
    """What a sentence says that its cited texts do not; empty when nothing was found."""
    evidence = cited if isinstance(cited, Evidence) else Evidence(cited)
    if not evidence.texts:
        return (Finding(Fault.UNCITED, sentence),)
    said = Sentence(sentence)
    looks = (_quotations, _numbers, _dates, _names, _overlap, _polarity, _attribution, _modality)
    return tuple(finding for look in looks for finding in look(said, evidence))


# What the texts do not contain.


def _quotations(said: Sentence, evidence: Evidence) -> Iterator[Finding]:
    for match in re.finditer(r"[“\"]([^“”\"]+)[”\"]", said.text):
        quoted = _plain(match.group(1)).strip(" ,.;:!?")
        if quoted and quoted not in evidence.plain:
            yield Finding(Fault.QUOTATION, match.group(1))


def _numbers(said: Sentence, evidence: Evidence) -> Iterator[Finding]:
    for value, written, beside in said.counted:
        places = evidence.counted.get(value, ())
        if not any(beside & place or not beside for place in places):
            yield Finding(Fault.NUMBER, written)


def _dates(said: Sentence, evidence: Evidence) -> Iterator[Finding]:
    for date in sorted(dates(said.text) - evidence.dates):
        yield Finding(Fault.DATE, date)


def _names(said: Sentence, evidence: Evidence) -> Iterator[Finding]:
    for run in said.names:
        for word in run:
            if not _is_known(word, evidence) and not _begins(said, run, word):
                yield Finding(Fault.NAME, word.text)
        for one, other in pairwise(run):
            if not _stand_together(one, other, evidence):
                yield Finding(Fault.NAME, f"{one.text} {other.text}")


def _is_known(word: Word, evidence: Evidence) -> bool:
    lower = word.text.casefold().replace(".", "")
    return (
        word.stem in evidence.stems
        or lower in evidence.initials
        or bool(_same(lower) & evidence.stems)
    )


def _begins(said: Sentence, run: Sequence[Word], word: Word) -> bool:
    """Whether it is capitalised only because it begins the sentence; the overlap judges it.

    What speaks, owns or is explained is a name even there: “Brandt said”, “Brandt, a welder, …”.
    """
    if word is not said.words[0] or len(run) > 1 or not word.text[1:].islower():
        return False
    behind = said.text[word.start + len(word.text) :]
    if re.match(r"['’]s\b|, (?:an?|the|who|which|whose)\b", behind):
        return False
    return len(said.words) < 2 or said.words[1].text.casefold() not in SAYING


def _stand_together(one: Word, other: Word, evidence: Evidence) -> bool:
    if (one.stem, other.stem) in evidence.pairs:
        return True
    titled = one.text.casefold().replace(".", "") in TITLES
    return titled and other.text.casefold().replace(".", "") not in TITLES


def _overlap(said: Sentence, evidence: Evidence) -> Iterator[Finding]:
    if len(said.stems & evidence.stems) < OVERLAP * len(said.stems):
        yield Finding(Fault.OVERLAP, ", ".join(sorted(said.stems - evidence.stems)))


# What turns a text around.


def _polarity(said: Sentence, evidence: Evidence) -> Iterator[Finding]:
    negated = said.denied(NEGATIONS)
    for about in negated:
        denials = [each for one in evidence.sentences for each in one.denied(DENYING)]
        denied = max((len(about & denial) for denial in denials), default=0)
        if denied < max(1, len(about) // 2) or denied + 1 < _affirmed(about, evidence):
            yield Finding(Fault.POLARITY, " ".join(sorted(about)))
    if negated or said.denied(DENYING):
        return
    same = evidence.says_same(said)
    for about in same[0].denied(NEGATIONS) if same else ():
        if 1 < len(about) == len(about & said.stems) > _affirmed(about, evidence):
            yield Finding(Fault.POLARITY, " ".join(sorted(about)))


def _affirmed(about: frozenset[str], evidence: Evidence) -> int:
    """How many of the words the sentence has that says most of them without a negation."""
    plain = (each.stems for each in evidence.sentences if not each.denied(DENYING))
    return max((len(about & stems) for stems in plain), default=0)


def _attribution(said: Sentence, evidence: Evidence) -> Iterator[Finding]:
    speaker = _speaker(said)
    if speaker is None:
        return
    for each in evidence.sentences:
        stems = {word.stem for word in each.words}
        if speaker & stems and any(word.text.casefold() in SAYING for word in each.words):
            return
        if speaker & stems and re.search(r"[“\"]", each.text):
            return
    yield Finding(Fault.ATTRIBUTION, " ".join(sorted(speaker)))


def _speaker(said: Sentence) -> frozenset[str] | None:
    """The stems of the name that something is attributed to; None where nothing is."""
    place = {id(word): at for at, word in enumerate(said.words)}
    for at, word in enumerate(said.words):
        if word.text.casefold() not in SAYING:
            continue
        for run in said.names:
            behind, before = at - place[id(run[-1])], place[id(run[0])] - at
            if (behind in (1, 2) or before == 1) and run[0] is not said.words[0]:
                return frozenset(each.stem for each in run)
    return None


def _modality(said: Sentence, evidence: Evidence) -> Iterator[Finding]:
    if any(word.text.casefold() in DOUBT for word in said.words):
        return
    same = [
        each
        for each in evidence.says_same(said)
        if len(said.stems & each.stems) >= 0.8 * len(said.stems)
    ]
    doubts = [{word.text for word in each.words if word.text.casefold() in DOUBT} for each in same]
    if doubts and all(doubts):
        yield Finding(Fault.MODALITY, " ".join(sorted(doubts[0])))


# Words and their kin.


def _tells(word: Word) -> bool:
    return word.telling and word.text.casefold() not in NEGATIONS


def _same(lower: str) -> frozenset[str]:
    return frozenset(stem(each) for group in SAME if lower in group for each in group)


def _joined(text: str, one: Word, other: Word) -> bool:
    """Whether nothing but a space or a hyphen stands between two words."""
    between = text[one.start + len(one.text) : other.start]
    return between in (" ", "-", "\u00a0")


def _idle(said: Sequence[Word], at: int) -> bool:
    """Whether a negation denies nothing: “not only”, “not until”."""
    after = said[at + 1].text.casefold() if at + 1 < len(said) else ""
    return said[at].text.casefold() in ("not", "no") and after in (
        "only",
        "just",
        "least",
        "matter",
        "doubt",
        "until",
    )


def _plain(text: str) -> str:
    straight = text.translate(str.maketrans("‘’“”", "''\"\""))
    return " ".join(straight.casefold().split())
