"""One card at a time: the step that is due is taken, and the ledger says how it ended."""

import base64
import hashlib
import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar

from bot.delivery.decide import (
    Edit,
    Forgo,
    Nothing,
    Post,
    Publish,
    PutPin,
    Recover,
    Reply,
    Spacing,
    TakePin,
    Tell,
    Wait,
    decide,
)
from bot.delivery.merging import fold
from bot.delivery.outbound import Outbound
from bot.delivery.pins import Pins
from bot.delivery.ports import Archive, Lease, Ledger
from bot.delivery.rate_limiter import RateLimiter
from bot.delivery.reply_policy import ReplyPolicy, recalled
from bot.delivery.rollback import RollbackWatch
from bot.delivery.rows import SETTLE, Key, Rows
from bot.delivery.rules import RuleBook
from bot.metrics import Metrics
from bot.model.chat import Chat
from bot.model.errors import (
    CardGone,
    LinksRefused,
    NotNow,
    OutcomeUnknown,
    Rejected,
    SendFailed,
    Unreachable,
)
from bot.model.ledger import CardRecord, Pin, State
from bot.model.rule import Loudness
from bot.model.status import Claim
from bot.model.unknown import Unknown
from bot.platforms.port import Platform
from stories.delta import Delta, Weight
from stories.edition import Edition
from stories.index import StoryIndex
from stories.story import StoryId
from wording.card import Related, card, related_to, reply, stub
from wording.language import Language, spoken
from wording.message import Message, without_links
from wording.reasons import Code, Reason

log = logging.getLogger(__name__)

T = TypeVar("T")

VARIANTS_KEPT = 1000
HANDED_BACK = timedelta(minutes=10)
"""After the storage lost rows, so long a post may be answered with a message made before."""
UNREADABLE_REST_S = 600.0
"""How long a card whose row cannot be read is left alone: it may stand, so nothing is posted."""
OTHERS_SETTLE = timedelta(seconds=45)
"""Like SETTLE, for attempts we know nothing of: another process's when we begin, and any after the
storage lost rows. Whoever made one may still wait for its answer."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What an operator may choose about telling."""

    spacing: Spacing = field(default_factory=Spacing)
    first_for: timedelta = timedelta(hours=24)
    """On the very first start only live stories moved within so long are posted."""
    repeat_unknown: bool = False
    """Post again when it is not known whether a post arrived: twice rather than never."""
    reply_gap: timedelta = timedelta(hours=1)
    """At most one reply a story and chat in so long."""
    park_first: timedelta = timedelta(minutes=1)
    park_longest: timedelta = timedelta(minutes=30)
    """How long a chat that refuses us is left alone; doubled each time."""


