"""What an article is about, as counted words: its title and lead made into `Features`.

Three channels are compared: the lead (title thrice and the first words of the text), the title, and
names and numbers. A word stands in the log as the CRC of its stem, so the log holds no text.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from zlib import crc32

PRIOR = 2_000
"""Documents that the background of a language counts as, before any article was read."""
LEAD = 100
"""Words of the text that are read."""
TITLE = 3
"""How often the title counts in the lead."""
_STOP = frozenset(
    re.findall(
        r"\w+",
        "a about after again all also am amid among an and any are as at be because been before "
        "being but by can could did do does doing done down during each few for from further "
        "get got had has have having he her here hers him his how i if in into is it its just "
        "like made make many may me might more most much must my new no nor not now of off on "
        "once one only or other our out over own per said same say saying says shall she should "
        "so some such than that the their them then there these they this those three through "
        "to too two under until up upon us very via vs was we were what when where whether "
        "which while who whom whose why will with would yet you your mr mrs ms dr",
    )
)
_TOKEN = re.compile(r"(?:[^\W\d_]\.){2,}|\d[\d,.]*\d|\d|[^\W\d_]+(?:['’][^\W\d_]+)*|[.!?:“”\"\n]")
_ENDS = frozenset('.!?:“”"\n')
_ENDINGS = (
    ("ies", "y"),
    ("sses", "ss"),
    ("'s", ""),
    ("s'", "s"),
    ("ings", ""),
    ("ing", ""),
    ("edly", ""),
    ("ed", ""),
    ("es", "e"),
    ("s", ""),
    ("e", ""),
)


@dataclass(frozen=True, slots=True)
class Features:
    """What the desk compares of an article: one place in each tuple for each of its words."""

    words: tuple[int, ...]
    """CRCs of stems, growing."""
    common: tuple[int, ...]
    """In how many of the background's documents each stands."""
    lead: tuple[int, ...]
    title: tuple[int, ...]
    names: tuple[int, ...]
    """How often each stands in the three channels; at least once in the lead."""
    bare: bool
    """Whether there was no text beside the title."""


NOTHING = Features((), (), (), (), (), bare=True)
"""The features of an article that says nothing."""


def stem(word: str) -> str:
    """The word without the commonest English endings; a word of another language mostly stays."""
    for ending, instead in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            if ending == "s" and word.endswith("ss"):
                return word
            cut = word[: len(word) - len(ending)] + instead
            if (
                ending in ("ing", "ings", "ed", "edly")
                and cut[-1] == cut[-2]
                and cut[-1] not in "lsz"
            ):
                cut = cut[:-1]
            return cut[:-1] if cut.endswith("e") and len(cut) > 3 else cut
    return word


class Reader:
    """Makes features of texts in one language."""

    REMEMBERED = 200_000
    """Spellings whose stems are remembered."""

    def __init__(self, documents: Callable[[str], int]) -> None:
        """`documents` tells how common a stem is: `Background.documents`."""
        self._documents = documents
        self._known: dict[str, tuple[int, int]] = {}
        self._common: dict[int, int] = {}

    def read(self, title: str, text: str = "") -> tuple[Features, tuple[int, ...]]:
        """The features of one article, and the words of its text in their order."""
        heads: dict[int, int] = {}
        names: dict[int, int] = {}
        for word in self._words(title, names, headline=_is_headline_case(title)):
            heads[word] = heads.get(word, 0) + 1
        lead = {word: TITLE * count for word, count in heads.items()}
        order = self._words(" ".join(text.split(None, LEAD)[:LEAD]), names)
        for word in order:
            lead[word] = lead.get(word, 0) + 1
        words = tuple(sorted(lead))
        common = self._common
        features = Features(
            words,
            tuple([common[word] for word in words]),
            tuple([lead[word] for word in words]),
            tuple([heads.get(word, 0) for word in words]),
            tuple([names.get(word, 0) for word in words]),
            not order and not text.strip(),
        )
        return features, tuple(order)

    def _words(self, text: str, names: dict[int, int], *, headline: bool = False) -> list[int]:
        """The telling words in their order; names and numbers are counted in `names`."""
        found = []
        known, fresh = self._known, True
        for token in _TOKEN.findall(text):
            word, kind = known.get(token) or self._learn(token)
            if kind == _END:
                fresh = True
                continue
            if word >= 0:
                found.append(word)
                if kind >= (_RARE_NAME if headline or fresh else _NAME):
                    names[word] = names.get(word, 0) + 1
            fresh = False
        return found

    def _learn(self, token: str) -> tuple[int, int]:
        """The CRC of a token's stem, or −1 where it tells nothing, and what kind it is."""
        if len(self._known) >= self.REMEMBERED:
            self._known.clear()
        made = self._known[token] = self._read(token)
        return made

    def _read(self, token: str) -> tuple[int, int]:
        if token in _ENDS:
            return -1, _END
        word = token.lower().replace("’", "'")
        if token.isupper() and len(token) > 1:
            word = word.replace(".", "")
            word = "usa" if word == "us" else word
        if word in _STOP or (len(word) == 1 and not word.isdigit()):
            return -1, _PLAIN
        figure = word[0].isdigit()
        base = word.replace(",", "") if figure else stem(word)
        crc, common = crc32(base.encode()), self._documents(base)
        self._common[crc] = common
        if figure:
            return crc, _RARE_NAME
        if not token[0].isupper():
            return crc, _PLAIN
        return crc, _RARE_NAME if common < RARE else _NAME


_END, _PLAIN, _NAME, _RARE_NAME = range(4)
RARE = 12
"""A capitalised word that is rarer counts as a name where capitals tell nothing: first words, and
titles In Which Every Word Has One."""


def spellings(text: str) -> dict[int, str]:
    """The words of a text as they are spelled there, by the CRCs of their stems."""
    found: dict[int, str] = {}
    for token in _TOKEN.findall(text):
        word = token.lower().replace("’", "'")
        if token not in _ENDS and word not in _STOP and len(word) > 1:
            found.setdefault(crc32(stem(word).encode()), token)
    return found


def _is_headline_case(title: str) -> bool:
    words = [word for word in title.split() if word[0].isalpha() and len(word) > 3]
    return bool(words) and sum(word[0].isupper() for word in words) > 0.7 * len(words)
