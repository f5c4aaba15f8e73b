"""That a story spreads fast is said once a day, a correction once, and every reader hears it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stories.announced import CORRECTED, FAST_EVERY, announced
from stories.delta import Kind, Weight, compare
from stories.story import Announced, Correction, Stats, Status, Story, StoryId

NOW = datetime(2026, 6, 25, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)


def at(virality: float | None, status: Status | None = None) -> Story:
    return Story(StoryId("ferry"), "Night Ferry", ("It sails.",), stats=Stats(status, virality))


def accepted(past: Sequence[tuple[timedelta, Story]]) -> list[Story]:
    """The revisions as the archive would hold them, each heard so long after the first."""
    held: list[Story] = []
    for number, (after, story) in enumerate(past, 1):
        said = announced(held[-1] if held else None, story, NOW + after)
        held.append(replace(story, revision=number, announced=said))
    return held


def fast(before: Story, after: Story) -> bool:
    changes = [each for each in compare(before, after).changes if each.kind is Kind.SPREADING]
    assert all(change.weight is Weight.NOTABLE for change in changes)
    return bool(changes)


def heard(*viralities: float | None, apart: timedelta = HOUR) -> list[int]:
    """Which of several revisions say that the story spreads fast."""
    held = accepted([(apart * place, at(value)) for place, value in enumerate(viralities)])
    return [place for place in range(1, len(held)) if fast(held[place - 1], held[place])]


@pytest.mark.parametrize(
    ("viralities", "said"),
    [
        ((5.0, 7.0), [1]),
        ((5.1, 7.1), [1]),  # 1.99… in binary
        ((5.1, 7.0), []),
        ((4.9, 6.9), []),
        ((9.0, 7.0), []),
        ((None, 9.0), []),
        ((9.0,), []),
        ((5.0, 6.0, 6.9, 7.0), [3]),  # in small steps
        ((5.0, None, 7.2), [2]),
        ((9.0, 8.0, 7.0), []),
        ((5.0, 7.0, 8.0, 9.0, 10.0), [1]),
        ((5.0, 7.0, 3.0, 8.0), [1]),
    ],
)
def test_it_is_said_when_virality_rose_by_two_to_seven_or_more(
    viralities: tuple[float | None, ...], said: list[int]
) -> None:
    assert heard(*viralities) == said


def test_it_is_said_once_a_day() -> None:
    assert heard(5.0, 7.0, 3.0, 9.0, apart=FAST_EVERY / 3) == [1]
    assert heard(5.0, 7.0, 3.0, 9.0, apart=FAST_EVERY / 2) == [1, 3]
    assert heard(5.0, 7.0, 7.0, 7.5, 8.0, apart=FAST_EVERY) == [1]  # it rose by less since then


def test_what_was_held_back_for_the_day_is_said_when_it_rises_again() -> None:
    assert heard(5.0, 7.0, 4.0, 7.5, 7.4, 7.6, apart=FAST_EVERY / 4) == [1, 5]


def test_a_clock_that_was_set_back_does_not_have_it_said_twice() -> None:
    past = [(HOUR, at(5.0)), (2 * HOUR, at(7.0)), (3 * HOUR, at(3.0)), (HOUR, at(9.0))]
    held = accepted(past)
    assert fast(held[0], held[1])
    assert not fast(held[2], held[3])


def test_who_comes_later_hears_it_while_it_is_so() -> None:
    held = accepted([(HOUR * place, at(value)) for place, value in enumerate((5, 7.5, 8, 6, 7.1))])
    assert [fast(held[0], each) for each in held[1:]] == [True, True, False, True]
    assert [fast(held[1], each) for each in held[2:]] == [False] * 3


@pytest.mark.parametrize(
    "over",
    [
        at(9.0, Status.ENDED),
        replace(at(9.0), retracted="It was not so"),
        replace(at(9.0), merged_into=StoryId("port")),
    ],
)
def test_what_is_over_does_not_spread(over: Story) -> None:
    held = accepted([(HOUR, at(5.0)), (2 * HOUR, over)])
    assert not fast(held[0], held[1])
    assert not fast(at(5.0), over)
    fresh = accepted([(HOUR, at(5.0)), (2 * HOUR, at(7.5)), (3 * HOUR, over)])
    assert not fast(fresh[0], fresh[2])


def test_revisions_that_an_earlier_version_accepted_are_compared_as_they_are() -> None:
    assert fast(at(5.0), at(7.0))
    assert not fast(at(5.1), at(7.0))
    new = replace(at(8.0), announced=announced(at(7.0), at(8.0), NOW))
    assert not fast(at(7.0), new)
    assert new.announced == Announced(None, 7.0)


WRONG = Correction("221, not 212.", NOW)
OTHER = Correction("It left at ten.", NOW)


def corrected(*corrections: Correction | None) -> list[int]:
    """Which of several revisions tell a correction."""
    stories = [replace(at(None), correction=each) for each in corrections]
    held = accepted([(HOUR * place, story) for place, story in enumerate(stories)])
    return [place for place in range(1, len(held)) if told(held[place - 1], held[place])]


def told(before: Story, after: Story) -> bool:
    return any(
        each.kind is Kind.CORRECTION and each.weight is Weight.NOTABLE
        for each in compare(before, after).changes
    )


@pytest.mark.parametrize(
    ("corrections", "said"),
    [
        ((None, WRONG), [1]),
        ((None, WRONG, WRONG), [1]),
        ((None, WRONG, None, WRONG), [1]),
        ((None, WRONG, OTHER, WRONG, OTHER), [1, 2]),
        ((WRONG, WRONG, None, WRONG), []),  # the card was made with it
        ((None, WRONG, replace(WRONG, at=NOW + HOUR)), [1, 2]),
        ((None, WRONG, replace(WRONG, at=NOW.astimezone(timezone(2 * HOUR)))), [1]),
    ],
)
def test_a_correction_is_told_once(
    corrections: tuple[Correction | None, ...], said: list[int]
) -> None:
    assert corrected(*corrections) == said


def test_who_comes_later_hears_of_the_correction_that_still_stands() -> None:
    stories = [replace(at(None), correction=each) for each in (None, WRONG, WRONG, OTHER, None)]
    held = accepted([(HOUR * place, story) for place, story in enumerate(stories)])
    assert [told(held[0], each) for each in held[1:]] == [True, True, True, False]
    assert [told(held[1], each) for each in held[2:]] == [False, True, False]


def test_the_corrections_of_a_story_are_remembered_up_to_a_bound() -> None:
    many = [Correction(f"Number {number}.", NOW) for number in range(CORRECTED + 5)]
    held = accepted([(HOUR * n, replace(at(None), correction=each)) for n, each in enumerate(many)])
    assert held[-1].announced.corrected == tuple(each.key for each in many[5:])


@given(st.lists(st.tuples(st.integers(0, 40), st.none() | st.floats(0, 10)), max_size=12))
def test_whatever_comes_it_is_said_once_a_day(past: list[tuple[int, float | None]]) -> None:
    hours, held = 0, []
    for passed, virality in past:
        hours += passed
        held.append((HOUR * hours, at(virality)))
    stories = accepted(held)
    times = [
        held[place][0] for place in range(1, len(held)) if fast(stories[place - 1], stories[place])
    ]
    assert all(later - sooner >= FAST_EVERY for sooner, later in pairwise(times))
