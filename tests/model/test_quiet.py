"""Quiet hours: when it is quiet, until when, and what passes all the same."""

import re
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.model.rule import Quiet, Rule
from config.entry import read_quiet

BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = Quiet(time(22), time(7), "Europe/Berlin")
NOON = Quiet(time(12, 30), time(14), "Europe/Berlin")


def berlin(day: int, hour: int, minute: int = 0, month: int = 6, fold: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=BERLIN, fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("quiet", "now", "until"),
    [
        (NIGHT, berlin(24, 21, 59), None),
        (NIGHT, berlin(24, 22), berlin(25, 7)),
        (NIGHT, berlin(25, 0, 30), berlin(25, 7)),
        (NIGHT, berlin(25, 6, 59), berlin(25, 7)),
        (NIGHT, berlin(25, 7), None),
        (NOON, berlin(25, 12, 29), None),
        (NOON, berlin(25, 12, 30), berlin(25, 14)),
        (NOON, berlin(25, 14), None),
    ],
    ids=str,
)
def test_it_is_quiet_between_the_hours_also_past_midnight(
    quiet: Quiet, now: datetime, until: datetime | None
) -> None:
    assert Rule(quiet=quiet).quiet_until(now, major_at=None) == until


def test_a_night_in_which_the_clock_is_changed_ends_by_the_clock_on_the_wall() -> None:
    for begins, ends, hours in (
        (berlin(28, 22, month=3), berlin(29, 7, month=3), 8),
        (berlin(24, 22, month=10), berlin(25, 7, month=10), 10),
    ):
        assert ends - begins == timedelta(hours=hours)
        assert NIGHT.around(begins) == NIGHT.around(ends - timedelta(minutes=1)) == (begins, ends)
        assert NIGHT.around(ends) is None


def test_an_hour_that_is_skipped_or_comes_twice_makes_no_second_night() -> None:
    skipped = Quiet(time(1), time(2, 30), "Europe/Berlin")
    assert skipped.around(berlin(29, 1, month=3)) == (
        berlin(29, 1, month=3),
        berlin(29, 3, 30, month=3),
    )
    assert skipped.around(berlin(25, 2, 20, month=10)) is not None
    assert skipped.around(berlin(25, 2, 20, month=10, fold=1)) is None


