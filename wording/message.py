"""Messages independent of any platform: a title, blocks and buttons.

All texts are plain. A renderer escapes them, applies its platform's limits and decides how each
block looks; nothing else does.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from stories.story import StoryId
from wording.acts import Act


class Tone(StrEnum):
    """The mood of a message, shown as a colour where a platform has any."""

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
    """A question that a button asks the bot: a command and its first options, in order.

    The button contains everything, so it works after a restart. Its text form, `faq_some-
    story_1f2e3d4c`, has at most 60 characters of a-z, 0-9, - and _, which fits Telegram's 64-byte
    callback data, its start payload's alphabet and Discord's custom id.
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
    """Parse a reference from a button; raises ValueError if it isn't ours."""
    command, *arguments = text.split("_")
    if not command:
        raise ValueError("not a reference: it names no command")
    return Ref(command, tuple(arguments))


def asked_about(buttons: Iterable[str]) -> str | None:
    """The id of the story that a card's buttons ask about; None for other buttons."""
    for said in buttons:
        try:
            ref = read_ref(said)
        except ValueError:
            continue  # from another bot
        if ref.command in ("story", "faq") and ref.arguments and ref.arguments[0]:
            return ref.arguments[0]
    return None


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph."""

    body: str


@dataclass(frozen=True, slots=True)
class Heading:
    """A line above what follows."""

    body: str


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list. If space is short, its last items are dropped first."""

    items: tuple[str, ...]
    sources: tuple[tuple[tuple[int, str], ...], ...] = ()
    """For each item the numbers and addresses of its sources: small linked numbers behind it. They
    are dropped before anything else."""

    def sourced(self) -> Iterator[tuple[str, tuple[tuple[int, str], ...]]]:
        """Each item with its sources."""
        for at, item in enumerate(self.items):
            yield item, self.sources[at] if at < len(self.sources) else ()


@dataclass(frozen=True, slots=True)
class Facts:
    """Short facts on one line: “● Active · 21 hours · virality 4.5”."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Link:
    """A link to the web, always shown with the host it leads to.

    Anything except http and https with a host, and anything with a user name, isn't shown.
    """

    label: str
    url: str
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """Small print, optionally followed by a time."""

    body: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Asks:
    """Commands of ours with descriptions, tappable where the platform allows it."""

    items: tuple[tuple[str, str], ...]
    """Names without the slash, and descriptions."""


@dataclass(frozen=True, slots=True)
class Code:
    """Lines for copying. They are shown completely or not at all."""

    body: str


Block = Text | Heading | Bullets | Facts | Link | Note | Asks | Code


@dataclass(frozen=True, slots=True)
class Button:
    """A button that asks the bot something."""

    label: str
    ref: Ref


@dataclass(frozen=True, slots=True)
class Buttons:
    """Up to five buttons in a row."""

    items: tuple[Button, ...]


@dataclass(frozen=True, slots=True)
class Menu:
    """A menu of up to 25 options, of which one is chosen."""

    prompt: str
    items: tuple[Button, ...]


@dataclass(frozen=True, slots=True)
class Roles:
    """A menu of the server's roles; nothing where a platform has none.

    The choice is appended to the reference's own options, in the platform's terms.
    """

    prompt: str
    ref: Ref
    chosen: str | None = None


Row = Buttons | Menu | Roles


@dataclass(frozen=True, slots=True)
class Field:
    """A text we ask someone for. Their text is appended to the reference's own options."""

    label: str
    """At most 45 characters."""
    ref: Ref
    """If asked without a text, it requests the text again."""
    value: str = ""
    """The current text, for editing."""
    hint: str = ""
    """An example, shown while the field is empty; at most 100 characters."""
    limit: int = 1000
    """The most characters; never more than 4000."""
    lines: bool = False
    """Whether it may have several lines."""


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
    """Title, texts and bullets are struck through; notes aren't."""
    living: StoryId | None = None
    """Set for a card. A card stays, so its buttons answer with a new message instead of replacing
    it."""
    more: str | None = None
    """The text where the rest was left out; None for just “…”."""
    asks: Field | None = None
    """The answer is a question: a form to fill in, or a message to reply to.
    Then there are no rows."""
    act: Act | None = None
    """What was just changed; None if nothing was."""


def without_links(message: Message) -> Message:
    """The same message without anything that leads to the web, including its picture."""
    blocks = tuple(
        replace(block, sources=()) if isinstance(block, Bullets) else block
        for block in message.blocks
        if not isinstance(block, Link)
    )
    return replace(message, blocks=blocks, image_url=None)
