"""What readers are told only once about a story, such as that it is spreading fast."""

from datetime import datetime, timedelta

from stories.story import Announced, Story

FAST_UP = 2.0
FAST_FROM = 7.0
"""A story is spreading fast if its virality is at least FAST_FROM and rose by at least FAST_UP."""
FAST_EVERY = timedelta(days=1)
"""Readers are told so at most once in this time."""


def announced(before: Story | None, story: Story, now: datetime) -> Announced:
    """What the archive stores with a revision that arrives now, after the revision `before`.

    The rise counts from the lowest virality since readers were last told, so that a story which
    climbs in small steps is noticed too.
    """
    past = before.announced if before else Announced()
    virality = story.stats.virality
    low = _lowest(past.low, before.stats.virality if before else None)
    lately = past.fast_at is not None and abs(now - past.fast_at) < FAST_EVERY
    if not lately and not story.is_over and _rises(before, story) and _is_fast(low, virality):
        return Announced(now, virality)
    return Announced(past.fast_at, _lowest(low, virality))


def spreads_fast(before: Story, after: Story) -> bool:
    """Whether the story is spreading fast and readers of `before` have not heard that yet."""
    was, now = before.announced, after.announced
    if after.is_over:
        return False
    if now == Announced():  # accepted by an earlier version, or not by an archive
        return _is_fast(before.stats.virality, after.stats.virality)
    return (
        now.fast_at is not None
        and now.fast_at != was.fast_at
        and (after.stats.virality or 0.0) >= FAST_FROM
    )


def _is_fast(low: float | None, virality: float | None) -> bool:
    if low is None or virality is None:
        return False
    return virality >= FAST_FROM and round(virality - low, 6) >= FAST_UP  # 7.1 - 5.1 is 1.99…


def _rises(before: Story | None, story: Story) -> bool:
    was = before.stats.virality if before else None
    return was is None or (story.stats.virality or 0.0) > was


def _lowest(*figures: float | None) -> float | None:
    return min((each for each in figures if each is not None), default=None)
