"""Turns marked-up text into plain text and entities, the way Telegram does.

Offsets and lengths of entities are counted in UTF-16 code units. The errors are those of TDLib's
parse_html; their byte offsets count UTF-8 bytes of the text as it was sent.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit, urlunsplit

Entity = dict[str, Any]

MOST_ENTITIES = 100
"""Formatting beyond this many entities is dropped silently."""


class CannotParse(ValueError):
    """str() is the part of Telegram's refusal after "can't parse entities: "."""


class WrongLink(ValueError):
    """str() is Telegram's word for what is wrong with a link."""


@dataclass(frozen=True, slots=True)
class Span:
    """A range of text, in characters, and its formatting."""

    start: int
    end: int
    kind: str
    more: Mapping[str, Any] = field(default_factory=dict)


def units(text: str) -> int:
    """The length of a text as Telegram counts it: UTF-16 code units."""
    return len(text) + sum(ord(letter) > 0xFFFF for letter in text)


def read(
    text: str, parse_mode: str | None, given: Sequence[Mapping[str, Any]] | None
) -> tuple[str, list[Entity]]:
    """The text that people see, and its entities in order; raises CannotParse.

    parse_mode is "HTML" (any case) or empty; without one, the entities in `given` apply.
    """
    text = _CONTROL.sub(" ", text.replace("\r", ""))
    if parse_mode:
        text, spans = _parse_html(text)
    else:
        spans = list(_given(text, given or ()))
    text, spans = _trim(text, spans)
    marked = _settle(text, spans)[:MOST_ENTITIES]
    marked.extend(_detect(text, marked))
    return text, _entities(text, marked)


def found(text: str) -> list[Entity]:
    """The entities that Telegram finds by itself in a text that a person typed."""
    return _entities(text, list(_detect(text, ())))


def checked_link(link: str) -> str:
    """A link as Telegram stores it; raises WrongLink if it isn't accepted."""
    link = link.strip()
    if not re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:", link):
        link = f"http://{link}"
    try:
        parts = urlsplit(link)
        host = (parts.hostname or "").lower()
        port = parts.port
    except ValueError as error:
        raise WrongLink("Wrong HTTP URL") from error
    if parts.scheme in ("tg", "ton"):
        return link
    if parts.scheme not in ("http", "https"):
        raise WrongLink("Unsupported URL protocol")
    if not host:
        raise WrongLink("URL host is empty")
    if "." not in host.strip(".") or re.search(r"\s", link):
        raise WrongLink("Wrong HTTP URL")
    who = f"{parts.netloc.rpartition('@')[0]}@" if "@" in parts.netloc else ""
    place = f"{who}{host}" if port is None else f"{who}{host}:{port}"
    return urlunsplit((parts.scheme, place, parts.path or "/", parts.query, parts.fragment))


_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")

_SPACE = " \t\r\n\0\x0b"

_TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "a": "text_link",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "tg-emoji": "custom_emoji",
    "tg-time": "date_time",
}

_SPLITTABLE = ("bold", "italic", "underline", "strikethrough", "spoiler")

_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}


@dataclass(frozen=True, slots=True)
class _Open:
    tag: str
    attributes: Mapping[str, str]
    start: int


def _parse_html(html: str) -> tuple[str, list[Span]]:
    seen: list[str] = []
    spans: list[Span] = []
    nested: list[_Open] = []
    at = 0
    while at < len(html):
        if html[at] == "&":
            letter, at = _character(html, at)
            seen.append(letter)
        elif html[at] != "<":
            seen.append(html[at])
            at += 1
        elif html[at + 1 : at + 2] != "/":
            tag, attributes, at = _start_tag(html, at)
            nested.append(_Open(tag, attributes, len(seen)))
        else:
            at = _end_tag(html, at, nested)
            _close(nested.pop(), seen, spans)
    if nested:
        raise CannotParse(f'Can\'t find end tag corresponding to start tag "{nested[-1].tag}"')
    return "".join(seen), spans


def _bytes(html: str, at: int) -> int:
    return len(html[:at].encode())


def _character(html: str, at: int) -> tuple[str, int]:
    """One character reference, or the ampersand itself if Telegram doesn't know the reference."""
    if numeric := re.compile(r"&#(?:[xX]([0-9a-fA-F]+)|([0-9]+));?").match(html, at):
        code = int(numeric[1], 16) if numeric[1] else int(numeric[2])
        if 0 < code < 0x10FFFF and not 0xD800 <= code <= 0xDFFF:
            return chr(code), numeric.end()
        return "&", at + 1
    if (named := re.compile(r"&([a-zA-Z]+);?").match(html, at)) and named[1] in _NAMED:
        return _NAMED[named[1]], named.end()
    return "&", at + 1


