"""/catchup - what changed since the asker's last visit, the biggest change first."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.model.command import Ask, Command, Option
from bot.model.errors import Sorry
from bot.model.reading import ReadingHistory, ReadingPosition, Seen
from handlers.pages import heaps, page_of, paged, space, turning
from handlers.ports import History, ReadingPositions, Rules
from handlers.promptly import promptly
from handlers.story_choice import buttons_to, menu_of
from handlers.story_words import name
from runtime.away import StorageAway
from runtime.slices import in_slices
from stories.delta import Change, Delta, compare
from stories.edition import Edition
from stories.index import StoryIndex
from stories.log import still_so
from stories.story import Story
from wording import words
from wording.card import is_new
from wording.language import N_, _, ngettext
from wording.message import Block, Button, Buttons, Heading, Message, Note, Ref, Text
from wording.text import line, shorten

PAGE = 5
"""The most stories per page."""
LOOKED_AT = 50
"""The most stories listed per visit: the most viral of those that changed."""
FIRST = timedelta(days=1)
"""How far back a first visit looks."""
READ = "read"
"""What the button “Mark as read” sends in place of a page."""
CAUGHT_UP = N_("You're all caught up")


@dataclass(frozen=True, slots=True)
class Moved:
    """A story and what changed in it since it was last read, as far as that is reported."""

    edition: Edition
    delta: Delta

    def in_words(self) -> tuple[str, str]:
        """The biggest change in words, and the others in one line."""
        story = self.edition.story
        said = words.sentence(words.said_first(self.delta, show_leaning=True))
        if is_new(self.delta):
            said = f"{said}: {shorten(line(story.headline or story.breakdown[0]), words.QUOTED)}"
        return said, words.said_besides(self.delta, show_leaning=True)

    def space(self) -> int:
        """The space it takes on a page."""
        return sum(map(space, (name(self.edition.story), *self.in_words())))


@dataclass(frozen=True, slots=True)
class CatchupCommand:
    """Lists changed stories page by page; the last page, or a button, marks them as read."""

    index: StoryIndex
    rules: Rules
    positions: ReadingPositions
    history: History
    now: Callable[[], datetime]

    async def answer(self, ask: Ask) -> Message:
        """What changed since the asker last caught up; a button marks it as read."""
        at = self.now()
        opened = _read(ask.get("until"))
        until = min(opened or at, at)
        try:
            reading = await promptly(self.positions.history(ask.person))
            if ask.get("page") == READ:
                self._mark(ask, reading, until)
                return _done(Text(_("Next time I'll show you what changed after this.")))
            since = _read(ask.get("since")) if opened else reading.caught_up
            rule = self.rules.of(ask.chat)
            shows = rule is not None and rule.show_leaning
            candidates = await self._candidates(reading, since, until)
            moved = await promptly(
                self._moved(candidates[:LOOKED_AT], reading, since, until, shows)
            )
        except StorageAway:
            raise Sorry(
                _("I can't check right now what you've read"),
                Text(_("Please try again in a minute. Here are the most viral live stories.")),
                rows=menu_of(_("Live stories"), buttons_to("story", self.index.top(PAGE, at))),
            ) from None
        if not moved:
            if since:
                return _done(Note(_("No updates since your last visit"), since))
            return _done(Note(_("No updates in the last day that you haven't seen")))
        return self._page(ask, reading, moved, len(candidates) - LOOKED_AT, since, until)

    async def _candidates(
        self, reading: ReadingHistory, since: datetime | None, until: datetime
    ) -> list[Edition]:
        """The stories that changed and weren't looked at since, the most viral first."""
        start = since or until - FIRST
        moved = [
            edition
            async for edition in in_slices(self.index.since(0))
            if edition.heard_at > start
            and (since is not None or self._is_news(edition, start, until))
            and _seen(reading.positions.get(edition.story.id), until) < edition.revision
        ]
        return sorted(moved, key=lambda edition: (-_virality(edition), -edition.seq))

    def _is_news(self, edition: Edition, start: datetime, until: datetime) -> bool:
        """False for an old story that was only imported since."""
        fresh = edition.fresh > start
        return fresh or edition.is_live(until, self.index.live_for)

    async def _moved(
        self,
        editions: list[Edition],
        reading: ReadingHistory,
        since: datetime | None,
        until: datetime,
        shows: bool,
    ) -> list[Moved]:
        start = since or until - FIRST
        moved = []
        # one after another: each would open its own connection
        async for edition in in_slices(editions):
            seen = _seen(reading.positions.get(edition.story.id), until)
            was = await self._before(edition, seen, start)
            changes = compare(was, edition.story).changes
            if was is not None and (was.revision or 0) > seen:
                changes = (*await self._remembered(edition, was, seen, start), *changes)
            changes = self.index.named(Delta(changes)).changes
            if telling := words.worth_saying(changes, show_leaning=shows):
                moved.append(Moved(edition, Delta(tuple(telling))))
        return sorted(moved, key=lambda each: -(each.delta.weight or 0))

    async def _remembered(
        self, edition: Edition, was: Story, seen: int, start: datetime
    ) -> list[Change]:
        """What the log says of revisions after the last visit that are no longer stored in full."""
        known = {change.kind for change in compare(was, edition.story).changes}
        past = [
            line
            for line in (await self.history.log(edition.story.id)).lines
            if line.at > start and seen < line.revision <= (was.revision or 0)
        ]
        return [each for each in still_so(past, edition.story) if each.kind not in known]

    async def _before(self, edition: Edition, seen: int, start: datetime) -> Story | None:
        """The story as the asker last knew it; None if it is new to them."""
        story = edition.story.id
        was = await self.history.as_of(story, start)
        if seen > (was.revision or 0 if was else 0):
            return await self.history.past(story, seen)
        if was is None:  # it didn't exist yet, or that revision is no longer stored
            first = await self.history.past(story, 0)
            trimmed = first is not None and first.revision not in (1, edition.revision)
            return first if trimmed else None
        return was

    def _page(
        self,
        ask: Ask,
        reading: ReadingHistory,
        moved: list[Moved],
        more: int,
        since: datetime | None,
        until: datetime,
    ) -> Message:
        pages = heaps(moved, Moved.space, PAGE)
        page = page_of(ask.get("page"), len(pages))
        shown = pages[page - 1]
        blocks: list[Block] = [block for each in shown for block in _shown(each)]
        last = page == len(pages)
        if last and more > 0:
            less = ngettext(
                "{n} less viral story was updated too: see /stories.",
                "{n} less viral stories were updated too: see /stories.",
                more,
            )
            blocks.append(Note(less.format(n=words.number(more))))
        marked = last and bool(ask.get("page"))  # just opening it doesn't count as reading it
        if marked:
            self._mark(ask, reading, until)
            blocks.append(Text(_(CAUGHT_UP)))
        elif last:
            blocks.append(Note(_("That's everything. Mark it as read and you're all caught up.")))
        mark = Button(_("Mark as read"), Ref("catchup", (READ, _write(until))))
        begun = _write(since) if since else ""
        return Message(
            paged(
                _("Since your last visit") if since else _("What's new in the last day"),
                page,
                len(pages),
            ),
            tuple(blocks),
            (
                *menu_of(
                    _("Open a story …"), buttons_to("story", [each.edition for each in shown])
                ),
                *turning(page, len(pages), lambda to: Ref("catchup", (to, _write(until), begun))),
                *(() if marked else (Buttons((mark,)),)),
            ),
        )

    def _mark(self, ask: Ask, reading: ReadingHistory, until: datetime) -> None:
        """Record that they have read everything up to then; an old button never moves them back."""
        if reading.caught_up is None or until > reading.caught_up:
            self.positions.caught_up(ask.person, until)


