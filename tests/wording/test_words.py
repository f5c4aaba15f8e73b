"""Figures and changes are said in plain words."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings

from stories.delta import Change, Delta, Kind, Weight, compare
from stories.story import Leaning, Question, Stats, Status, Story, StoryId
from tests.stories_made import FERRY, stories
from wording import words


@pytest.mark.parametrize(
    ("time", "said"),
    [
        (timedelta(0), "less than a minute"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(minutes=59, seconds=59), "59 minutes"),
        (timedelta(hours=1, minutes=50), "1 hour"),
        (timedelta(hours=21), "21 hours"),
        (timedelta(days=1), "1 day"),
        (timedelta(days=1, hours=4), "1 day 4 hours"),
        (timedelta(days=2, hours=1), "2 days 1 hour"),
        (timedelta(days=3, hours=9), "3 days"),
        (timedelta(days=13), "13 days"),
        (timedelta(days=14), "2 weeks"),
        (timedelta(days=400), "57 weeks"),
    ],
)
def test_how_long_a_story_develops_is_said_roughly(time: timedelta, said: str) -> None:
    assert words.duration(time) == said


def test_figures_are_said_with_what_they_count() -> None:
    assert [words.status(status) for status in Status] == [
        "◔ Emerging",
        "● Active",
        "◑ Cooling",
        "■ Ended",
    ]
    assert [words.virality(value) for value in (4.5, 10.0, 0.0, 6.25, 1 / 3)] == [
        "virality 4.5",
        "virality 10",
        "virality 0",
        "virality 6.25",
        "virality 0.33",
    ]
    assert [words.articles(number) for number in (0, 1, 14, 1400)] == [
        "0 articles",
        "1 article",
        "14 articles",
        "1,400 articles",
    ]
    assert words.rank(41) == "#41"


def test_every_leaning_reads_well() -> None:
    assert {leaning: words.leaning(leaning) for leaning in Leaning} == {
        Leaning.LEFT: "leaning left",
        Leaning.LEAN_LEFT: "leaning slightly left",
        Leaning.CENTER: "leaning neither way",
        Leaning.LEAN_RIGHT: "leaning slightly right",
        Leaning.RIGHT: "leaning right",
        Leaning.MIXED: "leaning both ways",
    }


def test_a_moment_is_said_in_utc() -> None:
    oslo = timezone(timedelta(hours=2))
    assert words.moment(datetime(2026, 6, 25, 8, 0, tzinfo=oslo)) == "25 Jun 2026, 06:00 UTC"
    assert words.moment(datetime(2026, 1, 5, 6, 7, tzinfo=UTC)) == "5 Jan 2026, 06:07 UTC"


def with_stats(**stats: Any) -> Story:
    return replace(FERRY, stats=replace(FERRY.stats, **stats))


def with_bullet(place: int, text: str) -> Story:
    bullets = list(FERRY.breakdown)
    bullets[place] = text
    return replace(FERRY, breakdown=tuple(bullets))


@pytest.mark.parametrize(
    ("after", "said"),
    [
        (with_stats(status=Status.COOLING), "now cooling"),
        (with_stats(status=Status.ENDED), "ended"),
        (with_stats(status=None), "status no longer given"),
        (with_stats(virality=6.2), "virality 4.5 → 6.2"),
        (with_stats(articles=20), "articles 14 → 20"),
        (with_stats(leaning=Leaning.RIGHT), "leaning slightly left → right"),
        (with_stats(leaning=None), "leaning no longer given"),
        (replace(FERRY, rank=7), "rank #41 → #7"),
        (
            replace(FERRY, breakdown=(*FERRY.breakdown, "Divers found the pump.")),
            "new: “Divers found the pump.”",
        ),
        (replace(FERRY, breakdown=FERRY.breakdown[:2]), f"removed: “{FERRY.breakdown[2]}”"),
        (
            with_bullet(0, FERRY.breakdown[0].replace("04:10", "05:40")),
            f"updated: “{FERRY.breakdown[0].replace('04:10', '05:40')}” (before: “04:10”)",
        ),
        (
            with_bullet(0, FERRY.breakdown[0].replace("quay", "pier")),
            "reworded: “quay” → “pier”",
        ),
        (replace(FERRY, title="Ferry Home"), "title “Night Ferry Returns” → “Ferry Home”"),
        (replace(FERRY, headline=None), "headline removed"),
        (replace(FERRY, headline="Two are hurt"), "headline: “Two are hurt”"),
        (replace(FERRY, retracted="Made up"), "withdrawn: Made up"),
        (replace(FERRY, merged_into=StoryId("port")), "merged into “port”"),
        (
            replace(FERRY, questions=(*FERRY.questions, Question("Who pays?", "The line."))),
            "new question: “Who pays?”",
        ),
        (replace(FERRY, questions=FERRY.questions[:1]), "question removed: “Is the line running"),
        (replace(FERRY, sources=()), "source removed: “Ferry back in port”"),
        (replace(FERRY, keywords=("sea",)), "keywords changed"),
        (replace(FERRY, image_url=None), "picture removed"),
    ],
)
def test_a_change_is_said_in_a_clause(after: Story, said: str) -> None:
    [change] = compare(FERRY, after).changes
    assert words.said(change).startswith(said)


def test_what_came_back_is_said_too() -> None:
    before = replace(FERRY, retracted="Made up", merged_into=StoryId("port"), stats=Stats())
    clauses = [words.said(change) for change in compare(before, FERRY).changes]
    assert clauses[:2] == ["no longer withdrawn", "a separate story again"]
    assert {"now with status active", "now with virality 4.5"} <= set(clauses)


def test_figures_that_were_merely_gained_are_told_in_one() -> None:
    bare = replace(FERRY, stats=Stats(), rank=None, keywords=(), url=None)
    gained = "now with status active, virality 4.5, articles 14 and rank #41"
    delta = compare(bare, FERRY)
    assert words.said_short(delta) == f"{gained}, keywords added, link added"
    assert words.said_first(delta) == gained
    assert words.said_besides(delta) == "keywords added, link added"
    one = compare(with_stats(articles=None), with_stats(virality=6.2))
    assert words.said_short(one) == "virality 4.5 → 6.2, now with articles 14"
    assert "leaning slightly left" in words.said_first(delta, show_leaning=True)


def test_one_line_counts_points_and_names_the_heaviest_first() -> None:
    after = replace(
        with_stats(status=Status.COOLING, virality=4.6),
        breakdown=(*FERRY.breakdown, "Divers found the pump.", "A second ship is on its way."),
        keywords=("sea",),
    )
    delta = compare(FERRY, after)
    assert words.said_short(delta) == (
        "2 points added, now cooling, virality 4.5 → 4.6, keywords changed"
    )
    assert words.said_besides(delta) == (
        "1 point added, now cooling, virality 4.5 → 4.6, keywords changed"
    )


def test_that_a_story_spreads_fast_is_said_in_words_and_after_a_new_point() -> None:
    after = replace(
        with_stats(virality=9.5), breakdown=(*FERRY.breakdown, "A second ship is on its way.")
    )
    assert words.said_short(compare(FERRY, after)) == (
        "1 point added, spreading fast, virality 4.5 → 9.5"
    )


def test_one_line_stays_short() -> None:
    after = replace(
        with_stats(status=Status.COOLING, virality=4.6, articles=15),
        headline="Other",
        keywords=("sea",),
        entities=(),
        rank=7,
    )
    assert words.said_short(compare(FERRY, after)) == (
        "now cooling, headline: “Other”, virality 4.5 → 4.6, and 4 more"
    )


def test_a_new_time_alone_is_not_worth_a_word() -> None:
    assert FERRY.updated_at
    after = replace(FERRY, updated_at=FERRY.updated_at + timedelta(hours=1))
    assert words.said_short(compare(FERRY, after)) == ""


def test_leaning_is_only_said_where_it_is_shown() -> None:
    delta = compare(FERRY, with_stats(leaning=Leaning.RIGHT))
    assert words.said_short(delta) == ""
    assert words.said_short(delta, show_leaning=True) == "leaning slightly left → right"


def test_every_kind_of_change_has_words() -> None:
    for kind in Kind:
        known = {Kind.LEANING: "left", Kind.STATUS: "active", Kind.ENDED: "ended"}
        value = known.get(kind, "7")
        for before, after in ((value, value), (None, value), (value, None), (None, None)):
            assert words.said(Change(kind, Weight.MINOR, before, after))


@settings(deadline=None, max_examples=60)
@given(stories(), stories())
def test_any_change_is_said_on_one_line_of_bearable_length(before: Story, after: Story) -> None:
    delta: Delta = compare(before, replace(after, id=before.id))
    for said in (words.said_short(delta, show_leaning=True), *map(words.said, delta.changes)):
        assert "\n" not in said
        assert len(said) < 2500
