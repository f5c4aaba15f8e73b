"""/pin - pins a story's card in this chat."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.model.command import Ask, Command, Option
from bot.model.errors import Sorry
from handlers.followed_things import title_of
from handlers.ports import Desk
from handlers.story_choice import (
    MENU,
    button_to,
    buttons_to,
    live_stories,
    meant,
    menu_of,
    nothing_live,
    pick_list,
)
from handlers.story_words import name
from stories.edition import Edition
from stories.index import StoryIndex
from stories.story import StoryId
from wording.acts import Act, Did
from wording.language import N_, _
from wording.message import Button, Buttons, Message, Ref, Row, Text


@dataclass(frozen=True, slots=True)
class PinCommand:
    """Pins a story's card, posting it first if necessary."""

    index: StoryIndex
    desk: Desk
    now: Callable[[], datetime]

    async def answer(self, ask: Ask) -> Message:
        """Pin the card of a story; without one, offer live stories."""
        at = self.now()
        if not (words := ask.get("story")):
            return self._which(at, ask.get("page"))
        edition = meant(self.index, words, at, "pin")
        self._stands(edition, at)
        gone = await self.desk.pin(ask.chat, edition.story.id)
        return Message(
            _("Pinned “{story}”").format(story=name(edition.story)),
            (Text(_("Its card is pinned here and stays up to date.")), *map(self._went, gone)),
            (
                Buttons(
                    (
                        Button(_("Unpin"), Ref("unpin", (edition.story.id,))),
                        Button(_("What's pinned"), Ref("pins")),
                    )
                ),
            ),
            act=Act(Did.PINNED, f"“{name(edition.story)}”"),
        )

    def _which(self, at: datetime, page: str) -> Message:
        live = self.index.live(at)
        if not live:
            raise nothing_live()
        return Message(
            _("Which story should I pin here?"),
            rows=pick_list(
                _("Pin …"), live, button_to("pin"), page, lambda to: Ref("pin", ("", to))
            ),
        )

    def _went(self, story: StoryId) -> Text:
        said = _("I unpinned “{story}” to make room: this chat limits how many pins I keep.")
        return Text(said.format(story=title_of(story, self.index)))

    def _stands(self, edition: Edition, at: datetime) -> None:
        story = edition.story
        if story.retracted is not None:
            raise Sorry(
                _("“{story}” was withdrawn, so I won't pin it").format(story=name(story)),
                Text(story.retracted),
            )
        if story.merged_into:
            heir = self.index.get(story.merged_into)
            rows: tuple[Row, ...] = (Buttons(buttons_to("pin", [heir])),) if heir else ()
            raise Sorry(
                _("“{story}” is now part of another story").format(story=name(story)),
                Text(_("Pin that one instead.")),
                rows=rows,
            )
        if not edition.is_live(at, self.index.live_for):
            raise Sorry(
                _("“{story}” is over, so I won't pin it").format(story=name(story)),
                Text(_("I unpin a card automatically when its story ends or goes quiet.")),
                rows=menu_of(_("Pin …"), buttons_to("pin", self.index.top(MENU, at))),
            )


def pin_command(index: StoryIndex, desk: Desk, now: Callable[[], datetime]) -> Command:
    """The command /pin."""
    pin = PinCommand(index, desk, now)
    return Command(
        "pin",
        N_("Pin a story's card here"),
        pin.answer,
        options=(
            Option("story", N_("Which story"), live_stories(index, now)),
            Option("page", N_("Which page"), hidden=True),
        ),
        rest="story",
        of_card=N_("Pin this story"),
        moderators=True,
    )
