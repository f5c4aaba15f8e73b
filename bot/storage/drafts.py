"""Unsaved rules that moderators are editing, in Redis: a key per chat, deleted after a day."""

from contextlib import suppress
from datetime import timedelta

from redis.asyncio import Redis

from bot.model.chat import Chat
from bot.model.rule import Draft
from runtime.connection import storage
from runtime.records import Beyond, Form, Skipped, Unreadable

KEPT_FOR = timedelta(days=1)

_AS_JSON = Form(Draft)


class RedisDrafts:
    """Stores unsaved choices, so that a restart loses nothing."""

    def __init__(
        self, redis: Redis, prefix: str = "storywire", skipped: Skipped | None = None
    ) -> None:
        self._redis = redis
        self._skipped = skipped or Skipped()
        self._prefix = prefix

    @storage
    async def load(self, chat: Chat) -> Draft | None:
        """A chat's draft, or None."""
        found = await self._read(chat)
        return found[0] if found else None

    async def _read(self, chat: Chat) -> tuple[Draft, Beyond | None] | None:
        """The stored draft; raises Unreadable."""
        key = self._key(chat)
        raw = await self._skipped.keep("draft", key, self._redis.get(key))
        if raw is None:
            return None
        found = self._skipped.read("draft", key, _AS_JSON.read_all, raw)
        if found is None:
            raise Unreadable(f"the draft of {chat} cannot be read, so it is not replaced")
        return found

    @storage
    async def save(self, chat: Chat, draft: Draft) -> None:
        """Store a chat's draft for another day."""
        held = await self._read(chat)
        raw = _AS_JSON.write(draft, held[1] if held else None)
        await self._redis.set(self._key(chat), raw, ex=KEPT_FOR)

    @storage
    async def drop(self, chat: Chat) -> None:
        """Delete a chat's draft."""
        await self._redis.delete(self._key(chat))

    async def move(self, old: Chat, new: Chat) -> None:
        """A chat has a new address: its draft moves along, unless there is one already."""
        with suppress(Unreadable):  # an unreadable draft stays where it is
            if (draft := await self.load(old)) is not None:
                await self._keep(new, draft)
                await self.drop(old)

    @storage
    async def _keep(self, chat: Chat, draft: Draft) -> None:
        await self._redis.set(self._key(chat), _AS_JSON.write(draft), ex=KEPT_FOR, nx=True)

    def _key(self, chat: Chat) -> str:
        return f"{self._prefix}:drafts:{chat}"
