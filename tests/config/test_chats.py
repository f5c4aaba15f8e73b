"""storywire.toml: read whole, or refused with the line and the remedy."""

from pathlib import Path

import pytest

from bot.model.chat import Chat
from bot.model.rule import Loudness, Rule
from config.chats import load_chats, read_chats
from runtime.errors import SetupError

GOOD = """
[[chats]]
chat = "discord:123"
stories = "all"
min_virality = 3
show_leaning = true
loudness = "edit"

[[chats]]
chat = "telegram:-100123/7"
keywords = ["ferry"]
entities = ["Strandline"]
story_ids = ["ai-theft-claims"]
min_articles = 2
"""


def test_a_good_file_gives_every_chat_its_rule() -> None:
    assert read_chats(GOOD, "storywire.toml") == {
        Chat("discord", "123"): Rule(
            all=True, min_virality=3.0, show_leaning=True, loudness=Loudness.EDIT
        ),
        Chat("telegram", "-100123/7"): Rule(
            keywords=("ferry",),
            entities=("Strandline",),
            story_ids=("ai-theft-claims",),  # type: ignore[arg-type]
            min_articles=2,
        ),
    }


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("x = 1", "line 1: “x” isn't known; the file may only contain [[chats]]"),
        (
            "[chats]\nchat = 'discord:1'",
            "line 1: start each chat with [[chats]], in double brackets",
        ),
        ("[[chats]]\nchat =", "isn't TOML: Invalid value (at end of document)"),
        ('[[chats]]\nstories = "all"', "line 1: this [[chats]] has no chat: add chat = "),
        ('\n[[chats]]\nchat = "discord:1"', "line 3: discord:1 gets no stories: add stories = "),
        (
            GOOD + '[[chats]]\nchat = "discord:123"\nstories = "all"',
            "line 16: discord:123 is listed",
        ),
        ('[[chats]]\nchat = "irc:1"\nstories = "all"', "line 2: “irc:1” isn't a chat: use "),
        ('[[chats]]\nchat = "discord:x"\nstories = "all"', "line 2: “discord:x” isn't a Discord"),
        ('[[chats]]\nchat = "telegram:@x"\nstories = "all"', "line 2: “telegram:@x” is a username"),
        ('[[chats]]\nchat = "discord:1"\nstories = "some"', "line 3: stories must be "),
        (
            '[[chats]]\nchat = "discord:1"\nkeywords = ["a", 2]',
            "line 3: keywords[1] is wrong: keywords must be ",
        ),
        ('[[chats]]\nchat = "discord:1"\nmin_virality = 11', "line 3: min_virality must be "),
        (
            '[[chats]]\nchat = "discord:1"\nloud = "x"',
            "line 3: “loud” isn't a known key. Did you mean ",
        ),
        ('[[chats]]\nchat = "discord:1"\nloudness = "shout"', "line 3: loudness must be "),
    ],
)
def test_a_wrong_file_is_refused_with_the_line_named(text: str, sentence: str) -> None:
    with pytest.raises(SetupError) as refused:
        read_chats(text, "storywire.toml")
    assert str(refused.value).startswith("storywire.toml")
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)


def test_the_file_that_comes_along_names_no_chat() -> None:
    assert load_chats(Path("config/storywire.toml")) == {}


def test_a_file_that_was_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="STORYWIRE_CONFIG names it"):
        load_chats(tmp_path / "chats.toml")


def test_the_default_file_may_be_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_chats(None) == {}


def test_a_chat_copied_from_the_bots_own_message_is_read() -> None:
    """Discord's renderer parts “@” from the number with an invisible word joiner."""
    text = '[[chats]]\nchat = "discord:@\u2060123"\nstories = "all"'
    assert list(read_chats(text, "storywire.toml")) == [Chat("discord", "@123")]
