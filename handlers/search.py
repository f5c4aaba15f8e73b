"""/search - the stories that mention some words, anywhere in a story."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.model.command import Ask, Command, Option
from bot.model.errors import Sorry
from handlers.pages import page_of, turning
from handlers.quotes import quotes
from handlers.stories import PAGE
from handlers.story_choice import buttons_to, menu_of
from handlers.story_words import name, quoted
from runtime.slices import in_slices
from stories.edition import Edition
from stories.fulltext import telling, typed, words_of
from stories.index import StoryIndex
from stories.search import HITS, LOOKED_FOR, NEAR, Search
from stories.story import Status, Story
from wording import words
from wording.card import figures
from wording.language import N_, _, ngettext
from wording.message import Block, Facts, Heading, Message, Note, Ref, Text
from wording.text import line, pieces, shorten

QUOTED = 160
"""The most characters shown around the words found."""
READ = 600
"""The most characters of one part that are searched for the words."""
BEFORE = 6
"""How many words precede the first one found."""
CARRIED = 40
"""Characters of the words that a page button can contain (a Ref's limit)."""


@dataclass(frozen=True, slots=True)
class SearchCommand:
    """Lists matching stories page by page, with the part that matched."""

    index: StoryIndex
    now: Callable[[], datetime]

    async def answer(self, ask: Ask) -> Message:
        """A page of the stories that match the words; raises Sorry with near ones if none does."""
        at = self.now()
        said = ask.get("words") or _read(ask.get("again"))
        if not typed(said):
            raise Sorry(
                _("There's no word to search for in {words}").format(words=quoted(said))
                if said
                else _("What should I search for?"),
                Text(_("Add one or more words, for example: /search harbour fire")),
                rows=menu_of(_("Live stories"), buttons_to("story", self.index.top(PAGE, at))),
            )
        found = self.index.search.query(said, at)
        good = [hit.edition for hit in found.hits if hit.score >= NEAR]
        if not good:
            raise _nothing(
                said, [hit.edition for hit in found.hits[:PAGE]], self.index.top(PAGE, at)
            )
        return await self._page(said, good, found, ask.get("page"), at)

    async def _page(
        self, said: str, good: Sequence[Edition], found: Search, page_said: str, at: datetime
    ) -> Message:
        carried = _write(said)
        pages = -(-len(good) // PAGE)
        page = page_of(page_said, pages)
        shown = good[(page - 1) * PAGE : page * PAGE]
        blocks: list[Block] = []
        async for edition in in_slices(shown):
            blocks.append(Heading(name(edition.story)))
            if facts := tuple(self._figures(edition, at)):
                blocks.append(Facts(facts))
            blocks.append(Text(_where(edition.story, found)))
        if pages > 1:
            stands = (
                _("Page {page} of {pages}")
                if carried is not None
                else _("Page {page} of {pages}. Use fewer words to see more pages.")
            )
            blocks.append(Note(stands.format(page=page, pages=pages)))
        rows = menu_of(_("Open a story …"), buttons_to("story", shown))
        if carried is not None:
            rows += turning(page, pages, lambda to: Ref("search", ("", to, carried)))
        return Message(_spoken_of(said, good), tuple(blocks), rows)

    def _figures(self, edition: Edition, at: datetime) -> Iterator[str]:
        """The figures from /stories, and whether the story is over."""
        story = edition.story
        if story.retracted is not None:
            yield _("withdrawn")
        elif story.merged_into:
            yield _("part of another story")
        elif story.stats.status is not Status.ENDED and not edition.is_live(
            at, self.index.live_for
        ):
            yield _("no longer live")
        yield from figures(story)


def search_command(index: StoryIndex, now: Callable[[], datetime]) -> Command:
    """The command /search."""
    search = SearchCommand(index, now)
    return Command(
        "search",
        N_("Stories that mention certain words"),
        search.answer,
        options=(
            Option("words", N_("What to search for")),
            Option("page", N_("Which page"), hidden=True),
            Option("again", N_("The same words, as a button carries them"), hidden=True),
        ),
        rest="words",
        quotes=quotes(index, now),
    )


def _nothing(said: str, near: Sequence[Edition], top: Sequence[Edition]) -> Sorry:
    title = _("No story mentions {words}").format(words=quoted(said))
    if near:
        return Sorry(
            title,
            Text(_("These come closest: each has part of it.")),
            rows=menu_of(_("Closest stories …"), buttons_to("story", near)),
        )
    if top:
        return Sorry(
            title,
            Text(_("Pick one of the live stories instead.")),
            rows=menu_of(_("Live stories"), buttons_to("story", top)),
        )
    return Sorry(title)


def _spoken_of(said: str, good: Sequence[Edition]) -> str:
    n = len(good)
    if n == HITS:
        title = ngettext(
            "At least {n} story mentions {words}", "At least {n} stories mention {words}", n
        )
    else:
        title = ngettext("{n} story mentions {words}", "{n} stories mention {words}", n)
    return title.format(n=words.number(n), words=quoted(said))


# Showing where the words were found.


def _where(story: Story, found: Search) -> str:
    """The part of a story that contains most of the words; the first of several."""
    best = max(_parts(story, found), key=lambda part: _held(part[0], found))
    return best[1]()


def _held(text: str, found: Search) -> int:
    held = set(words_of(text[:READ]))
    return sum(not held.isdisjoint(fitting) for fitting in found.words)


def _parts(story: Story, found: Search) -> Iterator[tuple[str, Callable[[], str]]]:
    """Every part of a story and how it is shown, the most telling first."""
    yield story.title, lambda: _("In its title")
    if story.headline:
        yield story.headline, _quoting(N_("Headline: {text}"), story.headline, found)
    yield (
        " ".join(story.entities),
        lambda: _("Names: {texts}").format(texts=_those(story.entities, found)),
    )
    yield (
        " ".join(story.keywords),
        lambda: _("Keywords: {words}").format(words=_those(story.keywords, found)),
    )
    for bullet in story.breakdown:
        yield bullet, _quoting(N_("Breakdown: {text}"), bullet, found)
    for each in story.questions:
        yield each.question, _quoting(N_("Question: {text}"), each.question, found)
    yield story.id, lambda: _("In its ID, {id}").format(id=story.id)


def _those(names: tuple[str, ...], found: Search) -> str:
    return ", ".join(shorten(line(each), QUOTED // 4) for each in names if _held(each, found))


def _quoting(sentence: str, text: str, found: Search) -> Callable[[], str]:
    def said() -> str:
        parts = pieces(line(text))
        first = next((number for number, part in enumerate(parts) if _held(part, found)), 0)
        skipped = max(0, first - BEFORE)
        rest = "".join(parts[skipped:]).strip()
        return _(sentence).format(text=f"“{'… ' if skipped else ''}{shorten(rest, QUOTED)}”")

    return said


# The words, as a button contains them: a-z, 0-9 and - only, for words in any script.


def _write(said: str) -> str | None:
    """The words for a button; None if there are too many."""
    looked_for = "-".join(telling(typed(said))[:LOOKED_FOR])
    carried = looked_for.encode("punycode").decode()
    return carried if len(carried) <= CARRIED else None


def _read(carried: str) -> str:
    """The words of a button; none if it isn't ours."""
    try:
        return carried.encode().decode("punycode").replace("-", " ")
    except ValueError:
        return ""
