"""/moderators, asked on both platforms as a person would."""

import pytest

from tests.road.parity import Row, answers_the_same, cases
from tests.road.people import Say
from tests.running import Running

ROWS = (
    Row(
        "who is a moderator, where there is only one",
        (Say("moderators"),),
        "Here you're your own moderator",
        ("Only you can change what I send to you alone.",),
    ),
)


@pytest.mark.parametrize(("row", "where"), cases(ROWS))
async def test_both_platforms_answer_the_same(calm_bot: Running, row: Row, where: str) -> None:
    await answers_the_same(calm_bot, row, where)
