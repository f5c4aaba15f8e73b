"""Saved story pages: what they say, however they were saved."""

import itertools
import os
import re
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stories import wire
from stories.page import PageError, read_duration, read_page
from stories.story import Leaning, Question, Stats, Status, Story, StoryId

AT = datetime(2026, 6, 25, 6, tzinfo=UTC)
OWN = Path(__file__).parent / "pages" / "bridge-closure.txt"
SEED = Path(os.environ.get("STORYWIRE_SHARED", "../shared")) / "seed" / "story-page.txt"


def read(text: str) -> Story:
    return read_page(text, at=AT, story_id="a-page")


@pytest.fixture(params=[OWN, SEED], ids=["own page", "seed page"])
def page(request: pytest.FixtureRequest) -> str:
    path: Path = request.param
    if not path.exists():
        pytest.skip(f"no {path}: STORYWIRE_SHARED names the folder with the seed page")
    return path.read_text("utf-8")


def test_the_seed_page_is_read_whole() -> None:
    if not SEED.exists():
        pytest.skip(f"no {SEED}: STORYWIRE_SHARED names the folder with the seed page")
    text = SEED.read_text("utf-8")
    story = read_page(text, at=AT, revision=9)
    assert (story.id, story.revision, story.rank) == ("ai-theft-claims", 9, 41)
    assert story.title == "AI Theft Claims"
    assert story.headline == "Alibaba faces claims of stealing AI tech"
    assert story.entities == ("Anthropic", "Alibaba")
    assert story.stats == Stats(Status.ACTIVE, 4.5, 14, Leaning.RIGHT)
    assert story.duration == timedelta(hours=21)
    assert story.updated_at == AT
    assert len(story.breakdown) == 6
    assert story.breakdown[0].startswith("Anthropic, a leading US AI company, has leveled")
    assert story.breakdown[5].endswith("the stakes involved in the battle for AI supremacy.")
    assert story.keywords == ("Anthropic", "Alibaba")
    assert len(story.questions) == 10
    assert story.questions[0].question == "What is a distillation attack in AI?"
    assert story.questions[9].question == (
        "What historical precedents exist for tech theft disputes?"
    )
    for question in story.questions:
        assert question.question in text
        assert f"{question.question}\n\n{question.answer}\n" in text
    assert "caught up" not in wire.write(story).decode()


def test_our_own_page_is_read_whole() -> None:
    text = OWN.read_text("utf-8")
    story = read_page(text, at=AT)
    bullets = re.findall("^  • (.*)$", text, re.MULTILINE)
    assert story == Story(
        id=StoryId("kestrel-bridge-shut"),
        title="Kestrel Bridge Shut",
        headline="Two towns lose their quick way over the Ander",
        entities=("Anderford", "Roads Office", "Marlow & Pike"),
        stats=Stats(Status.COOLING, 2.8, 1204, Leaning.LEAN_LEFT),
        started_at=AT - timedelta(days=3),
        updated_at=AT,
        breakdown=tuple(bullets),
        keywords=("bridge", "Anderford", "traffic"),
        questions=story.questions,
        rank=7,
    )
    assert len(bullets) == 5
    asked = [question.question for question in story.questions]
    assert asked == [
        "What is scour?",
        "Why was nobody warned earlier?",
        "How do ambulances reach the hospital?",
        "Who pays for the repair?",
        "Will Dr. Hale's ferry plan be taken up?",
    ]
    for question in story.questions:
        assert f"{question.question}\n\n{question.answer}\n" in text
    assert story.questions[0].answer.count("\n\n") == 1
    assert story.questions[4].answer.endswith("the footbridge will be open sooner.")


# Each of these makes another page of a page. What it takes away is said beside its name, below.

_HEADINGS = r"^(Story Stats|The Breakdown \d+|Top Keywords|Further Learning)$"


def _sections(text: str) -> tuple[str, list[str], str]:
    starts = [found.start() for found in re.finditer(_HEADINGS, text, re.MULTILINE)]
    end = text.index("You're all caught up")
    edges = [*starts, end]
    sections = [text[a:b] for a, b in itertools.pairwise(edges)]
    return text[: starts[0]], sections, text[end:]


