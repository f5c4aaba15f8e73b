"""What a rule would have brought over the last days: the archive's history, played against it."""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.model.errors import Sorry
from bot.model.rule import Loudness, Rule
from handlers.ports import History
from handlers.story_words import name
from runtime.away import StorageAway
from runtime.slices import in_slices
from stories.changes import Heard
from stories.delta import LEANINGS, Weight, compare
from stories.index import StoryIndex
from stories.story import Story
from wording import words
from wording.card import figures
from wording.language import _, ngettext
from wording.message import Block, Bullets, Facts, Heading, Note, Text
from wording.text import shorten

SPAN = timedelta(days=3)
MOST = 60
"""How many stories are looked at: those that moved last."""
PATIENCE_S = 5.0
"""After so long no further story is read."""
PREVIEWS = 2
LEAD = 120
"""Characters of a preview's text."""


@dataclass(frozen=True, slots=True)
class Tempo:
    """How far apart a card is edited and replied to."""

    young: timedelta = timedelta(seconds=60)
    old: timedelta = timedelta(minutes=10)
    """Once the card is older than an hour."""
    published: timedelta = timedelta(minutes=20)
    """Once it is published."""
    reply_gap: timedelta = timedelta(hours=1)


USUAL = Tempo()


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What would have been done, and counted."""

    posts: int = 0
    edits: int = 0
    replies: int = 0
    """Pings among them."""
    pings: int = 0
    held: int = 0
    """Cards and replies that quiet hours would have held back for a while."""
    cards: tuple[Heard, ...] = ()
    """The last ones that would have come, the newest first, each as it would have come."""
    looked_at: int = 0
    """How many stories that was played with."""
    left_out: int = 0
    """How many others have moved in that time."""

    def said(self) -> Iterator[Block]:
        """The figures in words, and the last cards in short."""
        if not self.looked_at:
            yield _over_days(
                ngettext(
                    "No story was updated in the last {n} day, so there's nothing to try this "
                    "with.",
                    "No story was updated in the last {n} days, so there's nothing to try this "
                    "with.",
                    SPAN.days,
                )
            )
            return
        if counts := tuple(self._counts()):
            yield _over_days(
                ngettext(
                    "In the last {n} day, these settings would have meant:",
                    "In the last {n} days, these settings would have meant:",
                    SPAN.days,
                )
            )
            yield Bullets(counts)
        else:
            yield _over_days(
                ngettext(
                    "In the last {n} day, nothing would have been posted here.",
                    "In the last {n} days, nothing would have been posted here.",
                    SPAN.days,
                )
            )
        if self.held:
            yield Note(
                ngettext(
                    "Quiet hours would have delayed {n} of these.",
                    "Quiet hours would have delayed {n} of these.",
                    self.held,
                ).format(n=words.number(self.held))
            )
        if self.left_out:
            yield Note(
                ngettext(
                    "This covers the {n} most recently updated story; {more} more were updated.",
                    "This covers the {n} most recently updated stories; {more} more were updated.",
                    self.looked_at,
                ).format(n=words.number(self.looked_at), more=words.number(self.left_out))
            )
        if self.cards:
            yield Text(_("The latest cards would have been:"))
        for card in self.cards:
            yield Heading(name(card.story))
            yield Facts(tuple(figures(card.story)))
            if lead := card.story.headline or next(iter(card.story.breakdown), ""):
                yield Text(shorten(lead, LEAD))
            yield Note(_("It would have been posted"), card.at)

    def _counts(self) -> Iterator[str]:
        if self.posts:
            yield ngettext("{n} card posted", "{n} cards posted", self.posts).format(
                n=words.number(self.posts)
            )
        if self.edits:
            yield ngettext("{n} update to a card", "{n} updates to cards", self.edits).format(
                n=words.number(self.edits)
            )
        if self.replies:
            yield ngettext("{n} reply", "{n} replies", self.replies).format(
                n=words.number(self.replies)
            )
        if self.pings:
            yield ngettext("{n} role mention", "{n} role mentions", self.pings).format(
                n=words.number(self.pings)
            )


def _over_days(sentence: str) -> Text:
    return Text(sentence.format(n=words.number(SPAN.days)))


class Rehearser:
    """Plays rules against the archive. One at a time: it reads much."""

    def __init__(
        self, index: StoryIndex, history: History, now: Callable[[], datetime], tempo: Tempo
    ) -> None:
        self._index = index
        self._history = history
        self._now = now
        self._tempo = tempo
        self._playing = asyncio.Lock()

    async def rehearse(self, rule: Rule) -> Rehearsal:
        """Raise Sorry when the archive cannot be read."""
        async with self._playing:
            now = self._now()
            since = now - SPAN
            moved = [each for each in self._index.since(0) if each.heard_at >= since][::-1]
            plays: list[_Play] = []
            deadline = time.monotonic() + PATIENCE_S
            try:
                for edition in moved[:MOST]:  # one at a time: it reads much
                    history = await self._history.heard(edition.story.id, since)
                    play = _Play(rule, self._index.live_for, self._tempo, since)
                    async for _step in in_slices(play.steps(history, now)):
                        pass
                    plays.append(play)
                    if time.monotonic() > deadline:
                        break
            except StorageAway:
                raise Sorry(
                    _("I can't look up past stories right now"),
                    Text(_("My storage is unavailable. Your choices are kept.")),
                ) from None
            return replace(_summed(plays), left_out=len(moved) - len(plays))


def rehearse(
    histories: Iterable[Sequence[Heard]],
    rule: Rule,
    *,
    since: datetime,
    now: datetime,
    live_for: timedelta,
    tempo: Tempo,
) -> Rehearsal:
    """Play each story's revisions (oldest first; one before `since` stands at first) in order.

    The steps are those of bot/delivery: what it would have done with nothing in its way.
    """
    return _summed(
        [_Play(rule, live_for, tempo, since).play(history, now) for history in histories]
    )


def _summed(plays: Sequence["_Play"]) -> Rehearsal:
    came = sorted((card for play in plays for card in play.cards), key=lambda card: card.at)
    return Rehearsal(
        sum(len(play.cards) for play in plays),
        sum(play.edits for play in plays),
        sum(play.replies for play in plays),
        sum(play.pings for play in plays),
        sum(play.held for play in plays),
        tuple(came[: -PREVIEWS - 1 : -1]),
        len(plays),
    )


@dataclass(slots=True)
class _Play:
    """One story's card, as it would have stood."""

    rule: Rule
    live_for: timedelta
    tempo: Tempo
    since: datetime
    cards: list[Heard] = field(default_factory=list)
    edits: int = 0
    replies: int = 0
    pings: int = 0
    held: int = 0
    _shown: Story | None = None
    _posted_at: datetime | None = None
    _written_at: datetime | None = None
    _owes: Story | None = None
    """What the readers of a reply that is still owed knew."""
    _replied_at: datetime | None = None
    _held: bool = False
    """Quiet hours hold something back already."""

    def play(self, history: Sequence[Heard], now: datetime) -> "_Play":
        for _step in self.steps(history, now):
            pass
        return self

    def steps(self, history: Sequence[Heard], now: datetime) -> Iterator[None]:
        """Play it, one step at a time."""
        before: Story | None = None
        newest: Heard | None = None
        wake: datetime | None = None
        for heard in (*history, None):
            until = heard.at if heard else now
            while newest and wake is not None and wake < until:
                wake = self._steps(newest, before, wake)
                yield
            if heard is None:
                break
            before, newest = newest.story if newest else None, heard
            if heard.at < self.since:
                if self._wants(heard, self.since):  # its card stood before it all began
                    self._shown, self._posted_at = heard.story, heard.at
                    self._written_at = heard.at
                continue
            wake = self._steps(heard, before, heard.at)
            yield

    def _steps(self, newest: Heard, before: Story | None, at: datetime) -> datetime | None:
        """Do what is due at a moment; return when to look again."""
        story = newest.story
        known = self._owes or self._shown or before
        weight = compare(known, story).weight
        major_at = newest.at if weight is Weight.MAJOR else None
        quiet_until = self.rule.quiet_until(at, major_at=major_at)
        if self._shown is None:
            if not self._wants(newest, at):
                return None
            if quiet_until:
                return self._wait(quiet_until)
            self._held = False
            self.cards.append(Heard(at, story))
            self._shown, self._posted_at, self._written_at = story, at, at
            return None
        later = []
        if self._differs(story):
            apart = self._apart()
            assert self._written_at is not None
            if at >= self._written_at + apart:
                self._edit(story, at)
            else:
                later.append(self._written_at + apart)
        if self._owes is not None:
            if quiet_until:
                later.append(self._wait(quiet_until))
            else:
                self._reply(story, at)
        return min(later, default=None)

    def _wait(self, until: datetime) -> datetime:
        self.held += not self._held
        self._held = True
        return until

    def _wants(self, heard: Heard, at: datetime) -> bool:
        return heard.story.is_live(at, heard.at, self.live_for) and self.rule.wants(heard.story)

    def _differs(self, story: Story) -> bool:
        return any(
            change.kind not in LEANINGS or self.rule.show_leaning
            for change in compare(self._shown, story).changes
        )

    def _apart(self) -> timedelta:
        assert self._posted_at is not None
        assert self._written_at is not None
        aged = self._written_at - self._posted_at > timedelta(hours=1)
        apart = self.tempo.old if aged else self.tempo.young
        return max(apart, self.tempo.published) if self.rule.publish else apart

    def _edit(self, story: Story, at: datetime) -> None:
        weight = compare(self._shown, story).weight
        matters = weight is not None and weight >= Weight.NOTABLE
        lately = self._replied_at is not None and at - self._replied_at < self.tempo.reply_gap
        tells = self.rule.loudness is not Loudness.EDIT and self.rule.wants(story)
        if tells and matters and not lately and self._owes is None:
            self._owes = self._shown
        self._shown, self._written_at = story, at
        self.edits += 1

    def _reply(self, story: Story, at: datetime) -> None:
        weight = compare(self._owes, story).weight
        self._owes, self._held = None, False
        if weight is None or weight < Weight.NOTABLE or not self.rule.wants(story):
            return  # what was to be told has been taken back
        self._replied_at = at
        self.replies += 1
        self.pings += weight is Weight.MAJOR and self.rule.loudness is Loudness.PING
