"""/privacy says what is kept, of whom, and until when; in a group nothing about one person."""

from datetime import timedelta

import pytest

from bot.model.rule import Rule
from bot.model.status import CardStatus
from bot.platforms.telegram.render import render
from handlers import promptly
from tests.handlers.talking import FERRY, FILED, HERE, MIRA, NOW, TRAM, Talk, read
from wording.message import Note


async def test_in_private_everything_is_told(talk: Talk) -> None:
    talk.chat, talk.private = MIRA, True
    await talk.type("story", FERRY)
    await talk.type("story", TRAM)
    talk.rules.saved[MIRA] = Rule(keywords=("weather",), story_ids=(FERRY,))
    talk.desk.card_statuses[MIRA] = [CardStatus(FERRY)]
    answer = await talk.say("privacy")
    said = read(answer)
    assert "You've opened 2 stories." in said
    assert Note("Without another visit, this is deleted", NOW + timedelta(days=90)) in answer.blocks
    assert "I store what it follows: “weather”, " in said
    assert "I store a record of 1 card sent here" in said
    assert "This chat's ID is telegram:5" in said
    assert "I don't store names or messages. I answer what you write, then forget it" in said


async def test_of_a_stranger_nothing_is_kept(talk: Talk) -> None:
    talk.chat, talk.private = MIRA, True
    said = read(await talk.say("privacy"))
    assert "You haven't opened any stories yet." in said
    assert "It follows nothing. I haven't sent any cards here." in said


async def test_where_others_read_nothing_is_told_about_the_asker(talk: Talk) -> None:
    await talk.type("story", FERRY)
    talk.rules.saved[MIRA] = Rule(keywords=("secret",))
    talk.rules.saved[HERE] = Rule(keywords=tuple(f"word {number}" for number in range(7)))
    answer = await talk.say("privacy")
    said = read(answer)
    assert "I only show the details in private." in said
    assert "1 story" not in said
    assert "secret" not in said
    assert "“word 4”, 2 more." in said
    assert "…" not in render(answer, start_link="https://t.me/b?start=", brief=True).html


async def test_where_the_answer_is_shown_to_the_asker_alone_it_is_told_all_the_same(
    talk: Talk,
) -> None:
    await talk.type("story", FERRY)
    talk.whispered = True
    said = read(await talk.say("privacy"))
    assert "You've opened 1 story." in said
    assert "I only show the details in private" not in said


async def test_in_a_chat_of_the_operators_file_it_is_said_whose_rule_that_is(talk: Talk) -> None:
    talk.chat = FILED
    assert "The bot's operator sets what it follows, in a file" in read(await talk.say("privacy"))


@pytest.mark.parametrize("trouble", ["away", "slow"])
async def test_without_the_storage_the_rest_is_told(
    talk: Talk, trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(promptly, "PATIENCE_S", 0.01)
    talk.chat, talk.private = MIRA, True
    setattr(talk.positions, trouble, True)
    talk.desk.away = True
    said = read(await talk.say("privacy"))
    assert "I can't look up the details right now." in said
    assert "I can't look up right now how many cards I've sent here." in said
