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

_STAY = N_("Cards already sent to you stay where they are, and are no longer edited.")
_FIXED = N_(
    "What your private chat gets is set by whoever runs this bot, so that and its cards are kept; "
    "ask them to take it out of their file."
)


@dataclass(frozen=True, slots=True)
class ForgetmeCommand:
    """Deletes what the stores hold about the asker and their private chat."""

    rules: Rules
    erasure: Erases

    async def answer(self, ask: Ask) -> Message:
        if ask.person == ask.chat and not ask.private:  # a channel is asking, not a person
            raise Sorry(_("I cannot tell who asks here"), Text(_("Ask me in private.")))
        fixed = self.rules.is_fixed(ask.person)
        if ask.get("sure") != "yes":
            return _sure(fixed=fixed)
        erased = await self.erasure.person(ask.person)
        gone = tuple(_gone(erased))
        left = [Text(_(_FIXED))] if fixed else [Text(_(_STAY))] if erased.cards else []
        if not gone:
            return Message(_("There was nothing to forget"), tuple(left))
        return Message(_("Forgotten"), (Bullets(gone), *left))


def forgetme_command(rules: Rules, erasure: Erases) -> Command:
    """The command /forgetme."""
    forgetme = ForgetmeCommand(rules, erasure)
    return Command(
        "forgetme",
        N_("Delete all I keep about you"),
        forgetme.answer,
        options=(Option("sure", N_("Whether that is meant"), hidden=True),),
        personal=True,
    )


def _gone(erased: Erased) -> Iterator[str]:
    """What was deleted, one sentence each."""
    if seen := erased.seen:
        said = ngettext("What you saw of {n} story.", "What you saw of {n} stories.", seen)
        yield said.format(n=words.number(seen))
    if erased.caught_up:
        yield _("How far you had caught up.")
    if erased.followed:
        yield _("What your private chat with me followed.")
    if cards := erased.cards:
        yield ngettext(
            "The record of {n} card sent there.", "The record of {n} cards sent there.", cards
        ).format(n=words.number(cards))
    if changes := erased.changes:
        yield ngettext(
            "That it was you who changed {n} thing in groups and channels.",
            "That it was you who changed {n} things in groups and channels.",
            changes,
        ).format(n=words.number(changes))
    if keeps := erased.keeps:
        yield ngettext(
            "That I tell you when {n} group or channel refuses me.",
            "That I tell you when {n} groups or channels refuse me.",
            keeps,
        ).format(n=words.number(keeps))


def _sure(*, fixed: bool) -> Message:
    return Message(
        _("Forget all about you?"),
        (
            Text(
                _(
                    "Which stories you saw, what your private chat with me follows, and the "
                    "record of the cards sent there are deleted at once and for good."
                )
            ),
            Text(_(_FIXED if fixed else _STAY)),
            Note(_("What groups and channels follow is not about you, and stays.")),
        ),
        (Buttons((Button(_("Yes, forget me"), Ref("forgetme", ("yes",))),)),),
    )
