"""Decides the next step for one subject in one chat, or why there is none yet and until when. Pure.

`plan` compares what the ledger says (`Observed`) with what the chat's rule asks for (`Desired`),
under conditions that nobody can change right now (`Facts`). The reconciler carries out the step
that results and plans again; /why prints the reasons of the holds; a rehearsal runs the same
function over the past with a simulated clock. Nothing else decides whether something is due.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.delivery.policy import Policy
from bot.delivery.reply_policy import MERGER, no_reply_now, reply_limit_ends, silence
from bot.model.ledger import CardRecord, Pin, State
from bot.model.rule import Loudness
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
from stories.delta import Delta, Weight
from stories.story import StoryId
from wording.holds import HoldCode, Part
from wording.reasons import Reason

UNREADABLE_REST = timedelta(minutes=10)
"""How long a card with an unreadable record is left alone: it may exist, so none is posted."""
MERGE_REST = timedelta(seconds=1)
"""How long a card waits for another story's card to be merged into it."""


@dataclass(frozen=True, slots=True)
class Observed:
    """What the ledger says about a subject in a chat."""

    record: CardRecord | None
    lost: bool = False
    """The card may exist although the storage, having lost records, has none."""
    target: CardRecord | None = None
    """The record of the card that this one is to be merged into."""
    target_lost: bool = False
    becoming: bool = False
    """Another story's card here is to be merged into this one, or may turn out to exist."""


@dataclass(frozen=True, slots=True)
class Desired:
    """What the chat's rule asks for, given the story as it is now."""

    revision: int
    fingerprint: str
    """A hash of what the card should show."""
    since: Delta
    """What changed since the revision that the card's readers know."""
    heard_at: datetime
    """When the latest revision was received."""
    live: bool
    unwanted: HoldCode | None
    """Why no card is posted; None if one is wanted."""
    follows: bool
    """The rule wants the story, or the one it was merged into, so replies report changes."""
    recalled: bool = False
    """The story was withdrawn or reinstated since then: everyone who read it is told."""
    parting: bool = False
    """The chat follows the story by itself and is told that this ends."""
    unfollow: bool = False
    """The chat's follow of this single story ends once everything else is done."""
    paused: bool = False
    muted: bool = False
    loudness: Loudness = Loudness.REPLY
    quiet_until: datetime | None = None
    """Nothing new is posted before; None if it may be posted now."""
    publish: bool = False
    merge_into: StoryId | None = None

    @property
    def told(self) -> bool:
        """Whether replies may report changes at all."""
        return self.follows or self.recalled or self.parting


@dataclass(frozen=True, slots=True)
class Facts:
    """What may be in the way: the platform, the storage, and the operator's choices."""

    policy: Policy
    began_at: datetime | None = None
    """When this process started to deliver: requests of another one may still be under way."""
    rollback_at: datetime | None = None
    """When the storage was last seen to have lost records."""
    unknown_since: datetime | None = None
    """When our last attempt ended, if its outcome is unknown."""
    may_repeat: bool = False
    """Whether a post of unknown outcome may be repeated,
    because its idempotency key keeps it single."""
    paused_until: datetime | None = None
    """Until when the platform wants no edits of this card."""
    pins_until: datetime | None = None
    """Until when no pin is attempted, because the chat refused one."""
    publish_at: datetime | None = None
    """When the next card may be published in the chat; None if it can't be."""
    chat: Hold | None = None
    """What keeps us from writing to the chat at all (`chat_hold`)."""
    retry_at: datetime | None = None
    """When a failed attempt is repeated."""


def plan(observed: Observed, desired: Desired, facts: Facts, now: datetime) -> Step | Hold:
    """The next step. If there is none yet, the hold that ends first.

    A hold without an end means that everything is as it should be, or stays as it is until
    something changes.
    """
    if facts.chat is not None:
        return facts.chat
    holds = []
    for _, each in parts(observed, desired, facts, now):
        if not isinstance(each, Hold):
            return each
        holds.append(each)
    ends = [hold for hold in holds if hold.until is not None]
    if ends:
        return min(ends, key=lambda hold: hold.until or now)
    return Unfollow() if desired.unfollow else holds[0]


