"""/privacy says what is kept, of whom, and until when; in a group nothing about one person."""

from datetime import timedelta

import pytest

from bot.model.rule import Rule
from bot.model.status import Standing
from bot.platforms.telegram.render import render
from handlers import promptly
from tests.handlers.talking import FERRY, FILED, HERE, MIRA, NOW, TRAM, Talk, read
from wording.message import Note


async def test_in_private_everything_is_told(talk: Talk) -> None:
    talk.chat, talk.private = MIRA, True
    await talk.type("story", FERRY)
    await talk.type("story", TRAM)
    talk.rules.saved[MIRA] = Rule(keywords=("weather",), story_ids=(FERRY,))
    talk.desk.standings[MIRA] = [Standing(FERRY)]
    answer = await talk.say("privacy")
    said = read(answer)
    assert "You looked at 2 stories." in said
    assert Note("Unless you look again, forgotten", NOW + timedelta(days=90)) in answer.blocks
    assert "I keep what it follows: “weather”, " in said
    assert "I keep a record of 1 card sent here" in said
    assert "This chat is telegram:5" in said
    assert "Names and messages: what you write is answered and forgotten" in said


async def test_of_a_stranger_nothing_is_kept(talk: Talk) -> None:
    talk.chat, talk.private = MIRA, True
    said = read(await talk.say("privacy"))
    assert "You have not looked at any yet." in said
    assert "It follows nothing. I have sent no card here." in said


async def test_where_others_read_nothing_is_told_about_the_asker(talk: Talk) -> None:
    await talk.type("story", FERRY)
    talk.rules.saved[MIRA] = Rule(keywords=("secret",))
    talk.rules.saved[HERE] = Rule(keywords=tuple(f"word {number}" for number in range(7)))
    answer = await talk.say("privacy")
    said = read(answer)
    assert "What that is just now I say in private only." in said
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
    assert "You looked at 1 story." in said
    assert "in private only" not in said


async def test_in_a_chat_of_the_operators_file_it_is_said_whose_rule_that_is(talk: Talk) -> None:
    talk.chat = FILED
    assert "set by whoever runs me, in a file" in read(await talk.say("privacy"))


@pytest.mark.parametrize("trouble", ["away", "slow"])
async def test_without_the_storage_the_rest_is_told(
    talk: Talk, trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(promptly, "PATIENCE_S", 0.01)
    talk.chat, talk.private = MIRA, True
    setattr(talk.places, trouble, True)
    talk.desk.away = True
    said = read(await talk.say("privacy"))
    assert "How much that is cannot be looked up just now." in said
    assert "How many cards I sent here cannot be looked up just now." in said
