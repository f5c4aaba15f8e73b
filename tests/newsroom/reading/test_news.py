"""Which items are news: feeds are believed neither about time nor about who they are."""

from datetime import UTC, datetime, timedelta

import pytest

from newsroom.model import Feed, Item, Quotes, article_key
from newsroom.reading.news import WITHDRAWN, News, outlet_of, sift

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FEED = Feed("https://feeds.harbour-times.co.uk/news.xml", "Harbour Times")


def item(name: str = "ferry", ago: timedelta | None = HOUR, text: str = "It sails.") -> Item:
    return Item(name, f"Title {name}", text, published=None if ago is None else NOW - ago)


def sifted(
    *items: Item, seen: tuple[Item, ...] = (), allowance: int = 60, first: bool = False
) -> News:
    known = {article_key(FEED.key, each.id): each.content for each in seen}
    return sift(FEED, items, known, NOW, allowance=allowance, first=first)


def test_a_new_item_becomes_an_article_of_its_outlet() -> None:
    (article,) = sifted(item()).new
    assert (article.title, article.text, article.name) == (
        "Title ferry",
        "It sails.",
        "Harbour Times",
    )
    assert (article.published, article.arrived) == (NOW - HOUR, NOW)
    assert article.outlet == "harbour-times.co.uk"
    assert article.key == article_key(FEED.key, "ferry")


def test_what_was_seen_is_no_news_and_what_changed_is_revised() -> None:
    assert sifted(item(), seen=(item(),)) == News()
    news = sifted(item(text="It does not sail."), seen=(item(),))
    assert [article.text for article in news.revised] == ["It does not sail."]
    assert (news.new, news.taken) == ((), 1)


def test_a_new_date_alone_changes_nothing() -> None:
    assert sifted(item(ago=timedelta()), seen=(item(ago=9 * HOUR),)) == News()


def test_what_is_older_than_a_week_is_remembered_and_no_news() -> None:
    news = sifted(item("old", 7 * DAY + HOUR), item("new", 7 * DAY))
    assert [article.title for article in news.new] == ["Title new"]
    assert [key for key, _ in news.known] == [article_key(FEED.key, "old")]


@pytest.mark.parametrize("lie", [NOW + 400 * DAY, datetime(1970, 1, 1, tzinfo=UTC), None])
def test_a_date_that_cannot_be_is_the_arrival(lie: datetime | None) -> None:
    (article,) = sifted(Item("x", "Title", published=lie)).new
    assert article.published == NOW


def test_what_has_no_date_is_news_only_once_the_feed_is_known() -> None:
    assert sifted(item(ago=None), first=True).new == ()
    assert len(sifted(item(ago=None), first=True).known) == 1
    assert len(sifted(item(ago=None)).new) == 1


def test_of_a_flood_the_newest_are_taken_oldest_first_and_the_rest_waits() -> None:
    many = [item(str(number), HOUR * number) for number in range(1, 100)]
    news = sifted(*many, allowance=3)
    assert [article.title for article in news.new] == ["Title 3", "Title 2", "Title 1"]
    assert (news.waiting, news.known) == (96, ())
    later = sifted(*many, seen=tuple(many[:3]), allowance=60)
    assert (len(later.new), later.waiting) == (60, 36)
    rewritten = sifted(*(item(each.id, HOUR, "!") for each in many), seen=tuple(many), allowance=9)
    assert (len(rewritten.revised), rewritten.waiting) == (9, 90)


def test_what_is_withdrawn_is_told_once() -> None:
    gone = Item("ferry", "", withdrawn=True)
    key = article_key(FEED.key, "ferry")
    assert sifted(gone, seen=(item(),)).withdrawn == (key,)
    assert sifted(gone).known == ((key, WITHDRAWN),)
    assert sift(FEED, [gone], {key: WITHDRAWN}, NOW, allowance=9, first=False) == News()


def test_a_feed_that_names_another_outlet_counts_as_itself() -> None:
    stranger = Item("x", "Title", url="https://www.reuters.example/ferry", published=NOW)
    assert sifted(stranger).new[0].outlet == "harbour-times.co.uk"
    assert (
        outlet_of(Feed("https://feeds.rented.example/ht", "H", domain="ht.example")) == "ht.example"
    )
    assert outlet_of(Feed("http://127.0.0.1:8091/feed", "H")) == "127.0.0.1"


def test_titles_only_means_titles_only() -> None:
    feed = Feed(FEED.url, "Harbour Times", quotes=Quotes.TITLES)
    (article,) = sift(feed, [item()], {}, NOW, allowance=9, first=False).new
    assert article.text == ""


def test_what_is_remembered_makes_the_next_visit_silent() -> None:
    old, new, changed = item("old", 9 * DAY), item("new"), item("changed", text="Now.")
    gone = Item("gone", "", withdrawn=True)
    before = {article_key(FEED.key, name): "x" for name in ("changed", "gone")}
    news = sift(FEED, [old, new, changed, gone], before, NOW, allowance=9, first=False)
    assert (len(news.known), news.taken, len(news.withdrawn)) == (1, 2, 1)
    assert len(news.seen) == 4
    again = sift(FEED, [old, new, changed, gone], news.seen, NOW, allowance=9, first=False)
    assert again == News()
    assert len(again.still) == 4
