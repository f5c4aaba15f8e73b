"""Stories and messages for tests: any legal ones (hypothesis), and extremes made by hand."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice

from hypothesis import strategies as st

from stories import fields
from stories.edition import Edition
from stories.story import (
    Conflict,
    Correction,
    Leaning,
    Question,
    Report,
    Source,
    Spread,
    Stats,
    Status,
    Story,
    StoryId,
)
from wording.message import (
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
from wording.text import safe_link, small

AT = datetime(2026, 6, 25, 6, tzinfo=UTC)

FERRY = Story(
    id=StoryId("night-ferry"),
    revision=4,
    title="Night Ferry Returns",
    headline="All 212 people aboard the Halden are safe",
    entities=("Halden Line", "Port of Veldoria"),
    stats=Stats(Status.ACTIVE, virality=4.5, articles=14, leaning=Leaning.LEAN_LEFT),
    started_at=AT - timedelta(hours=21),
    updated_at=AT,
    breakdown=(
        "The Halden reached the north quay at 04:10 under its own power.",
        "Engineers suspect a failed fuel pump; an inquiry opens on Monday.",
        "Refunds are offered to everyone who held a ticket.",
    ),
    keywords=("ferry", "inquiry"),
    questions=(
        Question("Why did the ferry stop?", "A fuel pump failed. The second one was in repair."),
        Question("Is the line running again?", "Yes, with a smaller ship until Friday."),
    ),
    sources=(
        Source(
            "Ferry back in port",
            outlet="Veld Post",
            url="https://veldpost.example/ferry",
            published_at=AT - timedelta(hours=1),
            leaning=Leaning.CENTER,
        ),
    ),
    url="https://news.example/night-ferry",
    image_url="https://news.example/ferry.jpg",
    rank=41,
)
"""An ordinary story with everything in it."""

BARE = Story(id=StoryId("bare"), title="Bare", breakdown=("Only this is known.",))
"""Nothing but what a story must have."""

WITHDRAWN = replace(FERRY, retracted="The ship in the pictures was another one")
MERGED = replace(FERRY, merged_into=StoryId("port-closure"))

_WORDS = "harbour engine quay weather council ticket pilot signal".split()  # noqa: SIM905


def prose(length: int) -> str:
    """Sentences of plain words, exactly so many characters."""
    words = " ".join(
        f"{word.capitalize()} {' '.join(_WORDS)}." for word in islice(cycle(_WORDS), length // 9)
    )
    text = words[:length].rsplit(" ", 1)[0].rstrip(".")
    return text + "." * (length - len(text))


LARGEST = Story(
    id=StoryId("l" * 40),
    revision=fields.MAX_REVISION,
    title=prose(fields.TITLE_LIMIT),
    headline=prose(fields.HEADLINE_LIMIT),
    entities=tuple(f"{number} {prose(fields.NAME_LIMIT - 3)}" for number in range(10, 60)),
    stats=Stats(Status.EMERGING, 10.0, fields.MAX_NUMBER, Leaning.LEAN_RIGHT),
    started_at=fields.EARLIEST,
    updated_at=fields.LATEST - timedelta(seconds=1),
    breakdown=(prose(fields.BULLET_LIMIT),) * fields.BULLETS_LIMIT,
    keywords=tuple(f"{number} {prose(fields.NAME_LIMIT - 3)}" for number in range(10, 60)),
    questions=tuple(
        Question(f"{number} {prose(fields.QUESTION_LIMIT - 4)}?", prose(fields.ANSWER_LIMIT))
        for number in range(10, 33)
    ),
    sources=tuple(
        Source(f"{number} {prose(90)}", url=f"https://example.org/{number}")
        for number in range(fields.SOURCES_LIMIT)
    ),
    url="https://example.org/" + "u" * (fields.URL_LIMIT - 20),
    image_url="https://example.org/" + "i" * (fields.URL_LIMIT - 20),
    rank=fields.MAX_NUMBER,
    split_from=StoryId("s" * 40),
)
"""As large as a document may be; every text of the card at its limit."""

CJK = replace(
    FERRY,
    id=StoryId("cjk"),
    title="夜行フェリーが帰港",
    headline="乗客二百十二人は全員無事",
    breakdown=("船は午前四時十分に北埠頭へ自力で到着した。原因は調査中である。" * 60,) * 5,
)
EMOJI = replace(
    FERRY,
    id=StoryId("emoji"),
    title="👨‍👩‍👧‍👦 back on 🏴󠁧󠁢󠁷󠁬󠁳󠁿 soil 🏳️‍🌈",
    headline="👍🏽" * 250,
    breakdown=("👨‍👩‍👧‍👦" * 280, "1️⃣ first 2️⃣ second", "🇳🇴" * 900) * 10,
)
RIGHT_TO_LEFT = replace(
    FERRY,
    id=StoryId("rtl"),
    title="العبّارة الليلية تعود",
    headline="می‌خواهم بدانم چه شد",
    breakdown=(" ".join(["وصلت السفينة إلى الرصيف الشمالي."] * 60), "הספינה חזרה לנמל בשלום."),
)

TRICKS = (
    "@everyone",
    "@here",
    "<@1>",
    "<@!1>",
    "<@&1>",
    "<#1>",
    "</story:1>",
    "<t:1>",
    "<t:1:R>",
    "<:e:1>",
    "<a:e:1>",
    "<id:home>",
    ":smile:",
    "[free](https://evil.example/a_b)",
    "[free](<https://evil.example>)",
    "<https://evil.example>",
    "https://evil.example/x",
    "HTTP://EVIL.EXAMPLE",
    "discord.gg/x",
    "www.evil.example",
    "evil.com",
    "192.0.2.1",
    "someone@evil.example",
    "tg://resolve?domain=x",
    "@someone",
    "#tag",
    "#метка",
    "$CASH",
    "/start",
    "+12025550123",
    "`code`",
    "```\ncode",
    "**bold**",
    "__under__",
    "_it_",
    "~~gone~~",
    "~",
    "||spoiler||",
    "\\",
    "\\*",
    "# heading",
    "### heading",
    "-# small",
    "- item",
    "* item",
    "+ item",
    "1. item",
    "2026. item",
    "> quote",
    ">>> quote",
    "<b>",
    "</i>",
    "<a href='https://evil.example'>x</a>",
    "&lt;b&gt;",
    "&amp;",
    "&#64;everyone",
    '"',
    "\u202e",
    "\u200b",
    "\u2060",
    "\u0000",
    "\ufeff@\u200beveryone",
    "\u1fefcode\u1fef",
    "\n",
    " ",
)
"""What would be more than text if nobody took care."""

HOSTILE = Story(
    id=StoryId("hostile"),
    revision=1,
    title="</b> **x** <@1> @everyone https://evil.example",
    headline="\n".join(TRICKS),
    entities=TRICKS[:50],
    breakdown=(*TRICKS[:49], " ".join(TRICKS)),
    keywords=TRICKS[:50],
    questions=(Question("@everyone [x](https://evil.example)?", "<@1> @everyone"),),
    sources=(Source("[x](https://evil.example)", outlet="**x**", url="https://example.org/)>x"),),
    url="https://example.org/a)b](https://evil.example)",
    image_url="javascript:alert(1)",
    retracted="# @everyone </i> <@1>",
    split_from=StoryId("x"),
)

EXTREMES = {
    story.id: story
    for story in (BARE, WITHDRAWN, MERGED, LARGEST, CJK, EMOJI, RIGHT_TO_LEFT, HOSTILE)
}


def edition(story: Story, before: Story | None = None) -> Edition:
    """The story as it stands in an archive."""
    return Edition(story, before, seq=1, heard_at=AT)


def texts(max_size: int = 200) -> st.SearchStrategy[str]:
    """Any text, with more tricks in it than chance would bring."""
    pieces = st.sampled_from(TRICKS) | st.text(max_size=8) | st.sampled_from(_WORDS)
    return st.lists(pieces, max_size=12).map(lambda parts: " ".join(parts)[:max_size])


def moments() -> st.SearchStrategy[datetime]:
    return st.datetimes(
        fields.EARLIEST.replace(tzinfo=None),
        fields.LATEST.replace(tzinfo=None),
        timezones=st.just(UTC),
    )


def urls() -> st.SearchStrategy[str]:
    paths = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
    return st.one_of(
        st.sampled_from([FERRY.url or "", HOSTILE.url or "", LARGEST.url or "", "ftp://x.org", ""]),
        paths.map("https://example.org/{}".format),
        texts(),
    )


ids = st.from_regex(r"[a-z0-9-]{1,40}", fullmatch=True).map(StoryId)
_names = st.lists(texts(100), max_size=15).map(tuple)
_positions = st.lists(st.integers(0, 4), max_size=3).map(tuple)
_reports = st.lists(
    st.builds(Report, texts(300), st.integers(0, 4), st.none() | moments()), min_size=1, max_size=3
).map(tuple)


def stories() -> st.SearchStrategy[Story]:
    """Any story: within the wire's sizes, with texts worse than the wire would let through."""
    numbers = st.integers(0, fields.MAX_NUMBER)
    return st.builds(
        Story,
        id=ids,
        title=texts(fields.TITLE_LIMIT),
        breakdown=st.lists(texts(400), min_size=1, max_size=8).map(tuple),
        revision=st.integers(1, fields.MAX_REVISION),
        headline=st.none() | texts(fields.HEADLINE_LIMIT),
        entities=_names,
        stats=st.builds(
            Stats,
            status=st.none() | st.sampled_from(Status),
            virality=st.none() | st.floats(0, 10),
            articles=st.none() | numbers,
            leaning=st.none() | st.sampled_from(Leaning),
            independent=st.none() | numbers,
            spread=st.none() | st.builds(Spread, *[st.integers(0, 99)] * 4),
        ),
        started_at=st.none() | moments(),
        updated_at=st.none() | moments(),
        keywords=_names,
        questions=st.lists(st.builds(Question, texts(300), texts(400), _positions), max_size=3).map(
            tuple
        ),
        sources=st.lists(
            st.builds(Source, title=texts(300), outlet=st.none() | texts(100), url=urls()),
            max_size=3,
        ).map(tuple),
        url=st.none() | urls(),
        image_url=st.none() | urls(),
        rank=st.none() | st.integers(1, fields.MAX_NUMBER),
        retracted=st.none() | texts(500),
        merged_into=st.none() | ids,
        split_from=st.none() | ids,
        cited=st.lists(_positions, max_size=8).map(tuple),
        conflicts=st.lists(st.builds(Conflict, texts(100), _reports), max_size=2).map(tuple),
        correction=st.none() | st.builds(Correction, texts(500), moments()),
        follows=st.none() | ids,
        web=st.booleans(),
    )


