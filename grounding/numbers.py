"""The numbers in a text, as values: “28.8m”, “28,800,000” and “28.8 million” are the same one."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from grounding.english import MONTHS, ORDINALS, SCALES, TENS, UNITS, VAGUE, WEEKDAYS

_DIGITS = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_TOKEN = re.compile(
    rf"(?P<number>{_DIGITS})(?P<suffix>st|nd|rd|th|(?:bn|mn|mln|tn|[kmb])(?![a-z]))?|(?P<word>[a-z]+)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Number:
    """One number of a text."""

    value: Decimal | str
    """The value. The word itself where it has none of its own: “dozens”, “first”; with what it
    belongs to where it is part of a name: “covid-19”, “g-7”."""
    start: int
    written: str
    unit: str = ""
    """What kind of number it is: “%” for a share (“6 percent”, the 6 of “6 to 8 percent”), “$” for
    money of any currency, “month 1” for a day of January."""


_RANGE = rf"(?:(?:\s?[-–—]\s?|\s(?:to|or|and)\s)(?:{_DIGITS}))?"
_PERCENT = re.compile(rf"{_RANGE}[\s-]?(?:%|per\s?cent)", re.IGNORECASE)
_MONEY = re.compile(rf"{_RANGE}[\s-](?:dollar|euro|pound)s?\b", re.IGNORECASE)
_MONTH_BEHIND = re.compile(r"(?:\sof)?\s([A-Z][a-z]+)")


def numbers(text: str) -> list[Number]:
    """The numbers of a text in order: in digits, in words, with their scale. Ordinals count."""
    return list(_numbers(text))


def _numbers(text: str) -> Iterator[Number]:
    tokens = list(_TOKEN.finditer(text))
    at = 0
    while at < len(tokens):
        token = tokens[at]
        value, taken = _read(text, tokens, at)
        if taken:
            end = tokens[at + taken - 1].end()
            named = re.search(r"([^\W\d_]+)-$", text[: token.start()])
            yield Number(
                f"{named[1].casefold()}-{value}" if named else value,
                token.start(),
                text[token.start() : end],
                _unit(text, token.start(), end),
            )
        at += max(taken, 1)


def _unit(text: str, start: int, end: int) -> str:
    if _PERCENT.match(text, end):
        return "%"
    if text[start - 1 : start] in ("$", "€", "£") or _MONEY.match(text, end):
        return "$"
    before = re.search(r"\b([A-Z][a-z]+)\.?\s$", text[max(0, start - 12) : start])
    if before and before[1].casefold() in MONTHS and len(text[start:end]) <= 10:
        year = text[start:end].isdigit() and len(text[start:end]) == 4
        return "" if year else f"month {MONTHS[before[1].casefold()]}"
    behind = _MONTH_BEHIND.match(text, end)
    if behind and behind[1].casefold() in MONTHS:
        return f"month {MONTHS[behind[1].casefold()]}"
    return ""


def _read(text: str, tokens: list[re.Match[str]], at: int) -> tuple[Decimal | str, int]:
    """The number that begins at a token, and of how many tokens it consists."""
    token = tokens[at]
    if token["number"]:
        value = Decimal(token["number"].replace(",", ""))
        suffix = (token["suffix"] or "").casefold()
        if suffix in SCALES:
            return value * Decimal(SCALES[suffix]), 1
        scale = _word_at(text, tokens, at + 1)
        if not suffix and scale in SCALES and len(scale) > 2:
            return value * SCALES[scale], 2
        return value, 1
    word = token["word"].casefold()
    if word in VAGUE:
        return word, 1
    if word in ORDINALS:
        return word, 1  # “the first” counts nothing that “one” counts
    if word == "dozen":
        return Decimal(12), 1
    if word not in UNITS and word not in TENS and word != "hundred":
        return "", 0
    total: Decimal = Decimal(0)
    current: Decimal = Decimal(0)
    taken = 0
    while at + taken < len(tokens):
        word = _word_at(text, tokens, at + taken) if taken else word
        if word in UNITS or word in TENS:
            current += UNITS.get(word, TENS.get(word, 0))
        elif word == "hundred":
            current = (current or Decimal(1)) * 100
        elif word in SCALES and len(word) > 2:
            total, current = total + (current or Decimal(1)) * SCALES[word], Decimal(0)
        elif (
            word != "and"
            or not taken
            or current % 100
            or _word_at(text, tokens, at + taken + 1) not in {*UNITS, *TENS}
        ):
            break
        taken += 1
    return total + current, taken


def _word_at(text: str, tokens: list[re.Match[str]], at: int) -> str:
    """The word directly behind the token before it; empty where something else stands between."""
    if at >= len(tokens) or not tokens[at]["word"]:
        return ""
    between = text[tokens[at - 1].end() : tokens[at].start()]
    return tokens[at]["word"].casefold() if between in (" ", "-", "\u00a0") else ""


def dates(text: str) -> frozenset[str]:
    """The months and weekdays that a text names, such as “5” for May in “May 3” and “friday”."""
    found = set()
    for match in re.finditer(r"[A-Z][a-z]+", text):
        word = match.group().casefold()
        if word in WEEKDAYS:
            found.add(word)
        month = MONTHS.get(word)
        if month and (word not in ("may", "march", "mar") or _is_month(text, match)):
            found.add(f"month {month}")
    return frozenset(found)


def _is_month(text: str, match: re.Match[str]) -> bool:
    before, after = text[: match.start()], text[match.end() :]
    return bool(
        re.match(r"\.? \d", after) or re.search(r"(?:\d|\bin|\bof|\bsince|\blast) $", before)
    )
