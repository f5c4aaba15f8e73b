"""Decides when two words are the same: words that read the same compare equal, in rules and
search."""

import re
import unicodedata
from functools import lru_cache

_MARKS = str.maketrans(
    dict.fromkeys("`´‘’‚‛ʻʼʽˈʹ′＇׳ꞌ", "'")
    | dict.fromkeys("“”„‟″״", '"')
    | dict.fromkeys("‐‑‒–—―−﹘﹣－", "-")
    | dict.fromkeys("‧∙•⋅・･", "·")
)
"""Punctuation inside words that keyboards and editors substitute for one another."""
_STRUCK = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe"})
"""Letters with a stroke, and ligatures: removing accents leaves them unchanged."""
_UNSEEN = re.compile(
    r"[\u00ad\u0640\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufe00-\ufe0f\ufeff]"
)
"""Soft hyphens, joiners, direction marks, lengthening marks: invisible characters inside a word."""

LONG = 300
"""Longer words aren't cached: they would fill the memory and never recur."""


def letters(text: str) -> str:
    """A text in the letters it is compared by: one case, one form of each letter and mark.

    Accents are kept, because they make different words: “pêche” is not “péché”. The dot of Turkish
    İ and its absence on ı are dropped, because capitals can't distinguish them everywhere.
    """
    if text.isascii():
        return text.casefold().replace("`", "'")
    text = unicodedata.normalize("NFKC", _UNSEEN.sub("", text.translate(_MARKS)))
    text = unicodedata.normalize("NFKC", text.casefold().translate(_MARKS))
    return text.replace("i\u0307", "i").replace("ı", "i")


def fold(word: str) -> str:
    """A word in the form in which it is compared: words that read the same give the same form."""
    return _fold(word) if len(word) <= LONG else _fold.__wrapped__(word)


@lru_cache(maxsize=32_768)
def _fold(word: str) -> str:
    return " ".join(letters(word).split())


def unaccented(folded: str) -> str:
    """Letters without their accents."""
    parts = unicodedata.normalize("NFKD", folded).translate(_STRUCK)
    return "".join(part for part in parts if not unicodedata.combining(part))


def bare(word: str) -> str:
    """A word without accents, to find the intended one if they were left out."""
    return unaccented(fold(word))
