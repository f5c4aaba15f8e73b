"""/setup, asked on both platforms as a person would."""

import pytest

from tests.road.parity import Row, answers_the_same, cases
from tests.road.people import Fill, Press, Say
from tests.running import Running

ROWS = (
    Row(
        "what a chat gets, to be changed",
        (Say("setup"),),
        "What this chat gets",
        ("No stories yet. Choose all, single ones, or words.", "Cards are updated as stories"),
        ("Stories", "Loudness", "Quiet hours", "More", "Rehearse"),
        moderator=True,
    ),
    Row(
        "words are written where they are asked for",
        (
            Say("setup"),
            Press("Stories"),
            Press("Words …"),
            Fill("ferry, Port of Aldmar"),
            Press("‹ Back"),
        ),
        "What this chat gets",
        ("Every story about “ferry” or “Port of Aldmar”.", "Not saved yet: stories"),
        ("Save", "Discard"),
        moderator=True,
    ),
    Row(
        "a chat is set up, rehearsed and saved",
        (
            Say("setup"),
            Press("Stories"),
            Press("Every live story"),
            Press("Minimum size"),
            Press("Virality 7+"),
            Press("‹ Back"),
            Press("‹ Back"),
            Press("Loudness"),
            Press("Only update cards"),
            Press("‹ Back"),
            Press("Quiet hours"),
            Press("Set the hours …"),
            Fill("10pm to 7am berlin"),
            Press("‹ Back"),
            Press("Rehearse"),
            Press("Save"),
        ),
        "Saved",
        (
            "This chat now gets: Every live story. Only with a virality of 7 or more",
            "if a story is withdrawn or ends. Quiet from 22:00 to 07:00 (Europe/Berlin)",
        ),
        ("What this chat follows", "Edit again"),
        moderator=True,
    ),
    Row(
        "what a draft would have brought",
        (
            Say("setup"),
            Press("Stories"),
            Press("Every live story"),
            Say("setup"),
            Press("Rehearse"),
        ),
        "Rehearsal",
        ("In the last 3 days, these settings would have meant:", "See a card …"),
        ("Save", "Discard", "‹ Back"),
        moderator=True,
    ),
    Row(
        "one of the cards that would have come",
        (
            Say("follow", {"what": "ferry"}),
            Say("setup"),
            Press("Rehearse"),
            Press("Night ferry returns"),
        ),
        "Night ferry returns",
        ("It sailed at dusk.",),
        ("‹ Back",),
        moderator=True,
    ),
    Row(
        "hours that cannot be read are asked for again",
        (
            Say("setup"),
            Press("Quiet hours"),
            Press("Set the hours …"),
            Fill("22-7 Berln"),
            Press("Try again"),
            Fill("22:00–07:00 Berlin"),
        ),
        "Quiet hours",
        ("Quiet from 22:00 to 07:00 (Europe/Berlin)",),
        ("Set the hours …", "✓ Allow major updates", "No quiet hours", "‹ Back"),
        moderator=True,
    ),
)


@pytest.mark.parametrize(("row", "where"), cases(ROWS))
async def test_both_platforms_answer_the_same(calm_bot: Running, row: Row, where: str) -> None:
    await answers_the_same(calm_bot, row, where)
