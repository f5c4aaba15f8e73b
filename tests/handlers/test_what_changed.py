"""“What changed” tells everything that did, first what is new to whoever asks."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.model.chat import Chat
from bot.model.rule import Rule
from bot.platforms.discord.render import render
from handlers import promptly
from stories.story import Leaning, Question, Source, Stats, Status
from tests.handlers.talking import HERE, NOW, Talk, labels, made, read
from wording.message import Bullets, Heading, Note

FIRE = made(
    "fire",
    "Fire at the mill",
    breakdown=("It began in the attic at 04:10.", "Two streets are closed.", "Nobody is hurt."),
    questions={"Who owns it?": "The town."},
    sources=(Source("Mill burns", "Veld Post", "https://veldpost.example/1"),),
)
BUTTON = "story_fire_changes"


def told(talk_answer_blocks: tuple[object, ...]) -> list[str]:
    return [
        item for block in talk_answer_blocks if isinstance(block, Bullets) for item in block.items
    ]


def headings(blocks: tuple[object, ...]) -> list[str]:
    return [block.body for block in blocks if isinstance(block, Heading)]


async def test_a_new_storys_card_has_no_such_button() -> None:
    talk = Talk(FIRE)
    assert "What changed" not in labels(await talk.type("story", "fire"))
    answer = await talk.click(BUTTON)
    assert read(answer).splitlines() == [
        "What changed in “Fire at the mill”",
        "This is its first version here. Nothing has changed yet.",
    ]
    assert labels(answer) == {"‹ Story": "story_fire"}


async def test_a_changed_storys_card_has_it_and_a_new_time_is_no_change() -> None:
    talk = Talk(FIRE, replace(FIRE, headline="It is out"))
    assert labels(await talk.type("story", "fire"))["What changed"] == BUTTON
    talk.put(replace(FIRE, headline="It is out", updated_at=NOW))
    assert "What changed" not in labels(await talk.type("story", "fire"))
    assert "Only the update time changed." in read(await talk.click(BUTTON))


async def test_the_whole_change_is_told_heaviest_first() -> None:
    after = replace(
        FIRE,
        title="Fire at the old mill",
        breakdown=("It began in the attic at 05:40.", "Two streets are closed.", "Divers came."),
        stats=Stats(Status.ENDED, 4.5, articles=20),
        questions=(Question("Who owns it?", "A bank."), Question("Why?", "Nobody knows.")),
        sources=(Source("Mill saved", "Veld Post", "https://veldpost.example/2"),),
        keywords=("fire",),
    )
    answer = await Talk(FIRE, after).click(BUTTON)
    assert headings(answer.blocks) == ["Latest change"]
    assert told(answer.blocks) == [
        "Status active → ended",
        "New: “Divers came.”",
        "Updated: “It began in the attic at 04:10.” → “It began in the attic at 05:40.”",
        "Title: “Fire at the mill” → “Fire at the old mill”",
        "Removed: “Nobody is hurt.”",
        "New question: “Why?”",
        "Updated answer to “Who owns it?”: “The town.” → “A bank.”",
        "New source: “Mill saved”",
        "Source removed: “Mill burns”",
        "Virality 1 → 4.5",
        "Now with articles 20",
        "Keywords: none → “fire”",
    ]


async def test_what_differs_between_long_texts_is_seen() -> None:
    long = "The council met for hours and heard every side of the quarrel. " * 8
    before = replace(FIRE, breakdown=(f"{long}It paid 40 crowns.",))
    after = replace(FIRE, breakdown=(f"{long}It paid 55 crowns.",))
    [line] = told((await Talk(before, after).click(BUTTON)).blocks)
    assert line == (
        "Updated: “… side of the quarrel. It paid 40 crowns.” → "
        "“… side of the quarrel. It paid 55 crowns.”"
    )


async def test_leaning_is_told_only_where_the_chat_asked_for_it() -> None:
    after = replace(FIRE, stats=Stats(Status.ACTIVE, 1.0, leaning=Leaning.LEFT))
    talk = Talk(FIRE, after)
    assert "left" not in read(await talk.click(BUTTON))
    assert "What changed" not in labels(await talk.type("story", "fire"))
    talk.rules.saved[HERE] = Rule(all=True, show_leaning=True)
    assert told((await talk.click(BUTTON)).blocks) == ["Now with leaning left"]


async def test_whoever_looked_before_is_first_told_what_is_new_to_them() -> None:
    talk = Talk(FIRE)
    await talk.type("story", "fire")
    talk.at += timedelta(days=1)
    talk.put(
        replace(FIRE, headline="It spreads"),
        replace(FIRE, headline="It spreads", breakdown=(*FIRE.breakdown, "Help came.")),
    )
    for _ in range(2):  # clicking again tells the same
        answer = await talk.click(BUTTON)
        assert headings(answer.blocks) == ["Since you last looked", "Latest change"]
        assert Note("You saw version 1", NOW) in answer.blocks
        assert told(answer.blocks) == [
            "New: “Help came.”",
            "Headline: “It spreads”",
            "New: “Help came.”",
        ]


async def test_the_card_on_the_way_to_the_changes_is_the_same_look() -> None:
    talk = Talk(FIRE)
    await talk.type("story", "fire")
    talk.at += timedelta(days=1)
    talk.put(replace(FIRE, headline="It spreads"), replace(FIRE, headline="It is out"))
    await talk.type("story", "fire")
    talk.at += timedelta(minutes=5)
    answer = await talk.click(BUTTON)
    assert Note("You saw version 1", NOW) in answer.blocks
    talk.at += timedelta(days=1)
    assert "Since you last looked\nNothing has changed.\nYou saw version 3" in read(
        await talk.click(BUTTON)
    )


async def test_changes_opened_from_a_chats_card_are_a_look_too() -> None:
    talk = Talk(FIRE, replace(FIRE, headline="It spreads"))
    await talk.click(BUTTON)
    talk.at += timedelta(days=1)
    talk.put(replace(FIRE, headline="It is out"))
    assert Note("You saw version 2", NOW) in (await talk.click(BUTTON)).blocks


async def test_what_is_new_and_what_changed_last_is_said_once_when_it_is_the_same() -> None:
    talk = Talk(FIRE)
    await talk.type("story", "fire")
    talk.put(replace(FIRE, headline="It is out"))
    answer = await talk.click(BUTTON)
    assert headings(answer.blocks) == ["Since you last looked"]
    assert told(answer.blocks) == ["Headline: “It is out”"]


async def test_every_person_has_their_own_place() -> None:
    talk = Talk(FIRE)
    await talk.type("story", "fire")
    talk.put(replace(FIRE, headline="It is out"))
    talk.person = Chat("telegram", "6")
    assert headings((await talk.click(BUTTON)).blocks) == ["Latest change"]


async def test_a_revision_no_longer_kept_is_said_to_be_so() -> None:
    talk = Talk(FIRE)
    await talk.type("story", "fire")
    talk.put(*(replace(FIRE, headline=f"Hour {hour}") for hour in range(4)))
    del talk.history.kept[:3]
    answer = await talk.click(BUTTON)
    assert (
        "You saw version 1\nThat version is no longer available, so this is since version 4"
        in read(answer)
    )
    assert told(answer.blocks) == ["Headline: “Hour 2” → “Hour 3”"]
    talk = Talk(FIRE)
    await talk.type("story", "fire")
    talk.put(*(replace(FIRE, headline=f"Hour {hour}") for hour in range(4)))
    talk.history.kept.clear()
    answer = await talk.click(BUTTON)
    assert "You saw version 1, which is no longer available" in read(answer)
    assert headings(answer.blocks) == ["Latest change"]


@pytest.mark.parametrize("trouble", ["away", "slow"])
async def test_without_the_storage_the_last_change_is_told_all_the_same(
    trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(promptly, "PATIENCE_S", 0.01)
    talk = Talk(FIRE)
    await talk.type("story", "fire")
    talk.put(replace(FIRE, headline="It is out"))
    setattr(talk.positions, trouble, True)
    answer = await talk.click(BUTTON)
    assert "so this is only the latest change" in read(answer)
    assert told(answer.blocks) == ["Headline: “It is out”"]


async def test_many_changes_are_read_whole_page_by_page() -> None:
    after = replace(FIRE, breakdown=tuple(f"{number}: {'word ' * 30}" for number in range(50)))
    talk = Talk(replace(FIRE, breakdown=("Quite another thing.",)), after)
    link: str | None = BUTTON
    lines: list[str] = []
    pages = 0
    while link:
        answer = await talk.click(link)
        assert headings(answer.blocks) == ["Latest change"]
        assert "…" not in (render(answer).embed.description or "")
        lines += told(answer.blocks)
        pages += 1
        link = labels(answer).get("More ›")
    assert pages > 1
    assert len(lines) == 51
    assert len(set(lines)) == 51
