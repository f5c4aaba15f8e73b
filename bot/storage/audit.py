"""Who changed what in a chat, in Redis: a sorted set a chat, and by person where they did."""

import asyncio
import json
import logging
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from bot.model.chat import Chat, read_chat
from bot.model.message import Act
from bot.ports import Deed
from stories.archive import storage, text
from stories.away import StorageAway

log = logging.getLogger(__name__)

KEPT = 100
"""How many deeds a chat remembers."""
KEPT_FOR = timedelta(days=90)
UNSAVED = 10_000
"""How many deeds wait for the storage at most; then the oldest are forgotten."""


class RedisAudit:
    """Saves deeds behind the answers, so that no answer waits for it or fails with it."""

    def __init__(self, redis: Redis, prefix: str = "storywire") -> None:
        self._redis = redis
        self._prefix = prefix
        self._unsaved: dict[str, tuple[Chat, Deed]] = {}
        """By a mark of their own: one that is saved again, for want of an answer, stays one."""
        self._noted = asyncio.Event()
        self._saving = asyncio.Lock()

    def note(self, chat: Chat, deed: Deed) -> None:
        if len(self._unsaved) >= UNSAVED:
            del self._unsaved[next(iter(self._unsaved))]
        self._unsaved[secrets.token_hex(4)] = chat, deed
        self._noted.set()

    @storage
    async def deeds(self, chat: Chat) -> Sequence[Deed]:
        since = (datetime.now(UTC) - KEPT_FOR).timestamp()
        kept: list[Any] = await self._redis.zrangebyscore(self._chat(chat), since, "+inf")
        found = dict(_read(raw) for raw in kept)
        found |= {mark: deed for mark, (where, deed) in self._unsaved.items() if where == chat}
        return sorted(found.values(), key=lambda deed: deed.at, reverse=True)[:KEPT]

    @storage
    async def forget(self, person: Chat) -> int:
        number = 0
        async with self._saving:  # what is being saved just now is found there
            for mark, (chat, deed) in self._unsaved.items():
                if deed.person == person:
                    self._unsaved[mark] = chat, _nameless(deed)
                    number += 1
            places = await self._redis.smembers(self._person(person))
            for chat in [read_chat(text(raw)) for raw in places]:
                kept: list[Any] = await self._redis.zrange(self._chat(chat), 0, -1)
                read = {text(raw): _read(raw) for raw in kept}
                theirs = {raw: each for raw, each in read.items() if each[1].person == person}
                async with self._redis.pipeline(transaction=True) as pipe:
                    for raw, (mark, deed) in theirs.items():
                        pipe.zrem(self._chat(chat), raw)
                        pipe.zadd(self._chat(chat), _write(mark, _nameless(deed)))
                    await pipe.execute()
                number += len(theirs)
            await self._redis.delete(self._person(person))
        return number

    @storage
    async def forget_chat(self, chat: Chat) -> None:
        for mark in [mark for mark, (where, _) in self._unsaved.items() if where == chat]:
            del self._unsaved[mark]
        async with self._saving:  # what is being saved just now is deleted after it
            await self._redis.delete(self._chat(chat))
            async for key in self._redis.scan_iter(f"{self._prefix}:audited:*", count=1000):
                await self._redis.srem(key, str(chat))

    @storage
    async def move(self, old: Chat, new: Chat) -> None:
        """A chat has another address now: what was done there goes along."""
        for mark, (where, deed) in self._unsaved.items():
            if where == old:
                self._unsaved[mark] = new, deed
        async with self._saving:  # what is being saved just now is found there
            kept: list[Any] = await self._redis.zrange(self._chat(old), 0, -1)
            for mark, deed in map(_read, kept):
                await self._save(mark, new, deed)
                if deed.person is not None:
                    await self._redis.srem(self._person(deed.person), str(old))
            await self._redis.delete(self._chat(old))

    async def run(self) -> None:
        """Save deeds as they come, until cancelled."""
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
                except (
                    RedisError
                ):  # a key of another type: worth the operator's eye, not the bot's life
                    log.exception("a deed was not saved", extra={"chat": str(chat)})
                    saved = True
                else:
                    saved = True
                if saved:
                    self._unsaved.pop(mark, None)
            if not saved:
                await asyncio.sleep(1)

    @storage
    async def _save(self, mark: str, chat: Chat, deed: Deed) -> None:
        key = self._chat(chat)
        async with self._redis.pipeline(transaction=True) as pipe:
            if deed.person is not None:
                pipe.sadd(self._person(deed.person), str(chat))
                pipe.expire(self._person(deed.person), KEPT_FOR)
            pipe.zadd(key, _write(mark, deed))
            pipe.zremrangebyrank(key, 0, -KEPT - 1)
            pipe.zremrangebyscore(key, "-inf", (datetime.now(UTC) - KEPT_FOR).timestamp())
            pipe.expire(key, KEPT_FOR)
            await pipe.execute()

    def _chat(self, chat: Chat) -> str:
        return f"{self._prefix}:audit:{chat}"

    def _person(self, person: Chat) -> str:
        return f"{self._prefix}:audited:{person}"


def _nameless(deed: Deed) -> Deed:
    return replace(deed, person=None, name=None)


def _write(mark: str, deed: Deed) -> Mapping[str, float]:
    """The member of the sorted set, and its score: when it was done."""
    said = {
        "mark": mark,
        "at": deed.at.isoformat(),
        "said": deed.act.said,
        "what": deed.act.what,
        "by": str(deed.person) if deed.person else None,
        "name": deed.name,
    }
    return {json.dumps(said, ensure_ascii=False): deed.at.timestamp()}


def _read(raw: bytes | str) -> tuple[str, Deed]:
    said: dict[str, Any] = json.loads(raw)
    by = read_chat(said["by"]) if said["by"] else None
    at = datetime.fromisoformat(said["at"])
    return said["mark"], Deed(at, Act(said["said"], said["what"]), by, said["name"])
