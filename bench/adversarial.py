"""The worst that one person's input can do to the event loop: how long it works without a break."""

import asyncio
import logging
import random
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from typing import Any

from redis.asyncio import Redis

from bench.answers import HERE, WHO, Desk
from bench.kit import Lean, Line, in_flight, ms, percentile, until
from bot.answering import answer_to
from bot.delivery.policy import Policy
from bot.delivery.rehearsal import players
from bot.delivery.rules import RuleBook
from bot.metrics import Metrics
from bot.model.command import Ask, Command, Quotes
from bot.model.rule import Rule
from bot.platforms.discord.render import render
from bot.storage.audit import RedisAudit
from bot.storage.drafts import RedisDrafts
from bot.storage.ledger import RedisLedger
from bot.storage.moderators import RedisModerators
from bot.storage.reading_positions import RedisReadingPositions
from bot.storage.rules import RedisRules
from handlers import menu
from runtime.slices import in_slices
from stories.archive import Archive
from stories.changes import Changes, Cursor, Page
from stories.edition import Edition
from stories.follower import Follower
from stories.fulltext import words_of
from stories.index import StoryIndex
from stories.story import Question, Stats, Status, Story, StoryId

STORIES = 10_000
WORDS = 135_000
COMMON = 20_000
"""This many of the words are used again and again, the first ones most."""
ASKED = 2
"""Inputs of each kind that each command is tried with."""
WORST = 10
"""Number of (input, command) pairs to show, those with the longest steps."""
LARGEST = 5
"""This many stories are as long as a document can be, and were rewritten; they are the most
viral."""
MOVED, REVISIONS = 60, 15
"""Number of stories that have a history, and of revisions in it, for rehearsals."""
PAGE = 20
"""Number of stories read from the archive at once."""
P99_S, P100_S = 0.005, 0.020


@dataclass
class Steps:
    """How long each callback of the event loop took, in seconds of processor time and of wall
    time."""

    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)

    @contextmanager
    def watched(self) -> Generator[None]:
        """Record every callback of the event loop while inside the block."""
        handle: Any = asyncio.Handle
        run = handle._run

        def noted(each: asyncio.Handle) -> None:
            cpu, wall = time.thread_time(), time.perf_counter()
            run(each)
            self.cpu.append(time.thread_time() - cpu)
            self.wall.append(time.perf_counter() - wall)

        handle._run = noted
        try:
            yield
        finally:
            handle._run = run


@dataclass
class Took:
    """What answering one kind of input took, in seconds, once per attempt."""

    gos: list[float] = field(default_factory=list)
    """Processor time of every callback of the event loop."""
    walls: list[float] = field(default_factory=list)
    """Wall time of each of them."""
    answered: list[float] = field(default_factory=list)
    """Wall time until the answer."""
    longest: list[float] = field(default_factory=list)
    """Processor time of the longest callback of each answer."""

    def add(self, other: "Took") -> None:
        self.gos += other.gos
        self.walls += other.walls
        self.answered += other.answered
        self.longest += other.longest


class _Vocabulary:
    """Made-up words: a few common ones and many rare ones, as in a real language."""

    def __init__(self) -> None:
        self.pick = random.Random(7)  # noqa: S311  # the same words every time
        sounds = [
            a + b for a in "bdfgklmnprstv" for b in ("a", "e", "i", "o", "u", "an", "or", "el")
        ]
        made: dict[str, None] = {}
        while len(made) < WORDS:
            made["".join(self.pick.choices(sounds, k=self.pick.choice((2, 3, 3, 4))))] = None
        self.words = list(made)
        self._rare = iter(self.words[COMMON:])

    def text(self, count: int, rare: int = 0) -> str:
        drawn = [self.words[int(COMMON * self.pick.random() ** 3)] for _ in range(count)]
        drawn += islice(self._rare, rare)
        self.pick.shuffle(drawn)
        return " ".join(drawn).capitalize()


