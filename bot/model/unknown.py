"""A card of which nobody knows whether it stands: how buttons name it, and what they offer."""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

from bot.model.chat import Chat
from stories.story import StoryId
from wording.language import N_, _, ngettext
from wording.message import Block, Bullets, Button, Buttons, Note, Ref
from wording.words import number

LISTED = 4
"""So many cards one message offers to settle; each takes a row, and a message has five."""
_STEPS = (("there", N_("It's there")), ("again", N_("Post again")))


class Unknown(NamedTuple):
    """One attempt to post a card that nobody knows the end of."""

    chat: Chat
    story: StoryId
    generation: int

    @property
    def key(self) -> str:
        """What a button names its chat and story by: both together would not fit."""
        return key_of(self.chat, self.story)


def key_of(chat: Chat, story: StoryId) -> str:
    return hashlib.blake2s(f"{chat} {story}".encode(), digest_size=8).hexdigest()


def listed(titles: Sequence[str]) -> tuple[Block, ...]:
    """Which cards it is about, numbered as their buttons are."""
    shown = [f"“{title}”" for title in titles[:LISTED]]
    if len(titles) > 1:
        shown = [f"{place}. {title}" for place, title in enumerate(shown, 1)]
    more = len(titles) - LISTED
    then = ngettext(
        "{n} more card follows when these are settled.",
        "{n} more cards follow when these are settled.",
        max(more, 0),
    )
    rest = (Note(then.format(n=number(more))),) if more > 0 else ()
    return (Bullets(tuple(shown)), *rest)


def offered(cards: Sequence[Unknown]) -> tuple[Buttons, ...]:
    """For each card two buttons: it stands there, or it is to be posted again."""
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
    """The button that has it posted again."""
    return offered([card])[0].items[1]
