"""What a message looks like on Telegram, and that story text is never more than text there."""

import re
import unicodedata
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st
from telegram import InlineKeyboardButton

from bot.platforms.telegram.render import Rendered, asked_by, escape, render
from stories.delta import compare
from stories.story import Status, Story, StoryId
from tests.stories_made import (
    AT,
    EXTREMES,
    FERRY,
    LARGEST,
    TRICKS,
    WITHDRAWN,
    edition,
    messages,
    numbered,
    prose,
    questions,
    stories,
    texts,
)
from wording.card import card, reply
from wording.message import (
    Asks,
    Block,
    Bullets,
    Button,
    Buttons,
    Code,
    Facts,
    Field,
    Heading,
    Link,
    Menu,
    Message,
    Note,
    Ref,
    Roles,
    Text,
    Tone,
)
from wording.text import JOINER, clean, line, safe_link, utf16

START = "https://t.me/storywire_bot?start="


@dataclass
class Seen:
    """A text as Telegram shows it."""

    text: str = ""
    entities: int = 0
    links: list[tuple[str, str]] = field(default_factory=list)
    """What is tapped, and where it leads."""
    bare: str = ""
    """What is neither a link of ours nor shown as it is, so that nothing in it may be tapped."""


class _Reader(HTMLParser):
    """Telegram's own little HTML: known tags, closed in order (core.telegram.org/bots/api)."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.seen = Seen()
        self.open: list[tuple[str, int, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        allowed = {"b": [], "i": [], "s": [], "a": ["href"], "blockquote": ["expandable"]}
        allowed["pre"] = []
        assert [name for name, _ in attrs] == allowed[tag]
        self.open.append((tag, len(self.seen.text), dict(attrs).get("href") or ""))

    def handle_endtag(self, tag: str) -> None:
        opened, start, href = self.open.pop()
        assert opened == tag
        self.seen.entities += 1
        assert self.seen.text[start:].strip(), "an empty entity"
        if tag == "a":
            self.seen.links.append((self.seen.text[start:], href))

    def handle_data(self, data: str) -> None:
        self.seen.text += data
        if not any(tag in ("a", "pre") for tag, _, _ in self.open):
            self.seen.bare += data

    def handle_comment(self, data: str) -> None:
        pytest.fail(f"not Telegram's HTML: {data}")

    def handle_decl(self, decl: str) -> None:
        pytest.fail(f"not Telegram's HTML: {decl}")

    def handle_pi(self, data: str) -> None:
        pytest.fail(f"not Telegram's HTML: {data}")


# What Telegram makes entities of by itself: github.com/tdlib/td, td/telegram/MessageEntity.cpp.
# Links are looked for more eagerly than there, without its list of top-level domains.
TAPPABLE = {
    "mention": r"(?<!\w)@\w{2,}",
    "command": r"(?<![\w/<>])/\w+",
    "hashtag": r"(?<!\w)#\w*[^\W\d_]",
    "cashtag": r"\$[A-Z]",
    "link": r"\w://|[^\s\u2060]\.\p{L}|\d+\.\d+\.\d+\.\d+",
    "e-mail": r"\w@\w",
    "telephone number": r"\+\d",
}


def read(html: str) -> Seen:
    """What people see; fails on broken HTML and on anything tappable that is not a link of ours."""
    assert not re.search(r"&(?!(lt|gt|amp|quot|#x27);)", html)
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert not reader.open
    for name, pattern in TAPPABLE.items():
        assert not regex.search(pattern, reader.seen.bare), f"a {name} in {html!r}"
    return reader.seen


def html_of(*blocks: Block, struck: bool = False) -> str:
    return render(Message("Title", blocks, struck=struck)).html


@pytest.mark.parametrize(
    ("block", "shown"),
    [
        (Text("Two\n\nparagraphs"), "Two\n\nparagraphs"),
        (Heading("Sources"), "<b>Sources</b>"),
        (Bullets(("One", "Two")), "• One\n• Two"),
        (Facts(("● Active", "21 hours", "#41")), "● Active · 21 hours · #41"),
        (Code("a = [1]\n/b <c> & @d"), "<pre>a = [1]\n/b &lt;c&gt; &amp; @d</pre>"),
        (Asks((("faq", "Ask <me>"), ("help", "See"))), "/faq – Ask &lt;me&gt;\n/help – See"),
        (Note("Keywords: ferry"), "<i>Keywords: ferry</i>"),
        (Note("Updated", AT), "<i>Updated 25 Jun 2026, 06:00 UTC</i>"),
        (Note("", AT), "<i>25 Jun 2026, 06:00 UTC</i>"),
        (
            Link("Story page", "https://news.example/a?b=1&c"),
            'Story page — <a href="https://news.example/a?b=1&amp;c">news.example</a>',
        ),
        (
            Link("", "https://news.example/", "Veld Post · 25 Jun"),
            '<a href="https://news.example/">news.example</a> · Veld Post · 25 Jun',
        ),
    ],
)
def test_each_block_has_its_look(block: Block, shown: str) -> None:
    assert html_of(block) == f"<b>Title</b>\n\n{shown}"


def test_a_link_that_may_not_be_shown_is_not() -> None:
    assert html_of(Link("Story page", "javascript:alert(1)"), Text("x")) == "<b>Title</b>\n\nx"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("1 < 2 & 3 > 2", "1 &lt; 2 &amp; 3 &gt; 2"),
        ("<b>&lt;", "&lt;b&gt;&amp;lt;"),
        ("@someone", f"@{JOINER}someone"),
        ("#tag #метка #2024x, but #41", f"#{JOINER}tag #{JOINER}метка #{JOINER}2024x, but #41"),
        ("/start and/or 1/2", f"/{JOINER}start and/or 1/2"),
        ("$CASH, but $41", f"${JOINER}CASH, but $41"),
        ("evil.com", f"evil{JOINER}.com"),
        ("+12025550123", f"+{JOINER}12025550123"),
        ("**b** `c` [x](y)", "**b** `c` [x](y)"),
    ],
)
def test_text_is_written_so_that_it_shows_as_it_is(text: str, shown: str) -> None:
    assert escape(text) == shown


@pytest.mark.parametrize("trick", TRICKS)
@pytest.mark.parametrize("kind", [Text, Heading, Note, lambda trick: Bullets((trick, trick))])
def test_no_trick_works_in_any_block(kind: type[Text], trick: str) -> None:
    seen = read(html_of(kind(trick), Text("end")))
    assert seen.text.endswith("\nend")
    assert line(trick) in line(seen.text.replace(JOINER, ""))
    assert not seen.links


@given(texts() | st.text())
def test_any_text_is_seen_as_it_is(text: str) -> None:
    seen = read(escape(clean(text)))
    assert seen.text.replace(JOINER, "") == clean(text)


def test_a_card_as_people_see_it() -> None:
    before = replace(FERRY, stats=replace(FERRY.stats, virality=2.1))
    rendered = render(card(edition(FERRY), compare(before, FERRY)))
    assert rendered.html == (
        "<b>Night Ferry Returns</b>\n\n"
        "All 212 people aboard the Halden are safe\n\n"
        "Halden Line · Port of Veldoria\n"
        "● Active · 21 hours · virality 4.5 · 14 articles · #41\n\n"
        "• The Halden reached the north quay at 04:10 under its own power.\n"
        "• Engineers suspect a failed fuel pump; an inquiry opens on Monday.\n"
        "• Refunds are offered to everyone who held a ticket.\n\n"
        "<i>Keywords: ferry, inquiry</i>\n"
        "<i>Changed: virality 2.1 → 4.5</i>\n"
        "<i>Updated 25 Jun 2026, 06:00 UTC</i>\n\n"
        'Story page — <a href="https://news.example/night-ferry">news.example</a>'
    )
    assert keys(rendered) == [
        [
            ("Questions (2)", "+faq_night-ferry"),
            ("Sources (1)", "+story_night-ferry_sources"),
            ("What changed", "+story_night-ferry_changes"),
        ]
    ]


def keys(rendered: Rendered) -> list[list[tuple[str, str | object | None]]]:
    rows = rendered.keyboard.inline_keyboard if rendered.keyboard else ()
    return [[(key.text, key.callback_data or key.url) for key in row] for row in rows]


def test_a_withdrawn_card_is_struck_and_its_reason_is_not() -> None:
    html = render(card(edition(WITHDRAWN), compare(FERRY, WITHDRAWN))).html
    assert html.startswith(
        "🔴 <b><s>Night Ferry Returns</s></b>\n\n"
        "<i>Withdrawn: The ship in the pictures was another one</i>\n\n"
        "<s>All 212 people aboard the Halden are safe</s>\n\n"
    )
    assert "\n• Refunds are offered to everyone who held a ticket.</s>\n" in html


def test_a_long_list_is_folded_until_someone_wants_it() -> None:
    html = html_of(Bullets(("word " * 200, "word " * 200)))
    assert "<blockquote expandable>• word" in html
    assert "blockquote" not in html_of(Bullets(("word " * 200,)))


def test_buttons_of_answers_act_in_place_and_menus_are_one_button_a_row() -> None:
    rows = (
        Buttons((Button("Back", Ref("stories", ("", "1"))), Button("All", Ref("stories")))),
        Menu("Pick a question", (Button("Why?", Ref("faq", ("f", "1"))), Button("Who?", Ref("x")))),
    )
    rendered = render(Message("Title", rows=rows))
    assert keys(rendered) == [
        [("Back", "=stories__1"), ("All", "=stories")],
        [("Why?", "=faq_f_1")],
        [("Who?", "=x")],
    ]
    assert rendered.html == "<b>Title</b>\n\n<i>Pick a question</i>"


def test_where_nothing_is_private_every_button_leads_into_the_private_chat() -> None:
    rendered = render(
        Message(
            "Title",
            rows=(Buttons((Button("Why?", Ref("faq", ("f", "1"))),)),),
            living=StoryId("f"),
        ),
        start_link=START,
    )
    assert keys(rendered) == [[("Why?", "https://t.me/storywire_bot?start=faq_f_1")]]


def test_buttons_stand_beside_one_another_as_far_as_their_labels_can_be_read() -> None:
    labels = ("One", "Two", "Three", "Four", "Fifth with a long label", "Six")
    row = Buttons(tuple(Button(label, Ref("faq", (label[:1].lower(),))) for label in labels))
    rows = keys(render(Message("Title", rows=(row,))))
    assert [[label for label, _ in row] for row in rows] == [
        ["One", "Two", "Three", "Four"],
        ["Fifth with a long label"],
        ["Six"],
    ]


def test_there_are_no_roles_to_choose() -> None:
    rows = (Roles("Mention …", Ref("setup", ("role",))), Buttons((Button("Back", Ref("setup")),)))
    assert keys(render(Message("Title", rows=rows))) == [[("Back", "=setup")]]
    assert "Mention" not in render(Message("Title", rows=rows)).html


def test_what_is_asked_for_is_replied_to_the_message_that_asks() -> None:
    field = Field(
        "Words, separated by commas", Ref("setup", ("words",)), "ferry", "ferry, tide", 300
    )
    message = Message("Words to follow", (Text("Which?"),), asks=field)
    rendered = render(message, start_link=START, brief=True, asker="<b>Mira</b>")
    assert rendered.html == (
        "<b>Words to follow</b>\n\nWhich?\n\n<i>Currently:</i>\n\n<pre>ferry</pre>\n\n"
        "<i>For example: ferry, tide</i>\n\n"
        '<b>Mira</b>: <a href="tg://resolve?asks=setup_words">Reply to this message</a>'
    )
    assert rendered.keyboard is None
    assert rendered.forced
    assert rendered.forced.selective
    assert rendered.forced.input_field_placeholder == "Words, separated by commas"
    [link] = re.findall('href="(.*?)"', rendered.html)
    assert asked_by(link) == field.ref


@pytest.mark.parametrize(
    "link",
    ["https://t.me/storywire_bot?start=setup_words", "tg://resolve?asks=", "tg://resolve?asks=A B"],
)
def test_no_other_link_asks_for_a_reply(link: str) -> None:
    assert asked_by(link) is None


@settings(deadline=None, max_examples=40)
@given(questions(), st.booleans())
def test_whatever_is_asked_for_telegram_takes_the_message(message: Message, shared: bool) -> None:
    """core.telegram.org/bots/api#forcereply: a placeholder of 1 to 64 characters."""
    rendered = render(message, start_link=START, brief=True) if shared else render(message)
    seen = within_limits(rendered)
    assert message.asks
    asking = [url for _, url in seen.links if asked_by(url)]
    assert asking == [f"tg://resolve?asks={message.asks.ref}"]
    assert rendered.forced
    placeholder = rendered.forced.input_field_placeholder
    assert placeholder is None or 1 <= utf16(placeholder) <= 64