def _without(text: str, name: str) -> str:
    head, sections, footer = _sections(text)
    return head + "".join(each for each in sections if not each.startswith(name)) + footer


def windows_line_ends(text: str) -> str:
    return text.replace("\n", "\r\n")


def byte_order_mark(text: str) -> str:
    return "\ufeff" + text


def non_breaking_spaces(text: str) -> str:
    return text.replace(" ", "\u00a0")


def no_blank_lines(text: str) -> str:
    return re.sub("\n{2,}", "\n", text)


def blank_lines_everywhere(text: str) -> str:
    return text.replace("\n", "\n \n\n")


def wrapped_lines(text: str) -> str:
    lines = (textwrap.wrap(line, 78, subsequent_indent="    ") for line in text.split("\n"))
    return "\n".join("\n".join(line) for line in lines)


def hyphens_for_bullets(text: str) -> str:
    return text.replace("  • ", "- ")


def asterisks_for_bullets(text: str) -> str:
    return text.replace("  • ", " * ")


def dashes_and_dots_for_bullets(text: str) -> str:
    return text.replace("  • ", "– ", 2).replace("  • ", "· ")


def numbers_for_bullets(text: str) -> str:
    parts = text.split("  • ")
    return parts[0] + "".join(f"{n}. {part}" for n, part in enumerate(parts[1:], 1))


def no_bullet_marks(text: str) -> str:
    return text.replace("  • ", "")


def bullets_apart_from_their_text(text: str) -> str:
    return text.replace("  • ", "  •\n")


def shouted_headings_with_colons(text: str) -> str:
    return re.sub(_HEADINGS, lambda found: found[0].upper() + ":", text, flags=re.MULTILINE)


def headings_without_their_small_words(text: str) -> str:
    for long, short in (("Story Stats", "stats"), ("The Break", "break"), ("Top Key", "Key")):
        text = text.replace(long, short)
    return text


def figures_beside_their_labels(text: str) -> str:
    return re.sub(r"(?m)^(Status|Duration|Virality|Articles|Political leaning)\n", r"\1: ", text)


def figures_beside_their_labels_without_colons(text: str) -> str:
    return re.sub(r"(?m)^(Status|Duration|Virality|Articles|Political leaning)\n", r"\1 ", text)


def labels_in_other_letters(text: str) -> str:
    text = text.replace("Political leaning", "LEANING:").replace("Virality", "virality")
    return text.replace("Active", "ACTIVE").replace("Cooling", "COOLING")


def sections_the_other_way_round(text: str) -> str:
    head, sections, footer = _sections(text)
    return head + "\n".join(sections[::-1]) + "\n" + footer


def no_footer(text: str) -> str:
    return _sections(text)[0] + "".join(_sections(text)[1])


def typographic_footer(text: str) -> str:
    return text.replace("You're all caught up", "You’re all caught up!")


def no_stats(text: str) -> str:
    return _without(text, "Story Stats")


def no_keywords(text: str) -> str:
    return _without(text, "Top Keywords")


def no_questions(text: str) -> str:
    return _without(text, "Further Learning")


def no_rank(text: str) -> str:
    return text.partition("\n")[2]


def no_headline(text: str) -> str:
    lines = text.split("\n")
    return "\n".join(lines[:2] + lines[3:])


def no_entities(text: str) -> str:
    lines = text.split("\n")
    return "\n".join(lines[:3] + lines[4:])


def unknown_words(text: str) -> str:
    text = re.sub("(?m)^(Active|Cooling)$", "Simmering", text)
    text = re.sub("(?m)^(Right|Lean Left)$", "Upwards", text)
    return re.sub("(?m)^(21 hours|3 days)$", "a good while", text)


def figures_out_of_range(text: str) -> str:
    return re.sub("(?m)^(4.5|2.8)$", "45", re.sub("(?m)^(14|1,204)$", "1.2K", text))


def one_question_less(text: str) -> str:
    head, sections, footer = _sections(text)
    last = sections[-1].rstrip("\n").split("\n\n")
    return head + "".join(sections[:-1]) + "\n\n".join(last[:-2]) + "\n\n" + footer


