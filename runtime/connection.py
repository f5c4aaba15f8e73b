"""The connection to Redis: it retries, reports refusals, and can be kept from writing."""

import asyncio
import functools
import logging
from collections.abc import Callable, Coroutine, Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

from redis import exceptions
from redis.asyncio import Connection, Redis, SSLConnection, UnixDomainSocketConnection
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialWithJitterBackoff

from runtime.away import NotWritten, StorageAway, StorageRefuses, refusal

log = logging.getLogger(__name__)


P = ParamSpec("P")


T = TypeVar("T")


Refused = Callable[[StorageRefuses], None]


READS = frozenset(
    """
    GET MGET HGET HMGET HGETALL HKEYS HVALS HLEN HEXISTS HSCAN SMEMBERS SISMEMBER SCARD SSCAN
    ZRANGE ZREVRANGE ZRANGEBYSCORE ZREVRANGEBYSCORE ZCARD ZSCORE ZSCAN LRANGE LLEN XRANGE
    XREVRANGE XLEN EXISTS TYPE TTL PTTL EXPIRETIME PEXPIRETIME STRLEN SCAN DBSIZE INFO TIME PING
    HELLO AUTH SELECT CLIENT COMMAND SCRIPT MULTI EXEC DISCARD RESET QUIT
    SUBSCRIBE UNSUBSCRIBE PUBLISH
    """.split()  # noqa: SIM905 - a list of words is easier to read
)
"""The commands that a closed gate lets through. PUBLISH is among them because it stores nothing."""


@dataclass(slots=True)
class Gate:
    """Whether a client may write. While closed, its connections send only commands that read."""

    scripts: frozenset[str] = frozenset()
    """The hashes of scripts that only read."""
    closed: bool = False

    def check(self, *command: Any) -> None:
        """Raise NotWritten for a command that may write while the gate is closed."""
        name = text(command[0]).upper()
        reads = name.partition(" ")[0] in READS
        if self.closed and not (reads or (name == "EVALSHA" and text(command[1]) in self.scripts)):
            raise NotWritten(f"{name} is not sent: a newer version has laid out the keys")


class _Ours(AbstractConnection):
    """Reports refusals, leaves a demoted Redis, and can be cancelled.

    redis-py sends with asyncio.wait_for, which before Python 3.12 loses a cancellation that arrives
    at the moment it finishes (https://github.com/python/cpython/issues/86296). A task that was told
    to stop would then run for ever.
    """

    def __init__(
        self, *, refused: Refused | None = None, gate: Gate | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self._refused = refused
        self._gate = gate or Gate()
        self._greeting = False
        """True while connecting: what redis-py sends then may be refused without harm."""
        self._demoted = False

    def pack_command(self, *args: Any) -> list[bytes]:
        if self._gate.closed:
            self._gate.check(*args)
        return super().pack_command(*args)

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
        if self._demoted:  # the host name may now lead to the new primary
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


def connect(url: str, refused: Refused | None = None, gate: Gate | None = None) -> Redis:
    """A client that retries for about a second, then lets the caller decide how to wait.

    `refused` is called for every command that Redis refuses; `gate` decides whether it may write.
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
    pool.connection_kwargs["gate"] = gate
    return client


def _is_reply(error: Exception) -> bool:
    """Whether Redis itself sent this error, so the connection is intact."""
    return isinstance(error, exceptions.ResponseError) or bool(getattr(error, "status_code", None))


def _said(error: Exception) -> str:
    """What Redis answered, code first, without the command's arguments,
    which may contain people's words."""
    said = str(error).rpartition(" of pipeline caused error: ")[2]
    said = said.removeprefix("(").removesuffix(",)").strip("'\"")
    said = said.partition(", with args beginning with")[0]
    code = getattr(error, "status_code", None)
    return f"{code} {said}" if code else said


@contextmanager
def as_storage_away() -> Generator[None]:
    """Turn “can't be reached” and “refused” into StorageAway. WRONGTYPE errors pass through."""
    try:
        yield
    except (exceptions.RedisError, OSError) as raised:
        error: Exception = raised
        inside = raised.__cause__
        if type(raised) is exceptions.ConnectionError and isinstance(inside, Exception):
            error = inside  # how redis-py reports an error reply while connecting to a unix socket
        said = _said(error)
        if said.startswith("WRONGTYPE"):
            raise
        if _is_reply(error):
            raise refusal(said) or StorageAway(said) from error
        if isinstance(error, (exceptions.ConnectionError, exceptions.TimeoutError, OSError)):
            raise StorageAway(said) from error
        raise StorageRefuses("ERR", said) from error  # redis-py refused to ask it


def storage(call: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """Decorator: turn “can't be reached” and “refused” into StorageAway.

    An unknown refusal may be our own mistake, so it is logged with its traceback, once until the
    call succeeds.
    """
    logged = ""

    @functools.wraps(call)
    async def called(*args: P.args, **kwargs: P.kwargs) -> T:
        nonlocal logged
        try:
            with as_storage_away():
                answer = await call(*args, **kwargs)
        except StorageRefuses as refused:
            if not refused.expected and str(refused) != logged:
                logged = str(refused)
                log.exception("Redis refused a command", extra={"call": call.__qualname__})
            raise
        logged = ""
        return answer

    return called


def text(raw: bytes | str) -> str:
    """A reply of Redis as text. Bytes that aren't UTF-8 are escaped."""
    return raw if isinstance(raw, str) else raw.decode("utf-8", "backslashreplace")