def chat_hold(
    now: datetime, refused_until: datetime | None, ready_at: datetime | None
) -> Hold | None:
    """Why nothing can be sent to a chat: it refuses us, or was written to a moment ago."""
    if refused_until is not None and refused_until > now:
        return _hold(HoldCode.REFUSED, refused_until)
    if ready_at is not None and ready_at > now:
        return _hold(HoldCode.RATE_LIMIT, ready_at)
    return None


def parts(
    observed: Observed, desired: Desired, facts: Facts, now: datetime
) -> Iterator[tuple[Part, Step | Hold]]:
    """Every part of the plan, in the order in which its steps are taken."""
    record = observed.record
    if hold := _uncertain(record, facts, now):
        yield Part.CARD, hold
    elif record is None and desired.unwanted is not None:
        yield Part.CARD, _hold(desired.unwanted)
    elif observed.lost:
        yield Part.CARD, MarkLost(record.generation if record else 1)
    elif hold := _settling(record, facts, now):
        yield Part.CARD, hold
    elif merge := _merging(observed, desired, now):
        yield Part.CARD, merge
    elif facts.paused_until is not None and facts.paused_until > now:
        yield Part.CARD, _hold(HoldCode.PLATFORM_PAUSE, facts.paused_until)
    elif record is None:
        yield Part.CARD, _post(1, observed, desired, now)
    else:
        yield from _recorded(record, observed, desired, facts, now)


def explain(
    observed: Observed, desired: Desired, facts: Facts, now: datetime
) -> Mapping[Part, Step | Hold]:
    """What is planned for each part, and what keeps it: for people who ask why."""
    found = dict(parts(observed, desired, facts, now))
    for part, each in found.items():
        if facts.chat is not None and not isinstance(each, Hold):
            found[part] = facts.chat
    card = found[Part.CARD]
    refused = card is facts.chat and card.reason.code != HoldCode.RATE_LIMIT
    due = not isinstance(card, Hold) or (card.until is not None and not refused)
    if due and facts.retry_at is not None and facts.retry_at > now:
        ends = card.until if isinstance(card, Hold) else None
        if ends is None or ends <= facts.retry_at:
            found[Part.CARD] = _hold(HoldCode.RETRY, facts.retry_at)
    return found


def after_rollback(record: CardRecord, rollback_at: datetime, revision: int) -> CardRecord:
    """A record that may have had a successor which the storage lost.

    The card may show something else, and readers may have been told more.
    """
    told = max(revision, record.reported or 0)
    doubtful = replace(record, fingerprint=None, reply_since=None, tells=None, reported=told)
    return replace(doubtful, replied_at=rollback_at)


def is_doubtful(record: CardRecord, rollback_at: datetime | None) -> bool:
    """True for a record that may have had a successor which the storage lost."""
    return rollback_at is not None and record.at <= rollback_at


def _hold(code: HoldCode, until: datetime | None = None) -> Hold:
    return Hold(Reason(code), until)


def _uncertain(record: CardRecord | None, facts: Facts, now: datetime) -> Hold | None:
    """Whether it is too early to trust the ledger."""
    arrived = facts.rollback_at and facts.rollback_at + facts.policy.others_settle
    if arrived is not None and now < arrived:
        return _hold(HoldCode.ROLLBACK, arrived)
    if record is not None and record.state is State.UNREADABLE:
        return _hold(HoldCode.UNREADABLE, now + UNREADABLE_REST)
    return None


def _settling(record: CardRecord | None, facts: Facts, now: datetime) -> Hold | None:
    """Whether an attempt may still be under way, and could undo what is done before it arrives."""
    settled_at = record and _settled_at(record, facts, now)
    return _hold(HoldCode.SETTLING, settled_at) if settled_at and settled_at > now else None


