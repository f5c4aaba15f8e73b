"""What looks like a sentence in the code of those who speak to people is marked for catalogues.

This finds what no test happens to ask for.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.docs import ROOT

SPEAKING = [
    *(path for path in sorted((ROOT / "handlers").glob("*.py")) if path.stem != "__init__"),
    *(ROOT / "wording" / f"{name}.py" for name in ("card", "words")),
    ROOT / "bot" / "answering.py",
    ROOT / "bot" / "settling.py",
    ROOT / "bot" / "delivery" / "desk.py",
]
MARKS = {"_", "N_", "ngettext"}
SILENT = {"compile", "exception", "info", "warning", "ValueError", "StorageAway"}
"""Calls whose texts people never read."""

UNSAID = {
    "Storywire",  # a name
    "all stories",  # what people write
    "the draft was changed meanwhile",  # the reason why something is tried again
    "Answers who asks too fast",  # of a command in no menu
}

_WORDS = re.compile(r"[A-Za-z]{2}")
_SENTENCE = re.compile(r"[A-Za-z]\S* +\S*[A-Za-z]|^\W*[A-Z][a-z]")


def sentences(tree: ast.Module) -> Iterator[ast.expr]:
    """Texts of two words or more, or that begin like a sentence, outside marks and silent calls."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        match node:
            case ast.Expr(ast.Constant()) | ast.Assert() | ast.FormattedValue(ast.Constant()):
                continue  # documentation, and what only developers read
            case ast.Call(ast.Name(name) | ast.Attribute(attr=name)) if name in MARKS | SILENT:
                if name in MARKS and any(isinstance(each, ast.JoinedStr) for each in node.args):
                    yield node
                continue
            case ast.JoinedStr(values):
                yield from (each for each in values if _is_words(each, _WORDS))
            case ast.Constant() if _is_words(node, _SENTENCE):
                yield node
        waiting.extend(ast.iter_child_nodes(node))


def _is_words(node: ast.AST, words: re.Pattern[str]) -> bool:
    return (
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and bool(words.search(node.value))
    )


@pytest.mark.parametrize("path", SPEAKING, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_sentence_in_the_code_is_marked(path: Path) -> None:
    found = sentences(ast.parse(path.read_text("utf-8")))
    said = [f"{each.lineno}: {ast.unparse(each)}" for each in found if not _is_unsaid(each)]
    assert said == []


def _is_unsaid(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value in UNSAID


def test_no_mark_stands_inside_an_f_string_where_not_every_python_finds_it() -> None:
    for package in ("bot", "handlers", "wording"):
        for path in sorted((ROOT / package).rglob("*.py")):
            for string in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(string, ast.JoinedStr):
                    inside = [mark for mark in ast.walk(string) if _is_mark(mark)]
                    assert not inside, f"{path.relative_to(ROOT)}:{string.lineno}"


def _is_mark(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in MARKS
        and all(isinstance(each, ast.Constant) for each in node.args)
    )