_refs = st.builds(
    Ref,
    st.sampled_from(["faq", "story", "follow"]),
    st.lists(st.from_regex(r"[a-z0-9-]{0,24}", fullmatch=True), max_size=2).map(tuple),
)
_long = st.builds(lambda text, times: text * times, texts(), st.integers(1, 30))


def blocks() -> st.SearchStrategy[Block]:
    some = texts() | _long
    return st.one_of(
        st.builds(Text, some),
        st.builds(Heading, some),
        st.builds(
            Bullets,
            st.lists(some, max_size=6).map(tuple),
            st.lists(
                st.lists(st.tuples(st.integers(1, 200), urls()), max_size=2).map(tuple), max_size=6
            ).map(tuple),
        ),
        st.builds(Facts, st.lists(some, max_size=6).map(tuple)),
        st.builds(Link, some, urls(), st.none() | texts()),
        st.builds(Note, some, st.none() | moments()),
        st.builds(Code, some),
    )


def numbered(message: Message) -> set[tuple[str, str] | None]:
    """The addresses behind small numbers in a message's lists, each with its number."""
    return {
        (link[0], small(number))
        for block in message.blocks
        if isinstance(block, Bullets)
        for _item, sources in block.sourced()
        for number, url in sources
        if (link := safe_link(url))
    }


def questions() -> st.SearchStrategy[Message]:
    """Any message that asks for a text."""
    fields = st.builds(
        Field,
        texts(),
        _refs,
        value=texts() | _long,
        hint=texts(),
        limit=st.integers(1, 10_000),
        lines=st.booleans(),
    )
    return st.builds(lambda message, field: replace(message, asks=field), messages(), fields)


def messages() -> st.SearchStrategy[Message]:
    """Any message, up to far more than any platform takes."""
    buttons = st.lists(st.builds(Button, texts(100), _refs), max_size=8).map(tuple)
    return st.builds(
        Message,
        title=texts(600),
        blocks=st.lists(blocks(), max_size=6).map(tuple),
        rows=st.lists(
            st.builds(Buttons, buttons)
            | st.builds(Menu, texts(), buttons)
            | st.builds(Roles, texts(), _refs, st.none() | st.just("123456789012345678")),
            max_size=8,
        ).map(tuple),
        tone=st.sampled_from(Tone),
        image_url=st.none() | urls(),
        struck=st.booleans(),
        living=st.none() | ids,
        more=st.none() | st.just("… more in /story"),
    )
