"""Checks what a bot sends: messages, embeds and components. Reports every wrong field at once.

Limits: https://docs.discord.com/developers/resources/message and …/components/reference. Texts are
trimmed before they are measured, as Discord does.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sandbox.discord import refusals
from sandbox.discord.world import EPHEMERAL, SILENT, SUPPRESS_EMBEDS, Json

CONTENT_LIMIT = 2000
EMBEDS_LIMIT = 10
EMBED_TEXT_LIMIT = 6000
"""Characters over all embeds of a message: titles, descriptions, fields, footers and authors."""
ROWS_LIMIT = 5
BUTTONS_PER_ROW = 5
OPTIONS_LIMIT = 25
NONCE_LIMIT = 25

COMPONENTS_V2 = 1 << 15
ACTION_ROW, BUTTON, STRING_SELECT, TEXT_INPUT = 1, 2, 3, 4
SELECTS = (STRING_SELECT, 5, 6, 7, 8)
LINK_BUTTON = 5

Path = tuple[str | int, ...]


class Form:
    """Collects errors, field by field, into Discord's nested `errors` object."""

    def __init__(self) -> None:
        self.errors: Json = {}

    def wrong(self, path: Path, code: str, message: str) -> None:
        """Record an error at a path of keys and indexes."""
        here = self.errors
        for step in path:
            here = here.setdefault(str(step), {})
        here.setdefault("_errors", []).append({"code": code, "message": message})

    def required(self, path: Path) -> None:
        """Record that a required field is missing."""
        self.wrong(path, "BASE_TYPE_REQUIRED", "This field is required")

    def check(self) -> None:
        """Raise Refusal 50035 if anything was wrong."""
        if self.errors:
            raise refusals.invalid_form(self.errors)

    def text(
        self, value: Any, path: Path, most: int, *, least: int = 0, required: bool = False
    ) -> str:
        """A trimmed text; an empty one if it is missing or not a text. A wrong length is an
        error."""
        if value is None or (isinstance(value, str) and not value.strip()):
            if required or (least and value is not None):
                self.required(path)
            return ""
        if not isinstance(value, str):
            self.wrong(path, "STRING_TYPE_CONVERT", f'Could not interpret "{value}" as string.')
            return ""
        text: str = value.strip()
        if len(text) > most:
            if least:
                message = f"Must be between {least} and {most} in length."
                self.wrong(path, "BASE_TYPE_BAD_LENGTH", message)
            else:
                message = f"Must be {most} or fewer in length."
                self.wrong(path, "BASE_TYPE_MAX_LENGTH", message)
        return text

    def items(self, value: Any, path: Path, most: int, *, least: int = 0) -> list[Any]:
        """A list; an empty one if it is missing or not a list. A wrong length is an error."""
        if value is None:
            return []
        if not isinstance(value, list):
            self.wrong(path, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
            return []
        if len(value) > most or len(value) < least:
            if least:
                message = f"Must be between {least} and {most} in length."
                self.wrong(path, "BASE_TYPE_BAD_LENGTH", message)
            else:
                message = f"Must be {most} or fewer in length."
                self.wrong(path, "BASE_TYPE_MAX_LENGTH", message)
        return value

    def fields(self, value: Any, path: Path) -> Json:
        """An object; anything else is an error."""
        if isinstance(value, dict):
            return value
        self.wrong(path, "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
        return {}

    def number(
        self, value: Any, path: Path, least: int, most: int, *, default: int | None = None
    ) -> int | None:
        """A whole number; `default` if it is missing or not a number.

        Exceeding the bounds is an error.
        """
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int):
            self.wrong(path, "NUMBER_TYPE_COERCE", f'Value "{value}" is not int.')
            return default
        if value < least:
            message = f"int value should be greater than or equal to {least}."
            self.wrong(path, "NUMBER_TYPE_MIN", message)
        elif value > most:
            message = f"int value should be less than or equal to {most}."
            self.wrong(path, "NUMBER_TYPE_MAX", message)
        return value

    def url(
        self, value: Any, path: Path, most: int, schemes: Iterable[str] = ("http", "https")
    ) -> str:
        """An address; an empty text if it is missing.

        A malformed one or another scheme is an error.
        """
        url = self.text(value, path, most)
        if not url:
            return ""
        try:
            parts = urlsplit(url)
        except ValueError:
            parts = urlsplit("")
        schemes = tuple(schemes)
        if not parts.scheme or (parts.scheme in ("http", "https") and not parts.hostname):
            self.wrong(path, "URL_TYPE_INVALID_URL", "Not a well formed URL.")
        elif parts.scheme not in schemes:
            message = f'Scheme "{parts.scheme}" must be one of {schemes}.'
            self.wrong(path, "URL_TYPE_INVALID_SCHEME", message)
        return url

    def snowflake(self, value: Any, path: Path) -> str:
        """An id as text; "0" and an error for anything else."""
        if isinstance(value, bool) or not (isinstance(value, (str, int)) and str(value).isdigit()):
            self.wrong(path, "NUMBER_TYPE_COERCE", f'Value "{value}" is not snowflake.')
            return "0"
        return str(value)


def read_message(form: Form, body: Json, *, interaction: bool = False) -> Json:
    """The parts of a message that are present in the body,
    in the form in which they will be stored.

    Keys: content, embeds, components, flags, allowed_mentions. Errors go into `form`.
    """
    if body.get("files") or body.get("attachments") or body.get("poll") or body.get("sticker_ids"):
        raise refusals.not_in_the_sandbox("a message with files, polls or stickers")
    draft: Json = {}
    if "content" in body:
        draft["content"] = form.text(body["content"], ("content",), CONTENT_LIMIT)
    if "embeds" in body:
        draft["embeds"] = read_embeds(form, body["embeds"])
    elif "embed" in body:
        draft["embeds"] = read_embeds(form, [body["embed"]] if body["embed"] else [])
    if "flags" in body:
        flags = form.number(body["flags"], ("flags",), 0, 2**31 - 1, default=0) or 0
        if flags & COMPONENTS_V2:
            raise refusals.not_in_the_sandbox("a message of Components V2")
        kept = SUPPRESS_EMBEDS | SILENT | (EPHEMERAL if interaction else 0)
        draft["flags"] = flags & kept
    if "components" in body:
        draft["components"] = read_components(form, body["components"])
    draft["allowed_mentions"] = _read_allowed_mentions(form, body.get("allowed_mentions"))
    return draft


def is_empty(message: Mapping[str, Any]) -> bool:
    """True if nothing in the message could be shown."""
    return not any(message.get(part) for part in ("content", "embeds", "components"))


def read_embeds(form: Form, value: Any) -> list[Json]:
    """The embeds as they will be stored. Errors go into `form`."""
    embeds = [
        _read_embed(form, form.fields(embed, ("embeds", i)), ("embeds", i))
        for i, embed in enumerate(form.items(value, ("embeds",), EMBEDS_LIMIT))
    ]
    if sum(_embed_size(embed) for embed in embeds) > EMBED_TEXT_LIMIT:
        message = f"Embed size exceeds maximum size of {EMBED_TEXT_LIMIT}"
        form.wrong(("embeds",), "MAX_EMBED_SIZE_EXCEEDED", message)
    return embeds


def _embed_size(embed: Json) -> int:
    texts = [embed.get("title"), embed.get("description")]
    texts += [embed.get("footer", {}).get("text"), embed.get("author", {}).get("name")]
    texts += [text for item in embed.get("fields", ()) for text in (item["name"], item["value"])]
    return sum(len(text) for text in texts if text)


def _read_embed(form: Form, embed: Json, at: Path) -> Json:
    read: Json = {
        "title": form.text(embed.get("title"), (*at, "title"), 256),
        "description": form.text(embed.get("description"), (*at, "description"), 4096),
        "url": form.url(embed.get("url"), (*at, "url"), 2048),
    }
    color = form.number(embed.get("color"), (*at, "color"), 0, 0xFFFFFF)
    if embed.get("timestamp") is not None:
        read["timestamp"] = _read_time(form, embed["timestamp"], (*at, "timestamp"))
    for part, texts in (("footer", "text"), ("author", "name")):
        if embed.get(part):
            given = form.fields(embed[part], (*at, part))
            most = 2048 if part == "footer" else 256
            inner = {texts: form.text(given.get(texts), (*at, part, texts), most)}
            for link in ("url", "icon_url"):
                if given.get(link):
                    inner[link] = form.url(given[link], (*at, part, link), 2048)
            read[part] = inner
    for part in ("image", "thumbnail"):
        if embed.get(part):
            url = form.url(
                form.fields(embed[part], (*at, part)).get("url"),
                (*at, part, "url"),
                2048,
                ("http", "https", "attachment"),
            )
            read[part] = {"url": url, "proxy_url": url} if url else None
    read["fields"] = [
        {
            "name": form.text(item.get("name"), (*at, "fields", i, "name"), 256, required=True),
            "value": form.text(item.get("value"), (*at, "fields", i, "value"), 1024, required=True),
            "inline": bool(item.get("inline")),
        }
        for i, raw in enumerate(form.items(embed.get("fields"), (*at, "fields"), 25))
        if (item := form.fields(raw, (*at, "fields", i))) or raw == {}
    ]
    shown = {key: value for key, value in read.items() if value}
    if not shown.keys() - {"url", "timestamp"}:
        form.required((*at, "description"))
    if color is not None:
        shown["color"] = color
    return {"type": "rich", **shown}


def _read_time(form: Form, value: Any, at: Path) -> str:
    try:
        return datetime.fromisoformat(str(value)).isoformat()
    except ValueError:
        message = f"Could not parse {value}. Should be ISO8601."
        form.wrong(at, "DATE_TIME_TYPE_PARSE", message)
        return ""


def read_components(form: Form, value: Any) -> list[Json]:
    """Action rows of buttons or one select menu; components without an id get one."""
    used: set[str] = set()
    number = 0
    rows: list[Json] = []
    for r, raw in enumerate(form.items(value, ("components",), ROWS_LIMIT)):
        at: Path = ("components", r)
        row = form.fields(raw, at)
        if row.get("type") != ACTION_ROW:
            message = 'Value of field "type" must be one of (1,).'
            form.wrong((*at, "type"), "UNION_TYPE_CHOICES", message)
            continue
        number += 1
        inner: list[Json] = []
        read_row = {"type": ACTION_ROW, "id": number, "components": inner}
        width = 0
        children = form.items(row.get("components"), (*at, "components"), BUTTONS_PER_ROW, least=1)
        for c, raw_child in enumerate(children):
            here: Path = (*at, "components", c)
            child = form.fields(raw_child, here)
            number += 1
            if child.get("type") == BUTTON:
                width += 1
                read = _read_button(form, child, here)
            elif child.get("type") in SELECTS:
                width += BUTTONS_PER_ROW
                read = read_select(form, child, here)
            else:
                message = 'Value of field "type" must be one of (2, 3, 5, 6, 7, 8).'
                form.wrong((*here, "type"), "UNION_TYPE_CHOICES", message)
                continue
            custom_id = read.get("custom_id")
            if custom_id in used:
                message = "Component custom id cannot be duplicated"
                form.wrong((*here, "custom_id"), "COMPONENT_CUSTOM_ID_DUPLICATED", message)
            used |= {custom_id} if custom_id else set()
            given = form.number(child.get("id"), (*here, "id"), 0, 2**31 - 1)
            inner.append({"id": given or number, **read})
        if width > BUTTONS_PER_ROW:
            message = "The specified component exceeds the maximum width"
            form.wrong(at, "COMPONENT_LAYOUT_WIDTH_EXCEEDED", message)
        rows.append(read_row)
    return rows


def _read_button(form: Form, button: Json, at: Path) -> Json:
    style = form.number(button.get("style"), (*at, "style"), 1, 6)
    if style is None:
        form.required((*at, "style"))
    read: Json = {"type": BUTTON, "style": style or 1}
    if button.get("label") is not None:
        read["label"] = form.text(button["label"], (*at, "label"), 80)
    if button.get("emoji"):
        read["emoji"] = _read_emoji(form, button["emoji"], (*at, "emoji"))
    if button.get("disabled"):
        read["disabled"] = True
    if not read.get("label") and "emoji" not in read:
        message = "A button must have a label or an emoji"
        form.wrong(at, "BUTTON_COMPONENT_LABEL_OR_EMOJI_REQUIRED", message)
    if style == LINK_BUTTON:
        if not button.get("url"):
            form.wrong((*at, "url"), "BUTTON_COMPONENT_URL_REQUIRED", "A url is required")
        if button.get("custom_id"):
            message = "A custom id and url cannot both be specified"
            form.wrong(at, "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE", message)
        read["url"] = form.url(button.get("url"), (*at, "url"), 512, ("http", "https", "discord"))
    elif style != 6:
        if button.get("url"):
            message = "A custom id and url cannot both be specified"
            form.wrong(at, "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE", message)
        if not button.get("custom_id"):
            message = "A custom id is required"
            form.wrong((*at, "custom_id"), "BUTTON_COMPONENT_CUSTOM_ID_REQUIRED", message)
        read["custom_id"] = form.text(button.get("custom_id"), (*at, "custom_id"), 100, least=1)
    return read


def read_select(form: Form, select: Json, at: Path) -> Json:
    """A menu in a message or a modal, with its own options or with those that Discord fills in."""
    least = form.number(select.get("min_values"), (*at, "min_values"), 0, 25, default=1)
    most = form.number(select.get("max_values"), (*at, "max_values"), 1, 25, default=1)
    read: Json = {
        "type": select["type"],
        "custom_id": form.text(
            select.get("custom_id"), (*at, "custom_id"), 100, least=1, required=True
        ),
        "min_values": least,
        "max_values": most,
    }
    if select.get("placeholder"):
        read["placeholder"] = form.text(select["placeholder"], (*at, "placeholder"), 150)
    if select.get("disabled"):
        read["disabled"] = True
    if select["type"] != STRING_SELECT:
        read |= _read_chosen(form, select, at, least or 0, most or 1)
        return read
    options = form.items(select.get("options"), (*at, "options"), OPTIONS_LIMIT, least=1)
    if select.get("options") is None:
        form.required((*at, "options"))
    read["options"] = []
    values: set[str] = set()
    for i, raw in enumerate(options):
        here: Path = (*at, "options", i)
        option = form.fields(raw, here)
        shown: Json = {
            "label": form.text(option.get("label"), (*here, "label"), 100, least=1, required=True),
            "value": form.text(option.get("value"), (*here, "value"), 100, least=1, required=True),
        }
        if option.get("description"):
            shown["description"] = form.text(option["description"], (*here, "description"), 100)
        if option.get("emoji"):
            shown["emoji"] = _read_emoji(form, option["emoji"], (*here, "emoji"))
        if option.get("default"):
            shown["default"] = True
        if shown["value"] in values:
            message = "The specified option value is already used"
            form.wrong((*here, "value"), "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", message)
        values.add(shown["value"])
        read["options"].append(shown)
    for bound, number in (("min_values", least), ("max_values", most)):
        if options and number is not None and number > len(options):
            message = f"{bound} cannot be more than the number of options"
            form.wrong((*at, bound), f"SELECT_COMPONENT_{bound.upper()}_INVALID", message)
    return read


DEFAULT_KINDS: Mapping[int, tuple[str, ...]] = {
    5: ("user",),
    6: ("role",),
    7: ("user", "role"),
    8: ("channel",),
}
"""What may be preselected in the menus that Discord fills in."""


def _read_chosen(form: Form, select: Json, at: Path, least: int, most: int) -> Json:
    """What is preselected in a menu of people, roles or channels,
    and which channel types it offers."""
    read: Json = {}
    chosen = form.items(select.get("default_values"), (*at, "default_values"), 25)
    if chosen:
        read["default_values"] = []
        if not least <= len(chosen) <= most:
            message = "The number of default values must be in between min_values and max_values"
            code = "SELECT_COMPONENT_DEFAULT_VALUES_OUT_OF_RANGE"
            form.wrong((*at, "default_values"), code, message)
    kinds = DEFAULT_KINDS[select["type"]]
    for i, raw in enumerate(chosen):
        here: Path = (*at, "default_values", i)
        given = form.fields(raw, here)
        if given.get("type") not in kinds:
            form.wrong((*here, "type"), "BASE_TYPE_CHOICES", f"Value must be one of {kinds}.")
        number = form.snowflake(given.get("id"), (*here, "id"))
        read["default_values"].append({"id": number, "type": given.get("type")})
    if select.get("channel_types"):
        read["channel_types"] = form.items(select["channel_types"], (*at, "channel_types"), 25)
    return read


def _read_emoji(form: Form, value: Any, at: Path) -> Json:
    emoji = form.fields(value, at)
    name = emoji.get("name") or ""
    if emoji.get("id"):
        return {"id": form.snowflake(emoji["id"], (*at, "id")), "name": name}
    if not name or name.isascii():
        form.wrong((*at, "name"), "COMPONENT_INVALID_EMOJI", "Invalid emoji")
    return {"name": name}


def _read_allowed_mentions(form: Form, value: Any) -> Json | None:
    if value is None:
        return None
    at: Path = ("allowed_mentions",)
    allowed = form.fields(value, at)
    kinds = ("roles", "users", "everyone")
    parse = form.items(allowed.get("parse"), (*at, "parse"), len(kinds))
    for i, kind in enumerate(parse):
        if kind not in kinds:
            message = f"Value must be one of {kinds}."
            form.wrong((*at, "parse", i), "BASE_TYPE_CHOICES", message)
    for kind in ("users", "roles"):
        named = form.items(allowed.get(kind), (*at, kind), 100)
        if kind in parse and named:
            message = f'parse:["{kind}"] and {kind}: [ids...] are mutually exclusive.'
            form.wrong(at, "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", message)
    return allowed
