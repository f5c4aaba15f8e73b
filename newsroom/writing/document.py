"""A story's document: its articles' own sentences, put together, each with its source."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache

from pydantic import TypeAdapter, ValidationError

from grounding.words import words
from newsroom.model import ArticleKey, Bullet, Sentence
from newsroom.writing import bullets, conflicts, keywords, questions, titles
from newsroom.writing.corrections import correction
from newsroom.writing.material import Material, Report, Written
from stories.fields import NAME_LIMIT, Url
from stories.story import Conflict, Question, Source, Spread, Stats, Story
from stories.story import Report as Told

SOURCES = 60
"""Articles that a document lists: those it cites, and the newest others."""
_URL: TypeAdapter[str] = TypeAdapter(Url)


def write(
    material: Material, common: Callable[[str], int], before: Written | None = None
) -> Written | None:
    """The story's next document; None if it can't have one.

    `common` tells how common a word is (`keywords.keywords`), `before` is what was written last. A
    story that was retracted or merged keeps what it said, and says what became of it; if nothing
    was written before, nobody needs to hear that.
    """
    reports = tuple(each for each in material.reports if _has_title(each))
    if material.retracted is not None or material.merged_into is not None or not reports:
        return before and replace(before, story=_over(material, before.story))
    ranked = bullets.scored(reports)
    lines = bullets.choose(reports, before.bullets if before else (), ranked)
    if not lines:
        return None
    headline, frozen = titles.choose(
        reports,
        material.standing.outlets,
        material.now,
        before.headline if before else None,
        frozen=before is not None and before.frozen,
    )
    names = keywords.entities(reports, before.story.entities if before else ())
    marked = keywords.keywords(reports, common, before.story.keywords if before else ())
    kept = {each.question: each.answer for each in before.story.questions} if before else {}
    about = [each.about for each in before.story.conflicts] if before else ()
    differing = conflicts.conflicts(reports, about)
    answered = questions.questions(ranked, names, differing, kept)
    cited = [
        headline.article,
        *(key for each in lines for key in each.sources),
        *(key for each in answered for key in each.sources),
        *(said.article.key for each in differing for said in each.reports),
    ]
    listed = _listed(reports, cited)
    place = {each.article.key: at for at, each in enumerate(listed)}
    story = Story(
        id=material.id,
        title=_title(headline, reports, before),
        headline=headline.text,
        breakdown=tuple(each.text for each in lines),
        cited=tuple(tuple(place[key] for key in each.sources) for each in lines),
        entities=names,
        keywords=marked,
        stats=_stats(material),
        started_at=min(material.standing.started, material.now),
        updated_at=material.now,
        questions=tuple(
            Question(each.question, each.answer, tuple(place[key] for key in each.sources))
            for each in answered
        ),
        sources=tuple(_source(each, material) for each in listed),
        conflicts=tuple(
            Conflict(
                each.about,
                tuple(
                    Told(said.sentence.text, place[said.article.key], said.article.published)
                    for said in each.reports
                ),
            )
            for each in differing
        ),
        split_from=material.split_from,
        follows=material.follows,
        correction=correction(material, before),
    )
    return Written(story, headline, lines, frozen, _outlets(listed, lines, headline))


def _has_title(report: Report) -> bool:
    return any(letter.isalnum() for letter in report.article.title)


def _over(material: Material, story: Story) -> Story:
    """The last document of a story that is withdrawn or went up in another."""
    why = material.retracted
    if why is None and material.merged_into is None:
        why = next(iter(material.withdrawn.values()), "") or "All its sources were withdrawn."
    stats = replace(story.stats, status=material.standing.status or story.stats.status)
    at = max(material.now, story.started_at or material.now)
    return replace(
        story, retracted=why, merged_into=material.merged_into, stats=stats, updated_at=at
    )


def _title(headline: Sentence, reports: Sequence[Report], before: Written | None) -> str:
    """The short title. It stays while the headline still has half of its telling words."""
    if before is not None:
        if headline.text == before.headline.text:
            return before.story.title
        said = {word.stem for word in words(before.story.title) if word.telling}
        still = said & {word.stem for word in words(headline.text)}
        if said and 2 * len(still) >= len(said):
            return before.story.title
    originals = [each.article.title for each in reports if not each.copy]
    return titles.short(headline.text, originals[-titles.TITLES :])


def _stats(material: Material) -> Stats:
    standing = material.standing
    counted = Spread(**standing.spread)
    return Stats(
        status=standing.status,
        virality=standing.virality,
        articles=standing.articles,
        independent=standing.independent,
        leaning=standing.leaning,
        spread=counted if counted.left or counted.center or counted.right else None,
    )


def _listed(reports: Sequence[Report], cited: Sequence[ArticleKey]) -> list[Report]:
    """The articles a document lists, oldest first."""
    needed = set(cited)
    rest = [each for each in reports if each.article.key not in needed]
    room = max(0, SOURCES - len(needed))
    others = {each.article.key for each in rest[len(rest) - room :]} if room < len(rest) else None
    return [
        each
        for each in reports
        if others is None or each.article.key in needed or each.article.key in others
    ]


def _source(report: Report, material: Material) -> Source:
    article = report.article
    return Source(
        title=article.title,
        outlet=(article.name or article.outlet)[:NAME_LIMIT],
        url=_address(article.url),
        published_at=article.published,
        leaning=material.leanings.get(article.outlet),
    )


@lru_cache(maxsize=4_096)
def _address(url: str | None) -> str | None:
    """The address, if a document may have it."""
    try:
        return url and _URL.validate_python(url)
    except ValidationError:
        return None


def _outlets(
    listed: Sequence[Report], lines: Sequence[Bullet], headline: Sentence
) -> dict[ArticleKey, str]:
    quoted = {headline.article, *(key for each in lines for key in each.sources)}
    return {
        each.article.key: each.article.name or each.article.outlet
        for each in listed
        if each.article.key in quoted
    }
