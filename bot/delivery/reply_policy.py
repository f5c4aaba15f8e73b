"""What a chat is told: what its rule wants of a story just now, and what is worth a reply."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise

from bot.delivery.decide import Wish
from bot.delivery.ports import Archive
from bot.delivery.rate_limiter import RateLimiter
from bot.delivery.rules import RuleBook
from bot.model.chat import Chat
from bot.model.ledger import CardRecord
from bot.model.rule import Loudness, Rule
from stories.delta import Delta, Kind, Weight, compare
from stories.edition import Edition
from stories.index import StoryIndex
from stories.log import still_so
from stories.story import Status, Story


class ReplyPolicy:
    """Answers for one platform."""

    def __init__(
        self,
        index: StoryIndex,
        rules: RuleBook,
        archive: Archive,
        rate_limiter: RateLimiter,
        reply_gap: timedelta,
        now: Callable[[], datetime],
    ) -> None:
        """`reply_gap`: at most one reply a story and chat in so long."""
        self._index = index
        self._rules = rules
        self._archive = archive
        self._rate_limiter = rate_limiter
        self._reply_gap = reply_gap
        self._now = now

    async def rule(self, chat: Chat, edition: Edition) -> Rule | None:
        """The chat's rule, without a mute that a major update has ended."""
        rule, story = self._rules.of(chat), edition.story
        mute = rule.mute_of(story.id) if rule and rule.awaits(story) else None
        if mute is not None and await self._major_since(mute.revision, edition):
            return await self._rules.unmute(chat, story.id)
        return rule

    async def _major_since(self, revision: int, edition: Edition) -> bool:
        """Whether one of the updates after a revision was major, or for 0 the newest of all."""
        if not revision:
            return self._index.delta(edition).weight is Weight.MAJOR
        if edition.revision <= revision:
            return False
        history = await self._archive.history(edition.story.id, revision)
        updates = [past for past in history if (past.revision or 0) <= edition.revision]
        return any(compare(*pair).weight is Weight.MAJOR for pair in pairwise(updates))

    def wish(
        self,
        chat: Chat,
        rule: Rule | None,
        edition: Edition,
        since: Delta,
        *,
        shown: bool,
        told: bool,
        pinned: bool,
        pin_from: datetime | None,
    ) -> Wish:
        if rule is None:
            return Wish(shown, told, recalled=recalled(since), pinned=pinned, pin_from=pin_from)
        now = self._now()
        major_at = edition.heard_at if since.weight is Weight.MAJOR else None
        rest_s = self._rate_limiter.publish_rest(chat) if rule.publish and shown else None
        return Wish(
            shown,
            told,
            quiet_until=rule.quiet_until(now, major_at=major_at),
            publish_from=now + timedelta(seconds=rest_s) if rest_s is not None else None,
            recalled=recalled(since),
            pinned=pinned,
            pin_from=pin_from,
        )

    def hears(self, rule: Rule | None, edition: Edition, heir: Edition | None) -> bool:
        """Whether a chat is told of a story: its rule wants it, or what it is a part of now."""
        if rule is None:
            return False
        return rule.wants(edition.story) or (heir is not None and rule.wants(heir.story))

    def parts_with(self, chat: Chat, rule: Rule | None, edition: Edition) -> bool:
        """Whether a chat that follows the story by itself is to be told that this ends now."""
        return (
            rule is not None
            and _over(edition.story)
            and edition.story.id in rule.story_ids
            and not rule.paused
            and rule.mute_of(edition.story.id) is None
            and not self._rules.is_fixed(chat)
        )

    async def stop_following(self, chat: Chat, rule: Rule | None, edition: Edition) -> None:
        """Following a story ends with it; who is told of that has been told."""
        story = edition.story
        follows = rule is not None and story.id in rule.story_ids
        if follows and _over(story) and not self._rules.is_fixed(chat):
            await self._rules.amend(chat, lambda rule: rule.without(story.id))

    async def delta_since(self, edition: Edition, revision: int | None) -> Delta:
        """What changed between a revision that was shown and the newest edition."""
        before = edition.before
        if revision is None or before is None or revision in (before.revision, edition.revision):
            return self._index.delta(edition)
        history = await self._archive.history(edition.story.id, revision)
        shown = next((past for past in history if past.revision == revision), None)
        if shown is not None:
            return self._index.named(compare(shown, edition.story))
        return self._index.named(await self._remembered_since(edition, before, revision))

    async def _remembered_since(self, edition: Edition, before: Story, revision: int) -> Delta:
        """What changed since a revision that is no longer kept: what the log remembers of it, and
        what came since the oldest of which more is known."""
        newest = compare(before, edition.story).changes
        log = await self._archive.log(edition.story.id)
        upto = before.revision or 0
        past = [line for line in log.lines if revision < line.revision <= upto]
        told = {change.kind for change in newest}
        kept = [each for each in still_so(past, edition.story) if each.kind not in told]
        return Delta((*kept, *newest))

    def owes(self, chat: Chat, edition: Edition, row: CardRecord, since: Delta) -> int | None:
        """Whether a change is worth a reply: the revision whose readers are to be told."""
        rule = self._rules.of(chat)
        last = recalled(since) or self.parts_with(chat, rule, edition)
        hears = self.hears(rule, edition, self._index.lineage.merge_target(edition.story.id))
        if not last and (rule is None or rule.loudness is Loudness.EDIT or not hears):
            return None
        if row.owes is not None:
            return row.owes  # not said yet: it tells of this, too
        known = max(row.revision, row.told or 0)
        if known >= edition.revision:
            return None  # its readers have seen it, or been told
        if last:
            return known  # whatever was said shortly before, and however calm the chat is
        if since.weight is None or since.weight < Weight.NOTABLE:
            return None
        if row.replied_at is not None and self._now() - row.replied_at < self._reply_gap:
            return None
        return known


def _over(story: Story) -> bool:
    """True for a story that is over for good, and does not go on in another."""
    ended = story.stats.status is Status.ENDED or story.retracted is not None
    return ended and story.merged_into is None


def recalled(since: Delta) -> bool:
    """Whether the story was withdrawn, or no longer is: whoever read it has to hear of that."""
    return any(
        change.kind in (Kind.RETRACTED, Kind.REINSTATED) and change.weight is Weight.MAJOR
        for change in since.changes
    )
