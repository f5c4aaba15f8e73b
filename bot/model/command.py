"""Commands: what people can ask, declared once for every platform."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from bot.model.chat import Chat
from wording.message import Message, Ref


@dataclass(frozen=True, slots=True)
class Pointed:
    """A message that someone replied to, or forwarded to us, as far as the platform reveals it."""

    chat: Chat
    """The chat it is in."""
    message_id: str
    story: str | None
    """The story its buttons are about; None if it isn't ours or has no such buttons."""
    title: str = ""
    """The first line of a forwarded message, which may have lost its buttons."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One question, wherever it came from: typed, picked or clicked."""

    chat: Chat
    """Where the answer will appear, and what /follow and /pin are about."""
    person: Chat
    """The person who asks, as their private chat."""
    private: bool
    """Whether only this person and the bot can read here."""
    options: Mapping[str, str] = field(default_factory=dict)
    """The values given, by option name."""
    language: str | None = None
    """The language of the asker's app, in the platform's spelling: “pt-BR”. None if unknown."""
    name: str | None = None
    """The asker's name here, as they wrote it; None if unknown."""
    roles_of: str | None = None
    """The server whose roles people here may have; None where there are no roles."""
    manages_server: bool = False
    """Whether the asker may manage that server, not just this chat."""
    whispered: bool = False
    """Whether the answer is visible only to the asker, although others are here."""
    pointed: Pointed | None = None
    """The message they replied to or forwarded, if that is what they want to point out."""

    def get(self, option: str) -> str:
        """The value given for an option, stripped; empty if there is none."""
        return self.options.get(option, "").strip()


@dataclass(frozen=True, slots=True)
class Choice:
    """One suggestion while someone types: what they read, and what is sent."""

    name: str
    value: str


Complete = Callable[[str, Ask], list[Choice]]
"""Suggestions for what was typed so far, best first. Answers from memory, immediately."""


@dataclass(frozen=True, slots=True)
class Quote:
    """Something to share into a chat where we can't post: it never changes."""

    key: str
    title: str
    told: str
    """What distinguishes it from others with that title."""
    message: Message


Quotes = Callable[[str, int], Awaitable[list[Quote]]]
"""At most this many quotes for what was typed, best first. Answers from memory, immediately."""


@dataclass(frozen=True, slots=True)
class Option:
    """A value that a command accepts."""

    name: str
    description: str
    """Like a command's."""
    complete: Complete | None = None
    hidden: bool = False
    """Set only by buttons; nobody types it."""


@dataclass(frozen=True, slots=True)
class Command:
    """One thing that people can ask, on every platform."""

    name: str
    """1-32 characters of a-z, as both platforms require."""
    description: str
    """At most 100 characters; marked with `N_`, shown with `_`."""
    answer: Callable[[Ask], Awaitable[Message]]
    options: tuple[Option, ...] = ()
    """In the order in which a Ref contains them."""
    rest: str | None = None
    """The option that gets the words typed after the command, where people type a line."""
    takes_text: bool = False
    """Whether words that name no command are asked of it, where people write to us without a slash;
    at most one command has it, and its `rest` gets them."""
    of_card: str | None = None
    """Its name in the menu of a card, at most 32 characters, marked with `N_`. Chosen there, or
    used in reply to a card, it is about that card's story, and `rest` is the option that gets
    it."""
    moderators: bool = False
    """Whether only moderators may use it where others can read."""
    about_chat: bool = False
    """Whether it is about the chat where it is asked, as every moderators' command is. Asked in
    another chat, it would mean something else."""
    quotes: Quotes | None = None
    """What people can share into other chats, where a platform allows that;
    at most one command has it."""
    also: tuple[str, ...] = ()
    """Other words for it, for people who write to us without a slash."""
    personal: bool = False
    """Whether it is only about the person who asks: never answered where others can read."""
    pointed: Callable[[Pointed, Chat], Awaitable[bool]] | None = None
    """Whether a person's reply without a command, or a message they forwarded, is meant for this
    command; at most one command has it. It then gets `Ask.pointed`."""

    def options_of(self, ref: Ref, *said: str) -> dict[str, str]:
        """The options that a button contains, followed by what was picked or written for it."""
        values = (*ref.arguments, *said)
        named = zip((option.name for option in self.options), values, strict=False)
        return {name: value for name, value in named if value}


class AskKind(Enum):
    """Kinds of request, which the rate limiter counts differently."""

    ASK = "ask"
    PRESS = "press"
    TYPING = "typing"
    """Suggestions and quotes while someone types. If refused, they are empty."""


@dataclass(frozen=True, slots=True)
class RateLimited:
    """Someone asks faster than the bot may answer."""

    seconds: int
    """How long until they may ask again."""
    crowd: bool
    """True if it isn't they alone, but all who ask in their server together."""
    told: bool
    """True if they were told so a moment ago."""
