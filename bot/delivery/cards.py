"""Carries out the steps that `plan` decides on for cards, one card at a time.

Before each call the ledger records what is about to happen, and afterwards the outcome.
"""

import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

from bot.delivery import outcomes
from bot.delivery.merging import fold
from bot.delivery.messages import Messages, idempotency_key
from bot.delivery.observer import Observer, View
from bot.delivery.outbound import Outbound
from bot.delivery.pins import Pins
from bot.delivery.plan import MERGE_REST, plan
from bot.delivery.policy import Policy
from bot.delivery.ports import Archive, Lease, Ledger
from bot.delivery.rate_limiter import RateLimiter
from bot.delivery.rejections import Rejections
from bot.delivery.rollback import RollbackWatch
from bot.delivery.rows import HeldRecord, Rows
from bot.delivery.rules import RuleBook
from bot.metrics import Metrics
from bot.model.chat import Chat
from bot.model.errors import (
    CardGone,
    LinksRefused,
    NotNow,
    OutcomeUnknown,
    SendFailed,
    Unreachable,
)
from bot.model.ledger import CardRecord, State
from bot.model.step import (
    Acknowledge,
    DropReply,
    Edit,
    Hold,
    MarkLost,
    Merge,
    Post,
    Publish,
    PutPin,
    Recover,
    RemovePin,
    Reply,
    Step,
    TellMerger,
    Unfollow,
)
from bot.platforms.port import Platform
from stories.edition import Edition
from stories.index import StoryIndex
from stories.story import StoryId
from wording.card import reply
from wording.holds import HoldCode
from wording.message import Message, without_links
from wording.reasons import Code, Reason

log = logging.getLogger(__name__)

T = TypeVar("T")

HANDED_BACK = timedelta(minutes=10)
"""For this long after a rollback, a repeated idempotency key may return an older message."""


