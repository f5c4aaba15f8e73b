"""The work queue in Redis: a hash per platform, a field per chat and story, and the index
cursor."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from redis.asyncio import Redis

from bot.model.chat import Chat
from bot.model.due import DueCard
from bot.platforms.known import read_chat
from runtime.connection import storage, text
from runtime.records import Skipped, Unreadable, wrong_type
from stories.changes import Cursor
from stories.story import StoryId

# Acknowledge, unless a newer edition has enqueued the same field since.
DONE = """
for number = 1, #ARGV, 2 do
    local field = ARGV[number]
    local seq = tonumber(redis.call('HGET', KEYS[1], field) or '')
    if seq and seq <= tonumber(ARGV[number + 1]) then
        redis.call('HDEL', KEYS[1], field)
    end
end
"""
_BATCH = 1000
UNREADABLE = "unreadable"
"""The epoch of an unreadable cursor: everything is enqueued anew."""


class RedisDue:
    """The cards that are due on each platform."""

    def __init__(
        self, redis: Redis, prefix: str = "storywire", skipped: Skipped | None = None
    ) -> None:
        self._redis = redis
        self._skipped = skipped or Skipped()
        self._left_alone: set[str] = set()
        """Keys that have the wrong type."""
        self._prefix = prefix
        self._done = redis.register_script(DONE)

    @storage
    async def cursor(self, platform: str) -> Cursor:
        """How far into the archive's index a platform's cards have been enqueued."""
        key = self._cursor(platform)
        asked = self._redis.hgetall(key)
        held: Any = await self._skipped.ask("cursor", key, asked, {b"of": b"another type"})
        if not held:
            return Cursor()
        cursor = self._skipped.read("cursor", key, _cursor, held)
        if cursor is None:
            self._left_alone.add(key)
        return cursor or Cursor(UNREADABLE)

    @storage
    async def mark(self, platform: str, marks: Iterable[DueCard], upto: Cursor | None) -> None:
        """Enqueue cards, then move the cursor to `upto`."""
        asked = self._mark(platform, marks, upto)
        try:
            await self._skipped.keep("mark", self._due(platform), asked)
        except (
            Unreadable
        ):  # they are queued in memory anyway; the cursor stays, for the next process
            self._left_alone |= {self._due(platform), self._cursor(platform)}

    async def _mark(self, platform: str, marks: Iterable[DueCard], upto: Cursor | None) -> None:
        if self._due(platform) in self._left_alone:
            return
        waiting = iter(marks)
        batch = _fields(islice(waiting, _BATCH))
        while following := _fields(islice(waiting, _BATCH)):
            # Several steps, so that Redis serves others in between. The cursor moves with the last.
            await self._redis.hset(self._due(platform), mapping=batch)  # type: ignore[arg-type]
            batch = following
        async with self._redis.pipeline(transaction=True) as pipe:
            if batch:
                pipe.hset(self._due(platform), mapping=batch)  # type: ignore[arg-type]
            if upto is not None and self._cursor(platform) not in self._left_alone:
                moved = {"epoch": upto.epoch, "seq": upto.seq}
                pipe.hset(self._cursor(platform), mapping=moved)  # type: ignore[arg-type]
            await pipe.execute()

    @storage
    async def all(self, platform: str) -> list[DueCard]:
        """Every card that is due on a platform."""
        key, asked = self._due(platform), self._redis.hgetall(self._due(platform))
        held = await self._skipped.ask("mark", key, asked, None)
        if held is None:
            self._left_alone |= {key, self._cursor(platform)}
        marks = [
            self._skipped.read("mark", f"{key} {text(field)}", _read, text(field), seq)
            for field, seq in (held or {}).items()
        ]
        return [mark for mark in marks if mark is not None]

    @storage
    async def done(self, platform: str, marks: Sequence[DueCard]) -> None:
        """Acknowledge cards, unless they were enqueued again for a newer edition."""
        for first in range(0, len(marks), _BATCH):
            batch = marks[first : first + _BATCH]
            told = [each for mark in batch for each in (_field(mark), mark.seq)]
            asked = self._done([self._due(platform)], told)
            await self._skipped.ask("mark", self._due(platform), asked, None)

    @storage
    async def forget(self, chat: Chat) -> set[StoryId]:
        """Drop everything due in a chat; returns its stories."""
        scan = self._redis.hscan_iter(self._due(chat.platform), match=f"{chat} *", count=_BATCH)
        try:
            fields = [text(field) async for field, _ in scan]
        except Exception as error:
            if not wrong_type(error):
                raise
            self._skipped.note("mark", self._due(chat.platform), error)
            return set()
        if fields:
            await self._redis.hdel(self._due(chat.platform), *fields)
        return {StoryId(field.rpartition(" ")[2]) for field in fields}

    def _due(self, platform: str) -> str:
        return f"{self._prefix}:due:{platform}"

    def _cursor(self, platform: str) -> str:
        return f"{self._prefix}:cursor:{platform}"


def _fields(marks: Iterable[DueCard]) -> dict[str, int]:
    return {_field(mark): mark.seq for mark in marks}


def _field(mark: DueCard) -> str:
    return f"{mark.chat} {mark.story}"


def _read(field: str, seq: bytes | str) -> DueCard:
    chat, story = field.split(" ")
    return DueCard(read_chat(chat), StoryId(story), int(seq))


def _cursor(held: Mapping[bytes, bytes]) -> Cursor:
    return Cursor(text(held[b"epoch"]), int(held[b"seq"]))
