"""/forgetme - deletes everything stored about the person who asks, once they confirm."""

from collections.abc import Iterator
from dataclasses import replace

from bot.model.command import Ask, Command, Option
from bot.model.errors import Sorry
from bot.model.rule import Rule
from bot.ports import Audit, Desk, Drafts, ReadingPositions, Rules
from wording import words
from wording.language import N_, _, ngettext
from wording.message import Bullets, Button, Buttons, Message, Note, Ref, Text

_STAY = N_("Cards already sent to you stay where they are, and are no longer edited.")
_FIXED = N_(
    "What your private chat gets is set by whoever runs this bot, so that and its cards are kept; "
    "ask them to take it out of their file."
)


def forgetme_command(
    rules: Rules, drafts: Drafts, desk: Desk, places: ReadingPositions, audit: Audit
) -> Command:
    """Deletes what the stores hold about the asker and their private chat."""

    async def answer(ask: Ask) -> Message:
        if ask.person == ask.chat and not ask.private:  # a channel is asking, not a person
            raise Sorry(_("I cannot tell who asks here"), Text(_("Ask me in private.")))
        fixed = rules.is_fixed(ask.person)
        if ask.get("sure") != "yes":
            return _sure(fixed=fixed)
        followed = rules.of(ask.person)
        cards = 0
        if not fixed:  # otherwise it would get the same cards again
            await rules.change(ask.person, lambda _: Rule())
            cards = await desk.forget(ask.person)
        await drafts.drop(ask.person)
        keeps = rules.kept_by(ask.person)
        for chat in keeps:
            await rules.change(chat, lambda rule: replace(rule, keeper=None))
        kept = await places.kept(ask.person)
        await places.forget(ask.person)
        deeds = await audit.forget(ask.person)
        gone = tuple(
            _gone(
                seen=len(kept.places),
                caught_up=kept.caught_up is not None,
                followed=followed is not None and not fixed,
                cards=cards,
                deeds=deeds,
                keeps=len(keeps),
            )
        )
        left = [Text(_(_FIXED))] if fixed else [Text(_(_STAY))] if cards else []
        if not gone:
            return Message(_("There was nothing to forget"), tuple(left))
        return Message(_("Forgotten"), (Bullets(gone), *left))

    return Command(
        "forgetme",
        N_("Delete all I keep about you"),
        answer,
        options=(Option("sure", N_("Whether that is meant"), hidden=True),),
        personal=True,
    )


def _gone(
    *, seen: int, caught_up: bool, followed: bool, cards: int, deeds: int, keeps: int
) -> Iterator[str]:
    """What was deleted, one sentence each."""
    if seen:
        said = ngettext("What you saw of {n} story.", "What you saw of {n} stories.", seen)
        yield said.format(n=words.number(seen))
    if caught_up:
        yield _("How far you had caught up.")
    if followed:
        yield _("What your private chat with me followed.")
    if cards:
        yield ngettext(
            "The record of {n} card sent there.", "The record of {n} cards sent there.", cards
        ).format(n=words.number(cards))
    if deeds:
        yield ngettext(
            "That it was you who changed {n} thing in groups and channels.",
            "That it was you who changed {n} things in groups and channels.",
            deeds,
        ).format(n=words.number(deeds))
    if keeps:
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
