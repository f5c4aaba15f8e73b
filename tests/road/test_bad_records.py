"""One bad record of each kind, there before the bot starts: it starts, serves the others, and
leaves each record as it is. And a key layout of a newer version: nothing is written."""

import json
from dataclasses import replace
from functools import partial

import aiohttp
import pytest
from redis.asyncio import Redis

from bot.model.chat import Chat
from bot.model.rule import Loudness, Rule
from bot.storage.rules import RedisRules
from runtime import layout
from runtime.layout import LAYOUT
from sandbox import discord, telegram
from sandbox.discord import Discord
from sandbox.telegram import Telegram
from stories.archive import Archive
from stories.story import Story, StoryId
from tests.road.parity import FERRY, TRAMS
from tests.road.people import Say, both, keepers
from tests.road.test_restart import card_of
from tests.running import Running, eventually, free_port
from tests.storage.test_records import KINDS, NOW, plant, still_there

World = tuple[Discord, Telegram]
NEWS, GROUP = Chat("discord", discord.NEWS), Chat("telegram", str(telegram.GROUP))
EVERYTHING = Rule(all=True, loudness=Loudness.EDIT)
LOST = Story(StoryId("lost"), "A story that is lost", ("Nobody can read it.",))
HARBOUR = replace(FERRY, id=StoryId("harbour"), title="The harbour is dredged")
NEWER_ROW = json.dumps({"v": 2, "state": "dimmed", "at": NOW.isoformat()})
NEWER_RULE = b'{"v":1,"all":true,"loudness":"whisper"}'
NOT_HERE = {"lease"}
"""A lease that nobody can read keeps the platform from being served, and says so."""


async def test_the_bot_starts_beside_one_bad_record_of_each_kind_and_serves_the_others(
    calm_bot: Running, archive: Archive, redis: Redis, prefix: str
) -> None:
    for story in (LOST, HARBOUR, FERRY, TRAMS):
        await archive.accept(story)
    rules = RedisRules(redis, prefix)
    for chat in (NEWS, GROUP):
        await rules.save(chat, EVERYTHING)
    await redis.hset(f"{prefix}:{{archive}}:story:{LOST.id}", "document", b"\xff")
    await redis.hset(f"{prefix}:rules", f"discord:{discord.GENERAL}", NEWER_RULE)
    planted = [
        (f"{prefix}:{kind.key}", kind, kind.newer)
        for name, kind in KINDS.items()
        if name not in NOT_HERE and "{archive}" not in kind.key and kind.key != "cards:ferry"
    ]
    for key, kind, raw in planted:
        await plant(redis, key, kind, raw)
    await redis.hset(f"{prefix}:cards:{HARBOUR.id}", mapping={str(NEWS): NEWER_ROW})
    road = await calm_bot.start()
    for person in both(road, "shared"):
        await eventually(partial(_titled, person, TRAMS.title))
        await eventually(partial(_titled, person, FERRY.title))
    await road.publish(replace(HARBOUR, headline="Deeper than before"))
    on_discord, on_telegram = both(road, "shared")
    await eventually(partial(_titled, on_telegram, HARBOUR.title))
    assert not _titled(on_discord, HARBOUR.title), "its card may stand"
    sol, _ = keepers(road)
    why = await sol.say(Say("why", {"story": "harbour"}))
    assert why.title == ("I don't know whether “The harbour is dredged” is shown here")
    for person in both(road, "private"):
        assert (await person.say(Say("story", {"words": "trams"}))).title == TRAMS.title
    for key, kind, raw in planted:
        assert await still_there(redis, key, kind, raw), key
    assert await redis.hget(f"{prefix}:cards:{HARBOUR.id}", str(NEWS)) == NEWER_ROW.encode()
    held = await redis.hget(f"{prefix}:rules", f"discord:{discord.GENERAL}")
    assert held == NEWER_RULE


