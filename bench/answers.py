"""Answers with 10,000 stories in memory, with Redis up and stopped; and the cost of filling the
index."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from redis.asyncio import Redis

from bench.kit import Lean, Line, in_flight, longest_pause, ms, percentile, until
from bot.answering import answer_to
from bot.delivery.desk import CardDesk
from bot.delivery.policy import Policy
from bot.delivery.rehearsal import players
from bot.delivery.rules import RuleBook
from bot.metrics import Metrics
from bot.model.chat import Chat
from bot.model.command import Ask, Command
from bot.platforms.discord.render import render
from bot.storage.audit import RedisAudit
from bot.storage.drafts import RedisDrafts
from bot.storage.ledger import RedisLedger
from bot.storage.moderators import RedisModerators
from bot.storage.reading_positions import RedisReadingPositions
from bot.storage.rules import RedisRules
from handlers import menu
from runtime.connection import connect
from sandbox.redis import own_redis
from stories.archive import Archive
from stories.changes import Cursor
from stories.edition import Edition
from stories.follower import Follower
from stories.index import StoryIndex
from stories.story import Question, Stats, Status, Story, StoryId
from wording.card import card

STORIES = 10_000
ASKED = 100
ROUNDS = 3
"""How often Redis is stopped and restarted; this many batches are asked in each state."""
HERE = Chat("discord", "10000")
WHO = Chat("discord", "@7")

Answer = Callable[[int], Awaitable[None]]
"""Asks about the story with that number and renders the answer."""
Took = dict[str, list[float]]
"""Seconds per answer, by what was asked."""


def _stories() -> list[Story]:
    """Stories of made-up words: a few common ones and many rare ones, as in a real language."""
    pick = random.Random(7)  # noqa: S311  # the same stories every time
    sounds = [a + b for a in "bdfgklmnprstv" for b in ("a", "e", "i", "o", "u", "an", "or", "el")]
    vocabulary = ["".join(pick.choices(sounds, k=pick.choice((2, 3, 3, 4)))) for _ in range(20_000)]

    def words(count: int) -> str:
        drawn = (vocabulary[int(20_000 * pick.random() ** 3)] for _ in range(count))
        return " ".join(drawn).capitalize()

    now = datetime.now(UTC)
    return [
        Story(
            id=StoryId(f"story-{number}"),
            title=words(4),
            headline=words(10),
            entities=tuple(words(2) for _ in range(4)),
            stats=Stats(Status.ACTIVE, virality=round(pick.random() * 10, 1), articles=7),
            updated_at=now - timedelta(minutes=pick.randrange(4000)),
            breakdown=tuple(words(20) + "." for _ in range(6)),
            keywords=tuple(words(1) for _ in range(6)),
            questions=tuple(Question(words(8) + "?", words(40) + ".") for _ in range(4)),
        )
        for number in range(STORIES)
    ]


class Desk(CardDesk):
    """A desk without platforms: no chat is known to refuse anything."""

    def refusal(self, chat: Chat) -> None:
        return None


async def measure(_redis: Redis, _url: str, _lean: Lean) -> list[Line]:
    """Ask with Redis up and stopped in turn; returns the table's rows."""
    stories, index = _stories(), StoryIndex()
    up: Took = {}
    stopped: Took = {}
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="storywire-bench-")))
        async with own_redis(folder) as url:
            redis = await stack.enter_async_context(connect(url))
            archive = Archive(redis)
            await in_flight(_accepting(archive, story) for story in stories)
            started = time.perf_counter()
            await archive.since(Cursor())
            reading = time.perf_counter() - started
            follower = Follower(archive, index, Metrics())
            started = time.perf_counter()
            async with longest_pause() as pause:
                following = asyncio.create_task(follower.run())
                await until(partial(_is, lambda: len(index) == STORIES), "the index is full")
                filling = time.perf_counter() - started
        rules = RuleBook({}, RedisRules(redis))
        desk, positions = Desk({}, RedisLedger(redis), []), RedisReadingPositions(redis)
        nothing: Any = None  # nobody asks to be forgotten
        commands = menu(
            index=index,
            player=partial(players, Policy(), index.live_for),
            rules=rules,
            desk=desk,
            positions=positions,
            history=archive,
            audit=RedisAudit(redis),
            moderators=RedisModerators(redis),
            drafts=RedisDrafts(redis),
            erasure=nothing,
        )
        asks = _asks(commands, stories)
        port = int(url.rsplit(":", 1)[1].partition("/")[0])
        for number in range(ROUNDS):
            await until(partial(_is, lambda: not follower.hears), "Redis is missed")
            await _time(asks, number, stopped)
            async with own_redis(folder, port):
                await until(partial(_is, lambda: follower.hears), "Redis is heard")
                await _time(asks, number, up)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    by_id = {story.id: Edition(story, None, 1, datetime.now(UTC)) for story in stories}

    async def plain(number: int) -> None:
        edition = by_id[stories[number].id]
        render(card(edition, index.delta(edition)))

    bare: Took = {}
    await _time({"plain": plain}, 0, bare)
    lines = []
    for name in asks:
        for share in (0.5, 0.99):
            ours, away = percentile(up[name], share), percentile(stopped[name], share)
            scale = percentile(bare["plain"], share)
            lines.append(
                Line(
                    f"{name} of {STORIES:,} stories, p{share * 100:.0f}",
                    f"{ms(ours)}; Redis stopped {ms(away)}",
                    f"dict lookup and render {ms(scale)}",
                    f"{away / ours:.2f} × stopped; {ours / scale:.1f} × the lookup",
                )
            )
    each = 1e6 / STORIES
    lines.append(
        Line(
            "filling the index at start, a story",
            f"{filling * each:.0f} µs",
            f"only reading them {reading * each:.0f} µs",
            f"{filling / reading:.2f} ×",
        )
    )
    lines.append(Line("longest pause of the event loop meanwhile", ms(pause[0]), "", ""))
    return lines


def _accepting(archive: Archive, story: Story) -> Callable[[], Awaitable[object]]:
    return lambda: archive.accept(story)


def _asks(commands: Iterable[Command], stories: Sequence[Story]) -> Mapping[str, Answer]:
    named = {command.name: command for command in commands}
    complete = {option.name: option.complete for option in named["story"].options}["words"]
    assert complete is not None

    async def yes() -> bool:
        return True

    async def story(number: int) -> None:
        ask = Ask(HERE, WHO, False, {"words": stories[number].title})
        render(await answer_to(named["story"], ask, yes))

    async def faq(number: int) -> None:
        ask = Ask(HERE, WHO, False, {"text": stories[number].questions[0].question})
        render(await answer_to(named["faq"], ask, yes))

    async def suggest(number: int) -> None:
        complete(stories[number].title[:6], Ask(HERE, WHO, False, {}))

    return {"/story": story, "/faq": faq, "autocomplete": suggest}


async def _time(asks: Mapping[str, Answer], offset: int, took: Took) -> None:
    for number in range(offset, STORIES, STORIES // ASKED):
        for name, ask in asks.items():
            started = time.perf_counter()
            await ask(number)
            took.setdefault(name, []).append(time.perf_counter() - started)
            await asyncio.sleep(0)


async def _is(so: Callable[[], bool]) -> bool:
    return so()
