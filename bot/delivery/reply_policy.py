"""Which changes a reply reports, and when: a limit delays a reply, but never drops it.

Pure functions.

There is one reply per story and chat in an hour. Urgent news goes at once: that a story ended, was
withdrawn, reinstated or merged, and a major change after a reply that reported nothing major; each
of these at most once an hour. Everything else stays due, and goes out as one reply when the hour is
over, unless it has been undone meanwhile.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Protocol

from bot.model.ledger import CardRecord
from bot.model.rule import Loudness
from stories.delta import Change, Delta, Kind, Weight
from stories.story import Status, Story
from wording.holds import HoldCode

URGENT: Mapping[Kind, str] = {
    Kind.ENDED: "ended",
    Kind.RETRACTED: "withdrawn",
    Kind.REINSTATED: "reinstated",
    Kind.MERGED: "merged",
}
"""The major changes that are reported at once even after a major reply, and their names in
records."""
MAJOR = "major"
MERGER = Delta((Change(Kind.MERGED, Weight.MAJOR, None, None),))


class Asked(Protocol):
    """What a chat's rule says about replies (`plan.Desired`)."""

    @property
    def since(self) -> Delta: ...
    @property
    def heard_at(self) -> datetime: ...
    @property
    def follows(self) -> bool: ...
    @property
    def recalled(self) -> bool: ...
    @property
    def parting(self) -> bool: ...
    @property
    def paused(self) -> bool: ...
    @property
    def muted(self) -> bool: ...
    @property
    def loudness(self) -> Loudness: ...


def silence(desired: Asked) -> HoldCode | None:
    """Why a chat gets no reply about these changes; None if it gets one."""
    if desired.since.weight is None or desired.since.weight < Weight.NOTABLE:
        return HoldCode.MINOR
    if desired.recalled or desired.parting:
        return None  # however quiet the chat is
    if not desired.follows:
        return (
            HoldCode.PAUSED
            if desired.paused
            else HoldCode.MUTED
            if desired.muted
            else HoldCode.NOT_FOLLOWED
        )
    return HoldCode.EDITS_ONLY if desired.loudness is Loudness.EDIT else None


def no_reply_now(record: CardRecord, desired: Asked) -> HoldCode:
    """Why no reply is due, if none is: usually there is nothing left to report."""
    if record.posted_at is not None and record.posted_at >= desired.heard_at:
        return HoldCode.POSTED_WITH_IT
    if record.replied_at is not None and record.replied_at >= desired.heard_at:
        return HoldCode.REPLIED
    return silence(desired) or HoldCode.UP_TO_DATE


def reply_limit_ends(
    record: CardRecord, since: Delta, gap: timedelta, now: datetime
) -> datetime | None:
    """Until when the limit holds a reply about these changes; None if it may go now."""
    if record.replied_at is None or record.replied_at + gap <= now:
        return None
    told_at = record.reported_at or {}
    for kind in urgent(since):
        last = told_at.get(kind)
        if last is None or last + gap <= now:
            return None
    return record.replied_at + gap


def told_now(record: CardRecord, since: Delta, now: datetime) -> Mapping[str, datetime] | None:
    """When each urgent kind was last reported, once a reply has reported these changes."""
    told = dict.fromkeys(urgent(since), now)
    if told:
        told[MAJOR] = now  # a major change after this reply comes after a major reply
    return {**(record.reported_at or {}), **told} or None


def urgent(since: Delta) -> Iterator[str]:
    """The names of the changes among these that need not wait for the limit."""
    for change in since.changes:
        if change.weight is Weight.MAJOR:
            yield URGENT.get(change.kind, MAJOR)


def recalled(since: Delta) -> bool:
    """Whether the story was withdrawn or reinstated: everyone who read it has to know."""
    return any(
        change.kind in (Kind.RETRACTED, Kind.REINSTATED) and change.weight is Weight.MAJOR
        for change in since.changes
    )


def is_over(story: Story) -> bool:
    """True for a story that is over for good, and doesn't continue in another."""
    ended = story.stats.status is Status.ENDED or story.retracted is not None
    return ended and story.merged_into is None
