"""/help, and the menu as both platforms take it."""

import re

import pytest

from bot.platforms.telegram.render import render
from tests.handlers.talking import Talk, labels, read
from wording.message import Asks, Heading


async def test_where_others_read_a_handful_is_told_and_where_the_rest_is(talk: Talk) -> None:
    answer = await talk.say("help")
    everyone, moderators = read(answer).split("For moderators of this chat")
    assert "/stories: Live stories" in everyone
    assert "/follow: " in moderators
    told = re.findall(r"/(\w+): ", read(answer))
    assert len(told) == len(set(told)) < 10
    assert f"“All commands” lists {len(talk.commands) - len(told)} more." in moderators
    assert labels(answer)["All commands"] == "help_all"


async def test_all_commands_are_grouped_by_use_and_by_who_may_ask(talk: Talk) -> None:
    answer = await talk.click("help_all")
    headings = [block.body for block in answer.blocks if isinstance(block, Heading)]
    assert headings == ["Stories", "This chat", "For moderators of this chat", "You and me"]
    moderators = read(answer).partition("For moderators of this chat")[2].partition("You and me")[0]
    for command in talk.commands.values():
        said = f"/{command.name}: {command.description}"
        assert read(answer).count(said) == 1
        assert (said in moderators) == command.moderators


async def test_in_private_everyone_sees_every_command(talk: Talk) -> None:
    talk.private = True
    said = read(await talk.say("help"))
    assert "For moderators" not in said
    assert all(said.count(f"/{name}: ") == 1 for name in talk.commands)
    assert labels(await talk.say("help"))["Ask a question"] == "faq"


async def test_in_private_the_commands_stand_in_short_groups_by_what_they_are_for(
    talk: Talk,
) -> None:
    talk.private = True
    answer = await talk.say("help")
    told = dict(
        zip(
            [block.body for block in answer.blocks if isinstance(block, Heading)],
            [block.items for block in answer.blocks if isinstance(block, Asks)],
            strict=True,
        )
    )
    assert {heading: [name for name, _ in items] for heading, items in told.items()} == {
        "Stories": ["stories", "story", "search", "catchup", "faq"],
        "What this chat gets": ["setup", "follow", "following", "unfollow", "rules"],
        "Getting less": ["mute", "unmute", "pause", "resume"],
        "Pins": ["pin", "unpin", "pins"],
        "Status and history": ["why", "status", "unknown", "audit", "moderators"],
        "You and me": ["privacy", "forgetme", "help"],
    }


def test_what_a_command_does_is_said_on_one_line_of_a_telephone(talk: Talk) -> None:
    lines = [f"/{command.name} – {command.description}" for command in talk.commands.values()]
    assert [line for line in lines if len(line) > 45] == []


@pytest.mark.parametrize("private", [False, True])
async def test_help_is_read_whole_even_where_answers_are_kept_brief(
    talk: Talk, private: bool
) -> None:
    talk.private = private
    link = None if private else "https://t.me/b?start="
    shown = render(await talk.say("help"), start_link=link, brief=not private).html
    assert ("What I've pinned here" if private else "lists") in shown
    assert "…" not in shown


def test_every_platform_takes_the_menu(talk: Talk) -> None:
    assert list(talk.commands) == [
        "stories",
        "story",
        "search",
        "catchup",
        "faq",
        "why",
        "status",
        "follow",
        "following",
        "unfollow",
        "mute",
        "unmute",
        "pause",
        "resume",
        "setup",
        "rules",
        "pin",
        "unpin",
        "pins",
        "unknown",
        "audit",
        "moderators",
        "privacy",
        "forgetme",
        "help",
    ]
    for command in talk.commands.values():
        assert re.fullmatch(r"[a-z]{1,32}", command.name)
        assert 0 < len(command.description) <= 100
        names = [option.name for option in command.options]
        assert command.rest is None or command.rest in names
        assert all(re.fullmatch(r"[a-z]{1,32}", name) for name in names)
        assert all(0 < len(option.description) <= 100 for option in command.options)
