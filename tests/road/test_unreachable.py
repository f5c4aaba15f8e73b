"""A person who takes nothing from us learns it where they ask, and what to do about it."""

from dataclasses import replace
from datetime import UTC, datetime

from sandbox import discord, telegram
from stories.story import Story, StoryId
from tests.road.people import OnDiscord, OnTelegram, Say
from tests.running import Running, eventually_so

NOW = datetime.now(UTC).replace(microsecond=0)
FERRY = Story(StoryId("ferry"), "Ferry Sails", ("It began.",), updated_at=NOW)
CANNOT = "I can't message you in private"


async def test_closed_direct_messages_are_named_at_once_and_in_following(calm_bot: Running) -> None:
    road = await calm_bot.knowing(FERRY)
    mira = OnDiscord(road.discord, discord.MIRA)
    road.discord.refuse_dms(discord.MIRA)
    answer = await mira.say(Say("follow", {"what": "all"}))
    assert answer.title == "Following all stories"
    assert f"{CANNOT}. Direct messages from me are turned off." in answer
    assert "Allow direct messages in the privacy settings" in answer
    assert "Direct messages from me are turned off" in await mira.say(Say("following"))
    elsewhere = OnDiscord(road.discord, discord.MIRA, discord.NEWS)
    assert CANNOT not in await elsewhere.say(Say("stories")), "it has been said"


async def test_who_blocked_the_bot_is_told_in_the_group(calm_bot: Running) -> None:
    road = await calm_bot.knowing(FERRY)
    mira = OnTelegram(road.telegram, telegram.MIRA)
    answer = await mira.say(Say("follow", typed="all"))
    assert CANNOT not in answer, "that chat is open"
    road.telegram.block(telegram.MIRA)
    group = OnTelegram(road.telegram, telegram.MIRA, telegram.GROUP)
    await road.publish(replace(FERRY, headline="The boat sails again"))

    async def told() -> bool:
        said = await group.say(Say("stories"))
        return CANNOT in said and "Unblock me and press Start" in said

    await eventually_so(told, "the answer in the group says it")


async def test_who_has_stories_come_where_the_bot_may_not_post_learns_which_permission_it_lacks(
    calm_bot: Running,
) -> None:
    """At once, by every command after which cards would come, and no more once it may."""
    road = await calm_bot.knowing(FERRY)
    sol = OnDiscord(road.discord, discord.SOL, discord.GENERAL)
    missing = "I can't post here yet: I need the “Send Messages” permission."
    road.discord.deny(discord.GENERAL, "SEND_MESSAGES")
    assert missing in await sol.say(Say("follow", {"what": "all"}))
    assert missing not in await sol.say(Say("pause"))
    assert missing in await sol.say(Say("resume"))
    assert missing not in await sol.say(Say("mute", {"story": "ferry"}))
    assert missing in await sol.say(Say("unmute", {"story": "ferry"}))
    assert missing not in await sol.say(Say("unfollow", {"what": "all"}))
    assert missing in await sol.say(Say("follow", {"what": "tide, ferry"}))
    assert missing in await sol.say(Say("follow", {"what": "Ferry Sails"}))
    pasted = await sol.fill(await sol.say(Say("rules", {"what": "import"})), 'stories = "all"')
    assert missing in pasted
    assert missing in await sol.press(pasted, "Save")
    assert "“Send Messages”" in await sol.say(Say("pin", {"story": "ferry"}))
    road.discord.allow(discord.GENERAL, "SEND_MESSAGES")
    await sol.say(Say("unfollow", {"what": "all"}))
    assert "I can't post here" not in await sol.say(Say("follow", {"what": "all"}))
