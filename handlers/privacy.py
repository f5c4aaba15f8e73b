"""/privacy - what is stored about the person who asks and about this chat, and how to delete it."""

from dataclasses import dataclass
from math import ceil

from bot.model.chat import Chat
from bot.model.command import Ask, Command
from handlers.followed_things import followed, to_overview
from handlers.ports import Desk, ReadingPositions, Rules
from handlers.promptly import promptly
from runtime.away import StorageAway
from stories.index import StoryIndex
from wording import words
from wording.language import N_, _, ngettext
from wording.message import Block, Button, Buttons, Heading, Message, Note, Ref, Text

NAMED = 5
"""The most followed things that are named; the rest is counted."""
_LOOKS = N_(
    "By your number I keep which revision of a story you saw last, which one before that, and "
    "when. I also keep how far you caught up. All of it goes 90 days after your last look."
)

_DELETING = N_(
    "/forgetme deletes at once what is kept about you and your private chat, /unfollow all what a "
    "chat follows."
)


@dataclass(frozen=True, slots=True)
class PrivacyCommand:
    """Describes everything that is stored."""

    index: StoryIndex
    rules: Rules
    desk: Desk
    places: ReadingPositions
    forget_after_days: float

    async def answer(self, ask: Ask) -> Message:
        return Message(
            _("What I keep, and what I do not"),
            (
                Heading(_("About you")),
                *await self._person(ask),
                Heading(_("About this chat")),
                Text(
                    " ".join(
                        (
                            _("I keep its number."),
                            self._follows(ask.chat),
                            await self._cards(ask.chat),
                        )
                    )
                ),
                Note(_("This chat is {chat}").format(chat=ask.chat)),
                Heading(_("Not kept")),
                Text(
                    _(
                        "Names and messages: what you write is answered and forgotten, except the "
                        "words of /follow and /setup. Whoever changes what a group gets is named "
                        "there for 90 days (/audit), and the last to do so is told when the group "
                        "refuses me. My log names chats by number."
                    )
                ),
                Heading(_("Deleting it")),
                Text(" ".join((_(_DELETING), self._removed()))),
            ),
            (Buttons((to_overview(), Button(_("Forget me"), Ref("forgetme")))),),
        )

    def _removed(self) -> str:
        days = ceil(self.forget_after_days)
        return ngettext(
            "Whoever removes or blocks me is forgotten after {n} day.",
            "Whoever removes or blocks me is forgotten after {n} days.",
            days,
        ).format(n=words.number(days))

    async def _person(self, ask: Ask) -> list[Block]:
        """What is stored about the asker; where others can read along,
        only what is stored of everyone."""
        general = _(_LOOKS)
        if not (ask.private or ask.whispered):
            return [Text(" ".join((general, _("What that is just now I say in private only."))))]
        try:
            kept = await promptly(self.places.kept(ask.person))
        except StorageAway:
            return [Text(" ".join((general, _("How much that is cannot be looked up just now."))))]
        if kept.until is None:
            return [Text(" ".join((general, _("You have not looked at any yet."))))]
        number = len(kept.places)
        looked = ngettext("You looked at {n} story.", "You looked at {n} stories.", number)
        return [
            Text(" ".join((general, looked.format(n=words.number(number))))),
            *(
                [Note(_("You caught up with all stories of"), kept.caught_up)]
                if kept.caught_up
                else []
            ),
            Note(_("Unless you look again, forgotten"), kept.until),
        ]

    def _follows(self, chat: Chat) -> str:
        if self.rules.is_fixed(chat):
            return _("What it follows is set by whoever runs me, in a file.")
        things = [thing.label for thing in followed(self.rules.of(chat), self.index)]
        if not things:
            return _("It follows nothing.")
        named = ", ".join(words.some(things, NAMED))
        return _("I keep what it follows: {things}.").format(things=named)

    async def _cards(self, chat: Chat) -> str:
        try:
            cards = await promptly(self.desk.cards(chat))
        except StorageAway:
            return _("How many cards I sent here cannot be looked up just now.")
        if not cards:
            return _("I have sent no card here.")
        return ngettext(
            "I keep a record of {n} card sent here: its story and revision, "
            "where it stands, and when and how that went.",
            "I keep a record of {n} cards sent here: of each its story and revision, "
            "where it stands, and when and how that went.",
            cards,
        ).format(n=words.number(cards))


def privacy_command(
    index: StoryIndex, rules: Rules, desk: Desk, places: ReadingPositions, forget_after_days: float
) -> Command:
    """The command /privacy."""
    privacy = PrivacyCommand(index, rules, desk, places, forget_after_days)
    return Command(
        "privacy",
        N_("What I keep about you"),
        privacy.answer,
        about_chat=True,
    )
