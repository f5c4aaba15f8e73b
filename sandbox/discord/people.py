"""What people do in the sandbox: use commands, press buttons, choose from menus, fill in forms.

A person can do exactly what Discord's own client would let them do.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox.discord import modals
from sandbox.discord.commands import (
    BOOLEAN,
    CHANNEL,
    GROUP,
    INTEGER,
    MENTIONABLE,
    MESSAGE_MENU,
    NUMBER,
    ROLE,
    STRING,
    SUBCOMMAND,
    USER,
    Commands,
    context_of,
)
from sandbox.discord.forms import (
    BUTTON,
    LINK_BUTTON,
    SELECTS,
    STRING_SELECT,
    TEXT_INPUT,
)
from sandbox.discord.gateway import Gateway
from sandbox.discord.interactions import (
    AUTOCOMPLETE,
    COMMAND,
    COMPONENT,
    DEFERRED_UPDATE,
    MODAL_SUBMIT,
    Interaction,
    Interactions,
)
from sandbox.discord.world import BOT, GUEST_RIGHTS, GUILD, Channel, Json, Post, World

Value = str | int | float | bool


class NoAnswer(Exception):
    """The bot did not answer a person in time. The sentence says what was expected."""


class NotOffered(Exception):
    """Discord's client would not let a person do this. The sentence says why."""


@dataclass(slots=True)
class Answer:
    """What a person sees after doing something."""

    acknowledged: float
    """Seconds until the bot's first reaction."""
    message: Json | None
    """The answer, or a component's changed message; None if it was deleted or a form was opened."""
    ephemeral: bool
    followups: list[Json] = field(default_factory=list)
    """Further messages so far."""
    modal: Json | None = None
    """The form the bot opened: its custom_id, title and components."""
    source: Json | None = None
    """The message whose component opened the form."""


