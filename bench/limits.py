"""More chats due than the platforms' limits allow: is the limit used fully, and do answers stay
fast?"""

import asyncio
from functools import partial

from redis.asyncio import Redis

from bench.kit import Lean, Line, median, ms, pointed_at, processes, story, until, whole_bot
from bench.server import DISCORD_PER_S, TELEGRAM_PER_S
from bot.model.chat import Chat
from bot.model.rule import Rule
from bot.platforms.discord.capabilities import DISCORD
from bot.platforms.telegram.capabilities import TELEGRAM
from stories.archive import Archive

CHATS = 5000
WATCHED_S = 40.0
"""All 5,000 chats are due on each platform; they are watched for this many seconds, not to the
end."""
IDLE_S = 20.0
ASK_EVERY_S = 0.25
AS_FAST = 1.1
"""Highest allowed ratio of answer times under load to idle: two idle periods differ by as much."""
PLATFORMS = {
    "discord": (DISCORD.limits, DISCORD_PER_S),
    "telegram": (TELEGRAM.limits, TELEGRAM_PER_S),
}


async def measure(redis: Redis, redis_url: str, lean: Lean) -> list[Line]:
    """Watch cards and answers while both platforms enforce their limits; returns the table's
    rows."""
    chats = {
        Chat(platform, str(10_000 + number)): Rule(keywords=("limits",))
        for platform in PLATFORMS
        for number in range(CHATS)
    }
    archive = Archive(redis)
    await archive.accept(story("idle"))  # no chat wants it: /story shows it while nothing is due
    await lean.say("enforce")
    with processes((whole_bot, (redis_url, pointed_at(lean, *PLATFORMS), chats))):
        await until(partial(_answers, lean), "the bot answers")
        idle = await _asked_for(IDLE_S, lean)
        await archive.accept(story("busy", "limits"))
        await until(partial(_begun, lean), "cards are sent")
        busy = await _asked_for(WATCHED_S + 1, lean)
        seen = await lean.say("arrived")
    lines = []
    for name, (limits, allowed) in PLATFORMS.items():
        moments = [at for who, at in seen["arrived"] if who == name]
        sent = sum(at <= moments[0] + WATCHED_S for at in moments) - 1  # the first starts the clock
        share = sent / (limits.per_second * WATCHED_S)
        lines.append(
            Line(
                f"cards sent with {allowed}/s enforced, {name}",
                f"{sent / WATCHED_S:.2f}/s",
                f"budget for cards {limits.per_second:.0f}/s",
                f"{share:.1%}",
                "≥ 98 %",
                share >= 0.98,
            )
        )
    lines.append(
        Line("429s meanwhile", str(seen["refused"]), "", "", "0", met=seen["refused"] == 0)
    )
    for name in PLATFORMS:
        ours, rest = median(busy[name]), median(idle[name])
        what = f"/story answered meanwhile, {name}, p50"
        ratio, met = f"{ours / rest:.2f} ×", ours / rest <= AS_FAST
        lines.append(Line(what, ms(ours), f"idle {ms(rest)}", ratio, f"≤ {AS_FAST} ×", met))
    return lines


async def _asked_for(seconds: float, lean: Lean) -> dict[str, list[float]]:
    """Ask /story regularly for `seconds`; returns the answer times per platform, in seconds."""
    took: dict[str, list[float]] = {name: [] for name in PLATFORMS}
    loop = asyncio.get_running_loop()
    ends = loop.time() + seconds
    while loop.time() < ends:
        for name in PLATFORMS:
            took[name].append(await _ask(lean, name))
        await asyncio.sleep(ASK_EVERY_S)
    return took


async def _ask(lean: Lean, platform: str) -> float:
    await asyncio.sleep(0.05)
    return float(await lean.say("ask", platform=platform))


async def _answers(lean: Lean) -> bool:
    await asyncio.sleep(4)
    return all([await _ask(lean, name) for name in PLATFORMS])


async def _begun(lean: Lean) -> bool:
    return bool(await lean.say("count"))