def a_question_without_an_answer(text: str) -> str:
    return text.replace("Further Learning\n", "Further Learning\n\nDoes anybody know?\n")


def a_question_asked_again(text: str) -> str:
    head, sections, footer = _sections(text)
    first = sections[-1].split("\n\n")[1]
    return head + "".join(sections) + f"{first}\n\nNobody knows.\n\n" + footer


def full_width_question_marks(text: str) -> str:
    return re.sub(r"(?m)\?$", "？", text)


Lacking = Callable[[Story], Story]


def _same(story: Story) -> Story:
    return story


def _no_figures(story: Story) -> Story:
    return replace(story, stats=Stats(), started_at=None)


def _only_numbers(story: Story) -> Story:
    return replace(story, stats=replace(story.stats, status=None, leaning=None), started_at=None)


def _wide(story: Story) -> Story:
    return replace(
        story,
        questions=tuple(
            Question(each.question.replace("?", "？"), each.answer) for each in story.questions
        ),
    )


MUTATIONS: dict[Callable[[str], str], Lacking] = {
    windows_line_ends: _same,
    byte_order_mark: _same,
    non_breaking_spaces: _same,
    no_blank_lines: _same,
    blank_lines_everywhere: _same,
    wrapped_lines: _same,
    hyphens_for_bullets: _same,
    asterisks_for_bullets: _same,
    dashes_and_dots_for_bullets: _same,
    numbers_for_bullets: _same,
    no_bullet_marks: _same,
    bullets_apart_from_their_text: _same,
    shouted_headings_with_colons: _same,
    headings_without_their_small_words: _same,
    figures_beside_their_labels: _same,
    figures_beside_their_labels_without_colons: _same,
    labels_in_other_letters: _same,
    sections_the_other_way_round: _same,
    no_footer: _same,
    typographic_footer: _same,
    a_question_without_an_answer: _same,
    a_question_asked_again: _same,
    no_stats: _no_figures,
    no_keywords: lambda story: replace(story, keywords=()),
    no_questions: lambda story: replace(story, questions=()),
    no_rank: lambda story: replace(story, rank=None),
    no_headline: lambda story: replace(story, headline=None),
    no_entities: lambda story: replace(story, entities=()),
    unknown_words: _only_numbers,
    figures_out_of_range: lambda story: replace(
        story, stats=replace(story.stats, virality=None, articles=None)
    ),
    one_question_less: lambda story: replace(story, questions=story.questions[:-1]),
    full_width_question_marks: _wide,
}


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.__name__)
def test_a_page_saved_otherwise_tells_the_same_story(
    mutation: Callable[[str], str], page: str
) -> None:
    mutated = mutation(page)
    assert mutated != page
    assert read(mutated) == MUTATIONS[mutation](read(page))


def test_several_changes_at_once_tell_the_same_story(page: str) -> None:
    mutated = page
    for mutation in (
        numbers_for_bullets,
        sections_the_other_way_round,
        figures_beside_their_labels,
        shouted_headings_with_colons,
        no_blank_lines,
        non_breaking_spaces,
        windows_line_ends,
        byte_order_mark,
    ):
        mutated = mutation(mutated)
    assert read(mutated) == read(page)


def a_menu_above(page: str) -> str:
    return f"Morning Wire\nHome\nMost read\n\n{page}"


def tallies_of_what_is_left_out(page: str) -> str:
    """Each after the names or lines that it counts, as sites write them."""
    return (
        page.replace("Top Keywords\n", "+1 more\nTop Keywords\n")
        .replace("Further Learning\n", "Show more\nFurther Learning\n")
        .replace("\nStory Stats\n", "\nSee all\nStory Stats\n")
    )


@pytest.mark.parametrize("mutation", [a_menu_above, tallies_of_what_is_left_out])
def test_what_the_site_adds_is_no_part_of_the_story(
    mutation: Callable[[str], str], page: str
) -> None:
    assert mutation(page) != page
    assert read(mutation(page)) == read(page)


