"""What a chat is shown: today a story's card, and whatever else gets a place in a chat."""

from typing import NewType

from stories.story import StoryId

Subject = NewType("Subject", str)
"""Names one thing that is kept up to date in a chat. A story's card is named by the story's id;
everything else is `kind:name`, which no story's id can be, as ids hold no colon."""


def subject_of(story: StoryId) -> Subject:
    """The story's card."""
    return Subject(story)


def story_of(subject: Subject) -> StoryId | None:
    """The story whose card it is; None for any other kind of subject."""
    return None if ":" in subject else StoryId(subject)
