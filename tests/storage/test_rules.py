"""Rules as Redis keeps them: what is no longer right in one costs nobody the rest."""

from datetime import time

import pytest
from pydantic import ValidationError
from redis.asyncio import Redis

from bot.model.chat import Chat
from bot.model.rule import Loudness, Mute, Quiet, Rule
from bot.storage.rules import RedisRules
from stories.archive import text
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
    assert "is no time zone" in str(vars(record)["why"])


async def test_what_else_is_wrong_in_a_rule_is_not_passed_over(redis: Redis, prefix: str) -> None:
    rules = RedisRules(redis, prefix)
    await rules.save(HERE, RULE)
    written = text((await redis.hgetall(f"{prefix}:rules"))[str(HERE).encode()])
    await redis.hset(f"{prefix}:rules", str(HERE), written.replace('"ping"', '"shout"'))
    with pytest.raises(ValidationError, match="loudness"):
        await rules.load()


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
