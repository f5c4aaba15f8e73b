"""Long lists and texts in pages, and the buttons that turn them."""

from collections.abc import Callable, Iterable
from string import punctuation
from typing import TypeVar

from wording.language import _
from wording.message import Button, Buttons, Ref, Row
from wording.text import clean, shorten, utf16

T = TypeVar("T")


ROOM = 3000
"""How much of a long text fits on one page, as measured by `space`: every platform shows it
whole."""


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


def space(text: str) -> int:
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
    while space(rest) > limit:
        page = shorten(rest, limit, space, more="").rstrip()
        pages.append(page)
        rest = rest[len(page) :].lstrip()
    return [*pages, rest]
