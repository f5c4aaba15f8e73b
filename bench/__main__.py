"""`make bench`: measures side by side, prints one table of ratios, writes docs/benchmarks.md."""

import asyncio
import sys
import time

from bench import fanout, wake
from bench.kit import lean_server
from sandbox.redis import own_redis
from stories.archive import connect

PARTS = {"wake": wake, "fanout": fanout}


async def main(wanted: list[str]) -> None:
    for name in wanted or PARTS:
        started = time.monotonic()
        async with own_redis() as url, lean_server() as lean, connect(url) as redis:
            for line in await PARTS[name].measure(redis, url, lean):
                print(line)
        print(name, time.monotonic() - started)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
