"""The page of benchmarks begins with what it comes to."""

from bench.__main__ import summary
from bench.kit import Line

FAST = Line("wake", "5 ms", "loop 4 ms", "1.25 ×", "≤ 2 ×", met=True)
SLOW = Line("fan-out", "50/s", "peer 100/s", "0.50 ×", "≥ 0.8 ×", met=False)
SCALE = Line("an answer", "1 ms", "", "")


def test_the_goals_that_are_met_are_counted_and_the_missed_ones_named() -> None:
    assert summary([FAST, SLOW, SCALE]) == (
        "**1 of 2 goals are met.** Missed:\n\n* fan-out: 50/s, peer 100/s, 0.50 ×; goal ≥ 0.8 ×"
    )
    assert summary([FAST, SCALE]) == "**1 of 1 goals are met.**"
