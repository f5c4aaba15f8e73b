"""What becomes of cards when a chat refuses, moves or hurries us, over sockets and a real Redis."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from bot import app
from bot.delivery import messages as made_messages
from bot.delivery.policy import Policy
from bot.model.chat import Chat
from bot.model.ledger import CardRecord, State
from bot.model.rule import Loudness, Rule
from bot.storage.ledger import RedisLedger
from bot.storage.rules import RedisRules
from sandbox.calls import Call
from sandbox.discord import GENERAL, NEWS, Discord
from sandbox.telegram import CHANNEL, FORUM, MIRA, Telegram
from stories.story import Status, Story, StoryId
from tests.running import Road, Running, eventually, eventually_so
from tests.stories_made import FERRY as OLD_FERRY
from wording.card import card
from wording.reasons import Code, Reason

FERRY = replace(OLD_FERRY, revision=None, updated_at=datetime.now(UTC).replace(microsecond=0))
TRAMS = replace(FERRY, id=StoryId("trams"), title="Trams Stand Still")
BRIDGE = replace(FERRY, id=StoryId("bridge"), title="Bridge Opens")
ALL = Rule(all=True, loudness=Loudness.EDIT)
ON_DISCORD, ELSEWHERE = Chat("discord", NEWS), Chat("discord", GENERAL)
IN_CHANNEL = Chat("telegram", str(CHANNEL))
WITH_MIRA = Chat("telegram", str(MIRA))


@pytest.fixture
def soon_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A chat that refuses us is tried again after a moment, not after a minute."""
    hurried = partial(Policy, park_first=timedelta(seconds=0.2), park_longest=timedelta(seconds=1))
    monkeypatch.setattr(app, "Policy", hurried)


def titles(road: Road, chat: Chat) -> list[str]:
    """The titles of the cards in a chat, oldest first."""
    if chat.platform == "discord":
        messages = road.discord.messages(chat.address)
        said = [embed["title"] for message in messages for embed in message["embeds"]]
        return [title for title in said if not title.startswith("I can no longer post")]
    said = [message.get("text", "") for message in road.telegram.messages(int(chat.address))]
    return [
        story.title
        for text in said
        for story in (FERRY, TRAMS, BRIDGE)
        if text.partition("\n")[0].endswith(story.title)
    ]


async def stands(road: Road, chat: Chat, *stories: Story) -> None:
    wanted = {story.title for story in stories}
    await eventually(lambda: wanted <= set(titles(road, chat)), f"{wanted} in {chat}")


async def has_row(ledger: RedisLedger, chat: Chat, story: Story, state: State) -> CardRecord:
    found: list[CardRecord] = []

    async def so() -> bool:
        row = await ledger.row(chat, story.id)
        if row is not None and row.state is state:
            found.append(row)
        return bool(found)

    await eventually_so(so, f"the ledger says {state} for {story.id} in {chat}")
    return found[0]


def minor(story: Story) -> Story:
    return replace(story, stats=replace(story.stats, articles=(story.stats.articles or 0) + 1))


def notable(story: Story) -> Story:
    return replace(story, breakdown=(*story.breakdown, "It came back at dawn."))


@pytest.mark.usefixtures("soon_tried_again")
async def test_a_channel_without_rights_is_left_alone_and_caught_up_when_they_are_back(
    bot: Running, ledger: RedisLedger
) -> None:
    road = await bot.start({ON_DISCORD: ALL, ELSEWHERE: ALL, IN_CHANNEL: ALL})
    road.discord.deny(NEWS, "SEND_MESSAGES")
    await road.publish(FERRY, TRAMS)
    for chat in (ELSEWHERE, IN_CHANNEL):
        await stands(road, chat, FERRY, TRAMS)

    async def refused() -> list[CardRecord]:
        rows = [await ledger.row(ON_DISCORD, story.id) for story in (FERRY, TRAMS)]
        return [row for row in rows if row is not None and row.state is State.FAILED]

    async def is_refused() -> bool:
        return bool(await refused())

    await eventually_so(is_refused, "the ledger says failed")
    assert all(
        row.why == Reason(Code.LACKS_PERMISSIONS, {"permissions": ["Send Messages"]})
        for row in await refused()
    )
    assert titles(road, ON_DISCORD) == []
    road.discord.allow(NEWS, "SEND_MESSAGES")
    await stands(road, ON_DISCORD, FERRY, TRAMS)
    for chat in (ON_DISCORD, ELSEWHERE, IN_CHANNEL):
        for story in (FERRY, TRAMS):
            assert (await has_row(ledger, chat, story, State.SHOWN)).generation == 1
        assert sorted(titles(road, chat)) == [FERRY.title, TRAMS.title]


