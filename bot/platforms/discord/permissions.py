"""Which permissions the bot has in a channel, in the words of Discord's own settings."""

from collections.abc import Awaitable, Callable
from contextlib import suppress

import discord

from bot.model.chat import Chat, Permission
from bot.model.errors import Unreachable
from wording.language import N_
from wording.reasons import Code, Reason

Role = Callable[[str], Awaitable[str | None]]
Channel = discord.abc.GuildChannel | discord.Thread


def known(client: discord.Client, chat: Chat, permission: Permission) -> tuple[str, ...] | None:
    """The missing permissions, from what the gateway has told us; None if it hasn't.

    Raises Unreachable for channels that can't hold cards, whatever the permissions.
    """
    if chat.address.startswith("@"):
        return ()  # only sending shows whether someone accepts direct messages
    channel = client.get_channel(int(chat.address))
    if not isinstance(channel, Channel):
        if channel is None and client.get_guild(int(chat.address)):
            raise Unreachable(Reason(Code.SERVER_ID))
        return None
    _holds_cards(channel)
    parent = _home(channel)
    if parent is None or parent.guild.me is None:
        return None
    return _missing(parent, parent.guild.me, channel, permission)


async def fetched(client: discord.Client, chat: Chat, permission: Permission) -> tuple[str, ...]:
    """The same, requested from Discord; also raises what the library raises."""
    assert client.user is not None, "asked after login"
    try:
        found = await client.fetch_channel(int(chat.address))
    except discord.NotFound:
        with suppress(discord.HTTPException):
            await client.fetch_guild(int(chat.address), with_counts=False)
            raise Unreachable(Reason(Code.SERVER_ID)) from None
        raise
    if not isinstance(found, Channel):
        return ()  # a direct message
    _holds_cards(found)
    guild = await client.fetch_guild(found.guild.id, with_counts=False)
    me = await guild.fetch_member(client.user.id)
    home = found.parent_id if isinstance(found, discord.Thread) else found.id
    parent = await guild.fetch_channel(home)
    assert isinstance(parent, discord.abc.GuildChannel), "a thread's parent is a channel"
    return _missing(parent, me, found, permission)


async def moderates(client: discord.Client, chat: Chat, person: int, role: Role) -> bool:
    """Whether a person moderates a channel, requested from Discord; raises what the library raises.

    `role` returns the role of a server that counts in addition to the permissions.
    """
    found = await client.fetch_channel(int(chat.address))
    if not isinstance(found, Channel):
        return False  # a direct message
    guild = await client.fetch_guild(found.guild.id, with_counts=False)
    home = found.parent_id if isinstance(found, discord.Thread) else found.id
    parent = await guild.fetch_channel(home)
    assert isinstance(parent, discord.abc.GuildChannel), "a thread's parent is a channel"
    try:
        member = await guild.fetch_member(person)
    except discord.NotFound:
        return False
    may = parent.permissions_for(member)
    if may.administrator or may.manage_messages or may.manage_channels:
        return True
    return await role(str(guild.id)) in [str(each.id) for each in member.roles]


def announces(client: discord.Client, chat: Chat) -> bool | None:
    """Whether it is an announcement channel, from what the gateway has told us; None if unknown.

    Messages in its threads can't be published.
    """
    if chat.address.startswith("@"):
        return False
    channel = client.get_channel(int(chat.address))
    if not isinstance(channel, Channel):
        return None
    return isinstance(channel, discord.TextChannel) and channel.is_news()


def may_mention(client: discord.Client, chat: Chat, role: int) -> bool | None:
    """Whether mentioning a role would notify its members, from what the gateway has told us."""
    channel = client.get_channel(int(chat.address.removeprefix("@")))
    home = _home(channel) if isinstance(channel, Channel) else None
    if home is None or home.guild.me is None:
        return None
    found = home.guild.get_role(role)
    # @everyone is in the list of roles, but mentioning it as a role notifies nobody
    return (
        found is not None
        and not found.is_default()
        and (found.mentionable or home.permissions_for(home.guild.me).mention_everyone)
    )


def _holds_cards(channel: Channel) -> None:
    match channel:
        case discord.ForumChannel():
            raise Unreachable(Reason(Code.FORUM))
        case discord.CategoryChannel():
            raise Unreachable(Reason(Code.CATEGORY))
        case discord.StageChannel():
            raise Unreachable(Reason(Code.STAGE))


def _home(channel: Channel) -> discord.abc.GuildChannel | None:
    """The channel whose permissions count: a thread has none of its own."""
    return channel.parent if isinstance(channel, discord.Thread) else channel


def _missing(
    home: discord.abc.GuildChannel, me: discord.Member, channel: Channel, permission: Permission
) -> tuple[str, ...]:
    may = home.permissions_for(me)
    if not may.view_channel:
        return (N_("View Channel"),)  # without it Discord grants nothing else
    if permission is Permission.PIN:
        wanted = {
            N_("Pin Messages"): may.pin_messages,
            N_("Read Message History"): may.read_message_history,
        }
    elif isinstance(channel, discord.Thread):
        wanted = {
            N_("Send Messages in Threads"): may.send_messages_in_threads,
            # discord.py counts it as missing wherever Send Messages is
            N_("Embed Links"): may.embed_links or not may.send_messages,
        }
    else:
        wanted = {
            N_("Send Messages"): may.send_messages,
            N_("Embed Links"): may.embed_links or not may.send_messages,
        }
    return tuple(name for name, granted in wanted.items() if not granted)
