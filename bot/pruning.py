"""Deletes old data, in small batches, and never because of a single clock.

Only the holder of the editor's lease prunes, and every deletion is fenced by it. Anything that
looks wrong stops all of it with an alarm, until the clocks agree again or `storywire prune
--confirm`.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

from runtime.alarms import Alarms
from runtime.away import StorageAway
from runtime.records import Unreadable, wrong_type
from stories.retention import FULL_FOR, HISTORY_FOR, Entry, FenceLost, Retention, Stage
from stories.story import LIVE_FOR, StoryId

log = logging.getLogger(__name__)

ALARM = "pruning"
LOOK_EVERY_S = 60.0
"""Seconds between checks of the clocks, and of whether someone confirmed."""
SWEEP_EVERY_S = 3600.0
APART = timedelta(hours=1)
"""The most by which clocks may differ."""
STEP = timedelta(minutes=10)
"""The most by which Redis's clock may move against the monotonic one while we run."""
MANY, SHARE = 100, 10
"""At least MANY stories that would be deleted in a day, and more than one in SHARE of all,
are too many."""
DAY = timedelta(days=1)
_BATCH = 50
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
_REMEDY = (
    "Until then, nothing old is deleted. `storywire prune` shows what would be "
    "deleted, `storywire prune --confirm` deletes it."
)


class Packs(Protocol):
    """What pruning needs from the ledger."""

    async def pack(self, story: StoryId, fence: tuple[str, str]) -> bool: ...

    async def drop(self, story: StoryId, fence: tuple[str, str]) -> bool: ...


class Fence(Protocol):
    """The editor's lease, which fences every deletion."""

    @property
    def key(self) -> str: ...

    @property
    def token(self) -> str: ...


@dataclass(slots=True)
class Plan:
    """What would be deleted now, and why nothing may be, if so."""

    now: datetime
    """The earlier of our time and Redis's; Redis's once someone confirmed."""
    total: int = 0
    newest: datetime = _LONG_AGO
    """The latest stored time."""
    full: list[StoryId] = field(default_factory=list)
    """Stories whose full revisions are trimmed."""
    shelve: list[Entry] = field(default_factory=list)
    """Stories to take out of full memory."""
    bury: list[Entry] = field(default_factory=list)
    """Stories of which only a tombstone will remain."""
    leave: list[Entry] = field(default_factory=list)
    """Tombstones to take out of the index."""
    ahead: list[Entry] = field(default_factory=list)
    """Stories received in the future: the clock was wrong then, or is now."""
    why: str | None = None
    """Why nothing may be deleted."""
    at_most: int = 0
    """The most stories to delete in this sweep."""
    backlog: int = 0
    """How many remain for the next days, after time spent switched off."""

    @property
    def due(self) -> list[Entry]:
        """The stories that would be deleted."""
        return [*self.bury, *self.shelve]


def _now() -> datetime:
    return datetime.now(UTC)


