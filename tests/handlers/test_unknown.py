"""/unknown settles whether a card stands that was posted and got no answer."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.answering import answer_to
from bot.model.chat import Chat, Showing
from bot.model.command import Pointed
from bot.model.ledger import CardRecord, State
from bot.model.status import CardStatus
from bot.model.unknown import Unknown, key_of
from tests.handlers.talking import FERRY, HERE, MIRA, NOW, THEFT, TRAM, Talk, labels, read
from wording.message import Message

LOST = CardRecord(State.UNKNOWN, NOW - timedelta(minutes=3), 1)


def lost(talk: Talk, *stories: Any, chat: Chat = HERE, **more: Any) -> None:
    talk.desk.card_statuses[chat] = [CardStatus(story, replace(LOST, **more)) for story in stories]


async def show(talk: Talk, pointed: Pointed) -> Message:
    command = talk.commands["unknown"]
    assert command.pointed is not None
    assert await command.pointed(pointed, talk.person)
    return await answer_to(command, replace(talk._ask({}), pointed=pointed), talk._is_moderator)


async def test_nothing_to_settle_is_said_so(talk: Talk) -> None:
    said = await talk.say("unknown")
    assert said.title == "Every card I posted here has arrived"


async def test_several_are_numbered_as_their_buttons_are(talk: Talk) -> None:
    lost(talk, THEFT, FERRY, TRAM, THEFT, FERRY)
    said = await talk.say("unknown")
    assert "2. “Night Ferry Returns”" in read(said)
    assert "1 more card will follow once these are settled." in read(said)
    assert list(labels(said))[2:4] == ["2: It's there", "2: Post again"]


@pytest.mark.parametrize("command", ["status", "why", "unknown"])
async def test_wherever_it_is_said_the_two_buttons_are_offered(talk: Talk, command: str) -> None:
    lost(talk, FERRY)
    talk.desk.healths[HERE] = replace(
        await talk.desk.health(HERE), cards=[(FERRY, LOST)], lacks=None
    )
    offered = labels(await talk.say(command))
    key = key_of(HERE, FERRY)
    assert offered["It's there"] == f"unknown_there_{key}_1"
    assert offered["Post again"] == f"unknown_again_{key}_1"


async def test_what_a_moderator_says_twice_is_one_act(talk: Talk) -> None:
    lost(talk, FERRY)
    page = await talk.say("unknown")
    for _ in range(2):
        said = await talk.press(page, "It's there")
        assert said.title == "Show me the card for “Night Ferry Returns”"
    assert "but I don't know where" in read(await talk.type("why", "ferry"))
    assert len(talk.audit.kept) == 1


async def test_an_attempt_that_is_no_longer_the_last_is_settled(talk: Talk) -> None:
    lost(talk, FERRY, generation=2)
    for step in ("there", "again"):
        said = await talk.click(f"unknown_{step}_{key_of(HERE, FERRY)}_1")
        assert said.title == "That's already been settled"
    assert (await talk.click("unknown_again_0123456789abcdef_1")).title == (
        "That's already been settled"
    )
    assert talk.audit.kept == []


async def test_elsewhere_only_moderators_of_that_chat_settle_it_and_it_is_written_down_there(
    talk: Talk,
) -> None:
    lost(talk, FERRY)
    card = Unknown(HERE, FERRY, 1)
    talk.chat, talk.private = MIRA, True
    said = await talk.click(f"unknown_there_{card.key}_1")
    assert said.title == "Only a moderator of that chat can settle this"
    talk.desk.heads.add((HERE, MIRA))
    assert "In Harbour News, reply" in read(await talk.click(f"unknown_there_{card.key}_1"))
    assert (await talk.click(f"unknown_again_{card.key}_1")).title.startswith("Posted")
    assert [chat for chat, _ in talk.audit.kept] == [HERE, HERE]
    talk.desk.heads.clear()
    lost(talk, FERRY)
    said = await talk.click(f"unknown_again_{card.key}_1")
    assert said.title == "Only a moderator of that chat can settle this"


async def test_where_the_bot_finds_its_cards_no_reply_is_asked_for(talk: Talk) -> None:
    talk.desk.showing = None
    lost(talk, FERRY)
    said = await talk.press(await talk.say("unknown"), "It's there")
    assert said.title == "The card for “Night Ferry Returns” is there"
    assert "I'm taking your word for it" in read(said)


async def test_a_forwarded_card_that_lost_its_buttons_is_known_by_its_title(talk: Talk) -> None:
    talk.desk.showing = Showing.FORWARD
    lost(talk, FERRY, THEFT)
    await talk.click(f"unknown_there_{key_of(HERE, FERRY)}_1")
    wrong = await show(talk, Pointed(HERE, "7", None, "AI Theft Claims"))
    assert wrong.title == "That's another story's card. Show me the one for “Night Ferry Returns”."
    right = await show(talk, Pointed(HERE, "7", None, "Night Ferry Returns"))
    assert right.title == "Thank you, now I know the card for “Night Ferry Returns”"


async def test_a_reply_is_expected_for_ten_minutes_and_then_only_the_right_one_counts(
    talk: Talk,
) -> None:
    lost(talk, FERRY)
    await talk.click(f"unknown_there_{key_of(HERE, FERRY)}_1")
    pointed = talk.commands["unknown"].pointed
    assert pointed is not None
    wrong, right = Pointed(HERE, "7", None), Pointed(HERE, "8", FERRY)
    assert await pointed(wrong, MIRA)
    assert not await pointed(wrong, Chat("telegram", "55"))
    talk.at += timedelta(minutes=11)
    assert not await pointed(wrong, MIRA)
    assert await pointed(right, MIRA)
