"""A mark on our own disk that tells when Redis stepped back: a failover, a restored backup."""

import json
import logging
import os
from datetime import datetime
from pathlib import Path

from bot.ports import Tide

log = logging.getLogger(__name__)


class FileHighWater:
    """One small file a prefix and platform, replaced whole."""

    def __init__(self, folder: Path, prefix: str, platform: str) -> None:
        self._path = folder / f"{prefix}.{platform}.highwater.json"

    def read(self) -> Tide:
        try:
            held = json.loads(self._path.read_text("utf-8"))
            doubt = held["doubt"]
            return Tide(int(held["written"]), datetime.fromisoformat(doubt) if doubt else None)
        except FileNotFoundError:
            return Tide()
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.warning("the high-water mark is unreadable; a new one begins", exc_info=error)
            return Tide()

    def write(self, tide: Tide) -> None:
        held = {
            "written": tide.written,
            "doubt": tide.doubt.isoformat() if tide.doubt else None,
        }
        beside = self._path.with_suffix(".new")
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("w", encoding="utf-8") as file:
            json.dump(held, file)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._path)
