"""How long the archive keeps what: full revisions for a week, but always two; a story in full
memory until it has been over for a month; packed for a year; and a tombstone for ever.

Nothing here decides that a clock is right, and nothing runs but for the holder of the editor's
lease: bot/pruning.py does both. Each step can be repeated without harm.
"""

import zlib
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from redis.asyncio import Redis

from runtime.connection import storage, text
from stories.archive import Archive
from stories.shelf import title_key
from stories.story import StoryId
from stories.stub import write_stub

HISTORY_FOR = timedelta(days=7)
"""How long full revisions are kept, whatever happens to their story."""
FULL_FOR = timedelta(days=30)
"""How long a story stays in full memory once it has ended or gone stale."""
_PAGE = 500

# All of these begin with the lease: whoever lost it changes nothing, and is answered -1.
_FENCE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return -1 end
"""
# What is older goes, but for the newest of that: it is how the story was when the rest began. At
# least two stay, the newest revision and the one before it.
_TRIM = (
    _FENCE
    + """
local trimmed = 0
for number = 2, #KEYS do
  local newer = redis.pcall('XRANGE', KEYS[number], ARGV[2], '+', 'COUNT', 1)
  local stay = #newer > 0 and 1 or 2
  local older = redis.pcall('XREVRANGE', KEYS[number], '(' .. ARGV[2] .. '-0', '-', 'COUNT', stay)
  if not older.err and #older == stay then
    trimmed = trimmed + redis.call('XTRIM', KEYS[number], 'MINID', older[stay][1])
  end
end
return trimmed
"""
)
# KEYS: lease, story, history, log, index, seq, stubs; ARGV: token, id, the place it is expected at,
# the document deflated, the stub. Back in the index as something new, so that readers drop it.
_SHELVE = (
    _FENCE
    + """
if redis.call('HGET', KEYS[2], 'seq') ~= ARGV[3] then return 0 end
local seq = redis.call('INCR', KEYS[6])
redis.call('HSET', KEYS[2], 'stage', 'stub', 'deflated', ARGV[4], 'seq', seq)
redis.call('HDEL', KEYS[2], 'document')
redis.call('HSET', KEYS[7], ARGV[2], ARGV[5])
redis.call('DEL', KEYS[3], KEYS[4])
redis.call('ZADD', KEYS[5], seq, ARGV[2])
return 1
"""
)
# KEYS as for _SHELVE; ARGV: token, id, the place it is expected at, now. Of the story its last
# revision and hash stay; while it is in the index, when it was buried stands where it was heard.
_BURY = (
    _FENCE
    + """
if redis.call('HGET', KEYS[2], 'seq') ~= ARGV[3] then return 0 end
local seq = redis.call('INCR', KEYS[6])
redis.call('HSET', KEYS[2], 'stage', 'tomb', 'seq', seq, 'heard_at', ARGV[4])
redis.call('HDEL', KEYS[2], 'document', 'deflated', 'over')
redis.call('HDEL', KEYS[7], ARGV[2])
redis.call('DEL', KEYS[3], KEYS[4])
redis.call('ZADD', KEYS[5], seq, ARGV[2])
return 1
"""
)
# KEYS: lease, story, index; ARGV: token, id, the place it is expected at.
_LEAVE = (
    _FENCE
    + """
if redis.call('HGET', KEYS[2], 'seq') ~= ARGV[3] then return 0 end
redis.call('HDEL', KEYS[2], 'seq', 'stage', 'heard_at')
redis.call('ZREM', KEYS[3], ARGV[2])
return 1
"""
)
# KEYS: lease, story; ARGV: token, id, the place it is expected at, a moment.
_HEARD = (
    _FENCE
    + """
