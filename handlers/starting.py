"""Just after a start: people are told so until the stories they ask about are read."""

from dataclasses import replace

from bot.model.command import Ask, Choice, Command, Complete, Quote, Quotes
from bot.model.errors import Sorry
from stories.index import StoryIndex
from wording.language import N_, _
from wording.message import Message

STARTING = N_("I'm just starting up. Try again in a moment.")


def knowing(command: Command, index: StoryIndex) -> Command:
    """The command; while stories are still being read, it never says that there are none.

    Live stories are found as soon as they are read; a story asked for by its full title, as soon as
    that one is.
    """

    async def answer(ask: Ask) -> Message:
        named = any(index.search.titled(said) for said in ask.options.values())
        if command.moderators or not named:
            _begun(index)
        try:
            return await command.answer(ask)
        except Sorry:
            if not index.knows_all:
                raise _starting() from None
            raise

    return replace(
        command,
        answer=answer,
        options=tuple(
            replace(option, complete=option.complete and _completing(option.complete, index))
            for option in command.options
        ),
        quotes=command.quotes and _quoting(command.quotes, index),
    )


def _completing(complete: Complete, index: StoryIndex) -> Complete:
    def completing(typed: str, ask: Ask) -> list[Choice]:
        choices = complete(typed, ask) if index.knows_live else []
        if choices or index.knows_all:
            return choices
        return [Choice(_(STARTING), typed.strip()[:100] or "…")]

    return completing


def _quoting(quotes: Quotes, index: StoryIndex) -> Quotes:
    async def quoting(typed: str, most: int) -> list[Quote]:
        _begun(index)
        found = await quotes(typed, most)
        if not found and not index.knows_all:
            raise _starting()
        return found

    return quoting


def _begun(index: StoryIndex) -> None:
    if not index.knows_live:
        raise _starting()


def _starting() -> Sorry:
    return Sorry(_(STARTING))
