"""The breakdown: which sentences tell the story, and which of them stay when it goes on.

Sentences are chosen one by one, each for what it says of the story less what those before it have
said (maximal marginal relevance, Carbonell and Goldstein 1998). No article is quoted twice. What
was chosen is sticky: a card whose lines change with every article can't be read.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from newsroom.model import ArticleKey, Bullet
from newsroom.writing.material import Report
from newsroom.writing.sentences import (
    Candidate,
    candidates,
    cosine,
    counts,
    mean,
    rarity,
    sentences,
    title,
    weighed,
)

MOST = 6
"""Bullets of a story."""
LAMBDA = 0.7
"""How much what a sentence says counts against what it repeats."""
AFFINITY = 0.3
"""What likeness to the titles adds."""
POSITION = 0.1
"""What standing first in its text adds; half of it for the second, a third for the next."""
CONFIRMED = 0.05
"""What each further outlet that says the same adds, twice at most."""
SAME = 0.5
"""The cosine from which another outlet's sentence says the same."""
SHORT = 30
"""Words from which a sentence is long, and loses `LONG`."""
LONG = 0.1
AGAIN = 0.1
"""What a sentence of an outlet that is quoted already loses."""
COPIED = 0.2
"""What a copy's sentence loses: the origin's stands there, too."""
NAMED = 0.02
"""What beginning with a name adds."""
REPEATS = 0.6
"""The cosine with a bullet from which a sentence adds nothing."""
LEAST = 0.15
"""The score below which a sentence isn't about the story."""
BETTER = 1.3
"""How many times a bullet's score a newer sentence must have to replace it."""
REPLACED = 1
ADDED = 2
"""Bullets that one revision replaces and adds at most."""
CONSIDERED = 150
"""Sentences that are compared, those of the newest articles first."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A candidate and what it says of the story, before redundancy."""

    candidate: Candidate
    value: float

    @property
    def order(self) -> tuple[float, float, str, int]:
        """Sorts the best first; ties go to the older article."""
        sentence, article = self.candidate.sentence, self.candidate.article
        return -self.value, article.published.timestamp(), article.key, sentence.place


def scored(reports: Sequence[Report]) -> list[Scored]:
    """All candidates with their scores, best first."""
    every = candidates(reports)
    newest = sorted(every, key=lambda each: (each.article.published, each.article.key))
    every = newest[-CONSIDERED:]
    center = mean(each.vector for each in every if not each.copy)
    heads = mean(title_vectors(reports, every))
    found = [Scored(each, _value(each, every, center, heads)) for each in every]
    return sorted(found, key=lambda each: each.order)


def title_vectors(reports: Sequence[Report], every: Sequence[Candidate]) -> list[dict[str, float]]:
    """The vectors of the originals' titles, in the words of the candidates."""
    rare = rarity(counts(each.sentence.text) for each in every)
    return [weighed(counts(each.article.title), rare) for each in reports if not each.copy]


def _value(
    one: Candidate,
    every: Sequence[Candidate],
    center: dict[str, float],
    heads: dict[str, float],
) -> float:
    value = cosine(one.vector, center) + AFFINITY * cosine(one.vector, heads)
    value += POSITION / (1 + max(0, one.sentence.place))
    confirming = {
        other.article.outlet
        for other in every
        if other.article.outlet != one.article.outlet and cosine(one.vector, other.vector) >= SAME
    }
    value += CONFIRMED * min(2, len(confirming))
    second = one.sentence.text.split()[1:2]
    value += NAMED * bool(second and second[0][0].isupper())
    return value - LONG * (one.words > SHORT) - COPIED * one.copy


