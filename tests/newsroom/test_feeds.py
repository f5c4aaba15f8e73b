"""feeds.toml: read whole, or refused with a sentence for every bad entry."""

import re
import tomllib
from pathlib import Path

import pytest

from newsroom.feeds import DEFAULT, Feeds, WrongFeeds, as_toml, load_feeds, read_feeds
from newsroom.model import Feed, Quotes

GOOD = """
allow = ["feeds.lan", "10.1.0.0/16"]

[defaults]
language = "de"
tags = ["news"]

[[feeds]]
url = "https://harbour-times.example/feed"
outlet = "Harbour Times"

[[feeds]]
url = "http://feeds.lan/gazette.xml"
outlet = "  The   Gazette "
domain = "gazette.example"
language = "pt-BR"
tags = []
weight = 2
alone = true
quotes = "titles"
"""


def faults(text: str) -> tuple[str, ...]:
    with pytest.raises(WrongFeeds) as caught:
        read_feeds(text, "feeds.toml")
    assert str(caught.value) == "\n".join(caught.value.faults)
    return caught.value.faults


def entry(line: str) -> str:
    return f'[[feeds]]\nurl = "https://a.example/"\noutlet = "A"\n{line}'


def test_a_good_file_gives_every_feed() -> None:
    assert read_feeds(GOOD, "feeds.toml") == Feeds(
        (
            Feed(
                "https://harbour-times.example/feed",
                "Harbour Times",
                language="de",
                tags=("news",),
            ),
            Feed(
                "http://feeds.lan/gazette.xml",
                "The Gazette",
                domain="gazette.example",
                language="pt-BR",
                weight=2.0,
                alone=True,
                quotes=Quotes.TITLES,
            ),
        ),
        ("feeds.lan", "10.1.0.0/16"),
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('[[feeds]]\noutlet = "A"', 'line 1: this [[feeds]] has no url: add url = "https://paper'),
        (
            '[[feeds]]\nurl = "https://a.example/"',
            "line 1: this [[feeds]] has no outlet: add outlet",
        ),
        ('[[feeds]]\nurl = "a.example"\noutlet = "A"', "line 2: url takes an address that begins"),
        (entry('url2 = "x"'), "line 4: “url2” is unknown: did you mean url?"),
        (entry("zzz = 1"), "line 4: “zzz” is unknown; known are url, outlet, domain"),
        (
            entry('domain = "https://a"'),
            'line 4: domain takes a domain, such as "paper.example", not',
        ),
        (
            entry('language = "English"'),
            'line 4: language takes a language such as "en" or "pt-BR"',
        ),
        (entry('tags = "x"'), "line 4: tags takes a list of at most 20 texts"),
        (entry("weight = 0"), "line 4: weight takes a number above 0 and up to 10, not 0"),
        (entry("weight = true"), "line 4: weight takes a number above 0"),
        (entry('alone = "yes"'), "line 4: alone takes true or false, not “yes”"),
        (entry('quotes = "none"'), 'line 4: quotes takes "text" or "titles", not “none”'),
        (f"{entry('')}\n{entry('')}", "line 6: https://a.example/ is listed twice; keep one of"),
        ("feeds = 3", "line 1: begin each feed with [[feeds]], in two brackets"),
        ("feed = 3", "line 1: “feed” is unknown: did you mean feeds?"),
        ("defaults = 3", "line 1: begin the defaults with [defaults], in one bracket"),
        ('[defaults]\noutlet = "A"', "line 2: outlet belongs to one feed: put it under its"),
        ("[defaults]\nweight = -1", "line 2: weight takes a number above 0"),
        ('\nallow = "x"', 'line 2: allow takes a list of texts, such as ["feeds.lan"]'),
        ('allow = ["http://x/"]', "line 1: allow: “http://x/” is neither a host name"),
    ],
)
def test_a_bad_entry_is_one_sentence_with_its_line_and_remedy(text: str, sentence: str) -> None:
    (fault,) = faults(text)
    assert fault.startswith(f"feeds.toml, {sentence}")


def test_every_bad_entry_is_named_at_once() -> None:
    text = GOOD.replace("weight = 2", "weight = 99").replace('"Harbour Times"', "7")
    assert [fault.split(":")[0] for fault in faults(text)] == [
        "feeds.toml, line 10",
        "feeds.toml, line 18",
    ]


def test_a_file_that_is_not_there_or_not_toml(tmp_path: Path) -> None:
    with pytest.raises(WrongFeeds, match=r"none\.toml is not there"):
        load_feeds(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes("# fähre".encode("latin-1"))
    with pytest.raises(WrongFeeds, match="cannot be read"):
        load_feeds(tmp_path / "latin.toml")
    assert "is not TOML" in faults("[[feeds")[0]


def test_the_file_that_teaches_says_true_things() -> None:
    text = DEFAULT.read_text("utf-8")
    assert load_feeds(DEFAULT) == Feeds()
    said = [
        line.removeprefix("# ") for line in text.splitlines() if re.match(r"# (\[|\w+ = )", line)
    ]
    blocks = "\n".join(said).split("[[feeds]]")
    allow = next(line for line in said if line.startswith("allow"))
    defaults = blocks[2][blocks[2].index("[defaults]") :].replace(allow, "")
    last = blocks[2][: blocks[2].index("[defaults]")]
    found = read_feeds(f"{allow}\n{defaults}\n[[feeds]]{blocks[1]}\n[[feeds]]{last}", "feeds.toml")
    assert [feed.outlet for feed in found.feeds] == ["Harbour Times", "The Gazette"]
    assert found.allow == ("feeds.lan", "10.1.0.0/16")


def test_what_is_imported_can_be_read_back() -> None:
    feeds = read_feeds(GOOD, "feeds.toml").feeds
    quoted = Feed("https://q.example/", 'The “Q” \\ "Times"', tags=("a b",))
    text = as_toml([*feeds, quoted])
    assert tomllib.loads(text)
    assert read_feeds(text, "feeds.toml").feeds == (*feeds, quoted)