def _settled_at(record: CardRecord, facts: Facts, now: datetime) -> datetime:
    policy, began_at, ended_at = facts.policy, facts.began_at or record.at, facts.unknown_since
    going = record.pin in (Pin.WANTED, Pin.GOING) and record.message_id is not None
    if going and now < began_at + policy.settle:
        return began_at + policy.settle
    if record.message_id is None and facts.may_repeat:
        return record.at
    if record.state is State.SENDING:
        return max(began_at + policy.others_settle, (ended_at or record.at) + policy.settle)
    return ended_at + policy.settle if ended_at else record.at


def _merging(observed: Observed, desired: Desired, now: datetime) -> Step | Hold | None:
    record, target = observed.record, observed.target
    if (
        desired.merge_into is None
        or record is None
        or not record.message_id
        or record.into is not None
    ):
        return None
    if target is not None and target.state is State.UNREADABLE:
        return _hold(HoldCode.UNREADABLE, now + UNREADABLE_REST)
    if observed.target_lost:
        return None
    if target is not None and target.state is State.SENDING:
        return _hold(HoldCode.MERGING, now + MERGE_REST)
    return Merge(desired.merge_into, told=_reply_since(record, desired) is not None)


def _post(generation: int, observed: Observed, desired: Desired, now: datetime) -> Step | Hold:
    if desired.unwanted is not None:
        return _hold(desired.unwanted)
    if desired.quiet_until is not None:
        return _hold(HoldCode.QUIET, desired.quiet_until)
    if observed.becoming:
        return _hold(HoldCode.MERGING, now + MERGE_REST)
    return Post(generation)


def _recorded(
    record: CardRecord, observed: Observed, desired: Desired, facts: Facts, now: datetime
) -> Iterator[tuple[Part, Step | Hold]]:
    """The parts of a subject that was posted once, or attempted."""
    newer = desired.revision > record.revision
    matters = (desired.since.weight or 0) >= Weight.NOTABLE
    pin = _pin(record, desired)
    if pin is not None and record.state is not State.SENDING:
        waits = facts.pins_until is not None and facts.pins_until > now
        yield Part.PIN, _hold(HoldCode.PIN_REST, facts.pins_until) if waits else pin
    match record.state:
        case State.SENDING if record.message_id is None:
            yield Part.CARD, Recover()
        case State.UNKNOWN if record.claimed_at is None:
            again = _post(record.generation + 1, observed, desired, now)
            yield Part.CARD, again if newer else _hold(HoldCode.UNPROVEN)
        case State.UNKNOWN:
            # It counts as existing, so its readers are told about a withdrawal, too.
            heard = replace(desired, unwanted=None) if desired.recalled else desired
            again = _post(record.generation + 1, observed, heard, now)
            yield Part.CARD, again if newer and matters else _hold(HoldCode.CLAIMED)
        case State.GONE:
            again = _post(record.generation + 1, observed, desired, now)
            yield Part.CARD, again if newer and matters else _hold(HoldCode.DELETED)
        case State.FAILED if record.message_id is None:
            yield Part.CARD, _post(record.generation, observed, desired, now)
        case State.SHOWN:
            yield from _shown(record, desired, facts, now)
        case _:
            yield Part.CARD, Edit(_message_id(record), _reply_since(record, desired))


def _shown(
    record: CardRecord, desired: Desired, facts: Facts, now: datetime
) -> Iterator[tuple[Part, Step | Hold]]:
    """The parts of an existing card."""
    message_id = _message_id(record)
    yield Part.REPLY, _reply(record, message_id, desired, facts, now)
    if record.tells is not None:
        yield Part.MERGER, _merger(record, message_id, record.tells, desired, facts, now)
    if record.fingerprint != desired.fingerprint:
        next_edit = facts.policy.spacing.next_edit(record)
        edit = Edit(message_id, _reply_since(record, desired))
        yield Part.CARD, edit if now >= next_edit else _hold(HoldCode.SPACING, next_edit)
        if record.published_at is not None:
            yield Part.PUBLISH, _hold(HoldCode.PUBLISHED)
    elif record.revision < desired.revision:
        yield Part.CARD, Acknowledge(desired.revision)
    else:
        yield Part.CARD, _hold(HoldCode.UP_TO_DATE)
        yield Part.PUBLISH, _publish(record, message_id, desired, facts, now)