def _steadily() -> float:
    """Monotonic seconds, including time spent asleep where the system can tell."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Pruner:
    """Sweeps once an hour while the editor's lease is held."""

    def __init__(
        self,
        retention: Retention,
        ledger: Packs,
        fence: Fence,
        alarms: Alarms,
        *,
        live_for: timedelta = LIVE_FOR,
        keep_for: timedelta = timedelta(days=365),
        now: Callable[[], datetime] = _now,
        steadily: Callable[[], float] = _steadily,
    ) -> None:
        self._retention = retention
        self._ledger = ledger
        self._lease = fence
        self._alarms = alarms
        self._live_for = live_for
        self._keep_for = keep_for
        self._now = now
        self._steadily = steadily
        self._anchor: tuple[datetime, float] | None = None
        """Redis's time and the monotonic one when we started, or when someone confirmed."""

    async def run(self) -> None:
        """Prune until cancelled."""
        next_sweep = self._steadily()
        while True:
            try:
                confirmed = await self._confirmed()
                if not confirmed and await self._suspicion():
                    next_sweep = self._steadily()  # as soon as the alarm is over
                elif confirmed or self._steadily() >= next_sweep:
                    await self.sweep(confirmed=confirmed)
                    next_sweep = self._steadily() + SWEEP_EVERY_S
            except StorageAway as away:
                log.warning("pruning waits for the storage", extra={"why": str(away)})
            except FenceLost:
                log.warning("pruning stops: another process took over")
            except Exception:
                log.exception("pruning failed")
            await asyncio.sleep(LOOK_EVERY_S)

    async def sweep(self, *, confirmed: bool = False) -> Plan:
        """Delete what is due, or say why not. May raise StorageAway and FenceLost."""
        plan = await self.plan(confirmed=confirmed)
        if plan.why is not None:
            self._alarms.report(ALARM, f"{plan.why}. {_REMEDY}")
            return plan
        self._alarms.clear(ALARM)
        await self._delete(plan, confirmed=confirmed)
        return plan

    async def confirm(self) -> None:
        """Someone says that the clocks are right and that what is due may be deleted."""
        theirs = await self._retention.time()
        await self._retention.note(confirmed=theirs.timestamp())

    async def _confirmed(self) -> bool:
        notes = await self._retention.notes()
        return notes.get("confirmed", 0.0) > notes.get("done", 0.0)

    # Planning.

    async def plan(self, *, confirmed: bool = False) -> Plan:
        """Look at every story and change nothing."""
        ours, theirs = self._now(), await self._retention.time()
        if confirmed:
            self._anchor = None
        plan = Plan(theirs if confirmed else min(ours, theirs))
        async for entries in self._retention.entries():
            for entry in entries:
                self._sort(entry, plan)
        plan.at_most = len(plan.due)
        if not confirmed:
            plan.why = (
                await self._suspicion()
                or _behind(theirs, plan.newest)
                or _too_many(plan, await self._retention.notes())
            )
        return plan

    def _sort(self, entry: Entry, plan: Plan) -> None:
        plan.total += 1
        plan.newest = max(plan.newest, entry.heard_at)
        age = plan.now - entry.heard_at
        if age < -APART:
            plan.ahead.append(entry)
        match entry.stage:
            case Stage.FULL:
                lives = timedelta(0) if entry.over else self._live_for
                if age >= lives + FULL_FOR:
                    plan.shelve.append(entry)
                else:
                    plan.full.append(entry.story)
            case Stage.STUB:
                if age >= self._keep_for:
                    plan.bury.append(entry)
            case Stage.TOMB:
                plan.total -= 1
                if age >= DAY:
                    plan.leave.append(entry)

    async def _suspicion(self) -> str | None:
        """What is wrong with the clocks right now; raises the alarm as soon as it is noticed."""
        why = await self._clocks()
        if why is not None:
            self._alarms.report(ALARM, f"{why}. {_REMEDY}")
        return why

    async def _clocks(self) -> str | None:
        newest = (await self._retention.notes()).get("newest", 0.0)
        steady, ours, theirs = self._steadily(), self._now(), await self._retention.time()
        if abs(ours - theirs) > APART:
            return (
                f"our clock says {_said(ours)} and Redis's {_said(theirs)}: correct the one "
                "that's wrong"
            )
        if self._anchor is None:
            self._anchor = (theirs, steady)
        then, began = self._anchor
        moved = (theirs - then) - timedelta(seconds=steady - began)
        if abs(moved) > STEP:
            return (
                f"Redis's clock was set {_span(moved)} while we ran, to {_said(theirs)}: correct "
                "it if that's wrong"
            )
        return _behind(theirs, datetime.fromtimestamp(newest, UTC))

    # Deleting.

    async def _delete(self, plan: Plan, *, confirmed: bool) -> None:
        for entry in plan.ahead if confirmed else ():
            await self._retention.heard_now(entry, plan.now)
        trimmed = 0
        for first in range(0, len(plan.full), _BATCH):
            batch = plan.full[first : first + _BATCH]
            trimmed += await self._retention.trim(batch, plan.now - HISTORY_FOR)
        gone = 0
        try:
            for entry in plan.due[: plan.at_most]:
                gone += await self._lets_one_go(entry, plan.now)
                if gone % _BATCH == 0:
                    await self._retention.wake()
            for entry in plan.leave:
                await self._drop(entry)
                await self._retention.leave(entry)
        finally:
            if gone:
                await self._retention.wake()
            await self._note(plan, gone, confirmed=confirmed)
        if gone or trimmed:
            log.info("pruned", extra={"stories": gone, "revisions": trimmed})

    async def _lets_one_go(self, entry: Entry, now: datetime) -> bool:
        """Delete one story; one that can't be read stays as it is, and stops no other."""
        try:
            return await self._lets_go(entry, now)
        except Exception as error:
            if not isinstance(error, Unreadable) and not wrong_type(error):
                raise
            log.warning("a story is not pruned", extra={"story": entry.story, "why": str(error)})
            return False

    async def _lets_go(self, entry: Entry, now: datetime) -> bool:
        if entry.stage is Stage.STUB:
            gone = await self._retention.bury(entry, now)
            if gone:  # otherwise an update arrived, and its cards are needed
                await self._drop(entry)
            return gone
        if not await self._ledger.pack(entry.story, self._fence()):
            raise FenceLost
        return await self._retention.shelve(entry)

    async def _drop(self, entry: Entry) -> None:
        if not await self._ledger.drop(entry.story, self._fence()):
            raise FenceLost

    def _fence(self) -> tuple[str, str]:
        return self._lease.key, self._lease.token

    async def _note(self, plan: Plan, gone: int, *, confirmed: bool) -> None:
        notes = await self._retention.notes()
        at = plan.now.timestamp()
        same_day = 0 <= at - notes.get("day", 0.0) < DAY.total_seconds()
        newest = max(at, notes.get("newest", 0.0))
        await self._retention.note(
            at=at,
            newest=at if confirmed else newest,
            day=notes["day"] if same_day else at,
            went=gone + (notes.get("went", 0.0) if same_day else 0.0),
            backlog=float(plan.backlog),
            **({"done": notes.get("confirmed", 0.0)} if confirmed else {}),
        )


