"""Real processes, killed while stories develop: in the end every card is right."""

import os
from pathlib import Path

from runtime import away
from stories import archive
from tests.chaos.checker import check, shown_in, still_to_come, wanted
from tests.chaos.process import BotProcess
from tests.chaos.world import Plan, World, built, publish, run
from tests.running import eventually, eventually_so

SHORT = Plan(
    seed=int(os.environ.get("SEED", "7")),
    kills=3,
    redis_restarts=1,
    wire_faults=1,
    stories=20,
    chats=6,
    apart_s=0.8,
    patience_s=120.0,
    hurried=True,
    stops=1,
)
QUIET = Plan(1, 0, 0, 0, stories=3, chats=4, apart_s=0, patience_s=30.0, hurried=True)


async def test_the_cards_are_right_whatever_was_killed(tmp_path: Path) -> None:
    async with built(SHORT, tmp_path) as world:
        again = f"again: {SHORT.command()}\nlogs: {tmp_path}"
        try:
            await run(world, still_to_come)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{again}") from None
        report, wrong = await check(world)
        assert not wrong, "\n".join([*wrong, again])
        assert report.cards, "nothing was told"
        assert world.done["kills"] == SHORT.kills
        assert world.done["planned restarts"] == SHORT.stops


async def test_an_update_comes_although_its_wake_was_swallowed(tmp_path: Path) -> None:
    assert 2 * archive.PROBE_S + away.WAIT_S < 10, "how long the real thing takes at most"
    async with built(QUIET, tmp_path) as world:
        await run(world, still_to_come)
        active = await holder(world)
        before = {cause: await caught_up(active, cause) for cause in ("wake", "subscribed")}
        assert sum(proxy.swallow(b"SUBSCRIBE") for proxy in world.proxies) >= 2
        await publish(world, 0)
        (chat, *_) = (chat for chat in world.chats if "harbour-0" in wanted(world, chat))
        await eventually(
            lambda: world.news[0] in shown_in(world, chat)[0]["harbour-0"].values(),  # type: ignore[index]
            "the newest state",
        )
        assert await caught_up(active, "wake") == before["wake"], "the wake was swallowed"
        assert await caught_up(active, "subscribed") > before["subscribed"]
        assert await caught_up(active, "sweep") == 0, "nobody waited for the sweep"


async def caught_up(bot: BotProcess, cause: str) -> float:
    return await bot.metric("storywire_catch_ups_total", cause=cause)


async def holder(world: World) -> BotProcess:
    """The process that delivers to Discord."""
    found: list[BotProcess] = []

    async def known() -> bool:
        for bot in world.bots:
            if await bot.metric("storywire_deliveries_total", platform="discord"):
                found.append(bot)
        return bool(found)

    await eventually_so(known, "a process has delivered")
    return found[0]