def choose(
    reports: Sequence[Report],
    kept: Sequence[Bullet] = (),
    ranked: Sequence[Scored] | None = None,
) -> tuple[Bullet, ...]:
    """The breakdown of a story; `kept` is what it was, `ranked` what `scored` said.

    A bullet whose sentence its article no longer has is dropped. Of the others, one at most is
    replaced, and two at most are added.
    """
    ranked = scored(reports) if ranked is None else ranked
    if not kept:
        return tuple(_bullet(each) for each in _marginal(ranked, [], MOST))
    by_sentence = {
        (each.candidate.sentence.article, each.candidate.sentence.text): each for each in ranked
    }
    stays = [bullet for bullet in kept if still_said(bullet, reports)]
    lost = len(kept) - len(stays)
    known = [by_sentence.get((bullet.sources[0], bullet.text)) for bullet in stays]
    chosen = [each for each in known if each is not None]
    if len(stays) > 1 and not lost:
        stays, chosen = _replaced(stays, chosen, ranked)
    room = min(ADDED + lost, MOST - len(stays))
    taken = {bullet.sources[0] for bullet in stays}
    added = _marginal(ranked, chosen, room, taken) if room else []
    return (*stays, *(_bullet(each) for each in added))


def still_said(bullet: Bullet, reports: Sequence[Report]) -> bool:
    """Whether the article that a bullet quotes still says it, as far as its text is stored."""
    for report in reports:
        if report.article.key == bullet.sources[0]:
            said = [title(report), *sentences(report)]
            return report.expired or any(each.text == bullet.text for each in said)
    return False


def _replaced(
    stays: list[Bullet], chosen: list[Scored], ranked: Sequence[Scored]
) -> tuple[list[Bullet], list[Scored]]:
    """The bullets with the weakest replaced, if a newer sentence is much better."""
    if len(stays) < MOST or not chosen:
        return stays, chosen
    weak = min(chosen, key=lambda each: (_worth(each, chosen), each.order))
    others = [each for each in chosen if each is not weak]
    taken = {bullet.sources[0] for bullet in stays}
    for rival in _marginal(ranked, others, 1, taken):
        newer = rival.candidate.article.published > weak.candidate.article.published
        if newer and _worth(rival, others) > BETTER * max(0.0, _worth(weak, others)):
            at = next(
                place
                for place, bullet in enumerate(stays)
                if bullet.sources[0] == weak.candidate.sentence.article
            )
            return [*stays[:at], _bullet(rival), *stays[at + 1 :]], [*others, rival]
    return stays, chosen


def _worth(one: Scored, others: Sequence[Scored]) -> float:
    """What a sentence says of the story less what it repeats of the others."""
    near = max((_alike(one, other) for other in others if other is not one), default=0.0)
    return LAMBDA * one.value - (1 - LAMBDA) * near


def _marginal(
    ranked: Sequence[Scored],
    chosen: Sequence[Scored],
    room: int,
    taken: set[ArticleKey] | frozenset[ArticleKey] = frozenset(),
) -> list[Scored]:
    """The next best sentences beside those that are chosen, none of an article that is quoted."""
    chosen, begun = list(chosen), len(chosen)
    quoted = set(taken) | {each.candidate.sentence.article for each in chosen}
    outlets = {each.candidate.article.outlet for each in chosen}
    nearest = [max((_alike(each, other) for other in chosen), default=0.0) for each in ranked]
    while len(chosen) - begun < room:
        best, found = 0.0, -1
        for at, each in enumerate(ranked):
            if each.candidate.sentence.article in quoted or nearest[at] >= REPEATS:
                continue
            value = LAMBDA * each.value - (1 - LAMBDA) * nearest[at]
            value -= AGAIN * (each.candidate.article.outlet in outlets)
            if each.value >= LEAST and (found < 0 or value > best):
                best, found = value, at
        if found < 0:
            break
        new = ranked[found]
        chosen.append(new)
        quoted.add(new.candidate.sentence.article)
        outlets.add(new.candidate.article.outlet)
        nearest = [max(near, _alike(each, new)) for near, each in zip(nearest, ranked, strict=True)]
    return chosen[begun:]


def _alike(one: Scored, other: Scored) -> float:
    return cosine(one.candidate.vector, other.candidate.vector)


def _bullet(each: Scored) -> Bullet:
    return Bullet(each.candidate.sentence.text, (each.candidate.sentence.article,))