@pytest.mark.usefixtures("soon_tried_again")
async def test_who_blocked_the_bot_gets_each_live_story_once_after_unblocking_it(
    bot: Running, ledger: RedisLedger
) -> None:
    road = await bot.start({WITH_MIRA: ALL, IN_CHANNEL: ALL})
    await road.telegram.open(MIRA)
    road.telegram.block(MIRA)
    await road.publish(FERRY, TRAMS)
    await stands(road, IN_CHANNEL, FERRY, TRAMS)

    async def why() -> str:
        rows = [await ledger.row(WITH_MIRA, story.id) for story in (FERRY, TRAMS)]
        return " ".join(str(row.why) for row in rows if row is not None)

    async def is_refused() -> bool:
        return "blocked" in await why()

    await eventually_so(is_refused, "the ledger says that the bot is blocked")
    await road.publish(notable(FERRY))
    road.telegram.unblock(MIRA)
    await stands(road, WITH_MIRA, FERRY, TRAMS)
    for story in (FERRY, TRAMS):
        assert (await has_row(ledger, WITH_MIRA, story, State.SHOWN)).generation == 1
    assert sorted(titles(road, WITH_MIRA)) == [FERRY.title, TRAMS.title]
    (ferry,) = [m for m in road.telegram.messages(MIRA) if FERRY.title in m.get("text", "")]
    assert "It came back at dawn" in ferry["text"], "the newest state, not the backlog"


async def test_a_group_that_becomes_a_supergroup_takes_its_cards_and_the_files_rule_along(
    bot: Running, world: tuple[Discord, Telegram]
) -> None:
    group = world[1].add_chat("Harbour Crew", "group")
    file = {Chat("telegram", str(group)): ALL}
    road = await bot.start(file)
    await road.publish(FERRY)
    await stands(road, Chat("telegram", str(group)), FERRY)
    there = Chat("telegram", str(road.telegram.migrate(group)))
    await road.publish(notable(FERRY))
    await stands(road, there, FERRY)
    await road.publish(TRAMS)
    await stands(road, there, TRAMS)
    await bot.stop()
    road = await bot.start(file)
    await road.publish(BRIDGE)
    await stands(road, there, BRIDGE)
    assert titles(road, there) == [FERRY.title, TRAMS.title, BRIDGE.title]
    assert titles(road, Chat("telegram", str(group))) == [FERRY.title]


async def test_a_group_that_moves_follows_no_story_there_that_ended_meanwhile(
    bot: Running, world: tuple[Discord, Telegram], rules: RedisRules
) -> None:
    group = world[1].add_chat("Harbour Crew", "group")
    followed = Rule(story_ids=(FERRY.id, TRAMS.id), loudness=Loudness.EDIT)
    await rules.save(Chat("telegram", str(group)), followed)
    road = await bot.start()
    there = Chat("telegram", str(road.telegram.migrate(group)))
    await road.publish(TRAMS, replace(FERRY, stats=replace(FERRY.stats, status=Status.ENDED)))
    await stands(road, there, TRAMS)

    async def left() -> bool:
        return (await rules.load())[there].story_ids == (TRAMS.id,)

    await eventually_so(left, "the rule no longer names it")


@pytest.mark.parametrize("chat", [ON_DISCORD, IN_CHANNEL], ids=str)
async def test_a_deleted_card_comes_back_with_a_notable_update_and_not_with_a_minor_one(
    bot: Running, ledger: RedisLedger, chat: Chat
) -> None:
    road = await bot.start({chat: ALL})
    await road.publish(FERRY)
    row = await has_row(ledger, chat, FERRY, State.SHOWN)
    assert row.message_id is not None
    if chat.platform == "discord":
        road.discord.delete_message(chat.address, row.message_id)
    else:
        road.telegram.delete_message(int(chat.address), int(row.message_id))
    await road.publish(minor(FERRY))
    await has_row(ledger, chat, FERRY, State.GONE)
    await road.publish(TRAMS)  # told after it, so the minor update has had its turn
    await stands(road, chat, TRAMS)
    assert titles(road, chat) == [TRAMS.title]
    await road.publish(notable(minor(FERRY)))
    await stands(road, chat, FERRY)
    assert (await has_row(ledger, chat, FERRY, State.SHOWN)).generation == 2