def catchup_command(
    index: StoryIndex,
    rules: Rules,
    positions: ReadingPositions,
    history: History,
    now: Callable[[], datetime],
) -> Command:
    """The command /catchup."""
    catchup = CatchupCommand(index, rules, positions, history, now)
    return Command(
        "catchup",
        N_("What's new since your last visit"),
        catchup.answer,
        options=(
            Option("page", N_("Which page"), hidden=True),
            Option("until", N_("When the first page was opened"), hidden=True),
            Option("since", N_("When the last visit was"), hidden=True),
        ),
        personal=True,
    )


def _done(*blocks: Block) -> Message:
    return Message(_(CAUGHT_UP), blocks, (Buttons((Button(_("Live stories"), Ref("stories")),)),))


def _shown(moved: Moved) -> Iterator[Block]:
    said, besides = moved.in_words()
    yield Heading(name(moved.edition.story))
    yield Text(said)
    if besides:
        yield Note(_("Also: {changes}").format(changes=besides))


def _seen(position: ReadingPosition | None, until: datetime) -> int:
    """The latest revision someone had looked at when the first page was opened; 0 for none.

    Stories they open from the list stay on it; otherwise pages would shift while they read.
    """
    visits: list[Seen | None] = [position.last, position.before] if position else []
    return max((each.revision for each in visits if each and each.at <= until), default=0)


def _virality(edition: Edition) -> float:
    return edition.story.stats.virality or 0.0


# Times, as a button contains them: milliseconds since 1970.


def _write(moment: datetime) -> str:
    return str(int(moment.timestamp() * 1000))


def _read(said: str) -> datetime | None:
    """The time in a button; None if it isn't one of ours."""
    if not (said.isascii() and said.isdecimal() and len(said) == len("1782367260000")):
        return None
    return datetime.fromtimestamp(int(said) / 1000, UTC)
