"""What Redis holds: whom it names, and that none of it is a sentence of ours."""

import re
from functools import cache

from redis.asyncio import Redis

from scripts.messages import TEMPLATE, read

_PART = re.compile(r"[A-Za-z ,;.:()/-]{25,}")
"""What is long enough not to stand in a story by chance, and stands in a record as it is said."""


async def naming(redis: Redis, prefix: str, *names: str) -> set[tuple[str, str]]:
    """Which kinds of records hold which of the names: in a key, a field or a value."""
    found = set()
    async for raw in redis.scan_iter(f"{prefix}:*"):
        key = raw.decode()
        said = f"{key} {await _held(redis, key)}"
        found |= {(key.split(":")[1], name) for name in names if name in said}
    return found


async def sentences(redis: Redis, prefix: str) -> set[tuple[str, str]]:
    """Which kinds of records hold which parts of the catalogue's sentences."""
    return await naming(redis, prefix, *_parts())


@cache
def _parts() -> frozenset[str]:
    said = [str(message.id) for message in read(TEMPLATE) if message.id]
    return frozenset(part for each in said for part in _PART.findall(re.sub(r"{\w+}", "\n", each)))


async def _held(redis: Redis, key: str) -> str:
    match await redis.type(key):
        case b"hash":
            return str(await redis.hgetall(key))
        case b"set":
            return str(await redis.smembers(key))
        case b"zset":
            return str(await redis.zrange(key, 0, -1))
        case b"list":
            return str(await redis.lrange(key, 0, -1))
        case b"stream":
            return str(await redis.xrange(key))
        case _:
            return str(await redis.get(key))
