"""The ledger in Redis: a hash a story, a field a chat; and an index the other way round.

Of stories that have left full memory the rows are packed (packed.py), and only found by the story.
A row in the hash counts more than a packed one, so what is written needs no unpacking.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter
from redis.asyncio import Redis

from bot.model.chat import Chat, read_chat
from bot.model.unknown import Unknown, key_of
from bot.ports import Row, State
from bot.storage.lease import RedisLease
from bot.storage.packed import PackedError, pack, packs, unpack
from bot.storage.together import Script, Together
from stories.archive import storage, text
from stories.away import StorageAway
from stories.story import StoryId

log = logging.getLogger(__name__)

# A row is written only while the lease is the writer's: whoever slept through its end is told.
WRITE = Script("""
local lease, counter, stories, pins, unknown = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local token, chat, written = ARGV[1], ARGV[2], 0
if token ~= '' and redis.call('GET', lease) ~= token then return -1 end
for number = 6, #KEYS do
    local first = 5 * number - 27
    local story, row, pin = ARGV[first], ARGV[first + 1], ARGV[first + 2]
    local name, attempt = ARGV[first + 3], ARGV[first + 4]
    redis.call('HSET', KEYS[number], chat, row)
    redis.call('SADD', stories, story)
    redis.call(pin, pins, chat .. ' ' .. story)
    if attempt == '' then redis.call('HDEL', unknown, name)
    else redis.call('HSET', unknown, name, chat .. ' ' .. story .. ' ' .. attempt) end
    written = redis.call('INCR', counter)
end
return written
""")
_ROW = TypeAdapter(Row)
# Rows that are as they were when they were read go from the hash into the packed value. What has
# changed meanwhile stays, and counts. Repeated, it finds none of them, and adds nothing.
# KEYS: the editor's lease, packed, rows; ARGV: token, story, beginning of the chats' keys, a
# segment, beginning of the keys of what is unknown, then chat, row and the card's key, and so on.
_PACK = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return -1 end
local moved = 0
for number = 6, #ARGV, 3 do
    if redis.call('HGET', KEYS[3], ARGV[number]) == ARGV[number + 1] then
        if moved == 0 then redis.call('APPEND', KEYS[2], ARGV[4]) end
        redis.call('HDEL', KEYS[3], ARGV[number])
        redis.call('SREM', ARGV[3] .. ARGV[number] .. ':stories', ARGV[2])
        redis.call('HDEL', ARGV[5] .. string.match(ARGV[number], '^[^:]*'), ARGV[number + 2])
        moved = moved + 1
    end
end
return moved
"""
# KEYS: the editor's lease, packed, rows; ARGV: token, story, beginning of the chats' keys, that of
# the pins' keys, that of the keys of what is unknown, then chat and the card's key, and so on.
_DROP = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return -1 end
redis.call('DEL', KEYS[2])
for number = 6, #ARGV, 2 do
    local chat = ARGV[number]
    redis.call('HDEL', KEYS[3], chat)
    redis.call('SREM', ARGV[3] .. chat .. ':stories', ARGV[2])
    local platform = string.match(chat, '^[^:]*')
    redis.call('SREM', ARGV[4] .. platform, chat .. ' ' .. ARGV[2])
    redis.call('HDEL', ARGV[5] .. platform, ARGV[number + 1])
end
return #ARGV - 5
"""
# A number for each chat that has none, never one that another had; 0 for one that has no row.
# KEYS: numbers, chats by number, the last number, rows
_NUMBER = """
local numbers = {}
for at, chat in ipairs(ARGV) do
    local number = redis.call('HGET', KEYS[1], chat)
    if redis.call('HEXISTS', KEYS[4], chat) == 0 then -- forgotten: it is not to be named again
        number = 0
    elseif not number then
        number = redis.call('INCR', KEYS[3])
        redis.call('HSET', KEYS[1], chat, number)
        redis.call('HSET', KEYS[2], number, chat)
    end
    numbers[at] = tonumber(number)
end
return numbers
"""
_FORGET_NUMBER = """
local number = redis.call('HGET', KEYS[1], ARGV[1])
if number then
    redis.call('HDEL', KEYS[1], ARGV[1])
    redis.call('HDEL', KEYS[2], number)
