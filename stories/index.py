"""The stories in memory: the latest edition of each, and a stub of those that left full memory."""

from bisect import bisect_left, insort
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from stories.delta import Delta, Kind, compare
from stories.edition import Edition
from stories.lineage import Lineage
from stories.ranking import Ranking
from stories.search import StorySearch, title_words
from stories.story import LIVE_FOR, StoryId
from stories.stub import Stub, key_of, read_stub, title_key_of

RECALLED = 100
"""The most stories from outside full memory that are held whole after someone asked about them."""
TITLE_LIMIT = 300
"""Longer texts aren't looked up as titles."""

OTHERS = frozenset({Kind.MERGED, Kind.UNMERGED, Kind.SPLIT, Kind.FOLLOWS})
"""The kinds of change that name another story."""


def _all_is_readable(_: str) -> bool:
    return False


class StoryIndex:
    """The in-memory copy of the stories from which answers are given. Never waits for anything.

    Methods with a moment use now if none is given.
    """

    def __init__(
        self,
        live_for: timedelta = LIVE_FOR,
        *,
        is_unreadable: Callable[[str], bool] = _all_is_readable,
    ) -> None:
        self.live_for = live_for
        """How long a story is live after its last update."""
        self.is_unreadable = is_unreadable
        """Whether the archive has a story of this id that couldn't be read, so that it isn't
        here."""
        self.cleared = 0
        """How often it was emptied because the archive started anew."""
        self.knows_live = True
        """False during filling, while live stories may be missing."""
        self.knows_all = True
        """False during filling, while stories may be missing."""
        self._editions: dict[StoryId, Edition] = {}
        self._stubs: dict[StoryId, bytes] = {}
        """The stories that have left full memory: their index number and stub."""
        self._left: list[tuple[int, StoryId]] = []
        """The same stories by number, including numbers that some had before."""
        self._left_sorted = True
        self._stub_titles: dict[int, StoryId] = {}
        """The same stories by title; of several with the same title, the one that left last."""
        self._recalled: dict[StoryId, Edition] = {}
        """Those of them that someone recently asked about, read from the archive."""
        self._deltas: dict[StoryId, Delta] = {}
        self._seqs: list[tuple[int, StoryId]] = []
        """In the order of the archive's index."""
        self._ranking = Ranking(self._editions, live_for)
        self.search = StorySearch(self._editions, self._ranking, self.exactly)
        """Finds stories and questions by words."""
        self.lineage = Lineage(self.get)
        """Which stories were merged into which, and split from which."""

    def put(self, edition: Edition) -> bool:
        """Store an edition unless a newer one is here; returns whether it was stored."""
        held = self._editions.get(edition.story.id)
        if held is not None:
            if held.seq >= edition.seq:
                return False
            self._drop(held)
        elif (raw := self._stubs.get(edition.story.id)) is not None:
            if _seq(raw) >= edition.seq:
                return False
            self._drop_stub(edition.story.id)
        self._add(edition)
        return True

    def put_stub(self, stub: Stub) -> bool:
        """Keep only a stub of a story, or nothing if the stub is empty.

        Returns whether that happened: not if something newer is here. Raises StubError.
        """
        story_id = stub.id
        held = self._editions.get(story_id)
        raw = self._stubs.get(story_id)
        if (held is not None and held.seq >= stub.seq) or (raw and _seq(raw) >= stub.seq):
            return False
        known = (title_key_of(stub.raw), read_stub(story_id, stub.raw)[0]) if stub.raw else None
        if held is not None:
            self._drop(held)
            del self._editions[story_id]
        if raw is not None:
            self._drop_stub(story_id)
        if known is not None:
            title, thin = known
            self._stubs[story_id] = stub.seq.to_bytes(8) + stub.raw
            self._left.append((stub.seq, story_id))
            self._left_sorted = False
            self._stub_titles[title] = story_id
            self.lineage.add(thin)
        return True

    def clear(self) -> None:
        """Forget everything, because the archive started anew."""
        self.cleared += 1
        self._editions.clear()
        self._stubs.clear()
        self._left.clear()
        self._stub_titles.clear()
        self._recalled.clear()
        self._deltas.clear()
        self._seqs.clear()
        self._ranking.clear()
        self.search.clear()
        self.lineage.clear()

    def get(self, story_id: str) -> Edition | None:
        """The edition; for a story that has left full memory, what is known of it."""
        key = StoryId(story_id)
        edition = self._editions.get(key)
        if edition is None and (raw := self._stubs.get(key)) is not None:
            edition = self._recalled.get(key)
            if edition is None:
                story, heard_at = read_stub(key, raw[8:])
                edition = Edition(story, None, _seq(raw), heard_at, whole=False)
        return edition

    def exactly(self, words: str) -> Edition | None:
        """The story with the id `words`, or one that has left full memory by its full title."""
        story_id = StoryId(words.strip().casefold())
        if (edition := self.get(story_id)) or not self._stubs or len(words) > TITLE_LIMIT:
            return edition
        title = title_words(words)
        if self.search.has_title(title):
            return None
        left = self._stub_titles.get(key_of(title))
        return None if left is None else self.get(left)

    def __contains__(self, story_id: StoryId) -> bool:
        """Whether the story is in full memory."""
        return story_id in self._editions

    def __len__(self) -> int:
        return len(self._editions)

    def live(self, at: datetime | None = None) -> list[Edition]:
        """The live stories by virality, then freshness."""
        return list(self._ranking.live((at or datetime.now(UTC)).timestamp()))

    def top(self, limit: int, at: datetime | None = None) -> list[Edition]:
        """The first few live stories."""
        return list(self._ranking.live((at or datetime.now(UTC)).timestamp())[:limit])

    def since(self, seq: int) -> list[Edition]:
        """The editions after a position in the archive's index, oldest first."""
        first = bisect_left(self._seqs, (seq + 1, StoryId("")))
        return [self._editions[story] for _, story in self._seqs[first:]]

    def left_since(self, seq: int) -> list[Edition]:
        """The stories that left full memory after a position in the archive's index."""
        if not self._left_sorted:
            if len(self._left) > 2 * len(self._stubs) + 1000:
                self._left = [(_seq(raw), story_id) for story_id, raw in self._stubs.items()]
            self._left.sort()
            self._left_sorted = True
        behind = self._left[bisect_left(self._left, (seq + 1, StoryId(""))) :]
        still = ((seq, self._stubs.get(story_id, b""), story_id) for seq, story_id in behind)
        editions = (self.get(story_id) for seq, raw, story_id in still if _seq(raw) == seq)
        return [edition for edition in editions if edition is not None]

    def holds(self, edition: Edition) -> bool:
        """Whether exactly this edition is here."""
        return self._editions.get(edition.story.id) == edition

    def has_stub(self, stub: Stub) -> bool:
        """Whether exactly this stub is here, or, for an empty one, that nothing is."""
        if not stub.raw:
            return stub.id not in self._stubs and stub.id not in self._editions
        return self._stubs.get(stub.id) == stub.seq.to_bytes(8) + stub.raw

    def recall(self, edition: Edition) -> None:
        """Use this edition, read again from the archive, for a while."""
        if edition.story.id in self._stubs:
            self._recalled.pop(edition.story.id, None)
            self._recalled[edition.story.id] = edition
            while len(self._recalled) > RECALLED:
                del self._recalled[next(iter(self._recalled))]

    def delta(self, edition: Edition) -> Delta:
        """What an edition changed, with titles inserted; cached for the latest edition."""
        story_id = edition.story.id
        if self._editions.get(story_id) is not edition:
            return self.named(compare(edition.before, edition.story))  # outdated: not cached
        if story_id not in self._deltas:
            self._deltas[story_id] = compare(edition.before, edition.story)
        return self.named(self._deltas[story_id])

    def named(self, delta: Delta) -> Delta:
        """The delta with the titles of other stories in place of their ids, where known."""
        if not any(change.kind in OTHERS for change in delta.changes):
            return delta
        return Delta(
            tuple(
                replace(
                    change, before=self._titled(change.before), after=self._titled(change.after)
                )
                if change.kind in OTHERS
                else change
                for change in delta.changes
            )
        )

    def _titled(self, story_id: str | None) -> str | None:
        edition = self.get(story_id) if story_id else None
        return edition.story.title if edition else story_id

    def _add(self, edition: Edition) -> None:
        story = edition.story
        self._editions[story.id] = edition
        insort(self._seqs, (edition.seq, story.id))
        self._ranking.add(edition)
        self.search.add(story)
        self.lineage.add(story)

    def _drop(self, edition: Edition) -> None:
        story = edition.story
        self._deltas.pop(story.id, None)
        del self._seqs[bisect_left(self._seqs, (edition.seq, story.id))]
        self._ranking.drop(story.id)
        self.search.drop(story)
        self.lineage.drop(story)

    def _drop_stub(self, story_id: StoryId) -> None:
        raw = self._stubs.pop(story_id)[8:]
        self._recalled.pop(story_id, None)
        if self._stub_titles.get(title_key_of(raw)) == story_id:
            del self._stub_titles[title_key_of(raw)]
        self.lineage.drop(read_stub(story_id, raw)[0])


def _seq(raw: bytes) -> int:
    return int.from_bytes(raw[:8])
