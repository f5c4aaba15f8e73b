"""/unfollow, asked on both platforms as a person would."""

import pytest

from tests.road.parity import Row, answers_the_same, cases, following
from tests.road.people import Press, Say
from tests.running import Running

ROWS = (
    Row(
        "there is nothing to unfollow",
        (Say("unfollow"),),
        "This chat follows nothing",
        (),
        ("Follow something",),
        moderator=True,
    ),
    Row(
        "what there is to unfollow",
        (following("ferry"), following("weather"), Say("unfollow")),
        "What should this chat stop following?",
        (),
        ("“weather”", "Night ferry returns", "Unfollow everything"),
        moderator=True,
    ),
    Row(
        "a story is unfollowed",
        (following("ferry"), following("weather"), Say("unfollow", {"what": "night ferry"})),
        "No longer following Night ferry returns",
        ("This chat still gets: Every story about “weather”.",),
        moderator=True,
    ),
    Row(
        "a word is unfollowed by a button",
        (following("weather"), Press("Unfollow")),
        "No longer following “weather”",
        ("This chat follows nothing now.",),
        moderator=True,
    ),
    Row(
        "everything is unfollowed",
        (following("all"), Say("unfollow", {"what": "all"})),
        "This chat follows nothing now",
        moderator=True,
    ),
    Row(
        "what is not followed is not unfollowed",
        (following("ferry"), Say("unfollow", {"what": "trams"})),
        "This chat doesn't follow “trams”",
        ("Here's what it follows.",),
        ("Night ferry returns",),
        moderator=True,
    ),
)


@pytest.mark.parametrize(("row", "where"), cases(ROWS))
async def test_both_platforms_answer_the_same(calm_bot: Running, row: Row, where: str) -> None:
    await answers_the_same(calm_bot, row, where)
