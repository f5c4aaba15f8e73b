"""How common a word is before any article has been read.

A stream that has just begun knows no frequencies of its own, and every word looks rare. `wordfreq`
stands in: its frequencies count as if `PRIOR` documents of `LENGTH` words had been read already.
"""

import functools
import re
from collections.abc import Mapping

import wordfreq

from newsroom.desk.words import PRIOR, stem

LENGTH = 110
"""Words in each of them: a title and a lead."""
_FIGURE = re.compile(r"[\d,.]+\Z")
_YEAR = re.compile(r"(?:19|20)\d\d\Z")


class Background:
    """In how many of `PRIOR` documents of one language a word stands."""

    def __init__(self, frequencies: Mapping[str, float]) -> None:
        """`frequencies` are shares of all words: .05 for the commonest."""
        self._shares: dict[str, float] = {}
        for word, share in frequencies.items():
            base = stem(word)
            self._shares[base] = self._shares.get(base, 0.0) + share

    def documents(self, base: str) -> int:
        """Documents out of `PRIOR` that hold a word with this stem."""
        if _FIGURE.match(base):
            return 100 if _YEAR.match(base) else {1: 60, 2: 20}.get(len(base), 1)
        return round(PRIOR * (1.0 - (1.0 - self._shares.get(base, 0.0)) ** LENGTH))


@functools.lru_cache(maxsize=8)
def background(language: str) -> Background:
    """The background of a language (BCP 47); without one, every word counts as rare."""
    plain = language.partition("-")[0].casefold()
    if plain not in wordfreq.available_languages("small"):
        return Background({})
    return Background(wordfreq.get_frequency_dict(plain, wordlist="small"))
