"""/rules, asked on both platforms as a person would."""

import pytest

from tests.road.parity import Row, answers_the_same, cases, following
from tests.road.people import Fill, Press, Say
from tests.running import Running

ROWS = (
    Row(
        "what a chat gets, and what can be done with it",
        (following("weather"), Say("rules")),
        "This chat's rules",
        ("Every story about “weather”.",),
        ("Export", "Import", "Set up"),
        moderator=True,
    ),
    Row(
        "rules as text",
        (following("weather"), Say("rules", {"what": "export"})),
        "This chat's rules as text",
        ('keywords = ["weather"] entities = ["weather"]',),
        ("Import", "Set up"),
        moderator=True,
    ),
    Row(
        "rules that are brought along are looked at before they are saved",
        (
            Say("rules", {"what": "import"}),
            Fill('[[chats]]\nchat = "discord:1"\nkeywords = ["ferry"]\nloudness = "edit"'),
        ),
        "What this chat gets",
        ("Every story about “ferry”.", "Not saved yet: stories and loudness"),
        ("Rehearse", "Save", "Discard"),
        moderator=True,
    ),
    Row(
        "rules that cannot be taken",
        (Say("rules"), Press("Import"), Fill("min_virality = 11")),
        "I can't use these rules",
        ("min_virality must be a number from 0 to 10",),
        ("Try again",),
        moderator=True,
    ),
)


@pytest.mark.parametrize(("row", "where"), cases(ROWS))
async def test_both_platforms_answer_the_same(calm_bot: Running, row: Row, where: str) -> None:
    await answers_the_same(calm_bot, row, where)
