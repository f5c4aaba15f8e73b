"""Connects the parts of the bot. What they stand on is handed in: Redis and real chat services in
`bot/app.py`, others in the simulation and in benchmarks."""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from bot.delivery import ports
from bot.delivery.policy import Policy
from bot.delivery.rate_limiter import RateLimiter
from bot.delivery.reconciler import Reconciler
from bot.delivery.rules import RuleBook
from bot.delivery.unreachable import UnreachableChats
from bot.metrics import Metrics
from bot.model.chat import Chat
from bot.model.rule import Rule
from bot.platforms.port import Platform
from runtime.alarms import Alarms
from stories import editor, follower
from stories.editor import Editor
from stories.follower import Follower
from stories.index import StoryIndex


class Archive(editor.Archive, follower.Archive, ports.Archive, Protocol):
    """The archive, as all parts of the bot need it."""


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What the bot stands on."""

    platforms: Sequence[Platform]
    rate_limiters: Mapping[str, RateLimiter]
    """By the platform's name, as everything here that there is one of for each."""
    archive: Archive
    editing: editor.Lease
    """Held by the process that takes documents in."""
    leases: Mapping[str, ports.Lease]
    rules: ports.RuleStore
    ledgers: Mapping[str, ports.Ledger]
    """Each written only while the platform's lease is held."""
    due: ports.Due
    troubles: ports.Troubles
    high_water: Mapping[str, ports.HighWater]
    metrics: Metrics
    alarms: Alarms
    knows: Callable[[Chat], Coroutine[Any, Any, bool]]
    """Whether anything but a rule is stored about a chat, or about a server under its number."""
    forget: Callable[[Chat], Coroutine[Any, Any, None]]
    """Delete everything that is stored about a chat."""
    now: Callable[[], datetime] = _now
    certain: Callable[[], bool] = lambda: True
    """False while a clock is wrong: nothing is deleted for its age."""
    prune: Callable[[], Coroutine[None, None, None]] | None = None
    """Runs while we hold the editor's lease."""


@dataclass(frozen=True, slots=True)
class Bot:
    """The parts, connected. Each runs by itself."""

    index: StoryIndex
    follower: Follower
    editor: Editor
    rules: RuleBook
    reconcilers: Mapping[str, Reconciler]
    """By the platform's name."""
    metrics: Metrics

    def observed(self) -> Metrics:
        """What is counted, up to date."""
        for reconciler in self.reconcilers.values():
            reconciler.observe()
        return self.metrics


def assemble(
    ground: Ground,
    chats: Mapping[Chat, Rule],
    policy: Policy,
    *,
    index: StoryIndex | None = None,
    grace: timedelta = timedelta(days=30),
) -> Bot:
    """Connect the parts of the bot; nothing runs yet.

    `chats`: those of the operator's file. `grace`: for how long everything is kept about a chat
    that removed us.
    """
    index = StoryIndex() if index is None else index
    following = Follower(ground.archive, index, ground.metrics)
    rules = RuleBook(chats, ground.rules)

    async def knows(chat: Chat) -> bool:
        return rules.of(chat) is not None or await ground.knows(chat)

    reconcilers = {
        platform.name: Reconciler(
            platform,
            index=index,
            bell=following.bell(),
            position=lambda: following.cursor,
            rules=rules,
            ledger=ground.ledgers[platform.name],
            due=ground.due,
            archive=ground.archive,
            lease=ground.leases[platform.name],
            high_water=ground.high_water[platform.name],
            rate_limiter=ground.rate_limiters[platform.name],
            metrics=ground.metrics,
            alarms=ground.alarms,
            policy=policy,
            unreachable=UnreachableChats(
                platform,
                rules=rules,
                troubles=ground.troubles,
                lease=ground.leases[platform.name],
                rate_limiter=ground.rate_limiters[platform.name],
                knows=knows,
                forget=ground.forget,
                grace=grace,
                now=ground.now,
                certain=ground.certain,
            ),
            now=ground.now,
        )
        for platform in ground.platforms
    }
    for reconciler in reconcilers.values():
        rules.on_change(reconciler.welcome)
    editing = Editor(ground.archive, ground.editing, ground.metrics, ground.prune)
    return Bot(index, following, editing, rules, reconcilers, ground.metrics)
