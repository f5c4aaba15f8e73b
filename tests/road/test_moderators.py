"""Who counts as moderator: by their rights, and on Discord by a role that the server named."""

from dataclasses import replace

from sandbox import discord, telegram
from tests.road.people import OnDiscord, OnTelegram, Say, Seen
from tests.running import Running

CHOICE = "Choose a moderator role …"


async def follows(person: OnDiscord) -> Seen:
    """What someone reads who is not offered the command and takes the buttons."""
    seen = await person.say(Say("following"))
    return await person.press(await person.press(seen, "Follow something"), "All stories")


async def test_whoever_has_the_role_that_the_server_named_counts_as_moderator(
    calm_bot: Running,
) -> None:
    road = await calm_bot.start()
    owner = OnDiscord(road.discord, discord.OWNER, discord.NEWS)
    mira = OnDiscord(road.discord, discord.MIRA, discord.NEWS)
    refused = await mira.press(await mira.say(Say("following")), "Follow something")
    assert refused.title == "Only moderators of this chat can use /follow"
    who = await owner.say(Say("moderators"))
    assert who.title == "Who counts as a moderator here"
    named = await owner.choose(who, CHOICE, discord.READERS)
    assert named.title == "Everyone with that role counts as a moderator now"
    assert (await follows(mira)).title == "Following all stories"
    [menu] = [
        item
        for row in (await owner.say(Say("moderators"))).raw["components"]
        for item in row["components"]
        if item.get("placeholder") == CHOICE
    ]
    assert menu["default_values"] == [{"id": discord.READERS, "type": "role"}]
    taken = await owner.press(await owner.say(Say("moderators")), "No role")
    assert taken.title == "No role counts as moderator now"
    refused = await mira.press(await mira.say(Say("following")), "Follow something")
    assert refused.title == "Only moderators of this chat can use /follow"
    told = await owner.say(Say("audit"))
    assert "Mira followed all stories" in told
    assert "Harbourmaster chose a moderator role" in told


async def test_a_role_taken_from_someone_counts_no_more_at_once(calm_bot: Running) -> None:
    road = await calm_bot.start()
    owner = OnDiscord(road.discord, discord.OWNER, discord.NEWS)
    mira = OnDiscord(road.discord, discord.MIRA, discord.NEWS)
    await owner.choose(await owner.say(Say("moderators")), CHOICE, discord.READERS)
    seen = await mira.press(await mira.say(Say("following")), "Follow something")
    people = road.discord.world.people
    people[discord.MIRA] = replace(people[discord.MIRA], roles=())
    refused = await mira.press(seen, "All stories")
    assert refused.title == "Only moderators of this chat can use /follow"


async def test_moderators_who_do_not_manage_the_server_read_who_counts(calm_bot: Running) -> None:
    road = await calm_bot.start()
    sol = OnDiscord(road.discord, discord.SOL, discord.NEWS)
    shown = await sol.say(Say("moderators"))
    assert "Anyone who can manage this server can choose a role." in shown
    assert shown.labels == ()


async def test_on_telegram_the_administrators_are_the_moderators(calm_bot: Running) -> None:
    road = await calm_bot.start()
    sol = OnTelegram(road.telegram, telegram.SOL, telegram.GROUP)
    told = await sol.say(Say("moderators"))
    assert told.title == "This chat's administrators are its moderators"
    assert told.labels == ()
    mira = OnTelegram(road.telegram, telegram.MIRA, telegram.GROUP)
    refused = await mira.say(Say("moderators"))
    assert refused.title == "Only moderators of this chat can use /moderators"


async def test_what_an_anonymous_administrator_changes_is_the_groups_own_doing(
    calm_bot: Running,
) -> None:
    road = await calm_bot.start()
    world, sol = road.telegram, OnTelegram(road.telegram, telegram.SOL, telegram.GROUP)
    asked = await world.say(telegram.SOL, telegram.GROUP, "/follow tide", anonymous=True)
    assert (await sol._answer(telegram.GROUP, asked["message_id"])).title == "Following “tide”"
    told = await sol.say(Say("audit"))
    assert "Harbour News followed “tide”" in told
