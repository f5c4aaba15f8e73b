"""Parses feeds in child processes that may be killed: a hostile feed costs one child, nothing else.

A child has limits of memory and CPU time, an environment without our secrets, and a pipe each way.
It reads one feed after the other. One that dies, or takes too long, is replaced for the next feed.

    to the child     {"length": …, "content_type": …, "url": …} and a line break, then the body
    from the child   eight bytes of length, then a Reply as JSON
"""

import asyncio
import contextlib
import json
import os
import resource
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from pydantic import TypeAdapter

from newsroom.reading.document import Document, NotAFeed

CHILDREN = 2
MEMORY = 768 * 2**20
"""Bytes of address space of one child: enough for the largest feed that `fetch` lets through."""
CPU_S = 10
"""Seconds of CPU for one feed; common ones take a hundredth of one."""
WALL_S = 60.0
"""Seconds for one feed on a busy machine, before its child is killed."""

_REPLY = 32 * 2**20
"""Bytes of the largest reply that is taken from a child."""
_ROOT = Path(__file__).parents[2]


class ParserKilled(Exception):
    """A feed took more memory or time than any feed needs; str() is a sentence for the operator."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a child says of one feed: one of the two."""

    feed: Document | None = None
    other: NotAFeed | None = None


_REPLIES = TypeAdapter(Reply)


class Parsers:
    """Parses feeds, a few at a time. Use it as a block."""

    def __init__(
        self, count: int = CHILDREN, *, memory: int = MEMORY, cpu: int = CPU_S, wall: float = WALL_S
    ) -> None:
        self._limits = (str(memory), str(cpu))
        self._wall = wall
        self._idle: asyncio.LifoQueue[Process | None] = asyncio.LifoQueue()
        for _ in range(count):
            self._idle.put_nowait(None)
        self._running: set[Process] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        for child in list(self._running):
            await self._end(child)

    async def parse(self, body: bytes, content_type: str, url: str) -> Document | NotAFeed:
        """What `newsroom.reading.parse.parse` makes of a body; raises ParserKilled."""
        async with self._child() as child:
            try:
                async with asyncio.timeout(self._wall):
                    reply = await _asked(child, body, content_type, url)
            except (TimeoutError, OSError, asyncio.IncompleteReadError, ValueError) as error:
                raise ParserKilled(
                    "it can't be read within the time and memory that one feed may take"
                ) from error
        parsed = reply.feed or reply.other
        assert parsed is not None
        return parsed

    @contextlib.asynccontextmanager
    async def _child(self) -> AsyncIterator[Process]:
        """A child for one feed. Whatever goes wrong meanwhile, it is not used again."""
        child = await self._idle.get()
        try:
            if child is None or child.returncode is not None:
                child = await self._start()
            yield child
        except BaseException:
            if child is not None:
                await asyncio.shield(self._end(child))
            raise
        finally:
            self._idle.put_nowait(child)

    async def _start(self) -> Process:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", __name__, *self._limits),
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            cwd="/",
            env={"PYTHONPATH": str(_ROOT), "PYTHONHASHSEED": "0"},
        )
        self._running.add(child)
        return child

    async def _end(self, child: Process) -> None:
        self._running.discard(child)
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        await child.wait()
        if child.stdin:
            child.stdin.close()


async def _asked(child: Process, body: bytes, content_type: str, url: str) -> Reply:
    assert child.stdin
    assert child.stdout
    head = {"length": len(body), "content_type": content_type, "url": url}
    child.stdin.write(json.dumps(head).encode() + b"\n" + body)
    await child.stdin.drain()
    length = int.from_bytes(await child.stdout.readexactly(8), "big")
    if length > _REPLY:
        raise ValueError("too long a reply")
    return _REPLIES.validate_json(await child.stdout.readexactly(length))


def main() -> None:
    """The child: answer one feed after the other until our parent closes the pipe."""
    memory, cpu = (int(each) for each in sys.argv[1:])
    asked, reply = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # nothing but replies goes into the pipe
    _limit(resource.RLIMIT_AS, memory)
    _limit(resource.RLIMIT_CORE, 0)
    while head := asked.readline():
        try:
            _answer(json.loads(head), cpu, asked, reply)
        except MemoryError:
            os._exit(1)


def _answer(head: dict[str, str | int], cpu: int, asked: BinaryIO, reply: BinaryIO) -> None:
    from newsroom.reading.parse import parse  # the child alone pays for loading feedparser

    used = resource.getrusage(resource.RUSAGE_SELF)
    _limit(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime) + 1 + cpu)
    body = asked.read(int(head["length"]))
    try:
        parsed = parse(body, str(head["content_type"]), str(head["url"]))
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001  # a defect of a parser is that feed's fault, not ours
        parsed = NotAFeed("a document too damaged to be read")
    found = Reply(parsed) if isinstance(parsed, Document) else Reply(other=parsed)
    raw = _REPLIES.dump_json(found)
    reply.write(len(raw).to_bytes(8, "big") + raw)
    reply.flush()


def _limit(what: int, value: int) -> None:
    """Lower a limit of this process; ending the process is all that going over it does."""
    with contextlib.suppress(ValueError, OSError):  # macOS knows no limit of address space
        resource.setrlimit(what, (value, resource.getrlimit(what)[1]))


if __name__ == "__main__":
    main()
