"""What must be true of what people see, whatever happened. Reads the platforms' own history.

Every deviation is explained by a row of the ledger or by a named exemption; docs/guarantees.md
lists the exemptions for those who run the bot.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

from bot.delivery.messages import fingerprint, idempotency_key
from bot.delivery.rollback import KEEP_S
from bot.model.chat import Chat
from bot.model.ledger import CardRecord, Pin, State
from bot.model.rule import Loudness, Rule
from bot.platforms.known import read_chat
from runtime.lease import LASTS_S
from stories.delta import Weight, compare
from stories.edition import Edition
from stories.index import StoryIndex
from stories.story import Status, Story, StoryId
from tests.simulation.clock import BEGINNING
from tests.simulation.platform import PUBLISHED_UNHEARD, TAKEN_OVER, Sent
from tests.simulation.storage import _edition
from tests.simulation.world import GROUP, SUPERGROUP, Process, World
from wording.card import card, related_to, stub
from wording.message import Link, Message

RULE_AT_A_CRASH = (
    "A rule saved at the moment the process died or the storage went away may take effect only "
    "after the bot has restarted, and shows a story only with that story's next update."
)
DELETED_UNSEEN = (
    "If a person deletes a card, the bot notices only at the story's next update: it doesn't "
    "watch for deletions."
)
RULE_LOST_UNNOTICED = (
    "If the storage lost a rule and the loss went unnoticed, for example before the first story "
    "arrived, the rule holds until the bot restarts."
)
DELETED_LONG_AGO = (
    "A card that a person deleted before its story left full memory comes back with a notable "
    "update after the story's return: what it missed meanwhile is unknown."
)
FORGOTTEN = (
    "If the storage forgot a card and the story is updated after that, a new card is posted, and "
    "the old one remains beside it."
)
NUMBERED_ANEW = (
    "If the storage forgot a revision, its number may be given to another one: a reply may report "
    "that number twice, and a deleted card may come back one update late."
)
OWED_AND_LOST = (
    "If the storage lost a rule or a due entry, a card may be missing until its story's next "
    "update."
)
PIN_FORGOTTEN = (
    "If the storage forgot that a card was pinned or unpinned, the card stays as it is until a "
    "moderator pins or unpins it."
)
LAST_SECOND = (
    "If a process is killed and the storage then forgets the second before that, nothing reveals "
    "it: what was posted in that second may be posted again."
)
TWO_HOLDERS = (
    "If the storage forgot who holds the lease, another process may start while the previous one "
    "continues for some seconds: what that one posts then may be posted again."
)
UNFOLDED = (
    "If the storage forgot a card, or it is unknown whether the card exists, it isn't merged into "
    "another when their stories become one."
)
OLD_LINK = (
    "If a process dies while a card that others link to is being reposted, their links are "
    "outdated until one of the stories is updated."
)
EXEMPTIONS = (
    RULE_AT_A_CRASH,
    DELETED_UNSEEN,
    RULE_LOST_UNNOTICED,
    DELETED_LONG_AGO,
    TAKEN_OVER,
    FORGOTTEN,
    NUMBERED_ANEW,
    OWED_AND_LOST,
    PIN_FORGOTTEN,
    LAST_SECOND,
    TWO_HOLDERS,
    UNFOLDED,
    OLD_LINK,
    PUBLISHED_UNHEARD,
)

UNTIL_SEEN_S = 5.0
DECIDED_BEFORE_S = 30.0
"""So long before it is written down or asked for something was decided, if the storage is slow."""


def _is_notice(sent: Sent) -> bool:
    """Whether it tells that some chat refuses us, or that a card may not have arrived there."""
    return sent.key.startswith(("trouble ", "unknown "))


def told(row: CardRecord | None) -> str:
    """A row in one line."""
    if row is None:
        return "nothing"
    at = (row.at - BEGINNING).total_seconds()
    facts = f"{row.state} r{row.revision} g{row.generation} at {at:.1f}, place {row.message_id}"
    facts += f", owes {row.reply_since}, pin {row.pin}, into {row.into}, tells {row.tells}"
    return f"{facts}, {row.why or 'no reason'}"


def _alike(one: Message, other: Message) -> bool:
    """Whether they say the same, wherever they lead."""
    texts = [
        [block for block in each.blocks if not isinstance(block, Link)] for each in (one, other)
    ]
    return one != other and texts[0] == texts[1]


def _differs(shown: Message, expected: Message) -> str:
    return "; ".join(
        f"“{one}”, not “{other}”"
        for one, other in zip(shown.blocks, expected.blocks, strict=False)
        if one != other
    )


class Checker:
    def __init__(self, world: World) -> None:
        self.world = world
        self.data = world.store.data
        self.index = StoryIndex()
        for held in self.data.stories.values():
            self.index.put(_edition(self.data, held))
        self.exempted: list[str] = []

    def violations(self) -> list[str]:
        found = list(self.world.violations)
        for service in self.world.services.values():
            found += service.violations
            self.exempted += service.exempted
        found += self._doubles()
        found += self._replies()
        found += self._limited()
        found += self._untold()
        found += self._notices()
        found += self._behind()
        found += self._missing()
        found += self._pins()
        found += self._unfolded()
        found += self._followed()
        found += self._unkept()
        found += self._unpublished()
        found += self._hushed()
        found += self._lost_documents()
        return found

    def _cards(self, *, visible: bool = True) -> dict[tuple[Chat, StoryId], list[Sent]]:
        cards = defaultdict(list)
        for service in self.world.services.values():
            for sent in service.visible() if visible else service.sent.values():
                if sent.story is not None:
                    cards[sent.chat, sent.story].append(sent)
        return cards

    def _row(self, chat: Chat, story: StoryId) -> CardRecord | None:
        return self.data.rows.get(story, {}).get(chat)

    def _doubles(self) -> Iterator[str]:
        """(a) One card a story and chat, but where the ledger says that one is not proved."""
        for (chat, story), cards in self._cards().items():
            for one, other in pairwise(sorted(cards, key=lambda sent: sent.asked_at)):
                if self._forgotten(story, one, other):
                    self.exempted.append(FORGOTTEN)
                elif self._held_twice(one):
                    self.exempted.append(TWO_HOLDERS)
                elif len(one.lives | other.lives) > 1 and self._unproved(chat, story):
                    continue  # one changed hands, so which was there first says nothing
                elif len(one.lives | other.lives) > 1 and self.world.store.losses:
                    self.exempted.append(FORGOTTEN)
                elif not any(
                    row.state in (State.UNKNOWN, State.GONE)
                    for at, *where, row in self.world.store.log
                    if where == [chat, story] and one.asked_at <= at <= other.asked_at
                ):
                    yield (
                        f"{story} has two cards in {chat}: asked for at {one.asked_at:.1f} "
                        f"({one.message_id}) and at {other.asked_at:.1f} ({other.message_id})"
                    )

    def _forgotten(self, story: StoryId, one: Sent, other: Sent) -> bool:
        """What was written of it before it was asked for may be lost before we hear that it was."""
        written = [
            at
            for at, *where, _ in self.world.store.log
            if where == [one.chat, story] and at <= one.asked_at
        ]
        return any(
            max(written, default=one.asked_at) <= lost < updated <= other.asked_at
            for lost in self.world.store.losses
            for updated in self.world.store.accepted[story]
        )

    def _unproved(self, chat: Chat, story: StoryId) -> bool:
        """The ledger once said that a card of the story here is not proved."""
        return any(
            row.state is State.UNKNOWN
            for _, *where, row in self.world.store.log
            if where == [chat, story]
        )

    def _held_twice(self, one: Sent) -> bool:
        """A loss took the lease from its holder, who posted it before it could know."""
        return any(
            lost - KEEP_S <= one.asked_at <= handed + LASTS_S and lost <= handed <= lost + LASTS_S
            for lost in self.world.store.losses
            for handed, lease in self.world.store.handed
            if lease == one.chat.platform
        )

    def _unmarked(self, one: Sent) -> bool:
        """It was said in a process's last second, whose mark on disk never knew of it."""
        return any(
            one.asked_at <= killed <= one.asked_at + KEEP_S + 0.5 and lost >= one.asked_at
            for killed in self.world.kills
            for lost in self.world.store.losses
        )

    def _owed_and_lost(self, story: StoryId) -> bool:
        """Nothing new of the story has come since the storage last lost something."""
        losses = self.world.store.losses
        if not losses or self._heard(story) > losses[-1] + UNTIL_SEEN_S:
            return False
        self.exempted.append(OWED_AND_LOST)
        return True

    def _heard(self, story: StoryId) -> float:
        return (self.data.stories[story].heard_at - BEGINNING).total_seconds()

    def _behind(self) -> Iterator[str]:
        """(b) Every card that stands shows the newest, if the ledger knows it stands."""
        for (chat, story), cards in self._cards().items():
            held, row = self.data.stories.get(story), self._row(chat, story)
            for sent in cards:
                if held is None or row is None or row.message_id != sent.message_id:
                    continue  # explained by _doubles and _missing
                edition = _edition(self.data, held)
                expected = self._expected(chat, edition, row)
                if self.world.kills and row.into is not None and _alike(sent.message, expected):
                    self.exempted.append(OLD_LINK)
                    continue
                if held.stub and sent.message == self._expected(
                    chat, replace(edition, before=edition.story), row
                ):
                    continue  # made anew since, when what had changed last was no longer known
                if sent.message != expected:
                    looks = (
                        "the newest"
                        if row.fingerprint == fingerprint(expected)
                        else "something else"
                    )
                    yield (
                        f"{story} in {chat} ({sent.message_id}) is not as revision "
                        f"{edition.revision}: {_differs(sent.message, expected)}; "
                        f"the ledger believes it shows {looks}: {told(row)}"
                    )

    def _expected(self, chat: Chat, edition: Edition, row: CardRecord) -> Message:
        """What a card should say: the newest, or where it goes on if it was folded."""
        heir = self.index.lineage.merge_target(edition.story.id)
        if heir is None or row.into is None:
            delta = self.index.named(compare(edition.before, edition.story))
            return card(edition, delta, kin=related_to(self.index, edition))
        living = self._row(chat, heir.story.id)
        handle = self.world.processes[0].handles[chat.platform]
        place = living.message_id if living else None
        return stub(edition, heir.story, handle.link(chat, place) if place else None)

    def _unfolded(self) -> Iterator[str]:
        """Of two stories that became one no chat shows two living cards, and none that is lost."""
        for (chat, story), cards in self._cards().items():
            heir, row = self.index.lineage.merge_target(story), self._row(chat, story)
            if heir is None:
                continue
            living = self._row(chat, heir.story.id)
            for sent in cards:
                if row is not None and row.message_id == sent.message_id and row.into is not None:
                    continue  # it leads to the living one
                if living is not None and living.message_id == sent.message_id:
                    continue  # it is told of by _behind
                if self.world.store.losses or self._unproved(chat, story):
                    self.exempted.append(UNFOLDED)
                    continue
                yield (
                    f"{story} went into {heir.story.id} and still has a card in {chat} "
                    f"(place {sent.message_id}): {told(row)}; that one: {told(living)}"
                )

    def _followed(self) -> Iterator[str]:
        """Nobody follows a story by itself that is over, or that is a part of another now."""
        for name in self.world.services:
            holder = self.world.standing[name]
            for chat in holder.rules.chats() if holder else ():
                rule = holder.rules.of(chat) if holder else None
                if chat.platform != name or rule is None or chat in self.world.unheard:
                    continue
                for story in rule.story_ids:
                    held = self.data.stories.get(story)
                    if held is None or self.world.store.losses:
                        continue
                    if self._heard(story) < self.world.ruled.get(chat, 0.0) + UNTIL_SEEN_S:
                        continue
                    ended = held.story.stats.status is Status.ENDED or held.story.retracted
                    fixed = holder is not None and holder.rules.is_fixed(chat)
                    if ended and not held.story.merged_into and not fixed:
                        yield f"{chat} still follows {story}, which is over"
                    if self.index.lineage.merge_target(story) is not None:
                        yield f"{chat} still follows {story}, which is a part of another"

    def _unkept(self) -> Iterator[str]:
        """Every rule that holds would hold after a restart, whatever the storage lost."""
        for name, holder in self.world.standing.items():
            for chat in holder.rules.chats() if holder else ():
                if chat.platform != name or chat in self.world.unheard:
                    continue
                if holder and not holder.rules.is_fixed(chat) and chat not in self.data.rules:
                    if self.world.store.losses and not self._noticed_last_loss(holder, name):
                        self.exempted.append(RULE_LOST_UNNOTICED)
                    else:
                        yield f"the rule of {chat} is kept nowhere"

    def _noticed_last_loss(self, holder: Process, name: str) -> bool:
        """Whether the last loss was noticed, not only one before it."""
        noticed_at = holder.reconcilers[name]._rollback.doubt
        if noticed_at is None or "storage" not in holder.reconcilers[name]._alarms.active:
            return False
        return (noticed_at - BEGINNING).total_seconds() >= max(self.world.store.losses)

    def _missing(self) -> Iterator[str]:
        """(b) Every card that is wanted stands."""
        visible = {sent.message_id: sent for cards in self._cards().values() for sent in cards}
        for name, service in self.world.services.items():
            holder = self.world.standing[name]
            if holder is None:
                yield f"nobody delivers to {name}"
                continue
            for chat, room in service.rooms.items():
                rule = holder.rules.of(chat)
                if rule is None or room.moved_to is not None:
                    continue
                for held in self.data.stories.values():
                    edition, row = _edition(self.data, held), self._row(chat, held.story.id)
                    if not edition.is_live(self.world.store.now()):
                        continue
                    remembers = not holder.rules.is_fixed(chat) or not self._began_anew()
                    if remembers and self._turned_major(rule, edition):
                        if chat in self.world.unheard:
                            self.exempted.append(RULE_AT_A_CRASH)
                        else:
                            yield f"{held.story.id} turned major and is muted in {chat}"
                    if not rule.wants(held.story):
                        continue
                    if rule.muted and self._merges(held.story.id):
                        continue  # mutes go along with stories, and nobody follows their way here
                    if row is not None and row.message_id in visible:
                        continue
                    if not self._explained(chat, held.story.id, edition.revision, row):
                        yield f"{held.story.id} is not shown in {chat}; the ledger says {told(row)}"

    def _began_anew(self) -> bool:
        """Whether a process may deliver that was not there from the first; it knows the operator's
        file as it stands."""
        return bool(self.world.kills) or len(self.world.processes) > 1

    def _turned_major(self, rule: Rule, edition: Edition) -> bool:
        """A mute should have been lifted by now."""
        story = edition.story
        mute = rule.mute_of(story.id)
        if mute is None or not rule.awaits(story) or self.world.store.losses:
            return False
        past = [was for _, was in self.data.histories[story.id]]
        seen = [was for was in past if (was.revision or 0) >= mute.revision]
        pairs = list(pairwise(seen)) if mute.revision else list(pairwise(past))[-1:]
        return any(compare(*pair).weight is Weight.MAJOR for pair in pairs)

    def _hushed(self) -> Iterator[str]:
        """(f) Where it is quiet, muted or paused nothing new is posted or said.

        Rules of the operator's file are held against this, as they hold from first to last. When
        the storage lost something, nobody knows any more what was major.
        """
        if self.world.store.losses:
            return
        posts = [
            (at, chat, story, "posted")
            for at, chat, story, row in self.world.store.log
            if row.state is State.SENDING and row.message_id is None
        ]
        replies = [
            (sent.asked_at, sent.chat, beside.story, "told of")
            for service in self.world.services.values()
            for sent in service.sent.values()
            if (beside := service.sent.get(sent.reply_to or "")) and beside.story
        ]
        for at, chat, story, done in posts + replies:
            rule = self.world.fixed.get(GROUP if chat == SUPERGROUP else chat)
            own = chat in self.world.changed or (chat, story) in self.world.asked_for
            if rule is None or own:
                continue
            what = f"{story} is {done} in {chat} at {at:.1f}, "
            if self._merges(story) or (done == "told of" and self._recalled(story)):
                continue  # what was told before is put right wherever it was
            mute = rule.mute_of(story)
            if mute and not (mute.until_major and self._major_between(story, 0, at)):
                yield f"{what}where it is muted"
            now = BEGINNING + timedelta(seconds=at)
            if span := rule.quiet.around(now) if rule.quiet else None:
                begins = (span[0] - BEGINNING).total_seconds()
                passes = rule.quiet and rule.quiet.majors and self._major_between(story, begins, at)
                if at > begins + DECIDED_BEFORE_S and not passes:
                    yield f"{what}where it is quiet since {begins:.1f}"
            if rule.paused:
                yield f"{what}which is paused"

    def _merges(self, story: StoryId) -> bool:
        """Whether it was ever a part of another, or another one of it."""
        return any(
            was.merged_into and story in (was.id, was.merged_into)
            for past in self.data.histories.values()
            for _, was in past
        )

    def _recalled(self, story: StoryId) -> bool:
        """Whether it was ever withdrawn."""
        return any(was.retracted is not None for _, was in self.data.histories[story])

    def _major_between(self, story: StoryId, begins: float, ends: float) -> bool:
        """Whether a major change came in that time, in one update or several."""
        past = self.data.histories[story]
        for number, (heard_at, after) in enumerate(past):
            if begins <= (heard_at - BEGINNING).total_seconds() <= ends and any(
                compare(before, after).weight is Weight.MAJOR for _, before in past[:number]
            ):
                return True
        return False

    def _unpublished(self) -> Iterator[str]:
        """(g) Every card that is to be published is, or the ledger says why it is not."""
        for (chat, story), cards in self._cards().items():
            holder, row = self.world.standing[chat.platform], self._row(chat, story)
            rule = holder.rules.of(chat) if holder else None
            held = self.data.stories.get(story)
            if rule is None or row is None or held is None or not rule.publish:
                continue
            if not self.world.services[chat.platform].has_keys or not rule.wants(held.story):
                continue
            if not _edition(self.data, held).is_live(self.world.store.now()) or row.why:
                continue
            for sent in cards:
                if sent.message_id != row.message_id or sent.published_at is not None:
                    continue
                if chat in self.world.unheard:
                    self.exempted.append(RULE_AT_A_CRASH)
                elif not self._owed_and_lost(story):
                    yield f"{story} in {chat} ({sent.message_id}) is not published; {told(row)}"

    def _explained(self, chat: Chat, story: StoryId, revision: int, row: CardRecord | None) -> bool:
        held = self.data.stories[story]
        if self._owed_and_lost(story):
            return True
        if row is None:
            if chat in self.world.unheard:
                self.exempted.append(RULE_AT_A_CRASH)
                return True
            return False
        match row.state:
            case State.UNKNOWN if row.claimed_at is not None:
                return row.revision >= revision or self._minor(row.revision, held.story)
            case State.UNKNOWN:
                return row.revision >= revision
            case State.GONE if self.world.store.losses:
                self.exempted.append(NUMBERED_ANEW)
                return True
            case State.GONE if self.world.pruned and not self._kept(row.revision, story):
                self.exempted.append(DELETED_LONG_AGO)
                return True
            case State.GONE:
                return row.revision >= revision or self._minor(row.revision, held.story)
            case State.SHOWN:
                service = self.world.services[chat.platform]
                sent = service.sent.get(row.message_id or "")
                self.exempted.append(DELETED_UNSEEN)
                return sent is not None and sent.deleted_at is not None
            case _:
                return False

    def _kept(self, revision: int, story: StoryId) -> bool:
        """Whether a revision's text is still there to compare with."""
        return revision >= self.data.bases.get(story, 0)

    def _minor(self, revision: int, newest: Story) -> bool:
        """Whether nothing notable came of a story since a revision."""
        past = self.data.histories[newest.id]
        before = next((was for _, was in past if was.revision == revision), None)
        return (compare(before, newest).weight or 0) < Weight.NOTABLE

    def _replies(self) -> Iterator[str]:
        """(d) One reply a story, chat and revision, and only beside its card."""
        for service in self.world.services.values():
            said: dict[str, Sent] = {}
            for sent in service.sent.values():
                if sent.story is not None or _is_notice(sent):
                    continue
                beside = service.sent.get(sent.reply_to or "")
                if beside is None or beside.story is None or beside.chat != sent.chat:
                    yield f"a reply in {sent.chat} stands beside no card: {sent.message.title}"
                    continue
                told_of = [
                    (story, number)
                    for story in sorted(beside.lives | self._meant(beside))
                    for number in range(200)
                    if idempotency_key(sent.chat, story, "reply", number) == sent.key
                ]
                if not told_of:
                    yield f"a reply in {sent.chat} has a key of nothing: {sent.key}"
                elif sent.key in said:
                    first = said[sent.key]
                    if self._forgotten(told_of[0][0], first, sent):
                        self.exempted.append(NUMBERED_ANEW)
                        continue
                    if self._unmarked(first):
                        self.exempted.append(LAST_SECOND)
                        continue
                    yield (
                        f"{told_of[0][0]} has two replies for revision {told_of[0][1]} in "
                        f"{sent.chat}: asked for at {first.asked_at:.1f} and {sent.asked_at:.1f}"
                    )
                said[sent.key] = sent

    def _limited(self) -> Iterator[str]:
        """(d) Within the time of one reply there is a second only for a major change."""
        if self.world.store.losses:
            return
        replies = defaultdict[tuple[Chat, StoryId], list[tuple[datetime | None, int | None]]](list)
        for _, chat, story, row in self.world.store.log:
            said, made = replies[chat, story], (row.replied_at, row.reported)
            if made in said:
                del said[said.index(made) + 1 :]  # the platform surely did not take the last one
            else:
                said.append(made)
        for (chat, story), said in replies.items():
            past = {was.revision: was for _, was in self.data.histories.get(story, ())}
            for (one, known), (other, told) in pairwise(said):
                if not one or not other or known not in past or told not in past or known == told:
                    continue  # a first one; or that another story became a part of this one
                if other - one < self.world.policy.reply_gap and not self._merges(story):
                    since = compare(past[known], past[told])
                    if since.weight is not Weight.MAJOR:
                        yield f"{story} has two replies in {chat}, at {one} and at {other}"

    def _untold(self) -> Iterator[str]:
        """(d) Where replies are wanted, what changed is told or was undone: no limit drops it.

        Where nothing is muted, paused or held by the hour, and the storage lost nothing.
        """
        if self.world.store.losses or self.world.pruned:
            return
        for story, rows in self.data.rows.items():
            past = {was.revision or 0: was for _, was in self.data.histories.get(story, ())}
            for chat, row in rows.items():
                kept = None if chat in self.world.changed else self.data.rules.get(chat)
                rule = self.world.fixed.get(chat, kept)
                if rule is None or rule.quiet or rule.muted or rule.paused or chat == GROUP:
                    continue
                if rule.loudness is Loudness.EDIT or not rule.all or self._merges(story):
                    continue
                if row.state is not State.SHOWN or (chat, story) in self.world.asked_for:
                    continue
                log = [each for _, *where, each in self.world.store.log if where == [chat, story]]
                for one, other in pairwise(log):
                    if (
                        one.reply_since is None
                        or other.reply_since is not None
                        or other.reported != one.reported
                    ):
                        continue
                    if other.state is not State.SHOWN:
                        continue
                    since = [
                        compare(past[one.reply_since], was).weight or 0
                        for revision, was in past.items()
                        if revision >= one.revision
                    ]
                    if min(since) >= Weight.NOTABLE:
                        yield f"a reply about {story} is dropped in {chat}: {told(one)}"

    def _meant(self, sent: Sent) -> set[StoryId]:
        """The stories whose card it was by the ledger, whether it came to say so or not."""
        return {
            story
            for _, chat, story, row in self.world.store.log
            if (chat, row.message_id) == (sent.chat, sent.message_id)
        }

    def _pins(self) -> Iterator[str]:
        """Pinned is what the ledger says is pinned: live stories, and no more than the rule says.

        People pin nothing here, so every pin is ours.
        """
        for name, service in self.world.services.items():
            holder = self.world.standing[name]
            stands = {
                (chat, row.message_id): (story, row)
                for story, rows in self.data.rows.items()
                for chat, row in rows.items()
            }
            pinned: Counter[Chat] = Counter()
            for sent in service.visible():
                story, row = stands.get((sent.chat, sent.message_id), (sent.story, None))
                said = row is not None and row.pin is Pin.STANDS
                if sent.pinned != said:
                    if self.world.store.losses:
                        self.exempted.append(PIN_FORGOTTEN)
                        continue
                    yield (
                        f"{story} in {sent.chat} (place {sent.message_id}) is "
                        f"{'' if sent.pinned else 'not '}pinned; the ledger says {told(row)}, "
                        f"pin {row and row.pin}"
                    )
                if story is not None and sent.pinned:
                    pinned[sent.chat] += 1
                    held = self.data.stories.get(story)
                    if held and not _edition(self.data, held).is_live(self.world.store.now()):
                        yield f"{story} is over and pinned in {sent.chat}; {told(row)}"
            for chat, number in pinned.items():
                rule = (holder.rules.of(chat) if holder else None) or Rule()
                if number > rule.pins and not self.world.store.losses:
                    yield f"{number} pins stand in {chat}, of {rule.pins} at most"

    def _notices(self) -> Iterator[str]:
        """(e) That a chat refuses us is said once a trouble, and never where we are refused; that
        cards may not have arrived in a chat, once an outage, wherever somebody can be told."""
        for service in self.world.services.values():
            said: dict[str, Sent] = {}
            for sent in filter(_is_notice, service.sent.values()):
                first = said.setdefault(sent.key, sent)
                # It is written down just before it is said, and that may be lost, too.
                lost = any(first.at - 1.0 <= loss <= sent.at for loss in self.world.store.losses)
                if first is not sent and not lost:
                    yield f"“{sent.key}” is said at {first.at:.1f} and again at {sent.at:.1f}"
                if str(sent.chat) in sent.message.title and sent.key.startswith("trouble "):
                    yield f"{sent.chat} is told of itself at {sent.at:.1f}"

        asked: dict[Chat, Sent] = {}
        for service in self.world.services.values():
            for sent in service.sent.values():
                if not sent.key.startswith("unknown "):
                    continue
                about = read_chat(sent.key.split(" ")[1])
                first = asked.setdefault(about, sent)
                if first is not sent and not self.world.store.losses:
                    yield f"{about} is asked about at {first.at:.1f} and again at {sent.at:.1f}"
        for name in self.world.services:
            holder = self.world.standing[name]
            if self.world.store.losses:
                continue  # what was perhaps said may be forgotten with it
            for story, rows in self.data.rows.items():
                for chat, row in rows.items():
                    if chat.platform != name or row.state is not State.UNKNOWN or not holder:
                        continue
                    if row.why is None:  # its story left full memory, long after the notice's time
                        continue
                    server = holder.handles[name].server
                    near = [
                        other
                        for other in holder.rules.chats()
                        if other.platform == name
                        and other != chat
                        and other not in holder.reconcilers[name]._unreachable._troubles
                        and server(other) == server(chat)
                    ]
                    held = (rows.get(chat) for rows in self.data.rows.values())
                    if (
                        near
                        and chat not in asked
                        and not any(each and each.noticed_at for each in held)
                    ):
                        yield f"nobody was asked about {story} in {chat}: {told(row)}"

    def _lost_documents(self) -> Iterator[str]:
        """Nothing left at the inbox is missed, unless the storage itself forgot it."""
        lost = max(self.world.store.losses, default=0.0)
        for at, story in self.world.left:
            if at <= lost or story.revision is None:
                continue
            held = self.data.stories.get(story.id)
            if held is None or (held.story.revision or 0) < story.revision:
                yield f"{story.id} revision {story.revision}, left at {at:.1f}, was never taken"
