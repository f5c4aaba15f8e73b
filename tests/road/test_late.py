"""A platform asks for a long pause: people hear which cards are late and until when."""

from dataclasses import replace
from datetime import UTC, datetime

import aiohttp
import pytest

from bot.model.chat import Chat
from bot.model.rule import Loudness, Rule
from sandbox import discord, telegram
from sandbox.calls import Call
from stories.story import StoryId
from tests.road.people import OnDiscord, OnTelegram, Person, Say, Seen
from tests.running import Road, Running, eventually, eventually_so, free_port
from tests.stories_made import FERRY as OLD_FERRY

FERRY = replace(OLD_FERRY, revision=None, updated_at=datetime.now(UTC).replace(microsecond=0))
TRAMS = replace(FERRY, id=StoryId("trams"), title="Trams Stand Still")
ALL = Rule(all=True, loudness=Loudness.EDIT)
ON_DISCORD, ON_TELEGRAM = Chat("discord", discord.NEWS), Chat("telegram", str(telegram.MIRA))
WHY_FERRY, WHY_TRAMS = (Say("why", {"story": story.id}) for story in (FERRY, TRAMS))
SLOW = {"message": "Slow down", "retry_after": 1800.0, "global": False}


def refused(road: Road) -> list[Call]:
    calls = (*road.discord.calls, *road.telegram.calls)
    return [call for call in calls if call.status == 429]


async def figure(road: Road, name: str, platform: str) -> float:
    url = f"http://127.0.0.1:{road.settings.http_port}/metrics"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        lines = (await answer.text()).splitlines()
    [line] = [line for line in lines if line.startswith(f'{name}{{platform="{platform}"}}')]
    return float(line.rpartition(" ")[2])


async def is_late(road: Road, person: Person, platform: str) -> Seen:
    """Wait until /status and the gauge say that a card is late."""
    seen: list[Seen] = []

    async def so() -> bool:
        seen.append(await person.say(Say("status")))
        oldest = await figure(road, "storywire_oldest_due_seconds", platform)
        return seen[-1].title == "Cards are late in this chat" and oldest > 0

    await eventually_so(so, f"a card on {platform} is late")
    return seen[-1]


async def says(person: Person, said: Say, words: str) -> None:
    async def so() -> bool:
        return words in await person.say(said)

    await eventually_so(so, f"{said} says {words}")


@pytest.mark.parametrize("platform", ["discord", "telegram"])
async def test_a_card_that_waits_for_a_long_pause_is_named_with_when_it_is_tried_again(
    calm_bot: Running, platform: str
) -> None:
    person: Person
    if platform == "discord":
        road = await calm_bot.start({ON_DISCORD: ALL}, http_port=free_port())
        person = OnDiscord(road.discord, discord.SOL, discord.NEWS)
        road.discord.fail_next("POST", f"/channels/{discord.NEWS}/messages$", 429, SLOW)
    else:
        road = await calm_bot.start({ON_TELEGRAM: ALL}, http_port=free_port())
        road.telegram.world.place(telegram.MIRA).started = True
        person = OnTelegram(road.telegram, telegram.MIRA, telegram.MIRA)
        road.telegram.fail_next("sendMessage", 429, parameters={"retry_after": 1800})
    await road.publish(FERRY)
    await eventually(lambda: refused(road), "the pause is asked for")
    told = await is_late(road, person, platform)
    assert f"“{FERRY.title}”: I'll try again in " in told
    assert "I'll try again in " in await person.say(WHY_FERRY)
    await road.publish(TRAMS)
    await says(person, WHY_TRAMS, "It's in the queue, and I'll try in ")
    told = await person.say(Say("status"))
    assert f"“{TRAMS.title}”: I'll try again in " in told
    road.discord.calls.clear()  # this refusal was meant


async def test_a_card_whose_edit_waits_for_a_long_pause_is_late_and_the_others_are_not(
    calm_bot: Running,
) -> None:
    road = await calm_bot.start({ON_DISCORD: ALL}, http_port=free_port())
    person = OnDiscord(road.discord, discord.SOL, discord.NEWS)
    await road.publish(FERRY)
    await road.rests()
    assert (await person.say(Say("status"))).title == "Everything's fine in this chat"
    road.discord.fail_next("PATCH", "/messages/", 429, SLOW)
    for headline in ("It is out", "It is still out"):  # also when a newer one is due meanwhile
        await road.publish(replace(FERRY, headline=headline))
        told = await is_late(road, person, "discord")
        assert f"“{FERRY.title}”: I'll try again in " in told
    assert "Updating it failed" in (why := await person.say(WHY_FERRY))
    assert "I'll try again in " in why
    await road.publish(TRAMS)
    await says(person, WHY_TRAMS, "Its card shows version 1 (the latest)")
    road.discord.calls.clear()  # this refusal was meant
