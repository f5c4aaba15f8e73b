"""A post on Telegram gets no answer: within minutes somebody can say what became of it."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from bot import app
from bot.delivery import asking
from bot.delivery.policy import Policy
from bot.model.chat import Chat
from bot.model.ledger import CardRecord, State
from bot.model.rule import Loudness, Rule
from bot.storage.ledger import RedisLedger
from sandbox import telegram
from stories.story import Story, StoryId
from tests.road.parity import following
from tests.road.people import OnTelegram, Say, Seen
from tests.running import Road, Running, eventually, eventually_so
from tests.stories_made import FERRY as OLD_FERRY

FERRY = replace(OLD_FERRY, revision=None, updated_at=datetime.now(UTC).replace(microsecond=0))
TRAMS = replace(FERRY, id=StoryId("trams"), title="Trams Stand Still")
ALL = Rule(all=True, loudness=Loudness.EDIT)
GROUP, CHANNEL = (Chat("telegram", str(each)) for each in (telegram.GROUP, telegram.CHANNEL))
WITH_SOL = Chat("telegram", str(telegram.SOL))
LOST = "I don't know whether “"
ASKS = "may not have arrived"


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer is given up after a moment, and somebody is told at once."""
    soon = timedelta(seconds=0.2)
    monkeypatch.setattr(app, "Policy", partial(Policy, settle=soon, others_settle=soon))
    monkeypatch.setattr(asking, "TELL_AFTER", timedelta(seconds=0.3))
    monkeypatch.setattr(asking, "LOOK_S", 0.1)


async def row_is(
    ledger: RedisLedger, chat: Chat, story: Story, fits: Callable[[CardRecord], bool], what: str
) -> CardRecord:
    found: list[CardRecord] = []

    async def so() -> bool:
        row = await ledger.row(chat, story.id)
        found[:] = [row] if row is not None and fits(row) else []
        return bool(found)

    await eventually_so(so, f"the row of {story.id} in {chat} is {what}")
    return found[0]


async def lose(
    road: Road, ledger: RedisLedger, chat: Chat, story: Story, *, arrives: bool = True
) -> CardRecord:
    """Publish a story whose post gets no answer, and wait until that is known."""
    await road.telegram.settle()  # or an answer would be lost instead
    road.telegram.fail_next("sendMessage", 0, after_effect=arrives)
    await road.publish(story)
    return await row_is(ledger, chat, story, lambda row: row.state is State.UNKNOWN, "unknown")


async def is_shown(ledger: RedisLedger, chat: Chat, story: Story) -> CardRecord:
    return await row_is(ledger, chat, story, lambda row: row.state is State.SHOWN, "shown")


def messages(road: Road, chat: Chat, story: Story) -> list[dict[str, Any]]:
    return [
        each
        for each in road.telegram.messages(int(chat.address))
        if each.get("text", "").removeprefix("🔴 ").startswith(story.title)
        and "forward_origin" not in each
    ]


def asked(person: OnTelegram) -> list[Seen]:
    return [seen for seen in person.read() if ASKS in seen.title]


async def reply(
    road: Road, person: int, chat: int, to: Mapping[str, Any], text: str = "here"
) -> Seen:
    told = await road.telegram.say(person, chat, "here", reply_to=to)
    return await OnTelegram(road.telegram, person, chat)._answer(chat, told["message_id"])


def newer(story: Story) -> Story:
    return replace(story, breakdown=(*story.breakdown, "It came back at dawn."))


