"""Whoever follows in private and cannot be written to is told so wherever they ask next."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from bot.model import words
from bot.model.chat import Chat
from bot.model.command import Ask, Command
from bot.model.language import _, recalled
from bot.model.message import Message, Text
from bot.ports import Desk, Refusal, Rules
from handlers.moments import refused


class Reach:
    """Tells people, once each time, that their private chat takes nothing from us."""

    def __init__(self, rules: Rules, desk: Desk, now: Callable[[], datetime]) -> None:
        self._rules = rules
        self._desk = desk
        self._now = now
        self._told: set[Chat] = set()

    def telling(self, command: Command) -> Command:
        """The command; its answers also say what keeps us from writing to the asker."""

        async def answer(ask: Ask) -> Message:
            said = await command.answer(ask)
            if command.name == "following":
                refusal = self._desk.refusal(ask.chat)
                return _with(said, refused(refusal, self._now())) if refusal else said
            if ask.private and command.name == "follow" and said.act is not None:
                refusal = await self._desk.first_word(ask.chat)  # what they will get is tried
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


def _with(said: Message, more: str) -> Message:
    return replace(said, blocks=(*said.blocks, Text(more)))


def _unreached(refusal: Refusal) -> str:
    why = _("I cannot write to you in private: {why}.").format(why=recalled(refusal.why))
    if words.is_quote(refusal.why):
        why = _("I cannot write to you in private.")
    remedy = _("To mend it, {remedy}.").format(remedy=recalled(refusal.remedy))
    return f"{why} {remedy}"
