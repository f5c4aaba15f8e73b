"""What changed between two revisions of a story, and how much it matters."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum, StrEnum
from math import isqrt
from types import MappingProxyType

from rapidfuzz import fuzz, process, utils

from stories.announced import is_new_correction, spreads_fast
from stories.story import Conflict, Correction, Source, Spread, Status, Story

SAME_BULLET = 65.0
"""How similar (0-100, ignoring word order) two bullets must be to count as one bullet reworded.
Different sentences about one event reach about 55; a corrected number or name leaves 75 or more."""
COMPARED = 30_000_000
"""Budget for finding reworded bullets: characters times characters, summed over all pairs. If it
doesn't suffice, only the beginnings of bullets are compared."""
REWRITTEN_BULLETS = 3
"""If at least this many bullets, and at least half of them, were replaced,
the breakdown was rewritten."""


class Weight(IntEnum):
    """How loud a change may be: MINOR edits the card, NOTABLE also replies,
    MAJOR also notifies people."""

    MINOR = 1
    NOTABLE = 2
    MAJOR = 3


class Kind(StrEnum):
    """The kinds of change, in the order in which equally heavy ones are named."""

    NEW = "new"
    RETRACTED = "retracted"
    REINSTATED = "reinstated"
    MERGED = "merged"
    UNMERGED = "unmerged"
    ENDED = "ended"
    REWRITTEN = "rewritten"
    CORRECTION = "correction"
    BULLET_ADDED = "bullet added"
    BULLET_UPDATED = "bullet updated"
    CONFLICT_ADDED = "conflict added"
    TITLE = "title"
    STATUS = "status"
    BULLET_REMOVED = "bullet removed"
    SPLIT = "split"
    SPREADING = "spreading fast"
    BULLET_REWORDED = "bullet reworded"
    HEADLINE = "headline"
    QUESTION_ADDED = "question added"
    ANSWER_CHANGED = "answer changed"
    QUESTION_REMOVED = "question removed"
    CONFLICT_CHANGED = "conflict changed"
    CONFLICT_REMOVED = "conflict removed"
    SOURCE_ADDED = "source added"
    SOURCE_REMOVED = "source removed"
    SOURCE_CHANGED = "source changed"
    VIRALITY = "virality"
    ARTICLES = "articles"
    INDEPENDENT = "independent articles"
    ENTITIES = "entities"
    KEYWORDS = "keywords"
    LEANING = "leaning"
    SPREAD = "spread"
    RANK = "rank"
    FOLLOWS = "follows"
    CITED = "cited sources"
    LINK = "link"
    IMAGE = "image"
    STARTED = "started"
    UPDATED = "updated"
    WEB = "web"
    OTHER = "other"
    """None of the above: bullets, questions or sources in another order, a question's case."""


LEANINGS = frozenset({Kind.LEANING, Kind.SPREAD})
"""The kinds shown only where a chat asks for leanings."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change.

    `before` and `after` are plain texts; for something added or removed, one is None.
    """

    kind: Kind
    weight: Weight
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Delta:
    """Everything that changed between two revisions, in the order of Kind."""

    changes: tuple[Change, ...]

    @property
    def weight(self) -> Weight | None:
        """The weight of the heaviest change; None if nothing changed."""
        return max((change.weight for change in self.changes), default=None)

    @property
    def reason(self) -> Change | None:
        """The heaviest change, the first of equally heavy ones: the one a reply names."""
        return max(self.changes, key=lambda change: change.weight, default=None)

    def __bool__(self) -> bool:
        return bool(self.changes)


@dataclass(frozen=True, slots=True)
class Pair:
    """One change with the two revisions that it lies between."""

    older: Story
    newer: Story
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Rule:
    """The weight of one kind of change, under a condition."""

    weight: Weight
    when: str
    """The condition in words; empty for "always"."""
    holds: Callable[[Pair], bool]
    """The same condition."""


def _always(weight: Weight) -> tuple[Rule, ...]:
    return (Rule(weight, "", lambda pair: True),)


def _both_say_status(pair: Pair) -> bool:
    return pair.older.stats.status is not None and pair.newer.stats.status is not None


def _only_figures(pair: Pair) -> bool:
    """Whether the two bullets differ in nothing but figures."""
    return _masked(pair.before or "") == _masked(pair.after or "")


_MINOR, _NOTABLE, _MAJOR = map(_always, Weight)