async def test_a_moderator_replies_to_the_card_and_it_is_kept_up_to_date(
    calm_bot: Running, ledger: RedisLedger
) -> None:
    road = await calm_bot.start({GROUP: ALL})
    mod = OnTelegram(road.telegram, telegram.SOL, telegram.GROUP)
    await road.publish(TRAMS)
    await is_shown(ledger, GROUP, TRAMS)
    await lose(road, ledger, GROUP, FERRY)
    [card], [trams] = messages(road, GROUP, FERRY), messages(road, GROUP, TRAMS)
    status = await mod.say(Say("status"))
    assert {"It's there", "Post again"} <= set(status.labels)
    why = await mod.say(Say("why", {"story": FERRY.id}))
    assert why.title.startswith(LOST)
    answer = await mod.say(Say("why", {"story": FERRY.id}))  # ours, and it leads to the story
    how = await mod.press(why, "It's there")
    assert how.title == f"Show me the card for “{FERRY.title}”"
    assert "Reply to that card" in how

    said = await road.telegram.say(telegram.MIRA, telegram.GROUP, "Nice ferry")
    for wrong, told in (
        (said, "That isn't one of my cards."),
        (trams, "That's another story's card."),
        (how.raw, "That isn't one of my cards."),
        (answer.raw, "That isn't one of my cards."),
    ):
        assert told in await reply(road, telegram.SOL, telegram.GROUP, wrong)
    assert "A moderator said" in await mod.say(Say("why", {"story": FERRY.id}))
    before = len(road.telegram.messages(telegram.GROUP))
    await road.telegram.say(telegram.MIRA, telegram.GROUP, "Hooray", reply_to=card)
    await road.telegram.settle()
    assert len(road.telegram.messages(telegram.GROUP)) == before + 1, "a member is told nothing"
    row = await ledger.row(GROUP, FERRY.id)
    assert row is not None
    assert row.state is State.UNKNOWN

    await calm_bot.stop()
    road = await calm_bot.start({GROUP: ALL})
    thanks = await reply(road, telegram.SOL, telegram.GROUP, card)
    assert thanks.title == f"Thank you, now I know the card for “{FERRY.title}”"
    assert (await is_shown(ledger, GROUP, FERRY)).message_id == str(card["message_id"])
    await road.publish(newer(FERRY))
    await eventually(lambda: "at dawn" in messages(road, GROUP, FERRY)[0]["text"])
    assert len(messages(road, GROUP, FERRY)) == 1
    audit = await OnTelegram(road.telegram, telegram.SOL, telegram.GROUP).say(Say("audit"))
    assert "confirmed that the card for" in audit
    assert "showed me the card for" in audit


async def test_two_moderators_post_it_again_at_once_and_one_card_comes(
    calm_bot: Running, ledger: RedisLedger
) -> None:
    road = await calm_bot.start({GROUP: ALL})
    await lose(road, ledger, GROUP, FERRY, arrives=False)
    pages = [
        await OnTelegram(road.telegram, telegram.SOL, telegram.GROUP).say(
            Say("why", {"story": FERRY.id})
        )
        for _ in range(2)
    ]
    mods = [OnTelegram(road.telegram, telegram.SOL, telegram.GROUP) for _ in pages]
    member = OnTelegram(road.telegram, telegram.MIRA, telegram.GROUP)
    refused = await member.press(pages[0], "Post again")
    assert refused.title == "Only moderators of this chat can use /unknown"
    answers = await asyncio.gather(
        *(mod.press(page, "Post again") for mod, page in zip(mods, pages, strict=True))
    )
    assert sorted(answer.title for answer in answers) == [
        f"Posted “{FERRY.title}” again",
        "That's already been settled",
    ]
    assert (await is_shown(ledger, GROUP, FERRY)).generation == 2
    assert len(messages(road, GROUP, FERRY)) == 1


async def test_what_is_settled_meanwhile_is_left_as_it_is(
    calm_bot: Running, ledger: RedisLedger
) -> None:
    road = await calm_bot.start({GROUP: ALL})
    mod = OnTelegram(road.telegram, telegram.SOL, telegram.GROUP)
    await lose(road, ledger, GROUP, FERRY)
    old, again = [await mod.say(Say("why", {"story": FERRY.id})) for _ in range(2)]
    await mod.press(old, "It's there")
    await road.publish(newer(FERRY))
    row = await is_shown(ledger, GROUP, FERRY)
    assert row.generation == 2
    [first, _] = messages(road, GROUP, FERRY)
    assert (await mod.press(again, "Post again")).title == "That's already been settled"
    late = await reply(road, telegram.SOL, telegram.GROUP, first)
    assert late.title.startswith("I already know a newer card for that story here")
    assert (await is_shown(ledger, GROUP, FERRY)).message_id == row.message_id
    assert len(messages(road, GROUP, FERRY)) == 2


