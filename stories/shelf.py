"""The stories in memory: the newest edition of each, in order, and found by words."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from rapidfuzz import fuzz, process

from stories.delta import Delta, compare
from stories.story import LIVE_FOR, Question, Story, StoryId

NEAR = 60.0
"""How alike (0-100) words and a title must be to be offered as “did you mean”."""
SURE = 86.0
"""How alike they must be to be taken as the same."""


@dataclass(frozen=True, slots=True)
class Edition:
    """A story as the archive holds it: one revision and what is known about its arrival."""

    story: Story
    before: Story | None
    """The revision it replaced, where the archive still has it."""
    seq: int
    """Where it stands in the archive's index: newer editions have higher ones."""
    heard_at: datetime

    @property
    def revision(self) -> int:
        assert self.story.revision is not None, "the archive numbers every revision"
        return self.story.revision

    def is_live(self, at: datetime, live_for: timedelta = LIVE_FOR) -> bool:
        return self.story.is_live(at, self.heard_at, live_for)


@dataclass(frozen=True, slots=True)
class Found:
    """A question of a story, and how well it fits what was asked (0-100)."""

    edition: Edition
    question: Question
    score: float


@dataclass(slots=True)
class Shelf:
    """The copy of the stories that answers are given from. It never waits for anything."""

    live_for: timedelta = LIVE_FOR
    _editions: dict[StoryId, Edition] = field(default_factory=dict)
    _deltas: dict[StoryId, Delta] = field(default_factory=dict)

    def put(self, edition: Edition) -> bool:
        """Keep an edition unless a newer one is here; True when it was kept."""
        held = self._editions.get(edition.story.id)
        if held is not None and held.seq >= edition.seq:
            return False
        self._editions[edition.story.id] = edition
        self._deltas.pop(edition.story.id, None)
        return True

    def clear(self) -> None:
        """Forget everything: the archive began anew."""
        self._editions.clear()
        self._deltas.clear()

    def __len__(self) -> int:
        return len(self._editions)

    def get(self, story_id: str) -> Edition | None:
        return self._editions.get(StoryId(story_id))

    def delta(self, edition: Edition) -> Delta:
        """What the newest revision changed, reckoned once."""
        story_id = edition.story.id
        if story_id not in self._deltas:
            self._deltas[story_id] = compare(edition.before, edition.story)
        return self._deltas[story_id]

    def live(self, at: datetime | None = None) -> list[Edition]:
        """The live stories by virality, then freshness."""
        now = at or datetime.now(UTC)
        return sorted(
            (edition for edition in self._editions.values() if edition.is_live(now, self.live_for)),
            key=lambda edition: (
                -(edition.story.stats.virality or 0.0),
                -(edition.story.updated_at or edition.heard_at).timestamp(),
                edition.story.id,
            ),
        )

    def find(self, words: str) -> Edition | None:
        """The one story that `words` surely mean: its id, its title, or words of its title."""
        words = " ".join(words.split())
        if not words:
            return None
        if edition := self.get(words.casefold()):
            return edition
        best = next(iter(self.nearest(words, limit=1)), None)
        return best if best and _likeness(words, best.story) >= SURE else None

    def nearest(self, words: str, limit: int = 3) -> list[Edition]:
        """Stories whose title or headline is like `words`, best first; live before the rest."""
        live = self.live()
        alive = {edition.story.id for edition in live}
        rest = [edition for edition in self._editions.values() if edition.story.id not in alive]
        scored = [
            (_likeness(words, edition.story), -place, edition)
            for place, edition in enumerate([*live, *rest])
        ]
        near = sorted(
            (entry for entry in scored if entry[0] >= NEAR),
            key=lambda entry: entry[:2],
            reverse=True,
        )
        return [edition for *_, edition in near[:limit]]

    def answers(self, text: str, among: Iterable[Edition] | None = None) -> list[Found]:
        """Questions like `text` over the live stories (or `among`), best first."""
        candidates = [
            (edition, question)
            for edition in (self.live() if among is None else among)
            for question in edition.story.questions
        ]
        matches = process.extract(
            text.casefold(),
            [question.question.casefold() for _, question in candidates],
            scorer=fuzz.token_set_ratio,
            score_cutoff=NEAR,
            limit=5,
        )
        return [Found(*candidates[place], score) for _, score, place in matches]


def _likeness(words: str, story: Story) -> float:
    """0-100: how well `words` name a story."""
    asked = words.casefold()
    texts = [story.title, *([story.headline] if story.headline else [])]
    return max(
        fuzz.ratio(asked, story.id),
        *(fuzz.token_set_ratio(asked, text.casefold()) for text in texts),
    )
