"""Words as the checks compare them: split, normalised, and cut down to their stems. English."""

import re
from dataclasses import dataclass
from functools import lru_cache

from grounding.english import ENDINGS, FUNCTION_WORDS, IRREGULAR

_WORD = re.compile(r"[^\W_]+(?:['’.\-/][^\W_]+)*|[%$€£]", re.UNICODE)
_SENTENCE_END = re.compile(r"(?<=[.!?])[\"'”’)\]]*\s+(?=[\"'“‘(\[]?[A-Z0-9])")
_ABBREVIATION = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|Gen|Gov|Sen|Rep|Lt|Col|Sgt|Capt|St|Jr|Sr|Inc|Corp|Co|Ltd|vs|No|Jan|Feb|Mar|Apr"
    r"|Aug|Sept|Sep|Oct|Nov|Dec)|\b[A-Z])\.$"
)


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a sentence."""

    text: str
    """As written, without a possessive ending."""
    stem: str
    """What it is compared by: lower case, without inflection."""
    start: int
    """The character at which it begins."""

    @property
    def telling(self) -> bool:
        """Whether it says something about the subject."""
        return self.text.casefold() not in FUNCTION_WORDS and len(self.stem) > 1


def words(text: str) -> list[Word]:
    """The words of a text, in order. Contractions of “not” become a word of their own."""
    found = []
    for match in _WORD.finditer(text):
        raw = match.group().replace("’", "'")
        lower = raw.casefold()
        if lower.endswith("n't") or lower == "cannot":
            base = {"can't": "can", "won't": "will", "cannot": "can"}.get(lower, lower[:-3])
            found.append(Word(base, base, match.start()))
            found.append(Word("not", "not", match.start() + 1))
            continue
        plain = re.sub(r"'(?:s|S|re|ve|ll|d|m)?$", "", raw)
        # “tax-cut” and “and/or” are compared part by part; “13-year-old”, “U.S.” are too.
        offset = match.start()
        for part in re.split(r"([-/])", plain):
            if part and part not in "-/":
                found.append(Word(part, stem(part), offset))
            offset += len(part)
    return found


def sentences(text: str) -> list[str]:
    """The sentences of a plain text. Does not break after initials and common abbreviations."""
    parts: list[str] = []
    begin = 0
    for match in _SENTENCE_END.finditer(text):
        piece = text[begin : match.start()]
        if _ABBREVIATION.search(piece):
            continue
        parts.append(text[begin : match.end()].strip())
        begin = match.end()
    parts.append(text[begin:].strip())
    return [part for each in parts for line in each.splitlines() if (part := line.strip())]


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """What inflected forms of a word have in common: “voted”, “votes” and “voting” are “vot”."""
    lower = word.casefold().replace(".", "")
    if lower in IRREGULAR:
        return IRREGULAR[lower]
    if len(lower) < 4 or not lower.isalpha():
        return lower
    for ending, left in ENDINGS:
        if lower.endswith(ending) and len(lower) - len(ending) >= 3 and not lower.endswith("ss"):
            lower = lower[: -len(ending)] + left
            break
    if len(lower) > 3 and lower[-1] == lower[-2] and lower[-1] not in "aeiousl":
        lower = lower[:-1]
    return lower.removesuffix("e") if len(lower) > 3 else lower
