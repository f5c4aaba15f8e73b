"""/unknown, asked on both platforms as a person would."""

import pytest

from tests.road.parity import Row, answers_the_same, cases
from tests.road.people import Say
from tests.running import Running

ROWS = (
    Row(
        "which cards may not have arrived, where all have",
        (Say("unknown"),),
        "Every card I posted here has arrived",
        moderator=True,
    ),
)


@pytest.mark.parametrize(("row", "where"), cases(ROWS))
async def test_both_platforms_answer_the_same(calm_bot: Running, row: Row, where: str) -> None:
    await answers_the_same(calm_bot, row, where)
