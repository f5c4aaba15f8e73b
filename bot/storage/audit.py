"""Who changed what in a chat, in Redis: a sorted set per chat, and an index by person."""

import asyncio
import hashlib
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from redis.asyncio import Redis

from bot.model.audit import AuditEntry
from bot.model.chat import Chat
from bot.platforms.known import read_chat
from runtime.away import StorageAway
from runtime.connection import storage, text
from runtime.records import VERSION, Skipped
from wording.acts import Act

KEPT = 100
"""The most entries per chat."""
KEPT_FOR = timedelta(days=90)
UNSAVED = 10_000
"""The most entries waiting for the storage; beyond that the oldest are dropped."""


def _now() -> datetime:
    return datetime.now(UTC)


class RedisAudit:
    """Saves entries in the background, so that no answer waits for it or fails because of it."""

    def __init__(
        self,
        redis: Redis,
        prefix: str = "storywire",
        skipped: Skipped | None = None,
        *,
        certain: Callable[[], bool] = lambda: True,
        now: Callable[[], datetime] = _now,
    ) -> None:
        """`certain`: whether the clock can be trusted;
        otherwise nothing is deleted because of its age."""
        self._certain = certain
        self._now = now
        self._redis = redis
        self._skipped = skipped or Skipped()
        self._prefix = prefix
        self._unsaved: dict[str, tuple[Chat, AuditEntry]] = {}
        """By a unique id, so that an entry saved again because an answer was lost remains a single
        entry."""
        self._noted = asyncio.Event()
        self._saving = asyncio.Lock()

    def note(self, chat: Chat, deed: AuditEntry) -> None:
        """Record an entry; returns at once."""
        if len(self._unsaved) >= UNSAVED:
            del self._unsaved[next(iter(self._unsaved))]
        self._unsaved[secrets.token_hex(4)] = chat, deed
        self._noted.set()

    @storage
    async def deeds(self, chat: Chat) -> Sequence[AuditEntry]:
        """A chat's entries, including those not saved yet."""
        since = (self._now() - KEPT_FOR).timestamp()
        key = self._chat(chat)
        asked = self._redis.zrangebyscore(key, since, "+inf")
        kept: list[Any] = await self._skipped.ask("deed", key, asked, [])
        read = [self._read(chat, raw) for raw in kept]
        found = dict(each for each in read if each is not None)
        found |= {mark: deed for mark, (where, deed) in self._unsaved.items() if where == chat}
        return sorted(found.values(), key=lambda deed: deed.at, reverse=True)[:KEPT]

    @storage
    async def forget(self, person: Chat) -> int:
        """Remove a person's name and id from all entries; returns how many had it."""
        number = 0
        async with self._saving:  # entries being saved right now are found there
            for mark, (chat, deed) in self._unsaved.items():
                if deed.person == person:
                    self._unsaved[mark] = chat, _nameless(deed)
                    number += 1
            where = self._person(person)
            places = await self._skipped.ask("deed", where, self._redis.smembers(where), set())
            chats = [self._skipped.read("deed", where, read_chat, text(raw)) for raw in places]
            for chat in filter(None, chats):
                key = self._chat(chat)
                kept: list[Any] = await self._skipped.ask(
                    "deed", key, self._redis.zrange(key, 0, -1), []
                )
                async with self._redis.pipeline(transaction=True) as pipe:
                    for raw in kept:
                        read = self._read(chat, raw)
                        if read is None and str(person).encode() in raw:  # deleted, as requested
                            pipe.zrem(key, raw)
                            number += 1
                        elif read is not None and read[1].person == person:
                            pipe.zrem(key, raw)
                            pipe.zadd(key, _write(read[0], _nameless(read[1])))
                            number += 1
                    await pipe.execute()
            await self._redis.delete(self._person(person))
        return number

    @storage
    async def forget_chat(self, chat: Chat) -> None:
        """Delete a chat's entries."""
        for mark in [mark for mark, (where, _) in self._unsaved.items() if where == chat]:
            del self._unsaved[mark]
        async with self._saving:  # entries being saved right now are deleted afterwards
            await self._redis.delete(self._chat(chat))
            async for key in self._redis.scan_iter(f"{self._prefix}:audited:*", count=1000):
                asked = self._redis.srem(key, str(chat))
                await self._skipped.ask("deed", text(key), asked, 0)

    @storage
    async def move(self, old: Chat, new: Chat) -> None:
        """A chat has a new address: its entries move along."""
        for mark, (where, deed) in self._unsaved.items():
            if where == old:
                self._unsaved[mark] = new, deed
        async with self._saving:  # what is being saved just now is found there
            key = self._chat(old)
            kept: list[Any] = await self._skipped.ask(
                "deed", key, self._redis.zrange(key, 0, -1), []
            )
            for raw in kept:
                if (read := self._read(old, raw)) is None:
                    continue  # it stays where it is
                mark, deed = read
                await self._save(mark, new, deed)
                if deed.person is not None:
                    person = self._person(deed.person)
                    await self._skipped.ask("deed", person, self._redis.srem(person, str(old)), 0)
                await self._redis.zrem(key, raw)

    async def run(self) -> None:
        """Save entries as they come, until cancelled."""
        while True:
            await self._noted.wait()
            if not self._unsaved:
                self._noted.clear()
                continue
            async with self._saving:
                if not self._unsaved:  # its chat was forgotten meanwhile
                    continue
                mark, (chat, deed) = next(iter(self._unsaved.items()))
                try:
                    await self._save(mark, chat, deed)
                except StorageAway:
                    saved = False
                else:
                    saved = True
                if saved:
                    self._unsaved.pop(mark, None)
            if not saved:
                await asyncio.sleep(1)

    @storage
    async def _save(self, mark: str, chat: Chat, deed: AuditEntry) -> None:
        key = self._chat(chat)
        async with self._redis.pipeline(transaction=True) as pipe:
            if deed.person is not None:
                pipe.sadd(self._person(deed.person), str(chat))
                pipe.expire(self._person(deed.person), KEPT_FOR)
            pipe.zadd(key, _write(mark, deed))
            pipe.zremrangebyrank(key, 0, -KEPT - 1)
            if self._certain():
                pipe.zremrangebyscore(key, "-inf", (self._now() - KEPT_FOR).timestamp())
            pipe.expire(key, KEPT_FOR)
            await self._skipped.ask("deed", key, pipe.execute(), [])

    def _read(self, chat: Chat, raw: bytes) -> tuple[str, AuditEntry] | None:
        mark = hashlib.blake2s(raw, digest_size=6).hexdigest()  # it may hold a person's name
        return self._skipped.read("deed", f"{self._chat(chat)} {mark}", _read, raw)

    def _chat(self, chat: Chat) -> str:
        return f"{self._prefix}:audit:{chat}"

    def _person(self, person: Chat) -> str:
        return f"{self._prefix}:audited:{person}"


def _nameless(deed: AuditEntry) -> AuditEntry:
    return replace(deed, person=None, name=None)


def _write(mark: str, deed: AuditEntry) -> Mapping[str, float]:
    """The member of the sorted set, and its score, the time of the change."""
    said = {
        "v": VERSION,
        "mark": mark,
        "at": deed.at.isoformat(),
        "said": deed.act.did,
        "what": deed.act.what,
        "by": str(deed.person) if deed.person else None,
        "name": deed.name,
    }
    return {json.dumps(said, ensure_ascii=False): deed.at.timestamp()}


def _read(raw: bytes | str) -> tuple[str, AuditEntry]:
    said: dict[str, Any] = json.loads(raw)
    if said.get("v", VERSION) > VERSION:
        raise ValueError(f"it is of version {said['v']}, but at most {VERSION} is known")
    by = read_chat(said["by"]) if said["by"] else None
    at = datetime.fromisoformat(said["at"])
    words = said["said"], said["what"], said["name"]
    if at.tzinfo is None or not isinstance(words[0], str):
        raise ValueError("it does not say when, or what was done")
    return f"{said['mark']}", AuditEntry(at, Act(words[0], words[1]), by, words[2])
