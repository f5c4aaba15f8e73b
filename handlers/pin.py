"""/pin - a story's card is pinned in this chat."""

from collections.abc import Callable
from datetime import datetime

from bot.model.command import Ask, Command, Option
from bot.model.errors import Sorry
from bot.model.message import Button, Buttons, Message, Ref, Row, Text
from bot.ports import Desk
from handlers.picking import buttons_to, live_stories, meant, name, nothing_live, pick_list
from stories.shelf import Edition, Shelf


def pin_command(shelf: Shelf, desk: Desk, now: Callable[[], datetime]) -> Command:
    async def answer(ask: Ask) -> Message:
        at = now()
        if not (words := ask.get("story")):
            return _which(at, ask.get("page"))
        edition = meant(shelf, words, at, "pin")
        _stands(edition)
        await desk.pin(ask.chat, edition.story.id)
        return Message(
            f"Pinned “{name(edition.story)}”",
            (Text("Its card is pinned here and stays up to date."),),
            (
                Buttons(
                    (
                        Button("Unpin", Ref("unpin", (edition.story.id,))),
                        Button("What is pinned", Ref("pins")),
                    )
                ),
            ),
        )

    def _which(at: datetime, page: str) -> Message:
        live = shelf.live(at)
        if not live:
            raise nothing_live()
        return Message(
            "Which story should be pinned here?",
            rows=pick_list("Pin …", buttons_to("pin", live), page, lambda to: Ref("pin", ("", to))),
        )

    def _stands(edition: Edition) -> None:
        story = edition.story
        if story.retracted is not None:
            raise Sorry(
                f"“{name(story)}” was withdrawn, so it is not pinned", Text(story.retracted)
            )
        if story.merged_into:
            heir = shelf.get(story.merged_into)
            rows: tuple[Row, ...] = (Buttons(buttons_to("pin", [heir])),) if heir else ()
            raise Sorry(
                f"“{name(story)}” is now part of another story",
                Text("Pin that one instead."),
                rows=rows,
            )

    return Command(
        "pin",
        "Pin a story's card here",
        answer,
        options=(
            Option("story", "Which story", live_stories(shelf, now)),
            Option("page", "Which page", hidden=True),
        ),
        rest="story",
        moderators=True,
    )
