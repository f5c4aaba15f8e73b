"""One card at a time: the step that is due is taken, and the ledger says how it ended."""

import base64
import hashlib
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise

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
    Wish,
    decide,
)
from bot.delivery.merging import fold
from bot.delivery.pace import Pace
from bot.delivery.rules import RuleBook
from bot.delivery.tide import TideWatch, patiently
from bot.metrics import Metrics
from bot.model.card import Kin, card, kin_of, reply, stub
from bot.model.chat import Chat
from bot.model.errors import (
    CardGone,
    Moved,
    NotNow,
    OutcomeUnknown,
    Rejected,
    SendFailed,
    StorageAway,
    Unreachable,
)
from bot.model.language import N_, Language, spoken
from bot.model.message import Message
from bot.model.rule import Loudness, Rule
from bot.ports import Archive, Lease, Ledger, Pin, Platform, Row, State
from stories.delta import Delta, Kind, Weight, compare
from stories.shelf import Edition, Shelf
from stories.story import Status, Story, StoryId

log = logging.getLogger(__name__)

VARIANTS_KEPT = 1000
HANDED_BACK = timedelta(minutes=10)
"""After the storage lost rows, so long a post may be answered with a message made before."""
SETTLE = timedelta(seconds=15)
"""Before an attempt of unknown outcome is looked at again: a late one may still arrive."""
OTHERS_SETTLE = timedelta(seconds=45)
"""The same for attempts we know nothing of: another process's when we begin, and any after the
storage lost rows. Whoever made one may still wait for its answer."""
PINS_REST = timedelta(minutes=30)
"""How long no pin is tried where one was refused: the right is missing, or the pins are full."""
CHAT_RESTS = timedelta(minutes=1)
"""A longer pause asked for at an edit is about that one message: Discord lets an old or a published
one be edited a few times an hour."""


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
        shelf: Shelf,
        rules: RuleBook,
        ledger: Ledger,
        archive: Archive,
        lease: Lease,
        tide: TideWatch,
        pace: Pace,
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
        self._shelf = shelf
        self._rules = rules
        self._ledger = ledger
        self._archive = archive
        self._lease = lease
        self._tide = tide
        self._pace = pace
        self._metrics = metrics
        self._policy = policy
        self._taken = taken
        self._refused = refused
        self._beside = beside
        self._look = look
        self._now = now
        self._began = now()
        self._unknown: dict[tuple[Chat, StoryId], datetime] = {}
        """When attempts ended of which nobody knows how."""
        self._rests: dict[tuple[Chat, StoryId], datetime] = {}
        """Until when cards are left alone that were edited too often, whatever comes in."""
        self._pins_unknown: dict[tuple[Chat, StoryId], datetime] = {}
        """When attempts at pins ended of which nobody knows how."""
        self._no_pins: dict[Chat, datetime] = {}
        """Until when pins are left as they are in chats that refused one."""
        self._doubt_then: dict[tuple[Chat, StoryId], datetime | None] = {}
        """What was known of losses when the row of a card in hand was read."""
        self._known: dict[tuple[Chat, StoryId], tuple[Row | None, datetime | None]] = {}
        """Rows that were read when their cards became due, and what was known of losses then.
        Each is used once, and forgotten when it is written."""
        self.changes = 0
        """Counts what happened to rows: one read meanwhile may be out of date."""
        self._made: dict[tuple[StoryId, bool, Language], tuple[Edition, Kin, Message, str]] = {}

    def begin(self) -> None:
        """From now on it is us who deliver: another's attempts may still be on their way."""
        self._began = self._now()
        self._known.clear()

    def know(self, story: StoryId, rows: Mapping[Chat, Row], chats: Iterable[Chat]) -> None:
        """These chats' cards become due, and this is what the ledger says of them just now."""
        doubt = self._tide.doubt
        self._known.update({(chat, story): (rows.get(chat), doubt) for chat in chats})

    async def step(self, chat: Chat, story: StoryId) -> float | None:
        """Take one step towards the newest edition.

        Returns in how many seconds to look again, or None when the card is as it should be.
        """
        try:
            return await self._step(chat, story)
        finally:
            self._doubt_then.pop((chat, story), None)

    async def _step(self, chat: Chat, story: StoryId) -> float | None:
        edition = self._shelf.get(story)
        if edition is None:
            return None
        if (left := self._settles_after_loss() - self._now()) > timedelta(0):
            return left.total_seconds()
        if (known := self._known.pop((chat, story), None)) is not None:
            row, self._doubt_then[chat, story] = known
        else:
            row = await self._read(chat, story)
        rule = await self._rule(chat, edition)
        heir = self._shelf.heir(story)
        hears = self._hears(rule, edition, heir)
        live = edition.is_live(self._now(), self._shelf.live_for)
        wanted = hears and live
        if row is None and not wanted:
            await self._stop_following(chat, rule, edition)
            return None
        if self._in_doubt(edition, row):
            why = N_("the storage lost its memory of this card; the next update is posted afresh")
            lost = Row(State.UNKNOWN, self._now(), edition.revision, why=why)
            generation = row.generation if row else 1
            await self._record(chat, story, replace(lost, generation=generation))
            return None
        if row and self._doubtful(row):  # it may say something else by now, and have said more
            told = max(edition.revision, row.told or 0)
            row = replace(row, looks=None, owes=None, told=told, replied_at=self._tide.doubt)
        if row and (unsettled := self._settles(chat, story, row) - self._now()) > timedelta(0):
            return unsettled.total_seconds()
        if row and row.place and row.into is None and heir is not None:
            again_s = await self._fold(chat, edition, row, heir)
            if again_s is not None:
                return again_s
        if (rests := self._rests.get((chat, story), self._now()) - self._now()) > timedelta(0):
            return rests.total_seconds()
        self._rests.pop((chat, story), None)
        since = await self._delta_since(edition, _last_told(row))
        message, looks = await self._message(chat, edition, row, heir)
        told = hears or _recalled(since) or self._parts_with(chat, rule, edition)
        no_pins = self._no_pins.get(chat, self._now())
        wish = replace(
            self._wish(chat, rule, edition, since, shown=wanted, told=told),
            pinned=live,
            pin_from=no_pins if no_pins > self._now() else None,
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
                    await self._record(chat, story, replace(row, revision=edition.revision))
                await self._stop_following(chat, rule, edition)
                return None
            case Wait(until):
                return max(0.05, (until - self._now()).total_seconds())
            case Post(generation):
                if await self._becomes(chat, story):
                    return 1.0  # the card of a story that is a part of this one is made its own
                await self._post(chat, edition, generation)
                done = self._shelf.get(story) is edition and wish.publish_from is None
                if not self._tide.doubt and done:
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
                await self._record(chat, story, replace(row, owes=None))
            case Publish(place):
                assert row is not None
                await self._publish(chat, story, row, place)
            case PutPin() | TakePin():
                assert row is not None
                if not await self._tend_pin(chat, story, row, due):
                    return SETTLE.total_seconds()
        return 0.0  # more may be owed: a reply, or a newer edition

    async def _rule(self, chat: Chat, edition: Edition) -> Rule | None:
        """The chat's rule, without a mute that a major update has ended."""
        rule, story = self._rules.of(chat), edition.story
        mute = rule.mute_of(story.id) if rule and rule.awaits(story) else None
        if mute is not None and await self._major_since(mute.revision, edition):
            return await self._rules.unmute(chat, story.id)
        return rule

    async def _major_since(self, revision: int, edition: Edition) -> bool:
        """Whether one of the updates after a revision was major, or for 0 the newest of all."""
        if not revision:
            return self._shelf.delta(edition).weight is Weight.MAJOR
        if edition.revision <= revision:
            return False
        history = await self._archive.history(edition.story.id)
        updates = [past for past in history if revision <= (past.revision or 0) <= edition.revision]
        return any(compare(*pair).weight is Weight.MAJOR for pair in pairwise(updates))

    def _wish(
        self,
        chat: Chat,
        rule: Rule | None,
        edition: Edition,
        since: Delta,
        *,
        shown: bool,
        told: bool,
    ) -> Wish:
        if rule is None:
            return Wish(shown, told)
        now = self._now()
        major_at = edition.heard_at if since.weight is Weight.MAJOR else None
        rest_s = self._pace.publish_rest(chat) if rule.publish and shown else None
        return Wish(
            shown,
            told,
            quiet_until=rule.quiet_until(now, major_at=major_at),
            publish_from=now + timedelta(seconds=rest_s) if rest_s is not None else None,
        )

    def _settles(self, chat: Chat, story: StoryId, row: Row) -> datetime:
        """When an attempt that may still be on its way has arrived: what is done before then
        may be undone by it. Where a key makes repeating harmless, there is no need to wait."""
        ended = self._unknown.get((chat, story))
        if row.pin in (Pin.WANTED, Pin.GOING) and row.place:
            begun = self._began + SETTLE
            if self._now() < begun:
                return begun
        if row.place is None and self._may_repeat(row):
            return row.at
        if row.state is State.SENDING:
            return max(self._began + OTHERS_SETTLE, (ended or row.at) + SETTLE)
        return ended + SETTLE if ended else row.at

    def _settles_after_loss(self) -> datetime:
        """When every attempt whose row may be lost has arrived."""
        return self._tide.doubt + OTHERS_SETTLE if self._tide.doubt else self._now()

    def _may_repeat(self, row: Row) -> bool:
        age_s = (self._now() - row.at).total_seconds()
        return self._platform.repeatable(age_s) and not self._doubtful(row)

    def _doubtful(self, row: Row) -> bool:
        """True for a row that may have had a successor which the storage lost."""
        return self._tide.doubt is not None and row.at <= self._tide.doubt

    async def ensure(self, chat: Chat, edition: Edition) -> Row:
        """Have the story's card stand in the chat, wanted or not."""
        story = edition.story.id
        row = await self._read(chat, story)
        if row is not None and row.place is not None and row.state is not State.GONE:
            return row
        if self._in_doubt(edition, row):
            raise Unreachable(
                N_("the storage lost its memory of this card"),
                N_("ask again after the story's next update"),
            )
        if row is not None and row.state is State.SENDING:
            await self._recover(chat, edition, row)
        else:
            await self._post(chat, edition, row.generation + 1 if row else 1)
        row = await self._read(chat, story)
        if row is None or row.place is None:
            raise OutcomeUnknown("the card may or may not be there")
        return row

    async def put_pin(self, chat: Chat, story: StoryId, row: Row, *, asked: bool = False) -> bool:
        """Pin the card that stands; False when an earlier request may yet unpin it.

        The row says before that it is wanted, so that a crash forgets nothing. `asked`: somebody
        asks for it now; else it is made sure of.
        """
        assert row.place is not None, "only what stands is pinned"
        place = row.place
        await self._may_call(chat)
        wanted = replace(row, pin=Pin.WANTED)
        if asked or wanted.pinned_at is None:
            wanted = replace(wanted, pinned_at=self._now())
        if wanted != row:
            await self._about_to(chat, story, wanted)
        try:
            await self._ask_pin(chat, story, wanted, "pin", lambda: self._platform.pin(chat, place))
        except OutcomeUnknown:
            raise
        except SendFailed as failed:
            if asked and not isinstance(failed, CardGone | Moved):  # told so: they ask again
                await self._record(chat, story, row)
            raise
        if self._may_be_undone(chat, story, row):
            return False
        await self._record(chat, story, replace(wanted, pin=Pin.STANDS))
        return True

    async def unpin(self, chat: Chat, story: StoryId) -> bool:
        """The same for whatever of ours is pinned; nothing may be."""
        row = await self._read(chat, story)
        if row is None or row.place is None or row.pin is None:
            return True
        return await self.take_pin(chat, story, row)

    async def take_pin(self, chat: Chat, story: StoryId, row: Row) -> bool:
        """Unpin it; False when an earlier request may yet pin it."""
        assert row.place is not None, "only what stands is pinned"
        place = row.place
        await self._may_call(chat)
        going = replace(row, pin=Pin.GOING)
        if going != row:
            await self._about_to(chat, story, going)
        with suppress(CardGone):  # then it is not pinned any more
            await self._ask_pin(
                chat, story, going, "unpin", lambda: self._platform.unpin(chat, place)
            )
        if self._may_be_undone(chat, story, row):
            return False
        await self._record(chat, story, replace(going, pin=None, pinned_at=None))
        return True

    def _may_be_undone(self, chat: Chat, story: StoryId, row: Row) -> bool:
        """True while what we, or another process, asked about the pin may be on its way."""
        ended = self._pins_unknown.get((chat, story), self._began)
        begun = row.pin in (Pin.WANTED, Pin.GOING) or ended > self._began
        if begun and self._now() < ended + SETTLE:
            return True
        self._pins_unknown.pop((chat, story), None)
        return False

    async def _ask_pin(
        self,
        chat: Chat,
        story: StoryId,
        row: Row,
        act: str,
        call: Callable[[], Awaitable[None]],
    ) -> None:
        try:
            await call()
        except OutcomeUnknown:
            self._count(act, "unknown")
            self._pins_unknown[chat, story] = self._now()
            raise  # the row says what is wanted, and it is asked again
        except SendFailed as failed:
            self._failed(row, act, chat, failed)
            if isinstance(failed, NotNow):
                raise
            if isinstance(failed, CardGone | Moved):
                await self._record(chat, story, replace(row, pin=None, pinned_at=None))
            if isinstance(failed, Unreachable | Rejected):
                self._no_pins[chat] = self._now() + PINS_REST
            raise
        self._count(act, "shown")

    async def _tend_pin(self, chat: Chat, story: StoryId, row: Row, step: PutPin | TakePin) -> bool:
        """Do what is to be done about a pin; a refusal is about the pin, not about the chat."""
        try:
            if isinstance(step, PutPin):
                return await self.put_pin(chat, story, row)
            return await self.take_pin(chat, story, row)
        except (Unreachable, Rejected, CardGone) as refused:
            facts = {"chat": str(chat), "story": story, "why": str(refused)}
            log.warning("a pin is left as it is", extra=facts)
            return True

    async def note(self, chat: Chat, story: StoryId, change: Callable[[Row], Row]) -> None:
        """Change what the ledger says of a card."""
        row = await self._read(chat, story)
        if row is not None:
            await self._record(chat, story, change(row))

    def _in_doubt(self, edition: Edition, row: Row | None) -> bool:
        """True for a card that may stand although the storage, having lost rows, knows of none."""
        doubt = self._tide.doubt
        if doubt is None or (row is not None and (row.place or row.state is State.SENDING)):
            return False
        moments = [edition.heard_at, edition.story.updated_at or edition.heard_at]
        return (row.at if row else min(moments)) <= doubt

    # Stories that become one.

    async def _fold(self, chat: Chat, edition: Edition, row: Row, heir: Edition) -> float | None:
        """Make one of the cards of a merged story and of the one it went into.

        Returns in how many seconds to look again; None when it is not known what stands.
        """
        story, into = edition.story.id, heir.story.id
        async with self._beside(chat, into) as free:
            if not free:
                return 0.2
            try:
                living = await self._read(chat, into)
                if self._in_doubt(heir, living):
                    return None
                if living is not None and living.state is State.SENDING:
                    self._look(chat, into)  # first it has to be known whether it stands
                    return 1.0
                since = await self._delta_since(edition, _last_told(row))
                owed = self._owes(chat, edition, row, since) is not None
                rows = fold(
                    row, living, into=into, revision=heir.revision, tells=story if owed else None
                )
                await self._write_together(chat, dict(zip((story, into), rows, strict=True)))
                self._count("fold", "shown")
            finally:
                self._doubt_then.pop((chat, into), None)
        self._look(chat, into)
        return 0.0

    async def _becomes(self, chat: Chat, story: StoryId) -> bool:
        """True while a card here is, or may yet be, one that this story's is made from."""
        for part in self._shelf.parts(story):
            row = await self._ledger.row(chat, part.story.id)
            if row and row.into is None and (row.place or row.state is State.SENDING):
                self._look(chat, part.story.id)
                return True
        return False

    async def _tell(
        self, chat: Chat, edition: Edition, row: Row, place: str, part: StoryId
    ) -> None:
        """Say beside a card that the story whose card it was is a part of this one now."""
        said = replace(row, tells=None, replied_at=self._now())
        merged = self._shelf.get(part)
        if merged is None or merged.story.merged_into is None:  # it was, and is no more
            await self._record(chat, edition.story.id, replace(row, tells=None))
            return
        message = reply(merged, self._shelf.delta(merged))
        key = nonce(chat, part, "reply", merged.revision)
        await self._say(chat, edition.story.id, row, said, message, key, place, major=True)

    def _hears(self, rule: Rule | None, edition: Edition, heir: Edition | None) -> bool:
        """Whether a chat is told of a story: its rule wants it, or what it is a part of now."""
        if rule is None:
            return False
        return rule.wants(edition.story) or (heir is not None and rule.wants(heir.story))

    # Stories that are over.

    def _parts_with(self, chat: Chat, rule: Rule | None, edition: Edition) -> bool:
        """Whether a chat that follows the story by itself is to be told that this ends now."""
        return (
            rule is not None
            and _over(edition.story)
            and edition.story.id in rule.story_ids
            and not rule.paused
            and rule.mute_of(edition.story.id) is None
            and not self._rules.is_fixed(chat)
        )

    async def _stop_following(self, chat: Chat, rule: Rule | None, edition: Edition) -> None:
        """Following a story ends with it; who is told of that has been told."""
        story = edition.story
        follows = rule is not None and story.id in rule.story_ids
        if follows and _over(story) and not self._rules.is_fixed(chat):
            await self._rules.amend(chat, lambda rule: rule.without(story.id))

    async def _delta_since(self, edition: Edition, revision: int | None) -> Delta:
        """What changed between a revision that was shown and the newest edition."""
        before = edition.before
        if revision is None or before is None or revision in (before.revision, edition.revision):
            return self._shelf.delta(edition)
        history = await self._archive.history(edition.story.id)
        shown = next((past for past in history if past.revision == revision), before)
        return self._shelf.named(compare(shown, edition.story))

    def _card(self, chat: Chat, edition: Edition) -> tuple[Message, str]:
        """The card and a hash of its looks; made once a revision and variant, not once a chat."""
        rule = self._rules.of(chat)
        show_leaning = rule is not None and rule.show_leaning
        variant = (edition.story.id, show_leaning, spoken())
        made, kin = self._made.get(variant), kin_of(self._shelf, edition)
        if made is None or made[0] is not edition or made[1] != kin:
            delta = self._shelf.delta(edition)
            message = card(edition, delta, show_leaning=show_leaning, kin=kin)
            if len(self._made) > VARIANTS_KEPT:
                self._made.clear()
            made = self._made[variant] = (edition, kin, message, _looks(message))
        return made[2:]

    async def _message(
        self, chat: Chat, edition: Edition, row: Row | None, heir: Edition | None
    ) -> tuple[Message, str]:
        """What the card should say, and a hash of it: where it was folded, where it goes on."""
        if row is None or row.into is None or heir is None:
            return self._card(chat, edition)
        living = await self._ledger.row(chat, heir.story.id)
        place = living.place if living else None
        message = stub(edition, heir.story, place and self._platform.link(chat, place))
        return message, _looks(message)

    async def _post(self, chat: Chat, edition: Edition, generation: int) -> None:
        """Make a card. Whatever happens is in the ledger when this returns or raises."""
        message, looks = self._card(chat, edition)
        revision = edition.revision
        await self._may_call(chat)
        row = Row(State.SENDING, self._now(), revision, looks=looks, generation=generation)
        await self._about_to(chat, edition.story.id, row)
        await self._send(chat, edition, row, message, again=False)

    async def _send(
        self, chat: Chat, edition: Edition, row: Row, message: Message, *, again: bool
    ) -> None:
        story = edition.story.id
        try:
            self._observe_wire(edition)
            place = await self._platform.post(
                chat, message, key=nonce(chat, story, "card", row.generation)
            )
        except OutcomeUnknown:
            self._count("post", "unknown")
            self._unknown[chat, story] = self._now()
            raise  # the row says `sending`, which is the truth
        except SendFailed as failed:
            refused = self._failed(row, "post", chat, failed)
            if not again:  # that a repeat was refused says nothing of the attempt before it
                await self._record(chat, story, refused)
            raise
        now = self._now()
        shown = replace(row, state=State.SHOWN, at=now, place=place, posted_at=now, why=None)
        if again or (self._tide.doubt and now - self._tide.doubt < HANDED_BACK):
            shown = replace(shown, looks=None)  # an older one may have been handed back
        await self._record(chat, story, shown)
        self._count("post", "shown")
        self._taken(chat, "post")
        log.info("card posted", extra={"chat": str(chat), "story": story, "revision": row.revision})

    async def _recover(self, chat: Chat, edition: Edition, row: Row) -> None:
        """A post was under way: repeat it where that is harmless, else look for it."""
        story = edition.story.id
        if self._may_repeat(row):
            # The platform may hand back the message made then, with what it said then: an edit
            # follows.
            await self._may_call(chat)
            await self._send(chat, edition, row, self._card(chat, edition)[0], again=True)
            return
        key = nonce(chat, story, "card", row.generation)
        await self._may_call(chat)
        try:
            place = await self._platform.find(chat, key, row.at)
        except Unreachable as refused:
            self._refused(chat, "post", refused)
            raise
        if place is not None:
            found = replace(row, state=State.SHOWN, place=place, posted_at=row.at)
        elif self._policy.repeat_unknown:
            found = replace(row, state=State.FAILED, generation=row.generation + 1)
        else:
            why = N_(
                "it is not known whether the card was posted; the next update is posted afresh"
            )
            found = replace(row, state=State.UNKNOWN, why=why)
        await self._record(chat, story, found)

    async def _edit(
        self,
        chat: Chat,
        edition: Edition,
        row: Row,
        place: str,
        message: Message,
        looks: str,
        since: Delta,
    ) -> None:
        story = edition.story.id
        await self._may_call(chat)
        sending = replace(row, state=State.SENDING, at=self._now(), looks=None)
        await self._about_to(chat, story, sending)
        try:
            self._observe_wire(edition)
            await self._platform.edit(chat, place, message)
        except OutcomeUnknown:
            self._count("edit", "unknown")
            self._unknown[chat, story] = self._now()
            raise
        except CardGone as gone:
            await self._gone(chat, story, row, "edit", gone)
            raise
        except SendFailed as failed:
            await self._record(chat, story, self._failed(sending, "edit", chat, failed))
            if isinstance(failed, NotNow):
                self._rests[chat, story] = self._now() + failed.after
            raise
        shown = replace(
            row,
            state=State.SHOWN,
            at=self._now(),
            revision=edition.revision,
            looks=looks,
            owes=self._owes(chat, edition, row, since),
            why=None,
        )
        await self._record(chat, story, shown)
        self._count("edit", "shown")
        self._taken(chat, "edit")
        facts = {"chat": str(chat), "story": story, "revision": edition.revision}
        log.info("card edited", extra=facts)

    def _owes(self, chat: Chat, edition: Edition, row: Row, since: Delta) -> int | None:
        """Whether a change is worth a reply: the revision whose readers are to be told."""
        rule = self._rules.of(chat)
        last = _recalled(since) or self._parts_with(chat, rule, edition)
        hears = self._hears(rule, edition, self._shelf.heir(edition.story.id))
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
        if row.replied_at is not None and self._now() - row.replied_at < self._policy.reply_gap:
            return None
        return known

    async def _reply(
        self, chat: Chat, edition: Edition, row: Row, place: str, since: Delta
    ) -> None:
        """Say what changed beside the card: once, or perhaps not at all, but never twice."""
        rule = self._rules.of(chat)
        message = reply(edition, since, parting=self._parts_with(chat, rule, edition))
        key = nonce(chat, edition.story.id, "reply", edition.revision)
        said = replace(row, owes=None, replied_at=self._now(), told=edition.revision)
        major = since.weight is Weight.MAJOR
        await self._say(chat, edition.story.id, row, said, message, key, place, major=major)

    async def _say(
        self,
        chat: Chat,
        story: StoryId,
        row: Row,
        said: Row,
        message: Message,
        key: str,
        place: str,
        *,
        major: bool,
    ) -> None:
        """Post a reply to the card at `place`; `said` is the row once that is done."""
        await self._may_call(chat)
        await self._about_to(chat, story, said)
        rule = self._rules.of(chat)
        loudness = rule.loudness if rule else Loudness.REPLY
        hushed = rule is not None and (rule.paused or rule.mute_of(story) is not None)
        calls = major and not hushed and loudness is Loudness.PING
        try:
            await self._platform.post(
                chat,
                message,
                key=key,
                silent=not major or hushed or loudness is Loudness.EDIT,
                reply_to=place,
                mention=rule.role if rule and calls else None,
            )
        except (NotNow, Unreachable) as failed:  # surely not said: it stays owed
            self._failed(row, "reply", chat, failed)
            await self._record(chat, story, row)
            raise
        except SendFailed as failed:
            self._count("reply", type(failed).__name__)
            log.warning("a reply was not said", extra={"chat": str(chat), "why": str(failed)})
        else:
            self._count("reply", "shown")
            self._taken(chat, "reply")

    async def _publish(self, chat: Chat, story: StoryId, row: Row, place: str) -> None:
        """Send a card on to those who follow the channel. Doing that twice is doing it once."""
        await self._may_call(chat)
        try:
            await self._platform.publish(chat, place)
        except OutcomeUnknown:
            self._count("publish", "unknown")
            raise
        except CardGone as gone:
            await self._gone(chat, story, row, "publish", gone)
        except NotNow as later:
            self._failed(row, "publish", chat, later)
            self._pace.published_enough(chat, later.after)
        except SendFailed as failed:  # it concerns nothing but the publishing
            why = self._failed(row, "publish", chat, failed).why
            await self._record(chat, story, replace(row, why=why))
            log.warning("a card was not published", extra={"chat": str(chat), "why": why})
        else:
            self._pace.published(chat)
            await self._record(chat, story, replace(row, published_at=self._now()))
            self._count("publish", "shown")

    async def _gone(self, chat: Chat, story: StoryId, row: Row, act: str, gone: CardGone) -> None:
        self._count(act, "gone")
        lost = replace(row, state=State.GONE, at=self._now(), place=None, why=str(gone))
        await self._record(chat, story, replace(lost, pin=None, pinned_at=None, owes=None))

    async def _may_call(self, chat: Chat) -> None:
        """Wait for our turn at the platform; raise NotNow when the lease ran out meanwhile."""
        await self._pace.take(chat)
        if not self._lease.sure:
            raise NotNow(timedelta(seconds=1), N_("not sure of the lease"))

    def _failed(self, row: Row, act: str, chat: Chat, failed: SendFailed) -> Row:
        """Count a refusal, slow down if we were too fast, and say what the row becomes."""
        self._count(act, "too fast" if _too_fast(failed) else type(failed).__name__)
        if isinstance(failed, NotNow):
            if failed.too_fast:
                self._metrics.too_fast.labels(self._platform.name).inc()
                if act in ("edit", "publish") and failed.after > CHAT_RESTS:
                    self._pace.refused()  # it is this card that has to wait, not its chat
                else:
                    self._pace.too_fast(chat, failed.after)
        else:
            self._pace.refused()
        if isinstance(failed, Unreachable) and act in ("post", "edit", "reply"):
            self._refused(chat, act, failed)
        why = f"{failed.why}\n{failed.remedy}" if isinstance(failed, Unreachable) else str(failed)
        return replace(row, state=State.FAILED, at=self._now(), why=why)

    async def _read(self, chat: Chat, story: StoryId) -> Row | None:
        self._known.pop((chat, story), None)
        self.changes += 1  # whoever asks anew may know of more than we do
        self._doubt_then[chat, story] = self._tide.doubt
        return await self._ledger.row(chat, story)

    async def _about_to(self, chat: Chat, story: StoryId, row: Row) -> None:
        """Write a row before a call; raise StorageAway, and then the call is not made."""
        await self._write(chat, story, row)
        if self._tide.doubt != self._doubt_then[chat, story]:
            raise StorageAway("rows were lost since this was decided")

    async def _write(self, chat: Chat, story: StoryId, row: Row) -> None:
        least = self._tide.written + 1
        try:
            written = await self._ledger.write(chat, story, row)
        finally:
            self._known.pop((chat, story), None)
            self.changes += 1
        if not self._tide.rise(written, least):
            raise StorageAway("the storage stepped back: what is due is decided afresh")
        if row.state is not State.SENDING:
            self._unknown.pop((chat, story), None)

    async def _write_together(self, chat: Chat, rows: Mapping[StoryId, Row]) -> None:
        """Write rows that were read and decided together; raise StorageAway."""
        if any(self._doubt_then[chat, story] != self._tide.doubt for story in rows):
            raise StorageAway("rows were lost since this was decided")
        least = self._tide.written + 1
        try:
            written = await self._ledger.write_together(chat, rows)
        finally:
            for story in rows:
                self._known.pop((chat, story), None)
            self.changes += 1
        if not self._tide.rise(written, least):
            raise StorageAway("the storage stepped back: what is due is decided afresh")

    async def _record(self, chat: Chat, story: StoryId, row: Row) -> None:
        """Write down what happened, however long it takes: only we know it."""
        await patiently(lambda: self._write(chat, story, row))

    def _observe_wire(self, edition: Edition) -> None:
        waited = (self._now() - edition.heard_at).total_seconds()
        self._metrics.wake_to_wire.labels(self._platform.name).observe(max(0.0, waited))

    def _count(self, act: str, outcome: str) -> None:
        self._metrics.deliveries.labels(self._platform.name, act, outcome).inc()


def _last_told(row: Row | None) -> int | None:
    """The revision that readers know: of what came after it they were not told."""
    if row is None:
        return None
    return row.revision if row.owes is None else row.owes


def _over(story: Story) -> bool:
    """True for a story that is over for good, and does not go on in another."""
    ended = story.stats.status is Status.ENDED or story.retracted is not None
    return ended and story.merged_into is None


def _recalled(since: Delta) -> bool:
    """Whether the story was withdrawn, or no longer is: whoever read it has to hear of that."""
    return any(
        change.kind in (Kind.RETRACTED, Kind.REINSTATED) and change.weight is Weight.MAJOR
        for change in since.changes
    )


def _too_fast(failed: SendFailed) -> bool:
    return isinstance(failed, NotNow) and failed.too_fast


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
