"""A chat refuses the bot: someone who can mend it is told, once. Who removed it is forgotten."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from redis.asyncio import Redis

from bot import app
from bot.delivery import unreachable
from bot.delivery.policy import Policy
from bot.model.chat import Chat
from bot.model.rule import Loudness, Rule
from bot.storage.moderators import RedisModerators
from bot.storage.rules import RedisRules
from sandbox import discord, telegram
from stories.story import Story, StoryId
from tests.records import naming
from tests.road.parity import following
from tests.road.people import OnDiscord, OnTelegram, Person, Say, Seen, both
from tests.running import Road, Running, eventually, eventually_so
from tests.stories_made import FERRY as OLD_FERRY

FERRY = replace(OLD_FERRY, revision=None, updated_at=datetime.now(UTC).replace(microsecond=0))
TRAMS = replace(FERRY, id=StoryId("trams"), title="Trams Stand Still")
BRIDGE = replace(FERRY, id=StoryId("bridge"), title="Bridge Opens")
PIER = replace(FERRY, id=StoryId("pier"), title="Pier Is Repaired")
ALL = Rule(all=True, loudness=Loudness.EDIT)
NEWS, GENERAL = Chat("discord", discord.NEWS), Chat("discord", discord.GENERAL)
PORT, TECH = (
    Chat("telegram", f"{telegram.FORUM}/{topic}")
    for topic in (telegram.TOPIC_PORT, telegram.TOPIC_TECH)
)


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A chat that refuses us is tried again after a moment, and troubles are gathered briefly."""
    hurried = partial(Policy, park_first=timedelta(seconds=0.3), park_longest=timedelta(seconds=1))
    monkeypatch.setattr(app, "Policy", hurried)
    monkeypatch.setattr(unreachable, "GATHER_S", 0.3)
    monkeypatch.setattr(unreachable, "ASK_AGAIN_S", 0.3)


def cards(person: Person) -> list[str]:
    names = {story.title for story in (FERRY, TRAMS, BRIDGE, PIER)}
    return sorted(seen.title for seen in person.read() if seen.title in names)


async def has(person: Person, *stories: Story) -> None:
    """Wait until the cards of these stories stand there, once each, and no others."""
    wanted = sorted(story.title for story in stories)
    await eventually(lambda: cards(person) == wanted, f"{wanted} and nothing else")


async def are_told(person: Person, times: int = 1) -> Seen:
    await eventually(lambda: len(told(person)) == times, f"told {times} times")
    return told(person)[-1]


def told(person: Person) -> list[Seen]:
    return [seen for seen in person.read() if seen.title.startswith("I can no longer post in")]


def says(person: Person, words: str) -> bool:
    return any(words in seen for seen in person.read())


def refuse(road: Road) -> None:
    road.discord.deny(discord.NEWS, "EMBED_LINKS")
    road.telegram.world.place(telegram.FORUM).rights.discard("can_manage_topics")
    road.telegram.close_topic(telegram.FORUM, telegram.TOPIC_PORT)


def mend(road: Road) -> None:
    road.discord.allow(discord.NEWS, "EMBED_LINKS")
    road.telegram.world.place(telegram.FORUM).topics[telegram.TOPIC_PORT].closed = False


def topic(road: Road, number: int) -> Person:
    return OnTelegram(road.telegram, telegram.SOL, telegram.FORUM, number)


async def test_another_chat_of_the_server_is_told_once_and_the_stories_come_once(
    calm_bot: Running,
) -> None:
    rules = dict.fromkeys((NEWS, GENERAL, PORT, TECH), ALL)
    road = await calm_bot.start(rules)
    here = (
        OnDiscord(road.discord, discord.SOL, discord.NEWS),
        topic(road, telegram.TOPIC_PORT),
    )
    near = (
        OnDiscord(road.discord, discord.SOL, discord.GENERAL),
        topic(road, telegram.TOPIC_TECH),
    )
    await road.publish(FERRY)
    for person in (*here, *near):
        await has(person, FERRY)
    refuse(road)
    await road.publish(replace(FERRY, headline="It is late"), TRAMS)
    names = ("#news", "Harbour Desk (2)")
    whys = ("I'm missing “Embed Links”. Give my role", "The topic is closed.")
    for person, name, why in zip(near, names, whys, strict=True):
        notice = await are_told(person)
        assert notice.title == f"I can no longer post in {name}"
        assert why in notice
        assert "I'll post the latest version of each story there" in notice
    await calm_bot.stop()
    road = await calm_bot.start(rules)
    await road.publish(replace(FERRY, headline="It is very late"), BRIDGE)
    for person in near:
        await has(person, FERRY, TRAMS, BRIDGE)
    mend(road)
    for person in here:
        await has(person, FERRY, TRAMS, BRIDGE)
        await eventually(partial(says, person, "It is very late"))
    await road.rests()
    for person in here:
        assert told(person) == []
    for person in near:
        assert len(told(person)) == 1
        await has(person, FERRY, TRAMS, BRIDGE)
    refuse(road)
    await road.publish(PIER)
    for person in near:
        await are_told(person, 2)


