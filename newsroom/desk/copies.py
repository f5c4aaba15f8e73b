"""Which articles are copies of each other: agency reports that many outlets print.

Equal ones are found by their first characters, near ones by a MinHash sketch of word triples: the
smallest `KEPT` hashes of an article's lead (Broder 1997, bottom-k).
"""

import hashlib
import re
from collections.abc import Iterable, Sequence

KEPT = 48
"""Hashes in a sketch. The Jaccard estimate's standard error is at most .07."""
COPY = 0.7
"""The share of word triples in common from which an article is a copy."""
SHORT = 16
"""A text of fewer telling words has no sketch."""
HEAD = 200
"""Characters of the text that make, with the title, an equal copy."""
TITLE = 5
"""A bare title of fewer words says too little to be a copy."""
_WORD = re.compile(r"\w+")


def print_of(title: str, text: str) -> str:
    """16 hex digits, the same for equal articles; empty where too little is there to compare."""
    words = _WORD.findall(title.casefold())
    head = " ".join(_WORD.findall(text[: 2 * HEAD].casefold()))[:HEAD]
    if len(words) < TITLE and not head:
        return ""
    said = f"{' '.join(words)}\0{head}"
    return hashlib.blake2s(said.encode(errors="surrogatepass"), digest_size=8).hexdigest()


def sketch(words: Sequence[int]) -> tuple[int, ...]:
    """The smallest hashes of a text's word triples, in order; empty for a short text.

    `words` are the hashes of its telling words, in the order of the text.
    """
    if len(words) < SHORT:
        return ()
    mixed = {
        ((one * 0x9E3779B1 ^ two * 0x85EBCA6B ^ three * 0xC2B2AE35) >> 7) & 0xFFFFFFFF
        for one, two, three in zip(words, words[1:], words[2:], strict=False)
    }
    return tuple(sorted(mixed)[:KEPT])


def likeness(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    """The estimated Jaccard index of two sketches; 0 where one is empty."""
    if not one or not other:
        return 0.0
    both = set(one).intersection(other)
    if len(both) < COPY * KEPT / 3:
        return 0.0
    union = sorted(set(one).union(other))[:KEPT]
    return sum(each in both for each in union) / len(union)


def origin(mine: tuple[int, ...], others: Iterable[tuple[str, tuple[int, ...]]]) -> str | None:
    """The key of the first among `others` that `mine` is a near copy of."""
    return next((key for key, its in others if likeness(mine, its) >= COPY), None)
