"""The index keeps the newest of each story and finds what people mean."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stories import fulltext, spelling
from stories.edition import Edition
from stories.fulltext import closeness, words_of
from stories.index import StoryIndex
from stories.search import NAMED, SURE, surely
from stories.story import Question, Stats, Status, Story, StoryId

NOW = datetime(2026, 6, 25, 6, 0, tzinfo=UTC)


def story(
    story_id: str,
    title: str,
    *,
    headline: str | None = None,
    entities: tuple[str, ...] = (),
    keywords: tuple[str, ...] = (),
    virality: float | None = None,
    status: Status | None = None,
    age_h: float = 0,
    questions: tuple[str, ...] = (),
) -> Story:
    return Story(
        id=StoryId(story_id),
        title=title,
        breakdown=("Something happened.",),
        revision=1,
        headline=headline,
        entities=entities,
        keywords=keywords,
        stats=Stats(status=status, virality=virality),
        updated_at=NOW - timedelta(hours=age_h),
        questions=tuple(Question(each, "Because.") for each in questions),
    )


THEFT = story(
    "ai-theft-claims",
    "AI Theft Claims",
    headline="Alibaba faces claims of stealing AI tech",
    entities=("Anthropic", "Alibaba"),
    virality=4.5,
    questions=(
        "What is a distillation attack in AI?",
        "How does Claude AI compare to other models?",
        "What are the implications of AI theft?",
        "How has Alibaba responded to these accusations?",
        "What role do fraudulent accounts play in AI scraping?",
        "How can companies protect their AI models from theft?",
    ),
)
SCHOOLS = story("ai-in-schools", "AI in Schools", virality=6.0, keywords=("homework",))
FERRY = story(
    "night-ferry",
    "Night Ferry Returns to Ærøskøbing",
    virality=2.0,
    questions=("When does the ferry sail?", "What does a ticket cost?"),
)
OLD_FERRY = story("ferry-fire", "Ferry Fire", virality=9.0, status=Status.ENDED)
STRIKE = story("tram-strike", "Tram Strike in Łódź", virality=3.0, age_h=1)


def index_of(*stories: Story) -> StoryIndex:
    index = StoryIndex()
    for seq, each in enumerate(stories):
        assert index.put(Edition(each, None, seq, NOW))
    return index


@pytest.fixture
def index() -> StoryIndex:
    return index_of(THEFT, SCHOOLS, FERRY, OLD_FERRY, STRIKE)


def ids(editions: list[Edition]) -> list[str]:
    return [edition.story.id for edition in editions]


def found(index: StoryIndex, words: str) -> str | None:
    edition = index.search.find(words, NOW)
    return edition.story.id if edition else None


def test_live_stories_come_by_virality_and_then_freshness() -> None:
    index = index_of(
        story("calm", "Calm", virality=1.0),
        story("older", "Older", virality=5.0, age_h=2),
        story("newer", "Newer", virality=5.0, age_h=1),
        story("silent", "Silent"),
        story("over", "Over", virality=9.0, status=Status.ENDED),
        story("stale", "Stale", virality=9.0, age_h=73),
    )
    assert ids(index.live(NOW)) == ["newer", "older", "calm", "silent"]
    assert ids(index.top(2, NOW)) == ["newer", "older"]


def test_an_older_edition_does_not_replace_a_newer_one() -> None:
    index = index_of(THEFT)
    renamed = story("ai-theft-claims", "Robots Accused")
    assert index.put(Edition(renamed, THEFT, 7, NOW))
    assert not index.put(Edition(THEFT, None, 6, NOW))
    assert found(index, "robots accused") == "ai-theft-claims"
    assert found(index, "alibaba") is None
    assert index.search.answers("distillation attack", at=NOW) == []
    assert len(index) == 1


def test_a_cleared_shelf_finds_nothing(index: StoryIndex) -> None:
    index.clear()
    assert (len(index), index.live(NOW), index.search.nearest("ferry", at=NOW)) == (0, [], [])
    assert index.get("night-ferry") is None


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("ai-theft-claims", "ai-theft-claims"),
        (" AI-Theft-Claims ", "ai-theft-claims"),
        ("AI Theft Claims", "ai-theft-claims"),
        ("claims theft", "ai-theft-claims"),
        ("the theft claims", "ai-theft-claims"),
        ("theft cla", "ai-theft-claims"),
        ("claim", "ai-theft-claims"),
        ("alibaba", "ai-theft-claims"),
        ("alibba", "ai-theft-claims"),
        ("Alibaba’s claims", "ai-theft-claims"),
        ("homework", "ai-in-schools"),
        ("aeroskobing", "night-ferry"),
        ("ÆRØSKØBING", "night-ferry"),
        ("lodz", "tram-strike"),
        ("tram srtike", "tram-strike"),
        ("ferry fire", "ferry-fire"),
    ],
)
def test_words_that_surely_mean_a_story_find_it(index: StoryIndex, words: str, meant: str) -> None:
    assert found(index, words) == meant


@pytest.mark.parametrize(
    "words", ["AI", "ai in", "a", "cla", "weather", "alibaba cricket", "", "?!", "🛳"]
)
def test_words_that_could_mean_several_stories_or_none_are_not_sure(
    index: StoryIndex, words: str
) -> None:
    assert found(index, words) is None


def test_the_only_live_story_among_equals_is_meant(index: StoryIndex) -> None:
    assert found(index, "ferry") == "night-ferry"


def test_of_two_live_stories_only_the_one_with_exactly_that_title_is_meant() -> None:
    short, longer = story("a", "Tram Strike"), story("b", "Tram Strike Spreads", virality=9)
    assert found(index_of(short, longer), "tram strike") == "a"
    assert found(index_of(short, longer), "strike") is None
    twin = story("c", "Tram Strike")
    assert found(index_of(short, longer, twin), "tram strike") is None
    assert ids(index_of(short, longer, twin).search.titled("tram strike", NOW)) == ["a", "c"]


def test_only_a_whole_title_or_id_names_a_story_by_title(index: StoryIndex) -> None:
    assert ids(index.search.titled("ai THEFT claims!", NOW)) == ["ai-theft-claims"]
    assert ids(index.search.titled("tram-strike", NOW)) == ["tram-strike"]
    assert index.search.titled("alibaba", NOW) == []
    assert index.search.titled("", NOW) == []


def test_the_nearest_come_best_first_and_live_ones_before_ended_ones(index: StoryIndex) -> None:
    assert ids(index.search.nearest("AI", at=NOW)) == ["ai-in-schools", "ai-theft-claims"]
    assert ids(index.search.nearest("alibaba cricket", at=NOW)) == ["ai-theft-claims"]
    assert ids(index.search.nearest("ferry", at=NOW)) == ["night-ferry", "ferry-fire"]
    assert ids(index.search.nearest("ferry", at=NOW, only_live=True)) == ["night-ferry"]
    assert ids(index.search.nearest("fe", at=NOW)) == ["night-ferry", "ferry-fire"]
    assert index.search.nearest("volcano", at=NOW) == []


def test_scripts_without_spaces_are_found_by_a_part() -> None:
    index = index_of(story("a", "阿里巴巴被指窃取人工智能技术"), story("b", "東京の天気"))
    assert found(index, "阿里巴巴") == "a"
    assert found(index, "天気") == "b"


@pytest.mark.parametrize(
    ("asked", "question"),
    [
        ("what's a distillation attack", "What is a distillation attack in AI?"),
        ("distilation attack?", "What is a distillation attack in AI?"),
        ("WHAT IS A DISTILLATION ATTACK IN AI", "What is a distillation attack in AI?"),
        (
            "how did alibaba respond to the accusations",
            "How has Alibaba responded to these accusations?",
        ),
        ("when does the ferry sail", "When does the ferry sail?"),
    ],
)
def test_a_question_asked_in_other_words_is_answered(
    index: StoryIndex, asked: str, question: str
) -> None:
    answer = surely(asked, index.search.answers(asked, at=NOW))
    assert answer is not None
    assert answer.question.question == question
    assert answer.score >= SURE


@pytest.mark.parametrize(
    "asked", ["AI", "alibaba", "theft", "distillation of whisky", "who won?", ""]
)
def test_a_word_or_two_in_common_is_not_the_question(index: StoryIndex, asked: str) -> None:
    assert surely(asked, index.search.answers(asked, at=NOW)) is None


def test_questions_near_what_was_asked_are_offered_best_first(index: StoryIndex) -> None:
    near = index.search.answers("ai theft", at=NOW)
    assert [each.question.question for each in near[:2]] == [
        "What are the implications of AI theft?",
        "How can companies protect their AI models from theft?",
    ]
    assert index.search.answers("volcano", at=NOW) == []


def test_questions_are_looked_for_where_one_says(index: StoryIndex) -> None:
    ferry = index.get("night-ferry")
    assert ferry is not None
    assert index.search.answers("distillation attack", [ferry], NOW) == []
    answer = surely("ticket cost", index.search.answers("ticket cost", [ferry], NOW))
    assert answer is not None
    assert answer.question.question == "What does a ticket cost?"


def test_questions_of_ended_stories_are_not_offered_unasked() -> None:
    over = story("over", "Over", status=Status.ENDED, questions=("Why did it end?",))
    assert index_of(over).search.answers("why did it end", at=NOW) == []


def test_a_question_two_stories_answer_is_not_decided_for_the_asker() -> None:
    index = index_of(
        story("a", "One", questions=("What happens next week?",)),
        story("b", "Two", questions=("What happens next week?",)),
    )
    both = index.search.answers("what happens next week", at=NOW)
    assert len(both) == 2
    assert surely("what happens next week", both) is None


def test_words_are_compared_without_case_accents_and_possessives() -> None:
    assert words_of("What’s Zoë’s “CAFÉ-bar” No. 5?") == ["what", "zoe", "cafe", "bar", "no", "5"]
    assert words_of("Straße, don't!") == ["strasse", "don"]


def test_numbers_and_short_words_must_be_typed_right() -> None:
    assert closeness("iran", "iraq") < closeness("alibba", "alibaba") < 1
    assert closeness("2025", "2026") == 0
    assert closeness("cat", "car") == 0


PIECES = ("ai", "theft", "Ferry", "é", "阿", "'s", "-", "🛳", "\u202e", "a", "tram", " ")


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=6), max_size=8).map(" ".join))
def test_whatever_is_typed_the_shelf_answers(typed: str) -> None:
    index = index_of(THEFT, SCHOOLS, FERRY, OLD_FERRY, STRIKE)
    sure = index.search.find(typed, NOW)
    near = index.search.nearest(typed, 25, NOW)
    assert sure is None or sure in near or sure.story.id == typed.strip().casefold()
    assert len(near) == len(set(ids(near)))
    assert all(0 < each.score <= 100.001 for each in index.search.answers(typed, at=NOW))


# A search through everything.


def searched(index: StoryIndex, words: str) -> list[str]:
    return [hit.edition.story.id for hit in index.search.query(words, NOW).hits]


FIRE = replace(
    story("mill-fire", "Fire at the mill", headline="It spreads", questions=("Who lit it?",)),
    breakdown=("It began in the attic.", "Divers found the pump of the Halden."),
)


@pytest.mark.parametrize(
    "words",
    [
        "mill",
        "spreads",
        "attic",
        "ATTICS' pump",
        "divers",
        "dviers",
        "lit",
        "mill-fire",
        "halden p",
    ],
)
def test_a_search_looks_in_every_part_of_a_story(words: str) -> None:
    index = index_of(FIRE, FERRY, SCHOOLS)
    assert searched(index, words)[0] == "mill-fire"


def test_answers_and_filling_words_are_not_searched() -> None:
    index = index_of(replace(FIRE, title="Mill"))  # "the" stands in its breakdown only
    assert searched(index, "because") == []
    assert searched(index, "the") == []


def test_a_search_ranks_live_ones_first_and_titles_above_long_texts() -> None:
    inside = replace(story("inside", "Harbour news"), breakdown=("The mill stands.",))
    over = story("over", "The mill of old", status=Status.ENDED)
    index = index_of(inside, over, FIRE)
    assert searched(index, "mill") == ["mill-fire", "inside", "over"]
    scores = [hit.score for hit in index.search.query("mill attic", NOW).hits]
    assert scores[0] > 85 > 50 > scores[1]


def test_a_search_says_which_words_of_the_stories_fitted() -> None:
    found = index_of(FIRE, FERRY).search.query("atti ferri", NOW)
    assert [set(words) for words in found.words] == [{"attic"}, {"ferry"}]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b", "c"]),
            st.lists(st.sampled_from(["mill", "fire", "pump", "Ærø", "attic", "原因"]), min_size=1),
        ),
        max_size=12,
    ),
    st.sampled_from(["mill", "pum", "aero", "因", "attci", "fire mill"]),
)
def test_a_story_that_changed_is_found_by_what_it_says_now(
    puts: list[tuple[str, list[str]]], words: str
) -> None:
    index, newest = StoryIndex(), {}
    for seq, (story_id, bullets) in enumerate(puts, 1):
        said = replace(story(story_id, "Title"), breakdown=tuple(bullets))
        newest[story_id] = Edition(said, None, seq, NOW)
        index.put(newest[story_id])
    fresh = StoryIndex()
    for edition in newest.values():
        fresh.put(edition)
    assert index.search.query(words, NOW) == fresh.search.query(words, NOW)


def test_a_time_ahead_makes_a_story_neither_live_for_ever_nor_first() -> None:
    index = StoryIndex()
    ahead = replace(FERRY, id=StoryId("ahead"), updated_at=NOW + timedelta(days=365))
    now = replace(FERRY, id=StoryId("now"), updated_at=NOW)
    for seq, (each, heard_at) in enumerate(((ahead, NOW - timedelta(hours=1)), (now, NOW)), 1):
        index.put(Edition(each, None, seq, heard_at))
    assert [edition.story.id for edition in index.live(NOW)] == ["now", "ahead"]
    later = NOW + timedelta(hours=72)
    assert [edition.story.id for edition in index.live(later)] == ["now"]
    [edition] = [each for each in index.since(0) if each.story.id == "ahead"]
    assert edition.live_until() == NOW + timedelta(hours=71)


MOMENTS = st.integers(0, 200)
"""Hours."""


@given(
    st.lists(
        st.tuples(st.integers(0, 5), MOMENTS, st.integers(0, 3), st.booleans(), MOMENTS),
        max_size=25,
    )
)
def test_what_is_live_is_known_at_each_moment_whatever_came_and_went(
    steps: list[tuple[int, int, int, bool, int]],
) -> None:
    index, now = StoryIndex(), NOW
    for seq, (number, age_h, virality, over, asked_h) in enumerate(steps, 1):
        status = Status.ENDED if over else Status.ACTIVE
        each = story(f"s{number}", "Storm", virality=virality, age_h=age_h, status=status)
        now += timedelta(hours=1)
        index.put(Edition(each, None, seq, now))
        for at in (NOW + timedelta(hours=asked_h), now):
            live = [each for each in index.since(0) if each.is_live(at)]
            assert set(ids(index.live(at))) == set(ids(live))
            assert ids(index.top(3, at)) == ids(index.live(at))[:3]
            figures = [each.story.stats.virality or 0 for each in index.live(at)]
            assert figures == sorted(figures, reverse=True)


def test_how_much_a_word_tells_texts_apart_follows_what_comes_and_goes() -> None:
    words = fulltext.Words[int]()
    words.put(1, {"storm": 1.0})
    words.put(2, {"calm": 1.0})
    alone = words.weight("storm")
    words.put(3, {"storm": 1.0})
    assert words.weight("storm") < alone
    words.drop(3)
    assert words.weight("storm") == alone


# However much is typed, and however much is kept, a search looks at so much and no more.


class Counted:
    """Counts what a function is asked, on the way to it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, owner: object, name: str) -> None:
        real, self.asked = getattr(owner, name), 0

        def counting(*args: Any, **named: Any) -> Any:
            self.asked += 1
            return real(*args, **named)

        monkeypatch.setattr(owner, name, counting)


