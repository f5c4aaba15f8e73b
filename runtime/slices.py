"""Long work on the event loop in slices, so that other tasks get their turn in between."""

import asyncio
import time
from collections.abc import AsyncGenerator, Iterable
from typing import TypeVar

T = TypeVar("T")

SLICE_S = 0.002


async def in_slices(items: Iterable[T]) -> AsyncGenerator[T]:
    """Yields the items, and lets other tasks run whenever making and using them took long."""
    until = time.perf_counter() + SLICE_S
    for item in items:
        yield item
        if time.perf_counter() > until:
            await others_first()
            until = time.perf_counter() + SLICE_S


async def others_first() -> None:
    """Let everything else that is ready run once."""
    await asyncio.sleep(0)
