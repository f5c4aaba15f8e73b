"""Gathers what `plan` needs to know about a card: from the ledger, the stories, the rules and time.

All waiting happens here, so that the decision itself is pure.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.delivery.changed import Changed
from bot.delivery.desired import desire
from bot.delivery.messages import Messages
from bot.delivery.pins import Pins
from bot.delivery.plan import Desired, Facts, Observed, after_rollback, is_doubtful
from bot.delivery.policy import Policy
from bot.delivery.ports import Archive
from bot.delivery.rate_limiter import RateLimiter
from bot.delivery.rows import Key, Rows
from bot.delivery.rules import RuleBook
from bot.model.chat import Chat
from bot.model.ledger import CardRecord, State
from bot.model.rule import Rule
from bot.platforms.port import Platform
from stories.edition import Edition
from stories.index import StoryIndex
from stories.story import StoryId
from wording.message import Message


@dataclass(frozen=True, slots=True)
class View:
    """One card as it is, as it should be, and what a step for it is made from."""

    edition: Edition
    message: Message
    """What the card should say."""
    observed: Observed
    desired: Desired
    facts: Facts
    others: tuple[StoryId, ...] = ()
    """Stories whose cards have to be updated before this one can be."""


class Observer:
    """Observes the cards of one platform."""

    def __init__(
        self,
        platform: Platform,
        *,
        index: StoryIndex,
        rules: RuleBook,
        archive: Archive,
        rows: Rows,
        pins: Pins,
        messages: Messages,
        rate_limiter: RateLimiter,
        policy: Policy,
        now: Callable[[], datetime],
    ) -> None:
        self._platform = platform
        self._index = index
        self._rules = rules
        self._archive = archive
        self._changed = Changed(index, archive)
        self._rows = rows
        self._pins = pins
        self._messages = messages
        self._rate_limiter = rate_limiter
        self._policy = policy
        self._now = now
        self._began_at = now()
        self._paused_until: dict[Key, datetime] = {}
        """Cards that were edited too often, and until when the platform wants them left alone."""

    def begin(self) -> None:
        """From now on this process delivers: requests of another one may still be under way."""
        self._began_at = self._now()

    def pause(self, chat: Chat, story: StoryId, after: timedelta) -> None:
        """The platform asked for a pause in the edits of one card."""
        self._paused_until[chat, story] = self._now() + after

    async def edition(self, story: StoryId) -> Edition | None:
        """The latest edition, read from the archive if its story has left full memory;
        None if there is none."""
        known = self._index.get(story)
        if known is None or known.whole:
            return known
        return await self._archive.edition(story)

    def card(self, chat: Chat, edition: Edition) -> tuple[Message, str]:
        """A story's card as the chat wants it, and its fingerprint."""
        rule = self._rules.of(chat)
        return self._messages.card(edition, show_leaning=rule is not None and rule.show_leaning)

    async def view(
        self, chat: Chat, edition: Edition, record: CardRecord | None, *, unmute: bool = True
    ) -> View:
        """Observe a card. `unmute`: end a mute that lasts until a major update, if one came."""
        story, now = edition.story.id, self._now()
        target = self._index.lineage.merge_target(story)
        lost = self._rows.is_missing(edition, record)
        rollback_at = self._rows.doubt
        if record is not None and rollback_at is not None and is_doubtful(record, rollback_at):
            record = after_rollback(record, rollback_at, edition.revision)
        rule = await self._rule(chat, edition) if unmute else self._rules.of(chat)
        since = await self._changed.since(edition, last_told(record))
        message, fingerprint = await self._message(chat, edition, record, target)
        desired = desire(
            rule,
            edition,
            since,
            fingerprint,
            target=target,
            fixed=self._rules.is_fixed(chat),
            live_for=self._index.live_for,
            now=now,
        )
        observed, others = await self._observed(chat, edition, record, target, lost=lost)
        return View(
            edition,
            message,
            observed,
            desired,
            self._facts(chat, story, record, desired, now),
            others,
        )

    def _facts(
        self,
        chat: Chat,
        story: StoryId,
        record: CardRecord | None,
        desired: Desired,
        now: datetime,
    ) -> Facts:
        publishes = desired.publish and desired.unwanted is None
        rest_s = self._rate_limiter.publish_rest(chat) if publishes else None
        paused_until = self._paused_until.get((chat, story))
        if paused_until is not None and paused_until <= now:
            del self._paused_until[chat, story]
            paused_until = None
        return Facts(
            self._policy,
            began_at=self._began_at,
            rollback_at=self._rows.doubt,
            unknown_since=self._rows.unknown_since(chat, story),
            may_repeat=record is not None and record.message_id is None and self.may_repeat(record),
            paused_until=paused_until,
            pins_until=self._pins.rest_until(chat),
            publish_at=None if rest_s is None else now + timedelta(seconds=rest_s),
        )

    def may_repeat(self, record: CardRecord) -> bool:
        """Whether a post of unknown outcome may be repeated with its idempotency key."""
        age_s = (self._now() - record.at).total_seconds()
        return self._platform.repeatable(age_s) and not is_doubtful(record, self._rows.doubt)

    async def _observed(
        self,
        chat: Chat,
        edition: Edition,
        record: CardRecord | None,
        target: Edition | None,
        *,
        lost: bool,
    ) -> tuple[Observed, tuple[StoryId, ...]]:
        if target is not None and record is not None and record.message_id and record.into is None:
            other = await self._rows.glance(chat, target.story.id)
            missing = self._rows.is_missing(target, other)
            return Observed(record, lost, other, missing), (target.story.id,)
        if record is not None and record.message_id is not None:
            return Observed(record, lost), ()
        becoming = await self.becoming(chat, edition.story.id)
        return Observed(record, lost, becoming=bool(becoming)), becoming

    async def becoming(self, chat: Chat, story: StoryId) -> tuple[StoryId, ...]:
        """Stories whose cards here are, or may turn out to be, merged into this story's card."""
        found = []
        for part in self._index.lineage.merged_from(story):
            record = await self._rows.glance(chat, part.story.id)
            if (
                record
                and record.into is None
                and (record.message_id or record.state is State.SENDING)
            ):
                found.append(part.story.id)
        return tuple(found)

    async def _message(
        self,
        chat: Chat,
        edition: Edition,
        record: CardRecord | None,
        target: Edition | None,
    ) -> tuple[Message, str]:
        """What the card should show: the latest edition, or a link to the story it was merged
        into."""
        if record is None or record.into is None or target is None:
            return self.card(chat, edition)
        living = await self._rows.glance(chat, target.story.id)
        return self._messages.stub(chat, edition, target, living.message_id if living else None)

    async def _rule(self, chat: Chat, edition: Edition) -> Rule | None:
        """The chat's rule, without a mute that a major update has ended."""
        rule, story = self._rules.of(chat), edition.story
        mute = rule.mute_of(story.id) if rule and rule.awaits(story) else None
        if mute is not None and await self._changed.major_since(mute.revision, edition):
            return await self._rules.unmute(chat, story.id)
        return rule


def last_told(record: CardRecord | None) -> int | None:
    """The last revision that readers were told about."""
    if record is None:
        return None
    return record.revision if record.reply_since is None else record.reply_since
