"""Stories of our own writing, as the writing is given them."""

from datetime import UTC, datetime, timedelta

from newsroom.model import Article, FeedKey, Standing, article_key
from newsroom.writing import document
from newsroom.writing.material import Material, Report, Written
from stories.story import Status, StoryId

BEGIN = datetime(2031, 5, 6, 6, 0, tzinfo=UTC)
STORY = StoryId("ferry-1fd4a0")

FERRY = (
    (
        "Harbour Times",
        "Ferry Brandur runs aground off Skerrick with 212 aboard",
        "The ferry Brandur ran aground on a sandbank off Skerrick before dawn on Tuesday with 212 "
        "people aboard. The coastguard said nobody was hurt and that two lifeboats were near.",
    ),
    (
        "North Post",
        "Passengers taken off grounded Skerrick ferry Brandur",
        "Lifeboats have begun to take passengers off the ferry Brandur, stuck on a sandbank near "
        "Skerrick. The shipping line Norrvik blamed fog for the accident.",
    ),
    (
        "Island Radio",
        "Ferry Brandur: all passengers ashore at Skerrick",
        "Everyone from the grounded ferry Brandur is ashore in Skerrick, the coastguard said. "
        "Norrvik, the shipping line, will try to pull the ferry free at the next high tide.",
    ),
)


def report(
    outlet: str,
    title: str,
    text: str,
    minutes: float = 0.0,
    *,
    revised: int = 0,
    copy: bool = False,
    expired: bool = False,
    key: str = "",
) -> Report:
    """An article that came so many minutes after the story began."""
    at = BEGIN + timedelta(minutes=minutes)
    domain = outlet.casefold().replace(" ", "-") + ".example"
    feed = FeedKey(domain)
    article = Article(
        key=article_key(feed, key or title),
        feed=feed,
        outlet=domain,
        title=title,
        published=at,
        arrived=at,
        text="" if expired else text,
        url=f"https://{domain}/story",
        name=outlet,
    )
    return Report(article, copy, revised, expired)


def ferry() -> list[Report]:
    """Three outlets on a ferry, half an hour apart."""
    return [report(*each, minutes=30.0 * at) for at, each in enumerate(FERRY)]


def material(reports: list[Report], minutes: float = 90.0, **more: object) -> Material:
    """A story with these articles, so many minutes after it began."""
    now = BEGIN + timedelta(minutes=minutes)
    times = [each.article.published for each in reports] or [now]
    standing = Standing(
        status=Status.EMERGING,
        virality=3.0,
        articles=len(reports),
        independent=sum(not each.copy for each in reports),
        outlets=len({each.article.outlet for each in reports}),
        started=min(times),
        updated=max(times),
    )
    return Material(STORY, now, standing, tuple(reports), **more)  # type: ignore[arg-type]


def common(word: str) -> int:
    """How common a word is in a language in which only these are."""
    return {"people": 900, "said": 1_500, "tuesday": 300, "near": 400}.get(word, 2)


def written(
    reports: list[Report], before: Written | None = None, minutes: float = 90.0, **more: object
) -> Written:
    """The story's next document."""
    found = document.write(material(reports, minutes, **more), common, before)
    assert found is not None
    return found
