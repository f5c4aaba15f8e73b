"""Whoever is told to stop while talking to Redis stops, at whatever moment the word comes."""

import asyncio

from stories.archive import Archive


async def test_a_task_that_asks_redis_can_be_stopped_at_any_moment(archive: Archive) -> None:
    async def ask_for_ever() -> None:
        while True:
            await archive.ping()

    for moments in range(60):  # of the event loop: a round trip to Redis takes about ten
        asking = asyncio.create_task(ask_for_ever())
        for _ in range(moments):
            await asyncio.sleep(0)
        asking.cancel()
        stopped, _ = await asyncio.wait({asking}, timeout=5)
        assert stopped, f"it goes on, though it was told to stop after {moments} moments"
        assert asking.cancelled()
    await archive.ping()
