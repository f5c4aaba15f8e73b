"""/privacy - what is kept about whoever asks and about this chat, and how to delete it."""

from bot.model import words
from bot.model.chat import Chat
from bot.model.command import Ask, Command
from bot.model.errors import StorageAway
from bot.model.message import Block, Button, Buttons, Heading, Message, Note, Ref, Text
from bot.ports import Desk, Places, Rules
from handlers.changes import promptly
from handlers.wants import followed
from stories.shelf import Shelf

NAMED = 5
"""How many of the things a chat follows are named; the rest is counted."""
_LOOKS = (
    "of every story you look at, which revision you saw last, which before, and when; "
    "and how far you caught up"
)


def privacy_command(shelf: Shelf, rules: Rules, desk: Desk, places: Places) -> Command:
    async def answer(ask: Ask) -> Message:
        return Message(
            "What I keep, and what I do not",
            (
                Heading("About you"),
                *await _person(ask),
                Heading("About this chat"),
                Text(f"I keep its number. {_follows(ask.chat)} {await _cards(ask.chat)}"),
                Note(f"This chat is {ask.chat}"),
                Heading("Not kept"),
                Text(
                    "Names and messages: what you write is answered and forgotten, except the "
                    "words of /follow. My log, read by whoever runs me, names chats by number."
                ),
                Heading("Deleting it"),
                Text(
                    "/forgetme deletes at once all that is kept about you and your private chat. "
                    "What a chat follows is deleted with /unfollow all."
                ),
            ),
            (
                Buttons(
                    (
                        Button("What this chat follows", Ref("following")),
                        Button("Forget me", Ref("forgetme")),
                    )
                ),
            ),
        )

    async def _person(ask: Ask) -> list[Block]:
        """Where others may read along, only what is kept of everyone."""
        general = f"By your number I keep, {_LOOKS}: for 90 days after your last look."
        if not ask.private:
            return [Text(f"{general} What that is just now I say in private only.")]
        try:
            kept = await promptly(places.kept(ask.person))
        except StorageAway:
            return [Text(f"{general} How much that is cannot be looked up just now.")]
        if kept.until is None:
            return [Text(f"{general} You have not looked at any yet.")]
        number = len(kept.places)
        return [
            Text(f"{general} You looked at {number} {'story' if number == 1 else 'stories'}."),
            *(
                [Note("You caught up with all stories of", kept.caught_up)]
                if kept.caught_up
                else []
            ),
            Note("Unless you look again, forgotten", kept.until),
        ]

    def _follows(chat: Chat) -> str:
        if rules.is_fixed(chat):
            return "What it follows is set by whoever runs me, in a file."
        things = [thing.label for thing in followed(rules.of(chat), shelf)]
        if not things:
            return "It follows nothing."
        rest = [f"{len(things) - NAMED} more"] if len(things) > NAMED else []
        return f"I keep what it follows: {', '.join([*things[:NAMED], *rest])}."

    async def _cards(chat: Chat) -> str:
        try:
            cards = await promptly(desk.cards(chat))
        except StorageAway:
            return "How many cards I sent here cannot be looked up just now."
        if not cards:
            return "I have sent no card here."
        return (
            f"I keep a record of {words.count(cards, 'card')} sent here: its story and revision, "
            "where it stands, and when and how that went."
        )

    return Command(
        "privacy",
        "What I keep about you",
        answer,
        about_chat=True,
    )
