"""/mute and /unmute, asked on both platforms as a person would."""

import pytest

from tests.road.parity import Row, answers_the_same, cases, following
from tests.road.people import Press, Say
from tests.running import Running

ROWS = (
    Row(
        "a story is muted by a button",
        (following("all"), Say("mute"), Press("Tram strike ends")),
        "Muted “Tram strike ends”",
        (
            "I won't post anything new about it here.",
            "If its card is already here, it stays up to date",
        ),
        ("Until a major update", "Unmute"),
        moderator=True,
    ),
    Row(
        "a story is muted until a major update",
        (
            following("all"),
            Say("mute", {"story": "night ferry"}),
            Press("Until a major update"),
        ),
        "Muted “Night ferry returns”",
        ("I won't post anything new about it here until there's a major update.",),
        ("Mute completely", "Unmute"),
        moderator=True,
    ),
    Row(
        "there is nothing to unmute",
        (Say("unmute"),),
        "Nothing is muted here",
        moderator=True,
    ),
    Row(
        "a muted story is heard of again",
        (
            following("all"),
            Say("mute", {"story": "night ferry"}),
            Say("unmute"),
            Press("Night ferry returns"),
        ),
        "Unmuted “Night ferry returns”",
        moderator=True,
    ),
)


@pytest.mark.parametrize(("row", "where"), cases(ROWS))
async def test_both_platforms_answer_the_same(calm_bot: Running, row: Row, where: str) -> None:
    await answers_the_same(calm_bot, row, where)
