"""The stories in memory: the newest edition of each, in order, and found by words."""

import math
from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush, nlargest, nsmallest
from itertools import chain
from typing import TypeVar

from stories.delta import Delta, Kind, compare
from stories.edition import Edition
from stories.search import (
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
from stories.story import LIVE_FOR, Question, Story, StoryId
from stories.stub import Stub, key_of, read_stub, title_key_of

NEAR = 50.0
"""How well (0-100) a question must fit what was asked to be offered as “did you mean”."""
SURE = 86.0
"""How well it must fit to be taken as meant, and so must a story the words that name it."""
CLEAR = 8.0
"""How far behind the next best must be, or several are meant as well as one."""

BODY = 0.8
"""How much a word counts that stands in the breakdown or the questions only; 1 is the title."""
HITS = 120
"""How many stories a search tells of."""
RECALLED = 100
"""How many stories that have left full memory are held whole, once somebody asked about them."""
TITLE_LIMIT = 300
"""Longer words are no title."""
LOOKED_FOR = 8
"""How many words a search looks for."""
NAMED = 12
"""How many words of what was typed are looked for among the names of stories, or in questions."""
FORMS = 2
"""How many forms of a common word are looked for in long texts."""
LONG = 20_000
"""Characters of a story's long texts that are searched."""
RIVALS = 20
"""How many stories are compared to tell whether words surely mean one."""
FITTED = 30
"""How many of the questions found are compared word by word with what was asked."""
QUESTION = 24
"""How many telling words of a question are compared with what was asked."""

K = TypeVar("K")

OTHERS = frozenset({Kind.MERGED, Kind.UNMERGED, Kind.SPLIT})
"""The kinds of change that name another story."""

_Place = tuple[float, float, StoryId]
"""Virality, then freshness, turned so that the first in order is the smallest."""
_Which = tuple[StoryId, int]
"""A question: its story, and its place among that one's questions."""


def _all_is_readable(_: str) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Found:
    """A question of a story, and how well it fits what was asked (0-100)."""

    edition: Edition
    question: Question
    score: float


@dataclass(frozen=True, slots=True)
class Hit:
    """A story that holds what was looked for, and how much of it (0-100)."""

    edition: Edition
    score: float


@dataclass(frozen=True, slots=True)
class Search:
    """What a search found."""

    hits: tuple[Hit, ...]
    """The foremost: live stories before the rest, then best first; below NEAR, after all others."""
    words: tuple[Mapping[str, float], ...]
    """For each telling word looked for: the stories' words that fit it, and how well (0-1)."""


@dataclass(frozen=True, slots=True)
class _Filed:
    """What is reckoned once for an edition, so that thousands can be searched at once."""

    place: _Place
    until: float
    """The moment its life ends, if nothing new comes."""
    title: frozenset[str]


_Named = tuple[int, bool, bool, _Place]
"""A story that words point to: score, title named whole, live (all turned), place in order."""


@dataclass(slots=True)
class _Live:
    """The live stories in order, kept as time goes on, so that nobody walks through all to tell."""

    moment: float = -math.inf
    """Until when it is known which have gone stale."""
    places: list[_Place] = field(default_factory=list)
    editions: list[Edition] = field(default_factory=list)
    """One for each place."""
    _ends: list[tuple[float, _Place]] = field(default_factory=list)
    """When they go stale, the first of them first, with some that are no longer here."""

    def add(self, edition: Edition, filed: _Filed) -> None:
        self.go_on(edition.heard_at.timestamp())
        if filed.until < self.moment:
            return
        index = bisect_left(self.places, filed.place)
        self.places.insert(index, filed.place)
        self.editions.insert(index, edition)
        heappush(self._ends, (filed.until, filed.place))

    def drop(self, place: _Place) -> None:
        """Take one out, if it is here."""
        index = bisect_left(self.places, place)
        if index < len(self.places) and self.places[index] == place:
            del self.places[index], self.editions[index]

    def go_on(self, moment: float) -> None:
        """What has gone stale by now is live no longer."""
        self.moment = max(self.moment, moment)
        while self._ends and self._ends[0][0] < self.moment:
            self.drop(heappop(self._ends)[1])


@dataclass(slots=True)
class Shelf:
    """The copy of the stories that answers are given from. It never waits for anything.

    What asks for a moment takes now when none is given.
    """

    live_for: timedelta = LIVE_FOR
    cleared: int = 0
    """How often it was emptied because the archive began anew."""
    knows_live: bool = True
    """False while it is filled and live stories may be missing."""
    knows_all: bool = True
    """False while it is filled and stories may be missing."""
    is_unreadable: Callable[[str], bool] = field(default_factory=lambda: _all_is_readable)
    """Whether the archive holds a story of an id which could not be read, so it is not here."""
    _editions: dict[StoryId, Edition] = field(default_factory=dict)
    _stubs: dict[StoryId, bytes] = field(default_factory=dict)
    """The stories that have left full memory: their place in the index, and what a stub holds."""
    _left: list[tuple[int, StoryId]] = field(default_factory=list)
    """The same stories by their place in the index, with places that some had before."""
    _left_sorted: bool = True
    _stub_titles: dict[int, StoryId] = field(default_factory=dict)
    """By their titles; of several with one title the one that left last."""
    _recalled: dict[StoryId, Edition] = field(default_factory=dict)
    """Of these, those that somebody asked about just now, read from the archive."""
    _filed: dict[StoryId, _Filed] = field(default_factory=dict)
    _deltas: dict[StoryId, Delta] = field(default_factory=dict)
    _order: list[_Place] = field(default_factory=list)
    _now_live: _Live = field(default_factory=_Live)
    _seqs: list[tuple[int, StoryId]] = field(default_factory=list)
    """In the order of the archive's index."""
    _titles: dict[frozenset[str], set[StoryId]] = field(default_factory=dict)
    _kin: dict[StoryId, set[StoryId]] = field(default_factory=dict)
    """For each story those that name it as what they went into or came from."""
    _names: Words[StoryId] = field(default_factory=Words)
    _bodies: Postings[StoryId] = field(default_factory=Postings)
    _questions: Words[_Which] = field(default_factory=lambda: Words(shortest=2))

    def put(self, edition: Edition) -> bool:
        """Keep an edition unless a newer one is here; True when it was kept."""
        held = self._editions.get(edition.story.id)
        if held is not None:
            if held.seq >= edition.seq:
                return False
            self._unfile(held)
        elif (raw := self._stubs.get(edition.story.id)) is not None:
            if _seq(raw) >= edition.seq:
                return False
            self._drop_stub(edition.story.id)
        self._file(edition)
        return True

    def shelve(self, stub: Stub) -> bool:
        """Keep only a stub of a story, or nothing at all when the stub holds nothing; True unless
        something newer is here. Raise StubError for a stub that cannot be read."""
        story_id = stub.id
        held = self._editions.get(story_id)
        raw = self._stubs.get(story_id)
        if (held is not None and held.seq >= stub.seq) or (raw and _seq(raw) >= stub.seq):
            return False
        known = (title_key_of(stub.raw), read_stub(story_id, stub.raw)[0]) if stub.raw else None
        if held is not None:
            self._unfile(held)
            del self._editions[story_id]
        if raw is not None:
            self._drop_stub(story_id)
        if known is not None:
            title, thin = known
            self._stubs[story_id] = stub.seq.to_bytes(8) + stub.raw
            self._left.append((stub.seq, story_id))
            self._left_sorted = False
            self._stub_titles[title] = story_id
            for other in _kin(thin):
                self._kin.setdefault(other, set()).add(story_id)
        return True

    def _drop_stub(self, story_id: StoryId) -> None:
        raw = self._stubs.pop(story_id)[8:]
        self._recalled.pop(story_id, None)
        if self._stub_titles.get(title_key_of(raw)) == story_id:
            del self._stub_titles[title_key_of(raw)]
        self._unkin(read_stub(story_id, raw)[0])

    def _unkin(self, story: Story) -> None:
        for other in _kin(story):
            self._kin[other].discard(story.id)
            if not self._kin[other]:
                del self._kin[other]

    def left_since(self, seq: int) -> list[Edition]:
        """What is known of the stories that left full memory behind a place in the index."""
        if not self._left_sorted:
            if len(self._left) > 2 * len(self._stubs) + 1000:
                self._left = [(_seq(raw), story_id) for story_id, raw in self._stubs.items()]
            self._left.sort()
            self._left_sorted = True
        behind = self._left[bisect_left(self._left, (seq + 1, StoryId(""))) :]
        still = ((place, self._stubs.get(story_id, b""), story_id) for place, story_id in behind)
        return [self._there(story_id) for place, raw, story_id in still if _seq(raw) == place]

    def shelved(self, words: str) -> StoryId | None:
        """The story that has left full memory whose id or whole title `words` are."""
        story_id = StoryId(words.strip().casefold())
        if story_id in self._stubs:
            return story_id
        if story_id in self._editions or not self._stubs or len(words) > TITLE_LIMIT:
            return None
        title = _title(words)
        return None if title in self._titles else self._stub_titles.get(key_of(title))

    def recall(self, edition: Edition) -> None:
        """Answer from this for a while: a story that has left full memory, read again."""
        if edition.story.id in self._stubs:
            self._recalled.pop(edition.story.id, None)
            self._recalled[edition.story.id] = edition
            while len(self._recalled) > RECALLED:
                del self._recalled[next(iter(self._recalled))]

    def holds(self, edition: Edition) -> bool:
        """Whether this very edition is here."""
        return self._editions.get(edition.story.id) == edition

    def has_shelved(self, stub: Stub) -> bool:
        """Whether this very stub is here, or for one that holds nothing whether nothing is."""
        if not stub.raw:
            return stub.id not in self._stubs and stub.id not in self._editions
        return self._stubs.get(stub.id) == stub.seq.to_bytes(8) + stub.raw

    def clear(self) -> None:
        """Forget everything: the archive began anew."""
        self.cleared += 1
        self._editions.clear()
        self._stubs.clear()
        self._left.clear()
        self._stub_titles.clear()
        self._recalled.clear()
        self._filed.clear()
        self._deltas.clear()
        self._order.clear()
        self._now_live = _Live()
        self._seqs.clear()
        self._titles.clear()
        self._kin.clear()
        self._names = Words()
        self._bodies = Postings()
        self._questions = Words(shortest=2)

    def since(self, seq: int) -> list[Edition]:
        """The editions behind a place in the archive's index, oldest first."""
        first = bisect_left(self._seqs, (seq + 1, StoryId("")))
        return [self._editions[story] for _, story in self._seqs[first:]]

    def __contains__(self, story_id: StoryId) -> bool:
        """Whether the story is in full memory."""
        return story_id in self._editions

    def __len__(self) -> int:
        return len(self._editions)

    def get(self, story_id: str) -> Edition | None:
        """The edition; of a story that has left full memory what is known of it."""
        key = StoryId(story_id)
        edition = self._editions.get(key)
        if edition is None and (raw := self._stubs.get(key)) is not None:
            edition = self._recalled.get(key)
            if edition is None:
                story, heard_at = read_stub(key, raw[8:])
                edition = Edition(story, None, _seq(raw), heard_at, whole=False)
        return edition

    def delta(self, edition: Edition) -> Delta:
        """What an edition changed, named; for the newest of a story reckoned once."""
        story_id = edition.story.id
        if self._editions.get(story_id) is not edition:
            return self.named(compare(edition.before, edition.story))  # overtaken: not to be kept
        if story_id not in self._deltas:
            self._deltas[story_id] = compare(edition.before, edition.story)
        return self.named(self._deltas[story_id])

    def named(self, delta: Delta) -> Delta:
        """The delta with the titles of other stories in place of their ids, where known."""
        if not any(change.kind in OTHERS for change in delta.changes):
            return delta
        return Delta(
            tuple(
                replace(
                    change, before=self._titled(change.before), after=self._titled(change.after)
                )
                if change.kind in OTHERS
                else change
                for change in delta.changes
            )
        )

    def _titled(self, story_id: str | None) -> str | None:
        edition = self.get(story_id) if story_id else None
        return edition.story.title if edition else story_id

    def heir(self, story_id: StoryId) -> Edition | None:
        """The story that a merged one is a part of now, through all mergers that are known.

        None for a story that stands by itself, and where mergers lead in a circle.
        """
        seen: set[StoryId] = set()
        edition = self.get(story_id)
        while edition is not None and edition.story.merged_into is not None:
            if edition.story.id in seen:
                return None
            seen.add(edition.story.id)
            following = self.get(edition.story.merged_into)
            if following is None:
                break
            edition = following
        return edition if edition is not None and edition.story.id != story_id else None

    def kin(self, story_id: StoryId) -> set[StoryId]:
        """The stories that name this one as what they went into or came from, and so on."""
        found: set[StoryId] = set()
        look = [story_id]
        while look:
            new = self._kin.get(look.pop(), set()) - found
            found |= new
            look += [each for each in new if self._there(each).story.merged_into]
        return found - {story_id}

    def parts(self, story_id: StoryId) -> list[Edition]:
        """The stories that have become a part of this one, in the order of their ids."""
        heirs = ((each, self.heir(each)) for each in sorted(self.kin(story_id)))
        return [self._there(each) for each, heir in heirs if heir and heir.story.id == story_id]

    def splits(self, story_id: StoryId) -> list[Edition]:
        """The stories that this one was split into, in the order of their ids."""
        kin = (self._there(each) for each in sorted(self._kin.get(story_id, ())))
        return [each for each in kin if each.story.split_from == story_id]

    def _there(self, story_id: StoryId) -> Edition:
        edition = self.get(story_id)
        assert edition is not None, "kin are kept for as long as their stories are"
        return edition

    def live(self, at: datetime | None = None) -> list[Edition]:
        """The live stories by virality, then freshness."""
        return list(self._live((at or datetime.now(UTC)).timestamp()))

    def top(self, limit: int, at: datetime | None = None) -> list[Edition]:
        """The first of the live stories."""
        return list(self._live((at or datetime.now(UTC)).timestamp())[:limit])

    def find(self, words: str, at: datetime | None = None) -> Edition | None:
        """The one story that `words` surely mean: its id, its title, or words only it answers to.

        Words that fit several stories equally well mean none of them, unless one alone is live
        or has exactly that title.
        """
        if edition := self.get(words.strip().casefold()):
            return edition
        if (old := self.shelved(words)) is not None:
            return self.get(old)
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
        """The stories whose id or whole title `words` are: live ones before the rest."""
        if edition := self.get(words.strip().casefold()):
            return [edition]
        if (old := self.shelved(words)) is not None:
            return [self._there(old)]
        moment = (at or datetime.now(UTC)).timestamp()
        same = [self._filed[each] for each in self._titles.get(_title(words[:TYPED]), ())]
        same.sort(key=lambda filed: (filed.until < moment, filed.place))
        return [self._editions[filed.place[-1]] for filed in same]

    def nearest(
        self,
        words: str,
        limit: int = 3,
        at: datetime | None = None,
        *,
        only_live: bool = False,
    ) -> list[Edition]:
        """Stories that share a word with `words`, best first; ties: live, then virality.

        A word counts most in the title, then among the entities, keywords and the id's words,
        then in the headline. Its beginning counts, and so does it with a slip of the finger.
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

        The score is mostly how much of what was asked the question holds, and partly how much of
        the question was asked; rare words weigh more than common ones.
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
        found.sort(key=lambda each: (-round(each.score), _place(each.edition)))
        return found[:limit]

    def search(self, text: str, at: datetime | None = None) -> Search:
        """Every story that holds some of the words, anywhere but in answers and sources.

        Beginnings of words count, and slips of the finger where nothing else fits. Words after
        the first LOOKED_FOR telling ones are left aside.
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
            for story in list(to_look_in(scores, common, self._first(moment))):
                for each in common:
                    if fits := self._held(story, each.word, forms[each.word]):
                        scores[story] = scores.get(story, 0.0) + each.weight * fits
        filed = self._filed
        rounded = {story: round(100 * score / whole) for story, score in scores.items()}
        ranked = nsmallest(
            HITS,
            (
                (score < NEAR, filed[story].until < moment, -score, filed[story].place)
                for story, score in rounded.items()
            ),
        )
        hits = tuple(Hit(self._editions[place[-1]], -less) for *_, less, place in ranked)
        return Search(
            hits, tuple(like if like is not None else {w: 1.0} for w, like in likes.items())
        )

    def _forms(self, asked: Asked) -> Mapping[str, float]:
        """The forms of a common word that most long texts hold."""
        like = asked.like or {asked.word: 1.0}
        most = nlargest(FORMS, like, key=self._bodies.count)
        return {form: like[form] for form in most}

    def _held(self, story: StoryId, word: str, forms: Mapping[str, float]) -> float:
        """How well (0-1) a story holds a common word."""
        named = self._names.fit(story, word)
        if named >= BODY:
            return named
        inside = (fits * BODY for form, fits in forms.items() if self._bodies.holds(story, form))
        return max(named, next(inside, 0.0))

    def _first(self, moment: float, *, only_live: bool = False) -> Iterator[StoryId]:
        """The stories in order, live ones first."""
        live = (edition.story.id for edition in self._live(moment))
        if only_live:
            return live
        filed = self._filed
        return chain(live, (each for *_, each in self._order if filed[each].until < moment))

    def _live(self, moment: float) -> Sequence[Edition]:
        """The live stories in order, as they are for as long as nothing is put on the shelf."""
        if moment >= self._now_live.moment:
            self._now_live.go_on(moment)
            return self._now_live.editions
        filed = self._filed  # asked about what is past
        return [self._editions[each] for *_, each in self._order if filed[each].until >= moment]

    def _named(
        self, words: str, at: datetime | None, limit: int, *, only_live: bool = False
    ) -> list[_Named]:
        moment = (at or datetime.now(UTC)).timestamp()
        asked = self._names.asked(telling(typed(words))[:NAMED])
        found = self._names.search(asked, self._first(moment, only_live=only_live))
        filed = self._filed
        if only_live:
            found = {each: score for each, score in found.items() if filed[each].until >= moment}
        same = self._titles.get(_title(words[:TYPED]), ())
        named = (
            (-round(score), each not in same, filed[each].until < moment, filed[each].place)
            for each, score in _best(found, limit)
        )
        return nsmallest(limit, named)

    def _asking(self, asked: Sequence[Asked], at: datetime | None) -> list[tuple[Edition, int]]:
        """The questions of live stories that hold most of the words."""
        moment = (at or datetime.now(UTC)).timestamp()
        filed, editions = self._filed, self._editions
        first = (
            (story, place)
            for story in self._first(moment, only_live=True)
            for place in range(len(editions[story].story.questions))
        )
        found = self._questions.search(asked, first)
        if len(self._now_live.places) < len(editions) or moment < self._now_live.moment:
            found = {each: score for each, score in found.items() if filed[each[0]].until >= moment}
        holding = (
            (-round(score), filed[story].place, place)
            for (story, place), score in _best(found, FITTED)
        )
        return [(editions[of[-1]], place) for _, of, place in nsmallest(FITTED, holding)]

    def _words_asked(self, edition: Edition, place: int) -> list[str]:
        """The telling words of a question."""
        if self._editions.get(edition.story.id) is edition:
            return self._questions.words((edition.story.id, place)) or []
        return _asks(edition.story)[place]

    def _file(self, edition: Edition) -> None:
        story, place = edition.story, _place(edition)
        until = -math.inf
        if edition.is_live(edition.fresh):
            until = edition.live_until(self.live_for).timestamp()
        filed = _Filed(place, until, _title(story.title))
        self._editions[story.id] = edition
        self._filed[story.id] = filed
        self._titles.setdefault(filed.title, set()).add(story.id)
        for other in _kin(story):
            self._kin.setdefault(other, set()).add(story.id)
        insort(self._order, place)
        self._now_live.add(edition, filed)
        insort(self._seqs, (edition.seq, story.id))
        self._names.put(story.id, _names(story))
        self._bodies.put(story.id, _body(story))
        for number, words in enumerate(_asks(story)):
            self._questions.put((story.id, number), dict.fromkeys(words, 1.0))

    def _unfile(self, edition: Edition) -> None:
        story = edition.story
        filed = self._filed.pop(story.id)
        self._deltas.pop(story.id, None)
        self._unkin(story)
        self._titles[filed.title].discard(story.id)
        if not self._titles[filed.title]:
            del self._titles[filed.title]
        del self._order[bisect_left(self._order, filed.place)]
        self._now_live.drop(filed.place)
        del self._seqs[bisect_left(self._seqs, (edition.seq, story.id))]
        self._names.drop(story.id)
        self._bodies.drop(story.id, _body(story))
        for number in range(len(story.questions)):
            self._questions.drop((story.id, number))


class _Fit:
    """How well questions fit what was asked."""

    def __init__(self, questions: Words[_Which], asked: Sequence[Asked]) -> None:
        self._questions = questions
        self._asked = asked
        self._weights: dict[str, float] = {}
        self._columns: dict[str, list[float]] = {}
        """For each word of a question how well each one asked fits it: most come again."""
        self._none = [0.0] * len(asked)
        self._fitting = set().union(*(each.like or () for each in asked))
        """The words that fit any of those asked but those which too many fit."""
        self._common = [(n, each.word) for n, each in enumerate(asked) if each.like is None]

    def of(self, words: Sequence[str]) -> float:
        """How well (0-100) a question of these words fits the words asked."""
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
    """Those that may be among the first so many, scores being rounded."""
    if len(found) <= 2 * limit:
        return found.items()
    least = nlargest(limit, found.values())[-1] - 1
    return [(each, score) for each, score in found.items() if score >= least]


def surely(text: str, found: Sequence[Found]) -> Found | None:
    """The one of the questions `found` for `text`, best first, that it surely asks."""
    if not found or found[0].score < SURE:
        return None
    best, *others = found
    rivals = [other for other in others if other.score > best.score - CLEAR]
    asked = typed(text)
    exact = [each for each in found if words_of(each.question.question) == asked]
    return None if rivals and exact != [best] else best


def title_key(title: str) -> int:
    """What stands for a title in a stub: `shelved` compares it."""
    return key_of(_title(title))


def _seq(raw: bytes) -> int:
    return int.from_bytes(raw[:8])


def _kin(story: Story) -> set[StoryId]:
    """The stories that it names as what it went into or came from."""
    return {other for other in (story.merged_into, story.split_from) if other is not None}


def _place(edition: Edition) -> _Place:
    story = edition.story
    return (-(story.stats.virality or 0.0), -edition.fresh.timestamp(), story.id)


def _names(story: Story) -> dict[str, float]:
    """The words a story answers to, each with how much it counts."""
    texts = (
        (0.9, (story.headline or "",)),
        (0.95, (story.id, *story.keywords)),
        (0.98, story.entities),
        (1.0, (story.title,)),
    )
    return {word: counts for counts, group in texts for text in group for word in words_of(text)}


def _body(story: Story) -> set[str]:
    """The words of a story's long texts; those that say little are left out."""
    texts = (*(each.question for each in story.questions), *story.breakdown)
    return set(telling(words_of("\n".join(texts)[:LONG])))


def _title(title: str) -> frozenset[str]:
    """A title as it is compared whole: its telling words, in any order."""
    return frozenset(telling(words_of(title)))


def _asks(story: Story) -> list[list[str]]:
    """The telling words of each question a story answers."""
    return [telling(words_of(each.question)) for each in story.questions]
