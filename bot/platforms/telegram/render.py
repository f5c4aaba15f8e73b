"""Renders a message for Telegram: one text in HTML, and a keyboard of buttons. Pure functions.

Story text can never become anything but text. It is shortened while plain. Then word joiners break
up whatever Telegram would turn into a link, a mention, a hashtag or a command by itself (`unlink`,
and the signs in `_TAPPABLE`). Then HTML is escaped.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from html import escape as escape_html
from html import unescape

import regex
from telegram import ForceReply, InlineKeyboardButton, InlineKeyboardMarkup

from wording.fit import fit, harmless
from wording.language import _
from wording.message import (
    Asks,
    Block,
    Bullets,
    Button,
    Code,
    Facts,
    Field,
    Heading,
    Link,
    Menu,
    Message,
    Note,
    Ref,
    Roles,
    Text,
    Tone,
    read_ref,
)
from wording.text import JOINER, line, safe_link, shorten, small, unlink, utf16
from wording.words import moment

# From core.telegram.org/bots/api#sendmessage: 4096 after entities are parsed, in UTF-16 units.
TEXT_LIMIT = 4096
# Not documented there: entities or buttons beyond 100 are ignored or refused.
ENTITIES = 100
BUTTONS = 100
# Ours. Telegram would accept longer titles and labels, but shows them cut or on many lines.
TITLE_LIMIT = 256
LABEL_LIMIT = 60
PROMPT_LIMIT = 150
PLACEHOLDER_LIMIT = 64  # core.telegram.org/bots/api#forcereply
BUTTONS_A_ROW = 5
ROW_WIDTH = 44  # letters that fit beside one another on a phone; all buttons are equally wide
BRIEF_LIMIT = 900  # how much of everyone's screen one person's question may take up
UNFOLDED_LIMIT = 1500  # longer lists are folded until someone taps them

# Callback data is at most 64 bytes (…#inlinekeyboardbutton) and a start parameter at most 64
# characters (core.telegram.org/bots/features#deep-linking): a reference has at most 60 of ASCII.
BESIDE = "+"
"""First character of callback data: the answer is a new message."""
IN_PLACE = "="
"""First character of callback data: the answer replaces the message."""

ASKS = "tg://resolve?asks="
"""Start of the link in a message we ask people to reply to; a reference follows.

A reply includes that message, so nothing has to be remembered about it. No story can contain such a
link, because story links are http and https.
"""

WITHDRAWN = "🔴"
"""Precedes the title of a withdrawn story. Other states show in the figures."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message in Telegram's terms, independent of the library's bot."""

    html: str
    keyboard: InlineKeyboardMarkup | None
    forced: ForceReply | None = None
    """Opens a reply field for the asker, if the message asks for a text."""


def render(
    message: Message,
    *,
    start_link: str | None = None,
    brief: bool = False,
    here: Collection[str] = (),
    asker: str = "",
) -> Rendered:
    """Render as one text within every limit; what doesn't fit is left out (see `fit`).

    With `start_link` (`https://t.me/<bot>?start=`) buttons lead into the private chat, for chats
    without private answers. Buttons of the commands in `here`, which are about the chat itself,
    work where they are. `brief` keeps the text within BRIEF_LIMIT. `asker`, a mention in HTML, is
    the person our question is for, where others read it, too.
    """
    if message.asks:
        return _question(message, message.asks, asker)
    title = _title(message)
    whole = any(isinstance(block, Code) for block in message.blocks)  # half of it would be useless
    limit = BRIEF_LIMIT if brief and not whole else TEXT_LIMIT
    prompts = tuple(
        Note(shorten(line(row.prompt), PROMPT_LIMIT, utf16))
        for row in message.rows
        if isinstance(row, Menu) and row.items
    )
    blocks = fit(
        harmless((*message.blocks, *prompts)),
        lambda blocks: _fits(_whole(title, blocks, message.struck), limit),
        message.more,
    )
    rows = list(_rows(message, start_link, here))
    return Rendered(
        _whole(title, blocks, message.struck) or "…", InlineKeyboardMarkup(rows) if rows else None
    )


def _question(message: Message, field: Field, asker: str) -> Rendered:
    """A message to be answered by a reply with the text we ask for."""
    label = escape(_("Reply to this message"))
    way = f'<a href="{ASKS}{field.ref}">{label}</a>'
    last = f"{asker}: {way}" if asker else way
    title = _title(message)
    there = (Note(_("Currently:")), Code(field.value)) if field.value else ()
    hint = (Note(_("For example: {hint}").format(hint=field.hint)),) if field.hint else ()
    blocks = fit(
        harmless((*message.blocks, *there, *hint)),
        lambda blocks: _fits(f"{_whole(title, blocks, False)}\n\n{last}", TEXT_LIMIT),
        message.more,
    )
    html = f"{_whole(title, blocks, False)}\n\n{last}"
    placeholder = shorten(line(field.label), PLACEHOLDER_LIMIT, utf16)
    forced = ForceReply(selective=bool(asker), input_field_placeholder=placeholder or None)
    return Rendered(html, None, forced)


