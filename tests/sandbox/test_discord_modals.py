"""Forms and menus of roles, as real discord.py opens them and people fill them in."""

from collections.abc import AsyncIterator
from typing import Any

import discord
import pytest
from discord import app_commands

from sandbox.discord import MIRA, MODERATORS, NEWS, READERS, Answer, Discord, NotOffered
from sandbox.discord.modals import read_modal
from sandbox.discord.refusals import Refusal
from tests.sandbox.discord_bot import connected


class Quiet(discord.ui.Modal, title="Quiet hours"):
    """Every kind of part that a form may have here."""

    hint: discord.ui.TextDisplay[Any] = discord.ui.TextDisplay("Nobody is pinged in these hours.")
    hours: discord.ui.Label[Any] = discord.ui.Label(
        text="From and to",
        component=discord.ui.TextInput(
            custom_id="hours", default="22-7", placeholder="22-7", min_length=3, max_length=5
        ),
    )
    note: discord.ui.Label[Any] = discord.ui.Label(
        text="A note",
        component=discord.ui.TextInput(
            custom_id="note", required=False, style=discord.TextStyle.paragraph
        ),
    )
    role: discord.ui.Label[Any] = discord.ui.Label(
        text="Who is pinged otherwise",
        component=discord.ui.RoleSelect(
            custom_id="role",
            required=False,
            min_values=0,
            default_values=[discord.Object(int(READERS), type=discord.Role)],
        ),
    )
    tone: discord.ui.Label[Any] = discord.ui.Label(
        text="Tone",
        component=discord.ui.Select(
            custom_id="tone",
            options=[discord.SelectOption(label=word) for word in ("calm", "loud")],
        ),
    )

    async def on_submit(self, interaction: discord.Interaction[Any]) -> None:
        values = [
            self.hours.component.value,  # type: ignore[attr-defined]
            self.note.component.value or "-",  # type: ignore[attr-defined]
            *(role.name for role in self.role.component.values),  # type: ignore[attr-defined]
            *self.tone.component.values,  # type: ignore[attr-defined]
        ]
        await interaction.response.send_message(" ".join(values), ephemeral=True)


class Panel(discord.ui.View):
    """A menu of roles in which one is chosen already, and a button that opens the form."""

    def __init__(self) -> None:
        super().__init__(timeout=None)
        self.chosen: list[discord.Role] = []

    @discord.ui.select(
        cls=discord.ui.RoleSelect,
        custom_id="pinged",
        min_values=0,
        default_values=[discord.Object(int(READERS), type=discord.Role)],
    )
    async def pinged(
        self, interaction: discord.Interaction[Any], menu: discord.ui.RoleSelect["Panel"]
    ) -> None:
        self.chosen = menu.values
        await interaction.response.edit_message(
            content=" ".join(role.mention for role in menu.values) or "nobody"
        )

    @discord.ui.button(label="Quiet hours", custom_id="quiet")
    async def quiet(self, interaction: discord.Interaction[Any], _: Any) -> None:
        await interaction.response.send_modal(Quiet())


class Bot(discord.Client):
    def __init__(self) -> None:
        super().__init__(intents=discord.Intents(guilds=True), guild_ready_timeout=0.05)
        self.tree = app_commands.CommandTree(self)
        self.panel = Panel()

        @self.tree.command(description="Set up this channel")
        async def setup(interaction: discord.Interaction[Any]) -> None:
            await interaction.response.send_message("Set up", view=self.panel, ephemeral=True)

    async def setup_hook(self) -> None:
        await self.tree.sync()


@pytest.fixture
async def bot(here: Discord) -> AsyncIterator[Bot]:
    bot = Bot()
    async with connected(here, bot):
        yield bot


async def panel(here: Discord) -> dict[str, Any]:
    answer = await here.slash(MIRA, NEWS, "setup")
    assert answer.message is not None
    return answer.message


async def opened(here: Discord) -> Answer:
    form = await here.click(MIRA, await panel(here), "quiet")
    assert form.modal is not None
    return form


async def test_a_button_opens_a_form_with_all_that_its_fields_say(here: Discord, bot: Bot) -> None:
    form = await opened(here)
    assert form.modal is not None
    assert form.modal["title"] == "Quiet hours"
    hint, hours, note, role, tone = form.modal["components"]
    assert hint["content"] == "Nobody is pinged in these hours."
    assert hours["label"] == "From and to"
    said = {key: value for key, value in hours["component"].items() if key not in ("id", "type")}
    assert said == {
        "custom_id": "hours",
        "style": 1,
        "required": True,
        "min_length": 3,
        "max_length": 5,
        "value": "22-7",
        "placeholder": "22-7",
    }
    assert note["component"]["style"] == 2
    assert note["component"]["required"] is False
    assert role["component"]["default_values"] == [{"id": READERS, "type": "role"}]
    assert [option["value"] for option in tone["component"]["options"]] == ["calm", "loud"]


