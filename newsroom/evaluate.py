"""The newsroom's figures, measured: `python -m newsroom.evaluate COMMAND`.

The labelled streams are not part of the project. They are looked for in the folder that the
environment variable STORYWIRE_SHARED names (`../shared` by default), below `data`, and the
baseline below `tools`. The exit status is 1 when a floor is missed, 2 when the data is not there.
"""

import argparse
import hashlib
import importlib.util
import json
import os
import random
import re
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

from newsroom.desk import entries, snapshot
from newsroom.desk.background import background
from newsroom.desk.desk import Desk
from newsroom.desk.entries import Tick
from newsroom.desk.story import Story
from newsroom.desk.words import Reader
from newsroom.evaluate_writing import check, churn, summaries
from newsroom.streams import (
    TICK_S,
    Labelled,
    Score,
    bcubed,
    cut_labels,
    judged,
    labels,
    read_stream,
    taken,
    ticked,
)

ROOT = Path(__file__).parents[1]
GAP = timedelta(hours=72)
SETS = {
    "g5_newscluster": {},
    "allsides_2021": {"jitter": True},
    "uci_6366": {"interleave": True},
}
"""The halves, and how each is put into the order of a stream."""
PARTS = {"g5": r"^[0-9a-f]{40,}$", "allsides": r"-(left|center|right)$", "uci": r"^\d+$"}
"""The parts of the mixed stream, by the ids they have there."""
FLOORS = {
    "mean F1": 0.835,
    "mean F1, cut at 72 h": 0.88,
    "mixed: mean F1": 0.80,
    "g5 precision": 0.97,
}
GOALS = {
    "mean F1": 0.85,
    "mean F1, cut at 72 h": 0.90,
    "mixed: mean F1": 0.83,
    "g5 precision": 0.99,
}
MOST_TAKEN = (0.03, 0.02)
"""The share of noise in labelled clusters, at most: floor and goal."""
FASTER = (1.05, 1.6)
"""Articles per CPU-second against the baseline: floor and goal."""
LIVE = (500, 2_500)
"""Live stories at which speed is measured."""
CHUNK = 500
"""Articles that each side takes in turn, so that a busy machine slows both."""
CUTS = 40
"""Places at which a replay is saved and restored."""


def main() -> int:
    """Run the command that was given."""
    shared = Path(os.environ.get("STORYWIRE_SHARED", ROOT.parent / "shared"))
    parser = argparse.ArgumentParser(prog="newsroom.evaluate", description=__doc__)
    commands = parser.add_subparsers(required=True, dest="command")
    for name, does in (
        ("clusters", clusters),
        ("summaries", summaries),
        ("check", check),
        ("churn", churn),
        ("speed", speed),
        ("replay", replay),
    ):
        command = commands.add_parser(name, help=(does.__doc__ or "").splitlines()[0])
        command.set_defaults(does=does)
        command.add_argument("--data", type=Path, default=shared / "data")
        command.add_argument("--half", default="dev", help="the middle of the files' names")
        if name == "clusters":
            command.add_argument("--write", type=Path, help="a folder for what a judge reads")
            command.add_argument("--no-mixed", action="store_true", help="the three halves only")
        if name == "speed":
            baseline = shared / "tools" / "baseline_clusters.py"
            command.add_argument("--baseline", type=Path, default=baseline)
            command.add_argument("--articles", type=int, default=4_000)
        if name == "check":
            command.add_argument("--show", action="store_true", help="show what is not caught")
        if name == "churn":
            command.add_argument("--articles", type=int, default=None)
        if name == "replay":
            command.add_argument("--articles", type=int, default=4_000)
    given = parser.parse_args()
    try:
        return int(given.does(given))
    except FileNotFoundError as error:
        print(f"{error.filename} is not there: set STORYWIRE_SHARED to the folder with the data")
        return 2


def reader() -> Reader:
    """Reads English, as all labelled streams are."""
    return Reader(background("en").documents)


# Clusters.


