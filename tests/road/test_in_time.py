"""Nobody waits before a silent bot: Discord gives a command three seconds for its first sign."""

import asyncio

from sandbox import discord
from tests.road.parity import FERRY, STORIES
from tests.running import Running, eventually

SLOW_S = 4.0
"""Longer than Discord waits; the sandbox says “the application did not respond” just so."""
SAID: dict[str, dict[str, str]] = {
    "pin": {"story": FERRY.id},
    "unpin": {"story": FERRY.id},
    "mute": {"story": FERRY.id},
    "follow": {"what": "all"},
}
"""What is said besides the command, so that it goes to the platform."""


async def test_every_command_gives_a_sign_in_time_however_slow_the_platform_is(
    calm_bot: Running,
) -> None:
    road = await calm_bot.knowing(*STORIES)
    there = road.discord
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        there.slow_next(method, "^/(?!interactions|webhooks)", SLOW_S, times=1000)
    offered = [each["name"] for each in there.view()["commands"] if each["type"] == 1]
    assert len(offered) > 20

    async def ask(command: str) -> None:
        answer = await there.slash(
            discord.SOL, discord.NEWS, command, SAID.get(command, {}), timeout=30
        )
        assert answer.message is not None, command

    def signs() -> int:
        return sum(call.path.endswith("/callback") for call in there.calls)

    async with asyncio.TaskGroup() as asking:
        for command in offered:
            asking.create_task(ask(command), name=command)
        await eventually(lambda: signs() == len(offered), "a first sign of each")
        there._slow.clear()  # what is still asked need not take as long