if redis.call('HGET', KEYS[2], 'seq') ~= ARGV[3] then return 0 end
redis.call('HSET', KEYS[2], 'heard_at', ARGV[4])
return 1
"""
)


# A page of the index, each story with how old it is; one that cannot be read is left out.
# KEYS: index; ARGV: the place, at most so many, beginning of the stories' keys
_ENTRIES = """
local place = '(' .. ARGV[1]
local found = redis.call('ZRANGEBYSCORE', KEYS[1], place, '+inf', 'WITHSCORES', 'LIMIT', 0, ARGV[2])
local entries = {}
for at = 1, #found, 2 do
  local held = redis.pcall('HMGET', ARGV[3] .. found[at], 'seq', 'stage', 'heard_at', 'over')
  if not held.err then
    local seq, stage, heard_at, over = unpack(held)
    -- An earlier version, gone back to for a while, takes an update without knowing of stages.
    local whole = stage and redis.call('HEXISTS', ARGV[3] .. found[at], 'document') == 1
    if whole then stage = 'full' end
    entries[#entries + 1] = {found[at], seq or '', stage or 'full', heard_at or '0', over or ''}
  end
end
return {found[#found] or '0', entries}
"""


class Stage(StrEnum):
    """How much of a story is kept."""

    FULL = "full"
    STUB = "stub"
    """Left full memory; its newest revision can still be read."""
    TOMB = "tomb"
    """Only its last revision and hash are known."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A story in the index, and how old it is."""

    story: StoryId
    seq: str
    stage: Stage
    heard_at: datetime
    over: bool
    """It has ended, was withdrawn or merged: it did not have to go stale first."""


class FenceLost(Exception):
    """Another process holds the lease: it prunes, not we."""


class Retention:
    """What is deleted from the archive, step by step."""

    def __init__(
        self, redis: Redis, archive: Archive, prefix: str, lease: Callable[[], tuple[str, str]]
    ) -> None:
        """`lease`: the key of the editor's lease, and our token."""
        self._redis = redis
        self._archive = archive
        self._keys = f"{prefix}:{{archive}}:"
        self._lease = lease
        self._scripts = {
            name: redis.register_script(script)
            for name, script in (
                ("trim", _TRIM),
                ("shelve", _SHELVE),
                ("bury", _BURY),
                ("leave", _LEAVE),
                ("heard", _HEARD),
                ("entries", _ENTRIES),
            )
        }

    @storage
    async def time(self) -> datetime:
        """What time it is for Redis."""
        return await self._archive.time()

    async def entries(self) -> AsyncGenerator[list[Entry]]:
        """Every story of the index, a page at a time."""
        place = 0
        while True:
            page, place = await self._page(place)
            if not page and not place:
                return
            yield page

    @storage
    async def _page(self, place: int) -> tuple[list[Entry], int]:
        keys, beginning = [f"{self._keys}index"], f"{self._keys}story:"
        last, found = await self._scripts["entries"](keys, [place, _PAGE, beginning])
        entries = [entry for each in found if (entry := _entry(*each)) is not None]
        return entries, int(last)

    @storage
    async def trim(self, stories: Sequence[StoryId], before: datetime) -> int:
        """Let full revisions from before a moment go; return how many went."""
        keys = [f"{self._keys}history:{story}" for story in stories]
        return await self._run("trim", keys, [_ms(before)])

    async def shelve(self, entry: Entry) -> bool:
        """Take a story out of full memory; False when it was updated meanwhile."""
        edition = await self._archive.edition(entry.story)
        if edition is None or str(edition.seq) != entry.seq:
            return False
        document = await self._document(entry)
        stub = write_stub(edition.story, edition.heard_at, title_key(edition.story.title))
        return await self._step("shelve", entry, zlib.compress(document), stub)

    @storage
    async def _document(self, entry: Entry) -> bytes:
        held: Any = await self._redis.hget(f"{self._keys}story:{entry.story}", "document")
        return held or b""

    async def bury(self, entry: Entry, now: datetime) -> bool:
        """Keep only a tombstone; False when the story was updated meanwhile."""
        return await self._step("bury", entry, str(_ms(now)).encode())

    @storage
    async def leave(self, entry: Entry) -> None:
        """Take a tombstone out of the index, once its readers had a day to see it there."""
        story = f"{self._keys}story:{entry.story}"
        await self._run("leave", [story, f"{self._keys}index"], [entry.story, entry.seq])

    @storage
    async def heard_now(self, entry: Entry, now: datetime) -> None:
        """Count a story that was heard in the future as heard now."""
        story = f"{self._keys}story:{entry.story}"
        await self._run("heard", [story], [entry.story, entry.seq, _ms(now)])

    @storage
    async def _step(self, script: str, entry: Entry, *arguments: bytes) -> bool:
        of_story = [f"{self._keys}{name}:{entry.story}" for name in ("story", "history", "log")]
        keys = [*of_story, *(f"{self._keys}{name}" for name in ("index", "seq", "stubs"))]
        return bool(await self._run(script, keys, [entry.story, entry.seq, *arguments]))

    async def _run(
        self, script: str, keys: Sequence[str], arguments: Sequence[str | bytes | int]
    ) -> int:
        key, token = self._lease()
        done = int(await self._scripts[script]([key, *keys], [token, *arguments]))
        if done < 0:
            raise FenceLost
        return done

    # What the one who prunes remembers between two times.

    @storage
    async def notes(self) -> dict[str, float]:
        held: Any = await self._redis.hgetall(f"{self._keys}pruning")
        return {text(name): float(value) for name, value in held.items()}

    @storage
    async def note(self, **values: float) -> None:
        await self._redis.hset(
            f"{self._keys}pruning", mapping={name: repr(value) for name, value in values.items()}
        )

    @storage
    async def wake(self) -> None:
        """Tell readers that the index has news."""
        await self._redis.publish(self._keys.partition(":{")[0] + ":wake", b"{}")


def _entry(story: bytes, seq: bytes, stage: bytes, heard_at: bytes, over: bytes) -> Entry | None:
    try:
        at = datetime.fromtimestamp(int(heard_at) / 1000, UTC)
        return Entry(StoryId(text(story)), text(seq), Stage(text(stage)), at, bool(over))
    except (ValueError, OverflowError, OSError):
        return None  # of another version, or damaged: it is left as it is


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
