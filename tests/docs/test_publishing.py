"""The operator's guide shows how to publish from other programs: each form is tried for real."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from sandbox.redis import find_server
from scripts.docs import ROOT
from stories.wire import read

STORY = '{"id": "tram", "title": "Tram strike ends", "breakdown": ["It is over."]}'


def shown(how: str) -> str:
    """The code in the guide under the mark `tried by the tests: how`."""
    guide = (ROOT / "docs" / "operators-guide.md").read_text("utf-8")
    [code] = re.findall(
        rf"<!-- tried by the tests: {how} -->\n```\w+\n(.*?)^```$", guide, re.M | re.S
    )
    return str(code)


@pytest.fixture
async def doors(redis: Redis) -> AsyncIterator[asyncio.Queue[tuple[str, bytes]]]:
    """What comes in by the doors as the guide names them."""
    arrived: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()
    await redis.delete("storywire:inbox")
    async with redis.pubsub(ignore_subscribe_messages=True) as pubsub:
        await pubsub.subscribe("storywire:updates")

        async def listen() -> None:
            while True:
                if heard := await pubsub.get_message(timeout=1):
                    await arrived.put(("said", heard["data"]))

        listening = asyncio.create_task(listen())
        yield arrived
        listening.cancel()
    await redis.delete("storywire:inbox")


async def left(redis: Redis) -> list[bytes]:
    entries: Any = await redis.xrange("storywire:inbox")
    return [fields[b"story"] for _, fields in entries]


async def run(*command: str, folder: Path, redis_url: str, path: str = "") -> None:
    environment = {**os.environ, "STORYWIRE_REDIS_URL": redis_url}
    environment["PATH"] = path + environment["PATH"]
    process = await asyncio.create_subprocess_exec(
        *command, cwd=folder, env=environment, stdout=asyncio.subprocess.PIPE
    )
    await process.communicate()
    assert process.returncode == 0


async def test_publishing_from_python_works_as_shown(
    redis: Redis, redis_url: str, doors: asyncio.Queue[tuple[str, bytes]], tmp_path: Path
) -> None:
    await run(sys.executable, "-c", shown("python"), folder=tmp_path, redis_url=redis_url)
    door, document = await asyncio.wait_for(doors.get(), 10)
    assert door == "said"
    assert read(document).story.id == "night-ferry-returns"
    assert await left(redis) == [document]


async def test_publishing_from_redis_cli_works_as_shown(
    redis: Redis, redis_url: str, doors: asyncio.Queue[tuple[str, bytes]], tmp_path: Path
) -> None:
    server = Path(find_server() or "")
    client = next(
        (found for name in ("valkey-cli", "redis-cli") if (found := server.parent / name).exists()),
        None,
    )
    if client is None:
        pytest.skip("no redis-cli or valkey-cli beside the server")
    (tmp_path / "redis-cli").symlink_to(client)
    (tmp_path / "story.json").write_text(STORY)
    script = "set -e\n" + shown("redis-cli")
    await run(
        "sh", "-c", script, folder=tmp_path, redis_url=redis_url, path=f"{tmp_path}{os.pathsep}"
    )
    door, document = await asyncio.wait_for(doors.get(), 10)
    assert door == "said"
    assert read(document).story.id == "tram"
    assert [read(each).story.id for each in await left(redis)] == ["tram"]
