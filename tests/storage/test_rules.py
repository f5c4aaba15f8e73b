"""Rules as Redis keeps them: what is no longer right in one costs nobody the rest."""

import json
from dataclasses import replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from redis.asyncio import Redis

from bot.model.chat import Chat
from bot.model.rule import Loudness, Mute, Quiet, Rule
from bot.storage.rules import RedisRules
from runtime.connection import text
from runtime.lease import RedisLease
from runtime.records import Unreadable
from stories.story import StoryId

HERE, BEFORE, OTHER, ELSEWHERE = (Chat("discord", number) for number in "1234")
RULE = Rule(
    keywords=("ferry",),
    loudness=Loudness.PING,
    role="7",
    quiet=Quiet(time(22), time(7), "Europe/Berlin", majors=False),
    muted=(Mute(StoryId("tram"), until_major=True, revision=3),),
)


async def test_quiet_hours_of_a_zone_that_is_unknown_here_are_left_out_and_logged(
    redis: Redis, prefix: str, caplog: pytest.LogCaptureFixture
) -> None:
    rules = RedisRules(redis, prefix)
    await rules.save(HERE, RULE)
    assert await rules.load() == {HERE: RULE}
    written = text((await redis.hgetall(f"{prefix}:rules"))[str(HERE).encode()])
    await redis.hset(f"{prefix}:rules", str(HERE), written.replace("Berlin", "Atlantis"))
    (rule,) = (await rules.load()).values()
    assert rule.quiet is None
    assert (rule.keywords, rule.role, rule.muted) == (RULE.keywords, RULE.role, RULE.muted)
    (record,) = [each for each in caplog.records if "quiet hours" in each.message]
    assert "isn't a time zone" in str(vars(record)["why"])


@pytest.mark.parametrize("zone", ["EST", "CET", "EST5EDT", "Etc/GMT+2", "GMT"])
async def test_quiet_hours_kept_for_a_zone_that_is_refused_today_go_on(
    zone: str, redis: Redis, prefix: str
) -> None:
    kept = replace(RULE, quiet=Quiet(time(22), time(7), zone))
    await RedisRules(redis, prefix).save(HERE, kept)
    assert await RedisRules(redis, prefix).load() == {HERE: kept}
    there = datetime(2026, 6, 24, 23, tzinfo=ZoneInfo(zone))
    assert kept.quiet_until(there, major_at=None) == there + timedelta(hours=8)


async def test_what_else_is_wrong_in_a_rule_leaves_it_out_and_as_it_is(
    redis: Redis, prefix: str
) -> None:
    rules = RedisRules(redis, prefix)
    await rules.save(HERE, RULE)
    await rules.save(OTHER, RULE)
    written = text((await redis.hgetall(f"{prefix}:rules"))[str(HERE).encode()])
    newer = written.replace('"ping"', '"shout"')
    await redis.hset(f"{prefix}:rules", str(HERE), newer)
    assert await rules.load() == {OTHER: RULE}
    assert list(rules.unreadable) == [HERE]
    with pytest.raises(Unreadable):
        await rules.save(HERE, Rule(all=True))
    assert await redis.hget(f"{prefix}:rules", str(HERE)) == newer.encode()


async def test_what_a_newer_version_added_to_a_rule_stays_when_it_is_changed(
    redis: Redis, prefix: str
) -> None:
    rules, key = RedisRules(redis, prefix), f"{prefix}:rules"
    await rules.save(HERE, RULE)
    said = json.loads(text((await redis.hgetall(key))[str(HERE).encode()]))
    assert said["v"] == 1
    said |= {"tone": "calm"}
    said["quiet"] |= {"days": ["sat"]}
    said["muted"][0] |= {"by": "sol"}
    await redis.hset(key, str(HERE), json.dumps(said))
    assert await rules.load() == {HERE: RULE}
    fuller = replace(RULE, muted=(Mute(StoryId("quay")), *RULE.muted), publish=True)
    await rules.save(HERE, fuller)
    assert await rules.load() == {HERE: fuller}
    kept = json.loads(text((await redis.hgetall(key))[str(HERE).encode()]))
    assert (kept["tone"], kept["quiet"]["days"], kept["publish"]) == ("calm", ["sat"], True)
    assert [mute.get("by") for mute in kept["muted"]] == [None, "sol"]


@pytest.mark.parametrize("forgotten", [HERE, BEFORE])
async def test_neither_a_forgotten_chats_rule_nor_its_move_is_kept(
    redis: Redis, prefix: str, forgotten: Chat
) -> None:
    rules = RedisRules(redis, prefix)
    await rules.save(forgotten, RULE)
    await rules.save(OTHER, RULE)
    await rules.move(BEFORE, HERE)
    await rules.move(OTHER, ELSEWHERE)
    await rules.forget(forgotten)
    assert await rules.load() == {OTHER: RULE}
    assert await rules.moved() == {OTHER: ELSEWHERE}


async def test_what_cannot_be_read_is_no_gap_to_put_a_rule_back_into(
    redis: Redis, prefix: str
) -> None:
    lease = RedisLease(redis, "discord", prefix)
    rules = RedisRules(redis, prefix, leases={"discord": lease})
    await redis.hset(f"{prefix}:rules", str(HERE), b"of a newer version")
    await redis.set(f"{prefix}:moved", "of another type")
    async with lease.held():
        many = {Chat("discord", str(number)): RULE for number in range(1, 1200)}
        missing = await rules.put_back("discord", {HERE: RULE, **many}, {BEFORE: HERE})
    assert missing == len(many) - 1
    assert await redis.hget(f"{prefix}:rules", str(HERE)) == b"of a newer version"
    assert await redis.get(f"{prefix}:moved") == b"of another type"
    assert len(await rules.load()) == missing
