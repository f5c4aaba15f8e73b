"""A disk that fails is told of once, costs what is said of it, and ends nothing."""

import logging
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from bot.metrics import Metrics
from bot.model.ledger import HighWaterMark
from bot.storage.highwater import COST, FileHighWater
from runtime.alarms import Alarms
from runtime.data_folder import DataFolder

MARK = "test.discord.highwater.json"


@contextmanager
def small_file_system(path: Path) -> Iterator[None]:
    """16 KiB of it, mounted there; the test is skipped where that is not allowed."""
    path.mkdir()
    command = ("mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(path))
    try:
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not root: no small file system can be mounted")
    try:
        yield
    finally:
        subprocess.run(("umount", str(path)), check=True)  # noqa: S603, S607


@contextmanager
def full(folder: Path) -> Iterator[Callable[[], None]]:
    with small_file_system(folder):
        ballast = folder / "ballast"
        with pytest.raises(OSError, match="No space"):
            ballast.write_bytes(b"x" * 100_000)
        yield ballast.unlink


@contextmanager
def read_only(folder: Path) -> Iterator[Callable[[], None]]:
    def remount(how: str) -> None:
        command = ("mount", "-o", f"remount,{how}", str(folder))
        subprocess.run(command, check=True)  # noqa: S603

    with small_file_system(folder):
        remount("ro")
        yield lambda: remount("rw")


@contextmanager
def a_file_in_its_place(folder: Path) -> Iterator[Callable[[], None]]:
    folder.write_text("not a folder")
    yield folder.unlink


@contextmanager
def a_folder_in_the_marks_place(folder: Path) -> Iterator[Callable[[], None]]:
    (folder / MARK).mkdir(parents=True)
    yield (folder / MARK).rmdir


@contextmanager
def denied(folder: Path) -> Iterator[Callable[[], None]]:
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    folder.mkdir(mode=0o500)
    yield lambda: folder.chmod(0o700)


TROUBLES = [
    (full, "is full: free some space"),
    (read_only, "read-only"),
    (a_file_in_its_place, "must be a folder"),
    (a_folder_in_the_marks_place, "There's a folder in"),
    (denied, "permission"),
]


@pytest.mark.parametrize(("trouble", "sentence"), TROUBLES)
def test_a_folder_that_cannot_be_used_is_told_once_and_recovers_by_itself(
    trouble: Callable[[Path], AbstractContextManager[Callable[[], None]]],
    sentence: str,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    alarms = Alarms(Metrics())
    folder = DataFolder(tmp_path / "data", alarms, cost=COST)
    mark = FileHighWater(folder, "test", "discord")
    with trouble(folder.path) as fix:
        assert folder.look() == (trouble is a_folder_in_the_marks_place)
        for written in range(1, 4):
            mark.read()
            assert not mark.write(HighWaterMark(written))
        said = alarms.active["disk"]
        assert sentence in said
        assert "cards may then be posted twice" in said, "what it costs"
        assert str(folder.path) in said
        assert [record.message for record in caplog.records].count("alarm") == 1
        fix()
        assert mark.write(HighWaterMark(4))
        assert mark.read() == HighWaterMark(4)
    assert "disk" not in alarms.active


def test_one_file_that_works_says_nothing_of_another(tmp_path: Path) -> None:
    alarms = Alarms(Metrics())
    folder = DataFolder(tmp_path, alarms)
    (tmp_path / MARK).mkdir()
    assert not FileHighWater(folder, "test", "discord").write(HighWaterMark(1))
    assert FileHighWater(folder, "test", "telegram").write(HighWaterMark(1))
    assert "disk" in alarms.active


def test_a_mark_that_could_not_be_read_is_not_written_over_by_a_lower_one(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    FileHighWater(folder, "test", "discord").write(HighWaterMark(7))
    (tmp_path / MARK).rename(tmp_path / "away")
    (tmp_path / MARK).mkdir()
    mark = FileHighWater(folder, "test", "discord")
    assert mark.read() == HighWaterMark()
    (tmp_path / MARK).rmdir()
    (tmp_path / "away").rename(tmp_path / MARK)
    assert mark.write(HighWaterMark(2))
    assert mark.read() == HighWaterMark(7), "or the loss of five rows would go unseen"
