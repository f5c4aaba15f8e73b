"""Stories in Redis: an inbox and pub/sub in, one accepted revision at a time, an index to follow.

Pub/sub is only a hint: a reader that receives a wake-up reads the index from its own cursor. Every
step here is idempotent, because redis-py repeats a command whose reply was lost.
"""

import asyncio
import hashlib
import json
import logging
import secrets
import time
import zlib
from collections.abc import (
    AsyncGenerator,
    Callable,
    Sequence,
)
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from redis import exceptions
from redis.asyncio import Redis

from runtime.away import StorageAway
from runtime.connection import as_storage_away, storage, text
from runtime.records import Skipped, Unreadable, wrong_type
from runtime.slices import in_slices
from stories.announced import announced
from stories.changes import Changes, Cursor, Door, Heard, Page, Rejected, Verdict
from stories.edition import Edition
from stories.log import Log, grown, read_log, write_log
from stories.story import Story, StoryId
from stories.stub import Stub
from stories.wire import MAX_BYTES, content_hash, restore, store

HISTORY_REVISIONS = 100
"""The most full revisions stored per story; stories/retention.py trims them by age."""
INBOX_LENGTH = 100_000
INBOX_ENTRIES = 16
"""The most entries read from the inbox at once,
and together no more bytes than one document may have."""
REJECTED_LENGTH = 1_000
SWEEP_S = 30.0
"""After this many seconds without a wake-up, the index is read anyway."""
PROBE_S = 4.0
"""After this many seconds of silence we publish a message to ourselves; after as many again without
receiving it, the connection counts as dead."""
_BATCH = 20
"""Number of editions read at once."""

log = logging.getLogger(__name__)

T = TypeVar("T")


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class _GoesOn:
    """What accepting a story writes, worked out from what is stored of it now."""

    story: Story
    """Including what was announced about it."""
    base: int = 0
    """The revision stored now; 0 if there is none."""
    log: bytes = b""
    """Its new log; empty leaves the stored one as it is."""
    document: bytes = b""
    """The stored document of a story that had left full memory, decompressed; else empty."""
    heard_at: bytes = b""
    """When that document was received, in milliseconds."""


