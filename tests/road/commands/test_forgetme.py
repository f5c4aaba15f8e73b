"""/forgetme, asked on both platforms as a person would."""

from dataclasses import replace
from functools import partial

import pytest
from redis.asyncio import Redis

from sandbox import discord, telegram
from stories.story import StoryId
from tests.records import naming
from tests.road.parity import (
    FERRY,
    STORIES,
    TRAMS,
    Row,
    answers_the_same,
    cases,
    first,
    following,
)
from tests.road.people import OnTelegram, Press, Say, both
from tests.running import Running, eventually, eventually_so

ROWS = (
    Row(
        "all that is kept about someone is deleted",
        (
            Say("forgetme"),
            Press("Yes, forget me"),
            following("weather"),
            Say("forgetme"),
            Press("Yes, forget me"),
        ),
        "Deleted",
        ("What our private chat followed.",),
    ),
    Row(
        "only once they have said so twice",
        (following("weather"), Say("forgetme")),
        "Delete everything about you?",
        ("will be deleted at once and for good", "Cards already sent to you stay where they are"),
        ("Yes, forget me",),
    ),
)


@pytest.mark.parametrize(("row", "where"), cases(ROWS))
async def test_both_platforms_answer_the_same(calm_bot: Running, row: Row, where: str) -> None:
    await answers_the_same(calm_bot, row, where)


_PERSONAL = ("places", "rules", "cards", "chat", "drafts")


async def test_nothing_in_the_storage_names_someone_who_is_forgotten(
    calm_bot: Running, redis: Redis, prefix: str
) -> None:
    road = await calm_bot.knowing(*STORIES)
    numbers = (f"@{discord.SOL}", f":{telegram.SOL}")

    records = {(kind, number) for kind in _PERSONAL for number in numbers}
    cards = []
    for person in both(road, "private", moderator=True):
        await person.say(following("ferry"))
        cards.append(await eventually(partial(first, person, "Night ferry returns")))
        await person.say(Say("story", {"words": "trams"}))
        await person.press(
            await person.press(await person.say(Say("setup")), "Loudness"), "Only update cards"
        )

    async def known() -> bool:
        return await naming(redis, prefix, *numbers) == records

    await eventually_so(known, "all that is kept is saved")
    for person in both(road, "private", moderator=True):
        asked = await person.say(Say("forgetme"))
        told = await person.press(asked, "Yes, forget me")
        assert "Your reading position in 1 story." in told
        assert "The record of 1 card sent there." in told
    assert await naming(redis, prefix, *numbers) == set()
    await road.publish(replace(FERRY, headline="It is back", breakdown=("It sank.",)))
    await road.publish(replace(TRAMS, id=StoryId("last"), title="The last word"))
    await road.rests()
    for person, card in zip(both(road, "private", moderator=True), cards, strict=True):
        assert first(person, "Night ferry returns") == card, "it stays as it is"
    assert await naming(redis, prefix, *numbers) == set()


async def test_where_others_read_telegram_leads_into_private_for_what_is_personal(
    calm_bot: Running,
) -> None:
    road = await calm_bot.knowing(*STORIES)
    on_discord, on_telegram = both(road, "shared")
    asked = await on_discord.say(Say("forgetme"))
    assert asked.title == "Delete everything about you?"
    answer = await on_telegram.say(Say("forgetme"))
    assert answer.title == "/forgetme works in private only"
    asked_too = await on_telegram.press(answer, "Continue in private")
    assert asked_too == asked
    mira = OnTelegram(road.telegram, telegram.MIRA)
    assert (await mira.open("forgetme_yes")).title == "Delete everything about you?", (
        "a link says no yes"
    )
    channel = OnTelegram(road.telegram, telegram.SOL, telegram.CHANNEL)
    await channel.say(following("weather"))
    assert (await channel.say(Say("forgetme"))).title == "/forgetme works in private only"
    assert "weather" in await channel.say(Say("following"))
