"""What is due: the step from what a card shows to what it should show."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.delivery.decide import (
    Edit,
    Nothing,
    Post,
    Recover,
    Reply,
    Spacing,
    Step,
    Wait,
    decide,
)
from bot.ports import Row, State
from stories.delta import Weight

NOW = datetime(2026, 6, 25, 6, tzinfo=UTC)
SHOWN = Row(
    State.SHOWN,
    NOW - timedelta(minutes=5),
    3,
    place="77",
    looks="old",
    posted_at=NOW - timedelta(minutes=30),
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
def test_the_next_step_follows_from_the_ledger(row: Row | None, wanted: bool, step: Step) -> None:
    assert step == decide(
        row,
        revision=4,
        looks="new",
        weight=Weight.NOTABLE,
        wanted=wanted,
        now=NOW,
        spacing=Spacing(),
    )


@pytest.mark.parametrize("weight", [None, Weight.MINOR])
def test_a_deleted_card_stays_away_for_small_changes(weight: Weight | None) -> None:
    gone = replace(SHOWN, state=State.GONE, place=None)
    step = decide(
        gone, revision=4, looks="new", weight=weight, wanted=True, now=NOW, spacing=Spacing()
    )
    assert step == Nothing()
