"""Finds the cards that a change affects."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from bot.delivery.ports import Archive, Ledger
from bot.delivery.rows import Rows
from bot.delivery.rules import RuleBook
from bot.model.chat import Chat
from bot.model.due import DueSubject
from stories.edition import Edition
from stories.index import StoryIndex
from stories.story import Story, StoryId

T = TypeVar("T")

FOUND = 1000
"""How many more stories than twice those in memory are remembered with the revision last found."""


async def by_turns(items: Iterable[T]) -> AsyncGenerator[T]:
    """Yields the items, which may be many, and lets other tasks run now and then."""
    for number, item in enumerate(items, 1):
        yield item
        if number % 500 == 0:
            await asyncio.sleep(0)


class AffectedCards:
    """Finds the cards of one platform that have to be checked. Every method may raise
    StorageAway."""

    def __init__(
        self,
        platform: str,
        *,
        index: StoryIndex,
        rules: RuleBook,
        ledger: Ledger,
        archive: Archive,
        rows: Rows,
        first_for: timedelta,
        now: Callable[[], datetime],
    ) -> None:
        """`first_for`: on the very first start, only stories updated within this time count as
        live."""
        self._platform = platform
        self._index = index
        self._rules = rules
        self._ledger = ledger
        self._archive = archive
        self._rows = rows
        self._first_for = first_for
        self._now = now
        self._found_at: dict[StoryId, int] = {}
        """The revision of each story when its cards were last looked up."""

    def forget(self) -> None:
        """What was found may not have been enqueued: changes since then will be looked up anew."""
        self._found_at.clear()

    async def since(self, behind: int, *, first: bool) -> list[DueSubject]:
        """The cards affected by everything after position `behind` in the archive's index.

        Those are the cards of chats that want a story while it is live, and existing cards; with
        `behind` 0, for all stories. `first`: nothing was ever enqueued.
        """
        entries = []
        for edition in self._index.since(behind):
            story = edition.story
            entries += await self._to_related(edition, all_are=not behind)
            changes = self._rows.changes
            rows = await self._ledger.of_story(story.id)
            chats = set(rows)
            live_for = self._index.live_for
            if first:
                live_for = min(live_for, self._first_for)
            if edition.is_live(self._now(), live_for):
                chats |= self._rules.wanting(story)
            else:
                chats |= self._rules.following(story.id)
            ours = [chat for chat in chats if chat.platform == self._platform]
            if changes == self._rows.changes:
                self._rows.know(story.id, rows, ours)
            entries += [DueSubject(chat, story.id, edition.seq) async for chat in by_turns(ours)]
        for edition in self._index.left_since(behind) if behind else ():
            entries += await self._left_behind(edition)
        return entries

    async def _left_behind(self, edition: Edition) -> list[DueSubject]:
        """Cards of a story that left full memory before they showed its last revision,
        because nobody delivered for so long."""
        story = edition.story.id
        return [
            DueSubject(chat, story, edition.seq)
            for chat, row in (await self._ledger.of_story(story)).items()
            if chat.platform == self._platform
            and row.message_id
            and row.revision < edition.revision
        ]

    async def _to_related(self, edition: Edition, *, all_are: bool) -> list[DueSubject]:
        """Cards of related stories that a change of this one affects.

        First, follows and mutes of merged stories are transferred. `all_are`: every story is being
        enqueued anyway.
        """
        story, concerned = edition.story, defaultdict[StoryId, set[Chat]](set)
        heir = self._index.lineage.merge_target(story.id)
        if heir is not None:
            into = heir.story.id
            concerned[into] |= await self._inheritors(story.id, into)
            concerned[into] |= set(await self._ledger.of_story(into))
        kin = self._index.lineage.related(story.id)
        for was in (*await self._seen_before(edition, all_are), story):
            # It may no longer be merged into those.
            named = {each for each in (was.merged_into, was.split_from) if each}
            heirs = {
                known.story.id for known in map(self._index.lineage.merge_target, named) if known
            }
            kin |= named | heirs
        for part in self._index.lineage.merged_from(story.id):
            await self._rules.inherit(part.story.id, story.id, self._platform)
        for other in kin:
            concerned[other] |= set(await self._ledger.of_story(other))
        return [
            DueSubject(chat, other, known.seq)
            for other, chats in concerned.items()
            if (known := self._index.get(other)) is not None
            for chat in chats
            if chat.platform == self._platform
        ]

    async def _seen_before(self, edition: Edition, all_are: bool) -> Sequence[Story]:
        """What the story was when we last enqueued it: updates may have come in between."""
        story, was = edition.story, edition.before
        if len(self._found_at) > FOUND + 2 * len(self._index):  # stories have left full memory
            self._found_at = {
                each: at for each, at in self._found_at.items() if each in self._index
            }
        last, self._found_at[story.id] = self._found_at.get(story.id), edition.revision
        if was is None or all_are:
            return ()
        return (was,) if last == was.revision else await self._archive.history(story.id, last or 0)

    async def by_file(self) -> list[DueSubject]:
        """The cards for the operator's file, which may have changed while no process ran.

        A chat in it that follows or mutes a merged story means the merged one.
        """
        entries = []
        for chat in self._rules.chats():
            rule = self._rules.of(chat)
            here = chat.platform == self._platform and self._rules.is_fixed(chat)
            if rule is None or not here:
                continue
            for story in {*rule.story_ids, *(mute.story for mute in rule.muted)}:
                concerned = {chat}
                heir = self._index.lineage.merge_target(story)
                if heir is not None:
                    concerned |= await self._inheritors(story, heir.story.id)
                edition = heir or self._index.get(story)
                if edition is not None:
                    found = edition.story.id
                    entries += [DueSubject(each, found, edition.seq) for each in concerned]
        return entries

    async def _inheritors(self, story: StoryId, into: StoryId) -> set[Chat]:
        """Transfer follows and mutes of a merged story; return the chats that this may affect.

        Among them are all that follow the other story now: they may have inherited it in an attempt
        that failed before it was enqueued.
        """
        chats = await self._rules.inherit(story, into, self._platform)
        return chats | {
            chat for chat in self._rules.following(into) if chat.platform == self._platform
        }
