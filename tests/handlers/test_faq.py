"""/faq gives the answers that were written, and says honestly when there is none."""

from dataclasses import replace

import pytest

from bot.platforms.discord.render import render as on_discord
from bot.platforms.telegram.render import render as on_telegram
from stories.story import Question, Source, Status, text_key
from tests.handlers.talking import FERRY, THEFT, TRAM, Talk, labels, made, read
from wording.message import Message, Note, Tone

DISTILLATION = "What is a distillation attack?"
KEY = text_key(DISTILLATION)


async def test_a_story_offers_its_questions(talk: Talk) -> None:
    answer = await talk.click("faq_ai-theft-claims")
    assert answer.title == "Questions about “AI Theft Claims”"
    assert labels(answer)[DISTILLATION] == f"faq_ai-theft-claims_{KEY}"
    assert len(labels(answer)) == 11


async def test_a_question_has_its_whole_answer_and_says_whose_it_is(talk: Talk) -> None:
    answer = await talk.click(f"faq_ai-theft-claims_{KEY}")
    edition = talk.index.get("ai-theft-claims")
    assert edition is not None
    [question] = [each for each in edition.story.questions if each.key == KEY]
    assert answer.title == DISTILLATION
    assert read(answer).splitlines()[1:-1] == question.answer.split("\n\n")
    assert read(answer).splitlines()[-1].startswith("From “AI Theft Claims”")
    assert labels(answer) == {
        "All questions": "faq_ai-theft-claims",
        "Story": "story_ai-theft-claims",
    }


async def test_an_answer_names_the_outlets_that_it_rests_on() -> None:
    story = replace(
        made("fire", "Fire", sources=(Source("Fire", "Veld Post"), Source("Smoke", "Courier"))),
        questions=(Question("Why?", "A fuse blew.", (1, 0)),),
    )
    answer = await Talk(story).click(f"faq_fire_{story.questions[0].key}")
    assert Note("Sources: Courier, Veld Post") in answer.blocks


@pytest.mark.parametrize(
    "asked",
    ["what's a distillation attack", "distilation attack", "What is a DISTILLATION Attack"],
)
async def test_a_question_in_ones_own_words_is_answered(talk: Talk, asked: str) -> None:
    assert (await talk.type("faq", asked)).title == DISTILLATION


@pytest.mark.parametrize("asked", ["ai-theft-claims", "AI theft claims", "alibaba"])
async def test_words_that_name_a_story_offer_its_questions(talk: Talk, asked: str) -> None:
    assert (await talk.type("faq", asked)).title == "Questions about “AI Theft Claims”"


async def test_words_of_a_title_name_the_story_though_a_question_has_them_too(talk: Talk) -> None:
    assert (await talk.type("faq", "night ferry")).title == "Questions about “Night Ferry Returns”"


async def test_a_question_not_quite_like_any_is_asked_back(talk: Talk) -> None:
    answer = await talk.type("faq", "attack")
    assert answer.title == "I'm not sure what you mean by “attack”"
    assert labels(answer) == {DISTILLATION: f"faq_ai-theft-claims_{KEY}"}


async def test_a_question_nobody_answered_is_said_not_to_be_covered(talk: Talk) -> None:
    far = await talk.type("faq", "how many passengers were on the ferry")
    assert far.tone is Tone.SORRY
    assert far.title == "Not covered: “how many passengers were on the ferry”"
    assert "Why did the night ferry stop?" in labels(far)
    none = await talk.type("faq", "who won the cup")
    assert none.title == "Not covered: “who won the cup”"
    assert labels(none)["AI Theft Claims"] == "faq_ai-theft-claims"
    nowhere = await Talk().type("faq", "who won the cup")
    assert read(nowhere).endswith("No live story has questions and answers right now.")
    assert labels(nowhere) == {}


async def test_a_question_within_one_story_is_looked_for_there(talk: Talk) -> None:
    answer = await talk.say("faq", story="night-ferry-returns", text="why did the ferry stop")
    assert answer.title == "Why did the night ferry stop?"
    other = await talk.say("faq", story="night-ferry-returns", question="distillation")
    assert other.title == "Not covered: “distillation”"
    assert labels(other) == {"Night Ferry Returns": "faq_night-ferry-returns"}


async def test_nothing_said_offers_the_stories_that_have_questions(talk: Talk) -> None:
    talk.put(made("mute", "Mute", virality=9))
    answer = await talk.say("faq")
    assert list(labels(answer).values()) == [f"faq_{each}" for each in (TRAM, THEFT, FERRY)]


async def test_without_any_questions_people_hear_when_they_come() -> None:
    answer = await Talk(made("mute", "Mute")).say("faq")
    assert answer.title == "No live story has questions yet"
    assert labels(answer) == {"Mute": "story_mute"}
    assert (await Talk().say("faq")).title == "There are no live stories right now"
    story = await Talk(made("mute", "Mute")).click("faq_mute")
    assert story.title == "“Mute” has no questions yet"


