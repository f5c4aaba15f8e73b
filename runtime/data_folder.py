"""The folder of what a process keeps on disk."""

import asyncio
import errno
import os
from contextlib import suppress
from pathlib import Path

from runtime.alarms import Alarms

TRY_AGAIN_S = 10.0
"""Seconds between attempts to use a folder that failed."""


class DataFolder:
    """The folder for what the bot keeps on disk. A failing disk raises an alarm and stops
    nothing."""

    def __init__(self, path: Path, alarms: Alarms | None = None, *, cost: str = "") -> None:
        """`cost`: one sentence about what it costs that the folder can't be used."""
        self._cost = cost
        self.path = path
        self._alarms = alarms
        self._failing: set[Path] = set()

    def look(self) -> bool:
        """Test whether the folder is writable."""
        probe = self.path / f".writable.{os.getpid()}"
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            write_down(probe, "yes\n")
            probe.unlink()
        except OSError as error:
            with suppress(OSError):
                probe.unlink()
            self.failed(self.path, error)
            return False
        self.worked(self.path)
        return True

    async def run(self) -> None:
        """Test a failing folder until it works again; until cancelled."""
        while True:
            if self.path in self._failing:
                self.look()
            await asyncio.sleep(TRY_AGAIN_S)

    def failed(self, path: Path, error: OSError) -> None:
        """Report that a file couldn't be read or written."""
        self._failing.add(path)
        if self._alarms is not None:
            self._alarms.report(
                "disk", ". ".join(filter(None, (trouble(self.path, error), self._cost))) + "."
            )

    def worked(self, path: Path) -> None:
        """Report that a file was read or written."""
        self._failing -= {path, self.path}
        if self._alarms is not None and not self._failing:
            self._alarms.clear("disk")


def trouble(folder: Path, error: OSError) -> str:
    """What is wrong with the folder, and how to fix it."""
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return f"The disk under {folder} is full: free some space"
        case errno.EROFS:
            return f"{folder} is on a read-only file system: mount it writable"
        case errno.EACCES | errno.EPERM:
            return f"The bot isn't allowed to write in {folder}: give its user permission"
        case errno.EEXIST | errno.ENOTDIR:
            return f"STORYWIRE_DATA_DIR must be a folder, but {folder} is a file: move it away"
        case errno.EISDIR:
            return f"There's a folder in {folder} where the bot keeps a file: move it away"
        case _:
            return f"STORYWIRE_DATA_DIR is {folder}, which can't be used ({error.strerror})"


def write_down(path: Path, text: str) -> None:
    """Write a file durably, so that it survives a crash; raises OSError."""
    with path.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
