"""The ledger in Redis: a hash a story, a field a chat; and an index the other way round."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from redis.asyncio import Redis

from bot.model.chat import Chat, read_chat
from bot.ports import Row, State
from stories.archive import storage, text
from stories.story import StoryId


class RedisLedger:
    """Which card shows which revision where."""

    def __init__(self, redis: Redis, prefix: str = "storywire") -> None:
        self._redis = redis
        self._prefix = prefix

    @storage
    async def row(self, chat: Chat, story: StoryId) -> Row | None:
        raw = await self._redis.hget(self._cards(story), str(chat))
        return _read(raw) if raw else None

    @storage
    async def write(self, chat: Chat, story: StoryId, row: Row) -> None:
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hset(self._cards(story), str(chat), _write(row))
            pipe.sadd(self._stories(chat), story)
            await pipe.execute()

    @storage
    async def of_story(self, story: StoryId) -> Mapping[Chat, Row]:
        rows = await self._redis.hgetall(self._cards(story))
        return {read_chat(text(chat)): _read(raw) for chat, raw in rows.items()}

    @storage
    async def of_chat(self, chat: Chat) -> Mapping[StoryId, Row]:
        members = await self._redis.smembers(self._stories(chat))
        stories = [StoryId(text(member)) for member in members]
        async with self._redis.pipeline(transaction=False) as pipe:
            for story in stories:
                pipe.hget(self._cards(story), str(chat))
            rows = await pipe.execute()
        return {story: _read(raw) for story, raw in zip(stories, rows, strict=True) if raw}

    def _cards(self, story: StoryId) -> str:
        return f"{self._prefix}:cards:{story}"

    def _stories(self, chat: Chat) -> str:
        return f"{self._prefix}:chat:{chat}:stories"


def _write(row: Row) -> str:
    return json.dumps(
        {name: value for name, value in asdict(row).items() if value is not None},
        default=datetime.isoformat,
        separators=(",", ":"),
    )


def _read(raw: bytes | str) -> Row:
    fields: dict[str, Any] = json.loads(raw)
    for moment in ("at", "posted_at", "replied_at"):
        if moment in fields:
            fields[moment] = datetime.fromisoformat(fields[moment])
    return Row(**{**fields, "state": State(fields["state"])})
