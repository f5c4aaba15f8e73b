"""A second client library, hikari, finds the same Discord: the sandbox is not bent to one."""

import hikari
from hikari.impl import GatewayBot

from sandbox.discord import BOT, MIRA, NEWS, Discord
from tests.sandbox.discord_bot import as_described


async def test_hikari_posts_edits_and_answers_a_command() -> None:
    async with Discord(limits=False) as here:
        bot = GatewayBot(
            here.token,
            banner=None,
            logs=None,
            force_color=False,
            suppress_optimization_warning=True,
            intents=hikari.Intents.GUILDS | hikari.Intents.GUILD_MESSAGES,
            rest_url=here.api_url,
        )
        heard: list[str | None] = []

        @bot.listen()
        async def on_message(event: hikari.GuildMessageCreateEvent) -> None:
            heard.append(event.content)

        @bot.listen()
        async def on_interaction(event: hikari.InteractionCreateEvent) -> None:
            interaction = event.interaction
            assert isinstance(interaction, hikari.CommandInteraction)
            await interaction.create_initial_response(
                hikari.ResponseType.DEFERRED_MESSAGE_CREATE, flags=hikari.MessageFlag.EPHEMERAL
            )
            about = (interaction.options or [])[0].value
            await interaction.edit_initial_response(f"About {about}")

        await bot.start(check_for_updates=False)
        try:
            builder = bot.rest.slash_command_builder("story", "Break down a story")
            builder.add_option(
                hikari.CommandOption(
                    type=hikari.OptionType.STRING,
                    name="about",
                    description="What it is about",
                    is_required=True,
                )
            )
            await bot.rest.set_application_commands(int(BOT), [builder])

            embed = hikari.Embed(title="Ferry", description="It is back")
            posted = await bot.rest.create_message(int(NEWS), "Ferry", embed=embed)
            await posted.edit("Ferry again")
            await bot.rest.pin_message(int(NEWS), posted)
            assert [m["content"] for m in here.messages(NEWS)] == ["Ferry again", ""]
            assert [m["content"] for m in here.pins(NEWS)] == ["Ferry again"]

            answer = await here.slash(MIRA, NEWS, "story", {"about": "the ferry"})
            assert answer.message is not None
            assert answer.message["content"] == "About the ferry"
            assert answer.ephemeral
            assert heard == ["Ferry", None], "the post and the line about its pin"
        finally:
            await bot.close()
        as_described(here)
