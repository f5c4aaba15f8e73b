"""Says, where people ask, that we can't write to them or to the chat they are changing."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from bot.model.chat import Chat, Permission
from bot.model.command import Ask, Command
from bot.model.status import Refusal
from handlers.durations import span
from handlers.ports import Desk, Rules
from wording.language import _, named, ngettext
from wording.message import Message, Text
from wording.reasons import explained


def refused(refusal: Refusal, at: datetime) -> str:
    """Why nothing arrives in a chat, and how to fix it."""
    said = [_("I can't post in this chat."), explained(refusal.reason)]
    left = refusal.again_at - at
    if left > timedelta(0):
        again = _("I'll retry in {time} and post the latest version.")
        said.append(again.format(time=span(left)))
    else:
        said.append(_("I'll retry and post the latest version."))
    return " ".join(said)


BRINGS = frozenset({"follow", "unmute", "resume", "setup"})
"""The commands after which cards may come to a chat that got none before."""


class UnreachableNotices:
    """Tells people once per trouble that their private chat accepts nothing from us."""

    def __init__(self, rules: Rules, desk: Desk, now: Callable[[], datetime]) -> None:
        self._rules = rules
        self._desk = desk
        self._now = now
        self._told: set[Chat] = set()

    def telling(self, command: Command) -> Command:
        """The command, with answers that also say what keeps us from writing to the asker."""

        async def answer(ask: Ask) -> Message:
            said = await command.answer(ask)
            if command.name == "following":
                refusal = self._desk.refusal(ask.chat)
                return _with(said, refused(refusal, self._now())) if refusal else said
            if command.name in BRINGS and said.act is not None and not ask.private:
                rule = self._rules.of(ask.chat)
                if rule is not None and not (rule.empty or rule.paused):
                    return await with_what_is_missing(self._desk, ask.chat, said)
            if ask.private and command.name == "follow" and said.act is not None:
                refusal = await self._desk.first_word(ask.chat)  # once their stories were tried
            else:
                refusal = self._desk.refusal(ask.person)
            if refusal is None or self._rules.of(ask.person) is None:
                self._told.discard(ask.person)
                return said
            if ask.person in self._told and command.name != "follow":
                return said
            self._told.add(ask.person)
            return _with(said, _unreached(refusal))

        return replace(command, answer=answer)


async def with_what_is_missing(desk: Desk, chat: Chat, said: Message) -> Message:
    """The answer, preceded by the permission we need before anything can come to the chat."""
    health = await desk.health(chat)
    lacking = health.lacks[Permission.POST] if health.lacks else ()
    if not lacking:
        return said
    told = ngettext(
        "I can't post here yet: I need the {permissions} permission. Add it in this chat's "
        "settings, and I'll post the latest version of each story.",
        "I can't post here yet: I need the {permissions} permissions. Add them in this chat's "
        "settings, and I'll post the latest version of each story.",
        len(lacking),
    )
    return replace(said, blocks=(Text(told.format(permissions=named(lacking))), *said.blocks))


def _with(said: Message, more: str) -> Message:
    return replace(said, blocks=(*said.blocks, Text(more)))


def _unreached(refusal: Refusal) -> str:
    return " ".join((_("I can't message you in private."), explained(refusal.reason)))
