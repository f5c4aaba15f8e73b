"""Every command is offered on both platforms, has its rows, and completes what is typed."""

from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path

from sandbox import discord, telegram
from stories.story import StoryId
from tests.handlers.talking import Talk
from tests.road.parity import (
    FERRY,
    FILLERS,
    KEY,
    STORIES,
    Row,
)
from tests.running import Running


def every_row() -> Iterator[Row]:
    """The rows of all files here."""
    for file in sorted(Path(__file__).parent.glob("test_*.py")):
        module = import_module(f"tests.road.commands.{file.stem}")
        yield from getattr(module, "ROWS", ())


async def test_every_command_has_a_row_and_is_offered_on_both_platforms(calm_bot: Running) -> None:
    road = await calm_bot.knowing()
    declared = tuple(Talk().commands.values())
    names = [command.name for command in declared]
    assert set(names) == set().union(*(row.commands for row in every_row()))
    offered = road.discord.view()["commands"]
    typed = {each["name"]: each["description"] for each in offered if each["type"] == 1}
    assert typed == {command.name: command.description for command in declared}
    for chat in (telegram.SOL, telegram.GROUP):
        shown = road.telegram.commands(telegram.SOL, chat)
        assert [each["command"] for each in shown] == names
    for_all = [command.name for command in declared if not command.moderators]
    assert [
        each["command"] for each in road.telegram.commands(telegram.MIRA, telegram.GROUP)
    ] == for_all


async def test_what_is_typed_is_completed(calm_bot: Running) -> None:
    many = tuple(
        replace(FILLERS[0], id=StoryId(f"long-{number}"), title=f"Long {number} " + "title " * 40)
        for number in range(30)
    )
    road = await calm_bot.knowing(*STORIES, *many)

    async def offered(command: str, focused: str, **options: str) -> dict[str, str]:
        choices = await road.discord.autocomplete(
            discord.SOL, discord.NEWS, command, focused, options
        )
        assert 0 < len(choices) <= 25
        for choice in choices:
            assert len(choice["name"]) <= 100
            assert len(choice["value"]) <= 100
        return {choice["name"]: choice["value"] for choice in choices}

    assert list((await offered("story", "words", words="nig")).values()) == ["ferry"]
    assert len(await offered("story", "words", words="")) == 25
    assert len(await offered("pin", "story", story="long")) == 25
    assert next(iter(await offered("follow", "what", what="al"))) == "All stories"
    asked = {each.question: each.key for each in FERRY.questions}
    assert await offered("faq", "question", story="ferry", question="") == asked
    assert list((await offered("faq", "question", story="ferry", question="pay")).values()) == [KEY]
    assert KEY not in (await offered("faq", "question", story="trams", question="")).values()
    names = await offered("faq", "question", question="who pays for the")
    assert names == {"Who pays for the repair?": KEY}
    assert "ferry" in (await offered("faq", "story", story="fer", question="ignored")).values()
