"""How people choose a story: by its words, in a menu, or from suggestions while typing."""

from collections.abc import Callable, Container, Iterable, Sequence
from datetime import datetime
from typing import TypeVar

from bot.model.command import Ask, Choice, Complete
from bot.model.errors import Sorry
from bot.model.rule import Rule
from handlers.pages import page_of, turning
from handlers.story_words import name, quoted
from runtime.slices import in_slices
from stories.edition import Edition
from stories.index import StoryIndex
from stories.spelling import bare
from stories.story import StoryId
from wording.language import _
from wording.message import Button, Menu, Ref, Row, Text
from wording.text import line, shorten, utf16

T = TypeVar("T")


MENU = 25
"""The most lines in a menu, and suggestions in a list, on any platform."""


CHOICE = 100
"""Characters of a suggestion (Discord's limit for a choice's name and for its value)."""


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
            _("I'm not sure which story you mean by {words}").format(words=quoted(words)),
            Text(_("Did you mean one of these?")),
            rows=menu_of(_("Did you mean …"), nearest),
        )
    raise Sorry(
        _("No story matches {words}").format(words=quoted(words)),
        Text(_("Pick one of the live stories instead.") if index.top(1, at) else _nothing()),
        rows=menu_of(_("Live stories"), buttons_to(command, index.top(5, at))),
    )


def left_out(story: str) -> Sorry:
    """The answer about a story whose record can't be read."""
    return Sorry(
        _(
            "I can't read the story {story}: it was written by a newer version of this bot, "
            "or it's damaged"
        ).format(story=quoted(story)),
        Text(_("Its card stays as it is. The bot's operator can find the story in the log.")),
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
    return Sorry(_("There are no live stories right now"), Text(_nothing()))


def _nothing() -> str:
    return _(
        "Nothing is live right now. Stories appear here automatically as soon as the "
        "newsroom publishes them. To find one that has ended, use /story with its title."
    )


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
