"""Answers people on Discord: turns slash commands, buttons and menus into an Ask, and replies.

Buttons carry the whole question, so nothing is remembered about a message and they work after a
restart. (So no View listens: they only describe rows. discord.py would keep one per message.)
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import replace
from inspect import Parameter, Signature
from typing import Any

import discord
from discord import app_commands, ui

from bot.answering import answer_to, instead
from bot.model.chat import Chat
from bot.model.command import Ask, AskKind, Choice, Command, Option, RateLimited
from bot.platforms.discord.refusals import TROUBLE, failed
from bot.platforms.discord.render import (
    BESIDE,
    IN_PLACE,
    ButtonRow,
    Form,
    Rendered,
    RoleRow,
    SelectRow,
    render,
)
from bot.platforms.needs import AskLimits, Moderators
from wording.language import ENGLISH, N_, _, name, speaking, spoken
from wording.message import Button, Buttons, Link, Message, Ref, Text, Tone, asked_about, read_ref
from wording.text import shorten, utf16

log = logging.getLogger(__name__)

PATIENCE_S = 1.0
"""Discord waits 3 s for a first sign; after this many seconds we send one, and the answer later."""
CHOICES = 25
SHARE = "share"
INVITE = (
    "https://discord.com/oauth2/authorize?client_id={application}"
    "&scope=bot+applications.commands&permissions=2252074691677184"
)
"""The permissions are those of docs/operators-guide.md."""
SHARED = N_("Show the answer to everyone here")
DESCRIPTION_LIMIT = 100
MENU_LIMIT = 32


class Client(discord.Client):
    """One connection to Discord that answers commands. Once closed it isn't used again."""

    def __init__(
        self,
        commands: Sequence[Command],
        turns: AskLimits | None = None,
        moderators: Moderators | None = None,
        *,
        about_to_identify: Callable[[], None] = lambda: None,
        heard: Callable[[], None] = lambda: None,
        left_out: Callable[[], None] = lambda: None,
        too_fast: Callable[[], None] = lambda: None,
    ) -> None:
        """`about_to_identify` may raise, which prevents the session; `heard`:
        called once connected.

        `left_out`: called when a gateway message couldn't be read; `too_fast`: when an answer got a
        429.
        """
        # The bot never joins voice channels, so the library needn't warn that it can't.
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
        super().__init__(
            intents=discord.Intents(guilds=True),  # channels and permissions; nothing privileged
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,
            max_ratelimit_timeout=30,  # the reconciler plans longer pauses
        )
        self.online = self.was_online = False
        self.left_out = left_out
        self._heard = heard
        self._about_to_identify = about_to_identify
        self.turns = turns
        self.moderators = moderators
        self.too_fast = too_fast
        self._commands = {command.name: command for command in commands}
        self.tree = _Tree(
            self,
            allowed_contexts=app_commands.AppCommandContext(
                guild=True, dm_channel=True, private_channel=True
            ),
            allowed_installs=app_commands.AppInstallationType(guild=True, user=True),
        )
        for command in commands:
            self.tree.add_command(_slash(command))
            if command.of_card is not None:
                self.tree.add_command(_of_card(command, command.of_card))

    async def setup_hook(self) -> None:
        await self.tree.set_translator(_Translator())

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        await super().before_identify_hook(shard_id, initial=initial)
        self._about_to_identify()

    async def on_connect(self) -> None:
        self.online = self.was_online = True
        self._heard()

    async def on_resumed(self) -> None:
        await self.on_connect()

    async def on_disconnect(self) -> None:
        self.online = False

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        if interaction.type in (
            discord.InteractionType.component,
            discord.InteractionType.modal_submit,
        ):
            await self._clicked(interaction)

    async def _clicked(self, interaction: discord.Interaction) -> None:
        data: Any = interaction.data
        custom_id = str(data["custom_id"])
        mark, asked = custom_id[:1], custom_id[1:]
        said: Sequence[str] = data.get("values") or ()
        if data.get("component_type") == discord.ComponentType.select.value:
            asked, said = said[0], ()
        elif interaction.type is discord.InteractionType.modal_submit:
            said = [str(_field(data["components"])["value"])]
        command, options = self._asked(mark, asked, said)
        await _answer(
            interaction,
            command,
            options,
            in_place=mark == IN_PLACE
            and interaction.message is not None
            and _is_theirs(interaction),
        )

    def _asked(
        self, mark: str, asked: str, said: Sequence[str]
    ) -> tuple[Command, Mapping[str, str]]:
        try:
            ref = read_ref(asked)
            command = self._commands[ref.command]
        except (ValueError, KeyError):
            return _OUTDATED, {}
        if mark not in (BESIDE, IN_PLACE):
            return _OUTDATED, {}
        return command, command.options_of(ref, *said)


