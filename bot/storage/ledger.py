"""The ledger in Redis: a hash per story with a field per chat, and indexes by chat.

The rows of stories that have left full memory are packed (packed.py), and found only by story. A
row in the hash takes precedence over a packed one, so writing needs no unpacking.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from redis.asyncio import Redis

from bot.model.chat import Chat
from bot.model.ledger import UNREADABLE, CardRecord, State
from bot.model.unknown import Unknown, key_of
from bot.platforms.known import read_chat
from bot.storage.packed import pack, packs, unpack
from runtime.away import StorageAway
from runtime.connection import storage, text
from runtime.lease import RedisLease
from runtime.records import Beyond, Form, Skipped, Unreadable, wrong_type
from runtime.together import TRY, Script, Together
from stories.story import StoryId

# A row is written only while the writer holds the lease: a process that overslept is told.
WRITE = Script(
    TRY
    + """
local lease, counter, stories, pins, unknown = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local token, chat, written = ARGV[1], ARGV[2], 0
if token ~= '' and try('GET', lease) ~= token then return -1 end
for number = 6, #KEYS do
    local first = 5 * number - 27
    local story, row, pin = ARGV[first], ARGV[first + 1], ARGV[first + 2]
    local name, attempt = ARGV[first + 3], ARGV[first + 4]
    redis.call('HSET', KEYS[number], chat, row)
    try('SADD', stories, story) -- of another type, it is left as it is
    try(pin, pins, chat .. ' ' .. story)
    if attempt == '' then try('HDEL', unknown, name)
    else try('HSET', unknown, name, chat .. ' ' .. story .. ' ' .. attempt) end
    written = try('INCR', counter)
end
return written or -2
"""
)
_ROW = Form(CardRecord)
# Moves rows that are unchanged since they were read from the hash into the packed value. Rows
# that changed meanwhile stay, and take precedence. Idempotent: repeated, it finds none of them.
# KEYS: the editor's lease, packed, rows; ARGV: token, story, prefix of the chats' keys, a
# segment, prefix of the unknown cards' keys, then chat, row and the card's key, and so on.
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
# KEYS: the editor's lease, packed, rows; ARGV: token, story, prefix of the chats' keys, of
# the pins' keys, of the unknown cards' keys, then chat and the card's key, and so on.
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
# Numbers each chat that has none, never reusing one; 0 for a chat without a row.
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


class _Doubtful(dict[Chat, CardRecord]):
    """Rows of a story of which some can't be read: any chat may have a row."""

    def get(self, chat: Chat, default: Any = None) -> Any:
        return super().get(chat, UNREADABLE)


