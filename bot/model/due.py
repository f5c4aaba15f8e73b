"""What is due: a chat and a story, and never what to say."""

from dataclasses import dataclass

from bot.model.chat import Chat
from stories.story import StoryId


@dataclass(frozen=True, slots=True)
class DueCard:
    """A chat is owed a story's newest state."""

    chat: Chat
    story: StoryId
    seq: int
    """The edition that made it due."""
