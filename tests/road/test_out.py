"""A platform that is out takes nothing with it: neither the other one, nor the process."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot import app, connections
from bot.model.chat import Chat
from bot.model.rule import Rule
from bot.platforms.telegram import platform as on_telegram
from bot.storage.audit import RedisAudit
from bot.storage.reading_positions import RedisReadingPositions
from config.settings import given
from runtime import data_folder, supervision
from runtime.errors import SetupError
from sandbox.discord import NEWS, Discord
from sandbox.telegram import CHANNEL, MIRA, Telegram
from stories.archive import Archive
from stories.editor import Editor
from stories.follower import Follower
from stories.story import Story, StoryId
from tests.running import HASTY, Road, Running, beside, eventually, eventually_so, free_port

BOTH = {
    Chat("discord", NEWS): Rule(all=True),
    Chat("telegram", str(CHANNEL)): Rule(all=True),
}
FERRY = Story(StoryId("ferry"), "The ferry sails", ("It sails again.",))
World = tuple[Discord, Telegram]


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "RESTS_S", (0.1, 0.2))
    monkeypatch.setattr(supervision, "FIRST_WAIT_S", 0.1)


async def discord_revokes(discord: Discord, telegram: Telegram) -> Callable[[], Awaitable[None]]:
    good = discord.token
    await discord.revoke_token("another")
    return lambda: discord.revoke_token(good)


async def discord_withholds_an_intent(
    discord: Discord, telegram: Telegram
) -> Callable[[], Awaitable[None]]:
    discord.gateway.refuses_with = 4014
    discord.forget_sessions()
    await discord.hang_up(4014)

    async def back() -> None:
        discord.gateway.refuses_with = None

    return back


async def telegram_revokes(discord: Discord, telegram: Telegram) -> Callable[[], Awaitable[None]]:
    good = telegram.token
    await telegram.revoke_token(f"{good}x")
    return lambda: telegram.revoke_token(good)


async def readyz(port: int) -> tuple[int, dict[str, str]]:
    url = f"http://127.0.0.1:{port}/readyz"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        degraded = (await answer.json())["degraded"]
        return answer.status, {each["name"]: each["reason"] for each in degraded}


def shows(road: Road, platform: str) -> bool:
    said = (
        str(road.discord.messages(NEWS))
        if platform == "discord"
        else str(road.telegram.messages(CHANNEL))
    )
    return FERRY.title in said


@pytest.mark.parametrize(
    ("out", "put_out", "reason"),
    [
        ("discord", discord_revokes, "Discord refused the token"),
        ("discord", discord_withholds_an_intent, "4014"),
        ("telegram", telegram_revokes, "Telegram refused the token"),
    ],
)
async def test_one_that_refuses_us_rests_and_the_other_is_served(
    calm_bot: Running,
    out: str,
    put_out: Callable[[Discord, Telegram], Awaitable[Callable[[], Awaitable[None]]]],
    reason: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    port = free_port()
    other = "telegram" if out == "discord" else "discord"
    road = await calm_bot.start(BOTH, http_port=port)
    let_in = await put_out(*calm_bot.world)

    async def is_out() -> bool:
        status, degraded = await readyz(port)
        return status == 200 and reason in degraded.get(out, "")

    async def is_well() -> bool:
        return await readyz(port) == (200, {})

    await eventually_so(is_out, f"/readyz says why {out} is out")
    await road.publish(FERRY)
    await eventually(lambda: shows(road, other), f"a card on {other}")
    assert not shows(road, out)
    await asyncio.sleep(0.5)  # it is tried again and again, and that is not told again
    said = [r.__dict__["why"] for r in caplog.records if r.message == "alarm"]
    assert len(said) == len(set(said))
    await let_in()
    await eventually_so(is_well, f"{out} is back")
    await eventually(lambda: shows(road, out), f"the card on {out}")


async def test_the_only_platform_ends_nothing_once_it_was_served(calm_bot: Running) -> None:
    port = free_port()
    road = await calm_bot.start(BOTH, http_port=port)
    let_in = [await discord_revokes(*calm_bot.world), await telegram_revokes(*calm_bot.world)]

    async def all_are_out() -> bool:
        status, degraded = await readyz(port)
        return status == 503 and set(degraded) == {"discord", "telegram"}

    await eventually_so(all_are_out, "nothing is served")
    for back in let_in:
        await back()
    await road.publish(FERRY)
    for platform in ("discord", "telegram"):
        await eventually(partial(shows, road, platform), platform)


@pytest.mark.parametrize("bad", [{"telegram"}, {"discord"}, {"discord", "telegram"}])
async def test_at_the_start_only_all_of_them_together_end_us(
    calm_world: World, archive: Archive, redis_url: str, prefix: str, bad: set[str]
) -> None:
    discord, telegram = calm_world
    settings = given(
        redis_url=redis_url,
        prefix=prefix,
        discord_token="wrong" if "discord" in bad else discord.token,
        discord_api_url=discord.api_url,
        discord_gateway_url=discord.gateway_url,
        telegram_token="1:wrong" if "telegram" in bad else telegram.token,
        telegram_api_url=telegram.api_url,
        http_port=0,
    )
    if len(bad) == 1:
        async with beside(app.run(settings, {}, capabilities=HASTY)) as running:
            await eventually(lambda: discord.view()["connected"] or telegram.connected)
            assert not running.done()
        return
    with pytest.raises(ExceptionGroup) as ended:
        await app.run(settings, {}, capabilities=HASTY)
    [refused] = _leaves(ended.value)
    assert isinstance(refused, SetupError)
    assert "Discord refused the token" in str(refused)
    assert "Telegram refused the token" in str(refused)


async def test_one_that_cannot_be_reached_is_waited_for_though_the_other_refuses(
    calm_world: World, redis_url: str, prefix: str
) -> None:
    discord, _ = calm_world
    port, late = free_port(), Telegram(limits=False, port=free_port())
    settings = given(
        redis_url=redis_url,
        prefix=prefix,
        discord_token="wrong",
        discord_api_url=discord.api_url,
        discord_gateway_url=discord.gateway_url,
        telegram_token=late.token,
        telegram_api_url=f"http://127.0.0.1:{late._address[1]}",
        http_port=port,
    )

    async def waits() -> bool:
        status, degraded = await readyz(port)
        return status == 503 and "can't be reached" in degraded.get("telegram", "")

    async with beside(app.run(settings, {}, capabilities=HASTY)) as running:
        await eventually(lambda: discord.calls or running.done())
        await asyncio.sleep(0.2)
        await eventually_so(waits, "Telegram is waited for")
        async with late:
            await eventually(lambda: late.connected, "Telegram is connected to")
        assert not running.done()


async def test_a_defect_of_ours_on_one_platform_is_started_again_and_the_other_goes_on(
    calm_bot: Running, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    road = await calm_bot.start(BOTH)
    read, failed = on_telegram.TelegramPlatform._read, list[Any]()

    def fails_at_first(self: on_telegram.TelegramPlatform, raw: Any, bot: Any) -> Any:
        if not failed:
            failed.append(raw)
            raise RuntimeError("a defect of ours")
        return read(self, raw, bot)

    monkeypatch.setattr(on_telegram.TelegramPlatform, "_read", fails_at_first)
    await road.telegram.say(MIRA, MIRA, "/help")
    await eventually(lambda: failed)
    await road.publish(FERRY)
    for platform in ("discord", "telegram"):
        await eventually(partial(shows, road, platform), platform)
    assert "a defect of ours" in caplog.text


async def test_a_defect_in_one_part_ends_no_other(
    calm_bot: Running, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def failing_at_first(kind: type) -> Callable[[Any], Awaitable[None]]:
        run, failed = vars(kind)["run"], list[str]()

        async def fails_at_first(self: object) -> None:
            if not failed:
                failed.append("once")
                raise RuntimeError(f"a defect in {kind.__name__}")
            await run(self)

        return fails_at_first

    parts = (Editor, Follower, RedisReadingPositions, RedisAudit)
    for kind in parts:
        monkeypatch.setattr(kind, "run", failing_at_first(kind))
    road = await calm_bot.start(BOTH)
    await road.publish(FERRY)
    for platform in ("discord", "telegram"):
        await eventually(partial(shows, road, platform), platform)
    for kind in parts:
        assert f"a defect in {kind.__name__}" in caplog.text


async def test_a_data_folder_that_cannot_be_used_is_named_and_costs_no_card(
    calm_bot: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data_folder, "TRY_AGAIN_S", 0.1)
    port, in_its_place = free_port(), tmp_path / "data"
    in_its_place.write_text("not a folder")
    road = await calm_bot.start(BOTH, http_port=port, data_dir=str(in_its_place))
    status, degraded = await readyz(port)
    assert status == 200
    assert "STORYWIRE_DATA_DIR must be a folder" in degraded["disk"]
    await road.publish(FERRY)
    for platform in ("discord", "telegram"):
        await eventually(partial(shows, road, platform), platform)
    in_its_place.unlink()

    async def is_well() -> bool:
        return await readyz(port) == (200, {})

    await eventually_so(is_well, "the folder is used")
    assert in_its_place.is_dir()


def _leaves(error: BaseException) -> list[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        return [leaf for each in error.exceptions for leaf in _leaves(each)]
    return [error]
