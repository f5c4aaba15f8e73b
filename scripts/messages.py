"""Collects every sentence the bot can say into the catalogues: `make messages`.

It renews the template, storywire.pot, and every existing catalogue; `make messages NEW=de` starts
one.
"""

import io
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from string import Formatter

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from bot.platforms.discord.answers import DESCRIPTION_LIMIT, SHARE, SHARED
from scripts.docs import ROOT, declared
from wording.language import NAME

LOCALE = ROOT / "wording" / "locale"
TEMPLATE = LOCALE / "storywire.pot"
_KEYWORDS = {"_": None, "N_": None, "ngettext": (1, 2)}
_MEANT = "A command's or option's name on Discord: 1-32 of a-z, 0-9, - and _. Empty: stays English."
_NAMED = re.compile(r"[-_\w]{1,32}")
_CHANGING = re.compile(r'^"(?:POT-Creation-Date|PO-Revision-Date|Generated-By): .*\n', re.M)


def main(language: str | None) -> None:
    """Renew the template and every catalogue; start one for `language` if it is given."""
    new = template()
    _write(TEMPLATE, new)
    if language and not (path := LOCALE / f"{language}.po").exists():
        _write(path, Catalog(locale=language, project="Storywire", header_comment="", fuzzy=False))
    for path in sorted(LOCALE.glob("*.po")):
        catalogue = read(path)
        catalogue.update(new, no_fuzzy_matching=True)
        _write(path, catalogue)
        for mistake in mistakes(catalogue):
            sys.stdout.write(f"{path.name}: {mistake}\n")


def template() -> Catalog:
    """Every sentence in the code, and the names of commands and options."""
    catalogue = Catalog(project="Storywire", header_comment="", fuzzy=False)
    for package in ("bot", "config", "handlers", "wording"):
        found = extract_from_dir(
            ROOT / package,
            [("**.py", "python")],
            keywords=_KEYWORDS,
            comment_tags=("Translators:",),
        )
        for path, _line, sentence, comments, context in found:
            place = (f"{package}/{path}", 0)
            catalogue.add(sentence, locations=[place], auto_comments=comments, context=context)
    for name in names():
        catalogue.add(name, context=NAME, auto_comments=[_MEANT])
    return catalogue


def names() -> list[str]:
    """The names of commands and options, each once."""
    shown = [
        name
        for command in declared()
        for name in (command.name, *(each.name for each in command.options if not each.hidden))
    ]
    return list(dict.fromkeys([*shown, SHARE]))


def descriptions() -> Iterator[str]:
    """The descriptions that appear next to those names in a menu."""
    yield SHARED
    for command in declared():
        yield command.description
        yield from (option.description for option in command.options if not option.hidden)


def written(catalogue: Catalog) -> str:
    """A catalogue as text, without things that change for no reason: dates, versions, line
    numbers."""
    file = io.BytesIO()
    write_po(file, catalogue, width=96, include_lineno=False, sort_by_file=True)
    return _CHANGING.sub("", file.getvalue().decode())


def read(path: Path) -> Catalog:
    """Parse a .po file."""
    with path.open("rb") as file:
        return read_po(file, locale=path.stem)


def mistakes(catalogue: Catalog) -> Iterator[str]:
    """What is wrong with a translation, one sentence per mistake."""
    described = set(descriptions())
    for message in catalogue:
        for said in _translations(message):
            if message.context == NAME:
                if not _NAMED.fullmatch(said) or said != said.casefold():
                    yield f"“{said}” cannot be a name on Discord"
                continue
            sentence = message.id if isinstance(message.id, str) else message.id[-1]
            try:
                other = _gaps(said) ^ _gaps(sentence)
            except ValueError as wrong:
                yield f"“{said}” has a brace too many or too few ({wrong})"
                continue
            if message.pluralizable:
                other -= {"n"}  # “one story” needs no number
            if other:
                gaps = ", ".join(f"{{{gap}}}" for gap in sorted(other))
                yield f"“{said}” has other gaps than “{sentence}”: {gaps}"
            if sentence in described and len(said) > DESCRIPTION_LIMIT:
                yield f"“{said}” has more than {DESCRIPTION_LIMIT} characters"


def _translations(message: Message) -> Iterable[str]:
    said = message.string if isinstance(message.string, tuple | list) else (message.string,)
    return [each for each in said if each and message.id]


def _gaps(sentence: str) -> set[str]:
    return {gap for _text, gap, _form, _kind in Formatter().parse(sentence) if gap is not None}


def _write(path: Path, catalogue: Catalog) -> None:
    new = written(catalogue)
    if not path.exists() or path.read_text("utf-8") != new:
        path.write_text(new, "utf-8")
        sys.stdout.write(f"{path.name} is up to date again\n")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
