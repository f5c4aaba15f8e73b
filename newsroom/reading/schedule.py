"""When a feed is asked next, and what of its past decides that. Pure: every time is handed in.

A feed that publishes often is asked often: every half of the median gap between its last items,
within INTERVALS. One that had nothing new is asked less, one that fails much less, and one that
failed for PATIENCE not at all. What publishers wish (Retry-After, max-age, <ttl>, <skipHours>)
only ever makes us wait longer.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from statistics import median

SHORTEST = timedelta(minutes=15)
LONGEST = timedelta(hours=6)
"""Between two questions to a feed that works."""
LONGEST_FAILING = timedelta(hours=24)
PATIENCE = timedelta(days=30)
"""How long a feed may fail before it is disabled."""
ITEMS = 20
"""The newest items whose gaps count."""
LESS_OFTEN = 1.5
"""Times the interval, when there was nothing new."""
FAILING = 2.0
"""Times the interval, when it failed."""
JITTER = 0.1
"""The share of an interval by which feeds are spread, so that they don't all come at once."""
MOVED_DAYS = 3
"""Days on which a permanent redirect has to say the same before the address is rewritten."""
KILLS = 2
"""A feed that a parser could not read within its limits this often is parked."""
FLOOD = 60
"""New and changed items of one feed that are taken in an hour."""

_UNKNOWN = timedelta(hours=1)
"""The first interval of a feed whose items are not dated."""
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class FeedState:
    """What is known of one feed between two questions; stored beside its key."""

    url: str
    """Where it is asked: the configured address, or where it moved to."""
    etag: str = ""
    last_modified: str = ""
    body: str = ""
    """Hash of the last body that was read."""
    next_at: datetime | None = None
    """None: at once."""
    interval: timedelta | None = None
    failures: int = 0
    """In a row."""
    failing_since: datetime | None = None
    fault: str = ""
    """What was wrong last time, as a sentence; empty when nothing was."""
    read_at: datetime | None = None
    """When it was last read, or found unchanged."""
    moved_to: str = ""
    moved_days: int = 0
    moved_on: date | None = None
    """Where a permanent redirect points, on how many days it did so, and the last of them."""
    kills: int = 0
    hub: str | None = None
    ttl: int | None = None
    """Minutes that its last document said it may be kept."""
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[int, ...] = ()
    """Hours of UTC, and days of the week from Monday as 0, in which it need not be asked."""
    disabled: str = ""
    """Why it is not asked any more, as a sentence; empty while it is."""
    hour_began: datetime | None = None
    hour_took: int = 0
    """Items taken in the hour that began then."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What an answer says about when to come again."""

    max_age: timedelta | None = None
    retry_after: timedelta | None = None


def is_due(state: FeedState, now: datetime) -> bool:
    """Whether the feed is to be asked now."""
    return not state.disabled and (state.next_at is None or state.next_at <= now)


def changed(
    state: FeedState, now: datetime, published: Sequence[datetime], wishes: Wishes
) -> FeedState:
    """It had a new document, with items of these times."""
    interval = pace_of(published)
    if interval is None:
        interval = state.interval or _UNKNOWN
    return _worked(state, now, _clamped(interval), wishes)


def unchanged(state: FeedState, now: datetime, wishes: Wishes) -> FeedState:
    """It had nothing new."""
    interval = _clamped((state.interval or _UNKNOWN) * LESS_OFTEN)
    return _worked(state, now, interval, wishes)


def failed(state: FeedState, now: datetime, fault: str, wishes: Wishes | None = None) -> FeedState:
    """It could not be read; `fault` says why."""
    interval = min(max(state.interval or SHORTEST, SHORTEST) * FAILING, LONGEST_FAILING)
    since = state.failing_since or now
    state = replace(
        state,
        failures=state.failures + 1,
        failing_since=since,
        fault=fault,
        interval=interval,
        next_at=_next(state, now, interval, wishes or Wishes()),
    )
    if now - since >= PATIENCE:
        days = (now - since).days
        return replace(state, disabled=f"it has failed for {days} days: {fault}")
    return state


