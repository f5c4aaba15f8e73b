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
"""Measured only when named; each has a part of its own on the page, in this order."""
ADVERSARIAL = "## One person's input\n"
ADVERSARIAL_NOTES = """
Written by `python -m bench adversarial`, which takes a minute. {when}. {summary}

Every command, every suggestion while typing, inline queries and plain messages are asked with
inputs made to hold the event loop, and with plain ones; five stories are as long as a document may
be, and the chat follows 100 words. One go is one callback of the event loop, by the processor time
of the loop's thread, garbage collection included. Figures are p50 / p99 / p100 of all goes; “the
longest go of each answer” counts one of each. “By the clock” is the longest go with what else the
machine did meanwhile. The pairs of command and input with the longest goes stand last.

"""
YEAR = "## After a year\n"
YEAR_NOTES = """
Written by `python -m bench year`, which takes about half an hour. {when}. {summary}

Redis is filled with what a year of 300 stories a day leaves behind, 20 revisions each, in 200
chats, with pruning on. Then the whole bot runs on it for 48 simulated hours at that rate, an hour
at a step, and what is old is pruned; then it starts anew. “First right answer” is
`/story` with the title of the newest story, “every story” with that of the one which is read last;
both count from the start of the process.

"""
HEADINGS = {"adversarial": ADVERSARIAL, "year": YEAR}
APART_NOTES = {"adversarial": ADVERSARIAL_NOTES, "year": YEAR_NOTES}
PAGE = Path("docs/benchmarks.md")
HEAD = """# Benchmarks

Written by `make bench`; run it yourself. {when}, {cpu}, {cores} cores, CPython {python}.

{summary}

Everything runs over loopback, against a Redis of its own and a lean server with canned answers in a
process of its own. Each figure is measured in turn with the one it is compared with, in one run:
read the ratios, not the absolutes, which change with the machine and with what else it does. Rows
without a goal are there for scale.

"""


NOTES = """
How each is measured:

* **Wake → wire**: a story is accepted silently, then its wake is published by hand; the lean server
  writes down when the request came. The bot serves one platform. The bare loop hears a wake, writes
  to Redis what the bot writes, and posts with aiohttp; it neither reads the story, nor knows who
  wants it, nor renders anything.
* **Fan-out**: pace lifted, 50 calls in flight, ledger and log on; the rate is from the first
  arrival to the last. Each process has written to 1,000 other chats before. Second cards follow at
  once, when discord.py still knows each channel's rate limit.
* **Limits**: 5,000 chats are due on each platform, and 40 s of it are watched in real time; the
  server refuses a 51st message to Discord and a 31st to Telegram within any second. `/story` shows
  a story's whole card, when idle as well as meanwhile.
* **Matching**: rules of every kind, of which 100 want the story.
* **Answers**: the command and Discord's rendering, in process, while the follower hears Redis and
  while Redis is stopped, three times each in turn.
"""


async def main(wanted: Sequence[str]) -> None:
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
    """The page's first part, and those that stand apart by their names."""
    parts = {}
    for name, heading in reversed(HEADINGS.items()):
        page, found, rest = page.partition(heading)
        if found:
            parts[name] = heading + rest
    return parts | {"": page}


def summary(lines: Sequence[Line]) -> str:
    """How many goals are met, and which are missed."""
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