zones = st.sampled_from(
    ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "Pacific/Chatham"]
)
hours = st.builds(time, st.integers(0, 23), st.integers(0, 59))
moments = st.integers(0, 32 * 365 * 24 * 60).map(
    lambda minutes: datetime(2005, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


@given(hours, hours, zones, moments)
def test_quiet_is_what_the_clock_on_the_wall_says(
    begins: time, ends: time, zone: str, now: datetime
) -> None:
    assume(begins != ends)
    there = ZoneInfo(zone)
    offsets = {(now + timedelta(days=day)).astimezone(there).utcoffset() for day in (-2, 0, 2)}
    assume(len(offsets) == 1)  # the clock is not changed around that time
    wall = now.astimezone(there).time()
    between = begins <= wall < ends if begins < ends else wall >= begins or wall < ends
    assert (Quiet(begins, ends, zone).around(now) is not None) is between


@given(hours, hours, zones, moments)
def test_a_quiet_time_ends_within_a_day_and_stays_the_same_until_then(
    begins: time, ends: time, zone: str, now: datetime
) -> None:
    assume(begins != ends)
    quiet = Quiet(begins, ends, zone)
    if span := quiet.around(now):
        began, over = span
        assert began <= now < over <= began + timedelta(hours=26)
        assert quiet.around(over - timedelta(microseconds=1)) == span


def test_a_major_update_passes_where_the_chat_says_so_and_only_one_of_that_night() -> None:
    now, before = berlin(25, 1), berlin(24, 21)
    assert Rule(quiet=NIGHT).quiet_until(now, major_at=now) is None
    assert Rule(quiet=NIGHT).quiet_until(now, major_at=before) == berlin(25, 7)
    deaf = Quiet(time(22), time(7), "Europe/Berlin", majors=False)
    assert Rule(quiet=deaf).quiet_until(now, major_at=now) == berlin(25, 7)
    assert Rule().quiet_until(now, major_at=None) is None


@pytest.mark.parametrize(
    ("said", "zone"),
    [
        ("UTC", "UTC"),
        ("GMT+0", "UTC"),
        ("+00:00", "UTC"),
        ("Z", "UTC"),
        ("GMT", "GMT"),
        ("GMT0", "UTC"),
        ("Etc/UTC", "Etc/UTC"),
        ("Japan", "Japan"),
        ("Europe/Berlin", "Europe/Berlin"),
        ("new york", "America/New_York"),
    ],
)
def test_a_zone_is_read(said: str, zone: str) -> None:
    assert read_quiet(f"22:00-07:00 {said}") == Quiet(time(22), time(7), zone)


@pytest.mark.parametrize(
    ("said", "hours"),
    [
        ("GMT+2", 2),
        ("UTC+2", 2),
        ("+02:00", 2),
        ("utc +2", 2),
        ("GMT−5", -5),
        ("UTC-3:30", -3.5),
        ("+0530", 5.5),
        ("UTC+14", 14),
        ("GMT+5:30", 5.5),
        ("GMT2", 2),
        ("UTC-2", -2),
        ("+12:45", 12.75),
        ("Etc/GMT+2", -2),
        ("Etc/GMT-9", 9),
        ("etc/gmt+5", -5),
    ],
)
def test_hours_from_greenwich_are_refused_with_a_city_where_the_clock_shows_them(
    said: str, hours: float
) -> None:
    """They leave open whether clocks change; and Etc/GMT+2 would be two hours west."""
    with pytest.raises(ValueError, match="Use a city, such as ") as refused:
        read_quiet(f"22:00-07:00 {said}")
    city = re.search(r"such as ([\w/]+)", str(refused.value))
    assert city is not None
    now, half_a_year = datetime.now(ZoneInfo(city[1])), timedelta(days=182)
    shown = {now.utcoffset(), (now + half_a_year).utcoffset()}
    assert timedelta(hours=hours) in shown
    assert str(refused.value).count(city[1]) == 1 + (city[1] == "Europe/Berlin")  # the example


@pytest.mark.parametrize(
    ("said", "city"),
    [
        ("ET", "America/New_York"),
        ("EST", "America/New_York"),
        ("Pacific Time", "America/Los_Angeles"),
        ("PST", "America/Los_Angeles"),
        ("mst", "America/Denver"),
        ("CEST", "Europe/Berlin"),
        ("Central European Summer Time", "Europe/Berlin"),
        ("BST", "Europe/London"),
        ("IST", "Asia/Kolkata"),
        ("JST", "Asia/Tokyo"),
        ("HST", "Pacific/Honolulu"),
        ("EST5EDT", "America/New_York"),
        ("PST8PDT", "America/Los_Angeles"),
        ("CET", "Europe/Berlin"),
        ("MET", "Europe/Berlin"),
        ("EET", "Europe/Athens"),
        ("WET", "Europe/Lisbon"),
    ],
)
def test_for_a_zones_common_name_the_city_is_proposed(said: str, city: str) -> None:
    with pytest.raises(ValueError, match=f"isn't a city. Use one, such as {city}"):
        read_quiet(f"22:00-07:00 {said}")


def test_no_name_of_the_database_whose_clock_is_not_a_places_is_read_or_proposed() -> None:
    """EST stays at UTC-5 in summer, too, and Etc/GMT+2 is west: neither is what people mean."""
    alike = {zone for zone in available_timezones() if re.search(r"^(Etc/|[A-Z]+\d)|ST$|ET$", zone)}
    assert {"EST", "MST", "HST", "CET", "EST5EDT", "Etc/GMT+2", "Etc/GMT-14"} <= alike
    read = set()
    for zone in sorted({*alike, "Factory", "localtime"}):
        try:
            read.add(read_quiet(f"22:00-07:00 {zone}").zone)
        except ValueError as refused:
            city = re.search(r"(?:Did you mean|such as) ([\w/]+)", str(refused))
            assert city is None or "/" in city[1]
    assert {datetime.now(ZoneInfo(zone)).utcoffset() for zone in read} == {timedelta(0)}


@pytest.mark.parametrize(
    ("said", "zone"),
    [
        ("Kiew", "Europe/Kiev"),
        ("utcc", "UTC"),
        ("EST6EDT", None),
        ("MST6MDT", None),
        ("cett", None),
        ("Etc/GMTT", None),
    ],
)
def test_for_a_slip_the_nearest_is_proposed_that_would_be_read(said: str, zone: str | None) -> None:
    with pytest.raises(ValueError, match="I don't know the time zone") as refused:
        read_quiet(f"22:00-07:00 {said}")
    proposed = re.search(r"Did you mean ([\w/+-]+)", str(refused.value))
    assert zone is None or (proposed is not None and proposed[1] == zone)
    if proposed is not None:
        assert read_quiet(f"22:00-07:00 {proposed[1]}").zone == proposed[1]


@pytest.mark.parametrize("said", ["xy", "q", "qqqq", "UTC+27", "GMT-99", "+00:61"])
def test_for_what_is_like_no_zone_none_is_proposed(said: str) -> None:
    with pytest.raises(
        ValueError, match=f"I don't know the time zone “{re.escape(said)}”. Write the hours"
    ):
        read_quiet(f"22:00-07:00 {said}")


@pytest.mark.parametrize("zone", ["", "Europe", "Europe/Atlantis", "../etc/passwd", "/etc/hosts"])
def test_a_zone_that_is_none_is_refused(zone: str) -> None:
    with pytest.raises(ValueError, match="isn't a time zone: use one such as Europe/Berlin"):
        Quiet(time(22), time(7), zone)


def test_hours_without_an_end_are_refused() -> None:
    with pytest.raises(ValueError, match="pause instead"):
        Quiet(time(7), time(7), "UTC")