async def test_a_story_that_cannot_be_rendered_stops_only_itself(
    bot: Running, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def hostile(edition, delta, **how):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN003, ANN202
        if edition.story.id == FERRY.id and edition.revision == 1:
            raise ValueError("this story breaks its card")
        return card(edition, delta, **how)

    monkeypatch.setattr(made_messages, "card", hostile)
    road = await bot.start({ON_DISCORD: ALL, IN_CHANNEL: ALL})
    await road.publish(FERRY, TRAMS)
    for chat in (ON_DISCORD, IN_CHANNEL):
        await stands(road, chat, TRAMS)
    await eventually(partial(_broke, caplog), "both couriers logged it")
    await road.publish(BRIDGE)
    for chat in (ON_DISCORD, IN_CHANNEL):
        await stands(road, chat, BRIDGE)
        assert FERRY.title not in titles(road, chat)
    await road.publish(notable(FERRY))  # the next edition is well, and does not wait
    for chat in (ON_DISCORD, IN_CHANNEL):
        await stands(road, chat, FERRY)


def _broke(caplog: pytest.LogCaptureFixture) -> bool:
    return sum(record.message == "a card failed" for record in caplog.records) >= 2


async def test_many_stories_to_one_chat_keep_the_pace(bot: Running) -> None:
    """The fixture sees that no platform had to say 429; at once, more than three would be."""
    stories = [replace(FERRY, id=StoryId(f"s{n}"), title=f"Story {n}") for n in range(7)]
    some = Rule(story_ids=tuple(story.id for story in stories[:3]), loudness=Loudness.EDIT)
    road = await bot.start({ON_DISCORD: ALL, **dict.fromkeys(topics(bot), some)})
    await road.publish(*stories)
    await eventually(lambda: len(titles(road, ON_DISCORD)) == 7, "seven on Discord")
    await eventually(lambda: len(_sent(road.telegram.calls)) == 6, "three in both topics")


async def test_what_a_group_was_told_by_the_process_before_us_counts(
    bot: Running, ledger: RedisLedger, world: tuple[Discord, Telegram]
) -> None:
    """Telegram takes twenty messages a minute in a group, and we send eighteen."""
    group, other = (Chat("telegram", str(world[1].add_chat(name))) for name in ("Crew", "Guests"))
    now = datetime.now(UTC)
    for n in range(16):
        row = CardRecord(State.SHOWN, now, 1, message_id=str(n + 1), fingerprint="-", posted_at=now)
        await ledger.write(group, StoryId(f"before-{n}"), row)
    stories = [replace(FERRY, id=StoryId(f"s{n}"), title=f"Story {n}") for n in range(5)]
    road = await bot.start({group: ALL, other: ALL})
    await road.publish(*stories)

    def posted(chat: Chat) -> int:
        said = [message.get("text", "") for message in road.telegram.messages(int(chat.address))]
        return sum("Story " in text for text in said)

    await eventually(lambda: posted(other) == 5, "all of them in a group that was told nothing")
    assert posted(group) == 2


def topics(bot: Running) -> list[Chat]:
    """Two topics of one group, which share its pace."""
    telegram = bot.world[1]
    made = [telegram.add_topic(FORUM, name) for name in ("Boats", "Docks")]
    return [Chat("telegram", f"{FORUM}/{topic}") for topic in made]


def _sent(calls: list[Call]) -> list[Call]:
    return [call for call in calls if call.path == "sendMessage"]


async def test_a_card_that_was_edited_too_often_does_not_keep_the_others_waiting(
    bot: Running, ledger: RedisLedger
) -> None:
    """Discord lets an old or a published message be edited a few times an hour."""
    road = await bot.start({ON_DISCORD: ALL})
    await road.publish(FERRY)
    await stands(road, ON_DISCORD, FERRY)
    wait = {"message": "Too often", "code": 30046, "retry_after": 1800.0, "global": False}
    road.discord.fail_next("PATCH", "/messages/", 429, wait)
    await road.publish(notable(FERRY))
    row = await has_row(ledger, ON_DISCORD, FERRY, State.FAILED)
    assert row.why == Reason(Code.PAUSE, {"platform": "discord"})
    await road.publish(replace(notable(FERRY), headline="Newer, and told as soon as it may be"))
    await road.publish(TRAMS)
    await stands(road, ON_DISCORD, TRAMS)
    await road.publish(BRIDGE)
    await stands(road, ON_DISCORD, BRIDGE)
    assert [call.status for call in road.discord.calls if call.method == "PATCH"] == [429]
    road.discord.calls.clear()  # this refusal was meant


async def test_what_is_on_the_wire_is_finished_before_the_bot_stops(
    bot: Running, ledger: RedisLedger
) -> None:
    road = await bot.start({ON_DISCORD: ALL, IN_CHANNEL: ALL})
    road.discord.slow_next("POST", "/messages$", 1.5)
    road.telegram.slow_next("sendMessage", 1.5)
    await road.publish(FERRY)
    await eventually(lambda: titles(road, ON_DISCORD) and titles(road, IN_CHANNEL), "done there")
    for chat in (ON_DISCORD, IN_CHANNEL):
        row = await ledger.row(chat, FERRY.id)
        assert row is not None
        assert row.state is State.SENDING, "the answer is still on its way"
    await bot.stop()
    for chat in (ON_DISCORD, IN_CHANNEL):
        row = await ledger.row(chat, FERRY.id)
        assert row is not None
        assert row.state is State.SHOWN
        assert row.message_id is not None
