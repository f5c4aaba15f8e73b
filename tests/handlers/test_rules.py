"""/rules: what a chat gets, as words and as text that any chat takes."""

import tomllib
from datetime import time

import pytest

from bot.model.message import Code
from bot.model.rule import Loudness, Mute, Quiet, Rule
from bot.model.text import JOINER
from config.chats import read_chats
from stories.story import StoryId
from tests.handlers.talking import FERRY, FILED, HERE, MIRA, Talk, labels, read

RICH = Rule(
    keywords=("ferry", 'the "Halden"'),
    entities=("Port of Aldmar",),
    min_virality=3,
    loudness=Loudness.PING,
    role="77",
    quiet=Quiet(time(22), time(7), "Europe/Berlin", majors=False),
    muted=(Mute(StoryId("trams"), until_major=True),),
    pins=3,
    keeper=MIRA,
)


async def exported(talk: Talk) -> str:
    answer = await talk.type("rules", "export")
    [code] = [block.body for block in answer.blocks if isinstance(block, Code)]
    return code


async def imported(talk: Talk, text: str) -> Rule:
    """What would be saved after this was pasted where it is asked for."""
    answer = await talk.fill(await talk.type("rules", "import"), text)
    assert answer.title == "What this chat gets", read(answer)
    assert "Rehearse it, then save it." in read(answer)
    assert talk.rules.of(talk.chat) is None, "nothing is saved yet"
    return talk.drafts.kept[talk.chat].rule


async def test_rules_are_shown_in_words_with_what_can_be_done(talk: Talk) -> None:
    shown = await talk.say("rules")
    assert "It gets no stories." in read(shown)
    assert list(labels(shown)) == ["Export", "Import", "Set up"]
    talk.rules.saved[HERE] = RICH
    assert 'Every story about “ferry”, “the "Halden"” or “Port of Aldmar”.' in read(
        await talk.type("rules", "show")
    )


async def test_what_is_exported_is_an_entry_of_the_operators_file(talk: Talk) -> None:
    talk.rules.saved[HERE] = RICH
    chats = read_chats(await exported(talk), "storywire.toml")
    assert {chat: (rule.quiet, rule.role) for chat, rule in chats.items()} == {
        HERE: (RICH.quiet, "77")
    }
    talk.chat = FILED
    assert tomllib.loads(await exported(talk))["chats"][0]["chat"] == str(FILED)


async def test_what_is_exported_is_taken_in_another_chat(talk: Talk) -> None:
    talk.rules.saved[HERE] = RICH
    text = await exported(talk)
    talk.rules.saved.clear()
    assert await imported(talk, text) == Rule(
        **{name: getattr(RICH, name) for name in RICH.__slots__ if name != "keeper"}
    )


@pytest.mark.parametrize(
    "text",
    [
        'keywords = ["ferry"]',
        '[[chats]]\nkeywords = ["ferry"]',
        'chat = "irc:1"\nkeywords = ["ferry"]',
        '```toml\n[[chats]]\nchat = "discord:1"\nkeywords = ["ferry"]\n```',
        "keywords = [“ferry”]",
        f'keywords = ["fer{JOINER}ry"]',
        '  keywords = [\n  "ferry",\n]  # the boats\n',
    ],
)
async def test_rules_are_read_as_people_paste_them(talk: Talk, text: str) -> None:
    assert await imported(talk, text) == Rule(keywords=("ferry",))


async def test_a_mute_that_is_brought_along_ends_with_what_is_yet_to_come(talk: Talk) -> None:
    rule = await imported(talk, f'muted = ["{FERRY} until major"]')
    edition = talk.shelf.get(FERRY)
    assert edition
    assert rule.muted == (Mute(FERRY, until_major=True, revision=edition.revision),)


@pytest.mark.parametrize(
    ("text", "title", "words"),
    [
        ("ferry, tide", "I cannot read these rules", "Each line is a key, = and a value"),
        ("keywords = ferry", "I cannot read these rules", "Each line is a key, = and a value"),
        ("[[chats]]\n[[chats]]\n", "These are the rules of several chats", "Leave one [[chats]]"),
        ("chats = 5", "These are the rules of several chats", "Leave one [[chats]]"),
        ("pins = 0", "I cannot take these rules", "pins is wrong: it takes a whole number from 1"),
        ('loud = "x"', "I cannot take these rules", "“loud” is unknown; the nearest is loudness"),
        ('quiet = "22-7 Berln"', "I cannot take these rules", "the nearest is Europe/Berlin"),
    ],
)
async def test_rules_that_cannot_be_taken_are_refused_with_the_remedy(
    talk: Talk, text: str, title: str, words: str
) -> None:
    question = await talk.type("rules", "import")
    refused = await talk.fill(question, text)
    assert refused.title == title
    assert words in read(refused)
    assert await talk.press(refused, "Try again") == question
    assert talk.drafts.kept == {}


async def test_rules_may_be_typed_right_behind_the_word(talk: Talk) -> None:
    await talk.type("rules", 'import\n[[chats]]\nkeywords = ["ferry"]')
    assert talk.drafts.kept[HERE].rule == Rule(keywords=("ferry",))
    await talk.click("setup_drop")
    await talk.type("rules", 'import keywords = ["ferry"]')
    assert talk.drafts.kept[HERE].rule == Rule(keywords=("ferry",))


async def test_what_rules_cannot_do_is_said(talk: Talk) -> None:
    refused = await talk.type("rules", "delete everything")
    assert refused.title == "I cannot do “delete” with rules"
    assert list(labels(refused)) == ["Export", "Import", "Set up"]


async def test_rules_too_long_to_be_copied_are_not_shown_in_part(talk: Talk) -> None:
    talk.rules.saved[HERE] = Rule(keywords=tuple(f"{number} {'x' * 90}" for number in range(50)))
    refused = await talk.type("rules", "export")
    assert refused.title == "These rules are too long for one message"
