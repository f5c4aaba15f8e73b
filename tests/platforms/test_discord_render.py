"""What a message looks like on Discord, and that story text is never more than text there."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.platforms.discord.render import (
    ButtonRow,
    Form,
    Rendered,
    RoleRow,
    RowButton,
    RowOption,
    SelectRow,
    brief,
    escape,
    render,
)
from stories.delta import compare
from stories.story import Story, StoryId
from tests.stories_made import (
    AT,
    EXTREMES,
    FERRY,
    HOSTILE,
    LARGEST,
    TRICKS,
    WITHDRAWN,
    edition,
    messages,
    numbered,
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

# A character that a backslash protects is moved here while the rest is looked at: half a
# surrogate pair, which no clean text has.
PROTECTED = 0xD800


def read(markup: str) -> tuple[str, list[tuple[str, str]]]:
    """What people see, and the links they can click; fails on any mark-up that is not ours.

    Ours are list items, small print, bold and struck text, moments, and links on `<…>` addresses.
    """
    text = re.sub(r"(?s)```\n(.*?)\n```", lambda found: _verbatim(found[1]), markup)
    text = re.sub(r"\\([!-/:-@\[-`{-~])", lambda found: chr(PROTECTED + ord(found[1])), text)
    link = re.compile(r"\[([^\[\]\n]+)\]\(<(https?://[^<>\s()\[\]]+)>\)")
    links = link.findall(text)
    text = link.sub(r"\1", text)
    text = re.sub(r"<t:-?\d+:R>", "just now", text)
    text = re.sub(r"^(-#|-) ", "", text, flags=re.MULTILINE)
    text = re.sub(r"~~([^~\n]+)~~", r"\1", text)
    text = re.sub(r"\*\*([^*\n]+)\*\*", r"\1", text)
    dangers = [
        r"[\\*_~|`\[\]]",
        r"<[^\s\u2060]",
        r"@\w",
        r"://",
        r"discord\.gg" if links else r"[^\s\u2060]\.[A-Za-z]",
        r":[A-Za-z0-9_+~-]+:",
        r"(?m)^(#|>|-|\+ |\d+\.\s)",
    ]
    for danger in dangers:
        assert not regex.search(danger, text), f"{danger} in {markup!r}"
    return _bare(text), [(_bare(shown), url) for shown, url in links]


def _verbatim(text: str) -> str:
    """What stands in a block of code is shown as it is, whatever it looks like."""
    return re.sub(r"[!-/:-@\[-`{-~]", lambda found: chr(PROTECTED + ord(found[0])), text)


def _bare(text: str) -> str:
    return "".join(
        chr(ord(character) - PROTECTED) if "\ud800" <= character <= "\ud87f" else character
        for character in text.replace(JOINER, "")
    )


def described(*blocks: Block, struck: bool = False) -> str:
    return render(Message("Title", blocks, struck=struck)).embed.description or ""


@pytest.mark.parametrize(
    ("block", "shown"),
    [
        (Text("Two\n\nparagraphs"), "Two\n\nparagraphs"),
        (Heading("Sources"), "**Sources**"),
        (Bullets(("One", "Two")), "- One\n- Two"),
        (Facts(("● Active", "21 hours", "#41")), "● Active · 21 hours · #41"),
        (
            Asks((("faq", "Ask *me*"), ("help", "See"))),
            "- **/faq** – Ask \\*me\\*\n- **/help** – See",
        ),
        (Code("a = [1]\n# *b*"), "```\na = [1]\n# *b*\n```"),
        (Code("``` ends ```"), f"```\n{3 * f'`{JOINER}'} ends {3 * f'`{JOINER}'}\n```"),
        (Note("Keywords: ferry"), "-# Keywords: ferry"),
        (Note("Updated", AT), "-# Updated <t:1782367200:R>"),
        (Note("", AT), "-#  <t:1782367200:R>"),
        (
            Link("Story page", "https://news.example/a_b"),
            "Story page — [news.example](<https://news.example/a_b>)",
        ),
        (
            Link("", "https://news.example/", "Veld Post · 25 Jun"),
            "[news.example](<https://news.example/>) · Veld Post · 25 Jun",
        ),
        (Link("Story page", "javascript:alert(1)"), ""),
        (
            Link("Long", "https://news.example/" + "x" * 600),
            f"Long — news{JOINER}.example",
        ),
    ],
)
def test_each_block_has_its_look(block: Block, shown: str) -> None:
    assert described(Text("Before"), block).removeprefix("Before").strip() == shown.strip()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("1 < 2 * 3", r"1 < 2 \* 3"),
        ("**b** __u__ ~~s~~ ||x||", r"\*\*b\*\* \_\_u\_\_ \~\~s\~\~ \|\|x\|\|"),
        ("`c` \\", r"\`c\` \\"),
        ("[free](https://evil.example)", rf"\[free\](https:{JOINER}//evil{JOINER}.example)"),
        ("<@1> <#2> <t:3>", f"<{JOINER}@{JOINER}1> <{JOINER}#2> <{JOINER}t:3>"),
        ("@everyone", f"@{JOINER}everyone"),
        (":smile: at 10:30", r"\:smile: at 10:30"),
        ("# a\n-# b\n> c\n- d\n1. e\n2026. f", "\\# a\n\\-# b\n\\> c\n\\- d\n1\\. e\n2026\\. f"),
        ("a # b > c - d 1. e", "a # b > c - d 1. e"),
        ("discord.gg/x", f"discord{JOINER}.gg/x"),
    ],
)
def test_text_is_written_so_that_it_shows_as_it_is(text: str, shown: str) -> None:
    assert escape(text) == shown


@pytest.mark.parametrize("trick", TRICKS)
@pytest.mark.parametrize("kind", [Text, Heading, Note, lambda trick: Bullets((trick, trick))])
def test_no_trick_works_in_any_block(kind: "type[Text]", trick: str) -> None:
    seen, links = read(described(kind(trick), Text("end")))
    assert seen.split("\n")[-1] == "end"
    assert line(trick) in line(seen)
    assert not links


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (Message("Ferry", (Text("It ended."), Text("More"))), "Ferry – It ended."),
        (Message("Ferry", (Note("Also: more"),)), "Ferry"),
        (Message("A\nferry", (Text("It\n# *ended* @everyone <@&1>"),)), None),
        (Message("Ferry " * 90, (Text("x" * 900),)), None),
    ],
)
def test_a_notification_says_in_one_line_what_it_is_about(
    message: Message, said: str | None
) -> None:
    shown = escape(brief(message))
    text, links = read(shown)
    assert (links, "\n" in shown) == ([], False)
    assert 0 < len(text) <= 200
    assert said is None or text.replace(JOINER, "") == said


@given(texts() | st.text())
def test_any_text_is_seen_as_it_is(text: str) -> None:
    seen, links = read(escape(clean(text)))
    assert seen == clean(text)
    assert not links


def test_a_card_as_people_see_it() -> None:
    before = replace(FERRY, stats=replace(FERRY.stats, virality=2.1))
    rendered = render(card(edition(FERRY), compare(before, FERRY)))
    assert rendered.embed.to_dict() == {
        "type": "rich",
        "title": "Night Ferry Returns",
        "description": (
            "All 212 people aboard the Halden are safe\n\n"
            "Halden Line · Port of Veldoria\n"
            "● Active · 21 hours · virality 4.5 · 14 articles · #41\n\n"
            "- The Halden reached the north quay at 04:10 under its own power.\n"
            "- Engineers suspect a failed fuel pump; an inquiry opens on Monday.\n"
            "- Refunds are offered to everyone who held a ticket.\n\n"
            "-# Keywords: ferry, inquiry\n"
            "-# Changed: virality 2.1 → 4.5\n"
            "-# Updated <t:1782367200:R>\n\n"
            "Story page — [news.example](<https://news.example/night-ferry>)"
        ),
        "color": 0x2ECC71,
        "thumbnail": {"url": "https://news.example/ferry.jpg"},
        "flags": 0,
    }
    assert rendered.rows == (
        ButtonRow(
            (
                RowButton("Questions (2)", "+faq_night-ferry"),
                RowButton("Sources (1)", "+story_night-ferry_sources"),
                RowButton("What changed", "+story_night-ferry_changes"),
            )
        ),
    )


def test_a_withdrawn_card_is_struck_and_its_reason_is_not() -> None:
    embed = render(card(edition(WITHDRAWN), compare(FERRY, WITHDRAWN))).embed
    assert embed.title == "~~Night Ferry Returns~~"
    assert "-# Withdrawn: The ship in the pictures was another one" in str(embed.description)
    assert "- ~~Refunds are offered to everyone who held a ticket.~~" in str(embed.description)


def test_struck_text_stays_struck_whatever_it_ends_with() -> None:
    assert described(Text("a ~~b~~"), struck=True) == rf"~~a \~\~b\~\~{JOINER}~~"
    assert described(Text("one\n\ntwo"), struck=True) == "~~one~~\n\n~~two~~"


def test_buttons_of_answers_act_in_place_and_menus_carry_what_is_picked() -> None:
    rows = (
        Buttons((Button("Next", Ref("stories", ("", "2"))),)),
        Menu("Pick a question", (Button("Why?", Ref("faq", ("ferry", "1f2e3d4c"))),)),
    )
    assert render(Message("Title", rows=rows)).rows == (
        ButtonRow((RowButton("Next", "=stories__2"),)),
        SelectRow("=menu1", "Pick a question", (RowOption("Why?", "faq_ferry_1f2e3d4c"),)),
    )
    [row, _] = render(Message("Title", rows=rows, living=StoryId("ferry"))).rows
    assert row == ButtonRow((RowButton("Next", "+stories__2"),))


def test_more_than_five_buttons_go_on_in_the_next_row() -> None:
    buttons = tuple(Button(str(number), Ref("story", (f"s{number}",))) for number in range(7))
    rows = render(Message("Title", rows=(Buttons(buttons),))).rows
    assert [len(row.buttons) for row in rows if isinstance(row, ButtonRow)] == [5, 2]


def test_no_more_rows_and_options_than_discord_takes() -> None:
    many = tuple(Button(str(number), Ref("story", (f"s{number}",))) for number in range(40))
    rows = render(Message("Title", rows=(Menu("Pick", many), Buttons(many)))).rows
    assert [
        len(row.options) if isinstance(row, SelectRow) else len(row.buttons)
        for row in rows
        if not isinstance(row, RoleRow)
    ] == [
        25,
        5,
        5,
        5,
        5,
    ]


def test_asking_the_same_twice_is_one_button() -> None:
    same = Button("Story", Ref("story", ("ferry",)))
    rows = render(Message("Title", rows=(Buttons((same, same)), Buttons((same,))))).rows
    assert rows == (ButtonRow((RowButton("Story", "=story_ferry"),)),)


def test_a_choice_of_roles_shows_the_one_that_was_chosen() -> None:
    prompt = Roles("Mention …", Ref("setup", ("role",)), "123456789012345678")
    rows = render(Message("Title", rows=(prompt, prompt))).rows
    assert rows == (RoleRow("=setup_role", "Mention …", 123456789012345678),)


def test_what_is_asked_for_is_written_into_a_form() -> None:
    field = Field("Words", Ref("setup", ("words",)), "ferry", "such as tide", 300, lines=True)
    rendered = render(Message("Words to follow", (Text("Where?"),), asks=field))
    form = Form("=setup_words", "Words to follow", "Words", "ferry", "such as tide", 300, True)
    assert rendered.form == form
    assert rendered.rows == (ButtonRow((RowButton("Open the form", "=setup_words"),)),)
    long = replace(field, value="x" * 301)
    shown = render(Message("Title", asks=long)).form
    assert shown
    assert shown.value == "", "half of it would be taken for the whole"


@settings(deadline=None, max_examples=40)
@given(questions())
def test_whatever_is_asked_for_discord_takes_the_form(message: Message) -> None:
    """docs.discord.com/developers/components/reference, Text Input."""
    rendered = render(message)
    within_limits(rendered)
    form = rendered.form
    assert form
    assert 1 <= utf16(form.title) <= 45
    assert 1 <= utf16(form.label) <= 45
    assert utf16(form.hint) <= 100
    assert utf16(form.value) <= form.limit <= 4000
    assert 1 <= len(form.custom_id) <= 100


def test_a_long_label_is_cut_at_a_word() -> None:
    [row] = render(Message("Title", rows=(Buttons((Button("question " * 20, Ref("faq")),)),))).rows
    assert isinstance(row, ButtonRow)
    assert row.buttons[0].label == ("question " * 8).strip() + "…"


def test_a_message_that_says_nothing_is_still_one() -> None:
    embed = render(Message("\u200b", (Text(" "),))).embed
    assert (embed.title, embed.description) == (None, "…")


def test_a_picture_that_is_no_web_address_is_left_out() -> None:
    assert render(Message("Title", image_url="javascript:alert(1)")).embed.thumbnail.url is None


def test_long_text_says_where_there_is_more() -> None:
    description = str(render(card(edition(LARGEST), compare(None, LARGEST))).embed.description)
    assert "\n\n-# … more in /story\n" in description
    assert "Updated" in description
    assert description.endswith(f"Story page — example{JOINER}.org")


def within_limits(rendered: Rendered) -> None:
    """discord.com/developers/docs/resources/message#embed-object-embed-limits and components."""
    embed, rows = rendered.embed, rendered.rows
    assert embed.title or embed.description
    assert utf16(embed.title or "") <= 256
    assert utf16(embed.description or "") <= 4096
    assert len(embed) <= 6000
    assert len(rows) <= 5
    custom_ids: list[str] = []
    for row in rows:
        match row:
            case ButtonRow(buttons):
                assert 1 <= len(buttons) <= 5
                assert all(1 <= utf16(button.label) <= 80 for button in buttons)
                custom_ids += [button.custom_id for button in buttons]
            case SelectRow(custom_id, placeholder, options):
                assert 1 <= len(options) <= 25
                assert utf16(placeholder) <= 150
                assert all(1 <= utf16(option.label) <= 100 for option in options)
                assert all(1 <= len(option.value) <= 100 for option in options)
                assert len({option.value for option in options}) == len(options)
                custom_ids.append(custom_id)
            case RoleRow(custom_id, placeholder):
                assert utf16(placeholder) <= 150
                custom_ids.append(custom_id)
    assert all(1 <= len(custom_id) <= 100 for custom_id in custom_ids)
    assert len(set(custom_ids)) == len(custom_ids)