def test_no_more_buttons_than_telegram_takes() -> None:
    many = tuple(Button(str(number), Ref("story", (f"s{number}",))) for number in range(70))
    rendered = render(Message("Title", rows=(Buttons(many), Menu("Pick", many))))
    assert sum(map(len, keys(rendered))) == 100


def test_the_text_fills_the_room_there_is_and_no_more() -> None:
    seen = read(html_of(Text("x" * 5000)))
    assert utf16(seen.text) == 4096


def test_no_more_entities_than_telegram_takes() -> None:
    links = [Link(str(number), f"https://example.org/{number}") for number in range(150)]
    seen = read(html_of(*links))
    assert seen.entities == 100, "the title, 98 links and the mark for the rest"
    assert seen.text.endswith("97 — example.org\n\n…")


def test_without_buttons_there_is_no_keyboard() -> None:
    assert render(Message("Title", rows=(Buttons(()), Menu("Pick", ())))).keyboard is None


def test_a_long_label_is_cut_at_a_word() -> None:
    rendered = render(Message("T", rows=(Buttons((Button("question " * 20, Ref("faq")),)),)))
    assert keys(rendered) == [[(("question " * 6).strip() + "…", "=faq")]]


def test_a_message_that_says_nothing_is_still_one() -> None:
    assert render(Message("\u200b", (Text(" "),))) == Rendered("…", None)


