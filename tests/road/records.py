"""What Redis keeps, and whom it names."""

from redis.asyncio import Redis


async def naming(redis: Redis, prefix: str, *names: str) -> set[tuple[str, str]]:
    """Which kinds of records hold which of the names: in a key, a field or a value."""
    found = set()
    async for raw in redis.scan_iter(f"{prefix}:*"):
        key = raw.decode()
        said = f"{key} {await _held(redis, key)}"
        found |= {(key.split(":")[1], name) for name in names if name in said}
    return found


async def _held(redis: Redis, key: str) -> str:
    match await redis.type(key):
        case b"hash":
            return str(await redis.hgetall(key))
        case b"set":
            return str(await redis.smembers(key))
        case b"zset":
            return str(await redis.zrange(key, 0, -1))
        case b"stream":
            return str(await redis.xrange(key))
        case _:
            return str(await redis.get(key))
