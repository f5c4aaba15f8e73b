"""How far people have followed stories, in Redis: a hash per person with a field per story."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import islice

from redis.asyncio import Redis

from bot.model.chat import Chat
from bot.model.reading import ReadingHistory, ReadingPosition, Seen
from runtime.away import StorageAway
from runtime.connection import storage, text
from runtime.records import Skipped, wrong_type
from stories.story import StoryId

KEPT_FOR = timedelta(days=90)
"""How long after their last visit a person's positions are kept: per story, and all of them."""
UNSAVED = 10_000
"""The most visits waiting for the storage; beyond that the oldest are dropped."""
_BATCH = 100
_ALL = StoryId("@all")
"""Used in place of a story id, which it can't be: how far someone has caught up with everything."""

_Key = tuple[Chat, StoryId]


class RedisReadingPositions:
    """Saves visits in the background, so that no answer waits for it or fails because of it."""

    def __init__(
        self,
        redis: Redis,
        prefix: str = "storywire",
        skipped: Skipped | None = None,
        *,
        certain: Callable[[], bool] = lambda: True,
    ) -> None:
        """`certain`: whether the clock can be trusted;
        otherwise nothing is deleted because of its age."""
        self._certain = certain
        self._redis = redis
        self._skipped = skipped or Skipped()
        self._prefix = prefix
        self._unsaved: dict[_Key, Seen] = {}
        self._seen = asyncio.Event()
        self._saving = asyncio.Lock()

    def saw(self, person: Chat, story: StoryId, visit: Seen) -> None:
        """Record that a person saw a story; returns at once."""
        key = (person, story)
        held = self._unsaved.get(key)
        if held is not None and held.revision == visit.revision:
            return
        if len(self._unsaved) >= UNSAVED:
            del self._unsaved[next(iter(self._unsaved))]
        self._unsaved[key] = visit
        self._seen.set()

    def caught_up(self, person: Chat, upto: datetime) -> None:
        """Record that a person has caught up with everything until a moment; returns at once."""
        self.saw(person, _ALL, Seen(int(upto.timestamp() * 1000), upto))

    @storage
    async def position(self, person: Chat, story: StoryId) -> ReadingPosition | None:
        """Where a person is in a story, or None."""
        key = (person, story)
        unsaved = self._unsaved.get(key)  # read before the stored one: it may be saved in between
        where = self._key(person)
        held = await self._skipped.ask("place", where, self._redis.hget(where, story), None)
        position = self._read(person, story, held)
        visit = self._unsaved.get(key, unsaved)
        return position if visit is None else _after(position, visit)

    @storage
    async def history(self, person: Chat) -> ReadingHistory:
        """Everything stored about a person."""
        unsaved = self._unsaved_of(person)
        key = self._key(person)
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hgetall(key)
            pipe.pexpiretime(key)
            held, expires_ms = await self._skipped.ask("place", key, pipe.execute(), ({}, 0))
        positions = {
            StoryId(text(story)): self._read(person, StoryId(text(story)), raw)
            for story, raw in held.items()
        }
        moments = [datetime.fromtimestamp(expires_ms / 1000, UTC)] if expires_ms > 0 else []
        for story, visit in (unsaved | self._unsaved_of(person)).items():
            positions[story] = _after(positions.get(story), visit)
            moments.append(visit.at + KEPT_FOR)
        known = {story: position for story, position in positions.items() if position is not None}
        upto = known.pop(_ALL, None)
        return ReadingHistory(known, max(moments, default=None), upto.last.at if upto else None)

    @storage
    async def forget(self, person: Chat) -> None:
        """Delete everything stored about a person."""
        for key in [key for key in self._unsaved if key[0] == person]:
            del self._unsaved[key]
        async with self._saving:  # what is being saved right now is deleted afterwards
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
            if not batch:
                self._seen.clear()
            for key, visit in batch.items():
                if self._unsaved.get(key) is visit:
                    del self._unsaved[key]

    @storage
    async def _save(self, batch: dict[_Key, Seen]) -> None:
        people = list(dict.fromkeys(person for person, _ in batch))
        async with self._redis.pipeline(transaction=False) as pipe:
            for person in people:
                pipe.hgetall(self._key(person))
            held = {}
            for person, answer in zip(
                people, await pipe.execute(raise_on_error=False), strict=True
            ):
                if wrong_type(answer):
                    self._skipped.note("place", self._key(person), answer)
                elif isinstance(answer, Exception):
                    raise answer
                else:
                    held[person] = answer
            for (person, story), visit in batch.items():
                if person not in held:
                    continue
                raw = held[person].pop(story.encode(), None)
                before = self._read(person, story, raw)
                if raw is None or before is not None:  # unreadable positions aren't overwritten
                    pipe.hset(self._key(person), story, _write(_after(before, visit)))
            for person, rest in held.items():
                now = max(visit.at for (who, _), visit in batch.items() if who == person)
                long_ago = [
                    story
                    for story, raw in rest.items()
                    if _is_over(self._read(person, StoryId(text(story)), raw), now)
                ]
                if long_ago and self._certain():
                    pipe.hdel(self._key(person), *long_ago)
                pipe.expire(self._key(person), KEPT_FOR)
            await pipe.execute()

    def _read(
        self, person: Chat, story: StoryId, raw: bytes | str | None
    ) -> ReadingPosition | None:
        if raw is None:
            return None
        return self._skipped.read("place", f"{self._key(person)} {story}", _position, raw)

    def _unsaved_of(self, person: Chat) -> dict[StoryId, Seen]:
        """The unsaved visits.

        Read them before the stored ones, because they may be saved in between.
        """
        return {story: visit for (who, story), visit in self._unsaved.items() if who == person}

    def _key(self, person: Chat) -> str:
        return f"{self._prefix}:places:{person}"


def _is_over(position: ReadingPosition | None, now: datetime) -> bool:
    """Whether a revision was seen so long ago that nobody continues from there."""
    return position is not None and now - position.last.at > KEPT_FOR


def _after(position: ReadingPosition | None, visit: Seen) -> ReadingPosition:
    return position.after(visit) if position else ReadingPosition(visit)


def _write(position: ReadingPosition) -> str:
    visits = [position.last, position.before] if position.before else [position.last]
    return json.dumps([[visit.revision, visit.at.isoformat()] for visit in visits])


def _position(raw: bytes | str) -> ReadingPosition:
    visits = [Seen(int(revision), _moment(at)) for revision, at in json.loads(raw)]
    return ReadingPosition(*visits)


def _moment(said: str) -> datetime:
    moment = datetime.fromisoformat(said)
    if moment.tzinfo is None:
        raise ValueError("a time is without an offset")
    return moment
