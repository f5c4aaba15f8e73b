"""/status, asked on both platforms as a person would."""

import pytest

from tests.road.parity import Row, answers_the_same, cases
from tests.road.people import Say
from tests.running import Running

ROWS = (
    Row(
        "how a chat fares that gets nothing yet",
        (Say("status"),),
        "Everything's fine in this chat",
        (
            "I can post and pin here.",
            "This chat follows nothing, so no stories are posted here.",
            "use /follow with a story or a word.",
            "I haven't sent any cards here.",
        ),
        ("Follow something", "What this chat follows"),
    ),
    Row(
        "how a chat fares with a card that has come",
        (Say("pin", {"story": "ferry"}), Say("status")),
        "Everything's fine in this chat",
        ("Latest cards “Night ferry returns”: posted less than a minute ago, shows version 1",),
        ("What this chat follows", "Why"),
        moderator=True,
    ),
)


@pytest.mark.parametrize(("row", "where"), cases(ROWS))
async def test_both_platforms_answer_the_same(calm_bot: Running, row: Row, where: str) -> None:
    await answers_the_same(calm_bot, row, where)
