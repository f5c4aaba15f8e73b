"""From the desk to the writing: a story with its articles' texts, at the desk's last tick."""

from collections.abc import Mapping
from datetime import UTC, datetime

from newsroom.desk.desk import Desk
from newsroom.desk.entries import Came
from newsroom.desk.story import Story
from newsroom.model import Article, ArticleKey, Standing
from newsroom.writing.material import Material, Report


def material(
    desk: Desk,
    story: Story,
    texts: Mapping[ArticleKey, str],
    withdrawn: Mapping[ArticleKey, str] | None = None,
) -> Material | None:
    """What the writing needs of a story; None while nobody outside may see it.

    `texts` holds the texts that are stored: an empty one where only the title may be quoted, none
    where it has expired. `withdrawn` names withdrawn articles with their reasons.
    """
    if story.id is None:
        return None
    members = sorted(
        story.members.values(), key=lambda each: (each.entry.published, each.entry.key)
    )
    now = datetime.fromtimestamp(desk.now, UTC)
    outlets = sorted(story.outlets())
    rated = {each: desk.outlets.leaning(each) for each in outlets}
    return Material(
        id=story.id,
        now=now,
        standing=desk.standing(story) if members else _nothing(story, now),
        reports=tuple(
            Report(
                _article(each.entry, texts.get(each.entry.key, "")),
                each.origin is not None,
                each.revised,
                each.entry.key not in texts,
            )
            for each in members
        ),
        leanings={domain: leaning for domain, leaning in rated.items() if leaning},
        withdrawn=withdrawn or {},
        follows=story.follows,
        split_from=story.split_from,
        merged_into=story.merged_into,
        retracted=story.retracted,
    )


def _article(entry: Came, text: str) -> Article:
    return Article(
        key=entry.key,
        feed=entry.feed,
        outlet=entry.outlet,
        title=entry.title,
        published=datetime.fromtimestamp(entry.published, UTC),
        arrived=datetime.fromtimestamp(entry.arrived, UTC),
        text=text,
        url=entry.url,
        alone=entry.alone,
        name=entry.name,
    )


def _nothing(story: Story, now: datetime) -> Standing:
    """The figures of a story without articles."""
    return Standing(story.status, 0.0, 0, 0, 0, now, now)
