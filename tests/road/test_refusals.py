"""Redis answers “no”: the bot lives on, says so once, answers from memory, and goes on."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import aiohttp
import pytest
from redis.asyncio import Redis
from redis.exceptions import NoPermissionError, RedisError

from bot.model.chat import Chat
from bot.model.rule import Loudness, Rule
from bot.storage.audit import RedisAudit
from bot.storage.due import RedisDue
from bot.storage.ledger import RedisLedger
from bot.storage.rules import RedisRules
from bot.storage.troubles import RedisTroubles
from runtime import lease, refusals
from runtime.connection import connect
from runtime.needs import faults
from sandbox import discord, telegram
from sandbox.redis import find_server, own_redis
from stories.archive import Archive
from stories.wire import write
from tests.docs.test_publishing import shown
from tests.road.parity import FERRY, STORIES, TRAMS, following
from tests.road.people import Say, both, keepers
from tests.road.test_restart import World, _says, card_of
from tests.running import HASTY, Running, eventually, eventually_so, free_port

CHATS = {
    Chat("discord", discord.NEWS): Rule(all=True, loudness=Loudness.EDIT),
    Chat("telegram", str(telegram.GROUP)): Rule(all=True, loudness=Loudness.EDIT),
}


@asynccontextmanager
async def too_few_replicas(redis: Redis, _: Path) -> AsyncIterator[None]:
    await redis.config_set("min-replicas-to-write", 1)
    yield
    await redis.config_set("min-replicas-to-write", 0)


@asynccontextmanager
async def full(redis: Redis, _: Path) -> AsyncIterator[None]:
    await redis.config_set("maxmemory", "1mb")
    yield
    await redis.config_set("maxmemory", 0)


@asynccontextmanager
async def forbidden(redis: Redis, _: Path) -> AsyncIterator[None]:
    await redis.acl_setuser("default", enabled=True, categories=["-@write"])
    yield
    await redis.acl_setuser("default", enabled=True, categories=["+@all"])


@asynccontextmanager
async def demoted(redis: Redis, _: Path) -> AsyncIterator[None]:
    await redis.replicaof("127.0.0.1", "1")
    yield
    await redis.replicaof("NO", "ONE")


@asynccontextmanager
async def cannot_save(redis: Redis, folder: Path) -> AsyncIterator[None]:
    """The snapshot cannot be written: a folder stands in its place."""
    in_its_place = folder / "dump.rdb"
    in_its_place.mkdir()
    await redis.config_set("save", "3600 1")
    with suppress(RedisError):
        await redis.bgsave()

    async def failed() -> bool:
        return bool((await redis.info("persistence"))["rdb_last_bgsave_status"] == "err")

    await eventually_so(failed, "the snapshot failed")
    yield
    await redis.config_set("save", "")
    in_its_place.rmdir()
    await redis.bgsave()


@asynccontextmanager
async def busy(redis: Redis, _: Path) -> AsyncIterator[None]:
    await redis.config_set("busy-reply-threshold", 20)
    host = redis.connection_pool.connection_kwargs
    async with connect(f"redis://127.0.0.1:{host['port']}/0") as other:
        running = asyncio.ensure_future(other.eval("while true do end", 0))
        await asyncio.sleep(0.05)
        yield
        await redis.script_kill()
        with suppress(RedisError):
            await running


def waits_with_what_was_said(caplog: pytest.LogCaptureFixture) -> bool:
    waits = [each for each in caplog.records if each.message == "waiting for the storage"]
    return any(vars(each)["door"] == "said" for each in waits)


@pytest.mark.skipif(find_server() is None, reason="no Redis to start")
async def test_the_bot_outlives_every_no_of_redis(
    calm_world: World,
    prefix: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """One bot, one kind of refusal after the other: the process must outlive them all."""
    monkeypatch.setattr(refusals, "PROBE_EVERY_S", 0.3)
    monkeypatch.setattr(lease, "RENEW_S", 0.6)
    caplog.set_level(logging.WARNING)
    port = free_port()
    async with (
        own_redis(tmp_path) as url,
        connect(url) as redis,
        Running(calm_world, Archive(redis, prefix), url, prefix, HASTY) as bot,
        aiohttp.ClientSession() as session,
    ):
        await Archive(redis, prefix).accept(FERRY)
        road = await bot.start(CHATS, http_port=port)
        people = both(road, "shared")
        for person in people:
            await eventually(partial(card_of, person, FERRY.title))

        async def ready() -> tuple[int, str]:
            async with session.get(f"http://127.0.0.1:{port}/readyz") as answer:
                return answer.status, await answer.text()

        async def is_ready(status: int) -> bool:
            return (await ready())[0] == status

        await eventually_so(partial(is_ready, 200), "ready")
        for refuse, code in (
            (too_few_replicas, "NOREPLICAS"),
            (full, "OOM"),
            (cannot_save, "MISCONF"),
            (busy, "BUSY"),
            (forbidden, "NOPERM"),
            (demoted, "READONLY"),
        ):
            caplog.clear()
            async with refuse(redis, tmp_path):
                await eventually_so(partial(is_ready, 503), f"{code}: not ready")
                assert f"Redis refuses ({code})" in (await ready())[1]
                for person in both(road, "private"):
                    assert (await person.say(Say("story"))).title == FERRY.title
                    refused = await person.say(following("ferry"))
                    assert refused.title == "That can't be saved right now"
                if code == "OOM":  # heard, and nowhere else
                    heard = await redis.publish(f"{prefix}:updates", write(TRAMS))
                    assert heard == 1
                    await eventually(partial(waits_with_what_was_said, caplog), "it is refused")
            await road.publish(replace(FERRY, headline=f"Said after {code}"))
            for person in people:
                await eventually(partial(_says, person, FERRY.title, f"Said after {code}"))
                if code == "OOM":
                    await eventually(partial(card_of, person, TRAMS.title))
                titles = [card.title for card in person.read()]
                assert len(titles) == len(set(titles)), "nothing is said twice"
            await eventually_so(partial(is_ready, 200), f"{code}: ready again")
            said = [each for each in caplog.records if each.message == "alarm"]
            assert [code in vars(each)["why"] for each in said] == [True], "it is said once"
            loud = [each for each in caplog.records if each.levelno >= logging.ERROR]
            assert [each.message for each in loud] == []


@pytest.mark.skipif(find_server() is None, reason="no Redis to start")
async def test_the_redis_user_of_the_guide_may_do_all_that_the_bot_asks(
    calm_world: World, prefix: str
) -> None:
    line = shown("acl").replace("~storywire:", f"~{prefix}:").replace("&storywire:", f"&{prefix}:")
    async with own_redis() as url, connect(url) as redis:
        await redis.execute_command(*line.split())  # type: ignore[no-untyped-call]
        theirs = url.replace("redis://", "redis://storywire:PASSWORD@")
        async with (
            connect(theirs) as client,
            Running(calm_world, Archive(client, prefix), theirs, prefix, HASTY) as bot,
        ):
            assert [wrong async for wrong in faults(client, prefix)] == []
            road = await bot.knowing(*STORIES)
            for person in keepers(road):
                await person.say(following("ferry"))
                await eventually(partial(card_of, person, FERRY.title))
                for said in (
                    Say("pin", {"story": "trams"}),
                    Say("mute", {"story": "trams"}),
                    *map(Say, ("setup", "audit", "catchup", "privacy", "why", "pins", "status")),
                    Say("forgetme"),
                ):
                    await person.say(said)
            await road.publish(replace(FERRY, headline="It is late today"))
            await redis.publish(f"{prefix}:updates", b"no document")
            for person in keepers(road):
                await eventually(partial(_says, person, FERRY.title, "It is late today"))
            await road.rests()
            for chat in CHATS:
                await RedisAudit(client, prefix).forget_chat(chat)
                for kept in (RedisRules, RedisDue, RedisLedger, RedisTroubles):
                    await kept(client, prefix).forget(chat)
            assert await road.archive.rejected()
        denied = await redis.acl_log()
        assert [entry["object"] for entry in denied] == []
        async with connect(theirs) as client:
            with pytest.raises(NoPermissionError):
                await client.set("another:key", b"1")
            with pytest.raises(NoPermissionError):
                await client.flushall()
