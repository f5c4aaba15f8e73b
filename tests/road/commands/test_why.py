"""/why, asked on both platforms as a person would."""

import pytest

from tests.road.parity import STORIES, Row, answers_the_same, cases, following
from tests.road.people import Say, both
from tests.running import Running

ROWS = (
    Row(
        "why a story is not here",
        (Say("why", {"story": "ferry"}),),
        "“Night ferry returns” is not shown here",
        ("This chat follows nothing, so no story comes here by itself.",),
        ("Story",),
    ),
    Row(
        "why there is no card here",
        (Say("why"),),
        "There is no card here yet",
        ("This chat follows nothing, so no story comes here by itself.",),
        ("Night ferry returns", "Tram strike ends"),
    ),
    Row(
        "why a story about something else is not here",
        (following("weather"), Say("why", {"story": "night ferry"})),
        "“Night ferry returns” is not shown here",
        ("This chat does not follow it: it follows “weather”",),
        moderator=True,
    ),
    Row(
        "why the newest card is here",
        (Say("pin", {"story": "ferry"}), Say("why")),
        "“Night ferry returns” is shown here",
        (
            "Its card shows revision 1 (the newest), written under a minute ago.",
            "It is pinned here, and kept up to date.",
        ),
        ("Story",),
        moderator=True,
    ),
)


@pytest.mark.parametrize(("row", "where"), cases(ROWS))
async def test_both_platforms_answer_the_same(calm_bot: Running, row: Row, where: str) -> None:
    await answers_the_same(calm_bot, row, where)


async def test_why_a_story_is_not_here_is_answered_about_the_chat_it_is_asked_in(
    calm_bot: Running,
) -> None:
    road = await calm_bot.knowing(*STORIES)
    for person in both(road, "shared", moderator=True):
        asked = await person.say(Say("why"))
        await person.say(following("weather"))
        because = await person.press(asked, "Night ferry returns")
        assert because.title == "“Night ferry returns” is not shown here"
        assert "weather" in because, "what this chat follows"
