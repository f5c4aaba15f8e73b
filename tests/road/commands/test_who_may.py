"""Who may change what a chat gets."""

import pytest

from bot.model.chat import Chat
from bot.model.rule import Rule
from sandbox import discord, telegram
from tests.road.parity import STORIES, following
from tests.road.people import Say, both
from tests.running import Running


async def test_members_may_look_but_not_change_what_a_chat_gets(calm_bot: Running) -> None:
    road = await calm_bot.knowing(*STORIES)
    keepers = both(road, "shared", moderator=True)
    for keeper in keepers:
        await keeper.say(following("ferry"))
    mira, mira_too = both(road, "shared")
    for command in (
        "follow",
        "unfollow",
        "mute",
        "unmute",
        "pause",
        "resume",
        "pin",
        "unpin",
        "pins",
    ):
        refused = await mira_too.say(Say(command))
        assert refused.title == f"Only moderators of this chat can use /{command}"
        with pytest.raises(discord.NotOffered):
            await mira.say(Say(command))
    for person in (mira, mira_too):  # the menu is there for all who look; the click is refused
        gets = await person.say(Say("following"))
        refused = await person.press(gets, "Night ferry returns")
        assert refused.title == "Only moderators of this chat can use /unfollow"
    for keeper in keepers:
        assert (await keeper.say(Say("following"))).title == "What this chat gets"


async def test_what_a_moderator_presses_in_a_group_is_about_that_group(calm_bot: Running) -> None:
    road = await calm_bot.knowing(*STORIES)
    for person, private in zip(
        both(road, "shared", moderator=True),
        both(road, "private", moderator=True),
        strict=True,
    ):
        asked = await person.say(Say("follow"))
        assert (await person.press(asked, "Tram strike ends")).title == (
            "Following “Tram strike ends”"
        )
        asked = await person.say(Say("pin"))
        assert (await person.press(asked, "Night ferry returns")).title == (
            "Pinned “Night ferry returns”"
        )
        assert "“Tram strike ends”" in await person.say(Say("following"))
        assert [card.title for card in person.pinned()] == ["Night ferry returns"]
        assert (await private.say(Say("following"))).title == "This chat follows nothing yet"


async def test_nothing_can_be_changed_where_the_operator_decides(calm_bot: Running) -> None:
    fixed = {
        Chat("discord", discord.NEWS): Rule(keywords=("weather",), min_virality=6),
        Chat("telegram", str(telegram.GROUP)): Rule(keywords=("weather",), min_virality=6),
    }
    road = await calm_bot.knowing(*STORIES, chats=fixed)
    for person in both(road, "shared", moderator=True):
        for said in (following("ferry"), Say("unfollow", {"what": "all"})):
            refused = await person.say(said)
            assert refused.title == "The bot's operator sets what this chat gets"
        gets = await person.say(Say("following"))
        assert "Every story about “weather”. Only with a virality of 6 or more" in gets
        assert "Set by the bot's operator" in gets
