"""Which chats refuse us or have removed us, in Redis: a hash a platform, a field a chat."""

from collections.abc import Mapping

from redis.asyncio import Redis

from bot.model.chat import Chat, read_chat
from bot.ports import Trouble
from runtime.connection import storage, text
from runtime.records import Form, Skipped
from stories.story import StoryId

_AS_JSON = Form(Trouble)


def _read(chat: str, raw: bytes | str) -> tuple[Chat, Trouble]:
    return read_chat(chat), _AS_JSON.read(raw)


class RedisTroubles:
    """What is wrong where, and whether someone has been told."""

    def __init__(
        self, redis: Redis, prefix: str = "storywire", skipped: Skipped | None = None
    ) -> None:
        self._redis = redis
        self._skipped = skipped or Skipped()
        self._prefix = prefix

    @storage
    async def all(self, platform: str) -> Mapping[Chat, Trouble]:
        key, asked = self._key(platform), self._redis.hgetall(self._key(platform))
        troubles = [
            self._skipped.read("trouble", f"{key} {text(chat)}", _read, text(chat), raw)
            for chat, raw in (await self._skipped.ask("trouble", key, asked, {})).items()
        ]
        return dict(filter(None, troubles))

    @storage
    async def save(self, chat: Chat, trouble: Trouble | None) -> None:
        key, field = self._key(chat.platform), str(chat)
        held = await self._skipped.ask("trouble", key, self._redis.hget(key, field), b"of another")
        if held is None and trouble is None:
            return
        beyond = None
        if held is not None:
            read = self._skipped.read("trouble", f"{key} {field}", _AS_JSON.read_all, held)
            if read is None:
                return  # it is left as it is, and ours ends with this process
            beyond = read[1]
        if trouble is None:
            await self._redis.hdel(key, field)
        else:
            await self._redis.hset(key, field, _AS_JSON.write(trouble, beyond))

    @storage
    async def forget(self, chat: Chat) -> set[StoryId]:
        key = self._key(chat.platform)
        await self._skipped.ask("trouble", key, self._redis.hdel(key, str(chat)), 0)
        return set()

    def _key(self, platform: str) -> str:
        return f"{self._prefix}:troubles:{platform}"
