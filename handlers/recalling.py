"""Reads stories that have left full memory again when someone asks about one."""

from dataclasses import replace

from bot.model.command import Ask, Command
from bot.model.errors import Sorry
from handlers.ports import History
from handlers.promptly import promptly
from handlers.story_words import name
from runtime.away import StorageAway
from stories.index import StoryIndex
from wording.language import _
from wording.message import Message, Text


def recalling(command: Command, index: StoryIndex, history: History) -> Command:
    """The command, run once the story it is asked about is in memory."""

    async def answer(ask: Ask) -> Message:
        for said in ask.options.values():
            known = index.exactly(said)
            if known is None or known.whole:
                continue
            try:
                edition = await promptly(history.edition(known.story.id))
            except StorageAway:
                raise Sorry(
                    _("I can't look up “{story}” right now").format(story=name(known.story)),
                    Text(
                        _(
                            "It's an older story, and my storage is unavailable. Please try "
                            "again in a minute."
                        )
                    ),
                ) from None
            if edition is not None:
                index.recall(edition)
        return await command.answer(ask)

    return replace(command, answer=answer)
