"""Redis loses what it had acknowledged while the bot runs: what people set is kept again."""

from collections.abc import Awaitable, Callable
from functools import partial

import aiohttp
import pytest
from redis.asyncio import Redis

from bot.delivery import rollback
from bot.storage.rules import RedisRules
from runtime import lease
from tests.road.parity import FERRY, STORIES, TRAMS, following
from tests.road.people import Say, keepers
from tests.road.test_restart import card_of
from tests.running import Running, eventually, eventually_so, free_port

Lose = Callable[[Redis, str, dict[bytes, bytes]], Awaitable[None]]


async def everything(redis: Redis, prefix: str, _: dict[bytes, bytes]) -> None:
    await redis.delete(*[key async for key in redis.scan_iter(f"{prefix}:*")])


async def since_the_backup(redis: Redis, prefix: str, backup: dict[bytes, bytes]) -> None:
    await everything(redis, prefix, backup)
    for key, held in backup.items():
        await redis.restore(key, 0, held)


@pytest.mark.parametrize(
    ("lose", "shown"),
    [(everything, True), (since_the_backup, True), (everything, False)],
    ids=["all is gone", "an older backup", "all is gone before there was a card"],
)
async def test_rules_outlive_a_loss_in_redis(
    calm_bot: Running,
    redis: Redis,
    prefix: str,
    monkeypatch: pytest.MonkeyPatch,
    lose: Lose,
    shown: bool,
) -> None:
    monkeypatch.setattr(rollback, "KEEP_S", 0.05)
    monkeypatch.setattr(lease, "RENEW_S", 0.6)
    port = free_port()
    road = await calm_bot.start(http_port=port)
    await road.publish(*STORIES)
    await road.knows(*STORIES)
    keys = [key async for key in redis.scan_iter(f"{prefix}:*") if b":lease:" not in key]
    backup = {key: held for key in keys if (held := await redis.dump(key))}
    rules = RedisRules(redis, prefix)
    for person in keepers(road):
        await person.say(following("ferry" if shown else "keyword: zeppelin"))
        if shown:
            await eventually(partial(card_of, person, FERRY.title))
    await road.rests()
    known = await rules.load()
    assert len(known) == 2
    await lose(redis, prefix, backup)
    if not shown:
        await road.publish(TRAMS)

    async def kept() -> bool:
        return await rules.load() == known

    await eventually_so(kept, "the rules are there again")
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}/readyz") as answer,
    ):
        degraded = (await answer.json())["degraded"]
    assert [each["name"] for each in degraded] == ["storage"]
    assert "set appendonly yes in Redis" in degraded[0]["reason"]
    await calm_bot.stop()
    road = await calm_bot.start()
    assert await rules.load() == known
    for person in keepers(road):
        assert (await person.say(Say("following"))).title == "What this chat gets"