async def test_a_question_that_is_gone_since_the_last_revision_is_said_to_be(talk: Talk) -> None:
    answer = await talk.click("faq_ai-theft-claims_00000000")
    assert answer.title == "That question was removed when the story was updated"
    assert DISTILLATION in labels(answer)
    unnamed = await talk.say("faq", question="00000000")
    assert unnamed.title == "That question was removed when the story was updated"
    assert labels(unnamed)["AI Theft Claims"] == "faq_ai-theft-claims"


async def test_a_question_keeps_its_button_when_questions_move() -> None:
    talk = Talk(made("fire", "Fire", questions={"Why?": "Wind.", "Where?": "North."}))
    link = labels(await talk.click("faq_fire"))["Where?"]
    talk.put(
        made("fire", "Fire", questions={"Who?": "Nobody.", "Where?": "South.", "Why?": "Wind."})
    )
    assert "South." in read(await talk.click(link))


async def test_a_question_two_stories_answer_asks_which_is_meant() -> None:
    talk = Talk(
        made("a", "Fire", questions={"What now?": "Rain."}),
        made("b", "Flood", questions={"What now?": "Sun."}, virality=2),
    )
    answer = await talk.say("faq", question=text_key("What now?"))
    key = text_key("What now?")
    assert labels(answer) == {"Flood": f"faq_b_{key}", "Fire": f"faq_a_{key}"}
    assert "Rain." in read(await talk.click(f"faq_a_{key}"))


async def test_more_questions_than_a_menu_holds_stand_on_pages() -> None:
    talk = Talk(made("fire", "Fire", questions={f"Question {each}?": "Yes." for each in range(40)}))
    first = await talk.click("faq_fire")
    assert labels(first)["More ›"] == "faq_fire___2"
    second = labels(await talk.click("faq_fire___2"))
    assert next(iter(second)) == "Question 25?"
    assert list(second)[-2:] == ["‹ Back", "Story"]


SENTENCES = " ".join(
    f"Sentence number {number} says a little more than the last." for number in range(70)
)


@pytest.mark.parametrize("written", [SENTENCES, "*_[`" * 1000, "🛳" * 4000, "<" * 4000])
async def test_a_long_answer_is_read_whole_on_every_platform(written: str) -> None:
    talk = Talk(made("fire", "Fire", questions={"Why?": written[:4000].strip()}))
    pages: list[Message] = []
    link: str | None = f"faq_fire_{text_key('Why?')}"
    while link:
        pages.append(await talk.click(link))
        link = labels(pages[-1]).get("More ›")
    assert len(pages) > 1
    assert labels(pages[1])["‹ Back"] == f"faq_fire_{text_key('Why?')}__1"
    said = "".join(read(page).splitlines()[1] + " " for page in pages)
    assert said.replace(" ", "") == written[:4000].replace(" ", "")
    for page in pages:
        assert "…" not in (on_discord(page).embed.description or "")
        assert "…" not in on_telegram(page).html


async def test_a_long_question_stands_whole_under_the_title() -> None:
    long = "Why " + "on earth " * 25 + "did it burn?"
    talk = Talk(made("fire", "Fire", questions={long: "Wind."}))
    answer = await talk.click(f"faq_fire_{text_key(long)}")
    assert answer.title == "A question about “Fire”"
    assert read(answer).splitlines()[1] == long


async def test_what_a_withdrawn_story_said_comes_with_a_warning() -> None:
    talk = Talk(made("fire", "Fire", questions={"Why?": "Wind."}, retracted="It never burned."))
    answer = await talk.click(f"faq_fire_{text_key('Why?')}")
    assert "This story was withdrawn: It never burned." in read(answer)
    assert answer.tone is Tone.WITHDRAWN


async def test_an_ended_story_still_answers_by_name_but_is_not_offered() -> None:
    talk = Talk(made("fire", "Fire", questions={"Why?": "Wind."}, status=Status.ENDED))
    assert (await talk.type("faq", "fire")).title == "Questions about “Fire”"
    assert (await talk.say("faq")).title == "There are no live stories right now"


def test_while_typing_questions_of_the_chosen_story_are_suggested(talk: Talk) -> None:
    chosen = talk.suggest("faq", "question", "", story="night-ferry-returns")
    assert chosen[0].name == "Why did the night ferry stop?"
    assert chosen[0].value == text_key("Why did the night ferry stop?")
    assert [each.name for each in talk.suggest("faq", "question", "distil")] == [DISTILLATION]
    assert talk.suggest("faq", "question", "distil", story="night-ferry-returns") == []
    assert talk.suggest("faq", "question", "", story="volcano") == []
    assert len(talk.suggest("faq", "question", "")) > 10
