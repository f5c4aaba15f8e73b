"""The work queue in Redis: a hash per platform, a field per chat and story, and the index
cursor.

Subjects other than cards have a hash of their own, and so have the times of what is due later:
earlier versions read neither, so they start after a newer one.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from redis.asyncio import Redis

from bot.model.chat import Chat
from bot.model.due import DueSubject
from bot.model.subject import story_of
from bot.platforms.known import read_chat
from runtime.connection import storage, text
from runtime.records import Skipped, Unreadable, wrong_type
from stories.changes import Cursor
from stories.story import StoryId

# Acknowledge, unless a newer edition has enqueued the same field since.
ACK = """
local timed = redis.call('EXISTS', KEYS[2]) == 1
for number = 1, #ARGV, 2 do
    local field = ARGV[number]
    local seq = tonumber(redis.call('HGET', KEYS[1], field) or '')
    if seq and seq <= tonumber(ARGV[number + 1]) then
        redis.call('HDEL', KEYS[1], field)
        if timed then redis.pcall('HDEL', KEYS[2], field) end
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
        self._timed: set[str] = set()
        """Platforms of which something may be due later."""
        self._prefix = prefix
        self._done = redis.register_script(ACK)

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
    async def enqueue(
        self, platform: str, entries: Iterable[DueSubject], upto: Cursor | None
    ) -> None:
        """Enqueue cards, then move the cursor to `upto`."""
        asked = self._enqueue(platform, entries, upto)
        try:
            await self._skipped.keep("mark", self._due(platform), asked)
        except (
            Unreadable
        ):  # they are queued in memory anyway; the cursor stays, for the next process
            self._left_alone |= {self._due(platform), self._cursor(platform)}

    async def _cards_of(self, platform: str, batch: Sequence[DueSubject]) -> dict[str, int]:
        """The fields of the cards among some entries, once the times are stored at which some are
        due, and whatever is no card."""
        times = {_field(entry): entry.due_at.isoformat() for entry in batch if entry.due_at}
        if platform in self._timed and (now := [_field(each) for each in batch if not each.due_at]):
            await self._redis.hdel(self._due_at(platform), *now)
        if times:
            self._timed.add(platform)
            await self._redis.hset(self._due_at(platform), mapping=times)  # type: ignore[arg-type]
        subjects = {_field(each): each.seq for each in batch if story_of(each.subject) is None}
        if not subjects:
            return _fields(batch)
        await self._redis.hset(self._subjects(platform), mapping=subjects)  # type: ignore[arg-type]
        return _fields(each for each in batch if story_of(each.subject) is not None)

    async def _enqueue(
        self, platform: str, entries: Iterable[DueSubject], upto: Cursor | None
    ) -> None:
        if self._due(platform) in self._left_alone:
            return
        waiting = iter(entries)
        batch = await self._cards_of(platform, [*islice(waiting, _BATCH)])
        while following := [*islice(waiting, _BATCH)]:
            # Several steps, so that Redis serves others in between. The cursor moves with the last.
            if batch:
                await self._redis.hset(self._due(platform), mapping=batch)  # type: ignore[arg-type]
            batch = await self._cards_of(platform, following)
        async with self._redis.pipeline(transaction=True) as pipe:
            if batch:
                pipe.hset(self._due(platform), mapping=batch)  # type: ignore[arg-type]
            if upto is not None and self._cursor(platform) not in self._left_alone:
                moved = {"epoch": upto.epoch, "seq": upto.seq}
                pipe.hset(self._cursor(platform), mapping=moved)  # type: ignore[arg-type]
            await pipe.execute()

    @storage
    async def all(self, platform: str) -> list[DueSubject]:
        """Everything that is due on a platform, now or later."""
        key, asked = self._due(platform), self._redis.hgetall(self._due(platform))
        held = await self._skipped.ask("mark", key, asked, None)
        if held is None:
            self._left_alone |= {key, self._cursor(platform)}
        others, later = self._subjects(platform), self._due_at(platform)
        asked = self._redis.hgetall(others)
        subjects: Any = await self._skipped.ask("mark", others, asked, {})
        asked = self._redis.hgetall(later)
        times: Any = await self._skipped.ask("mark", later, asked, {})
        if times:
            self._timed.add(platform)
        entries = [
            self._skipped.read("mark", f"{where} {text(field)}", _read, field, seq, times)
            for where, fields in ((key, held or {}), (others, subjects))
            for field, seq in fields.items()
        ]
        return [entry for entry in entries if entry is not None]

    @storage
    async def ack(self, platform: str, entries: Sequence[DueSubject]) -> None:
        """Acknowledge subjects, unless they were enqueued again for a newer edition."""
        others = [entry for entry in entries if story_of(entry.subject) is None]
        cards = (
            [entry for entry in entries if story_of(entry.subject) is not None]
            if others
            else entries
        )
        for key, done in ((self._due(platform), cards), (self._subjects(platform), others)):
            for first in range(0, len(done), _BATCH):
                batch = done[first : first + _BATCH]
                told = [each for entry in batch for each in (_field(entry), entry.seq)]
                asked = self._done([key, self._due_at(platform)], told)
                await self._skipped.ask("mark", key, asked, None)

    @storage
    async def forget(self, chat: Chat) -> set[StoryId]:
        """Drop everything due in a chat; returns its stories."""
        platform = chat.platform
        found = await self._dropped(self._due(platform), chat)
        await self._dropped(self._subjects(platform), chat)
        await self._dropped(self._due_at(platform), chat)
        return {StoryId(field.rpartition(" ")[2]) for field in found}

    async def _dropped(self, key: str, chat: Chat) -> list[str]:
        """Delete a chat's fields of a hash; returns them."""
        scan = self._redis.hscan_iter(key, match=f"{chat} *", count=_BATCH)
        try:
            fields = [text(field) async for field, _ in scan]
        except Exception as error:
            if not wrong_type(error):
                raise
            self._skipped.note("mark", key, error)
            return []
        if fields:
            await self._redis.hdel(key, *fields)
        return fields

    def _subjects(self, platform: str) -> str:
        return f"{self._prefix}:due-subjects:{platform}"

    def _due_at(self, platform: str) -> str:
        return f"{self._prefix}:due-at:{platform}"

    def _due(self, platform: str) -> str:
        return f"{self._prefix}:due:{platform}"

    def _cursor(self, platform: str) -> str:
        return f"{self._prefix}:cursor:{platform}"


def _fields(entries: Iterable[DueSubject]) -> dict[str, int]:
    return {_field(entry): entry.seq for entry in entries}


def _field(entry: DueSubject) -> str:
    return f"{entry.chat} {entry.subject}"


def _read(field: bytes | str, seq: bytes | str, times: Mapping[Any, bytes | str]) -> DueSubject:
    chat, subject = text(field).split(" ")
    at = times.get(field) if times else None
    due_at = datetime.fromisoformat(text(at)) if at else None
    return DueSubject(read_chat(chat), subject, int(seq), due_at)


def _cursor(held: Mapping[bytes, bytes]) -> Cursor:
    return Cursor(text(held[b"epoch"]), int(held[b"seq"]))
