"""The chats' rules in Redis: one hash, a field a chat."""

from collections.abc import Mapping

from pydantic import TypeAdapter
from redis.asyncio import Redis

from bot.model.chat import Chat, read_chat
from bot.model.rule import Rule
from stories.archive import storage, text

_AS_JSON = TypeAdapter(Rule)


class RedisRules:
    """What people set from chat, kept."""

    def __init__(self, redis: Redis, prefix: str = "storywire") -> None:
        self._redis = redis
        self._key = f"{prefix}:rules"
        self._moved = f"{prefix}:moved"

    @storage
    async def load(self) -> Mapping[Chat, Rule]:
        rules = await self._redis.hgetall(self._key)
        return {read_chat(text(chat)): _AS_JSON.validate_json(raw) for chat, raw in rules.items()}

    @storage
    async def save(self, chat: Chat, rule: Rule | None) -> None:
        if rule is None:
            await self._redis.hdel(self._key, str(chat))
        else:
            await self._redis.hset(self._key, str(chat), _AS_JSON.dump_json(rule))

    @storage
    async def moved(self) -> Mapping[Chat, Chat]:
        pairs = await self._redis.hgetall(self._moved)
        return {read_chat(text(old)): read_chat(text(new)) for old, new in pairs.items()}

    @storage
    async def move(self, old: Chat, new: Chat) -> None:
        await self._redis.hset(self._moved, str(old), str(new))