def _behind(theirs: datetime, newest: datetime) -> str | None:
    if theirs >= newest - APART:
        return None
    return (
        f"Redis's clock says {_said(theirs)}, but something was stored at "
        f"{_said(newest)}: correct the clock"
    )


def _too_many(plan: Plan, notes: dict[str, float]) -> str | None:
    """Whether too many stories would be deleted in one day.

    Those that became due while the bot was switched off don't count: they are deleted in daily
    portions.
    """
    due, limit = len(plan.due), max(MANY - 1, plan.total // SHARE)
    at = plan.now.timestamp()
    days = max(1.0, (at - notes.get("at", at)) / DAY.total_seconds())
    same_day = 0 <= at - notes.get("day", 0.0) < DAY.total_seconds()
    went = int(notes.get("went", 0.0)) if same_day else 0
    fresh = due - int(notes.get("backlog", 0.0))
    if went + fresh > limit * days:
        return (
            f"{due} of {plan.total} stories would be deleted at once: check that the clocks "
            "are right"
        )
    plan.at_most = max(0, min(due, limit - went))
    plan.backlog = due - plan.at_most
    return None


def _said(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def _span(moved: timedelta) -> str:
    way = "ahead" if moved > timedelta(0) else "back"
    return f"{way} by {str(abs(moved)).partition('.')[0]}"


def summary(plan: Plan) -> Sequence[str]:
    """The plan, as lines for the operator."""
    return (
        f"{len(plan.shelve)} stories would no longer be held whole in memory",
        (
            f"{len(plan.bury)} stories would be reduced to a tombstone; their cards can't be "
            "edited afterwards"
        ),
        f"{len(plan.full)} stories keep full revisions of the last {HISTORY_FOR.days} days",
        f"of {plan.total} stories, at {_said(plan.now)}",
    )
