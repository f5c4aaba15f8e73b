"""Discord's permissions: their bits, and what a member may do in a channel.

Bits: https://docs.discord.com/developers/topics/permissions
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

BITS: Mapping[str, int] = {
    name: 1 << bit
    for name, bit in {
        "KICK_MEMBERS": 1,
        "BAN_MEMBERS": 2,
        "ADMINISTRATOR": 3,
        "MANAGE_CHANNELS": 4,
        "MANAGE_GUILD": 5,
        "ADD_REACTIONS": 6,
        "VIEW_CHANNEL": 10,
        "SEND_MESSAGES": 11,
        "SEND_TTS_MESSAGES": 12,
        "MANAGE_MESSAGES": 13,
        "EMBED_LINKS": 14,
        "ATTACH_FILES": 15,
        "READ_MESSAGE_HISTORY": 16,
        "MENTION_EVERYONE": 17,
        "USE_EXTERNAL_EMOJIS": 18,
        "CHANGE_NICKNAME": 26,
        "MANAGE_ROLES": 28,
        "MANAGE_WEBHOOKS": 29,
        "USE_APPLICATION_COMMANDS": 31,
        "MANAGE_THREADS": 34,
        "CREATE_PUBLIC_THREADS": 35,
        "CREATE_PRIVATE_THREADS": 36,
        "SEND_MESSAGES_IN_THREADS": 38,
        "USE_EXTERNAL_APPS": 50,
        "PIN_MESSAGES": 51,
    }.items()
}
ALL = (1 << 53) - 1


def bits(names: Iterable[str]) -> int:
    """The named permissions as one number; KeyError names the one that does not exist."""
    total = 0
    for name in names:
        total |= BITS[name]
    return total


def names(permissions: int) -> list[str]:
    """The names of the permissions in a number."""
    return [name for name, bit in BITS.items() if permissions & bit]


@dataclass(slots=True)
class Overwrite:
    """The permissions that a channel grants to or takes from one role or member."""

    allow: int = 0
    deny: int = 0

    def apply(self, permissions: int) -> int:
        """The permissions after this overwrite."""
        return permissions & ~self.deny | self.allow


def in_channel(
    member: str,
    roles: Mapping[str, int],
    everyone: str,
    overwrites: Mapping[str, Overwrite],
    *,
    owner: bool = False,
) -> int:
    """A member's permissions in a channel, by Discord's published order of overwrites.

    `roles`: the member's roles with their permissions, including `everyone`.
    """
    permissions = 0
    for role_bits in roles.values():
        permissions |= role_bits
    if owner or permissions & BITS["ADMINISTRATOR"]:
        return ALL
    if everyone in overwrites:
        permissions = overwrites[everyone].apply(permissions)
    together = Overwrite()
    for role in roles:
        if role != everyone and role in overwrites:
            together.allow |= overwrites[role].allow
            together.deny |= overwrites[role].deny
    permissions = together.apply(permissions)
    if member in overwrites:
        permissions = overwrites[member].apply(permissions)
    if not permissions & BITS["VIEW_CHANNEL"]:
        return 0
    return permissions
