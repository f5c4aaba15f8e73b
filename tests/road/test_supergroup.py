"""A basic group of Telegram becomes a supergroup: everything that is kept of it goes along."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from redis.asyncio import Redis

from bot.model.chat import Chat
from bot.model.rule import Loudness, Rule
from bot.storage.rules import RedisRules
from sandbox import telegram
from stories.story import StoryId
from tests.records import naming
from tests.road.people import OnTelegram, Say
from tests.running import Road, Running, eventually, eventually_so
from tests.stories_made import FERRY as OLD_FERRY

FERRY = replace(OLD_FERRY, revision=None, updated_at=datetime.now(UTC).replace(microsecond=0))
TRAM = replace(FERRY, id=StoryId("tram"), title="Tram", keywords=(), entities=())
LATE = replace(FERRY, headline="It is late")
SOL = Chat("telegram", str(telegram.SOL))


def there(number: int) -> Chat:
    return Chat("telegram", str(number))


async def group(calm_bot: Running) -> tuple[Road, int, OnTelegram]:
    """Sol in a basic group that follows the ferry and has muted the tram."""
    road = await calm_bot.knowing(FERRY, TRAM)
    number = road.telegram.add_chat("Harbour Crew", "group")
    sol = OnTelegram(road.telegram, telegram.SOL, number)
    await sol.say(Say("follow", typed="ferry"))
    await sol.say(Say("mute", typed="tram"))
    return road, number, sol


async def test_the_rule_is_there_at_once_and_what_is_chosen_there_stays(
    calm_bot: Running, rules: RedisRules
) -> None:
    road, old, _ = await group(calm_bot)
    new = road.telegram.migrate(old)
    sol = OnTelegram(road.telegram, telegram.SOL, new)
    following = await sol.say(Say("following"))
    assert "Every story about “ferry”" in following
    assert "Tram" in following, "that it is muted"
    await sol.say(Say("follow", typed="tram"))
    await road.publish(LATE)
    await eventually(lambda: any("It is late" in seen for seen in sol.read()), "the card")
    await road.rests()
    kept = await rules.load()
    assert there(old) not in kept
    rule = kept[there(new)]
    assert (rule.keywords, rule.story_ids, rule.muted) == (("ferry",), (TRAM.id,), ())
    assert rule.keeper == SOL
    titles = [seen.title for seen in sol.read()]
    assert (titles.count(FERRY.title), titles.count(TRAM.title)) == (1, 1)


async def test_the_draft_and_the_audit_go_along(
    calm_bot: Running, redis: Redis, prefix: str
) -> None:
    road, old, before = await group(calm_bot)
    panel = await before.say(Say("setup"))
    panel = await before.press(panel, "Loudness")
    await before.press(panel, "Only update cards")
    new = road.telegram.migrate(old)
    sol = OnTelegram(road.telegram, telegram.SOL, new)
    panel = await sol.say(Say("setup"))
    assert "Not saved yet: loudness" in panel
    assert (await sol.press(panel, "Save")).title == "Saved"
    told = await sol.say(Say("audit"))
    assert "followed “ferry”" in told
    assert "muted “Tram”" in told

    async def nothing_is_left() -> bool:
        kinds = {kind for kind, _ in await naming(redis, prefix, str(old))}
        return not kinds & {"rules", "drafts", "audit", "audited", "troubles"}

    await eventually_so(nothing_is_left, "nothing but the cards that stand names the old address")


@pytest.mark.parametrize("known", [True, False], ids=["told late", "never told"])
async def test_what_was_chosen_while_nobody_knew_of_the_move_stays(
    calm_bot: Running, rules: RedisRules, known: bool
) -> None:
    road, old, _ = await group(calm_bot)
    await calm_bot.stop()
    new = road.telegram.migrate(old)
    loud = Rule(story_ids=(TRAM.id,), loudness=Loudness.EDIT)
    await rules.save(there(new), loud)  # another process, or a time when updates were lost
    if not known:
        road.telegram._updates.forget()
    road = await calm_bot.start()
    await road.publish(LATE)

    async def joined() -> bool:
        kept = await rules.load()
        rule = kept.get(there(new), Rule())
        chosen = replace(loud, keywords=("ferry",), entities=("ferry",), keeper=SOL)
        return there(old) not in kept and rule == chosen

    await eventually_so(joined, "both rules in one")
    sol = OnTelegram(road.telegram, telegram.SOL, new)
    await eventually(lambda: any("It is late" in seen for seen in sol.read()), "the card")
