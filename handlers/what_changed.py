"""“What changed”: a story's changes since the asker last looked, and in its latest revision."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from bot.model.command import Ask
from bot.model.reading import ReadingPosition, Seen
from handlers.pages import heaps, page_of, paged, space, turning
from handlers.ports import History, ReadingPositions
from handlers.promptly import promptly
from handlers.story_words import caveats, name
from runtime.away import StorageAway
from stories.delta import Change, Delta, Kind, compare
from stories.edition import Edition
from stories.log import SAID
from stories.story import Story, StoryId
from wording import words
from wording.card import is_new
from wording.language import _
from wording.message import Block, Bullets, Button, Buttons, Heading, Message, Note, Ref, Text

CHANGES = 12
"""The most changes per page."""


ONE_LOOK = timedelta(hours=1)
"""Coming back to the same revision within this time counts as the same look."""


@dataclass(frozen=True, slots=True)
class Section:
    """Changes under a common heading."""

    heading: str
    notes: tuple[Block, ...]
    changes: tuple[str, ...] = ()


async def what_changed(
    edition: Edition,
    delta: Delta,
    ask: Ask,
    *,
    positions: ReadingPositions,
    history: History,
    named: Callable[[Delta], Delta],
    show_leaning: bool,
    at: datetime,
) -> Message:
    """Every change, in words; `delta` is what the latest revision changed.

    `named` inserts the titles of other stories into a delta.
    """
    story = edition.story
    try:
        since = await promptly(
            _since_last(edition, ask, positions, history, named, show_leaning, at)
        )
    except StorageAway:
        away = _("I can't check right now what you saw before, so this is only the latest change.")
        since = [Section("", (Note(away),))]
    positions.saw(ask.person, story.id, Seen(edition.revision, at))
    return _page(story, [*since, *_last(edition, delta, since, show_leaning)], ask.get("page"))


def _page(story: Story, sections: Sequence[Section], said: str) -> Message:
    """As many changes as fit on a page, each under its heading."""
    lines = [(section, each) for section in sections for each in section.changes or ("",)]
    pages = heaps(lines, lambda line: space(line[1]), CHANGES)
    page = page_of(said, len(pages))
    blocks: list[Block] = []
    for section, shown in groupby(pages[page - 1], key=lambda line: line[0]):
        if section.heading:
            blocks.append(Heading(section.heading))
        blocks += section.notes
        if changes := tuple(each for _, each in shown if each):
            blocks.append(Bullets(changes))
    return Message(
        paged(_("What changed in “{story}”").format(story=name(story)), page, len(pages)),
        (*blocks, *caveats(story)),
        rows=(
            *turning(page, len(pages), lambda to: Ref("story", (story.id, "changes", to))),
            Buttons((Button(_("‹ Story"), Ref("story", (story.id,))),)),
        ),
    )


async def _since_last(
    edition: Edition,
    ask: Ask,
    positions: ReadingPositions,
    history: History,
    named: Callable[[Delta], Delta],
    show_leaning: bool,
    at: datetime,
) -> list[Section]:
    """What is new to the asker, if they have been here before."""
    story = edition.story
    visit = _last_look(await positions.position(ask.person, story.id), edition.revision, at)
    if visit is None:
        return []
    heading = _("Since you last looked")
    saw = Note(_("You saw version {revision}").format(revision=visit.revision), visit.at)
    if visit.revision == edition.revision:
        return [Section(heading, (Text(_("Nothing has changed.")), saw))]
    was = edition.before
    if was is None or was.revision != visit.revision:
        was = await history.past(story.id, visit.revision)
    if was is None or was.revision == edition.revision:
        if lines := await _logged(story.id, visit.revision, edition.revision, history, named):
            return [Section(heading, (saw,), lines)]
        gone = _("You saw version {revision}, which is no longer available")
        return [Section("", (Note(gone.format(revision=visit.revision), visit.at),))]
    if was.revision == visit.revision:
        return [_section(heading, (saw,), named(compare(was, story)), story, show_leaning)]
    later = Note(
        _("That version is no longer available, so this is since version {revision}").format(
            revision=was.revision
        )
    )
    upto = was.revision or edition.revision
    lines = await _logged(story.id, visit.revision, upto, history, named)
    since = named(compare(was, story))
    if not lines:
        return [_section(heading, (saw, later), since, story, show_leaning)]
    after = _("Since version {revision}").format(revision=was.revision)
    return [Section(heading, (saw,), lines), _section(after, (), since, story, show_leaning)]


async def _logged(
    story: StoryId,
    after: int,
    upto: int,
    history: History,
    named: Callable[[Delta], Delta],
) -> tuple[str, ...]:
    """What mattered in revisions that are no longer stored in full, each with its time."""
    lines = (await history.log(story)).lines
    told = [line for line in lines if after < line.revision <= upto]
    return tuple(
        f"{words.moment(line.at)} · {_remembered(*named(Delta((line.change,))).changes)}"
        for line in told
    )


def _remembered(change: Change) -> str:
    """A line of the log in words. What was removed since isn't repeated."""
    if change.kind is Kind.BULLET_REMOVED:
        return _("Something stated earlier was removed")
    if change.kind in SAID - {Kind.NEW} and change.after is None:
        return _("Something that has since been removed")
    return words.sentence(words.said(change))


def _last_look(position: ReadingPosition | None, revision: int, at: datetime) -> Seen | None:
    """The previous visit: turning a page, or coming from the card, belongs to the current one."""
    if position is None:
        return None
    looking = position.last.revision == revision and at - position.last.at < ONE_LOOK
    return position.before if looking else position.last


def _last(
    edition: Edition, delta: Delta, since: list[Section], show_leaning: bool
) -> list[Section]:
    """What the latest revision changed, unless that is already covered."""
    if edition.before is edition.story:
        gone = _("This is an older story. Its changes are no longer available.")
        return [Section("", (Text(gone),))]
    if is_new(delta):
        first = Text(_("This is its first version here. Nothing has changed yet."))
        return [Section("", (first,))]
    moment = edition.story.updated_at or edition.heard_at
    note = Note(_("Version {revision}").format(revision=edition.revision), moment)
    last = _section(_("Latest change"), (note,), delta, edition.story, show_leaning)
    return [] if any(each.changes == last.changes for each in since) else [last]


def _section(
    heading: str, notes: tuple[Block, ...], delta: Delta, story: Story, show_leaning: bool
) -> Section:
    """A delta in words, the heaviest change first."""
    changes = words.worth_saying(delta.changes, show_leaning=show_leaning)
    told = tuple(
        map(words.sentence, words.each_once(changes, lambda change: words.in_full(change, story)))
    )
    if not told:
        notes = (Text(_("Only the update time changed.")), *notes)
    return Section(heading, notes, told)
