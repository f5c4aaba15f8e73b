"""What changed, and how much it matters: one row a rule, on both sides of every threshold."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from rapidfuzz import process

from stories import wire
from stories.delta import COMPARED, RULES, Change, Kind, Weight, compare
from stories.story import (
    Announced,
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
from tests.stories.made import revisions, stories

MINOR, NOTABLE, MAJOR = Weight
SIX = (
    "The night ferry left Aldmar at 22:15 with 212 people on board.",
    "An inspection in November had found cracks in the bow door.",
    "Islanders travel at half price with a resident's card.",
    "Fish dealers expect full stalls on Thursday morning.",
    "The summer timetable begins at the end of May.",
    "A second ship is being looked at in Norvik.",
)
NEW = (
    "Harbour police searched two cabins before departure.",
    "Weather warnings are in force for the western strait.",
    "Ticket sales passed ten thousand within one day.",
    "Engineers praised how quickly spare parts arrived.",
)
FERRY = Story(
    StoryId("ferry"),
    "Night Ferry Returns",
    SIX,
    revision=1,
    headline="It sails again",
    entities=("Sorvik Line",),
    stats=Stats(Status.ACTIVE, 4.5, 14, Leaning.CENTER),
    updated_at=datetime(2026, 6, 25, 6, tzinfo=UTC),
    keywords=("ferry",),
    questions=(Question("Why did it stop?", "The door."),),
    sources=(Source("Back", "Courier", "https://courier.example/back"),),
    url="https://stories.example/ferry",
    rank=41,
)


CORRECTION = Correction("It left at 22:15, not at ten.", datetime(2026, 6, 25, 6, tzinfo=UTC))
CONFLICT = Conflict("people on board", (Report("212 people.", 0), Report("221 people.", 0)))


def told(before: Story, after: Story) -> list[tuple[Kind, Weight, str | None, str | None]]:
    return [(c.kind, c.weight, c.before, c.after) for c in compare(before, after).changes]


def at(virality: float | None = None, articles: int | None = None, **fields: Any) -> Story:
    """The ferry with these stats and no others."""
    return replace(FERRY, stats=Stats(virality=virality, articles=articles, **fields))


def saying(*bullets: str) -> Story:
    return replace(FERRY, breakdown=bullets)


ONE_CHANGE: dict[str, tuple[Story, Story, Kind, Weight, str | None, str | None]] = {
    "withdrawn": (
        FERRY,
        replace(FERRY, retracted="It was a drill"),
        Kind.RETRACTED,
        MAJOR,
        None,
        "It was a drill",
    ),
    "withdrawn for another reason": (
        replace(FERRY, retracted="It was a drill"),
        replace(FERRY, retracted="It was a test"),
        Kind.RETRACTED,
        MINOR,
        "It was a drill",
        "It was a test",
    ),
    "reinstated": (
        replace(FERRY, retracted="It was a drill"),
        FERRY,
        Kind.REINSTATED,
        MAJOR,
        "It was a drill",
        None,
    ),
    "merged": (
        FERRY,
        replace(FERRY, merged_into=StoryId("ferries")),
        Kind.MERGED,
        MAJOR,
        None,
        "ferries",
    ),
    "no longer merged": (
        replace(FERRY, merged_into=StoryId("ferries")),
        FERRY,
        Kind.UNMERGED,
        MAJOR,
        "ferries",
        None,
    ),
    "split": (
        FERRY,
        replace(FERRY, split_from=StoryId("ferries")),
        Kind.SPLIT,
        NOTABLE,
        None,
        "ferries",
    ),
    "ended": (
        at(status=Status.COOLING),
        at(status=Status.ENDED),
        Kind.ENDED,
        MAJOR,
        "cooling",
        "ended",
    ),
    "first heard of as ended": (at(), at(status=Status.ENDED), Kind.ENDED, MAJOR, None, "ended"),
    "going on after all": (
        at(status=Status.ENDED),
        at(status=Status.ACTIVE),
        Kind.STATUS,
        NOTABLE,
        "ended",
        "active",
    ),
    "cooling": (
        at(status=Status.ACTIVE),
        at(status=Status.COOLING),
        Kind.STATUS,
        NOTABLE,
        "active",
        "cooling",
    ),
    "a status at last": (at(), at(status=Status.ACTIVE), Kind.STATUS, MINOR, None, "active"),
    "virality up 2.0 to 6.9": (at(4.9), at(6.9), Kind.VIRALITY, MINOR, "4.9", "6.9"),
    "virality up 1.9 to 7.0": (at(5.1), at(7.0), Kind.VIRALITY, MINOR, "5.1", "7"),
    "virality down 2.0": (at(9.0), at(7.0), Kind.VIRALITY, MINOR, "9", "7"),
    "virality at last": (at(None), at(9.0), Kind.VIRALITY, MINOR, None, "9"),
    "virality gone": (at(9.0), at(None), Kind.VIRALITY, MINOR, "9", None),
    "a hundred times the articles": (
        at(articles=5),
        at(articles=500),
        Kind.ARTICLES,
        MINOR,
        "5",
        "500",
    ),
    "fewer articles": (at(articles=20), at(articles=5), Kind.ARTICLES, MINOR, "20", "5"),
    "articles at last": (at(), at(articles=50), Kind.ARTICLES, MINOR, None, "50"),
    "leaning": (
        at(leaning=Leaning.LEFT),
        at(leaning=Leaning.LEAN_LEFT),
        Kind.LEANING,
        MINOR,
        "left",
        "lean-left",
    ),
    "title": (
        FERRY,
        replace(FERRY, title="Night Boat"),
        Kind.TITLE,
        NOTABLE,
        "Night Ferry Returns",
        "Night Boat",
    ),
    "headline": (
        FERRY,
        replace(FERRY, headline=None),
        Kind.HEADLINE,
        MINOR,
        "It sails again",
        None,
    ),
    "bullet added": (FERRY, saying(*SIX, NEW[0]), Kind.BULLET_ADDED, NOTABLE, None, NEW[0]),
    "bullet removed": (FERRY, saying(*SIX[1:]), Kind.BULLET_REMOVED, NOTABLE, SIX[0], None),
    "the same bullet twice": (
        saying("It sails."),
        saying("It sails.", "It sails."),
        Kind.BULLET_ADDED,
        NOTABLE,
        None,
        "It sails.",
    ),
    "a figure updated": (
        FERRY,
        saying(SIX[0].replace("212", "221"), *SIX[1:]),
        Kind.BULLET_UPDATED,
        NOTABLE,
        SIX[0],
        SIX[0].replace("212", "221"),
    ),
    "a figure updated, and a word": (
        FERRY,
        saying(SIX[0].replace("212 people", "221 passengers"), *SIX[1:]),
        Kind.BULLET_UPDATED,
        MINOR,
        SIX[0],
        SIX[0].replace("212 people", "221 passengers"),
    ),
    "a word corrected": (
        FERRY,
        saying(SIX[0].replace("people", "passengers"), *SIX[1:]),
        Kind.BULLET_REWORDED,
        MINOR,
        SIX[0],
        SIX[0].replace("people", "passengers"),
    ),
    "turned round": (
        saying("Tram drivers will strike from Friday on all eleven lines."),
        saying("From Friday on, tram drivers will strike on all eleven lines."),
        Kind.BULLET_REWORDED,
        MINOR,
        "Tram drivers will strike from Friday on all eleven lines.",
        "From Friday on, tram drivers will strike on all eleven lines.",
    ),
    "updated and moved": (
        FERRY,
        saying(*SIX[1:], SIX[0].replace("212", "221")),
        Kind.BULLET_UPDATED,
        NOTABLE,
        SIX[0],
        SIX[0].replace("212", "221"),
    ),
    "bullets in another order": (FERRY, saying(*SIX[::-1]), Kind.OTHER, MINOR, None, None),
    "entities": (
        FERRY,
        replace(FERRY, entities=("Sorvik Line", "Aldmar")),
        Kind.ENTITIES,
        MINOR,
        "Sorvik Line",
        "Sorvik Line, Aldmar",
    ),
    "keywords": (FERRY, replace(FERRY, keywords=()), Kind.KEYWORDS, MINOR, "ferry", None),
    "question added": (
        FERRY,
        replace(FERRY, questions=(Question("When?", "Now."), *FERRY.questions)),
        Kind.QUESTION_ADDED,
        MINOR,
        None,
        "When?",
    ),
    "question removed": (
        FERRY,
        replace(FERRY, questions=()),
        Kind.QUESTION_REMOVED,
        MINOR,
        "Why did it stop?",
        None,
    ),
    "answer changed": (
        FERRY,
        replace(FERRY, questions=(Question("Why did it stop?", "The hinges."),)),
        Kind.ANSWER_CHANGED,
        MINOR,
        "The door.",
        "The hinges.",
    ),
    "question in other letters": (
        FERRY,
        replace(FERRY, questions=(Question("WHY did it stop?", "The door."),)),
        Kind.OTHER,
        MINOR,
        None,
        None,
    ),
    "source added": (
        FERRY,
        replace(FERRY, sources=(*FERRY.sources, Source("More"))),
        Kind.SOURCE_ADDED,
        MINOR,
        None,
        "More",
    ),
    "source removed": (
        FERRY,
        replace(FERRY, sources=()),
        Kind.SOURCE_REMOVED,
        MINOR,
        "Back",
        None,
    ),
    "source retitled": (
        FERRY,
        replace(FERRY, sources=(replace(FERRY.sources[0], title="Back at last"),)),
        Kind.SOURCE_CHANGED,
        MINOR,
        "Back",
        "Back at last",
    ),
    "a correction": (
        FERRY,
        replace(FERRY, correction=CORRECTION),
        Kind.CORRECTION,
        NOTABLE,
        None,
        CORRECTION.text,
    ),
    "another correction": (
        replace(FERRY, correction=CORRECTION),
        replace(FERRY, correction=replace(CORRECTION, text="It left at ten.")),
        Kind.CORRECTION,
        NOTABLE,
        CORRECTION.text,
        "It left at ten.",
    ),
    "the same correction of another day": (
        replace(FERRY, correction=CORRECTION),
        replace(FERRY, correction=replace(CORRECTION, at=datetime(2026, 6, 26, tzinfo=UTC))),
        Kind.CORRECTION,
        NOTABLE,
        CORRECTION.text,
        CORRECTION.text,
    ),
    "a correction that was told before": (
        replace(FERRY, announced=Announced(corrected=(CORRECTION.key,))),
        replace(FERRY, correction=CORRECTION),
        Kind.CORRECTION,
        MINOR,
        None,
        CORRECTION.text,
    ),
    "a correction removed": (
        replace(FERRY, correction=CORRECTION),
        FERRY,
        Kind.CORRECTION,
        MINOR,
        CORRECTION.text,
        None,
    ),
    "reports differ": (
        FERRY,
        replace(FERRY, conflicts=(CONFLICT,)),
        Kind.CONFLICT_ADDED,
        NOTABLE,
        None,
        "people on board",
    ),
    "reports differ in another way": (
        replace(FERRY, conflicts=(CONFLICT,)),
        replace(FERRY, conflicts=(Conflict("People on  board", CONFLICT.reports[::-1]),)),
        Kind.CONFLICT_CHANGED,
        MINOR,
        "people on board",
        "People on  board",
    ),
    "reports agree": (
        replace(FERRY, conflicts=(CONFLICT,)),
        FERRY,
        Kind.CONFLICT_REMOVED,
        MINOR,
        "people on board",
        None,
    ),
    "independent articles": (
        at(articles=14),
        at(articles=14, independent=6),
        Kind.INDEPENDENT,
        MINOR,
        None,
        "6",
    ),
    "spread": (
        at(spread=Spread(2, 5, 1)),
        at(spread=Spread(2, 5, 1, 3)),
        Kind.SPREAD,
        MINOR,
        "2 5 1 0",
        "2 5 1 3",
    ),
    "a continuation": (
        FERRY,
        replace(FERRY, follows=StoryId("ferry-stops")),
        Kind.FOLLOWS,
        MINOR,
        None,
        "ferry-stops",
    ),
    "a bullet's sources": (
        FERRY,
        replace(FERRY, cited=((0,),)),
        Kind.CITED,
        MINOR,
        None,
        None,
    ),
    "an answer's sources": (
        FERRY,
        replace(FERRY, questions=(replace(FERRY.questions[0], sources=(0,)),)),
        Kind.CITED,
        MINOR,
        None,
        None,
    ),
    "web": (FERRY, replace(FERRY, web=False), Kind.WEB, MINOR, "True", "False"),
    "rank": (FERRY, replace(FERRY, rank=3), Kind.RANK, MINOR, "41", "3"),
    "link": (
        FERRY,
        replace(FERRY, url=None),
        Kind.LINK,
        MINOR,
        "https://stories.example/ferry",
        None,
    ),
    "image": (
        FERRY,
        replace(FERRY, image_url="https://stories.example/a.jpg"),
        Kind.IMAGE,
        MINOR,
        None,
        "https://stories.example/a.jpg",
    ),
    "start": (
        FERRY,
        replace(FERRY, started_at=datetime(2026, 6, 24, 9, tzinfo=UTC)),
        Kind.STARTED,
        MINOR,
        None,
        "2026-06-24T09:00:00+00:00",
    ),
    "update": (
        FERRY,
        replace(FERRY, updated_at=datetime(2026, 6, 25, 7, tzinfo=UTC)),
        Kind.UPDATED,
        MINOR,
        "2026-06-25T06:00:00+00:00",
        "2026-06-25T07:00:00+00:00",
    ),
}


@pytest.mark.parametrize(
    ("before", "after", "kind", "weight", "was", "now"), ONE_CHANGE.values(), ids=ONE_CHANGE
)
def test_one_change_is_told_with_its_weight(
    before: Story, after: Story, kind: Kind, weight: Weight, was: str | None, now: str | None
) -> None:
    assert told(before, after) == [(kind, weight, was, now)]


def test_every_kind_and_every_row_of_the_rule_has_an_example() -> None:
    seen = {(kind, weight) for _, _, kind, weight, _, _ in ONE_CHANGE.values()}
    # In tests of their own, below and in test_announced.py:
    seen |= {(Kind.NEW, NOTABLE), (Kind.REWRITTEN, MAJOR), (Kind.SPREADING, NOTABLE)}
    assert seen == {(kind, rule.weight) for kind, rules in RULES.items() for rule in rules}
    assert set(RULES) == set(Kind)
    assert all(rules[-1].when == "" for rules in RULES.values())


@pytest.mark.parametrize(
    ("before", "after", "rewritten"),
    [
        (SIX, (*SIX[3:], *NEW[:3]), True),  # 3 of 6
        (SIX, (*SIX[2:], *NEW[:2]), False),  # 2 of 6
        (SIX[:4], (*SIX[2:4], *NEW[:2]), False),  # 2 of 4: half, but fewer than 3
        (SIX[:3], NEW[:3], True),  # 3 of 3
        (SIX[:3], NEW[:2], False),  # shortened
        (SIX[:3], (*SIX[:3], *NEW), False),  # lengthened
        ((*SIX, NEW[3]), (*SIX[3:], NEW[3], *NEW[:3]), False),  # 3 of 7
    ],
)
def test_a_breakdown_is_rewritten_when_half_of_it_and_three_bullets_are_replaced(
    before: tuple[str, ...], after: tuple[str, ...], rewritten: bool
) -> None:
    delta = compare(saying(*before), saying(*after))
    major = [change for change in delta.changes if change.weight is MAJOR]
    assert major == ([Change(Kind.REWRITTEN, MAJOR, None, None)] if rewritten else [])
    assert {Kind.BULLET_ADDED, Kind.BULLET_REMOVED} & {change.kind for change in delta.changes}


def test_a_new_story_is_told_as_new_and_as_nothing_else() -> None:
    new = (Change(Kind.NEW, NOTABLE, None, "Night Ferry Returns"),)
    assert compare(None, replace(FERRY, retracted="no")).changes == new
    assert compare(replace(FERRY, id=StoryId("tram")), FERRY).changes == new


def test_the_heaviest_change_is_the_reason_and_of_equals_the_most_telling() -> None:
    bolder = replace(FERRY, title="Night Boat", keywords=(), breakdown=(*SIX, NEW[0]))
    delta = compare(FERRY, bolder)
    assert [change.kind for change in delta.changes] == [
        Kind.BULLET_ADDED,
        Kind.TITLE,
        Kind.KEYWORDS,
    ]
    assert delta.weight is NOTABLE
    assert delta.reason == Change(Kind.BULLET_ADDED, NOTABLE, None, NEW[0])
    over = compare(FERRY, replace(bolder, stats=replace(FERRY.stats, status=Status.ENDED)))
    assert over.weight is MAJOR
    assert over.reason == Change(Kind.ENDED, MAJOR, "active", "ended")


def test_nothing_changed_has_no_weight_and_no_reason() -> None:
    delta = compare(FERRY, replace(FERRY, revision=2))
    assert not delta
    assert delta.weight is None
    assert delta.reason is None


def test_the_bullets_most_alike_find_each_other() -> None:
    before = saying("Ten people were hurt in Aldmar.", "Ten people were hurt in Sorvik.")
    after = saying("Two people were hurt in Sorvik.", "Ten people were hurt in Aldmar town.")
    assert [(was, now) for _, _, was, now in told(before, after)] == [
        ("Ten people were hurt in Sorvik.", "Two people were hurt in Sorvik."),
        ("Ten people were hurt in Aldmar.", "Ten people were hurt in Aldmar town."),
    ]


@pytest.mark.parametrize(
    ("before", "after", "alike"),
    [
        ("The bow door was repaired.", "According to the owner, the bow door was repaired.", True),
        ("Police are looking for two suspects.", "Police have arrested two suspects.", True),
        ("No one was hurt.", "Two people were hurt.", False),
        ("It sailed at ten.", "It sailed at ten, and the whole town came to see it off.", False),
        ("🎉", "🔥", False),
    ],
)
def test_a_bullet_is_reworded_while_most_of_it_stays(before: str, after: str, alike: bool) -> None:
    kinds = {kind for kind, *_ in told(saying(before), saying(after))}
    assert kinds == ({Kind.BULLET_REWORDED} if alike else {Kind.BULLET_ADDED, Kind.BULLET_REMOVED})


@pytest.mark.parametrize(
    ("before", "after", "weight"),
    [
        ("5 dead.", "12 dead.", NOTABLE),
        ("It sailed at 22:15.", "It sailed at 22:45.", NOTABLE),
        ("Some 1,000 came.", "Some 1,200 came.", NOTABLE),
        ("About 28.8m queries.", "About 29.1m queries.", NOTABLE),
        ("It was −5 degrees.", "It was 5 degrees.", NOTABLE),
        ("Of the 212 on board 3 were hurt.", "Of the 221 on board 4 were hurt!", NOTABLE),
        ("Of the 212 on board 3 were hurt.", "Of 212 aboard 4 were hurt.", MINOR),
        ("Some 1,000 came.", "Some 1000 came.", None),
        ("Some 1 000 came.", "some 1000 came!", None),
        ("Two suspects are sought.", "Two suspects are wanted.", None),
    ],
)
def test_a_figure_that_changed_is_an_update_and_notable_where_nothing_else_did(
    before: str, after: str, weight: Weight | None
) -> None:
    [change] = compare(saying(before), saying(after)).changes
    expected = (Kind.BULLET_REWORDED, MINOR) if weight is None else (Kind.BULLET_UPDATED, weight)
    assert (change.kind, change.weight) == expected


FIGURES = (
    at(1.0, 2, status=Status.ACTIVE, leaning=Leaning.LEFT),
    at(6.9, 2_000, status=Status.ACTIVE, leaning=Leaning.RIGHT),
)


def test_figures_alone_are_minor() -> None:
    before, after = FIGURES
    for one, other in ((before, after), (after, before)):
        delta = compare(replace(one, rank=1), replace(other, rank=100))
        kinds = {change.kind for change in delta.changes}
        assert kinds == {Kind.VIRALITY, Kind.ARTICLES, Kind.LEANING, Kind.RANK}
        assert delta.weight is MINOR


def test_sources_in_another_order_are_no_other_sources_of_a_bullet() -> None:
    more = Source("More", "Courier")
    before = replace(FERRY, sources=(*FERRY.sources, more), cited=((0,),), conflicts=(CONFLICT,))
    reports = tuple(replace(each, source=1) for each in CONFLICT.reports)
    after = replace(
        before,
        sources=before.sources[::-1],
        cited=((1,),),
        conflicts=(replace(CONFLICT, reports=reports),),
    )
    assert [change.kind for change in compare(before, after).changes] == [Kind.OTHER]
    new = replace(before, breakdown=(*SIX, NEW[0]), cited=((0,), *((),) * 5, (1,)))
    assert [change.kind for change in compare(before, new).changes] == [Kind.BULLET_ADDED]


@settings(deadline=None)
@given(stories())
def test_a_story_does_not_differ_from_itself(story: Story) -> None:
    assert not compare(story, story)
    assert not compare(story, wire.read(wire.write(story)).story)


@settings(deadline=None)
@given(revisions())
def test_any_two_revisions_can_be_compared(pair: tuple[Story, Story]) -> None:
    before, after = pair
    delta = compare(before, after)
    assert bool(delta) == (replace(before, revision=None) != replace(after, revision=None))
    if delta:
        assert delta.weight == max(change.weight for change in delta.changes)
        assert delta.reason in delta.changes
        assert delta.reason.weight is delta.weight
        kinds = [list(Kind).index(change.kind) for change in delta.changes]
        assert kinds == sorted(kinds)


@settings(deadline=None)
@given(revisions())
def test_there_is_a_change_exactly_when_the_content_hash_differs(pair: tuple[Story, Story]) -> None:
    before, after = pair
    try:
        hashes = wire.content_hash(before), wire.content_hash(after)
    except wire.WireError:
        assume(condition=False)
    assert bool(compare(before, after)) == (hashes[0] != hashes[1])


@settings(deadline=None)
@given(st.data())
def test_the_order_of_bullets_does_not_change_what_is_told(data: st.DataObject) -> None:
    words = st.lists(st.sampled_from(["ferry", "door", "night", "Aldmar", "12"]), min_size=1)
    bullets = st.lists(words.map(" ".join), min_size=1, max_size=6)
    before, after = data.draw(bullets), data.draw(bullets)
    shuffled = data.draw(st.permutations(before)), data.draw(st.permutations(after))
    straight = told(saying(*before), saying(*after))
    mixed = told(saying(*shuffled[0]), saying(*shuffled[1]))
    assert _about_bullets(straight) == _about_bullets(mixed)


def _about_bullets(changes: list[tuple[Kind, Weight, str | None, str | None]]) -> list[str]:
    return sorted(str(change) for change in changes if change[0] is not Kind.OTHER)


def test_only_the_beginnings_of_many_long_bullets_are_compared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared = []
    extract = process.extract

    def counting(one: str, others: dict[int, str], **named: Any) -> Any:
        compared.append(len(one) * sum(map(len, others.values())))
        return extract(one, others, **named)

    monkeypatch.setattr(process, "extract", counting)
    texts = [" ".join(f"{letter}{number}" * 3 for letter in "abcdefghij") for number in range(50)]
    before = tuple(" ".join([text] * 20)[:2000] for text in texts)
    after = tuple(f"{text[:1900]} now" for text in before)
    delta = compare(replace(FERRY, breakdown=before), replace(FERRY, breakdown=after))
    kinds = {change.kind for change in delta.changes}
    assert kinds <= {Kind.BULLET_UPDATED, Kind.BULLET_REWORDED}
    assert 0 < sum(compared) <= 2 * COMPARED