def _start_tag(html: str, begin: int) -> tuple[str, dict[str, str], int]:
    at = begin + 1
    while at < len(html) and html[at] not in _SPACE and html[at] != ">":
        at += 1
    if at == len(html):
        raise CannotParse(f"Unclosed start tag at byte offset {_bytes(html, begin)}")
    tag = html[begin + 1 : at].lower()
    if tag not in _TAGS:
        raise CannotParse(f'Unsupported start tag "{tag}" at byte offset {_bytes(html, begin)}')
    attributes: dict[str, str] = {}
    while True:
        at = _skip_space(html, at)
        if at == len(html):
            raise CannotParse(f'Unclosed start tag "{tag}" at byte offset {_bytes(html, begin)}')
        if html[at] == ">":
            break
        name, value, at = _attribute(html, at, tag, begin)
        attributes[name] = value
    if tag == "span" and attributes.get("class") != "tg-spoiler":
        raise CannotParse(
            f'Tag "span" must have class "tg-spoiler" at byte offset {_bytes(html, begin)}'
        )
    return tag, attributes, at + 1


def _attribute(html: str, at: int, tag: str, begin: int) -> tuple[str, str, int]:
    start = at
    while at < len(html) and html[at] not in _SPACE and html[at] not in "=>/\"'":
        at += 1
    name = html[start:at].lower()
    if not name:
        raise CannotParse(
            f'Empty attribute name in the tag "{tag}" at byte offset {_bytes(html, begin)}'
        )
    after = _skip_space(html, at)
    if html[after : after + 1] != "=":
        return name, "", at
    at = _skip_space(html, after + 1)
    if at == len(html):
        raise CannotParse(f'Unclosed start tag "{tag}" at byte offset {_bytes(html, begin)}')
    if html[at] not in "\"'":
        token = at
        while at < len(html) and (html[at].isalnum() or html[at] in ".-"):
            at += 1
        if at == len(html) or (html[at] not in _SPACE and html[at] != ">"):
            raise CannotParse(f"Unexpected end of name token at byte offset {_bytes(html, token)}")
        return name, html[token:at].lower(), at
    quote = html[at]
    at += 1
    value: list[str] = []
    while at < len(html) and html[at] != quote:
        if html[at] == "&":
            letter, at = _character(html, at)
        else:
            letter, at = html[at], at + 1
        value.append(letter)
    if at + 1 >= len(html):
        raise CannotParse(f"Unclosed start tag at byte offset {_bytes(html, begin)}")
    return name, "".join(value), at + 1


def _end_tag(html: str, begin: int, nested: Sequence[_Open]) -> int:
    if not nested:
        raise CannotParse(f"Unexpected end tag at byte offset {_bytes(html, begin)}")
    at = begin + 2
    while at < len(html) and html[at] not in _SPACE and html[at] != ">":
        at += 1
    tag = html[begin + 2 : at].lower()
    at = _skip_space(html, at)
    if html[at : at + 1] != ">":
        raise CannotParse(f"Unclosed end tag at byte offset {_bytes(html, begin)}")
    expected = nested[-1].tag
    if tag and tag != expected:
        raise CannotParse(
            f"Unmatched end tag at byte offset {_bytes(html, begin)}, "
            f'expected "</{expected}>", found "</{tag}>"'
        )
    return at + 1


def _skip_space(html: str, at: int) -> int:
    while at < len(html) and html[at] in _SPACE:
        at += 1
    return at


def _close(opened: _Open, seen: Sequence[str], spans: list[Span]) -> None:
    start, end = opened.start, len(seen)
    if start == end:
        return
    kind = _TAGS[opened.tag]
    match opened.tag:
        case "a":
            link = _link("".join(seen[start:end]), opened.attributes.get("href", ""))
            if link is not None:
                spans.append(Span(start, end, *link))
        case "code":
            language = opened.attributes.get("class", "")
            spans.append(Span(start, end, "code", {"class": language} if language else {}))
        case "pre":
            inner = spans[-1] if spans else None
            if inner and (inner.start, inner.end, inner.kind) == (start, end, "code"):
                spans.pop()
                language = str(inner.more.get("class", "")).removeprefix("language-")
                spans.append(Span(start, end, "pre", {"language": language} if language else {}))
            else:
                spans.append(Span(start, end, "pre"))
        case "blockquote":
            expandable = "expandable" in opened.attributes
            spans.append(Span(start, end, f"expandable_{kind}" if expandable else kind))
        case "tg-emoji":
            number = opened.attributes.get("emoji-id", "")
            if not number.isdecimal():
                raise CannotParse("Invalid custom emoji identifier specified")
            spans.append(Span(start, end, kind, {"custom_emoji_id": number}))
        case "tg-time":
            when = opened.attributes.get("unix", "")
            if not when.isdecimal():
                raise CannotParse("Invalid date specified")
            more: dict[str, Any] = {"unix_time": int(when)}
            if shape := opened.attributes.get("format"):
                more["date_time_format"] = shape
            spans.append(Span(start, end, kind, more))
        case _:
            spans.append(Span(start, end, kind))


