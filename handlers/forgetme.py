"""/forgetme - deletes everything stored about the person who asks, once they confirm."""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.model.command import Ask, Command, Option
from bot.model.erased import Erased
from bot.model.errors import Sorry
from handlers.ports import Erases, Rules
from wording import words
from wording.language import N_, _, ngettext
from wording.message import Bullets, Button, Buttons, Message, Note, Ref, Text

_STAY = N_("Cards already sent to you stay where they are, but are no longer updated.")
_FIXED = N_(
    "The bot's operator sets what your private chat gets, so those settings and "
    "cards stay. Ask them to remove your chat from their configuration."
)


@dataclass(frozen=True, slots=True)
class ForgetmeCommand:
    """Deletes what the stores hold about the asker and their private chat."""

    rules: Rules
    erasure: Erases

    async def answer(self, ask: Ask) -> Message:
        """Ask whether it is meant; once it is, delete, and say what was deleted."""
        if ask.person == ask.chat and not ask.private:  # a channel is asking, not a person
            raise Sorry(_("I can't tell who's asking here"), Text(_("Ask me in private.")))
        fixed = self.rules.is_fixed(ask.person)
        if ask.get("sure") != "yes":
            return _sure(fixed=fixed)
        erased = await self.erasure.person(ask.person)
        gone = tuple(_gone(erased))
        left = [Text(_(_FIXED))] if fixed else [Text(_(_STAY))] if erased.cards else []
        if not gone:
            return Message(_("There was nothing to forget"), tuple(left))
        return Message(_("Deleted"), (Bullets(gone), *left))


def forgetme_command(rules: Rules, erasure: Erases) -> Command:
    """The command /forgetme."""
    forgetme = ForgetmeCommand(rules, erasure)
    return Command(
        "forgetme",
        N_("Delete all I store about you"),
        forgetme.answer,
        options=(Option("sure", N_("Confirmation"), hidden=True),),
        personal=True,
    )


def _gone(erased: Erased) -> Iterator[str]:
    """What was deleted, one sentence each."""
    if seen := erased.seen:
        said = ngettext(
            "Your reading position in {n} story.", "Your reading position in {n} stories.", seen
        )
        yield said.format(n=words.number(seen))
    if erased.caught_up:
        yield _("How far you'd caught up.")
    if erased.followed:
        yield _("What our private chat followed.")
    if cards := erased.cards:
        yield ngettext(
            "The record of {n} card sent there.", "The record of {n} cards sent there.", cards
        ).format(n=words.number(cards))
    if changes := erased.changes:
        yield ngettext(
            "Your name on {n} change in groups and channels.",
            "Your name on {n} changes in groups and channels.",
            changes,
        ).format(n=words.number(changes))
    if keeps := erased.keeps:
        yield ngettext(
            "Alerts to you about {n} group or channel where I can't post.",
            "Alerts to you about {n} groups or channels where I can't post.",
            keeps,
        ).format(n=words.number(keeps))


def _sure(*, fixed: bool) -> Message:
    return Message(
        _("Delete everything about you?"),
        (
            Text(
                _(
                    "Which stories you saw, what our private chat follows, and the record of the "
                    "cards sent there will be deleted at once and for good."
                )
            ),
            Text(_(_FIXED if fixed else _STAY)),
            Note(_("What groups and channels follow isn't about you, so it stays.")),
        ),
        (Buttons((Button(_("Yes, forget me"), Ref("forgetme", ("yes",))),)),),
    )
