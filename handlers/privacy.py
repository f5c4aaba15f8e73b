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
    "Under your user ID I store the last two versions of each story you "
    "opened, and when. I also store how far you've caught up. All of it is "
    "deleted 90 days after your last visit."
)

_DELETING = N_(
    "/forgetme deletes everything about you, /unfollow all everything this chat follows."
)


@dataclass(frozen=True, slots=True)
class PrivacyCommand:
    """Describes everything that is stored."""

    index: StoryIndex
    rules: Rules
    desk: Desk
    positions: ReadingPositions
    forget_after_days: float

    async def answer(self, ask: Ask) -> Message:
        """What is stored about this chat, and, where nobody else reads, about the asker."""
        return Message(
            _("What I store, and what I don't"),
            (
                Heading(_("About you")),
                *await self._person(ask),
                Heading(_("About this chat")),
                Text(
                    " ".join(
                        (
                            _("I store its ID."),
                            self._follows(ask.chat),
                            await self._cards(ask.chat),
                        )
                    )
                ),
                Note(_("This chat's ID is {chat}").format(chat=ask.chat)),
                Heading(_("Not stored")),
                Text(
                    _(
                        "I don't store names or messages. I answer what you write, then forget "
                        "it, except the words you give /follow and /setup. For 90 days I store "
                        "who changed what a group gets (/audit), and I alert the last of them if "
                        "I can't post there. My log names chats by ID."
                    )
                ),
                Heading(_("Deleting it")),
                Text(" ".join((_(_DELETING), self._removed()))),
            ),
            (Buttons((to_overview(), Button(_("Forget me"), Ref("forgetme")))),),
        )

    def _removed(self) -> str:
        days = ceil(self.forget_after_days)
        if not days:
            return _("If I'm removed or blocked, I delete everything about that chat at once.")
        return ngettext(
            "If I'm removed or blocked, I delete everything about that chat after {n} day.",
            "If I'm removed or blocked, I delete everything about that chat after {n} days.",
            days,
        ).format(n=words.number(days))

    async def _person(self, ask: Ask) -> list[Block]:
        """What is stored about the asker; where others can read along,
        only what is stored of everyone."""
        general = _(_LOOKS)
        if not (ask.private or ask.whispered):
            return [Text(" ".join((general, _("I only show the details in private."))))]
        try:
            reading = await promptly(self.positions.history(ask.person))
        except StorageAway:
            return [Text(" ".join((general, _("I can't look up the details right now."))))]
        if reading.until is None:
            return [Text(" ".join((general, _("You haven't opened any stories yet."))))]
        number = len(reading.positions)
        looked = ngettext("You've opened {n} story.", "You've opened {n} stories.", number)
        if not number:
            looked = _("You haven't opened any stories yet.")
        return [
            Text(" ".join((general, looked.format(n=words.number(number))))),
            *(
                [Note(_("You've caught up with everything up to"), reading.caught_up)]
                if reading.caught_up
                else []
            ),
            Note(_("Without another visit, this is deleted"), reading.until),
        ]

    def _follows(self, chat: Chat) -> str:
        if self.rules.is_fixed(chat):
            return _("The bot's operator sets what it follows, in a file.")
        things = [thing.label for thing in followed(self.rules.of(chat), self.index)]
        if not things:
            return _("It follows nothing.")
        named = ", ".join(words.some(things, NAMED))
        return _("I store what it follows: {things}.").format(things=named)

    async def _cards(self, chat: Chat) -> str:
        try:
            cards = await promptly(self.desk.cards(chat))
        except StorageAway:
            return _("I can't look up right now how many cards I've sent here.")
        if not cards:
            return _("I haven't sent any cards here.")
        return ngettext(
            "I store a record of {n} card sent here: its story and version, where it "
            "is, and when and how it was sent.",
            "I store a record of {n} cards sent here: for each its story and "
            "version, where it is, and when and how it was sent.",
            cards,
        ).format(n=words.number(cards))


def privacy_command(
    index: StoryIndex,
    rules: Rules,
    desk: Desk,
    positions: ReadingPositions,
    forget_after_days: float,
) -> Command:
    """The command /privacy."""
    privacy = PrivacyCommand(index, rules, desk, positions, forget_after_days)
    return Command(
        "privacy",
        N_("What I store about you"),
        privacy.answer,
        about_chat=True,
    )