class People:
    """Carries out what people do, and waits for the bot's answer."""

    def __init__(
        self, world: World, commands: Commands, interactions: Interactions, gateway: Gateway
    ) -> None:
        self._world = world
        self._commands = commands
        self._interactions = interactions
        self._gateway = gateway

    async def slash(
        self,
        person: str,
        channel: str,
        command: str,
        options: Mapping[str, Value],
        *,
        locale: str,
        timeout: float,  # noqa: ASYNC109 - how long the person looks, part of the product
    ) -> Answer:
        """See Discord.slash."""
        where = self._place(person, channel)
        registered, given = self._typed(person, where, command, options)
        for option in _leaf(registered, command):
            if option.get("required") and option["name"] not in options:
                raise NotOffered(f"/{command} needs the option {option['name']}")
        label = f"{self._world.people[person].username} used /{command}"
        it = self._interactions.open(COMMAND, person, where, label, None)
        data = self._command_data(it, registered, given)
        return await self._ask(it, data, locale, timeout)

    async def autocomplete(
        self,
        person: str,
        channel: str,
        command: str,
        focused: str,
        options: Mapping[str, Any],
        *,
        locale: str,
    ) -> list[Json]:
        """See Discord.autocomplete."""
        where = self._place(person, channel)
        registered, given = self._typed(person, where, command, options, focused=focused)
        it = self._interactions.open(AUTOCOMPLETE, person, where, None, None)
        await self._send(it, self._command_data(it, registered, given), locale)
        return it.choices

    async def click(
        self,
        person: str,
        message: Json,
        custom_id: str,
        values: Sequence[str],
        *,
        locale: str,
        timeout: float,  # noqa: ASYNC109
    ) -> Answer:
        """See Discord.click."""
        where = self._place(person, message["channel_id"])
        post = where.posts.get(str(message["id"]))
        if post is None or post.seen_by not in (None, person):
            raise NotOffered("that message is not there")
        component = _component(post, custom_id)
        data: Json = {
            "custom_id": custom_id,
            "component_type": component["type"],
            "id": component["id"],
        }
        if component["type"] in SELECTS:
            data["values"] = self._chosen(component, values)
            if component["type"] != STRING_SELECT:
                data["resolved"] = self._resolved(
                    person, _resolve_kind(component["type"]), values, where
                )
        elif values:
            raise NotOffered(f"{custom_id} is a button; it takes no values")
        it = self._interactions.open(COMPONENT, person, where, None, post)
        return await self._ask(it, data, locale, timeout)

    async def menu(
        self,
        person: str,
        message: Json,
        command: str,
        *,
        locale: str,
        timeout: float,  # noqa: ASYNC109
    ) -> Answer:
        """See Discord.menu."""
        where = self._place(person, message["channel_id"])
        post = where.posts.get(str(message["id"]))
        if post is None or post.seen_by is not None:
            raise NotOffered("that message is not there")
        offered = self._commands.offered(person, where, MESSAGE_MENU)
        registered = next((each for each in offered if each["name"] == command), None)
        if registered is None:
            name = self._world.people[person].name
            raise NotOffered(f"“{command}” is not offered to {name} in {where.name}")
        label = f"{self._world.people[person].username} used {command}"
        it = self._interactions.open(COMMAND, person, where, label, None)
        target = {
            "target_id": post.id,
            "resolved": {"messages": {post.id: self._world.message_object(post)}},
        }
        data = {name: registered[name] for name in ("id", "name", "type")}
        return await self._ask(it, data | target, locale, timeout)

    async def submit(
        self,
        person: str,
        channel: str,
        answer: Answer,
        values: Mapping[str, str | Sequence[str]],
        *,
        locale: str,
        timeout: float,  # noqa: ASYNC109
    ) -> Answer:
        """See Discord.submit."""
        if answer.modal is None:
            raise NotOffered("no form is open")
        where = self._place(person, channel)
        source = where.posts.get(str(answer.source["id"])) if answer.source else None
        it = self._interactions.open(MODAL_SUBMIT, person, where, None, source)
        data = {
            "custom_id": answer.modal["custom_id"],
            "components": self._filled_in(answer.modal["components"], dict(values)),
        }
        resolved: Json = {}
        for menu in modals.fields(answer.modal):
            if menu["type"] in SELECTS and menu["type"] != STRING_SELECT:
                kind, chosen = _resolve_kind(menu["type"]), _several(values, menu)
                for part, objects in self._resolved(person, kind, chosen, where).items():
                    resolved.setdefault(part, {}).update(objects)
        if resolved:
            data["resolved"] = resolved
        return await self._ask(it, data, locale, timeout)

    # -- asking and waiting ----------------------------------------------------------------------

    async def _ask(self, it: Interaction, data: Json, locale: str, patience: float) -> Answer:
        began = time.monotonic()
        await self._send(it, data, locale)
        try:
            async with asyncio.timeout(max(0.0, patience - (time.monotonic() - began))):
                await it.answered.wait()
        except TimeoutError:
            waited_for = (
                "pressed the button without a visible answer"
                if it.answered_with == DEFERRED_UPDATE
                else "is still thinking"
            )
            raise NoAnswer(f"after {patience:g} s the bot {waited_for}") from None
        shown = it.original
        seen = shown is not None and not shown.gone and not it.modal
        return Answer(
            it.acknowledged_after,
            self._world.message_object(shown) if shown is not None and seen else None,
            it.ephemeral,
            [self._world.message_object(post) for post in it.followups],
            it.modal,
            self._world.message_object(it.source) if it.source and it.modal else None,
        )

    async def _send(self, it: Interaction, data: Json, locale: str) -> None:
        if not self._gateway.interact(self._payload(it, data, locale)):
            raise NoAnswer("the bot is not connected: the application did not respond")
        left = self._interactions.answer_within - (time.monotonic() - it.asked_at)
        try:
            async with asyncio.timeout(max(0.0, left)):
                await it.acknowledged.wait()
        except TimeoutError:
            raise NoAnswer("the application did not respond") from None

    def _payload(self, it: Interaction, data: Json, locale: str) -> Json:
        world, channel = self._world, it.channel
        payload: Json = {
            "id": it.id,
            "application_id": BOT,
            "type": it.kind,
            "token": it.token,
            "version": 1,
            "data": data,
            "channel": self._channel_for(it.person, channel),
            "channel_id": channel.id,
            "locale": locale,
            "app_permissions": str(
                world.permissions(BOT, channel) if world.is_in(channel) else GUEST_RIGHTS
            ),
            "entitlements": [],
            "attachment_size_limit": 10 * 1024 * 1024,
            "context": context_of(channel),
            "authorizing_integration_owners": world.owners(it.person, channel),
        }
        if channel.is_dm:
            payload["user"] = world.user_object(it.person)
        else:
            guild = world.guild_object()
            payload |= {
                "guild_id": GUILD,
                "guild": {
                    "id": GUILD,
                    "locale": guild["preferred_locale"],
                    "features": guild["features"],
                },
                "guild_locale": guild["preferred_locale"],
                "member": world.member_object(it.person)
                | {"permissions": str(world.permissions(it.person, channel))},
            }
        if it.source is not None:
            payload["message"] = world.message_object(it.source)
        return payload

    # -- what the client lets a person do --------------------------------------------------------

    def _place(self, person: str, channel: str) -> Channel:
        where = self._world.channels.get(str(channel))
        if person not in self._world.people or self._world.people[person].bot:
            raise NotOffered(f"nobody here has the id {person}")
        guest = person in self._world.installed
        if where is not None and not self._world.is_in(where) and not guest:
            what = where.name if where.is_dm else self._world.guild_name
            raise NotOffered(f"the bot is not in {what}")
        if where is None or not self._world.may(person, where, "VIEW_CHANNEL"):
            raise NotOffered(f"{self._world.people[person].name} does not see channel {channel}")
        return where

    def _typed(
        self,
        person: str,
        where: Channel,
        command: str,
        options: Mapping[str, Any],
        *,
        focused: str | None = None,
    ) -> tuple[Json, list[Json]]:
        """The registered command, and the options as Discord sends them."""
        name, *path = command.split()
        for registered in self._commands.offered(person, where):
            if registered["name"] == name:
                break
        else:
            who = self._world.people[person].name
            raise NotOffered(f"/{name} is not offered to {who} in {where.name}")
        leaf = {option["name"]: option for option in _leaf(registered, command)}
        if unknown := sorted(options.keys() - leaf.keys()):
            raise NotOffered(f"/{command} has no option {unknown[0]}")
        given: list[Json] = []
        for option_name, value in options.items():
            option = leaf[option_name]
            if option_name == focused:
                if not option.get("autocomplete"):
                    raise NotOffered(f"/{command} completes nothing in {option_name}")
                sent: Json = {"value": str(value), "focused": True}
            else:
                sent = {"value": _checked(option, value)}
            given.append({"name": option_name, "type": option["type"], **sent})
        if focused is not None and focused not in options:
            raise NotOffered(f"nothing is typed into {focused}")
        for depth in range(len(path), 0, -1):
            kind = GROUP if depth < len(path) else SUBCOMMAND
            given = [{"name": path[depth - 1], "type": kind, "options": given}]
        return registered, given

    def _command_data(self, it: Interaction, registered: Json, given: list[Json]) -> Json:
        data: Json = {
            "id": registered["id"],
            "name": registered["name"],
            "type": registered["type"],
            "options": given,
        }
        if "guild_id" in registered:
            data["guild_id"] = registered["guild_id"]
        leaf = given
        while leaf and "options" in leaf[0]:
            leaf = leaf[0]["options"]
        resolved: Json = {}
        for option in leaf:
            if option["type"] in (USER, CHANNEL, ROLE, MENTIONABLE):
                chosen = self._resolved(it.person, option["type"], [option["value"]], it.channel)
                for part, objects in chosen.items():
                    resolved.setdefault(part, {}).update(objects)
        return data | {"resolved": resolved} if resolved else data

    def _chosen(self, select: Json, values: Sequence[str]) -> list[str]:
        """The values chosen in a menu; NotOffered if the menu does not offer one."""
        name = select["custom_id"]
        if not select["min_values"] <= len(values) <= select["max_values"]:
            raise NotOffered(
                f"{name} takes {select['min_values']} to {select['max_values']} values"
            )
        offered: set[str] = {option["value"] for option in select.get("options", ())}
        if kinds := select.get("channel_types"):
            channels = self._world.channels.values()
            offered = {channel.id for channel in channels if channel.kind in kinds}
        narrow = select["type"] == STRING_SELECT or "channel_types" in select
        if narrow and (unknown := [value for value in values if value not in offered]):
            raise NotOffered(f"{name} does not offer {unknown[0]}")
        return list(values)

    def _filled_in(
        self, components: list[Json], values: dict[str, str | Sequence[str]]
    ) -> list[Json]:
        """A form's components with the texts a person typed and the values they chose."""
        filled: list[Json] = []
        for outer in components:
            head = {"type": outer["type"], "id": outer["id"]}
            if "components" in outer:
                inner = [self._filled(field, values) for field in outer["components"]]
                filled.append(head | {"components": inner})
            elif "component" in outer:
                filled.append(head | {"component": self._filled(outer["component"], values)})
            else:
                filled.append(head)  # only words
        if values:
            raise NotOffered(f"the form has no field {next(iter(values))}")
        return filled

    def _filled(self, field: Json, values: dict[str, str | Sequence[str]]) -> Json:
        name = field["custom_id"]
        read = {"type": field["type"], "id": field["id"], "custom_id": name}
        if field["type"] != TEXT_INPUT:
            chosen = _several(values, field)
            values.pop(name, None)
            if chosen or field["required"]:
                self._chosen(field, chosen)
            return read | {"values": chosen}
        text = values.pop(name, field.get("value") or "")
        if not isinstance(text, str):
            raise NotOffered(f"{name} takes a text")
        if not text and field["required"]:
            raise NotOffered(f"the form needs {name}")
        if text and not field.get("min_length", 0) <= len(text) <= field.get("max_length", 4000):
            raise NotOffered(f"the text in {name} is too short or too long")
        return read | {"value": text}

    def _channel_for(self, person: str, channel: Channel) -> Json:
        """A channel as interactions contain it: with the person's permissions there."""
        permissions = str(self._world.permissions(person, channel))
        return self._world.channel_object(channel) | {"permissions": permissions}

    def _resolved(self, person: str, kind: int, ids: Sequence[str], where: Channel) -> Json:
        """The objects behind the ids that a person chose; NotOffered if one does not exist."""
        world = self._world
        resolved: Json = {}
        for chosen in ids:
            if chosen in world.people and kind in (USER, MENTIONABLE):
                resolved.setdefault("users", {})[chosen] = world.user_object(chosen)
                member = world.member_object(chosen)
                for part in ("user", "mute", "deaf"):
                    del member[part]
                member["permissions"] = str(world.permissions(chosen, where))
                resolved.setdefault("members", {})[chosen] = member
            elif chosen in world.roles and kind in (ROLE, MENTIONABLE):
                resolved.setdefault("roles", {})[chosen] = world.role_object(chosen)
            elif chosen in world.channels and kind == CHANNEL:
                resolved.setdefault("channels", {})[chosen] = self._channel_for(
                    person, world.channels[chosen]
                )
            else:
                raise NotOffered(f"there is no {chosen} to choose")
        return resolved


