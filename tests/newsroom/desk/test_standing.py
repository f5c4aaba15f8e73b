"""A story's figures: virality by its properties, status by its steps."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsroom.desk.standing import (
    ALONE,
    COOLING_S,
    ENDED_S,
    FIRST_S,
    OLDEST_S,
    Facts,
    Report,
    contributions,
    status,
    virality,
)
from stories.story import Status

NOW = 2_000_000_000
reports = st.builds(
    Report,
    outlet=st.sampled_from("abcdef"),
    at=st.integers(NOW - 10 * 86_400, NOW),
    copy=st.booleans(),
)
stories = st.lists(reports, min_size=1, max_size=30)
SLACK = 1e-12


def value(story: list[Report], now: int = NOW) -> float:
    return virality(story, now).value


@given(stories, reports)
def test_another_article_never_lowers_virality(story: list[Report], more: Report) -> None:
    assert value([*story, more]) >= value(story) - SLACK


@given(stories, st.integers(0, 30), st.booleans())
def test_an_article_of_a_new_outlet_adds_at_least_as_much(
    story: list[Report], hours: int, copy: bool
) -> None:
    at = NOW - hours * 3600
    for known in {report.outlet for report in story}:
        same = value([*story, Report(known, at, copy)])
        assert value([*story, Report("new", at, copy)]) >= same - SLACK


@given(stories, st.integers(1, 20 * 86_400))
def test_virality_falls_while_nothing_comes(story: list[Report], seconds: int) -> None:
    assert value(story, NOW + seconds) <= value(story) + SLACK


@given(stories, reports)
def test_a_copy_adds_at_most_what_an_original_adds(story: list[Report], more: Report) -> None:
    copy, original = replace(more, copy=True), replace(more, copy=False)
    assert value([*story, copy]) <= value([*story, original]) + SLACK


def test_a_near_copy_counts_a_fifth_and_an_outlets_next_article_half() -> None:
    same = [Report("a", NOW), Report("b", NOW, copy=True), Report("a", NOW - 1)]
    assert contributions(same, NOW, 6.0) == pytest.approx([1.0, 0.2, 0.5], abs=1e-3)


@given(stories, st.randoms(use_true_random=False))
def test_the_order_of_articles_is_of_no_matter(story: list[Report], draw: object) -> None:
    shuffled = list(story)
    draw.shuffle(shuffled)  # type: ignore[attr-defined]
    assert value(shuffled) == value(story)


@given(stories)
def test_virality_is_bounded_and_low_for_a_single_outlet(story: list[Report]) -> None:
    assert 0.0 <= value(story) < 10.0
    assert value([replace(report, outlet="a") for report in story]) <= ALONE


def test_many_outlets_at_once_come_near_ten() -> None:
    assert value([Report(f"outlet {n}", NOW) for n in range(60)]) > 7.0
    assert value([Report(f"outlet {n}", NOW) for n in range(2)]) < 3.0


FACTS = Facts(outlets=3, articles=4, started=NOW - 7200, last=NOW - 3600, ready=NOW - 7000)


@pytest.mark.parametrize(
    ("before", "facts", "heat", "after"),
    [
        (None, replace(FACTS, ready=None, outlets=1), 0.5, None),
        (None, replace(FACTS, ready=NOW - FIRST_S + 1), 4.9, None),
        (None, replace(FACTS, ready=NOW - FIRST_S + 1), 5.0, Status.ACTIVE),
        (None, replace(FACTS, ready=NOW - FIRST_S), 0.0, Status.ACTIVE),
        (None, replace(FACTS, articles=3), 0.0, Status.EMERGING),
        (Status.EMERGING, FACTS, 0.0, Status.ACTIVE),
        (Status.EMERGING, replace(FACTS, outlets=2), 0.0, Status.EMERGING),
        (Status.ACTIVE, replace(FACTS, outlets=2, articles=3), 0.0, Status.ACTIVE),
        (Status.ACTIVE, replace(FACTS, outlets=1), 0.0, Status.EMERGING),
        (Status.ACTIVE, replace(FACTS, last=NOW - COOLING_S), 2.0, Status.ACTIVE),
        (Status.ACTIVE, replace(FACTS, last=NOW - COOLING_S), 1.9, Status.COOLING),
        (Status.ACTIVE, replace(FACTS, last=NOW - COOLING_S + 1), 1.9, Status.ACTIVE),
        (Status.COOLING, FACTS, 2.4, Status.COOLING),
        (Status.COOLING, FACTS, 2.5, Status.ACTIVE),
        (Status.COOLING, replace(FACTS, returned=1), 0.0, Status.COOLING),
        (Status.COOLING, replace(FACTS, returned=2), 0.0, Status.ACTIVE),
        (Status.COOLING, replace(FACTS, last=NOW - ENDED_S), 0.0, Status.ENDED),
        (Status.ACTIVE, replace(FACTS, started=NOW - OLDEST_S), 9.0, Status.ENDED),
        (Status.ENDED, FACTS, 9.0, Status.ENDED),
    ],
)
def test_each_step_of_the_status(
    before: Status | None, facts: Facts, heat: float, after: Status | None
) -> None:
    assert status(before, facts, heat, NOW) is after
