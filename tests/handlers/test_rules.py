"""/rules: what a chat gets, as words and as text that any chat takes."""

import tomllib
from datetime import time

import pytest

from bot.model.rule import Loudness, Mute, Quiet, Rule
from config.chats import read_chats
from runtime.errors import SetupError
from stories.story import StoryId
from tests.handlers.talking import FERRY, FILED, HERE, MIRA, Talk, labels, read
from wording.message import Code
from wording.text import JOINER

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
    assert "This chat gets no stories." in read(shown)
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
    edition = talk.index.get(FERRY)
    assert edition
    assert rule.muted == (Mute(FERRY, until_major=True, revision=edition.revision),)


@pytest.mark.parametrize(
    ("text", "title", "words"),
    [
        ("ferry, tide", "I can't read these rules", "Each line is a key, = and a value"),
        ("keywords = ferry", "I can't read these rules", "Each line is a key, = and a value"),
        ("[[chats]]\n[[chats]]\n", "These are rules for several chats", "Keep one [[chats]]"),
        ("chats = 5", "These are rules for several chats", "Keep one [[chats]]"),
        ("pins = 0", "I can't use these rules", "pins must be a whole number from 1"),
        (
            'loud = "x"',
            "I can't use these rules",
            "“loud” isn't a known key. Did you mean loudness?",
        ),
        ('quiet = "22-7 Berln"', "I can't use these rules", "Did you mean Europe/Berlin?"),
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
    assert refused.title == "/rules can't do “delete”"
    assert list(labels(refused)) == ["Export", "Import", "Set up"]


async def test_rules_too_long_to_be_copied_are_not_shown_in_part(talk: Talk) -> None:
    talk.rules.saved[HERE] = Rule(keywords=tuple(f"{number} {'x' * 90}" for number in range(50)))
    refused = await talk.type("rules", "export")
    assert refused.title == "These rules are too long for one message"


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("min_virality = 1e400", "min_virality must be a number from 0 to 10"),
        ("min_virality = nan", "min_virality must be"),
        (f"min_virality = {10**400}", "min_virality must be"),
        (f"min_articles = {10**400}", "min_articles must be"),
        ("min_articles = 9007199254740992", "min_articles must be"),
        (f"min_articles = 0x{'f' * 3000}", "min_articles must be"),
        (f"pins = {'9' * 3000}", "the number in pins is too large"),
        (f"role = {'7' * 300}", "role must be"),
        (f"keywords = {'[' * 1900}{']' * 1900}", "keywords is nested too deeply"),
        (f"keywords = {'[' * 3900}", "keywords is nested too deeply"),
        (f"entities = [{'[' * 1500}\n{']' * 1500}\n]", "entities is nested too deeply"),
        (f"muted = {'{a = ' * 700}1{'}' * 700}", "muted is nested too deeply"),
        (f"quiet{'.a' * 1900} = 1", "quiet is nested too deeply"),
        (f"chats = {'[' * 1800}{']' * 1800}", "chats is nested too deeply"),
        (f'quiet = "22:00-07:00 {"a" * 3900}"', "quiet can't be read. I don't know the time zone"),
        (f'keywords = ["{"x" * 3900}"]', "keywords[0] is wrong"),
        (f"{'z' * 3900} = 1", f"“{'z' * 39}…” isn't a known key"),
    ],
    ids=lambda text: text[:16],
)
async def test_what_no_rule_can_say_is_refused_for_its_field(
    talk: Talk, text: str, field: str
) -> None:
    question = await talk.type("rules", "import")
    answer = await talk.fill(question, f'stories = "all"\n{text}')
    assert answer.title == "I can't use these rules"
    assert field in read(answer)
    assert len(read(answer)) < 600
    with pytest.raises(SetupError, match=r"^storywire\.toml, line \d+: ") as refused:
        read_chats(f'[[chats]]\nchat = "discord:1"\nstories = "all"\n{text}', "storywire.toml")
    assert field in str(refused.value) or "begin each chat with" in str(refused.value)


async def test_brackets_inside_words_are_no_nesting(talk: Talk) -> None:
    text = 'keywords = ["[[[[[", "a.b.c.d"]\nentities = [\n  "one [",\n  "two",\n]'
    rule = await imported(talk, text)
    assert rule.keywords == ("[[[[[", "a.b.c.d")
    assert rule.entities == ("one [", "two")
