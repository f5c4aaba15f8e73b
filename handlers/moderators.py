"""/moderators - who may change what the bot does here, and which role counts in addition."""

from dataclasses import dataclass

from bot.model.command import Ask, Command, Option
from bot.model.errors import Sorry
from handlers.ports import Moderators
from wording.acts import Act, Did
from wording.language import N_, _
from wording.message import Button, Buttons, Message, Note, Ref, Roles, Row, Text

NOBODY = "none"


@dataclass(frozen=True, slots=True)
class ModeratorsCommand:
    """Shows and chooses the server's moderator role."""

    moderators: Moderators

    async def answer(self, ask: Ask) -> Message:
        """Say who counts as a moderator, or choose the role that does."""
        if ask.private:
            return Message(
                _("Here you're your own moderator"),
                (Text(_("Only you can change what I send to you alone.")),),
            )
        if ask.roles_of is None:
            return Message(
                _("This chat's administrators are its moderators"),
                (Text(_("There are no roles here that could count as moderators.")),),
            )
        if not (said := ask.get("role")):
            return self._who(ask, await self.moderators.role(ask.roles_of))
        if not ask.manages_server:
            raise Sorry(_("Only people who can manage this server can choose its moderator role"))
        role = None if said == NOBODY else said
        await self.moderators.name(ask.roles_of, role)
        return self._named(role)

    def _who(self, ask: Ask, role: str | None) -> Message:
        rights = Text(
            _(
                "Anyone who can manage messages or channels here is a moderator, and so "
                "are administrators."
            )
        )
        as_well = _("Everyone with this server's moderator role is one too.")
        none = _("No moderator role has been chosen.")
        only = Note(_("Anyone who can manage this server can choose a role."))
        return Message(
            _("Who counts as a moderator here"),
            (
                rights,
                Text(as_well if role else none),
                *([] if ask.manages_server else [only]),
            ),
            _rows(role) if ask.manages_server else (),
        )

    def _named(self, role: str | None) -> Message:
        if role is None:
            return Message(
                _("No role counts as moderator now"),
                rows=_rows(None),
                act=Act(Did.DROPPED_MODERATOR_ROLE),
            )
        return Message(
            _("Everyone with that role counts as a moderator now"),
            (
                Text(
                    _(
                        "They can use my buttons, such as those of /following. To give them the "
                        "commands too, allow the role in this server's settings, under "
                        "Integrations."
                    )
                ),
            ),
            _rows(role),
            act=Act(Did.CHOSE_MODERATOR_ROLE),
        )


def moderators_command(moderators: Moderators) -> Command:
    """The command /moderators."""
    command = ModeratorsCommand(moderators)
    return Command(
        "moderators",
        N_("Who counts as a moderator here"),
        command.answer,
        options=(Option("role", N_("Which role counts too"), hidden=True),),
        moderators=True,
    )


def _rows(role: str | None) -> tuple[Row, ...]:
    choice = Roles(_("Choose a moderator role …"), Ref("moderators"), role)
    nobody = Buttons((Button(_("No role"), Ref("moderators", (NOBODY,))),))
    return (choice, nobody) if role else (choice,)
