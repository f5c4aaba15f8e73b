"""Builds the bot: the one place where its parts are created and connected."""

import asyncio
import gc
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from datetime import timedelta
from functools import partial
from types import MappingProxyType
from typing import Any

from redis.asyncio import Redis

from bot.ask_limiter import AskLimiter
from bot.connections import Connections
from bot.delivery.desk import CardDesk
from bot.delivery.policy import Policy, Spacing
from bot.delivery.ports import Lease
from bot.delivery.rate_limiter import RateLimiter
from bot.delivery.reconciler import Reconciler
from bot.delivery.rehearsal import players
from bot.delivery.rollback import patiently
from bot.delivery.rules import RuleBook
from bot.delivery.unreachable import UnreachableChats
from bot.erasure import Erasure, Stores
from bot.metrics import Metrics
from bot.model.capabilities import Capabilities
from bot.model.chat import Chat
from bot.model.rule import Rule
from bot.platforms.discord.platform import DiscordPlatform
from bot.platforms.known import CAPABILITIES
from bot.platforms.needs import AskLimits, GroupRateLimiter, Moderators
from bot.platforms.port import Platform
from bot.platforms.telegram.platform import TelegramPlatform
from bot.pruning import Pruner
from bot.storage.audit import RedisAudit
from bot.storage.drafts import RedisDrafts
from bot.storage.due import RedisDue
from bot.storage.highwater import DataFolder, FileHighWater
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
from runtime.errors import LeaseLost, SetupError
from runtime.health import Health, serve
from runtime.layout import Layout
from runtime.lease import RedisLease
from runtime.records import Skipped
from runtime.refusals import RefusalWatch
from runtime.supervision import restarting, unless_told_to_stop
from stories.archive import Archive
from stories.editor import Editor
from stories.follower import Follower
from stories.index import StoryIndex
from stories.retention import Retention

log = logging.getLogger(__name__)

REACH_S = 30.0
"""Seconds to wait at startup for a Redis that isn't there."""
ASK_S = 3.0
"""Seconds between looks, by a process that may not write, at whether another one serves a
platform."""
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
    turns = AskLimiter(
        a_person=settings.asks_a_person,
        a_server=settings.asks_a_server,
        within_s=settings.asks_within_s,
    )
    metrics = Metrics()
    alarms = Alarms(metrics)
    refusals = RefusalWatch(alarms, settings.prefix)
    skipped = Skipped(lambda kind: metrics.unreadable.labels(kind).inc())
    gate = Gate()
    async with connect(settings.redis_url, refusals.refused, gate) as redis:
        moderators = RedisModerators(redis, settings.prefix, skipped)
        paces = {name: RateLimiter(able) for name, able in capabilities.items()}
        platforms = platforms_for(settings, turns, moderators, paces, metrics)
        connections = Connections(platforms, alarms)
        data = DataFolder(settings.data_dir, alarms)
        data.look()
        clock = Clock(alarms)
        archive = Archive(redis, settings.prefix, skipped, now=clock.now)
        await reach(archive)
        await clock.look(archive.time)
        gate.scripts = frozenset({archive.reading})
        layout = Layout(redis, gate, alarms, settings.prefix, skipped)
        await patiently(layout.look)
        index = StoryIndex(
            timedelta(hours=settings.live_hours), is_unreadable=archive.is_unreadable
        )
        follower = Follower(archive, index, metrics)
        editing = RedisLease(redis, "editor", settings.prefix, skipped)
        ledger = RedisLedger(redis, settings.prefix, skipped=skipped)
        editor = Editor(archive, editing, metrics, pruner(redis, settings, editing, alarms).run)
        leases = {
            platform.name: RedisLease(redis, platform.name, settings.prefix, skipped)
            for platform in platforms
        }
        kept_rules = RedisRules(redis, settings.prefix, skipped, leases)
        rules = RuleBook(chats, kept_rules)
        policy = policy or policy_of(settings)
        troubles = RedisTroubles(redis, settings.prefix, skipped)
        positions = RedisReadingPositions(redis, settings.prefix, skipped, certain=clock.is_certain)
        audit = RedisAudit(redis, settings.prefix, skipped, certain=clock.is_certain, now=clock.now)
        drafts = RedisDrafts(redis, settings.prefix, skipped)
        stores = Stores(
            ledger=ledger,
            due=RedisDue(redis, settings.prefix, skipped),
            rules=kept_rules,
            troubles=troubles,
            reading_positions=positions,
            audit=audit,
            drafts=drafts,
            moderators=moderators,
        )
        rules.on_move(drafts.move)
        rules.on_move(audit.move)

        async def knows(chat: Chat) -> bool:
            """Whether anything is kept of a chat, or of a server under its number."""
            cards, role = await ledger.knows(chat), await moderators.role(chat.address)
            return bool(rules.of(chat) or cards or role)

        unreachables = {
            platform.name: UnreachableChats(
                platform,
                rules=rules,
                troubles=troubles,
                lease=leases[platform.name],
                rate_limiter=paces[platform.name],
                knows=knows,
                forget=lambda chat: erasure.chat(chat),
                grace=timedelta(days=settings.forget_after_days),
                now=clock.now,
                certain=clock.is_certain,
            )
            for platform in platforms
        }
        reconcilers = {
            platform.name: Reconciler(
                platform,
                index=index,
                bell=follower.bell(),
                position=lambda: follower.cursor,
                rules=rules,
                ledger=RedisLedger(redis, settings.prefix, leases[platform.name], skipped),
                due=RedisDue(redis, settings.prefix, skipped),
                archive=archive,
                lease=leases[platform.name],
                high_water=FileHighWater(data, settings.prefix, platform.name, skipped),
                rate_limiter=paces[platform.name],
                metrics=metrics,
                alarms=alarms,
                policy=policy,
                unreachable=unreachables[platform.name],
                now=clock.now,
            )
            for platform in platforms
        }
        for reconciler in reconcilers.values():
            rules.on_change(reconciler.welcome)
        desk = CardDesk(reconcilers, ledger, stores.of_cards)
        erasure = Erasure(rules, desk, stores)
        commands = menu(
            index=index,
            rules=rules,
            desk=desk,
            positions=positions,
            history=archive,
            audit=audit,
            moderators=moderators,
            drafts=drafts,
            erasure=erasure,
            forget_after_days=settings.forget_after_days,
            now=clock.now,
            player=partial(players, policy, index.live_for),
        )

        def health() -> Health:
            """Redis refuses nothing, and each platform is delivered to by us or stood by for."""
            states = {}
            for platform in platforms:
                delivers = platform.connected and reconcilers[platform.name].delivers
                standing_by = follower.hears and not leases[platform.name].sure
                states[platform.name] = delivers or standing_by
            if layout.newer:  # nothing is delivered
                states = dict.fromkeys(states, False)
            return Health(follower.hears and not refusals.refuses, states)

        def observed() -> Metrics:
            for reconciler in reconcilers.values():
                reconciler.observe()
            return metrics

        serving = serve(settings.http_host, settings.http_port, health, alarms, observed)
        async with serving, asyncio.TaskGroup() as tasks:
            parts: dict[str, Callable[[], Awaitable[object]]] = {
                "editor": editor.run,
                "places": positions.run,
                "audit": audit.run,
                "refusals": partial(refusals.run, redis),
                "disk": data.run,
                "clock": partial(clock.run, archive.time),
                "follower": follower.run,
                "layout": layout.watch,
            }
            for platform in platforms:
                name = platform.name
                connected = partial(connections.keep, platform, commands)
                parts[f"{name} delivery"] = partial(
                    as_the_layout_allows,
                    layout,
                    partial(keep_in_step, reconcilers[name], leases[name], rules, connected),
                    partial(only_answer, leases[name], rules, connected),
                )
            for name, work in parts.items():
                tasks.create_task(restarting(name, work, alarms), name=name)


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


