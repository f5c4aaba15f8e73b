"""/pin, /unpin and /pins, asked on both platforms as a person would."""

import pytest

from sandbox import discord, telegram
from tests.road.parity import STORIES, Row, answers_the_same, cases
from tests.road.people import Press, Say, both
from tests.running import Running

ROWS = (
    Row(
        "what there is to pin",
        (Say("pin"),),
        "Which story should I pin here?",
        ("Pin …",),
        ("Night ferry returns", "Tram strike ends"),
        moderator=True,
    ),
    Row(
        "a story is pinned",
        (Say("pin", {"story": "night ferry"}),),
        "Pinned “Night ferry returns”",
        ("Its card is pinned here and stays up to date.",),
        ("Unpin", "What's pinned"),
        moderator=True,
    ),
    Row(
        "a story is pinned by a button",
        (Say("pin"), Press("Night ferry returns"), Press("What's pinned")),
        "Pinned here",
        ("Night ferry returns ● Active · 21 hours", "Unpin …"),
        ("Night ferry returns", "Pin a story"),
        moderator=True,
    ),
    Row(
        "a story that is not there is not pinned",
        (Say("pin", {"story": "volcano"}),),
        "No story matches “volcano”",
        (),
        ("Night ferry returns",),
        moderator=True,
    ),
    Row(
        "nothing is pinned",
        (Say("pins"),),
        "I haven't pinned anything here",
        ("I don't list or touch what people pinned themselves.",),
        ("Pin a story",),
        moderator=True,
    ),
    Row(
        "there is nothing to unpin",
        (Say("unpin"),),
        "I haven't pinned anything here",
        (),
        ("Pin a story",),
        moderator=True,
    ),
    Row(
        "a story is unpinned",
        (Say("pin", {"story": "ferry"}), Say("unpin", {"story": "ferry"}), Say("pins")),
        "I haven't pinned anything here",
        moderator=True,
    ),
    Row(
        "a story is unpinned by a button",
        (Say("pin", {"story": "ferry"}), Press("Unpin")),
        "Unpinned “Night ferry returns”",
        ("Its card stays here and is kept up to date.",),
        ("Pin it again",),
        moderator=True,
    ),
)


@pytest.mark.parametrize(("row", "where"), cases(ROWS))
async def test_both_platforms_answer_the_same(calm_bot: Running, row: Row, where: str) -> None:
    await answers_the_same(calm_bot, row, where)


async def test_a_missing_right_is_named_when_a_card_is_to_be_pinned(calm_bot: Running) -> None:
    road = await calm_bot.knowing(*STORIES)
    here, there = both(road, "shared", moderator=True)
    road.discord.deny(discord.NEWS, "PIN_MESSAGES")
    road.telegram.deny(telegram.GROUP, "can_pin_messages")
    for person in (here, there):
        refused = await person.say(Say("pin", {"story": "ferry"}))
        assert refused.title == "I can't pin here: I need the “Pin Messages” permission"
        assert "Add it in this chat's settings, then try again." in refused
        assert (await person.say(Say("pins"))).title == "I haven't pinned anything here"
    road.discord.allow(discord.NEWS, "PIN_MESSAGES")
    road.telegram.allow(telegram.GROUP, "can_pin_messages")
    for person in (here, there):
        done = await person.say(Say("pin", {"story": "ferry"}))
        assert done.title == "Pinned “Night ferry returns”"
        assert [card.title for card in person.pinned()] == ["Night ferry returns"]
