"""/search finds stories by anything they say, and says honestly when there is nothing."""

import asyncio
from dataclasses import replace

import pytest

from handlers.quotes import quotes
from runtime import slices
from stories.search import HITS
from stories.story import Status, Story
from tests.handlers.talking import Talk, labels, made, read
from wording.message import Message, Tone

FIRE = replace(
    made(
        "mill-fire",
        "Fire at the mill",
        virality=3,
        entities=("Port of Veldoria", "Halden Line"),
        breakdown=("It began in the attic.", "Divers found the pump of the old ferry."),
        questions={"Who insures the granary?": "Nobody."},
    ),
    headline="Two streets are closed",
    keywords=("blaze", "granaries"),
)
OVER = made(
    "pump-recall", "A pump is recalled", status=Status.ENDED, breakdown=("Dealers take them back.",)
)


def lines(answer: Message) -> list[str]:
    return read(answer).splitlines()


@pytest.mark.parametrize(
    ("words", "where"),
    [
        ("mill", "In its title"),
        ("MILL fire", "In its title"),
        ("streets", "Headline: “Two streets are closed”"),
        ("halden", "Names: Halden Line"),
        ("blaze", "Keywords: blaze"),
        ("attic", "Breakdown: “It began in the attic.”"),
        ("atttic", "Breakdown: “It began in the attic.”"),
        ("divers pump", "Breakdown: “Divers found the pump of the old ferry.”"),
        ("insures", "Question: “Who insures the granary?”"),
    ],
)
async def test_a_story_is_found_by_what_it_says_and_the_place_is_shown(
    words: str, where: str
) -> None:
    answer = await Talk(FIRE, made("other", "Something else")).type("search", words)
    assert lines(answer) == [
        f"1 story mentions “{words}”",
        "Fire at the mill",
        "● Active · virality 3",
        where,
    ]
    assert labels(answer) == {"Fire at the mill": "story_mill-fire"}


async def test_of_a_long_text_the_part_around_the_words_is_shown() -> None:
    bullet = f"{'The council met and spoke. ' * 20}Then a heron landed. {'All went home. ' * 20}"
    [*_, where] = lines(await Talk(replace(FIRE, breakdown=(bullet,))).type("search", "heron"))
    assert where.startswith("Breakdown: “… council met and spoke. Then a heron landed.")
    assert len(where) < 180


async def test_live_stories_come_first_and_the_rest_say_that_they_are_over() -> None:
    gone = made("ungone", "The pump that never was", retracted="Made up")
    answer = await Talk(OVER, gone, FIRE).type("search", "pump")
    assert lines(answer) == [
        "3 stories mention “pump”",
        "Fire at the mill",
        "● Active · virality 3",
        "Breakdown: “Divers found the pump of the old ferry.”",
        "A pump is recalled",
        "■ Ended · virality 1",
        "In its title",
        "The pump that never was",
        "withdrawn · ● Active · virality 1",
        "In its title",
    ]


def many(word: str, number: int) -> list[Story]:
    return [
        made(f"s{each:03}", f"Story {each:03}", virality=each / 100, breakdown=(f"{word}.",))
        for each in range(number)
    ]


@pytest.mark.parametrize("word", ["granary", "The Granary, and fire!", "мельница", "原因", "Ærø"])
async def test_six_stand_on_a_page_and_pages_are_turned_in_any_script(word: str) -> None:
    talk = Talk(*many(word, 14))
    answer = await talk.type("search", word)
    seen = []
    while True:
        seen += [label for label in labels(answer) if label.startswith("Story")]
        if "More ›" not in labels(answer):
            break
        answer = await talk.click(labels(answer)["More ›"])
    assert seen == [f"Story {each:03}" for each in range(13, -1, -1)]
    assert "Page 3 of 3" in read(answer)
    back = await talk.click(labels(answer)["‹ Back"])
    assert "Page 2 of 3" in read(back)


async def test_words_too_many_for_a_button_say_so() -> None:
    words = "granary insurance inspectors disappearance settlement"
    answer = await Talk(*many(words, 8)).type("search", words)
    assert "Page 1 of 2. Use fewer words to see more pages." in read(answer)
    assert "More ›" not in labels(answer)


async def test_more_than_can_be_told_is_said_to_be_more() -> None:
    answer = await Talk(*many("granary", HITS + 5)).type("search", "granary")
    assert answer.title == f"At least {HITS} stories mention “granary”"


async def test_what_no_story_says_is_said_with_the_nearest() -> None:
    answer = await Talk(FIRE, OVER).type("search", "volcano mill eruption lava")
    assert answer.tone is Tone.SORRY
    assert lines(answer) == [
        "No story mentions “volcano mill eruption lava”",
        "These come closest: each has part of it.",
    ]
    assert labels(answer) == {"Fire at the mill": "story_mill-fire"}
    answer = await Talk(FIRE, OVER).type("search", "volcano")
    assert "Pick one of the live stories instead." in read(answer)
    assert labels(answer) == {"Fire at the mill": "story_mill-fire"}
    assert lines(await Talk().type("search", "volcano")) == ["No story mentions “volcano”"]


async def test_an_answer_is_not_taken_for_what_a_story_says() -> None:
    assert (await Talk(FIRE).type("search", "nobody")).title == "No story mentions “nobody”"


@pytest.mark.parametrize(
    ("words", "title"),
    [("", "What should I search for?"), ("!!! …", "There's no word to search for in “!!! …”")],
)
async def test_without_a_word_it_is_asked_for(talk: Talk, words: str, title: str) -> None:
    answer = await talk.say("search", words=words)
    assert answer.title == title
    assert "/search harbour fire" in read(answer)
    assert len(labels(answer)) == 3


async def test_a_button_of_no_search_of_ours_asks_for_words(talk: Talk) -> None:
    for carried in ("-", "999999999", "zzzzzzzzzzzz9"):
        answer = await talk.click(f"search__2_{carried}")
        assert answer.tone is Tone.SORRY


async def test_others_have_their_turn_between_the_stories_quoted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(slices, "SLICE_S", -1.0)
    talk = Talk(*(made(f"s{number}", f"Storm {number}") for number in range(8)))
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    waiting = asyncio.create_task(others())
    quoted = await quotes(talk.index, lambda: talk.at)("storm", 8)
    waiting.cancel()
    assert len(quoted) == 8
    assert turns >= 8
