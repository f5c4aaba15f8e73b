"""Builds the bot: the one place where its parts are created and connected."""

import asyncio
import gc
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from types import MappingProxyType
from typing import Any

from redis.asyncio import Redis

from bot.ask_limiter import AskLimiter
from bot.assembly import Bot, Ground, assemble
from bot.connections import Connections
from bot.delivery.desk import CardDesk
from bot.delivery.policy import Policy, Spacing
from bot.delivery.rate_limiter import RateLimiter
from bot.delivery.rehearsal import players
from bot.delivery.rollback import patiently
from bot.erasure import Erasure, Stores
from bot.metrics import Metrics
from bot.model.capabilities import Capabilities
from bot.model.chat import Chat
from bot.model.command import Command
from bot.model.rule import Rule
from bot.platforms.discord.platform import DiscordPlatform
from bot.platforms.known import CAPABILITIES
from bot.platforms.needs import AskLimits, GroupRateLimiter, Moderators
from bot.platforms.port import Platform
from bot.platforms.telegram.platform import TelegramPlatform
from bot.pruning import Pruner
from bot.serving import as_the_layout_allows, keep_in_step, only_answer
from bot.storage.audit import RedisAudit
from bot.storage.drafts import RedisDrafts
from bot.storage.due import RedisDue
from bot.storage.highwater import COST, FileHighWater
from bot.storage.ledger import RedisLedger
from bot.storage.moderators import RedisModerators
from bot.storage.reading_positions import RedisReadingPositions
from bot.storage.rules import RedisRules
from bot.storage.troubles import RedisTroubles
from config.settings import Settings
from handlers import menu
from runtime.alarms import Alarms
from runtime.away import StorageAway, StorageRefuses
from runtime.clock import Clock
from runtime.connection import Gate, connect
from runtime.data_folder import DataFolder
from runtime.errors import SetupError
from runtime.health import Health, serve
from runtime.layout import Layout
from runtime.lease import RedisLease
from runtime.records import Skipped
from runtime.refusals import RefusalWatch
from runtime.supervision import restarting
from stories.archive import Archive
from stories.index import StoryIndex
from stories.retention import Retention

log = logging.getLogger(__name__)

REACH_S = 30.0
"""Seconds to wait at startup for a Redis that isn't there."""
COLLECTIONS = (20_000, 20, 20)
"""Thresholds of Python's garbage collector (gc.set_threshold). By default it walks through all
stories and due cards again and again while they grow, and answers wait for it: see
docs/benchmarks.md, one update marked due."""


async def run(
    settings: Settings,
    chats: Mapping[Chat, Rule],
    *,
    capabilities: Mapping[str, Capabilities] = CAPABILITIES,
    policy: Policy | None = None,
) -> None:
    """Build everything, run it until cancelled, and take it down in reverse order.

    `capabilities`: with other limits than the platforms'. `policy`: other than the settings'.

    Raises SetupError, perhaps inside an ExceptionGroup, if the setup has to be fixed.
    """
    gc.set_threshold(*COLLECTIONS)
    policy = policy or policy_of(settings)
    metrics = Metrics()
    alarms = Alarms(metrics)
    refusals = RefusalWatch(alarms, settings.prefix)
    gate = Gate()
    async with connect(settings.redis_url, refusals.refused, gate) as redis:
        clock = Clock(alarms)
        skipped = Skipped(lambda kind: metrics.unreadable.labels(kind).inc())
        stores = RedisStores(redis, settings.prefix, skipped, clock)
        paces = {name: RateLimiter(able) for name, able in capabilities.items()}
        platforms = platforms_for(settings, asks(settings), stores.moderators, paces, metrics)
        connections = Connections(platforms, alarms)
        data = DataFolder(settings.data_dir, alarms, cost=COST)
        data.look()
        archive = Archive(redis, settings.prefix, skipped, now=clock.now)
        layout = Layout(redis, gate, alarms, settings.prefix, skipped)
        await _reached(archive, layout, gate, clock)
        leases = {each.name: stores.lease(each.name) for each in platforms}
        kept_rules = stores.rules(leases)
        editing = stores.lease("editor")
        bot = assemble(
            Ground(
                platforms=platforms,
                rate_limiters=paces,
                archive=archive,
                editing=editing,
                leases=leases,
                rules=kept_rules,
                ledgers={name: stores.fenced_ledger(lease) for name, lease in leases.items()},
                due=stores.due,
                troubles=stores.troubles,
                high_water={name: stores.high_water(data, name) for name in leases},
                metrics=metrics,
                alarms=alarms,
                knows=stores.knows,
                forget=lambda chat: erasure.chat(chat),
                now=clock.now,
                certain=clock.is_certain,
                prune=pruner(redis, settings, editing, alarms).run,
            ),
            chats,
            policy,
            index=index_of(settings, archive),
            grace=timedelta(days=settings.forget_after_days),
        )
        bot.rules.on_move(stores.drafts.move)
        bot.rules.on_move(stores.audit.move)
        erasable = stores.erasable(kept_rules)
        desk = CardDesk(bot.reconcilers, stores.ledger, erasable.of_cards)
        erasure = Erasure(bot.rules, desk, erasable)
        commands = _commands(settings, bot, desk, erasure, stores, archive, policy, clock)
        served = Served(bot, platforms, leases, layout, refusals)
        parts: dict[str, Callable[[], Awaitable[object]]] = {
            "editor": bot.editor.run,
            "places": stores.positions.run,
            "audit": stores.audit.run,
            "refusals": partial(refusals.run, redis),
            "disk": data.run,
            "clock": partial(clock.run, archive.time),
            "follower": bot.follower.run,
            "layout": layout.watch,
        }
        parts |= served.parts(connections, commands)
        serving = serve(settings.http_host, settings.http_port, served.health, alarms, bot.observed)
        async with serving, asyncio.TaskGroup() as tasks:
            for name, work in parts.items():
                tasks.create_task(restarting(name, work, alarms), name=name)


