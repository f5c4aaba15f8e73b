"""/faq, asked on both platforms as a person would."""

import pytest

from tests.road.parity import KEY, Row, answers_the_same, cases
from tests.road.people import Press, Say
from tests.running import Running

ROWS = (
    Row(
        "which story to ask about",
        (Say("faq"),),
        "Which story do you want to know more about?",
        ("Stories with questions …",),
        ("Night ferry returns", "Tram strike ends"),
    ),
    Row(
        "the questions of one of them",
        (Say("faq"), Press("Night ferry returns")),
        "Questions about “Night ferry returns”",
        ("Pick a question …",),
        ("Why did the ferry stop?", "Who pays for the repair?", "Story"),
    ),
    Row(
        "a question picked, answered whole",
        (Say("faq"), Press("Night ferry returns"), Press("Who pays for the repair?")),
        "Who pays for the repair?",
        (
            "The line does. The town lends it the money.",
            "From “Night ferry returns”, updated just now",
        ),
        ("All questions", "Story"),
    ),
    Row(
        "a story and one of its questions at once",
        (Say("faq", {"story": "ferry", "question": KEY}, link=f"faq_ferry_{KEY}"),),
        "Who pays for the repair?",
        ("The line does. The town lends it the money.",),
    ),
    Row(
        "a question by its key",
        (Say("faq", {"question": KEY}),),
        "Who pays for the repair?",
    ),
    Row(
        "a question that was asked of a story before a revision",
        (Say("faq", {"story": "ferry", "question": "0123abcd"}, link="faq_ferry_0123abcd"),),
        "That question was removed when the story was updated",
        ("“Night ferry returns” was updated and no longer answers it.",),
        ("Why did the ferry stop?", "Story"),
    ),
    Row(
        "a story by its id, for its questions",
        (Say("faq", {"text": "ferry"}),),
        "Questions about “Night ferry returns”",
    ),
    Row(
        "a story by its title, for its questions",
        (Say("faq", {"text": "night ferry returns"}),),
        "Questions about “Night ferry returns”",
    ),
    Row(
        "a question in one's own words",
        (Say("faq", {"text": "why did the ferry stop"}),),
        "Why did the ferry stop?",
        ("A crack in the bow door.", "From “Night ferry returns”"),
    ),
    Row(
        "a question nobody has answered",
        (Say("faq", {"text": "how do submarines breathe"}),),
        "Not covered: “how do submarines breathe”",
        ("No story answers that.",),
        ("Night ferry returns", "Tram strike ends"),
    ),
    Row(
        "a story without questions",
        (Say("faq", {"text": "bridge"}),),
        "“Bridge shut for weeks” has no questions yet",
        (),
        ("Story",),
    ),
    Row(
        "a long answer is continued, not cut",
        (Say("faq", {"text": "what did the drivers win"}), Press("More ›")),
        "What did the drivers win?",
        ("Sentence 100 of a long answer ends here.", "Page 2 of 2"),
        ("‹ Back", "All questions", "Story"),
    ),
    Row(
        "from an answer to all questions, and to the story",
        (Say("faq", {"text": "why did the ferry stop"}), Press("All questions"), Press("Story")),
        "Night ferry returns",
        ("It sailed at dusk.",),
    ),
)


@pytest.mark.parametrize(("row", "where"), cases(ROWS))
async def test_both_platforms_answer_the_same(calm_bot: Running, row: Row, where: str) -> None:
    await answers_the_same(calm_bot, row, where)
