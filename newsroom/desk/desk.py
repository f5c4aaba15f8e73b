"""The desk: a deterministic fold over the log. Articles go in, stories come out.

What came between two ticks is worked on at the second one, oldest article first, so the order in
which fetches ended is of no matter. The same entries give the same stories, byte for byte, however
often the desk was saved and restored in between.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from heapq import heappop, heappush, nlargest

from newsroom.desk import weights
from newsroom.desk.copies import origin
from newsroom.desk.entries import Came, Does, Entry, Order, Tick, Withdrawn
from newsroom.desk.match import Counts, Vector, summary, vector
from newsroom.desk.outlets import Outlets
from newsroom.desk.pool import Pool
from newsroom.desk.standing import (
    ARTICLES_AT_ONCE,
    COOLING_S,
    ENDED_S,
    Facts,
    due,
    status,
    virality,
)
from newsroom.desk.story import Member, Story, lightened, story_id
from newsroom.model import ArticleKey, Draft, Standing
from stories.story import Status, StoryId

KNOWN_S = 31 * 86_400
"""How long the key of an article is known: as long as the log keeps its entry."""
FOLLOWED_S = 14 * 86_400
"""How long after its end a story can be followed up."""
MERGE_S = 60
"""How often stories that grew are compared with each other."""
GROWN = 1.1
"""By how much one must have grown since; two articles are the least."""
TIDY_S = 24 * 3600
"""How often what is too old is forgotten."""
COPIES = 60
"""Originals of a story, newest first, that an article is held against as a copy."""
SHARED_OF = 8
"""Of so many heaviest words, a story has one in common with the story that it follows."""
COPIED = 9.0
"""The score of an equal copy: it goes where its original is."""


@dataclass(frozen=True, slots=True)
class Past:
    """A published story that is over, as far as a follow-up needs it."""

    id: StoryId
    vector: Vector
    last: int


class Desk:
    """All stories in progress."""

    def __init__(self, outlets: Outlets | None = None) -> None:
        self.outlets = outlets or Outlets()
        """For the leaning only: it decides nothing here."""
        self.now = 0
        """The last tick, seconds since 1970."""
        self.stories: dict[int, Story] = {}
        """By serial. A story that is over stays until the next tick."""
        self.past: dict[StoryId, Past] = {}
        self.topics: dict[int, list[StoryId]] = {}
        """Past stories by their heaviest words."""
        self.serial = 0
        self.tidied = 0
        self.compared = 0
        """When stories that grew were last compared with others, and silent ones looked for."""
        self.grown: set[int] = set()
        """Those that grew since."""
        self.counts = Counts()
        self.pool = Pool()
        self.home: dict[ArticleKey, int] = {}
        """The story of every article of a live story."""
        self.prints: dict[str, ArticleKey] = {}
        """The original of every set of equal articles."""
        self.known: dict[ArticleKey, int] = {}
        """The keys of articles that came, and when."""
        self.gone: list[int] = []
        """Stories that ended with the last tick."""
        self.batch: list[Came | Withdrawn | Order] = []
        """What came since the last tick."""
        self._dirty: set[int] = set()
        self.agenda: list[tuple[int, int]] = []
        """A heap of when each story is looked at next; what `Story.due` does not confirm is old."""

    def take(self, entry: Entry) -> tuple[Story, ...]:
        """Fold one entry of the log in; a tick gives the stories that changed, oldest first."""
        match entry:
            case Tick(at):
                return self._tick(at)
            case Draft():
                if story := self.find(entry.story):
                    story.draft = entry
            case _:
                self.batch.append(entry)
        return ()

    def find(self, story: StoryId) -> Story | None:
        """The story in progress with this id."""
        return next((each for each in self.stories.values() if each.id == story), None)

    def standing(self, story: Story) -> Standing:
        """A story's figures at the last tick."""
        return story.standing(self.now, self.outlets)

    def _tick(self, at: int) -> tuple[Story, ...]:
        self.now = max(self.now, at)
        for serial in self.gone:
            del self.stories[serial]
        self.gone = []
        self._dirty = set()
        batch, self.batch = self.batch, []
        for entry in _in_order(batch):
            self._apply(entry)
        if self.now - self.compared >= MERGE_S:
            self.compared = self.now
            self._merge()
            silent = self.pool.silent(self.now)
            self._dirty.update(self.pool.columns[column].serial for column in silent)
        self._review()
        return tuple(self.stories[serial] for serial in sorted(self._dirty & set(self.stories)))

    def _apply(self, entry: Came | Withdrawn | Order) -> None:
        match entry:
            case Came(revised=False):
                self._came(entry)
            case Came():
                self._revised(entry)
            case Withdrawn(key, why):
                self._withdrawn(key, why)
            case Order():
                self._ordered(entry)

    # Articles.

    def _came(self, entry: Came) -> None:
        if entry.key in self.known:
            return
        self.known[entry.key] = entry.arrived
        if entry.filler:
            return
        self.counts.add(entry.features)
        made = vector(entry.features, self.counts)
        story, score = self._place(entry, made)
        self._put(story, Member(lightened(entry), made, self._origin(story, entry), score))

    def _place(self, entry: Came, made: Vector) -> tuple[Story, float]:
        """The story an article belongs to: a new one if none is near enough."""
        equal = self.prints.get(entry.print) if entry.print else None
        if equal is not None and equal in self.home:
            return self.stories[self.home[equal]], COPIED
        rule = weights.BARE if entry.features.bare else weights.TEXT
        near = self.pool.nearest(made, entry.published, rule)
        if near and near[0][0].score >= rule.least:
            return self.stories[near[0][0].serial], round(near[0][0].score, 3)
        return self._begin(), 0.0

    def _begin(self) -> Story:
        self.serial += 1
        story = Story(self.serial, self.pool.begin(self.serial))
        self.stories[story.serial] = story
        return story

    def _put(self, story: Story, member: Member) -> None:
        entry = member.entry
        story.members[entry.key] = member
        self.home[entry.key] = story.serial
        if entry.print:
            self.prints.setdefault(entry.print, entry.key)
        self.pool.add(story.column, member.vector, entry.published)
        self._dirty.add(story.serial)
        self.grown.add(story.serial)

    def _origin(self, story: Story, entry: Came) -> ArticleKey | None:
        """The article of the story that this one is a copy of."""
        equal = self.prints.get(entry.print) if entry.print else None
        if equal is not None and (there := story.members.get(equal)):
            return there.origin or equal
        if not entry.sketch:
            return None
        newest = list(story.originals())[: -COPIES - 1 : -1]
        found = origin(entry.sketch, ((each.entry.key, each.entry.sketch) for each in newest))
        return None if found is None else ArticleKey(found)

    def _revised(self, entry: Came) -> None:
        """An article says something else now: it stays where it is, and counts with new words."""
        if entry.key not in self.home:
            self._came(entry)
            return
        story = self.stories[self.home[entry.key]]
        member = story.members[entry.key]
        made = vector(entry.features, self.counts)
        self.pool.take_out(story.column, member.vector, story.last)
        self._forget_print(member.entry)
        story.members[entry.key] = Member(
            lightened(entry), made, member.origin, member.score, member.revised + 1
        )
        if entry.print:
            self.prints.setdefault(entry.print, entry.key)
        self.pool.add(story.column, made, entry.published)
        self._dirty.add(story.serial)

    def _withdrawn(self, key: ArticleKey, why: str) -> None:
        self.known.setdefault(key, self.now)
        if key not in self.home:
            return
        story = self.stories[self.home.pop(key)]
        self._leave(story, key)
        if not story.members:
            self._retract(story, why)

    def _leave(self, story: Story, key: ArticleKey) -> Member:
        member = story.drop(key)
        self._forget_print(member.entry)
        self.pool.take_out(story.column, member.vector, story.last)
        self._dirty.add(story.serial)
        return member

    def _forget_print(self, entry: Came) -> None:
        if self.prints.get(entry.print) == entry.key:
            del self.prints[entry.print]

    # Orders.

    def _ordered(self, order: Order) -> None:
        """Do what the operator says. An order about stories that are gone does nothing."""
        story = self.find(order.story)
        if story is None or story.over:
            return
        match order.does:
            case Does.WITHDRAW:
                self._retract(story, order.why)
            case Does.MERGE:
                other = self.find(order.into) if order.into else None
                if other is not None and other is not story and not other.over:
                    story.apart.discard(other.serial)
                    self._fold(story, other)
            case Does.SPLIT:
                leaving = [key for key in story.members if key in set(order.articles)]
                if leaving and len(leaving) < len(story.members):
                    self._split(story, leaving)

    def _split(self, story: Story, leaving: Iterable[ArticleKey]) -> None:
        apart = self._begin()
        for key in leaving:
            self._put(apart, self._leave(story, key))
        first = min(apart.members.values(), key=_age)
        apart.id, apart.status = story_id(first.entry), Status.EMERGING
        apart.split_from = story.id
        self._keep_apart(story, apart)

    def _keep_apart(self, story: Story, *others: Story) -> None:
        story.apart |= {other.serial for other in others}
        for other in others:
            other.apart.add(story.serial)

    def _retract(self, story: Story, why: str) -> None:
        story.retracted = why
        self._close(story)

    # Stories.

    def _merge(self) -> None:
        """Join each story that grew with the one it is nearest to, if they are the same."""
        grown, self.grown = self.grown, set()
        for serial in sorted(grown):
            story = self.stories.get(serial)
            if story is None or story.over or len(story.members) < GROWN * max(1, story.compared):
                continue
            story.compared = len(story.members)
            score, other = self._twin(story)
            if other is None or (story.id and other.id and score < weights.MERGE_PUBLISHED):
                continue
            self._fold(*sorted((story, other), key=_lives, reverse=True))

    def _twin(self, story: Story) -> tuple[float, Story | None]:
        """The story that this one is most likely one with, if that is likely enough."""
        mine = self.pool.columns[story.column]
        bare = story.bare
        rule = weights.BARE if bare else weights.TEXT
        near = self.pool.nearest(summary(mine.vector), mine.last, rule, story.column)
        best, twin = -math.inf, None
        least = weights.MERGE_BARE.least if bare else weights.MERGE_TEXT
        for found, terms in near:
            if found.serial in story.apart:
                continue
            score = found.score
            if bare:
                its = self.pool.columns[found.column]
                score = weights.MERGE_BARE.score(terms, mine.size, its.size)
            if score >= least and score > best:
                best, twin = score, self.stories[found.serial]
        return best, twin

    def _fold(self, story: Story, into: Story) -> None:
        """One story goes on in another."""
        gone = self.pool.columns[story.column]
        apart = (self.stories[each] for each in story.apart if each in self.stories)
        self._keep_apart(into, *(other for other in apart if other is not into))
        for key, member in list(story.members.items()):
            self.home[key] = into.serial
            into.members[key] = member
        self._free(story)
        self.pool.add(into.column, gone.vector, gone.last, gone.size)
        self._dirty.add(into.serial)
        self.grown.add(into.serial)
        if story.id is None:
            del self.stories[story.serial]
        else:
            story.merged_into = into.id
            self.gone.append(story.serial)
            self._dirty.add(story.serial)

    def _review(self) -> None:
        """Work out the status of what changed, and of what may change with time alone."""
        seen = self._dirty & set(self.stories)
        while self.agenda and self.agenda[0][0] <= self.now:
            at, serial = heappop(self.agenda)
            story = self.stories.get(serial)
            if story is not None and story.due == at:
                seen.add(serial)
        for serial in sorted(seen):
            if not self.stories[serial].over:
                self._step(self.stories[serial])
        if self.now - self.tidied >= TIDY_S:
            self.tidied = self.now
            self.pool.tidy()
            self._forget()

    def _step(self, story: Story) -> None:
        facts = story.facts()
        heat = 0.0
        if facts.articles >= ARTICLES_AT_ONCE if story.id is None else self._may_cool(story, facts):
            heat = virality(story.reports(), self.now).value
        after = status(story.status, facts, heat, self.now)
        if after != story.status:
            self._dirty.add(story.serial)
            story.status = after
            story.cooled = self.now if after is Status.COOLING else 0
        if after is not None and story.id is None:
            self._publish(story)
        if after is Status.ENDED or (after is None and self.now - facts.last >= ENDED_S):
            self._close(story)
        elif (at := due(after, facts, self.now)) != story.due:
            story.due = at
            heappush(self.agenda, (at, story.serial))

    def _may_cool(self, story: Story, facts: Facts) -> bool:
        """Whether the status of a published story depends on its virality."""
        return bool(story.cooled) or self.now - facts.last >= COOLING_S

    def _publish(self, story: Story) -> None:
        """The story can be seen from now on: it has an id, and perhaps one it follows."""
        first = min(story.members.values(), key=_age)
        story.id = story_id(first.entry)
        column = self.pool.columns[story.column]
        its = summary(column.vector)
        best = weights.FOLLOWS
        for past in self._related(its):
            score = weights.followed(its, column.size, story.started, past.vector, past.last)
            if score > best:
                best, story.follows = score, past.id

    def _related(self, story: Vector) -> list[Past]:
        """The stories that are over and share one of their heaviest words with this one."""
        found = {each for word in _heaviest(story) for each in self.topics.get(word, ())}
        return [self.past[each] for each in sorted(found)]

    def bury(self, past: Past) -> None:
        """Keep a story that is over, for those that follow it."""
        self.past[past.id] = past
        for word in _heaviest(past.vector):
            self.topics.setdefault(word, []).append(past.id)

    def _unbury(self, past: Past) -> None:
        del self.past[past.id]
        for word in _heaviest(past.vector):
            self.topics[word].remove(past.id)
            if not self.topics[word]:
                del self.topics[word]

    def _close(self, story: Story) -> None:
        """Nothing more joins the story."""
        column = self.pool.columns[story.column]
        if story.id is None:
            del self.stories[story.serial]
        else:
            self.gone.append(story.serial)
            if story.retracted is None:
                self.bury(Past(story.id, summary(column.vector), story.last))
        self._dirty.add(story.serial)
        for key, member in story.members.items():
            del self.home[key]
            self._forget_print(member.entry)
        self._free(story)

    def _free(self, story: Story) -> None:
        self.pool.end(story.column)
        story.column = -1

    def _forget(self) -> None:
        """Forget what is too old to matter."""
        old = self.now - KNOWN_S
        if self.known and next(iter(self.known.values())) < old:
            self.known = {key: at for key, at in self.known.items() if at >= old}
        for past in [past for past in self.past.values() if past.last < self.now - FOLLOWED_S]:
            self._unbury(past)


def _heaviest(vector: Vector) -> list[int]:
    """The words that weigh most in a story's lead."""
    pairs = zip(vector.lead.values(), vector.lead, strict=True)
    return [word for _, word in nlargest(SHARED_OF, pairs)]


def _in_order(batch: Iterable[Came | Withdrawn | Order]) -> Iterator[Came | Withdrawn | Order]:
    """New articles first, the oldest of them first; then revised ones, withdrawals and orders.

    The operator's orders keep the order in which they were given.
    """

    def place(entry: Came | Withdrawn | Order) -> tuple[int, int, str]:
        match entry:
            case Came():
                at = entry.arrived if entry.revised else entry.published
                return int(entry.revised), at, entry.key
            case Withdrawn():
                return 2, 0, entry.key
        return 3, 0, ""

    return iter(sorted(batch, key=place))


def _age(member: Member) -> tuple[int, ArticleKey]:
    return member.entry.published, member.entry.key


def _lives(story: Story) -> tuple[bool, int, int, str, int]:
    """Of two stories that become one, the lesser by this key goes on."""
    return (
        story.id is None,
        -len(story.outlets()),
        story.started,
        story.id or "",
        story.serial,
    )
