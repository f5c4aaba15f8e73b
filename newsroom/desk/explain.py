"""Why a story stands as it does: what each of its figures is made of."""

from dataclasses import dataclass

from newsroom.desk.desk import Desk
from newsroom.desk.outlets import Leanings, leanings
from newsroom.desk.standing import HEAT_H, Facts, Virality, contributions, virality
from newsroom.desk.story import Story
from newsroom.desk.words import spellings
from newsroom.model import ArticleKey, Standing
from stories.story import Leaning

WORDS = 8
"""Words that are named."""


@dataclass(frozen=True, slots=True)
class Why:
    """One article of a story."""

    key: ArticleKey
    outlet: str
    title: str
    origin: ArticleKey | None
    """The article it is a copy of."""
    score: float
    """Log-odds with which it joined; 0 for the one that began the story."""
    heat: float
    """What it adds to the virality's heat."""
    shared: tuple[str, ...]
    """The words of its title that weigh most in the story."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything that a story's figures come from, at the desk's last tick."""

    standing: Standing
    facts: Facts
    """What its status depends on."""
    virality: Virality
    leanings: Leanings
    rated: tuple[tuple[str, str, Leaning | None], ...]
    """Each outlet with its owner and leaning."""
    articles: tuple[Why, ...]
    """In the order in which they came in."""
    words: tuple[str, ...]
    """The words that weigh most in it, as its titles spell them."""


def explain(desk: Desk, story: Story) -> Explanation:
    """Why a story stands as it does. It must have articles."""
    reports = list(story.reports())
    heats = contributions(reports, desk.now, HEAT_H)
    weighs: dict[int, int] = {}
    spelled: dict[int, str] = {}
    for member in story.members.values():
        spelled = spellings(member.entry.title) | spelled
        for word, weight in member.vector.lead.items():
            weighs[word] = weighs.get(word, 0) + weight
    articles = []
    for member, heat in zip(story.members.values(), heats, strict=True):
        entry = member.entry
        mine = spellings(entry.title)
        shared = tuple(mine[word] for word in _heaviest(mine, weighs))
        articles.append(
            Why(entry.key, entry.outlet, entry.title, member.origin, member.score, heat, shared)
        )
    outlets = sorted(story.outlets())
    return Explanation(
        standing=desk.standing(story),
        facts=story.facts(),
        virality=virality(reports, desk.now),
        leanings=leanings(outlets, desk.outlets),
        rated=tuple(
            (each, desk.outlets.owner(each), desk.outlets.leaning(each)) for each in outlets
        ),
        articles=tuple(articles),
        words=tuple(spelled[word] for word in _heaviest(spelled, weighs)),
    )


def _heaviest(words: dict[int, str], weighs: dict[int, int]) -> list[int]:
    known = [word for word in words if word in weighs]
    return sorted(known, key=lambda word: (-weighs[word], word))[:WORDS]
