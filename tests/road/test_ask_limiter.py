"""Who asks faster than the bot may answer is told so once, on both platforms; others are not."""

from sandbox import discord, telegram
from tests.road.people import OnDiscord, OnTelegram, Say, both
from tests.running import Running

FAST = "That's too fast. Try again in "


async def test_who_asks_too_fast_is_told_when_to_ask_again(calm_bot: Running) -> None:
    road = await calm_bot.start(asks_a_person=3, asks_within_s=60)
    for person in both(road, "shared"):
        for _ in range(3):
            assert FAST not in (await person.say(Say("help"))).title
        assert (await person.say(Say("help"))).title.startswith(FAST)
    for other in both(road, "shared", moderator=True):
        assert (await other.say(Say("help"))).title == "Storywire"


async def test_a_group_is_not_flooded_by_refusals_and_a_press_is_refused_to_the_presser_alone(
    calm_bot: Running,
) -> None:
    road = await calm_bot.start(asks_a_person=2, asks_within_s=60)
    group, world = OnTelegram(road.telegram, telegram.MIRA, telegram.GROUP), road.telegram
    await group.say(Say("following"))
    shown = await group.say(Say("following"))
    for _ in range(20):
        await world.say(telegram.MIRA, telegram.GROUP, "/following")
    sol = OnTelegram(road.telegram, telegram.SOL, telegram.GROUP)
    await sol.say(Say("following"))
    seen = [message.title for message in group.read()]
    assert sum(title.startswith(FAST) for title in seen) == 1
    assert len(seen) == 4
    before = len(group.read())
    refused = await group.press(shown, "Follow something")
    assert refused.title.startswith(FAST)
    assert len(group.read()) == before


async def test_on_discord_every_refusal_is_seen_by_the_asker_alone_and_replaces_nothing(
    calm_bot: Running,
) -> None:
    road = await calm_bot.start(asks_a_person=1, asks_within_s=60)
    mira = OnDiscord(road.discord, discord.MIRA, discord.NEWS)
    shown = await mira.say(Say("help"))
    for refused in [await mira.say(Say("help")) for _ in range(3)]:
        assert refused.title.startswith(FAST)
    pressed = await mira.press(shown, "Live stories")
    assert pressed.title.startswith(FAST)
    assert mira.read() == []


async def test_turning_pages_counts_less_than_asking(calm_bot: Running) -> None:
    road = await calm_bot.start(asks_a_person=2, asks_within_s=60)
    for person in both(road, "private"):
        seen = await person.say(Say("following"))
        for label in ("Follow something", "What this chat follows") * 2:
            seen = await person.press(seen, label)
            assert FAST not in seen.title
        assert (await person.press(seen, "Follow something")).title.startswith(FAST)


async def test_members_do_not_starve_a_moderators_acts(calm_bot: Running) -> None:
    road = await calm_bot.start(asks_a_server=2, asks_within_s=60)
    members = both(road, "shared")
    moderators = both(road, "shared", moderator=True)
    for member, moderator in zip(members, moderators, strict=True):
        for _ in range(2):
            await member.say(Say("help"))
        refused = await member.say(Say("help"))
        assert refused.title.startswith("Too many people are asking here right now. Try again in ")
        told = await moderator.say(Say("follow", {"what": "weather"}))
        assert told.title == "Following “weather”"


async def test_administrators_who_stay_anonymous_in_other_groups_are_others(
    calm_bot: Running,
) -> None:
    road = await calm_bot.start(asks_a_person=1, asks_within_s=60)
    world = road.telegram
    groups = (telegram.GROUP, world.add_chat("Quay"))
    for group in groups:
        sol = OnTelegram(world, telegram.SOL, group)
        asked = await world.say(telegram.SOL, group, "/audit", anonymous=True)
        told = await sol._answer(group, asked["message_id"])
        assert told.title == "Who changed what here"
