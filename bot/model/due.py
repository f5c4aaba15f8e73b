"""What is due: a chat and a story, and never what to say."""

from dataclasses import dataclass

from bot.model.chat import Chat
from stories.story import StoryId


@dataclass(frozen=True, slots=True)
class DueCard:
    """A card that has to be checked: a chat and a story."""

    chat: Chat
    story: StoryId
    seq: int
    """The edition that made it due."""
