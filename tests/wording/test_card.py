"""A card says what is known about a story, and nothing else."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings

from stories.delta import Delta, compare
from stories.story import (
    Conflict,
    Correction,
    Report,
    Source,
    Spread,
    Status,
    Story,
    StoryId,
)
from tests.stories_made import (
    AT,
    BARE,
    EXTREMES,
    FERRY,
    MERGED,
    WITHDRAWN,
    edition,
    stories,
)
from wording import words
from wording.card import Related, card, reply
from wording.message import Bullets, Button, Buttons, Facts, Link, Message, Note, Ref, Text, Tone

CHANGED = compare(replace(FERRY, stats=replace(FERRY.stats, status=Status.EMERGING)), FERRY)


def card_of(story: Story, delta: Delta = CHANGED, *, show_leaning: bool = False) -> Message:
    return card(edition(story), delta, show_leaning=show_leaning)


def test_a_card_says_everything_in_order() -> None:
    assert card_of(FERRY) == Message(
        "Night Ferry Returns",
        (
            Text("All 212 people aboard the Halden are safe"),
            Facts(("Halden Line", "Port of Veldoria")),
            Facts(("● Active", "21 hours", "virality 4.5", "14 articles", "#41")),
            Bullets(FERRY.breakdown),
            Note("Keywords: ferry, inquiry"),
            Note("Changed: now active"),
            Note("Updated", AT),
            Link("Story page", "https://news.example/night-ferry"),
        ),
        (
            Buttons(
                (
                    Button("Questions (2)", Ref("faq", ("night-ferry",))),
                    Button("Sources (1)", Ref("story", ("night-ferry", "sources"))),
                    Button("What changed", Ref("story", ("night-ferry", "changes"))),
                )
            ),
        ),
        tone=Tone.ACTIVE,
        image_url="https://news.example/ferry.jpg",
        living=FERRY.id,
        more="… more in /story",
    )


def test_what_is_absent_from_the_story_is_absent_from_its_card() -> None:
    assert card_of(BARE, Delta(())) == Message(
        "Bare",
        (Bullets(("Only this is known.",)),),
        (Buttons((Button("Open", Ref("story", (BARE.id,))),)),),  # every card has a button
        living=BARE.id,
        more="… more in /story",
    )


def test_leaning_is_shown_only_where_a_chat_wants_it() -> None:
    assert "leaning" not in str(card_of(FERRY).blocks)
    assert "leaning slightly left" in str(card_of(FERRY, show_leaning=True).blocks)


def test_a_changed_leaning_is_not_given_away_where_none_is_shown() -> None:
    delta = compare(replace(FERRY, stats=replace(FERRY.stats, leaning=None)), FERRY)
    assert "leaning" not in str(card_of(FERRY, delta).blocks)
    assert "leaning" in str(card_of(FERRY, delta, show_leaning=True).blocks)


def test_a_first_card_says_that_the_story_is_new() -> None:
    assert Note("New story") in card_of(FERRY, compare(None, FERRY)).blocks


@pytest.mark.parametrize("status", Status)
def test_the_tone_is_the_status(status: Status) -> None:
    story = replace(FERRY, stats=replace(FERRY.stats, status=status))
    assert card_of(story).tone == status.value


def test_a_withdrawn_story_is_struck_and_says_why() -> None:
    message = card_of(WITHDRAWN)
    assert message.struck
    assert message.tone is Tone.WITHDRAWN
    assert message.blocks[0] == Note("Withdrawn: The ship in the pictures was another one")


def test_a_merged_story_leads_to_the_other_one() -> None:
    message = card_of(MERGED)
    assert message.tone is Tone.ENDED
    assert Note("Merged into “port-closure”") in message.blocks
    assert "Ref(command='story', arguments=('port-closure',))" in str(message.rows)


def test_many_names_are_counted_instead_of_listed() -> None:
    story = replace(FERRY, entities=tuple(f"Name {number}" for number in range(50)))
    [names] = [block for block in card_of(story).blocks if "Name 1" in str(block)]
    assert isinstance(names, Facts)
    assert names.items[-2:] == ("Name 11", "38 more")


def test_a_reply_names_its_reason_and_then_the_rest() -> None:
    after = replace(
        FERRY,
        stats=replace(FERRY.stats, status=Status.ENDED, virality=3.0),
        breakdown=(*FERRY.breakdown, "The inquiry is closed."),
    )
    assert reply(edition(after), compare(FERRY, after)) == Message(
        "Night Ferry Returns",
        (
            Text("Ended"),
            Text("The inquiry is closed."),
            Note("Also: virality 4.5 → 3"),
        ),
        tone=Tone.ENDED,
    )


SPREADS = replace(FERRY.stats, virality=8.0)


@pytest.mark.parametrize(
    ("after", "said"),
    [
        (replace(FERRY, stats=replace(FERRY.stats, status=Status.ENDED)), ["Ended"]),
        (replace(FERRY, stats=replace(FERRY.stats, status=Status.COOLING)), ["Now cooling"]),
        (replace(FERRY, stats=SPREADS), ["Spreading fast"]),
        (
            replace(FERRY, stats=SPREADS, headline="All are home", breakdown=FERRY.breakdown[:2]),
            ["Removed: “Refunds are offered to everyone who held a ticket.”"],
        ),
        (
            replace(
                FERRY, stats=replace(FERRY.stats, status=Status.ENDED), headline="All are home"
            ),
            ["Ended", "All are home"],
        ),
        (
            replace(FERRY, breakdown=("Dawn broke.", "Fish is dear.", "Bells rang at noon.")),
            ["Most of the breakdown was rewritten", "Dawn broke."],
        ),
    ],
)
def test_a_reply_says_something_new_or_else_the_state(after: Story, said: list[str]) -> None:
    blocks = reply(edition(after), compare(FERRY, after)).blocks
    assert [block.body for block in blocks if isinstance(block, Text)] == said


WRONG = Correction("212 people were aboard, not 221.", AT)


def test_a_correction_stands_on_the_card_and_in_the_reply_whatever_else_changed() -> None:
    assert Note(f"Correction: {WRONG.text}", AT) in card_of(replace(FERRY, correction=WRONG)).blocks
    corrected = replace(FERRY, correction=WRONG, breakdown=(*FERRY.breakdown, "All are home."))
    delta = compare(FERRY, corrected)
    assert reply(edition(corrected), delta).blocks == (
        Text(f"Correction: {WRONG.text}"),
        Note("Also: 1 point added"),
    )
    assert Note("Changed: a correction, 1 point added") in card_of(corrected, delta).blocks
    over = replace(corrected, retracted="It was another ship")
    assert reply(edition(over), compare(FERRY, over)).blocks == (
        Text("Withdrawn: It was another ship"),
        Text(f"Correction: {WRONG.text}"),
        Note("Also: 1 point added"),
    )
    long = replace(FERRY, correction=replace(WRONG, text="w " * 250))
    assert reply(edition(long), compare(FERRY, long)).blocks == (
        Text(f"Correction: {'w ' * 249}w"),
    )


COPIES = replace(
    FERRY,
    stats=replace(FERRY.stats, articles=34, independent=6, spread=Spread(2, 5, 1, 3)),
    follows=StoryId("ferry-stops"),
    sources=(*FERRY.sources, Source("Two hundred", outlet="Island Radio")),
    conflicts=(
        Conflict(
            "people aboard",
            (Report("212 people were aboard.", 0, AT), Report("221 were aboard.", 1)),
        ),
    ),
)


def test_a_card_shows_how_many_articles_are_independent() -> None:
    facts = [block.items for block in card_of(COPIES).blocks if isinstance(block, Facts)]
    assert "34 articles, 6 independent" in facts[1]
    alone = replace(COPIES, stats=replace(COPIES.stats, independent=1))
    facts = [block.items for block in card_of(alone).blocks if isinstance(block, Facts)]
    assert facts[1][3:5] == ("34 articles", "one source so far")


def test_the_spread_of_leanings_is_shown_where_leanings_are() -> None:
    said = "◀◀●●●●●▶○○○ outlets: left 2, center 5, right 1 and unrated 3"
    assert said in str(card_of(COPIES, show_leaning=True))
    assert "outlets:" not in str(card_of(COPIES))
    assert words.spread(Spread(right=1)) == "▶ outlets: right 1"
    many = words.spread(Spread(1000, 1, 1000))
    assert many.startswith("◀◀◀◀◀◀◀◀●▶▶▶▶▶▶▶▶ outlets: left 1,000, center 1")


def test_a_card_leads_to_the_story_that_it_continues() -> None:
    assert Note("Continues “ferry-stops”") in card_of(COPIES).blocks
    kin = Related(earlier="Ferry Stops")
    message = card(edition(COPIES), CHANGED, kin=kin)
    assert Note("Continues “Ferry Stops”") in message.blocks
    assert Button("What came before", Ref("story", ("ferry-stops",))) in message.rows[0].items  # type: ignore[union-attr]


def test_reports_that_differ_stand_on_the_card_and_in_the_reply_with_outlet_and_time() -> None:
    reports = Bullets(
        (
            "“212 people were aboard.” – Veld Post, 25 Jun 2026, 06:00 UTC",
            "“221 were aboard.” – Island Radio",
        )
    )
    blocks = card_of(COPIES).blocks
    at = blocks.index(reports)
    assert blocks[at - 1] == Text("Reports differ on “people aboard”:")
    before = replace(COPIES, conflicts=())
    assert reply(edition(COPIES), compare(before, COPIES)).blocks == (
        Text("Reports differ on “people aboard”"),
        reports,
    )


def test_a_point_has_the_numbers_and_addresses_of_its_sources() -> None:
    cited = replace(COPIES, cited=((0, 1), (), (1,)))
    url = FERRY.sources[0].url or ""
    assert Bullets(FERRY.breakdown, (((1, url),), (), ())) in card_of(cited).blocks
    assert Bullets(FERRY.breakdown) in card_of(COPIES).blocks


def test_only_what_the_publisher_marks_is_called_a_correction() -> None:
    after = replace(
        FERRY,
        breakdown=(
            FERRY.breakdown[0].replace("04:10", "05:40"),
            FERRY.breakdown[1].replace("fuel", "water"),
        ),
        questions=(replace(FERRY.questions[0], answer="Nobody knows."),),
        sources=(replace(FERRY.sources[0], title="In port"),),
    )
    delta = compare(FERRY, after)
    said = [words.said(change) for change in delta.changes]
    told = [words.in_full(change, after) for change in delta.changes]
    assert "orrect" not in str([*said, *told, reply(edition(after), delta), card_of(after, delta)])


def test_a_reply_with_one_reason_says_just_that() -> None:
    after = replace(
        FERRY,
        breakdown=(*FERRY.breakdown, "The inquiry is closed."),
        updated_at=AT + timedelta(hours=1),
    )
    message = reply(edition(after), compare(FERRY, after))
    assert message.blocks == (Text("New: “The inquiry is closed.”"),)
    assert not message.rows, "the card it replies to has the buttons"


@pytest.mark.parametrize("story", EXTREMES.values(), ids=EXTREMES.keys())
def test_extreme_stories_have_cards_and_replies(story: Story) -> None:
    delta = compare(replace(FERRY, id=story.id), story)
    assert card_of(story, delta).title
    assert reply(edition(story), delta).blocks


@settings(deadline=None, max_examples=60)
@given(stories(), stories())
def test_any_story_has_a_card_and_a_reply(before: Story, story: Story) -> None:
    delta = compare(replace(before, id=story.id), story)
    message = card_of(story, delta)
    assert message.title
    assert message == card_of(story, delta)
    assert message.struck == (story.retracted is not None)
    assert bool(reply(edition(story), delta).blocks) == bool(delta)
