"""The desk written down, so that a restart folds only what came since.

The same desk always gives the same bytes. What can be worked out again is left out: the sums of a
story are the sums of its articles.
"""

import json
from dataclasses import asdict
from heapq import heappush
from typing import Any

from newsroom.desk import entries
from newsroom.desk.desk import Desk, Past
from newsroom.desk.match import Vector
from newsroom.desk.outlets import Outlets
from newsroom.desk.pool import Column
from newsroom.desk.story import Member, Story
from newsroom.model import Bullet, Draft
from stories.story import Status

FORM = 1
"""The layout of a snapshot."""
ALGORITHM = 1
"""Counts every change that would make other stories of the same log. A snapshot of another one is
not read: the log is folded anew."""


class Outdated(ValueError):
    """The snapshot is of another form or algorithm, or is damaged: fold the log anew."""


def snapshot(desk: Desk) -> bytes:
    """Everything the desk knows."""
    said = {
        "form": FORM,
        "algorithm": ALGORITHM,
        "now": desk.now,
        "serial": desk.serial,
        "tidied": desk.tidied,
        "compared": desk.compared,
        "grown": sorted(desk.grown),
        "gone": desk.gone,
        "counts": [desk.counts.total, sorted(desk.counts.seen.items())],
        "known": list(desk.known.items()),
        "prints": sorted(desk.prints.items()),
        "free": desk.pool.free,
        "top": desk.pool.top,
        "past": [[past.id, _flat(past.vector), past.last] for past in desk.past.values()],
        "stories": [_story(story) for story in desk.stories.values()],
        "batch": [entries.write(entry).decode(errors="surrogatepass") for entry in desk.batch],
    }
    return json.dumps(said, ensure_ascii=True, separators=(",", ":"), sort_keys=True).encode()


def restore(raw: bytes, outlets: Outlets | None = None) -> Desk:
    """The desk as it was; Outdated when this version cannot go on from there."""
    try:
        said = json.loads(raw)
        if (said["form"], said["algorithm"]) != (FORM, ALGORITHM):
            raise Outdated(f"the snapshot is of algorithm {said['algorithm']}, not {ALGORITHM}")
        return _restored(said, outlets)
    except (KeyError, TypeError, IndexError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise Outdated(f"the snapshot cannot be read: {error!r}") from error


def _restored(said: dict[str, Any], outlets: Outlets | None) -> Desk:
    desk = Desk(outlets)
    desk.now, desk.serial, desk.tidied = said["now"], said["serial"], said["tidied"]
    desk.gone, desk.compared, desk.grown = said["gone"], said["compared"], set(said["grown"])
    desk.counts.total = said["counts"][0]
    desk.counts.seen = dict(said["counts"][1])
    desk.known, desk.prints = dict(said["known"]), dict(said["prints"])
    desk.pool.free, desk.pool.top = said["free"], said["top"]
    for each in said["past"]:
        desk.bury(Past(each[0], _vector(each[1]), each[2]))
    for each in said["batch"]:
        desk.take(entries.read(each.encode(errors="surrogatepass")))
    for story in map(_read_story, said["stories"]):
        desk.stories[story.serial] = story
        if story.column < 0:
            continue
        desk.home |= dict.fromkeys(story.members, story.serial)
        sums = Vector()
        for member in story.members.values():
            sums.add(member.vector)
        column = Column(story.serial, sums, len(story.members), story.last)
        desk.pool.restore(story.column, column)
        heappush(desk.agenda, (story.due, story.serial))
    return desk


def _story(story: Story) -> dict[str, Any]:
    said = {name: getattr(story, name) for name in _PLAIN}
    said["apart"] = sorted(story.apart)
    said["draft"] = asdict(story.draft) if story.draft else None
    said["members"] = [
        [
            entries.packed(member.entry),
            _flat(member.vector),
            member.origin,
            member.score,
            member.revised,
        ]
        for member in story.members.values()
    ]
    return said


_PLAIN = (
    "serial", "column", "id", "status", "cooled", "due", "compared",
    "follows", "split_from", "merged_into", "retracted",
)  # fmt: skip
"""What stands in JSON as it is."""


def _read_story(said: dict[str, Any]) -> Story:
    story = Story(**{name: said[name] for name in _PLAIN})
    story.apart = set(said["apart"])
    story.status = Status(story.status) if story.status else None
    if draft := said["draft"]:
        bullets = (Bullet(each["text"], tuple(each["sources"])) for each in draft.pop("bullets"))
        story.draft = Draft(**draft, bullets=tuple(bullets))
    for entry, vector, origin, score, revised in said["members"]:
        member = Member(entries.came_from(entry), _vector(vector), origin, score, revised)
        story.members[member.entry.key] = member
    return story


def _flat(vector: Vector) -> list[list[int]]:
    return [[n for pair in sorted(channel.items()) for n in pair] for channel in vector.channels()]


def _vector(said: list[list[int]]) -> Vector:
    made = Vector()
    for place, (flat, channel) in enumerate(zip(said, made.channels(), strict=True)):
        channel.update(zip(flat[::2], flat[1::2], strict=True))
        made.squares[place] = sum(weight * weight for weight in channel.values())
    return made
