"""/pause - nothing new is posted in a chat until /resume."""

from dataclasses import dataclass, replace

from bot.model.command import Ask, Command
from bot.model.errors import Sorry
from bot.model.rule import Rule
from handlers.changing_rules import change
from handlers.followed_things import to_follow
from handlers.ports import Rules
from wording.acts import Act, Did
from wording.language import N_, _
from wording.message import Button, Buttons, Message, Ref, Text


@dataclass(frozen=True, slots=True)
class PauseCommand:
    """Pauses the chat."""

    rules: Rules

    async def answer(self, ask: Ask) -> Message:
        """Pause the chat, and say what goes on."""
        await change(self.rules, ask, _paused)
        return Message(
            _("Paused"),
            (
                Text(_("I won't post anything new here. Existing cards stay up to date.")),
                Text(_("When you resume, I'll post each live story this chat follows once.")),
            ),
            _resume(),
            act=Act(Did.PAUSED),
        )


def pause_command(rules: Rules) -> Command:
    """The command /pause."""
    pause = PauseCommand(rules)
    return Command("pause", N_("Stop posting here until /resume"), pause.answer, moderators=True)


def _paused(rule: Rule) -> Rule:
    if rule.paused:
        raise Sorry(_("This chat is already paused"), rows=_resume())
    if rule.empty:
        raise Sorry(
            _("This chat follows nothing, so there's nothing to pause"),
            rows=(Buttons((to_follow(),)),),
        )
    return replace(rule, paused=True)


def _resume() -> tuple[Buttons]:
    return (Buttons((Button(_("Resume"), Ref("resume")),)),)
