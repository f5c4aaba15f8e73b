"""A small bot of real discord.py for the tests of the local Discord."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import discord
import yarl
from discord import app_commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

from sandbox.discord import Discord
from tests.contracts.discord import DESCRIPTION, violations

FERRIES = ("Night ferry returns", "Ferry fares rise", "Tram strike ends")


class Bot(discord.Client):
    """Answers in every way that Discord knows. Its commands are registered as it starts."""

    def __init__(self, intents: discord.Intents | None = None, **options: Any) -> None:
        super().__init__(
            intents=intents or discord.Intents(guilds=True),
            guild_ready_timeout=0.05,  # discord.py waits two seconds for more servers
            **options,
        )
        self.tree = app_commands.CommandTree(self)
        self.heard: list[str] = []
        """The words of every message the bot was told about."""
        self.asked: list[discord.Interaction[Any]] = []
        self.tree.add_command(Watch())
        command: app_commands.Command[Any, ..., Any]
        for command in (story, faq, typed, slow, feedback, vanish, both):
            self.tree.add_command(command)
        self.add_dynamic_items(More, Pick, Whom, Correct)

    async def setup_hook(self) -> None:
        self.tree.interaction_check = self._note  # type: ignore[method-assign]
        await self.tree.sync()

    async def _note(self, interaction: discord.Interaction[Any]) -> bool:
        self.asked.append(interaction)
        return True

    async def on_message(self, message: discord.Message) -> None:
        self.heard.append(message.content)


class More(discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"more:(?P<n>\d+)"):
    """A button that counts and changes the message it stands on."""

    def __init__(self, n: int, *, disabled: bool = False) -> None:
        super().__init__(
            discord.ui.Button(label=f"More ({n})", custom_id=f"more:{n}", disabled=disabled)
        )
        self.n = n

    @classmethod
    async def from_custom_id(cls, interaction: Any, item: Any, match: Any) -> "More":
        return cls(int(match["n"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        view = discord.ui.View(timeout=None)
        view.add_item(More(self.n + 1))
        await interaction.response.edit_message(content=f"Page {self.n}", view=view)


class Pick(discord.ui.DynamicItem[discord.ui.Select[Any]], template=r"pick"):
    """A menu that answers with what was picked."""

    def __init__(self) -> None:
        options = [discord.SelectOption(label=title) for title in FERRIES]
        super().__init__(discord.ui.Select(custom_id="pick", options=options, max_values=2))

    @classmethod
    async def from_custom_id(cls, interaction: Any, item: Any, match: Any) -> "Pick":
        pick = cls()
        pick.item._refresh_state(interaction, interaction.data)
        return pick

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        picked = interaction.data["values"]  # type: ignore[typeddict-item, index]
        await interaction.response.defer()
        await interaction.followup.send(f"Picked {' and '.join(picked)}", ephemeral=True)


class Whom(discord.ui.DynamicItem[discord.ui.UserSelect[Any]], template=r"whom"):
    """A menu of people that greets the one who was chosen, on the message it stands on."""

    def __init__(self) -> None:
        super().__init__(discord.ui.UserSelect(custom_id="whom"))

    @classmethod
    async def from_custom_id(cls, interaction: Any, item: Any, match: Any) -> "Whom":
        whom = cls()
        whom.item._refresh_state(interaction, interaction.data)
        return whom

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        (chosen,) = self.item.values
        await interaction.response.send_message(f"Hello {chosen.display_name}", ephemeral=True)


class Correct(discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"correct"):
    """A button that opens a form; what is written there replaces the message."""

    def __init__(self) -> None:
        super().__init__(discord.ui.Button(label="Correct", custom_id="correct"))

    @classmethod
    async def from_custom_id(cls, interaction: Any, item: Any, match: Any) -> "Correct":
        return cls()

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        await interaction.response.send_modal(Correction())


class Correction(discord.ui.Modal, title="Correction"):
    words: discord.ui.Label[Any] = discord.ui.Label(
        text="The right words", component=discord.ui.TextInput(custom_id="words")
    )

    async def on_submit(self, interaction: discord.Interaction[Any]) -> None:
        words = self.words.component
        assert isinstance(words, discord.ui.TextInput)
        await interaction.response.edit_message(content=words.value)


def moderation() -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    view.add_item(Whom())
    view.add_item(Correct())
    view.add_item(More(9, disabled=True))
    return view


def buttons() -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    view.add_item(More(1))
    view.add_item(discord.ui.Button(label="Read it", url="https://harbour.example/ferry"))
    view.add_item(Pick())
    return view


@app_commands.command(description="Break down a story")
async def story(interaction: discord.Interaction[Any], about: str) -> None:
    embed = discord.Embed(title=about, description="It is back.", colour=0x224466)
    embed.add_field(name="Status", value="active", inline=True)
    embed.set_footer(text="Harbour News")
    embed.set_thumbnail(url="https://harbour.example/ferry.png")
    await interaction.response.send_message(embed=embed, view=buttons())


@story.autocomplete("about")
async def titles(interaction: Any, typed_so_far: str) -> list[app_commands.Choice[str]]:
    return [
        app_commands.Choice(name=title, value=title)
        for title in FERRIES
        if typed_so_far.lower() in title.lower()
    ]


@app_commands.command(description="Ask about a story")
async def faq(interaction: discord.Interaction[Any], question: str = "any") -> None:
    await interaction.response.defer(ephemeral=True, thinking=True)
    await interaction.edit_original_response(content=f"An answer to {question}")


@app_commands.command(description="Every kind of option")
@app_commands.choices(tone=[app_commands.Choice(name="Calm", value="calm")])
async def typed(
    interaction: discord.Interaction[Any],
    count: app_commands.Range[int, 1, 9],
    loud: bool,
    share: float,
    who: discord.Member,
    where: discord.TextChannel,
    role: discord.Role,
    tone: app_commands.Choice[str] | None = None,
) -> None:
    said = f"{count} {loud} {share} {who.display_name} {where.name} {role.name}"
    await interaction.response.send_message(f"{said} {tone.value if tone else '-'}")


@app_commands.command(description="Thinks for ever")
async def slow(interaction: discord.Interaction[Any], *, defer: bool = True) -> None:
    if defer:
        await interaction.response.defer()


@app_commands.command(description="Say what you think")
async def feedback(interaction: discord.Interaction[Any]) -> None:
    await interaction.response.send_modal(Feedback())


class Feedback(discord.ui.Modal, title="Feedback"):
    words: discord.ui.TextInput[Any] = discord.ui.TextInput(label="Your words", max_length=50)

    async def on_submit(self, interaction: discord.Interaction[Any]) -> None:
        await interaction.response.send_message(f"Heard: {self.words.value}", ephemeral=True)


@app_commands.command(description="Answers and takes it back")
async def vanish(interaction: discord.Interaction[Any]) -> None:
    await interaction.response.defer()
    await interaction.delete_original_response()


@app_commands.command(description="Answers more than once")
async def both(interaction: discord.Interaction[Any]) -> None:
    await interaction.response.defer(ephemeral=True)
    first = await interaction.followup.send("First", wait=True)
    second = await interaction.followup.send("Second", wait=True)
    await first.edit(content="First, changed")
    await second.delete()
    await interaction.followup.send(f"Third, after {(await interaction.original_response()).id}")


@app_commands.guild_only()
@app_commands.default_permissions(manage_messages=True)
class Watch(app_commands.Group, name="watch", description="What this channel watches"):
    @app_commands.command(description="Watch one more thing")
    async def add(self, interaction: discord.Interaction[Any], keyword: str) -> None:
        await interaction.response.send_message(f"Watching {keyword}")


@contextlib.asynccontextmanager
async def connected(
    discord_here: Discord, client: discord.Client
) -> AsyncIterator[asyncio.Task[None]]:
    """The client, unmodified but for two addresses, connected to the local Discord.

    The task is the client's running; in the end it is awaited, with whatever it raises.
    """
    with pointed_at(discord_here):
        async with client:
            running = asyncio.create_task(client.start(discord_here.token))
            ready = asyncio.create_task(client.wait_until_ready())
            done, _ = await asyncio.wait({running, ready}, return_when=asyncio.FIRST_COMPLETED)
            if running in done:
                ready.cancel()
                await running
            try:
                yield running
            finally:
                await client.close()
                await running


@contextlib.contextmanager
def pointed_at(discord_here: Discord) -> Any:
    before = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    Route.BASE = discord_here.api_url
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(discord_here.gateway_url)
    try:
        yield
    finally:
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = before


async def soon(condition: Callable[[], object]) -> None:
    """Wait until something has become true in the client; ten seconds are a failure."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - the client tells nobody what it has heard
            await asyncio.sleep(0.01)


async def until(discord_here: Discord, condition: Callable[[], object]) -> None:
    """Wait until something has become true in the local Discord; ten seconds are a failure."""
    changes = discord_here.watch()
    async with asyncio.timeout(10):
        while not condition():
            await anext(changes)


def as_described(discord_here: Discord) -> None:
    """Everything asked and answered was what Discord's description says, and known here."""
    assert not discord_here.unknown_calls, discord_here.unknown_calls
    if DESCRIPTION.exists():
        found = violations(discord_here.calls)
        assert not found, "\n".join(found)
