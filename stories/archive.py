"""Stories in Redis: two doors in, one accepted revision at a time, an index to follow.

Pub/sub is a nudge, never the truth: whoever hears a wake reads the index from its own cursor.
Every step here may be repeated without harm, because redis-py repeats a command whose reply was
lost.
"""

import asyncio
import functools
import hashlib
import json
import logging
import secrets
import time
from collections.abc import (
    AsyncGenerator,
    Callable,
    Coroutine,
    Generator,
    Iterable,
    Mapping,
    Sequence,
)
from contextlib import aclosing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Any, ParamSpec, TypeVar
from weakref import WeakValueDictionary

from redis import exceptions
from redis.asyncio import Connection, Redis, SSLConnection, UnixDomainSocketConnection
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialWithJitterBackoff

from stories.away import StorageAway, StorageRefuses, refusal
from stories.index import Changes, Cursor, Door, Heard, Rejected, Verdict
from stories.records import Skipped, Unreadable
from stories.shelf import Edition
from stories.story import Story, StoryId
from stories.wire import content_hash, restore, write

HISTORY_REVISIONS = 100
HISTORY_FOR = timedelta(days=7)
INBOX_LENGTH = 100_000
REJECTED_LENGTH = 1_000
SWEEP_S = 30.0
"""Without a wake for so long, the index is read all the same."""
PROBE_S = 4.0
"""A silence after which we listen for our own word; after another one the connection is dead."""
_BATCH = 50

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")


Refused = Callable[[StorageRefuses], None]


