"""What the bot says: a title, blocks and buttons, free of any platform's words.

All texts are plain. A renderer escapes them, holds its platform's limits and decides
how each block looks; nobody else does.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from stories.story import StoryId


class Tone(StrEnum):
    """The mood of a message: a colour where a platform has any."""

    PLAIN = "plain"
    EMERGING = "emerging"
    ACTIVE = "active"
    COOLING = "cooling"
    ENDED = "ended"
    WITHDRAWN = "withdrawn"
    SORRY = "sorry"


_ARGUMENT = re.compile(r"[a-z0-9-]{0,40}")


@dataclass(frozen=True, slots=True)
class Ref:
    """A question the bot can be asked by a button: a command and its first options, in order.

    The whole address travels in the button, so it works after a restart. Its text form,
    `faq_some-story_1f2e3d4c`, is at most 60 characters of a-z, 0-9, - and _, which fits
    Telegram's 64-byte callback data, its start payload's alphabet and Discord's custom id.
    """

    command: str
    arguments: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        words = (self.command, *self.arguments)
        if not all(_ARGUMENT.fullmatch(word) for word in words) or len(str(self)) > 60:
            raise ValueError(f"not something a button can carry: {words}")

    def __str__(self) -> str:
        return "_".join((self.command, *self.arguments))


def read_ref(text: str) -> Ref:
    """Read a reference back from a button; raise ValueError when it is none of ours."""
    command, *arguments = text.split("_")
    if not command:
        raise ValueError("not a reference: it names no command")
    return Ref(command, tuple(arguments))


def asked_about(buttons: Iterable[str]) -> str | None:
    """The id of the story that a message's buttons ask about, if they are a card's."""
    for said in buttons:
        try:
            ref = read_ref(said)
        except ValueError:
            continue  # another bot's
        if ref.command in ("story", "faq") and ref.arguments and ref.arguments[0]:
            return ref.arguments[0]
    return None


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph."""

    body: str


@dataclass(frozen=True, slots=True)
class Heading:
    """A line that stands above what follows."""

    body: str


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list. When room is short its last items go first."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """Short facts on one line: “● Active · 21 hours · virality 4.5”."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Link:
    """A way out to the web. It is always shown with the host it leads to.

    Anything but http and https with a host, and anything with a user name in it, is not shown.
    """

    label: str
    url: str
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """Small print, with a moment behind it where there is one."""

    body: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Asks:
    """Commands of ours with what they do, to be tapped where a platform lets people."""

    items: tuple[tuple[str, str], ...]
    """Names without the slash, and descriptions."""


@dataclass(frozen=True, slots=True)
class Code:
    """Lines to be copied as they are. They are shown whole or not at all."""

    body: str


Block = Text | Heading | Bullets | Facts | Link | Note | Asks | Code


@dataclass(frozen=True, slots=True)
class Button:
    """A click that asks the bot something."""

    label: str
    ref: Ref


@dataclass(frozen=True, slots=True)
class Buttons:
    """Buttons beside one another, at most five."""

    items: tuple[Button, ...]


@dataclass(frozen=True, slots=True)
class Menu:
    """A choice out of at most 25, one of which is picked."""

    prompt: str
    items: tuple[Button, ...]


@dataclass(frozen=True, slots=True)
class Roles:
    """A choice among the server's roles; nothing where a platform has none.

    What is picked is said behind the reference's own options, in the platform's terms.
    """

    prompt: str
    ref: Ref
    chosen: str | None = None


Row = Buttons | Menu | Roles


@dataclass(frozen=True, slots=True)
class Field:
    """A text we ask someone for. What they write is said behind the reference's own options."""

    label: str
    """At most 45 characters."""
    ref: Ref
    """Asked without a text, it asks for the text again."""
    value: str = ""
    """What stands there now, to be changed."""
    hint: str = ""
    """An example, shown where nothing stands; at most 100 characters."""
    limit: int = 1000
    """At most so many characters; never more than 4000."""
    lines: bool = False
    """It may have several lines."""


@dataclass(frozen=True, slots=True)
class Act:
    """What an answer has just changed in a chat, for /audit."""

    said: str
    """A sentence marked with `N_()`, without its subject: “followed {what}”."""
    what: str = ""
    """What stands in its gap: the same in every language."""
    chat: tuple[str, str] | None = None
    """Where it was done; None: in the chat that was asked in."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message, or the answer to one question."""

    title: str
    blocks: tuple[Block, ...] = ()
    rows: tuple[Row, ...] = ()
    """At most five."""
    tone: Tone = Tone.PLAIN
    image_url: str | None = None
    struck: bool = False
    """Title, texts and bullets are struck through; notes still speak."""
    living: StoryId | None = None
    """Set on a card: it stays, so its buttons answer beside it instead of replacing it."""
    more: str | None = None
    """What is said where the rest was left out; None says just “…”."""
    asks: Field | None = None
    """The answer is a question back: a form to fill in, or a message to reply to. No rows then."""
    act: Act | None = None
    """What was done before this was said; None when nothing changed."""


def without_links(message: Message) -> Message:
    """The same message with nothing in it that leads to the web, its picture included."""
    blocks = tuple(block for block in message.blocks if not isinstance(block, Link))
    return replace(message, blocks=blocks, image_url=None)
