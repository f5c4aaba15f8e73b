"""/story, asked on both platforms as a person would."""

import pytest

from tests.road.parity import Row, answers_the_same, cases
from tests.road.people import Press, Say
from tests.running import Running

ROWS = (
    Row(
        "the top story",
        (Say("story"),),
        "Night ferry returns",
        (
            "The boat sails again",
            "Sorvik Line",
            "● Active · 21 hours · virality 8.5 · 14 articles · #41",
            "It sailed at dusk. Two hundred came along.",
            "Keywords: ferry, harbour",
            "Updated just now",
            "Story page — strand.example",
        ),
        ("Questions (2)", "Sources (10)"),
    ),
    Row(
        "a story by words of its title",
        (Say("story", {"words": "strike tram"}),),
        "Tram strike ends",
        ("Drivers took the offer.",),
    ),
    Row(
        "a story by words with slips",
        (Say("story", {"words": "nigth ferri"}),),
        "Night ferry returns",
    ),
    Row("a story by its id", (Say("story", {"words": "trams"}),), "Tram strike ends"),
    Row(
        "a story that has ended is still found",
        (Say("story", {"words": "lighthouse sold"}),),
        "Lighthouse sold at auction",
        ("■ Ended", "A painter bought it."),
    ),
    Row(
        "words that may mean several stories",
        (Say("story", {"words": "ferry strike"}),),
        "I'm not sure which story you mean by “ferry strike”",
        ("Did you mean one of these?",),
        ("Night ferry returns", "Tram strike ends"),
    ),
    Row(
        "and the one that was meant",
        (Say("story", {"words": "ferry strike"}), Press("Tram strike ends")),
        "Tram strike ends",
    ),
    Row(
        "a story nobody has written",
        (Say("story", {"words": "volcano <i>*xyz*</i>"}),),
        "No story matches “volcano <i>*xyz*</i>”",
        ("Pick one of the live stories instead.",),
        ("Night ferry returns", "Tram strike ends", "Bridge shut for weeks"),
    ),
    Row(
        "its sources, page after page",
        (Say("story"), Press("Sources (10)"), Press("More ›")),
        "Sources of “Night ferry returns”, 2 of 2",
        ("Report 9 — strand.example · Strand Post", "Report 10 — strand.example · Strand Post"),
        ("‹ Back", "‹ Story"),
    ),
    Row(
        "from its sources back to the story",
        (Say("story"), Press("Sources (10)"), Press("‹ Story")),
        "Night ferry returns",
    ),
)


@pytest.mark.parametrize(("row", "where"), cases(ROWS))
async def test_both_platforms_answer_the_same(calm_bot: Running, row: Row, where: str) -> None:
    await answers_the_same(calm_bot, row, where)
