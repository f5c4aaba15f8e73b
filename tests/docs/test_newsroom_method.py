"""The page on the newsroom's method says what the code computes."""

import math
import re

from hypothesis import given
from hypothesis import strategies as st

from newsroom.desk import standing
from newsroom.desk.standing import Report, virality
from scripts.docs import ROOT

PAGE = (ROOT / "docs" / "newsroom-method.md").read_text("utf-8")
NOW = 2_000_000_000
articles = st.lists(st.tuples(st.integers(0, 400), st.booleans()), min_size=1, max_size=8)


@given(st.lists(articles, min_size=1, max_size=8))
def test_the_formula_shown_is_the_one_that_is_used(outlets: list[list[tuple[int, bool]]]) -> None:
    [code] = re.findall(r"<!-- tried by the tests -->\n```python\n(.*?)^```$", PAGE, re.M | re.S)
    shown = {**vars(standing), "log": math.log, "sqrt": math.sqrt, "exp": math.exp}
    exec(code, shown)  # noqa: S102  our own page
    reports = [
        Report(str(outlet), NOW - hours * 3600, copy)
        for outlet, several in enumerate(outlets)
        for hours, copy in several
    ]
    assert math.isclose(virality(reports, NOW).value, shown["virality"](outlets), abs_tol=1e-9)


def test_the_page_names_every_weight() -> None:
    for name in ("crowd", "lead_age", "least", "lead_small"):
        assert f"| `{name}` |" in PAGE
