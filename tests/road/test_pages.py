"""A saved story page becomes a card with all its questions, answered whole on both platforms."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.model.chat import Chat
from bot.model.rule import Loudness, Rule
from cli.__main__ import main
from sandbox import discord, telegram
from stories.story import Question, Story
from stories.wire import read
from tests.road.people import Person, Say, both
from tests.running import Running, eventually
from tests.stories import test_page as pages

CHATS = {
    Chat("discord", discord.NEWS): Rule(all=True, loudness=Loudness.EDIT),
    Chat("telegram", str(telegram.GROUP)): Rule(all=True, loudness=Loudness.EDIT),
}
MUTATIONS: tuple[Callable[[str], str], ...] = (
    pages.windows_line_ends,
    pages.non_breaking_spaces,
    pages.wrapped_lines,
    pages.numbers_for_bullets,
    pages.figures_beside_their_labels,
    pages.sections_the_other_way_round,
    pages.no_stats,
    pages.no_headline,
    pages.a_question_without_an_answer,
    pages.full_width_question_marks,
)


def imported(page: str, folder: Path, printed: pytest.CaptureFixture[str]) -> bytes:
    """What `storywire import` prints for the page."""
    file = folder / "page.txt"
    file.write_text(page, "utf-8", newline="")
    assert main(["import", str(file)]) == 0
    return printed.readouterr().out.encode()


async def test_the_seed_page_is_told_and_answered_whole(
    calm_bot: Running, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if not pages.SEED.exists():
        pytest.skip(f"no {pages.SEED}: STORYWIRE_SHARED names the folder with the seed page")
    document = imported(pages.SEED.read_text("utf-8"), tmp_path, capsys)
    assert len(read(document).story.questions) == 10
    await told_and_answered(calm_bot, document)


@pytest.mark.parametrize(
    "mutation", [None, *MUTATIONS], ids=lambda way: getattr(way, "__name__", "as it is")
)
async def test_a_page_however_saved_is_told_and_answered_whole(
    calm_bot: Running,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    mutation: Callable[[str], str] | None,
) -> None:
    page = pages.OWN.read_text("utf-8")
    document = imported(mutation(page) if mutation else page, tmp_path, capsys)
    assert len(read(document).story.questions) == 5
    await told_and_answered(calm_bot, document)


async def told_and_answered(bot: Running, document: bytes) -> None:
    story = read(document).story
    road = await bot.start(CHATS)
    await road.archive.leave(document)
    for person in both(road, "shared"):
        [card] = await eventually(person.read, "the card")
        assert card.title == plain(story.title)
        for words in (story.headline or "", *story.entities, *story.breakdown, *story.keywords):
            assert plain(words) in card, "said on the card"
        assert f"Questions ({len(story.questions)})" in card.labels
    for person in both(road, "private"):
        for question in story.questions:
            await answered_whole(person, story, question)


async def answered_whole(person: Person, story: Story, question: Question) -> None:
    asked = {"story": story.id, "question": question.key}
    seen = await person.say(Say("faq", asked, link=f"faq_{story.id}_{question.key}"))
    assert seen.title == plain(question.question)
    told = seen.body
    while "More ›" in seen.labels:
        told = told.partition(" Page ")[0]
        seen = await person.press(seen, "More ›")
        told = f"{told} {seen.body}"
    answer, _, rest = told.partition(" From “")
    assert answer.partition(" Page ")[0] == plain(question.answer)
    assert rest.startswith(story.title)


def plain(text: str) -> str:
    return " ".join(text.split())


async def test_an_answer_of_the_greatest_length_is_read_whole_page_by_page(
    calm_bot: Running, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = pages.OWN.read_text("utf-8")
    document = json.loads(imported(page, tmp_path, capsys))
    long = " ".join(f"*Number* {number} of <many> [short] sentences." for number in range(94))
    document["questions"][0]["answer"] = long
    assert 3500 < len(long) < 4000
    await told_and_answered(calm_bot, json.dumps(document).encode())
