"""Which role of a server counts as moderator, in Redis: one hash with a field per server."""

from redis.asyncio import Redis

from runtime.connection import storage, text
from runtime.records import Skipped, Unreadable


class RedisModerators:
    """The moderator roles that servers have chosen."""

    def __init__(
        self, redis: Redis, prefix: str = "storywire", skipped: Skipped | None = None
    ) -> None:
        self._redis = redis
        self._skipped = skipped or Skipped()
        self._key = f"{prefix}:moderators"

    @storage
    async def role(self, server: str) -> str | None:
        """The role's id, or None."""
        held = await self._skipped.ask("role", self._key, self._redis.hget(self._key, server), None)
        if held is None:
            return None
        return self._skipped.read("role", f"{self._key} {server}", _role, held)

    @storage
    async def name(self, server: str, role: str | None) -> None:
        """Choose the role; None for none."""
        if role is None:
            await self._skipped.ask("role", self._key, self._redis.hdel(self._key, server), 0)
            return
        held = await self._skipped.keep("role", self._key, self._redis.hget(self._key, server))
        where = f"{self._key} {server}"
        if held is not None and self._skipped.read("role", where, _role, held) is None:
            raise Unreadable(f"the role of {server} cannot be read, so it is not replaced")
        await self._redis.hset(self._key, server, role)


def _role(held: bytes | str) -> str:
    role = text(held)
    if not role.isdecimal():
        raise ValueError("it is no role's number")
    return role
