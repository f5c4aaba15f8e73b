"""Each adapter states what is particular about its platform; nobody else knows."""

import ast
import re
from pathlib import Path

import pytest

from bot.model.chat import Chat
from bot.platforms.discord.platform import DiscordPlatform
from bot.platforms.known import CAPABILITIES, read_chat
from bot.platforms.telegram.platform import TelegramPlatform
from scripts.docs import ROOT, declared

PLATFORMS = (
    DiscordPlatform("no token", api_url=None, gateway_url=None),
    TelegramPlatform("1:no-token", api_url=None),
)
NAMED = re.compile("|".join(CAPABILITIES), re.I)
DELIVERY = [*(ROOT / "bot" / "delivery").glob("*.py"), *(ROOT / "bot" / "model").glob("*.py")]


def test_every_adapter_is_known_by_its_name_with_its_capabilities() -> None:
    assert {each.name: each.capabilities for each in PLATFORMS} == CAPABILITIES


def test_topics_share_the_limits_of_their_group() -> None:
    group, topic = Chat("telegram", "-1001"), Chat("telegram", "-1001/7")
    telegram, discord = CAPABILITIES["telegram"], CAPABILITIES["discord"]
    assert telegram.group(topic) == telegram.group(group) == group
    assert telegram.is_group(topic)
    assert not telegram.is_group(Chat("telegram", "5"))
    assert discord.group(Chat("discord", "7")) == Chat("discord", "7")


@pytest.mark.parametrize("path", DELIVERY, ids=lambda path: str(path.relative_to(ROOT)))
def test_delivery_and_the_model_know_no_platform_by_name(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    notes = {id(each.value) for each in ast.walk(tree) if isinstance(each, ast.Expr)}
    said = [
        each.value
        for each in ast.walk(tree)
        if isinstance(each, ast.Constant) and isinstance(each.value, str) and id(each) not in notes
    ]
    names = [each.id for each in ast.walk(tree) if isinstance(each, ast.Name)]
    assert [each for each in (*said, *names) if NAMED.search(each)] == []


def test_one_command_takes_text_that_names_none() -> None:
    assert [each.name for each in declared() if each.takes_text] == ["faq"]


def test_a_chat_of_no_known_platform_is_refused_with_all_that_can_be_written() -> None:
    with pytest.raises(ValueError, match="use discord:<channel id>, discord:@<user id>, telegram:"):
        read_chat("matrix:1")