def _link(text: str, address: str) -> tuple[str, dict[str, Any]] | None:
    """What a link becomes; None if Telegram silently shows only its text."""
    address = address or text
    if person := re.fullmatch(r"tg://user\?id=([0-9]+)", address):
        return "text_mention", {"user": int(person[1])}
    try:
        return "text_link", {"url": checked_link(address)}
    except WrongLink:
        return None


def _given(text: str, entities: Iterable[Mapping[str, Any]]) -> Iterator[Span]:
    places = [0]
    for letter in text:
        places.append(places[-1] + units(letter))
    index = {place: at for at, place in enumerate(places)}
    for entity in entities:
        kind, offset, length = entity.get("type"), entity.get("offset"), entity.get("length")
        if not isinstance(kind, str) or not isinstance(offset, int) or not isinstance(length, int):
            raise CannotParse("expected an Object with type, offset and length")
        if offset + length > places[-1]:
            raise CannotParse(
                f"entity beginning at UTF-16 offset {offset} ends after the end of the text "
                f"at UTF-16 offset {places[-1]}"
            )
        if offset not in index:
            raise CannotParse(
                f"entity begins in a middle of a UTF-16 symbol at byte offset {offset}"
            )
        if offset + length not in index:
            raise CannotParse(
                f"entity beginning at UTF-16 offset {offset} ends in a middle of a UTF-16 symbol"
            )
        if length <= 0 or kind not in {*_TAGS.values(), "text_mention", "expandable_blockquote"}:
            continue  # Telegram ignores entities of kinds that it detects itself
        more = {
            key: value
            for key, value in entity.items()
            if key not in ("type", "offset", "length") and value is not None
        }
        if kind == "text_link":
            try:
                more["url"] = checked_link(str(more.get("url", "")))
            except WrongLink:
                continue
        if kind == "text_mention":
            more["user"] = int(more["user"]["id"])
        yield Span(index[offset], index[offset + length], kind, more)


def _trim(text: str, spans: Iterable[Span]) -> tuple[str, list[Span]]:
    shown = text.strip()
    left = len(text) - len(text.lstrip())
    kept = []
    for span in spans:
        start = max(span.start - left, 0)
        end = min(span.end - left, len(shown))
        if start < end:
            kept.append(Span(start, end, span.kind, span.more))
    return shown, kept


def _settle(text: str, spans: Sequence[Span]) -> list[Span]:
    """Merge nested and adjacent spans of one kind; drop whatever is inside code."""
    fixed = [span for span in spans if span.kind not in _SPLITTABLE]
    codes = [span for span in fixed if span.kind in ("code", "pre")]
    settled = [
        Span(span.start, span.end, span.kind, {k: v for k, v in span.more.items() if k != "class"})
        for span in fixed
        if span in codes or not any(_inside(span, code) for code in codes)
    ]
    for kind in _SPLITTABLE:
        marked = [False] * len(text)
        for span in spans:
            if span.kind == kind:
                marked[span.start : span.end] = [True] * (span.end - span.start)
        for code in codes:
            marked[code.start : code.end] = [False] * (code.end - code.start)
        settled += [
            Span(run.start(), run.end(), kind)
            for run in re.finditer("1+", "".join("1" if mark else "0" for mark in marked))
            if text[run.start() : run.end()].strip()
        ]
    return sorted(settled, key=lambda span: (span.start, -span.end))


def _inside(span: Span, other: Span) -> bool:
    return other.start <= span.start and span.end <= other.end


_LINK_TAIL = r"[^\s<>\"]*[^\s<>\".,:;!?)\]}'»”]"

_FOUND = (
    ("url", re.compile(rf"(?:https?://|(?<![\w.@/])(?:www\.|t\.me/)){_LINK_TAIL}")),
    ("email", re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+")),
    (
        "bot_command",
        re.compile(r"(?<![\w/@<>])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?![\w/@])"),
    ),
    ("mention", re.compile(r"(?<![\w@])@[A-Za-z][A-Za-z0-9_]{2,31}(?!\w)")),
    ("hashtag", re.compile(r"(?<![\w#&])#\w*[^\W\d]\w*")),
)
"""Telegram's own rules know every top-level domain; these find what our texts contain."""


def _detect(text: str, marked: Sequence[Span]) -> Iterator[Span]:
    closed = [span for span in marked if span.kind in ("code", "pre", "text_link", "text_mention")]
    for kind, pattern in _FOUND:
        for match in pattern.finditer(text):
            span = Span(match.start(), match.end(), kind)
            if not any(span.start < other.end and other.start < span.end for other in closed):
                closed.append(span)
                yield span


def _entities(text: str, spans: Iterable[Span]) -> list[Entity]:
    places = [0]
    for letter in text:
        places.append(places[-1] + units(letter))
    return [
        {
            "offset": places[span.start],
            "length": places[span.end] - places[span.start],
            "type": span.kind,
            **span.more,
        }
        for span in sorted(spans, key=lambda span: (span.start, -span.end))
    ]