HOSTILE = "*b* @everyone <@&1> [x](https://x.example) <b>"


async def test_a_server_that_shuts_us_out_is_told_in_one_message_and_names_stay_names(
    calm_bot: Running,
) -> None:
    road = await calm_bot.start()
    made = [road.discord.add_channel(name) for name in (HOSTILE, "second", "third")]
    near = OnDiscord(road.discord, discord.SOL, discord.GENERAL)
    for person in (near, *(OnDiscord(road.discord, discord.SOL, each) for each in made)):
        await person.say(following("all"))
    for each in made:
        road.discord.deny(each, "SEND_MESSAGES")
    await road.publish(FERRY)
    notice = await are_told(near)
    assert notice.title == "I can no longer post in 3 chats"
    for name in (HOSTILE, "second", "third"):
        assert f"#{name} I'm missing “Send Messages”." in notice
    [raw] = [
        each for each in road.discord.messages(discord.GENERAL) if each["id"] == notice.raw["id"]
    ]
    assert not raw["mention_everyone"]
    assert raw["mention_roles"] == raw["mentions"] == []
    assert "[x](" not in raw["embeds"][0]["description"]


async def test_whoever_set_the_chat_up_is_told_in_private(calm_bot: Running) -> None:
    road = await calm_bot.start()
    await road.telegram.open(telegram.SOL)
    keepers = both(road, "shared", moderator=True)
    private = both(road, "private", moderator=True)
    for person in keepers:
        await person.say(following("all"))
    road.discord.deny(discord.NEWS, "SEND_MESSAGES")
    road.telegram.deny(telegram.GROUP, "can_send_messages")
    await road.publish(FERRY)
    for person, name in zip(private, ("#news", "Harbour News"), strict=True):
        notice = await are_told(person)
        assert notice.title == f"I can no longer post in {name}"
    await calm_bot.stop()
    road = await calm_bot.start()
    await road.publish(TRAMS)
    road.discord.allow(discord.NEWS, "SEND_MESSAGES")
    road.telegram.allow(telegram.GROUP, "can_send_messages")
    for person in keepers:
        await has(person, FERRY, TRAMS)
    await road.rests()
    for person in private:
        assert len(told(person)) == 1


async def test_an_administrator_who_stays_anonymous_is_kept_by_no_number(
    calm_bot: Running, rules: RedisRules
) -> None:
    road = await calm_bot.start()
    await road.telegram.say(telegram.SOL, telegram.GROUP, "/follow all", anonymous=True)

    async def follows() -> bool:
        return HERE[1] in await rules.load()

    await eventually_so(follows, "the group follows all")
    assert (await rules.load())[HERE[1]] == Rule(all=True)


async def test_a_person_who_blocks_the_bot_hears_nothing_of_it_anywhere(calm_bot: Running) -> None:
    road = await calm_bot.start()
    mira_too = both(road, "private")
    for person in mira_too:
        await person.say(following("all"))
    road.discord.refuse_dms(discord.MIRA)
    road.telegram.block(telegram.MIRA)
    await road.publish(FERRY)
    for person in both(road, "shared", moderator=True):
        await person.say(following("all"))
        await has(person, FERRY)
        assert told(person) == []
    road.discord.refuse_dms(discord.MIRA, refused=False)
    road.telegram.unblock(telegram.MIRA)
    for person in mira_too:
        await has(person, FERRY)
        assert told(person) == []


async def test_status_says_what_to_mend_and_tries_again_what_is_mended(
    calm_bot: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "Policy", partial(Policy, park_first=timedelta(minutes=10)))
    road = await calm_bot.start()
    await road.telegram.open(telegram.SOL)
    here = (
        OnDiscord(road.discord, discord.SOL, discord.NEWS),
        topic(road, telegram.TOPIC_PORT),
    )
    for person in here:
        await person.say(following("all"))
    road.discord.deny(discord.NEWS, "EMBED_LINKS")
    assert "I can't post here: I need the “Embed Links” permission." in await here[0].say(
        Say("status")
    )
    road.discord.allow(discord.NEWS, "EMBED_LINKS")
    road.telegram.deny(telegram.FORUM, "can_pin_messages")
    assert "I can post here, but not pin: I need the “Pin Messages” permission." in await here[
        1
    ].say(Say("status"))
    refuse(road)
    await road.publish(FERRY)

    for person in both(road, "private", moderator=True):
        await are_told(person)
    told = await here[0].say(Say("status"))
    assert told.title == "Something needs fixing in this chat"
    assert "1 card is waiting “Night Ferry Returns”" in told
    mend(road)
    await has(here[0], FERRY)
    told = await here[1].say(Say("status"))
    assert "My last message wasn't delivered. The topic is closed." in told
    await has(here[1], FERRY)


