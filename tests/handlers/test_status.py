"""/status says how a chat fares, and what is to be mended."""

from dataclasses import replace
from datetime import time, timedelta

from bot.model.chat import Right
from bot.model.ledger import CardRecord, State
from bot.model.rule import Mute, Quiet, Rule
from bot.model.status import Health, Refusal
from stories.story import StoryId
from tests.handlers.talking import FERRY, HERE, NOW, TRAM, Talk, labels, read
from wording.message import Tone
from wording.reasons import Code, Reason

MAY = {Right.POST: (), Right.PIN: ()}
MINUTE = timedelta(minutes=1)


def row(state: State, ago: timedelta = 3 * MINUTE, why: Reason | None = None) -> CardRecord:
    return CardRecord(state, NOW - ago, 4, "77", posted_at=NOW - timedelta(hours=1), why=why)


async def said(talk: Talk, health: Health, rule: Rule | None = None) -> list[str]:
    talk.desk.healths[HERE] = health
    if rule is not None:
        talk.rules.saved[HERE] = rule
    talk.moderator = False
    return read(await talk.say("status")).splitlines()


async def test_a_chat_that_lacks_nothing_is_said_to_be_well(talk: Talk) -> None:
    assert await said(talk, Health(MAY, ()), Rule(all=True)) == [
        "All is well in this chat",
        "I may write and pin here.",
        "I have sent no card here.",
    ]


async def test_a_chat_that_follows_nothing_is_told_who_can_change_that_and_how(talk: Talk) -> None:
    answer = await talk.say("status")
    assert (
        "This chat follows nothing, so no story comes here by itself.\n"
        "A moderator can change that with /follow and a story or a word." in read(answer)
    )
    assert labels(answer) == {"Follow something": "follow", "What this chat follows": "following"}
    talk.private = True
    alone = await talk.say("status")
    assert "\nChange that with /follow and a story or a word." in read(alone)
    assert "Follow something" in labels(alone)
    await talk.type("follow", "all")
    assert labels(await talk.say("status")) == {"What this chat follows": "following"}


async def test_the_right_that_is_missing_is_named(talk: Talk) -> None:
    lacks = {Right.POST: ("Send Messages", "Embed Links"), Right.PIN: ("Pin Messages",)}
    talk.desk.healths[HERE] = Health(lacks, ())
    answer = await talk.say("status")
    assert answer.title == "Something has to be mended in this chat"
    assert answer.tone is Tone.SORRY
    assert (
        "I may not write here: I lack “Send Messages” and “Embed Links”. Give that to me in this "
        "chat's settings; then the newest of each story is shown once." in read(answer)
    )
    told = await said(talk, Health({**lacks, Right.POST: ()}, ()))
    assert told[0] == "All is well in this chat"
    assert told[1].startswith("I may write here, but not pin: I lack “Pin Messages”.")


async def test_what_cannot_be_looked_up_is_said_so(talk: Talk) -> None:
    told = await said(talk, Health(None, None))
    assert "What I may do here cannot be looked up just now." in told
    assert "My storage is away for a moment, so what came here cannot be looked up." in told


async def test_a_refusal_is_told_with_what_mends_it_and_until_when_it_is_left_alone(
    talk: Talk,
) -> None:
    refusal = Refusal(Reason(Code.TOPIC_CLOSED), NOW + 7 * MINUTE)
    told = await said(talk, Health(None, (), refusal=refusal))
    assert told[0] == "Something has to be mended in this chat"
    assert told[2] == (
        "This chat doesn't accept what I send. The topic is closed. Open the topic again. "
        "I try again in 7 minutes, and show the newest then."
    )


