"""The plan: from what a card shows to what it should show, and why not yet."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.delivery.plan import Desired, Facts, Observed, parts, plan
from bot.delivery.policy import Policy, Spacing
from bot.model.ledger import CardRecord, Pin, State
from bot.model.rule import Loudness
from bot.model.step import (
    Acknowledge,
    DropReply,
    Edit,
    Hold,
    MarkLost,
    Merge,
    Post,
    Publish,
    PutPin,
    Recover,
    RemovePin,
    Reply,
    Step,
    TellMerger,
    Unfollow,
)
from stories.delta import Change, Delta, Kind, Weight
from stories.story import StoryId
from wording import reasons
from wording.holds import HoldCode as Code
from wording.holds import Part
from wording.reasons import Reason

NOW = datetime(2026, 6, 25, 6, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
SHOWN = CardRecord(
    State.SHOWN,
    NOW - 5 * MINUTE,
    3,
    message_id="77",
    fingerprint="old",
    posted_at=NOW - 30 * MINUTE,
)
CLAIMED = replace(SHOWN, state=State.UNKNOWN, message_id=None, claimed_at=NOW)
FACTS = Facts(Policy())
Until = tuple[str, datetime | None]
"""Why nothing is done, and until when."""


def changed(weight: Weight | None, kind: Kind = Kind.BULLET_ADDED) -> Delta:
    return Delta((Change(kind, weight, None, "It sailed."),) if weight else ())


NOTABLE, MAJOR, MINOR = map(changed, (Weight.NOTABLE, Weight.MAJOR, Weight.MINOR))
WISH = Desired(4, "new", NOTABLE, NOW, live=True, unwanted=None, follows=True)
UNWANTED = replace(WISH, unwanted=Code.NOT_FOLLOWED)


def due(
    record: CardRecord | None, desired: Desired = WISH, facts: Facts = FACTS, **observed: Any
) -> Step | Until:
    """The next step; of a hold its reason and its end."""
    step = plan(Observed(record, **observed), desired, facts, NOW)
    return (step.reason.code, step.until) if isinstance(step, Hold) else step


FAR = NOW + 3 * HOUR
DONE = (Code.UP_TO_DATE, None)
LATEST = replace(SHOWN, fingerprint="new", revision=4)
OWING = replace(SHOWN, reply_since=2)
NEW = replace(WISH, fingerprint="new")
SAME = replace(WISH, fingerprint="old")
"""The card already looks as it should."""


@pytest.mark.parametrize(
    ("record", "desired", "step"),
    [
        (None, WISH, Post(1)),
        (None, UNWANTED, (Code.NOT_FOLLOWED, None)),
        (SHOWN, WISH, Edit("77", 3)),
        (SHOWN, UNWANTED, Edit("77", 3)),
        (LATEST, WISH, DONE),
        (replace(SHOWN, fingerprint="new"), WISH, Acknowledge(4)),
        (replace(LATEST, reply_since=2), WISH, Reply("77", 2)),
        (
            replace(SHOWN, at=NOW - timedelta(seconds=59)),
            WISH,
            (Code.SPACING, NOW + MINUTE / 60),
        ),
        (replace(SHOWN, posted_at=NOW - 2 * HOUR), WISH, (Code.SPACING, NOW + 5 * MINUTE)),
        (replace(SHOWN, state=State.SENDING), WISH, Edit("77", 3)),
        (replace(SHOWN, state=State.SENDING, message_id=None), WISH, Recover()),
        (replace(SHOWN, state=State.FAILED), WISH, Edit("77", 3)),
        (replace(SHOWN, state=State.FAILED, message_id=None), WISH, Post(1)),
        (replace(SHOWN, state=State.FAILED, message_id=None), UNWANTED, (Code.NOT_FOLLOWED, None)),
        (replace(SHOWN, state=State.UNKNOWN, message_id=None), WISH, Post(2)),
        (replace(SHOWN, state=State.UNKNOWN, message_id=None), UNWANTED, (Code.NOT_FOLLOWED, None)),
        (replace(LATEST, state=State.UNKNOWN, message_id=None), WISH, (Code.UNPROVEN, None)),
        (replace(SHOWN, state=State.GONE, message_id=None), WISH, Post(2)),
        (replace(LATEST, state=State.GONE, message_id=None), WISH, (Code.DELETED, None)),
        (LATEST, replace(UNWANTED, unfollow=True), Unfollow()),
        (None, replace(UNWANTED, unfollow=True), Unfollow()),
    ],
    ids=[
        "new and wanted is posted",
        "new and unwanted is left",
        "changed is edited",
        "changed is edited though no longer wanted",
        "the same looks are left alone",
        "a revision that changes nothing to be seen is noted",
        "a reply that is due is sent",
        "too soon waits",
        "an old card waits longer",
        "an edit under way is made again",
        "a post under way is recovered",
        "a failed edit is made again",
        "a failed post is made again",
        "a failed post is dropped when unwanted",
        "an unproven post is made again by a newer revision",
        "an unproven post is dropped when unwanted",
        "an unproven post is not repeated for the same revision",
        "a deleted card comes back with a notable update",
        "a deleted card stays away for the same revision",
        "following a story that is over ends last",
        "it ends where there is no card, too",
    ],
)
def test_the_next_step_follows_from_the_record(
    record: CardRecord | None, desired: Desired, step: Step | Until
) -> None:
    assert due(record, desired) == step


@pytest.mark.parametrize("since", [Delta(()), MINOR])
def test_a_deleted_card_stays_away_for_small_changes(since: Delta) -> None:
    gone = replace(SHOWN, state=State.GONE, message_id=None)
    assert due(gone, replace(WISH, since=since)) == (Code.DELETED, None)


# What a chat does not want to hear now, or at all.

NIGHT = replace(WISH, quiet_until=FAR)
MUTED = replace(WISH, unwanted=Code.MUTED, follows=False, muted=True)
AT_NIGHT = (Code.QUIET, FAR)


@pytest.mark.parametrize(
    ("record", "desired", "step"),
    [
        (None, NIGHT, AT_NIGHT),
        (replace(SHOWN, state=State.FAILED, message_id=None), NIGHT, AT_NIGHT),
        (replace(SHOWN, state=State.UNKNOWN, message_id=None), NIGHT, AT_NIGHT),
        (replace(SHOWN, state=State.GONE, message_id=None), NIGHT, AT_NIGHT),
        (replace(SHOWN, state=State.SENDING, message_id=None), NIGHT, Recover()),
        (SHOWN, NIGHT, Edit("77", 3)),
        (SHOWN, MUTED, Edit("77")),
        (replace(LATEST, reply_since=2), NIGHT, AT_NIGHT),
        (OWING, NIGHT, Edit("77", 2)),
        (replace(OWING, at=NOW), NIGHT, (Code.SPACING, NOW + MINUTE)),
        (OWING, replace(MUTED, fingerprint="old"), DropReply()),
        (OWING, MUTED, Edit("77")),
        (OWING, replace(SAME, loudness=Loudness.EDIT), DropReply()),
        (None, replace(NIGHT, unwanted=Code.OVER), (Code.OVER, None)),
    ],
    ids=[
        "a new card waits for the morning",
        "a card that failed is made again in the morning",
        "an unproven card is made again in the morning",
        "a deleted card comes back in the morning",
        "what was under way is looked for at night",
        "a card is edited at night",
        "a muted card is edited",
        "a reply waits for the morning",
        "a card is edited although its reply waits",
        "of an edit and a reply that wait the sooner counts",
        "a reply about what was muted is not sent",
        "an edit drops it, too",
        "a reply is not sent where only edits are wanted by then",
        "what is not wanted waits for nothing",
    ],
)
def test_what_may_not_be_heard_waits_or_is_dropped(
    record: CardRecord | None, desired: Desired, step: Step | Until
) -> None:
    assert due(record, desired) == step


@pytest.mark.parametrize("since", [Delta(()), MINOR])
def test_a_reply_that_has_nothing_to_tell_any_more_is_not_sent(since: Delta) -> None:
    assert due(OWING, replace(SAME, since=since)) == DropReply()


# The limit of one reply an hour delays, and drops nothing.

HELD = replace(LATEST, reply_since=2, replied_at=NOW - 20 * MINUTE)
LIMIT = (Code.REPLY_LIMIT, NOW + 40 * MINUTE)
END, WITHDRAWN = changed(Weight.MAJOR, Kind.ENDED), changed(Weight.MAJOR, Kind.RETRACTED)
LOUD = Reply("77", 2, major=True, silent=False)


def told(ago: timedelta, *kinds: str, last: timedelta = 20 * MINUTE) -> CardRecord:
    """A card with a reply to come, whose last reply was `last` ago; these kinds were told `ago`."""
    return replace(HELD, replied_at=NOW - last, reported_at=dict.fromkeys(kinds, NOW - ago))


LATELY = 20 * MINUTE


@pytest.mark.parametrize(
    ("record", "since", "step"),
    [
        (HELD, NOTABLE, LIMIT),
        (replace(HELD, replied_at=NOW - HOUR), NOTABLE, Reply("77", 2)),
        (HELD, MAJOR, LOUD),
        (told(LATELY, "major"), MAJOR, LIMIT),
        (told(LATELY, "major"), NOTABLE, LIMIT),
        (told(LATELY, "major"), END, LOUD),
        (told(LATELY, "major", "ended"), END, LIMIT),
        (told(LATELY, "major", "ended"), WITHDRAWN, LOUD),
        (told(LATELY, "major", "ended"), Delta((*END.changes, *WITHDRAWN.changes)), LOUD),
        (told(LATELY, "major", "ended"), Delta((*END.changes, *NOTABLE.changes)), LIMIT),
        (told(2 * HOUR, "major", "ended"), END, LOUD),
        (told(2 * HOUR, "major"), MAJOR, LOUD),
        (told(LATELY, "major", last=HOUR), MAJOR, LOUD),
    ],
    ids=[
        "a notable change within the hour waits until it is over",
        "then it is told",
        "a major change after a reply that was not major does not wait",
        "one after a major reply does",
        "and so does a notable one",
        "an end does not wait",
        "a second end does",
        "a withdrawal after an end does not",
        "nor does an end told once more together with a withdrawal",
        "an end told once more with something notable waits",
        "an end told long ago is told at once",
        "a major change told long ago holds no other back",
        "once the last reply is an hour old nothing waits",
    ],
)
def test_what_may_not_wait_goes_at_once_and_at_most_once_an_hour(
    record: CardRecord, since: Delta, step: Step | Until
) -> None:
    assert due(record, replace(WISH, since=since)) == step


def test_quiet_hours_hold_what_the_limit_does_not_and_the_later_end_counts() -> None:
    night = replace(WISH, quiet_until=NOW + 10 * MINUTE)
    assert due(HELD, night) == LIMIT
    assert due(HELD, NIGHT) == AT_NIGHT
    assert due(HELD, replace(NIGHT, since=WITHDRAWN)) == AT_NIGHT


def test_an_edit_keeps_a_reply_due_that_the_limit_holds() -> None:
    held = replace(SHOWN, reply_since=2, replied_at=NOW)
    assert due(held) == Edit("77", 2)
    assert due(replace(SHOWN, replied_at=NOW)) == Edit("77", 3)
    assert due(replace(SHOWN, replied_at=NOW, reported=4)) == Edit("77", None), "they were told"


def test_only_a_major_change_mentions_and_only_where_that_is_wanted() -> None:
    ping = replace(WISH, loudness=Loudness.PING, since=MAJOR)
    assert due(replace(LATEST, reply_since=2), ping) == replace(LOUD, mention=True)
    assert due(replace(LATEST, reply_since=2), replace(ping, since=NOTABLE)) == Reply("77", 2)
    recalled = replace(MUTED, since=WITHDRAWN, recalled=True, loudness=Loudness.PING)
    assert due(replace(LATEST, reply_since=2), recalled) == Reply("77", 2, major=True)


PART = StoryId("part")
TELLING = replace(SHOWN, tells=PART)


@pytest.mark.parametrize(
    ("record", "desired", "step"),
    [
        (TELLING, WISH, TellMerger("77", PART)),
        (TELLING, MUTED, TellMerger("77", PART, silent=True)),
        (replace(TELLING, reply_since=2), SAME, Reply("77", 2)),
        (replace(TELLING, fingerprint="new", revision=4), NIGHT, AT_NIGHT),
        (TELLING, NIGHT, Edit("77", 3)),
        (replace(OWING, fingerprint=None), WISH, Edit("77", 2)),
        (replace(TELLING, replied_at=NOW - HOUR / 2), WISH, TellMerger("77", PART)),
        (
            replace(LATEST, tells=PART, replied_at=NOW, reported_at={"merged": NOW - HOUR / 2}),
            WISH,
            (Code.REPLY_LIMIT, NOW + HOUR),
        ),
    ],
    ids=[
        "that another story is a part of this one is told",
        "it is told whether or not the chat wants the story",
        "what was due before is told first",
        "it is told in the morning",
        "a card is edited although that waits",
        "a message that changed hands shows its new story before a reply",
        "the limit does not hold it",
        "a second one within the hour waits",
    ],
)
def test_what_became_of_a_story_is_told_beside_the_card_that_goes_on(
    record: CardRecord, desired: Desired, step: Step | Until
) -> None:
    assert due(record, desired) == step


# Stories that become one.

MERGING = replace(WISH, merge_into=PART)


@pytest.mark.parametrize(
    ("record", "observed", "step"),
    [
        (SHOWN, {}, Merge(PART)),
        (replace(SHOWN, revision=4), {}, Merge(PART, told=False)),
        (replace(SHOWN, into=PART), {}, Edit("77", 3)),
        (
            SHOWN,
            {"target": replace(SHOWN, state=State.SENDING)},
            (Code.MERGING, NOW + MINUTE / 60),
        ),
        (SHOWN, {"target_lost": True}, Edit("77", 3)),
        (SHOWN, {"target": replace(SHOWN, state=State.UNREADABLE)}, (Code.UNREADABLE, None)),
        (None, {"becoming": True}, (Code.MERGING, NOW + MINUTE / 60)),
    ],
)
def test_cards_of_stories_that_became_one_are_merged_once_it_is_known_what_stands(
    record: CardRecord | None,
    observed: dict[str, Any],
    step: Step | Until,
) -> None:
    found = due(record, MERGING, **observed)
    if step == (Code.UNREADABLE, None):
        assert isinstance(found, tuple)
        assert found[0] == Code.UNREADABLE
    else:
        assert found == step


# What is not certain yet.

POLICY = FACTS.policy


@pytest.mark.parametrize(
    ("record", "facts", "step"),
    [
        (None, {"rollback_at": NOW}, (Code.ROLLBACK, NOW + POLICY.others_settle)),
        (None, {"rollback_at": NOW - HOUR}, Post(1)),
        (
            replace(SHOWN, state=State.SENDING),
            {"unknown_since": NOW},
            (Code.SETTLING, NOW + POLICY.settle),
        ),
        (
            replace(SHOWN, state=State.SENDING, message_id=None),
            {"began_at": NOW},
            (Code.SETTLING, NOW + POLICY.others_settle),
        ),
        (
            replace(SHOWN, state=State.SENDING, message_id=None),
            {"began_at": NOW, "may_repeat": True},
            Recover(),
        ),
        (
            replace(SHOWN, pin=Pin.GOING),
            {"began_at": NOW},
            (Code.SETTLING, NOW + POLICY.settle),
        ),
        (SHOWN, {"paused_until": FAR}, (Code.PLATFORM_PAUSE, FAR)),
        (SHOWN, {"paused_until": NOW}, Edit("77", 3)),
        (SHOWN, {"chat": Hold(Reason(Code.REFUSED), FAR)}, (Code.REFUSED, FAR)),
    ],
)
def test_what_may_still_arrive_is_waited_for(
    record: CardRecord | None, facts: dict[str, Any], step: Any
) -> None:
    assert due(record, facts=replace(FACTS, **facts)) == step


def test_a_card_that_the_storage_forgot_is_recorded_as_unproven() -> None:
    assert due(None, lost=True) == MarkLost(1)
    assert due(replace(SHOWN, message_id=None, generation=3), lost=True) == MarkLost(3)
    assert due(None, UNWANTED, lost=True) == (Code.NOT_FOLLOWED, None)


# Pins.

OVER = replace(WISH, unwanted=Code.OVER, live=False)
PINS_REST = replace(FACTS, pins_until=FAR)
WANTED = replace(LATEST, pin=Pin.WANTED)


@pytest.mark.parametrize(
    ("record", "desired", "facts", "step"),
    [
        (WANTED, WISH, FACTS, PutPin("77")),
        (replace(LATEST, pin=Pin.STANDS), WISH, FACTS, DONE),
        (replace(LATEST, pin=Pin.STANDS), OVER, FACTS, RemovePin("77")),
        (replace(LATEST, pin=Pin.GOING), WISH, FACTS, RemovePin("77")),
        (LATEST, OVER, FACTS, DONE),
        (WANTED, WISH, PINS_REST, (Code.PIN_REST, FAR)),
        (replace(WANTED, fingerprint="old"), WISH, PINS_REST, Edit("77", None)),
        (replace(WANTED, state=State.SENDING, at=NOW - HOUR), WISH, FACTS, Edit("77", None)),
        (replace(WANTED, state=State.SENDING, message_id=None), WISH, FACTS, Recover()),
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
def test_a_pin_is_put_and_taken_as_the_record_says(
    record: CardRecord,
    desired: Desired,
    facts: Facts,
    step: Step | Until,
) -> None:
    assert due(record, desired, facts) == step


def test_edits_of_a_published_card_are_no_closer_than_those_of_any_other() -> None:
    record = replace(SHOWN, posted_at=NOW - 2 * HOUR, published_at=NOW)
    assert Spacing(old=3 * HOUR).apart(record) == 3 * HOUR


PUBLISHES = replace(WISH, publish=True)
CAN = replace(FACTS, publish_at=NOW)


@pytest.mark.parametrize(
    ("record", "desired", "facts", "step"),
    [
        (LATEST, PUBLISHES, CAN, Publish("77")),
        (SHOWN, PUBLISHES, CAN, Edit("77", 3)),
        (replace(SHOWN, at=NOW), PUBLISHES, CAN, (Code.SPACING, NOW + MINUTE)),
        (replace(LATEST, published_at=NOW), PUBLISHES, CAN, DONE),
        (replace(LATEST, why=Reason(reasons.Code.NOT_ANNOUNCEMENTS)), PUBLISHES, CAN, DONE),
        (LATEST, PUBLISHES, FACTS, DONE),
        (LATEST, PUBLISHES, replace(FACTS, publish_at=FAR), (Code.PUBLISH_BUDGET, FAR)),
        (LATEST, replace(PUBLISHES, quiet_until=FAR), CAN, AT_NIGHT),
        (
            replace(SHOWN, published_at=NOW - 30 * MINUTE),
            PUBLISHES,
            CAN,
            (Code.SPACING, NOW + 15 * MINUTE),
        ),
    ],
    ids=[
        "a card that stands is published",
        "what is to be published is brought up to date first",
        "what is to be published settles first",
        "a published one is published",
        "what was refused is not asked again before the next edit",
        "where nothing can be published nothing is",
        "a publish too many waits",
        "nothing is published at night",
        "edits of a published card are far apart",
    ],
)
def test_a_card_is_published_once_it_is_as_it_should_be(
    record: CardRecord,
    desired: Desired,
    facts: Facts,
    step: Step | Until,
) -> None:
    assert due(record, desired, facts) == step


def test_a_card_that_counts_as_standing_waits_for_what_matters_and_hears_of_a_withdrawal() -> None:
    over = replace(WISH, unwanted=Code.OVER, live=False, recalled=True, since=WITHDRAWN)
    unclaimed = replace(CLAIMED, claimed_at=None)
    assert due(CLAIMED, replace(WISH, since=MINOR)) == (Code.CLAIMED, None)
    assert due(CLAIMED) == Post(2)
    assert due(CLAIMED, over) == Post(2)
    assert due(CLAIMED, replace(over, quiet_until=FAR)) == AT_NIGHT
    assert due(unclaimed, replace(WISH, since=MINOR)) == Post(2)
    assert due(unclaimed, over) == (Code.OVER, None)


# Why, part by part: what /why prints.


def why(record: CardRecord, desired: Desired = WISH, facts: Facts = FACTS) -> dict[Part, str]:
    found = parts(Observed(record), desired, facts, NOW)
    return {part: each.reason.code for part, each in found if isinstance(each, Hold)}


@pytest.mark.parametrize(
    ("record", "desired", "code"),
    [
        (replace(LATEST, posted_at=NOW), WISH, Code.POSTED_WITH_IT),
        (replace(LATEST, replied_at=NOW), WISH, Code.REPLIED),
        (LATEST, replace(WISH, since=MINOR), Code.MINOR),
        (LATEST, replace(WISH, follows=False, paused=True), Code.PAUSED),
        (LATEST, MUTED, Code.MUTED),
        (LATEST, replace(WISH, follows=False), Code.NOT_FOLLOWED),
        (LATEST, replace(WISH, loudness=Loudness.EDIT), Code.EDITS_ONLY),
        (replace(LATEST, reply_since=2), NIGHT, Code.QUIET),
        (HELD, WISH, Code.REPLY_LIMIT),
    ],
    ids=lambda each: str(each) if isinstance(each, Code) else "",
)
def test_why_no_reply_is_sent_is_a_part_of_the_plan(
    record: CardRecord, desired: Desired, code: Code
) -> None:
    assert why(record, desired)[Part.REPLY] == code


def test_every_part_that_waits_says_why_whatever_else_waits() -> None:
    record = replace(WANTED, reply_since=2, replied_at=NOW, published_at=None)
    facts = replace(PINS_REST, publish_at=FAR)
    assert why(record, PUBLISHES, facts) == {
        Part.PIN: Code.PIN_REST,
        Part.REPLY: Code.REPLY_LIMIT,
        Part.CARD: Code.UP_TO_DATE,
        Part.PUBLISH: Code.PUBLISH_BUDGET,
    }
