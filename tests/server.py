"""The tests' Redis outlives the event loop of any one test, so it runs on a loop of its own."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox.redis import own_redis


@contextmanager
def serving(folder: Path | None = None, *options: str) -> Iterator[str]:
    """Run a server on loopback while inside; yield its URL."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = own_redis(folder, options=options)
    try:
        yield asyncio.run_coroutine_threadsafe(server.__aenter__(), loop).result(30)
    finally:
        ended = server.__aexit__(None, None, None)
        asyncio.run_coroutine_threadsafe(ended, loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
