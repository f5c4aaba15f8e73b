"""`python -m tests.chaos.long`: as much of it as there is time for, with figures at the end."""
# ruff: noqa: T201  # a command line prints

import argparse
import asyncio
import random
import sys
import time
from pathlib import Path
from tempfile import mkdtemp

from tests.chaos.checker import Report, check, still_to_come
from tests.chaos.world import Plan, built, run


async def played(plan: Plan, folder: Path) -> tuple[Report, list[str]]:
    """Play a plan; what was seen and what is wrong. The folder keeps the processes' logs."""
    async with built(plan, folder) as world:
        rest_s = await run(world, still_to_come)
        report, wrong = await check(world)
        report.rest_s = rest_s
    return report, wrong


def _plan(argv: list[str] | None) -> Plan:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.long", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))  # noqa: S311
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--redis-restarts", type=int, help="default: one in five kills")
    parser.add_argument("--wire-faults", type=int, help="default: one in two kills")
    parser.add_argument("--stories", type=int, default=200)
    parser.add_argument("--chats", type=int, default=50)
    parser.add_argument("--apart", type=float, default=5.0, help="seconds between two faults")
    parser.add_argument("--patience", type=float, default=300.0, help="seconds to come to rest")
    parser.add_argument("--stops", type=int, default=0, help="planned restarts of the bot")
    parser.add_argument("--burst", action="store_true", help="all at once, and Redis restarted")
    parser.add_argument("--hurried", action="store_true", help="with short leases")
    given = parser.parse_args(argv)
    return Plan(
        seed=given.seed,
        kills=given.kills,
        redis_restarts=_or(given.redis_restarts, given.kills // 5),
        wire_faults=_or(given.wire_faults, given.kills // 2),
        stories=given.stories,
        chats=given.chats,
        apart_s=given.apart,
        patience_s=given.patience,
        hurried=given.hurried,
        stops=given.stops,
        burst=given.burst,
    )


def _or(given: int | None, usual: int) -> int:
    return usual if given is None else given


def main(argv: list[str] | None = None) -> int:
    plan = _plan(argv)
    folder = Path(mkdtemp(prefix="storywire-chaos-"))
    print(plan.command(), f"(logs: {folder})", flush=True)
    began = time.monotonic()
    report, wrong = asyncio.run(played(plan, folder))
    print(f"{time.monotonic() - began:.0f} s, at rest {report.rest_s:.0f} s after the last fault")
    print("done:", ", ".join(f"{n} {what}" for what, n in sorted(report.done.items())))
    print(f"{report.cards} cards, {report.replies} replies, {report.unknown} cards of unknown fate")
    print(f"{report.backwards} edits showed an older state for a while")
    print("answers:", dict(sorted(report.calls.items())))
    for sentence in wrong:
        print("WRONG:", sentence)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
