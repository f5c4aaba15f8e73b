"""/help, and the menu as both platforms take it."""

import re

from bot.model.message import Heading
from bot.model.text import JOINER
from bot.platforms.telegram.render import render
from tests.handlers.talking import Talk, labels, read


async def test_where_others_read_commands_are_grouped_by_who_may_ask(talk: Talk) -> None:
    answer = await talk.say("help")
    everyone, moderators = read(answer).split("For moderators of this chat")
    assert Heading("For everyone") in answer.blocks
    for command in talk.commands.values():
        here, there = (moderators, everyone) if command.moderators else (everyone, moderators)
        assert f"/{command.name}: {command.description}" in here
        assert f"/{command.name}:" not in there


async def test_in_private_everyone_sees_every_command(talk: Talk) -> None:
    talk.private = True
    said = read(await talk.say("help"))
    assert "moderators" not in said
    assert all(f"/{name}: " in said for name in talk.commands)
    assert labels(await talk.say("help"))["Ask a question"] == "faq"


async def test_help_is_read_whole_even_where_answers_are_kept_brief(talk: Talk) -> None:
    shown = render(await talk.say("help"), start_link="https://t.me/b?start=", brief=True).html
    assert "What is pinned here" in shown.replace(JOINER, "")
    assert "…" not in shown


def test_every_platform_takes_the_menu(talk: Talk) -> None:
    assert list(talk.commands) == [
        "stories",
        "story",
        "search",
        "catchup",
        "faq",
        "why",
        "follow",
        "following",
        "unfollow",
        "pin",
        "unpin",
        "pins",
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