ASKS: dict[str, Callable[[StoryIndex, str], object]] = {
    "find": lambda index, words: index.search.find(words, NOW),
    "nearest": lambda index, words: index.search.nearest(words, 25, NOW, only_live=True),
    "answers": lambda index, words: index.search.answers(words, at=NOW),
    "search": lambda index, words: index.search.query(words, NOW),
}


@pytest.mark.parametrize("ask", ASKS.values(), ids=ASKS)
def test_of_a_long_message_a_few_words_are_looked_for_and_fewer_of_them_as_slips(
    index: StoryIndex, ask: Callable[[StoryIndex, str], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = " ".join(f"{a}{b}{c}q" for a in "bcdfghjkl" for b in "aeiou" for c in "bcdfghjklmnp")
    begun = Counted(monkeypatch, fulltext.Vocabulary, "begun")
    slipped = Counted(monkeypatch, fulltext.Vocabulary, "slipped")
    ask(index, words)
    assert 0 < begun.asked <= 2 * NAMED
    assert 0 < slipped.asked <= 2 * fulltext.SLIPPED


@pytest.mark.parametrize("ask", ASKS.values(), ids=ASKS)
@pytest.mark.parametrize("words", ["storm", "s", "storm strait"])
def test_words_that_nearly_every_story_holds_are_looked_for_in_some(
    ask: Callable[[StoryIndex, str], object], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fulltext, "HOLDERS", 30)
    monkeypatch.setattr(fulltext, "CHECKS", 40)
    index = index_of(*(_of_storms(number) for number in range(100)))
    read = Counted(monkeypatch, fulltext.Words, "fit")
    ask(index, words)
    assert read.asked <= 40


def test_of_common_words_the_most_viral_stories_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fulltext, "HOLDERS", 30)
    monkeypatch.setattr(fulltext, "CHECKS", 40)
    index = index_of(*(_of_storms(number) for number in range(100)))
    assert ids(index.search.nearest("storm", 2, NOW)) == ["storm-99", "storm-98"]
    assert ids(index.search.nearest("storm town7", 1, NOW)) == ["storm-7"]
    assert searched(index, "storm town7 strait")[0] == "storm-7"
    answers = index.search.answers("how does the strait look in town7", at=NOW)
    assert answers[0].edition.story.id == "storm-7"


def _of_storms(number: int) -> Story:
    asked = f"How does the strait look in town{number}?"
    title = f"Storm strait town{number}"
    return story(f"storm-{number}", title, virality=number / 20, questions=(asked,))


@pytest.mark.parametrize("word", ["accusations", "alibaba", "claims", "distillation"])
def test_one_slip_anywhere_in_a_word_is_forgiven(index: StoryIndex, word: str) -> None:
    for place in range(len(word)):
        lost = word[:place] + word[place + 1 :]
        wrong = word[:place] + "x" + word[place + 1 :]
        more = word[:place] + "x" + word[place:]
        swapped = word[:place] + word[place : place + 2][::-1] + word[place + 2 :]
        for slip in (lost, wrong, more, swapped):
            assert searched(index, slip)[:1] == ["ai-theft-claims"], slip


def test_of_what_is_typed_and_of_each_word_the_beginning_is_read() -> None:
    assert len(fulltext.typed("ﷺ" * 5000)) == len(fulltext.typed("ﷺ" * fulltext.TYPED))
    assert words_of("a" * 4000) == ["a" * fulltext.LONGEST]
    assert found(index_of(story("a", "b" * 300)), "b" * 4000) == "a"


def test_what_no_word_is_as_long_as_is_not_kept_folded() -> None:
    held = spelling._fold.cache_info().currsize
    for letter in "äöü":
        assert spelling.fold(letter.upper() * 301) == letter * 301
    assert spelling._fold.cache_info().currsize == held