class Cards:
    """Takes steps for cards on one platform. Whoever calls sees to it that each card has one at
    a time, and hears of everything that went wrong as a SendFailed: it is in the ledger by then.
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
        """`taken`: a chat takes something from us. `beside`: another card of a chat is in hand
        while inside, or not if that yields False. `look`: a card is to be looked at anew."""
        self._platform = platform
        self._index = index
        self._rules = rules
        self._archive = archive
        self._rate_limiter = rate_limiter
        self._policy = policy
        self._beside = beside
        self._look = look
        self._now = now
        self._reply_policy = ReplyPolicy(index, rules, archive, rate_limiter, policy.reply_gap, now)
        self._outbound = Outbound(
            platform.name,
            lease=lease,
            rate_limiter=rate_limiter,
            metrics=metrics,
            taken=taken,
            refused=refused,
            now=now,
        )
        self.rows = Rows(ledger, lease, rollback, now)
        self.pins = Pins(platform, self.rows, self._outbound, now)
        self._began = now()
        self._rests: dict[Key, datetime] = {}
        """Until when cards are left alone that were edited too often, whatever comes in."""
        self._made: dict[tuple[StoryId, bool, Language], tuple[Edition, Related, Message, str]] = {}
        self._takers: dict[str, Chat] = {}
        """By the looks of a card, a chat that took it."""
        self._rejected: dict[str, set[Key]] = {}
        """By the looks of a card that nobody took yet, where it was rejected."""

    def begin(self) -> None:
        """From now on it is us who deliver: another's attempts may still be on their way."""
        self._began = self._now()
        self.rows.begin()
        self.pins.begin()

    async def step(self, chat: Chat, story: StoryId) -> float | None:
        """Take one step towards the newest edition.

        Returns in how many seconds to look again, or None when the card is as it should be.
        """
        try:
            return await self._step(chat, story)
        finally:
            self.rows.put_down(chat, story)

    async def _step(self, chat: Chat, story: StoryId) -> float | None:
        edition = await self._whole(self._index.get(story))
        if edition is None:
            return None
        if self.rows.doubt:  # every attempt whose row may be lost has to arrive first
            left = self.rows.doubt + OTHERS_SETTLE - self._now()
            if left > timedelta(0):
                return left.total_seconds()
        row = await self.rows.take(chat, story)
        if row and row.state is State.UNREADABLE:
            return UNREADABLE_REST_S
        rule = await self._reply_policy.rule(chat, edition)
        heir = self._index.lineage.merge_target(story)
        hears = self._reply_policy.hears(rule, edition, heir)
        live = edition.is_live(self._now(), self._index.live_for)
        wanted = hears and live
        if row is None and not wanted:
            await self._reply_policy.stop_following(chat, rule, edition)
            return None
        if self.rows.is_missing(edition, row):
            why = Reason(Code.RECORD_LOST)
            lost = CardRecord(State.UNKNOWN, self._now(), edition.revision, why=why)
            generation = row.generation if row else 1
            await self.rows.record(chat, story, replace(lost, generation=generation))
            return None
        if row and self.rows.is_doubtful(row):
            # It may say something else by now, and have said more.
            told = max(edition.revision, row.told or 0)
            row = replace(row, looks=None, owes=None, tells=None, told=told)
            row = replace(row, replied_at=self.rows.doubt)
        if row and (unsettled := self._settles(chat, story, row) - self._now()) > timedelta(0):
            return unsettled.total_seconds()
        if row and row.place and row.into is None and heir is not None:
            again_s = await self._fold(chat, edition, row, heir)
            if again_s is not None:
                return again_s
        if (rests := self._rests.get((chat, story), self._now()) - self._now()) > timedelta(0):
            raise NotNow(rests, Reason(Code.PAUSE, {"platform": self._platform.name}))
        self._rests.pop((chat, story), None)
        since = await self._reply_policy.delta_since(edition, _last_told(row))
        message, looks = await self._message(chat, edition, row, heir)
        told = hears or recalled(since) or self._reply_policy.parts_with(chat, rule, edition)
        wish = self._reply_policy.wish(
            chat,
            rule,
            edition,
            since,
            shown=wanted,
            told=told,
            pinned=live,
            pin_from=self.pins.rest_until(chat),
        )
        due = decide(
            row,
            revision=edition.revision,
            looks=looks,
            weight=since.weight,
            wish=wish,
            now=self._now(),
            spacing=self._policy.spacing,
        )
        match due:
            case Nothing():
                if row and row.state is State.SHOWN and row.revision < edition.revision:
                    await self.rows.record(chat, story, replace(row, revision=edition.revision))
                await self._reply_policy.stop_following(chat, rule, edition)
                return None
            case Wait(until):
                return max(0.05, (until - self._now()).total_seconds())
            case Post(generation):
                if await self._becomes(chat, story):
                    return 1.0  # the card of a story that is a part of this one is made its own
                await self._post(chat, edition, generation, row)
                done = self._index.get(story) is edition and wish.publish_from is None
                if not self.rows.doubt and done:
                    return None
            case Recover():
                assert row is not None
                await self._recover(chat, edition, row)
            case Edit(place):
                assert row is not None
                try:
                    await self._edit(chat, edition, row, place, message, looks, since)
                except CardGone as gone:  # someone deleted it; made anew or not, decided afresh
                    log.info("a card was deleted", extra={"chat": str(chat), "why": str(gone)})
            case Reply(place, _):
                assert row is not None
                await self._reply(chat, edition, row, place, since)
            case Tell(place, part):
                assert row is not None
                await self._tell(chat, edition, row, place, part)
            case Forgo():
                assert row is not None
                await self.rows.record(chat, story, replace(row, owes=None))
            case Publish(place):
                assert row is not None
                await self._publish(chat, story, row, place)
            case PutPin() | TakePin():
                assert row is not None
                if not await self.pins.tend(chat, story, row, due):
                    return SETTLE.total_seconds()
        return 0.0  # more may be owed: a reply, or a newer edition

    def _settles(self, chat: Chat, story: StoryId, row: CardRecord) -> datetime:
        """When an attempt that may still be on its way has arrived: what is done before then
        may be undone by it. Where a key makes repeating harmless, there is no need to wait."""
        ended = self.rows.unknown_since(chat, story)
        if row.pin in (Pin.WANTED, Pin.GOING) and row.place:
            begun = self._began + SETTLE
            if self._now() < begun:
                return begun
        if row.place is None and self._may_repeat(row):
            return row.at
        if row.state is State.SENDING:
            return max(self._began + OTHERS_SETTLE, (ended or row.at) + SETTLE)
        return ended + SETTLE if ended else row.at

    def _may_repeat(self, row: CardRecord) -> bool:
        age_s = (self._now() - row.at).total_seconds()
        return self._platform.repeatable(age_s) and not self.rows.is_doubtful(row)

    async def _whole(self, edition: Edition | None) -> Edition | None:
        """The edition; read again where its story has left full memory, None where it is gone."""
        if edition is None or edition.whole:
            return edition
        return await self._archive.edition(edition.story.id)

    async def ensure(self, chat: Chat, edition: Edition) -> CardRecord:
        """Have the story's card stand in the chat, wanted or not."""
        whole = await self._whole(edition)
        if whole is None:
            raise Unreachable(Reason(Code.STORY_FORGOTTEN))
        edition = whole
        story = edition.story.id
        row = await self.rows.read(chat, story)
        if row is not None and row.place is not None and row.state is not State.GONE:
            return row
        if row is not None and row.state is State.UNREADABLE:
            raise Unreachable(Reason(Code.RECORD_UNREADABLE))
        if self.rows.is_missing(edition, row):
            raise Unreachable(Reason(Code.RECORD_LOST))
        if row is not None and row.state is State.SENDING:
            await self._recover(chat, edition, row)
        else:
            await self._post(chat, edition, row.generation + 1 if row else 1, row)
        row = await self.rows.read(chat, story)
        if row is None or row.place is None:
            raise OutcomeUnknown(Reason(Code.OUTCOME_UNKNOWN))
        return row

    async def note(
        self, chat: Chat, story: StoryId, change: Callable[[CardRecord], CardRecord]
    ) -> None:
        """Change what the ledger says of a card."""
        row = await self.rows.read(chat, story)
        if row is not None and row.state is not State.UNREADABLE:
            await self.rows.record(chat, story, change(row))

    # What moderators say of a card of unknown outcome.

    async def _unknown(self, card: Unknown) -> CardRecord | None:
        """Its row, while it is not known whether that attempt arrived."""
        row = await self.rows.read(card.chat, card.story)
        if row is None or row.state is not State.UNKNOWN or row.generation != card.generation:
            return None
        return row

    async def claim(self, card: Unknown) -> Claim | None:
        """Look for it once more, else take a moderator's word; None when it is settled."""
        if (row := await self._unknown(card)) is None:
            return None
        place = None
        if await self._platform.showing(card.chat) is None:  # else there is nothing to look up
            key = nonce(card.chat, card.story, "card", row.generation)
            await self._outbound.turn(card.chat)
            with suppress(SendFailed):  # then their word has to do
                place = await self._platform.find(card.chat, key, row.at)
        if place is not None:
            await self.rows.record(card.chat, card.story, self._stands(row, place))
            return Claim.FOUND
        if row.claimed_at is not None:
            return Claim.REPEATED
        await self.rows.record(card.chat, card.story, replace(row, claimed_at=self._now()))
        return Claim.TAKEN

    async def show(self, chat: Chat, story: StoryId, place: str) -> CardRecord | None:
        """A card of unknown outcome stands there; return what the row was before."""
        row = await self.rows.read(chat, story)
        if row is not None and row.state is State.UNKNOWN:
            await self.rows.record(chat, story, self._stands(row, place))
        return row

    def _stands(self, row: CardRecord, place: str) -> CardRecord:
        """The row of a card that stands after all, whatever revision it shows."""
        shown = replace(row, state=State.SHOWN, at=self._now(), place=place, posted_at=row.at)
        return replace(shown, looks=None, why=None, claimed_at=None)

    async def post_again(self, card: Unknown, edition: Edition) -> bool:
        """Post it anew, wanted or not; False when it is settled."""
        if (row := await self._unknown(card)) is None:
            return False
        if await self._becomes(card.chat, card.story):
            raise NotNow(timedelta(seconds=1), Reason(Code.CARDS_MERGING))
        await self._post(card.chat, edition, row.generation + 1, row)
        return True

    # Stories that become one.

    async def _fold(
        self, chat: Chat, edition: Edition, row: CardRecord, heir: Edition
    ) -> float | None:
        """Make one of the cards of a merged story and of the one it went into.

        Returns in how many seconds to look again; None when it is not known what stands.
        """
        story, into = edition.story.id, heir.story.id
        async with self._beside(chat, into) as free:
            if not free:
                return 0.2
            try:
                living = await self.rows.read(chat, into)
                if living is not None and living.state is State.UNREADABLE:
                    return UNREADABLE_REST_S
                if self.rows.is_missing(heir, living):
                    return None
                if living is not None and living.state is State.SENDING:
                    self._look(chat, into)  # first it has to be known whether it stands
                    return 1.0
                since = await self._reply_policy.delta_since(edition, _last_told(row))
                owed = self._reply_policy.owes(chat, edition, row, since) is not None
                rows = fold(
                    row, living, into=into, revision=heir.revision, tells=story if owed else None
                )
                await self.rows.write_together(chat, dict(zip((story, into), rows, strict=True)))
                self._outbound.count("fold", "shown")
            finally:
                self.rows.put_down(chat, into)
        self._look(chat, into)
        self._look_at_parts(chat, into)
        return 0.0

    def _look_at_parts(self, chat: Chat, story: StoryId) -> None:
        """The story's card stands elsewhere now, or nowhere: look at those that lead to it."""
        for part in self._index.lineage.merged_from(story):
            self._look(chat, part.story.id)

    async def _becomes(self, chat: Chat, story: StoryId) -> bool:
        """True while a card here is, or may yet be, one that this story's is made from."""
        for part in self._index.lineage.merged_from(story):
            row = await self.rows.glance(chat, part.story.id)
            if row and row.into is None and (row.place or row.state is State.SENDING):
                self._look(chat, part.story.id)
                return True
        return False

    async def _tell(
        self, chat: Chat, edition: Edition, row: CardRecord, place: str, part: StoryId
    ) -> None:
        """Say beside a card that the story whose card it was is a part of this one now."""
        said = replace(row, tells=None, replied_at=self._now())
        merged = self._index.get(part)
        if merged is None or merged.story.merged_into is None:  # it was, and is no more
            await self.rows.record(chat, edition.story.id, replace(row, tells=None))
            return
        message = reply(merged, self._index.delta(merged))
        key = nonce(chat, part, "reply", merged.revision)
        await self._say(chat, edition.story.id, row, said, message, key, place, major=True)

    # What a card says, and how it comes to.

    def _card(self, chat: Chat, edition: Edition) -> tuple[Message, str]:
        """The card and a hash of its looks; made once a revision and variant, not once a chat."""
        rule = self._rules.of(chat)
        show_leaning = rule is not None and rule.show_leaning
        variant = (edition.story.id, show_leaning, spoken())
        made, kin = self._made.get(variant), related_to(self._index, edition)
        if made is None or made[0] is not edition or made[1] != kin:
            delta = self._index.delta(edition)
            message = card(edition, delta, show_leaning=show_leaning, kin=kin)
            if len(self._made) > VARIANTS_KEPT:
                self._made.clear()
            made = self._made[variant] = (edition, kin, message, _looks(message))
        return made[2:]

    async def _message(
        self, chat: Chat, edition: Edition, row: CardRecord | None, heir: Edition | None
    ) -> tuple[Message, str]:
        """What the card should say, and a hash of it: where it was folded, where it goes on."""
        if row is None or row.into is None or heir is None:
            return self._card(chat, edition)
        living = await self.rows.glance(chat, heir.story.id)
        place = living.place if living else None
        message = stub(edition, heir.story, place and self._platform.link(chat, place))
        return message, _looks(message)

    async def _post(
        self, chat: Chat, edition: Edition, generation: int, before: CardRecord | None
    ) -> None:
        """Make a card. Whatever happens is in the ledger when this returns or raises."""
        message, looks = self._card(chat, edition)
        revision = edition.revision
        await self._outbound.turn(chat)
        row = CardRecord(State.SENDING, self._now(), revision, looks=looks, generation=generation)
        row = replace(row, noticed_at=before.noticed_at if before else None)
        await self.rows.about_to(chat, edition.story.id, row)
        await self._send(chat, edition, row, message, again=False)

    async def _send(
        self, chat: Chat, edition: Edition, row: CardRecord, message: Message, *, again: bool
    ) -> None:
        story = edition.story.id
        try:
            self._outbound.leaves(edition)
            key = nonce(chat, story, "card", row.generation)
            place, bare = await self._plainly(
                "post", chat, message, lambda said: self._platform.post(chat, said, key=key)
            )
        except OutcomeUnknown:
            self._outbound.count("post", "unknown")
            self.rows.ended_unknown(chat, story)
            raise  # the row says `sending`, which is the truth
        except SendFailed as error:
            failed = self._judged(chat, story, row, error)
            refused = self._outbound.failed(row, "post", chat, failed)
            if not again:  # that a repeat was refused says nothing of the attempt before it
                await self.rows.record(chat, story, refused)
            raise failed from error
        now = self._now()
        shown = replace(row, state=State.SHOWN, at=now, place=place, posted_at=now, why=None)
        shown = replace(shown, bare=bare)
        self._was_taken(chat, row)
        if again or (self.rows.doubt and now - self.rows.doubt < HANDED_BACK):
            shown = replace(shown, looks=None)  # an older one may have been handed back
        await self.rows.record(chat, story, shown)
        self._look_at_parts(chat, story)
        self._outbound.done(chat, "post")
        log.debug(
            "card posted", extra={"chat": str(chat), "story": story, "revision": row.revision}
        )

    async def _plainly(
        self, act: str, chat: Chat, message: Message, call: Callable[[Message], Awaitable[T]]
    ) -> tuple[T, Reason | None]:
        """Have the platform take a message, without its links where a filter refuses one.

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

    def _judged(
        self, chat: Chat, story: StoryId, row: CardRecord, failed: SendFailed
    ) -> SendFailed:
        """What a refusal that we do not know is about: the chat, when another takes the same card.

        Before that is known it is about the card, which is looked at again once it is.
        """
        if type(failed) is not Rejected or row.looks is None:
            return failed
        if self._takers.get(row.looks, chat) != chat:
            return Unreachable(Reason(Code.SAID_NOT_THIS_CARD, failed.reason.params))
        if len(self._rejected) > VARIANTS_KEPT:
            self._rejected.clear()
        self._rejected.setdefault(row.looks, set()).add((chat, story))
        return failed

    def _was_taken(self, chat: Chat, row: CardRecord) -> None:
        if row.looks is None:
            return
        if len(self._takers) > VARIANTS_KEPT:
            self._takers.clear()
        self._takers.setdefault(row.looks, chat)
        for elsewhere, story in self._rejected.pop(row.looks, ()):
            self._look(elsewhere, story)

    async def _recover(self, chat: Chat, edition: Edition, row: CardRecord) -> None:
        """A post was under way: repeat it where that is harmless, else look for it."""
        story = edition.story.id
        if self._may_repeat(row):
            # The platform may hand back the message made then, with what it said then: an edit
            # follows.
            await self._outbound.turn(chat)
            await self._send(chat, edition, row, self._card(chat, edition)[0], again=True)
            return
        key = nonce(chat, story, "card", row.generation)
        await self._outbound.turn(chat)
        try:
            place = await self._platform.find(chat, key, row.at)
        except Unreachable as refused:
            self._outbound.refused(chat, "post", refused)
            raise
        if place is not None:
            found = replace(row, state=State.SHOWN, place=place, posted_at=row.at)
        elif self._policy.repeat_unknown:
            found = replace(row, state=State.FAILED, generation=row.generation + 1)
        else:
            found = replace(row, state=State.UNKNOWN, why=Reason(Code.OUTCOME_UNKNOWN))
        await self.rows.record(chat, story, found)

    async def _edit(
        self,
        chat: Chat,
        edition: Edition,
        row: CardRecord,
        place: str,
        message: Message,
        looks: str,
        since: Delta,
    ) -> None:
        story = edition.story.id
        await self._outbound.turn(chat)
        sending = replace(row, state=State.SENDING, at=self._now(), looks=None)
        await self.rows.about_to(chat, story, sending)
        try:
            self._outbound.leaves(edition)
            _, bare = await self._plainly(
                "edit", chat, message, lambda said: self._platform.edit(chat, place, said)
            )
        except OutcomeUnknown:
            self._outbound.count("edit", "unknown")
            self.rows.ended_unknown(chat, story)
            raise
        except CardGone as gone:
            await self._gone(chat, story, row, "edit", gone)
            raise
        except SendFailed as failed:
            await self.rows.record(
                chat, story, self._outbound.failed(sending, "edit", chat, failed)
            )
            if isinstance(failed, NotNow):
                self._rests[chat, story] = self._now() + failed.after
            raise
        shown = replace(
            row,
            state=State.SHOWN,
            at=self._now(),
            revision=edition.revision,
            looks=looks,
            owes=self._reply_policy.owes(chat, edition, row, since),
            why=None,
            bare=bare,
        )
        await self.rows.record(chat, story, shown)
        self._outbound.done(chat, "edit")
        facts = {"chat": str(chat), "story": story, "revision": edition.revision}
        log.debug("card edited", extra=facts)

    async def _reply(
        self, chat: Chat, edition: Edition, row: CardRecord, place: str, since: Delta
    ) -> None:
        """Say what changed beside the card: once, or perhaps not at all, but never twice."""
        rule = self._rules.of(chat)
        message = reply(edition, since, parting=self._reply_policy.parts_with(chat, rule, edition))
        key = nonce(chat, edition.story.id, "reply", edition.revision)
        said = replace(row, owes=None, replied_at=self._now(), told=edition.revision)
        major = since.weight is Weight.MAJOR
        await self._say(chat, edition.story.id, row, said, message, key, place, major=major)

    async def _say(
        self,
        chat: Chat,
        story: StoryId,
        row: CardRecord,
        said: CardRecord,
        message: Message,
        key: str,
        place: str,
        *,
        major: bool,
    ) -> None:
        """Post a reply to the card at `place`; `said` is the row once that is done."""
        await self._outbound.turn(chat)
        await self.rows.about_to(chat, story, said)
        rule = self._rules.of(chat)
        loudness = rule.loudness if rule else Loudness.REPLY
        hushed = rule is not None and (rule.paused or rule.mute_of(story) is not None)
        calls = major and not hushed and loudness is Loudness.PING
        try:
            await self._plainly(
                "reply",
                chat,
                message,
                lambda said: self._platform.post(
                    chat,
                    said,
                    key=key,
                    silent=not major or hushed or loudness is Loudness.EDIT,
                    reply_to=place,
                    mention=rule.role if rule and calls else None,
                ),
            )
        except (NotNow, Unreachable) as failed:  # surely not said: it stays owed
            self._outbound.failed(row, "reply", chat, failed)
            await self.rows.record(chat, story, row)
            raise
        except SendFailed as failed:
            self._outbound.count("reply", type(failed).__name__)
            log.warning("a reply was not said", extra={"chat": str(chat), "why": str(failed)})
        else:
            self._outbound.done(chat, "reply")

    async def _publish(self, chat: Chat, story: StoryId, row: CardRecord, place: str) -> None:
        """Send a card on to those who follow the channel. Doing that twice is doing it once."""
        await self._outbound.turn(chat)
        self._rate_limiter.published(chat)  # before we know: what is asked for may count
        try:
            await self._platform.publish(chat, place)
        except OutcomeUnknown:
            self._outbound.count("publish", "unknown")
            raise
        except CardGone as gone:
            await self._gone(chat, story, row, "publish", gone)
        except NotNow as later:
            self._outbound.failed(row, "publish", chat, later)
            self._rate_limiter.published_enough(chat, later.after)
        except SendFailed as failed:  # it concerns nothing but the publishing
            self._outbound.failed(row, "publish", chat, failed)
            await self.rows.record(chat, story, replace(row, why=failed.reason))
            log.warning("a card was not published", extra={"chat": str(chat), "why": str(failed)})
        else:
            await self.rows.record(chat, story, replace(row, published_at=self._now()))
            self._outbound.count("publish", "shown")

    async def _gone(
        self, chat: Chat, story: StoryId, row: CardRecord, act: str, gone: CardGone
    ) -> None:
        self._outbound.count(act, "gone")
        lost = replace(row, state=State.GONE, at=self._now(), place=None, why=gone.reason)
        await self.rows.record(chat, story, replace(lost, pin=None, pinned_at=None, owes=None))
        self._look_at_parts(chat, story)


def _last_told(row: CardRecord | None) -> int | None:
    """The revision that readers know: of what came after it they were not told."""
    if row is None:
        return None
    return row.revision if row.owes is None else row.owes


def nonce(chat: Chat, story: StoryId, slot: str, number: int) -> str:
    """25 characters that stand for one message we mean to send, in every process the same.

    Discord takes at most 25 and compares them among all messages of one author, so the chat
    is part of it (docs.discord.com, Create Message).
    """
    digest = hashlib.sha256(f"{chat}\n{story}\n{slot}\n{number}".encode()).digest()
    return base64.urlsafe_b64encode(digest).decode()[:25]


def _looks(message: Message) -> str:
    said = repr(message).encode("utf-8", "surrogatepass")
    return hashlib.blake2s(said, digest_size=12).hexdigest()
