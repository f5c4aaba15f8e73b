"""/resume - a paused chat gets stories again."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from bot.model.command import Ask, Command
from bot.model.errors import Sorry
from bot.model.rule import Rule
from handlers.picking import wanted
from handlers.ports import Rules
from handlers.wants import change, hush, to_overview
from stories.index import StoryIndex
from wording import words
from wording.acts import Act, Did
from wording.language import N_, _, ngettext
from wording.message import Buttons, Message, Text


def resume_command(index: StoryIndex, rules: Rules, now: Callable[[], datetime]) -> Command:
    """Ends the chat's pause."""

    async def answer(ask: Ask) -> Message:
        _was, rule = await change(rules, ask, _resumed)
        at = now()
        number = len(await wanted(rule, index, at))
        comes = ngettext(
            "{n} live story matches what this chat follows. It is shown here unless it is already.",
            "{n} live stories match what this chat follows. They are shown here, each once, "
            "unless they are already.",
            number,
        ).format(n=words.number(number))
        return Message(
            _("Going on"),
            (Text(comes), *hush(rule, at)),
            (Buttons((to_overview(),)),),
            act=Act(Did.RESUMED),
        )

    return Command("resume", N_("Post here again after /pause"), answer, moderators=True)


def _resumed(rule: Rule) -> Rule:
    if not rule.paused:
        raise Sorry(_("This chat is not paused"))
    return replace(rule, paused=False)
