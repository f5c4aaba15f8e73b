"""The application's commands: registering them, refusing wrong ones, offering them to people.

Rules: https://docs.discord.com/developers/interactions/application-commands
"""

import copy
from collections.abc import Iterable, Mapping
from typing import Any

import regex

from sandbox.discord import refusals
from sandbox.discord.forms import Form, Path
from sandbox.discord.rights import BITS
from sandbox.discord.world import BOT, GUILD, Channel, Json, World

CHAT_INPUT, USER_MENU, MESSAGE_MENU = 1, 2, 3
MOST: Mapping[int, int] = {CHAT_INPUT: 100, USER_MENU: 15, MESSAGE_MENU: 15}
OPTIONS_LIMIT = 25
CHOICES_LIMIT = 25
TEXT_LIMIT = 8000
"""Characters of names, descriptions and choice values in one command, all together."""

SUBCOMMAND, GROUP = 1, 2
STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER, ATTACHMENT = range(3, 12)
IN_GUILD, IN_BOT_DM, IN_PRIVATE_CHANNEL = 0, 1, 2

NAME = regex.compile(r"[-_'\p{L}\p{N}\p{sc=Deva}\p{sc=Thai}]{1,32}")

_KEPT = ("name_localizations", "description_localizations")


class Commands:
    """The registered commands, global ones and those of the one server."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._by_scope: dict[str | None, dict[str, Json]] = {None: {}, GUILD: {}}

    def scope(self, guild: str | None) -> dict[str, Json]:
        """The commands of one server, or the global ones for None, by id."""
        if guild not in self._by_scope:
            raise refusals.missing_access()
        return self._by_scope[guild]

    def all(self) -> list[Json]:
        """Every command, the server's own first, as copies."""
        return copy.deepcopy([*self._by_scope[GUILD].values(), *self._by_scope[None].values()])

    def find(self, guild: str | None, command: str) -> Json:
        """A command by its id; raises Refusal."""
        try:
            return self.scope(guild)[command]
        except KeyError:
            raise refusals.unknown_command() from None

    def overwrite(self, guild: str | None, body: Any) -> list[Json]:
        """Replace all commands of a scope; unchanged ones keep their id and version."""
        form = Form()
        if not isinstance(body, list):
            raise refusals.invalid_form(
                {"_errors": [{"code": "BASE_TYPE_REQUIRED", "message": "Expected a list"}]}
            )
        before = {(c["type"], c["name"]): c for c in self.scope(guild).values()}
        after: dict[str, Json] = {}
        seen: set[tuple[int, str]] = set()
        for i, raw in enumerate(body):
            read = _read_command(form, form.fields(raw, (i,)), (i,), guild)
            key = (read["type"], read["name"])
            if key in seen:
                message = "Application command names must be unique"
                form.wrong((i, "name"), "APPLICATION_COMMANDS_DUPLICATE_NAME", message)
            seen.add(key)
            command = self._stamped(read, before.get(key))
            after[command["id"]] = command
        form.check()
        self._count(after.values())
        self._by_scope[guild] = after
        self._world.tell("COMMANDS", {}, None)
        return copy.deepcopy(list(after.values()))

    def create(self, guild: str | None, body: Json) -> tuple[Json, bool]:
        """Add a command, or replace the one of the same name; True if it is a new one."""
        form = Form()
        read = _read_command(form, body, (), guild)
        form.check()
        scope = self.scope(guild)
        same = [c for c in scope.values() if (c["type"], c["name"]) == (read["type"], read["name"])]
        command = self._stamped(read, same[0] if same else None)
        self._count([*(c for c in scope.values() if c not in same), command])
        scope[command["id"]] = command
        self._world.tell("COMMANDS", {}, None)
        return copy.deepcopy(command), not same

    def change(self, guild: str | None, command: str, body: Json) -> Json:
        """Change some fields of a command; raises Refusal."""
        before = self.find(guild, command)
        form = Form()
        read = _read_command(form, {**before, **body, "type": before["type"]}, (), guild)
        form.check()
        self.scope(guild)[command] = self._stamped(read, before)
        self._world.tell("COMMANDS", {}, None)
        return copy.deepcopy(self.scope(guild)[command])

    def remove(self, guild: str | None, command: str) -> None:
        """Delete a command; raises Refusal."""
        self.find(guild, command)
        del self.scope(guild)[command]
        self._world.tell("COMMANDS", {}, None)

    def _stamped(self, read: Json, before: Json | None) -> Json:
        new = self._world.new_id()
        command = {"id": before["id"] if before else new, "application_id": BOT, **read}
        if before and {**command, "version": before["version"]} == before:
            return before
        return {**command, "version": new}

    def _count(self, commands: Iterable[Json]) -> None:
        kinds = [command["type"] for command in commands]
        for kind, most in MOST.items():
            if kinds.count(kind) > most:
                raise refusals.too_many_commands(most)

    def offered(self, person: str, channel: Channel, kind: int = CHAT_INPUT) -> list[Json]:
        """The commands that Discord's own client would show a person in a channel,
        for typing or in a message's menu."""
        world = self._world
        permissions = world.permissions(person, channel)
        if not permissions & BITS["USE_APPLICATION_COMMANDS"]:
            return []
        context = context_of(channel)
        brought = {int(kind) for kind in world.owners(person, channel)}
        shown: dict[str, Json] = {}
        for command in self.all():
            contexts = command.get("contexts")
            needed = command["default_member_permissions"]
            if command["type"] != kind or (contexts is not None and context not in contexts):
                continue
            if command.get("guild_id") and (channel.is_dm or not world.bot_is_here):
                continue
            if not channel.recipient and not brought & {*command.get("integration_types", (0,))}:
                continue
            if needed is not None and not channel.is_dm:
                # "0" hides a command from everyone but administrators
                wanted = int(needed) or BITS["ADMINISTRATOR"]
                if permissions & wanted != wanted:
                    continue
            shown.setdefault(command["name"], command)
        return list(shown.values())


