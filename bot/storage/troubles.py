"""Which chats refuse us or have removed us, in Redis: a hash per platform with a field per chat."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from redis.asyncio import Redis

from bot.model.chat import Chat
from bot.model.trouble import Trouble
from bot.platforms.known import read_chat
from runtime.connection import storage, text
from runtime.records import Form, Skipped
from stories.story import StoryId
from wording.reasons import Reason

_ELSEWHERE = "/status"
"""Stands where earlier versions look for a remedy, in any language: that says what is missing."""


@dataclass(frozen=True, slots=True)
class _Stored:
    """A trouble as it is stored: earlier versions need both `why` and `remedy`."""

    why: str
    """The reason; from earlier versions, its sentence."""
    remedy: str
    since: datetime
    act: str = "post"
    told: bool = False
    asked_at: datetime | None = None
    left_at: datetime | None = None


_AS_JSON = Form(_Stored)


def _read(chat: str, raw: bytes | str) -> tuple[Chat, Trouble]:
    held = _AS_JSON.read(raw)
    said = held.why if held.remedy == _ELSEWHERE else f"{held.why}\n{held.remedy}"
    trouble = Trouble(
        Reason.read(said), held.since, held.act, held.told, held.asked_at, held.left_at
    )
    return read_chat(chat), trouble


def _stored(trouble: Trouble) -> _Stored:
    return _Stored(
        str(trouble.reason),
        _ELSEWHERE,
        trouble.since,
        trouble.act,
        trouble.told,
        trouble.asked_at,
        trouble.left_at,
    )


class RedisTroubles:
    """What is wrong in which chat, and whether someone has been told."""

    def __init__(
        self, redis: Redis, prefix: str = "storywire", skipped: Skipped | None = None
    ) -> None:
        self._redis = redis
        self._skipped = skipped or Skipped()
        self._prefix = prefix

    @storage
    async def all(self, platform: str) -> Mapping[Chat, Trouble]:
        """A platform's troubles, by chat."""
        key, asked = self._key(platform), self._redis.hgetall(self._key(platform))
        troubles = [
            self._skipped.read("trouble", f"{key} {text(chat)}", _read, text(chat), raw)
            for chat, raw in (await self._skipped.ask("trouble", key, asked, {})).items()
        ]
        return dict(filter(None, troubles))

    @storage
    async def save(self, chat: Chat, trouble: Trouble | None) -> None:
        """Store a chat's trouble, or delete it (None)."""
        key, field = self._key(chat.platform), str(chat)
        held = await self._skipped.ask("trouble", key, self._redis.hget(key, field), b"of another")
        if held is None and trouble is None:
            return
        beyond = None
        if held is not None:
            read = self._skipped.read("trouble", f"{key} {field}", _AS_JSON.read_all, held)
            if read is None:
                return  # it is left as it is; ours is lost with this process
            beyond = read[1]
        if trouble is None:
            await self._redis.hdel(key, field)
        else:
            await self._redis.hset(key, field, _AS_JSON.write(_stored(trouble), beyond))

    @storage
    async def forget(self, chat: Chat) -> set[StoryId]:
        """Delete a chat's trouble."""
        key = self._key(chat.platform)
        await self._skipped.ask("trouble", key, self._redis.hdel(key, str(chat)), 0)
        return set()

    def _key(self, platform: str) -> str:
        return f"{self._prefix}:troubles:{platform}"