RULES: Mapping[Kind, tuple[Rule, ...]] = MappingProxyType(
    {
        # A new story's card is itself the message: nothing to reply to, nobody to notify.
        Kind.NEW: _NOTABLE,
        Kind.RETRACTED: (
            Rule(Weight.MAJOR, "the story stood before", lambda pair: pair.older.retracted is None),
            *_MINOR,
        ),
        # People who were notified that a story is gone are notified when it is back.
        Kind.REINSTATED: _MAJOR,
        Kind.MERGED: _MAJOR,
        Kind.UNMERGED: _MAJOR,
        Kind.ENDED: _MAJOR,
        Kind.REWRITTEN: _MAJOR,
        Kind.CORRECTION: (
            Rule(
                Weight.NOTABLE,
                "one that was not there before",
                lambda pair: is_new_correction(pair.older, pair.newer),
            ),
            *_MINOR,
        ),
        Kind.BULLET_ADDED: _NOTABLE,
        Kind.BULLET_UPDATED: (
            Rule(Weight.NOTABLE, "nothing but figures changed in it", _only_figures),
            *_MINOR,
        ),
        Kind.CONFLICT_ADDED: _NOTABLE,
        Kind.TITLE: _NOTABLE,
        Kind.STATUS: (Rule(Weight.NOTABLE, "there was and is one", _both_say_status), *_MINOR),
        Kind.BULLET_REMOVED: _NOTABLE,
        Kind.SPLIT: _NOTABLE,
        Kind.SPREADING: _NOTABLE,
        Kind.BULLET_REWORDED: _MINOR,
        Kind.HEADLINE: _MINOR,
        Kind.QUESTION_ADDED: _MINOR,
        Kind.ANSWER_CHANGED: _MINOR,
        Kind.QUESTION_REMOVED: _MINOR,
        Kind.CONFLICT_CHANGED: _MINOR,
        Kind.CONFLICT_REMOVED: _MINOR,
        Kind.SOURCE_ADDED: _MINOR,
        Kind.SOURCE_REMOVED: _MINOR,
        Kind.SOURCE_CHANGED: _MINOR,
        Kind.VIRALITY: _MINOR,
        Kind.ARTICLES: _MINOR,
        Kind.INDEPENDENT: _MINOR,
        Kind.ENTITIES: _MINOR,
        Kind.KEYWORDS: _MINOR,
        Kind.LEANING: _MINOR,
        Kind.SPREAD: _MINOR,
        Kind.RANK: _MINOR,
        Kind.FOLLOWS: _MINOR,
        Kind.CITED: _MINOR,
        Kind.LINK: _MINOR,
        Kind.IMAGE: _MINOR,
        Kind.STARTED: _MINOR,
        Kind.UPDATED: _MINOR,
        Kind.WEB: _MINOR,
        Kind.OTHER: _MINOR,
    }
)
"""The published rule: a change's weight is that of the first row of its kind whose condition
holds."""


def compare(before: Story | None, after: Story) -> Delta:
    """What changed from `before` to `after`, whatever their revision numbers.

    If `before` is None or has another id, the story is new, and nothing else is listed. Otherwise
    the delta is empty exactly if nothing but the revision number differs, and perhaps what was
    announced (stories/announced.py).
    """
    if before is None or before.id != after.id:
        return Delta((Change(Kind.NEW, RULES[Kind.NEW][0].weight, None, after.title),))
    found = sorted(_differences(before, after), key=lambda found: _ORDER[found[0]])
    if not found and replace(before, revision=None) != replace(after, revision=None):
        found = [(Kind.OTHER, None, None)]
    return Delta(
        tuple(
            Change(kind, _weigh(kind, Pair(before, after, was, now)), was, now)
            for kind, was, now in found
        )
    )


_ORDER = {kind: place for place, kind in enumerate(Kind)}

_Found = tuple[Kind, str | None, str | None]
"""A kind, the text before and the text after."""


def _weigh(kind: Kind, pair: Pair) -> Weight:
    return next(rule.weight for rule in RULES[kind] if rule.holds(pair))


