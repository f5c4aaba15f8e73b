"""Whatever is clicked or typed, people get an answer, and never “something broke”."""

import logging
from collections import deque

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.model.rule import Rule
from tests.handlers.talking import (
    FILED,
    HERE,
    NOW,
    Talk,
    buttons,
    first_samples,
    fits,
    made,
    samples,
)
from wording.message import Message

ROOTS = list(Talk().commands)


def crowd() -> list[str]:
    return [f"story-{number}" for number in range(60)]


def points(word: str) -> tuple[str, ...]:
    return tuple(f"{word} {number} {word * number}. " * 9 for number in range(50))


def busy() -> Talk:
    """Sixty stories, one of them large, and a chat that follows and has pinned many."""
    talk = Talk(
        *samples(),
        *(made(each, f"Story {each}", questions={f"Why {each}?": "So."}) for each in crowd()),
        made(
            "large",
            "Large",
            virality=9,
            breakdown=tuple(f"Point {number}. " * 20 for number in range(50)),
            questions={f"Question number {number}?": "An answer. " * 360 for number in range(50)},
        ),
        made("gone", "Gone", retracted="It was wrong."),
        *(made("rewritten", "Rewritten", breakdown=points(side)) for side in ("first", "then")),
        made("moved", "Moved", merged_into="large"),
        made("lost", "Lost", merged_into="nowhere"),
    )
    talk.rules.saved[HERE] = Rule(
        all=True,
        keywords=tuple(f"word {number}" for number in range(50)),
        story_ids=tuple(edition.story.id for edition in talk.index.live(NOW)[:3]),
    )
    talk.desk.pinned[HERE] = [edition.story.id for edition in talk.index.live(NOW)[:40]]
    return talk


async def reachable(talk: Talk, most: int = 1500) -> dict[str, Message]:
    """Every answer that clicking leads to, by the button's reference."""
    waiting, answers = deque([*ROOTS, "search__1_story-"]), dict[str, Message]()
    while waiting and len(answers) < most:
        ref = waiting.popleft()
        if ref not in answers:
            answers[ref] = await talk.click(ref)
            waiting.extend(str(button.ref) for button in buttons(answers[ref]))
            if answers[ref].asks:
                await talk.fill(answers[ref], "22-7 Berlin")
    return answers


def well(answers: dict[str, Message], caplog: pytest.LogCaptureFixture) -> None:
    broken = [ref for ref, answer in answers.items() if "broke" in answer.title]
    assert broken == []
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
    assert [ref for ref, answer in answers.items() if not fits(answer)] == []
    assert all(answer.title.strip() for answer in answers.values())


async def test_every_button_over_the_samples_answers(
    talk: Talk, caplog: pytest.LogCaptureFixture
) -> None:
    answers = await reachable(talk)
    well(answers, caplog)
    assert len(answers) > 40
    for story in first_samples():
        assert f"story_{story.id}" in answers
        assert {f"faq_{story.id}_{question.key}" for question in story.questions} <= set(answers)


@pytest.mark.parametrize("private", [True, False])
async def test_every_button_in_a_busy_chat_answers(
    caplog: pytest.LogCaptureFixture, private: bool
) -> None:
    talk = busy()
    talk.private = private
    well(await reachable(talk), caplog)


async def test_every_button_answers_where_there_are_no_stories(
    caplog: pytest.LogCaptureFixture,
) -> None:
    talk = Talk()
    well(await reachable(talk), caplog)
    talk.rules.saved[HERE] = Rule(story_ids=(samples()[0].id,))
    talk.desk.pinned[HERE] = [samples()[0].id]
    well(await reachable(talk), caplog)


async def test_every_button_answers_someone_who_is_no_moderator(
    talk: Talk, caplog: pytest.LogCaptureFixture
) -> None:
    talk.moderator = False
    answers = await reachable(talk)
    well(answers, caplog)
    assert answers["follow"].title == "Only moderators of this chat can use /follow"


async def test_every_button_answers_in_a_chat_of_the_operators_file(
    talk: Talk, caplog: pytest.LogCaptureFixture
) -> None:
    talk.chat = FILED
    well(await reachable(talk), caplog)


async def test_buttons_of_a_story_that_is_gone_still_answer(
    talk: Talk, caplog: pytest.LogCaptureFixture
) -> None:
    refs = list(await reachable(talk))
    talk.index.clear()
    well({ref: await talk.click(ref) for ref in refs}, caplog)


WORD = st.sampled_from(
    ["", "ai-theft-claims", "night-ferry-returns", "all", "sources", "breakdown", "2", "0", "99999"]
) | st.from_regex(r"[a-z0-9-]{0,40}", fullmatch=True)
TYPED = st.sampled_from(["ferry", "ferry, tram", ",", "what's a distillation attack", "²", "-1"])


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    command=st.sampled_from(ROOTS), words=st.lists(WORD | TYPED | st.text(max_size=50), max_size=5)
)
async def test_any_button_and_any_words_are_answered(command: str, words: list[str]) -> None:
    talk = Talk(*first_samples())
    names = [option.name for option in talk.commands[command].options]
    answer = await talk.say(command, **dict(zip(names, words, strict=False)))
    assert "broke" not in answer.title
    assert fits(answer)


@given(
    typed=st.text(max_size=60) | TYPED,
    story=st.sampled_from(["", "ai-theft-claims", "gone", "ferry"]),
)
def test_whatever_is_typed_suggestions_can_be_shown(typed: str, story: str) -> None:
    talk = Talk(*first_samples(), made("long", "Endless " * 37, questions={"🛳" * 300: "Yes."}))
    talk.rules.saved[HERE] = Rule(keywords=("ferry",), entities=("ferry",))
    for command in talk.commands.values():
        for option in command.options:
            if option.complete is None:
                continue
            choices = talk.suggest(command.name, option.name, typed, story=story)
            assert len(choices) <= 25
            for choice in choices:
                assert 0 < len(choice.name.encode("utf-16-le")) // 2 <= 100
                assert 0 < len(choice.value) <= 100
