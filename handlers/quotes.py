"""Stories that people share into other chats, where the platform allows it: as they stand now."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from bot.model.command import Quote, Quotes
from handlers.story_words import name
from runtime.slices import in_slices
from stories.edition import Edition
from stories.fulltext import TYPED, words_of
from stories.index import StoryIndex
from stories.search import NEAR
from wording.card import card, figures
from wording.language import _
from wording.message import Button, Buttons, Ref
from wording.text import line


def quotes(index: StoryIndex, now: Callable[[], datetime]) -> Quotes:
    """The stories that match some words, as /search finds them; without words, the live ones."""

    async def quoting(typed: str, most: int) -> list[Quote]:
        at = now()
        if words_of(typed[:TYPED]):
            found = [hit.edition for hit in index.search.query(typed, at).hits if hit.score >= NEAR]
        else:
            found = index.top(most, at)
        shown = [edition for edition in found if edition.story.retracted is None][:most]
        return [_quote(edition) async for edition in in_slices(shown)]

    def _quote(edition: Edition) -> Quote:
        story = edition.story
        now_ = Button(_("Latest version"), Ref("story", (story.id,)))
        said = replace(
            card(edition, index.delta(edition)),
            rows=(Buttons((now_,)),),
            living=None,
            more=_("… more under “Latest version”"),
        )
        told = line(story.headline or "") or " · ".join(figures(story))
        return Quote(story.id, name(story), told, said)

    return quoting
