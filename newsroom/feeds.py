"""config/feeds.toml: which feeds the newsroom reads, checked entry by entry."""

import difflib
import json
import re
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from newsroom.model import Feed, Quotes
from newsroom.reading.guard import Guard
from newsroom.reading.identity import link
from runtime.errors import SetupError
from runtime.toml_lines import line_of

DEFAULT = Path("config/feeds.toml")

_NAME = 100
"""Characters of an outlet's name, and of a tag."""
_TAGS = 20
_WEIGHT = 10.0
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")
_DOMAIN = re.compile(r"([\w-]+\.)+[\w-]{2,}")


class WrongFeeds(SetupError):
    """The file is refused; str() has one sentence for each thing that is wrong."""

    def __init__(self, *faults: str) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class _Wrong(ValueError):
    """One value is refused; str() says what it takes."""


@dataclass(frozen=True, slots=True)
class Feeds:
    """What feeds.toml says."""

    feeds: tuple[Feed, ...] = ()
    allow: tuple[str, ...] = ()
    """Hosts, addresses and networks that may be fetched from though they are not public."""


def load_feeds(path: Path | None = None) -> Feeds:
    """Read the file; None means the default place, which may be empty. Raises WrongFeeds."""
    where = path or DEFAULT
    try:
        text = where.read_text("utf-8")
    except FileNotFoundError:
        if path is None:
            return Feeds()
        raise WrongFeeds(f"{where} is not there: create it, or name another file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise WrongFeeds(f"{where} cannot be read: {error}") from error
    return read_feeds(text, str(where))


def read_feeds(text: str, name: str) -> Feeds:
    """Read the text of a feeds.toml; raise WrongFeeds with a sentence per bad entry."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise WrongFeeds(f"{name} is not TOML: {error}") from error
    reading = _Reading(text, name)
    for key in document:
        if key not in ("feeds", "defaults", "allow"):
            reading.wrong(None, key, f"“{key}” is unknown{_meant(key, ('feeds', 'defaults'))}")
    allow = reading.allowed(document.get("allow", []))
    defaults = reading.defaults(document.get("defaults", {}))
    entries = document.get("feeds", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        reading.wrong(None, "feeds", "begin each feed with [[feeds]], in two brackets")
        entries = []
    feeds: dict[str, Feed] = {}
    for number, entry in enumerate(entries):
        feed = reading.feed(number, {**defaults, **entry})
        if feed is not None and feed.url in feeds:
            reading.wrong(number, "url", f"{feed.url} is listed twice; keep one of them")
        elif feed is not None:
            feeds[feed.url] = feed
    if reading.faults:
        raise WrongFeeds(*reading.faults)
    return Feeds(tuple(feeds.values()), allow)


def as_toml(feeds: Iterable[Feed]) -> str:
    """Entries for feeds.toml, such as an imported list becomes."""
    return "\n".join(_entry(feed) for feed in feeds)


class _Reading:
    """One file being read: every fault with its line."""

    def __init__(self, text: str, name: str) -> None:
        self._text = text
        self._name = name
        self.faults: list[str] = []

    def wrong(self, entry: int | None, key: str, sentence: str) -> None:
        self.faults.append(
            f"{self._name}, line {line_of(self._text, 'feeds', entry, key)}: {sentence}"
        )

    def allowed(self, value: Any) -> tuple[str, ...]:
        try:
            allow = _texts(value)
            Guard(allow)
        except _Wrong:
            self.wrong(None, "allow", 'allow takes a list of texts, such as ["feeds.lan"]')
        except ValueError as error:
            self.wrong(None, "allow", str(error))
        else:
            return allow
        return ()

    def defaults(self, value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            self.wrong(None, "defaults", "begin the defaults with [defaults], in one bracket")
            return {}
        common = {key: each for key, each in value.items() if key not in ("url", "outlet")}
        for key in value.keys() - common.keys():
            self.wrong(None, key, f"{key} belongs to one feed: put it under its [[feeds]]")
        good = {}
        for key, each in common.items():
            try:
                _value(key, each)
                good[key] = each
            except _Wrong as error:
                self.wrong(None, key, str(error))
        return good

    def feed(self, number: int, entry: dict[str, Any]) -> Feed | None:
        before = len(self.faults)
        for key, remedy in (("url", "https://paper.example/feed"), ("outlet", "The Paper")):
            if key not in entry:
                self.wrong(number, "", f'this [[feeds]] has no {key}: add {key} = "{remedy}"')
        values = {}
        for key, value in entry.items():
            try:
                values[key] = _value(key, value)
            except _Wrong as error:
                self.wrong(number, key, str(error))
        return Feed(**values) if len(self.faults) == before else None


def _value(key: str, value: Any) -> Any:
    """One field's value as `Feed` has it; raises _Wrong with a sentence."""
    if key not in FIELDS:
        raise _Wrong(f"“{key}” is unknown{_meant(key, FIELDS)}")
    takes, _, read = FIELDS[key]
    try:
        return read(value)
    except _Wrong:
        raise _Wrong(f"{key} takes {takes}, not {_shown(value)}") from None


def _url(value: Any) -> str:
    text = value.strip() if isinstance(value, str) else ""
    if link(text) is None:
        raise _Wrong
    return text


def _name(value: Any) -> str:
    text = " ".join(value.split()) if isinstance(value, str) else ""
    if not 0 < len(text) <= _NAME or not text.isprintable():
        raise _Wrong
    return text


def _matching(pattern: re.Pattern[str]) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise _Wrong
        return value

    return read


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > _TAGS:
        raise _Wrong
    return tuple(_name(each) for each in value)


def _weight(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= _WEIGHT:
        raise _Wrong
    return float(value)


def _yes_or_no(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _Wrong
    return value


def _quotes(value: Any) -> Quotes:
    try:
        return Quotes(value)
    except ValueError:
        raise _Wrong from None


FIELDS: dict[str, tuple[str, str, Callable[[Any], Any]]] = {
    "url": (
        "an address that begins with https:// or http://",
        "required: where the feed is; each feed once",
        _url,
    ),
    "outlet": (
        f"the publisher's name, 1 to {_NAME} characters",
        "required: who publishes it, as people will read it",
        _name,
    ),
    "domain": (
        'a domain, such as "paper.example"',
        "what it counts and is rated under; by default the registrable domain of `url`. All feeds "
        "of one domain are one outlet",
        _matching(_DOMAIN),
    ),
    "language": (
        'a language such as "en" or "pt-BR"',
        "by default en; each language is read by itself",
        _matching(_LANGUAGE),
    ),
    "tags": (
        f'a list of at most {_TAGS} texts, such as ["local", "sport"]',
        "yours to choose",
        _texts,
    ),
    "weight": (
        f"a number above 0 and up to {_WEIGHT:g}",
        "how much it counts against other outlets; by default 1",
        _weight,
    ),
    "alone": (
        "true or false",
        "whether a story that only this outlet reports is published; by default it isn't",
        _yes_or_no,
    ),
    "quotes": (
        '"text" or "titles"',
        "`titles`: nothing of its articles is quoted but their titles; by default `text`",
        _quotes,
    ),
}
"""What each field takes, what it means, and the function that reads it."""
assert set(FIELDS) == {field.name for field in fields(Feed)}


def _meant(key: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(key, list(known), 1)
    return f": did you mean {near[0]}?" if near else f"; known are {', '.join(known)}"


def _shown(value: Any) -> str:
    text = repr(value) if not isinstance(value, str) else f"“{value}”"
    return text if len(text) <= 60 else f"{text[:59]}…"


def _entry(feed: Feed) -> str:
    plain = Feed(feed.url, feed.outlet)
    lines = ["[[feeds]]"]
    for name in FIELDS:
        value = getattr(feed, name)
        if name in ("url", "outlet") or value != getattr(plain, name):
            shown = list(value) if isinstance(value, tuple) else value
            lines.append(f"{name} = {json.dumps(shown, ensure_ascii=False)}")
    return "\n".join([*lines, ""])
