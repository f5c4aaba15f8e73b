"""Finds stories and questions by typed words, from memory. Never waits for anything."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from heapq import nlargest, nsmallest
from typing import TypeVar

from stories.edition import Edition
from stories.fulltext import (
    TYPED,
    Asked,
    Postings,
    Words,
    closeness,
    fitting,
    rare_and_common,
    rarity,
    telling,
    to_look_in,
    typed,
    words_of,
)
from stories.ranking import Rank, Ranking, rank
from stories.story import Question, Story, StoryId
from stories.stub import key_of

NEAR = 50.0
"""Minimum score (0-100) at which a question is offered as “did you mean”."""
SURE = 86.0
"""Minimum score at which a question, or a story named by words, counts as surely meant."""
CLEAR = 8.0
"""How far behind the next best must be; otherwise several are meant."""
BODY = 0.8
"""The weight of a word found only in the breakdown or the questions; in the title it is 1."""
HITS = 120
"""The most stories a search returns."""
LOOKED_FOR = 8
"""The most words a search looks for."""
NAMED = 12
"""The most typed words that are compared with the names of stories, or with questions."""
FORMS = 2
"""The most forms of a common word that are looked for in long texts."""
LONG = 20_000
"""The most characters of a story's long texts that are searched."""
RIVALS = 20
"""The most stories that are compared to decide whether words surely mean one."""
FITTED = 30
"""The most questions found that are compared with the query word by word."""
QUESTION = 24
"""The most telling words of a question that are compared with the query."""

K = TypeVar("K")

_Which = tuple[StoryId, int]
"""A question: its story, and its position among that story's questions."""
_Named = tuple[int, bool, bool, Rank]
"""A story that words match: score, full title matched, live (all negated), rank."""


@dataclass(frozen=True, slots=True)
class Found:
    """A question of a story, and how well it matches the query (0-100)."""

    edition: Edition
    question: Question
    score: float


@dataclass(frozen=True, slots=True)
class Hit:
    """A story that matches, and how much of the query it contains (0-100)."""

    edition: Edition
    score: float


@dataclass(frozen=True, slots=True)
class Search:
    """The result of a search."""

    hits: tuple[Hit, ...]
    """The best stories: live ones first, then by score; scores below NEAR come after all others."""
    words: tuple[Mapping[str, float], ...]
    """For each telling word of the query: the stories' words that match it, and how well (0-1)."""


