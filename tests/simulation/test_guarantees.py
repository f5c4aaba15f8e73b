"""docs/guarantees.md promises nothing without a test, and excuses what the simulation excuses."""

import re
from pathlib import Path

import pytest

from tests.simulation.checker import EXEMPTIONS

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs/guarantees.md").read_text("utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", DOCUMENT)))


@pytest.mark.parametrize(("file", "name"), NAMED, ids=lambda part: str(part))
def test_a_test_that_is_named_is_there(file: str, name: str) -> None:
    assert re.search(rf"^(async )?def {name}\(", (ROOT / file).read_text("utf-8"), re.MULTILINE)


def test_every_promise_names_its_test() -> None:
    table = DOCUMENT.partition("## What holds")[2].partition("## Under")[0]
    rows = [line for line in table.splitlines() if line.startswith("| ")][1:]
    assert len(rows) > 8
    assert [row for row in rows if "::test_" not in row and not row.endswith("| the same |")] == []


def test_the_excuses_are_the_simulations() -> None:
    listed = DOCUMENT.partition("<!-- exemptions -->")[2].partition("<!--")[0]
    said = [" ".join(each.split()) for each in listed.split("\n* ") if each.strip()]
    assert [each.removeprefix("* ") for each in said] == list(EXEMPTIONS)
