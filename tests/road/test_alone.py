"""The sandbox by itself, as `python -m sandbox` prints it, and a bot that is pointed at it."""

import asyncio
import os
import re
import signal
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("own", [False, True])
async def test_a_bot_reaches_the_sandbox_with_the_settings_that_it_prints(
    redis_url: str, tmp_path: Path, own: bool
) -> None:
    there = {**os.environ, "PYTHONPATH": str(ROOT)}
    sandbox = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sandbox", *(["--redis"] if own else [])),
        env=there,
        stdout=asyncio.subprocess.PIPE,
    )
    assert sandbox.stdout is not None
    try:
        async with asyncio.timeout(30):
            said = (await sandbox.stdout.readuntil(b"forgets what was said.\n")).decode()
        settings = dict(re.findall(r"(?m)^(STORYWIRE_\w+)=(\S+)$", said))
        assert len(settings) == (6 if own else 5)
        assert ("no Redis" in said) != own
        if own:
            assert settings["STORYWIRE_REDIS_URL"] != redis_url
        else:
            settings["STORYWIRE_REDIS_URL"] = redis_url
        check = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "cli", "check"),
            cwd=tmp_path,
            env={**there, **settings},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        async with asyncio.timeout(60):
            found, _ = await check.communicate()
    finally:
        sandbox.send_signal(signal.SIGINT)
        await sandbox.wait()
    assert check.returncode == 0, found.decode()
    for platform in ("Discord", "Telegram"):
        assert platform.casefold() in found.decode().casefold()
