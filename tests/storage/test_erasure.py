"""Nothing in Redis names a chat or a person once what is stored about them was erased."""

import inspect
import pkgutil
import re
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

import pytest
from redis.asyncio import Redis

import bot.storage
from bot.delivery.desk import CardDesk
from bot.delivery.rules import RuleBook
from bot.erasure import Erasure, Stores
from bot.model.audit import AuditEntry
from bot.model.chat import Chat
from bot.model.due import DueSubject
from bot.model.ledger import CardRecord, Pin, State
from bot.model.reading import Seen
from bot.model.rule import Draft, Rule
from bot.model.trouble import Trouble
from bot.storage.audit import RedisAudit
from bot.storage.drafts import RedisDrafts
from bot.storage.due import RedisDue
from bot.storage.ledger import RedisLedger
from bot.storage.moderators import RedisModerators
from bot.storage.reading_positions import RedisReadingPositions
from bot.storage.rules import RedisRules
from bot.storage.troubles import RedisTroubles
from scripts.docs import ROOT
from stories.story import StoryId
from tests.records import naming
from tests.running import beside, eventually_so
from wording.acts import Act, Did
from wording.reasons import Code, Reason

NOW = datetime.now(UTC).replace(microsecond=0)
FIRE = StoryId("fire")
GROUP, MIRA = Chat("telegram", "-1007000000001"), Chat("telegram", "7000000002")
OTHERS, SOL = Chat("telegram", "-1008000000001"), Chat("telegram", "8000000002")
NAMELESS = {"cards-written", "cursor"}
"""Kinds of keys that hold nothing about a chat or a person."""
PACKED = {"packed", "packed-chats", "packed-last", "packed-numbers"}
"""What the ledger packs names chats by numbers: tests/growth looks at how those are forgotten."""
ROW = CardRecord(State.SHOWN, NOW, 3, "42", pin=Pin.STANDS)


class Idle:
    """A reconciler with nothing under way."""

    def __init__(self) -> None:
        self.requests = self

    async def note(self, *_: object) -> None:
        return


@dataclass(frozen=True)
class Kept:
    """Real stores, and what erases from them."""

    redis: Redis
    prefix: str
    stores: Stores
    rules: RuleBook
    erasure: Erasure

    async def fill(self, chat: Chat, person: Chat) -> None:
        """Have every store hold something about the chat and the person."""
        stores: Any = self.stores
        for each in (chat, person):
            await self.rules.change(each, lambda _: Rule(all=True, keeper=person))
            await stores.ledger.write(each, FIRE, ROW)
            unknown = replace(ROW, state=State.UNKNOWN, pin=None)
            await stores.ledger.write(each, StoryId("tram"), unknown)
            subjects = [DueSubject(each, FIRE, 1, NOW), DueSubject(each, "board:main", 1)]
            await stores.due.enqueue("telegram", subjects, None)
            await stores.rules.move(Chat("telegram", f"{each.address}9"), each)
            await stores.troubles.save(each, Trouble(Reason(Code.BLOCKED), NOW))
            await stores.drafts.save(each, Draft(Rule(), Rule(all=True)))
        await stores.moderators.name(chat.address, "5")
        stores.audit.note(chat, AuditEntry(NOW, Act(Did.PAUSED), person, "Somebody"))
        stores.reading_positions.saw(person, FIRE, Seen(3, NOW))
        stores.reading_positions.caught_up(person, NOW)

        async def saved() -> bool:
            return {"audited", "places"} <= await self.naming(person)

        async with beside(stores.audit.run()), beside(stores.reading_positions.run()):
            await eventually_so(saved, "what is saved behind the answers is there")

    async def naming(self, chat: Chat) -> set[str]:
        """The kinds of records that name the chat."""
        return {kind for kind, _name in await naming(self.redis, self.prefix, chat.address)}


@pytest.fixture
async def kept(redis: Redis, prefix: str) -> Kept:
    stored = RedisRules(redis, prefix)
    stores = Stores(
        ledger=RedisLedger(redis, prefix),
        due=RedisDue(redis, prefix),
        rules=stored,
        troubles=RedisTroubles(redis, prefix),
        reading_positions=RedisReadingPositions(redis, prefix),
        audit=RedisAudit(redis, prefix),
        drafts=RedisDrafts(redis, prefix),
        moderators=RedisModerators(redis, prefix),
    )
    rules = RuleBook({}, stored)
    reconcilers: Any = {"telegram": Idle()}
    desk = CardDesk(reconcilers, RedisLedger(redis, prefix), stores.of_cards)
    return Kept(redis, prefix, stores, rules, Erasure(rules, desk, stores))


def test_the_list_has_every_store_there_is() -> None:
    names = [each.name for each in pkgutil.iter_modules(bot.storage.__path__)]
    modules = [import_module(f"bot.storage.{name}") for name in names]
    there = {
        name.removeprefix("Redis")
        for module in modules
        for name, kind in vars(module).items()
        if inspect.isclass(kind) and kind.__module__ == module.__name__ and name.startswith("Redis")
    }
    listed = {field.name.title().replace("_", "") for field in fields(Stores)}
    assert there == listed


async def test_every_kind_of_key_that_may_name_a_chat_is_looked_at(kept: Kept) -> None:
    folder = ROOT / "bot" / "storage"
    text = "".join(path.read_text("utf-8") for path in folder.glob("*.py"))
    await kept.fill(GROUP, MIRA)
    named = await kept.naming(GROUP) | await kept.naming(MIRA)
    assert named | NAMELESS | PACKED == set(re.findall(r"prefix\}:([a-z-]+)", text))


async def test_nothing_names_a_chat_that_was_erased(kept: Kept) -> None:
    await kept.fill(GROUP, MIRA)
    await kept.fill(OTHERS, SOL)
    before = await kept.naming(OTHERS)
    assert len(await kept.naming(GROUP)) == len(before) >= len(fields(Stores))
    await kept.erasure.chat(GROUP)
    assert await kept.naming(GROUP) == set()
    assert await kept.naming(OTHERS) == before


async def test_nothing_names_a_person_who_was_erased(kept: Kept) -> None:
    await kept.fill(GROUP, MIRA)
    await kept.fill(OTHERS, SOL)
    before = await kept.naming(SOL)
    erased = await kept.erasure.person(MIRA)
    assert (erased.cards, erased.keeps, erased.seen, erased.changes) == (2, 1, 1, 1)
    assert (erased.followed, erased.caught_up) == (True, True)
    assert await kept.naming(MIRA) == set()
    assert await kept.naming(SOL) == before
    assert await kept.naming(GROUP) != set(), "the chat they moderate goes on"