def gone(state: FeedState, fault: str) -> FeedState:
    """The publisher says that it's gone for good (410)."""
    return replace(state, failures=state.failures + 1, fault=fault, disabled=fault)


def killed(state: FeedState, now: datetime, fault: str) -> FeedState:
    """A parser had to be ended over it. The second time it is parked."""
    state = replace(failed(state, now, fault), kills=state.kills + 1)
    return replace(state, disabled=fault) if state.kills >= KILLS else state


def redirected(state: FeedState, now: datetime, target: str | None) -> FeedState:
    """It was read, after the permanent redirect to `target`, or after none.

    The address is rewritten once the redirect said the same on MOVED_DAYS days: hotel networks and
    defaced sites redirect permanently, too.
    """
    today = now.astimezone(UTC).date()
    if target is None or target == state.url:
        return replace(state, moved_to="", moved_days=0, moved_on=None)
    if target != state.moved_to:
        return replace(state, moved_to=target, moved_days=1, moved_on=today)
    if today == state.moved_on:
        return state
    days = state.moved_days + 1
    if days < MOVED_DAYS:
        return replace(state, moved_days=days, moved_on=today)
    return replace(state, url=target, moved_to="", moved_days=0, moved_on=None)


def allowance(state: FeedState, now: datetime) -> int:
    """How many items may be taken now; the rest waits for a later visit."""
    if state.hour_began is None or now - state.hour_began >= _HOUR:
        return FLOOD
    return max(0, FLOOD - state.hour_took)


def took(state: FeedState, now: datetime, count: int, waiting: int = 0) -> FeedState:
    """So many items were taken, and so many wait.

    While some wait, the next visit comes when the hour is over, and asks for the whole feed: an
    unchanged one would not be parsed again.
    """
    if state.hour_began is None or now - state.hour_began >= _HOUR:
        state = replace(state, hour_began=now, hour_took=0)
    state = replace(state, hour_took=state.hour_took + count)
    if not waiting:
        return state
    assert state.hour_began
    over = state.hour_began + _HOUR
    return replace(
        state, etag="", last_modified="", body="", next_at=max(over, state.next_at or over)
    )


def pace_of(published: Sequence[datetime]) -> timedelta | None:
    """Half the median gap of the newest items; None when that can't be told."""
    newest = sorted(published)[-ITEMS:]
    gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(newest)]
    return timedelta(seconds=median(gaps) / 2) if gaps else None


def _worked(state: FeedState, now: datetime, interval: timedelta, wishes: Wishes) -> FeedState:
    return replace(
        state,
        failures=0,
        failing_since=None,
        fault="",
        kills=0,
        read_at=now,
        interval=interval,
        next_at=_next(state, now, interval, wishes),
    )


def _next(state: FeedState, now: datetime, interval: timedelta, wishes: Wishes) -> datetime:
    asked = [wishes.max_age, timedelta(minutes=state.ttl) if state.ttl else None]
    interval = max([interval, *(min(wish, LONGEST) for wish in asked if wish)])
    moment = now + interval * (1 + JITTER * _place(state.url))
    if wishes.retry_after:
        moment = max(moment, now + wishes.retry_after)
    for _ in range(8 * 24):  # a week holds every combination of days and hours
        at = moment.astimezone(UTC)
        if at.hour not in state.skip_hours and at.weekday() not in state.skip_days:
            break
        moment = moment.replace(minute=0, second=0, microsecond=0) + _HOUR
    return moment


def _clamped(interval: timedelta) -> timedelta:
    return min(max(interval, SHORTEST), LONGEST)


def _place(url: str) -> float:
    """Where in [0, 1) this feed lies among all: the same in every process."""
    return int.from_bytes(hashlib.blake2s(url.encode(), digest_size=4).digest()) / 2**32
