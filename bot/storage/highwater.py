"""A high-water mark on our own disk, which reveals that Redis was rolled back: a failover,
a backup."""

import json
import logging
from datetime import datetime

from bot.model.ledger import HighWaterMark
from runtime.data_folder import DataFolder, write_down
from runtime.records import VERSION, Skipped

log = logging.getLogger(__name__)

COST = (
    "Cards and answers keep working. Until it's fixed, data lost in Redis can go unnoticed "
    "when the bot restarts, and cards may then be posted twice"
)


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
            write_down(beside, json.dumps(held))
            beside.replace(self._path)
        except OSError as error:
            self._folder.failed(self._path, error)
            return False
        self._folder.worked(self._path)
        return True


def _rollback(raw: bytes) -> HighWaterMark:
    held = json.loads(raw)
    if held.get("v", VERSION) > VERSION:
        raise ValueError(f"it is of version {held['v']}, but at most {VERSION} is known")
    doubt = datetime.fromisoformat(held["doubt"]) if held["doubt"] else None
    if doubt is not None and doubt.tzinfo is None:
        raise ValueError("a time is without an offset")
    return HighWaterMark(int(held["written"]), doubt)