def _differences(before: Story, after: Story) -> Iterator[_Found]:
    yield from _existence(before, after)
    yield from _bullets(before.breakdown, after.breakdown)
    yield from _questions(before, after)
    yield from _sources(before.sources, after.sources)
    yield from _conflicts(before, after)
    if _cites_others(before, after):
        yield Kind.CITED, None, None
    if before.correction != after.correction:
        yield Kind.CORRECTION, _text(before.correction), _text(after.correction)
    if spreads_fast(before, after):
        yield Kind.SPREADING, None, None
    was, now = before.stats, after.stats
    pairs: list[tuple[Kind, object, object]] = [
        (Kind.TITLE, before.title, after.title),
        (Kind.HEADLINE, before.headline, after.headline),
        (Kind.ENDED if now.status is Status.ENDED else Kind.STATUS, was.status, now.status),
        (Kind.VIRALITY, was.virality, now.virality),
        (Kind.ARTICLES, was.articles, now.articles),
        (Kind.LEANING, was.leaning, now.leaning),
        (Kind.INDEPENDENT, was.independent, now.independent),
        (Kind.SPREAD, was.spread, now.spread),
        (Kind.ENTITIES, before.entities, after.entities),
        (Kind.KEYWORDS, before.keywords, after.keywords),
        (Kind.SPLIT, before.split_from, after.split_from),
        (Kind.FOLLOWS, before.follows, after.follows),
        (Kind.WEB, before.web, after.web),
        (Kind.RANK, before.rank, after.rank),
        (Kind.LINK, before.url, after.url),
        (Kind.IMAGE, before.image_url, after.image_url),
        (Kind.STARTED, before.started_at, after.started_at),
        (Kind.UPDATED, before.updated_at, after.updated_at),
    ]
    yield from ((kind, _said(old), _said(new)) for kind, old, new in pairs if old != new)


def _existence(before: Story, after: Story) -> Iterator[_Found]:
    """Whether the story still exists on its own: withdrawn or reinstated, merged or unmerged."""
    if before.retracted != after.retracted:
        kind = Kind.REINSTATED if after.retracted is None else Kind.RETRACTED
        yield kind, before.retracted, after.retracted
    if before.merged_into != after.merged_into:
        kind = Kind.UNMERGED if after.merged_into is None else Kind.MERGED
        yield kind, before.merged_into, after.merged_into


def _bullets(before: tuple[str, ...], after: tuple[str, ...]) -> Iterator[_Found]:
    """Bullets that were added, removed or reworded, wherever in the breakdown they are."""
    gone, come = _without(before, after), _without(after, before)
    for old, new in sorted(_reworded(gone, come), key=lambda pair: after.index(pair[1])):
        gone.remove(old)
        come.remove(new)
        updated = _figures(old) != _figures(new)
        yield Kind.BULLET_UPDATED if updated else Kind.BULLET_REWORDED, old, new
    replaced = min(len(gone), len(come))
    if replaced >= REWRITTEN_BULLETS and replaced * 2 >= len(before):
        yield Kind.REWRITTEN, None, None
    yield from ((Kind.BULLET_ADDED, None, new) for new in come)
    yield from ((Kind.BULLET_REMOVED, old, None) for old in gone)


_GROUPED = re.compile(r"(?<=\d)[,'’ \u00a0\u202f](?=\d{3}(?!\d))")
"""Separators within a long number: 28,800 and 28 800 are 28800."""
_FIGURE = re.compile(r"(?<!\w)[-−+]?\d+(?:[.,:/]\d+)*|\d+(?:[.,:/]\d+)*")


def _figures(bullet: str) -> Counter[str]:
    """The numbers, times and dates in a bullet that are written in digits, with their counts."""
    return Counter(_FIGURE.findall(_GROUPED.sub("", bullet)))


def _masked(bullet: str) -> str:
    """The bullet with every figure replaced by 0, without regard to case and punctuation."""
    return utils.default_process(_FIGURE.sub(" 0 ", _GROUPED.sub("", bullet)))


