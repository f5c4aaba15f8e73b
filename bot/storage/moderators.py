"""Which role of a server counts as moderator, in Redis: one hash, a field a server."""

from redis.asyncio import Redis

from stories.archive import storage, text


class RedisModerators:
    """The roles that servers named."""

    def __init__(self, redis: Redis, prefix: str = "storywire") -> None:
        self._redis = redis
        self._key = f"{prefix}:moderators"

    @storage
    async def role(self, server: str) -> str | None:
        role = await self._redis.hget(self._key, server)
        return text(role) if role else None

    @storage
    async def name(self, server: str, role: str | None) -> None:
        if role is None:
            await self._redis.hdel(self._key, server)
        else:
            await self._redis.hset(self._key, server, role)
