"""What was written down by a clock that was wrong holds up no card and loses no withdrawal."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import aiohttp
import pytest
from redis.asyncio import Redis

from bot import app
from bot.delivery import unreachable
from bot.delivery.policy import Policy
from bot.model.chat import Chat
from bot.model.ledger import CardRecord, State
from bot.model.rule import Rule
from bot.model.trouble import Trouble
from bot.storage.ledger import RedisLedger
from bot.storage.troubles import RedisTroubles
from runtime import clock
from sandbox.discord import NEWS
from sandbox.telegram import CHANNEL, GROUP
from stories.story import Story, StoryId
from tests.running import Road, Running, eventually, eventually_so, free_port
from wording.reasons import Code, Reason

ON_DISCORD, ON_TELEGRAM = Chat("discord", NEWS), Chat("telegram", str(CHANNEL))
BOTH = {chat: Rule(all=True) for chat in (ON_DISCORD, ON_TELEGRAM)}
FERRY = Story(StoryId("ferry"), "The ferry sails", ("It sails again.",))
HOUR, YEAR = timedelta(hours=2), timedelta(days=365)


def shows(road: Road, chat: Chat, words: str) -> bool:
    if chat == ON_DISCORD:
        return words in str(road.discord.messages(NEWS))
    return words in str(road.telegram.messages(CHANNEL))


async def all_show(road: Road, words: str) -> None:
    for chat in BOTH:
        await eventually(partial(shows, road, chat, words), f"{words} in {chat}")


@pytest.mark.parametrize("ahead", [HOUR, YEAR])
async def test_rows_and_doubts_that_lie_ahead_freeze_no_card(
    ahead: timedelta,
    settles_soon: None,
    calm_bot: Running,
    redis: Redis,
    prefix: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ledger = RedisLedger(redis, prefix)
    road = await calm_bot.start(BOTH, data_dir=str(tmp_path))
    await road.publish(FERRY)
    await all_show(road, FERRY.title)
    await road.rests()
    await calm_bot.stop()
    for chat in BOTH:
        row = await ledger.row(chat, FERRY.id)
        assert row is not None
        then = row.at + ahead
        await ledger.write(chat, FERRY.id, replace(row, at=then, posted_at=then, replied_at=then))
        mark = tmp_path / f"{prefix}.{chat.platform}.highwater.json"
        held = json.loads(mark.read_text())
        if chat == ON_DISCORD:  # rows written before a loss are doubted, and edited all the same
            mark.write_text(json.dumps({**held, "doubt": then.isoformat()}))
    hurried = partial(Policy, others_settle=timedelta(seconds=0.5))
    monkeypatch.setattr(app, "Policy", hurried)
    road = await calm_bot.start(
        BOTH, data_dir=str(tmp_path), edit_spacing_s=0.5, edit_spacing_old_s=0.5
    )
    await road.publish(replace(FERRY, headline="It is late"))
    await all_show(road, "It is late")
    await road.publish(replace(FERRY, retracted="It was wrong."))
    await all_show(road, "It was wrong.")


async def test_an_attempt_that_lies_ahead_is_not_made_twice(
    settles_soon: None,
    calm_bot: Running,
    redis: Redis,
    prefix: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hurried = partial(Policy, others_settle=timedelta(seconds=0.5))
    monkeypatch.setattr(app, "Policy", hurried)
    road = await calm_bot.start(BOTH)
    await road.publish(FERRY)
    await all_show(road, FERRY.title)
    await road.rests()
    await calm_bot.stop()
    ledger = RedisLedger(redis, prefix)
    row = await ledger.row(ON_DISCORD, FERRY.id)
    assert row is not None
    lost = CardRecord(State.SENDING, row.at + YEAR, row.revision, generation=row.generation)
    await ledger.write(ON_DISCORD, FERRY.id, lost)
    # The platform has long forgotten the key by which a repeat would be harmless.
    road.discord.rest.nonce_window = 0
    road = await calm_bot.start(BOTH)
    await road.publish(replace(FERRY, headline="It is late"))
    await all_show(road, "It is late")
    shown = [said for said in road.discord.messages(NEWS) if FERRY.title in str(said["embeds"])]
    assert len(shown) == 1


async def test_a_step_of_the_clock_while_the_bot_runs_moves_nothing(
    calm_bot: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "LOOK_S", 0.05)
    off = [timedelta(0)]
    wall: Callable[[], datetime] = lambda: datetime.now(UTC) + off[0]  # noqa: E731
    monkeypatch.setattr(clock.Clock.__init__, "__kwdefaults__", {"wall": wall, "steady": steady})
    port = free_port()
    road = await calm_bot.start(BOTH, http_port=port)
    await road.publish(FERRY)
    await all_show(road, FERRY.title)

    for number, step in enumerate((HOUR, -HOUR, YEAR, -YEAR)):
        off[0] = step
        await eventually_so(partial(alarmed, port), "the alarm")
        await road.publish(replace(FERRY, headline=f"Late by {number} hours"))
        await all_show(road, f"Late by {number} hours")
    off[0] = timedelta(0)
    await eventually_so(partial(alarmed, port, is_so=False), "no alarm")
    await road.publish(replace(FERRY, retracted="It was wrong."))
    await all_show(road, "It was wrong.")


async def test_no_chat_is_forgotten_on_the_word_of_a_step(
    calm_bot: Running, redis: Redis, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "LOOK_S", 0.05)
    off = [timedelta(0)]
    wall: Callable[[], datetime] = lambda: datetime.now(UTC) + off[0]  # noqa: E731
    monkeypatch.setattr(clock.Clock.__init__, "__kwdefaults__", {"wall": wall, "steady": steady})

    async def theirs(_: object) -> datetime:
        return wall()

    monkeypatch.setattr("stories.archive.Archive.time", theirs)  # its clock is set, too
    monkeypatch.setattr(unreachable, "LOOK_S", 0.05)
    monkeypatch.setattr(unreachable, "GATHER_S", 0.0)
    chat, troubles = Chat("telegram", str(GROUP)), RedisTroubles(redis, prefix)
    ago = datetime.now(UTC) - timedelta(days=1)
    await RedisLedger(redis, prefix).write(chat, FERRY.id, CardRecord(State.GONE, ago, 1))
    await troubles.save(chat, Trouble(Reason(Code.BOT_OUT), ago, told=True, left_at=ago))
    port = free_port()
    road = await calm_bot.start(BOTH, http_port=port)
    road.telegram.kick(GROUP)
    off[0] = YEAR
    await eventually_so(partial(alarmed, port), "the alarm")
    await road.publish(FERRY)
    await all_show(road, FERRY.title)
    await asyncio.sleep(0.7)  # it is looked at again and again
    assert chat in await troubles.all("telegram")
    assert await RedisLedger(redis, prefix).row(chat, FERRY.id) is not None


async def alarmed(port: int, *, is_so: bool = True) -> bool:
    url = f"http://127.0.0.1:{port}/readyz"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return (answer.status, "clock" in await answer.text()) == (200, is_so)


def steady() -> float:
    return clock.steadily()