def asked_by(link: str) -> Ref | None:
    """The question in the link of a message that was replied to, if it is a question of ours."""
    if not link.startswith(ASKS):
        return None
    try:
        return read_ref(link.removeprefix(ASKS))
    except ValueError:
        return None


def _fits(html: str, limit: int) -> bool:
    return utf16(visible(html)) <= limit and len(_OPENING.findall(html)) <= ENTITIES


_TAG = re.compile(r"<[^>]*>")
_OPENING = re.compile(r"<[a-z]")


def visible(html: str) -> str:
    """The text after Telegram has parsed the entities, which is what it counts."""
    return unescape(_TAG.sub("", html))


def _title(message: Message) -> str:
    title = escape(shorten(line(message.title), TITLE_LIMIT, lambda text: utf16(_defuse(text))))
    if not title:
        return ""
    mark = f"{WITHDRAWN} " if message.tone is Tone.WITHDRAWN else ""
    return f"{mark}<b>{_struck(title, message.struck)}</b>"


def _whole(title: str, blocks: Sequence[Block], struck: bool) -> str:
    text, previous = title, None
    for block in blocks:
        if shown := _block(block, struck):
            text += _gap(previous, block) + shown if text else shown
            previous = block
    return text


def _gap(previous: Block | None, block: Block) -> str:
    """The white space between two blocks: none after headings, little between small lines."""
    close = isinstance(previous, Heading) or (
        isinstance(previous, Facts | Link | Note) and type(previous) is type(block)
    )
    return "\n" if close else "\n\n"


def _block(block: Block, struck: bool) -> str:
    match block:
        case Text(body):
            return _struck(escape(body), struck)
        case Heading(body):
            return f"<b>{escape(body)}</b>"
        case Bullets():
            listed = "\n".join(
                f"• {escape(item)}{_numbers(ways)}" for item, ways in block.sourced()
            )
            folded = utf16(visible(listed)) > UNFOLDED_LIMIT
            listed = _struck(listed, struck)
            return f"<blockquote expandable>{listed}</blockquote>" if folded else listed
        case Facts(items):
            return escape(" · ".join(items))
        case Link(label, url, note):
            return _link(label, url, note)
        case Note(body, at):
            words = [escape(body), *([moment(at)] if at else [])]
            return f"<i>{' '.join(filter(None, words))}</i>"
        case Code(body):
            return f"<pre>{escape_html(body, quote=False)}</pre>"
        case Asks(items):
            return "\n".join(f"/{name} – {escape(told)}" for name, told in items)


def _numbers(sources: Sequence[tuple[int, str]]) -> str:
    """Small linked numbers of an item's sources."""
    links = [(number, safe_link(url)) for number, url in sources]
    return "".join(
        f' <a href="{escape_html(link[0])}">{small(number)}</a>' for number, link in links if link
    )


def _link(label: str, url: str, note: str | None) -> str:
    """A link whose tappable text is the host it leads to, whatever the label says."""
    link = safe_link(url)
    if link is None:
        return ""
    href, host = link
    way = f'<a href="{escape_html(href)}">{host}</a>'
    return (f"{escape(label)} — " if label else "") + way + (f" · {escape(note)}" if note else "")


def _struck(html: str, struck: bool) -> str:
    return f"<s>{html}</s>" if struck else html


_TAPPABLE = regex.compile(
    r"""
      \# (?=\w*[^\W\d])       # hashtags; #41 is none
    | (?<!\w)/ (?=\w)        # commands
    | \$ (?=[A-Za-z])        # cashtags; $41 is none
    | \+ (?=\d)              # telephone numbers
    """,
    regex.VERBOSE,
)


def _defuse(text: str) -> str:
    return _TAPPABLE.sub(lambda found: found[0] + JOINER, unlink(text))


def escape(text: str) -> str:
    """Escape plain text so that Telegram shows exactly that."""
    return escape_html(_defuse(text), quote=False)


def _rows(
    message: Message, start_link: str | None, here: Collection[str]
) -> Iterator[list[InlineKeyboardButton]]:
    mark = BESIDE if message.living else IN_PLACE
    left = BUTTONS

    def button(item: Button) -> InlineKeyboardButton:
        label = shorten(line(item.label), LABEL_LIMIT, utf16) or "…"
        if start_link is not None and item.ref.command not in here:
            return InlineKeyboardButton(label, url=start_link + str(item.ref))
        return InlineKeyboardButton(label, callback_data=mark + str(item.ref))

    for row in message.rows:
        if isinstance(row, Roles):
            continue
        buttons = [button(item) for item in row.items[:left]]
        left -= len(buttons)
        if isinstance(row, Menu):
            yield from ([each] for each in buttons)
        else:
            yield from _lines(buttons)


def _lines(buttons: Sequence[InlineKeyboardButton]) -> Iterator[list[InlineKeyboardButton]]:
    """Buttons in rows, as many beside one another as their labels allow."""
    beside: list[InlineKeyboardButton] = []
    for each in buttons:
        more = [*beside, each]
        widest = max(utf16(button.text) for button in more)
        if beside and (len(more) > BUTTONS_A_ROW or widest * len(more) > ROW_WIDTH):
            yield beside
            more = [each]
        beside = more
    if beside:
        yield beside
