"""/status says how a chat fares, and what needs fixing."""

from dataclasses import replace
from datetime import time, timedelta

from bot.model.chat import Permission
from bot.model.ledger import CardRecord, State
from bot.model.rule import Mute, Quiet, Rule
from bot.model.status import Health, Refusal
from stories.story import StoryId
from tests.handlers.talking import FERRY, HERE, NOW, TRAM, Talk, labels, read
from wording.message import Tone
from wording.reasons import Code, Reason

MAY = {Permission.POST: (), Permission.PIN: ()}
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
        "Everything's fine in this chat",
        "I can post and pin here.",
        "I haven't sent any cards here.",
    ]


async def test_a_chat_that_follows_nothing_is_told_who_can_change_that_and_how(talk: Talk) -> None:
    answer = await talk.say("status")
    assert (
        "This chat follows nothing, so no stories are posted here.\nA moderator can change that: "
        "use /follow with a story or a word."
    ) in read(answer)
    assert labels(answer) == {"Follow something": "follow", "What this chat follows": "following"}
    talk.private = True
    alone = await talk.say("status")
    assert "\nTo change that, use /follow with a story or a word." in read(alone)
    assert "Follow something" in labels(alone)
    await talk.type("follow", "all")
    assert labels(await talk.say("status")) == {"What this chat follows": "following"}


async def test_the_right_that_is_missing_is_named(talk: Talk) -> None:
    lacks = {Permission.POST: ("Send Messages", "Embed Links"), Permission.PIN: ("Pin Messages",)}
    talk.desk.healths[HERE] = Health(lacks, ())
    answer = await talk.say("status")
    assert answer.title == "Something needs fixing in this chat"
    assert answer.tone is Tone.SORRY
    assert (
        "I can't post here: I need the “Send Messages” and “Embed Links” permissions. Add them in "
        "this chat's settings, and I'll post the latest version of each story."
    ) in read(answer)
    told = await said(talk, Health({**lacks, Permission.POST: ()}, ()))
    assert told[0] == "Everything's fine in this chat"
    assert told[1].startswith("I can post here, but not pin: I need the “Pin Messages” permission.")


async def test_what_cannot_be_looked_up_is_said_so(talk: Talk) -> None:
    told = await said(talk, Health(None, None))
    assert "I can't check my permissions here right now." in told
    assert "My storage is unavailable right now, so I can't look up what I posted here." in told


async def test_a_refusal_is_told_with_what_mends_it_and_until_when_it_is_left_alone(
    talk: Talk,
) -> None:
    refusal = Refusal(Reason(Code.TOPIC_CLOSED), NOW + 7 * MINUTE)
    told = await said(talk, Health(None, (), refusal=refusal))
    assert told[0] == "Something needs fixing in this chat"
    assert told[2] == (
        "I can't post in this chat. The topic is closed. Reopen the topic. I'll retry in 7 "
        "minutes and post the latest version."
    )


async def test_who_gave_the_right_back_is_told_that_it_is_tried_at_once(talk: Talk) -> None:
    why = Reason(Code.LACKS_PERMISSIONS, {"permissions": ["Embed Links"]})
    told = await said(talk, Health(MAY, (), refusal=Refusal(why, NOW + MINUTE)))
    assert told[1:4] == [
        "I can post and pin here.",
        "My last message wasn't delivered. I'm missing “Embed Links”. I'm retrying now.",
        "If that doesn't help: Give my role “Embed Links” under Edit Channel → Permissions.",
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
        "“Night Ferry Returns”: updated 3 minutes ago, shows version 4",
        "“Vennburg Tram Strike”: posted less than a minute ago, shows version 2",
        "“gone”: someone deleted it here, noticed 3 minutes ago",
        "“Night Ferry Returns”: updating it failed 3 minutes ago. The topic is closed. Reopen "
        "the topic.",
        "“Night Ferry Returns”: updating it failed 3 minutes ago. The bot's operator can "
        "find the reason in the log.",
        "… and 1 more",
    ]
    assert labels(await talk.say("status"))["Why"] == "why"


async def test_what_waits_is_told_with_until_when(talk: Talk) -> None:
    waiting = [(FERRY, NOW + timedelta(seconds=40)), (TRAM, None)]
    told = await said(talk, Health(MAY, (), waiting))
    assert "2 cards are waiting" in told
    assert "“Night Ferry Returns”: it can be updated in 40 seconds · “Vennburg Tram Strike”" in (
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
            "“Night Ferry Returns”: I'll try again in 40 seconds · “Vennburg Tram Strike”"
        ) in told
    told = await said(talk, Health(MAY, [(FERRY, failed)], waiting))
    assert told[0] == "Cards are late in this chat"
    assert "“Night Ferry Returns”: I'll try again · “Vennburg Tram Strike”" in told
    newest = [(FERRY, replace(row(State.SHOWN), revision=10**6))]
    told = await said(talk, Health(MAY, newest, waiting, again=again))
    assert told[0] == "Everything's fine in this chat", (
        "the card is as it should be, only its pin is not"
    )


async def test_what_the_chat_itself_has_chosen_is_told(talk: Talk) -> None:
    quiet = Quiet(time(5), time(9), "UTC")
    rule = Rule(all=True, paused=True, muted=(Mute(FERRY),), quiet=quiet)
    told = await said(talk, Health(MAY, ()), rule)
    assert "Paused: nothing new until /resume. Existing cards stay up to date." in told
    assert "Quiet hours until 09:00: new posts come after that." in told
    assert "1 story is muted here." in told
