"""The chats' rules in Redis: one hash, a field a chat."""

import json
import logging
from collections.abc import Mapping

from pydantic import TypeAdapter, ValidationError
from redis.asyncio import Redis

from bot.model.chat import Chat, read_chat
from bot.model.rule import Rule
from stories.archive import storage, text
from stories.story import StoryId

log = logging.getLogger(__name__)

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
        return {read_chat(text(chat)): _read(text(chat), raw) for chat, raw in rules.items()}

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

    @storage
    async def forget(self, chat: Chat) -> set[StoryId]:
        """Keep neither its rule nor what it was called before."""
        pairs = await self._redis.hgetall(self._moved)
        old = [was for was, now in pairs.items() if str(chat) in (text(was), text(now))]
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hdel(self._key, str(chat))
            if old:
                pipe.hdel(self._moved, *old)
            await pipe.execute()
        return set()


def _read(chat: str, raw: bytes | str) -> Rule:
    try:
        return _AS_JSON.validate_json(raw)
    except ValidationError as wrong:
        if {error["loc"][:1] for error in wrong.errors()} != {("quiet",)}:
            raise
        # Another system's zones, or an older one's: better heard at night than not at all.
        why = "; ".join(error["msg"] for error in wrong.errors())
        log.warning("quiet hours that hold nowhere are left out", extra={"chat": chat, "why": why})
        return _AS_JSON.validate_json(json.dumps({**json.loads(raw), "quiet": None}))