def clusters(given: argparse.Namespace) -> int:
    """How well articles are grouped: BCubed against labelled stories."""
    figures: dict[str, float] = {}
    whole, cut = [], []
    for name, order in SETS.items():
        stream = read_stream(given.data / f"{name}.{given.half}.jsonl", **order)
        found = clustered(stream)
        write_for_judge(given.write, name, stream, found)
        whole.append(bcubed(labels(stream), found))
        cut.append(bcubed(cut_labels(stream, GAP), found))
        print(f"{name:<16} {_said(whole[-1])}   cut at 72 h: {_said(cut[-1])}")
        if name.startswith("g5"):
            figures["g5 precision"] = whole[-1].precision
    figures["mean F1"] = _mean(whole)
    figures["mean F1, cut at 72 h"] = _mean(cut)
    share = 0.0
    if not given.no_mixed:
        stream = read_stream(given.data / f"mixed.{given.half}.jsonl")
        found = clustered(stream)
        write_for_judge(given.write, "mixed", stream, found)
        gold = labels(stream)
        parts = []
        for name, shape in PARTS.items():
            some = {each: story for each, story in gold.items() if re.search(shape, each)}
            parts.append(bcubed(some, found))
            print(f"mixed: {name:<9} {_said(parts[-1])}")
        figures["mixed: mean F1"] = _mean(parts)
        share = taken(stream, found)
    missed = False
    for name, value in figures.items():
        missed |= value < FLOORS[name]
        print(judged(name, f"{value:.4f}", value >= FLOORS[name], value >= GOALS[name]))
    if not given.no_mixed:
        missed |= share > MOST_TAKEN[0]
        good = [share <= most for most in MOST_TAKEN]
        print(judged("mixed: noise taken", f"{share:.4f}", *good))
    return int(missed)


def clustered(stream: Sequence[Labelled]) -> dict[str, str]:
    """The story of each article, as the desk has it in the end; by the article's id."""
    read = reader()
    came = [entries.came(each.article, read) for each in stream]
    story: dict[str, str] = {}
    desk = Desk()
    for entry in ticked(came):
        for changed in desk.take(entry):
            if changed.merged_into is None:
                story |= dict.fromkeys(changed.members, str(changed.serial))
    names = zip(stream, came, strict=True)
    return {each.id: story.get(entry.key, f"alone {entry.key}") for each, entry in names}


def write_for_judge(
    folder: Path | None, name: str, stream: Iterable[Labelled], found: dict[str, str]
) -> None:
    """Write the stream as it was taken, and the clusters, as files that another scorer reads."""
    if folder is None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{name}.gold.jsonl").open("w", encoding="utf-8") as gold:
        for each in stream:
            at = each.article.published.isoformat()
            row = {"id": each.id, "story": each.story, "published": at}
            gold.write(json.dumps(row) + "\n")
    with (folder / f"{name}.predicted.jsonl").open("w", encoding="utf-8") as predicted:
        for key, cluster in found.items():
            predicted.write(json.dumps({"id": key, "cluster": cluster}) + "\n")


def _said(score: Score) -> str:
    return f"P {score.precision:.4f}  R {score.recall:.4f}  F1 {score.f1:.4f}"


def _mean(scores: Sequence[Score]) -> float:
    return sum(score.f1 for score in scores) / len(scores)


# Speed.


