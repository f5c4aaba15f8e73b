"""Real discord.py over real sockets: what a bot can do, and what people see of it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import discord
import pytest
from discord.http import Route

from sandbox.discord import (
    BOT,
    GENERAL,
    GUILD,
    HEADLINES,
    MIRA,
    MODERATORS,
    NEWS,
    READERS,
    SOL,
    Discord,
    NoAnswer,
    NotOffered,
)
from tests.sandbox.discord_bot import Bot, buttons, connected, moderation, until
from tests.sandbox.discord_http import post


@pytest.fixture
async def bot(here: Discord) -> AsyncIterator[Bot]:
    bot = Bot()
    async with connected(here, bot):
        yield bot


def channel(bot: Bot, id: str) -> discord.TextChannel:
    found = bot.get_channel(int(id))
    assert isinstance(found, discord.TextChannel)
    return found


# -- the server --------------------------------------------------------------------------------


async def test_a_bot_finds_the_server_its_channels_and_its_rights(here: Discord, bot: Bot) -> None:
    (guild,) = bot.guilds
    assert guild.name == "Harbour News Club"
    assert [(c.name, c.type.name) for c in guild.channels] == [
        ("news", "text"),
        ("general", "text"),
        ("headlines", "news"),
    ]
    assert channel(bot, NEWS).permissions_for(guild.me).pin_messages
    assert not channel(bot, NEWS).permissions_for(guild.me).manage_messages
    assert here.view()["connected"] is True


async def test_a_bot_is_thrown_out_of_the_server_and_taken_in_again(
    here: Discord, bot: Bot
) -> None:
    here.remove_bot()
    gone = await bot.wait_for("guild_remove", timeout=10)
    assert str(gone.id) == GUILD
    assert not bot.guilds
    with pytest.raises(discord.Forbidden) as refused:
        await bot.http.send_message(NEWS, params=discord.http.handle_message_parameters("Ferry"))
    assert refused.value.code == 50001
    with pytest.raises(discord.Forbidden):
        await bot.fetch_guild(int(GUILD))
    with pytest.raises(NotOffered, match="the bot is not in Harbour News Club"):
        await here.slash(MIRA, NEWS, "faq")
    assert here.view()["bot_is_here"] is False
    here.say(MIRA, NEWS, "unheard")
    here.add_bot()
    back = await bot.wait_for("guild_join", timeout=10)
    assert [place.name for place in back.text_channels] == ["news", "general", "headlines"]
    await channel(bot, NEWS).send("Ferry")
    assert (await here.slash(MIRA, NEWS, "faq")).message is not None


async def test_a_bot_that_connects_while_it_is_thrown_out_finds_no_server(here: Discord) -> None:
    here.remove_bot()
    bot = Bot()
    async with connected(here, bot):
        assert not bot.guilds
        here.add_bot()
        assert (await bot.wait_for("guild_join", timeout=10)).name == "Harbour News Club"


async def test_what_a_channel_takes_away_reaches_the_bot(here: Discord, bot: Bot) -> None:
    here.deny(NEWS, "PIN_MESSAGES")
    await bot.wait_for("guild_channel_update", timeout=10)
    assert not rights(bot).pin_messages
    here.allow(NEWS, "PIN_MESSAGES")
    await bot.wait_for("guild_channel_update", timeout=10)
    assert rights(bot).pin_messages


def rights(bot: Bot) -> discord.Permissions:
    return channel(bot, NEWS).permissions_for(bot.guilds[0].me)


async def test_channels_come_and_go(here: Discord, bot: Bot) -> None:
    made = here.add_channel("ferries", "announcement")
    await bot.wait_for("guild_channel_create", timeout=10)
    assert bot.get_channel(int(made))
    here.remove_channel(made)
    await bot.wait_for("guild_channel_delete", timeout=10)
    assert not bot.get_channel(int(made))
    with pytest.raises(discord.NotFound) as refused:
        await bot.fetch_channel(int(made))
    assert refused.value.code == 10003


async def test_the_server_can_be_fetched(here: Discord, bot: Bot) -> None:
    guild = await bot.fetch_guild(int(GUILD))
    assert {channel.name for channel in await guild.fetch_channels()} >= {"news", "headlines"}
    assert "Moderators" in {role.name for role in await guild.fetch_roles()}
    assert (await guild.fetch_member(int(SOL))).display_name == "Sol"
    assert (await bot.fetch_user(int(MIRA))).display_name == "Mira"
    with pytest.raises(discord.NotFound) as refused:
        await guild.fetch_member(12)
    assert refused.value.code == 10007


# -- commands ----------------------------------------------------------------------------------


async def test_a_command_is_answered_for_all_to_see(here: Discord, bot: Bot) -> None:
    answer = await here.slash(MIRA, NEWS, "story", {"about": "Night ferry returns"})
    assert answer.message is not None
    assert not answer.ephemeral
    assert answer.message["embeds"][0]["title"] == "Night ferry returns"
    shown = here.view()["messages"][NEWS][-1]
    assert shown["interaction_label"] == "mira used /story"
    assert shown["seen_by"] is None
    assert here.messages(NEWS) == [answer.message]


async def test_options_arrive_in_their_types(here: Discord, bot: Bot) -> None:
    answer = await here.slash(
        MIRA,
        NEWS,
        "typed",
        {
            "count": 3,
            "loud": True,
            "share": 0.5,
            "who": SOL,
            "where": GENERAL,
            "role": READERS,
            "tone": "calm",
        },
    )
    assert answer.message is not None
    assert answer.message["content"] == "3 True 0.5 Sol general News readers calm"


async def test_a_deferred_answer_is_awaited_and_private(here: Discord, bot: Bot) -> None:
    answer = await here.slash(MIRA, NEWS, "faq", {"question": "why"})
    assert answer.ephemeral
    assert answer.message is not None
    assert answer.message["content"] == "An answer to why"
    assert not answer.message["flags"] & 128
    assert here.messages(NEWS) == []
    assert here.messages(NEWS, seen_by=SOL) == []
    assert here.messages(NEWS, seen_by=MIRA) == [answer.message]


async def test_while_a_bot_thinks_people_see_it_thinking(here: Discord, bot: Bot) -> None:
    with pytest.raises(NoAnswer, match="still thinking"):
        await here.slash(MIRA, NEWS, "slow", timeout=0.2)
    assert here.messages(NEWS)[0]["flags"] & 128


async def test_without_a_first_sign_in_time_the_answer_comes_too_late(
    here: Discord, bot: Bot
) -> None:
    here.interactions.answer_within = 0.1
    with pytest.raises(NoAnswer, match="did not respond"):
        await here.slash(MIRA, NEWS, "slow", {"defer": False})
    with pytest.raises(discord.NotFound) as refused:
        await bot.asked[-1].response.send_message("late")
    assert refused.value.code == 10062


async def test_choices_are_offered_while_typing(here: Discord, bot: Bot) -> None:
    choices = await here.autocomplete(MIRA, NEWS, "story", "about", {"about": "ferr"})
    assert [choice["value"] for choice in choices] == ["Night ferry returns", "Ferry fares rise"]


async def test_followups_take_the_place_of_thinking_and_then_stand_alone(
    here: Discord, bot: Bot
) -> None:
    answer = await here.slash(MIRA, NEWS, "both")
    assert answer.message is not None
    await until(here, lambda: "Third" in here.messages(NEWS, MIRA)[-1]["content"])
    assert here.messages(NEWS, MIRA)[0]["content"] == "First, changed"
    assert f"Third, after {answer.message['id']}" in [m["content"] for m in here.messages(NEWS)]


async def test_an_answer_can_be_taken_back(here: Discord, bot: Bot) -> None:
    answer = await here.slash(MIRA, NEWS, "vanish")
    assert answer.message is None
    assert here.messages(NEWS) == []


async def test_a_form_is_filled_in(here: Discord, bot: Bot) -> None:
    form = await here.slash(MIRA, NEWS, "feedback")
    assert form.modal is not None
    assert form.modal["title"] == "Feedback"
    (field,) = [part["custom_id"] for row in form.modal["components"] for part in row["components"]]
    with pytest.raises(NotOffered, match="too long"):
        await here.submit(MIRA, NEWS, form, {field: "x" * 51})
    answer = await here.submit(MIRA, NEWS, form, {field: "Good ferry"})
    assert answer.message is not None
    assert answer.message["content"] == "Heard: Good ferry"


async def test_people_are_offered_what_is_for_them_where_they_are(here: Discord, bot: Bot) -> None:
    with pytest.raises(NotOffered, match="/watch is not offered to Mira in news"):
        await here.slash(MIRA, NEWS, "watch add", {"keyword": "ferry"})
    answer = await here.slash(SOL, NEWS, "watch add", {"keyword": "ferry"})
    assert answer.message is not None
    assert answer.message["content"] == "Watching ferry"
    with pytest.raises(NotOffered, match="not offered"):
        await here.slash(SOL, here.dm(SOL), "watch add", {"keyword": "ferry"})


@pytest.mark.parametrize(
    ("command", "options", "why"),
    [
        ("stories", {}, "/stories is not offered to Mira in news"),
        ("story", {}, "/story needs the option about"),
        ("story", {"about": "x", "rank": 1}, "/story has no option rank"),
        ("story", {"about": 3}, "3 does not fit the option about"),
        ("typed", {"count": 10}, "10 is out of bounds for the option count"),
        ("typed", {"count": "3"}, "'3' does not fit the option count"),
        ("typed", {"tone": "shrill"}, "'shrill' is not among the choices of the option tone"),
        ("typed", {"who": "12"}, "there is no 12 to choose"),
    ],
)
async def test_the_client_does_not_send_what_was_not_registered(
    here: Discord, bot: Bot, command: str, options: dict[str, Any], why: str
) -> None:
    full: dict[str, Any] = {
        "count": 1,
        "loud": True,
        "share": 1.0,
        "who": SOL,
        "where": NEWS,
        "role": READERS,
    }
    with pytest.raises(NotOffered) as refused:
        await here.slash(MIRA, NEWS, command, {**(full if command == "typed" else {}), **options})
    assert str(refused.value) == why


async def test_an_interaction_says_where_it_is_and_who_may_what(here: Discord, bot: Bot) -> None:
    here.deny(NEWS, "PIN_MESSAGES")
    await here.slash(SOL, NEWS, "faq", locale="de")
    asked = bot.asked[-1]
    assert asked.context.guild
    assert asked.permissions.manage_messages
    assert not asked.app_permissions.pin_messages
    assert asked.app_permissions.embed_links
    assert str(asked.locale) == "de"
    assert asked.is_guild_integration()

    await here.slash(MIRA, here.dm(MIRA), "faq")
    asked = bot.asked[-1]
    assert asked.context.dm_channel
    assert asked.guild is None
    assert asked.user.id == int(MIRA)


async def test_syncing_the_same_commands_again_changes_nothing(here: Discord, bot: Bot) -> None:
    before = here.commands.all()
    await bot.tree.sync()
    assert here.commands.all() == before
    assert {command.name for command in await bot.tree.fetch_commands()} == {
        command["name"] for command in before
    }


async def test_single_commands_come_change_and_go(here: Discord, bot: Bot) -> None:
    (first, *_) = await bot.tree.fetch_commands()
    changed = await first.edit(description="Now said otherwise")
    assert changed.description == "Now said otherwise"
    assert (await bot.tree.fetch_command(first.id)).description == "Now said otherwise"
    await first.delete()
    assert first.name not in {command["name"] for command in here.commands.all()}


# -- buttons and menus -------------------------------------------------------------------------


async def test_a_button_changes_the_message_it_stands_on(here: Discord, bot: Bot) -> None:
    answer = await here.slash(MIRA, NEWS, "story", {"about": "x"})
    assert answer.message is not None
    changed = await here.click(SOL, answer.message, "more:1")
    assert changed.message is not None
    assert changed.message["id"] == answer.message["id"]
    assert changed.message["content"] == "Page 1"
    with pytest.raises(NotOffered, match="no more:1 to press"):
        await here.click(SOL, answer.message, "more:1")
    assert (await here.click(SOL, answer.message, "more:2")).message is not None


async def test_a_menu_answers_what_was_chosen(here: Discord, bot: Bot) -> None:
    answer = await here.slash(MIRA, NEWS, "story", {"about": "x"})
    assert answer.message is not None
    picked = await here.click(
        MIRA, answer.message, "pick", ["Tram strike ends", "Ferry fares rise"]
    )
    (followup,) = picked.followups
    assert followup["content"] == "Picked Tram strike ends and Ferry fares rise"
    assert followup["flags"] & 64
    for values in ([], ["Unheard of"], ["Tram strike ends"] * 3):
        with pytest.raises(NotOffered):
            await here.click(MIRA, answer.message, "pick", values)


async def test_a_menu_of_people_knows_the_people(here: Discord, bot: Bot) -> None:
    await channel(bot, NEWS).send("Moderation", view=moderation())
    (message,) = here.messages(NEWS)
    answer = await here.click(MIRA, message, "whom", [SOL])
    assert answer.message is not None
    assert answer.message["content"] == "Hello Sol"
    assert answer.message["referenced_message"]["id"] == message["id"]
    with pytest.raises(NotOffered, match="there is no 12 to choose"):
        await here.click(MIRA, message, "whom", ["12"])


async def test_a_button_may_open_a_form_that_changes_its_message(here: Discord, bot: Bot) -> None:
    await channel(bot, NEWS).send("The fery is back", view=moderation())
    (message,) = here.messages(NEWS)
    form = await here.click(SOL, message, "correct")
    assert form.message is None
    with pytest.raises(NotOffered, match="the form needs words"):
        await here.submit(SOL, NEWS, form, {})
    answer = await here.submit(SOL, NEWS, form, {"words": "The ferry is back"})
    assert answer.message is not None
    assert here.messages(NEWS)[0]["content"] == "The ferry is back"
    with pytest.raises(NotOffered, match="disabled"):
        await here.click(SOL, answer.message, "more:9")


async def test_a_private_answer_is_not_there_for_others(here: Discord, bot: Bot) -> None:
    answer = await here.slash(MIRA, NEWS, "faq")
    assert answer.message is not None
    with pytest.raises(NotOffered, match="not there"):
        await here.click(SOL, answer.message, "more:1")
    with pytest.raises(discord.NotFound) as refused:
        await channel(bot, NEWS).fetch_message(int(answer.message["id"]))
    assert refused.value.code == 10008


# -- messages ----------------------------------------------------------------------------------


async def test_a_message_is_posted_fetched_edited_and_deleted(here: Discord, bot: Bot) -> None:
    news = channel(bot, NEWS)
    posted = await news.send(
        "Ferry", embed=discord.Embed(title="Back"), view=buttons(), silent=True
    )
    (seen,) = here.messages(NEWS)
    assert seen["flags"] == 4096
    assert [part["type"] for row in seen["components"] for part in row["components"]] == [2, 2, 3]
    await news.get_partial_message(posted.id).edit(content="Ferry again", embed=None)
    fetched = await news.fetch_message(posted.id)
    assert (fetched.content, fetched.embeds) == ("Ferry again", [])
    assert fetched.edited_at is not None
    assert fetched.flags.suppress_notifications
    await posted.delete()
    assert here.messages(NEWS) == []


async def test_history_reads_from_where_it_is_asked_to(here: Discord, bot: Bot) -> None:
    news = channel(bot, NEWS)
    posts = [await news.send(str(n)) for n in range(5)]
    after = [m.content async for m in news.history(limit=2, after=posts[1])]
    before = [m.content async for m in news.history(limit=2, before=posts[3])]
    assert (after, before) == (["2", "3"], ["2", "1"])
    assert [m.content async for m in news.history(limit=1)] == ["4"]


async def test_a_reply_names_what_it_replies_to(here: Discord, bot: Bot) -> None:
    said = here.say(MIRA, NEWS, "What happened?")
    news = channel(bot, NEWS)
    reply = await news.get_partial_message(int(said["id"])).reply("The ferry is back")
    assert reply.reference is not None
    assert reply.reference.message_id == int(said["id"])
    shown = here.messages(NEWS)[-1]
    assert shown["referenced_message"]["content"] == "What happened?"
    assert [user["username"] for user in shown["mentions"]] == ["mira"]
    here.delete_message(NEWS, said["id"])
    assert here.messages(NEWS)[-1]["referenced_message"] is None
    with pytest.raises(discord.HTTPException) as refused:
        await news.get_partial_message(int(said["id"])).reply("Too late")
    assert "Unknown message" in refused.value.text


@pytest.mark.parametrize(
    ("allowed", "users", "roles"),
    [
        (None, ["mira"], [READERS]),
        (discord.AllowedMentions.none(), [], []),
        (discord.AllowedMentions(users=False, roles=True, everyone=False), [], [READERS]),
        (
            discord.AllowedMentions(users=[discord.Object(int(MIRA))], roles=False, everyone=False),
            ["mira"],
            [],
        ),
    ],
)
async def test_only_allowed_mentions_ping(
    here: Discord,
    bot: Bot,
    allowed: discord.AllowedMentions | None,
    users: list[str],
    roles: list[str],
) -> None:
    text = f"<@{MIRA}> <@&{READERS}> @everyone"
    await channel(bot, NEWS).send(text, allowed_mentions=allowed)  # type: ignore[arg-type]
    (seen,) = here.messages(NEWS)
    assert [user["username"] for user in seen["mentions"]] == users
    assert seen["mention_roles"] == roles
    assert seen["mention_everyone"] is False, "the bot may not mention everyone"


async def test_a_role_is_pinged_only_where_the_bot_may(here: Discord, bot: Bot) -> None:
    allowed = discord.AllowedMentions(roles=[discord.Object(int(MODERATORS))])
    await channel(bot, NEWS).send(f"<@&{MODERATORS}>", allowed_mentions=allowed)
    here.allow(NEWS, "MENTION_EVERYONE")
    await channel(bot, NEWS).send(f"<@&{MODERATORS}>", allowed_mentions=allowed, silent=True)
    named, pinged = here.messages(NEWS)
    assert (named["mention_roles"], named["flags"]) == ([], 0)
    assert (pinged["mention_roles"], pinged["flags"]) == ([MODERATORS], 1 << 12)


async def test_the_same_nonce_gives_the_same_message_in_whichever_channel(
    here: Discord, bot: Bot
) -> None:
    first = await channel(bot, NEWS).send("once", nonce="story-1")
    again = await channel(bot, GENERAL).send("once", nonce="story-1")
    assert again.id == first.id
    assert here.messages(GENERAL) == []
    assert len(here.messages(NEWS)) == 1
    await first.delete()
    with pytest.raises(discord.NotFound) as refused:
        await channel(bot, NEWS).send("once", nonce="story-1")
    assert refused.value.code == 10008
    here.rest.nonce_window = 0.0
    assert (await channel(bot, NEWS).send("once", nonce="story-1")).id != first.id


async def test_pins_are_listed_newest_first_and_said_in_the_channel(
    here: Discord, bot: Bot
) -> None:
    news = channel(bot, NEWS)
    first, second = await news.send("first"), await news.send("second")
    await first.pin()
    await second.pin()
    assert [m.content async for m in news.pins()] == ["second", "first"]
    assert [pin["content"] for pin in here.pins(NEWS)] == ["second", "first"]
    assert [m["type"] for m in here.messages(NEWS)] == [0, 0, 6, 6]
    assert here.view()["pins"][NEWS] == [str(first.id), str(second.id)]
    notice = here.messages(NEWS)[2]
    assert notice["author"]["id"] == BOT
    await news.get_partial_message(int(notice["id"])).delete()
    assert [m["type"] for m in here.messages(NEWS)] == [0, 0, 6]
    assert len(here.pins(NEWS)) == 2, "the pin outlives the line that tells of it"
    await first.unpin()
    assert [m.content async for m in news.pins()] == ["second"]
    old_way = await bot.http.request(Route("GET", "/channels/{c}/pins", c=NEWS))
    assert [m["content"] for m in old_way] == ["second"]


async def test_the_line_about_someone_elses_pin_needs_the_right_to_be_deleted(
    here: Discord, bot: Bot
) -> None:
    posted = await channel(bot, NEWS).send("Ferry back")
    place = here.world.channel(NEWS)
    here.world.pin(here.world.post_in(place, str(posted.id)), SOL)
    line = channel(bot, NEWS).get_partial_message(int(here.messages(NEWS)[-1]["id"]))
    with pytest.raises(discord.Forbidden):
        await line.delete()
    here.allow(NEWS, "MANAGE_MESSAGES")
    await line.delete()
    assert [m["type"] for m in here.messages(NEWS)] == [0]


async def test_an_announcement_is_published_once(here: Discord, bot: Bot) -> None:
    posted = await channel(bot, HEADLINES).send("Ferry back")
    await posted.publish()
    assert here.messages(HEADLINES)[0]["flags"] & 1
    with pytest.raises(discord.HTTPException) as refused:
        await posted.publish()
    assert refused.value.code == 40033


async def test_a_thread_starts_from_a_message(here: Discord, bot: Bot) -> None:
    posted = await channel(bot, NEWS).send("Ferry back")
    thread = await posted.create_thread(name="Ferry")
    assert thread.id == posted.id
    said = await thread.send("More")
    with pytest.raises(discord.HTTPException) as refused:
        await posted.create_thread(name="Again")
    assert refused.value.code == 160004
    here.archive(str(thread.id))
    with pytest.raises(discord.HTTPException) as refused:
        await thread.get_partial_message(said.id).edit(content="Even more")
    assert refused.value.code == 50083
    await thread.send("Awake again")
    await thread.get_partial_message(said.id).edit(content="Even more")
    assert [m["content"] for m in here.messages(str(thread.id))] == ["Even more", "Awake again"]


async def test_a_forum_post_is_a_thread_with_a_first_message(here: Discord, bot: Bot) -> None:
    forum_id = here.add_channel("stories", "forum")
    await bot.wait_for("guild_channel_create", timeout=10)
    forum = bot.get_channel(int(forum_id))
    assert isinstance(forum, discord.ForumChannel)
    made = await forum.create_thread(name="Ferry", content="It is back")
    assert made.thread.id == made.message.id
    assert [m["content"] for m in here.messages(str(made.thread.id))] == ["It is back"]


async def test_a_direct_message_reaches_the_person_who_takes_it(here: Discord, bot: Bot) -> None:
    mira = await bot.fetch_user(int(MIRA))
    await mira.send("Only you")
    assert [m["content"] for m in here.messages(here.dm(MIRA))] == ["Only you"]
    here.refuse_dms(MIRA)
    with pytest.raises(discord.Forbidden) as refused:
        await mira.send("Again")
    assert refused.value.code == 50007


# -- looking on --------------------------------------------------------------------------------


async def test_every_change_rings(here: Discord, bot: Bot) -> None:
    changes = here.watch()
    posted = await channel(bot, NEWS).send("Ferry")
    async with asyncio.timeout(5):
        await anext(changes)
        assert here.view()["messages"][NEWS][0]["content"] == "Ferry"
        await posted.edit(content="Ferry again")
        await anext(changes)
        assert here.view()["messages"][NEWS][0]["content"] == "Ferry again"


async def test_what_was_said_outlives_a_restart_on_the_same_address() -> None:
    here = Discord()
    async with here:
        address = here.api_url
        here.say(MIRA, NEWS, "Good morning")
    async with here:
        assert here.api_url == address
        assert [m["content"] for m in here.messages(NEWS)] == ["Good morning"]
        await post(here, NEWS)


async def test_the_view_names_people_and_the_bot(here: Discord) -> None:
    view = here.view()
    assert view["people"] == [
        {"id": MIRA, "name": "Mira", "moderator": False, "roles": [READERS]},
        {"id": SOL, "name": "Sol", "moderator": True, "roles": [MODERATORS]},
    ]
    assert view["bot"]["id"] == BOT
    assert view["connected"] is False
    dm = here.dm(MIRA)
    (private,) = [one for one in here.view()["channels"] if one["kind"] == "dm"]
    assert (private["id"], private["name"], private["person"]) == (dm, "mira", MIRA)


async def test_a_command_without_a_bot_is_not_answered(here: Discord) -> None:
    here.commands.overwrite(None, [{"name": "faq", "description": "Ask"}])
    with pytest.raises(NoAnswer, match="not connected"):
        await here.slash(MIRA, NEWS, "faq")
