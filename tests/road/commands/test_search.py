"""/search, asked on both platforms as a person would."""

import pytest

from tests.road.parity import Row, answers_the_same, cases
from tests.road.people import Press, Say
from tests.running import Running

ROWS = (
    Row(
        "stories that speak of a word",
        (Say("search", {"words": "painter"}),),
        "1 story mentions “painter”",
        ("Lighthouse sold at auction", "■ Ended", "Breakdown: “A painter bought it.”"),
        ("Lighthouse sold at auction",),
    ),
    Row(
        "with a slip of the finger, and one of them opened",
        (Say("search", {"words": "Dirvers ofer"}), Press("Tram strike ends")),
        "Tram strike ends",
        ("Drivers took the offer.",),
    ),
    Row(
        "a word that many stories speak of",
        (Say("search", {"words": "said"}),),
        "6 stories mention “said”",
        ("Bridge shut for weeks", "Breakdown: “Bridge shut for weeks, it is said.”"),
    ),
    Row(
        "words no story speaks of",
        (Say("search", {"words": "submarine *volcano*"}),),
        "No story mentions “submarine *volcano*”",
        ("Pick one of the live stories instead.", "Live stories"),
        ("Night ferry returns", "Tram strike ends"),
    ),
    Row(
        "no words to search for",
        (Say("search"),),
        "What should I search for?",
        ("Add one or more words, for example: /search harbour fire",),
        ("Night ferry returns",),
    ),
)


@pytest.mark.parametrize(("row", "where"), cases(ROWS))
async def test_both_platforms_answer_the_same(calm_bot: Running, row: Row, where: str) -> None:
    await answers_the_same(calm_bot, row, where)
