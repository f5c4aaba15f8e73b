"""The pin shelf: few pins of ours, none of a story that is over, and no notices about them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from bot.model.chat import Chat
from bot.model.ledger import CardRecord, Pin, State
from bot.model.rule import Loudness, Rule
from bot.storage.ledger import RedisLedger
from sandbox import discord, telegram
from stories.story import Stats, Status, Story, StoryId
from tests.road.people import UNSEEN, OnTelegram, Person, Say, keepers
from tests.running import Road, Running, eventually, eventually_so

NOW = datetime.now(UTC).replace(microsecond=0)
FERRY, TRAM, FIRE = (
    Story(
        StoryId(name),
        title,
        ("It began.",),
        stats=Stats(Status.ACTIVE, 4.0, 3),
        updated_at=NOW,
        keywords=(name,),
    )
    for name, title in (("ferry", "Ferry Sails"), ("tram", "Trams Stand"), ("fire", "Fire Is Out"))
)
ON_DISCORD = Chat("discord", discord.NEWS)
ON_TELEGRAM = Chat("telegram", str(telegram.GROUP))
CHATS = (ON_DISCORD, ON_TELEGRAM)
TWO_PINS = Rule(keywords=("nothing",), pins=2, loudness=Loudness.EDIT)
pytestmark = pytest.mark.usefixtures("settles_soon")
FIXED = dict.fromkeys(CHATS, TWO_PINS)


def pinned(person: Person) -> set[str]:
    return {card.title for card in person.pinned()}


async def pins(person: Person, *titles: str) -> None:
    await eventually(lambda: pinned(person) == set(titles), f"{titles} are pinned, and no more")


def notices(road: Road) -> list[Mapping[str, Any]]:
    """What the platforms say of pins in the chats."""
    return [
        *(each for each in road.discord.messages(discord.NEWS) if each["type"] == 6),
        *(each for each in road.telegram.messages(telegram.GROUP) if "pinned_message" in each),
    ]


async def test_the_oldest_pin_goes_when_there_is_no_room(calm_bot: Running) -> None:
    road = await calm_bot.knowing(FERRY, TRAM, FIRE, chats=FIXED)
    for person in keepers(road):
        await person.say(Say("pin", {"story": "ferry"}))
        await person.say(Say("pin", {"story": "tram"}))
        answer = await person.say(Say("pin", {"story": "fire"}))
        assert answer.title == "Pinned “Fire Is Out”"
        assert "I unpinned “Ferry Sails” to make room" in answer
        await pins(person, "Trams Stand", "Fire Is Out")
        listed = await person.say(Say("pins"))
        assert listed.labels.index("Fire Is Out") < listed.labels.index("Trams Stand")
        await person.say(Say("pin", {"story": "tram"}))  # pinned anew, it is the newest
        assert "I unpinned “Fire Is Out”" in await person.say(Say("pin", {"story": "ferry"}))
        await pins(person, "Trams Stand", "Ferry Sails")


@pytest.mark.parametrize(
    "over",
    [
        replace(FERRY, stats=replace(FERRY.stats, status=Status.ENDED)),
        replace(FERRY, retracted="It never sailed."),
        replace(FERRY, merged_into=TRAM.id),
    ],
    ids=["ended", "withdrawn", "merged away"],
)
async def test_a_story_that_is_over_is_unpinned_by_itself(calm_bot: Running, over: Story) -> None:
    road = await calm_bot.knowing(FERRY, FIRE, chats=FIXED)
    for person in keepers(road):
        await person.say(Say("pin", {"story": "ferry"}))
        await person.say(Say("pin", {"story": "fire"}))
    said = [len(person.read()) for person in keepers(road)]
    await road.publish(over)
    for person in keepers(road):
        await pins(person, "Fire Is Out")
    if over.retracted is None:
        await road.rests()
        assert [len(person.read()) for person in keepers(road)] == said, "nobody is told loudly"


async def test_a_story_that_goes_stale_is_unpinned_although_nothing_comes(
    calm_bot: Running,
) -> None:
    stale_soon = replace(FERRY, updated_at=datetime.now(UTC) - timedelta(hours=72, seconds=-4))
    road = await calm_bot.knowing(stale_soon, FIRE, chats=FIXED)
    for person in keepers(road):
        await person.say(Say("pin", {"story": "ferry"}))
        await person.say(Say("pin", {"story": "fire"}))
        assert pinned(person) == {"Ferry Sails", "Fire Is Out"}
    for person in keepers(road):
        await pins(person, "Fire Is Out")


async def test_what_people_pinned_stays(calm_bot: Running, ledger: RedisLedger) -> None:
    """Their own messages, and our card that they pinned themselves."""
    everything = dict.fromkeys(CHATS, Rule(all=True, loudness=Loudness.EDIT))
    road = await calm_bot.knowing(FERRY, chats=everything)
    await road.publish(FERRY)
    here, there = road.discord.world, road.telegram.world
    for person in keepers(road):
        await eventually(person.read)
    channel, group = here.channel(discord.NEWS), there.place(telegram.GROUP)
    theirs = road.discord.say(discord.SOL, discord.NEWS, "Read this first")
    for message in (theirs["id"], road.discord.messages(discord.NEWS)[0]["id"]):
        here.pin(channel.posts[message], discord.SOL)
    group.pins.append(road.telegram.messages(telegram.GROUP)[0]["message_id"])
    await road.publish(replace(FERRY, stats=replace(FERRY.stats, status=Status.ENDED)))

    async def shown() -> bool:
        rows = [await ledger.row(chat, FERRY.id) for chat in CHATS]
        return all(row and row.revision == 2 and row.state is State.SHOWN for row in rows)

    await eventually_so(shown, "the end is shown")
    assert len(road.discord.pins(discord.NEWS)) == 2
    assert len(road.telegram.pins(telegram.GROUP)) == 1
    assert len(notices(road)) == 2, "what Discord says of a person's pins"


async def test_the_notices_of_pins_are_taken_away(calm_bot: Running) -> None:
    road = await calm_bot.knowing(FERRY, FIRE, chats=FIXED)
    for person in keepers(road):
        await person.say(Say("pin", {"story": "ferry"}))
        await person.say(Say("pin", {"story": "fire"}))
    await eventually(lambda: not notices(road), "no notice stands")
    channel = OnTelegram(road.telegram, telegram.SOL, telegram.CHANNEL)
    await channel.say(Say("pin", {"story": "ferry"}))
    assert pinned(channel) == {"Ferry Sails"}
    said = partial(road.telegram.messages, telegram.CHANNEL)
    await eventually(lambda: not any("pinned_message" in each for each in said()))


async def test_who_may_not_remove_the_notice_pins_all_the_same(
    calm_bot: Running, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    road = await calm_bot.knowing(FERRY, chats=FIXED)
    road.discord.fail_next("DELETE", "/messages/", 403, {"message": "No", "code": 50013})
    road.telegram.fail_next("deleteMessage", 400, "Bad Request: message can't be deleted")
    for person in keepers(road):
        assert (await person.say(Say("pin", {"story": "ferry"}))).title == "Pinned “Ferry Sails”"
        assert pinned(person) == {"Ferry Sails"}
    await eventually(
        lambda: sum("pin notice not deleted" in each.message for each in caplog.records) == 2
    )
    assert not [each for each in caplog.records if each.levelname == "ERROR"]


async def test_a_pin_that_was_refused_is_no_longer_wanted(calm_bot: Running) -> None:
    """Whoever asked was told so; else it would come half an hour later, by surprise."""
    road = await calm_bot.knowing(FERRY, chats=FIXED)
    road.discord.fail_next("PUT", "/pins/", 400, {"message": "Full", "code": 30003})
    refusal = "Bad Request: not enough rights to manage pinned messages in the chat"
    road.telegram.fail_next("pinChatMessage", 400, refusal)
    for person in keepers(road):
        refused = await person.say(Say("pin", {"story": "ferry"}))
        assert refused.title.startswith("I can't do that here")
        assert (await person.say(Say("pins"))).title == "I haven't pinned anything here"


async def test_the_pin_of_a_card_that_was_deleted_can_be_taken_away(
    calm_bot: Running, ledger: RedisLedger
) -> None:
    road = await calm_bot.knowing(FERRY, chats=FIXED)
    for person in keepers(road):
        await person.say(Say("pin", {"story": "ferry"}))
    here, there = [await ledger.row(chat, FERRY.id) for chat in CHATS]
    assert here and here.message_id and there and there.message_id  # noqa: PT018
    road.discord.delete_message(discord.NEWS, here.message_id)
    road.telegram.delete_message(telegram.GROUP, int(there.message_id))
    for person, title in zip(
        keepers(road),
        (
            "I haven't pinned anything here",
            "Unpinned “Ferry Sails”",
        ),  # Discord shows that it is gone
        strict=True,
    ):
        answer = await person.say(Say("unpin", {"story": "ferry"}))
        assert answer.title == title
        assert (await person.say(Say("pins"))).title == "I haven't pinned anything here"


async def test_a_pin_begun_or_ended_when_the_bot_died_is_finished_by_the_next(
    calm_bot: Running, ledger: RedisLedger
) -> None:
    road = await calm_bot.knowing(FERRY, TRAM, chats=FIXED)
    for person in keepers(road):
        await person.say(Say("pin", {"story": "ferry"}))
        await person.say(Say("pin", {"story": "tram"}))
        await person.say(Say("unpin", {"story": "tram"}))
    await calm_bot.stop()

    async def left_at(chat: Chat, story: Story, pin: Pin) -> None:
        row = await ledger.row(chat, story.id)
        assert row is not None
        await ledger.write(chat, story.id, replace(row, pin=pin, pinned_at=NOW))

    for chat in CHATS:
        await left_at(chat, FERRY, Pin.GOING)
        await left_at(chat, TRAM, Pin.WANTED)
    road = await calm_bot.start(FIXED)
    for person in keepers(road):
        await pins(person, "Trams Stand")


def _ended(person: Person) -> bool:
    return "Ended" in person.read()[0]


async def test_a_right_to_pin_that_was_taken_away_keeps_no_card_waiting(
    calm_bot: Running, ledger: RedisLedger
) -> None:
    road = await calm_bot.knowing(FERRY, chats=FIXED)
    for person in keepers(road):
        await person.say(Say("pin", {"story": "ferry"}))
    road.discord.deny(discord.NEWS, "PIN_MESSAGES")
    road.telegram.deny(telegram.GROUP, "can_pin_messages")
    await road.publish(replace(FERRY, stats=replace(FERRY.stats, status=Status.ENDED)))
    for person in keepers(road):
        await eventually(partial(_ended, person), "the card says so")
        assert pinned(person) == {"Ferry Sails"}

    async def still_to_go() -> bool:
        rows: list[CardRecord | None] = [await ledger.row(chat, FERRY.id) for chat in CHATS]
        return all(row is not None and row.pin is Pin.GOING for row in rows)

    await eventually_so(still_to_go, "the ledger knows that the pins are to go")


def unpin_by_hand(road: Road, title: str) -> None:
    """Sol unpins a card in Discord's app."""
    channel = road.discord.world.channel(discord.NEWS)
    for message in road.discord.pins(discord.NEWS):
        if message["embeds"][0]["title"] == title:
            road.discord.world.unpin(channel.posts[message["id"]])


