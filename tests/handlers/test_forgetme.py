"""/forgetme deletes what is kept about whoever asks, never what a group or channel gets."""

import pytest

from bot.model.chat import Chat
from bot.model.rule import Rule
from bot.model.status import CardStatus
from tests.handlers.talking import FERRY, HERE, MIRA, TRAM, Talk, labels, read


async def known(talk: Talk) -> None:
    """Mira has looked at two stories, follows a word in private, and has been sent a card."""
    await talk.type("story", FERRY)
    await talk.type("story", TRAM)
    talk.rules.saved = {MIRA: Rule(keywords=("weather",)), HERE: Rule(all=True)}
    talk.desk.card_statuses = {MIRA: [CardStatus(FERRY)], HERE: [CardStatus(TRAM)]}


async def test_nothing_is_deleted_before_it_is_confirmed(talk: Talk) -> None:
    await known(talk)
    for said in ("", "no", "YES PLEASE"):
        answer = await talk.say("forgetme", sure=said)
        assert answer.title == "Delete everything about you?"
        assert "Cards already sent to you stay where they are, but are no longer updated." in (
            read(answer)
        )
        assert labels(answer) == {"Yes, forget me": "forgetme_yes"}
    assert MIRA in talk.rules.saved
    assert len(talk.positions.held) == 2
    assert MIRA in talk.desk.card_statuses


async def test_what_is_deleted_is_said_and_the_group_it_is_asked_in_keeps_what_it_has(
    talk: Talk,
) -> None:
    await known(talk)
    other = Chat("telegram", "6")
    talk.person = other
    await talk.type("story", FERRY)
    talk.person = MIRA
    assert read(await talk.click("forgetme_yes")).splitlines() == [
        "Deleted",
        "Your reading position in 2 stories. · What our private chat followed. · The record of 1 "
        "card sent there.",
        "Cards already sent to you stay where they are, but are no longer updated.",
    ]
    assert talk.rules.saved == {HERE: Rule(all=True)}
    assert list(talk.desk.card_statuses) == [HERE]
    assert list(talk.positions.held) == [(other, FERRY)]
    assert (await talk.click("forgetme_yes")).title == "There was nothing to forget"


async def test_whoever_set_a_group_up_is_named_there_no_more(talk: Talk) -> None:
    await talk.click("setup_all_yes")
    await talk.press(await talk.say("setup"), "Save")
    talk.private, talk.chat = True, MIRA
    await talk.click("setup_loud_edit")
    assert str(talk.rules.saved[HERE].keeper) == str(MIRA)
    assert "Alerts to you about 1 group or channel where I can't post." in read(
        await talk.click("forgetme_yes")
    )
    assert talk.rules.saved == {HERE: Rule(all=True)}
    assert talk.drafts.kept == {}


async def test_a_channel_that_speaks_is_nobody_to_forget(talk: Talk) -> None:
    await known(talk)
    talk.person = HERE
    assert (await talk.click("forgetme_yes")).title == "I can't tell who's asking here"
    assert HERE in talk.rules.saved


async def test_what_the_operator_wrote_is_left_to_the_operator(talk: Talk) -> None:
    await known(talk)
    talk.rules.fixed = {MIRA: Rule(all=True)}
    assert "The bot's operator sets what" in read(await talk.say("forgetme"))
    said = read(await talk.click("forgetme_yes"))
    assert (
        "Deleted\nYour reading position in 2 stories.\n"
        "The bot's operator sets what your private chat gets" in said
    )
    assert not talk.positions.held
    assert MIRA in talk.desk.card_statuses


@pytest.mark.parametrize("away", ["rules", "desk", "positions"])
async def test_while_the_storage_is_away_nobody_is_told_they_are_forgotten(
    talk: Talk, away: str
) -> None:
    await known(talk)
    getattr(talk, away).away = True
    assert (await talk.click("forgetme_yes")).title == "That can't be saved right now"
    getattr(talk, away).away = False
    await talk.click("forgetme_yes")
    assert MIRA not in talk.rules.saved
    assert MIRA not in talk.desk.card_statuses
    assert not talk.positions.held
