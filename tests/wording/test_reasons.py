"""Reasons are data: a code and its params. Words are made where somebody reads them."""

import ast
import json
from pathlib import Path
from string import Formatter

import pytest

from scripts.docs import ROOT
from wording import earlier
from wording.reasons import CATALOGUE, Code, Reason, explained, in_english, remedy, why

PARAMS = {
    "platform": "discord",
    "said": "403: Missing Access",
    "permissions": ["Send Messages", "Embed Links"],
    "chat": "telegram:-100",
}
SOURCE = [
    path
    for folder in ("bot", "handlers", "stories", "wording")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if path.name != "reasons.py"
]


def test_every_code_has_a_sentence_with_gaps_that_are_filled() -> None:
    assert set(CATALOGUE) == set(Code)
    for code in Code:
        words = CATALOGUE[code]
        assert words.why.endswith("."), code
        assert not words.remedy or words.remedy.endswith("."), code
        for sentence in words:
            assert {gap for _, gap, _, _ in Formatter().parse(sentence) if gap} <= set(PARAMS), code


def _names_of_codes(path: Path) -> set[str]:
    tree = ast.parse(path.read_text("utf-8"))
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "Code"
    }


def test_every_code_is_given_somewhere() -> None:
    given = set[str]().union(*map(_names_of_codes, SOURCE))
    assert {code.name for code in Code} - given == set()


def test_no_reason_is_made_of_english() -> None:
    """A reason's code is a `Code`, or chosen among codes; its params are no sentence of ours."""
    made = [
        node
        for path in SOURCE
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Reason"
    ]
    assert len(made) > 20
    for call in made:
        assert not any(
            isinstance(part, ast.Constant) and isinstance(part.value, str) and " " in part.value
            for argument in call.args
            for part in ast.walk(argument)
        ), ast.unparse(call)


@pytest.mark.parametrize("code", Code)
def test_what_is_stored_is_read_again_and_holds_no_sentence(code: Code) -> None:
    for params in ({}, PARAMS):
        reason = Reason(code, params)
        assert Reason.read(str(reason)) == reason
    sentences = {each for words in CATALOGUE.values() for each in words if each}
    assert not any(sentence in str(Reason(code, PARAMS)) for sentence in sentences)


def test_words_are_filled_with_what_is_stored() -> None:
    lacks = Reason(Code.LACKS_PERMISSIONS, {"permissions": ["Send Messages", "Embed Links"]})
    assert why(lacks) == "I'm missing “Send Messages” and “Embed Links”."
    assert "“Send Messages” and “Embed Links” under Edit Channel" in remedy(lacks)
    assert why(Reason(Code.PAUSE, {"platform": "discord"})) == "Discord asked me to slow down."
    assert why(Reason(Code.PAUSE)) == "… asked me to slow down."


def test_a_platforms_own_words_are_for_the_operator() -> None:
    said = Reason(Code.SAID_NO_ACCESS, {"platform": "discord", "said": "403: {what}"})
    assert "403" not in explained(said)
    assert remedy(said) == "Check that I can see the channel and post there."
    assert in_english(said) == f"Discord said: 403: {{what}} {remedy(said)}"


# What other versions stored.


@pytest.mark.parametrize(
    "stored",
    [
        "sun spots",
        'sun spots\t{"number": 7, "where": {"on": ["the sun"]}}',
        'sun spots\t["no", "params"]',
        "sun spots\tno json",
        "two\nlines",
        "",
    ],
)
def test_a_reason_of_a_newer_version_is_told_neutrally_and_stays_what_it_is(stored: str) -> None:
    reason = Reason.read(stored)
    assert str(reason) == stored
    assert explained(reason) == (
        "A newer version of this bot stored the reason, and this one can't show it."
    )
    assert in_english(reason) == stored


FORBIDDEN = "let the bot write there: make it an administrator, or lift its restriction"
STORED = json.loads((Path(__file__).parent / "earlier_reasons.json").read_text("utf-8"))


@pytest.mark.parametrize("stored", STORED, ids=lambda stored: stored[:40])
def test_a_sentence_of_an_earlier_version_is_read_as_its_code(stored: str) -> None:
    reason = Reason.read(stored)
    assert reason.code in set(Code)
    assert "…" not in explained(reason)
    assert Reason.read(str(reason)) == reason


@pytest.mark.parametrize(
    ("stored", "reason"),
    [
        (
            'the bot lacks {rights}\t{"rights": ["Send Messages"]}\ngive its role {rights} under '
            'Edit Channel → Permissions\t{"rights": ["Send Messages"]}',
            Reason(Code.LACKS_PERMISSIONS, {"permissions": ["Send Messages"]}),
        ),
        ("Telegram asks for a pause", Reason(Code.PAUSE, {"platform": "telegram"})),
        ("the chat is now telegram:-1001", Reason(Code.MOVED, {"chat": "telegram:-1001"})),
        (
            "Discord said 400: Invalid Form Body\nIn content: too long",
            Reason(
                Code.SAID,
                {"platform": "discord", "said": "400: Invalid Form Body\nIn content: too long"},
            ),
        ),
        (
            f"Telegram said: Forbidden: no\n{FORBIDDEN}",
            Reason(Code.SAID_FORBIDDEN, {"platform": "telegram", "said": "Forbidden: no"}),
        ),
    ],
)
def test_what_an_earlier_version_stored_beside_its_sentence_is_kept(
    stored: str, reason: Reason
) -> None:
    assert Reason.read(stored) == reason


def test_the_codes_for_earlier_sentences_are_codes() -> None:
    codes = {code for code, _params in earlier.SENTENCES.values()} | set(earlier.REMEDIES.values())
    assert codes <= set(Code)
    assert not set(Code) & set(earlier.SENTENCES)
