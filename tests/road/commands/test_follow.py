"""/follow, asked on both platforms as a person would."""

import pytest

from tests.road.parity import Row, answers_the_same, cases, following
from tests.road.people import Press, Say
from tests.running import Running

ROWS = (
    Row(
        "what there is to follow",
        (Say("follow"),),
        "What should this chat follow?",
        ("Follow a story …",),
        ("Night ferry returns", "All stories", "What this chat follows"),
        moderator=True,
    ),
    Row(
        "a story is followed",
        (following("ferry"),),
        "Following “Night ferry returns”",
        ("This chat now gets: These stories: “Night ferry returns”",),
        ("Unfollow", "What this chat follows"),
        moderator=True,
    ),
    Row(
        "a story is followed by a button",
        (Say("follow"), Press("Tram strike ends"), Press("What this chat follows")),
        "What this chat gets",
        ("These stories: “Tram strike ends”",),
        ("Tram strike ends", "Follow something"),
        moderator=True,
    ),
    Row(
        "it is followed already",
        (following("ferry"), following("ferry")),
        "This chat already follows “Night ferry returns”",
        (),
        ("Unfollow",),
        moderator=True,
    ),
    Row(
        "everything is followed",
        (following("all"), Say("following")),
        "What this chat gets",
        (
            "Every live story.",
            "at most one an hour per story.",
            "This chat's ID is …",
            "Unfollow …",
        ),
        ("Everything", "Follow something"),
        moderator=True,
    ),
    Row(
        "words are followed",
        (following("Harbour, weather"),),
        "Following “Harbour” and “weather”",
        ("Every story about “Harbour” or “weather”.", "1 live story matches right now."),
        moderator=True,
    ),
    Row(
        "a story that is over is not followed",
        (following("lighthouse"),),
        "“Lighthouse sold at auction” has ended, so there's nothing left to follow",
        (),
        ("Night ferry returns",),
        moderator=True,
    ),
)


@pytest.mark.parametrize(("row", "where"), cases(ROWS))
async def test_both_platforms_answer_the_same(calm_bot: Running, row: Row, where: str) -> None:
    await answers_the_same(calm_bot, row, where)