class StorySearch:
    """Full-text search over the stories in memory.

    Methods with a moment use now if none is given.
    """

    def __init__(
        self,
        editions: Mapping[StoryId, Edition],
        ranking: Ranking,
        exactly: Callable[[str], Edition | None],
    ) -> None:
        """`editions`: the ranked stories in full memory, each of which is added here, too.

        `exactly` finds a story by its id, or one that has left full memory by its full title.
        """
        self._editions = editions
        self._ranking = ranking
        self._exactly = exactly
        self._titles: dict[frozenset[str], set[StoryId]] = {}
        self._names: Words[StoryId] = Words()
        self._bodies: Postings[StoryId] = Postings()
        self._questions: Words[_Which] = Words(shortest=2)

    def add(self, story: Story) -> None:
        """Index a story."""
        self._titles.setdefault(title_words(story.title), set()).add(story.id)
        self._names.put(story.id, _names(story))
        self._bodies.put(story.id, _body(story))
        for number, words in enumerate(_asks(story)):
            self._questions.put((story.id, number), dict.fromkeys(words, 1.0))

    def drop(self, story: Story) -> None:
        """Remove a story from the index, as it was added."""
        title = title_words(story.title)
        self._titles[title].discard(story.id)
        if not self._titles[title]:
            del self._titles[title]
        self._names.drop(story.id)
        self._bodies.drop(story.id, _body(story))
        for number in range(len(story.questions)):
            self._questions.drop((story.id, number))

    def clear(self) -> None:
        """Remove every story."""
        self._titles.clear()
        self._names = Words()
        self._bodies = Postings()
        self._questions = Words(shortest=2)

    def has_title(self, title: frozenset[str]) -> bool:
        """Whether a story in full memory has a title with these words."""
        return title in self._titles

    def find(self, words: str, at: datetime | None = None) -> Edition | None:
        """The one story that `words` surely mean: its id, its title, or words that only it matches.

        Words that match several stories equally well mean none of them, unless only one is live or
        has exactly that title.
        """
        if edition := self._exactly(words):
            return edition
        named = self._named(words, at, limit=RIVALS)
        if not named:
            return None
        (less, part, over, place), *others = named
        if -less < SURE:
            return None
        rivals = [rival for rival in others if rival[0] < less + CLEAR and (over or not rival[2])]
        if rivals and (part or not all(rival[1] for rival in rivals)):
            return None
        return self._editions[place[-1]]

    def titled(self, words: str, at: datetime | None = None) -> list[Edition]:
        """The stories whose id or full title `words` are, live ones first."""
        if edition := self._exactly(words):
            return [edition]
        moment = (at or datetime.now(UTC)).timestamp()
        same = [self._ranking.of[each] for each in self._titles.get(title_words(words[:TYPED]), ())]
        same.sort(key=lambda each: (each.until < moment, each.rank))
        return [self._editions[each.rank[-1]] for each in same]

    def nearest(
        self,
        words: str,
        limit: int = 3,
        at: datetime | None = None,
        *,
        only_live: bool = False,
    ) -> list[Edition]:
        """Stories that share a word with `words`, best first; ties: live, then virality.

        A word counts most in the title, then among the entities, keywords and the id's words, then
        in the headline. Its beginning counts too, and so does a word with a typo.
        """
        named = self._named(words, at, limit, only_live=only_live)
        return [self._editions[place[-1]] for *_, place in named]

    def answers(
        self,
        text: str,
        among: Iterable[Edition] | None = None,
        at: datetime | None = None,
        limit: int = 5,
    ) -> list[Found]:
        """Questions that share a word with `text`, of the live stories or `among`, best first.

        The score is mostly how much of the query the question contains, and partly how much of the
        question the query contains; rare words weigh more than common ones.
        """
        asked = self._questions.asked(telling(typed(text))[:NAMED])
        if among is None:
            asking = self._asking(asked, at)
        else:
            asking = [
                (edition, place)
                for edition in among
                for place in range(len(edition.story.questions))
            ]
        fit = _Fit(self._questions, asked)
        found = [
            Found(edition, edition.story.questions[place], score)
            for edition, place in asking
            if (score := fit.of(self._words_asked(edition, place))) > 0
        ]
        found.sort(key=lambda each: (-round(each.score), rank(each.edition)))
        return found[:limit]

    def query(self, text: str, at: datetime | None = None) -> Search:
        """Every story that contains some of the words, anywhere except in answers and sources.

        Beginnings of words count, and typos where nothing else matches. Words after the first
        LOOKED_FOR telling ones are ignored.
        """
        moment = (at or datetime.now(UTC)).timestamp()
        names, bodies, stories = self._names, self._bodies, len(self._editions)
        likes = fitting(telling(typed(text))[:LOOKED_FOR], names.vocabulary, bodies.vocabulary)
        asked = []
        for word, like in likes.items():
            entries = math.inf
            if like is not None:
                entries = sum(len(names.holding(each)) + bodies.count(each) for each in like)
            holders = int(min(entries, stories))
            asked.append(Asked(word, like, entries, rarity(holders, stories)))
        rare, common = rare_and_common(asked)
        scores: dict[StoryId, float] = {}
        whole = sum(each.weight for each in common)
        for each in rare:
            holding: dict[StoryId, float] = {}
            like = each.like or {}
            for word, fits in sorted(like.items(), key=lambda each: each[1]):
                holding.update(dict.fromkeys(bodies.holding(word), fits * BODY))
            for word, fits in like.items():
                for story, counts in names.holding(word).items():
                    if fits * counts > holding.get(story, 0.0):
                        holding[story] = fits * counts
            weight = rarity(len(holding), stories)
            whole += weight
            for story, fits in holding.items():
                scores[story] = scores.get(story, 0.0) + weight * fits
        if common:
            forms = {each.word: self._forms(each) for each in common}
            for story in list(to_look_in(scores, common, self._ranking.first(moment))):
                for each in common:
                    if fits := self._held(story, each.word, forms[each.word]):
                        scores[story] = scores.get(story, 0.0) + each.weight * fits
        ranking = self._ranking.of
        rounded = {story: round(100 * score / whole) for story, score in scores.items()}
        ranked = nsmallest(
            HITS,
            (
                (score < NEAR, ranking[story].until < moment, -score, ranking[story].rank)
                for story, score in rounded.items()
            ),
        )
        hits = tuple(Hit(self._editions[place[-1]], -less) for *_, less, place in ranked)
        return Search(
            hits, tuple(like if like is not None else {w: 1.0} for w, like in likes.items())
        )

    def _forms(self, asked: Asked) -> Mapping[str, float]:
        """The forms of a common word that occur in most long texts."""
        like = asked.like or {asked.word: 1.0}
        most = nlargest(FORMS, like, key=self._bodies.count)
        return {form: like[form] for form in most}

    def _held(self, story: StoryId, word: str, forms: Mapping[str, float]) -> float:
        """How well (0-1) a story contains a common word."""
        named = self._names.fit(story, word)
        if named >= BODY:
            return named
        inside = (fits * BODY for form, fits in forms.items() if self._bodies.holds(story, form))
        return max(named, next(inside, 0.0))

    def _named(
        self, words: str, at: datetime | None, limit: int, *, only_live: bool = False
    ) -> list[_Named]:
        moment = (at or datetime.now(UTC)).timestamp()
        asked = self._names.asked(telling(typed(words))[:NAMED])
        found = self._names.search(asked, self._ranking.first(moment, only_live=only_live))
        ranked = self._ranking.of
        if only_live:
            found = {each: score for each, score in found.items() if ranked[each].until >= moment}
        same = self._titles.get(title_words(words[:TYPED]), ())
        named = (
            (-round(score), each not in same, ranked[each].until < moment, ranked[each].rank)
            for each, score in _best(found, limit)
        )
        return nsmallest(limit, named)

    def _asking(self, asked: Sequence[Asked], at: datetime | None) -> list[tuple[Edition, int]]:
        """The questions of live stories that contain most of the words."""
        moment = (at or datetime.now(UTC)).timestamp()
        ranked, editions = self._ranking.of, self._editions
        first = (
            (story, place)
            for story in self._ranking.first(moment, only_live=True)
            for place in range(len(editions[story].story.questions))
        )
        found = self._questions.search(asked, first)
        if not self._ranking.all_are_live(moment):
            found = {
                each: score for each, score in found.items() if ranked[each[0]].until >= moment
            }
        holding = (
            (-round(score), ranked[story].rank, place)
            for (story, place), score in _best(found, FITTED)
        )
        return [(editions[of[-1]], place) for _, of, place in nsmallest(FITTED, holding)]

    def _words_asked(self, edition: Edition, place: int) -> list[str]:
        """The telling words of a question."""
        if self._editions.get(edition.story.id) is edition:
            return self._questions.words((edition.story.id, place)) or []
        return _asks(edition.story)[place]


