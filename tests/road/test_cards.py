"""A story changes: its card in every chat that wants it, on both platforms."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.model.chat import Chat
from bot.model.rule import Loudness, Rule
from runtime.connection import connect
from sandbox.discord import GENERAL, NEWS
from sandbox.telegram import CHANNEL, GROUP
from stories.story import Leaning, Question, Source, Stats, Status, Story, StoryId
from stories.wire import write
from tests.running import Road, Running, eventually

NOW = datetime.now(UTC).replace(microsecond=0)
FERRY = Story(
    StoryId("ferry"),
    "Night ferry returns",
    ("It sailed at dusk.", "Two hundred came along."),
    headline="The boat sails again",
    entities=("Sorvik Line",),
    stats=Stats(Status.ACTIVE, 4.5, 14, Leaning.RIGHT),
    started_at=NOW - timedelta(hours=21),
    updated_at=NOW,
    keywords=("ferry",),
    questions=(Question("Why did it stop?", "A crack in the bow door."),),
    sources=(Source("Boat back", "Strand Post", "https://strand.example/a"),),
    rank=41,
)
EDITS = Loudness.EDIT
EVERYTHING = {
    Chat("discord", NEWS): Rule(all=True, loudness=EDITS),
    Chat("telegram", str(CHANNEL)): Rule(all=True, loudness=EDITS),
}


def on_discord(road: Road, channel: str = NEWS) -> list[str]:
    """What stands in a channel: each message's title and text."""
    return [
        f"{embed['title']}\n{embed.get('description', '')}"
        for message in road.discord.messages(channel)
        for embed in message["embeds"]
    ]


def on_telegram(road: Road, chat: int = CHANNEL) -> list[str]:
    return [message["text"] for message in road.telegram.messages(chat) if "text" in message]


async def both_say(road: Road, words: str) -> None:
    await eventually(lambda: any(words in card for card in on_discord(road)), f"{words} on Discord")
    await eventually(
        lambda: any(words in card for card in on_telegram(road)), f"{words} on Telegram"
    )


async def test_a_story_becomes_one_card_on_both_platforms(bot: Running) -> None:
    road = await bot.start(EVERYTHING)
    await road.publish(FERRY)
    await both_say(road, "Night ferry returns")
    for (card,) in (on_discord(road), on_telegram(road)):
        for part in (
            "The boat sails again",
            "Sorvik Line",
            "Active · 21 hours · virality 4.5 · 14 articles · #41",
            "It sailed at dusk",
            "Two hundred came along",
            "Keywords: ferry",
            "Updated",
        ):
            assert part in card.replace("\\", "").replace("\u2060", "")
        assert "right" not in card.casefold(), "leaning is shown only where the rule asks for it"


async def test_an_update_edits_the_card_that_stands(bot: Running) -> None:
    road = await bot.start(EVERYTHING)
    await road.publish(FERRY)
    await both_say(road, "Night ferry returns")
    await road.publish(replace(FERRY, breakdown=(*FERRY.breakdown, "It came back at dawn.")))
    await both_say(road, "It came back at dawn")
    await road.rests()
    assert len(on_discord(road)) == len(on_telegram(road)) == 1
    (message,) = road.discord.messages(NEWS)
    assert message["edited_timestamp"] is not None


async def test_leaning_stands_where_the_rule_asks_for_it(bot: Running) -> None:
    rule = Rule(all=True, show_leaning=True)
    road = await bot.start({Chat("discord", NEWS): rule, Chat("telegram", str(CHANNEL)): rule})
    await road.publish(FERRY)
    await both_say(road, "leaning right")


async def test_a_chat_gets_what_its_rule_wants_and_nothing_else(bot: Running) -> None:
    trams = replace(FERRY, id=StoryId("trams"), title="Trams stand still", keywords=("tram",))
    tram_rule = Rule(keywords=("TRAM",))
    road = await bot.start(
        {
            **EVERYTHING,
            Chat("discord", GENERAL): tram_rule,
            Chat("telegram", str(GROUP)): tram_rule,
        }
    )
    await road.publish(FERRY, trams)
    await eventually(lambda: len(on_discord(road)) == 2 and len(on_telegram(road)) == 2)
    await road.rests()
    (on_general,) = on_discord(road, GENERAL)
    (in_group,) = on_telegram(road, GROUP)
    assert "Trams stand still" in on_general
    assert "Trams stand still" in in_group