@pytest.mark.parametrize("command", ["follow", "unfollow", "following", "mute", "status"])
async def test_a_rule_of_a_newer_version_is_neither_changed_nor_guessed_at(
    calm_bot: Running, redis: Redis, prefix: str, command: str
) -> None:
    for chat in (NEWS, GROUP):
        await redis.hset(f"{prefix}:rules", str(chat), NEWER_RULE)
    road = await calm_bot.knowing(TRAMS)
    words = {"follow": {"what": "trams"}, "mute": {"story": "trams"}}.get(command, {})
    for person in keepers(road):
        said = await person.say(Say(command, words))
        assert "written by a newer version of this bot" in said
    for chat in (NEWS, GROUP):
        assert await redis.hget(f"{prefix}:rules", str(chat)) == NEWER_RULE


async def test_with_a_key_layout_of_a_newer_version_questions_are_answered_and_nothing_is_written(
    calm_bot: Running,
    archive: Archive,
    redis: Redis,
    prefix: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(layout, "LOOK_S", 0.5)
    await archive.accept(TRAMS)
    for chat in (NEWS, GROUP):
        await RedisRules(redis, prefix).save(chat, EVERYTHING)
    await redis.set(f"{prefix}:layout", 2)
    before = {key: await redis.dump(key) async for key in redis.scan_iter(f"{prefix}:*")}
    port = free_port()
    road = await calm_bot.start(http_port=port)
    await road.knows(TRAMS)
    for person in keepers(road):
        assert person.read() == [], "no card is posted"
        assert (await person.say(Say("story", {"words": "trams"}))).title == TRAMS.title
        refused = await person.say(Say("unfollow", {"what": "all"}))
        assert "saved" in refused.title
        assert "Every live story." in await person.say(Say("following"))
    where = f"http://127.0.0.1:{port}/readyz"
    async with aiohttp.ClientSession() as http, http.get(where) as ready:
        body = await ready.json()
        assert ready.status == 503
        assert "layout" in {each["name"] for each in body["degraded"]}
    after = {key: await redis.dump(key) async for key in redis.scan_iter(f"{prefix}:*")}
    assert after == before
    await redis.set(f"{prefix}:layout", LAYOUT)  # the version that ran last has put it back
    for person in keepers(road):
        await eventually(partial(_titled, person, TRAMS.title), "the card, without a restart")


@pytest.mark.parametrize(
    "wrong",
    [{"document": b"\xff"}, {"document": b'{"v":99,"id":"ferry"}'}, {"revision": b"newest"}],
    ids=["damaged", "of a newer version", "a revision that is no number"],
)
async def test_who_asks_about_a_story_that_cannot_be_read_hears_why(
    calm_bot: Running, redis: Redis, prefix: str, wrong: dict[str | bytes, bytes]
) -> None:
    chats = {NEWS: EVERYTHING, GROUP: EVERYTHING}
    road = await calm_bot.knowing(FERRY, chats=chats)
    cards = [
        await eventually(partial(card_of, person, FERRY.title)) for person in both(road, "shared")
    ]
    await road.rests()
    await calm_bot.stop()
    await redis.hset(f"{prefix}:{{archive}}:story:{FERRY.id}", mapping=wrong)  # type: ignore[arg-type]
    road = await calm_bot.knowing(TRAMS)
    why = "it was written by a newer version of this bot, or it's damaged"
    for person, card in zip(keepers(road), cards, strict=True):
        assert why in (await person.say(Say("why", {"story": "Ferry"}))).title
        assert why in (await person.say(Say("story", {"words": "ferry"}))).title
        assert why in (await person.say(Say("why"))).title
        assert why in await person.press(card, "Questions (2)")
        assert (await person.say(Say("story", {"words": "trams"}))).title == TRAMS.title
    await road.publish(replace(FERRY, headline="It is late today"))
    await road.rests()
    for person in keepers(road) if "document" in wrong else ():  # a newer revision replaces it
        assert (await person.say(Say("story", {"words": "ferry"}))).title == FERRY.title


def _titled(person: object, title: str) -> bool:
    return any(seen.title == title for seen in person.read())  # type: ignore[attr-defined]
