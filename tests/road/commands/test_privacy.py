"""/privacy, asked on both platforms as a person would."""

import pytest

from tests.road.parity import STORIES, Row, answers_the_same, cases, following
from tests.road.people import Say, both
from tests.running import Running

ROWS = (
    Row(
        "what is kept about a chat and whoever asks",
        (following("weather"), Say("privacy")),
        "What I store, and what I don't",
        (
            "Under your user ID I store the last two versions of each story you opened",
            "I store what it follows: “weather”. I haven't sent any cards here.",
            "This chat's ID is …",
            "I don't store names or messages. I answer what you write, then forget it",
            "For 90 days I store who changed what a group gets",
        ),
        ("What this chat follows",),
        moderator=True,
        only_private=True,
    ),
)


@pytest.mark.parametrize(("row", "where"), cases(ROWS))
async def test_both_platforms_answer_the_same(calm_bot: Running, row: Row, where: str) -> None:
    await answers_the_same(calm_bot, row, where)


async def test_what_someone_looked_at_is_told_to_them_alone(calm_bot: Running) -> None:
    road = await calm_bot.knowing(*STORIES)
    for person in both(road, "private", moderator=True):
        await person.say(Say("story", {"words": "ferry"}))
        told = await person.say(Say("privacy"))
        assert "You've opened 1 story. Without another visit, this is deleted just now" in told
    whispered, shown = both(road, "shared", moderator=True)
    assert "You've opened 1 story." in await whispered.say(Say("privacy"))
    told = await shown.say(Say("privacy"))
    assert "I only show the details in private." in told
    assert "1 story" not in told
