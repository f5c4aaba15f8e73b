"""A Discord on your own machine, for unmodified clients."""

from sandbox.discord.people import Answer, NoAnswer, NotOffered
from sandbox.discord.server import TOKEN, Discord
from sandbox.discord.world import (
    BOT,
    GENERAL,
    GUILD,
    HEADLINES,
    MIRA,
    MODERATORS,
    NEWS,
    OWNER,
    READERS,
    SOL,
)

__all__ = [
    "BOT",
    "GENERAL",
    "GUILD",
    "HEADLINES",
    "MIRA",
    "MODERATORS",
    "NEWS",
    "OWNER",
    "READERS",
    "SOL",
    "TOKEN",
    "Answer",
    "Discord",
    "NoAnswer",
    "NotOffered",
]
