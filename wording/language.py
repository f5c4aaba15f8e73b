"""The language messages are in: sentences from catalogues, and its numbers and dates.

Every sentence is in the code in English, inside `_()`. A catalogue is `wording/locale/<code>.po`;
what it doesn't translate stays English. Code that answers sets the language once (`speaking`), and
everything inside uses it.
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
"""English without a country, as it is written in Europe: “25 Jun 2026, 06:00”."""


NAME = "name"
"""The context in which catalogues translate the names of commands and options."""


@dataclass(frozen=True, slots=True)
class Language:
    """A language as one country writes it."""

    code: str
    """The catalogue's name: en, de, pt_BR."""
    locale: Locale
    catalogue: gettext.NullTranslations


_ENGLISH = Language(ENGLISH, WORLD_ENGLISH, gettext.NullTranslations())
_spoken: ContextVar[Language] = ContextVar("language", default=_ENGLISH)


def _(sentence: str) -> str:
    """The sentence in the current language. Fill its {placeholders} with `.format()` afterwards."""
    return _spoken.get().catalogue.gettext(sentence)


def ngettext(one: str, many: str, number: int) -> str:
    """The form of a sentence that fits the number, in the current language."""
    return _spoken.get().catalogue.ngettext(one, many, number)


def name(name: str) -> str:
    """The name of a command or option in the current language, where names can be translated."""
    return _spoken.get().catalogue.pgettext(NAME, name)


def N_(sentence: str) -> str:  # noqa: N802  # gettext's own name
    """Mark a sentence that is translated later, with `_()`."""
    return sentence


def named(names: Sequence[str]) -> str:
    """Names in quotation marks: “Send Messages” and “Embed Links”."""
    return format_list([f"“{_(name)}”" for name in names], locale=spoken().locale)


def spoken() -> Language:
    """The current language."""
    return _spoken.get()


@contextmanager
def speaking(code: str | None) -> Iterator[None]:
    """Use the language of a person or chat inside the block,
    in the platform's spelling (“pt-BR”, “de”).

    English for None, and for languages without a catalogue.
    """
    token = _spoken.set(language(code))
    try:
        yield
    finally:
        _spoken.reset(token)


@cache
def languages() -> tuple[str, ...]:
    """The codes of the available languages, English first."""
    there = (each.name for each in CATALOGUES.iterdir())
    return (ENGLISH, *sorted(name[:-3] for name in there if name.endswith(".po")))


@lru_cache(maxsize=1000)
def language(code: str | None) -> Language:
    """The best match for a language code: its catalogue, and its country's dates and numbers."""
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