class _Fit:
    """Computes how well questions match a query."""

    def __init__(self, questions: Words[_Which], asked: Sequence[Asked]) -> None:
        self._questions = questions
        self._asked = asked
        self._weights: dict[str, float] = {}
        self._columns: dict[str, list[float]] = {}
        """For each word of a question, how well each word of the query matches it;
        most words recur."""
        self._none = [0.0] * len(asked)
        self._fitting = set().union(*(each.like or () for each in asked))
        """The words that match any word of the query, without those that too many match."""
        self._common = [(n, each.word) for n, each in enumerate(asked) if each.like is None]

    def of(self, words: Sequence[str]) -> float:
        """How well (0-100) a question with these words matches the query."""
        if not self._asked or not words:
            return 0.0
        columns = [self._column(word) for word in words[:QUESTION]]
        weights = [self._weights[word] for word in words[:QUESTION]]
        rows = zip(self._asked, zip(*columns, strict=True), strict=True)
        heard = sum(each.weight * max(row) for each, row in rows)
        said = sum(weight * max(column) for weight, column in zip(weights, columns, strict=True))
        whole = sum(each.weight for each in self._asked)
        score: float = 65 * heard / whole + 35 * said / sum(weights)
        return score

    def _column(self, word: str) -> list[float]:
        column = self._columns.get(word)
        if column is None:
            self._weights[word] = self._questions.weight(word)
            column = self._none
            if word in self._fitting:
                column = [(each.like or {}).get(word, 0.0) for each in self._asked]
            for number, common in self._common:
                if fits := closeness(common, word):
                    column = column.copy()
                    column[number] = fits
            self._columns[word] = column
        return column


def _best(found: Mapping[K, float], limit: int) -> Iterable[tuple[K, float]]:
    """The entries that may be among the first `limit` after scores are rounded."""
    if len(found) <= 2 * limit:
        return found.items()
    least = nlargest(limit, found.values())[-1] - 1
    return [(each, score) for each, score in found.items() if score >= least]


def surely(text: str, found: Sequence[Found]) -> Found | None:
    """The question among `found` (best first) that `text` surely asks; None if none."""
    if not found or found[0].score < SURE:
        return None
    best, *others = found
    rivals = [other for other in others if other.score > best.score - CLEAR]
    asked = typed(text)
    exact = [each for each in found if words_of(each.question.question) == asked]
    return None if rivals and exact != [best] else best


def title_words(title: str) -> frozenset[str]:
    """A title in the form in which it is compared as a whole: its telling words, in any order."""
    return frozenset(telling(words_of(title)))


def title_key(title: str) -> int:
    """The number that represents a title in a stub."""
    return key_of(title_words(title))


def _names(story: Story) -> dict[str, float]:
    """The words by which a story is found, and how much each counts."""
    texts = (
        (0.9, (story.headline or "",)),
        (0.95, (story.id, *story.keywords)),
        (0.98, story.entities),
        (1.0, (story.title,)),
    )
    return {word: counts for counts, group in texts for text in group for word in words_of(text)}


def _body(story: Story) -> set[str]:
    """The words of a story's long texts, without fillers."""
    texts = (*(each.question for each in story.questions), *story.breakdown)
    return set(telling(words_of("\n".join(texts)[:LONG])))


def _asks(story: Story) -> list[list[str]]:
    """The telling words of each of a story's questions."""
    return [telling(words_of(each.question)) for each in story.questions]
