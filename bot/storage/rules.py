"""The chats' rules in Redis: one hash with a field per chat."""

import json
import logging
from collections.abc import Collection, Iterable, Mapping

from pydantic import ValidationError
from redis.asyncio import Redis

from bot.model.chat import Chat
from bot.model.rule import Rule
from bot.platforms.known import read_chat
from runtime.away import StorageAway
from runtime.connection import storage, text
from runtime.lease import RedisLease
from runtime.records import Beyond, Form, Skipped, Unreadable
from stories.story import StoryId

log = logging.getLogger(__name__)

_AS_JSON = Form(Rule)
_NO_ZONE = (("quiet",), "value_error")
"""The error for quiet hours whose time zone is unknown here."""
# KEYS: the platform's lease, a hash; ARGV: token, then field and value, and so on.
_PUT_BACK = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return -1 end
local missing = 0
for number = 2, #ARGV, 2 do
    missing = missing + redis.call('HSETNX', KEYS[2], ARGV[number], ARGV[number + 1])
end
return missing
"""
_BATCH = 500


class RedisRules:
    """Stores the rules that people set from chat."""

    def __init__(
        self,
        redis: Redis,
        prefix: str = "storywire",
        skipped: Skipped | None = None,
        leases: Mapping[str, RedisLease] | None = None,
    ) -> None:
        """`leases`: the platforms' leases; only the holder of one can write back lost rules
        there."""
        self._redis = redis
        self._leases = leases or {}
        self._put_back = redis.register_script(_PUT_BACK)
        self._skipped = skipped or Skipped()
        self._unreadable: set[Chat] = set()
        self._key = f"{prefix}:rules"
        self._moved = f"{prefix}:moved"

    @storage
    async def load(self) -> Mapping[Chat, Rule]:
        """Every chat's rule."""
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
        """The chats whose rule can't be read."""
        return self._unreadable

    @storage
    async def save(self, chat: Chat, rule: Rule | None) -> None:
        """Store a chat's rule, or delete it (None)."""
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
        """Old to new addresses of chats that moved."""
        held = await self._skipped.ask("moved", self._moved, self._redis.hgetall(self._moved), {})
        pairs = [
            self._skipped.read("moved", f"{self._moved} {text(old)}", _pair, text(old), text(new))
            for old, new in held.items()
        ]
        return dict(pair for pair in pairs if pair is not None)

    @storage
    async def move(self, old: Chat, new: Chat) -> None:
        """A chat has a new address: its rule moves along."""
        asked = self._redis.hset(self._moved, str(old), str(new))
        await self._skipped.ask("moved", self._moved, asked, 0)

    @storage
    async def put_back(
        self, platform: str, rules: Mapping[Chat, Rule], moved: Mapping[Chat, Chat]
    ) -> int:
        """Write back rules that the storage lost; returns how many were missing."""
        lease, chats = self._leases[platform], list(rules)
        missing = 0
        for first in range(0, len(chats), _BATCH):
            batch = chats[first : first + _BATCH]
            pairs = [(str(chat), _AS_JSON.write(rules[chat])) for chat in batch]
            missing += await self._put("rule", self._key, lease, pairs)
        addresses = [(str(old), str(new).encode()) for old, new in moved.items()]
        return missing + await self._put("moved", self._moved, lease, addresses)

    async def _put(
        self, kind: str, key: str, lease: RedisLease, pairs: Iterable[tuple[str, bytes]]
    ) -> int:
        fields = [each for pair in pairs for each in pair]
        asked = self._put_back([lease.key, key], [lease.token, *fields])
        missing = int(await self._skipped.ask(kind, key, asked, 0))
        if missing < 0:
            raise StorageAway("another process holds the lease")
        return missing

    @storage
    async def forget(self, chat: Chat) -> set[StoryId]:
        """Delete a chat's rule and its former addresses."""
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
        # A zone of another system, or of an older one: better loud at night than no rule at all.
        why = "; ".join(error["msg"] for error in wrong.errors())
        log.warning("quiet hours in an unknown time zone ignored", extra={"chat": chat, "why": why})
        return _AS_JSON.read_all(json.dumps({**json.loads(raw), "quiet": None}))
