"""The whole bot, with stories so old that they have left full memory."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from redis.asyncio import Redis

from bot import pruning
from bot.model.chat import Chat
from bot.model.due import DueSubject
from bot.model.rule import Rule
from bot.storage.due import RedisDue
from bot.storage.ledger import RedisLedger
from sandbox import discord, telegram
from stories.archive import Archive
from stories.story import Stats, Status, StoryId
from tests.growth.conftest import FERRY
from tests.road.people import Person, Say, both
from tests.road.test_restart import card_of
from tests.running import Running, eventually_so

CHATS = {
    Chat("discord", discord.NEWS): Rule(all=True),
    Chat("telegram", str(telegram.GROUP)): Rule(all=True),
}


async def grow_old(redis: Redis, prefix: str, story: StoryId, days: int) -> None:
    """As if its newest revision had come so long ago."""
    heard_at = int((datetime.now(UTC) - timedelta(days=days)).timestamp() * 1000)
    await redis.hset(f"{prefix}:{{archive}}:story:{story}", "heard_at", heard_at)


async def test_a_withdrawal_reaches_the_cards_of_a_story_that_has_left_full_memory(
    calm_bot: Running, redis: Redis, prefix: str, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "LOOK_EVERY_S", 0.1)
    monkeypatch.setattr(pruning, "SWEEP_EVERY_S", 0.1)
    ended = replace(FERRY, stats=Stats(Status.ENDED))
    road = await calm_bot.knowing(FERRY, chats=CHATS)
    for person in both(road, "shared"):
        await eventually_so(partial(_stands, person), "the card stands")
    await road.publish(ended)
    await road.rests()
    await grow_old(redis, prefix, FERRY.id, 31)

    async def packed() -> bool:
        held = await redis.hget(f"{prefix}:{{archive}}:story:ferry", "stage")
        return held == b"stub" and await redis.exists(f"{prefix}:cards:ferry") == 0

    await eventually_so(packed, "the story has left full memory")
    await road.rests()
    for person in both(road, "private"):  # a button, and a question by the title
        answer = await person.say(Say("story", {"words": "Night ferry returns"}))
        assert "It sailed at dusk." in answer
    await calm_bot.stop()
    due = RedisDue(redis, prefix)
    for chat in CHATS:  # as if it had been owed something all the time
        await due.enqueue(chat.platform, [DueSubject(chat, FERRY.id, 1)], None)
    road = await calm_bot.start(CHATS)
    await road.rests()
    for person in both(road, "shared"):
        card = card_of(person, FERRY.title)
        assert card is not None
        assert "It sailed at dusk." in card
    await road.publish(replace(ended, retracted="It never sailed."))
    await road.rests()
    for person in both(road, "shared"):
        cards = [seen for seen in person.read() if "It never sailed." in seen]
        assert cards, "the card says that the story was withdrawn"
    rows = await RedisLedger(redis, prefix).of_story(FERRY.id)
    assert {row.generation for row in rows.values()} == {1}, "no card was posted anew"


async def _stands(person: Person) -> bool:
    return card_of(person, FERRY.title) is not None
