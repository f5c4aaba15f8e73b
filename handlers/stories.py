"""/stories - the live stories, the most viral first."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.model.command import Ask, Command, Option
from handlers.pages import page_of, turning
from handlers.story_choice import buttons_to, menu_of, nothing_live
from handlers.story_words import name
from stories.index import StoryIndex
from wording import words
from wording.card import figures
from wording.language import N_, _, ngettext
from wording.message import Block, Facts, Heading, Message, Note, Ref

PAGE = 6
"""The most stories per page."""


@dataclass(frozen=True, slots=True)
class StoriesCommand:
    """Lists the live stories page by page."""

    index: StoryIndex
    now: Callable[[], datetime]

    async def answer(self, ask: Ask) -> Message:
        """A page of the live stories, the most viral first."""
        live = self.index.live(self.now())
        if not live:
            raise nothing_live()
        pages = -(-len(live) // PAGE)
        page = page_of(ask.get("page"), pages)
        shown = live[(page - 1) * PAGE : page * PAGE]
        blocks: list[Block] = []
        for edition in shown:
            blocks.append(Heading(name(edition.story)))
            if facts := tuple(figures(edition.story)):
                blocks.append(Facts(facts))
        if pages > 1:
            stands = ngettext(
                "Page {page} of {pages}, {n} live story",
                "Page {page} of {pages}, {n} live stories",
                len(live),
            )
            blocks.append(Note(stands.format(page=page, pages=pages, n=words.number(len(live)))))
        return Message(
            _("Live stories"),
            tuple(blocks),
            rows=(
                *menu_of(_("Open a story …"), buttons_to("story", shown)),
                *turning(page, pages, lambda to: Ref("stories", (to,))),
            ),
        )


def stories_command(index: StoryIndex, now: Callable[[], datetime]) -> Command:
    """The command /stories."""
    stories = StoriesCommand(index, now)
    return Command(
        "stories",
        N_("Live stories, most viral first"),
        stories.answer,
        options=(Option("page", N_("Which page"), hidden=True),),
    )
