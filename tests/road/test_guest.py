"""People who have the bot on their own Discord account bring it along to where it is not itself."""

from sandbox import discord
from sandbox.discord.rights import Overwrite, bits
from tests.road.parity import STORIES
from tests.road.people import OnDiscord, Say
from tests.running import Running, eventually_so


async def test_in_a_server_without_the_bot_stories_are_told_to_the_asker(
    calm_bot: Running,
) -> None:
    road = await calm_bot.knowing(*STORIES)
    road.discord.install(discord.MIRA)
    road.discord.remove_bot()
    mira = OnDiscord(road.discord, discord.MIRA, discord.NEWS)
    told = await mira.say(Say("story", {"words": "ferry"}))
    assert told.title == "Night ferry returns"
    assert (await mira.press(told, "Sources (10)")).title.startswith("Sources of")
    asked = await mira.say(Say("faq", {"text": "why did the ferry stop"}))
    assert asked.title == "Why did the ferry stop?"
    assert mira.read() == []


async def test_what_is_about_the_chat_is_refused_there_and_changes_nothing(
    calm_bot: Running,
) -> None:
    road = await calm_bot.knowing(*STORIES)
    here = OnDiscord(road.discord, discord.SOL, discord.NEWS)
    await here.say(Say("follow", {"what": "weather"}))
    road.discord.install(discord.SOL)
    road.discord.remove_bot()
    for said in (
        Say("follow", {"what": "harbour"}),
        Say("following"),
        Say("unfollow", {"what": "all"}),
        Say("pin", {"story": "ferry"}),
        Say("why", {"story": "ferry"}),
        Say("unknown"),
        Say("audit"),
        Say("moderators"),
    ):
        refused = await here.say(said)
        assert refused.title == "I'm not in this server"
        assert "Someone who manages the server can add me. Add me — discord.com" in refused
    assert (
        await road.discord.autocomplete(discord.SOL, discord.NEWS, "unfollow", "what", {"what": ""})
        == []
    )
    helped = await here.press(await here.say(Say("following")), "Help")
    assert (await here.press(helped, "This chat")).title == "I'm not in this server"
    road.discord.add_bot()

    async def is_here() -> bool:
        return (await here.say(Say("following"))).title == "What this chat gets"

    await eventually_so(is_here, "the bot sees that it is taken in")
    told = await here.say(Say("following"))
    assert "Every story about “weather”." in told
    assert "harbour" not in told


async def test_a_conversation_between_people_is_not_the_askers_private_chat(
    calm_bot: Running,
) -> None:
    road = await calm_bot.knowing(*STORIES)
    road.discord.install(discord.MIRA)
    group = road.discord.group(discord.MIRA, discord.SOL)
    mira = OnDiscord(road.discord, discord.MIRA, group)
    assert (await mira.say(Say("stories"))).title == "Live stories"
    refused = await mira.say(Say("follow", {"what": "all"}))
    assert refused.title == "I'm not in this conversation"
    assert (await mira.say(Say("catchup"))).title == "What's new in the last day, 1 of 2"
    alone = OnDiscord(road.discord, discord.MIRA)
    assert (await alone.say(Say("following"))).title == "This chat follows nothing yet"


async def test_a_shared_answer_is_turned_by_whoever_shared_it_alone(calm_bot: Running) -> None:
    road = await calm_bot.knowing(*STORIES)
    for person in (discord.MIRA, discord.SOL):
        road.discord.install(person)
    group = road.discord.group(discord.MIRA, discord.SOL)
    shared = await road.discord.slash(discord.MIRA, group, "stories", {"share": True})
    assert not shared.ephemeral
    assert shared.message is not None
    for person, ephemeral in ((discord.SOL, True), (discord.MIRA, False)):
        turned = await road.discord.click(person, shared.message, "=stories_2")
        assert turned.ephemeral is ephemeral


async def test_who_may_not_use_apps_from_outside_aloud_answers_to_themselves(
    calm_bot: Running,
) -> None:
    road = await calm_bot.knowing(*STORIES)
    road.discord.install(discord.MIRA)
    road.discord.remove_bot()
    news = road.discord.world.channels[discord.NEWS]
    news.overwrites[discord.MIRA] = Overwrite(deny=bits(["USE_EXTERNAL_APPS"]))
    shared = await road.discord.slash(discord.MIRA, discord.NEWS, "stories", {"share": True})
    assert shared.ephemeral