def test_a_menu_is_told_from_the_story_or_the_page_is_refused() -> None:
    below = "\n\nThe Breakdown\n• It rained."
    assert read(f"Home\n\n7\nRain Again{below}").title == "Rain Again"
    assert read(f"7\n1984\nA book sells again{below}").title == "1984"
    for above, sentence in (
        ("Home\nMost read\nSign in\nRain Again", "^more than a title and a headline stands"),
        ("3\nNew messages\n7\nRain Again", "^both 3 and 7 may be the story's number"),
    ):
        with pytest.raises(PageError, match=sentence):
            read(above + below)


@pytest.mark.parametrize(
    ("keywords", "read_as"),
    [
        ("rain / Ash & Oak / +3 more", ("rain", "Ash & Oak")),
        ("rain / Ash & Oak / +12", ("rain", "Ash & Oak")),
        ("rain\nAsh & Oak\nand 2 others", ("rain", "Ash & Oak")),
        ("rain, Ash & Oak, … 4 more", ("rain", "Ash & Oak")),
        (
            "rain / 7 more summits / Show More Theatre /",
            ("rain", "7 more summits", "Show More Theatre"),
        ),
    ],
)
def test_a_count_of_further_keywords_is_none(keywords: str, read_as: tuple[str, ...]) -> None:
    story = read(f"Rain Again\n\nThe Breakdown\n• It rained.\n\nTop Keywords\n\n{keywords}")
    assert story.keywords == read_as


def test_what_counts_further_people_in_a_text_stays() -> None:
    below = "\n\nThe Breakdown\n• The slide buried 3 huts\nand 2 more\n"
    assert read(f"Slide{below}").breakdown == ("The slide buried 3 huts and 2 more",)


def test_entities_are_the_characters_they_stand_for() -> None:
    story = read(
        "Ash &amp; Oak Fall&#8230;\nSaid &quot;at once&quot;&#x21;\nCaf&eacute; R&D / AT&T /\n\n"
        "The&nbsp;Breakdown\n&bull; One &lt; two &nosuch; &amp Co.\n\n"
        "You&#39;re all caught up\nThe site speaks."
    )
    assert (story.title, story.headline) == ("Ash & Oak Fall…", 'Said "at once"!')
    assert story.entities == ("Café R&D", "AT&T")
    assert story.breakdown == ("One < two &nosuch; &amp Co.",)


NO_TITLE = "no title was found: it is expected above the page's first section"
NO_BREAKDOWN = (
    "no breakdown was found: a line “The Breakdown” with bullet points under it is expected"
)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", NO_TITLE),
        ("41\n", NO_TITLE),
        (
            "41\nAnthropic / Alibaba /\n\nThe Breakdown\n\n• One.",
            NO_TITLE,
        ),
        (
            "The Breakdown 9\n• One.\n",
            NO_TITLE,
        ),
        (
            "41\nTitle\nHeadline\n\nStory Stats\n\nStatus\nActive\n",
            NO_BREAKDOWN,
        ),
        (
            "Title\n\nThe Breakdown 9\n\n•\n\nTop Keywords\n",
            NO_BREAKDOWN,
        ),
        (
            "電車停止\nThe Breakdown\n• 一",
            "the title has no letter a-z and no digit to make an id of: give it --id",
        ),
        (
            f"{'long ' * 100}\nThe Breakdown\n• One.",
            "the page does not make a story: title has 499 characters, but at most 300 fit",
        ),
    ],
)
def test_a_page_that_is_no_story_page_is_refused_in_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(PageError) as refused:
        read_page(text, at=AT)
    assert str(refused.value) == sentence


def test_a_wrong_id_or_time_is_refused_in_one_sentence() -> None:
    text = OWN.read_text("utf-8")
    with pytest.raises(PageError, match=r"^the page does not make a story: id is the text \"A B\""):
        read_page(text, at=AT, story_id="A B")
    with pytest.raises(PageError, match=r"^the page's time has no offset: add Z"):
        read_page(text, at=datetime(2026, 6, 25))  # noqa: DTZ001  naive is the point
    with pytest.raises(PageError, match="a time from the year 2000 to 2099"):
        read_page(text, at=AT.replace(year=1970))