def _leaf(command: Json, path: str) -> list[Json]:
    """The options of a command, or of the subcommand that the path names."""
    options: list[Json] = command.get("options", [])
    for step in path.split()[1:]:
        inner = [o for o in options if o["name"] == step and o["type"] in (SUBCOMMAND, GROUP)]
        if not inner:
            raise NotOffered(f"there is no /{path}")
        options = inner[0].get("options", [])
    if any(option["type"] in (SUBCOMMAND, GROUP) for option in options):
        raise NotOffered(f"/{path} needs one of its subcommands")
    return options


def _checked(option: Json, value: Any) -> Any:
    """The value as the client would send it; NotOffered if the client would reject it."""
    name = option["name"]
    wrong = NotOffered(f"{value!r} does not fit the option {name}")
    match option["type"]:
        case kind if kind == BOOLEAN:
            if not isinstance(value, bool):
                raise wrong
        case kind if kind in (INTEGER, NUMBER):
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise wrong
            if kind == INTEGER and not isinstance(value, int):
                raise wrong
            if not option.get("min_value", value) <= value <= option.get("max_value", value):
                raise NotOffered(f"{value} is out of bounds for the option {name}")
        case kind if kind == STRING:
            if not isinstance(value, str) or not value:
                raise wrong
            least, most = option.get("min_length", 0), option.get("max_length", 6000)
            if not least <= len(value) <= most:
                raise NotOffered(f"the option {name} takes {least} to {most} characters")
        case _:
            value = str(value)
    choices = [choice["value"] for choice in option.get("choices", ())]
    if choices and value not in choices:
        raise NotOffered(f"{value!r} is not among the choices of the option {name}")
    return value


def _component(post: Post, custom_id: str) -> Json:
    for row in post.data["components"]:
        for component in row["components"]:
            if component.get("custom_id") == custom_id:
                if component.get("disabled"):
                    raise NotOffered(f"{custom_id} is disabled")
                if component["type"] == BUTTON and component["style"] == LINK_BUTTON:
                    raise NotOffered(f"{custom_id} is a link")
                return dict(component)
    raise NotOffered(f"the message has no {custom_id} to press")


def _resolve_kind(select: int) -> int:
    """Select menus 5-8 are of users, roles, mentionables and channels."""
    return {5: USER, 6: ROLE, 7: MENTIONABLE, 8: CHANNEL}[select]


def _several(values: Mapping[str, str | Sequence[str]], menu: Json) -> list[str]:
    """The values chosen in a menu; if left out, those that the form preselects."""
    suggested = [default["id"] for default in menu.get("default_values", ())]
    suggested += [option["value"] for option in menu.get("options", ()) if option.get("default")]
    chosen = values.get(menu["custom_id"], suggested)
    return [chosen] if isinstance(chosen, str) else list(chosen)
