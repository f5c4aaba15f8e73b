"""How people choose: a story by its words, a line of a list, a page, a suggestion while typing."""

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from datetime import datetime
from string import punctuation
from typing import TypeVar

from bot.model.command import Ask, Choice, Complete
from bot.model.errors import Sorry
from bot.model.rule import Rule
from runtime.slices import in_slices
from stories.edition import Edition
from stories.index import StoryIndex
from stories.spelling import bare
from stories.story import Story, StoryId
from wording.language import _
from wording.message import Button, Buttons, Menu, Note, Ref, Row, Text
from wording.text import clean, line, shorten, utf16

T = TypeVar("T")

MENU = 25
"""The most lines in a menu, and suggestions in a list, on any platform."""
CHOICE = 100
"""Characters of a suggestion (Discord's limit for a choice's name and for its value)."""
ROOM = 3000
"""How much of a long text fits on one page, as measured by `room`: every platform shows it
whole."""


def name(story: Story) -> str:
    """A story's name on one line."""
    return line(story.title) or story.id


def quoted(words: str, limit: int = 80) -> str:
    """What someone typed, quoted back to them."""
    return f"“{shorten(line(words), limit)}”"


def standing(story: Story) -> Iterator[Note]:
    """What a reader must know before trusting the story."""
    if story.retracted is not None:
        yield Note(_("This story was withdrawn: {why}").format(why=story.retracted))
    if story.merged_into:
        yield Note(_("This story has gone up into another one and is no longer updated"))


def choice(label: str, value: str) -> Choice:
    """A suggestion, cut to length."""
    return Choice(shorten(line(label), CHOICE, utf16) or value, value)


def holding(typed: str, named: Iterable[tuple[str, str]]) -> list[Choice]:
    """Suggests things whose name contains the words typed so far; each with the value to send."""
    held = bare(typed)
    return [choice(label, value) for label, value in named if held in bare(label)][:MENU]


def live_stories(index: StoryIndex, now: Callable[[], datetime]) -> Complete:
    """Suggests live stories; the value is the story's id."""

    def complete(typed: str, ask: Ask) -> list[Choice]:
        at = now()
        if typed.strip():
            editions = index.search.nearest(typed, MENU, at, only_live=True)
        else:
            editions = index.top(MENU, at)
        return [choice(name(edition.story), edition.story.id) for edition in editions]

    return complete


def button_to(command: str) -> Callable[[Edition], Button]:
    """Returns a function that makes a button asking `command` about a story."""
    return lambda edition: Button(name(edition.story), ref_to(command, edition.story.id))


def buttons_to(command: str, editions: Iterable[Edition]) -> tuple[Button, ...]:
    """A button for each story that asks `command` about it."""
    return tuple(map(button_to(command), editions))


async def wanted(rule: Rule, index: StoryIndex, at: datetime) -> list[Edition]:
    """The live stories that a rule wants."""
    return [each async for each in in_slices(index.live(at)) if rule.wants(each.story)]


def ref_to(command: str, story: StoryId, *more: str) -> Ref:
    """The reference with which a button asks a command about a story.

    /follow takes words as its first option, and an id could be one of them: “all”.
    """
    return Ref(command, ("", story, *more) if command == "follow" else (story, *more))


def menu_of(prompt: str, items: Sequence[Button]) -> tuple[Row, ...]:
    """A menu of the first MENU lines; nothing if there are none."""
    return (Menu(prompt, tuple(items[:MENU])),) if items else ()


