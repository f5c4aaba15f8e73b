"""Renders a message for Discord: one embed, and rows of buttons and menus. Pure functions.

Story text can never become anything but text. It is shortened while plain. Then word joiners break
up whatever a client would turn into a link or a mention (`unlink`, and after every `<`, which
starts mentions, timestamps, custom emoji and commands). Then Discord's Markdown is escaped.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import discord

from wording.fit import fit, harmless
from wording.language import _
from wording.message import (
    Asks,
    Block,
    Bullets,
    Button,
    Buttons,
    Code,
    Facts,
    Field,
    Heading,
    Link,
    Menu,
    Message,
    Note,
    Roles,
    Text,
    Tone,
)
from wording.text import JOINER, line, safe_link, shorten, small, unlink, utf16

# discord.com/developers/docs/resources/message#embed-object-embed-limits. Discord's 6000 for all
# of an embed's text holds too, as it has only title and description. Counted in UTF-16 units,
# which is never less than what Discord counts.
TITLE_LIMIT = 256
DESCRIPTION_LIMIT = 4096
# discord.com/developers/docs/components/reference
ROWS = 5
BUTTONS_A_ROW = 5
OPTIONS = 25
BUTTON_LABEL_LIMIT = 80
OPTION_LABEL_LIMIT = 100
PLACEHOLDER_LIMIT = 150
# docs.discord.com/developers/components/reference#label and #text-input, and Modal of
# docs.discord.com/developers/interactions/receiving-and-responding
FORM_TITLE_LIMIT = 45
FIELD_LABEL_LIMIT = 45
FIELD_HINT_LIMIT = 100
FIELD_LIMIT = 4000
# Ours: about what a phone shows of a notification. Discord accepts 2000.
BRIEF_LIMIT = 200
# Ours: a longer address would crowd out the message, so only its host is shown.
LINK_LIMIT = 512

BESIDE = "+"
"""First character of a custom id: the answer is a new message."""
IN_PLACE = "="
"""First character of a custom id: the answer replaces the message."""
MENU = "menu"
"""A menu's own custom id has this instead of a reference; the chosen value is the reference."""

COLOURS = {
    Tone.EMERGING: 0x3498DB,
    Tone.ACTIVE: 0x2ECC71,
    Tone.COOLING: 0xF1C40F,
    Tone.ENDED: 0x95A5A6,
    Tone.WITHDRAWN: 0xE74C3C,
    Tone.SORRY: 0xE67E22,
}


@dataclass(frozen=True, slots=True)
class RowButton:
    """A button."""

    label: str
    custom_id: str


@dataclass(frozen=True, slots=True)
class ButtonRow:
    """A row of buttons."""

    buttons: tuple[RowButton, ...]


@dataclass(frozen=True, slots=True)
class RowOption:
    """An option of a menu."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class SelectRow:
    """A row with a menu."""

    custom_id: str
    placeholder: str
    options: tuple[RowOption, ...]


@dataclass(frozen=True, slots=True)
class RoleRow:
    """A row with Discord's menu of roles."""

    custom_id: str
    placeholder: str
    chosen: int | None


Row = ButtonRow | SelectRow | RoleRow


@dataclass(frozen=True, slots=True)
class Form:
    """A form with one text field."""

    custom_id: str
    title: str
    label: str
    value: str
    hint: str
    limit: int
    lines: bool


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message in Discord's terms, independent of the library."""

    embed: discord.Embed
    rows: tuple[Row, ...]
    form: Form | None = None
    """A form to show instead of the message, which Discord allows only as an immediate answer."""


def render(message: Message) -> Rendered:
    """Render as one embed within every limit; what doesn't fit is left out (see `fit`)."""
    struck = message.struck
    title = shorten(line(message.title), TITLE_LIMIT, lambda text: utf16(_said(text, struck)))
    blocks = fit(
        harmless(message.blocks),
        lambda blocks: utf16(_described(blocks, struck)) <= DESCRIPTION_LIMIT,
        message.more,
    )
    embed = discord.Embed(
        title=_said(title, struck) or None,
        description=_described(blocks, struck) or (None if title else "…"),
        colour=COLOURS.get(message.tone),
    )
    if message.image_url and (image := safe_link(message.image_url)):
        embed.set_thumbnail(url=image[0])
    if message.asks:
        again = RowButton(_("Open the form"), IN_PLACE + str(message.asks.ref))
        return Rendered(embed, (ButtonRow((again,)),), _form(message.title, message.asks))
    return Rendered(embed, tuple(_rows(message))[:ROWS])


def brief(message: Message) -> str:
    """The message in one line, for notifications and for people who have embeds switched off."""
    first = next((block.body for block in message.blocks if isinstance(block, Text)), "")
    said = " – ".join(filter(None, (line(message.title), line(first))))
    return shorten(said, BRIEF_LIMIT, lambda text: utf16(escape(text)))


def _form(title: str, field: Field) -> Form:
    limit = min(field.limit, FIELD_LIMIT)
    return Form(
        IN_PLACE + str(field.ref),
        shorten(line(title), FORM_TITLE_LIMIT, utf16) or "…",
        shorten(line(field.label), FIELD_LABEL_LIMIT, utf16) or "…",
        field.value if utf16(field.value) <= limit else "",
        shorten(line(field.hint), FIELD_HINT_LIMIT, utf16),
        limit,
        field.lines,
    )


