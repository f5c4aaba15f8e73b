"""Watches whether the bot joins or leaves servers, and whether its permissions change."""

from collections.abc import Callable, Iterable

import discord

from bot.platforms.discord.permissions import Channel

Joined = discord.Guild | Channel


def watch(client: discord.Client, tell: Callable[[Iterable[Joined], bool], None]) -> None:
    """Call `tell` with servers or channels, and whether we are in them, on the gateway's events.

    A server that is temporarily unavailable hasn't removed us, and the library distinguishes that.
    """

    def everything(guild: discord.Guild) -> list[Joined]:
        return [guild, *guild.channels, *guild.threads]

    async def on_guild_join(guild: discord.Guild) -> None:
        tell(everything(guild), True)

    async def on_guild_available(guild: discord.Guild) -> None:
        tell(everything(guild), True)

    async def on_guild_remove(guild: discord.Guild) -> None:
        tell(everything(guild), False)

    async def on_guild_channel_delete(channel: discord.abc.GuildChannel) -> None:
        tell([channel], False)

    async def on_thread_delete(thread: discord.Thread) -> None:
        tell([thread], False)

    async def on_guild_channel_update(
        _: discord.abc.GuildChannel, channel: discord.abc.GuildChannel
    ) -> None:
        tell([channel, *(t for t in channel.guild.threads if t.parent_id == channel.id)], True)

    async def on_thread_update(_: discord.Thread, thread: discord.Thread) -> None:
        tell([thread], True)

    async def on_thread_join(thread: discord.Thread) -> None:
        tell([thread], True)  # or it was archived, and no longer is

    async def on_guild_role_update(_: discord.Role, role: discord.Role) -> None:
        tell(everything(role.guild), True)

    async def on_member_update(_: discord.Member, member: discord.Member) -> None:
        if member == member.guild.me:
            tell(everything(member.guild), True)

    for heard in (
        on_guild_join,
        on_guild_available,
        on_guild_remove,
        on_guild_channel_delete,
        on_thread_delete,
        on_guild_channel_update,
        on_thread_update,
        on_thread_join,
        on_guild_role_update,
        on_member_update,
    ):
        client.event(heard)
