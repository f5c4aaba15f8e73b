"""A high-water mark on our own disk, which reveals that Redis was rolled back: a failover,
a backup."""

import asyncio
import errno
import json
import logging
import os
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from bot.model.ledger import HighWaterMark
from runtime.alarms import Alarms
from runtime.records import VERSION, Skipped

log = logging.getLogger(__name__)

TRY_AGAIN_S = 10.0
"""Seconds between attempts to use a folder that failed."""
COST = (
    "Cards and answers keep working. Until it's fixed, data lost in Redis can go unnoticed "
    "when the bot restarts, and cards may then be posted twice"
)


class DataFolder:
    """The folder for what the bot keeps on disk. A failing disk raises an alarm and stops
    nothing."""

    def __init__(self, path: Path, alarms: Alarms | None = None) -> None:
        self.path = path
        self._alarms = alarms
        self._failing: set[Path] = set()

    def look(self) -> bool:
        """Test whether the folder is writable."""
        probe = self.path / f".writable.{os.getpid()}"
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            _write(probe, "yes\n")
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
            self._alarms.report("disk", f"{trouble(self.path, error)}. {COST}.")

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


class FileHighWater:
    """One small file per prefix and platform, always replaced as a whole."""

    def __init__(
        self, folder: DataFolder, prefix: str, platform: str, skipped: Skipped | None = None
    ) -> None:
        self._folder = folder
        self._path = folder.path / f"{prefix}.{platform}.highwater.json"
        self._skipped = skipped or Skipped()
        self._unread = False
        """True if a mark may exist that couldn't be read: it must not be overwritten."""

    def read(self) -> HighWaterMark:
        """The stored mark, or an empty one."""
        try:
            raw = self._path.read_bytes()
        except FileNotFoundError:
            self._is_readable()
            return HighWaterMark()
        except OSError as error:
            self._unread = True
            self._folder.failed(self._path, error)
            return HighWaterMark()
        mark = self._skipped.read("highwater", str(self._path), _rollback, raw)
        if mark is None:
            self._unread = True
            return HighWaterMark()
        self._is_readable()
        return mark

    def _is_readable(self) -> None:
        if self._unread:
            self._unread = False
            self._folder.worked(self._path)

    def write(self, mark: HighWaterMark) -> bool:
        """Store the mark; returns whether it was written."""
        try:
            self._folder.path.mkdir(parents=True, exist_ok=True)
            if self._unread:
                kept = self.read()
                if self._unread:
                    return False
                mark = HighWaterMark(max(mark.written, kept.written), mark.doubt or kept.doubt)
            held = {
                "v": VERSION,
                "written": mark.written,
                "doubt": mark.doubt.isoformat() if mark.doubt else None,
            }
            beside = self._path.with_suffix(".new")
            _write(beside, json.dumps(held))
            beside.replace(self._path)
        except OSError as error:
            self._folder.failed(self._path, error)
            return False
        self._folder.worked(self._path)
        return True


def _rollback(raw: bytes) -> HighWaterMark:
    held = json.loads(raw)
    if held.get("v", VERSION) > VERSION:
        raise ValueError(f"it is of version {held['v']}, where at most {VERSION} is known")
    doubt = datetime.fromisoformat(held["doubt"]) if held["doubt"] else None
    if doubt is not None and doubt.tzinfo is None:
        raise ValueError("a time is without an offset")
    return HighWaterMark(int(held["written"]), doubt)


def _write(path: Path, text: str) -> None:
    """Write a file durably, so that it survives a crash; raises OSError."""
    with path.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
