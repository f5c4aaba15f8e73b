"""/catchup tells what moved since the asker's last visit, and a visit ends when they say so."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.model.chat import Chat
from bot.model.rule import Rule
from bot.platforms.telegram.render import render
from handlers import catchup, promptly
from stories.story import Leaning, Stats, Status, StoryId
from tests.handlers.talking import HERE, NOW, Talk, labels, made, read
from wording.message import Heading, Message

DAY = timedelta(days=1)
FIRE = made("fire", "Fire at the mill")
FERRY = made("ferry", "Night ferry returns", virality=5)


def titles(answer: Message) -> list[str]:
    return [block.body for block in answer.blocks if isinstance(block, Heading)]


async def caught_up(*stories: object) -> Talk:
    """Someone who had read everything of these stories a day ago."""
    talk = Talk(*stories)  # type: ignore[arg-type]
    answer = await talk.say("catchup")
    assert (await talk.click(labels(answer)["Mark as read"])).title == "You're all caught up"
    talk.at += DAY
    return talk


async def test_a_first_visit_shows_what_moved_in_the_last_day_and_no_archive() -> None:
    talk = Talk(FIRE)
    talk.at += 2 * DAY
    over = made("over", "Over", virality=1, status=Status.ENDED)
    talk.put(
        replace(FERRY, headline="It sails"),
        replace(over, updated_at=talk.at - DAY / 2),
        replace(over, id=StoryId("long-over"), updated_at=talk.at - 40 * DAY),
    )
    answer = await talk.say("catchup")
    assert answer.title == "What's new in the last day"
    assert titles(answer) == ["Night ferry returns", "Over"]
    assert "New story: It sails" in read(answer)
    assert "you're all caught up" in read(answer)


async def test_the_biggest_change_comes_first_and_says_what_it_was_since_the_last_visit() -> None:
    talk = await caught_up(FIRE, FERRY)
    talk.put(
        replace(FERRY, headline="It sails"),
        replace(FERRY, headline="It sails", keywords=("boat",)),
        replace(FIRE, stats=Stats(Status.ENDED, 1.0)),
    )
    answer = await talk.say("catchup")
    assert answer.title == "Since your last visit"
    assert titles(answer) == ["Fire at the mill", "Night ferry returns"]
    assert "Fire at the mill\nEnded" in read(answer)
    assert "Headline: “It sails”\nAlso: keywords added" in read(answer)
    assert {"Fire at the mill": "story_fire"}.items() <= labels(answer).items()


async def test_figures_a_story_merely_gained_are_told_in_one() -> None:
    bare = replace(FIRE, stats=Stats())
    talk = await caught_up(bare)
    talk.put(replace(bare, stats=Stats(Status.ACTIVE, 4.5, 14), keywords=("mill",)))
    gained = "Now with status active, virality 4.5 and articles 14"
    assert f"{gained}\nAlso: keywords added" in read(await talk.say("catchup"))


async def test_a_new_story_without_a_headline_is_told_by_its_first_point() -> None:
    talk = await caught_up(FIRE)
    talk.put(replace(FERRY, headline=None, breakdown=("It sails again.", "At night.")))
    answer = await talk.say("catchup")
    assert "New story: It sails again." in read(answer)
    assert "At night" not in read(answer)


async def test_merely_opening_it_is_not_reading_it() -> None:
    talk = await caught_up(FIRE)
    talk.put(replace(FIRE, headline="It is out"))
    for _ in range(2):
        talk.at += timedelta(hours=1)
        answer = await talk.say("catchup")
        assert titles(answer) == ["Fire at the mill"]
    assert (await talk.click(labels(answer)["Mark as read"])).title == "You're all caught up"
    answer = await talk.say("catchup")
    assert read(answer) == "You're all caught up\nNo updates since your last visit"


async def test_the_last_page_is_the_end_of_the_visit_and_can_be_turned_back() -> None:
    talk = await caught_up(*(made(f"s-{number}", f"Story {number}") for number in range(12)))
    talk.put(*(made(f"s-{n}", f"Story {n}", breakdown=(f"It is {n}.",)) for n in range(12)))
    first = await talk.say("catchup")
    seen = titles(first)
    second = await talk.click(labels(first)["More ›"])
    seen += titles(second)
    assert len(titles(await talk.say("catchup"))) == 5, "not read to the end yet"
    last = await talk.click(labels(second)["More ›"])
    seen += titles(last)
    assert sorted(seen) == sorted(f"Story {number}" for number in range(12))
    assert [len(titles(page)) for page in (first, second, last)] == [5, 5, 2]
    assert last.title == "Since your last visit, 3 of 3"
    assert read(last).endswith("You're all caught up")
    assert "Mark as read" not in labels(last)
    assert (await talk.say("catchup")).title == "You're all caught up"
    assert await talk.click(labels(last)["‹ Back"]) == second


async def test_what_moves_while_someone_reads_is_told_the_next_time() -> None:
    talk = await caught_up(FIRE, FERRY)
    talk.put(replace(FIRE, headline="It spreads"))
    answer = await talk.say("catchup")
    talk.at += timedelta(minutes=1)
    talk.put(replace(FERRY, headline="It sails"))
    talk.at += timedelta(minutes=1)
    await talk.click(labels(answer)["Mark as read"])
    assert titles(await talk.say("catchup")) == ["Night ferry returns"]


async def test_a_story_looked_at_by_itself_has_been_read_as_far_as_it_went() -> None:
    talk = await caught_up(FIRE)
    talk.put(replace(FIRE, headline="It spreads"))
    await talk.type("story", "fire")
    assert (await talk.say("catchup")).title == "You're all caught up"
    talk.at += timedelta(minutes=1)
    talk.put(replace(FIRE, headline="It spreads", keywords=("mill",)))
    answer = await talk.say("catchup")
    assert "Keywords added" in read(answer)
    assert "It spreads" not in read(answer)


async def test_opening_a_story_does_not_shift_the_pages_while_they_are_turned() -> None:
    talk = Talk(*(made(f"s-{number}", f"Story {number}") for number in range(7)))
    first = await talk.say("catchup")
    talk.at += timedelta(minutes=1)
    await talk.type("story", titles(first)[0])
    last = await talk.click(labels(first)["More ›"])
    assert len({*titles(first), *titles(last)}) == 7


async def test_an_old_button_takes_nobody_back() -> None:
    talk = await caught_up(FIRE)
    old = f"catchup_read_{int((NOW - DAY).timestamp() * 1000)}"
    assert (await talk.click(old)).title == "You're all caught up"
    assert (await talk.say("catchup")).title == "You're all caught up"


async def test_every_person_has_their_own_place_and_it_is_forgotten_with_them() -> None:
    talk = await caught_up(FIRE)
    talk.put(replace(FIRE, headline="It is out"))
    talk.person = Chat("telegram", "6")
    assert (await talk.say("catchup")).title == "What's new in the last day"
    talk.person = Chat("telegram", "5")
    assert (await talk.say("catchup")).title == "Since your last visit"
    assert "How far you'd caught up." in read(await talk.click("forgetme_yes"))
    assert (await talk.say("catchup")).title == "What's new in the last day"


async def test_leaning_and_a_new_time_alone_are_not_told() -> None:
    talk = await caught_up(FIRE)
    talk.put(replace(FIRE, updated_at=NOW + DAY))
    assert (await talk.say("catchup")).title == "You're all caught up"
    talk.put(replace(FIRE, stats=Stats(Status.ACTIVE, 1.0, leaning=Leaning.LEFT)))
    assert (await talk.say("catchup")).title == "You're all caught up"
    talk.rules.saved[HERE] = Rule(all=True, show_leaning=True)
    assert "Now with leaning left" in read(await talk.say("catchup"))


async def test_a_story_whose_older_revisions_are_no_longer_kept_is_not_called_new() -> None:
    talk = await caught_up(FIRE)
    talk.put(*(replace(FIRE, headline=f"Hour {hour}") for hour in range(4)))
    del talk.history.kept[:3]
    answer = await talk.say("catchup")
    assert "Headline: “Hour 3”" in read(answer)


async def test_of_very_many_the_most_viral_are_told_and_the_rest_is_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(catchup, "LOOKED_AT", 3)
    talk = Talk(*(made(f"s-{n}", f"Story {n}", virality=n) for n in range(9)))
    answer = await talk.say("catchup")
    assert titles(answer) == ["Story 8", "Story 7", "Story 6"]
    assert "6 less viral stories were updated too: see /stories." in read(answer)


async def test_long_changes_are_never_cut() -> None:
    talk = Talk(*(made(f"s-{n}", f"Story {n} " * 20) for n in range(9)))
    for number in range(9):
        long = replace(talk.history.kept[number], headline="word " * 90, title="Title " * 60)
        talk.put(replace(long, breakdown=tuple(f"{n}: {'point ' * 60}" for n in range(9))))
    link: str | None = "catchup"
    pages = 0
    while link:
        answer = await talk.click(link)
        assert not render(answer).html.rstrip().endswith("…")
        assert 0 < len(titles(answer)) <= 5
        pages += 1
        link = labels(answer).get("More ›")
    assert pages > 1


@pytest.mark.parametrize("trouble", ["away", "slow"])
async def test_without_the_storage_it_is_said_that_it_cannot_be_looked_up(
    trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(promptly, "PATIENCE_S", 0.01)
    talk = Talk(FIRE)
    setattr(talk.positions, trouble, True)
    answer = await talk.say("catchup")
    assert answer.title == "I can't check right now what you've read"
    assert labels(answer) == {"Fire at the mill": "story_fire"}
