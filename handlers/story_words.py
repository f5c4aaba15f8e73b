"""What a story is called, and what readers have to know about it first."""

from collections.abc import Iterator

from stories.story import Story
from wording.language import _
from wording.message import Note
from wording.text import line, shorten


def name(story: Story) -> str:
    """A story's name on one line."""
    return line(story.title) or story.id


def quoted(words: str, limit: int = 80) -> str:
    """What someone typed, quoted back to them."""
    return f"“{shorten(line(words), limit)}”"


def caveats(story: Story) -> Iterator[Note]:
    """What a reader must know before trusting the story."""
    if story.retracted is not None:
        yield Note(_("This story was withdrawn: {why}").format(why=story.retracted))
    if story.merged_into:
        yield Note(_("This story was merged into another one and is no longer updated"))
