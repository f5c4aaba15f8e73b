"""A Telegram on your own machine: a Bot API for unmodified clients, and people who use it."""

from sandbox.telegram.telegram import TOKEN, ClickAnswer, InlineAnswer, NoAnswer, Telegram
from sandbox.telegram.world import (
    BOT,
    CHANNEL,
    FORUM,
    GROUP,
    MIRA,
    SOL,
    TOPIC_PORT,
    TOPIC_TECH,
    NotPossible,
)

__all__ = [
    "BOT",
    "CHANNEL",
    "FORUM",
    "GROUP",
    "MIRA",
    "SOL",
    "TOKEN",
    "TOPIC_PORT",
    "TOPIC_TECH",
    "ClickAnswer",
    "InlineAnswer",
    "NoAnswer",
    "NotPossible",
    "Telegram",
]
