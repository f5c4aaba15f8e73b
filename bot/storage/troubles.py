"""Which chats refuse us or have removed us, in Redis: a hash a platform, a field a chat."""

from collections.abc import Mapping

from pydantic import TypeAdapter
from redis.asyncio import Redis

from bot.model.chat import Chat, read_chat
from bot.ports import Trouble
from stories.archive import storage, text
from stories.story import StoryId

_AS_JSON = TypeAdapter(Trouble)


class RedisTroubles:
    """What is wrong where, and whether someone has been told."""

    def __init__(self, redis: Redis, prefix: str = "storywire") -> None:
        self._redis = redis
        self._prefix = prefix

    @storage
    async def all(self, platform: str) -> Mapping[Chat, Trouble]:
        held = await self._redis.hgetall(self._key(platform))
        return {read_chat(text(chat)): _AS_JSON.validate_json(raw) for chat, raw in held.items()}

    @storage
    async def save(self, chat: Chat, trouble: Trouble | None) -> None:
        if trouble is None:
            await self._redis.hdel(self._key(chat.platform), str(chat))
        else:
            raw = _AS_JSON.dump_json(trouble)
            await self._redis.hset(self._key(chat.platform), str(chat), raw)

    async def forget(self, chat: Chat) -> set[StoryId]:
        await self.save(chat, None)
        return set()

    def _key(self, platform: str) -> str:
        return f"{self._prefix}:troubles:{platform}"
