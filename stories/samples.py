"""Three sample stories that develop over a minute, for trying things out."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import resources
from typing import Any

from stories import wire
from stories.story import Story


@dataclass(frozen=True, slots=True)
class Development:
    """A story's next revision, without a number: the archive counts across runs."""

    after: timedelta
    """How long after the start it is published."""
    story: Story


def developments(start: datetime) -> list[Development]:
    """Every revision of every sample, in the order of publishing; `start` is aware."""
    files = (resources.files("stories") / "samples").iterdir()
    found = [
        development
        for file in sorted(files, key=lambda file: file.name)
        if file.name.endswith(".json")
        for development in _revisions(json.loads(file.read_text("utf-8")), start)
    ]
    return sorted(found, key=lambda development: development.after)


def _revisions(sample: dict[str, Any], start: datetime) -> Iterator[Development]:
    """The revisions in a file, each of which lists what is new against the previous one."""
    document: dict[str, Any] = {
        "started_at": _ago(start, sample["started_hours_ago"]),
        "stats": {},
    }
    for revision in sample["revisions"]:
        after = timedelta(seconds=revision.pop("after_seconds"))
        stats = {**document["stats"], **revision.get("stats", {})}
        for source in revision.get("sources", ()):
            source["published_at"] = _ago(start, source.pop("published_hours_ago"))
        for conflict in revision.get("conflicts", ()):
            for report in conflict["reports"]:
                report["at"] = _ago(start, report.pop("hours_ago"))
        if "correction" in revision:
            revision["correction"]["at"] = (start + after).isoformat()
        document |= {**revision, "stats": stats, "updated_at": (start + after).isoformat()}
        yield Development(after, wire.read(json.dumps(document)).story)


def _ago(start: datetime, hours: float) -> str:
    return (start - timedelta(hours=hours)).isoformat()
