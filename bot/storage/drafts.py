"""Rules that moderators are still at, in Redis: a key a chat, gone a day after the last change."""

import logging
from datetime import timedelta

from pydantic import TypeAdapter, ValidationError
from redis.asyncio import Redis

from bot.model.chat import Chat
from bot.ports import Draft
from stories.archive import storage

log = logging.getLogger(__name__)

KEPT_FOR = timedelta(days=1)

_AS_JSON = TypeAdapter(Draft)


class RedisDrafts:
    """Keeps what is not saved yet, so that a restart in the middle loses none of it."""

    def __init__(self, redis: Redis, prefix: str = "storywire") -> None:
        self._redis = redis
        self._prefix = prefix

    @storage
    async def load(self, chat: Chat) -> Draft | None:
        raw = await self._redis.get(self._key(chat))
        if raw is None:
            return None
        try:
            return _AS_JSON.validate_json(raw)
        except ValidationError as error:  # another version's, or its time zone is no more
            log.warning("a draft cannot be read", extra={"chat": str(chat), "why": str(error)})
            return None

    @storage
    async def save(self, chat: Chat, draft: Draft) -> None:
        await self._redis.set(self._key(chat), _AS_JSON.dump_json(draft), ex=KEPT_FOR)

    @storage
    async def drop(self, chat: Chat) -> None:
        await self._redis.delete(self._key(chat))

    async def move(self, old: Chat, new: Chat) -> None:
        """A chat has another address now: its draft goes along, unless there is one already."""
        if (draft := await self.load(old)) is not None:
            await self._keep(new, draft)
            await self.drop(old)

    @storage
    async def _keep(self, chat: Chat, draft: Draft) -> None:
        await self._redis.set(self._key(chat), _AS_JSON.dump_json(draft), ex=KEPT_FOR, nx=True)

    def _key(self, chat: Chat) -> str:
        return f"{self._prefix}:drafts:{chat}"
