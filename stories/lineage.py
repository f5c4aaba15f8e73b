"""Which stories were merged into which, and which were split from which."""

from collections.abc import Callable

from stories.edition import Edition
from stories.story import Story, StoryId


class Lineage:
    """The mergers and splits of the stories in memory, in both directions."""

    def __init__(self, get: Callable[[str], Edition | None]) -> None:
        """`get` finds a story by its id; each story it knows must be added here, too."""
        self._get = get
        self._named_by: dict[StoryId, set[StoryId]] = {}
        """For each story, those that name it as the one they were merged into or split from."""

    def add(self, story: Story) -> None:
        """Add a story's links."""
        for other in _named(story):
            self._named_by.setdefault(other, set()).add(story.id)

    def drop(self, story: Story) -> None:
        """Remove a story's links, as they were added."""
        for other in _named(story):
            self._named_by[other].discard(story.id)
            if not self._named_by[other]:
                del self._named_by[other]

    def clear(self) -> None:
        """Remove all links."""
        self._named_by.clear()

    def merge_target(self, story_id: StoryId) -> Edition | None:
        """The story that a merged one is now part of, through all known mergers.

        None for a story that isn't merged, and if mergers form a circle.
        """
        seen: set[StoryId] = set()
        edition = self._get(story_id)
        while edition is not None and edition.story.merged_into is not None:
            if edition.story.id in seen:
                return None
            seen.add(edition.story.id)
            following = self._get(edition.story.merged_into)
            if following is None:
                break
            edition = following
        return edition if edition is not None and edition.story.id != story_id else None

    def related(self, story_id: StoryId) -> set[StoryId]:
        """The stories that name this one as the one they were merged into or split from,
        transitively."""
        found: set[StoryId] = set()
        look = [story_id]
        while look:
            new = self._named_by.get(look.pop(), set()) - found
            found |= new
            look += [each for each in new if self._there(each).story.merged_into]
        return found - {story_id}

    def merged_from(self, story_id: StoryId) -> list[Edition]:
        """The stories merged into this one, ordered by id."""
        targets = ((each, self.merge_target(each)) for each in sorted(self.related(story_id)))
        return [self._there(each) for each, into in targets if into and into.story.id == story_id]

    def split_off(self, story_id: StoryId) -> list[Edition]:
        """The stories split from this one, ordered by id."""
        naming = (self._there(each) for each in sorted(self._named_by.get(story_id, ())))
        return [each for each in naming if each.story.split_from == story_id]

    def _there(self, story_id: StoryId) -> Edition:
        edition = self._get(story_id)
        assert edition is not None, "stories that name others are in memory"
        return edition


def _named(story: Story) -> set[StoryId]:
    """The stories that it names as the ones it was merged into or split from."""
    return {other for other in (story.merged_into, story.split_from) if other is not None}
