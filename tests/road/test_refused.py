"""A platform refuses a card: for its links, or for what nobody has told us of."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from bot import app
from bot.delivery import unreachable
from bot.delivery.policy import Policy
from bot.model.chat import Chat
from bot.model.rule import Loudness, Rule
from bot.platforms.known import read_chat
from sandbox import discord, telegram
from stories.story import Status, Story, StoryId
from tests.road.people import OnDiscord, OnTelegram, Person, Say, Seen
from tests.running import Road, Running, eventually
from tests.stories_made import FERRY as OLD_FERRY

FERRY = replace(OLD_FERRY, revision=None, updated_at=datetime.now(UTC).replace(microsecond=0))
ENDED = replace(FERRY, stats=replace(FERRY.stats, status=Status.ENDED))
TRAMS = replace(FERRY, id=StoryId("trams"), title="Trams Stand Still", url=None, image_url=None)
BRIDGE = replace(FERRY, id=StoryId("bridge"), title="Bridge Opens", url=None)
NEWS, GENERAL = Chat("discord", discord.NEWS), Chat("discord", discord.GENERAL)
GROUP, CHANNEL = Chat("telegram", str(telegram.GROUP)), Chat("telegram", str(telegram.CHANNEL))
ALL, LOUD = Rule(all=True, loudness=Loudness.EDIT), Rule(all=True)


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    hurried = partial(Policy, park_first=timedelta(seconds=0.8), park_longest=timedelta(seconds=1))
    monkeypatch.setattr(app, "Policy", hurried)
    monkeypatch.setattr(unreachable, "GATHER_S", 0.05)


def card_of(person: Person, story: Story) -> Seen | None:
    return next((seen for seen in person.read() if seen.title == story.title), None)


async def has(person: Person, story: Story) -> Seen:
    found: Seen = await eventually(partial(card_of, person, story), f"the card of {story.title}")
    return found


def leads_anywhere(message: Any) -> bool:
    return "https://" in str(message["embeds"]) or "thumbnail" in message["embeds"][0]


# -- for its links ---------------------------------------------------------------------------------


async def test_a_card_whose_link_is_refused_is_shown_without_links_and_says_why(
    calm_bot: Running,
) -> None:
    road = await calm_bot.start({NEWS: LOUD})
    sol = OnDiscord(road.discord, discord.SOL, discord.NEWS)
    road.discord.filter_links("news.example")
    await road.publish(FERRY, TRAMS, BRIDGE)  # with both, with neither, and with a picture alone
    for story in (FERRY, TRAMS, BRIDGE):
        assert not leads_anywhere((await has(sol, story)).raw)
    await road.rests()
    why = "It's shown without its links. Discord's filter blocked a link in it."
    for story in (FERRY, BRIDGE):
        assert why in await sol.say(Say("why", {"story": story.id}))
    assert "filter" not in await sol.say(Say("why", {"story": TRAMS.id}))
    told = await sol.say(Say("status"))
    assert told.title == "Something needs fixing in this chat"
    assert ("“Bridge Opens”: shows version 1, without its links. Discord's filter") in told
    await road.publish(replace(FERRY, headline="It is late"))
    await eventually(lambda: "It is late" in (card_of(sol, FERRY) or ""), "the edit came, too")
    road.discord.filter_links()
    await road.publish(ENDED)
    await eventually(lambda: leads_anywhere(sol.read()[0].raw), "links are back with the next")
    await road.rests()
    assert "without its links" not in await sol.say(Say("why", {"story": FERRY.id}))


@pytest.mark.parametrize(("code", "said"), [(240000, "a link in it"), (20009, "explicit content")])
async def test_what_is_refused_even_without_links_says_so(
    calm_bot: Running, code: int, said: str
) -> None:
    road = await calm_bot.start({NEWS: ALL})
    sol = OnDiscord(road.discord, discord.SOL, discord.NEWS)
    refusal = {"message": "Message blocked by a filter", "code": code}
    road.discord.fail_next("POST", f"/channels/{discord.NEWS}/messages$", 400, refusal, times=2)
    await road.publish(FERRY)
    await eventually(lambda: len(tried(road)) == 2, "with its links, and without")
    await road.rests()
    assert said in await sol.say(Say("why", {"story": FERRY.id}))
    assert (await sol.say(Say("status"))).title == "Something needs fixing in this chat"
    await road.publish(replace(FERRY, headline="It is late"))
    await has(sol, FERRY)


def tried(road: Road) -> list[Any]:
    path = f"/channels/{discord.NEWS}/messages"
    return [call for call in road.discord.calls if (call.method, call.path) == ("POST", path)]


async def test_the_topic_that_every_forum_begins_with_is_the_group_itself(
    calm_bot: Running,
) -> None:
    written = read_chat(f"telegram:{telegram.FORUM}/1")
    road = await calm_bot.start({written: ALL})
    sol = OnTelegram(road.telegram, telegram.SOL, telegram.FORUM)
    await road.publish(FERRY)
    assert "message_thread_id" not in (await has(sol, FERRY)).raw
    assert "every live story" in (await sol.say(Say("following"))).body.lower()


# -- about the chat, taken for one about the card --------------------------------------------------


async def test_a_chat_that_may_not_be_written_to_waits_and_is_told_of(
    calm_bot: Running,
) -> None:
    road = await calm_bot.start()
    await road.telegram.open(telegram.SOL)
    sol = OnTelegram(road.telegram, telegram.SOL, telegram.GROUP)
    await sol.say(Say("follow", typed="all"))
    private = OnTelegram(road.telegram, telegram.SOL)

    def notices() -> int:
        titles = [seen.title for seen in private.read()]
        return sum(title.startswith("I can no longer post in") for title in titles)

    for number, (refusal, story) in enumerate(
        (
            ("have no write access to the chat", FERRY),
            ("CHAT_SEND_PLAIN_FORBIDDEN", TRAMS),
            ("have no rights to send a message", BRIDGE),
        )
    ):
        road.telegram.fail_next("sendMessage", 400, f"Bad Request: {refusal}")
        await road.publish(story)
        await eventually(lambda: notices() > number, "who set it up is told what to fix")  # noqa: B023
        await has(sol, story)


async def test_an_unknown_refusal_is_about_the_chat_when_another_takes_the_card(
    calm_bot: Running,
) -> None:
    road = await calm_bot.start({NEWS: ALL, GENERAL: ALL, GROUP: ALL, CHANNEL: ALL})
    here = (
        OnDiscord(road.discord, discord.SOL, discord.NEWS),
        OnTelegram(road.telegram, telegram.SOL, telegram.GROUP),
        OnTelegram(road.telegram, telegram.SOL, telegram.CHANNEL),
    )
    unknown = {"message": "Something of tomorrow", "code": 77777}
    road.discord.fail_next("POST", f"/channels/{discord.NEWS}/messages$", 400, unknown, times=3)
    road.telegram.fail_next("sendMessage", 400, "Bad Request: OF_TOMORROW")  # whichever is first
    await road.publish(FERRY)
    for person in here:
        await has(person, FERRY)
    await road.rests()
    for person in here:
        assert len([seen for seen in person.read() if seen.title == FERRY.title]) == 1


async def test_a_card_that_nobody_takes_is_not_asked_for_again_and_again(
    calm_bot: Running,
) -> None:
    road = await calm_bot.start({NEWS: ALL, GENERAL: ALL})
    for channel in (discord.NEWS, discord.GENERAL):
        road.discord.fail_next("POST", f"/channels/{channel}/messages$", 400, times=9)
    await road.publish(FERRY)
    await eventually(lambda: len(tried(road)) == 1, "it is tried")
    await road.rests()
    assert len(tried(road)) == 1
