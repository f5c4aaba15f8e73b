"""Builds the card of a story, and the short reply to it after a big change."""

from collections.abc import Iterator
from dataclasses import dataclass

from stories.delta import Change, Delta, Kind
from stories.edition import Edition
from stories.index import StoryIndex
from stories.story import Conflict, Story
from wording import words
from wording.language import _
from wording.message import (
    Block,
    Bullets,
    Button,
    Buttons,
    Facts,
    Link,
    Message,
    Note,
    Ref,
    Row,
    Text,
    Tone,
)
from wording.text import line, shorten

NAMES = 12
"""The most entities or keywords that a card names; the rest is counted."""
NAME_LENGTH = 60
CORRECTION_LENGTH = 600
"""Characters of what a reply shows in full below its reason; a correction fits."""
CONFLICTS = 2
"""The most conflicts of reports that a card shows; “Details” in /story has all."""
KIN = 3
"""The most related stories that a card names per kind."""


@dataclass(frozen=True, slots=True)
class Related:
    """The titles of the stories that a story merged into, came from, or absorbed."""

    heir: str | None = None
    """The story it was merged into; None if unknown."""
    origin: str | None = None
    """The story it was split from; None if unknown."""
    parts: tuple[str, ...] = ()
    """The stories merged into it."""
    splits: tuple[str, ...] = ()
    """The stories split from it."""
    earlier: str | None = None
    """The story it continues; None if unknown."""


def related_to(index: StoryIndex, edition: Edition) -> Related:
    """The titles of a story's related stories, as far as they are in memory."""
    story = edition.story
    heir = index.get(story.merged_into) if story.merged_into else None
    origin = index.get(story.split_from) if story.split_from else None
    earlier = index.get(story.follows) if story.follows else None
    return Related(
        _title(heir.story) if heir else None,
        _title(origin.story) if origin else None,
        tuple(_title(each.story) for each in index.lineage.merged_from(story.id)),
        tuple(_title(each.story) for each in index.lineage.split_off(story.id)),
        _title(earlier.story) if earlier else None,
    )


NO_RELATED = Related()


def card(
    edition: Edition, delta: Delta, *, show_leaning: bool = False, kin: Related = NO_RELATED
) -> Message:
    """The living card of one story, as of `edition`; `delta` is what changed last."""
    story = edition.story
    return Message(
        title=_title(story),
        blocks=tuple(_blocks(story, delta, show_leaning, kin)),
        rows=_rows(story, not is_new(delta) and bool(_changed(delta, show_leaning)), kin),
        tone=_tone(story),
        image_url=story.image_url,
        struck=story.retracted is not None,
        living=story.id,
        more=_("… more in /story"),
    )


def stub(edition: Edition, heir: Story, link: str | None) -> Message:
    """What remains of a card whose story is now shown on another card next to it."""
    blocks: list[Block] = [Note(_("Merged into “{story}”").format(story=_title(heir)))]
    if link is not None:
        blocks.append(Link(_("Go to its card"), link))
    return Message(
        title=_title(edition.story),
        blocks=tuple(blocks),
        rows=(Buttons((Button(_("Where it continues"), Ref("story", (heir.id,))),)),),
        tone=Tone.ENDED,
        struck=True,
        living=edition.story.id,
    )


def reply(edition: Edition, delta: Delta, *, parting: bool = False) -> Message:
    """The short reply to a card after a notable or major update. It names its reason first.

    `parting`: the chat followed only this story, and that ends here. It has no buttons, because the
    card it replies to has them.
    """
    blocks: list[Block] = []
    if delta.reason:
        blocks.append(Text(words.sentence(words.said_first(delta))))
        blocks += _new_conflict(edition.story, delta.reason)
    if news := words.news(delta):
        told = words.sentence(words.said(news)) if words.is_correction(news) else news.after or ""
        blocks.append(Text(shorten(line(told), CORRECTION_LENGTH)))
    if besides := words.said_besides(delta, but=news):
        blocks.append(Note(_("Also: {changes}").format(changes=besides)))
    if parting:
        blocks.append(Note(_("The story is over, so this chat no longer follows it.")))
    return Message(_title(edition.story), tuple(blocks), tone=_tone(edition.story))


def _new_conflict(story: Story, reason: Change) -> Iterator[Block]:
    """The reports of a conflict that is the reason of a reply."""
    if reason.kind is Kind.CONFLICT_ADDED:
        for conflict in story.conflicts:
            if conflict.about == reason.after:
                yield Bullets(tuple(words.reported(each, story) for each in conflict.reports))


def _title(story: Story) -> str:
    return line(story.title) or story.id


def _tone(story: Story) -> Tone:
    if story.retracted is not None:
        return Tone.WITHDRAWN
    if story.merged_into:
        return Tone.ENDED
    return Tone(story.stats.status.value) if story.stats.status else Tone.PLAIN


