"""/mute, /unmute, /pause and /resume: what a chat does not want to hear, for now or for good."""

from dataclasses import replace
from datetime import time

import pytest

from bot.model.rule import Mute, Quiet, Rule
from stories.story import StoryId
from tests.handlers.talking import FERRY, FILED, HERE, MIRA, THEFT, TRAM, Talk, labels, made, read


@pytest.fixture
def talk(talk: Talk) -> Talk:
    talk.rules.saved[HERE] = Rule(all=True)
    return talk


def muted(talk: Talk) -> tuple[Mute, ...]:
    rule = talk.rules.of(HERE)
    assert rule is not None
    return rule.muted


async def test_a_story_is_muted_by_its_words_and_heard_of_again(talk: Talk) -> None:
    answer = await talk.type("mute", "ferry")
    assert answer.title == "Muted “Night Ferry Returns”"
    assert "I won't post anything new about it here." in read(answer)
    assert muted(talk) == (Mute(FERRY, revision=1),)
    again = await talk.click(labels(answer)["Unmute"])
    assert again.title == "Unmuted “Night Ferry Returns”"
    assert "I'll post it if it isn't here yet" in read(again)
    assert muted(talk) == ()


async def test_a_story_can_be_muted_until_it_turns_major(talk: Talk) -> None:
    answer = await talk.click(labels(await talk.type("mute", "ferry"))["Until a major update"])
    assert "I won't post anything new about it here until there's a major update." in read(answer)
    assert muted(talk) == (Mute(FERRY, until_major=True, revision=1),)
    await talk.click(labels(answer)["Mute completely"])
    assert muted(talk) == (Mute(FERRY, revision=1),)
    await talk.say("mute", story="tram", until="Major")
    assert muted(talk)[1] == Mute(TRAM, until_major=True, revision=1)
    assert [each.value for each in talk.suggest("mute", "until", "")] == ["major"]


async def test_what_is_muted_already_is_said_to_be(talk: Talk) -> None:
    await talk.type("mute", "ferry")
    assert (await talk.type("mute", "ferry")).title == "“Night Ferry Returns” is already muted here"
    assert len(muted(talk)) == 1


async def test_nothing_said_asks_what_to_mute_among_what_comes_here(talk: Talk) -> None:
    answer = await talk.say("mute")
    assert list(labels(answer).values()) == [f"mute_{each}" for each in (TRAM, THEFT, FERRY)]
    await talk.type("mute", "ferry")
    assert f"mute_{FERRY}" not in labels(await talk.say("mute")).values()
    talk.rules.saved[HERE] = Rule(keywords=("nothing has that",))
    assert (await talk.say("mute")).title == "This chat gets no live stories right now"


@pytest.mark.parametrize("muted", ["a", "b"])
async def test_of_two_stories_of_one_title_the_muted_one_is_meant(muted: str) -> None:
    talk = Talk(made("a", "Strike"), made("b", "Strike"))
    talk.rules.saved[HERE] = Rule(all=True, muted=(Mute(StoryId(muted)),))
    assert (await talk.type("unmute", "strike")).title == "Unmuted “Strike”"
    assert talk.rules.saved[HERE].muted == ()


async def test_nothing_said_asks_what_to_unmute(talk: Talk) -> None:
    assert (await talk.say("unmute")).title == "Nothing is muted here"
    talk.rules.saved[HERE] = Rule(all=True, muted=(Mute(FERRY), Mute(StoryId("long-gone"))))
    answer = await talk.say("unmute")
    assert labels(answer) == {
        "Night Ferry Returns": f"unmute_{FERRY}",
        "long-gone": "unmute_long-gone",
    }
    assert (await talk.click("unmute_long-gone")).title == "Unmuted “long-gone”"
    assert [each.value for each in talk.suggest("unmute", "story", "NIGHT")] == [FERRY]
    unknown = await talk.type("unmute", "tram")
    assert unknown.title == "“tram” isn't muted here"
    assert labels(unknown) == {"Night Ferry Returns": f"unmute_{FERRY}"}


