"""Stories in Redis: two doors in, one accepted revision at a time, an index to follow.

Pub/sub is a nudge, never the truth: whoever hears a wake reads the index from its own cursor.
Every step here may be repeated without harm, because redis-py repeats a command whose reply was
lost.
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
from dataclasses import replace
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
from stories.changes import Changes, Cursor, Door, Heard, Page, Rejected, Verdict
from stories.edition import Edition
from stories.log import Log, grown, read_log, write_log
from stories.story import Status, Story, StoryId
from stories.stub import Stub
from stories.wire import MAX_BYTES, content_hash, restore, write

HISTORY_REVISIONS = 100
"""At most so many full revisions of a story; stories/retention.py trims them by age."""
INBOX_LENGTH = 100_000
INBOX_ENTRIES = 16
"""Read together at most, and no more of them than one document may have bytes."""
REJECTED_LENGTH = 1_000
SWEEP_S = 30.0
"""Without a wake for so long, the index is read all the same."""
PROBE_S = 4.0
"""A silence after which we listen for our own word; after another one the connection is dead."""
_BATCH = 20
"""So many editions are read in one go."""

log = logging.getLogger(__name__)

T = TypeVar("T")


def _now() -> datetime:
    return datetime.now(UTC)


class Archive:
    """Where stories are kept."""

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
        """The hash of the script that only reads."""
        return str(self._since.sha)

    @storage
    async def ping(self) -> None:
        """Return when Redis answers."""
        await self._redis.ping()

    @storage
    async def time(self) -> datetime:
        """What time it is for Redis."""
        seconds, micros = await self._redis.time()
        return datetime.fromtimestamp(int(seconds) + int(micros) / 1_000_000, UTC)

    # One revision in, all revisions out.

    @storage
    async def accept(self, story: Story, now: datetime | None = None) -> tuple[Verdict, int]:
        """Take a revision unless it is not newer; return the verdict and the revision now held.

        Raises Unreadable when what is held of the story cannot be read: it is not written over.
        The story's log grows in the same step, from what was held just before.
        """
        moment = now or self._now()
        document, digest = write(replace(story, revision=None)), content_hash(story)
        keys = [
            *(self._story(story.id), self._history(story.id)),
            *(self._keys + name for name in ("index", "seq", "epoch")),
            *(self._log(story.id), self._keys + "stubs"),
        ]
        while True:
            base, logged, before, heard_at = await self._goes_on(story, moment)
            arguments = [
                *(story.id, "" if story.revision is None else story.revision, digest, document),
                *(int(moment.timestamp() * 1000), self._wake, secrets.token_hex(8)),
                *(HISTORY_REVISIONS, "1" if _is_over(story) else ""),
                *(base, logged, before, heard_at),
            ]
            verdict, revision, _ = await self._accept(keys, arguments)
            if verdict == b"unreadable":
                key = keys[int(revision) - 1]
                why = "it is of another type, or its revision is no number"
                self._skipped.note("story", key, why)
                raise Unreadable(f"{key} cannot be read, so nothing is written over it")
            if verdict != b"moved":
                return Verdict(verdict.decode()), int(revision)

    async def _goes_on(self, story: Story, now: datetime) -> tuple[int, bytes, bytes, bytes]:
        """What accepting a story needs to know of what is held: its revision, the log as it would
        be, and of a story that has left full memory its document and when it was heard."""
        key, log_key = self._story(story.id), self._log(story.id)
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hmget(key, ["revision", "document", "deflated", "heard_at"])
            pipe.get(log_key)
            answers: Any = await pipe.execute(raise_on_error=False)
        held, raw = (_of_its_type(answer) for answer in answers)
        if held is None:
            return 0, b"", b"", b""  # it is of another type, and so will be refused
        revision, document, deflated, heard_at = held
        base = self._skipped.read("story", key, int, revision or b"0") or 0
        if raw is None:
            self._skipped.note("log", log_key, "it is of another type")
            return base, b"", b"", b""
        back, before = b"", None
        if deflated and not document:
            back = self._skipped.read("story", key, _inflated, deflated) or b""
        if document or back:
            before = self._skipped.read("story", key, self._read_once, document or back, revision)
        known = self._skipped.read("log", log_key, read_log, raw)
        heard_at = (heard_at or b"0") if back else b""
        if known is None or (before is None and base):
            return base, b"", back, heard_at  # what cannot be read is not written over
        after = grown(known, before, story, story.revision or base + 1, now)
        return base, write_log(after), back, heard_at

    @storage
    async def since(self, cursor: Cursor) -> Changes:
        """Everything newer than `cursor`; everything there is when its epoch is past."""
        upto, more = cursor, True
        editions, stubs = list[Edition](), list[Stub]()
        while more:
            epoch, seq, found, last, batch, past = await self._behind(str(upto.seq))
            if upto.seq and (epoch != upto.epoch or (seq is not None and seq < upto.seq)):
                return replace(await self.since(Cursor(epoch)), anew=True)
            editions += batch
            stubs += past
            more = found == _BATCH
            # In the end to where the index has been, though the last of it may have left it since.
            upto = Cursor(epoch, last if more else max(upto.seq, last, seq or 0))
        return Changes(upto, tuple(editions), stubs=tuple(stubs))

    @storage
    async def newest(self, below: int | None = None) -> Page:
        """A page of the index, newest first; the next one lies below the place this one names."""
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
        """The newest revision of one story; raise Unreadable when it cannot be read."""
        edition = await self.edition(StoryId(story_id))
        return edition.story if edition else None

    @storage
    async def edition(self, story_id: StoryId) -> Edition | None:
        """One story as it is held, also when it has left full memory; raise Unreadable.

        What was before it is not read: this one stands there, as if nothing had changed.
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
        """The last revision of a story of which nothing else is kept any more."""
        key = self._story(story_id)
        asked = self._redis.hmget(key, ["revision", "document", "deflated"])
        held: Any = await self._skipped.keep("story", key, asked)
        revision, document, deflated = held
        gone = revision is not None and document is None and deflated is None
        return self._skipped.read("story", key, int, revision) if gone else None

    @storage
    async def log(self, story_id: StoryId) -> Log:
        """What is remembered of revisions that are no longer kept whole."""
        key = self._log(story_id)
        raw: Any = await self._skipped.ask("log", key, self._redis.get(key), b"")
        return self._skipped.read("log", key, read_log, raw) or Log()

    @storage
    async def holds(self, story: StoryId) -> bool:
        """Whether there is anything of a story, also what cannot be read."""
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.exists(self._story(story))
            pipe.zscore(self._keys + "index", story)
            held, place = await pipe.execute()
        return bool(held) or place is not None

    @storage
    async def remove(self, story: StoryId) -> bool:
        """Remove a story, its history and its place in the index; whether there was any of it.

        Its cards stay as they are. Followers that know it keep it until they start again.
        """
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.delete(self._story(story), self._history(story), self._log(story))
            pipe.zrem(self._keys + "index", story)
            pipe.hdel(self._keys + "stubs", story)
            return any(await pipe.execute())

    def is_unreadable(self, story_id: str) -> bool:
        """Whether a story of this id was left out, as it could not be read."""
        return ("story", self._story(StoryId(story_id))) in self._skipped.known

    def _edition(self, held: Sequence[bytes]) -> Edition | None:
        """An edition; None when it is to be left out, as it cannot be read."""
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
        """The story of a document; the very one that was read of it before, if it is still held.

        A story's revision is read twice, as the newest and then as the one before it. What it has
        in common with the revision `like` is held in memory once.
        """
        key = hashlib.blake2s(document + b" " + revision).digest()
        story = self._held.get(key)
        if story is None:
            story = _read(document, revision)
            story = self._held[key] = _sharing(story, like) if like else story
        return story

    @storage
    async def history(self, story: StoryId, since: int = 0) -> Sequence[Story]:
        """The revisions still kept from `since` on, oldest first.

        Read from the newest back, and no further than that: a document may be large.
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
        """The story as of `revision`; where that is no longer kept, the first kept after it."""
        key = self._history(story)
        entries: Any = await self._skipped.ask("history", key, self._redis.xrange(key), [])
        for each in entries:  # only the one is read: a document may be large, and there many
            number = self._skipped.read("history", key, _revision, each)
            if number is not None and number >= revision and (past := self._past(key, each)):
                return past
        return None

    @storage
    async def as_of(self, story: StoryId, moment: datetime) -> Story | None:
        """The story as it was at a moment; None when nothing that old is kept."""
        upto = str(int(moment.timestamp() * 1000))
        key = self._history(story)
        asked = self._redis.xrevrange(key, max=upto, count=1)
        entries: Any = await self._skipped.ask("history", key, asked, [])
        return self._past(key, entries[0]) if entries else None

    @storage
    async def heard(self, story: StoryId, since: datetime) -> Sequence[Heard]:
        """What was heard of it since a moment, oldest first; before that, how it was by then."""
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
        """The revision that an entry of a history holds; None when it cannot be read."""
        where = f"{key} {text(entry[1].get(b'revision', b'?'))}"
        return self._skipped.read("history", where, _held, entry)

    async def wakes(self) -> AsyncGenerator[str]:
        """Yield why the index may have news; subscribed before the first.

        redis-py reconnects silently and what was said meanwhile is gone, so each
        (re)subscription is itself a reason. Raise StorageAway when the connection is dead.
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
        """What is heard on a channel; None now and then while nothing is.

        A connection can be dead without a sign: for half an hour where the other side
        vanished, for ever where it was demoted. So in silence we speak to ourselves through
        it, and raise StorageAway when our own word does not come back.
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

    # The two doors, and what was turned away at them.

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
        """Documents of the inbox, each until the next is asked for; then it is struck out.

        There is one editor at a time and it always has the same name, so what a dead one had
        in hand is simply ours: it comes first. So does what was handed to us in an answer that
        was lost, after which redis-py asks for more by itself. Wherefore asking for more only takes
        it in hand, and what is in hand is read apart from that, oldest first.
        """
        with (
            as_storage_away()
        ):  # also where the data was wiped under us: then the inbox is opened anew
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
        """Entries in hand: their ids, whether they are still there, and their documents.

        None after a wait in which one may have been taken in hand: of what is waited for the
        whole comes, so it is one alone, and it is read again as the others are.
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
        """Remember a refused document for the operator."""
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
        """The last refused documents, newest first."""
        asked = self._redis.lrange(self._rejected, 0, limit - 1)
        held = await self._skipped.ask("rejected", self._rejected, asked, [])
        entries = [
            self._skipped.read("rejected", f"{self._rejected} {number}", _told, raw)
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
    """What was answered; None where a key is of another type."""
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


def _is_over(story: Story) -> bool:
    ended = story.stats.status is Status.ENDED or story.retracted is not None
    return ended or story.merged_into is not None


def _sharing(story: Story, other: Story) -> Story:
    """The story, holding the other's texts, questions and sources where its own are equal."""
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
    """When an entry of a stream was made; its id begins with that."""
    return datetime.fromtimestamp(int(entry.partition(b"-")[0]) / 1000, UTC)


def _read(document: bytes, revision: bytes) -> Story:
    return restore(document, int(revision))


def _held(entry: Any) -> Story:
    """The revision that an entry of a history holds."""
    return _read(entry[1][b"document"], entry[1][b"revision"])


def _revision(entry: Any) -> int:
    return int(entry[1][b"revision"])


def _told(raw: bytes | str) -> Rejected:
    entry = json.loads(raw)
    moment, door = datetime.fromisoformat(entry["at"]), Door(entry["door"])
    return Rejected(moment, door, f"{entry['why']}", f"{entry['beginning']}")
