"""/setup where people are: forms, replies, roles, rights at the moment of the click, restarts."""

from dataclasses import replace

import pytest

from bot.model.chat import Chat
from bot.model.rule import Rule
from sandbox import discord, telegram
from tests.road.parity import STORIES
from tests.road.people import OnDiscord, OnTelegram, Person, Press, Say, Seen, keepers
from tests.running import Running, eventually_so

SETUP = Say("setup")
NOT_YOURS = "Only moderators of this chat can use /setup"


async def through(person: Person, *labels: str) -> Seen:
    """The panel, after pressing these one after another."""
    seen = await person.say(SETUP)
    for label in labels:
        seen = await person.press(seen, label)
    return seen


async def test_a_restart_in_the_middle_loses_nothing(calm_bot: Running) -> None:
    road = await calm_bot.knowing(*STORIES)
    questions, panels = [], []
    for person in keepers(road):
        panels.append(await through(person, "Loudness", "Only update cards", "‹ Back"))
        questions.append(await through(person, "Quiet hours", "Set the hours …"))
    await calm_bot.stop()
    road = await calm_bot.start()
    await road.knows(STORIES[0])
    for person, question, panel in zip(keepers(road), questions, panels, strict=True):
        quiet = await person.fill(question, "22-7 Berlin")
        assert "Quiet from 22:00 to 07:00 (Europe/Berlin)" in quiet
        refused = await person.press(panel, "Save")
        assert refused.title == "Someone changed these settings since you opened them"
        assert "I only send a message if a story is withdrawn or ends. Quiet from 22:00" in refused
        assert (await person.press(refused, "Save")).title == "Saved"
        assert (
            "I only send a message if a story is withdrawn or ends. Quiet from 22:00"
            in await person.say(Say("rules"))
        )


async def test_a_panel_in_a_group_is_for_its_moderators_at_every_press(calm_bot: Running) -> None:
    road = await calm_bot.knowing(*STORIES)
    sol = OnTelegram(road.telegram, telegram.SOL, telegram.GROUP)
    mira = OnTelegram(road.telegram, telegram.MIRA, telegram.GROUP)
    panel = await through(sol, "Stories", "Every live story", "‹ Back")
    for label in panel.labels:
        assert (await mira.press(panel, label)).title == NOT_YOURS
    question = await through(sol, "Stories", "Words …")
    assert (await mira.fill(question, "gossip")).title == NOT_YOURS
    assert (await mira.say(SETUP)).title == NOT_YOURS
    assert "Not saved yet: stories" in await sol.say(SETUP)
    assert "gossip" not in await sol.say(SETUP)


async def test_a_right_that_is_lost_counts_at_the_next_press(calm_bot: Running) -> None:
    road = await calm_bot.knowing(*STORIES)
    sol = OnDiscord(road.discord, discord.SOL, discord.NEWS)
    panel = await through(sol, "Stories", "Every live story", "‹ Back")
    question = await through(sol, "Stories", "Words …")
    people = road.discord.world.people
    people[discord.SOL] = replace(people[discord.SOL], roles=())
    assert (await sol.press(panel, "Save")).title == NOT_YOURS
    assert (await sol.fill(question, "gossip")).title == NOT_YOURS


async def test_a_role_is_chosen_where_there_are_roles(calm_bot: Running) -> None:
    road = await calm_bot.knowing(*STORIES)
    sol = OnDiscord(road.discord, discord.SOL, discord.NEWS)
    page = await through(sol, "Loudness")
    page = await sol.choose(page, "Mention a role on major updates …", discord.READERS)
    assert "major ones mention the role that the moderators chose" in page
    menus = [item for row in page.raw["components"] for item in row["components"]]
    chosen = [item["default_values"] for item in menus if "default_values" in item]
    assert chosen == [[{"id": discord.READERS, "type": "role"}]]
    await sol.press(await sol.press(page, "‹ Back"), "Save")
    exported = await sol.say(Say("rules", {"what": "export"}))
    assert f'loudness = "ping" role = "{discord.READERS}"' in exported
    there = await through(OnTelegram(road.telegram, telegram.SOL, telegram.GROUP), "Loudness")
    assert there.labels == ("Only update cards", "✓ Also reply to big changes", "‹ Back")
    assert "Mention" not in there


async def test_a_role_that_hears_nothing_of_it_is_told_of(calm_bot: Running) -> None:
    road = await calm_bot.knowing(*STORIES)
    sol = OnDiscord(road.discord, discord.SOL, discord.NEWS)
    flat = "The role won't be notified: I can't mention it here."
    page = await through(sol, "Loudness")
    page = await sol.choose(page, "Mention a role on major updates …", discord.MODERATORS)
    assert flat in page
    assert flat in await sol.press(await sol.press(page, "‹ Back"), "Save")
    told = await sol.say(Say("status"))
    assert flat in told
    assert told.title == "Something needs fixing in this chat"
    road.discord.allow(discord.NEWS, "MENTION_EVERYONE")
    await eventually_so(lambda: _heard(sol, flat), "the right is known")
    page = await sol.choose(
        await through(sol, "Loudness"), "Mention a role on major updates …", discord.GUILD
    )
    assert flat in page, "@everyone is no role that can be called"