def test_long_text_says_where_there_is_more() -> None:
    seen = read(render(card(edition(LARGEST), compare(None, LARGEST))).html)
    assert f"\n\n… more in /{JOINER}story\n" in seen.text
    assert seen.text.endswith("\n\nStory page — example.org")


def test_a_brief_answer_leaves_the_screen_to_the_others() -> None:
    story = replace(FERRY, breakdown=(prose(200),) * 12)
    message = card(edition(story), compare(None, story))
    whole, brief = read(render(message).html).text, read(render(message, brief=True).html).text
    assert utf16(whole) > 2400
    assert utf16(brief) <= 900
    assert brief.count("•") == 3
    assert f"… more in /{JOINER}story" in brief
    assert brief.endswith("Story page — news.example")


def within_limits(rendered: Rendered, limit: int = 4096) -> Seen:
    """core.telegram.org/bots/api#sendmessage and #inlinekeyboardbutton."""
    seen = read(rendered.html)
    assert 1 <= utf16(seen.text.strip()) <= utf16(seen.text) <= limit
    assert seen.entities <= 100
    rows = rendered.keyboard.inline_keyboard if rendered.keyboard else ()
    assert rendered.keyboard is None or rows
    assert sum(map(len, rows)) <= 100
    for key in (key for row in rows for key in row):
        assert 1 <= utf16(key.text) <= 60
        _leads_somewhere(key)
    return seen


