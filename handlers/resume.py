"""/resume - a paused chat gets stories again."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from bot.model.command import Ask, Command
from bot.model.errors import Sorry
from bot.model.rule import Rule
from handlers.changing_rules import change
from handlers.followed_things import to_overview
from handlers.ports import Rules
from handlers.rule_in_words import hush
from handlers.story_choice import wanted
from stories.index import StoryIndex
from wording import words
from wording.acts import Act, Did
from wording.language import N_, _, ngettext
from wording.message import Buttons, Message, Text


@dataclass(frozen=True, slots=True)
class ResumeCommand:
    """Ends the chat's pause."""

    index: StoryIndex
    rules: Rules
    now: Callable[[], datetime]

    async def answer(self, ask: Ask) -> Message:
        """End the pause, and say what comes now."""
        _was, rule = await change(self.rules, ask, _resumed)
        at = self.now()
        number = len(await wanted(rule, self.index, at))
        comes = ngettext(
            "{n} live story matches what this chat follows. I'll post it unless it's already here.",
            "{n} live stories match what this chat follows. I'll post those that aren't here yet.",
            number,
        ).format(n=words.number(number))
        if not number:
            comes = _("Nothing this chat follows is live right now.")
        return Message(
            _("Resumed"),
            (Text(comes), *hush(rule, at)),
            (Buttons((to_overview(),)),),
            act=Act(Did.RESUMED),
        )


def resume_command(index: StoryIndex, rules: Rules, now: Callable[[], datetime]) -> Command:
    """The command /resume."""
    resume = ResumeCommand(index, rules, now)
    return Command("resume", N_("Start posting here again"), resume.answer, moderators=True)


def _resumed(rule: Rule) -> Rule:
    if not rule.paused:
        raise Sorry(_("This chat isn't paused"))
    return replace(rule, paused=False)
