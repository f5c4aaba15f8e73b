"""What people change is stored as a code, and told as a sentence where somebody reads it."""

import ast
from string import Formatter

import pytest

from scripts.docs import ROOT
from wording.acts import SENTENCES, Act, Did, in_words


@pytest.mark.parametrize("did", Did)
def test_every_act_has_a_sentence_that_says_who_did_it(did: Did) -> None:
    gaps = {gap for _, gap, _, _ in Formatter().parse(SENTENCES[did]) if gap}
    assert "who" in gaps
    assert ("what" in gaps) == ("{what}" in did)


def test_every_act_is_done_by_some_command() -> None:
    done = {
        node.attr
        for path in (ROOT / "handlers").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "Did"
    }
    assert done == {did.name for did in Did}


def test_an_act_of_another_version_is_told_without_details() -> None:
    assert (
        in_words(Act("sang {what}"), "Mira")
        == "Mira changed something that this version doesn't know"
    )


def test_what_fills_a_sentence_is_left_as_it_is() -> None:
    assert in_words(Act(Did.PINNED, "“{who} {0}”"), "{what}") == "{what} pinned “{who} {0}”"
