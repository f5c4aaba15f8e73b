"""What one chat wants: which stories, and how loud."""

from dataclasses import dataclass
from enum import StrEnum

from stories.story import Story, StoryId


class Loudness(StrEnum):
    EDIT = "edit"
    """The card is edited, and that is all."""
    REPLY = "reply"
    """Notable and major updates also get a short reply, at most one per story and hour."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Matches when any of its stories matches and every threshold holds."""

    all: bool = False
    keywords: tuple[str, ...] = ()
    entities: tuple[str, ...] = ()
    story_ids: tuple[StoryId, ...] = ()
    min_virality: float | None = None
    min_articles: int | None = None
    show_leaning: bool = False
    loudness: Loudness = Loudness.REPLY

    @property
    def empty(self) -> bool:
        return not (self.all or self.keywords or self.entities or self.story_ids)

    def wants(self, story: Story) -> bool:
        """Words match whole and case-folded; an absent figure fails its threshold."""
        return self._names(story) and self._reaches(story)

    def _names(self, story: Story) -> bool:
        return (
            self.all
            or story.id in self.story_ids
            or bool(folded(self.keywords) & folded(story.keywords))
            or bool(folded(self.entities) & folded(story.entities))
        )

    def _reaches(self, story: Story) -> bool:
        stats = story.stats
        return at_least(stats.virality, self.min_virality) and at_least(
            stats.articles, self.min_articles
        )


def at_least(figure: float | None, threshold: float | None) -> bool:
    """Whether a figure reaches a threshold; an absent one reaches none."""
    return threshold is None or (figure is not None and figure >= threshold)


def folded(words: tuple[str, ...]) -> frozenset[str]:
    """Words as they are compared: case-folded, with single spaces."""
    return frozenset(" ".join(word.split()).casefold() for word in words)
