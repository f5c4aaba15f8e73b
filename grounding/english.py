"""The English words that the checks know, from `english.toml`."""

import tomllib
from importlib.resources import files
from typing import Any

_FILE: dict[str, Any] = tomllib.loads(
    files("grounding").joinpath("english.toml").read_text("utf-8")
)


def _set(name: str) -> frozenset[str]:
    return frozenset(_FILE[name].split())


def _pairs(name: str) -> dict[str, str]:
    return dict(pair.split(":") for pair in _FILE[name].split())


FUNCTION_WORDS = _set("function_words")
NEGATIONS = _set("negations")
DENYING = NEGATIONS | _set("denying")
SAYING = _set("saying")
DOUBT = _set("doubt")
CALENDAR = _set("calendar")
TITLES = _set("titles")
VAGUE = _set("vague")
IRREGULAR = _pairs("irregular")
ENDINGS = tuple(_pairs("endings").items())
SAME = tuple(frozenset(group.split()) for group in _FILE["same"])

UNITS: dict[str, int] = _FILE["numbers"]["units"]
TENS: dict[str, int] = _FILE["numbers"]["tens"]
ORDINALS: dict[str, int] = _FILE["numbers"]["ordinals"]
SCALES: dict[str, int] = _FILE["numbers"]["scales"]
MONTHS: dict[str, int] = _FILE["numbers"]["months"]
WEEKDAYS = frozenset(word for word in CALENDAR if word.endswith("day"))
