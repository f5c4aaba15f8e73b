"""/pins - the stories whose cards are pinned in this chat."""

from dataclasses import dataclass

from bot.model.command import Ask, Command
from handlers.followed_things import title_of
from handlers.ports import Desk
from handlers.unpin import to_pin, to_unpin
from stories.index import StoryIndex
from wording import words
from wording.card import figures
from wording.language import N_, _, ngettext
from wording.message import Block, Buttons, Facts, Heading, Message, Note, Text

SHOWN = 10
"""The most stories listed; the menu has more of them."""


@dataclass(frozen=True, slots=True)
class PinsCommand:
    """Lists the pinned stories, with a menu to unpin them."""

    index: StoryIndex
    desk: Desk

    async def answer(self, ask: Ask) -> Message:
        """The pinned cards, with buttons to unpin them."""
        found = await self.desk.pins(ask.chat)
        pinned = found.stories
        pin = Buttons((to_pin(),))
        if not pinned:
            return Message(
                _("I haven't pinned anything here"),
                (Text(_("I don't list or touch what people pinned themselves.")),),
                (pin,),
            )
        blocks: list[Block] = []
        for story in pinned[:SHOWN]:
            blocks.append(Heading(title_of(story, self.index)))
            edition = self.index.get(story)
            if edition and (facts := tuple(figures(edition.story))):
                blocks.append(Facts(facts))
        if len(pinned) > SHOWN:
            more = len(pinned) - SHOWN
            rest = ngettext("… and {n} more", "… and {n} more", more)
            blocks.append(Note(rest.format(n=words.number(more))))
        if not found.seen:
            blocks.append(Note(_("I can't see which of them people have unpinned by hand.")))
        return Message(_("Pinned here"), tuple(blocks), (*to_unpin(pinned, self.index, ""), pin))


def pins_command(index: StoryIndex, desk: Desk) -> Command:
    """The command /pins."""
    pins = PinsCommand(index, desk)
    return Command("pins", N_("What I've pinned here"), pins.answer, moderators=True)