class RedisLedger:
    """Which card shows which revision in which chat. With a lease, only its holder can write."""

    def __init__(
        self,
        redis: Redis,
        prefix: str = "storywire",
        lease: RedisLease | None = None,
        skipped: Skipped | None = None,
    ) -> None:
        self._redis = redis
        self._skipped = skipped or Skipped()
        self._carries = False
        """True if some row has fields of a newer version:
        then each row is read before it is written."""
        self._lease = lease
        self._together = Together(redis)
        self._prefix = prefix

    @storage
    async def row(self, chat: Chat, story: StoryId) -> CardRecord | None:
        """A chat's row for a story, or None."""
        held = await self._held(chat, story)
        if held is not None:
            return self._read(story, chat, held)
        key = self._packed(story)
        packed = await self._skipped.ask("card", key, self._together.do("GET", key), b"of another")
        if packed is None:
            return None
        asked = self._together.do("HGET", self._numbers, str(chat))
        number = await self._skipped.ask("card", self._numbers, asked, None)
        if number is None:
            return None
        rows = self._skipped.read("card", key, unpack, packed)
        return UNREADABLE if rows is None else rows.get(int(number))

    @storage
    async def write(self, chat: Chat, story: StoryId, row: CardRecord) -> int | None:
        """Write a row; returns how many writes there have been, for the high-water mark."""
        return await self._write(chat, {story: row})

    @storage
    async def write_together(self, chat: Chat, rows: Mapping[StoryId, CardRecord]) -> int | None:
        """Write several rows of a chat in one step."""
        return await self._write(chat, rows)

    async def _write(self, chat: Chat, rows: Mapping[StoryId, CardRecord]) -> int | None:
        lease_key, token = (self._lease.key, self._lease.token) if self._lease else ("", "")
        counter = self._written(chat.platform)
        keys = [lease_key, counter, self._stories(chat)]
        keys += [self._pins(chat.platform), self._unknown(chat.platform)]
        arguments: list[str | bytes] = [token, str(chat)]
        for story, row in rows.items():
            keys.append(self._cards(story))
            arguments += [
                story,
                _ROW.write(row, await self._beyond(chat, story), exclude_none=True),
                "SADD" if row.pin else "SREM",
                key_of(chat, story),
                str(row.generation) if row.state is State.UNKNOWN else "",
            ]
        asked = self._together.run(WRITE, keys, arguments)
        try:
            written = await self._skipped.keep("card", " ".join(keys[5:]), asked)
        except Unreadable as error:  # nothing is posted over it: what isn't written isn't sent
            raise StorageAway(str(error)) from error
        if written == -1:
            raise StorageAway("another process holds the lease")
        if written < 0:
            self._skipped.note("count", counter, "it is no number")
            return None
        return int(written)

    async def _beyond(self, chat: Chat, story: StoryId) -> Beyond | None:
        """What a newer version added to a row that is about to be written."""
        if not self._carries or not (held := await self._held(chat, story)):
            return None
        read = self._skipped.read("card", f"{self._cards(story)} {chat}", _ROW.read_all, held)
        if read is None:
            raise StorageAway("a row that cannot be read is not written over")
        return read[1]

    async def _held(self, chat: Chat, story: StoryId) -> bytes | None:
        key = self._cards(story)
        asked = self._together.do("HGET", key, str(chat))
        held: bytes | None = await self._skipped.ask("card", key, asked, b"of another type")
        return held

    def _read(self, story: StoryId, chat: Chat, raw: bytes | Exception | None) -> CardRecord | None:
        """A row; UNREADABLE if it can't be read or its key isn't a hash."""
        key = f"{self._cards(story)} {chat}"
        if isinstance(raw, Exception):
            if not wrong_type(raw):
                raise raw
            self._skipped.note("card", self._cards(story), raw)
            return UNREADABLE
        if raw is None:
            return None
        read = self._skipped.read("card", key, _ROW.read_all, raw)
        if read is None or read[0].state is State.UNREADABLE:
            return UNREADABLE
        self._carries |= read[1] is not None
        return read[0]

    @storage
    async def count(self, platform: str) -> int | None:
        """How many rows have been written for a platform; None if the counter can't be read."""
        key = self._written(platform)
        held = await self._skipped.ask("count", key, self._redis.get(key), b"of another type")
        return 0 if held is None else self._skipped.read("count", key, int, held)

    @storage
    async def of_story(self, story: StoryId) -> Mapping[Chat, CardRecord]:
        """A story's rows, by chat."""
        key, found = self._cards(story), dict[Chat, CardRecord]()
        packed_at = self._packed(story)
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hgetall(key)
            pipe.get(packed_at)
            held, packed = await pipe.execute(raise_on_error=False)
        for where, answer in ((key, held), (packed_at, packed)):
            if wrong_type(answer):
                self._skipped.note("card", where, answer)
                found = _Doubtful()
            elif isinstance(answer, Exception):
                raise answer
        if packed and not isinstance(packed, Exception):
            rows = self._skipped.read("card", packed_at, unpack, packed)
            found = _Doubtful() if rows is None else found
            found.update(await self._named(rows or {}))
        for field, raw in {} if isinstance(held, Exception) else held.items():
            chat = self._skipped.read("card", f"{key} {text(field)}", read_chat, text(field))
            if chat is not None and (row := self._read(story, chat, raw)) is not None:
                found[chat] = row
        return found

    async def _named(self, rows: Mapping[int, CardRecord]) -> dict[Chat, CardRecord]:
        """The rows by chat, without chats that were forgotten."""
        named: dict[Chat, CardRecord] = {}
        numbers = list(rows)
        for first in range(0, len(numbers), _BATCH):
            batch = numbers[first : first + _BATCH]
            asked = self._redis.hmget(self._chats, [str(each) for each in batch])
            chats: Any = await self._skipped.ask("card", self._chats, asked, [None] * len(batch))
            for number, held in zip(batch, chats, strict=True):
                where = f"{self._chats} {number}"
                chat = held and self._skipped.read("card", where, read_chat, text(held))
                if chat:
                    named[chat] = rows[number]
        return named

    @storage
    async def knows(self, chat: Chat) -> bool:
        """Whether anything is stored about a chat's cards, packed or not."""
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.exists(self._stories(chat))
            pipe.hexists(self._numbers, str(chat))
            return any(await pipe.execute())

    # For pruning. `fence`: the key of the editor's lease, and the token.

    @storage
    async def pack(self, story: StoryId, fence: tuple[str, str]) -> bool:
        """Pack the rows of a story that has left full memory;
        False if another process holds the lease.

        Rows with a pin of ours, and those of a call in flight, stay.
        """
        cards = self._cards(story)
        chats: Any = await self._skipped.ask("card", cards, self._redis.hkeys(cards), [])
        key, token = fence
        for first in range(0, len(chats), _BATCH):
            batch = [text(chat) for chat in chats[first : first + _BATCH]]
            # Numbers first, so that a chat that is forgotten meanwhile ends up without one.
            numbers = await self._redis.eval(
                *(_NUMBER, 4, self._numbers, self._chats, self._last_number),
                *(self._cards(story), *batch),
            )
            held: Any = await self._redis.hmget(self._cards(story), batch)
            rows, moving = {}, list[bytes | str]()
            for chat, number, raw in zip(batch, numbers, held, strict=True):
                where = f"{cards} {chat}"
                read = self._skipped.read("card", where, _ROW.read_all, raw) if raw else None
                if number and read is not None and read[1] is None and packs(read[0]):
                    rows[number] = read[0]
                    moving += [chat, raw, _name(chat, story)]
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
        """Delete the rows of a story; False if another process holds the lease."""
        key, token = fence
        cards = self._cards(story)
        chats: Any = await self._skipped.ask("card", cards, self._redis.hkeys(cards), [])
        beginnings = (f"{self._prefix}:chat:", self._pins(""), self._unknown(""))
        for first in range(0, max(1, len(chats)), _BATCH):
            named = [
                part
                for chat in map(text, chats[first : first + _BATCH])
                for part in (chat, _name(chat, story))
            ]
            dropped = await self._redis.eval(
                *(_DROP, 3, key, self._packed(story), self._cards(story)),
                *(token, story, *beginnings, *named),
            )
            if int(dropped) < 0:
                return False
        return True

    @storage
    async def of_chat(self, chat: Chat) -> Mapping[StoryId, CardRecord]:
        """A chat's rows, by story."""
        stories = await self._stories_of(chat)
        rows = await self._rows([(chat, story) for story in stories])
        return {story: row for (_, story), row in rows.items()}

    async def _stories_of(self, chat: Chat) -> set[StoryId]:
        key = self._stories(chat)
        members = await self._skipped.ask("card", key, self._redis.smembers(key), set())
        return {StoryId(text(member)) for member in members}

    async def _rows(
        self, cards: Sequence[tuple[Chat, StoryId]]
    ) -> Mapping[tuple[Chat, StoryId], CardRecord]:
        """The existing rows of some cards."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for chat, story in cards:
                pipe.hget(self._cards(story), str(chat))
            rows = await pipe.execute(raise_on_error=False) if cards else []
        read = {
            (chat, story): self._read(story, chat, raw)
            for (chat, story), raw in zip(cards, rows, strict=True)
        }
        return {card: row for card, row in read.items() if row is not None}

    @storage
    async def pins(self, platform: str) -> Mapping[tuple[Chat, StoryId], CardRecord]:
        """The rows with a pin of ours on a platform."""
        key = self._pins(platform)
        members = await self._skipped.ask("pin", key, self._redis.smembers(key), set())
        pins = [
            self._skipped.read("pin", f"{key} {text(member)}", _pin, text(member))
            for member in members
        ]
        rows = await self._rows([pin for pin in pins if pin is not None])
        return {pin: row for pin, row in rows.items() if row.state is not State.UNREADABLE}

    @storage
    async def unknown(self, platform: str) -> Sequence[Unknown]:
        """The cards of unknown outcome on a platform."""
        key = self._unknown(platform)
        found = [
            self._skipped.read("unknown", f"{key} {text(name)}", _read_unknown, text(raw))
            for name, raw in (
                await self._skipped.ask("unknown", key, self._redis.hgetall(key), {})
            ).items()
        ]
        return [card for card in found if card is not None]

    @storage
    async def unknown_by(self, platform: str, key: str) -> Unknown | None:
        """The card of unknown outcome with this key, or None."""
        where = self._unknown(platform)
        raw = await self._skipped.ask("unknown", where, self._redis.hget(where, key), None)
        if raw is None:
            return None
        return self._skipped.read("unknown", f"{where} {key}", _read_unknown, text(raw))

    @storage
    async def forget(self, chat: Chat) -> set[StoryId]:
        """Delete a chat's rows; returns their stories."""
        stories = await self._stories_of(chat)
        if stories:  # rows written meanwhile stay in the index, and are found again
            async with self._redis.pipeline(transaction=True) as pipe:
                for story in stories:
                    pipe.hdel(self._cards(story), str(chat))
                pipe.srem(self._stories(chat), *stories)
                pipe.srem(self._pins(chat.platform), *(f"{chat} {story}" for story in stories))
                named = (key_of(chat, story) for story in stories)
                pipe.hdel(self._unknown(chat.platform), *named)
                await self._skipped.ask("card", self._stories(chat), pipe.execute(), [])
        # Last, so that rows packed meanwhile belong to no chat.
        asked = self._redis.eval(_FORGET_NUMBER, 2, self._numbers, self._chats, str(chat))
        await self._skipped.ask("card", self._numbers, asked, None)
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


def _name(chat: str, story: StoryId) -> str:
    """A card's name in the index of unknown outcomes, whatever its chat is called."""
    platform, _, address = chat.partition(":")
    return key_of(Chat(platform, address), story)


def _read_unknown(value: str) -> Unknown:
    chat, story, generation = value.split(" ")
    return Unknown(read_chat(chat), StoryId(story), int(generation))
