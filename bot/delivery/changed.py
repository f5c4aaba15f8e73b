"""What changed in a story since a revision that someone knows."""

from itertools import pairwise

from bot.delivery.ports import Archive
from stories.delta import Delta, Kind, Weight, compare
from stories.edition import Edition
from stories.index import StoryIndex
from stories.log import still_so
from stories.story import Story


class Changed:
    """Compares the latest edition with earlier revisions, as far as they are stored."""

    def __init__(self, index: StoryIndex, archive: Archive) -> None:
        self._index = index
        self._archive = archive

    async def since(self, edition: Edition, revision: int | None) -> Delta:
        """What changed between a revision that was shown and the latest edition."""
        before = edition.before
        if revision is None or before is None or revision in (before.revision, edition.revision):
            return self._index.delta(edition)
        history = await self._archive.history(edition.story.id, revision)
        shown = next((past for past in history if past.revision == revision), None)
        if shown is not None:
            return self._index.named(compare(shown, edition.story))
        return self._index.named(await self._remembered_since(edition, before, revision))

    async def _remembered_since(self, edition: Edition, before: Story, revision: int) -> Delta:
        """What changed since a revision that is no longer stored.

        That is what the log remembers, and what changed since the oldest stored revision.
        """
        newest = compare(before, edition.story).changes
        log = await self._archive.log(edition.story.id)
        upto = before.revision or 0
        past = [line for line in log.lines if revision < line.revision <= upto]
        told = {change.kind for change in newest}
        kept = [each for each in still_so(past, edition.story) if each.kind not in told]
        return Delta((*kept, *newest))

    async def major_since(self, revision: int, edition: Edition) -> bool:
        """Whether one of the updates after a revision was major; for 0, the latest one."""
        if not revision:
            return self._index.delta(edition).weight is Weight.MAJOR
        if edition.revision <= revision:
            return False
        history = await self._archive.history(edition.story.id, revision)
        updates = [past for past in history if (past.revision or 0) <= edition.revision]
        if any(compare(*pair).weight is Weight.MAJOR for pair in pairwise(updates)):
            return True
        if updates and updates[0].revision == revision:
            return False
        # Older revisions are no longer stored. The log remembers what was major in them; if its
        # beginning was pruned too, nobody can tell, and silence would be the worse mistake.
        lines = (await self._archive.log(edition.story.id)).lines
        if not lines or (lines[0].revision > revision and lines[0].change.kind is not Kind.NEW):
            return True
        return any(
            line.change.weight is Weight.MAJOR
            for line in lines
            if revision < line.revision <= edition.revision
        )
