"""What a rule would have brought over the last days: the archive's history, played against it."""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.model.errors import Sorry
from bot.model.rehearsal import Played
from bot.model.rule import Rule
from handlers.ports import History, Player
from handlers.story_words import name
from runtime.away import StorageAway
from runtime.slices import in_slices
from stories.changes import Heard
from stories.index import StoryIndex
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
        self,
        index: StoryIndex,
        history: History,
        now: Callable[[], datetime],
        player: Callable[[Rule, datetime], Player],
    ) -> None:
        """`player` plays one story's past since a moment against a rule, as delivery would."""
        self._index = index
        self._history = history
        self._now = now
        self._player = player
        self._playing = asyncio.Lock()

    async def rehearse(self, rule: Rule) -> Rehearsal:
        """Raise Sorry when the archive cannot be read."""
        async with self._playing:
            now = self._now()
            since = now - SPAN
            moved = [each for each in self._index.since(0) if each.heard_at >= since][::-1]
            plays: list[Played] = []
            deadline = time.monotonic() + PATIENCE_S
            try:
                for edition in moved[:MOST]:  # one at a time: it reads much
                    history = await self._history.heard(edition.story.id, since)
                    player = self._player(rule, since)
                    async for _step in in_slices(player.steps(history, now)):
                        pass
                    plays.append(player.played)
                    if time.monotonic() > deadline:
                        break
            except StorageAway:
                raise Sorry(
                    _("I can't look up past stories right now"),
                    Text(_("My storage is unavailable. Your choices are kept.")),
                ) from None
            return replace(summed(plays), left_out=len(moved) - len(plays))


def summed(plays: Sequence[Played]) -> Rehearsal:
    """What would have been done about all stories together."""
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
