"""/help - what the bot does, and its commands: a handful where others read, else all."""

from collections.abc import Iterable, Iterator, Sequence

from bot.model.command import Ask, Command, Option
from wording.language import N_, _, ngettext
from wording.message import Asks, Block, Button, Buttons, Heading, Message, Note, Ref, Text

_START = (
    ("stories", N_("Live stories")),
    ("faq", N_("Ask a question")),
    ("following", N_("This chat")),
)
_FIRST = ("stories", "story", "search", "catchup", "faq", "why", "following", "setup", "follow")
"""Shown where others read, too, because it takes up everyone's screen."""
_YOURS = ("privacy", "forgetme", "help")
_IN_PRIVATE = (
    (N_("What this chat gets"), ("setup", "follow", "following", "unfollow", "rules")),
    (N_("Getting less"), ("mute", "unmute", "pause", "resume")),
    (N_("Pins"), ("pin", "unpin", "pins")),
    (N_("Status and history"), ("why", "status", "unknown", "audit", "moderators")),
    (N_("You and me"), _YOURS),
)
"""By purpose, because everyone may use everything there; commands not listed are about stories."""
_ALL = "all"


def help_command(commands: Sequence[Command]) -> Command:
    """Lists `commands` and itself."""

    async def answer(ask: Ask) -> Message:
        return _listed((*commands, itself), ask)

    itself = Command(
        "help",
        N_("What I do and what you can ask"),
        answer,
        also=("start", "menu", "commands"),
        options=(Option("which", N_("Whether to list all commands"), hidden=True),),
    )
    return itself


def _listed(every: Sequence[Command], ask: Ask) -> Message:
    whole = ask.private or ask.get("which") == _ALL
    blocks = _whole(every, private=ask.private) if whole else _brief(every)
    buttons = [Button(_(label), Ref(command)) for command, label in _START]
    if not whole:
        buttons.append(Button(_("All commands"), Ref("help", (_ALL,))))
    return Message("Storywire", tuple(blocks), (Buttons(tuple(buttons)),))


def _brief(every: Sequence[Command]) -> Iterator[Block]:
    first = [command for command in every if command.name in _FIRST]
    yield _what_i_am()
    yield _described(command for command in first if not command.moderators)
    yield Heading(_("For moderators of this chat"))
    yield _described(command for command in first if command.moderators)
    more = len(every) - len(first)
    yield Note(
        ngettext("“All commands” lists {n} more.", "“All commands” lists {n} more.", more).format(
            n=more
        )
    )


def _whole(every: Sequence[Command], *, private: bool) -> Iterator[Block]:
    yield _what_i_am()
    for heading, group in _by_use(every) if private else _by_right(every):
        yield Heading(heading)
        yield _described(group)


def _by_use(every: Sequence[Command]) -> Iterator[tuple[str, list[Command]]]:
    there = {command.name: command for command in every}
    groups = [(_(heading), [there.pop(name) for name in names]) for heading, names in _IN_PRIVATE]
    yield _("Stories"), list(there.values())
    yield from groups


def _by_right(every: Sequence[Command]) -> Iterator[tuple[str, list[Command]]]:
    yours = [command for command in every if command.name in _YOURS]
    rest = [command for command in every if command not in yours]
    cared = [command for command in rest if command.moderators]
    chat = [command for command in rest if command.about_chat and not command.moderators]
    yield _("Stories"), [each for each in rest if each not in cared and each not in chat]
    yield _("This chat"), chat
    yield _("For moderators of this chat"), cared
    yield _("You and me"), yours


def _what_i_am() -> Text:
    return Text(
        _(
            "I keep this chat up to date on news stories as they develop.\nAsk me about "
            "them: I only answer what the stories cover."
        )
    )


def _described(commands: Iterable[Command]) -> Asks:
    return Asks(tuple((command.name, _(command.description)) for command in commands))
