"""Just after a start: people are told so until the stories they ask about are read."""

from dataclasses import replace

from bot.model.command import Ask, Choice, Command, Complete, Quote, Quotes
from bot.model.errors import Sorry
from stories.shelf import Shelf
from wording.language import N_, _
from wording.message import Message

STARTING = N_("Just starting, try again in a moment.")


def knowing(command: Command, shelf: Shelf) -> Command:
    """The command; while stories are still being read, it never says that there are none.

    Live stories are found as soon as they are read; a story asked for by its full title, as soon as
    that one is.
    """

    async def answer(ask: Ask) -> Message:
        named = any(shelf.titled(said) for said in ask.options.values())
        if command.moderators or not named:
            _begun(shelf)
        try:
            return await command.answer(ask)
        except Sorry:
            if not shelf.knows_all:
                raise _starting() from None
            raise

    return replace(
        command,
        answer=answer,
        options=tuple(
            replace(option, complete=option.complete and _completing(option.complete, shelf))
            for option in command.options
        ),
        quotes=command.quotes and _quoting(command.quotes, shelf),
    )


def _completing(complete: Complete, shelf: Shelf) -> Complete:
    def completing(typed: str, ask: Ask) -> list[Choice]:
        choices = complete(typed, ask) if shelf.knows_live else []
        if choices or shelf.knows_all:
            return choices
        return [Choice(_(STARTING), typed.strip()[:100] or "…")]

    return completing


def _quoting(quotes: Quotes, shelf: Shelf) -> Quotes:
    async def quoting(typed: str, most: int) -> list[Quote]:
        _begun(shelf)
        found = await quotes(typed, most)
        if not found and not shelf.knows_all:
            raise _starting()
        return found

    return quoting


def _begun(shelf: Shelf) -> None:
    if not shelf.knows_live:
        raise _starting()


def _starting() -> Sorry:
    return Sorry(_(STARTING))
