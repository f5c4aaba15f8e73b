"""/unpin - unpins a story's card in this chat."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.model.command import Ask, Command, Option
from bot.model.errors import Sorry
from handlers.followed_things import title_of
from handlers.ports import Desk
from handlers.story_choice import live_stories, meant_among, pick_list
from handlers.story_words import quoted
from stories.index import StoryIndex
from stories.story import StoryId
from wording.acts import Act, Did
from wording.language import N_, _
from wording.message import Button, Buttons, Message, Ref, Row, Text


@dataclass(frozen=True, slots=True)
class UnpinCommand:
    """Unpins a story's card."""

    index: StoryIndex
    desk: Desk
    now: Callable[[], datetime]

    async def answer(self, ask: Ask) -> Message:
        """Unpin the card of a story; without one, offer the pinned ones."""
        pinned = (await self.desk.pins(ask.chat)).stories
        if not pinned:
            raise Sorry(_("I haven't pinned anything here"), rows=(Buttons((to_pin(),)),))
        if not (words := ask.get("story")):
            return Message(
                _("Which story should I unpin here?"),
                rows=to_unpin(pinned, self.index, ask.get("page")),
            )
        story = meant_among(pinned, words, self.index, self.now())
        if story is None:
            raise Sorry(
                _("I haven't pinned {words} here").format(words=quoted(words)),
                Text(_("Here's what I've pinned.")),
                rows=to_unpin(pinned, self.index, ""),
            )
        await self.desk.unpin(ask.chat, story)
        return Message(
            _("Unpinned “{story}”").format(story=title_of(story, self.index)),
            (Text(_("Its card stays here and is kept up to date.")),),
            (
                Buttons(
                    (
                        Button(_("Pin it again"), Ref("pin", (story,))),
                        Button(_("What's pinned"), Ref("pins")),
                    )
                ),
            ),
            act=Act(Did.UNPINNED, f"“{title_of(story, self.index)}”"),
        )


def unpin_command(index: StoryIndex, desk: Desk, now: Callable[[], datetime]) -> Command:
    """The command /unpin."""
    unpin = UnpinCommand(index, desk, now)
    return Command(
        "unpin",
        N_("Unpin a story's card"),
        unpin.answer,
        options=(
            Option("story", N_("Which story"), live_stories(index, now)),
            Option("page", N_("Which page"), hidden=True),
        ),
        rest="story",
        moderators=True,
    )


def to_unpin(pinned: Sequence[StoryId], index: StoryIndex, page: str) -> tuple[Row, ...]:
    """A menu of the pinned stories, to unpin one."""
    return pick_list(
        _("Unpin …"),
        pinned,
        lambda story: Button(title_of(story, index), Ref("unpin", (story,))),
        page,
        lambda to: Ref("unpin", ("", to)),
    )


def to_pin() -> Button:
    """The button that leads to /pin."""
    return Button(_("Pin a story"), Ref("pin"))
