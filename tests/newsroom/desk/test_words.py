"""What is read of an article, what counts as a copy, and that the index is exact."""

import random
from zlib import crc32

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsroom.desk.background import background
from newsroom.desk.copies import likeness, print_of, sketch
from newsroom.desk.formats import is_filler
from newsroom.desk.index import Index
from newsroom.desk.match import SCALE, Counts, Vector, summary, vector
from newsroom.desk.words import TITLE, Reader, stem

READER = Reader(background("en").documents)


def crc(word: str) -> int:
    return crc32(word.encode())


@pytest.mark.parametrize(
    ("one", "other"),
    [("strikes", "strike"), ("stopped", "stop"), ("bridges", "bridge"), ("ferries", "ferry")],
)
def test_forms_of_a_word_are_the_same_word(one: str, other: str) -> None:
    assert stem(one) == stem(other)


def test_the_title_counts_thrice_and_names_are_known_by_their_capitals() -> None:
    features, order = READER.read(
        "School closed in Skerrick", "The school of Brandur has 212 pupils."
    )
    place = {word: n for n, word in enumerate(features.words)}
    school, brandur, number = (place[crc(w)] for w in ("school", "brandur", "212"))
    assert (features.lead[school], features.title[school]) == (TITLE + 1, 1)
    assert features.names[brandur] == features.names[number] == 1
    assert features.names[school] == 0
    assert order == (crc("school"), crc("brandur"), crc("212"), crc(stem("pupils")))


def test_the_country_is_no_pronoun() -> None:
    features, _ = READER.read("US and U.S. give us hope", "")
    assert crc("usa") in features.words
    assert crc("us") not in features.words
    assert features.bare


def test_common_words_weigh_less_before_anything_was_read() -> None:
    features, _ = READER.read("government Zzyzx", "")
    weights = vector(features, Counts()).title
    assert weights[crc("zzyzx")] > 2 * weights[crc(stem("government"))]


def test_an_unknown_language_has_no_common_words() -> None:
    assert background("tlh").documents("government") == 0


def test_the_index_takes_columns_in_any_order() -> None:
    index = Index()
    for column in (1_000, *range(20)):
        index.add(column, {7: 3})
    assert index.dots({7: 2}, 1_001).nonzero()[0].tolist() == [*range(20), 1_000]


words = st.dictionaries(st.integers(0, 40), st.integers(1, SCALE), min_size=1, max_size=20)


@settings(max_examples=25)
@given(st.lists(words, min_size=1, max_size=30), words)
def test_the_index_gives_exact_dot_products_whatever_came_and_went(
    stories: list[dict[int, int]], asked: dict[int, int]
) -> None:
    index = Index()
    for column, story in enumerate(stories):
        index.add(column, story)
        index.add(column, asked)
        index.add(column, asked, -1)
    index.tidy()
    found = index.dots(asked, len(stories)).tolist()
    assert found == [
        sum(weight * story.get(word, 0) for word, weight in asked.items()) for story in stories
    ]


@given(words, words)
def test_what_is_taken_out_of_a_sum_leaves_nothing(
    one: dict[int, int], other: dict[int, int]
) -> None:
    total, more = Vector(), Vector(lead=dict(other), title=dict(other))
    total.add(Vector(lead=dict(one)))
    before = (dict(total.lead), list(total.squares))
    total.add(more)
    assert total.squares[0] == sum(w * w for w in total.lead.values())
    total.add(more, -1)
    assert (total.lead, total.squares) == before
    assert total.title == {}


def test_a_summary_is_as_long_as_an_article() -> None:
    story = Vector()
    story.add(Vector(lead={word: word + 1 for word in range(500)}))
    assert abs(summary(story).squares[0] ** 0.5 - SCALE) < 6
    assert len(summary(story).lead) <= 120


def test_a_copy_with_another_beginning_is_near_and_another_report_is_not() -> None:
    draw = random.Random(3)  # noqa: S311  not a secret
    text = [draw.randrange(1 << 32) for _ in range(60)]
    assert likeness(sketch(text), sketch([7, 8, 9, *text])) > 0.8
    assert likeness(sketch(text), sketch(draw.sample(text, len(text)))) < 0.2
    assert sketch(text[:10]) == ()


def test_equal_articles_have_one_print() -> None:
    assert print_of("Ferry Aground!", "All  are safe.") == print_of("ferry aground", "all are safe")
    assert print_of("Ferry aground", "") == ""
    assert print_of("Ferry Brandur aground off Skerrick", "") != ""


@pytest.mark.parametrize(
    ("title", "filler"),
    [
        ("Live blog: the storm", True),
        ("Your horoscope for Friday", True),
        ("Day 2 box office: robots win", True),
        ("Storm reaches the coast", False),
        ("Astronomers live on less sleep", False),
    ],
)
def test_standing_formats_are_told_from_news(title: str, filler: bool) -> None:
    assert is_filler(title) is filler
