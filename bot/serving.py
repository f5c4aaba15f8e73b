"""Serves a platform: delivers while its lease and the key layout are ours, else only answers."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from bot.delivery.ports import Lease
from bot.delivery.reconciler import Reconciler
from bot.delivery.rollback import patiently
from bot.delivery.rules import RuleBook
from runtime.away import StorageAway
from runtime.errors import LeaseLost
from runtime.layout import Layout
from runtime.lease import RedisLease
from runtime.supervision import unless_told_to_stop

log = logging.getLogger(__name__)


ASK_S = 3.0
"""Seconds between looks, by a process that may not write, at whether another one serves a
platform."""


async def keep_in_step(
    reconciler: Reconciler,
    lease: Lease,
    rules: RuleBook,
    connected: Callable[[], Coroutine[Any, Any, None]],
) -> None:
    """Serve a platform while we hold its lease; stand by while another process does.

    `connected` keeps the connection while it runs.
    """
    name = reconciler.platform.name
    while True:
        try:
            async with lease.held():
                await _load(rules)
                async with asyncio.TaskGroup() as tasks:
                    online = tasks.create_task(connected(), name=f"{name} on")
                    try:
                        await reconciler.run()
                    finally:  # the reconciler has finished its calls: now we may disconnect
                        online.cancel()
        except* LeaseLost:
            log.warning("another process took over", extra={"platform": name})
            unless_told_to_stop()


async def as_the_layout_allows(
    layout: Layout,
    deliver: Callable[[], Coroutine[Any, Any, None]],
    answer: Callable[[], Coroutine[Any, Any, None]],
) -> None:
    """Deliver while the key layout is ours, and only answer while it isn't."""
    while True:
        newer = layout.newer
        work = asyncio.create_task(answer() if newer else deliver())
        over = asyncio.create_task(layout.becomes(newer=not newer))
        try:
            await asyncio.wait((work, over), return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                work.result()  # it runs for ever, or fails
        finally:
            for task in (work, over):
                task.cancel()
            await asyncio.gather(work, over, return_exceptions=True)


async def only_answer(
    lease: RedisLease, rules: RuleBook, connected: Callable[[], Coroutine[Any, Any, None]]
) -> None:
    """Answer on a platform as long as no other process serves it; nothing is posted."""
    await _load(rules)
    while True:
        await _until(lease, taken=False)
        async with asyncio.TaskGroup() as tasks:
            online = tasks.create_task(connected(), name="answers only")
            await _until(lease, taken=True)
            online.cancel()


async def _until(lease: RedisLease, *, taken: bool) -> None:
    while True:
        if await patiently(lease.taken) is taken:
            return
        await asyncio.sleep(ASK_S)


async def _load(rules: RuleBook) -> None:
    while True:
        try:
            await rules.load()
        except StorageAway:
            await asyncio.sleep(1)
        else:
            return
