"""/why, asked on both platforms as a person would."""

import pytest

from tests.road.parity import STORIES, Row, answers_the_same, cases, following
from tests.road.people import Say, both
from tests.running import Running

ROWS = (
    Row(
        "why a story is not here",
        (Say("why", {"story": "ferry"}),),
        "“Night ferry returns” isn't shown here",
        ("This chat follows nothing, so no stories are posted here.",),
        ("Story",),
    ),
    Row(
        "why there is no card here",
        (Say("why"),),
        "There's no card here yet",
        ("This chat follows nothing, so no stories are posted here.",),
        ("Night ferry returns", "Tram strike ends"),
    ),
    Row(
        "why a story about something else is not here",
        (following("weather"), Say("why", {"story": "night ferry"})),
        "“Night ferry returns” isn't shown here",
        ("This chat follows “weather”, and none of that",),
        moderator=True,
    ),
    Row(
        "why the latest card here is here",
        (Say("pin", {"story": "ferry"}), Say("why")),
        "“Night ferry returns” is shown here",
        (
            "Its card shows version 1 (the latest), written less than a minute ago.",
            "It's pinned here and stays up to date.",
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
        assert because.title == "“Night ferry returns” isn't shown here"
        assert "weather" in because, "what this chat follows"
