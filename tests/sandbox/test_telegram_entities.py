"""Marked-up text becomes plain text and entities, the way Telegram reads it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.telegram.entities import CannotParse, WrongLink, checked_link, found, read, units


def marks(entities: list[dict[str, Any]]) -> list[tuple[str, int, int]]:
    return [(entity["type"], entity["offset"], entity["length"]) for entity in entities]


@pytest.mark.parametrize(
    ("html", "text", "marked"),
    [
        ("plain", "plain", []),
        ("1 &lt; 2 &amp;&amp; 3 &gt; 2 &quot;so&quot;", '1 < 2 && 3 > 2 "so"', []),
        ("&laquo;kept&raquo; &#8364; &#x20AC; &#xDFDF;", "&laquo;kept&raquo; € € &#xDFDF;", []),
        ("<b>bold</b> <strong>too</strong>", "bold too", [("bold", 0, 4), ("bold", 5, 3)]),
        ("<i>a</i><em>b</em>", "ab", [("italic", 0, 2)]),
        ("<u>a</u> <ins>b</ins>", "a b", [("underline", 0, 1), ("underline", 2, 1)]),
        ("<s>a</s><strike>b</strike><del>c</del>", "abc", [("strikethrough", 0, 3)]),
        ("<tg-spoiler>who</tg-spoiler>", "who", [("spoiler", 0, 3)]),
        ('<span class="tg-spoiler">who</span>', "who", [("spoiler", 0, 3)]),
        ("🙂🙂 <b>x🙂</b>", "🙂🙂 x🙂", [("bold", 5, 3)]),
        ("<b>a <i>b</i> c</b>", "a b c", [("bold", 0, 5), ("italic", 2, 1)]),
        ("<b>a <code>b</code> c</b>", "a b c", [("bold", 0, 2), ("code", 2, 1), ("bold", 3, 2)]),
        ("<b><b>a</b> b</b>", "a b", [("bold", 0, 3)]),
        ("<B>a</B >", "a", [("bold", 0, 1)]),
        ("<b>a</>", "a", [("bold", 0, 1)]),
        ("<b></b>x", "x", []),
        ("a<b> </b>c", "a c", []),
        ("  <b> a</b>\n", "a", [("bold", 0, 1)]),
        ("<pre>x = 1\ny</pre>", "x = 1\ny", [("pre", 0, 7)]),
        ("<blockquote>said</blockquote>", "said", [("blockquote", 0, 4)]),
        ("<blockquote expandable>a\nb</blockquote>", "a\nb", [("expandable_blockquote", 0, 3)]),
        ('<a href="ftp://x.example">x</a>', "x", []),
        ('<a href="http://localhost/">x</a>', "x", []),
        ("<code>/faq @who #tag</code>", "/faq @who #tag", [("code", 0, 14)]),
    ],
)
def test_html_is_read(html: str, text: str, marked: list[tuple[str, int, int]]) -> None:
    shown, entities = read(html, "html", None)
    assert (shown, marks(entities)) == (text, marked)


def test_a_link_keeps_its_address_and_a_code_block_its_language() -> None:
    _, entities = read(
        '<a href="https://News.Example?a=1&amp;b=2">n</a>'
        '<pre><code class="language-python">x</code></pre>',
        "html",
        None,
    )
    assert entities == [
        {"type": "text_link", "offset": 0, "length": 1, "url": "https://news.example/?a=1&b=2"},
        {"type": "pre", "offset": 1, "length": 1, "language": "python"},
    ]


@pytest.mark.parametrize(
    ("html", "refusal"),
    [
        ("🏟 🏟&lt;<abacaba", "Unclosed start tag at byte offset 13"),
        ("🏟 🏟&lt;<abac aba>", 'Unsupported start tag "abac" at byte offset 13'),
        ("<br>", 'Unsupported start tag "br" at byte offset 0'),
        ("a < b", 'Unsupported start tag "" at byte offset 2'),
        ("🏟 🏟&lt;<i   =aba>", 'Empty attribute name in the tag "i" at byte offset 13'),
        ("🏟 🏟&lt;<i    aba>", 'Can\'t find end tag corresponding to start tag "i"'),
        ("🏟 🏟&lt;<i    aba  =  ", 'Unclosed start tag "i" at byte offset 13'),
        ("🏟 🏟&lt;<i    aba  =  190azAz-.,", "Unexpected end of name token at byte offset 27"),
        ('🏟 🏟&lt;<i    aba  =  "&lt;&gt;&quot;>', "Unclosed start tag at byte offset 13"),
        ("🏟 🏟&lt;</", "Unexpected end tag at byte offset 13"),
        ("🏟 🏟&lt;<b></b></", "Unexpected end tag at byte offset 20"),
        ("🏟 🏟&lt;<i>a</i   ", "Unclosed end tag at byte offset 17"),
        (
            "🏟 🏟&lt;<i>a</em   >",
            'Unmatched end tag at byte offset 17, expected "</i>", found "</em>"',
        ),
        ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
    ],
)
def test_broken_html_is_refused_in_telegrams_words(html: str, refusal: str) -> None:
    with pytest.raises(CannotParse) as refused:
        read(html, "html", None)
    assert str(refused.value) == refusal


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("/faq", [("bot_command", 0, 4)]),
        ("/faq@storywire_bot ferry", [("bot_command", 0, 18)]),
        ("either/or 1/2", []),
        ("ask @sol or mail sol@harbour.example", [("mention", 4, 4), ("email", 17, 19)]),
        ("#ferry, 🙂 #1", [("hashtag", 0, 6)]),
        ("see https://news.example/a?b=1, or t.me/x.", [("url", 4, 26), ("url", 35, 6)]),
        ("https://news.example/@who", [("url", 0, 25)]),
    ],
)
def test_telegram_finds_these_by_itself(text: str, marked: list[tuple[str, int, int]]) -> None:
    assert marks(found(text)) == marked


def test_entities_can_be_given_instead_of_html() -> None:
    sent = [
        {"type": "bold", "offset": 3, "length": 1},
        {"type": "text_link", "offset": 0, "length": 2, "url": "https://news.example/a"},
    ]
    text, entities = read("🙂 x", None, sent)
    assert text == "🙂 x"
    assert entities == [sent[1], sent[0]]


@pytest.mark.parametrize(
    "entity",
    [
        {"type": "bold", "offset": 3, "length": 9},
        {"type": "bold", "offset": 1, "length": 1},
        {"type": "bold", "offset": 0, "length": 1},
        {"type": "bold", "offset": "0", "length": 1},
    ],
)
def test_given_entities_must_fit_the_text(entity: dict[str, Any]) -> None:
    with pytest.raises(CannotParse):
        read("🙂 x", None, [entity])


def test_formatting_beyond_a_hundred_entities_is_dropped() -> None:
    text, entities = read(" ".join("<b>x</b>" for _ in range(120)), "html", None)
    assert units(text) == 239
    assert len(entities) == 100


@pytest.mark.parametrize(
    ("link", "problem"),
    [
        ("ftp://news.example", "Unsupported URL protocol"),
        ("https://", "URL host is empty"),
        ("http://localhost:8000/x", "Wrong HTTP URL"),
        ("https://news.example:port/", "Wrong HTTP URL"),
    ],
)
def test_wrong_links_are_refused(link: str, problem: str) -> None:
    with pytest.raises(WrongLink, match=f"^{problem}$"):
        checked_link(link)


@given(st.text())
def test_no_text_breaks_the_reading(html: str) -> None:
    try:
        text, entities = read(html, "html", None)
    except CannotParse:
        return
    assert text == text.strip()
    for entity in entities:
        assert 0 <= entity["offset"] < entity["offset"] + entity["length"] <= units(text)


PIECES = st.sampled_from(
    [
        "<b>",
        "</b>",
        "<i>",
        "</i>",
        "<code>",
        "</code>",
        "<pre>",
        "</pre>",
        "</>",
        "🙂",
        " ",
        "x",
        "&amp;",
        "&",
        "<a href='https://n.example/'>",
        "</a>",
        "<blockquote expandable>",
        "</blockquote>",
        "/faq",
        "@sol",
        "https://n.example/a",
    ]
)


@given(st.lists(PIECES).map("".join))
def test_whatever_is_accepted_has_entities_inside_the_text(html: str) -> None:
    try:
        text, entities = read(html, "html", None)
    except CannotParse:
        return
    closed = [entity for entity in entities if entity["type"] in ("code", "pre")]
    for entity in entities:
        start, end = entity["offset"], entity["offset"] + entity["length"]
        assert 0 <= start < end <= units(text)
        for code in closed:
            apart = end <= code["offset"] or code["offset"] + code["length"] <= start
            around = start <= code["offset"] and code["offset"] + code["length"] <= end
            assert apart or around or entity is code
