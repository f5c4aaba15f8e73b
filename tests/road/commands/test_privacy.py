"""/privacy, asked on both platforms as a person would."""

import pytest

from tests.road.parity import STORIES, Row, answers_the_same, cases, following
from tests.road.people import Say, both
from tests.running import Running

ROWS = (
    Row(
        "what is kept about a chat and whoever asks",
        (following("weather"), Say("privacy")),
        "What I keep, and what I do not",
        (
            "By your number I keep which revision of a story you saw last",
            "I keep what it follows: “weather”. I have sent no card here. This chat is …",
            "Names and messages: what you write is answered and forgotten",
            "Whoever changes what a group gets is named there for 90 days",
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
        assert "You looked at 1 story. Unless you look again, forgotten just now" in told
    whispered, shown = both(road, "shared", moderator=True)
    assert "You looked at 1 story." in await whispered.say(Say("privacy"))
    told = await shown.say(Say("privacy"))
    assert "What that is just now I say in private only." in told
    assert "1 story" not in told