class Archive:
    """The stored stories."""

    def __init__(
        self,
        redis: Redis,
        prefix: str = "storywire",
        skipped: Skipped | None = None,
        now: Callable[[], datetime] = _now,
    ) -> None:
        self._redis = redis
        self._skipped = skipped or Skipped()
        self._updates = f"{prefix}:updates"
        self._inbox = f"{prefix}:inbox"
        self._rejected = f"{prefix}:rejected"
        self._wake = f"{prefix}:wake"
        self._now = now
        self._keys = f"{prefix}:{{archive}}:"
        self._accept, self._since, self._in_hand = (
            redis.register_script(files("stories").joinpath(name).read_text("utf-8"))
            for name in ("accept.lua", "since.lua", "inbox.lua")
        )
        self._held: WeakValueDictionary[bytes, Story] = WeakValueDictionary()

    @property
    def reading(self) -> str:
        """The hash of the one script that only reads."""
        return str(self._since.sha)

    @storage
    async def ping(self) -> None:
        """Return once Redis answers."""
        await self._redis.ping()

    @storage
    async def time(self) -> datetime:
        """Redis's clock."""
        seconds, micros = await self._redis.time()
        return datetime.fromtimestamp(int(seconds) + int(micros) / 1_000_000, UTC)

    # Accepting a revision, and reading what is stored.

    @storage
    async def accept(self, story: Story, now: datetime | None = None) -> tuple[Verdict, int]:
        """Store a revision if it is newer; returns the verdict and the revision now stored.

        Raises Unreadable if the stored story can't be read: it isn't overwritten. The story's log
        grows in the same step, from the previous revision.
        """
        moment = now or self._now()
        digest = content_hash(story)
        keys = [
            *(self._story(story.id), self._history(story.id)),
            *(self._keys + name for name in ("index", "seq", "epoch")),
            *(self._log(story.id), self._keys + "stubs"),
        ]
        while True:
            goes_on = await self._goes_on(story, moment)
            arguments = [
                *(story.id, "" if story.revision is None else story.revision, digest),
                store(replace(goes_on.story, revision=None)),
                *(int(moment.timestamp() * 1000), self._wake, secrets.token_hex(8)),
                *(HISTORY_REVISIONS, "1" if story.is_over else ""),
                *(goes_on.base, goes_on.log, goes_on.document, goes_on.heard_at),
            ]
            verdict, revision, _ = await self._accept(keys, arguments)
            if verdict == b"unreadable":
                key = keys[int(revision) - 1]
                why = "it is of another type, or its revision is no number"
                self._skipped.note("story", key, why)
                raise Unreadable(f"{key} cannot be read, so nothing is written over it")
            if verdict != b"moved":
                return Verdict(verdict.decode()), int(revision)

    async def _goes_on(self, story: Story, now: datetime) -> _GoesOn:
        """What accepting a story changes: the story as stored, and its log as it would become."""
        key, log_key = self._story(story.id), self._log(story.id)
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hmget(key, ["revision", "document", "deflated", "heard_at"])
            pipe.get(log_key)
            answers: Any = await pipe.execute(raise_on_error=False)
        held, raw = (_of_its_type(answer) for answer in answers)
        if held is None:  # the key has another type, so the write will be refused
            return _GoesOn(story)
        revision, document, deflated, heard_at = held
        base = self._skipped.read("story", key, int, revision or b"0") or 0
        back, before = b"", None
        if deflated and not document:
            back = self._skipped.read("story", key, _inflated, deflated) or b""
        if document or back:
            before = self._skipped.read("story", key, self._read_once, document or back, revision)
        story = replace(story, announced=announced(before, story, now))
        goes_on = _GoesOn(story, base, document=back, heard_at=(heard_at or b"0") if back else b"")
        if raw is None:
            self._skipped.note("log", log_key, "it is of another type")
            return goes_on
        known = self._skipped.read("log", log_key, read_log, raw)
        if known is None or (before is None and base):
            return goes_on  # what can't be read isn't overwritten
        after = grown(known, before, story, story.revision or base + 1, now)
        return replace(goes_on, log=write_log(after))

    @storage
    async def since(self, cursor: Cursor) -> Changes:
        """Everything newer than `cursor`; everything there is if the cursor's epoch is over."""
        upto, more = cursor, True
        editions, stubs = list[Edition](), list[Stub]()
        while more:
            epoch, seq, found, last, batch, past = await self._behind(str(upto.seq))
            if upto.seq and (epoch != upto.epoch or (seq is not None and seq < upto.seq)):
                return replace(await self.since(Cursor(epoch)), anew=True)
            editions += batch
            stubs += past
            more = found == _BATCH
            # Finally up to where the index was, even if its last entries have left it since.
            upto = Cursor(epoch, last if more else max(upto.seq, last, seq or 0))
        return Changes(upto, tuple(editions), stubs=tuple(stubs))

    @storage
    async def newest(self, below: int | None = None) -> Page:
        """A page of the index, newest first; the next page is below this page's `below`."""
        epoch, seq, _, last, editions, stubs = await self._behind(
            "inf" if below is None else str(below), "newest"
        )
        return Page(Cursor(epoch, seq or 0), last, tuple(editions), tuple(stubs))

    async def _behind(
        self, place: str, order: str = ""
    ) -> tuple[str, int | None, int, int, list[Edition], list[Stub]]:
        keys = [self._keys + name for name in ("index", "seq", "epoch", "stubs")]
        beginnings = [self._story(StoryId("")), self._history(StoryId(""))]
        raw_epoch, raw_seq, found, last, batch, past, wrong = await self._since(
            keys, [place, _BATCH, *beginnings, order]
        )
        for number in wrong:
            self._skipped.note("index", keys[number - 1], "it is of another type")
        epoch = raw_epoch.decode("utf-8", "replace")
        seq = self._skipped.read("index", keys[1], int, raw_seq)
        held = [self._edition(each) async for each in in_slices(batch)]
        editions = [each for each in held if each is not None]
        return epoch, seq, int(found), int(last), editions, list(map(_stub, past))

    @storage
    async def story(self, story_id: str) -> Story | None:
        """The latest revision of a story; raises Unreadable."""
        edition = await self.edition(StoryId(story_id))
        return edition.story if edition else None

    @storage
    async def edition(self, story_id: StoryId) -> Edition | None:
        """A story as it is stored, even if it has left full memory; raises Unreadable.

        Its previous revision isn't read: `before` is this one, as if nothing had changed.
        """
        key = self._story(story_id)
        asked = self._redis.hmget(key, ["document", "deflated", "revision", "seq", "heard_at"])
        held: Any = await self._skipped.keep("story", key, asked)
        document, deflated, revision, seq, heard_at = held
        if document is None and deflated is not None:
            document = self._skipped.read("story", key, _inflated, deflated)
            if document is None:
                raise Unreadable(f"{story_id} cannot be read by this version")
        if document is None:
            return None
        fields = [document, revision or b"", seq or b"0", heard_at or b"0"]
        edition = self._edition([story_id.encode(), *fields])
        if edition is None:
            raise Unreadable(f"{story_id} cannot be read by this version")
        return replace(edition, before=edition.story)

    @storage
    async def tombstone(self, story_id: StoryId) -> int | None:
        """The last revision number of a story of which nothing else is stored any more."""
        key = self._story(story_id)
        asked = self._redis.hmget(key, ["revision", "document", "deflated"])
        held: Any = await self._skipped.keep("story", key, asked)
        revision, document, deflated = held
        gone = revision is not None and document is None and deflated is None
        return self._skipped.read("story", key, int, revision) if gone else None

    @storage
    async def log(self, story_id: StoryId) -> Log:
        """What is remembered of revisions that are no longer stored in full."""
        key = self._log(story_id)
        raw: Any = await self._skipped.ask("log", key, self._redis.get(key), b"")
        return self._skipped.read("log", key, read_log, raw) or Log()

    @storage
    async def holds(self, story: StoryId) -> bool:
        """Whether anything is stored for a story, even if it can't be read."""
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.exists(self._story(story))
            pipe.zscore(self._keys + "index", story)
            held, place = await pipe.execute()
        return bool(held) or place is not None

    @storage
    async def remove(self, story: StoryId) -> bool:
        """Remove a story, its history and its index entry; returns whether there was anything.

        Its cards stay as they are. Followers that know it keep it until they restart.
        """
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.delete(self._story(story), self._history(story), self._log(story))
            pipe.zrem(self._keys + "index", story)
            pipe.hdel(self._keys + "stubs", story)
            return any(await pipe.execute())

    def is_unreadable(self, story_id: str) -> bool:
        """Whether a story of this id was skipped because it couldn't be read."""
        return ("story", self._story(StoryId(story_id))) in self._skipped.known

    def _edition(self, held: Sequence[bytes]) -> Edition | None:
        """An edition; None if it can't be read and is to be skipped."""
        name = StoryId(text(held[0]))
        return self._skipped.read("story", self._story(name), self._made, name, held)

    def _made(self, name: StoryId, held: Sequence[bytes]) -> Edition:
        _, document, revision, seq, heard_at, *before = held
        was = None
        if before:
            where = f"{self._history(name)} {text(before[1])}"
            was = self._skipped.read("history", where, self._read_once, before[0], before[1])
        story = self._read_once(document, revision, was)
        return Edition(story, was, int(seq), datetime.fromtimestamp(int(heard_at) / 1000, UTC))

    def _read_once(self, document: bytes, revision: bytes, like: Story | None = None) -> Story:
        """The story of a document; the same object as before, if that one is still in use.

        A story's revision is read twice, as the latest and then as the previous one. What it has in
        common with the revision `like` is stored in memory only once.
        """
        key = hashlib.blake2s(document + b" " + revision).digest()
        story = self._held.get(key)
        if story is None:
            story = _read(document, revision)
            story = self._held[key] = _sharing(story, like) if like else story
        return story

    @storage
    async def history(self, story: StoryId, since: int = 0) -> Sequence[Story]:
        """The stored revisions from `since` on, oldest first.

        Reads backwards from the latest, and no further than needed, because documents can be large.
        """
        key, found, upto, count = self._history(story), list[Story](), "+", 1
        if since <= 0:
            entries: Any = await self._skipped.ask("history", key, self._redis.xrange(key), [])
            return [past for each in entries if (past := self._past(key, each)) is not None]
        while True:
            asked = self._redis.xrevrange(key, max=upto, count=count)
            entries = await self._skipped.ask("history", key, asked, [])
            behind = count
            for each in entries:
                upto = f"({text(each[0])}"
                number = self._skipped.read("history", key, _revision, each)
                if number is None:
                    continue
                behind = number - since
                if behind >= 0 and (past := self._past(key, each)) is not None:
                    found.append(past)
                if behind <= 0:
                    return found[::-1]
            if len(entries) < count:
                return found[::-1]
            count = min(2 * count, behind)

    @storage
    async def past(self, story: StoryId, revision: int) -> Story | None:
        """The story as of `revision`; if that is no longer stored, the first stored one after
        it."""
        key = self._history(story)
        entries: Any = await self._skipped.ask("history", key, self._redis.xrange(key), [])
        for each in entries:  # read only this one: documents can be large, and there can be many
            number = self._skipped.read("history", key, _revision, each)
            if number is not None and number >= revision and (past := self._past(key, each)):
                return past
        return None

    @storage
    async def as_of(self, story: StoryId, moment: datetime) -> Story | None:
        """The story as it was at a moment; None if nothing that old is stored."""
        upto = str(int(moment.timestamp() * 1000))
        key = self._history(story)
        asked = self._redis.xrevrange(key, max=upto, count=1)
        entries: Any = await self._skipped.ask("history", key, asked, [])
        return self._past(key, entries[0]) if entries else None

    @storage
    async def heard(self, story: StoryId, since: datetime) -> Sequence[Heard]:
        """The revisions received since a moment, oldest first,
        preceded by the state at that moment."""
        moment = round(since.timestamp() * 1000)
        key = self._history(story)
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.xrevrange(key, max=f"({moment}-0", count=1)
            pipe.xrange(key, min=moment)
            before, entries = await self._skipped.ask("history", key, pipe.execute(), [[], []])
        return [
            Heard(_moment(each[0]), past)
            async for each in in_slices((*before, *entries))
            if (past := self._past(key, each)) is not None
        ]

    def _past(self, key: str, entry: Any) -> Story | None:
        """The revision in a history entry; None if it can't be read."""
        where = f"{key} {text(entry[1].get(b'revision', b'?'))}"
        return self._skipped.read("history", where, _held, entry)

    async def wakes(self) -> AsyncGenerator[str]:
        """Yields why the index may have news; subscribed before the first value.

        redis-py reconnects silently, and messages sent meanwhile are lost, so every
        (re)subscription is a reason, too. Raises StorageAway if the connection is dead.
        """
        looked_at = time.monotonic()
        async with aclosing(self._listen(self._wake)) as heard:
            async for message in heard:
                if message is not None:
                    yield "wake" if message["type"] == "message" else "subscribed"
                elif time.monotonic() - looked_at > SWEEP_S:
                    looked_at = time.monotonic()
                    yield "sweep"

    async def _listen(self, channel: str) -> AsyncGenerator[Any]:
        """Messages on a channel; None now and then while there are none.

        A connection can be dead without a sign: for half an hour if the other side vanished, for
        ever if it was demoted. So in silence we send ourselves a message through it, and raise
        StorageAway if it doesn't arrive.
        """
        own = f"{channel}:{secrets.token_hex(8)}"
        with as_storage_away():
            async with self._redis.pubsub() as pubsub:
                await pubsub.subscribe(channel, own)
                asked = False
                while True:
                    heard = await pubsub.get_message(timeout=PROBE_S)
                    if heard is None and asked:
                        raise StorageAway("our own word did not come back")
                    asked = heard is None
                    if asked:
                        await self._redis.publish(own, b"")
                    else:
                        yield None if heard["channel"] == own.encode() else heard

    # Inbox, pub/sub, and refused documents.

    @storage
    async def leave(self, document: bytes) -> None:
        """Put a document into the inbox."""
        asked = self._redis.xadd(
            self._inbox, {"story": document}, maxlen=INBOX_LENGTH, approximate=True
        )
        await self._skipped.keep("inbox", self._inbox, asked)

    async def pubsub(self) -> AsyncGenerator[bytes]:
        """Documents as they are published, while we listen."""
        async with aclosing(self._listen(self._updates)) as heard:
            async for message in heard:
                if message is not None and message["type"] == "message":
                    yield message["data"]

    async def inbox(self) -> AsyncGenerator[bytes]:
        """Documents of the inbox; each is acknowledged when the next is requested.

        There is one editor at a time, always under the same consumer name, so entries pending from
        a dead editor are ours and come first. So are entries delivered in a reply that was lost,
        after which redis-py repeats the request. Therefore requesting more only makes entries
        pending; pending entries are then read separately, oldest first.
        """
        with (
            as_storage_away()
        ):  # also if the data was wiped while we ran: then the inbox is created anew
            try:
                await self._skipped.keep("inbox", self._inbox, self._open_inbox())
            except Unreadable as error:
                await asyncio.sleep(SWEEP_S)
                raise StorageAway(str(error)) from error
            while True:
                entries = await self._at_the_inbox()
                for entry, is_there, document in entries:
                    if document is not None:
                        yield document
                    elif is_there:
                        yield b"an inbox entry without a field named story"
                    async with self._redis.pipeline(transaction=True) as pipe:
                        pipe.xack(self._inbox, "editors", entry)
                        pipe.xdel(self._inbox, entry)
                        await pipe.execute()

    async def _at_the_inbox(self) -> Sequence[tuple[bytes, int, bytes | None]]:
        """Pending entries: their id, whether they still exist, and their document.

        Returns None after a wait in which one may have become pending: blocking reads return whole
        entries, so it requests only one, which is then read like the others.
        """
        asked = self._in_hand([self._inbox], [MAX_BYTES, INBOX_ENTRIES])
        try:
            entries: Any = await self._skipped.keep("inbox", self._inbox, asked)
            if not entries:
                waited = self._redis.xreadgroup(
                    "editors", "editor", {self._inbox: ">"}, count=1, block=2000
                )
                await self._skipped.keep("inbox", self._inbox, waited)
        except Unreadable as error:
            raise StorageAway(str(error)) from error
        return entries or ()

    async def _open_inbox(self) -> None:
        try:
            await self._redis.xgroup_create(self._inbox, "editors", id="0", mkstream=True)
        except exceptions.ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise

    @storage
    async def reject(self, door: Door, raw: bytes, why: str) -> None:
        """Record a refused document for the operator."""
        entry = {
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "door": door,
            "why": why,
            "beginning": raw[:800].decode("utf-8", "replace")[:200],
        }
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.lpush(self._rejected, json.dumps(entry))
            pipe.ltrim(self._rejected, 0, REJECTED_LENGTH - 1)
            await self._skipped.ask("rejected", self._rejected, pipe.execute(), [])

    @storage
    async def rejected(self, limit: int = 20) -> list[Rejected]:
        """The latest refused documents, newest first."""
        asked = self._redis.lrange(self._rejected, 0, limit - 1)
        held = await self._skipped.ask("rejected", self._rejected, asked, [])
        entries = [
            self._skipped.read("rejected", f"{self._rejected} {number}", _rejected_document, raw)
            for number, raw in enumerate(held)
        ]
        return [entry for entry in entries if entry is not None]

    def _story(self, story: StoryId) -> str:
        return f"{self._keys}story:{story}"

    def _history(self, story: StoryId) -> str:
        return f"{self._keys}history:{story}"

    def _log(self, story: StoryId) -> str:
        return f"{self._keys}log:{story}"


