"""/story - one story's card, found by its words, with its sources, breakdown and changes."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby

from bot.model.command import Ask, Command, Option
from bot.model.errors import Sorry
from bot.model.reading import Seen
from handlers.pages import ROOM, heaps, page_of, paged, space, turning
from handlers.ports import History, ReadingPositions, Rules
from handlers.story_choice import live_stories, meant, nothing_live
from handlers.story_words import caveats, name, quoted
from handlers.what_changed import what_changed
from stories.edition import Edition
from stories.index import StoryIndex
from stories.story import Source, Story
from wording.card import card, differing, related_to
from wording.language import N_, _
from wording.message import Block, Bullets, Button, Buttons, Link, Message, Ref, Row, Text
from wording.text import line, safe_link
from wording.words import cited, moment, reported
from wording.words import points as said_points

SOURCES = 8
"""The most sources per page."""
BULLETS = 20
"""The most bullets per page."""
SHORT = 700
"""A breakdown up to this `space` is shown whole even where answers are kept brief."""


@dataclass(frozen=True, slots=True)
class StoryCommand:
    """Shows a story, and the pages behind its buttons."""

    index: StoryIndex
    rules: Rules
    positions: ReadingPositions
    history: History
    now: Callable[[], datetime]

    async def answer(self, ask: Ask) -> Message:
        """The story in full, or the part of it that was asked for."""
        at = self.now()
        if words := ask.get("words"):
            edition = meant(self.index, words, at, "story")
        elif top := self.index.top(1, at):
            edition = top[0]
        else:
            raise nothing_live()
        match ask.get("part"):
            case "":
                self.positions.saw(ask.person, edition.story.id, Seen(edition.revision, at))
                return self._whole(edition, ask)
            case "changes":
                return await what_changed(
                    edition,
                    self.index.delta(edition),
                    ask,
                    positions=self.positions,
                    history=self.history,
                    named=self.index.named,
                    show_leaning=self._shows_leaning(ask),
                    at=at,
                )
            case "sources":
                return _sources(edition.story, ask.get("page"))
            case "breakdown":
                return _breakdown(edition.story, ask.get("page"))
            case part:
                raise Sorry(
                    _("A story has no part called {part}").format(part=quoted(part)),
                    Text(_("It has a card, sources, a breakdown and changes.")),
                    rows=(Buttons((_to_card(edition.story),)),),
                )

    def _shows_leaning(self, ask: Ask) -> bool:
        rule = self.rules.of(ask.chat)
        return rule is not None and rule.show_leaning

    def _muting(self, story: Story, ask: Ask) -> Iterator[Row]:
        """In private, a button to mute the story."""
        rule = self.rules.of(ask.chat)
        if rule is None or not ask.private or self.rules.is_fixed(ask.chat):
            return
        if rule.wants(story):
            yield Buttons((Button(_("Mute it here"), Ref("mute", (story.id,))),))
        elif rule.mute_of(story.id):
            yield Buttons((Button(_("Unmute it here"), Ref("unmute", (story.id,))),))

    def _whole(self, edition: Edition, ask: Ask) -> Message:
        message = card(
            edition,
            self.index.delta(edition),
            show_leaning=self._shows_leaning(ask),
            kin=related_to(self.index, edition),
        )
        long = sum(map(space, edition.story.breakdown)) > (ROOM / 2 if ask.private else SHORT)
        own = Ref("story", (edition.story.id,))  # the card's own “Open” button would lead back here
        rows = tuple(
            row
            for row in message.rows
            if not (isinstance(row, Buttons) and own in (each.ref for each in row.items))
        )
        rows = (*rows, *self._muting(edition.story, ask))
        detailed = bool(edition.story.cited or edition.story.conflicts)
        if not (long or detailed):
            return replace(message, living=None, more=None, rows=rows)
        label = _("Details") if detailed else _("Full breakdown")
        whole = Button(label, _part(edition.story, "breakdown", ""))
        if not long:
            return replace(message, living=None, more=None, rows=(*rows, Buttons((whole,))))
        return replace(
            message,
            living=None,
            rows=(*rows, Buttons((whole,))),
            more=_("… the rest is under “{button}”").format(button=label),
        )


def story_command(
    index: StoryIndex,
    rules: Rules,
    positions: ReadingPositions,
    history: History,
    now: Callable[[], datetime],
) -> Command:
    """The command /story."""
    story = StoryCommand(index, rules, positions, history, now)
    return Command(
        "story",
        N_("One story: everything known about it"),
        story.answer,
        options=(
            Option(
                "words",
                N_("Words from its title; leave empty for the top story"),
                live_stories(index, now),
            ),
            Option("part", N_("Which part of it"), hidden=True),
            Option("page", N_("Which page of the part"), hidden=True),
        ),
        rest="words",
    )


def _part(story: Story, part: str, page: str) -> Ref:
    return Ref("story", (story.id, part, page) if page else (story.id, part))


def _to_card(story: Story) -> Button:
    return Button(_("‹ Story"), Ref("story", (story.id,)))


def _sources(story: Story, said: str) -> Message:
    if not story.sources:
        raise Sorry(
            _("“{story}” lists no sources").format(story=name(story)),
            rows=(Buttons((_to_card(story),)),),
        )
    pages = heaps(story.sources, _room_of, SOURCES)
    numbers = {source: at for at, source in enumerate(story.sources, 1)}
    named = Counter(
        story.sources[each]
        for _bullet, positions in story.bullets()
        for each in positions
        if each < len(story.sources)
    )
    page = page_of(said, len(pages))
    return Message(
        paged(_("Sources of “{story}”").format(story=name(story)), page, len(pages)),
        tuple(
            _source(source, named[source], numbers[source] if story.cited else None)
            for source in pages[page - 1]
        ),
        rows=(
            *turning(page, len(pages), lambda to: _part(story, "sources", to)),
            Buttons((_to_card(story),)),
        ),
    )


def _room_of(source: Source) -> int:
    return space(source.title) + space(source.outlet or "") + space(source.url or "")


def _source(source: Source, points: int, number: int | None) -> Block:
    """A source with its outlet and time, and for how many points the story names it.

    `number`: what the card shows beside these points.
    """
    note = " · ".join(
        said
        for said in (
            line(source.outlet or ""),
            source.published_at and moment(source.published_at),
            said_points(points) if points else "",
        )
        if said
    )
    title = (f"{number}. " if number else "• ") + (line(source.title) or _("Untitled"))
    if source.url and safe_link(source.url):
        return Link(title, source.url, note or None)
    return Text(f"{title} · {note}" if note else title)


def _point(story: Story, bullet: str, positions: tuple[int, ...]) -> str:
    """A point of the breakdown and the outlets it rests on."""
    outlets = cited(story, positions)
    return f"{bullet} ({outlets})" if outlets else bullet


def _breakdown(story: Story, said: str) -> Message:
    points = [("", _point(story, bullet, positions)) for bullet, positions in story.bullets()]
    reports = [
        (differing(conflict), reported(report, story))
        for conflict in story.conflicts
        for report in conflict.reports
    ]
    pages = heaps((*points, *reports), lambda item: space(item[1]), BULLETS)
    page = page_of(said, len(pages))
    blocks: list[Block] = []
    for heading, items in groupby(pages[page - 1], key=lambda item: item[0]):
        if heading:
            blocks.append(Text(heading))
        blocks.append(Bullets(tuple(text for _heading, text in items)))
    return Message(
        paged(_("Breakdown of “{story}”").format(story=name(story)), page, len(pages)),
        (*blocks, *caveats(story)),
        rows=(
            *turning(page, len(pages), lambda to: _part(story, "breakdown", to)),
            Buttons((_to_card(story),)),
        ),
        struck=story.retracted is not None,
    )