async def test_whoever_set_the_chat_up_is_asked_once_in_private_whatever_restarts(
    calm_bot: Running, ledger: RedisLedger
) -> None:
    road = await calm_bot.start()
    await road.telegram.open(telegram.SOL)
    alone = OnTelegram(road.telegram, telegram.SOL)
    await OnTelegram(road.telegram, telegram.SOL, telegram.GROUP).say(following("all"))
    await lose(road, ledger, GROUP, FERRY)
    await eventually(lambda: asked(alone), "a notice")
    await calm_bot.stop()
    road = await calm_bot.start()
    await lose(road, ledger, GROUP, TRAMS)
    await asyncio.sleep(0.5)  # in which somebody would be asked again
    [notice] = asked(alone)
    assert notice.title == "1 card may not have arrived in Harbour News"
    assert notice.labels == ("It's there", "Post again")
    how = await alone.press(notice, "It's there")
    assert "In Harbour News, reply to that card with any word, " in how
    [card] = messages(road, GROUP, FERRY)
    thanks = await reply(road, telegram.SOL, telegram.GROUP, card)
    assert thanks.title.startswith("Thank you")
    assert (await is_shown(ledger, GROUP, FERRY)).message_id == str(card["message_id"])
    road.telegram.world.place(telegram.GROUP).members[telegram.SOL] = "member"
    status = await OnTelegram(road.telegram, telegram.SOL, telegram.GROUP).say(Say("status"))
    refused = await OnTelegram(road.telegram, telegram.SOL, telegram.GROUP).press(
        status, "Post again"
    )
    assert refused.title == "Only moderators of this chat can use /unknown"


async def test_a_person_is_asked_in_their_own_chat_and_the_next_minor_change_waits(
    calm_bot: Running, ledger: RedisLedger
) -> None:
    road = await calm_bot.start()
    alone = OnTelegram(road.telegram, telegram.SOL)
    await road.telegram.open(telegram.SOL)
    await alone.say(following("all"))
    await lose(road, ledger, WITH_SOL, FERRY)
    notice = (await eventually(lambda: asked(alone), "a notice"))[0]
    await alone.press(notice, "It's there")
    stats = replace(FERRY.stats, articles=(FERRY.stats.articles or 0) + 1)
    await road.publish(replace(FERRY, stats=stats))
    await road.rests()
    assert len(messages(road, WITH_SOL, FERRY)) == 1, "a minor change is not posted afresh"
    await road.publish(replace(FERRY, stats=stats, retracted="It never sailed."))
    await is_shown(ledger, WITH_SOL, FERRY)
    _, new = messages(road, WITH_SOL, FERRY)
    assert "It never sailed." in new["text"]


async def test_the_card_of_a_channel_is_forwarded_and_nothing_is_said_there(
    calm_bot: Running, ledger: RedisLedger
) -> None:
    road = await calm_bot.start({CHANNEL: ALL})
    for person in (telegram.SOL, telegram.MIRA):
        await road.telegram.open(person)
    await lose(road, ledger, CHANNEL, FERRY)
    [card] = messages(road, CHANNEL, FERRY)
    said = len(road.telegram.messages(telegram.CHANNEL))
    await asyncio.sleep(0.5)
    assert len(road.telegram.messages(telegram.CHANNEL)) == said
    admin = OnTelegram(road.telegram, telegram.SOL, telegram.CHANNEL)
    why = await admin.say(Say("why", {"story": FERRY.id}))
    how = await admin.press(why, "It's there")
    assert "Forward that card to me in our private chat" in how

    async def forwarded(person: int) -> Seen:
        told = await road.telegram.forward_message(person, card)
        return await OnTelegram(road.telegram, person)._answer(person, told["message_id"])

    stranger = await forwarded(telegram.MIRA)
    assert stranger.title == "Only a moderator of that chat can settle this"
    assert (await forwarded(telegram.SOL)).title.startswith("Thank you")
    assert (await is_shown(ledger, CHANNEL, FERRY)).message_id == str(card["message_id"])
    await road.publish(newer(FERRY))
    await eventually(lambda: "at dawn" in messages(road, CHANNEL, FERRY)[0]["text"])
    assert len(messages(road, CHANNEL, FERRY)) == 1


async def test_nobody_is_asked_where_unknown_posts_are_repeated(
    calm_bot: Running, ledger: RedisLedger
) -> None:
    road = await calm_bot.start(repeat_unknown=True)
    alone = OnTelegram(road.telegram, telegram.SOL)
    await road.telegram.open(telegram.SOL)
    await alone.say(following("all"))
    await road.telegram.settle()
    road.telegram.fail_next("sendMessage", 0)
    await road.publish(FERRY)
    await is_shown(ledger, WITH_SOL, FERRY)
    assert asked(alone) == []
