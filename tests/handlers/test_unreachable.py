"""Who follows in private and cannot be written to is told so, with the remedy."""

from datetime import timedelta

from bot.model.rule import Rule
from bot.model.status import Refusal
from tests.handlers.talking import MIRA, NOW, Talk, read
from wording.reasons import Code, Reason

SHUT = Refusal(Reason(Code.BLOCKED), NOW + timedelta(minutes=1))
SAID = "I can't message you in private. I've been blocked. Unblock me"


async def test_the_next_answer_anywhere_says_it_once(talk: Talk) -> None:
    talk.rules.saved[MIRA] = Rule(all=True)
    talk.desk.refusals[MIRA] = SHUT
    assert SAID in read(await talk.say("stories"))
    assert SAID not in read(await talk.say("stories"))
    del talk.desk.refusals[MIRA]
    assert SAID not in read(await talk.say("stories"))
    talk.desk.refusals[MIRA] = SHUT  # it is so again
    assert SAID in read(await talk.say("stories"))


async def test_who_follows_nothing_in_private_is_not_told(talk: Talk) -> None:
    talk.desk.refusals[MIRA] = SHUT
    assert SAID not in read(await talk.say("stories"))


async def test_follow_says_at_once_that_nothing_can_be_sent(talk: Talk) -> None:
    talk.chat, talk.private = MIRA, True
    talk.desk.refusals[MIRA] = SHUT
    for what in ("all", "ferry"):
        answer = await talk.type("follow", what)
        assert (SAID in read(answer)) == (what == "all"), "a refused /follow says something else"


async def test_following_shows_why_nothing_arrives(talk: Talk) -> None:
    talk.rules.saved[talk.chat] = Rule(all=True)
    assert "can't post" not in read(await talk.say("following"))
    talk.desk.refusals[talk.chat] = SHUT
    for _ in range(2):
        said = read(await talk.say("following"))
        assert "I can't post in this chat. I've been blocked." in said
        assert "Unblock me and press Start." in said
