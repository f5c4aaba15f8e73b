"""/help - what the bot does, and what it can be asked: a handful where others read, else all."""

from collections.abc import Iterable, Iterator, Sequence

from bot.model.command import Ask, Command, Option
from bot.model.language import N_, _, ngettext
from bot.model.message import Asks, Block, Button, Buttons, Heading, Message, Note, Ref, Text

_START = (
    ("stories", N_("Live stories")),
    ("faq", N_("Ask a question")),
    ("following", N_("This chat")),
)
_FIRST = ("stories", "story", "search", "catchup", "faq", "why", "following", "setup", "follow")
"""What is told where others read, too: it takes up everyone's screen."""
_YOURS = ("privacy", "forgetme", "help")
_ALL = "all"


def help_command(commands: Sequence[Command]) -> Command:
    """Tells about `commands` and itself."""

    async def answer(ask: Ask) -> Message:
        every = (*commands, itself)
        whole = ask.private or ask.get("which") == _ALL
        blocks = _whole(every, private=ask.private) if whole else _brief(every)
        buttons = [Button(_(label), Ref(command)) for command, label in _START]
        if not whole:
            buttons.append(Button(_("All commands"), Ref("help", (_ALL,))))
        return Message("Storywire", tuple(blocks), (Buttons(tuple(buttons)),))

    itself = Command(
        "help",
        N_("What I do, and what you can ask"),
        answer,
        options=(Option("which", N_("Whether to tell all of them"), hidden=True),),
    )
    return itself


def _brief(every: Sequence[Command]) -> Iterator[Block]:
    first = [command for command in every if command.name in _FIRST]
    yield _what_i_am()
    yield _told(command for command in first if not command.moderators)
    yield Heading(_("For moderators of this chat"))
    yield _told(command for command in first if command.moderators)
    more = len(every) - len(first)
    yield Note(
        ngettext(
            "{n} more stands under “All commands”.", "{n} more stand under “All commands”.", more
        ).format(n=more)
    )


def _whole(every: Sequence[Command], *, private: bool) -> Iterator[Block]:
    """In private everyone may ask everything, so there are no moderators to speak of."""
    yours = [command for command in every if command.name in _YOURS]
    rest = [command for command in every if command.name not in _YOURS]
    chat = [command for command in rest if command.about_chat or command.moderators]
    cared = [] if private else [command for command in chat if command.moderators]
    yield _what_i_am()
    for heading, group in (
        (_("Stories"), [command for command in rest if command not in chat]),
        (_("This chat"), [command for command in chat if command not in cared]),
        (_("For moderators of this chat"), cared),
        (_("You and me"), yours),
    ):
        if group:
            yield Heading(heading)
            yield _told(group)


def _what_i_am() -> Text:
    return Text(
        _(
            "I keep this chat in step with news stories while they develop.\n"
            "Ask me about them; I answer only what is covered."
        )
    )


def _told(commands: Iterable[Command]) -> Asks:
    return Asks(tuple((command.name, _(command.description)) for command in commands))
