"""/stories - what is live, the most viral first."""

from collections.abc import Callable, Iterator
from datetime import datetime

from bot.model import words
from bot.model.command import Ask, Command, Option
from bot.model.message import Block, Facts, Heading, Message, Note, Ref
from handlers.picking import buttons_to, menu_of, name, nothing_live, page_of, turning
from stories.shelf import Shelf
from stories.story import Story

PAGE = 6
"""How many stories stand on a page."""


def stories_command(shelf: Shelf, now: Callable[[], datetime]) -> Command:
    async def answer(ask: Ask) -> Message:
        live = shelf.live(now())
        if not live:
            raise nothing_live()
        pages = -(-len(live) // PAGE)
        page = page_of(ask.get("page"), pages)
        shown = live[(page - 1) * PAGE : page * PAGE]
        blocks: list[Block] = []
        for edition in shown:
            blocks.append(Heading(name(edition.story)))
            if figures := tuple(figures_of(edition.story)):
                blocks.append(Facts(figures))
        if pages > 1:
            blocks.append(Note(f"Page {page} of {pages}, {len(live)} live stories"))
        return Message(
            "Live stories",
            tuple(blocks),
            rows=(
                *menu_of("Open a story …", buttons_to("story", shown)),
                *turning(page, pages, lambda to: Ref("stories", (to,))),
            ),
        )

    return Command(
        "stories",
        "What is live, the most viral first",
        answer,
        options=(Option("page", "Which page", hidden=True),),
    )


def figures_of(story: Story) -> Iterator[str]:
    """The figures that tell stories apart in a list. What is absent is not shown."""
    stats = story.stats
    if stats.status:
        yield words.status(stats.status)
    if story.duration is not None:
        yield words.duration(story.duration)
    if stats.virality is not None:
        yield words.virality(stats.virality)
    if stats.articles is not None:
        yield words.articles(stats.articles)
