"""Run many seeds: `python -m tests.simulation.soak --seeds 10000`, or one: `--seed 123`.

Sets are walked in the order of their hashes, so a seed goes the same way each time only under
PYTHONHASHSEED=0; without it this starts itself anew.
"""

import argparse
import gc
import os
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

from tests.simulation.checker import Checker, told
from tests.simulation.world import TROUBLES, World, simulate

BATCH = 20
REPLAY = "SEED={seed} .venv/bin/pytest tests/simulation -k replay"

Outcome = tuple[int, list[str], Counter[str]]


def outcome(seed: int, troubles: frozenset[str] | None = None) -> Outcome:
    """What was wrong at the end of a seed, and how often each thing happened in it."""
    try:
        world = simulate(seed, troubles)
    except Exception as error:  # noqa: BLE001 - it is told, with the seed that does it again
        return seed, [f"the simulation broke: {error!r}"], Counter()
    checker = Checker(world)
    violations = checker.violations()
    seen: Counter[str] = Counter(checker.exempted)
    for service in world.services.values():
        seen += service.requests
    seen["kills and stops"] = len(world.kills)
    seen["unknown cards settled"] = world.settled
    keys = [sent.key for service in world.services.values() for sent in service.sent.values()]
    seen["notices of unknown cards"] = sum(key.startswith("unknown ") for key in keys)
    seen["stories out of full memory"] = world.pruned
    seen["losses"] = len(world.store.losses)
    seen["rows written"] = len(world.store.log)
    folded = [row for *_, row in world.store.log if row.into]
    seen["folds, one card went on"] = sum(row.message_id is None for row in folded)
    seen["folds, one leads to another"] = len({row.message_id for row in folded if row.message_id})
    return seed, violations, seen


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _batch(seeds: range, troubles: frozenset[str] | None) -> list[Outcome]:
    outcomes = [outcome(seed, troubles) for seed in seeds]
    gc.collect()
    return outcomes


def tell(seed: int, troubles: frozenset[str] | None) -> World:
    """Run one seed and print its story."""
    world = simulate(seed, troubles)
    checker = Checker(world)
    say(f"seed {seed}: {', '.join(sorted(world.troubles))}")
    for at, chat, story, row in world.store.log:
        say(f"{at:9.3f} ledger {chat} {story} {told(row)}")
    for at in world.store.losses:
        say(f"{at:9.3f} the storage lost something")
    for at in world.kills:
        say(f"{at:9.3f} a process was killed or stopped")
    for service in world.services.values():
        for sent in service.sent.values():
            say(
                f"{sent.at:9.3f} sent {sent.chat} {sent.story or 'reply to ' + str(sent.reply_to)} "
                f"place {sent.message_id} asked {sent.asked_at:.3f} deleted {sent.deleted_at}"
            )
    for violation in checker.violations():
        say(f"VIOLATION {violation}")
    return world


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10_000, help="how many")
    parser.add_argument("--first", type=int, default=1, help="the first of them")
    parser.add_argument("--seed", type=int, help="this one only, told in full")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--most", type=int, default=5, help="stop after so many failed seeds")
    parser.add_argument("--troubles", help="only these kinds, parted by commas")
    given = parser.parse_args()
    troubles = (
        frozenset(filter(None, given.troubles.split(","))) if given.troubles is not None else None
    )
    if unknown := (troubles or frozenset()) - TROUBLES.keys():
        parser.error(f"unknown: {', '.join(unknown)}; known: {', '.join(TROUBLES)}")
    if os.environ.get("PYTHONHASHSEED") != "0":
        os.environ["PYTHONHASHSEED"] = "0"
        os.execv(sys.executable, [sys.executable, "-m", "tests.simulation.soak", *sys.argv[1:]])  # noqa: S606
    if given.seed is not None:
        return bool(Checker(tell(given.seed, troubles)).violations())
    began, seen, failed, done = time.monotonic(), Counter[str](), 0, 0
    last = given.first + given.seeds
    batches = [range(at, min(at + BATCH, last)) for at in range(given.first, last, BATCH)]
    with ProcessPoolExecutor(given.workers, mp_context=get_context("spawn")) as workers:
        for outcomes in workers.map(partial(_batch, troubles=troubles), batches):
            for seed, violations, things in outcomes:
                seen += things
                done += 1
                if violations:
                    failed += 1
                    say(f"seed {seed}: {violations[0]}")
                    say(f"  replay: {REPLAY.format(seed=seed)}")
            if failed >= given.most:
                workers.shutdown(cancel_futures=True)
                break
    say(f"{done} seeds, {failed} failed, {time.monotonic() - began:.0f} s")
    for what, times in sorted(seen.items()):
        say(f"  {times:9} {what}")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