@pytest.mark.parametrize("command", ["mute", "pause"])
async def test_where_nothing_is_followed_there_is_nothing_to_silence(command: str) -> None:
    answer = await Talk().say(command)
    assert answer.title == f"This chat follows nothing, so there's nothing to {command}"
    assert labels(answer) == {"Follow something": "follow"}


async def test_a_chat_has_so_many_muted_and_those_no_longer_kept_make_room(talk: Talk) -> None:
    gone = tuple(Mute(StoryId(f"gone-{number}")) for number in range(100))
    talk.rules.saved[HERE] = Rule(all=True, muted=gone)
    await talk.type("mute", "ferry")
    assert muted(talk) == (Mute(FERRY, revision=1),)
    talk.put(*(made(f"story-{number}", f"Story {number}") for number in range(99)))
    for number in range(99):
        await talk.click(f"mute_story-{number}")
    full = await talk.type("mute", "tram")
    assert full.title == "This chat has already muted 100 stories, the maximum"
    assert labels(full) == {"Unmute some": "unmute"}


async def test_a_paused_chat_says_so_until_it_goes_on(talk: Talk) -> None:
    answer = await talk.say("pause")
    assert answer.title == "Paused"
    assert "I'll post each live story this chat follows once" in read(answer)
    assert talk.rules.of(HERE) == Rule(all=True, paused=True, keeper=MIRA)
    assert (await talk.say("pause")).title == "This chat is already paused"
    assert "Paused: nothing new until /resume." in read(await talk.say("following"))
    on = await talk.click(labels(answer)["Resume"])
    assert on.title == "Resumed"
    assert "3 live stories match what this chat follows." in read(on)
    assert talk.rules.of(HERE) == Rule(all=True, keeper=MIRA)
    assert (await talk.say("resume")).title == "This chat isn't paused"


async def test_who_resumes_in_quiet_hours_is_told_when_the_stories_come(talk: Talk) -> None:
    quiet = Quiet(time(22), time(9), "Europe/Berlin")  # it is 08:01 there
    talk.rules.saved[HERE] = Rule(all=True, paused=True, quiet=quiet)
    assert "Quiet hours until 09:00" in read(await talk.say("resume"))


async def test_following_tells_of_mutes_quiet_hours_and_publishing(talk: Talk) -> None:
    quiet = Quiet(time(22), time(7), "Europe/Berlin")
    mutes = (Mute(FERRY), Mute(TRAM, until_major=True))
    talk.rules.saved[HERE] = Rule(all=True, quiet=quiet, publish=True, muted=mutes)
    said = read(await talk.say("following"))
    hours = "Quiet from 22:00 to 07:00 (Europe/Berlin): nothing new is posted then"
    assert f"{hours}, except major updates." in said
    assert "Cards are published to the servers that follow this channel." in said
    assert "Muted: “Night Ferry Returns” and “" in said
    assert "” until a major update." in said
    talk.rules.saved[HERE] = Rule(all=True, quiet=replace(quiet, majors=False))
    assert f"{hours}." in read(await talk.say("following"))


@pytest.mark.parametrize("command", ["mute", "unmute", "pause", "resume"])
async def test_the_operators_file_has_the_say_and_moderators_alone_may(
    talk: Talk, command: str
) -> None:
    talk.moderator = False
    assert (await talk.say(command)).title == f"Only moderators of this chat can use /{command}"
    talk.chat, talk.moderator = FILED, True
    answer = await talk.say(command, **({"story": "ferry"} if "mute" in command else {}))
    assert answer.title == "The bot's operator sets what this chat gets"


async def test_whoever_reads_a_story_in_private_can_mute_it_there(talk: Talk) -> None:
    assert "Mute it here" not in labels(await talk.type("story", "ferry")), "others read along"
    talk.chat, talk.private, talk.moderator = MIRA, True, False
    assert "Mute it here" not in labels(await talk.type("story", "ferry")), "I won't post about it"
    await talk.type("follow", "all")
    answer = await talk.click(labels(await talk.type("story", "ferry"))["Mute it here"])
    assert answer.title == "Muted “Night Ferry Returns”"
    answer = await talk.click(labels(await talk.type("story", "ferry"))["Unmute it here"])
    assert answer.title == "Unmuted “Night Ferry Returns”"
