"""What a chat is shown: a story's card, and later whatever else gets a place in a chat."""

from stories.story import StoryId

Subject = str
"""Names one thing that is kept up to date in a chat. A story's card is named by the story's id;
everything else is `kind:name`, which no story's id can be: ids hold no colon."""

CARD = "card"


def kind_of(subject: Subject) -> str:
    """What kind of thing a subject is: a card, or the word before the colon."""
    kind, colon, _name = subject.partition(":")
    return kind if colon else CARD


def story_of(subject: Subject) -> StoryId | None:
    """The story whose card it is; None for every other kind of subject."""
    return None if ":" in subject else StoryId(subject)
