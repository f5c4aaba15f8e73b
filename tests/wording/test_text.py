"""Story text is made harmless and shorter without being disfigured; links lead where they say."""

from collections.abc import Callable

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from tests.stories_made import texts, urls
from wording.text import JOINER, clean, line, safe_link, shorten, unlink, utf16


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("invoice\u202egnp.exe", "invoicegnp.exe"),
        ("\u2066left\u2069 \u200fright", "left right"),
        ("a\u200bb\u2060c\ufeffd\u00ade", "abcde"),
        ("bell\u0007 and nul\u0000", "bell and nul"),
        ("half a character \ud83d", "half a character"),
        ("A\u030angstro\u0308m", "Ångström"),
        ("\u1fefcode\u1fef", "`code`"),
        ("no\u00a0break, \u3000wide,\ttab", "no break, wide, tab"),
        ("\u2800\u2800blank", "blank"),
        ("one\r\ntwo\u2028three", "one\ntwo\nthree"),
        (" one \n \n\n\n two ", "one\n\ntwo"),
        ("o" + "\u0336" * 30 + "k", "o" + "\u0336" * 8 + "k"),
    ],
)
def test_what_tricks_the_eye_or_the_machine_is_taken_out(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@pytest.mark.parametrize(
    "text",
    [
        "👨‍👩‍👧 👩🏽‍💻 🏳️‍🌈 ❤️ ☎︎",
        "🏴󠁧󠁢󠁳󠁣󠁴󠁿 1️⃣ #️⃣",
        "می‌خواهم",
        "क्‍ष",
        "葛󠄀城市",
        "العبّارة الليلية",
        "Straße, naïve, Ελλάδα, קוראים",
    ],
)
def test_what_languages_and_emoji_are_spelled_with_stays(text: str) -> None:
    assert clean(text) == text


def test_a_joiner_that_joins_nothing_goes() -> None:
    assert clean("a\u200db \u200c👍\u200d c\ufe0f 1\ufe0f") == "ab 👍 c 1"


@given(texts() | st.text(st.characters(codec=None, exclude_categories=[])))
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert "\n" not in line(text)
    once.encode()


FERRY = "The ferry is back. It left at 3 p.m. from J. Smith quay. Nobody was hurt, they said."


@pytest.mark.parametrize(
    ("limit", "short"),
    [
        (len(FERRY), FERRY),
        (len(FERRY) - 1, "The ferry is back. It left at 3 p.m. from J. Smith quay. …"),
        (44, "The ferry is back. …"),
        (50, "The ferry is back. It left at 3 p.m. from J…"),
        (20, "The ferry is back. …"),
        (19, "The ferry is back…"),
        (9, "The…"),
        (3, "Th…"),
        (1, "…"),
        (0, ""),
    ],
)
def test_text_is_cut_at_a_sentence_or_a_word(limit: int, short: str) -> None:
    assert shorten(FERRY, limit) == short


def test_a_short_first_sentence_does_not_cost_the_rest_of_the_room() -> None:
    assert shorten("Yes. " + "and then more " * 9, 60).startswith("Yes. and then more and then")


def test_a_comma_is_not_left_dangling() -> None:
    assert shorten("Trams, buses – and ferries", 9) == "Trams…"


def test_text_without_spaces_is_cut_between_words_of_its_script() -> None:
    text = "夜行フェリーが帰ってきた。乗客は全員無事だという。"
    assert shorten(text, 20) == "夜行フェリーが帰ってきた。 …"
    assert shorten(text, 8) == "夜行フェリーが…"


def test_characters_made_of_several_are_not_cut() -> None:
    family = "👨‍👩‍👧"
    assert shorten(family * 5, 2 * len(family) + 3) == family * 2 + "…"
    assert shorten("e\u0323\u0302" * 5, 8) == "e\u0323\u0302" * 2 + "…"
    assert shorten("กำxyz", 4) == "กำx…", "its vowel stands behind the letter"
    assert shorten("あいう。\u3099えおか", 6) == "あい…", "a mark belongs to the sign before it"


def test_room_is_measured_as_the_caller_counts() -> None:
    assert shorten("👍👍👍", 5, utf16) == "👍👍…"
    assert shorten("a & b & c", 7, lambda text: len(text.replace("&", "&amp;"))) == "a…"


def test_the_mark_may_say_more() -> None:
    assert shorten(FERRY, 44, more="… more") == "The ferry is back. … more"


@given(texts(), st.integers(0, 80), st.sampled_from([len, utf16]))
def test_a_shortened_text_fits_and_begins_like_the_text(
    text: str, limit: int, size: Callable[[str], int]
) -> None:
    short = shorten(text, limit, size)
    assert size(short) <= limit
    if short != text and short:
        kept = short.removesuffix("…").rstrip()
        assert text.startswith(kept)
        assert kept in {"", *_beginnings(text)}


def _beginnings(text: str) -> set[str]:
    """What is left of a text when it is only cut between characters as people see them."""
    ends = [found.end() for found in regex.finditer(r"\X", text)]
    return {text[:end].rstrip() for end in ends}


@given(st.lists(st.sampled_from(["ferry", "quay.", "Nobody", "a,"]), min_size=2), st.data())
def test_a_word_is_only_cut_when_it_is_the_first(words: list[str], data: st.DataObject) -> None:
    text = " ".join(words)
    short = shorten(text, data.draw(st.integers(8, len(text) + 8)))
    kept = short.removesuffix("…").split()
    assert [word.rstrip(",.") for word in kept] == [
        word.rstrip(",.") for word in words[: len(kept)]
    ]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://example.org/a?b=c#d", ("https://example.org/a?b=c#d", "example.org")),
        ("HTTP://Example.ORG:8080/A", ("http://example.org:8080/A", "example.org:8080")),
        (
            "https://bücher.example/ü",
            ("https://xn--bcher-kva.example/%C3%BC", "xn--bcher-kva.example"),
        ),
        ("https://192.0.2.1/", ("https://192.0.2.1/", "192.0.2.1")),
        ("https://xn--80ak6aa92e.com", ("https://xn--80ak6aa92e.com", "xn--80ak6aa92e.com")),
        (
            'https://ex.org/Foo_(bar)>[x]"`',
            ("https://ex.org/Foo_%28bar%29%3E%5Bx%5D%22%60", "ex.org"),
        ),
        ("https://ex.org?q=%20", ("https://ex.org?q=%20", "ex.org")),
        ("https://bank.example@evil.example/", None),
        ("https://bank.example\\@evil.example/", None),
        ("https://evil.example\\.bank.example/", None),
        ("https://user:secret@example.org", None),
        ("https://faß.example", None),
        ("https://ｅxample.org", None),
        ("https://exam ple.org", None),
        ("https://example.org/a b", None),
        ("https://example.org/\u202e", None),
        ("https://example.org/\n", None),
        ("https://example.org:99999/", None),
        ("https://example.org:port/", None),
        ("https://a..b/", None),
        ("https:///path", None),
        ("https://", None),
        ("//example.org", None),
        ("example.org", None),
        ("javascript:alert(1)", None),
        ("ftp://example.org", None),
        ("https://[::1", None),
        ("https://example.org/" + "x" * 2048, None),
        ("", None),
    ],
)
def test_a_link_is_shown_with_its_host_or_not_at_all(
    url: str, shown: tuple[str, str] | None
) -> None:
    assert safe_link(url) == shown