@pytest.mark.parametrize(
    ("title", "story_id"),
    [
        ("AI Theft Claims", "ai-theft-claims"),
        ("Zürich's Übergang: 50 % weniger Züge", "zurichs-ubergang-50-weniger-zuge"),
        ("Straße nach Łódź", "strasse-nach-lodz"),
        ("Ærø — Søby", "aero-soby"),
        ("— 2026 —", "2026"),
        (
            "The longest title that anyone has ever put above a story",
            "the-longest-title-that-anyone-has-ever",
        ),
        ("x" * 60, "x" * 40),
        (f"{'x' * 40} and more", "x" * 40),
    ],
)
def test_the_id_is_made_from_the_title(title: str, story_id: str) -> None:
    assert read_page(f"{title}\nThe Breakdown\n• One.", at=AT).id == story_id


@pytest.mark.parametrize(
    ("said", "duration"),
    [
        ("21 hours", timedelta(hours=21)),
        ("3 days", timedelta(days=3)),
        ("2 Weeks", timedelta(weeks=2)),
        ("45 minutes", timedelta(minutes=45)),
        ("1 day 4 hours", timedelta(days=1, hours=4)),
        ("1 day, 4 hours and 5 min", timedelta(days=1, hours=4, minutes=5)),
        ("1d 4h", timedelta(days=1, hours=4)),
        ("1.5 hours", timedelta(minutes=90)),
        ("an hour", timedelta(hours=1)),
        ("a month", timedelta(days=30)),
        ("2 years", timedelta(days=730)),
        ("less than an hour", None),
        ("21 hours ago", None),
        ("21", None),
        ("", None),
    ],
)
def test_a_duration_is_read(said: str, duration: timedelta | None) -> None:
    assert read_duration(said) == duration


@pytest.mark.parametrize(
    ("figure", "stats"),
    [
        ("Virality 4,5", Stats(virality=4.5)),
        ("Virality: 4.5/10", Stats(virality=4.5)),
        ("Virality: 10", Stats(virality=10)),
        ("Virality: 11", Stats()),
        ("Virality: high", Stats()),
        ("Articles\n\n14 articles", Stats(articles=14)),
        ("Articles: 1 204", Stats(articles=1204)),
        ("Articles: 14+", Stats()),
        ("• Articles: 14", Stats(articles=14)),
        ("Status\nVirality\n4.5", Stats(virality=4.5)),
        ("Status: ended.", Stats(status=Status.ENDED)),
        ("Political leaning\nLeans left", Stats(leaning=Leaning.LEAN_LEFT)),
        ("Political leaning: Centre", Stats(leaning=Leaning.CENTER)),
        ("Leaning: Center-Right", Stats(leaning=Leaning.LEAN_RIGHT)),
        ("Leaning: LEAN RIGHT", Stats(leaning=Leaning.LEAN_RIGHT)),
        ("Leaning: mixed", Stats(leaning=Leaning.MIXED)),
        ("Leaning: far left", Stats()),
    ],
)
def test_a_figure_is_read_or_left_out(figure: str, stats: Stats) -> None:
    text = f"Title\n\nStory Stats\n\n{figure}\n\nThe Breakdown\n• One."
    assert read(text).stats == stats


def learning(text: str) -> list[tuple[str, str]]:
    story = read(f"Title\nThe Breakdown\n• One.\n\nFurther Learning\n\n{text}")
    return [(each.question, each.answer) for each in story.questions]


def test_a_question_mark_inside_an_answer_asks_no_new_question() -> None:
    assert learning(
        "What is scour?\n\nWater takes the sand away. But why there?\n\nBecause of the pier.\n\n"
        "Who pays?\n\nThe county."
    ) == [
        (
            "What is scour?",
            "Water takes the sand away. But why there?\n\nBecause of the pier.",
        ),
        ("Who pays?", "The county."),
    ]


def test_a_wrapped_line_of_an_answer_asks_no_new_question() -> None:
    assert learning("Who pays?\n\nThe county, but when and\nhow much?\nNobody knows yet.") == [
        ("Who pays?", "The county, but when and how much? Nobody knows yet.")
    ]


def test_numbered_questions_lose_their_numbers() -> None:
    assert learning("1. Who pays?\nThe county.\n2) When?\nSoon.") == [
        ("Who pays?", "The county."),
        ("When?", "Soon."),
    ]