async def _heard(sol: OnDiscord, flat: str) -> bool:
    return flat not in await sol.say(Say("status"))


async def test_what_is_asked_in_a_group_is_asked_of_one_and_understood_from_all_who_may(
    calm_bot: Running,
) -> None:
    road = await calm_bot.knowing(*STORIES)
    sol = OnTelegram(road.telegram, telegram.SOL, telegram.GROUP)
    question = await through(sol, "Stories", "Words …")
    name = road.telegram.world.people[telegram.SOL].name
    assert f"{name}: Reply to this message" in question
    await road.telegram.say(telegram.MIRA, telegram.GROUP, "What are they doing?")
    assert "“ferry”" in await sol.fill(question, "ferry")
    anonymous = await road.telegram.say(
        telegram.SOL,
        telegram.GROUP,
        "tide",
        reply_to=question.raw["message_id"],
        anonymous=True,
    )
    assert "“tide”" in await sol._answer(telegram.GROUP, anonymous["message_id"])


async def test_a_channel_is_set_up_by_those_who_post_there(calm_bot: Running) -> None:
    road = await calm_bot.knowing(*STORIES)
    channel = OnTelegram(road.telegram, telegram.SOL, telegram.CHANNEL)
    page = await through(channel, "Stories")
    await road.telegram.click(telegram.SOL, page.raw, "=setup_words")
    await road.telegram.settle()
    question = road.telegram.messages(telegram.CHANNEL)[-1]
    assert "Reply to this message" in question["text"]
    answered = await channel.fill(Seen("", "", (), question), "ferry")
    assert "Every story about “ferry”." in answered


async def test_a_topic_is_set_up_for_itself(calm_bot: Running) -> None:
    road = await calm_bot.knowing(*STORIES)
    port, tech = (
        OnTelegram(road.telegram, telegram.SOL, telegram.FORUM, topic)
        for topic in (telegram.TOPIC_PORT, telegram.TOPIC_TECH)
    )
    page = await port.fill(await through(port, "Stories", "Words …"), "ferry")
    assert "Every story about “ferry”." in page
    assert "Not saved yet: stories" in await port.say(SETUP)
    assert "Not saved yet" not in await tech.say(SETUP)


async def test_words_that_answer_no_question_of_ours_change_nothing(calm_bot: Running) -> None:
    road = await calm_bot.knowing(*STORIES)
    sol = OnTelegram(road.telegram, telegram.SOL, telegram.GROUP)
    panel = await sol.say(SETUP)
    await road.telegram.say(
        telegram.SOL, telegram.GROUP, "gossip", reply_to=panel.raw["message_id"]
    )
    group = road.telegram.world.place(telegram.GROUP)
    question = {  # someone else's, with the link that ours have
        "text": "What do you follow?",
        "entities": [
            {"type": "text_link", "offset": 0, "length": 4, "url": "tg://resolve?asks=setup_words"}
        ],
    }
    author = road.telegram.world.author(group, telegram.MIRA)
    posted = road.telegram.world.add_message(group, author, question)
    await road.telegram.say(telegram.SOL, telegram.GROUP, "gossip", reply_to=posted["message_id"])
    assert (await sol.say(Say("rules"))).title == "This chat's rules"
    assert "gossip" not in await sol.say(SETUP)


async def test_what_one_chat_exports_another_takes_across_platforms(calm_bot: Running) -> None:
    road = await calm_bot.knowing(*STORIES)
    sol = OnTelegram(road.telegram, telegram.SOL, telegram.GROUP)
    await sol.press(
        await sol.press(
            await sol.fill(await through(sol, "Stories", "Words …"), "ferry, Port of Aldmar"),
            "‹ Back",
        ),
        "Save",
    )
    exported = (await sol.say(Say("rules", {"what": "export"}))).raw
    [code] = [e for e in exported["entities"] if e["type"] == "pre"]
    text = exported["text"][code["offset"] : code["offset"] + code["length"]]
    there = OnDiscord(road.discord, discord.SOL, discord.NEWS)
    panel = await there.fill(await there.say(Say("rules", {"what": "import"})), text)
    assert "Every story about “ferry” or “Port of Aldmar”." in panel
    assert (await there.press(panel, "Save")).title == "Saved"


@pytest.mark.parametrize("press", [Press("Words …"), Press("Every live story")])
async def test_nothing_is_set_up_where_the_operator_decides(
    calm_bot: Running, press: Press
) -> None:
    road = await calm_bot.knowing(*STORIES)
    pages = [await through(person, "Stories") for person in keepers(road)]
    await calm_bot.stop()
    fixed = Rule(keywords=("weather",))
    road = await calm_bot.start(
        {
            Chat("discord", discord.NEWS): fixed,
            Chat("telegram", str(telegram.GROUP)): fixed,
        }
    )
    await road.knows(STORIES[0])
    for person, page in zip(keepers(road), pages, strict=True):
        refused = await person.press(page, press.label)
        assert refused.title == "The bot's operator sets what this chat gets"
        shown = await person.say(Say("rules"))
        assert "Every story about “weather”." in shown
        assert shown.labels == ("Export",)