def _of_its_type(answer: Any) -> Any:
    """The reply; None if the key has another type."""
    if isinstance(answer, Exception) and not wrong_type(answer):
        raise answer
    return None if isinstance(answer, Exception) else answer or b""


def _inflated(raw: bytes) -> bytes:
    try:
        return zlib.decompress(raw)
    except zlib.error as error:
        raise ValueError(str(error)) from error


def _stub(found: Sequence[bytes]) -> Stub:
    story_id, raw, seq = found
    return Stub(StoryId(text(story_id)), int(seq), raw)


def _sharing(story: Story, other: Story) -> Story:
    """The story, using the other's texts, questions and sources where they are equal,
    to save memory."""
    theirs: dict[object, Any] = {}
    for group in (other.breakdown, other.questions, other.sources, other.entities, other.keywords):
        theirs.update((each, each) for each in group)

    def shared(group: tuple[T, ...], held: tuple[T, ...]) -> tuple[T, ...]:
        return held if group == held else tuple(theirs.get(each, each) for each in group)

    return replace(
        story,
        breakdown=shared(story.breakdown, other.breakdown),
        questions=shared(story.questions, other.questions),
        sources=shared(story.sources, other.sources),
        entities=shared(story.entities, other.entities),
        keywords=shared(story.keywords, other.keywords),
        headline=other.headline if story.headline == other.headline else story.headline,
        title=other.title if story.title == other.title else story.title,
    )


def _moment(entry: bytes) -> datetime:
    """When a stream entry was made: its id starts with that."""
    return datetime.fromtimestamp(int(entry.partition(b"-")[0]) / 1000, UTC)


def _read(document: bytes, revision: bytes) -> Story:
    return restore(document, int(revision))


def _held(entry: Any) -> Story:
    """The revision in a history entry."""
    return _read(entry[1][b"document"], entry[1][b"revision"])


def _revision(entry: Any) -> int:
    return int(entry[1][b"revision"])


def _rejected_document(raw: bytes | str) -> Rejected:
    entry = json.loads(raw)
    moment, door = datetime.fromisoformat(entry["at"]), Door(entry["door"])
    return Rejected(moment, door, f"{entry['why']}", f"{entry['beginning']}")
