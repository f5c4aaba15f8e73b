"""How long the archive keeps what, and the single steps that delete it.

Full revisions are kept for a week, but always two; a story stays in full memory until a month after
it ended; then it is packed for a year; its tombstone stays for ever.

Nothing here judges whether a clock is right, and everything requires the editor's lease:
bot/pruning.py takes care of both. Each step is idempotent.
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
from stories.search import title_key
from stories.story import StoryId
from stories.stub import write_stub

HISTORY_FOR = timedelta(days=7)
"""How long full revisions are kept, whatever happens to their story."""
FULL_FOR = timedelta(days=30)
"""How long a story stays in full memory after it ended or went stale."""
_PAGE = 500

# All of these check the lease first: without it they change nothing and return -1.
_FENCE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return -1 end
"""
# Deletes older revisions except the last of them, the story's state when the rest began. At
# least two stay: the latest revision and the one before it.
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
# KEYS: lease, story, history, log, index, seq, stubs; ARGV: token, id, the expected index position,
# the deflated document, the stub. It gets a new index position, so that readers drop it.
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
# KEYS as for _SHELVE; ARGV: token, id, the expected index position, now. Only the story's last
# revision and hash stay; while it is in the index, heard_at is the time of this step.
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
# KEYS: lease, story, index; ARGV: token, id, the expected index position.
_LEAVE = (
    _FENCE
    + """
if redis.call('HGET', KEYS[2], 'seq') ~= ARGV[3] then return 0 end
redis.call('HDEL', KEYS[2], 'seq', 'stage', 'heard_at')
redis.call('ZREM', KEYS[3], ARGV[2])
return 1
"""
)
# KEYS: lease, story; ARGV: token, id, the expected index position, a time.
_HEARD = (
    _FENCE
    + """
if redis.call('HGET', KEYS[2], 'seq') ~= ARGV[3] then return 0 end
redis.call('HSET', KEYS[2], 'heard_at', ARGV[4])
return 1
"""
)


# A page of the index, with each story's age; unreadable ones are skipped.
# KEYS: index; ARGV: the position, the limit, the prefix of the stories' keys
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
    """How much of a story is stored."""

    FULL = "full"
    STUB = "stub"
    """Has left full memory; its latest revision can still be read."""
    TOMB = "tomb"
    """Only its last revision number and hash are known."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A story in the index, and its age."""

    story: StoryId
    seq: str
    stage: Stage
    heard_at: datetime
    over: bool
    """It has ended, was withdrawn or merged, rather than gone stale."""


class FenceLost(Exception):
    """Another process holds the lease: it prunes instead of us."""


class Retention:
    """Deletes from the archive, step by step."""

    def __init__(
        self, redis: Redis, archive: Archive, prefix: str, lease: Callable[[], tuple[str, str]]
    ) -> None:
        """`lease`: returns the key of the editor's lease, and our token."""
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
        """Redis's clock."""
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
        """Delete full revisions from before a moment; returns how many."""
        keys = [f"{self._keys}history:{story}" for story in stories]
        return await self._run("trim", keys, [_ms(before)])

    async def shelve(self, entry: Entry) -> bool:
        """Take a story out of full memory; False if it was updated meanwhile."""
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
        """Keep only a tombstone; False if the story was updated meanwhile."""
        return await self._step("bury", entry, str(_ms(now)).encode())

    @storage
    async def leave(self, entry: Entry) -> None:
        """Take a tombstone out of the index, after readers had a day to see it there."""
        story = f"{self._keys}story:{entry.story}"
        await self._run("leave", [story, f"{self._keys}index"], [entry.story, entry.seq])

    @storage
    async def heard_now(self, entry: Entry, now: datetime) -> None:
        """Treat a story that was received in the future as received now."""
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

    # What the pruning process remembers between runs.

    @storage
    async def notes(self) -> dict[str, float]:
        """The remembered numbers, by name."""
        held: Any = await self._redis.hgetall(f"{self._keys}pruning")
        return {text(name): float(value) for name, value in held.items()}

    @storage
    async def note(self, **values: float) -> None:
        """Remember numbers by name."""
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
        return None  # from another version, or damaged: left as it is


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
