"""A story as the desk keeps it while it develops: its articles, its status, what became of it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from newsroom.desk.entries import Came
from newsroom.desk.match import Vector
from newsroom.desk.outlets import Outlets, leanings
from newsroom.desk.standing import OUTLETS_EMERGING, Facts, Report, virality
from newsroom.desk.words import NOTHING
from newsroom.model import ArticleKey, Draft, Standing
from stories.spelling import bare
from stories.story import Status, StoryId

_EMPTY = {bare: replace(NOTHING, bare=bare) for bare in (False, True)}
SLUG = 32
"""Characters of a story's id before the hash."""


@dataclass(slots=True)
class Member:
    """An article in a story."""

    entry: Came
    """Without its features: they are in `vector`, weighed."""
    vector: Vector
    origin: ArticleKey | None
    """The article it is a copy of."""
    score: float
    """Log-odds with which it was put there; 0 for the first and for what an operator put there."""
    revised: int = 0
    """How often it was revised."""


@dataclass(slots=True)
class Story:
    """A story the desk works on."""

    serial: int
    """Counts stories from 1 in the order in which they began; unknown outside."""
    column: int
    """Its place in the pool."""
    members: dict[ArticleKey, Member] = field(default_factory=dict)
    """In the order in which they came in."""
    id: StoryId | None = None
    """None while it is pending. Once given it never changes."""
    status: Status | None = None
    cooled: int = 0
    """When it began to cool, seconds since 1970; 0 while it does not."""
    due: int = 0
    """When it is looked at again although nothing came."""
    compared: int = 1
    """How many articles it had when it was last compared with other stories."""
    follows: StoryId | None = None
    split_from: StoryId | None = None
    merged_into: StoryId | None = None
    retracted: str | None = None
    """Why it was withdrawn."""
    apart: set[int] = field(default_factory=set)
    """Serials of the stories it was split from, or that were split from it: they never merge again
    by themselves."""
    draft: Draft | None = None

    @property
    def over(self) -> bool:
        """Whether nothing more can join it."""
        return (
            self.status is Status.ENDED
            or self.merged_into is not None
            or self.retracted is not None
        )

    @property
    def started(self) -> int:
        """When its first article was published, seconds since 1970."""
        return min((member.entry.published for member in self.members.values()), default=0)

    @property
    def last(self) -> int:
        """When its newest article was published."""
        return max((member.entry.published for member in self.members.values()), default=0)

    @property
    def bare(self) -> bool:
        """Whether all of its articles are bare titles."""
        return all(member.entry.features.bare for member in self.members.values())

    def outlets(self) -> set[str]:
        """The domains that report it."""
        return {member.entry.outlet for member in self.members.values()}

    def originals(self) -> Iterator[Member]:
        """Its articles that are nobody's copy."""
        return (member for member in self.members.values() if member.origin is None)

    def reports(self) -> Iterator[Report]:
        """Its articles as the figures see them."""
        for member in self.members.values():
            yield Report(member.entry.outlet, member.entry.published, member.origin is not None)

    def facts(self) -> Facts:
        """What its status depends on."""
        entries = [member.entry for member in self.members.values()]
        published = [entry.published for entry in entries]
        ready = _ready(entries) if self.status is None else None
        returned = 0
        if self.cooled:
            returned = sum(member.entry.arrived > self.cooled for member in self.originals())
        outlets = len({entry.outlet for entry in entries})
        return Facts(outlets, len(entries), min(published), max(published), ready, returned)

    def standing(self, now: int, outlets: Outlets) -> Standing:
        """Its figures at `now`, seconds since 1970."""
        leaning = leanings(self.outlets(), outlets)
        return Standing(
            status=self.status,
            virality=round(virality(self.reports(), now).value, 1),
            articles=len(self.members),
            independent=sum(1 for _ in self.originals()),
            outlets=len(self.outlets()),
            started=datetime.fromtimestamp(self.started, UTC),
            updated=datetime.fromtimestamp(self.last, UTC),
            leaning=leaning.leaning,
            spread=leaning.spread,
        )

    def drop(self, key: ArticleKey) -> Member:
        """Take an article out. Of its copies the oldest becomes an original."""
        gone = self.members.pop(key)
        heir: ArticleKey | None = None
        for each, member in self.members.items():
            if member.origin == key:
                member.origin, heir = heir, heir or each
        return gone


def _ready(entries: Sequence[Came]) -> int | None:
    """When the second outlet's article had come, or the first of one published by itself."""
    first: dict[str, int] = {}
    for entry in entries:
        first[entry.outlet] = min(first.get(entry.outlet, entry.arrived), entry.arrived)
    second = sorted(first.values())[OUTLETS_EMERGING - 1 : OUTLETS_EMERGING]
    return min([*second, *(entry.arrived for entry in entries if entry.alone)], default=None)


def lightened(entry: Came) -> Came:
    """The entry without its features, as a member keeps it."""
    return replace(entry, features=_EMPTY[entry.features.bare])


def story_id(first: Came) -> StoryId:
    """The id of a story that began with this article."""
    words = re.findall(r"[a-z0-9]+", bare(first.title))
    slug = ""
    for word in words:
        if len(slug) + len(word) + 1 > SLUG:
            break
        slug = f"{slug}-{word}" if slug else word
    return StoryId(f"{slug or 'story'}-{first.key[:6]}")
