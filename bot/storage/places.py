"""How far people have followed stories, in Redis: a hash a person, a field a story."""

import asyncio
import json
import logging
from datetime import UTC, datetime, timedelta
from itertools import islice

from redis.asyncio import Redis
from redis.exceptions import RedisError

from bot.model.chat import Chat
from bot.ports import Kept, Place, Visit
from stories.archive import storage, text
from stories.away import StorageAway
from stories.story import StoryId

log = logging.getLogger(__name__)

KEPT_FOR = timedelta(days=90)
"""How long after their last visit what a person saw is remembered: of each story, and of all."""
UNSAVED = 10_000
"""How many visits wait for the storage at most; then the oldest are forgotten."""
_BATCH = 100
_ALL = StoryId("@all")
"""Stands where a story does, and can be none: how far someone has caught up with all of them."""

_Key = tuple[Chat, StoryId]


class RedisPlaces:
    """Saves visits behind the answers, so that no answer waits for it or fails with it."""

    def __init__(self, redis: Redis, prefix: str = "storywire") -> None:
        self._redis = redis
        self._prefix = prefix
        self._unsaved: dict[_Key, Visit] = {}
        self._seen = asyncio.Event()
        self._saving = asyncio.Lock()

    def saw(self, person: Chat, story: StoryId, visit: Visit) -> None:
        key = (person, story)
        held = self._unsaved.get(key)
        if held is not None and held.revision == visit.revision:
            return
        if len(self._unsaved) >= UNSAVED:
            del self._unsaved[next(iter(self._unsaved))]
        self._unsaved[key] = visit
        self._seen.set()

    def caught_up(self, person: Chat, upto: datetime) -> None:
        self.saw(person, _ALL, Visit(int(upto.timestamp() * 1000), upto))

    @storage
    async def place(self, person: Chat, story: StoryId) -> Place | None:
        key = (person, story)
        unsaved = self._unsaved.get(key)  # asked before reading: it may be saved meanwhile
        place = _read(await self._redis.hget(self._key(person), story))
        visit = self._unsaved.get(key, unsaved)
        return place if visit is None else _after(place, visit)

    @storage
    async def kept(self, person: Chat) -> Kept:
        unsaved = self._unsaved_of(person)
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hgetall(self._key(person))
            pipe.pexpiretime(self._key(person))
            held, expires_ms = await pipe.execute()
        places = {StoryId(text(story)): _read(raw) for story, raw in held.items()}
        moments = [datetime.fromtimestamp(expires_ms / 1000, UTC)] if held else []
        for story, visit in (unsaved | self._unsaved_of(person)).items():
            places[story] = _after(places.get(story), visit)
            moments.append(visit.at + KEPT_FOR)
        known = {story: place for story, place in places.items() if place is not None}
        upto = known.pop(_ALL, None)
        return Kept(known, max(moments, default=None), upto.last.at if upto else None)

    @storage
    async def forget(self, person: Chat) -> None:
        for key in [key for key in self._unsaved if key[0] == person]:
            del self._unsaved[key]
        async with self._saving:  # what is being saved just now is deleted after it
            await self._redis.delete(self._key(person))

    async def run(self) -> None:
        """Save visits as they come, until cancelled."""
        while True:
            await self._seen.wait()
            try:
                async with self._saving:
                    batch = dict(islice(self._unsaved.items(), _BATCH))
                    if batch:
                        await self._save(batch)
            except StorageAway:
                await asyncio.sleep(1)
                continue
            except (
                RedisError
            ):  # a key of another type: worth the operator's eye, not the bot's life
                log.exception("visits were not saved", extra={"visits": len(batch)})
            if not batch:
                self._seen.clear()
            for key, visit in batch.items():
                if self._unsaved.get(key) is visit:
                    del self._unsaved[key]

    @storage
    async def _save(self, batch: dict[_Key, Visit]) -> None:
        people = list(dict.fromkeys(person for person, _ in batch))
        async with self._redis.pipeline(transaction=False) as pipe:
            for person in people:
                pipe.hgetall(self._key(person))
            held = dict(zip(people, await pipe.execute(), strict=True))
            for (person, story), visit in batch.items():
                before = _read(held[person].pop(story.encode(), None))
                pipe.hset(self._key(person), story, _write(_after(before, visit)))
            for person, rest in held.items():
                now = max(visit.at for (who, _), visit in batch.items() if who == person)
                if long_ago := [story for story, raw in rest.items() if _is_over(raw, now)]:
                    pipe.hdel(self._key(person), *long_ago)
                pipe.expire(self._key(person), KEPT_FOR)
            await pipe.execute()

    def _unsaved_of(self, person: Chat) -> dict[StoryId, Visit]:
        """What waits to be saved. Ask before reading, too: it may be saved meanwhile."""
        return {story: visit for (who, story), visit in self._unsaved.items() if who == person}

    def _key(self, person: Chat) -> str:
        return f"{self._prefix}:places:{person}"


def _is_over(raw: bytes, now: datetime) -> bool:
    """Whether a revision was seen so long ago that nobody goes on from there."""
    place = _read(raw)
    return place is not None and now - place.last.at > KEPT_FOR


def _after(place: Place | None, visit: Visit) -> Place:
    return place.after(visit) if place else Place(visit)


def _write(place: Place) -> str:
    visits = [place.last, place.before] if place.before else [place.last]
    return json.dumps([[visit.revision, visit.at.isoformat()] for visit in visits])


def _read(raw: bytes | str | None) -> Place | None:
    if raw is None:
        return None
    visits = [Visit(revision, datetime.fromisoformat(at)) for revision, at in json.loads(raw)]
    return Place(*visits)
