"""A story's card: the one message that says what is known, and the reply when much changes."""

from collections.abc import Iterator

from bot.model import words
from bot.model.language import _, ngettext
from bot.model.message import (
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
from bot.model.text import line, shorten
from stories.delta import Delta, Kind
from stories.shelf import Edition
from stories.story import Story

NAMES = 12
"""How many entities or keywords a card names; the rest is counted."""
NAME_LENGTH = 60


def card(edition: Edition, delta: Delta, *, show_leaning: bool = False) -> Message:
    """The living card of one story as it stands in `edition`; `delta` is what changed last."""
    story = edition.story
    return Message(
        title=_title(story),
        blocks=tuple(_blocks(story, delta, show_leaning)),
        rows=_rows(story, not is_new(delta) and bool(_changed(delta, show_leaning))),
        tone=_tone(story),
        image_url=story.image_url,
        struck=story.retracted is not None,
        living=story.id,
        more=_("… more in /story"),
    )


def reply(edition: Edition, delta: Delta) -> Message:
    """The short reply to a card after a notable or major update. It names its reason first.

    It has no buttons: the card it replies to has them.
    """
    blocks: list[Block] = []
    if delta.reason:
        blocks.append(Text(words.sentence(words.said(delta.reason))))
    if besides := words.said_besides(delta):
        blocks.append(Note(_("Also: {changes}").format(changes=besides)))
    return Message(_title(edition.story), tuple(blocks), tone=_tone(edition.story))


def _title(story: Story) -> str:
    return line(story.title) or story.id


def _tone(story: Story) -> Tone:
    if story.retracted is not None:
        return Tone.WITHDRAWN
    if story.merged_into:
        return Tone.ENDED
    return Tone(story.stats.status.value) if story.stats.status else Tone.PLAIN


def _blocks(story: Story, delta: Delta, show_leaning: bool) -> Iterator[Block]:
    """What is absent from the story is absent here."""
    if story.retracted is not None:
        yield Note(_("Withdrawn: {why}").format(why=story.retracted))
    if story.merged_into:
        yield Note(_("Merged into “{story}”").format(story=story.merged_into))
    if story.split_from:
        yield Note(_("Split from “{story}”").format(story=story.split_from))
    if story.headline:
        yield Text(story.headline)
    if story.entities:
        yield Facts(_named(story.entities))
    if facts := tuple(_facts(story, show_leaning)):
        yield Facts(facts)
    yield Bullets(story.breakdown)
    if story.keywords:
        yield Note(_("Keywords: {words}").format(words=", ".join(_named(story.keywords))))
    if changed := _changed(delta, show_leaning):
        yield Note(changed)
    if story.updated_at:
        yield Note(_("Updated"), story.updated_at)
    if story.url:
        yield Link(_("Story page"), story.url)


def figures(story: Story) -> Iterator[str]:
    """The figures that tell stories apart. What is absent is not shown."""
    stats = story.stats
    if stats.status:
        yield words.status(stats.status)
    if story.duration is not None:
        yield words.duration(story.duration)
    if stats.virality is not None:
        yield words.virality(stats.virality)
    if stats.articles is not None:
        yield words.articles(stats.articles)


def _facts(story: Story, show_leaning: bool) -> Iterator[str]:
    yield from figures(story)
    if story.rank is not None:
        yield words.rank(story.rank)
    if story.stats.leaning and show_leaning:
        yield words.leaning(story.stats.leaning)


def _named(names: tuple[str, ...]) -> tuple[str, ...]:
    named = tuple(shorten(line(name), NAME_LENGTH) for name in names[:NAMES])
    more = len(names) - NAMES
    if more <= 0:
        return named
    return (*named, ngettext("{n} more", "{n} more", more).format(n=words.number(more)))


def is_new(delta: Delta) -> bool:
    """Whether there was nothing before the change."""
    return any(change.kind is Kind.NEW for change in delta.changes)


def _changed(delta: Delta, show_leaning: bool) -> str:
    if is_new(delta):
        return _("New story")
    changed = words.said_short(delta, show_leaning=show_leaning)
    return _("Changed: {changes}").format(changes=changed) if changed else ""


def _rows(story: Story, changed: bool) -> tuple[Row, ...]:
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
        buttons.append(Button(_("Where it goes on"), Ref("story", (story.merged_into,))))
    # Every card has a button: where a platform keeps no key of ours, it is what tells our cards.
    return (Buttons(tuple(buttons or [Button(_("Open"), Ref("story", (story.id,)))])),)