# -- removed ---------------------------------------------------------------------------------------


async def records(redis: Redis, prefix: str, *chats: Chat) -> set[str]:
    """The kinds of records that name these chats."""
    addresses = (chat.address for chat in chats)
    return {kind for kind, _ in await naming(redis, prefix, *addresses)}


async def nothing_names(redis: Redis, prefix: str, *chats: Chat) -> None:
    async def so() -> bool:
        return not await records(redis, prefix, *chats)

    await eventually_so(so, f"nothing names {chats}")


HERE = (NEWS, Chat("telegram", str(telegram.GROUP)))
SERVER = Chat("discord", discord.GUILD)


async def test_a_chat_that_removed_the_bot_is_forgotten_after_the_grace_time(
    calm_bot: Running, redis: Redis, prefix: str
) -> None:
    road = await calm_bot.start()
    keepers = both(road, "shared", moderator=True)
    for person in keepers:
        await person.say(following("all"))
    await road.publish(FERRY)
    for person in keepers:
        await has(person, FERRY)
    await RedisModerators(redis, prefix).name(discord.GUILD, discord.MODERATORS)
    assert await records(redis, prefix, *HERE) >= {"rules", "cards", "chat", "audit"}
    road.discord.remove_bot()
    road.telegram.kick(telegram.GROUP)

    async def noted() -> bool:
        kept = [await redis.hlen(f"{prefix}:troubles:{name}") for name in ("discord", "telegram")]
        return kept == [2, 1]  # the channel and its server, and the group

    await eventually_so(noted, "that we were put out is kept")
    assert await records(redis, prefix, *HERE) >= {"rules", "cards", "chat", "troubles"}
    await calm_bot.stop()
    road = await calm_bot.start(forget_after_days=0.00001)

    await nothing_names(redis, prefix, *HERE, SERVER)
    road.discord.add_bot()
    road.telegram.invite(telegram.GROUP)
    await road.knows(FERRY)
    for person in keepers:
        assert (await person.say(Say("following"))).title == "This chat follows nothing yet"


async def test_who_lets_the_bot_in_again_in_time_finds_everything_as_it_was(
    calm_bot: Running, redis: Redis, prefix: str
) -> None:
    road = await calm_bot.start()
    keepers = both(road, "shared", moderator=True)
    for person in keepers:
        await person.say(following("all"))
    await road.publish(FERRY)
    for person in keepers:
        await has(person, FERRY)
    road.discord.remove_bot()
    road.telegram.kick(telegram.GROUP)
    await road.publish(TRAMS)

    async def refused() -> bool:
        return "troubles" in await records(redis, prefix, HERE[0]) & await records(
            redis, prefix, HERE[1]
        )

    await eventually_so(refused, "that we were put out is kept")
    await calm_bot.stop()
    road.discord.add_bot()
    road.telegram.invite(telegram.GROUP)
    road = await calm_bot.start(forget_after_days=0.00001)
    for person in keepers:
        await has(person, FERRY, TRAMS)
        assert (await person.say(Say("following"))).title == "What this chat gets"


async def test_who_blocks_the_bot_for_long_is_forgotten(
    calm_bot: Running, redis: Redis, prefix: str
) -> None:
    mira = Chat("telegram", str(telegram.MIRA))
    road = await calm_bot.start(forget_after_days=0.00001)
    person = OnTelegram(road.telegram, telegram.MIRA)
    await person.say(following("all"))
    await road.publish(FERRY)
    await has(person, FERRY)
    await person.say(Say("story"))
    road.telegram.block(telegram.MIRA)

    await nothing_names(redis, prefix, mira)


async def test_a_channel_that_is_deleted_is_forgotten(
    calm_bot: Running, redis: Redis, prefix: str
) -> None:
    road = await calm_bot.start(forget_after_days=0.00001)
    made = road.discord.add_channel("harbour")
    person = OnDiscord(road.discord, discord.SOL, made)
    await person.say(following("all"))
    await road.publish(FERRY)
    await has(person, FERRY)
    road.discord.remove_channel(made)

    await nothing_names(redis, prefix, Chat("discord", made))