def _blocks(story: Story, delta: Delta, show_leaning: bool, kin: Related) -> Iterator[Block]:
    """The card's blocks. What is missing in the story is missing here."""
    if story.retracted is not None:
        yield Note(_("Withdrawn: {why}").format(why=story.retracted))
    if story.merged_into:
        yield Note(_("Merged into “{story}”").format(story=kin.heir or story.merged_into))
    if story.split_from:
        yield Note(_("Split from “{story}”").format(story=kin.origin or story.split_from))
    if story.follows:
        yield Note(_("Continues “{story}”").format(story=kin.earlier or story.follows))
    if kin.parts:
        yield Note(_("Merged into this story: {stories}").format(stories=_quoted(kin.parts)))
    if kin.splits:
        yield Note(_("Split off from this story: {stories}").format(stories=_quoted(kin.splits)))
    if story.headline:
        yield Text(story.headline)
    if story.correction:
        yield Note(_("Correction: {text}").format(text=story.correction.text), story.correction.at)
    if story.entities:
        yield Facts(_named(story.entities))
    if facts := tuple(_facts(story, show_leaning)):
        yield Facts(facts)
    yield Bullets(story.breakdown, _numbered(story))
    for conflict in story.conflicts[:CONFLICTS]:
        yield Text(differing(conflict))
        yield Bullets(tuple(words.reported(each, story) for each in conflict.reports))
    if story.keywords:
        yield Note(_("Keywords: {words}").format(words=", ".join(_named(story.keywords))))
    if changed := _changed(delta, show_leaning):
        yield Note(changed)
    if story.updated_at:
        yield Note(_("Updated"), story.updated_at)
    if story.url:
        yield Link(_("Story page"), story.url)


def _numbered(story: Story) -> tuple[tuple[tuple[int, str], ...], ...]:
    """For each bullet the numbers and addresses of its sources, as the page of sources counts."""
    numbered = tuple(
        tuple(
            (each + 1, url)
            for each in positions
            if each < len(story.sources) and (url := story.sources[each].url)
        )
        for _bullet, positions in story.bullets()
    )
    return numbered if any(numbered) else ()


def differing(conflict: Conflict) -> str:
    """The line above what sources report differently."""
    return _("Reports differ on {about}:").format(about=words.quoted(conflict.about))


def figures(story: Story) -> Iterator[str]:
    """The figures that distinguish stories. Missing ones aren't shown."""
    stats = story.stats
    if stats.status:
        yield words.status(stats.status)
    if story.duration is not None:
        yield words.duration(story.duration)
    if stats.virality is not None:
        yield words.virality(stats.virality)
    if stats.articles is not None:
        if stats.independent is not None and stats.independent > 1:
            yield words.independent(stats.articles, stats.independent)
        else:
            yield words.articles(stats.articles)
    if stats.independent == 1:
        yield words.one_source()


def _facts(story: Story, show_leaning: bool) -> Iterator[str]:
    yield from figures(story)
    if story.rank is not None:
        yield words.rank(story.rank)
    if story.stats.leaning and show_leaning:
        yield words.leaning(story.stats.leaning)
    if story.stats.spread and show_leaning:
        yield words.spread(story.stats.spread)


def _named(names: tuple[str, ...]) -> tuple[str, ...]:
    return words.some([shorten(line(name), NAME_LENGTH) for name in names], NAMES)


def _quoted(titles: tuple[str, ...]) -> str:
    return ", ".join(words.some([f"“{shorten(title, NAME_LENGTH)}”" for title in titles], KIN))


def is_new(delta: Delta) -> bool:
    """Whether the story is new."""
    return any(change.kind is Kind.NEW for change in delta.changes)


def _changed(delta: Delta, show_leaning: bool) -> str:
    if is_new(delta):
        return _("New story")
    changed = words.said_short(delta, show_leaning=show_leaning)
    return _("Changed: {changes}").format(changes=changed) if changed else ""


def _rows(story: Story, changed: bool, kin: Related) -> tuple[Row, ...]:
    buttons = []
    if story.questions:
        label = _("Questions ({n})").format(n=words.number(len(story.questions)))
        buttons.append(Button(label, Ref("faq", (story.id,))))
    if story.sources:
        label = _("Sources ({n})").format(n=words.number(len(story.sources)))
        buttons.append(Button(label, Ref("story", (story.id, "sources"))))
    if changed:
        buttons.append(Button(_("What changed"), Ref("story", (story.id, "changes"))))
    if story.merged_into:
        buttons.append(Button(_("Where it continues"), Ref("story", (story.merged_into,))))
    elif story.follows and kin.earlier:
        buttons.append(Button(_("What came before"), Ref("story", (story.follows,))))
    elif story.split_from and kin.origin:
        buttons.append(Button(_("Where it came from"), Ref("story", (story.split_from,))))
    # Every card has a button, which identifies our cards on platforms that store no key of ours.
    return (Buttons(tuple(buttons or [Button(_("Open"), Ref("story", (story.id,)))])),)