def speed(given: argparse.Namespace) -> int:
    """Articles per CPU-second, beside a plain baseline that takes the same articles in turn."""
    with (given.data / f"mixed.{given.half}.jsonl").open(encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    stream = {each.id: each for each in read_stream(given.data / f"mixed.{given.half}.jsonl")}
    baseline = _module(given.baseline)
    missed = False
    for live in LIVE:
        ours, its, there = _race(rows, stream, baseline, live, given.articles)
        ratio = ours / its
        missed |= ratio < FASTER[0]
        said = f"{ours:6.0f}/CPU-s, baseline {its:6.0f}, {ratio:.2f} ×"
        good = [ratio >= least for least in FASTER]
        print(judged(f"{there} live stories", said, *good), flush=True)
    return int(missed)


def _race(
    rows: list[dict[str, Any]],
    stream: dict[str, Labelled],
    baseline: ModuleType,
    live: int,
    articles: int,
) -> tuple[float, float, int]:
    """Our rate, the baseline's, and how many stories were live, on a stream of that density.

    The stream's times are stretched until about `live` stories fall within 72 hours. What comes
    before they do warms both up, and is not counted.
    """
    density = live / 1_300  # the stream as it is has about 1,300 live stories
    plain = [(row, stream[row["id"]].article) for row in rows]
    begins = plain[0][1].published
    timed = [
        (row, replace(article, published=at, arrived=at))
        for row, article in plain
        if (at := begins + (article.published - begins) / density)
    ]
    warm = begins + GAP
    desk, read = Desk(), reader()
    other = baseline.Stream(0.3, 0.2, 0.3)
    spent = [0.0, 0.0]
    done, minute = 0, 0

    def take_ours(chunk: Sequence[tuple[dict[str, Any], Any]]) -> None:
        nonlocal minute
        for _, article in chunk:
            entry = entries.came(article, read)
            now = entry.arrived - entry.arrived % TICK_S
            if now > minute:
                desk.take(Tick(now))
                minute = now
            desk.take(entry)

    def take_its(chunk: Sequence[tuple[dict[str, Any], Any]]) -> None:
        for row, article in chunk:
            other.put(row, article.published.timestamp() / 3600)

    for start in range(0, len(timed), CHUNK):
        chunk = timed[start : start + CHUNK]
        counts = chunk[0][1].published >= warm
        for place, take in enumerate((take_ours, take_its)):
            began = time.process_time()
            take(chunk)
            spent[place] += (time.process_time() - began) * counts
        done += len(chunk) * counts
        if done >= articles:
            break
    return done / spent[0], done / spent[1], len(desk.stories)


def _module(path: Path) -> ModuleType:
    if not path.exists():
        raise FileNotFoundError(2, "missing", str(path))
    spec = importlib.util.spec_from_file_location("baseline", path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(2, "missing", str(path))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# Replay.


def replay(given: argparse.Namespace) -> int:
    """Whether the same log gives the same stories, byte for byte, through restarts."""
    stream = read_stream(given.data / f"mixed.{given.half}.jsonl")[: given.articles]
    read = reader()
    came = (entries.came(each.article, read) for each in stream)
    log = [entries.write(entry) for entry in ticked(came)]
    once = digest(log)
    print(f"{len(log)} entries, {sum(map(len, log)) // len(stream)} bytes an article; {once}")
    draw = random.Random(1)  # noqa: S311  a simulation, no secret
    cuts = {draw.randrange(len(log)) for _ in range(CUTS)}
    for name, run in (("again", digest(log)), (f"{len(cuts)} restarts", digest(log, cuts))):
        print(f"{name:<12} {'equal' if run == once else 'DIFFERENT'}")
        if run != once:
            return 1
    return 0


def digest(log: Sequence[bytes], cuts: Iterable[int] = ()) -> str:
    """A hash of everything a log gave: each story that changed, tick by tick, and the last state.

    `cuts` are places before which the desk is written down and restored.
    """
    cuts = set(cuts)
    hashed = hashlib.sha256()
    desk = Desk()
    for place, raw in enumerate(log):
        if place in cuts:
            desk = snapshot.restore(snapshot.snapshot(desk))
        for story in desk.take(entries.read(raw)):
            hashed.update(told(desk, story))
    hashed.update(snapshot.snapshot(desk))
    return hashed.hexdigest()


def told(desk: Desk, story: Story) -> bytes:
    """What can be told of a story, as bytes."""
    members = [(key, member.origin, member.score) for key, member in story.members.items()]
    facts = (story.serial, story.id, story.merged_into, story.follows, story.retracted, members)
    standing = desk.standing(story) if story.members else None
    return repr((facts, standing)).encode()


if __name__ == "__main__":
    sys.exit(main())
