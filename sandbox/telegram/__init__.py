"""A Telegram on your own machine: a Bot API that unmodified clients talk to, and its people."""

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
