"""Which story went into which, and which came from which."""

from collections.abc import Callable

from stories.edition import Edition
from stories.story import Story, StoryId


class Lineage:
    """The mergers and splits of the stories in memory, followed in both directions."""

    def __init__(self, get: Callable[[str], Edition | None]) -> None:
        """`get` finds a story by its id; each story it knows is added here, too."""
        self._get = get
        self._named_by: dict[StoryId, set[StoryId]] = {}
        """For each story those that name it as what they went into or came from."""

    def add(self, story: Story) -> None:
        for other in _named(story):
            self._named_by.setdefault(other, set()).add(story.id)

    def drop(self, story: Story) -> None:
        for other in _named(story):
            self._named_by[other].discard(story.id)
            if not self._named_by[other]:
                del self._named_by[other]

    def clear(self) -> None:
        self._named_by.clear()

    def merge_target(self, story_id: StoryId) -> Edition | None:
        """The story that a merged one is a part of now, through all mergers that are known.

        None for a story that stands by itself, and where mergers lead in a circle.
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
        """The stories that name this one as what they went into or came from, and so on."""
        found: set[StoryId] = set()
        look = [story_id]
        while look:
            new = self._named_by.get(look.pop(), set()) - found
            found |= new
            look += [each for each in new if self._there(each).story.merged_into]
        return found - {story_id}

    def merged_from(self, story_id: StoryId) -> list[Edition]:
        """The stories that have become a part of this one, in the order of their ids."""
        targets = ((each, self.merge_target(each)) for each in sorted(self.related(story_id)))
        return [self._there(each) for each, into in targets if into and into.story.id == story_id]

    def split_off(self, story_id: StoryId) -> list[Edition]:
        """The stories that this one was split into, in the order of their ids."""
        naming = (self._there(each) for each in sorted(self._named_by.get(story_id, ())))
        return [each for each in naming if each.story.split_from == story_id]

    def _there(self, story_id: StoryId) -> Edition:
        edition = self._get(story_id)
        assert edition is not None, "stories that name others are in memory"
        return edition


def _named(story: Story) -> set[StoryId]:
    """The stories that it names as what it went into or came from."""
    return {other for other in (story.merged_into, story.split_from) if other is not None}
