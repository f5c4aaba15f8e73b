"""Stories for tests: any that a document can hold."""

import dataclasses
import unicodedata
from dataclasses import replace
from datetime import UTC, timedelta, timezone

from hypothesis import strategies as st

from stories import fields
from stories.story import (
    Conflict,
    Correction,
    Leaning,
    Question,
    Report,
    Source,
    Spread,
    Stats,
    Status,
    Story,
    StoryId,
)

_LETTERS = st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Zl", "Zp"))


def _visible(text: str) -> bool:
    return any(unicodedata.category(each)[0] not in "CZ" for each in text)


def lines(limit: int) -> st.SearchStrategy[str]:
    """One line as a document holds it: stripped, not blank, without control characters."""
    return st.text(_LETTERS, min_size=1, max_size=limit).map(str.strip).filter(_visible)


def paragraphs(limit: int) -> st.SearchStrategy[str]:
    return st.lists(lines(limit // 8), min_size=1, max_size=4).map("\n\n".join)


ids = st.from_regex("[a-z0-9-]{1,40}", fullmatch=True).map(StoryId)
offsets = st.integers(-23 * 60, 23 * 60).map(lambda m: timezone(timedelta(minutes=m)))
times = st.datetimes(
    # A day from either end: an offset may move a time by that much.
    fields.EARLIEST.replace(tzinfo=None) + timedelta(days=1),
    fields.LATEST.replace(tzinfo=None) - timedelta(days=1),
    timezones=st.just(UTC) | offsets,
)
urls = st.from_regex(
    r"https?://[a-z]{1,9}\.example(:[1-9][0-9]{1,3})?/[\w/.~?=&%-]{0,30}", fullmatch=True
)
numbers = st.integers(0, fields.MAX_NUMBER)
spreads = st.builds(Spread, *[st.integers(0, 9)] * 4).filter(lambda spread: spread != Spread())
stats = st.builds(
    Stats,
    status=st.none() | st.sampled_from(Status),
    virality=st.none() | st.floats(0, 10) | st.integers(0, 10),
    articles=st.none() | numbers,
    leaning=st.none() | st.sampled_from(Leaning),
    independent=st.none() | numbers,
    spread=st.none() | spreads,
).map(
    lambda stats: (
        stats
        if stats.articles is None or stats.independent is None
        else replace(stats, independent=min(stats.articles, stats.independent))
    )
)
corrections = st.builds(Correction, lines(60), times)


def positions(count: int) -> st.SearchStrategy[tuple[int, ...]]:
    """Positions in so many sources, each once."""
    if not count:
        return st.just(())
    return st.lists(st.integers(0, count - 1), unique=True, max_size=3).map(tuple)


def conflicts(count: int) -> st.SearchStrategy[tuple[Conflict, ...]]:
    """What so many sources report differently."""
    if not count:
        return st.just(())
    reports = st.builds(Report, lines(60), st.integers(0, count - 1), st.none() | times)
    several = st.lists(reports, min_size=2, max_size=4).map(tuple)
    return st.lists(
        st.builds(Conflict, lines(30), several), max_size=2, unique_by=lambda each: each.key
    ).map(tuple)


sources = st.builds(
    Source,
    title=lines(60),
    outlet=st.none() | lines(30),
    url=st.none() | urls,
    published_at=st.none() | times,
    leaning=st.none() | st.sampled_from(Leaning),
)


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """Any story that can be written, as it reads back."""
    story_id = draw(ids)
    started, updated = sorted([draw(times), draw(times)])
    articles = tuple(draw(st.lists(sources, max_size=3)))
    breakdown = tuple(draw(st.lists(lines(120), min_size=1, max_size=6)))
    cited = tuple(draw(positions(len(articles))) for _ in breakdown)
    others = ids.filter(lambda other: other != story_id)
    return Story(
        id=story_id,
        title=draw(lines(80)),
        breakdown=breakdown,
        revision=draw(st.none() | st.integers(1, fields.MAX_REVISION)),
        headline=draw(st.none() | lines(80)),
        entities=tuple(draw(st.lists(lines(20), max_size=3))),
        stats=draw(stats),
        started_at=draw(st.sampled_from([None, started])),
        updated_at=draw(st.sampled_from([None, updated])),
        keywords=tuple(draw(st.lists(lines(20), max_size=3))),
        questions=tuple(
            draw(
                st.lists(
                    st.builds(Question, lines(60), paragraphs(400), positions(len(articles))),
                    max_size=3,
                    unique_by=lambda question: question.key,
                )
            )
        ),
        sources=articles,
        url=draw(st.none() | urls),
        image_url=draw(st.none() | urls),
        rank=draw(st.none() | st.integers(1, fields.MAX_NUMBER)),
        retracted=draw(st.none() | lines(60)),
        merged_into=draw(st.none() | others),
        split_from=draw(st.none() | others),
        cited=cited if any(cited) else (),
        conflicts=draw(conflicts(len(articles))),
        correction=draw(st.none() | corrections),
        follows=draw(st.none() | others),
        web=draw(st.booleans()),
    )


@st.composite
def revisions(draw: st.DrawFn) -> tuple[Story, Story]:
    """A story and its next revision: some fields are another story's, lists partly so."""
    before, other = draw(stories()), draw(stories())
    fixed = ("id", "announced")
    names = [each.name for each in dataclasses.fields(Story) if each.name not in fixed]
    changed = {name: getattr(other, name) for name in draw(st.sets(st.sampled_from(names)))}
    for name in ("breakdown", "entities", "questions", "sources", "conflicts"):
        if name in changed:
            both = list(dict.fromkeys([*getattr(before, name), *changed[name]]))
            few = draw(st.permutations(both))[: draw(st.integers(1, max(1, len(both))))]
            changed[name] = tuple(few)
    return before, _sound(replace(before, **changed))


def _sound(story: Story) -> Story:
    """The story without positions at which it has no source."""
    count = len(story.sources)

    def there(places: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(each for each in places if each < count)

    cited = tuple(there(places) for _, places in story.bullets())
    return replace(
        story,
        cited=cited if any(cited) else (),
        questions=tuple(replace(each, sources=there(each.sources)) for each in story.questions),
        conflicts=tuple(
            each
            for each in story.conflicts
            if all(report.source < count for report in each.reports)
        ),
    )