def _leads_somewhere(key: InlineKeyboardButton) -> None:
    if key.url is not None:
        assert key.callback_data is None
        assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", key.url.removeprefix(START))
    else:
        assert isinstance(key.callback_data, str)
        assert 1 <= len(key.callback_data.encode()) <= 64


@pytest.mark.parametrize("story", EXTREMES.values(), ids=EXTREMES.keys())
def test_extreme_cards_and_replies_fit_and_are_only_text(story: Story) -> None:
    delta = compare(replace(FERRY, id=story.id), story)
    for message in (card(edition(story), delta, show_leaning=True), reply(edition(story), delta)):
        seen = within_limits(render(message, start_link=START))
        assert all(safe_link(url) == (url, host) for host, url in seen.links)
        within_limits(render(message, brief=True), 900)
        assert render(message) == render(message)


def test_a_card_that_is_cut_has_no_cut_words() -> None:
    message = card(edition(LARGEST), compare(None, LARGEST))
    seen = read(render(message).html)
    words = re.findall(r"\w+", seen.text)
    assert len(words) > 400
    assert set(words) <= set(re.findall(r"\w+", f"{message} 31 Dec 2099 23 59 UTC"))


@settings(deadline=None, max_examples=60)
@given(messages(), st.none() | st.just(START), st.booleans())
def test_whatever_is_said_fits_and_is_only_text(
    message: Message, start_link: str | None, brief: bool
) -> None:
    rendered = render(message, start_link=start_link, brief=brief)
    whole = any(isinstance(block, Code) for block in message.blocks)
    seen = within_limits(rendered, 900 if brief and not whole else 4096)
    assert render(message, start_link=start_link, brief=brief) == rendered
    known = {safe_link(block.url) for block in message.blocks if isinstance(block, Link)}
    assert {(url, host) for host, url in seen.links} <= known | numbered(message)


@settings(deadline=None, max_examples=60)
@given(stories(), stories())
def test_any_story_has_a_card_and_a_reply_that_telegram_takes(before: Story, story: Story) -> None:
    delta = compare(replace(before, id=story.id), story)
    within_limits(render(card(edition(story), delta, show_leaning=True)))
    within_limits(render(reply(edition(story), delta)))


@given(st.lists(texts(), max_size=4))
def test_what_has_room_is_said_whole(items: list[str]) -> None:
    kept = [f"• {shown}" for item in items if (shown := line(item))]
    seen = read(html_of(Bullets(tuple(items)), Text("end")))
    assert seen.text.replace(JOINER, "").split("\n")[2:] == [*kept, *([""] if kept else []), "end"]


@pytest.mark.parametrize("tone", Tone)
def test_only_what_is_withdrawn_has_a_mark_before_its_title(tone: Tone) -> None:
    html = render(Message("Title", tone=tone)).html
    assert html == ("🔴 <b>Title</b>" if tone is Tone.WITHDRAWN else "<b>Title</b>")


@pytest.mark.parametrize("status", Status)
def test_a_card_says_once_how_its_story_stands(status: Status) -> None:
    story = replace(FERRY, stats=replace(FERRY.stats, status=status))
    html = render(card(edition(story), compare(FERRY, FERRY))).html
    signs = [sign for sign in html if unicodedata.category(sign) == "So"]
    assert html.startswith("<b>Night Ferry Returns</b>")
    assert html.casefold().count(status) == len(signs) == 1
