"""What readers are told only once about a story: that it is spreading fast, and each correction."""

from dataclasses import replace
from datetime import datetime, timedelta

from stories.story import Announced, Story

FAST_UP = 2.0
FAST_FROM = 7.0
"""A story is spreading fast if its virality is at least FAST_FROM and rose by at least FAST_UP."""
FAST_EVERY = timedelta(days=1)
"""Readers are told so at most once in this time."""
CORRECTED = 500
"""The most corrections of one story whose keys are stored."""


def announced(before: Story | None, story: Story, now: datetime) -> Announced:
    """What the archive stores with a revision that arrives now, after the revision `before`."""
    past = before.announced if before else Announced()
    told = past.corrected
    if story.correction is not None and story.correction.key not in told:
        told = (*told, story.correction.key)[-CORRECTED:]
    return replace(_fast(past, before, story, now), corrected=told)


def is_new_correction(before: Story, after: Story) -> bool:
    """Whether `after` has a correction that readers of `before` have not been told."""
    now, was = after.correction, before.correction
    return now is not None and now != was and now.key not in before.announced.corrected


def _fast(past: Announced, before: Story | None, story: Story, now: datetime) -> Announced:
    """Whether and when readers were told that the story is spreading fast.

    The rise counts from the lowest virality since then, so that a story which climbs in small steps
    is noticed too.
    """
    virality = story.stats.virality
    low = _lowest(past.low, before.stats.virality if before else None)
    lately = past.fast_at is not None and abs(now - past.fast_at) < FAST_EVERY
    if not lately and not story.is_over and _rises(before, story) and _is_fast(low, virality):
        return replace(past, fast_at=now, low=virality)
    return replace(past, low=_lowest(low, virality))


def spreads_fast(before: Story, after: Story) -> bool:
    """Whether the story is spreading fast and readers of `before` have not heard that yet."""
    was, now = before.announced, after.announced
    if after.is_over:
        return False
    if (now.fast_at, now.low) == (None, None):  # never accepted, or by an earlier version
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
