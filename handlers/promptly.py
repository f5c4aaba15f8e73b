"""Redis is asked while someone waits for an answer: for less than a second."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from runtime.away import StorageAway

PATIENCE_S = 0.8
"""Seconds an answer waits for the storage: less than a chat service waits for the answer."""


T = TypeVar("T")


async def promptly(call: Awaitable[T]) -> T:
    """Wait for the storage, but not for long: then raise StorageAway."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            return await call
    except TimeoutError as late:
        raise StorageAway("no answer in time") from late
