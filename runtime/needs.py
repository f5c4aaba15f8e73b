"""Tests whether a Redis allows everything the bot needs, for `storywire check`."""

import secrets
import time
from collections.abc import AsyncGenerator, Mapping
from typing import Any

from redis import exceptions
from redis.asyncio import Redis

from runtime.away import StorageAway, StorageRefuses
from runtime.connection import storage, text

LASTS_S = 60
"""Seconds after which whatever an interrupted test leaves behind expires."""
HEARD_WITHIN_S = 3.0
NEARLY_FULL = 0.9
CLOCKS_DIFFER_S = 60
_OLDEST = (7, 0)


async def faults(redis: Redis, prefix: str) -> AsyncGenerator[str]:
    """Everything that keeps the bot from working with this Redis,
    each as a sentence with the remedy."""
    try:
        info = await _info(redis)
    except StorageAway as away:
        refused = isinstance(away, StorageRefuses)
        yield str(away) if refused else f"Redis does not answer ({away}): fix STORYWIRE_REDIS_URL"
        return
    if _is_cluster(info):
        yield str(StorageRefuses("MOVED"))
        return
    said = str(info.get("redis_version", ""))
    if said and tuple(map(int, said.split(".")[:2])) < _OLDEST:
        yield f"Redis {said} is too old: the bot needs Redis 7.0 or later, or Valkey"
    policy = info.get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        yield (
            f"with maxmemory-policy {policy}, Redis deletes what the bot needs once its memory is "
            "full: set maxmemory-policy to noeviction"
        )
    if info.get("role") == "slave":
        yield str(StorageRefuses("READONLY"))
        return
    for attempt in (_writes, _hears, _clock):
        try:
            if (
                wrong := await attempt(redis, f"{prefix}:probe:{secrets.token_hex(4)}")
            ) is not None:
                yield wrong
        except StorageAway as away:
            yield str(away)
            return
    inbox = f"{prefix}:inbox"
    if await redis.type(inbox) not in (b"none", b"stream"):
        yield f"the key {inbox} holds something else than documents: rename or delete it"
    most, used = int(info.get("maxmemory", 0)), int(info.get("used_memory", 0))
    if most and used >= NEARLY_FULL * most:
        yield (
            f"Redis' memory is {used / most:.0%} full: raise maxmemory, or delete other data from "
            "it. Once it is full, nothing can be saved"
        )


async def hints(redis: Redis) -> AsyncGenerator[str]:
    """What isn't wrong but may be unintended, each as a sentence."""
    info = await _info(redis)
    if not info:
        yield (
            "the user may not ask Redis for INFO, so its version, role, memory and eviction policy "
            "were not looked at"
        )
    elif not int(info.get("aof_enabled", 1)):
        yield (
            "Redis keeps no append-only file, so after a crash it has lost all that came since its "
            "last snapshot. Set appendonly to yes"
        )


@storage
async def _info(redis: Redis) -> Mapping[str, Any]:
    """Redis's INFO; empty where that isn't allowed."""
    await redis.ping()
    try:
        return dict(await redis.info())
    except exceptions.NoPermissionError:
        return {}


def _is_cluster(info: Mapping[str, Any]) -> bool:
    modes = (info.get("redis_mode"), info.get("server_mode"))
    return "cluster" in modes or bool(int(info.get("cluster_enabled", 0)))


@storage
async def _writes(redis: Redis, key: str) -> str | None:
    """Try each kind of command that the bot uses, on keys of our own."""
    kinds = ("text", "hash", "set", "ranks", "list", "stream")
    word, fields, members, ranks, entries, stream = keys = [f"{key}:{kind}" for kind in kinds]
    try:
        async with redis.pipeline(transaction=True) as pipe:
            pipe.set(word, b"written", ex=LASTS_S)
            pipe.hset(fields, "field", b"1")
            pipe.sadd(members, b"1")
            pipe.zadd(ranks, {b"1": 1})
            pipe.lpush(entries, b"1")
            pipe.ltrim(entries, 0, 0)
            for each in keys[1:5]:
                pipe.expire(each, LASTS_S)
            await pipe.execute()
        await redis.xgroup_create(stream, "editors", id="0", mkstream=True)
        await redis.expire(stream, LASTS_S)
        entry = await redis.xadd(stream, {"story": b"1"}, maxlen=10)
        await redis.xreadgroup("editors", "editor", {stream: ">"}, count=1, block=1)
        await redis.xack(stream, "editors", entry)
        script = redis.register_script("return redis.call('GET', KEYS[1])")
        read = await script([word])
        async for _ in redis.scan_iter(f"{key}:*", count=1000):
            break
        kept: list[Any] = [await redis.hgetall(fields), await redis.smembers(members)]
        kept += [await redis.zrange(ranks, 0, -1), await redis.lrange(entries, 0, -1)]
    finally:
        await redis.delete(*keys)
    if text(read or "") != "written" or not all(kept):
        return "what was written to Redis could not be read again: look what else writes there"
    return None


@storage
async def _hears(redis: Redis, channel: str) -> str | None:
    async with redis.pubsub() as pubsub:
        await pubsub.subscribe(channel)
        await pubsub.get_message(timeout=HEARD_WITHIN_S)  # the confirmation of the subscription
        await redis.publish(channel, b"")
        if await pubsub.get_message(timeout=HEARD_WITHIN_S, ignore_subscribe_messages=True):
            return None
    return "what is published in Redis is not heard: look whether a proxy keeps back pub/sub"


@storage
async def _clock(redis: Redis, _: str) -> str | None:
    seconds, micros = await redis.time()
    off_s = abs(seconds + micros / 1e6 - time.time())
    if off_s < CLOCKS_DIFFER_S:
        return None
    return f"the clocks here and of Redis differ by {off_s:.0f} s: have NTP set both"
