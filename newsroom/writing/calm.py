"""When a story's next document goes out: not with every article, and never for nothing."""

from dataclasses import replace
from datetime import datetime, timedelta

from newsroom.writing.material import Written
from stories.story import Status, Story

SPACING = timedelta(seconds=60)
"""Between two documents of a story."""
OLD = timedelta(hours=6)
OLD_SPACING = timedelta(minutes=5)
"""The same once the story is older than `OLD`."""
VIRALITY = 0.5
"""A smaller change of virality alone is no reason for a document."""


def is_due(before: Written | None, after: Written, now: datetime) -> bool:
    """Whether `after` goes out now. The first one always does: the desk decides when that is."""
    if before is None:
        return True
    if not is_material(before.story, after.story):
        return False
    return _is_over(after.story) or not is_too_soon(before, now)


def is_too_soon(before: Written, now: datetime) -> bool:
    """Whether the last document is too new for another. A story that is over doesn't wait: the
    desk forgets it with its next tick."""
    began, last = before.story.started_at or now, before.story.updated_at or now
    return now - last < (OLD_SPACING if now - began > OLD else SPACING)


def is_material(before: Story, after: Story) -> bool:
    """Whether anything changed but the time, and virality by less than `VIRALITY`."""
    was, now = before.stats.virality or 0.0, after.stats.virality or 0.0
    same = abs(now - was) < VIRALITY
    stats = replace(after.stats, virality=before.stats.virality) if same else after.stats
    return replace(after, stats=stats, updated_at=before.updated_at) != before


def _is_over(story: Story) -> bool:
    over = story.retracted is not None or story.merged_into is not None
    return over or story.stats.status is Status.ENDED
