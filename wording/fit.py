"""Makes a message fit a platform's limits: drops blank parts, and decides what to cut first."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from wording.message import Asks, Block, Bullets, Code, Facts, Heading, Link, Note, Text
from wording.text import clean, line, shorten

Fits = Callable[[Sequence[Block]], bool]
"""Whether a renderer can show these blocks, including markup. Fewer blocks must never fit worse."""

WORTH_READING = 80
"""No text is cut below this many characters; if even that doesn't fit, the whole block is
dropped."""


def harmless(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """The blocks with clean texts, without empty ones."""
    return tuple(kept for block in blocks if (kept := _harmless(block)))


def _harmless(block: Block) -> Block | None:
    match block:
        case Text(body):
            return Text(body) if (body := clean(body)) else None
        case Heading(body):
            return Heading(body) if (body := line(body)) else None
        case Bullets():
            return _bullets(
                [(said, ways) for item, ways in block.sourced() if (said := line(item))]
            )
        case Facts(items):
            return Facts(facts) if (facts := _lines(items)) else None
        case Link(label, url, note):
            return Link(line(label), url, line(note or "") or None)
        case Note(body, at):
            return Note(body, at) if (body := line(body)) or at else None
        case Code(body):
            return Code(body) if (body := clean(body)) else None
        case Asks():
            return block


def _bullets(items: Sequence[tuple[str, tuple[tuple[int, str], ...]]]) -> Bullets | None:
    if not items:
        return None
    ways = tuple(each for _, each in items)
    return Bullets(tuple(said for said, _ in items), ways if any(ways) else ())


def _lines(items: Sequence[str]) -> tuple[str, ...]:
    return tuple(kept for item in items if (kept := line(item)))


def fit(blocks: Sequence[Block], fits: Fits, more: str | None) -> tuple[Block, ...]:
    """The blocks, cut to fit; possibly none.

    First, the numbers of sources are dropped. Then bullets are dropped from the end, down to one,
    and that one, and then texts, are cut at a sentence; then small print, facts and labels are
    dropped; and only then whole blocks, last first. `more` (or else “…”) marks where bullets or
    blocks were left out, or follows a text cut short.
    """
    if fits(blocks):
        return tuple(blocks)
    kept = [replace(each, sources=()) if isinstance(each, Bullets) else each for each in blocks]
    if kept != list(blocks) and fits(kept):
        return tuple(kept)
    cut: dict[int, _Lower] = {}  # by position: how much of the block is kept

    def shown(count: int) -> list[Block]:
        return list(_marked(kept[:count], cut, more, missing=count < len(kept)))

    for kind, lower in _STEPS:
        for place in _places(kept, kind):
            block = kept[place]
            ceiling = _extent(block, lower)
            floor = min(ceiling, 1 if lower is _fewer else WORTH_READING)
            if floor == ceiling:
                continue

            def holds(level: int, place: int = place, block: Block = block) -> bool:
                kept[place] = lower(block, level)  # noqa: B023  called within this round only
                return fits(shown(len(kept)))

            cut.setdefault(place, lower)
            level = _highest(holds, floor, ceiling - 1)
            kept[place] = lower(block, floor if level is None else level)
            if level is not None:
                return tuple(shown(len(kept)))
    count = _highest(lambda count: fits(shown(count)), 0, len(kept) - 1)
    return tuple(shown(count)) if count is not None else ()


def _places(blocks: Sequence[Block], kind: type[Block]) -> list[int]:
    """The positions of blocks of a kind, in the order in which they are cut: last lists,
    longest others."""
    places = [place for place, block in enumerate(blocks) if isinstance(block, kind)]
    if kind is Bullets:
        return places[::-1]
    return sorted(places, key=lambda place: -len(str(blocks[place])))


def _fewer(block: Block, count: int) -> Block:
    match block:
        case Bullets(items):
            return Bullets(items[:count])
        case Facts(items):
            return Facts((*items[:count], "…"))
        case _:
            return block


def _shorter(block: Block, length: int) -> Block:
    match block:
        case Text(body):
            return Text(shorten(body, length))
        case Heading(body):
            return Heading(shorten(body, length))
        case Bullets(items):
            return Bullets(tuple(shorten(item, length) for item in items))
        case Facts(items):
            return Facts(tuple(shorten(item, length) for item in items))
        case Link(label, url, note):
            return Link(shorten(label, length), url, shorten(note, length) if note else None)
        case Note(body, at):
            return Note(shorten(body, length), at)
        case Asks() | Code():
            return block


_Lower = Callable[[Block, int], Block]

_STEPS: tuple[tuple[type[Block], _Lower], ...] = (
    (Bullets, _fewer),
    (Bullets, _shorter),
    (Text, _shorter),
    (Note, _shorter),
    (Facts, _fewer),
    (Facts, _shorter),
    (Link, _shorter),
    (Heading, _shorter),
)


def _extent(block: Block, lower: _Lower) -> int:
    """The most a block has to give: its items, or the length of its longest text."""
    match block:
        case Bullets(items) | Facts(items):
            return len(items) if lower is _fewer else max(map(len, items))
        case Text(body) | Heading(body) | Note(body) | Code(body):
            return len(body)
        case Link(label, _, note):
            return max(len(label), len(note or ""))
        case Asks(items):
            return len(items)


def _marked(
    blocks: Sequence[Block], cut: Mapping[int, _Lower], more: str | None, *, missing: bool
) -> Iterator[Block]:
    """The blocks, with a mark after each list that lost items and where blocks are missing.

    A text that was cut ends with “…” anyway, so the last of these gets a mark only if no other
    position has one and `more` is given.
    """
    lists = [p for p, block in enumerate(blocks) if isinstance(block, Bullets) and p in cut]
    texts = [p for p, block in enumerate(blocks) if isinstance(block, Text) and p in cut]
    places = lists or (texts[-1:] if more and not missing else [])
    said = False
    for place, block in enumerate(blocks):
        yield block
        if place in places and (cut[place] is _fewer or more):
            yield Note("…" if said else more or "…")
            said = True
    if missing:
        yield Note("…" if said else more or "…")


def _highest(holds: Callable[[int], bool], floor: int, ceiling: int) -> int | None:
    """The highest level that holds, found by bisection; None if not even the floor does."""
    if not holds(floor):
        return None
    return floor + bisect_left(
        range(floor + 1, ceiling + 1), True, key=lambda level: not holds(level)
    )
