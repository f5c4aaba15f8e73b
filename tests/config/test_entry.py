"""A rule as text: what is written is read again, and what is wrong is named with the remedy."""

import tomllib
from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model.chat import Chat
from bot.model.rule import Loudness, Mute, Quiet, Rule
from config.entry import (
    EXAMPLE,
    MOST_PINS,
    WrongEntry,
    read_quiet,
    read_rule,
    write_entry,
    write_quiet,
)
from stories.story import StoryId

HERE = Chat("telegram", "-100123/7")
BERLIN = Quiet(time(22), time(7), "Europe/Berlin")

WORDS = st.lists(st.text(min_size=1, max_size=100), max_size=5).map(tuple)
STORIES = st.from_regex(r"[a-z0-9-]{1,40}", fullmatch=True).map(StoryId)
MINUTES = st.times().map(lambda at: at.replace(second=0, microsecond=0))
RULES = st.builds(
    Rule,
    all=st.booleans(),
    keywords=WORDS,
    entities=WORDS,
    story_ids=st.lists(STORIES, max_size=3).map(tuple),
    min_virality=st.none() | st.floats(0, 10),
    min_articles=st.none() | st.integers(0, 10**6),
    show_leaning=st.booleans(),
    loudness=st.sampled_from([Loudness.EDIT, Loudness.REPLY]),
    role=st.none() | st.just("123456789012345678"),
    quiet=st.none()
    | st.tuples(MINUTES, MINUTES, st.booleans())
    .filter(lambda quiet: quiet[0] != quiet[1])
    .map(lambda quiet: Quiet(quiet[0], quiet[1], "Asia/Tokyo", quiet[2])),
    publish=st.booleans(),
    paused=st.booleans(),
    muted=st.lists(st.builds(Mute, STORIES, st.booleans()), max_size=3).map(tuple),
    pins=st.integers(1, MOST_PINS),
    language=st.none() | st.just("en"),
    keeper=st.none(),
)


@given(rule=RULES)
def test_what_is_written_is_read_again(rule: Rule) -> None:
    [entry] = tomllib.loads(write_entry(HERE, rule))["chats"]
    assert entry.pop("chat") == "telegram:-100123/7"
    assert read_rule(entry) == rule


def test_only_what_differs_from_the_default_is_written() -> None:
    assert write_entry(HERE, Rule(all=True)) == (
        '[[chats]]\nchat = "telegram:-100123/7"\nstories = "all"'
    )
    assert write_entry(HERE, Rule(loudness=Loudness.PING, role="77", quiet=BERLIN)) == (
        '[[chats]]\nchat = "telegram:-100123/7"\nloudness = "ping"\nrole = "77"\n'
        'quiet = "22:00-07:00 Europe/Berlin"'
    )


@pytest.mark.parametrize(
    ("entry", "key", "sentence"),
    [
        (
            {"loud": "x"},
            "loud",
            "“loud” isn't a known key. Did you mean loudness? The known keys are chat, ",
        ),
        (
            {"keyword": []},
            "keyword",
            "“keyword” isn't a known key. Did you mean keywords? The known ",
        ),
        ({"Langauge": "en"}, "Langauge", "“Langauge” isn't a known key. Did you mean language? "),
        ({"foo": "x"}, "foo", "“foo” isn't a known key: use one of chat, stories, keywords, "),
        ({"stories": "some"}, "stories", 'stories must be "all"'),
        (
            {"keywords": ["a", 2]},
            "keywords",
            "keywords[1] is wrong: keywords must be a list of up to 200",
        ),
        ({"min_virality": 11}, "min_virality", "min_virality must be a number from 0"),
        ({"pins": 0}, "pins", "pins must be a whole number from 1 to 25"),
        ({"loudness": "ping"}, "loudness", "loudness “ping” mentions a role: add role with the"),
        ({"language": "tlh"}, "language", "language must be one of en"),
        (
            {"quiet": "at night"},
            "quiet",
            "quiet can't be read. I can't find any hours in “at night”. Write",
        ),
        (
            {"muted": ["x until then"]},
            "muted",
            "muted[0] is wrong: muted must be a list of story IDs",
        ),
    ],
)
def test_what_is_wrong_is_named_with_the_remedy(
    entry: dict[str, object], key: str, sentence: str
) -> None:
    with pytest.raises(WrongEntry) as refused:
        read_rule(entry)
    assert refused.value.key == key
    assert str(refused.value).startswith(sentence)


@pytest.mark.parametrize(
    "text",
    [
        "22:00-07:00 Europe/Berlin",
        "22:00–07:00 europe/berlin",
        "  22.00 — 7  Berlin ",
        "22h00 to 07h00, Europe/Berlin",
        "10pm to 7am berlin",
        "10 p.m. until 7 a.m. (Berlin)",
    ],
)
def test_quiet_hours_are_read_as_people_write_them(text: str) -> None:
    assert read_quiet(text) == BERLIN
    assert read_quiet(write_quiet(BERLIN), majors=False) == Quiet(
        time(22), time(7), "Europe/Berlin", majors=False
    )


def test_midnight_has_all_its_names() -> None:
    for text in ("0-6 UTC", "24:00-06:00 UTC", "12am-6am utc"):
        assert read_quiet(text) == Quiet(time(0), time(6), "UTC")
    assert read_quiet("12pm-1pm New York") == Quiet(time(12), time(13), "America/New_York")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "tonight",
            "I can't find any hours in “tonight”. Write the hours like this: 22:00-07:00 Europe/",
        ),
        ("22:00-07:00", "The time zone is missing. Write the hours like this: "),
        ("25:00-07:00 UTC", "25:00 isn't a time of day. Write the hours like this: "),
        ("22:00-7:60 UTC", "7:60 isn't a time of day. Write the hours like this: "),
        ("13pm-7am UTC", "13 isn't a time of day. "),
        ("7-7 UTC", "The quiet hours start and end at the same time. "),
        (
            "22-7 Europe/Berln",
            "I don't know the time zone “Europe/Berln”. Did you mean Europe/Berlin?",
        ),
        (
            "22-7 Berln",
            "I don't know the time zone “Berln”. Did you mean Europe/Berlin? Write the hours",
        ),
    ],
)
def test_hours_that_cannot_be_read_are_refused_with_an_example(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match="Write the hours like this") as refused:
        read_quiet(text)
    assert str(refused.value).startswith(sentence)


@given(text=st.text(max_size=60) | st.from_regex(r"\d{1,2}[:.]\d\d *- *\d{1,2}(am|pm)? \w{0,9}"))
def test_whatever_is_written_for_hours_is_read_or_refused(text: str) -> None:
    try:
        quiet = read_quiet(text)
    except ValueError as refused:
        why = str(refused)
    else:
        why = EXAMPLE
        assert read_quiet(write_quiet(quiet)) == quiet
    assert why.endswith(EXAMPLE)
    assert "\n" not in why
