"""Rules as Redis keeps them: what is no longer right in one costs nobody the rest."""

from datetime import time

import pytest
from redis.asyncio import Redis

from bot.model.chat import Chat
from bot.model.rule import Loudness, Mute, Quiet, Rule
from bot.storage.rules import RedisRules
from stories.archive import text
from stories.story import StoryId

HERE = Chat("discord", "1")
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
