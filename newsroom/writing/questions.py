"""Questions about a story that its articles answer, each with the sentence that does.

Every slot asks in fixed words, so a question keeps its key while the answer changes. A question is
asked only if a sentence answers it. English only.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from grounding import check as grounding
from grounding.english import SAYING
from grounding.numbers import dates
from newsroom.model import ArticleKey, Sentence
from newsroom.writing.bullets import Scored
from newsroom.writing.conflicts import Differing, counted

MOST = 10
"""Questions of a story."""
SPEAKERS = 2
FIGURES = 2
"""People whose words, and things whose number is asked for."""

_WHY = re.compile(r"\b(?:because|due to|caused by|blamed|in response to|triggered by)\b")
_NEXT = re.compile(r"\b(?:will|expected to|set to|plans? to|due to (?:be|meet|begin)|scheduled)\b")
_WHERE = re.compile(r"\b(?:in|at|near|off|outside)\s+(?:the\s+)?([A-Z][\w’'-]+)")
_NAMING = frozenset({"call", "calls", "called", "report", "state", "note"})
"""Verbs of saying that mostly say something else."""
_MONTHS_AND_DAYS = re.compile(
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December"
    r"|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)\Z"
)


@dataclass(frozen=True, slots=True)
class Answered:
    """A question with the sentences that answer it, each of one article."""

    question: str
    sentences: tuple[Sentence, ...]

    @property
    def answer(self) -> str:
        """The sentences, one to a line."""
        return "\n".join(each.text for each in self.sentences)

    @property
    def sources(self) -> tuple[ArticleKey, ...]:
        """The articles of the sentences."""
        return tuple(dict.fromkeys(each.article for each in self.sentences))


def questions(
    ranked: Sequence[Scored],
    entities: Sequence[str],
    differing: Sequence[Differing],
    kept: Mapping[str, str],
) -> tuple[Answered, ...]:
    """What the story's sentences answer. `ranked`: its sentences, best first.

    `kept` holds the questions so far with their answers: an answer stays while it is still said.
    """
    said = [each for each in ranked if each.candidate.sentence.place >= 0]
    found: list[Answered] = []
    for question, fits in _slots(said, entities):
        answers = [each for each in said if fits(each.candidate.sentence.text)]
        if answers:
            last = kept.get(question)
            same = [each for each in answers if each.candidate.sentence.text == last]
            found.append(Answered(question, ((same or answers)[0].candidate.sentence,)))
    if differing:
        sides = tuple(each.sentence for each in differing[0].reports)
        found.append(Answered("What do reports differ on?", sides))
    every = {each.question: each for each in found}
    before = [each for each in kept if each in every]
    order = [*before, *(each for each in every if each not in before)]
    return tuple(every[question] for question in order[:MOST])


_Fits = Callable[[str], bool]


def _slots(said: Sequence[Scored], entities: Sequence[str]) -> Iterator[tuple[str, _Fits]]:
    yield "What happened?", bool
    yield "Where did it happen?", _names_a_place
    yield "When did it happen?", lambda text: bool(dates(text))
    yield "Why did it happen?", lambda text: _WHY.search(text) is not None
    yield "What happens next?", lambda text: _NEXT.search(text) is not None
    for noun in _counted_nouns(said)[:FIGURES]:
        yield f"How many {noun}?", partial(_counts, noun)
    for name in entities:
        yield f"Who is {name}?", partial(_introduces, name)
    speakers = [name for name in entities if any(_speaks(name, each) for each in _texts(said))]
    for name in speakers[:SPEAKERS]:
        yield f"What did {name} say?", partial(_speaks, name)


def _texts(said: Sequence[Scored]) -> list[str]:
    return [each.candidate.sentence.text for each in said]


def _counted_nouns(said: Sequence[Scored]) -> list[str]:
    """What at least two sentences count, the commonest first."""
    number: dict[str, int] = {}
    for text in _texts(said):
        for noun in sorted({noun for _, noun, _ in counted(text)}):
            number[noun] = number.get(noun, 0) + 1
    return [n for n in sorted(number, key=lambda noun: (-number[noun], noun)) if number[n] > 1]


def _names_a_place(text: str) -> bool:
    return any(not _MONTHS_AND_DAYS.match(each[1]) for each in _WHERE.finditer(text))


def _counts(noun: str, text: str) -> bool:
    return any(each == noun for _, each, _ in counted(text))


def _introduces(name: str, text: str) -> bool:
    """Whether a sentence says who or what a name is: “Ada Brandt, the mayor, said …”."""
    plain = re.escape(name)
    aside = re.search(rf"{plain}, (?:an?|the) ([^,.]+),", text)
    return aside is not None and not SAYING & set(aside[1].casefold().split())


def _speaks(name: str, text: str) -> bool:
    """Whether a sentence puts words into the mouth of this name."""
    last = name.split()[-1]
    if last not in text:
        return False
    said = grounding.Sentence(text)
    for at, word in enumerate(said.words):
        if word.text != last:
            continue
        behind = said.words[at + 1].text.casefold() if at + 1 < len(said.words) else ""
        before = [each.text.casefold() for each in said.words[max(0, at - 2) : at]]
        if behind in SAYING - _NAMING or before == ["according", "to"] or before[-1:] == ["said"]:
            return True
    return False
