"""/audit, asked on both platforms as a person would."""

import pytest

from tests.road.parity import STORIES, Row, answers_the_same, cases, following
from tests.road.people import Say, both
from tests.running import Running

ROWS = (
    Row(
        "who changed what, where there is only one",
        (Say("audit"),),
        "Only you can change what you get here",
        ("So I don't keep a log.",),
    ),
)


@pytest.mark.parametrize(("row", "where"), cases(ROWS))
async def test_both_platforms_answer_the_same(calm_bot: Running, row: Row, where: str) -> None:
    await answers_the_same(calm_bot, row, where)


async def test_moderators_read_who_changed_what(calm_bot: Running) -> None:
    road = await calm_bot.knowing(*STORIES)
    told = []
    for person in both(road, "shared", moderator=True):
        assert "Nobody has changed anything here" in await person.say(Say("audit"))
        await person.say(following("weather"))
        seen = await person.say(Say("pin", {"story": "ferry"}))
        await person.press(seen, "Unpin")
        told.append(await person.say(Say("audit")))
    there, here = told
    assert there == here
    assert there.title == "Who changed what here"
    assert there.body == (
        "Sol unpinned “Night ferry returns”, just now "
        "Sol pinned “Night ferry returns”, just now "
        "Sol followed “weather”, just now"
    )
