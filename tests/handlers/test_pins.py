"""/pin, /unpin and /pins: which cards stand at the top of a chat."""

from datetime import timedelta

import pytest

from stories.story import Status, StoryId
from tests.handlers.talking import FERRY, HERE, THEFT, TRAM, Talk, labels, made, read


async def test_a_story_is_pinned_by_its_words(talk: Talk) -> None:
    answer = await talk.type("pin", "ferry")
    assert answer.title == "Pinned “Night Ferry Returns”"
    assert labels(answer)["Unpin"] == "unpin_night-ferry-returns"
    assert talk.desk.pinned[HERE] == [FERRY]


async def test_what_is_unpinned_for_a_new_pin_is_said(talk: Talk) -> None:
    talk.desk.room = 1
    await talk.type("pin", "ferry")
    answer = await talk.type("pin", "tram")
    assert read(answer).splitlines()[-1] == (
        "I unpinned “Night Ferry Returns” to make room: this chat limits how many pins I keep."
    )
    assert talk.desk.pinned[HERE] == [TRAM]


async def test_a_story_that_is_over_is_not_pinned() -> None:
    talk = Talk(made("past", "Past", status=Status.ENDED), made("open", "Open"))
    answer = await talk.type("pin", "past")
    assert answer.title == "“Past” is over, so I won't pin it"
    assert labels(answer) == {"Open": "pin_open"}
    talk.at += timedelta(days=4)
    assert (await talk.type("pin", "open")).title == "“Open” is over, so I won't pin it"
    assert talk.desk.pinned == {}


async def test_nothing_said_asks_which_story_to_pin(talk: Talk) -> None:
    answer = await talk.say("pin")
    assert list(labels(answer).values()) == [f"pin_{each}" for each in (TRAM, THEFT, FERRY)]
    assert (await Talk().say("pin")).title == "There are no live stories right now"


async def test_a_story_nobody_knows_is_not_pinned(talk: Talk) -> None:
    answer = await talk.type("pin", "volcano")
    assert answer.title == "No story matches “volcano”"
    assert labels(answer)["AI Theft Claims"] == "pin_ai-theft-claims"
    assert talk.desk.pinned == {}


async def test_a_withdrawn_or_merged_story_is_not_pinned() -> None:
    talk = Talk(
        made("wrong", "Wrong", retracted="It was."),
        made("part", "Part", merged_into="whole"),
        made("whole", "Whole"),
    )
    assert (await talk.type("pin", "wrong")).title == "“Wrong” was withdrawn, so I won't pin it"
    part = await talk.type("pin", "part")
    assert part.title == "“Part” is now part of another story"
    assert labels(part) == {"Whole": "pin_whole"}
    assert talk.desk.pinned == {}


async def test_a_right_that_is_missing_is_named(talk: Talk) -> None:
    talk.desk.lacking.add(HERE)
    answer = await talk.type("pin", "ferry")
    assert answer.title == "I can't pin here: I need the “Pin Messages” permission"


async def test_what_is_pinned_is_listed_with_its_figures(talk: Talk) -> None:
    assert (await talk.say("pins")).title == "I haven't pinned anything here"
    talk.desk.pinned[HERE] = [THEFT, StoryId("long-gone")]
    answer = await talk.say("pins")
    assert read(answer).splitlines() == [
        "Pinned here",
        "AI Theft Claims",
        "● Active · 21 hours · virality 4.5 · 14 articles",
        "long-gone",
    ]
    assert labels(answer)["long-gone"] == "unpin_long-gone"


async def test_a_pinned_story_is_unpinned_by_words_id_or_button(talk: Talk) -> None:
    talk.desk.pinned[HERE] = [THEFT, FERRY, TRAM, StoryId("long-gone")]
    assert labels(await talk.say("unpin"))["AI Theft Claims"] == "unpin_ai-theft-claims"
    assert (await talk.type("unpin", "alibaba")).title == "Unpinned “AI Theft Claims”"
    await talk.click("unpin_night-ferry-returns")
    await talk.type("unpin", "long-gone")
    assert talk.desk.pinned[HERE] == [TRAM]


async def test_what_is_not_pinned_cannot_be_unpinned(talk: Talk) -> None:
    assert (await talk.type("unpin", "ferry")).title == "I haven't pinned anything here"
    talk.desk.pinned[HERE] = [THEFT]
    answer = await talk.type("unpin", "ferry")
    assert answer.title == "I haven't pinned “ferry” here"
    assert labels(answer) == {"AI Theft Claims": "unpin_ai-theft-claims"}


@pytest.mark.parametrize("command", ["pin", "unpin", "pins"])
async def test_pins_are_for_moderators(talk: Talk, command: str) -> None:
    talk.moderator = False
    assert (await talk.say(command)).title == f"Only moderators of this chat can use /{command}"
