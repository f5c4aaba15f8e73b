"""What reads the same is the same word: how words are compared, in rules as in search."""

import re
import unicodedata
from functools import lru_cache

_MARKS = str.maketrans(
    dict.fromkeys("`´‘’‚‛ʻʼʽˈʹ′＇׳ꞌ", "'")
    | dict.fromkeys("“”„‟″״", '"')
    | dict.fromkeys("‐‑‒–—―−﹘﹣－", "-")
    | dict.fromkeys("‧∙•⋅・･", "·")
)
"""Marks between letters that keyboards and editors put for one another."""
_STRUCK = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe"})
"""Letters with a stroke, or two in one: taking accents off leaves them as they are."""
_UNSEEN = re.compile(
    r"[\u00ad\u0640\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufe00-\ufe0f\ufeff]"
)
"""Soft hyphens, joiners, direction marks, lengthened lines: what a word can hold unseen."""

LONG = 300
"""Longer words are folded each time: they would fill the memory and never come again."""


def letters(text: str) -> str:
    """A text in the letters it is compared by: one case, one form of each letter and mark.

    Accents stay, since they make other words: “pêche” is not “péché”. The dot of Turkish İ and its
    absence on ı do not, since capitals cannot tell them apart everywhere.
    """
    if text.isascii():
        return text.casefold().replace("`", "'")
    text = unicodedata.normalize("NFKC", _UNSEEN.sub("", text.translate(_MARKS)))
    text = unicodedata.normalize("NFKC", text.casefold().translate(_MARKS))
    return text.replace("i\u0307", "i").replace("ı", "i")


def fold(word: str) -> str:
    """A word as it is compared: what reads the same gives the same."""
    return _fold(word) if len(word) <= LONG else _fold.__wrapped__(word)


@lru_cache(maxsize=32_768)
def _fold(word: str) -> str:
    return " ".join(letters(word).split())


def unaccented(folded: str) -> str:
    """What is left of letters without their accents."""
    parts = unicodedata.normalize("NFKD", folded).translate(_STRUCK)
    return "".join(part for part in parts if not unicodedata.combining(part))


def bare(word: str) -> str:
    """A word without accents, to find the one that is meant where they were left out."""
    return unaccented(fold(word))
