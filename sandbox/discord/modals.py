"""Modals: the forms that a bot opens in answer to a command or a button.

https://docs.discord.com/developers/components/reference. A modal has labels around a text input or
a menu, with text between them, or, in the older form, an action row around each text input.
"""

from typing import Any

from sandbox.discord import refusals
from sandbox.discord.forms import ACTION_ROW, SELECTS, TEXT_INPUT, Form, Path, read_select
from sandbox.discord.world import Json

TEXT_DISPLAY, LABEL = 10, 18
COMPONENTS_LIMIT = 5
TEXT_LIMIT = 4000


def read_modal(data: Json) -> Json:
    """A modal as people see it: custom_id, title and numbered components.

    Raises a Refusal that names every wrong field.
    """
    form = Form()
    at: Path = ("data",)
    modal: Json = {
        "custom_id": form.text(
            data.get("custom_id"), (*at, "custom_id"), 100, least=1, required=True
        ),
        "title": form.text(data.get("title"), (*at, "title"), 45, least=1, required=True),
        "components": [],
    }
    if not data.get("components"):
        form.required((*at, "components"))
    used: set[str] = set()
    components = form.items(data.get("components"), (*at, "components"), COMPONENTS_LIMIT, least=1)
    for i, raw in enumerate(components):
        here: Path = (*at, "components", i)
        modal["components"].append(_read_part(form, form.fields(raw, here), here, used))
    form.check()
    for number, part in enumerate(_all(modal), 1):
        part["id"] = number
    return modal


def fields(modal: Json) -> list[Json]:
    """The components that can be filled in, in order."""
    return [part for part in _all(modal) if "custom_id" in part]


def _all(modal: Json) -> list[Json]:
    parts: list[Json] = []
    for outer in modal["components"]:
        parts.append(outer)
        parts += outer.get("components") or ([outer["component"]] if "component" in outer else [])
    return parts


def _read_part(form: Form, part: Json, at: Path, used: set[str]) -> Json:
    match part.get("type"):
        case 1:  # ACTION_ROW
            inner = form.items(part.get("components"), (*at, "components"), 1, least=1)
            where: Path = (*at, "components", 0)
            given = form.fields(inner[0], where) if inner else {}
            if given.get("type") != TEXT_INPUT:
                _not_one_of(form, where, (TEXT_INPUT,))
                return {"type": ACTION_ROW, "components": []}
            field = _read_text(form, given, where, used)
            field["label"] = form.text(
                given.get("label"), (*where, "label"), 45, least=1, required=True
            )
            return {"type": ACTION_ROW, "components": [field]}
        case 10:  # TEXT_DISPLAY
            text = form.text(
                part.get("content"), (*at, "content"), TEXT_LIMIT, least=1, required=True
            )
            return {"type": TEXT_DISPLAY, "content": text}
        case 18:  # LABEL
            read: Json = {
                "type": LABEL,
                "label": form.text(part.get("label"), (*at, "label"), 45, least=1, required=True),
            }
            if part.get("description"):
                read["description"] = form.text(part["description"], (*at, "description"), 100)
            inside: Path = (*at, "component")
            given = form.fields(part.get("component"), inside)
            if given.get("type") == TEXT_INPUT:
                read["component"] = _read_text(form, given, inside, used)
            elif given.get("type") in SELECTS:
                field = read_select(form, given, inside)
                _once(form, field["custom_id"], inside, used)
                read["component"] = field | {"required": given.get("required") is not False}
            elif given.get("type") in (19, 21, 22, 23):
                raise refusals.not_in_the_sandbox("a form with files, boxes or radio buttons")
            else:
                _not_one_of(form, inside, (TEXT_INPUT, *SELECTS))
            return read
        case _:
            _not_one_of(form, at, (ACTION_ROW, TEXT_DISPLAY, LABEL))
            return {}


def _read_text(form: Form, given: Json, at: Path, used: set[str]) -> Json:
    if given.get("style") not in (1, 2):
        form.wrong((*at, "style"), "BASE_TYPE_CHOICES", "Value must be one of (1, 2).")
    custom_id = form.text(given.get("custom_id"), (*at, "custom_id"), 100, least=1, required=True)
    _once(form, custom_id, at, used)
    least = form.number(given.get("min_length"), (*at, "min_length"), 0, TEXT_LIMIT)
    most = form.number(given.get("max_length"), (*at, "max_length"), 1, TEXT_LIMIT)
    field: Json = {
        "type": TEXT_INPUT,
        "custom_id": custom_id,
        "style": given.get("style"),
        "required": given.get("required") is not False,
    }
    if least is not None:
        field["min_length"] = least
    if most is not None:
        field["max_length"] = most
    if given.get("value"):
        field["value"] = form.text(given["value"], (*at, "value"), most or TEXT_LIMIT)
    if given.get("placeholder"):
        field["placeholder"] = form.text(given["placeholder"], (*at, "placeholder"), 100)
    return field


def _once(form: Form, custom_id: Any, at: Path, used: set[str]) -> None:
    if custom_id in used:
        message = "Component custom id cannot be duplicated"
        form.wrong((*at, "custom_id"), "COMPONENT_CUSTOM_ID_DUPLICATED", message)
    used.add(custom_id)


def _not_one_of(form: Form, at: Path, types: tuple[int, ...]) -> None:
    message = f'Value of field "type" must be one of ({", ".join(map(str, types))}).'
    form.wrong((*at, "type"), "UNION_TYPE_CHOICES", message)