def _described(blocks: Sequence[Block], struck: bool) -> str:
    text, previous = "", None
    for block in blocks:
        if shown := _block(block, struck):
            text += _gap(previous, block) + shown
            previous = block
    return text


def _gap(previous: Block | None, block: Block) -> str:
    """The white space between two blocks: none after headings, little between small lines."""
    if previous is None:
        return ""
    close = isinstance(previous, Heading) or (
        isinstance(previous, Facts | Link | Note) and type(previous) is type(block)
    )
    return "\n" if close else "\n\n"


def _block(block: Block, struck: bool) -> str:
    match block:
        case Text(body):
            return "\n".join(_said(part, struck) for part in body.split("\n"))
        case Heading(body):
            return f"**{escape(body)}**"
        case Bullets():
            return "\n".join(
                f"- {_said(item, struck)}{_numbers(ways)}" for item, ways in block.sourced()
            )
        case Facts(items):
            return escape(" · ".join(items))
        case Link(label, url, note):
            return _link(label, url, note)
        case Note(body, at):
            moment = f"<t:{int(at.timestamp())}:R>" if at else ""
            return f"-# {escape(body)} {moment}".rstrip()
        case Code(body):
            return f"```\n{body.replace('`', f'`{JOINER}')}\n```"
        case Asks(items):
            return "\n".join(f"- **/{name}** – {escape(told)}" for name, told in items)


def _link(label: str, url: str, note: str | None) -> str:
    """A link whose clickable text is the host it leads to, whatever the label says."""
    link = safe_link(url)
    if link is None:
        return ""
    href, host = link
    way = f"[{_escape_markdown(host)}](<{href}>)" if len(href) <= LINK_LIMIT else escape(host)
    return (f"{escape(label)} — " if label else "") + way + (f" · {escape(note)}" if note else "")


def _numbers(sources: Sequence[tuple[int, str]]) -> str:
    """Small linked numbers of an item's sources."""
    links = [(number, safe_link(url)) for number, url in sources]
    return "".join(
        f" [{small(number)}](<{link[0]}>)"
        for number, link in links
        if link and len(link[0]) <= LINK_LIMIT
    )


def _said(text: str, struck: bool) -> str:
    """Escaped, and struck through if the message is."""
    said = escape(text)
    if not struck or not said:
        return said
    # A tilde at the end would be read as the first of the two closing ones.
    return f"~~{said}{JOINER if said.endswith('~') else ''}~~"


_PARTED = re.compile(r"<(?=\S)")
_MARKDOWN = re.compile(
    r"""
      [\\*_~|`\[\]]               # bold, italics, strikes, spoilers, code, links
    | :(?=[\w+~-]+:)              # :emoji:
    | ^(?:[#>-]|\+(?=\s))         # headings, quotes, lists, small print
    """,
    re.VERBOSE | re.MULTILINE | re.ASCII,
)
_NUMBERED = re.compile(r"^(\d+)\.(?=\s)", re.MULTILINE)


def escape(text: str) -> str:
    """Escape plain text so that Discord shows exactly that."""
    return _escape_markdown(_PARTED.sub(f"<{JOINER}", unlink(text)))


def _escape_markdown(text: str) -> str:
    return _NUMBERED.sub(r"\1\.", _MARKDOWN.sub(lambda found: "\\" + found[0], text))


def _rows(message: Message) -> Iterator[Row]:
    mark = BESIDE if message.living else IN_PLACE
    taken: set[str] = set()  # Discord refuses a message with two identical buttons
    for number, row in enumerate(message.rows):
        match row:
            case Buttons(items):
                buttons = [
                    RowButton(_label(item, BUTTON_LABEL_LIMIT), mark + str(item.ref))
                    for item in _new(items, taken)
                ]
                for start in range(0, len(buttons), BUTTONS_A_ROW):
                    yield ButtonRow(tuple(buttons[start : start + BUTTONS_A_ROW]))
            case Menu(prompt, items):
                options = tuple(
                    RowOption(_label(item, OPTION_LABEL_LIMIT), str(item.ref))
                    for item in _new(items, set())
                )
                if options:
                    yield SelectRow(
                        f"{mark}{MENU}{number}",
                        shorten(line(prompt), PLACEHOLDER_LIMIT, utf16),
                        options[:OPTIONS],
                    )
            case Roles(prompt, ref, chosen) if str(ref) not in taken:
                taken.add(str(ref))
                yield RoleRow(
                    mark + str(ref),
                    shorten(line(prompt), PLACEHOLDER_LIMIT, utf16),
                    int(chosen) if chosen and chosen.isdecimal() else None,
                )


def _new(items: Iterable[Button], taken: set[str]) -> Iterator[Button]:
    """The buttons whose question isn't in `taken` yet, which they are added to."""
    for item in items:
        if str(item.ref) not in taken:
            taken.add(str(item.ref))
            yield item


def _label(button: Button, limit: int) -> str:
    return shorten(line(button.label), limit, utf16) or "…"
