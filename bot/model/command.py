"""What people can ask: commands, declared once for every platform."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from bot.model.chat import Chat
from bot.model.errors import Sorry
from runtime.away import StorageAway
from runtime.records import Unreadable
from wording.language import _, ngettext, speaking
from wording.message import Button, Buttons, Message, Ref, Text, Tone

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pointed:
    """A message that someone replied to, or forwarded to us, as far as the platform tells."""

    chat: Chat
    """Where it stands."""
    place: str
    story: str | None
    """The story that its buttons are about; None when it is not ours or shows no such buttons."""
    title: str = ""
    """Its first line, of a forwarded message; that one may have lost its buttons."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One question, wherever it came from: typed, picked or clicked."""

    chat: Chat
    """Where the answer will stand, and what /follow and /pin are about."""
    person: Chat
    """Who asks, as the chat that is private to them."""
    private: bool
    """Only this person and the bot can read here."""
    options: Mapping[str, str] = field(default_factory=dict)
    """By option name; what was not said is absent."""
    language: str | None = None
    """What the asker's app says they read, as the platform writes it: “pt-BR”. None: not known."""
    name: str | None = None
    """What the asker is called here, as they wrote it; None: not known."""
    roles_of: str | None = None
    """The server whose roles people here may have; None where there are no roles."""
    manages_server: bool = False
    """The asker may manage that server, and not this chat alone."""
    whispered: bool = False
    """The answer is shown to the asker alone, though others are here."""
    pointed: Pointed | None = None
    """The message they replied to or forwarded, where that is what they say with it."""

    def get(self, option: str) -> str:
        """What was said for an option, stripped; empty when nothing was."""
        return self.options.get(option, "").strip()


@dataclass(frozen=True, slots=True)
class Choice:
    """One suggestion while someone types: what they read, and what is sent."""

    name: str
    value: str


Complete = Callable[[str, Ask], list[Choice]]
"""Suggestions for what was typed so far, best first. Answers from memory, at once."""


@dataclass(frozen=True, slots=True)
class Quote:
    """Something to be put into a chat that is not ours to post in: it stays as it is."""

    key: str
    title: str
    told: str
    """What tells it apart from others of that title."""
    message: Message


Quotes = Callable[[str, int], Awaitable[list[Quote]]]
"""At most so many quotes for what was typed, best first. Answers from memory, at once."""


@dataclass(frozen=True, slots=True)
class Option:
    """Something a command takes."""

    name: str
    description: str
    """As a command's."""
    complete: Complete | None = None
    hidden: bool = False
    """Reached by buttons only; nobody types it."""


@dataclass(frozen=True, slots=True)
class Command:
    """One thing people can ask for, on every platform."""

    name: str
    """1-32 of a-z: both platforms take it."""
    description: str
    """At most 100 characters; marked with `N_`, and said with `_`."""
    answer: Callable[[Ask], Awaitable[Message]]
    options: tuple[Option, ...] = ()
    """In the order in which a Ref carries them."""
    rest: str | None = None
    """The option that takes the words typed behind the command, where people type a line."""
    of_card: str | None = None
    """What the menu of a card calls it, at most 32 characters, marked with `N_`: asked there, or in
    reply to a card, it is about that card's story, and `rest` is the option that takes it."""
    moderators: bool = False
    """Where others can read, only those who care for the chat may ask this."""
    about_chat: bool = False
    """It is about the chat it is asked in, as all that is for moderators: asked of another chat
    it would mean something else."""
    quotes: Quotes | None = None
    """What people may put into other chats, where a platform lets them; of one command at most."""
    also: tuple[str, ...] = ()
    """Other words that mean it, where people write to us without a slash."""
    personal: bool = False
    """It is about whoever asks and nobody else: never answered where others read."""
    pointed: Callable[[Pointed, Chat], Awaitable[bool]] | None = None
    """Whether a person's reply without a command, or what they forwarded, is meant for this
    command; of one command at most. It is asked with `Ask.pointed` then."""

    @property
    def elsewhere(self) -> Message:
        """What is said instead where others would read the answer."""
        return Message(
            _("/{command} is between you and me").format(command=self.name),
            (Text(_("Ask me where nobody else reads.")),),
            (Buttons((Button(_("Go on in private"), Ref(self.name)),)),),
        )

    @property
    def refusal(self) -> str:
        """What those are told who may not ask this here."""
        return _("/{command} is for the moderators of this chat").format(command=self.name)

    async def reply(self, ask: Ask, is_moderator: Callable[[], Awaitable[bool]]) -> Message:
        """Answer, turning every failure into something the asker can read.

        `is_moderator` is asked at this moment, not remembered.
        """
        with speaking(ask.language):
            return await self._reply(ask, is_moderator)

    async def _reply(self, ask: Ask, is_moderator: Callable[[], Awaitable[bool]]) -> Message:
        try:
            if self.moderators and not ask.private and not await is_moderator():
                return Message(self.refusal, tone=Tone.SORRY)
            return await self.answer(ask)
        except Sorry as sorry:
            return Message(str(sorry), sorry.blocks, sorry.rows, tone=Tone.SORRY)
        except Unreadable as error:
            log.warning("not replaced", extra={"command": self.name, "why": str(error)})
            return Message(
                _("That can't be changed here"),
                (
                    Text(
                        _(
                            "What is stored was written by a newer version of this bot, or is "
                            "damaged. Ask whoever runs it to look into its log."
                        )
                    ),
                ),
                tone=Tone.SORRY,
            )
        except StorageAway:
            return Message(
                _("That cannot be saved just now"),
                (Text(_("The bot's storage is away for a moment. Please try again in a minute.")),),
                tone=Tone.SORRY,
            )
        except Exception:
            log.exception("command failed", extra={"command": self.name})
            return Message(
                _("Something broke on our side"),
                (Text(_("It has been logged.")),),
                tone=Tone.SORRY,
            )

    def options_of(self, ref: Ref, *said: str) -> dict[str, str]:
        """The options a button stands for, and behind them what was picked or written for it."""
        values = (*ref.arguments, *said)
        named = zip((option.name for option in self.options), values, strict=False)
        return {name: value for name, value in named if value}


class AskKind(Enum):
    """What somebody wants answered; see Turns in bot/ports.py."""

    ASK = "ask"
    PRESS = "press"
    TYPING = "typing"
    """Suggestions and quotes while someone types. Refused, they are empty."""


@dataclass(frozen=True, slots=True)
class RateLimited:
    """Someone asks faster than the bot may answer."""

    seconds: int
    """How long until they may ask again."""
    crowd: bool
    """Not they alone: all who ask in their server together."""
    told: bool
    """They were told so already, a moment ago."""

    def __str__(self) -> str:
        if self.crowd:
            said = ngettext(
                "Many are asking here just now; ask again in {n} second.",
                "Many are asking here just now; ask again in {n} seconds.",
                self.seconds,
            )
        else:
            said = ngettext(
                "You ask faster than I may answer; ask again in {n} second.",
                "You ask faster than I may answer; ask again in {n} seconds.",
                self.seconds,
            )
        return said.format(n=self.seconds)

    @property
    def instead(self) -> Command:
        """Answers in place of what was asked."""

        async def answer(_ask: Ask) -> Message:
            return Message(str(self), tone=Tone.SORRY)

        return Command("hurry", "Answers who asks too fast", answer)
