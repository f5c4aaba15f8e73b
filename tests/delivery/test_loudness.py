"""How loud each chat is told, over sockets and a real Redis: roles, mutes, pauses, quiet hours."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from redis.asyncio import Redis

from bot.model.chat import Chat
from bot.model.rule import Loudness, Rule
from bot.storage.ledger import RedisLedger
from sandbox.discord import NEWS, READERS
from sandbox.telegram import CHANNEL
from stories.archive import Archive
from stories.story import StoryId
from tests.running import Road, Running, eventually, platforms
from tests.stories_made import FERRY as OLD_FERRY

FERRY = replace(OLD_FERRY, revision=None, updated_at=datetime.now(UTC).replace(microsecond=0))
TRAMS = replace(FERRY, id=StoryId("trams"), title="Trams Stand Still")
NOTABLE = replace(FERRY, breakdown=(*FERRY.breakdown, "It came back at dawn."))
MAJOR = replace(NOTABLE, retracted="Its source took it back.")

ON_DISCORD = Chat("discord", NEWS)
ON_TELEGRAM = Chat("telegram", str(CHANNEL))
BOTH = (ON_DISCORD, ON_TELEGRAM)


@pytest.fixture
async def bot(archive: Archive, redis_url: str, prefix: str) -> AsyncIterator[Running]:
    async with platforms() as both:
        running = Running(both, archive, redis_url, prefix)
        yield running
        await running.stop()
        for here in both:
            assert here.unknown_calls == []
            assert [call for call in here.calls if call.status == 429] == []


@pytest.fixture
def ledger(redis: Redis, prefix: str) -> RedisLedger:
    return RedisLedger(redis, prefix)


def messages(road: Road, chat: Chat) -> list[dict[str, Any]]:
    """What the bot has said in a chat, oldest first."""
    if chat.platform == "discord":
        return road.discord.messages(chat.address)
    return [each for each in road.telegram.messages(int(chat.address)) if "text" in each]


def texts(road: Road, chat: Chat) -> list[str]:
    return [str(each.get("embeds") or each["text"]) for each in messages(road, chat)]


def _number(road: Road) -> list[int]:
    return [len(messages(road, chat)) for chat in BOTH]


async def says(road: Road, chat: Chat, *said: str) -> None:
    """Wait until the messages of a chat hold these words, one each, and are no others."""

    def so() -> bool:
        there = texts(road, chat)
        return len(there) == len(said) and all(
            words in text for words, text in zip(said, there, strict=True)
        )

    await eventually(so, f"{said} in {chat}")


# The role that a major update mentions.


async def test_a_major_update_mentions_the_role_and_a_notable_one_mentions_nobody(
    bot: Running,
) -> None:
    rule = Rule(all=True, loudness=Loudness.PING, role=READERS)
    road = await bot.start(dict.fromkeys(BOTH, rule))
    await road.publish(FERRY, TRAMS)
    await eventually(lambda: _number(road) == [2, 2], "both cards")
    await road.publish(MAJOR, replace(TRAMS, breakdown=(*TRAMS.breakdown, "They move again.")))
    await eventually(lambda: _number(road) == [4, 4], "both replies")
    sent = {
        message["embeds"][0]["description"]: message for message in messages(road, ON_DISCORD)[2:]
    }
    (major,) = (sent[said] for said in sent if "withdrawn" in said.lower())
    (notable,) = (sent[said] for said in sent if "They move again" in said)
    assert major["content"] == f"<@&{READERS}>"
    assert major["mention_roles"] == [READERS]
    assert not major["flags"] & 4096, "people are notified"
    assert (notable["content"], notable["mention_roles"]) == ("", [])
    assert notable["flags"] & 4096
    asked = [call.body for call in road.telegram.calls if call.path == "sendMessage"]
    loud = [body["text"] for body in asked if not body["disable_notification"]]
    assert len(loud) == 1
    assert "withdrawn" in loud[0].lower()
    assert READERS not in str(asked)


async def test_where_no_role_was_chosen_a_major_update_is_only_said_aloud(bot: Running) -> None:
    road = await bot.start({ON_DISCORD: Rule(all=True, loudness=Loudness.REPLY, role=READERS)})
    await road.publish(FERRY)
    await says(road, ON_DISCORD, FERRY.title)
    await road.publish(MAJOR)
    await eventually(lambda: len(messages(road, ON_DISCORD)) == 2, "the reply")
    reply = messages(road, ON_DISCORD)[1]
    assert (reply["content"], reply["mention_roles"]) == ("", [])
    assert not reply["flags"] & 4096
