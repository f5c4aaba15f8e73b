"""Makes plain text harmless, shortens it, and checks links.

Everything here works on plain text, before any platform's markup is added.
"""

import unicodedata
from bisect import bisect_right
from collections.abc import Callable
from itertools import pairwise
from urllib.parse import quote, urlsplit

import regex

_JOINING = "".join(
    rf"\p{{{script}}}"
    for script in [
        "Arabic",
        "Syriac",
        "Nko",
        "Mongolian",
        "Devanagari",
        "Bengali",
        "Gurmukhi",
        "Gujarati",
        "Oriya",
        "Tamil",
        "Telugu",
        "Kannada",
        "Malayalam",
        "Sinhala",
        "Tibetan",
        "Myanmar",
        "Khmer",
        "Balinese",
        "Javanese",
        "Sundanese",
        "Chakma",
    ]
)
"""Scripts whose spelling needs the joiners that are invisible and useless elsewhere."""

_INVISIBLE = regex.compile(
    rf"""
    (?P<kept>
        (?<=\p{{Extended_Pictographic}}[\uFE0F\U0001F3FB-\U0001F3FF]?)\u200D
        (?=\p{{Extended_Pictographic}})                      # family of emoji
      | (?<=\p{{Extended_Pictographic}})[\uFE0E\uFE0F]       # text or picture
      | (?<=[0-9\#*])\uFE0F(?=\u20E3)                        # keycap
      | (?<=\U0001F3F4)[\U000E0030-\U000E0039\U000E0061-\U000E007A]{{3,6}}\U000E007F  # flag
      | (?<=\p{{Han}})[\uFE00-\uFE0F\U000E0100-\U000E01EF]   # variant of an ideograph
      | (?<=\p{{Mongolian}})[\u180B-\u180D\u180F]
      | (?<=[{_JOINING}]\p{{M}}*)[\u200C\u200D](?=[{_JOINING}])
    )
    | [\p{{Default_Ignorable_Code_Point}}\uFFF9-\uFFFB\p{{Cs}}\p{{Noncharacter_Code_Point}}]
    | [[\p{{Cc}}]--[\n\t]]
    """,
    regex.VERBOSE | regex.VERSION1,
)
_LINE_END = regex.compile(r"\r\n?|[\v\f\x1c-\x1e\x85\u2028\u2029]")
_SPACES = regex.compile(r"[^\S\n]+|\u2800+")
_PILED_UP = regex.compile(r"(\p{M}{8})\p{M}+")
_GAP = regex.compile(r" *\n *(\n *)*")


def small(number: int) -> str:
    """A number in superscript digits."""
    return f"{number}".translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))


def clean(text: str) -> str:
    """Make story text harmless; lines and paragraphs stay.

    Bidirectional controls, invisible and control characters are removed, except the joiners and
    selectors that emoji and some scripts need. White space becomes single spaces, multiple empty
    lines become one, and combining marks on one letter stop at eight. The result is NFC, because
    some characters become markup only when normalised (U+1FEF becomes a backtick).
    """
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()  # most texts contain none of that
    text = _LINE_END.sub("\n", text)
    text = _INVISIBLE.sub(lambda found: found["kept"] or "", text)
    text = unicodedata.normalize("NFC", text)
    text = _PILED_UP.sub(r"\1", text)
    text = _SPACES.sub(" ", text)
    return _GAP.sub(lambda gap: "\n\n" if gap[0].count("\n") > 1 else "\n", text).strip()


def line(text: str) -> str:
    """The same on one line."""
    return " ".join(clean(text).split())