class Cards:
    """Takes steps for the cards of one platform.

    The caller ensures that each card has only one at a time. Everything that goes wrong is recorded
    in the ledger and then raised as a SendFailed.
    """

    def __init__(
        self,
        platform: Platform,
        *,
        index: StoryIndex,
        rules: RuleBook,
        ledger: Ledger,
        archive: Archive,
        lease: Lease,
        rollback: RollbackWatch,
        rate_limiter: RateLimiter,
        metrics: Metrics,
        policy: Policy,
        taken: Callable[[Chat, str], None],
        refused: Callable[[Chat, str, Unreachable], None],
        beside: Callable[[Chat, StoryId], AbstractAsyncContextManager[bool]],
        look: Callable[[Chat, StoryId], None],
        now: Callable[[], datetime],
    ) -> None:
        """`taken`: called when a chat accepts something.

        `look`: requests that a card is checked again.

        `beside`: holds another card of a chat inside the block, or yields False.
        """
        self._platform = platform
        self._index = index
        self._rules = rules
        self._rate_limiter = rate_limiter
        self._policy = policy
        self._beside = beside
        self._look = look
        self._now = now
        self.outbound = self._outbound = Outbound(
            platform.name,
            lease=lease,
            rate_limiter=rate_limiter,
            metrics=metrics,
            taken=taken,
            refused=refused,
            now=now,
        )
        self._messages = Messages(platform, index)
        self._rejections = Rejections()
        self.rows = Rows(ledger, lease, rollback, now)
        self.pins = Pins(platform, self._outbound, policy.settle, now)
        self.observer = Observer(
            platform,
            index=index,
            rules=rules,
            archive=archive,
            rows=self.rows,
            pins=self.pins,
            messages=self._messages,
            rate_limiter=rate_limiter,
            policy=policy,
            now=now,
        )

    def begin(self) -> None:
        """From now on this process delivers: requests of another one may still be under way."""
        self.observer.begin()
        self.rows.begin()
        self.pins.begin()

    async def step(self, chat: Chat, story: StoryId) -> Hold | None:
        """Take one step towards the latest edition.

        Returns None if more may have to be done, otherwise why nothing is done now.
        """
        edition = await self.observer.edition(story)
        if edition is None:
            return Hold(Reason(HoldCode.OVER))
        async with self.rows.hold(chat, story) as held:
            view = await self.observer.view(chat, edition, held.record)
            step = plan(view.observed, view.desired, view.facts, self._now())
            if not isinstance(step, Hold):
                return await self._carry_out(step, held, view)
        if step.reason.code is HoldCode.MERGING:
            for other in view.others:
                self._look(chat, other)
        if log.isEnabledFor(logging.DEBUG):
            facts = {"chat": str(chat), "story": story, "reason": str(step.reason.code)}
            log.debug("held", extra={**facts, "until": str(step.until)})
        return step

    async def _carry_out(self, step: Step, held: HeldRecord, view: View) -> Hold | None:
        """Carry out one step."""
        chat, story, edition = held.chat, held.story, view.edition
        if isinstance(step, Post):
            await self.post(held, edition, step.generation, view.message, view.desired.fingerprint)
            newest = self._index.get(story) is edition and view.facts.publish_at is None
            return Hold(Reason(HoldCode.UP_TO_DATE)) if newest and not self.rows.doubt else None
        if isinstance(step, Unfollow):
            await self._rules.amend(chat, lambda rule: rule.without(story))
            return Hold(Reason(HoldCode.OVER))
        if isinstance(step, MarkLost):
            why = Reason(Code.RECORD_LOST)
            lost = outcomes.lost(self._now(), edition.revision, step.generation, why)
            await held.write(lost)
            return Hold(Reason(HoldCode.UNPROVEN))
        record = view.observed.record
        assert record is not None, "every other step is about a card that was tried"
        match step:
            case Recover():
                await self.recover(held, edition, record)
            case Merge():
                return await self._merge(held, record, view, step)
            case Edit():
                try:
                    await self._edit(held, record, view, step)
                except CardGone as gone:  # someone deleted it; plan again whether to repost it
                    log.info("a card was deleted", extra={"chat": str(chat), "why": str(gone)})
            case Reply():
                await self._reply(held, record, view, step)
            case TellMerger():
                await self._tell_merger(held, record, step)
            case DropReply():
                await held.write(replace(record, reply_since=None))
            case Acknowledge(revision):
                await held.write(replace(record, revision=revision))
            case Publish(message_id):
                await self._publish(held, record, message_id)
            case PutPin() | RemovePin():
                if not await self.pins.tend(held, record, step):
                    return Hold(Reason(HoldCode.SETTLING), self._now() + self._policy.settle)
        return None

    # Cards.

    async def post(
        self, held: HeldRecord, edition: Edition, generation: int, message: Message, looks: str
    ) -> None:
        """Post a card. The outcome is in the ledger when this returns or raises."""
        before = held.record
        await self._outbound.turn(held.chat)
        record = outcomes.sending(self._now(), edition.revision, looks, generation)
        record = replace(record, noticed_at=before.noticed_at if before else None)
        await held.about_to(record)
        await self._send(held, edition, record, message, again=False)

    async def _send(
        self,
        held: HeldRecord,
        edition: Edition,
        record: CardRecord,
        message: Message,
        *,
        again: bool,
    ) -> None:
        chat, story = held.chat, held.story
        try:
            self._outbound.leaves(edition)
            key = idempotency_key(chat, story, "card", record.generation)
            message_id, bare = await self._plainly(
                "post", chat, message, lambda said: self._platform.post(chat, said, key=key)
            )
        except OutcomeUnknown:
            self._outbound.count("post", "unknown")
            held.ended_unknown()
            raise  # the record says `sending`, which is the truth
        except SendFailed as error:
            failed = self._rejections.judged(chat, story, record.fingerprint, error)
            refused = self._outbound.failed(record, "post", chat, failed)
            if not again:  # that a repeat was refused says nothing about the first attempt
                await held.write(refused)
            raise failed from error
        now = self._now()
        shown = outcomes.posted(record, now, message_id, bare=bare)
        for elsewhere, other in self._rejections.was_taken(chat, record.fingerprint):
            self._look(elsewhere, other)
        if again or (self.rows.doubt and now - self.rows.doubt < HANDED_BACK):
            shown = replace(
                shown, fingerprint=None
            )  # the platform may have returned an older message
        await held.write(shown)
        self._look_at_parts(chat, story)
        self._outbound.done(chat, "post")
        facts = {"chat": str(chat), "story": story, "revision": record.revision}
        log.debug("card posted", extra=facts)

    async def _plainly(
        self, act: str, chat: Chat, message: Message, call: Callable[[Message], Awaitable[T]]
    ) -> tuple[T, Reason | None]:
        """Send a message, without its links if a filter refuses one.

        Returns what `call` returned, and why the links are missing.
        """
        try:
            return await call(message), None
        except LinksRefused as refused:
            bare = without_links(message)
            if bare == message:
                raise
            self._outbound.count(act, "links refused")
            await self._outbound.turn(chat)
            return await call(bare), refused.reason

    async def recover(self, held: HeldRecord, edition: Edition, record: CardRecord) -> None:
        """A post was in flight: repeat it if that is harmless, otherwise look for it."""
        chat, story = held.chat, held.story
        if self.observer.may_repeat(record):
            # The platform may return the earlier message with its old content: an edit
            # follows.
            await self._outbound.turn(chat)
            message, _ = self.observer.card(chat, edition)
            await self._send(held, edition, record, message, again=True)
            return
        key = idempotency_key(chat, story, "card", record.generation)
        await self._outbound.turn(chat)
        try:
            message_id = await self._platform.find(chat, key, record.at)
        except Unreachable as refused:
            self._outbound.refused(chat, "post", refused)
            raise
        if message_id is not None:
            found = replace(record, state=State.SHOWN, message_id=message_id, posted_at=record.at)
        elif self._policy.repeat_unknown:
            found = replace(record, state=State.FAILED, generation=record.generation + 1)
        else:
            found = replace(record, state=State.UNKNOWN, why=Reason(Code.OUTCOME_UNKNOWN))
        await held.write(found)

    async def _edit(self, held: HeldRecord, record: CardRecord, view: View, step: Edit) -> None:
        chat, edition, message_id = held.chat, view.edition, step.message_id
        await self._outbound.turn(chat)
        sending = replace(record, state=State.SENDING, at=self._now(), fingerprint=None)
        await held.about_to(sending)
        try:
            self._outbound.leaves(edition)
            _, bare = await self._plainly(
                "edit", chat, view.message, lambda said: self._platform.edit(chat, message_id, said)
            )
        except OutcomeUnknown:
            self._outbound.count("edit", "unknown")
            held.ended_unknown()
            raise
        except CardGone as gone:
            await self._gone(held, record, "edit", gone)
            raise
        except SendFailed as failed:
            await held.write(self._outbound.failed(sending, "edit", chat, failed))
            if isinstance(failed, NotNow):
                self.observer.pause(chat, held.story, failed.after)
            raise
        fingerprint, since = view.desired.fingerprint, step.reply_since
        shown = outcomes.edited(
            record, self._now(), edition.revision, fingerprint, since, bare=bare
        )
        await held.write(shown)
        self._outbound.done(chat, "edit")
        facts = {"chat": str(chat), "story": held.story, "revision": edition.revision}
        log.debug("card edited", extra=facts)

    async def _gone(self, held: HeldRecord, record: CardRecord, act: str, gone: CardGone) -> None:
        self._outbound.count(act, "gone")
        await held.write(outcomes.gone(record, self._now(), gone.reason))
        self._look_at_parts(held.chat, held.story)

    # Merged stories.

    async def _merge(
        self, held: HeldRecord, record: CardRecord, view: View, step: Merge
    ) -> Hold | None:
        """Make one card of those of a merged story and of its target."""
        chat, story, into = held.chat, held.story, step.into
        async with self._beside(chat, into) as free:
            if not free:
                return Hold(Reason(HoldCode.MERGING), self._now() + MERGE_REST / 5)
            async with self.rows.hold(chat, into, anew=True) as living:
                if living.record != view.observed.target:
                    return None  # it has changed since: plan again
                target = self._index.get(into)
                assert target is not None, "the index named it as what the story went into"
                records = fold(
                    record,
                    living.record,
                    into=into,
                    revision=target.revision,
                    tells=story if step.told else None,
                )
                await self.rows.write_together(dict(zip((held, living), records, strict=True)))
                self._outbound.count("fold", "shown")
        self._look(chat, into)
        self._look_at_parts(chat, into)
        return None

    def _look_at_parts(self, chat: Chat, story: StoryId) -> None:
        """The story's card is now elsewhere, or nowhere: check the cards that link to it."""
        for part in self._index.lineage.merged_from(story):
            self._look(chat, part.story.id)

    # Replies.

    async def _reply(self, held: HeldRecord, record: CardRecord, view: View, step: Reply) -> None:
        """Report in a reply what changed: once, or perhaps not at all, but never twice."""
        edition, since = view.edition, view.desired.since
        message = reply(edition, since, parting=view.desired.parting)
        key = idempotency_key(held.chat, held.story, "reply", edition.revision)
        said = outcomes.replied(record, self._now(), edition.revision, since)
        await self._say(held, record, said, message, key, step)

    async def _tell_merger(self, held: HeldRecord, record: CardRecord, step: TellMerger) -> None:
        """Report in a reply that the card's former story was merged into its present one."""
        merged = self._index.get(step.part)
        if merged is None or merged.story.merged_into is None:  # it was merged, but no longer is
            await held.write(replace(record, tells=None))
            return
        message = reply(merged, self._index.delta(merged))
        key = idempotency_key(held.chat, step.part, "reply", merged.revision)
        said = outcomes.merger_told(record, self._now())
        await self._say(held, record, said, message, key, step)

    async def _say(
        self,
        held: HeldRecord,
        record: CardRecord,
        said: CardRecord,
        message: Message,
        key: str,
        step: Reply | TellMerger,
    ) -> None:
        """Post a reply to the card; `said` is the card's record after that."""
        chat = held.chat
        await self._outbound.turn(chat)
        await held.about_to(said)
        rule = self._rules.of(chat)
        mention = rule.role if rule and step.mention else None
        try:
            await self._plainly(
                "reply",
                chat,
                message,
                lambda said: self._platform.post(
                    chat,
                    said,
                    key=key,
                    silent=step.silent,
                    reply_to=step.message_id,
                    mention=mention,
                ),
            )
        except (NotNow, Unreachable) as failed:  # certainly not posted: it stays due
            self._outbound.failed(record, "reply", chat, failed)
            await held.write(record)
            raise
        except SendFailed as failed:
            self._outbound.count("reply", type(failed).__name__)
            log.warning("a reply was not said", extra={"chat": str(chat), "why": str(failed)})
        else:
            self._outbound.done(chat, "reply")

    # Publishing.

    async def _publish(self, held: HeldRecord, record: CardRecord, message_id: str) -> None:
        """Publish a card to the channel's followers. Idempotent."""
        chat = held.chat
        await self._outbound.turn(chat)
        self._rate_limiter.published(chat)  # before we know the outcome: the request may count
        try:
            await self._platform.publish(chat, message_id)
        except OutcomeUnknown:
            self._outbound.count("publish", "unknown")
            raise
        except CardGone as gone:
            await self._gone(held, record, "publish", gone)
        except NotNow as later:
            self._outbound.failed(record, "publish", chat, later)
            self._rate_limiter.published_enough(chat, later.after)
        except SendFailed as failed:  # it only concerns publishing
            self._outbound.failed(record, "publish", chat, failed)
            await held.write(replace(record, why=failed.reason))
            log.warning("a card was not published", extra={"chat": str(chat), "why": str(failed)})
        else:
            await held.write(outcomes.published(record, self._now()))
            self._outbound.count("publish", "shown")
