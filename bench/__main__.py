"""`make bench`: measures side by side, prints one table of ratios, writes docs/benchmarks.md."""

import asyncio
import gc
import os
import platform
import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench import adversarial, answers, fanout, limits, matching, wake, year
from bench.kit import Line, lean_server
from bot import app
from runtime.connection import connect
from sandbox.redis import own_redis

PARTS = {
    "wake": wake,
    "fanout": fanout,
    "limits": limits,
    "matching": matching,
    "answers": answers,
}
APART = {"adversarial": adversarial, "year": year}
"""Measured only when named. Each has its own section on the page, in this order."""
ADVERSARIAL = "## One person's input\n"
ADVERSARIAL_NOTES = """
Written by `python -m bench adversarial`, which takes a minute. {when}. {summary}

Every command, every suggestion while typing, inline queries and plain messages are tried with
inputs made to block the event loop, and with ordinary ones; five stories are as long as a document
can be, and the chat follows 100 words. One “go” is one callback of the event loop, in processor
time of the loop's thread, including garbage collection. Figures are p50 / p99 / p100 of all goes;
“the longest go of each answer” counts only one per answer. “By the clock” is the longest go in wall
time, including whatever else the machine did. The pairs of command and input with the longest goes
come last.

"""
YEAR = "## After a year\n"
YEAR_NOTES = """
Written by `python -m bench year`, which takes about half an hour. {when}. {summary}

Redis is filled with what a year of 300 stories a day leaves behind, 20 revisions each, in 200
chats, with pruning on. Then the whole bot runs on it for 48 simulated hours at that rate, in steps
of an hour, and old data is pruned; then it restarts. “First right answer” is `/story` with the
title of the newest story, “every story” with that of the story read last; both count from the start
of the process.

"""
HEADINGS = {"adversarial": ADVERSARIAL, "year": YEAR}
APART_NOTES = {"adversarial": ADVERSARIAL_NOTES, "year": YEAR_NOTES}
PAGE = Path("docs/benchmarks.md")
HEAD = """# Benchmarks

Written by `make bench`; run it yourself. {when}, {cpu}, {cores} cores, CPython {python}.

{summary}

Everything runs over loopback, against a Redis of its own and a lean server with canned answers in a
separate process. Each figure and the one it is compared with are measured alternately, in one run:
read the ratios, not the absolute figures, which depend on the machine and its other load. Rows
without a goal are there for scale.

"""


NOTES = """
How each is measured:

* **Wake → wire**: a story is accepted without a wake-up message, which is then published by hand;
  the lean server records when the request arrived. The bot serves one platform. The bare loop
  receives a wake-up, does the bot's Redis writes, and posts with aiohttp; it doesn't read the
  story, look up who wants it, or render anything.
* **Fan-out**: no rate limits, 50 calls in flight, ledger and log on; the rate is measured from the
  first arrival to the last. Each process has written to 1,000 other chats before. Second cards
  follow immediately, while discord.py still remembers each channel's rate limit.
* **Limits**: 5,000 chats are due on each platform, and the first 40 s are watched in real time; the
  server refuses a 51st message to Discord and a 31st to Telegram within any second. `/story` shows
  a story's whole card, both when idle and under load.
* **Matching**: rules of every kind, of which 100 want the story.
* **Answers**: the command and Discord's rendering, in process, with Redis up and
  with Redis stopped, three times each in turn.
"""


async def main(wanted: Sequence[str]) -> None:
    """Measure the named parts (by default all of PARTS), print the table, and renew its section."""
    gc.set_threshold(*app.COLLECTIONS)  # matching and answers are measured in this process
    lines: list[Line] = []
    rows = [_row("what", "Storywire", "beside", "ratio", "goal", ""), _row(*("---",) * 6)]
    print("\n".join(rows), flush=True)
    for name in wanted or PARTS:
        async with own_redis() as url, lean_server() as lean, connect(url) as redis:
            for line in await (PARTS | APART)[name].measure(redis, url, lean):
                lines.append(line)
                rows.append(_said(line))
                print(rows[-1], flush=True)
    page = PAGE.read_text("utf-8")  # noqa: ASYNC240  # nothing else runs any more
    parts = _parts(page)
    table = "\n".join(rows) + "\n"
    if not wanted:
        parts[""] = _head(summary(lines)) + table + NOTES
    elif len(wanted) == 1 and wanted[0] in APART:
        told = APART_NOTES[wanted[0]].format(when=datetime.now(UTC).date(), summary=summary(lines))
        parts[wanted[0]] = HEADINGS[wanted[0]] + told + table
    else:
        return
    whole = [parts[name].strip() for name in ("", *APART) if name in parts]
    PAGE.write_text("\n\n".join(whole) + "\n", "utf-8")  # noqa: ASYNC240
    print(f"\n{PAGE} is written", file=sys.stderr)


def _parts(page: str) -> dict[str, str]:
    """Split the page into its first part, under "", and the sections of APART, by name."""
    parts = {}
    for name, heading in reversed(HEADINGS.items()):
        page, found, rest = page.partition(heading)
        if found:
            parts[name] = heading + rest
    return parts | {"": page}


def summary(lines: Sequence[Line]) -> str:
    """How many goals are met, and a list of the missed ones."""
    goals = [line for line in lines if line.met is not None]
    missed = [line for line in goals if not line.met]
    said = f"**{len(goals) - len(missed)} of {len(goals)} goals are met.**"
    if not missed:
        return said
    each = (
        f"* {line.what}: {', '.join(filter(None, (line.ours, line.beside, line.ratio)))}; "
        f"goal {line.goal}"
        for line in missed
    )
    return "\n".join((f"{said} Missed:", "", *each))


def _said(line: Line) -> str:
    met = {True: "met", False: "missed", None: ""}[line.met]
    return _row(line.what, line.ours, line.beside, line.ratio, line.goal, met)


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _head(summary: str) -> str:
    info = Path("/proc/cpuinfo")
    model = re.search(r"model name\s*: (.*)", info.read_text()) if info.exists() else None
    return HEAD.format(
        summary=summary,
        when=datetime.now(UTC).date(),
        cpu=model[1] if model else platform.machine(),
        cores=os.cpu_count(),
        python=platform.python_version(),
    )


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
