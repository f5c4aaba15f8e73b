"""Plays a story's past against a rule: the plan that delivery follows, on a clock of its own.

Nothing stands in the way here: the platform takes everything at once, and the ledger is a variable.
Mergers are not played: each story is played by itself.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.delivery import outcomes
from bot.delivery.desired import desire
from bot.delivery.messages import fingerprint
from bot.delivery.observer import last_told
from bot.delivery.plan import Desired, Facts, Observed, parts, plan
from bot.delivery.policy import Policy
from bot.model.ledger import CardRecord
from bot.model.rehearsal import Played
from bot.model.rule import Rule
from bot.model.step import Acknowledge, DropReply, Edit, Hold, Post, Publish, Reply, Step, Unfollow
from stories.changes import Heard
from stories.delta import Delta, Weight, compare
from stories.edition import Edition
from stories.story import Story
from wording.card import card
from wording.holds import HoldCode, Part

HELD_PARTS = (Part.CARD, Part.REPLY)
PLACE = "its card"


@dataclass(slots=True)
class Player:
    """One story's card in one chat, as it would have been."""

    rule: Rule
    policy: Policy
    live_for: timedelta
    since: datetime
    """A card that is wanted at this moment stands already, and isn't counted."""
    fixed: bool = False
    """The rule stands in the operator's file, and follows what it follows."""
    played: Played = field(default_factory=Played)
    holds: list[tuple[datetime, Hold]] = field(default_factory=list)
    """Every hold that ends by itself, and when it was planned."""
    _heard: Story | None = None
    """The newest revision as the archive has it."""
    _record: CardRecord | None = None
    _past: dict[int, Story] = field(default_factory=dict)
    _fingerprint: tuple[Edition, bool, str] | None = None
    _quiet: set[Part] = field(default_factory=set)
    """What quiet hours hold back now."""

    def steps(self, history: Sequence[Heard], now: datetime) -> Iterator[None]:
        """Play the story's revisions, oldest first, up to `now`; one step at a time."""
        newest: Edition | None = None
        wake: datetime | None = None
        for heard in (*history, None):
            until = heard.at if heard else now
            while newest is not None and wake is not None and wake < until:
                wake = self._bring_up(newest, wake)
                yield
            if heard is None:
                break
            newest = self._edition(heard, newest)
            self._end_mute(newest)
            if heard.at < self.since:
                self._stood(newest)
                continue
            wake = self._bring_up(newest, heard.at)
            yield

    def _edition(self, heard: Heard, before: Edition | None) -> Edition:
        number = heard.story.revision or (before.revision + 1 if before else 1)
        self._heard = heard.story
        story = self._past[number] = replace(heard.story, revision=number)
        return Edition(story, before.story if before else None, number, heard.at)

    def _end_mute(self, edition: Edition) -> None:
        """A major update ends a mute that lasts until one."""
        mute = self.rule.mute_of(edition.story.id)
        major = compare(edition.before, edition.story).weight is Weight.MAJOR
        if mute and self.rule.awaits(edition.story) and major and edition.revision > mute.revision:
            self.rule = self.rule.unmuted(edition.story.id)

    def _stood(self, edition: Edition) -> None:
        """Its card stood before it all began, if it was wanted then."""
        wanted = self.rule.wants(edition.story) and edition.is_live(self.since, self.live_for)
        if wanted or self._record is not None:
            looks, at = self._looks(edition), edition.heard_at
            sent = outcomes.sending(at, edition.revision, looks, 1)
            self._record = outcomes.posted(sent, at, PLACE)

    def _looks(self, edition: Edition) -> str:
        known, leaning = self._fingerprint, self.rule.show_leaning
        if known is None or known[:2] != (edition, leaning):
            delta = compare(edition.before, edition.story)
            made = fingerprint(card(edition, delta, show_leaning=leaning))
            known = self._fingerprint = (edition, leaning, made)
        return known[2]

    def _bring_up(self, edition: Edition, at: datetime) -> datetime | None:
        """Take every step that is due at a moment; return when to plan again."""
        while True:
            observed, desired = Observed(self._record), self._desired(edition, at)
            facts = Facts(self.policy, publish_at=at)
            step = plan(observed, desired, facts, at)
            if isinstance(step, Hold):
                if self.rule.quiet is not None:
                    self._count_held(observed, desired, facts, at)
                if step.until is not None:
                    self.holds.append((at, step))
                return step.until
            self._carry_out(step, edition, desired, at)
            if isinstance(step, Unfollow):
                return None

    def _desired(self, edition: Edition, at: datetime) -> Desired:
        return desire(
            self.rule,
            edition,
            self._since(edition, last_told(self._record)),
            self._looks(edition),
            target=None,
            fixed=self.fixed,
            live_for=self.live_for,
            now=at,
        )

    def _since(self, edition: Edition, revision: int | None) -> Delta:
        """What changed since a revision that was shown (changed.py)."""
        before = edition.before
        if revision is None or before is None or revision in (before.revision, edition.revision):
            return compare(before, edition.story)
        return compare(self._past[revision], edition.story)

    def _count_held(self, observed: Observed, desired: Desired, facts: Facts, at: datetime) -> None:
        for part, each in parts(observed, desired, facts, at):
            quiet = isinstance(each, Hold) and each.reason.code == HoldCode.QUIET
            if quiet and part in HELD_PARTS and part not in self._quiet:
                self._quiet.add(part)
                self.played.held += 1

    def _carry_out(self, step: Step, edition: Edition, desired: Desired, at: datetime) -> None:
        """Note what a step does, as delivery's ledger would."""
        played, record, looks = self.played, self._record, desired.fingerprint
        match step, record:
            case Post(generation), _:
                played.cards.append(Heard(at, self._heard or edition.story))
                sent = outcomes.sending(at, edition.revision, looks, generation)
                self._record = outcomes.posted(sent, at, PLACE)
                self._quiet.discard(Part.CARD)
            case Edit(_, reply_since), CardRecord():
                played.edits += 1
                self._record = outcomes.edited(record, at, edition.revision, looks, reply_since)
            case Reply(), CardRecord():
                played.replies += 1
                played.pings += step.mention
                self._record = outcomes.replied(record, at, edition.revision, desired.since)
                self._quiet.discard(Part.REPLY)
            case DropReply(), CardRecord():
                self._record = replace(record, reply_since=None)
                self._quiet.discard(Part.REPLY)
            case Acknowledge(revision), CardRecord():
                self._record = replace(record, revision=revision)
            case Publish(), CardRecord():
                self._record = outcomes.published(record, at)
            case Unfollow(), _:
                self.rule = self.rule.without(edition.story.id)
            case _:
                raise AssertionError(f"nothing leads to this step here: {step}")


def players(policy: Policy, live_for: timedelta, rule: Rule, since: datetime) -> Player:
    """A player of one story's past since a moment."""
    return Player(rule, policy, live_for, since)
