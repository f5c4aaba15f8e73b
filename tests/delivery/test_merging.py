"""Two stories become one: which of their messages goes on, and what goes along with it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.delivery.merging import fold
from bot.model.ledger import CardRecord, Pin, State
from stories.story import StoryId

NOW = datetime(2026, 6, 25, 6, tzinfo=UTC)
FERRY, PORT, STORM = (StoryId(name) for name in ("ferry", "port", "storm"))


def standing(place: str, *, posted: timedelta, tells: StoryId | None = None) -> CardRecord:
    return CardRecord(State.SHOWN, NOW, 3, message_id=place, posted_at=NOW - posted, tells=tells)


def test_what_the_readers_of_a_message_are_still_to_be_told_goes_along_with_it() -> None:
    part = standing("elder", posted=timedelta(hours=2), tells=FERRY)
    heir = standing("younger", posted=timedelta(hours=1))
    stub, living = fold(part, heir, into=STORM, revision=7, tells=None)
    assert (stub.message_id, stub.tells, stub.into) == ("younger", None, STORM)
    assert (living.message_id, living.tells) == ("elder", FERRY)


def test_the_message_of_a_card_that_changes_hands_twice_still_tells_of_the_first_time() -> None:
    part = standing("only", posted=timedelta(hours=2), tells=FERRY)
    gone, living = fold(part, None, into=STORM, revision=7, tells=None)
    assert (gone.state, gone.message_id, gone.tells) == (State.GONE, None, None)
    assert (living.message_id, living.tells) == ("only", FERRY)


def test_where_two_mergers_are_to_be_told_beside_one_message_the_newer_is() -> None:
    part = standing("only", posted=timedelta(hours=2), tells=FERRY)
    _, living = fold(part, None, into=STORM, revision=7, tells=PORT)
    assert living.tells == PORT


def pinned(row: CardRecord) -> CardRecord:
    return replace(row, pin=Pin.STANDS, pinned_at=NOW)


def test_of_two_pinned_cards_the_one_that_goes_on_stays_pinned_and_the_other_goes() -> None:
    part, heir = (
        pinned(standing(place, posted=timedelta(hours=hours)))
        for place, hours in (("elder", 2), ("younger", 1))
    )
    stub, living = fold(part, heir, into=STORM, revision=7, tells=None)
    assert (stub.message_id, stub.pin) == ("younger", Pin.GOING)
    assert (living.message_id, living.pin) == ("elder", Pin.STANDS)


def test_a_card_that_changes_hands_leaves_neither_pin_nor_publication_behind() -> None:
    part = replace(pinned(standing("only", posted=timedelta(hours=2))), published_at=NOW)
    deleted = CardRecord(State.GONE, NOW, 2, generation=3)
    gone, living = fold(part, deleted, into=STORM, revision=7, tells=None)
    assert (gone.pin, gone.pinned_at, gone.published_at) == (None, None, None)
    assert (living.pin, living.pinned_at, living.published_at) == (Pin.STANDS, NOW, NOW)
    assert living.generation == 4, "its next card is no repetition of the deleted one"