def meant(index: StoryIndex, words: str, at: datetime, command: str) -> Edition:
    """The story that words mean; raises Sorry with the nearest ones as buttons that ask
    `command`."""
    if index.get(named := words.strip().casefold()) is None and index.is_unreadable(named):
        raise left_out(named)
    if edition := index.search.find(words, at):
        return edition
    nearest = buttons_to(command, index.search.nearest(words, 5, at))
    if nearest:
        raise Sorry(
            _("I am not sure which story {words} is").format(words=quoted(words)),
            Text(_("Did you mean one of these?")),
            rows=menu_of(_("Did you mean …"), nearest),
        )
    raise Sorry(
        _("I know no story about {words}").format(words=quoted(words)),
        Text(_("Pick one of the live stories instead.") if index.top(1, at) else _nothing()),
        rows=menu_of(_("Live stories"), buttons_to(command, index.top(5, at))),
    )


def left_out(story: str) -> Sorry:
    """The answer about a story whose record can't be read."""
    return Sorry(
        _(
            "The story {story} was written by a newer version of this bot, or is damaged, so I "
            "can't read it"
        ).format(story=quoted(story)),
        Text(_("Its card stays as it is. Those who run the bot find the story in its log.")),
    )


def meant_among(
    held: Container[StoryId], words: str, index: StoryIndex, at: datetime
) -> StoryId | None:
    """Which of some stories words mean: by id (it may no longer be stored), or by its words."""
    sure = index.search.find(words, at)
    named = [*index.search.titled(words, at), *([sure] if sure else [])]
    ids = [StoryId(words.casefold()), *(edition.story.id for edition in named)]
    return next((story for story in ids if story in held), None)


def nothing_live() -> Sorry:
    """The answer if there are no live stories."""
    return Sorry(_("There are no live stories just now"), Text(_nothing()))


def _nothing() -> str:
    return _(
        "Nothing is live just now. Stories appear here by themselves as soon as the newsroom "
        "publishes one; one that has ended is still found by its name, with /story."
    )


def page_of(said: str, pages: int) -> int:
    """The requested page (from 1), or the nearest one that exists."""
    number = int(said) if said.isascii() and said.isdecimal() and len(said) < 6 else 1
    return min(max(number, 1), max(pages, 1))


def paged(title: str, page: int, pages: int) -> str:
    """A title with the page number, if there are several pages."""
    if pages < 2:
        return title
    return _("{title}, {page} of {pages}").format(title=title, page=page, pages=pages)


def turning(page: int, pages: int, to: Callable[[str], Ref]) -> tuple[Row, ...]:
    """Buttons to the previous and the next page."""
    items = []
    if page > 1:
        items.append(Button(_("‹ Back"), to(str(page - 1))))
    if page < pages:
        items.append(Button(_("More ›"), to(str(page + 1))))
    return (Buttons(tuple(items)),) if items else ()


def pick_list(
    prompt: str,
    items: Sequence[T],
    line: Callable[[T], Button],
    said: str,
    to: Callable[[str], Ref],
) -> tuple[Row, ...]:
    """A menu with as many lines as fit, and buttons to the rest."""
    pages = -(-len(items) // MENU)
    page = page_of(said, pages)
    shown = items[(page - 1) * MENU : page * MENU]
    return (*menu_of(prompt, [line(item) for item in shown]), *turning(page, pages, to))


def room(text: str) -> int:
    """The most space a text can take: UTF-16 units, and what platforms add for escaping."""
    return utf16(text) + sum((sign in punctuation) + (sign in "<@") for sign in text)


def heaps(items: Iterable[T], size: Callable[[T], int], most: int) -> list[list[T]]:
    """Items split into pages: at most this many each, and no more than fit."""
    pages: list[list[T]] = [[]]
    for item in items:
        full = len(pages[-1]) == most or sum(map(size, [*pages[-1], item])) > ROOM
        if full and pages[-1]:
            pages.append([])
        pages[-1].append(item)
    return pages


def leaves(text: str, limit: int = ROOM) -> list[str]:
    """A long text split into pages, between sentences where possible. Nothing is lost."""
    rest = clean(text)
    pages = []
    while room(rest) > limit:
        page = shorten(rest, limit, room, more="").rstrip()
        pages.append(page)
        rest = rest[len(page) :].lstrip()
    return [*pages, rest]
