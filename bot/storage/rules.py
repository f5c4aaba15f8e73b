"""The chats' rules in Redis: one hash, a field a chat."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from redis.asyncio import Redis

from bot.model.chat import Chat, read_chat
from bot.model.rule import Loudness, Rule
from stories.archive import storage, text


class RedisRules:
    """What people set from chat, kept."""

    def __init__(self, redis: Redis, prefix: str = "storywire") -> None:
        self._redis = redis
        self._key = f"{prefix}:rules"
        self._moved = f"{prefix}:moved"

    @storage
    async def load(self) -> Mapping[Chat, Rule]:
        rules = await self._redis.hgetall(self._key)
        return {read_chat(text(chat)): _read(raw) for chat, raw in rules.items()}

    @storage
    async def save(self, chat: Chat, rule: Rule | None) -> None:
        if rule is None:
            await self._redis.hdel(self._key, str(chat))
        else:
            await self._redis.hset(self._key, str(chat), json.dumps(asdict(rule)))

    @storage
    async def moved(self) -> Mapping[Chat, Chat]:
        pairs = await self._redis.hgetall(self._moved)
        return {read_chat(text(old)): read_chat(text(new)) for old, new in pairs.items()}

    @storage
    async def move(self, old: Chat, new: Chat) -> None:
        await self._redis.hset(self._moved, str(old), str(new))


def _read(raw: bytes | str) -> Rule:
    fields: dict[str, Any] = json.loads(raw)
    for words in ("keywords", "entities", "story_ids"):
        fields[words] = tuple(fields[words])
    return Rule(**{**fields, "loudness": Loudness(fields["loudness"])})