def _reworded(gone: list[str], come: list[str]) -> list[tuple[str, str]]:
    """Pairs of bullets that are one bullet in other words, the most similar pairs first.

    Ties are broken by text, so that the order of bullets plays no role.
    """
    olds, news = sorted(set(gone)), sorted(set(come))
    much = sum(map(len, olds)) * sum(map(len, news))
    cut = None if much <= COMPARED else isqrt(COMPARED // (len(olds) * len(news)))
    alike = sorted(
        (-likeness, old, new)
        for old, likenesses in _likenesses(olds, news, cut)
        for new, likeness in likenesses
    )
    left, right, pairs = Counter(gone), Counter(come), []
    for _, old, new in alike:
        times = min(left[old], right[new])
        left[old] -= times
        right[new] -= times
        pairs += [(old, new)] * times
    return pairs


def _likenesses(
    olds: Sequence[str], news: Sequence[str], cut: int | None
) -> Iterator[tuple[str, Iterable[tuple[str, float]]]]:
    """For each old bullet, the new ones that may be a rewording, and how similar they are (0-100).

    Bullets without letters are similar only to identical ones.
    """
    plain = [utils.default_process(new[:cut]) for new in news]
    in_order = [" ".join(sorted(text.split())) for text in plain]
    for old in olds:
        said = utils.default_process(old[:cut])
        found: dict[str, float] = {}
        for one, others in ((said, plain), (" ".join(sorted(said.split())), in_order)):
            texts = {place: text for place, text in enumerate(others) if text}
            alike = process.extract(
                one, texts, scorer=fuzz.ratio, score_cutoff=SAME_BULLET, limit=None
            )
            for _, likeness, place in alike if one else ():
                found[news[place]] = max(likeness, found.get(news[place], 0.0))
        yield old, found.items()


def _questions(before: Story, after: Story) -> Iterator[_Found]:
    was = {question.key: question for question in before.questions}
    now = {question.key: question for question in after.questions}
    for key, question in now.items():
        if key not in was:
            yield Kind.QUESTION_ADDED, None, question.question
        elif was[key].answer != question.answer:
            yield Kind.ANSWER_CHANGED, was[key].answer, question.answer
    yield from ((Kind.QUESTION_REMOVED, was[key].question, None) for key in was if key not in now)


def _conflicts(before: Story, after: Story) -> Iterator[_Found]:
    was = {conflict.key: conflict for conflict in before.conflicts}
    now = {conflict.key: conflict for conflict in after.conflicts}
    for key, conflict in now.items():
        if key not in was:
            yield Kind.CONFLICT_ADDED, None, conflict.about
        elif _reported(was[key], before) != _reported(conflict, after):
            yield Kind.CONFLICT_CHANGED, was[key].about, conflict.about
    yield from ((Kind.CONFLICT_REMOVED, was[key].about, None) for key in was if key not in now)


def _reported(conflict: Conflict, story: Story) -> list[object]:
    """What a conflict's reports say, with their sources in place of the positions of these."""
    return [
        (report.text, report.at, _cites(story, (report.source,))) for report in conflict.reports
    ]


def _cites_others(before: Story, after: Story) -> bool:
    """Whether a bullet or answer that stayed names other sources than before."""
    was, now = _cited(before), _cited(after)
    return any(was[text] != now[text] for text in was.keys() & now.keys())


def _cited(story: Story) -> dict[str, frozenset[tuple[str | None, ...]]]:
    """For each bullet and answer the sources it names: their positions may change by themselves."""
    cited = dict(story.bullets())
    cited |= {each.answer: each.sources for each in story.questions}
    return {text: _cites(story, places) for text, places in cited.items()}


def _cites(story: Story, places: Iterable[int]) -> frozenset[tuple[str | None, ...]]:
    return frozenset(_identity(story.sources[each]) for each in places if each < len(story.sources))


def _text(correction: Correction | None) -> str | None:
    return correction.text if correction else None


def _sources(before: tuple[Source, ...], after: tuple[Source, ...]) -> Iterator[_Found]:
    was = {_identity(source): source for source in before}
    now = {_identity(source): source for source in after}
    for place, source in now.items():
        if place not in was:
            yield Kind.SOURCE_ADDED, None, source.title
        elif was[place] != source:
            yield Kind.SOURCE_CHANGED, was[place].title, source.title
    yield from ((Kind.SOURCE_REMOVED, was[place].title, None) for place in was if place not in now)


def _identity(source: Source) -> tuple[str | None, ...]:
    """What identifies a source: its address, or without one its title and outlet."""
    return (source.url,) if source.url else (source.title, source.outlet)


def _without(these: Iterable[str], those: Iterable[str]) -> list[str]:
    """What is in `these` more often than in `those`, in the order of `these`."""
    spare, left = Counter(those), []
    for each in these:
        if spare[each]:
            spare[each] -= 1
        else:
            left.append(each)
    return left


def _said(value: object) -> str | None:
    match value:
        case None | ():
            return None
        case float():
            return f"{value:g}"
        case datetime():
            return value.isoformat()
        case Spread():
            return f"{value.left} {value.center} {value.right} {value.unrated}"
        case tuple():
            return ", ".join(map(str, value))
        case _:
            return str(value)
