"""Redis that answers “no”: every answer is waited for, and named once with what ends it."""

import ast
import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from redis.asyncio import Redis

from bot.metrics import Metrics
from bot.model.chat import Chat
from bot.model.ledger import CardRecord, State
from bot.storage.due import RedisDue
from bot.storage.ledger import RedisLedger
from runtime import refusals
from runtime.alarms import Alarms
from runtime.away import REFUSALS, StorageAway, StorageRefuses
from runtime.connection import connect, storage
from runtime.lease import RedisLease
from runtime.refusals import RefusalWatch
from runtime.together import Together
from sandbox.redis import own_redis
from scripts.docs import ROOT
from stories.archive import Archive
from stories.changes import Verdict
from stories.story import StoryId
from tests.chaos.proxy import Proxy
from tests.road.parity import FERRY
from tests.running import beside, eventually
from tests.server import serving


@pytest.fixture(scope="module")
def own_url() -> Iterator[str]:
    """A server whose settings may be changed."""
    with serving() as url:
        yield url


@asynccontextmanager
async def answering(reply: str) -> AsyncGenerator[str]:
    """A Redis that says the same to every command."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            if line.startswith(b"*"):
                writer.write(f"-{reply}\r\n".encode())
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0"
        server.close()


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        ("OOM command not allowed when used memory > 'maxmemory'.", "OOM"),
        ("MISCONF Redis is configured to save RDB snapshots, but it cannot", "MISCONF"),
        ("NOREPLICAS Not enough good replicas to write.", "NOREPLICAS"),
        ("BUSY Redis is busy running a script.", "BUSY"),
        ("NOPERM User bot has no permissions to run the 'hset' command", "NOPERM"),
        ("READONLY You can't write against a read only replica.", "READONLY"),
        ("LOADING Redis is loading the dataset in memory", "LOADING"),
        ("MASTERDOWN Link with MASTER is down", "MASTERDOWN"),
        ("CLUSTERDOWN Hash slot not served", "CLUSTERDOWN"),
        ("MOVED 3999 127.0.0.1:6381", "MOVED"),
        ("ASK 3999 127.0.0.1:6381", "ASK"),
        ("CROSSSLOT Keys in request don't hash to the same slot", "CROSSSLOT"),
        ("NOAUTH Authentication required.", "NOAUTH"),
        ("WRONGPASS invalid username-password pair or user is disabled.", "WRONGPASS"),
        ("ERR DB index is out of range", "DB index"),
        ("ERR max number of clients reached", "max clients"),
        ("EXECABORT Transaction discarded because of: OOM command not allowed", "OOM"),
        ("ERR wrong number of arguments for 'hset' command", "ERR"),
        ("PROXYFULL no upstream is left", "PROXYFULL"),
    ],
)
async def test_every_no_is_waited_for_and_told(
    monkeypatch: pytest.MonkeyPatch, reply: str, code: str
) -> None:
    told: list[StorageRefuses] = []
    async with answering(reply) as url, connect(url, told.append) as redis:
        redis.connection_pool.connection_kwargs["retry"]._retries = 0
        for ask in (Archive(redis).ping, Archive(redis).pubsub().__anext__):
            with pytest.raises(StorageRefuses) as refused:
                await ask()
            assert refused.value.code == code
            meaning, remedy = REFUSALS.get(code, REFUSALS["ERR"])
            assert f"({code}): {meaning}. {remedy}" in str(refused.value)
    assert {each.code for each in told} == {code}


async def test_a_key_of_another_type_is_no_refusal(redis: Redis, prefix: str) -> None:
    told: list[StorageRefuses] = []
    async with connect(_url(redis), told.append) as client:
        await client.set(f"{prefix}:due:discord", "text")
        assert await RedisDue(client, prefix).all("discord") == []
    assert told == []


def _url(redis: Redis) -> str:
    where = redis.connection_pool.connection_kwargs
    return f"redis://{where['host']}:{where['port']}/0"


@pytest.mark.parametrize("how", ["alone", "transaction", "pipeline", "script", "together"])
async def test_people_s_words_are_not_repeated(own_url: str, prefix: str, how: str) -> None:
    """redis-py writes the command before what Redis said of it."""

    @storage
    async def write(redis: Redis) -> None:
        key, secret = f"{prefix}:key", "NOPERM secret words"
        match how:
            case "alone":
                await redis.set(key, secret)
            case "script":
                await redis.eval("return redis.call('SET', KEYS[1], ARGV[1])", 1, key, secret)
            case "together":
                await Together(redis).do("SET", key, secret)
            case _:
                async with redis.pipeline(transaction=how == "transaction") as pipe:
                    pipe.set(key, secret)
                    await pipe.execute()

    async with connect(own_url) as redis:
        await redis.config_set("min-replicas-to-write", 1)
        try:
            with pytest.raises(StorageRefuses) as refused:
                await write(redis)
        finally:
            await redis.config_set("min-replicas-to-write", 0)
        await write(redis)
    assert refused.value.code == "NOREPLICAS"
    assert "secret" not in str(refused.value)


async def test_what_we_asked_wrongly_is_logged_once_where_it_comes_from(
    redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    @storage
    async def misspelt(words: str) -> None:
        await redis.execute_command(words, "secret")  # type: ignore[no-untyped-call]

    for _ in range(3):
        with pytest.raises(StorageAway):
            await misspelt("SETT")
    [logged] = [each for each in caplog.records if each.exc_info]
    assert "misspelt" in str(vars(logged)["call"])
    assert "SETT" in caplog.text
    assert "'secret'" not in str(logged.exc_info and logged.exc_info[1])
    with pytest.raises(StorageAway):
        await misspelt("GETT")
    assert "GETT" in caplog.text


@pytest.mark.parametrize(
    ("refuse", "allow", "code"),
    [
        (("CONFIG", "SET", "maxmemory", "1mb"), ("CONFIG", "SET", "maxmemory", "0"), "OOM"),
        (
            ("CONFIG", "SET", "min-replicas-to-write", "1"),
            ("CONFIG", "SET", "min-replicas-to-write", "0"),
            "NOREPLICAS",
        ),
        (
            ("ACL", "SETUSER", "default", "-@write"),
            ("ACL", "SETUSER", "default", "+@all"),
            "NOPERM",
        ),
        (("REPLICAOF", "127.0.0.1", "1"), ("REPLICAOF", "NO", "ONE"), "READONLY"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_the_alarm_lasts_until_redis_takes_writes_again(
    own_url: str,
    prefix: str,
    monkeypatch: pytest.MonkeyPatch,
    refuse: tuple[str, ...],
    allow: tuple[str, ...],
    code: str,
) -> None:
    monkeypatch.setattr(refusals, "PROBE_EVERY_S", 0.05)
    alarms = Alarms(Metrics())
    watch = RefusalWatch(alarms, prefix)
    async with (
        connect(own_url, watch.refused) as redis,
        connect(own_url) as other,
        beside(watch.run(redis)),
    ):
        await other.execute_command(*refuse)  # type: ignore[no-untyped-call]
        try:
            with pytest.raises(StorageRefuses):
                await Archive(redis, prefix).accept(FERRY)
            assert f"({code})" in alarms.active["redis"]
            probes = await _probes(other)
            while await _probes(other) < probes + 3:  # the watch looks, and finds it refused
                assert watch.refuses
                await asyncio.sleep(0.02)
        finally:
            await other.execute_command(*allow)  # type: ignore[no-untyped-call]
        await eventually(lambda: not watch.refuses, "the alarm is over")
        assert alarms.active == {}
        await Archive(redis, prefix).accept(replace(FERRY, title="Another"))


async def _probes(redis: Redis) -> int:
    """How many SETs were tried."""
    said = (await redis.info("commandstats")).get("cmdstat_set", {})
    return int(said.get("calls", 0)) + int(said.get("rejected_calls", 0))


async def test_a_socket_and_a_password_with_an_at_sign_lead_to_redis(
    tmp_path: Path, prefix: str
) -> None:
    options = ("--unixsocket", str(tmp_path / "redis.sock"))
    async with own_redis(options=options) as url, connect(url) as redis:
        everything = ("~*", "&*", "+@all")
        await redis.execute_command("ACL", "SETUSER", "bot", "on", ">p@ss:w@rd", *everything)  # type: ignore[no-untyped-call]
        beyond = url.partition("://")[2]
        for way in (f"redis://bot:p@ss:w@rd@{beyond}", f"unix://bot:p@ss:w@rd@{options[1]}?db=2"):
            async with connect(way) as client:
                await Archive(client, prefix).accept(FERRY)
                async with aclosing(Archive(client, prefix).wakes()) as wakes:
                    assert await anext(wakes) == "subscribed"
        for way, code in (
            (f"unix://bot:wrong@{options[1]}", "WRONGPASS"),
            (f"unix://{options[1]}?db=99", "DB index"),
        ):
            async with connect(way) as client:
                with pytest.raises(StorageRefuses) as refused:
                    await Archive(client, prefix).ping()
                assert refused.value.code == code


async def test_a_demoted_primary_is_left_for_the_one_that_its_name_leads_to(
    own_url: str, redis_url: str, prefix: str
) -> None:
    async with (
        connect(own_url) as old,
        Proxy(_port(own_url)) as name,
        connect(f"redis://127.0.0.1:{name.port}") as redis,
    ):
        archive = Archive(redis, prefix)
        await archive.accept(FERRY)
        await old.replicaof("127.0.0.1", "1")
        try:
            name.leads_to(_port(redis_url))
            with pytest.raises(StorageRefuses):
                await archive.accept(replace(FERRY, title="Another"))
            assert await archive.accept(replace(FERRY, title="A third")) == (Verdict.ACCEPTED, 1)
        finally:
            await old.replicaof("NO", "ONE")


def _port(url: str) -> int:
    port = urlsplit(url).port
    assert port is not None
    return port


def test_nobody_asks_redis_without_waiting_for_it() -> None:
    """Whatever a port offers turns every “no” into StorageAway."""
    bare = []
    folders = (ROOT / "runtime", ROOT / "stories", ROOT / "bot" / "storage")
    for path in (path for folder in folders for path in folder.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.AsyncFunctionDef) and not node.name.startswith("_"):
                source = ast.unparse(node)
                asks = "self._redis" in source or "self._together" in source
                waits = "@storage" in source or "with as_storage_away()" in source
                if asks and not waits:
                    bare.append(f"{path.name}: {node.name}")
    assert bare == []


@pytest.mark.parametrize("command", ["get", "pttl", "set", "hset", "sadd", "incr", "hdel"])
async def test_a_script_that_is_refused_a_command_is_refused_and_takes_nothing_for_a_bad_record(
    own_url: str, prefix: str, command: str
) -> None:
    chat, story = Chat("discord", "1"), StoryId("ferry")
    row = CardRecord(State.SHOWN, datetime.now(UTC), 1, message_id="7")
    async with connect(own_url) as redis:
        lease = RedisLease(redis, "discord", prefix)
        other = RedisLease(redis, "discord", prefix)
        ledger = RedisLedger(redis, prefix, lease)
        assert await lease._hold()
        await redis.acl_setuser("default", enabled=True, commands=[f"-{command}"])
        refused = []
        for call in (lease._hold, other._hold, partial(ledger.write, chat, story, row)):
            try:
                await call()
            except StorageRefuses as error:
                refused.append(error.code)
        assert set(refused) == {"NOPERM"}
        await redis.acl_setuser("default", enabled=True, categories=["+@all"])
        assert await lease._hold()
        assert await ledger.write(chat, story, row)