@pytest.mark.parametrize("story", EXTREMES.values(), ids=EXTREMES.keys())
def test_extreme_cards_and_replies_fit_and_are_only_text(story: Story) -> None:
    delta = compare(replace(FERRY, id=story.id), story)
    for message in (
        card(edition(story), delta, show_leaning=True),
        reply(edition(story), delta),
    ):
        rendered = render(message)
        within_limits(rendered)
        assert render(message) == rendered
        if story is not HOSTILE:
            read(str(rendered.embed.title))
        _, links = read(str(rendered.embed.description))
        assert all(safe_link(url) == (url, host) for host, url in links)


def test_a_card_that_is_cut_has_no_cut_words() -> None:
    message = card(edition(LARGEST), compare(None, LARGEST))
    seen, _ = read(str(render(message).embed.description))
    words = re.findall(r"\w+", seen)
    assert len(words) > 400
    assert set(words) <= set(re.findall(r"\w+", f"{message} just now"))


@settings(deadline=None, max_examples=60)
@given(messages())
def test_whatever_is_said_fits_and_is_only_text(message: Message) -> None:
    rendered = render(message)
    within_limits(rendered)
    assert render(message) == rendered
    read(rendered.embed.title or "")
    _, links = read(rendered.embed.description or "")
    known = {safe_link(block.url) for block in message.blocks if isinstance(block, Link)}
    assert {(url, host) for host, url in links} <= known | numbered(message)


@settings(deadline=None, max_examples=60)
@given(stories(), stories())
def test_any_story_has_a_card_and_a_reply_that_discord_takes(before: Story, story: Story) -> None:
    delta = compare(replace(before, id=story.id), story)
    within_limits(render(card(edition(story), delta, show_leaning=True)))
    within_limits(render(reply(edition(story), delta)))


@given(st.lists(texts(), max_size=4))
def test_what_has_room_is_said_whole(items: list[str]) -> None:
    kept = [shown for item in items if (shown := line(item))]
    seen, _ = read(described(Bullets(tuple(items)), Text("end")))
    assert seen.split("\n") == [*kept, *([""] if kept else []), "end"]


def test_moments_stand_in_the_readers_own_time() -> None:
    long_ago = datetime(2000, 1, 1, tzinfo=UTC)
    assert described(Note("Updated", long_ago)) == "-# Updated <t:946684800:R>"


@pytest.mark.parametrize("tone", Tone)
def test_every_tone_has_a_colour_but_the_plain_one(tone: Tone) -> None:
    assert (render(Message("Title", tone=tone)).embed.colour is None) == (tone is Tone.PLAIN)
