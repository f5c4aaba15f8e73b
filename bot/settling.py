"""The buttons that let people settle what became of a card of unknown outcome."""

from collections.abc import Sequence

from bot.model.unknown import Unknown
from wording.language import N_, _, ngettext
from wording.message import Block, Bullets, Button, Buttons, Note, Ref
from wording.words import number

LISTED = 4
"""The most cards that one message offers to settle; each takes a row, and a message has five."""


_STEPS = (("there", N_("It's there")), ("again", N_("Post again")))


def listed(titles: Sequence[str]) -> tuple[Block, ...]:
    """The cards in question, numbered like their buttons."""
    shown = [f"“{title}”" for title in titles[:LISTED]]
    if len(titles) > 1:
        shown = [f"{place}. {title}" for place, title in enumerate(shown, 1)]
    more = len(titles) - LISTED
    then = ngettext(
        "{n} more card will follow once these are settled.",
        "{n} more cards will follow once these are settled.",
        max(more, 0),
    )
    rest = (Note(then.format(n=number(more))),) if more > 0 else ()
    return (Bullets(tuple(shown)), *rest)


def offered(cards: Sequence[Unknown]) -> tuple[Buttons, ...]:
    """Two buttons per card: it's there, or post it again."""
    return tuple(
        Buttons(
            tuple(
                Button(
                    f"{place}: {_(label)}" if len(cards) > 1 else _(label),
                    Ref("unknown", (step, card.key, str(card.generation))),
                )
                for step, label in _STEPS
            )
        )
        for place, card in enumerate(cards[:LISTED], 1)
    )


def again(card: Unknown) -> Button:
    """The button that posts it again."""
    return offered([card])[0].items[1]