async def test_what_is_filled_in_and_chosen_reaches_the_bot(here: Discord, bot: Bot) -> None:
    filled = {"hours": "23-8", "note": "at sea", "role": MODERATORS, "tone": ["loud"]}
    answer = await here.submit(MIRA, NEWS, await opened(here), filled)
    assert answer.message is not None
    assert answer.message["content"] == "23-8 at sea Moderators loud"
    assert answer.ephemeral


async def test_what_a_form_suggests_stands_unless_it_is_changed(here: Discord, bot: Bot) -> None:
    answer = await here.submit(MIRA, NEWS, await opened(here), {"tone": "calm"})
    assert answer.message is not None
    assert answer.message["content"] == "22-7 - News readers calm"


@pytest.mark.parametrize(
    ("filled", "sentence"),
    [
        ({"tone": "calm", "hours": ""}, "the form needs hours"),
        ({"tone": "calm", "hours": "22"}, "the text in hours is too short or too long"),
        ({"tone": "calm", "hours": "22-700"}, "the text in hours is too short or too long"),
        ({"tone": "calm", "hours": ["22-7"]}, "hours takes a text"),
        ({"tone": "shrill"}, "tone does not offer shrill"),
        ({"tone": []}, "tone takes 1 to 1 values"),
        ({}, "tone takes 1 to 1 values"),
        ({"tone": "calm", "role": "12"}, "there is no 12 to choose"),
        ({"tone": "calm", "minutes": "5"}, "the form has no field minutes"),
    ],
)
async def test_a_form_is_sent_only_when_it_is_filled_in_as_it_asks(
    here: Discord, bot: Bot, filled: dict[str, Any], sentence: str
) -> None:
    form = await opened(here)
    with pytest.raises(NotOffered, match=sentence):
        await here.submit(MIRA, NEWS, form, filled)


async def test_a_menu_of_roles_knows_the_roles_and_what_was_chosen_before(
    here: Discord, bot: Bot
) -> None:
    message = await panel(here)
    menu = message["components"][0]["components"][0]
    assert menu["default_values"] == [{"id": READERS, "type": "role"}]
    answer = await here.click(MIRA, message, "pinged", [MODERATORS])
    assert answer.message is not None
    assert answer.message["content"] == f"<@&{MODERATORS}>"
    (chosen,) = bot.panel.chosen
    assert (chosen.name, chosen.mentionable) == ("Moderators", False)
    answer = await here.click(MIRA, message, "pinged", [])
    assert answer.message is not None
    assert answer.message["content"] == "nobody"


TEXT = {"type": 4, "custom_id": "a", "style": 1}
LABELLED = {"type": 18, "label": "A", "component": TEXT}
ROW = {"type": 1, "components": [TEXT | {"label": "A"}]}


@pytest.mark.parametrize(
    ("components", "field"),
    [
        ([], "components"),
        ([LABELLED] * 6, "components"),
        ([LABELLED, LABELLED], "components.1.component.custom_id"),
        ([LABELLED | {"label": "x" * 46}], "components.0.label"),
        ([LABELLED | {"label": ""}], "components.0.label"),
        ([LABELLED | {"description": "x" * 101}], "components.0.description"),
        ([LABELLED | {"component": TEXT | {"style": 3}}], "components.0.component.style"),
        (
            [LABELLED | {"component": TEXT | {"placeholder": "x" * 101}}],
            "components.0.component.placeholder",
        ),
        (
            [LABELLED | {"component": TEXT | {"max_length": 4001}}],
            "components.0.component.max_length",
        ),
        (
            [LABELLED | {"component": TEXT | {"max_length": 2, "value": "abc"}}],
            "components.0.component.value",
        ),
        ([LABELLED | {"component": {"type": 2}}], "components.0.component.type"),
        ([ROW | {"components": [TEXT]}], "components.0.components.0.label"),
        ([{"type": 2, "custom_id": "b", "label": "B", "style": 1}], "components.0.type"),
    ],
)
def test_a_wrong_form_is_refused_at_the_field_that_is_wrong(
    components: list[Any], field: str
) -> None:
    with pytest.raises(Refusal) as refused:
        read_modal({"custom_id": "form", "title": "Form", "components": components})
    here: Any = refused.value.errors["data"]  # type: ignore[index]
    for step in field.split("."):
        here = here[step]
    assert here["_errors"]


@pytest.mark.parametrize("title", ["", "x" * 46, None])
def test_a_form_has_a_title_of_at_most_45_characters(title: str | None) -> None:
    with pytest.raises(Refusal):
        read_modal({"custom_id": "form", "title": title, "components": [LABELLED]})
