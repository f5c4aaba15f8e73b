"""Long work on the event loop in slices: others have their turn in between."""

import asyncio
import time
from collections.abc import AsyncGenerator, Iterable
from typing import TypeVar

T = TypeVar("T")

SLICE_S = 0.002


async def in_slices(items: Iterable[T]) -> AsyncGenerator[T]:
    """The items, whatever it takes to make them and to use them."""
    until = time.perf_counter() + SLICE_S
    for item in items:
        yield item
        if time.perf_counter() > until:
            await others_first()
            until = time.perf_counter() + SLICE_S


async def others_first() -> None:
    """Everything else that is ready has its turn."""
    await asyncio.sleep(0)
