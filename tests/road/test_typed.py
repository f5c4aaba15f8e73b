"""Only what somebody wrote in a chat is a command there, and only what Telegram knows is a no."""

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from bot.model.chat import Chat
from bot.model.rule import Rule
from sandbox import discord, telegram
from stories.story import Story, StoryId
from tests.road.people import OnDiscord, OnTelegram, Person, Say, keepers
from tests.running import Road, Running, eventually

NOW = datetime.now(UTC).replace(microsecond=0)
FERRY = Story(StoryId("ferry"), "Ferry Sails", ("It began.",), updated_at=NOW, keywords=("boat",))


async def follows(road: Road, what: str = "tide") -> OnTelegram:
    """Sol in the group, which follows something."""
    sol = OnTelegram(road.telegram, telegram.SOL, telegram.GROUP)
    assert (await sol.say(Say("follow", typed=what))).title == f"Following “{what}”"
    return sol


async def test_what_nobody_typed_there_is_no_command(calm_bot: Running) -> None:
    """Forwarded, sent through a bot, copied from a channel, written below a picture, or changed."""
    road = await calm_bot.knowing(FERRY)
    world, sol = road.telegram, await follows(road)
    command = "/unfollow all"
    for origin in ("user", "hidden_user", "chat", "channel"):
        await world.forward(telegram.SOL, telegram.GROUP, command, origin=origin)
    await world.forward(telegram.SOL, telegram.GROUP, "/start@storywire_bot unfollow_all")
    await world.repost(telegram.CHANNEL, telegram.GROUP, command)
    await world.show(telegram.SOL, telegram.GROUP, command)
    harmless = await world.say(telegram.SOL, telegram.GROUP, "/help")
    await sol._answer(telegram.GROUP, harmless["message_id"])
    await world.edit(telegram.SOL, harmless, command)
    before = len(sol.read())
    channel = OnTelegram(world, telegram.SOL, telegram.CHANNEL)
    assert (await channel.say(Say("follow", typed="tide"))).title == "Following “tide”"
    await world.forward(telegram.SOL, telegram.CHANNEL, command, origin="channel")
    assert "“tide”" in await channel.say(Say("following"))
    assert len(sol.read()) == before, "what is shown is not answered"
    assert "“tide”" in await sol.say(Say("following"))
    assert (await sol.say(Say("unfollow", typed="all"))).title == "This chat follows nothing now"


async def test_a_forwarded_text_is_a_question_in_private_and_a_command_is_not(
    calm_bot: Running,
) -> None:
    road = await calm_bot.knowing(FERRY)
    world, mira = road.telegram, OnTelegram(road.telegram, telegram.MIRA)
    await mira.say(Say("follow", typed="tide"))
    told = await world.forward(telegram.MIRA, telegram.MIRA, "/unfollow all")
    answer = await mira._answer(telegram.MIRA, told["message_id"])
    assert answer.title == "That was forwarded, so I did nothing"
    assert "send /unfollow yourself" in answer
    asked = await world.forward(telegram.MIRA, telegram.MIRA, "Ferry Sails")
    assert "Ferry Sails" in await mira._answer(telegram.MIRA, asked["message_id"])
    assert "“tide”" in await mira.say(Say("following"))


LINKS = ("follow_all", "unfollow_all", "pause", "mute_ferry", "setup_all_yes", "pin_ferry")


async def test_a_strangers_link_changes_nothing_by_itself(calm_bot: Running) -> None:
    """Neither in private nor in a group that it is opened for; the button it shows does."""
    road = await calm_bot.knowing(FERRY)
    sol = OnTelegram(road.telegram, telegram.SOL)
    group = await follows(road)
    await sol.say(Say("follow", typed="tide"))
    before = [await each.say(Say(said)) for each in (sol, group) for said in ("rules", "unmute")]
    for link in LINKS:
        told = await road.telegram.invite_by_link(telegram.SOL, telegram.GROUP, link)
        for seen in (await sol.open(link), await group._answer(telegram.GROUP, told["message_id"])):
            assert seen.title == f"This link wants to run /{link.replace('_', ' ')}"
            assert "Nothing has changed yet." in seen
    assert (await sol.open("forgetme_yes")).title == "Delete everything about you?"
    after = [await each.say(Say(said)) for each in (sol, group) for said in ("rules", "unmute")]
    assert after == before
    assert not [*road.telegram.pins(telegram.SOL), *road.telegram.pins(telegram.GROUP)]
    pressed = await sol.press(await sol.open("unfollow_all"), "Continue")
    assert pressed.title == "This chat follows nothing now"


async def test_who_cannot_be_seen_to_moderate_is_told_so_and_what_helps(calm_bot: Running) -> None:
    road = await calm_bot.knowing(FERRY)
    sol = await follows(road)
    menu = await sol.say(Say("following"))
    for status, refusal, remedy in (
        (400, "Bad Request: CHAT_ADMIN_REQUIRED", "Make me an administrator here"),
        (400, "Bad Request: USER_ID_INVALID", "Make me an administrator here"),
        (400, "Bad Request: member list is inaccessible", "Make me an administrator here"),
        (500, "Internal Server Error", "try again in a minute"),
    ):
        road.telegram.fail_next("getChatMember", status, refusal)
        answer = await sol.say(Say("unfollow", typed="all"))
        assert answer.title == "I can't check who moderates this chat"
        assert remedy in answer
        road.telegram.fail_next("getChatMember", status, refusal)
        pressed = await sol.press(menu, "Follow something")
        assert pressed.title.startswith("I can't check who moderates this chat. ")
        assert remedy in pressed
    for refusal in ("PARTICIPANT_ID_INVALID", "user not found", "USER_NOT_PARTICIPANT"):
        road.telegram.fail_next("getChatMember", 400, f"Bad Request: {refusal}")
        answer = await sol.say(Say("unfollow", typed="all"))
        assert answer.title == "Only moderators of this chat can use /unfollow"
    assert "“tide”" in await sol.say(Say("following"))


async def test_a_word_brings_its_stories_however_either_side_spells_it(calm_bot: Running) -> None:
    """From chat on both platforms, and from the operator's file."""
    fixed = Chat("discord", discord.GENERAL)
    rule = Rule(keywords=("D’Amico",), entities=("izmit",))
    road = await calm_bot.knowing(chats={fixed: rule})
    for person, word in zip(keepers(road), ("O’Neill", "SÃO BRAZ"), strict=True):
        assert (await person.say(Say("follow", {"what": word}))).title == f"Following “{word}”"
    await road.publish(
        replace(FERRY, keywords=("O'Neill", "D'Amico"), entities=("Sa\u0303o Braz",)),
        replace(FERRY, id=StoryId("strait"), title="Strait Closed", entities=("İzmit",)),
    )
    filed = OnDiscord(road.discord, discord.SOL, discord.GENERAL)
    await eventually(lambda: len(filed.read()) == 2, "both of the file's words")
    for person in keepers(road):
        await eventually(partial(_shows, person, "Ferry Sails"), "the card")
        assert not _shows(person, "Strait Closed")


def _shows(person: Person, title: str) -> bool:
    return title in [message.title for message in person.read()]