async def keep_in_step(
    reconciler: Reconciler,
    lease: Lease,
    rules: RuleBook,
    connected: Callable[[], Coroutine[Any, Any, None]],
) -> None:
    """Serve a platform while we hold its lease; stand by while another process does.

    `connected` keeps the connection while it runs.
    """
    name = reconciler.platform.name
    while True:
        try:
            async with lease.held():
                await _load(rules)
                async with asyncio.TaskGroup() as tasks:
                    online = tasks.create_task(connected(), name=f"{name} on")
                    try:
                        await reconciler.run()
                    finally:  # the reconciler has finished its calls: now we may disconnect
                        online.cancel()
        except* LeaseLost:
            log.warning("another process took over", extra={"platform": name})
            unless_told_to_stop()


async def as_the_layout_allows(
    layout: Layout,
    deliver: Callable[[], Coroutine[Any, Any, None]],
    answer: Callable[[], Coroutine[Any, Any, None]],
) -> None:
    """Deliver while the key layout is ours, and only answer while it isn't."""
    while True:
        newer = layout.newer
        work = asyncio.create_task(answer() if newer else deliver())
        over = asyncio.create_task(layout.becomes(newer=not newer))
        try:
            await asyncio.wait((work, over), return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                work.result()  # it runs for ever, or fails
        finally:
            for task in (work, over):
                task.cancel()
            await asyncio.gather(work, over, return_exceptions=True)


async def only_answer(
    lease: RedisLease, rules: RuleBook, connected: Callable[[], Coroutine[Any, Any, None]]
) -> None:
    """Answer on a platform as long as no other process serves it; nothing is posted."""
    await _load(rules)
    while True:
        await _until(lease, taken=False)
        async with asyncio.TaskGroup() as tasks:
            online = tasks.create_task(connected(), name="answers only")
            await _until(lease, taken=True)
            online.cancel()


async def _until(lease: RedisLease, *, taken: bool) -> None:
    while True:
        if await patiently(lease.taken) is taken:
            return
        await asyncio.sleep(ASK_S)


async def _load(rules: RuleBook) -> None:
    while True:
        try:
            await rules.load()
        except StorageAway:
            await asyncio.sleep(1)
        else:
            return
