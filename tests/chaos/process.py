"""Real processes that can be killed: the bot as its operator runs it, and Redis with its folder."""

import asyncio
import os
import re
import signal
import subprocess
import sys
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
from redis.asyncio import Redis

from sandbox.redis import own_redis
from tests.running import free_port

ROOT = Path(__file__).parents[2]


class BotProcess:
    """`storywire run` in a process of its own, in a folder of its own that outlives it."""

    def __init__(
        self, name: str, folder: Path, settings: dict[str, str], module: str = "cli"
    ) -> None:
        """`settings` without the STORYWIRE_; `module`: what is run instead of `python -m cli`."""
        folder.mkdir(parents=True, exist_ok=True)
        self.name = name
        self.log = folder / "log.txt"
        self.http_port = free_port()
        self._folder = folder
        self._module = module
        own = {"HTTP_PORT": str(self.http_port), "DATA_DIR": str(folder / "data")}
        self._env = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "PYTHONPATH": str(ROOT),
            **{f"STORYWIRE_{key}": value for key, value in {**settings, **own}.items()},
        }
        self._process: subprocess.Popen[bytes] | None = None

    def run_as(self, module: str, settings: dict[str, str]) -> None:
        """Start, from now on, another module, with further settings."""
        self._module = module
        self._env |= {f"STORYWIRE_{key}": value for key, value in settings.items()}
        self.start()

    def signal(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-m", self._module, "run"],
                cwd=self._folder,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def kill(self) -> None:
        """SIGKILL: nothing of it runs any more, whatever it was doing."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    async def stop(self) -> int:
        """SIGTERM, as a container would; returns the exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return await asyncio.to_thread(self._process.wait)

    async def metric(self, name: str, **labels: str) -> float:
        """One figure of /metrics; 0 while it has none or does not answer."""
        wanted = {f'{label}="{value}"' for label, value in labels.items()}
        for line in (await self.page("metrics")).splitlines():
            found = re.fullmatch(r"(\w+)(?:\{(.*)\})? (\S+)", line)
            if found and found[1] == name and wanted <= set((found[2] or "").split(",")):
                return float(found[3])
        return 0.0

    async def is_up(self) -> bool:
        """Whether it has come as far as to answer; before that it would not know a signal."""
        return bool(await self.page("healthz"))

    async def page(self, name: str) -> str:
        url = f"http://127.0.0.1:{self.http_port}/{name}"
        try:
            async with aiohttp.ClientSession() as session, session.get(url) as response:
                return await response.text()
        except (aiohttp.ClientError, OSError):
            return ""


class RedisProcess:
    """A Redis that keeps its data and its port over any end."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._stack = AsyncExitStack()

    async def start(self) -> None:
        await self._stack.enter_async_context(own_redis(self.folder, self.port))

    async def kill(self) -> None:
        """SIGKILL to the server itself."""
        async with Redis.from_url(self.url) as client:
            server = (await client.info("server"))["process_id"]
        os.kill(int(server), signal.SIGKILL)
        await self.stop()

    async def stop(self) -> None:
        await self._stack.aclose()
