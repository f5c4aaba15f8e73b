"""What stays in memory of a story that has left it: enough to find it by name and follow its
links."""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from stories.story import Stats, Status, Story, StoryId

STUB_BYTES = 300
"""The longest stub; longer titles and headlines are cut."""


class StubError(ValueError):
    """The stored bytes aren't a stub that this version can read."""


@dataclass(frozen=True, slots=True)
class Stub:
    """A story that ended long ago, as the archive's index holds it."""

    id: StoryId
    seq: int
    raw: bytes
    """The bytes from `write_stub`."""


def write_stub(story: Story, heard_at: datetime, title_key: int) -> bytes:
    """A stub of at most STUB_BYTES. `title_key` represents the whole title, which may not fit."""
    title, headline = story.title, story.headline or ""
    while True:
        raw = json.dumps(
            [
                *(1, title, headline, story.stats.status or "", story.merged_into or ""),
                *(story.split_from or "", int(story.retracted is not None), story.revision),
                *(int(heard_at.timestamp()), f"{title_key:x}"),
            ],
            ensure_ascii=False,
            separators=(",", ":"),
        ).encode("utf-8", "replace")
        over = len(raw) - STUB_BYTES
        if over <= 0:
            return raw
        cut = (over + 3) // 4  # a character has at most four bytes
        if headline:
            headline = headline[:-cut] if cut < len(headline) else ""
        else:
            title = title[:-cut]


def read_stub(story_id: StoryId, raw: bytes) -> tuple[Story, datetime]:
    """The little that is known of the story, and when it was last received; raises StubError."""
    fields = _fields(raw)
    try:
        _, title, headline, status, merged_into, split_from, gone, revision, heard_at, _ = fields
        story = Story(
            story_id,
            title or story_id,
            (),
            revision=int(revision),
            headline=headline or None,
            stats=Stats(Status(status) if status else None),
            merged_into=StoryId(merged_into) if merged_into else None,
            split_from=StoryId(split_from) if split_from else None,
            retracted="" if gone else None,
        )
        return story, datetime.fromtimestamp(heard_at, UTC)
    except (ValueError, TypeError, OverflowError) as error:
        raise StubError(str(error)) from error


def title_key_of(raw: bytes) -> int:
    """The title key in a stub."""
    try:
        return int(_fields(raw)[-1], 16)
    except (ValueError, TypeError) as error:
        raise StubError(str(error)) from error


def key_of(words: frozenset[str]) -> int:
    """A number that represents the words of a title, the same in every process."""
    said = " ".join(sorted(words)).encode("utf-8", "replace")
    return int.from_bytes(hashlib.blake2s(said, digest_size=7).digest())


def _fields(raw: bytes) -> list[Any]:
    try:
        fields = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise StubError(str(error)) from error
    if not isinstance(fields, list) or len(fields) != 10 or fields[0] != 1:
        raise StubError("a stub of another version")
    return fields