class _Translator(app_commands.Translator):
    """Translates the commands in Discord's menu into every language we have."""

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,
    ) -> str | None:
        places = app_commands.TranslationContextLocation
        with speaking(locale.value):
            if spoken().code == ENGLISH:
                return None
            if isinstance(context.data, app_commands.ContextMenu):
                said = shorten(_(string.message), MENU_LIMIT, utf16)
            elif context.location in (places.command_name, places.parameter_name):
                said = name(string.message)
            else:
                said = shorten(_(string.message), DESCRIPTION_LIMIT, utf16)
        return said if said != string.message else None


class _Tree(app_commands.CommandTree[Client]):
    async def on_error(
        self,
        interaction: discord.Interaction[Client],
        error: app_commands.AppCommandError,
        /,
    ) -> None:
        """Errors here come from a command menu that is older than this bot."""
        log.warning("a slash command was not understood", extra={"error": str(error)})
        if interaction.type is discord.InteractionType.application_command:
            await _answer(interaction, _OUTDATED, {})


async def _outdated(_ask: Ask) -> Message:
    return Message(
        _("That's no longer available here"),
        (Text(_("It comes from another version of this bot.")),),
        (Buttons((Button(_("Help"), Ref("help")),)),),
        tone=Tone.SORRY,
    )


_OUTDATED = Command("outdated", "Answers what the bot no longer understands", _outdated)


def _slash(command: Command) -> app_commands.Command[Any, ..., None]:
    """The command as Discord's menu shows it."""
    shown = [option for option in command.options if not option.hidden]
    shown.sort(key=lambda option: option.name != command.rest)  # what people type comes first

    async def callback(interaction: discord.Interaction, **said: str | bool | None) -> None:
        share = bool(said.pop(SHARE, False))
        options = {name: str(value) for name, value in said.items() if value is not None}
        await _answer(interaction, command, options, share=share)

    parameters = [_parameter(option.name, str | None) for option in shown]
    descriptions = {option.name: option.description for option in shown}
    if not (command.moderators or command.personal):
        parameters.append(_parameter(SHARE, bool | None))
        descriptions[SHARE] = SHARED
    # discord.py reads a command's options from its signature
    vars(callback)["__signature__"] = Signature(
        [
            Parameter(
                "interaction", Parameter.POSITIONAL_ONLY, annotation=discord.Interaction[Client]
            ),
            *parameters,
        ]
    )
    app_commands.describe(**descriptions)(callback)
    slash: app_commands.Command[Any, ..., None] = app_commands.Command(
        name=command.name, description=command.description, callback=callback
    )
    if command.moderators:  # this only decides what the menu shows; reply() checks again
        slash.default_permissions = discord.Permissions(manage_messages=True)
    for option in shown:
        if option.complete is not None:
            slash.autocomplete(option.name)(_autocomplete(command, option, option.complete))
    return slash


def _of_card(command: Command, called: str) -> app_commands.ContextMenu:
    """The command as a message's menu shows it: about the story of that card."""

    async def callback(interaction: discord.Interaction, message: discord.Message) -> None:
        ours = message.author.id == interaction.application_id
        original = message.reference.resolved if message.reference else None
        card = original if isinstance(original, discord.Message) else message  # a reply has none
        story = asked_about(_buttons(card)) if ours else None
        if story is None:
            await _answer(interaction, _NO_CARD, {})
        else:
            await _answer(interaction, command, {str(command.rest): story})

    menu = app_commands.ContextMenu(name=app_commands.locale_str(called), callback=callback)
    if command.moderators:
        menu.default_permissions = discord.Permissions(manage_messages=True)
    return menu


def _buttons(message: discord.Message) -> Iterator[str]:
    """What the buttons of a message of ours ask."""
    for row in message.components:
        if isinstance(row, discord.ActionRow):
            for button in row.children:
                if isinstance(button, discord.Button) and button.custom_id:
                    yield button.custom_id[1:]


