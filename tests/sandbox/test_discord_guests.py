"""People bring a real discord.py bot along to where it is not: what it hears, and what is seen."""

from collections.abc import AsyncIterator

import discord
import pytest
from discord import app_commands

from sandbox.discord import GUILD, MIRA, NEWS, SOL, Discord, NotOffered
from sandbox.discord.rights import Overwrite, bits
from tests.sandbox.discord_bot import Bot, connected


class Guest(Bot):
    """Its commands may be brought along."""

    async def setup_hook(self) -> None:
        @app_commands.command(description="Say aloud where you are")
        @app_commands.allowed_installs(guilds=True, users=True)
        @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
        async def aloud(interaction: discord.Interaction[Bot]) -> None:
            await interaction.response.send_message("here")

        self.tree.add_command(aloud)
        await super().setup_hook()


@pytest.fixture
async def bot(here: Discord) -> AsyncIterator[Guest]:
    bot = Guest()
    async with connected(here, bot):
        yield bot


async def test_only_who_has_the_app_uses_it_where_it_is_not(here: Discord, bot: Guest) -> None:
    here.remove_bot()
    await bot.wait_for("guild_remove", timeout=10)
    with pytest.raises(NotOffered, match="the bot is not in Harbour News Club"):
        await here.slash(MIRA, NEWS, "aloud")
    here.install(MIRA)
    answer = await here.slash(MIRA, NEWS, "aloud")
    assert not answer.ephemeral
    asked = bot.asked[-1]
    assert asked.guild_id == int(GUILD)
    assert asked.context.guild
    assert asked.is_user_integration()
    assert not asked.is_guild_integration()
    assert not asked.app_permissions.view_channel
    assert bot.get_guild(int(GUILD)) is None
    with pytest.raises(NotOffered, match="/faq is not offered to Mira in news"):
        await here.slash(MIRA, NEWS, "faq")
    here.uninstall(MIRA)
    with pytest.raises(NotOffered, match="the bot is not in Harbour News Club"):
        await here.slash(MIRA, NEWS, "aloud")


async def test_a_bot_writes_to_nobody_with_whom_it_shares_no_server(
    here: Discord, bot: Guest
) -> None:
    private = int(here.dm(MIRA))
    hello = discord.http.handle_message_parameters(content="hello")
    await bot.http.send_message(private, params=hello)
    here.remove_bot()
    with pytest.raises(discord.Forbidden) as refused:
        await bot.http.send_message(private, params=hello)
    assert refused.value.code == 50278
    here.install(MIRA)
    await bot.http.send_message(private, params=hello)
    assert len(here.messages(str(private))) == 2


async def test_people_among_themselves_use_an_app_that_hears_nothing_else_of_them(
    here: Discord, bot: Guest
) -> None:
    group = here.group(MIRA, SOL)
    with pytest.raises(NotOffered, match="the bot is not in Mira, Sol"):
        await here.slash(MIRA, group, "aloud")
    here.install(MIRA)
    answer = await here.slash(MIRA, group, "aloud")
    assert not answer.ephemeral
    asked = bot.asked[-1]
    assert asked.guild_id is None
    assert asked.context.private_channel
    assert isinstance(asked.channel, discord.GroupChannel)
    assert asked.is_user_integration()
    with pytest.raises(discord.Forbidden):
        await bot.http.send_message(
            int(group), params=discord.http.handle_message_parameters(content="hello")
        )


async def test_a_server_that_has_the_app_and_a_person_who_has_it_are_both_named(
    here: Discord, bot: Guest
) -> None:
    here.install(MIRA)
    await here.slash(MIRA, NEWS, "aloud")
    assert bot.asked[-1].is_guild_integration()
    assert bot.asked[-1].is_user_integration()
    await here.slash(SOL, NEWS, "aloud")
    assert bot.asked[-1].is_guild_integration()
    assert not bot.asked[-1].is_user_integration()


async def test_who_may_not_use_outside_apps_aloud_is_answered_alone(
    here: Discord, bot: Guest
) -> None:
    here.install(MIRA)
    denied = Overwrite(deny=bits(["USE_EXTERNAL_APPS"]))
    here.world.channels[NEWS].overwrites[MIRA] = denied
    assert not (await here.slash(MIRA, NEWS, "aloud")).ephemeral, "the server has the app, too"
    here.remove_bot()
    assert (await here.slash(MIRA, NEWS, "aloud")).ephemeral
