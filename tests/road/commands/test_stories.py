"""/stories, asked on both platforms as a person would."""

import pytest

from tests.road.parity import Row, answers_the_same, cases
from tests.road.people import Press, Say
from tests.running import Running

ROWS = (
    Row(
        "the live stories, most viral first",
        (Say("stories"),),
        "Live stories",
        (
            "Night ferry returns ● Active · 21 hours · virality 8.5 · 14 articles",
            "Page 1 of 2, 8 live stories",
            "Open a story …",
        ),
        ("Night ferry returns", "Tram strike ends", "More ›"),
    ),
    Row(
        "the second page of them",
        (Say("stories"), Press("More ›")),
        "Live stories",
        ("Bakery burns down", "Quarry lake reopens", "Page 2 of 2, 8 live stories"),
        ("Bakery burns down", "Quarry lake reopens", "‹ Back"),
    ),
    Row(
        "and back again",
        (Say("stories"), Press("More ›"), Press("‹ Back")),
        "Live stories",
        ("Page 1 of 2, 8 live stories",),
    ),
    Row(
        "one of the list is opened",
        (Say("stories"), Press("More ›"), Press("Bakery burns down")),
        "Bakery burns down",
        ("Bakery burns down, it is said.",),
    ),
)


@pytest.mark.parametrize(("row", "where"), cases(ROWS))
async def test_both_platforms_answer_the_same(calm_bot: Running, row: Row, where: str) -> None:
    await answers_the_same(calm_bot, row, where)