def utf16(text: str) -> int:
    """Length in UTF-16 code units, as chat services count."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


_GRAPHEME = regex.compile(r"\X")
_SENTENCE = regex.compile(
    r"""
    (?: (?<!\b\p{Lu}) \. | [!?…] ) [\p{Pe}\p{Pf}"']* (?= \s+ \P{Ll} )
    | [。！？｡] [\p{Pe}\p{Pf}]*
    """,
    regex.VERBOSE,
)
_UNSPACED = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}、，]"
"""Scripts without spaces between words: a line may break between any two letters."""
_WORD = regex.compile(rf"(?=\s)|(?<={_UNSPACED})(?={_UNSPACED})")
_DANGLING = regex.compile(r"[\s\p{Pd}\p{Ps}\p{Pi}.,;:、，]+\Z")


def shorten(text: str, limit: int, size: Callable[[str], int] = len, more: str = "…") -> str:
    """Cut `text` so that it and the mark `more` together measure at most `limit`.

    The cut is at the end of a sentence if that keeps at least two fifths of the space, otherwise at
    the end of a word, otherwise (for one endless word) between visible characters. `size` may count
    code points, UTF-16 units or the rendered text; a longer text must not measure less. If not even
    the mark fits, the result is empty.
    """
    if size(text) <= limit:
        return text
    if size(more) > limit:
        return ""
    ends = [0, *(grapheme.end() for grapheme in _GRAPHEME.finditer(text))]
    fitting = bisect_right(ends, limit, key=lambda end: size(text[:end] + more))
    room = ends[max(fitting - 1, 0)]
    whole = set(ends)  # a sentence or word never ends inside a visible character
    for end in reversed([end.end() for end in _SENTENCE.finditer(text, endpos=room + 2)]):
        if end < room * 2 / 5:
            break
        if end in whole and size(f"{text[:end]} {more}") <= limit:
            return f"{text[:end]} {more}"
    words = [end.start() for end in _WORD.finditer(text, endpos=room + 1)]
    words = [end for end in words if 0 < end <= room and end in whole]
    cut = text[: words[-1]] if words else text[:room]
    return (_DANGLING.sub("", cut) or cut) + more


def pieces(text: str) -> list[str]:
    """All of a text, split into words, or into letters in scripts without spaces."""
    ends = [0, *(end.start() for end in _WORD.finditer(text)), len(text)]
    return [text[start:end] for start, end in pairwise(ends) if start < end]


_HOST = regex.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9-]{1,63}")
_PLAIN = "/:@!$&'*+,;=-._~?%#"  # allowed in a URL as it is; brackets could end a link's markup
_LINK_LIMIT = 2048


def safe_link(url: str) -> tuple[str, str] | None:
    """A link that leads where it seems to: the URL in plain ASCII, and its host to show.

    None for anything except http and https with a host name (or IPv4 address); for user names,
    spaces or control characters; and for more than 2048 characters. An international host is shown
    and linked as punycode; a port is kept.
    """
    if any(character.isspace() or not character.isprintable() for character in url):
        return None
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        ascii_host = host if host.isascii() else host.encode("idna").decode()
        # Names that turn into another name when encoded (ß, full-width letters) are refused.
        if not host.isascii() and ascii_host.encode().decode("idna") != host:
            return None
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or "@" in parts.netloc:
        return None
    if not _HOST.fullmatch(ascii_host):
        return None
    shown = ascii_host if port is None else f"{ascii_host}:{port}"
    rest = url.split("://", 1)[1][len(parts.netloc) :]
    plain = f"{parts.scheme}://{shown}{quote(rest, safe=_PLAIN)}"
    return (plain, shown) if len(plain) <= _LINK_LIMIT else None


JOINER = "\u2060"
"""WORD JOINER: invisible, and not part of any name, tag or address."""

_CLICKABLE = regex.compile(
    r"""
      @ (?=\S)                       # @name, @everyone, the middle of an e-mail address
    | :(?=//)                        # https://, tg://
    | (?<=\S) (?=\.\p{L})            # evil.example, discord.gg/x
    | (?<=\d) (?=\.\d+\.\d+\.\d)     # 192.0.2.1
    """,
    regex.VERBOSE,
)


def unlink(text: str) -> str:
    """Insert word joiners where chat services would create a link or a mention by themselves.

    Clients look for `@name`, `scheme://` and names with dots in any text they show. A joiner after
    the @, inside the :// and before the dot breaks the pattern invisibly.
    """
    return _CLICKABLE.sub(lambda found: found[0] + JOINER, text)
