"""The chat services there are an adapter for: what they can do, and how their chats are written."""

from collections.abc import Mapping

from bot.model.capabilities import Capabilities
from bot.model.chat import Chat
from bot.platforms.discord import address as on_discord
from bot.platforms.discord.capabilities import DISCORD
from bot.platforms.telegram import address as on_telegram
from bot.platforms.telegram.capabilities import TELEGRAM

CAPABILITIES: Mapping[str, Capabilities] = {"discord": DISCORD, "telegram": TELEGRAM}
"""By the platform's name: the part before the colon in a chat."""
_ADDRESSES = {"discord": on_discord, "telegram": on_telegram}


def read_chat(text: str) -> Chat:
    """Parse a chat as people write it; raises ValueError with one sentence and the remedy."""
    text = text.replace("\N{WORD JOINER}", "").strip()  # our own messages keep links apart with it
    platform, colon, address = text.partition(":")
    known = _ADDRESSES.get(platform)
    if not colon or known is None:
        *others, last = (each for known in _ADDRESSES.values() for each in known.EXAMPLES)
        raise ValueError(f"“{text}” isn't a chat: use {', '.join(others)} or {last}")
    return Chat(platform, known.read_address(address, text))