def context_of(channel: Channel) -> int:
    """Where an interaction comes from, as Discord's context number."""
    if channel.group:
        return IN_PRIVATE_CHANNEL
    return IN_BOT_DM if channel.is_dm else IN_GUILD


def without_translations(command: Json) -> Json:
    """The command as a GET without `with_localizations` returns it."""
    bare = {key: value for key, value in command.items() if key not in _KEPT}
    if "options" in bare:
        bare["options"] = [without_translations(option) for option in bare["options"]]
    return bare


def _read_command(form: Form, body: Json, at: Path, guild: str | None) -> Json:
    kind = form.number(body.get("type"), (*at, "type"), 1, 10) or CHAT_INPUT
    if kind not in MOST:
        raise refusals.not_in_the_sandbox(f"a command of type {kind}")
    read: Json = {"type": kind, "name": _read_name(form, body.get("name"), at, kind)}
    read["description"] = _read_description(form, body, at) if kind == CHAT_INPUT else ""
    _read_translations(form, body, read, at, kind)
    permissions = body.get("default_member_permissions")
    if permissions is not None:
        permissions = form.snowflake(permissions, (*at, "default_member_permissions"))
    read["default_member_permissions"] = permissions
    read["nsfw"] = bool(body.get("nsfw"))
    if guild is not None:
        read["guild_id"] = guild
    else:
        read["integration_types"] = _read_numbers(form, body, "integration_types", at) or [0]
        contexts = _read_numbers(form, body, "contexts", at)
        if contexts is None:
            private = body.get("dm_permission") is not False
            contexts = [IN_GUILD, IN_BOT_DM] if private else [IN_GUILD]
        read["contexts"] = contexts
        read["dm_permission"] = IN_BOT_DM in read["contexts"]
    if kind == CHAT_INPUT and body.get("options"):
        read["options"] = _read_options(form, body["options"], (*at, "options"))
    if _text_size(read) > TEXT_LIMIT:
        message = f"Command exceeds maximum size ({TEXT_LIMIT})"
        form.wrong(at, "APPLICATION_COMMAND_TOO_LARGE", message)
    return read


def _read_numbers(form: Form, body: Json, field: str, at: Path) -> list[int] | None:
    """A list of contexts or installation types, each 0-2; None when it is absent."""
    if body.get(field) is None:
        return None
    numbers = enumerate(form.items(body[field], (*at, field), 3))
    return [form.number(n, (*at, field, i), 0, 2, default=0) or 0 for i, n in numbers]


