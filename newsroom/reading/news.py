"""Which items of a feed are news: new, changed or withdrawn articles, against what was seen before.

A feed is not believed about time (nothing is published after it arrived) nor about who it is: all
its articles count for one outlet, the one that the operator named.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from newsroom.model import Article, ArticleKey, Feed, Item, Quotes, article_key
from newsroom.reading.identity import domain_of

NEWS = timedelta(days=7)
"""An item older than this when it is first seen is remembered, but no news."""
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
"""A date before that is a broken clock, not a date."""
WITHDRAWN = "withdrawn"
"""Remembered of a withdrawn article in place of its content's hash."""


@dataclass(frozen=True, slots=True)
class News:
    """What one visit brought."""

    new: tuple[Article, ...] = ()
    revised: tuple[Article, ...] = ()
    withdrawn: tuple[ArticleKey, ...] = ()
    known: tuple[tuple[ArticleKey, str], ...] = ()
    """Seen for the first time and no news: to be remembered, with the hash of the content."""
    waiting: int = 0
    """New or changed items above the allowance: nothing is remembered of them, so that a later
    visit finds them again. `schedule.took` has the next visit read the whole feed."""
    still: tuple[ArticleKey, ...] = field(default=(), compare=False)
    """Seen before and still in the feed: to be remembered for as long again, or an item that a feed
    keeps for months would be news each month."""

    @property
    def taken(self) -> int:
        """How many items count towards the feed's allowance."""
        return len(self.new) + len(self.revised)

    @property
    def seen(self) -> dict[ArticleKey, str]:
        """What to remember of the feed: each item's key, with the hash of its content."""
        articles = {article.key: article.content for article in (*self.new, *self.revised)}
        return {**dict(self.known), **articles, **dict.fromkeys(self.withdrawn, WITHDRAWN)}


def sift(
    feed: Feed,
    items: Iterable[Item],
    seen: Mapping[ArticleKey, str],
    now: datetime,
    *,
    allowance: int,
    first: bool,
) -> News:
    """Compare a feed's items with the content hashes that were seen of it in the last weeks.

    `first` says that the feed was never read before (its state has no `read_at`): what has no date
    then is not taken for news.
    """
    new, revised, withdrawn, known, still = [], [], [], [], []
    for item in items:
        key = article_key(feed.key, item.id)
        before = seen.get(key)
        if before is not None:
            still.append(key)
        if item.withdrawn:
            if before is None:
                known.append((key, WITHDRAWN))
            elif before != WITHDRAWN:
                withdrawn.append(key)
            continue
        published = published_at(item, now)
        article = _article(feed, key, item, published or now, now)
        if before is None:
            old = now - published > NEWS if published else first
            if old:
                known.append((key, article.content))
            else:
                new.append(article)
        elif before != article.content:
            revised.append(article)
    new.sort(key=lambda article: (article.published, article.key), reverse=True)
    kept = new[:allowance]
    kept_revised = revised[: allowance - len(kept)]
    return News(
        tuple(reversed(kept)),
        tuple(kept_revised),
        tuple(withdrawn),
        tuple(known),
        len(new) + len(revised) - len(kept) - len(kept_revised),
        tuple(still),
    )


def published_at(item: Item, now: datetime) -> datetime | None:
    """When it was published, never after now; None when the feed gives no date that can be one."""
    moment = item.published or item.updated
    return min(moment, now) if moment and moment >= EARLIEST else None


def outlet_of(feed: Feed) -> str:
    """The domain that the feed's articles count for, whatever their links and bylines name."""
    return feed.domain or domain_of(feed.url) or feed.outlet


def _article(
    feed: Feed, key: ArticleKey, item: Item, published: datetime, now: datetime
) -> Article:
    return Article(
        key=key,
        feed=feed.key,
        outlet=outlet_of(feed),
        title=item.title,
        published=published,
        arrived=now,
        text=item.text if feed.quotes is Quotes.TEXT else "",
        url=item.url,
        language=feed.language,
        alone=feed.alone,
        name=feed.outlet,
    )
