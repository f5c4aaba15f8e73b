"""A language nobody speaks: every sentence of the template in letters that are not ASCII.

Its stories are written in such letters, too. So whatever ASCII letter is left in what people read
belongs to a sentence that no catalogue was asked for.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po

from scripts.messages import template
from wording import language
from wording.language import NAME
from wording.text import JOINER

CODE = "ru"
"""Spoken by many, so that dates and figures are those of a real locale: with three plural forms."""

NAMED = "share"
"""The one option that is called otherwise in that language."""

_KEPT = re.compile(r"\{\w+\}|/[a-z]+")
"""Gaps, and commands, which are the same in every language."""
_OURS = re.compile(
    r"""
      /[a-z]+                                  # commands
    | \b(?:telegram|discord):[@-]?\d+\b        # chats
    | \b(?:Storywire|English|Europe/Berlin)\b   # a product, a language, a time zone
    | \b[a-z_]+\ =\ .*$                            # a line of an entry
    """,
    re.VERBOSE | re.MULTILINE,
)


def wide(text: str) -> str:
    """The text in full-width letters: “ｆｅｒｒｙ”."""
    return "".join(chr(ord(c) + 0xFEE0) if c.isascii() and c.isalpha() else c for c in text)


def said(sentence: str) -> str:
    """A sentence in the language nobody speaks."""
    place, parts = 0, []
    for kept in _KEPT.finditer(sentence):
        parts += [wide(sentence[place : kept.start()]), kept[0]]
        place = kept.end()
    return "".join([*parts, wide(sentence[place:])])


def escaped(text: str) -> str:
    """The lines of a text with ASCII letters in them; empty when every sentence was translated."""
    rest = _OURS.sub("", text.replace(JOINER, ""))
    return "\n".join(line for line in rest.splitlines() if re.search(r"[A-Za-z]", line))


def catalogue() -> Catalog:
    """The template, translated."""
    spoken = Catalog(locale=CODE)
    for message in template():
        if message.context == NAME:
            if message.id == NAMED:
                spoken.add(NAMED, wide(NAMED), context=NAME)
            continue
        if not message.id:
            continue
        if isinstance(message.id, str):
            spoken.add(message.id, said(message.id))
        else:
            one, many = map(said, message.id)
            spoken.add(message.id, (one, many, many))
    return spoken


@contextmanager
def spoken_in(folder: Path) -> Iterator[None]:
    """While inside, `folder` holds the catalogues, this one among them."""
    with (folder / f"{CODE}.po").open("wb") as file:
        write_po(file, catalogue())
    forget = (language.languages, language.language, language._catalogue)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(language, "CATALOGUES", folder)
        for each in forget:
            each.cache_clear()
        try:
            yield
        finally:
            for each in forget:
                each.cache_clear()