def _read_name(form: Form, value: Any, at: Path, kind: int = CHAT_INPUT) -> str:
    name = form.text(value, (*at, "name"), 32, least=1, required=True)
    if kind == CHAT_INPUT and name and len(name) <= 32 and not _is_name(name):
        message = "Command name is invalid"
        form.wrong((*at, "name"), "APPLICATION_COMMAND_INVALID_NAME", message)
    return name


def _is_name(name: str) -> bool:
    return NAME.fullmatch(name) is not None and name == name.lower()


def _read_description(form: Form, body: Json, at: Path) -> str:
    return form.text(body.get("description"), (*at, "description"), 100, least=1, required=True)


def _read_translations(
    form: Form, body: Json, read: Json, at: Path, kind: int = CHAT_INPUT
) -> None:
    for key, most in (("name_localizations", 32), ("description_localizations", 100)):
        given = body.get(key)
        read[key] = given
        for locale, text in form.fields(given or {}, (*at, key)).items():
            read_text = form.text(text, (*at, key, locale), most, least=1, required=True)
            named = key == "name_localizations" and kind == CHAT_INPUT
            if named and read_text and not _is_name(read_text):
                message = "Command name is invalid"
                form.wrong((*at, key, locale), "APPLICATION_COMMAND_INVALID_NAME", message)


def _read_options(form: Form, value: Any, at: Path) -> list[Json]:
    options: list[Json] = []
    names: set[str] = set()
    optional = False
    for i, raw in enumerate(form.items(value, at, OPTIONS_LIMIT)):
        here = (*at, i)
        body = form.fields(raw, here)
        kind = form.number(body.get("type"), (*here, "type"), SUBCOMMAND, ATTACHMENT) or 0
        if not kind:
            form.required((*here, "type"))
        read: Json = {
            "type": kind,
            "name": _read_name(form, body.get("name"), here),
            "description": _read_description(form, body, here),
        }
        _read_translations(form, body, read, here)
        if read["name"] in names:
            message = "Option name already exists"
            form.wrong((*here, "name"), "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS", message)
        names.add(read["name"])
        if kind in (SUBCOMMAND, GROUP):
            if body.get("options"):
                read["options"] = _read_options(form, body["options"], (*here, "options"))
        else:
            read["required"] = body.get("required") is True
            if read["required"] and optional:
                message = "Required options must be placed before non-required options"
                form.wrong(here, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", message)
            optional = optional or not read["required"]
            _read_values(form, body, read, here)
        options.append(read)
    return options


def _read_values(form: Form, body: Json, read: Json, at: Path) -> None:
    """Read what an option's value may be: choices or autocomplete, bounds, channel types."""
    if body.get("choices"):
        choices = form.items(body["choices"], (*at, "choices"), CHOICES_LIMIT)
        read["choices"] = []
        for i, choice in enumerate(choices):
            here = (*at, "choices", i)
            fields = form.fields(choice, here)
            name = form.text(fields.get("name"), (*here, "name"), 100, least=1, required=True)
            value = fields.get("value")
            if read["type"] == STRING:
                value = form.text(value, (*here, "value"), 100)
            elif isinstance(value, bool) or not isinstance(value, (int, float)):
                form.wrong((*here, "value"), "NUMBER_TYPE_COERCE", f'Value "{value}" is not int.')
            read["choices"].append({"name": name, "value": value})
    if body.get("autocomplete"):
        read["autocomplete"] = True
        if body.get("choices"):
            message = "autocomplete cannot be true while options are present"
            form.wrong(at, "APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE_WITH_CHOICES", message)
    for key in ("min_value", "max_value", "min_length", "max_length", "channel_types"):
        if body.get(key) is not None:
            read[key] = body[key]


def _text_size(command: Json) -> int:
    size = len(command["name"]) + len(command["description"])
    for choice in command.get("choices", ()):
        size += len(choice["name"]) + len(str(choice["value"]))
    return size + sum(_text_size(option) for option in command.get("options", ()))