async def test_a_pin_that_people_took_away_is_neither_listed_nor_counted(calm_bot: Running) -> None:
    """On Discord, which shows its pins; on Telegram it is said that nobody can know."""
    road = await calm_bot.knowing(FERRY, TRAM, FIRE, chats=FIXED)
    here, there = keepers(road)
    for person in (here, there):
        await person.say(Say("pin", {"story": "ferry"}))
        await person.say(Say("pin", {"story": "tram"}))
    unpin_by_hand(road, "Trams Stand")
    answer = await here.say(Say("pin", {"story": "fire"}))
    assert "to make room" not in answer, "there was room"
    await pins(here, "Ferry Sails", "Fire Is Out")
    unpin_by_hand(road, "Ferry Sails")
    listed = await here.say(Say("pins"))
    assert "Fire Is Out" in listed
    assert "Ferry Sails" not in listed
    assert "Ferry Sails" not in (await here.say(Say("unpin"))).labels
    assert UNSEEN not in listed
    again = await here.say(Say("pin", {"story": "ferry"}))
    assert again.title == "Pinned “Ferry Sails”"
    await pins(here, "Ferry Sails", "Fire Is Out")
    assert UNSEEN in await there.say(Say("pins"))


async def test_where_the_pins_are_not_shown_none_counts_as_gone(calm_bot: Running) -> None:
    road = await calm_bot.knowing(FERRY, chats=FIXED)
    here, _ = keepers(road)
    await here.say(Say("pin", {"story": "ferry"}))
    road.discord.fail_next("GET", "/pins", 403, {"message": "No", "code": 50001})
    for _again in range(2):
        listed = await here.say(Say("pins"))
        assert "Ferry Sails" in listed
        assert UNSEEN in listed
        road.discord.deny(discord.NEWS, "READ_MESSAGE_HISTORY")
