"""The ledger in Redis: a hash a story, a field a chat; and an index the other way round."""

from collections.abc import Mapping

from pydantic import TypeAdapter
from redis.asyncio import Redis

from bot.model.chat import Chat, read_chat
from bot.ports import Row
from bot.storage.lease import RedisLease
from bot.storage.together import Script, Together
from stories.archive import storage, text
from stories.away import StorageAway
from stories.story import StoryId

# A row is written only while the lease is the writer's: whoever slept through its end is told.
WRITE = Script("""
local lease, counter, stories, pins = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local token, chat, written = ARGV[1], ARGV[2], 0
if token ~= '' and redis.call('GET', lease) ~= token then return -1 end
for number = 5, #KEYS do
    local first = 3 * number - 12
    local story, row, pin = ARGV[first], ARGV[first + 1], ARGV[first + 2]
    redis.call('HSET', KEYS[number], chat, row)
    redis.call('SADD', stories, story)
    redis.call(pin, pins, chat .. ' ' .. story)
    written = redis.call('INCR', counter)
end
return written
""")
_ROW = TypeAdapter(Row)


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
        return _ROW.validate_json(raw) if raw else None

    @storage
    async def write(self, chat: Chat, story: StoryId, row: Row) -> int:
        return await self._write(chat, {story: row})

    @storage
    async def write_together(self, chat: Chat, rows: Mapping[StoryId, Row]) -> int:
        return await self._write(chat, rows)

    async def _write(self, chat: Chat, rows: Mapping[StoryId, Row]) -> int:
        lease_key, token = (self._lease.key, self._lease.token) if self._lease else ("", "")
        counter = self._written(chat.platform)
        keys = [lease_key, counter, self._stories(chat), self._pins(chat.platform)]
        arguments: list[str | bytes] = [token, str(chat)]
        for story, row in rows.items():
            keys.append(self._cards(story))
            arguments += [
                story,
                _ROW.dump_json(row, exclude_none=True),
                "SADD" if row.pin else "SREM",
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
        rows = await self._redis.hgetall(self._cards(story))
        return {read_chat(text(chat)): _ROW.validate_json(raw) for chat, raw in rows.items()}

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
    async def forget(self, chat: Chat) -> set[StoryId]:
        members = await self._redis.smembers(self._stories(chat))
        stories = {StoryId(text(member)) for member in members}
        if stories:  # what is written meanwhile keeps its place in the index, and is found again
            async with self._redis.pipeline(transaction=True) as pipe:
                for story in stories:
                    pipe.hdel(self._cards(story), str(chat))
                pipe.srem(self._stories(chat), *stories)
                pipe.srem(self._pins(chat.platform), *(f"{chat} {story}" for story in stories))
                await pipe.execute()
        return stories

    def _written(self, platform: str) -> str:
        return f"{self._prefix}:cards-written:{platform}"

    def _pins(self, platform: str) -> str:
        return f"{self._prefix}:pins:{platform}"

    def _cards(self, story: StoryId) -> str:
        return f"{self._prefix}:cards:{story}"

    def _stories(self, chat: Chat) -> str:
        return f"{self._prefix}:chat:{chat}:stories"


def _pin(member: str) -> tuple[Chat, StoryId]:
    chat, story = member.split(" ")
    return read_chat(chat), StoryId(story)
