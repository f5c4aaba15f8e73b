"""While the stories are still being read, people hear that, and never that there are none."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from sandbox import discord, telegram
from stories.archive import Archive
from stories.changes import Page
from tests.road.parity import FERRY, STORIES
from tests.road.people import OnTelegram, Say, both
from tests.road.test_ask_limiter import FAST
from tests.running import Road, Running, eventually

STARTING = "I'm just starting up. Try again in a moment."


@pytest.fixture
async def starting(
    calm_bot: Running, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Road, asyncio.Event]]:
    """The bot, which is kept from reading its stories until the event is set."""
    go, newest = asyncio.Event(), Archive.newest

    async def later(self: Archive, below: int | None = None) -> Page:
        await go.wait()
        return await newest(self, below)

    monkeypatch.setattr(Archive, "newest", later)
    for story in STORIES:
        await archive.accept(story)
    yield await calm_bot.start(), go
    go.set()


async def test_commands_buttons_suggestions_quotes_and_words_wait_for_the_stories(
    starting: tuple[Road, asyncio.Event],
) -> None:
    road, go = starting
    said = (Say("stories"), Say("story", {"words": "ferry"}), Say("search", {"words": "ferry"}))
    people = both(road, "private")
    for person in people:
        for each in said:
            assert (await person.say(each)).title == STARTING
        helped = await person.say(Say("help"))
        assert helped.title != STARTING
        assert (await person.press(helped, "Live stories")).title == STARTING
    mira = OnTelegram(road.telegram, telegram.MIRA)
    assert (await mira.type("When does the ferry sail?")).title == STARTING
    offered = await road.telegram.inline(telegram.MIRA, "ferry")
    assert offered.results == []
    assert offered.button == {"text": STARTING, "start_parameter": "search"}
    assert await _suggested(road, "ferr") == [STARTING]

    go.set()
    await road.knows(FERRY)
    for person in people:
        assert (await person.say(said[1])).title == FERRY.title
    assert (await road.telegram.inline(telegram.MIRA, "ferry")).results
    assert await _suggested(road, "ferr") == [FERRY.title]


async def _suggested(road: Road, typed: str) -> list[str]:
    choices = await road.discord.autocomplete(
        discord.MIRA, discord.NEWS, "story", "words", {"words": typed}
    )
    return [choice["name"] for choice in choices]


async def test_suggestions_and_quotes_count_and_are_empty_past_the_limit(calm_bot: Running) -> None:
    for story in STORIES:
        await calm_bot._parts[2].accept(story)
    road = await calm_bot.start(asks_a_person=1, asks_within_s=60)

    async def knows() -> bool:
        return bool((await road.telegram.inline(telegram.SOL, "ferry")).results)

    while not await knows():  # noqa: ASYNC110  # seen from outside
        await asyncio.sleep(0.05)
    quotes = [await road.telegram.inline(telegram.MIRA, "ferry") for _ in range(17)]
    assert [bool(each.results) for each in quotes] == [True] * 16 + [False]
    assert quotes[-1].button is None
    suggested = [await _suggested(road, "ferr") for _ in range(17)]
    assert [bool(each) for each in suggested] == [True] * 16 + [False]
    for person in both(road, "private"):  # and who asks then is told so
        assert (await person.say(Say("help"))).title.startswith(FAST)


async def test_who_asks_fast_in_a_group_is_answered_at_its_pace_without_a_429(bot: Running) -> None:
    road = await bot.start()
    world = road.telegram
    for _ in range(4):
        await world.say(telegram.MIRA, telegram.GROUP, "/help")
    group = OnTelegram(world, telegram.MIRA, telegram.GROUP)
    await eventually(lambda: len(group.read()) == 4, "all are answered")
    refused = [call for call in world.calls if "Too Many" in str(call.answer)]
    assert refused == []
