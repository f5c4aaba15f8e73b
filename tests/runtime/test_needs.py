"""`storywire check` looks at what the bot needs of Redis, not only whether it answers."""

from collections.abc import Iterator

import pytest
from redis.asyncio import Redis

from runtime.connection import connect
from runtime.needs import faults, hints
from tests.running import free_port
from tests.server import serving


@pytest.fixture(scope="module")
def own_url() -> Iterator[str]:
    """A server whose settings may be changed."""
    with serving() as url:
        yield url


async def test_a_good_redis_has_no_faults_and_keeps_nothing_of_the_look(
    redis: Redis, prefix: str
) -> None:
    assert [each async for each in faults(redis, prefix)] == []
    assert [each async for each in hints(redis)] == []
    assert [key async for key in redis.scan_iter(f"{prefix}:*")] == []


@pytest.mark.parametrize(
    ("change", "back", "said"),
    [
        (
            "CONFIG SET maxmemory-policy allkeys-lru",
            "CONFIG SET maxmemory-policy noeviction",
            "set maxmemory-policy to noeviction",
        ),
        ("REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE", "(READONLY): it's a read-only replica"),
        ("CONFIG SET maxmemory 1mb", "CONFIG SET maxmemory 0", "(OOM): its memory is full"),
        (
            "CONFIG SET min-replicas-to-write 1",
            "CONFIG SET min-replicas-to-write 0",
            "(NOREPLICAS): fewer replicas",
        ),
        ("ACL SETUSER default -evalsha", "ACL SETUSER default +@all", "(NOPERM): the user"),
        ("ACL SETUSER default -xreadgroup", "ACL SETUSER default +@all", "'xreadgroup'"),
        ("ACL SETUSER default resetchannels", "ACL SETUSER default allchannels", "(NOPERM)"),
        ("ACL SETUSER default -hset", "ACL SETUSER default +@all", "'hset'"),
    ],
)
async def test_what_is_wrong_is_named_with_the_remedy(
    own_url: str, prefix: str, change: str, back: str, said: str
) -> None:
    async with connect(own_url) as redis:
        await redis.execute_command(*change.split())  # type: ignore[no-untyped-call]
        try:
            [found] = [each async for each in faults(redis, prefix)]
        finally:
            await redis.execute_command(*back.split())  # type: ignore[no-untyped-call]
        assert said in found
        assert [each async for each in faults(redis, prefix)] == []


async def test_memory_that_is_nearly_full_is_named_before_it_is(own_url: str, prefix: str) -> None:
    async with connect(own_url) as redis:
        used = int((await redis.info("memory"))["used_memory"])
        await redis.config_set("maxmemory", int(used / 0.95))
        try:
            [found] = [each async for each in faults(redis, prefix)]
        finally:
            await redis.config_set("maxmemory", 0)
    assert "% full: raise maxmemory" in found


async def test_a_node_of_a_cluster_is_named(prefix: str) -> None:
    bus = ("--cluster-port", str(free_port()))  # by itself it is 10,000 higher, which may be none
    with serving(None, "--cluster-enabled", "yes", *bus) as url:
        async with connect(url) as redis:
            [found] = [each async for each in faults(redis, prefix)]
    assert "Redis Cluster" in found


async def test_a_clock_that_differs_is_named(
    redis: Redis, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runtime.needs.time.time", lambda: 4000.0)
    [found] = [each async for each in faults(redis, prefix)]
    assert found.startswith("the clocks here and of Redis differ by ")


async def test_what_may_be_meant_so_is_a_hint(own_url: str, prefix: str) -> None:
    async with connect(own_url) as redis:
        await redis.config_set("appendonly", "no")
        assert [each async for each in faults(redis, prefix)] == []
        [hint] = [each async for each in hints(redis)]
        assert "Set appendonly to yes" in hint
        await redis.acl_setuser("default", enabled=True, commands=["-info"])
        try:
            assert [each async for each in faults(redis, prefix)] == []
            [hint] = [each async for each in hints(redis)]
        finally:
            await redis.acl_setuser("default", enabled=True, categories=["+@all"])
        assert "may not ask Redis for INFO" in hint
