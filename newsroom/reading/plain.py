"""Text from outside to plain text: no markup, no control characters, none that reorder text.

What comes out is one or more paragraphs, each a line, safe to show, to count and to compare.
"""

import contextlib
import html
import re
import unicodedata
from html.parser import HTMLParser

_SOURCE = 100_000
"""Characters of markup that are looked at; an article's beginning lies within."""
_SPARE = 2
"""Times the characters that are kept are read: some of them are blank or invisible."""
_SILENT = frozenset(
    re.findall(
        r"\w+",
        "audio button figcaption form head iframe math noscript object script select style svg "
        "table template textarea video",
    )
)
"""Elements whose text is not the article's."""
_BREAKS = frozenset(
    re.findall(
        r"\w+",
        "address article aside blockquote br dd div dl dt fieldset figure footer h1 h2 h3 h4 h5 h6 "
        "header hr li main nav ol p pre section tr ul",
    )
)
"""Elements that begin or end a line."""
_KEPT_FORMATS = {"\u200c", "\u200d"}
"""Joiners: Persian and emoji need them."""
_TAG = re.compile(r"<(?:/?[a-zA-Z][^<>]{0,2000}|!--.{0,2000}?--)>", re.S)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_APPEARED = re.compile(r"\s*The post .{1,400} (?:appeared first on|first appeared on) .{1,200}$")
"""What WordPress puts at the end of each item."""
_MORE = re.compile(
    r"\s*(?:\[(?:…|\.\.\.|&hellip;)\]|(?:Continue reading|Read more).{0,300}[→»….])$"
)


class _Enough(Exception):
    """More text than is kept has been read."""


class _Text(HTMLParser):
    """Collects the text of a piece of HTML, however broken, up to a limit."""

    def __init__(self, limit: int) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._left = limit
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        elif tag in _BREAKS:
            self.parts.append("\n")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BREAKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in _BREAKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        self.parts.append(data)
        self._left -= len(data)
        if self._left < 0:
            raise _Enough


def from_html(markup: str, limit: int) -> str:
    """The text of a piece of HTML, at most `limit` characters, cut between words."""
    markup = markup[:_SOURCE]
    if not _TAG.search(markup):
        return clean(html.unescape(markup), limit)
    reader = _Text(_SPARE * limit)
    with contextlib.suppress(_Enough):
        reader.feed(markup)
        reader.close()
    return clean("".join(reader.parts), limit)


def from_either(text: str, limit: int) -> str:
    """Where nobody says whether it is HTML: markup is taken out, and nothing else is."""
    if _TAG.search(text) or _ENTITY.search(text):
        return from_html(text, limit)
    return clean(text, limit)


def clean(text: str, limit: int) -> str:
    """Plain text without what can't be seen, its blanks single, at most `limit` characters."""
    text = unicodedata.normalize("NFC", text[: _SPARE * limit])
    text = text.translate({ord(char): _shown(char) for char in set(text)})
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return shorten("\n".join(line for line in lines if line), limit)


def one_line(text: str) -> str:
    """The same text on one line."""
    return " ".join(text.split())


def without_tail(text: str) -> str:
    """The text without what publishing programs put at its end."""
    return _MORE.sub("", _APPEARED.sub("", text))


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters, cut at a blank where one is near."""
    if len(text) <= limit:
        return text
    cut = max(text.rfind(" ", 0, limit), text.rfind("\n", 0, limit))
    return text[: cut if cut > limit // 2 else limit - 1].rstrip() + "…"


def _shown(char: str) -> str:
    """The character, or what stands for it."""
    if char.isascii():
        return char if char >= " " and char != "\x7f" else ("\n" if char in "\n\r\v\f" else " ")
    match unicodedata.category(char):
        case "Cc" | "Cs" | "Co" | "Cn":
            return "\n" if char == "\x85" else ""
        case "Cf":
            return char if char in _KEPT_FORMATS else ""
        case "Zl" | "Zp":
            return "\n"
        case "Zs":
            return " "
        case _:
            return char