async def _reached(archive: Archive, layout: Layout, gate: Gate, clock: Clock) -> None:
    """Wait for Redis, and learn from it what time it is and whether we may write there."""
    await reach(archive)
    await clock.look(archive.time)
    gate.scripts = frozenset({archive.reading})
    await patiently(layout.look)


def _commands(
    settings: Settings,
    bot: Bot,
    desk: CardDesk,
    erasure: Erasure,
    stores: "RedisStores",
    archive: Archive,
    policy: Policy,
    clock: Clock,
) -> Sequence[Command]:
    """What people can ask."""
    return menu(
        index=bot.index,
        rules=bot.rules,
        desk=desk,
        positions=stores.positions,
        history=archive,
        audit=stores.audit,
        moderators=stores.moderators,
        drafts=stores.drafts,
        erasure=erasure,
        forget_after_days=settings.forget_after_days,
        now=clock.now,
        player=partial(players, policy, bot.index.live_for),
    )


@dataclass(frozen=True, slots=True)
class Served:
    """The platforms as this process serves them: alone, beside another process, or not at all."""

    bot: Bot
    platforms: Sequence[Platform]
    leases: Mapping[str, RedisLease]
    layout: Layout
    refusals: RefusalWatch

    def parts(
        self, connections: Connections, commands: Sequence[Command]
    ) -> dict[str, Callable[[], Awaitable[object]]]:
        """What runs for each platform, by a name for the log."""
        return {
            f"{each.name} delivery": partial(
                self.keep, each.name, partial(connections.keep, each, commands)
            )
            for each in self.platforms
        }

    async def keep(self, name: str, connected: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Serve a platform until cancelled; `connected` keeps the connection while it runs."""
        reconciler, lease, rules = self.bot.reconcilers[name], self.leases[name], self.bot.rules
        await as_the_layout_allows(
            self.layout,
            partial(keep_in_step, reconciler, lease, rules, connected),
            partial(only_answer, lease, rules, connected),
        )

    def health(self) -> Health:
        """Redis refuses nothing, and each platform is delivered to by us or stood by for."""
        hears = self.bot.follower.hears
        states = {}
        for platform in self.platforms:
            delivers = platform.connected and self.bot.reconcilers[platform.name].delivers
            states[platform.name] = delivers or (hears and not self.leases[platform.name].sure)
        if self.layout.newer:  # nothing is delivered
            states = dict.fromkeys(states, False)
        return Health(hears and not self.refusals.refuses, states)


class RedisStores:
    """Where this process stores things in Redis."""

    def __init__(self, redis: Redis, prefix: str, skipped: Skipped, clock: Clock) -> None:
        self._common = redis, prefix, skipped
        self.moderators = RedisModerators(*self._common)
        self.ledger = RedisLedger(redis, prefix, skipped=skipped)
        """For reading, and for deleting: no lease is asked for."""
        self.due = RedisDue(*self._common)
        self.troubles = RedisTroubles(*self._common)
        self.positions = RedisReadingPositions(*self._common, certain=clock.is_certain)
        self.audit = RedisAudit(*self._common, certain=clock.is_certain, now=clock.now)
        self.drafts = RedisDrafts(*self._common)

    def lease(self, name: str) -> RedisLease:
        redis, prefix, skipped = self._common
        return RedisLease(redis, name, prefix, skipped)

    def fenced_ledger(self, lease: RedisLease) -> RedisLedger:
        """A ledger that is written only while a lease is held."""
        redis, prefix, skipped = self._common
        return RedisLedger(redis, prefix, lease, skipped)

    def high_water(self, data: DataFolder, platform: str) -> FileHighWater:
        """The one mark that is not in Redis, since it tells when Redis lost something."""
        _, prefix, skipped = self._common
        return FileHighWater(data, prefix, platform, skipped)

    def rules(self, leases: Mapping[str, RedisLease]) -> RedisRules:
        return RedisRules(*self._common, leases)

    async def knows(self, chat: Chat) -> bool:
        """Whether there is a card of a chat, or a role of a server under its number."""
        cards, role = await self.ledger.knows(chat), await self.moderators.role(chat.address)
        return bool(cards or role)

    def erasable(self, rules: RedisRules) -> Stores:
        """Those that hold something about chats or people."""
        return Stores(
            ledger=self.ledger,
            due=self.due,
            rules=rules,
            troubles=self.troubles,
            reading_positions=self.positions,
            audit=self.audit,
            drafts=self.drafts,
            moderators=self.moderators,
        )


def index_of(settings: Settings, archive: Archive) -> StoryIndex:
    """The stories in memory, still empty."""
    live_for = timedelta(hours=settings.live_hours)
    return StoryIndex(live_for, is_unreadable=archive.is_unreadable)


def asks(settings: Settings) -> AskLimiter:
    """How often people are answered, as the operator set it."""
    return AskLimiter(
        a_person=settings.asks_a_person,
        a_server=settings.asks_a_server,
        within_s=settings.asks_within_s,
    )


def policy_of(settings: Settings) -> Policy:
    """How often cards may change, and what is done in doubt, as the operator set it."""
    return Policy(
        Spacing(
            timedelta(seconds=settings.edit_spacing_s),
            timedelta(seconds=settings.edit_spacing_old_s),
        ),
        first_for=timedelta(hours=settings.first_hours),
        repeat_unknown=settings.repeat_unknown,
    )


def platforms_for(
    settings: Settings,
    turns: AskLimits | None = None,
    moderators: Moderators | None = None,
    paces: Mapping[str, GroupRateLimiter] = MappingProxyType({}),
    metrics: Metrics | None = None,
) -> list[Platform]:
    """The platforms that have a token; raises SetupError if none has."""
    platforms: list[Platform] = []
    unreadable = (metrics or Metrics()).unreadable

    def too_fast(name: str) -> Callable[[], None]:
        return metrics.too_fast.labels(name).inc if metrics else lambda: None

    if settings.discord_token is not None:
        platforms.append(
            DiscordPlatform(
                settings.discord_token.get_secret_value(),
                api_url=settings.discord_api_url,
                gateway_url=settings.discord_gateway_url,
                turns=turns,
                moderators=moderators,
                left_out=unreadable.labels("discord message").inc,
                too_fast=too_fast("discord"),
            )
        )
    if settings.telegram_token is not None:
        platforms.append(
            TelegramPlatform(
                settings.telegram_token.get_secret_value(),
                api_url=settings.telegram_api_url,
                turns=turns,
                left_out=unreadable.labels("telegram update").inc,
                rate_limiter=paces.get("telegram"),
                too_fast=too_fast("telegram"),
            )
        )
    if not platforms:
        raise SetupError(
            "there's no platform to run on: set STORYWIRE_DISCORD_TOKEN, "
            "STORYWIRE_TELEGRAM_TOKEN or both in the environment or .env"
        )
    return platforms


def pruner(redis: Redis, settings: Settings, lease: RedisLease, alarms: Alarms) -> Pruner:
    """Deletes old stories and their rows while `lease`, the editor's, is held."""
    archive = Archive(redis, settings.prefix)
    return Pruner(
        Retention(redis, archive, settings.prefix, lambda: (lease.key, lease.token)),
        RedisLedger(redis, settings.prefix),
        lease,
        alarms,
        live_for=timedelta(hours=settings.live_hours),
        keep_for=timedelta(days=settings.keep_days),
    )


async def reach(archive: Archive, patience_s: float = REACH_S) -> None:
    """Wait for Redis; raises SetupError if it can't be reached, or refuses us."""
    last: StorageAway | None = None
    try:
        async with asyncio.timeout(patience_s):
            while True:
                try:
                    await archive.ping()
                except StorageAway as away:
                    if str(away) != str(last):
                        log.info("waiting for Redis", extra={"why": str(away)})
                    last = away
                    if isinstance(away, StorageRefuses) and away.code == "DB index":
                        break
                    await asyncio.sleep(1)
                else:
                    return
    except TimeoutError:
        pass
    if isinstance(last, StorageRefuses):
        raise SetupError(str(last))
    raise SetupError(
        f"Redis didn't answer for {patience_s:.0f} s: start it, or fix STORYWIRE_REDIS_URL"
    )
