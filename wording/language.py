"""In which language we speak: sentences from catalogues, figures and dates as read there.

Every sentence stands in the code in English, inside `_()`. A catalogue is
`wording/locale/<code>.po`; what it does not translate stays English. Whoever answers says once in
which language (`speaking`), and everything said inside is said in it.
"""

import gettext
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from babel import Locale, UnknownLocaleError
from babel.lists import format_list
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

ENGLISH = "en"
CATALOGUES: Traversable = files("wording").joinpath("locale")
WORLD_ENGLISH = Locale("en", "150")
"""English of nobody's own, as it is written in Europe: “25 Jun 2026, 06:00”."""


NAME = "name"
"""The context in which catalogues translate the names of commands and options."""


@dataclass(frozen=True, slots=True)
class Language:
    """One language as one country writes it."""

    code: str
    """As the catalogues are named: en, de, pt_BR."""
    locale: Locale
    catalogue: gettext.NullTranslations


_ENGLISH = Language(ENGLISH, WORLD_ENGLISH, gettext.NullTranslations())
_spoken: ContextVar[Language] = ContextVar("language", default=_ENGLISH)


def _(sentence: str) -> str:
    """The sentence in the language spoken now. Fill its {gaps} with `.format()` afterwards."""
    return _spoken.get().catalogue.gettext(sentence)


def ngettext(one: str, many: str, number: int) -> str:
    """Of two sentences the one that fits the number, in the language spoken now."""
    return _spoken.get().catalogue.ngettext(one, many, number)


def name(name: str) -> str:
    """What a command or option is called where that can be said in the language spoken now."""
    return _spoken.get().catalogue.pgettext(NAME, name)


def N_(sentence: str) -> str:  # noqa: N802  # gettext's own name
    """Mark a sentence that is said later, with `_()`."""
    return sentence


def named(names: Sequence[str]) -> str:
    """Marked names: “Send Messages” and “Embed Links”."""
    return format_list([f"“{_(name)}”" for name in names], locale=spoken().locale)


def spoken() -> Language:
    """The language spoken now."""
    return _spoken.get()


@contextmanager
def speaking(code: str | None) -> Iterator[None]:
    """Speak the language a person or chat reads, as platforms write it (“pt-BR”, “de”).

    English for None, and for what there is no catalogue of.
    """
    token = _spoken.set(language(code))
    try:
        yield
    finally:
        _spoken.reset(token)


@cache
def languages() -> tuple[str, ...]:
    """The languages we speak: English first."""
    there = (each.name for each in CATALOGUES.iterdir())
    return (ENGLISH, *sorted(name[:-3] for name in there if name.endswith(".po")))


@lru_cache(maxsize=1000)
def language(code: str | None) -> Language:
    """The nearest to what was asked for: its catalogue, and its country's dates and figures."""
    try:
        locale = Locale.parse(code.replace("-", "_")) if code else WORLD_ENGLISH
    except (ValueError, UnknownLocaleError):
        return _ENGLISH
    for name in (f"{locale.language}_{locale.territory}", locale.language):
        if name in languages() and name != ENGLISH:
            return Language(name, locale, _catalogue(name))
    if locale.language != ENGLISH:
        return _ENGLISH
    return Language(ENGLISH, locale if locale.territory else WORLD_ENGLISH, _ENGLISH.catalogue)


@cache
def _catalogue(name: str) -> gettext.NullTranslations:
    with CATALOGUES.joinpath(f"{name}.po").open("rb") as file:
        catalogue = read_po(file, locale=name)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled)
