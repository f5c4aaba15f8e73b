"""A card is asked about where it stands: in its menu on Discord, in reply to it on Telegram."""

from dataclasses import replace
from functools import partial

from bot.model.rule import Rule
from sandbox import discord
from sandbox.discord import NotOffered
from stories.story import StoryId
from tests.road.people import Person, Say, Seen, both
from tests.road.test_daily import EVERYWHERE, FIRE
from tests.running import Running, eventually

FLOOD = replace(FIRE, id=StoryId("flood"), title="The river rises", keywords=("river",))


async def test_why_is_asked_of_the_card_that_is_meant(calm_bot: Running) -> None:
    road = await calm_bot.start({chat: Rule(all=True) for chat in EVERYWHERE})
    await road.publish(FIRE)
    for person in both(road, "shared"):
        await eventually(partial(_called, person, FIRE.title), "the first card")
    await road.publish(FLOOD)
    for person in both(road, "shared"):
        await eventually(partial(_called, person, FLOOD.title), "the latest card here")
        [older] = _called(person, FIRE.title)
        answer = await person.ask_card(older, "why", "Why is this here?")
        assert answer.title == "“Fire at the mill” is shown here"


async def test_a_card_is_pinned_and_muted_where_it_stands_by_moderators_alone(
    calm_bot: Running,
) -> None:
    road = await calm_bot.start()
    moderators = both(road, "shared", moderator=True)
    members = both(road, "shared")
    await road.publish(FIRE)
    for moderator, member in zip(moderators, members, strict=True):
        await moderator.say(Say("follow", {"what": "fire"}))
        [card] = await eventually(partial(_called, moderator, FIRE.title), "the card")
        try:
            refusal = await member.ask_card(card, "pin", "Pin this story")
        except NotOffered:
            pass  # Discord's menu does not even show it
        else:
            assert refusal.title == "Only moderators of this chat can use /pin"
        assert not moderator.pinned()
        pinned = await moderator.ask_card(card, "pin", "Pin this story")
        assert pinned.title == "Pinned “Fire at the mill”"
        assert [each.title for each in moderator.pinned()] == ["Fire at the mill"]
        muted = await moderator.ask_card(card, "mute", "Mute this story")
        assert "Fire at the mill" in muted


async def test_a_reply_is_about_the_story_of_its_card(calm_bot: Running) -> None:
    road = await calm_bot.start({EVERYWHERE[0]: Rule(all=True)})
    person, _ = both(road, "shared")
    await road.publish(FIRE)
    await eventually(partial(_called, person, FIRE.title), "the card")
    await road.publish(replace(FIRE, revision=2, retracted="It was a drill."))
    reply = (await eventually(lambda: _called(person, FIRE.title)[1:], "the reply"))[0]
    answer = await person.ask_card(reply, "why", "Why is this here?")
    assert answer.title == "“Fire at the mill” is shown here"


async def test_what_is_no_card_is_told_so(calm_bot: Running) -> None:
    road = await calm_bot.start()
    words = road.discord.say(discord.MIRA, discord.NEWS, "Good morning")
    answer = await road.discord.menu(discord.MIRA, words, "Why is this here?")
    assert answer.message is not None
    assert answer.message["embeds"][0]["title"] == "That isn't one of my cards"


def _called(person: Person, title: str) -> list[Seen]:
    return [seen for seen in person.read() if seen.title == title]