async def test_who_gave_the_right_back_is_told_that_it_is_tried_at_once(talk: Talk) -> None:
    why = Reason(Code.LACKS_PERMISSIONS, {"permissions": ["Embed Links"]})
    told = await said(talk, Health(MAY, (), refusal=Refusal(why, NOW + MINUTE)))
    assert told[1:4] == [
        "I may write and pin here.",
        "This chat didn't accept what I sent last. The bot lacks “Embed Links”. "
        "I'm trying again now.",
        "If that doesn't help: Give its role “Embed Links” under Edit Channel → Permissions.",
    ]
    quoted = Refusal(Reason(Code.SAID, {"platform": "discord", "said": "403"}), NOW)
    assert not any("403" in line for line in await said(talk, Health(MAY, (), refusal=quoted)))


async def test_the_newest_cards_are_told_with_how_they_went(talk: Talk) -> None:
    cards = [
        (FERRY, row(State.SHOWN)),
        (TRAM, CardRecord(State.SHOWN, NOW, 2, "7", posted_at=NOW)),
        (StoryId("gone"), row(State.GONE)),
        (FERRY, row(State.FAILED, why=Reason(Code.TOPIC_CLOSED))),
        (
            FERRY,
            row(State.FAILED, why=Reason(Code.SAID, {"platform": "telegram", "said": "nonsense"})),
        ),
        (FERRY, row(State.UNKNOWN)),
    ]
    told = await said(talk, Health(MAY, cards))
    assert told[-1].split(" · ") == [
        "“Night Ferry Returns”: edited 3 minutes ago, shows revision 4",
        "“Vennburg Tram Strike”: posted under a minute ago, shows revision 2",
        "“gone”: deleted here by someone, noticed 3 minutes ago",
        "“Night Ferry Returns”: could not be edited 3 minutes ago. The topic is closed. "
        "Open the topic again.",
        "“Night Ferry Returns”: could not be edited 3 minutes ago. The reason is in the bot's log, "
        "for the person who runs it.",
        "… and 1 more",
    ]
    assert labels(await talk.say("status"))["Why"] == "why"


async def test_what_waits_is_told_with_until_when(talk: Talk) -> None:
    waiting = [(FERRY, NOW + timedelta(seconds=40)), (TRAM, None)]
    told = await said(talk, Health(MAY, (), waiting))
    assert "2 cards wait" in told
    assert "“Night Ferry Returns”: its next edit may be in 40 seconds · “Vennburg Tram Strike”" in (
        told
    )


async def test_a_card_that_could_not_be_shown_is_named_with_when_it_is_tried_again(
    talk: Talk,
) -> None:
    failed = row(State.FAILED, why=Reason(Code.PAUSE, {"platform": "discord"}))
    waiting = [(TRAM, None), (FERRY, None)]
    again = {FERRY: NOW + timedelta(seconds=40)}
    for cards in ([(FERRY, failed)], [(FERRY, row(State.SENDING))], []):
        told = await said(talk, Health(MAY, cards, waiting, again=again))
        assert told[0] == "Cards are late in this chat"
        assert (
            "“Night Ferry Returns”: it is tried again in 40 seconds · “Vennburg Tram Strike”"
        ) in told
    told = await said(talk, Health(MAY, [(FERRY, failed)], waiting))
    assert told[0] == "Cards are late in this chat"
    assert "“Night Ferry Returns”: it is tried again · “Vennburg Tram Strike”" in told
    newest = [(FERRY, replace(row(State.SHOWN), revision=10**6))]
    told = await said(talk, Health(MAY, newest, waiting, again=again))
    assert told[0] == "All is well in this chat", "the card is as it should be, only its pin is not"


async def test_what_the_chat_itself_has_chosen_is_told(talk: Talk) -> None:
    quiet = Quiet(time(5), time(9), "UTC")
    rule = Rule(all=True, paused=True, muted=(Mute(FERRY),), quiet=quiet)
    told = await said(talk, Health(MAY, ()), rule)
    assert "Paused: nothing new comes until /resume. Cards that stand stay up to date." in told
    assert "It is quiet here until 09:00: what is new comes then." in told
    assert "1 story is muted here." in told
