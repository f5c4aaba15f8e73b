"""The chats' rules in Redis: one hash, a field a chat."""

import json
import logging
from collections.abc import Collection, Mapping

from pydantic import ValidationError
from redis.asyncio import Redis

from bot.model.chat import Chat, read_chat
from bot.model.rule import Rule
from stories.archive import storage, text
from stories.records import Beyond, Form, Skipped, Unreadable
from stories.story import StoryId

log = logging.getLogger(__name__)

_AS_JSON = Form(Rule)
_NO_ZONE = (("quiet",), "value_error")
"""How quiet hours are refused whose time zone is unknown here."""


class RedisRules:
    """What people set from chat, kept."""

    def __init__(
        self, redis: Redis, prefix: str = "storywire", skipped: Skipped | None = None
    ) -> None:
        self._redis = redis
        self._skipped = skipped or Skipped()
        self._unreadable: set[Chat] = set()
        self._key = f"{prefix}:rules"
        self._moved = f"{prefix}:moved"

    @storage
    async def load(self) -> Mapping[Chat, Rule]:
        held = await self._skipped.ask("rule", self._key, self._redis.hgetall(self._key), {})
        rules, unreadable = dict[Chat, Rule](), set[Chat]()
        for field, raw in held.items():
            name = f"{self._key} {text(field)}"
            chat = self._skipped.read("rule", name, read_chat, text(field))
            if chat is None:
                continue
            read = self._skipped.read("rule", name, _read, str(chat), raw)
            if read is None:
                unreadable.add(chat)
            else:
                rules[chat] = read[0]
        self._unreadable = unreadable
        return rules

    @property
    def unreadable(self) -> Collection[Chat]:
        return self._unreadable

    @storage
    async def save(self, chat: Chat, rule: Rule | None) -> None:
        key, field = self._key, str(chat)
        if rule is None:
            await self._skipped.keep("rule", key, self._redis.hdel(key, field))
            return
        held = await self._skipped.keep("rule", key, self._redis.hget(key, field))
        beyond = None
        if held is not None:
            read = self._skipped.read("rule", f"{key} {field}", _read, field, held)
            if read is None:
                raise Unreadable(f"the rule of {chat} cannot be read, so it is not replaced")
            beyond = read[1]
        await self._redis.hset(key, field, _AS_JSON.write(rule, beyond))

    @storage
    async def moved(self) -> Mapping[Chat, Chat]:
        held = await self._skipped.ask("moved", self._moved, self._redis.hgetall(self._moved), {})
        pairs = [
            self._skipped.read("moved", f"{self._moved} {text(old)}", _pair, text(old), text(new))
            for old, new in held.items()
        ]
        return dict(pair for pair in pairs if pair is not None)

    @storage
    async def move(self, old: Chat, new: Chat) -> None:
        asked = self._redis.hset(self._moved, str(old), str(new))
        await self._skipped.ask("moved", self._moved, asked, 0)

    @storage
    async def forget(self, chat: Chat) -> set[StoryId]:
        """Keep neither its rule nor what it was called before."""
        asked = self._redis.hgetall(self._moved)
        pairs = await self._skipped.ask("moved", self._moved, asked, {})
        old = [was for was, now in pairs.items() if str(chat) in (text(was), text(now))]
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hdel(self._key, str(chat))
            if old:
                pipe.hdel(self._moved, *old)
            await self._skipped.ask("rule", self._key, pipe.execute(), [])
        return set()


def _pair(old: str, new: str) -> tuple[Chat, Chat]:
    return read_chat(old), read_chat(new)


def _read(chat: str, raw: bytes | str) -> tuple[Rule, Beyond | None]:
    try:
        return _AS_JSON.read_all(raw)
    except ValidationError as wrong:
        if {(error["loc"], error["type"]) for error in wrong.errors()} != {_NO_ZONE}:
            raise
        # Another system's zones, or an older one's: better heard at night than not at all.
        why = "; ".join(error["msg"] for error in wrong.errors())
        log.warning("quiet hours that hold nowhere are left out", extra={"chat": chat, "why": why})
        return _AS_JSON.read_all(json.dumps({**json.loads(raw), "quiet": None}))
