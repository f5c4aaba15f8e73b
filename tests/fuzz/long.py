"""`python -m tests.fuzz.long`: as many cases as there is time for, with figures at the end."""
# ruff: noqa: T201  # a command line prints

import argparse
import asyncio
import random
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from tests.chaos.checker import newest, shown_in, still_to_come, wanted
from tests.chaos.world import Plan, heal, publish
from tests.fuzz.world import Fuzz, Seen, begun, play

DEFECTS = ("a card failed", "a part of the bot failed", "never retrieved", "Error in sys")
"""What the log says of an exception that nobody foresaw."""


UPDATES_APART_S = 25.0
"""Once all is healed, the stories go on developing so slowly."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much of it."""

    seed: int
    cases: int
    stories: int = 20
    chats: int = 6
    patience_s: float = 90.0
    """How long the healed world may take to come to rest."""

    def command(self) -> str:
        """What a person types to see it again."""
        return (
            f"python -m tests.fuzz.long --seed {self.seed} --cases {self.cases} "
            f"--stories {self.stories} --chats {self.chats}"
        )

    def plan(self) -> Plan:
        return Plan(
            self.seed, 0, 0, 0, self.stories, self.chats, 0.0, self.patience_s, hurried=True
        )


async def played(size: Size, folder: Path) -> Seen:
    """Play the cases, heal everything, and look whether every chat shows the newest."""
    async with begun(size.plan(), folder) as fuzz:
        await play(fuzz, size.cases)
        world = fuzz.world
        heal(world)
        world.discord.heal()
        world.telegram.heal()
        healed = published = 0.0
        while not published or (open_ends := await still_to_come(world)):
            now = time.monotonic()
            healed = healed or now
            if now - healed > size.patience_s:
                fuzz.seen.wrong.append(f"never at rest: {dict(list(open_ends.items())[:10])}")
                fuzz.seen.wrong.append(await world.bots[0].page("readyz"))
                break
            if now - published > UPDATES_APART_S:
                # What a platform would not take, or never answered, comes with the next update.
                published = now
                for number in range(size.stories):
                    await publish(world, number)
            await asyncio.sleep(0.5)
        _check(fuzz)
        [bot] = world.bots
        if not bot.runs:
            fuzz.seen.wrong.append("the bot ended by itself")
        for line in bot.log.read_text("utf-8", "replace").splitlines():
            if any(defect in line for defect in DEFECTS):
                fuzz.seen.wrong.append(line)
        return fuzz.seen


def _check(fuzz: Fuzz) -> None:
    """Every wanted card shows the newest; on Discord, where a key tells them, there is one each."""
    world = fuzz.world
    for chat in world.chats:
        cards, _ = shown_in(world, chat)
        for story in wanted(world, chat):
            states = list(cards.get(story, {}).values())
            if newest(world, story) not in states:
                fuzz.seen.wrong.append(
                    f"{chat} {story}: shows {states}, not {newest(world, story)}"
                )


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.long", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))  # noqa: S311
    parser.add_argument("--cases", type=int, default=5000)
    parser.add_argument("--stories", type=int, default=20)
    parser.add_argument("--chats", type=int, default=6)
    given = parser.parse_args(argv)
    size = Size(given.seed, given.cases, given.stories, given.chats)
    folder = Path(mkdtemp(prefix="storywire-fuzz-"))
    print(size.command(), f"(logs: {folder})", flush=True)
    began = time.monotonic()
    seen = asyncio.run(played(size, folder))
    print(f"{time.monotonic() - began:.0f} s; the slowest first sign took {seen.slowest_s:.2f} s")
    for name, count in sorted(seen.cases.items()):
        print(f"{count:6}  {name}")
    for sentence in seen.wrong:
        print("WRONG:", sentence)
    return 1 if seen.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
