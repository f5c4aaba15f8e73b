"""/help - what the bot does, and what it can be asked."""

from collections.abc import Iterable, Sequence

from bot.model.command import Ask, Command
from bot.model.message import Asks, Block, Button, Buttons, Heading, Message, Ref, Text

_START = (("stories", "Live stories"), ("faq", "Ask a question"), ("following", "This chat"))


def help_command(commands: Sequence[Command]) -> Command:
    """Tells about `commands` and itself."""

    async def answer(ask: Ask) -> Message:
        every = (*commands, itself)
        blocks: list[Block]
        if ask.private:  # here everyone may ask everything
            blocks = [_told(every)]
        else:
            blocks = [
                Heading("For everyone"),
                _told(command for command in every if not command.moderators),
                Heading("For moderators of this chat"),
                _told(command for command in every if command.moderators),
            ]
        return Message(
            "Storywire",
            (
                Text(
                    "I keep this chat in step with news stories while they develop.\n"
                    "Ask me about them; I answer only what is covered."
                ),
                *blocks,
            ),
            (Buttons(tuple(Button(label, Ref(command)) for command, label in _START)),),
        )

    itself = Command("help", "What I do, and what you can ask", answer)
    return itself


def _told(commands: Iterable[Command]) -> Asks:
    return Asks(tuple((command.name, command.description) for command in commands))
