"""A card of which nobody knows whether it exists."""

import hashlib
from typing import NamedTuple

from bot.model.chat import Chat
from stories.story import StoryId


class Unknown(NamedTuple):
    """An attempt to post a card whose outcome is unknown."""

    chat: Chat
    story: StoryId
    generation: int

    @property
    def key(self) -> str:
        """A short name for buttons: chat and story together wouldn't fit."""
        return key_of(self.chat, self.story)


def key_of(chat: Chat, story: StoryId) -> str:
    """The key of a card, from its chat and story."""
    return hashlib.blake2s(f"{chat} {story}".encode(), digest_size=8).hexdigest()
