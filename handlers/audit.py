"""/audit - who changed what in a chat, newest first."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from bot.model.audit import AuditEntry
from bot.model.chat import Chat
from bot.model.command import Ask, Command, Option
from bot.model.errors import Sorry
from handlers.pages import page_of, paged, turning
from handlers.ports import Audit
from wording import acts
from wording.language import N_, _
from wording.message import Message, Note, Ref, Text
from wording.text import line, shorten, utf16

A_PAGE = 5
"""The most entries per page: the page is read whole where answers are kept brief."""
NAME = 32
"""Characters of a person's name."""
WHAT = 80
"""Characters of what was changed."""


def audited(command: Command, audit: Audit, now: Callable[[], datetime]) -> Command:
    """The command, recording what it changes in a chat with several people."""

    async def answer(ask: Ask) -> Message:
        said = await command.answer(ask)
        chat = Chat(*said.act.chat) if said.act and said.act.chat else ask.chat
        private = ask.private and chat == ask.chat
        if said.act is not None and not private:
            act = replace(said.act, what=shorten(line(said.act.what), WHAT, utf16))
            name = shorten(line(ask.name or ""), NAME, utf16)
            audit.note(chat, AuditEntry(now(), act, ask.person, name or None))
        return said

    return replace(command, answer=answer)


@dataclass(frozen=True, slots=True)
class AuditCommand:
    """Shows the changes recorded for the chat."""

    audit: Audit

    async def answer(self, ask: Ask) -> Message:
        """A page of the chat's latest changes, newest first."""
        if ask.private:
            raise Sorry(
                _("Only you can change what you get here"),
                Text(_("So I don't keep a log. In groups and channels I keep one for moderators.")),
            )
        deeds = await self.audit.deeds(ask.chat)
        pages = -(-len(deeds) // A_PAGE)
        page = page_of(ask.get("page"), pages)
        lines = [_line(deed) for deed in deeds[(page - 1) * A_PAGE : page * A_PAGE]]
        nothing = Text(_("Nobody has changed anything here in the last 90 days."))
        return Message(
            paged(_("Who changed what here"), page, pages),
            tuple(lines) or (nothing,),
            turning(page, pages, lambda to: Ref("audit", (to,))),
        )


def audit_command(audit: Audit) -> Command:
    """The command /audit."""
    command = AuditCommand(audit)
    return Command(
        "audit",
        N_("Who changed what here"),
        command.answer,
        options=(Option("page", N_("Which page"), hidden=True),),
        moderators=True,
    )


def _line(deed: AuditEntry) -> Note:
    who = deed.name or (_("Someone") if deed.person else _("Someone who was forgotten"))
    return Note(f"{acts.in_words(deed.act, who)},", deed.at)