class _Ours(AbstractConnection):
    """Tells what Redis refuses, leaves a Redis that was demoted, and lets itself be cancelled.

    redis-py sends with asyncio.wait_for, which before Python 3.12 forgets a cancellation that
    comes just as it is done (https://github.com/python/cpython/issues/86296); the task that was
    to stop would go on for ever.
    """

    def __init__(self, *, refused: Refused | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._refused = refused
        self._greeting = False
        """What redis-py asks by itself may be refused without harm."""
        self._demoted = False

    async def on_connect_check_health(self, check_health: bool = True) -> None:
        self._greeting = True
        try:
            await super().on_connect_check_health(check_health)
        except exceptions.RedisError as error:
            self._tell(error)
            raise
        finally:
            self._greeting = False

    async def send_packed_command(
        self, command: bytes | str | Iterable[bytes], check_health: bool = True
    ) -> None:
        if self._demoted:  # a name that leads to the primary leads elsewhere now
            self._demoted = False
            await self.disconnect(nowait=True)
        task = asyncio.current_task()
        told_before = task.cancelling() if task else 0
        await super().send_packed_command(command, check_health)
        if task and task.cancelling() > told_before:
            await self.disconnect(nowait=True)  # nobody will read the reply
            raise asyncio.CancelledError

    async def read_response(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return await super().read_response(*args, **kwargs)
        except exceptions.RedisError as error:
            self._demoted |= isinstance(error, exceptions.ReadOnlyError)
            if not self._greeting:
                self._tell(error)
            raise

    def _tell(self, error: exceptions.RedisError) -> None:
        if self._refused and _is_reply(error) and (found := refusal(_said(error))):
            self._refused(found)


class _Plain(_Ours, Connection):
    """redis://"""


class _Encrypted(_Ours, SSLConnection):
    """rediss://"""


class _Local(_Ours, UnixDomainSocketConnection):
    """unix://"""


def connect(url: str, refused: Refused | None = None) -> Redis:
    """A client that tries again for about a second, then lets the caller decide how to wait.

    `refused` hears of every command that Redis refuses.
    """
    backoff = ExponentialWithJitterBackoff(base=0.05, cap=0.5)
    client = Redis.from_url(url, retry=Retry(backoff, retries=3), socket_connect_timeout=2)
    pool = client.connection_pool
    kinds: Mapping[type, type[AbstractConnection]] = {
        Connection: _Plain,
        SSLConnection: _Encrypted,
        UnixDomainSocketConnection: _Local,
    }
    pool.connection_class = kinds[pool.connection_class]
    pool.connection_kwargs["refused"] = refused
    return client


def _is_reply(error: Exception) -> bool:
    """Redis itself said so; the connection holds."""
    return isinstance(error, exceptions.ResponseError) or bool(getattr(error, "status_code", None))


def _said(error: Exception) -> str:
    """What Redis said, its code first; not what it was asked, as people's words may stand there."""
    said = str(error).rpartition(" of pipeline caused error: ")[2]
    said = said.removeprefix("(").removesuffix(",)").strip("'\"")
    said = said.partition(", with args beginning with")[0]
    code = getattr(error, "status_code", None)
    return f"{code} {said}" if code else said


@contextmanager
def _waiting() -> Generator[None]:
    """Turn “cannot be reached” and “refused” into StorageAway. What a key holds wrongly rises."""
    try:
        yield
    except (exceptions.RedisError, OSError) as raised:
        error: Exception = raised
        inside = raised.__cause__
        if type(raised) is exceptions.ConnectionError and isinstance(inside, Exception):
            error = inside  # so redis-py tells of a reply while it connects to a unix socket
        said = _said(error)
        if said.startswith("WRONGTYPE"):
            raise
        if _is_reply(error):
            raise refusal(said) or StorageAway(said) from error
        if isinstance(error, (exceptions.ConnectionError, exceptions.TimeoutError, OSError)):
            raise StorageAway(said) from error
        raise StorageRefuses("ERR", said) from error  # redis-py refused to ask it


def storage(call: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """Turn “cannot be reached” and “refused” into StorageAway.

    A refusal that we know nothing of may be our own mistake: it is logged where it comes from, once
    until the call succeeds.
    """
    logged = ""

    @functools.wraps(call)
    async def called(*args: P.args, **kwargs: P.kwargs) -> T:
        nonlocal logged
        try:
            with _waiting():
                answer = await call(*args, **kwargs)
        except StorageRefuses as refused:
            if not refused.expected and str(refused) != logged:
                logged = str(refused)
                log.exception("Redis did not take a command", extra={"call": call.__qualname__})
            raise
        logged = ""
        return answer

    return called


def text(raw: bytes | str) -> str:
    """What Redis answered, as text; the client hands out bytes. What is no UTF-8 is spelled out."""
    return raw if isinstance(raw, str) else raw.decode("utf-8", "backslashreplace")


class Archive:
    """Where stories are kept."""

    def __init__(
        self, redis: Redis, prefix: str = "storywire", skipped: Skipped | None = None
    ) -> None:
        self._redis = redis
        self._skipped = skipped or Skipped()
        self._updates = f"{prefix}:updates"
        self._inbox = f"{prefix}:inbox"
        self._rejected = f"{prefix}:rejected"
        self._wake = f"{prefix}:wake"
        self._keys = f"{prefix}:{{archive}}:"
        self._accept, self._since = (
            redis.register_script(files("stories").joinpath(name).read_text("utf-8"))
            for name in ("accept.lua", "since.lua")
        )
        self._held: WeakValueDictionary[bytes, Story] = WeakValueDictionary()

    @storage
    async def ping(self) -> None:
        """Return when Redis answers."""
        await self._redis.ping()

    # One revision in, all revisions out.

    @storage
    async def accept(self, story: Story, now: datetime | None = None) -> tuple[Verdict, int]:
        """Take a revision unless it is not newer; return the verdict and the revision now held.

        Raises Unreadable when what is held of the story cannot be read: it is not written over.
        """
        ms = int((now or datetime.now(UTC)).timestamp() * 1000)
        keys = [
            self._story(story.id),
            self._history(story.id),
            *(self._keys + name for name in ("index", "seq", "epoch")),
        ]
        arguments = [
            *(story.id, "" if story.revision is None else story.revision, content_hash(story)),
            *(write(replace(story, revision=None)), ms, self._wake, secrets.token_hex(8)),
            *(HISTORY_REVISIONS, int(HISTORY_FOR.total_seconds() * 1000)),
        ]
        verdict, revision, _ = await self._accept(keys, arguments)
        if verdict == b"unreadable":
            key = keys[int(revision) - 1]
            self._skipped.note("story", key, "it is of another type, or its revision is no number")
            raise Unreadable(f"{key} cannot be read, so nothing is written over it")
        return Verdict(verdict.decode()), int(revision)

    @storage
    async def since(self, cursor: Cursor) -> Changes:
        """Everything newer than `cursor`; everything there is when its epoch is past."""
        upto, editions, more = cursor, list[Edition](), True
        while more:
            keys = [self._keys + name for name in ("index", "seq", "epoch")]
            beginnings = [self._story(StoryId("")), self._history(StoryId(""))]
            raw_epoch, raw_seq, found, last, batch, wrong = await self._since(
                keys, [upto.seq, _BATCH, *beginnings]
            )
            for number in wrong:
                self._skipped.note("index", keys[number - 1], "it is of another type")
            epoch = raw_epoch.decode("utf-8", "replace")
            seq = self._skipped.read("index", keys[1], int, raw_seq)
            if upto.seq and (epoch != upto.epoch or (seq is not None and seq < upto.seq)):
                return replace(await self.since(Cursor(epoch)), anew=True)
            editions += [each for each in map(self._edition, batch) if each is not None]
            upto, more = Cursor(epoch, int(last) if found else upto.seq), found == _BATCH
        return Changes(upto, tuple(editions))

    @storage
    async def story(self, story_id: str) -> Story | None:
        """The newest revision of one story; raise Unreadable when it cannot be read."""
        key = self._story(StoryId(story_id))
        asked = self._redis.hmget(key, ["document", "revision"])
        held: Any = await self._skipped.keep("story", key, asked)
        document, revision = held
        if document is None and not await self._redis.exists(key):
            return None
        story = self._skipped.read("story", key, _read, document, revision)
        if story is None:
            raise Unreadable(f"{story_id} cannot be read by this version")
        return story

    @storage
    async def remove(self, story: StoryId) -> bool:
        """Remove a story, its history and its place in the index; whether there was any of it.

        Its cards stay as they are. Followers that know it keep it until they start again.
        """
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.delete(self._story(story), self._history(story))
            pipe.zrem(self._keys + "index", story)
            return any(await pipe.execute())

    def _edition(self, held: Sequence[bytes]) -> Edition | None:
        """An edition; None when it is to be left out, as it cannot be read."""
        name = StoryId(text(held[0]))
        return self._skipped.read("story", self._story(name), self._made, name, held)

    def _made(self, name: StoryId, held: Sequence[bytes]) -> Edition:
        _, document, revision, seq, heard_at, *before = held
        story, was = self._read_once(document, revision), None
        if before:
            was = self._skipped.read("history", self._history(name), self._read_once, *before)
        return Edition(story, was, int(seq), datetime.fromtimestamp(int(heard_at) / 1000, UTC))

    def _read_once(self, document: bytes, revision: bytes) -> Story:
        """The story of a document; the very one that was read of it before, if it is still held.

        A story's revision is read twice, as the newest and then as the one before it.
        """
        key = hashlib.blake2s(document + b" " + revision).digest()
        story = self._held.get(key)
        if story is None:
            story = self._held[key] = _read(document, revision)
        return story

    @storage
    async def history(self, story: StoryId) -> Sequence[Story]:
        """The revisions still kept, oldest first."""
        key = self._history(story)
        entries: Any = await self._skipped.ask("history", key, self._redis.xrange(key), [])
        return [past for each in entries if (past := self._past(key, each)) is not None]

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
            for each in (*before, *entries)
            if (past := self._past(key, each)) is not None
        ]

    def _past(self, key: str, entry: Any) -> Story | None:
        """The revision that an entry of a history holds; None when it cannot be read."""
        where = f"{key} {text(entry[0])}"
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
        with _waiting():
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

    async def said(self) -> AsyncGenerator[bytes]:
        """Documents as they are published, while we listen."""
        async with aclosing(self._listen(self._updates)) as heard:
            async for message in heard:
                if message is not None and message["type"] == "message":
                    yield message["data"]

    async def left(self) -> AsyncGenerator[bytes]:
        """Documents of the inbox, each until the next is asked for; then it is struck out.

        There is one editor at a time and it always has the same name, so what a dead one had
        in hand is simply ours: it comes first. So does what was handed to us in an answer that
        was lost, after which redis-py asks for more by itself. Wherefore asking for more only takes
        it in hand, and what is in hand is read apart from that, oldest first.
        """
        with _waiting():  # also where the data was wiped under us: then the inbox is opened anew
            try:
                await self._skipped.keep("inbox", self._inbox, self._open_inbox())
            except Unreadable as error:
                await asyncio.sleep(SWEEP_S)
                raise StorageAway(str(error)) from error
            while True:
                entries = await self._inbox_entries("0")
                if not entries:
                    await self._inbox_entries(">")
                for entry, fields in entries:
                    if fields and b"story" in fields:
                        yield fields[b"story"]
                    elif fields:
                        yield b"an inbox entry without a field named story"
                    async with self._redis.pipeline(transaction=True) as pipe:
                        pipe.xack(self._inbox, "editors", entry)
                        pipe.xdel(self._inbox, entry)
                        await pipe.execute()

    async def _inbox_entries(self, which: str) -> Sequence[tuple[bytes, Mapping[bytes, bytes]]]:
        """The first that are in hand (“0”), or as many more taken in hand, once there are (“>”)."""
        asked = self._redis.xreadgroup(
            "editors", "editor", {self._inbox: which}, count=16, block=2000
        )
        try:
            answer: Any = await self._skipped.keep("inbox", self._inbox, asked)
        except Unreadable as error:
            raise StorageAway(str(error)) from error
        return answer[0][1] if answer else []

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
