"""A story as the archive holds it: one revision and what is known about its arrival."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from stories.story import LIVE_FOR, Story


@dataclass(frozen=True, slots=True)
class Edition:
    """A story as the archive holds it: one revision and what is known about its arrival."""

    story: Story
    before: Story | None
    """The revision it replaced, if the archive still has it."""
    seq: int
    """Its position in the archive's index: newer editions have higher ones."""
    heard_at: datetime
    whole: bool = True
    """False for a story that has left full memory, of which little more than the title is known."""

    @property
    def revision(self) -> int:
        """The story's revision, which the archive always numbers."""
        assert self.story.revision is not None, "the archive numbers every revision"
        return self.story.revision

    def is_live(self, at: datetime, live_for: timedelta = LIVE_FOR) -> bool:
        """Whether the story is still developing at this moment."""
        return self.story.is_live(at, self.heard_at, live_for)

    def live_until(self, live_for: timedelta = LIVE_FOR) -> datetime:
        """When a live story goes stale if nothing new arrives."""
        return self.fresh + live_for

    @property
    def fresh(self) -> datetime:
        """When the story was last updated."""
        return self.story.fresh(self.heard_at)
