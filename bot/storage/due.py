"""What is owed, in Redis: a hash a platform, a field a chat and story, beside the cursor."""

from collections.abc import Iterable, Sequence
from itertools import islice

from redis.asyncio import Redis

from bot.model.chat import Chat, read_chat
from bot.ports import Mark
from stories.archive import storage, text
from stories.index import Cursor
from stories.story import StoryId

# Strike out unless a newer edition has marked the same field since.
DONE = """
for number = 1, #ARGV, 2 do
    local field, seq = ARGV[number], redis.call('HGET', KEYS[1], ARGV[number])
    if seq and tonumber(seq) <= tonumber(ARGV[number + 1]) then
        redis.call('HDEL', KEYS[1], field)
    end
end
"""
_BATCH = 1000


class RedisDue:
    """What each platform still owes its chats."""

    def __init__(self, redis: Redis, prefix: str = "storywire") -> None:
        self._redis = redis
        self._prefix = prefix
        self._done = redis.register_script(DONE)

    @storage
    async def cursor(self, platform: str) -> Cursor:
        held = await self._redis.hgetall(self._cursor(platform))
        return Cursor(text(held[b"epoch"]), int(held[b"seq"])) if held else Cursor()

    @storage
    async def mark(self, platform: str, marks: Iterable[Mark], upto: Cursor | None) -> None:
        waiting = iter(marks)
        batch = _fields(islice(waiting, _BATCH))
        while following := _fields(islice(waiting, _BATCH)):
            # Several steps, so that others are heard meanwhile. The cursor moves with the last.
            await self._redis.hset(self._due(platform), mapping=batch)  # type: ignore[arg-type]
            batch = following
        async with self._redis.pipeline(transaction=True) as pipe:
            if batch:
                pipe.hset(self._due(platform), mapping=batch)  # type: ignore[arg-type]
            if upto is not None:
                moved = {"epoch": upto.epoch, "seq": upto.seq}
                pipe.hset(self._cursor(platform), mapping=moved)  # type: ignore[arg-type]
            await pipe.execute()

    @storage
    async def all(self, platform: str) -> list[Mark]:
        marks = await self._redis.hgetall(self._due(platform))
        return [_read(text(field), int(seq)) for field, seq in marks.items()]

    @storage
    async def done(self, platform: str, marks: Sequence[Mark]) -> None:
        for first in range(0, len(marks), _BATCH):
            batch = marks[first : first + _BATCH]
            told = [each for mark in batch for each in (_field(mark), mark.seq)]
            await self._done([self._due(platform)], told)

    @storage
    async def forget(self, chat: Chat) -> set[StoryId]:
        scan = self._redis.hscan_iter(self._due(chat.platform), match=f"{chat} *", count=_BATCH)
        fields = [text(field) async for field, _ in scan]
        if fields:
            await self._redis.hdel(self._due(chat.platform), *fields)
        return {_read(field, 0).story for field in fields}

    def _due(self, platform: str) -> str:
        return f"{self._prefix}:due:{platform}"

    def _cursor(self, platform: str) -> str:
        return f"{self._prefix}:cursor:{platform}"


def _fields(marks: Iterable[Mark]) -> dict[str, int]:
    return {_field(mark): mark.seq for mark in marks}


def _field(mark: Mark) -> str:
    return f"{mark.chat} {mark.story}"


def _read(field: str, seq: int) -> Mark:
    chat, story = field.split(" ")
    return Mark(read_chat(chat), StoryId(story), seq)
