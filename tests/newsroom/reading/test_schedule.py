"""When a feed is asked next, told in feeds' lives."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from newsroom.reading import schedule
from newsroom.reading.schedule import JITTER, FeedState, Wishes

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
URL = "https://harbour-times.example/feed"
HOUR, MINUTE, DAY = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)
NONE = Wishes()


def every(gap: timedelta, count: int = 30) -> list[datetime]:
    return [NOW - gap * place for place in range(count)]


def wait(state: FeedState) -> timedelta:
    """The time until the next question, without the jitter."""
    assert state.next_at
    assert state.interval
    return state.next_at - NOW - state.interval * JITTER * schedule._place(state.url)


@pytest.mark.parametrize(
    ("gap", "interval"),
    [
        (timedelta(0), 15 * MINUTE),
        (MINUTE, 15 * MINUTE),
        (HOUR, 30 * MINUTE),
        (3 * HOUR, 90 * MINUTE),
        (2 * DAY, 6 * HOUR),
    ],
)
def test_a_feed_is_asked_twice_per_item_within_bounds(gap: timedelta, interval: timedelta) -> None:
    state = schedule.changed(FeedState(URL), NOW, every(gap), NONE)
    assert state.interval == interval
    assert wait(state) == interval


def test_only_the_newest_items_count_and_a_burst_does_not() -> None:
    old_and_new = every(2 * HOUR, 20) + [NOW - 90 * DAY - MINUTE * each for each in range(400)]
    assert schedule.changed(FeedState(URL), NOW, old_and_new, NONE).interval == HOUR
    burst = [*every(2 * HOUR, 20), *(NOW - timedelta(seconds=each) for each in range(5))]
    assert schedule.changed(FeedState(URL), NOW, burst, NONE).interval == HOUR


def test_a_quiet_feed_is_asked_less_and_a_new_item_brings_it_back() -> None:
    state = schedule.changed(FeedState(URL), NOW, every(2 * HOUR), NONE)
    seen = []
    for _ in range(6):
        state = schedule.unchanged(state, NOW, NONE)
        seen.append(state.interval)
    assert seen == [1.5 * HOUR, 2.25 * HOUR, 3.375 * HOUR, 5.0625 * HOUR, 6 * HOUR, 6 * HOUR]
    assert schedule.changed(state, NOW, every(2 * HOUR), NONE).interval == HOUR


def test_a_failing_feed_is_asked_half_as_often_each_time_up_to_a_day() -> None:
    state = schedule.changed(FeedState(URL), NOW, every(2 * HOUR), NONE)
    seen = []
    for _ in range(6):
        state = schedule.failed(state, NOW, "it is broken")
        seen.append(state.interval)
    assert seen == [each * HOUR for each in (2, 4, 8, 16, 24, 24)]
    assert (state.failures, state.fault, state.disabled) == (6, "it is broken", "")
    state = schedule.unchanged(state, NOW, NONE)
    assert (state.interval, state.failures, state.fault) == (6 * HOUR, 0, "")


def test_a_feed_that_failed_for_30_days_is_disabled_and_says_why() -> None:
    state = schedule.failed(FeedState(URL), NOW, "it is broken")
    state = schedule.failed(state, NOW + 29 * DAY, "it is broken")
    assert not state.disabled
    assert schedule.is_due(state, NOW + 90 * DAY)
    back = schedule.unchanged(state, NOW + 29 * DAY, NONE)
    assert not schedule.failed(back, NOW + 31 * DAY, "again").disabled
    state = schedule.failed(state, NOW + 30 * DAY, "it is broken")
    assert state.disabled == "it has failed for 30 days: it is broken"
    assert not schedule.is_due(state, NOW + 90 * DAY)


def test_what_publishers_wish_only_makes_us_wait_longer() -> None:
    dates = every(2 * HOUR)

    def after(state: FeedState, wishes: Wishes) -> timedelta:
        state = schedule.changed(state, NOW, dates, wishes)
        assert state.next_at
        return (state.next_at - NOW) / (1 + JITTER * schedule._place(URL))

    assert after(FeedState(URL), Wishes(max_age=MINUTE)) == HOUR
    assert after(FeedState(URL), Wishes(max_age=3 * HOUR)) == 3 * HOUR
    assert after(FeedState(URL), Wishes(max_age=365 * DAY)) == 6 * HOUR
    assert after(FeedState(URL, ttl=5), NONE) == HOUR
    assert after(FeedState(URL, ttl=120), NONE) == 2 * HOUR
    assert after(FeedState(URL, ttl=120), Wishes(max_age=3 * HOUR)) == 3 * HOUR


def test_retry_after_is_kept_to_the_second() -> None:
    state = schedule.failed(FeedState(URL), NOW, "429", Wishes(retry_after=10 * HOUR))
    assert state.next_at == NOW + 10 * HOUR
    state = schedule.failed(FeedState(URL), NOW, "429", Wishes(retry_after=MINUTE))
    assert state.next_at
    assert state.next_at >= NOW + 30 * MINUTE


def test_hours_and_days_that_a_feed_rules_out_are_passed_over() -> None:
    state = FeedState(URL, skip_hours=(12, 13, 14), skip_days=())
    state = schedule.changed(state, NOW, every(HOUR), NONE)
    assert state.next_at == NOW + 3 * HOUR
    tuesday = FeedState(URL, skip_days=(1,))
    at = schedule.changed(tuesday, NOW, every(HOUR), NONE).next_at
    assert at == datetime(2026, 11, 25, tzinfo=UTC)


@settings(max_examples=25)
@given(st.text(min_size=1, max_size=40))
def test_feeds_are_spread_by_their_address_and_never_early(path: str) -> None:
    state = schedule.changed(FeedState(URL + path), NOW, every(2 * HOUR), NONE)
    assert state.next_at
    assert NOW + HOUR <= state.next_at <= NOW + (1 + JITTER) * HOUR
    assert schedule.changed(FeedState(URL + path), NOW, every(2 * HOUR), NONE) == state


def test_feeds_do_not_all_come_at_once() -> None:
    states = [schedule.changed(FeedState(f"{URL}/{n}"), NOW, every(HOUR), NONE) for n in range(50)]
    assert len({state.next_at for state in states}) == 50


def test_an_address_is_rewritten_after_three_days_that_agree() -> None:
    state, new = FeedState(URL), "https://new.example/feed"
    for day in (0, 0.2, 1):
        state = schedule.redirected(state, NOW + day * DAY, new)
        assert state.url == URL
    state = schedule.redirected(state, NOW + 2 * DAY, new)
    assert (state.url, state.moved_to, state.moved_days) == (new, "", 0)
    assert schedule.redirected(state, NOW + 3 * DAY, None) == state


@pytest.mark.parametrize("between", [None, "https://portal.example/login"])
def test_a_redirect_that_changes_its_mind_begins_anew(between: str | None) -> None:
    state, new = FeedState(URL), "https://new.example/feed"
    for day, target in enumerate([new, new, between, new, new]):
        state = schedule.redirected(state, NOW + day * DAY, target)
    assert state.url == URL
    assert schedule.redirected(state, NOW + 5 * DAY, new).url == new


def test_a_feed_that_kills_its_parser_twice_is_parked() -> None:
    state = schedule.killed(FeedState(URL), NOW, "it is poison")
    assert not state.disabled
    assert not schedule.killed(schedule.unchanged(state, NOW, NONE), NOW, "x").disabled
    assert schedule.killed(state, NOW, "it is poison").disabled == "it is poison"


def test_a_state_survives_being_stored() -> None:
    stored = TypeAdapter(FeedState)
    state = schedule.redirected(
        schedule.failed(FeedState(URL), NOW, "x"), NOW, "https://b.example/"
    )
    state = schedule.took(replace(state, skip_hours=(1, 2), ttl=5), NOW, 3)
    assert stored.validate_json(stored.dump_json(state)) == state


def test_of_a_flood_sixty_items_an_hour_are_taken() -> None:
    state = FeedState(URL)
    assert schedule.allowance(state, NOW) == 60
    state = schedule.took(schedule.took(state, NOW, 40), NOW + 30 * MINUTE, 15)
    assert schedule.allowance(state, NOW + 59 * MINUTE) == 5
    state = schedule.took(state, NOW + 59 * MINUTE, 5)
    assert schedule.allowance(state, NOW + 59 * MINUTE) == 0
    assert schedule.allowance(state, NOW + 60 * MINUTE) == 60
    assert schedule.took(state, NOW + 60 * MINUTE, 3).hour_took == 3


def test_while_items_wait_the_feed_is_read_whole_once_the_hour_is_over() -> None:
    state = FeedState(URL, etag="1", last_modified="2", body="3", next_at=NOW + 15 * MINUTE)
    assert schedule.took(state, NOW, 60).etag == "1"
    state = schedule.took(state, NOW, 60, waiting=1)
    assert (state.etag, state.last_modified, state.body) == ("", "", "")
    assert state.next_at == NOW + HOUR
