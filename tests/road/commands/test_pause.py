"""/pause and /resume, asked on both platforms as a person would."""

import pytest

from tests.road.parity import Row, answers_the_same, cases, following
from tests.road.people import Say
from tests.running import Running

ROWS = (
    Row(
        "a chat is paused",
        (following("ferry"), Say("pause")),
        "Paused",
        ("I won't post anything new here. Existing cards stay up to date.",),
        ("Resume",),
        moderator=True,
    ),
    Row(
        "and goes on",
        (following("ferry"), Say("pause"), Say("resume")),
        "Resumed",
        ("1 live story matches what this chat follows.",),
        ("What this chat follows",),
        moderator=True,
    ),
)


@pytest.mark.parametrize(("row", "where"), cases(ROWS))
async def test_both_platforms_answer_the_same(calm_bot: Running, row: Row, where: str) -> None:
    await answers_the_same(calm_bot, row, where)