def _stories(words: _Vocabulary, now: datetime) -> list[Story]:
    pick = words.pick
    each = -(-(WORDS - COMMON) // STORIES // 3)
    return [
        Story(
            id=StoryId(f"story-{number}"),
            title=words.text(4),
            headline=words.text(10, each),
            entities=tuple(words.text(2) for _ in range(4)),
            stats=Stats(Status.ACTIVE, virality=round(pick.random() * 9, 1), articles=7),
            updated_at=now - timedelta(minutes=pick.randrange(4000)),
            breakdown=(words.text(20, each), *(words.text(20) for _ in range(5))),
            keywords=tuple(words.text(1) for _ in range(6)),
            questions=(
                Question(words.text(8, each) + "?", words.text(40)),
                *(Question(words.text(8) + "?", words.text(40)) for _ in range(3)),
            ),
            revision=1,
        )
        for number in range(STORIES)
    ]


def _all_of(story: Story) -> str:
    questions = (each.question for each in story.questions)
    texts = (story.title, story.headline or "", *story.entities, *story.keywords)
    return " ".join((*texts, *story.breakdown, *questions))


def _rewritten(words: _Vocabulary, story: Story) -> Story:
    """The story rewritten, as long as a document can be."""
    return replace(
        story,
        stats=replace(story.stats, virality=10.0),
        breakdown=tuple(words.text(400)[:2000] for _ in range(50)),
        questions=tuple(Question(words.text(60)[:300], words.text(600)) for _ in range(50)),
        revision=2,
    )


def _inputs(words: _Vocabulary, stories: list[Story]) -> Mapping[str, list[str]]:
    """Inputs by kind: those made to block the loop, and ordinary ones."""
    pick, letters = words.pick, "abcdefghijklmnopqrstuvwxyz"
    long = [word for word in words.words if len(word) > 8]

    def letter(count: int) -> str:
        return "".join(pick.choices(letters, k=count))

    def slipped(word: str) -> str:
        place = pick.randrange(len(word) - 1)
        return word[:place] + letter(1) + word[place + pick.randrange(2) :]

    kinds: dict[str, Callable[[], str]] = {
        "800 random words of four letters": lambda: " ".join(letter(4) for _ in range(800)),
        "400 random words of twelve": lambda: " ".join(letter(12) for _ in range(400)),
        "one letter": lambda: pick.choice("bdfgklmnprstv"),
        "single letters": lambda: " ".join(pick.sample("bdfgklmnprstv", 13)),
        "beginnings of two letters": lambda: " ".join(
            letter(1) + "aeiou"[n % 5] for n in range(60)
        ),
        "beginnings of three": lambda: " ".join(w[:3] for w in pick.sample(words.words, 60)),
        "the commonest words": lambda: " ".join(pick.sample(words.words[:60], 20)),
        "known words": lambda: " ".join(pick.sample(words.words[60:], 60)),
        "known words with slips": lambda: " ".join(slipped(w) for w in pick.sample(long, 40)),
        "beginnings with other ends": lambda: " ".join(
            w[:4] + letter(6) for w in pick.sample(long, 40)
        ),
        "letters that fold into many": lambda: "\ufdfa" * 2000,
        "one word of 4,000 letters": lambda: letter(1) * 4000,
        "4,000 signs without spaces": lambda: "".join(
            chr(0x4E00 + pick.randrange(8000)) for _ in range(4000)
        ),
        "1,300 words with commas": lambda: ",".join(letter(2) for _ in range(1300)),
        "marks on one letter": lambda: "e" + "\u0301" * 4000,
        "a title": lambda: pick.choice(stories).title,
        "a title with slips": lambda: " ".join(
            slipped(w) if len(w) > 5 else w for w in pick.choice(stories).title.split()
        ),
        "a question": lambda: pick.choice(stories).questions[0].question,
        "nothing": lambda: "",
    }
    return {kind: [make() for _ in range(ASKED)] for kind, make in kinds.items()}


class _Kept:
    """A stand-in for the archive that serves editions from memory."""

    def __init__(self, editions: list[Edition]) -> None:
        self._editions = editions

    async def wakes(self) -> AsyncGenerator[str]:
        yield "subscribed"
        await asyncio.Event().wait()  # nothing is published during the measurement

    async def newest(self, below: int | None = None) -> Page:
        last = len(self._editions) if below is None else below - 1
        first = max(0, last - PAGE)
        page = tuple(self._editions[first:last][::-1])
        return Page(Cursor("e", len(self._editions)), first and first + 1, page, ())

    async def since(self, cursor: Cursor) -> Changes:
        return Changes(Cursor("e", len(self._editions)), ())


async def measure(redis: Redis, _url: str, _lean: Lean) -> list[Line]:
    """Try every command with every input; returns the table's rows, the goals first."""
    logging.disable(logging.CRITICAL)  # no platform delivers here, and parts that miss one log it
    words, now = _Vocabulary(), datetime.now(UTC)
    stories = _stories(words, now)
    heard_at = now - timedelta(minutes=1)
    editions = [Edition(story, None, seq, heard_at) for seq, story in enumerate(stories, 1)]
    for edition in editions[:LARGEST]:
        story = edition.story
        was = replace(_rewritten(words, story), revision=1)
        editions[edition.seq - 1] = replace(edition, story=_rewritten(words, story), before=was)
    archive, index = Archive(redis), StoryIndex()
    await in_flight(_accepting(archive, stories[-MOVED:]))
    filling = await _fill(index, editions)
    rules = RuleBook({}, RedisRules(redis))
    await rules.change(HERE, lambda _: Rule(keywords=tuple(words.words[:100]), keeper=WHO))
    nothing: Any = None  # nobody asks to be forgotten
    commands = menu(
        index=index,
        player=partial(players, Policy(), index.live_for),
        rules=rules,
        desk=Desk({}, RedisLedger(redis), []),
        positions=RedisReadingPositions(redis),
        history=archive,
        audit=RedisAudit(redis),
        moderators=RedisModerators(redis),
        drafts=RedisDrafts(redis),
        erasure=nothing,
    )
    by_what, by_kind, pairs = dict[str, Took](), dict[str, Took](), dict[str, Took]()
    whole = Took()
    for kind, texts in _inputs(words, stories).items():
        for what, ask in _asks(commands):
            pair = pairs.setdefault(f"{what}: {kind}", Took())
            for text in texts if kind != "nothing" else texts[:1]:
                pair.add(await _asked(partial(ask, text)))
            by_what.setdefault(what, Took()).add(pair)
            by_kind.setdefault(kind, Took()).add(pair)
    for _ in range(3):
        rehearsal = by_what.setdefault("/setup, rehearsal", Took())
        rehearsal.add(await _asked(partial(_rehearse, commands)))
    for each in by_what.values():
        whole.add(each)
    logging.disable(logging.NOTSET)
    said = {word for story in stories for word in words_of(_all_of(story))}
    size = f"{STORIES:,} stories, {len(said):,} words"
    worst = sorted(pairs, key=lambda pair: -max(pairs[pair].gos))[:WORST]
    return [
        _goal(f"one go of the loop's thread, p99, {size}", whole, 0.99, P99_S),
        _goal(f"one go of the loop's thread, p100, {size}", whole, 1, P100_S),
        _goal("one go while the index fills, p100", filling, 1, P100_S),
        _line("the longest go of each answer", whole.longest, whole),
        *(_line(f"asked: {what}", took.gos, took) for what, took in by_what.items()),
        *(_line(f"asked with {kind}", took.gos, took) for kind, took in by_kind.items()),
        *(_line(f"longest: {pair}", pairs[pair].gos, pairs[pair]) for pair in worst),
    ]


def _goal(what: str, took: Took, share: float, most: float) -> Line:
    cpu, wall = percentile(took.gos, share), percentile(took.walls, share)
    goal = f"≤ {most * 1000:.0f} ms"
    return Line(what, ms(cpu), f"by the clock {ms(wall)}", "", goal, cpu <= most)


def _line(what: str, gos: list[float], took: Took) -> Line:
    cpu = " / ".join(ms(percentile(gos, share)) for share in (0.5, 0.99, 1))
    wall = f"by the clock p100 {ms(max(took.walls))}"
    answered = " / ".join(ms(percentile(took.answered, share)) for share in (0.5, 1))
    return Line(f"{what}, p50 / p99 / p100", cpu, wall, f"answered in {answered}")


def _accepting(
    archive: Archive, stories: Iterable[Story]
) -> Iterable[Callable[[], Awaitable[object]]]:
    for story in stories:
        for revision in range(1, REVISIONS + 1):
            title = f"{story.title} {revision}"
            said = replace(story, revision=revision, title=title, headline=title)
            yield partial(archive.accept, said)


async def _fill(index: StoryIndex, editions: list[Edition]) -> Took:
    kept: Any = _Kept(editions)
    follower, steps = Follower(kept, index, Metrics()), Steps()
    with steps.watched():
        following = asyncio.create_task(follower.run())
        await until(partial(_knows_all, index), "the index is full")
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
    return Took(steps.cpu, steps.wall)


async def _knows_all(index: StoryIndex) -> bool:
    return index.knows_all


async def _asked(ask: Callable[[], Awaitable[None]]) -> Took:
    steps, started = Steps(), time.perf_counter()
    with steps.watched():
        await asyncio.create_task(_awaited(ask))
    answered = time.perf_counter() - started
    return Took(steps.cpu, steps.wall, [answered], [max(steps.cpu)])


async def _awaited(ask: Callable[[], Awaitable[None]]) -> None:
    await ask()


Asking = Callable[[str], Awaitable[None]]


def _asks(commands: Iterable[Command]) -> Iterable[tuple[str, Asking]]:
    """Every way to send a text: as a command, while typing it, inline, and as a plain message."""
    for command in commands:
        yield f"/{command.name}", partial(_answer, command, command.rest)
        if command.name == "faq":
            yield "a plain message", partial(_answer, command, "text")
        for option in command.options:
            if option.complete is not None:
                what = f"/{command.name}, typing {option.name}"
                yield what, partial(_complete, option.complete)
        if command.quotes is not None:
            yield "an inline query", partial(_quote, command.quotes)


async def _yes() -> bool:
    return True


async def _answer(command: Command, option: str | None, text: str) -> None:
    options = {option: text} if option else {}
    render(await answer_to(command, Ask(HERE, WHO, False, options), _yes))


async def _complete(complete: Callable[[str, Ask], object], text: str) -> None:
    complete(text[:100], Ask(HERE, WHO, False))  # an app sends no more


async def _quote(quotes: Quotes, text: str) -> None:
    async for quote in in_slices(await quotes(text[:256], 10)):  # an app sends no more
        render(quote.message)


async def _rehearse(commands: Iterable[Command]) -> None:
    [setup] = [command for command in commands if command.name == "setup"]
    render(await answer_to(setup, Ask(HERE, WHO, False, {setup.options[0].name: "rehearse"}), _yes))