async def test_a_withdrawn_story_is_struck_through_with_the_reason(bot: Running) -> None:
    road = await bot.start(EVERYTHING)
    await road.publish(FERRY)
    await both_say(road, "Night ferry returns")
    await road.publish(replace(FERRY, retracted="Its source took it back"))
    await both_say(road, "Its source took it back")
    (card,) = road.discord.messages(NEWS)
    assert card["embeds"][0]["title"] == "~~Night ferry returns~~"
    (message,) = [m for m in road.telegram.messages(CHANNEL) if "text" in m]
    units = message["text"].encode("utf-16-le")  # Telegram counts in UTF-16 units
    struck = [
        units[2 * entity["offset"] :][: 2 * entity["length"]].decode("utf-16-le")
        for entity in message["entities"]
        if entity["type"] == "strikethrough"
    ]
    assert "Night ferry returns" in struck


async def test_a_notable_update_is_also_told_in_a_reply(bot: Running) -> None:
    rule = Rule(all=True, loudness=Loudness.REPLY)
    road = await bot.start({Chat("discord", NEWS): rule, Chat("telegram", str(CHANNEL)): rule})
    await road.publish(FERRY)
    await both_say(road, "Night ferry returns")
    await road.publish(replace(FERRY, breakdown=(*FERRY.breakdown, "It came back at dawn.")))
    await eventually(lambda: len(on_discord(road)) == 2 and len(on_telegram(road)) == 2)
    card, reply = road.discord.messages(NEWS)
    assert reply["message_reference"]["message_id"] == card["id"]
    card, reply = (m for m in road.telegram.messages(CHANNEL) if "text" in m)
    assert reply["reply_to_message"]["message_id"] == card["message_id"]
    await road.publish(replace(FERRY, breakdown=(*FERRY.breakdown, "It came back at dawn.", "X.")))
    await both_say(road, "X.")
    await road.publish(replace(FERRY, id=StoryId("trams"), title="Trams stand still"))
    await both_say(road, "Trams stand still")
    assert len(on_discord(road)) == len(on_telegram(road)) == 3, "the next reply waits its hour"


async def test_a_restart_in_between_neither_repeats_nor_misses(bot: Running) -> None:
    road = await bot.start(EVERYTHING)
    await road.publish(FERRY)
    await both_say(road, "Night ferry returns")
    await bot.stop()
    trams = replace(FERRY, id=StoryId("trams"), title="Trams stand still")
    await road.publish(replace(FERRY, headline="The boat is late"), trams)
    road = await bot.start(EVERYTHING)
    await both_say(road, "The boat is late")
    await both_say(road, "Trams stand still")
    await road.rests()
    assert len(on_discord(road)) == len(on_telegram(road)) == 2


async def test_what_is_said_on_the_channel_is_heard_too(bot: Running) -> None:
    road = await bot.start(EVERYTHING)
    async with connect(road.settings.redis_url) as redis:
        channel = f"{road.settings.prefix}:updates"
        while not await redis.publish(channel, write(FERRY)):
            pass  # until a listener is there
    await both_say(road, "Night ferry returns")


async def test_bad_documents_are_refused_and_harm_nothing_else(bot: Running) -> None:
    road = await bot.start(EVERYTHING)
    await road.publish(replace(FERRY, revision=5))
    for document in (
        b"{",
        b'{"id": "ferry", "title": 3, "breakdown": ["x"]}',
        b'{"version": 9, "id": "ferry", "title": "x", "breakdown": ["x"]}',
        b'{"id": "big", "title": "' + b"x" * 2_000_000 + b'", "breakdown": ["x"]}',
    ):
        await road.archive.leave(document)
    await road.publish(replace(FERRY, revision=4, title="Stale"))
    await road.publish(replace(FERRY, revision=5, title="Conflict"))
    await road.publish(replace(FERRY, revision=6, headline="Still in step"))
    await both_say(road, "Still in step")
    refused = [entry.why for entry in reversed(await road.archive.rejected())]
    assert len(refused) == 6
    for why, names in zip(
        refused, ("JSON", "title", "version", "262144", "stale", "other content"), strict=True
    ):
        assert names in why
