"""Catalogues hold what the code says, and each translation can be filled in like its sentence."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from scripts import messages
from scripts.messages import LOCALE, TEMPLATE, mistakes, template, written
from tests.language.pseudo import CODE, catalogue, escaped, said
from tests.plain_english import RIDDLES
from wording import words
from wording.acts import Act, Did, in_words
from wording.language import (
    languages,
    ngettext,
    speaking,
    spoken,
)
from wording.reasons import Code, Reason, explained

AT = datetime(2026, 6, 25, 6, tzinfo=UTC)

"""Words that make people stop and read again."""
ITEMS = {
    "config/entry.py": "what a key takes, and sentences that begin with the key",
    "handlers/drafting.py": "names of settings, in a list",
    "handlers/followed_things.py": "what people write for every story",
    "handlers/mute.py": "what people write, and its suggestion",
    "handlers/panel.py": "an example in a field",
    "handlers/rule_in_words.py": "limits, in a list",
    "handlers/rules.py": "what people write",
    "handlers/search.py": "facts about a story, in a list",
    "wording/words.py": "facts and changes, in a list",
}
"""Where an entry may begin with a small letter, and what it is there."""


def sentences() -> list[tuple[str, list[str]]]:
    """Every sentence of the template, each plural form by itself, and the files it stands in."""
    return [
        (each, [path for path, _line in message.locations])
        for message in template()
        if message.id and not message.context
        for each in ([message.id] if isinstance(message.id, str) else message.id)
    ]


def test_the_template_holds_what_the_code_says() -> None:
    assert TEMPLATE.read_text("utf-8") == written(template()), "run make messages"


def test_no_sentence_is_a_riddle() -> None:
    assert [said for said, _paths in sentences() if RIDDLES.search(said)] == []


def test_every_sentence_is_whole_except_for_items_of_lists() -> None:
    """A half to build sentences from begins with a small letter and stands nowhere else."""
    halves = [
        (said, path)
        for said, paths in sentences()
        for path in paths
        if said[0].islower() and path not in ITEMS
    ]
    assert halves == []


def test_every_catalogue_can_be_spoken() -> None:
    found = {path.name: list(mistakes(messages.read(path))) for path in LOCALE.glob("*.po")}
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def wrong(sentence: str | tuple[str, str], *strings: str, context: str | None = None) -> list[str]:
    made = Catalog(locale="de")
    made.add(sentence, strings if len(strings) > 1 else strings[0], context=context)
    return list(mistakes(made))


def test_a_translation_with_other_gaps_is_named() -> None:
    assert wrong("Following {what}", "Folgt {was}") == [
        "“Folgt {was}” has other gaps than “Following {what}”: {was}, {what}"
    ]
    assert wrong("Following {what}", "Folgt {what") != []
    assert wrong("Following {what}", "{what}: folgt") == []
    assert wrong(("{n} story", "{n} stories"), "eine Meldung", "{n} Meldungen") == []
    assert wrong(("{n} of {all}", "{n} of {all}"), "{n}", "{n} von {all}") == [
        "“{n}” has other gaps than “{n} of {all}”: {all}"
    ]
    assert wrong("follow", "Folgen!", context="name") == ["“Folgen!” cannot be a name on Discord"]
    assert wrong("What I've pinned here", "x" * 101) != []
    assert list(mistakes(catalogue())) == []


def test_a_catalogue_is_begun_and_takes_new_sentences_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "LOCALE", tmp_path)
    monkeypatch.setattr(messages, "TEMPLATE", tmp_path / "storywire.pot")
    messages.main("de")
    path = tmp_path / "de.po"
    text = path.read_text("utf-8")
    assert 'msgid "Live stories"\nmsgstr ""' in text
    text = text.replace('msgid "Live stories"\nmsgstr ""', 'msgid "Live stories"\nmsgstr "Neues"')
    start = text.index("#: handlers/search.py\nmsgid")
    path.write_text(text[:start], "utf-8")
    messages.main(None)
    renewed = path.read_text("utf-8")
    assert 'msgid "Live stories"\nmsgstr "Neues"' in renewed
    assert re.search(r"#: handlers/search.py\nmsgid", renewed)


# Which language is spoken.


def test_the_nearest_language_there_is_a_catalogue_of_is_spoken() -> None:
    assert languages() == ("en", CODE)
    for code, spoken_in, country in (
        ("ru", CODE, None),
        ("ru-RU", CODE, "RU"),
        ("pt-BR", "en", "150"),
        ("en-US", "en", "US"),
        ("en", "en", "150"),
        ("no such language", "en", "150"),
        (None, "en", "150"),
    ):
        with speaking(code):
            assert (spoken().code, spoken().locale.territory) == (spoken_in, country), code
    assert spoken().code == "en"


def test_plurals_dates_and_figures_are_those_of_the_language() -> None:
    with speaking("ru"):
        stories = [ngettext("{n} word", "{n} words", n) for n in (1, 2, 5, 21)]
        assert stories == [said("{n} word"), said("{n} words"), said("{n} words"), said("{n} word")]
        assert words.figure(4.5) == "4,5"
        assert "25 июн. 2026" in words.moment(AT)
        assert words.both(["1", "2", "3"]) == "1, 2 и 3"
    with speaking("en-US"):
        assert words.moment(AT).replace("\u202f", " ") == "Jun 25, 2026, 6:00 AM UTC"
    assert words.moment(AT) == "25 Jun 2026, 06:00 UTC"


# Reasons, and what people change.


@pytest.mark.parametrize("did", [*Did, "something newer"])
def test_every_act_is_translated(did: str) -> None:
    with speaking(CODE):
        assert escaped(in_words(Act(did, "я"), "я")) == ""


@pytest.mark.parametrize("code", [*Code, "a newer code"])
def test_every_reason_is_translated(code: str) -> None:
    reason = Reason(
        code, {"permissions": ["Send Messages"], "platform": "я", "chat": "я", "said": "no"}
    )
    with speaking(CODE):
        assert (
            escaped(explained(reason)).replace("storywire.toml", "").replace("“discord:@”", "")
            == ""
        )