end
"""
_BATCH = 500


class RedisLedger:
    """Which card shows which revision where. With a lease, only its holder can write."""

    def __init__(
        self, redis: Redis, prefix: str = "storywire", lease: RedisLease | None = None
    ) -> None:
        self._redis = redis
        self._lease = lease
        self._together = Together(redis)
        self._prefix = prefix

    @storage
    async def row(self, chat: Chat, story: StoryId) -> Row | None:
        raw = await self._together.do("HGET", self._cards(story), str(chat))
        if raw:
            return _ROW.validate_json(raw)
        packed = await self._together.do("GET", self._packed(story))
        if not packed:
            return None
        number = await self._together.do("HGET", self._numbers, str(chat))
        return self._unpack(story, packed).get(int(number)) if number else None

    @storage
    async def write(self, chat: Chat, story: StoryId, row: Row) -> int:
        return await self._write(chat, {story: row})

    @storage
    async def write_together(self, chat: Chat, rows: Mapping[StoryId, Row]) -> int:
        return await self._write(chat, rows)

    async def _write(self, chat: Chat, rows: Mapping[StoryId, Row]) -> int:
        lease_key, token = (self._lease.key, self._lease.token) if self._lease else ("", "")
        counter = self._written(chat.platform)
        keys = [lease_key, counter, self._stories(chat)]
        keys += [self._pins(chat.platform), self._unknown(chat.platform)]
        arguments: list[str | bytes] = [token, str(chat)]
        for story, row in rows.items():
            keys.append(self._cards(story))
            arguments += [
                story,
                _ROW.dump_json(row, exclude_none=True),
                "SADD" if row.pin else "SREM",
                key_of(chat, story),
                str(row.generation) if row.state is State.UNKNOWN else "",
            ]
        written = await self._together.run(WRITE, keys, arguments)
        if written < 0:
            raise StorageAway("another process holds the lease")
        return int(written)

    @storage
    async def count(self, platform: str) -> int:
        return int(await self._redis.get(self._written(platform)) or 0)

    @storage
    async def of_story(self, story: StoryId) -> Mapping[Chat, Row]:
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hgetall(self._cards(story))
            pipe.get(self._packed(story))
            held, packed = await pipe.execute()
        rows = await self._named(self._unpack(story, packed)) if packed else {}
        rows.update((read_chat(text(chat)), _ROW.validate_json(raw)) for chat, raw in held.items())
        return rows

    async def _named(self, rows: Mapping[int, Row]) -> dict[Chat, Row]:
        """The rows by their chats, but for chats that were forgotten."""
        named: dict[Chat, Row] = {}
        numbers = list(rows)
        for first in range(0, len(numbers), _BATCH):
            batch = numbers[first : first + _BATCH]
            chats: Any = await self._redis.hmget(self._chats, [str(each) for each in batch])
            for number, chat in zip(batch, chats, strict=True):
                if chat:
                    named[read_chat(text(chat))] = rows[number]
        return named

    def _unpack(self, story: StoryId, packed: bytes) -> dict[int, Row]:
        """What cannot be read is left as it is, and nothing is known of it."""
        try:
            return unpack(packed)
        except PackedError as error:
            log.warning("packed rows left out", extra={"story": story, "why": str(error)})
            return {}

    @storage
    async def knows(self, chat: Chat) -> bool:
        """Whether anything is kept of a chat's cards, packed or not."""
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.exists(self._stories(chat))
            pipe.hexists(self._numbers, str(chat))
            return any(await pipe.execute())

    # What the one who prunes asks for; `fence`: the key of the editor's lease, and the token.

    @storage
    async def pack(self, story: StoryId, fence: tuple[str, str]) -> bool:
        """Pack the rows of a story that has left full memory, but for those with a pin of ours
        and those of which something is on its way; False when the lease is another's."""
        chats: Any = await self._redis.hkeys(self._cards(story))
        key, token = fence
        for first in range(0, len(chats), _BATCH):
            batch = [text(chat) for chat in chats[first : first + _BATCH]]
            # The numbers first: a chat that is forgotten meanwhile has none in the end.
            numbers = await self._redis.eval(
                *(_NUMBER, 4, self._numbers, self._chats, self._last_number),
                *(self._cards(story), *batch),
            )
            held: Any = await self._redis.hmget(self._cards(story), batch)
            rows, moving = {}, list[bytes | str]()
            for chat, number, raw in zip(batch, numbers, held, strict=True):
                row = _ROW.validate_json(raw) if raw else None
                if number and row is not None and packs(row):
                    rows[number] = row
                    moving += [chat, raw, key_of(read_chat(chat), story)]
            beginning = f"{self._prefix}:chat:"
            moved = await self._redis.eval(
                *(_PACK, 3, key, self._packed(story), self._cards(story)),
                *(token, story, beginning, pack(rows), self._unknown(""), *moving),
            )
            if int(moved) < 0:
                return False
        return True

    @storage
    async def drop(self, story: StoryId, fence: tuple[str, str]) -> bool:
        """Keep nothing of a story's cards; False when the lease is another's."""
        key, token = fence
        chats: Any = await self._redis.hkeys(self._cards(story))
        beginnings = (f"{self._prefix}:chat:", self._pins(""), self._unknown(""))
        for first in range(0, max(1, len(chats)), _BATCH):
            named = [
                part
                for chat in map(text, chats[first : first + _BATCH])
                for part in (chat, key_of(read_chat(chat), story))
            ]
            dropped = await self._redis.eval(
                *(_DROP, 3, key, self._packed(story), self._cards(story)),
                *(token, story, *beginnings, *named),
            )
            if int(dropped) < 0:
                return False
        return True

    @storage
    async def of_chat(self, chat: Chat) -> Mapping[StoryId, Row]:
        members = await self._redis.smembers(self._stories(chat))
        stories = [StoryId(text(member)) for member in members]
        async with self._redis.pipeline(transaction=False) as pipe:
            for story in stories:
                pipe.hget(self._cards(story), str(chat))
            rows = await pipe.execute()
        return {
            story: _ROW.validate_json(raw) for story, raw in zip(stories, rows, strict=True) if raw
        }

    @storage
    async def pins(self, platform: str) -> Mapping[tuple[Chat, StoryId], Row]:
        members = await self._redis.smembers(self._pins(platform))
        pins = [_pin(text(member)) for member in members]
        async with self._redis.pipeline(transaction=False) as pipe:
            for chat, story in pins:
                pipe.hget(self._cards(story), str(chat))
            rows = await pipe.execute() if pins else []
        return {pin: _ROW.validate_json(raw) for pin, raw in zip(pins, rows, strict=True) if raw}

    @storage
    async def unknown(self, platform: str) -> Sequence[Unknown]:
        return [
            _read_unknown(text(raw)) for raw in await self._redis.hvals(self._unknown(platform))
        ]

    @storage
    async def unknown_by(self, platform: str, key: str) -> Unknown | None:
        raw = await self._redis.hget(self._unknown(platform), key)
        return _read_unknown(text(raw)) if raw else None

    @storage
    async def forget(self, chat: Chat) -> set[StoryId]:
        members = await self._redis.smembers(self._stories(chat))
        stories = {StoryId(text(member)) for member in members}
        if stories:  # what is written meanwhile keeps its place in the index, and is found again
            async with self._redis.pipeline(transaction=True) as pipe:
                for story in stories:
                    pipe.hdel(self._cards(story), str(chat))
                pipe.srem(self._stories(chat), *stories)
                pipe.srem(self._pins(chat.platform), *(f"{chat} {story}" for story in stories))
                named = (key_of(chat, story) for story in stories)
                pipe.hdel(self._unknown(chat.platform), *named)
                await pipe.execute()
        # Last: whatever was packed meanwhile is no one's.
        await self._redis.eval(_FORGET_NUMBER, 2, self._numbers, self._chats, str(chat))
        return stories

    def _written(self, platform: str) -> str:
        return f"{self._prefix}:cards-written:{platform}"

    def _pins(self, platform: str) -> str:
        return f"{self._prefix}:pins:{platform}"

    def _unknown(self, platform: str) -> str:
        return f"{self._prefix}:unknown:{platform}"

    def _cards(self, story: StoryId) -> str:
        return f"{self._prefix}:cards:{story}"

    def _packed(self, story: StoryId) -> str:
        return f"{self._prefix}:packed:{story}"

    @property
    def _numbers(self) -> str:
        return f"{self._prefix}:packed-numbers"

    @property
    def _chats(self) -> str:
        return f"{self._prefix}:packed-chats"

    @property
    def _last_number(self) -> str:
        return f"{self._prefix}:packed-last"

    def _stories(self, chat: Chat) -> str:
        return f"{self._prefix}:chat:{chat}:stories"


def _pin(member: str) -> tuple[Chat, StoryId]:
    chat, story = member.split(" ")
    return read_chat(chat), StoryId(story)


def _read_unknown(value: str) -> Unknown:
    chat, story, generation = value.split(" ")
    return Unknown(read_chat(chat), StoryId(story), int(generation))
