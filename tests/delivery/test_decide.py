"""What is due: the step from what a card shows to what it should show."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.delivery.decide import (
    Edit,
    Forgo,
    Nothing,
    Post,
    Publish,
    PutPin,
    Recover,
    Reply,
    Spacing,
    Step,
    TakePin,
    Tell,
    Wait,
    Wish,
    decide,
)
from bot.model.ledger import CardRecord, Pin, State
from stories.delta import Weight
from stories.story import StoryId
from wording.reasons import Code, Reason

NOW = datetime(2026, 6, 25, 6, tzinfo=UTC)
SHOWN = CardRecord(
    State.SHOWN,
    NOW - timedelta(minutes=5),
    3,
    place="77",
    looks="old",
    posted_at=NOW - timedelta(minutes=30),
)

CLAIMED = replace(SHOWN, state=State.UNKNOWN, place=None, claimed_at=NOW)


def due(
    row: CardRecord | None,
    wish: Wish,
    *,
    looks: str = "new",
    weight: Weight | None = Weight.NOTABLE,
) -> Step:
    """The next step, where the newest edition is the fourth."""
    return decide(
        row,
        revision=4,
        looks=looks,
        weight=weight,
        wish=wish,
        now=NOW,
        spacing=Spacing(),
    )


@pytest.mark.parametrize(
    ("row", "wanted", "step"),
    [
        (None, True, Post(1)),
        (None, False, Nothing()),
        (SHOWN, True, Edit("77")),
        (SHOWN, False, Edit("77")),  # a card once made is kept up to date
        (replace(SHOWN, looks="new"), True, Nothing()),
        (replace(SHOWN, looks="new", owes=2), True, Reply("77", since=2)),
        (replace(SHOWN, at=NOW - timedelta(seconds=59)), True, Wait(NOW + timedelta(seconds=1))),
        (
            replace(SHOWN, posted_at=NOW - timedelta(hours=2)),
            True,
            Wait(NOW + timedelta(minutes=5)),
        ),
        (replace(SHOWN, state=State.SENDING), True, Edit("77")),
        (replace(SHOWN, state=State.SENDING, place=None), True, Recover()),
        (replace(SHOWN, state=State.FAILED), True, Edit("77")),
        (replace(SHOWN, state=State.FAILED, place=None), True, Post(1)),
        (replace(SHOWN, state=State.FAILED, place=None), False, Nothing()),
        (replace(SHOWN, state=State.UNKNOWN, place=None), True, Post(2)),
        (replace(SHOWN, state=State.UNKNOWN, place=None), False, Nothing()),
        (replace(SHOWN, state=State.UNKNOWN, place=None, revision=4), True, Nothing()),
        (replace(SHOWN, state=State.GONE, place=None), True, Post(2)),
        (replace(SHOWN, state=State.GONE, place=None, revision=4), True, Nothing()),
    ],
    ids=[
        "new and wanted is posted",
        "new and unwanted is left",
        "changed is edited",
        "changed is edited though no longer wanted",
        "the same looks are left alone",
        "a reply that is owed is said",
        "too soon waits",
        "an old card waits longer",
        "an edit under way is made again",
        "a post under way is recovered",
        "a failed edit is made again",
        "a failed post is made again",
        "a failed post is dropped when unwanted",
        "an unknown post is made afresh by a newer revision",
        "an unknown post is dropped when unwanted",
        "an unknown post is not repeated for the same revision",
        "a deleted card comes back with a notable update",
        "a deleted card stays away for the same revision",
    ],
)
def test_the_next_step_follows_from_the_ledger(
    row: CardRecord | None, wanted: bool, step: Step
) -> None:
    assert due(row, Wish(shown=wanted, told=True)) == step


@pytest.mark.parametrize("weight", [None, Weight.MINOR])
def test_a_deleted_card_stays_away_for_small_changes(weight: Weight | None) -> None:
    gone = replace(SHOWN, state=State.GONE, place=None)
    step = due(gone, Wish(shown=True, told=True), weight=weight)
    assert step == Nothing()


# What a chat does not want to hear now, or at all.

MORNING = NOW + timedelta(hours=3)
NIGHT = Wish(shown=True, told=True, quiet_until=MORNING)
MUTED = Wish(shown=False, told=False)
OWING = replace(SHOWN, owes=2)


@pytest.mark.parametrize(
    ("row", "wish", "looks", "step"),
    [
        (None, NIGHT, "new", Wait(MORNING)),
        (replace(SHOWN, state=State.FAILED, place=None), NIGHT, "new", Wait(MORNING)),
        (replace(SHOWN, state=State.UNKNOWN, place=None), NIGHT, "new", Wait(MORNING)),
        (replace(SHOWN, state=State.GONE, place=None), NIGHT, "new", Wait(MORNING)),
        (replace(SHOWN, state=State.SENDING, place=None), NIGHT, "new", Recover()),
        (SHOWN, NIGHT, "new", Edit("77")),
        (SHOWN, MUTED, "new", Edit("77")),
        (OWING, NIGHT, "old", Wait(MORNING)),
        (OWING, NIGHT, "new", Edit("77")),
        (replace(OWING, at=NOW), NIGHT, "new", Wait(NOW + timedelta(minutes=1))),
        (OWING, MUTED, "new", Forgo()),
        (None, replace(NIGHT, shown=False), "new", Nothing()),
    ],
    ids=[
        "a new card waits for the morning",
        "a card that failed is made again in the morning",
        "an unproven card is made afresh in the morning",
        "a deleted card comes back in the morning",
        "what was under way is looked for at night",
        "a card is edited at night",
        "a muted card is edited",
        "a reply waits for the morning",
        "a card is edited although its reply waits",
        "of an edit and a reply that wait the sooner counts",
        "a reply about what was muted is not said",
        "what is not wanted waits for nothing",
    ],
)
def test_what_may_not_be_heard_waits_or_is_dropped(
    row: CardRecord | None, wish: Wish, looks: str, step: Step
) -> None:
    assert due(row, wish, looks=looks) == step


@pytest.mark.parametrize("weight", [None, Weight.MINOR])
def test_a_reply_that_has_nothing_to_tell_by_morning_is_not_said(weight: Weight | None) -> None:
    wish = Wish(shown=True, told=True)
    assert due(OWING, wish, looks="old", weight=weight) == Forgo()


TELLING = replace(SHOWN, tells=StoryId("part"))


@pytest.mark.parametrize(
    ("row", "wish", "looks", "step"),
    [
        (TELLING, Wish(shown=True, told=True), "new", Tell("77", StoryId("part"))),
        (TELLING, MUTED, "new", Tell("77", StoryId("part"))),
        (replace(TELLING, owes=2), Wish(shown=True, told=True), "old", Reply("77", since=2)),
        (TELLING, NIGHT, "old", Wait(MORNING)),
        (TELLING, NIGHT, "new", Edit("77")),
        (replace(OWING, looks=None), Wish(shown=True, told=True), "new", Edit("77")),
    ],
    ids=[
        "that another story is a part of this one is told",
        "it is told whoever wants the story",
        "what was owed before is told first",
        "it is told in the morning",
        "a card is edited although that waits",
        "a message that changed hands shows its new story before a reply",
    ],
)
def test_what_became_of_a_story_is_told_beside_the_card_that_goes_on(
    row: CardRecord, wish: Wish, looks: str, step: Step
) -> None:
    assert due(row, wish, looks=looks) == step


LIVE = Wish(shown=True, told=True)
OVER = Wish(shown=False, told=True, pinned=False)
PINS_REST = replace(LIVE, pin_from=MORNING)
WANTED = replace(SHOWN, pin=Pin.WANTED)


@pytest.mark.parametrize(
    ("row", "wish", "looks", "step"),
    [
        (WANTED, LIVE, "new", PutPin("77")),
        (replace(SHOWN, pin=Pin.STANDS), LIVE, "old", Nothing()),
        (replace(SHOWN, pin=Pin.STANDS), OVER, "new", TakePin("77")),
        (replace(SHOWN, pin=Pin.GOING), LIVE, "new", TakePin("77")),
        (SHOWN, OVER, "old", Nothing()),
        (WANTED, PINS_REST, "old", Wait(MORNING)),
        (WANTED, PINS_REST, "new", Edit("77")),
        (replace(WANTED, state=State.SENDING), LIVE, "new", Edit("77")),
        (replace(WANTED, state=State.SENDING, place=None), LIVE, "new", Recover()),
    ],
    ids=[
        "a pin that is wanted is put, before all else",
        "one that stands is left",
        "one of a story that is over is taken",
        "one that is to go is taken",
        "no pin of ours is none to take",
        "where pins were refused they wait",
        "a card is edited although its pin waits",
        "an edit under way is made again before its pin",
        "what does not stand is not pinned",
    ],
)
def test_a_pin_is_put_and_taken_as_the_ledger_says(
    row: CardRecord, wish: Wish, looks: str, step: Step
) -> None:
    assert due(row, wish, looks=looks) == step


def test_edits_of_a_published_card_are_no_closer_than_those_of_any_other() -> None:
    row = replace(SHOWN, posted_at=NOW - timedelta(hours=2), published_at=NOW)
    assert Spacing(old=timedelta(hours=3)).apart(row) == timedelta(hours=3)


PUBLISHES = Wish(shown=True, told=True, publish_from=NOW)


@pytest.mark.parametrize(
    ("row", "wish", "looks", "step"),
    [
        (SHOWN, PUBLISHES, "old", Publish("77")),
        (SHOWN, PUBLISHES, "new", Edit("77")),
        (replace(SHOWN, at=NOW), PUBLISHES, "new", Wait(NOW + timedelta(minutes=1))),
        (replace(SHOWN, published_at=NOW), PUBLISHES, "old", Nothing()),
        (replace(SHOWN, why=Reason(Code.NOT_ANNOUNCEMENTS)), PUBLISHES, "old", Nothing()),
        (SHOWN, replace(PUBLISHES, publish_from=MORNING), "old", Wait(MORNING)),
        (SHOWN, replace(PUBLISHES, quiet_until=MORNING), "old", Wait(MORNING)),
        (
            replace(SHOWN, published_at=NOW - timedelta(minutes=30)),
            PUBLISHES,
            "new",
            Wait(NOW + timedelta(minutes=15)),
        ),
    ],
    ids=[
        "a card that stands is published",
        "what is to be published is brought up to date first",
        "what is to be published settles first",
        "a published one is published",
        "what was refused is not asked again before the next edit",
        "a publish too many waits",
        "nothing is published at night",
        "edits of a published card are far apart",
    ],
)
def test_a_card_is_published_once_it_is_as_it_should_be(
    row: CardRecord, wish: Wish, looks: str, step: Step
) -> None:
    assert due(row, wish, looks=looks) == step


def test_a_card_that_counts_as_standing_waits_for_what_matters_and_hears_of_a_withdrawal() -> None:
    live, over = Wish(shown=True, told=True), Wish(shown=False, told=True, recalled=True)
    unclaimed = replace(CLAIMED, claimed_at=None)
    assert due(CLAIMED, live, weight=Weight.MINOR) == Nothing()
    assert due(CLAIMED, live, weight=Weight.NOTABLE) == Post(2)
    assert due(CLAIMED, over, weight=Weight.MAJOR) == Post(2)
    at_night = replace(over, quiet_until=NOW + timedelta(hours=1))
    assert due(CLAIMED, at_night, weight=Weight.MAJOR) == Wait(NOW + timedelta(hours=1))
    assert due(unclaimed, live, weight=Weight.MINOR) == Post(2)
    assert due(unclaimed, over, weight=Weight.MAJOR) == Nothing()