async def _no_card(_ask: Ask) -> Message:
    return Message(
        _("That isn't one of my cards"),
        (Text(_("Use this on one of my story cards.")),),
        tone=Tone.SORRY,
    )


_NO_CARD = Command("nocard", "Answers what is asked about other messages", _no_card)


def _parameter(name: str, kind: Any) -> Parameter:
    return Parameter(name, Parameter.KEYWORD_ONLY, default=None, annotation=kind)


def _autocomplete(
    command: Command, option: Option, complete: Callable[[str, Ask], list[Choice]]
) -> Callable[[discord.Interaction, str], Coroutine[Any, Any, list[app_commands.Choice[str]]]]:
    async def suggest(
        interaction: discord.Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        if _is_about(command) and _is_guest(interaction):
            return []
        if await _turn(interaction, AskKind.TYPING):
            return []
        others = {
            name: str(value)
            for name, value in interaction.namespace
            if value is not None and name not in (option.name, SHARE)
        }
        try:
            with speaking(interaction.locale.value):
                choices = complete(current, _ask(interaction, others))
        except Exception:
            log.exception("suggestions failed", extra={"option": option.name})
            return []
        return [app_commands.Choice(name=c.name, value=c.value) for c in choices[:CHOICES]]

    return suggest


def _ask(interaction: discord.Interaction, options: Mapping[str, str]) -> Ask:
    person = Chat("discord", f"@{interaction.user.id}")
    private = _is_private(interaction)
    chat = person if private else Chat("discord", str(interaction.channel_id))
    language = interaction.locale.value
    rights = interaction.permissions
    return Ask(
        chat,
        person,
        private,
        options,
        language,
        interaction.user.display_name,
        roles_of=f"discord:{interaction.guild_id}" if interaction.guild_id else None,
        manages_server=rights.administrator or rights.manage_guild,
    )


def _is_private(interaction: discord.Interaction) -> bool:
    """Whether only the person and the bot can read here; conversations between people don't
    count."""
    return interaction.guild_id is None and not interaction.context.private_channel


def _is_guest(interaction: discord.Interaction[Any]) -> bool:
    """Whether we are present only because the person installed us on their account.

    Then we see nothing of the channel and can't post there. (Commands alone don't add the bot to a
    server, so the interaction's authorising owners don't answer this.)
    """
    if interaction.guild_id is None:
        return not _is_private(interaction)
    return interaction.client.get_guild(interaction.guild_id) is None


def _is_about(command: Command) -> bool:
    return command.about_chat or command.moderators


def _not_here(interaction: discord.Interaction[Any]) -> Command:
    async def answer(_ask: Ask) -> Message:
        add = Link(_("Add me"), INVITE.format(application=interaction.application_id))
        if interaction.guild_id is None:
            title = _("I'm not in this conversation")
            told = _("Apps can't join it. Ask me in private, or in a server I can be added to.")
        else:
            title = _("I'm not in this server")
            told = _(
                "You installed me on your account, so I can answer you, but I can't post or save "
                "anything here. Someone who manages the server can add me."
            )
        help_ = Buttons((Button(_("Help"), Ref("help")),))
        return Message(title, (Text(told), add), (help_,), tone=Tone.SORRY)

    return Command("nothere", "Answers what is about a chat that we are not in", answer)


def _field(components: Sequence[Any]) -> Any:
    """The one text field of a form of ours, inside its label."""
    [label] = components
    return label["component"]


def _is_theirs(interaction: discord.Interaction) -> bool:
    """Whether the clicked message belongs to the person who clicked: nobody turns others' pages."""
    message = interaction.message
    if message is None or message.flags.ephemeral or _is_private(interaction):
        return True
    asked = message.interaction_metadata
    return asked is not None and asked.user.id == interaction.user.id


async def _answer(
    interaction: discord.Interaction[Any],
    command: Command,
    options: Mapping[str, str],
    *,
    share: bool = False,
    in_place: bool = False,
) -> None:
    """Answer with a new message, or replace the clicked one; a slow answer is deferred."""
    ask = _ask(interaction, options)
    if _is_about(command) and _is_guest(interaction):
        command, share = _not_here(interaction), False

    async def is_moderator() -> bool:
        rights = interaction.permissions
        if rights.administrator or rights.manage_messages or rights.manage_channels:
            return True
        if ask.roles_of is None or interaction.client.moderators is None:
            return False
        role = await interaction.client.moderators.role(ask.roles_of)
        return role in [str(each.id) for each in getattr(interaction.user, "roles", ())]

    hurry = await _turn(
        interaction,
        AskKind.ASK
        if interaction.type is discord.InteractionType.application_command
        else AskKind.PRESS,
        is_moderator if command.moderators else None,
    )
    if hurry:  # sent to them alone, next to the existing message
        command, share, in_place = instead(hurry), False, False
    stands = interaction.message if in_place else None
    whispered = not share and (stands is None or stands.flags.ephemeral)
    asked = replace(ask, whispered=whispered)
    refused = False

    async def is_allowed() -> bool:
        nonlocal refused
        refused = not await is_moderator()
        return not refused

    thinking = asyncio.create_task(answer_to(command, asked, is_allowed))
    try:
        await asyncio.wait({thinking}, timeout=PATIENCE_S)
        if not thinking.done():
            await interaction.response.defer(ephemeral=not share, thinking=not in_place)
        with speaking(interaction.locale.value):
            rendered = render(await thinking)
        # Not the same form again.
        may_ask = interaction.type is not discord.InteractionType.modal_submit
        if rendered.form and may_ask and not interaction.response.is_done():
            await interaction.response.send_modal(_modal(rendered.form))
            return
        embed, rows = rendered.embed, view(rendered)
        if in_place and refused:  # sent next to what they may still be reading
            if interaction.response.is_done():
                await interaction.followup.send(embed=embed, view=rows, ephemeral=True)
            else:
                await interaction.response.send_message(embed=embed, view=rows, ephemeral=True)
        elif interaction.response.is_done():
            await interaction.edit_original_response(embed=embed, view=rows)
        elif in_place:
            await interaction.response.edit_message(embed=embed, view=rows)
        else:
            await interaction.response.send_message(embed=embed, view=rows, ephemeral=not share)
    except TROUBLE as error:
        if getattr(failed(error, None), "too_fast", False):
            interaction.client.too_fast()
        # Too late, answered by another process, or a network failure: nobody is left to tell.
        log.warning("answer not delivered", extra={"command": command.name, "error": str(error)})
    finally:
        thinking.cancel()


async def _turn(
    interaction: discord.Interaction[Any],
    turn: AskKind,
    spared: Callable[[], Awaitable[bool]] | None = None,
) -> RateLimited | None:
    if interaction.client.turns is None:
        return None
    person = Chat("discord", f"@{interaction.user.id}")
    server = str(interaction.guild_id) if interaction.guild_id else None
    hurry: RateLimited | None = await interaction.client.turns.take(
        person, server, turn=turn, spared=spared
    )
    return hurry


def _modal(form: Form) -> ui.Modal:
    modal = ui.Modal(title=form.title, custom_id=form.custom_id)
    text: ui.TextInput[ui.Modal] = ui.TextInput(
        custom_id="text",
        style=discord.TextStyle.paragraph if form.lines else discord.TextStyle.short,
        default=form.value or None,
        placeholder=form.hint or None,
        max_length=form.limit,
    )
    modal.add_item(ui.Label(text=form.label, component=text))
    modal.stop()  # a stopped form is sent, but not stored by the library
    return modal


def view(rendered: Rendered) -> ui.View:
    """The rows as the library's objects."""
    rows = ui.View(timeout=None)
    for number, row in enumerate(rendered.rows):
        match row:
            case ButtonRow(buttons):
                for button in buttons:
                    rows.add_item(
                        ui.Button(label=button.label, custom_id=button.custom_id, row=number)
                    )
            case SelectRow(custom_id, placeholder, options):
                rows.add_item(
                    ui.Select(
                        custom_id=custom_id,
                        placeholder=placeholder,
                        options=[
                            discord.SelectOption(label=o.label, value=o.value) for o in options
                        ],
                        row=number,
                    )
                )
            case RoleRow(custom_id, placeholder, chosen):
                rows.add_item(
                    ui.RoleSelect(
                        custom_id=custom_id,
                        placeholder=placeholder,
                        default_values=[discord.Object(chosen)] if chosen else [],
                        row=number,
                    )
                )
    rows.stop()  # a stopped view is sent, but not stored by the library
    return rows
