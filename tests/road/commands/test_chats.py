"""Private chats, groups, channels and topics: where cards and answers go."""

from functools import partial

from sandbox import telegram
from tests.road.parity import STORIES, first, following
from tests.road.people import OnTelegram, Say, both
from tests.running import Running, eventually


async def test_a_story_followed_in_private_brings_its_card_there(calm_bot: Running) -> None:
    road = await calm_bot.knowing(*STORIES)
    for person in both(road, "private"):
        await person.say(following("ferry"))
        card = await eventually(partial(first, person, "Night ferry returns"))
        assert "Two hundred came along." in card
        answer = await person.press(card, "Questions (2)")
        assert answer.title == "Questions about “Night ferry returns”"
        assert first(person, "Night ferry returns") == card, "the card stays"


async def test_a_card_in_a_group_leads_into_the_private_chat(calm_bot: Running) -> None:
    road = await calm_bot.knowing(*STORIES)
    for keeper, reader in zip(
        both(road, "shared", moderator=True),
        both(road, "shared"),
        strict=True,
    ):
        await keeper.say(following("ferry"))
        card = await eventually(partial(first, keeper, "Night ferry returns"))
        answer = await reader.press(card, "Questions (2)")
        assert answer.title == "Questions about “Night ferry returns”"
        answer = await reader.press(answer, "Why did the ferry stop?")
        assert "A crack in the bow door." in answer
        answer = await reader.press(card, "Sources (10)")
        assert "Report 1 — strand.example" in answer
        assert not any(seen.title == answer.title for seen in reader.read()), "others saw it"


async def test_a_topic_is_a_chat_of_its_own(calm_bot: Running) -> None:
    road = await calm_bot.knowing(*STORIES)
    port, tech = (
        OnTelegram(road.telegram, telegram.SOL, telegram.FORUM, topic)
        for topic in (telegram.TOPIC_PORT, telegram.TOPIC_TECH)
    )
    await port.say(following("ferry"))
    await eventually(lambda: first(port, "Night ferry returns"))
    answer = await port.say(Say("following"))
    assert (
        f"This chat's ID is telegram:{telegram.FORUM}/{telegram.TOPIC_PORT}" in answer.raw["text"]
    )
    assert (await tech.say(Say("following"))).title == "This chat follows nothing yet"
    assert first(tech, "Night ferry returns") is None
    await port.say(Say("pin", {"story": "ferry"}))
    assert [card.title for card in port.pinned()] == ["Night ferry returns"]


async def test_a_channel_takes_commands_from_those_who_post_there(calm_bot: Running) -> None:
    road = await calm_bot.knowing(*STORIES)
    channel = OnTelegram(road.telegram, telegram.SOL, telegram.CHANNEL)
    assert (await channel.say(following("ferry"))).title == "Following “Night ferry returns”"
    await eventually(lambda: first(channel, "Night ferry returns"))
    assert (await channel.say(Say("pin", {"story": "ferry"}))).title == (
        "Pinned “Night ferry returns”"
    )
    assert [card.title for card in channel.pinned()] == ["Night ferry returns"]