def _reply(
    record: CardRecord, message_id: str, desired: Desired, facts: Facts, now: datetime
) -> Step | Hold:
    """The reply about what changed. It waits as long as it must, and is never forgotten."""
    if (
        record.reply_since is None or record.fingerprint is None
    ):  # first the card shows it, then the reply reports it
        return _hold(no_reply_now(record, desired))
    if silent := silence(desired):
        # The card may still show what was undone: the edit that removes it drops the reply.
        return DropReply() if record.fingerprint == desired.fingerprint else _hold(silent)
    limit = reply_limit_ends(record, desired.since, facts.policy.reply_gap, now)
    if desired.quiet_until is not None and (limit is None or limit <= desired.quiet_until):
        return _hold(HoldCode.QUIET, desired.quiet_until)
    if limit is not None:
        return _hold(HoldCode.REPLY_LIMIT, limit)
    return _aloud(
        Reply(message_id, record.reply_since, major=desired.since.weight is Weight.MAJOR), desired
    )


def _aloud(reply: Reply, desired: Desired) -> Reply:
    """With a sound if it reports something major, and a mention if the chat wants one."""
    hushed = desired.paused or desired.muted
    mention = reply.major and not hushed and desired.loudness is Loudness.PING
    silent = not reply.major or hushed or desired.loudness is Loudness.EDIT
    return replace(reply, silent=silent, mention=mention)


def _merger(
    record: CardRecord,
    message_id: str,
    part: StoryId,
    desired: Desired,
    facts: Facts,
    now: datetime,
) -> Step | Hold:
    limit = reply_limit_ends(record, MERGER, facts.policy.reply_gap, now)
    if desired.quiet_until is not None:
        return _hold(HoldCode.QUIET, desired.quiet_until)
    if limit is not None:
        return _hold(HoldCode.REPLY_LIMIT, limit)
    loud = _aloud(Reply(message_id, 0, major=True), desired)
    return TellMerger(message_id, part, silent=loud.silent, mention=loud.mention)


def _reply_since(record: CardRecord, desired: Desired) -> int | None:
    """The revision that readers know, if an edit leaves something to report."""
    if silence(desired) is not None:
        return None
    if record.reply_since is not None:
        return record.reply_since  # not reported yet: the reply will cover this, too
    known = max(record.revision, record.reported or 0)
    return known if known < desired.revision else None


def _publish(
    record: CardRecord, message_id: str, desired: Desired, facts: Facts, now: datetime
) -> Step | Hold:
    if record.published_at is not None:
        return _hold(HoldCode.PUBLISHED)
    if not desired.publish or desired.unwanted is not None or facts.publish_at is None:
        return _hold(HoldCode.NOT_PUBLISHED)
    if record.why is not None:
        return _hold(HoldCode.PUBLISH_FAILED)
    if desired.quiet_until is not None and desired.quiet_until >= facts.publish_at:
        return _hold(HoldCode.QUIET, desired.quiet_until)
    if facts.publish_at > now:
        return _hold(HoldCode.PUBLISH_BUDGET, facts.publish_at)
    return Publish(message_id)


def _pin(record: CardRecord, desired: Desired) -> Step | None:
    """What is due about our pin of an existing card."""
    if record.message_id is None or record.pin is None:
        return None
    if not desired.live or record.pin is Pin.GOING:
        return RemovePin(record.message_id)
    return PutPin(record.message_id) if record.pin is Pin.WANTED else None


def _message_id(record: CardRecord) -> str:
    assert record.message_id is not None, "an existing card has a message"
    return record.message_id