# A page printed from any story reads back.

letters = st.characters(categories=("Lu", "Ll", "Lo"))
words = st.lists(st.text(letters, min_size=1, max_size=8), min_size=1, max_size=6).map(" ".join)
names = st.lists(words, max_size=4, unique=True).map(tuple)
asked = st.builds(
    lambda question, answer: Question(f"{question}?", "\n\n".join(f"{each}." for each in answer)),
    words,
    st.lists(words, min_size=1, max_size=3),
)
durations = st.tuples(st.integers(2, 99), st.sampled_from(["minutes", "hours", "days", "weeks"]))


@dataclass(frozen=True, slots=True)
class Printing:
    """How a page is laid out."""

    mark: str
    colon: bool
    blank: str
    end: str
    order: tuple[int, ...]


printings = st.builds(
    Printing,
    mark=st.sampled_from(["  • ", "- ", "* ", "1. ", ""]),
    colon=st.booleans(),
    blank=st.sampled_from(["", "\n", "\n\n"]),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    order=st.permutations(range(4)).map(tuple),
)


def printed(story: Story, duration: str, how: Printing) -> str:
    stats = story.stats
    figures = {
        "Status": stats.status and stats.status.title(),
        "Duration": duration,
        "Virality": None if stats.virality is None else f"{stats.virality:g}",
        "Articles": None if stats.articles is None else f"{stats.articles:,}",
        "Political leaning": stats.leaning and stats.leaning.replace("-", " ").title(),
    }
    between = ": " if how.colon else "\n"
    learning = [p for q in story.questions for p in (q.question, *q.answer.split("\n\n"))]
    sections = [
        ["Story Stats", *(f"{name}{between}{said}" for name, said in figures.items() if said)],
        [f"The Breakdown {len(duration)}", *(f"{how.mark}{each}" for each in story.breakdown)],
        ["Top Keywords", " / ".join((*story.keywords, ""))],
        ["Further Learning", *learning],
    ]
    head = [
        str(story.rank or ""),
        story.title,
        story.headline or "",
        " / ".join((*story.entities, "")),
    ]
    lines = [*head, *(line for place in how.order for line in sections[place])]
    text = f"\n{how.blank}".join([*lines, "You're all caught up", "Read more?"])
    return text.replace("\n", how.end)


@settings(deadline=None)
@given(st.data(), printings, durations)
def test_a_printed_page_reads_back_equal(
    data: st.DataObject, how: Printing, duration: tuple[int, str]
) -> None:
    story = Story(
        id=StoryId("a-page"),
        title=data.draw(words),
        breakdown=tuple(data.draw(st.lists(words, min_size=1, max_size=5))),
        headline=data.draw(st.none() | words),
        entities=data.draw(names),
        stats=Stats(
            status=data.draw(st.none() | st.sampled_from(Status)),
            virality=data.draw(st.none() | st.integers(0, 100).map(lambda tenths: tenths / 10)),
            articles=data.draw(st.none() | st.integers(0, 99_999)),
            leaning=data.draw(st.none() | st.sampled_from(Leaning)),
        ),
        started_at=AT - timedelta(**{duration[1]: duration[0]}),
        updated_at=AT,
        keywords=data.draw(names),
        questions=tuple(
            data.draw(st.lists(asked, max_size=4, unique_by=lambda question: question.key))
        ),
        rank=data.draw(st.none() | st.integers(1, 9999)),
    )
    text = printed(story, f"{duration[0]} {duration[1]}", how)
    assert read_page(text, at=AT, story_id="a-page") == story


odd = st.sampled_from([*OWN.read_text("utf-8").split("\n"), "•", "/", "?", "1.", "\x00", "\ud800"])


@settings(deadline=None)
@given(st.text() | st.lists(odd | st.text(max_size=9), max_size=30).map("\n".join))
def test_any_text_is_read_or_refused_in_one_sentence(text: str) -> None:
    try:
        story = read_page(text, at=AT)
    except PageError as refused:
        said = str(refused)
    else:
        assert wire.read(wire.write(story)).story == story
        return
    assert said
    assert "\n" not in said