@given(urls())
def test_a_shown_link_is_plain_and_shown_the_same_again(url: str) -> None:
    if link := safe_link(url):
        href, host = link
        assert regex.fullmatch(r"https?://[!#-'*-;=?-Z_a-z~%]+", href)
        assert regex.sub(r"https?://([^/?#]*).*", r"\1", href) == host
        assert safe_link(href) == link


@pytest.mark.parametrize(
    ("text", "parted"),
    [
        ("@everyone", "@|everyone"),
        ("a@b.example", "a@|b|.example"),
        ("see https://evil.example/x.html", "see https:|//evil|.example/x|.html"),
        ("www.evil.рф", "www|.evil|.рф"),
        ("discord.gg/x", "discord|.gg/x"),
        ("i❤.ws", "i❤|.ws"),
        ("tg://resolve", "tg:|//resolve"),
        ("192.0.2.1", "192|.0.2.1"),
        ("4.5 of 28.8 million. It rose: yes @ 9", "4.5 of 28.8 million. It rose: yes @ 9"),
    ],
)
def test_what_would_become_a_link_is_parted_and_nothing_else(text: str, parted: str) -> None:
    assert unlink(text) == parted.replace("|", JOINER)


@given(texts())
def test_parting_is_invisible(text: str) -> None:
    assert unlink(clean(text)).replace(JOINER, "") == clean(text)
