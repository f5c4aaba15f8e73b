"""What every storage port promises: the ones in Redis, and those the simulation stands on."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from bot.delivery.ports import Due, HighWater, Ledger, RuleStore, Troubles
from bot.model.chat import Chat
from bot.model.due import DueSubject
from bot.model.ledger import CardRecord, HighWaterMark, Pin, State
from bot.model.rule import Loudness, Rule
from bot.model.trouble import Trouble
from bot.model.unknown import Unknown
from bot.storage.due import RedisDue
from bot.storage.highwater import FileHighWater
from bot.storage.ledger import RedisLedger
from bot.storage.rules import RedisRules
from bot.storage.troubles import RedisTroubles
from runtime.away import StorageAway
from runtime.data_folder import DataFolder
from runtime.errors import LeaseLost
from runtime.lease import RedisLease
from stories.archive import Archive
from stories.changes import Cursor, Door, Verdict
from stories.story import Story, StoryId
from tests.simulation.storage import (
    UPDATES,
    Client,
    MemoryArchive,
    MemoryDue,
    MemoryHighWater,
    MemoryLease,
    MemoryLedger,
    MemoryRules,
    MemoryTroubles,
    Store,
    _hand_over,
)
from wording.reasons import Code, Reason

NOW = datetime(2026, 6, 25, 6, tzinfo=UTC)
FERRY = Story(StoryId("ferry"), "Night ferry returns", ("It sailed at dusk.",))
TRAM = replace(FERRY, id=StoryId("tram"), title="Trams stand still")
NORTH, SOUTH = Chat("discord", "1"), Chat("discord", "2")
GROUP, SUPERGROUP = Chat("telegram", "-1"), Chat("telegram", "-1001")
ROW = CardRecord(
    State.SHOWN,
    NOW,
    3,
    message_id="77",
    fingerprint="abc",
    posted_at=NOW,
    replied_at=NOW + timedelta(microseconds=5),
    published_at=NOW + timedelta(microseconds=6),
    generation=2,
    reply_since=1,
    pin=Pin.STANDS,
    pinned_at=NOW + timedelta(seconds=1),
    why=Reason(Code.THREAD_ARCHIVED),
)


@dataclass(frozen=True)
class Storage:
    """One kind of storage; each call of a maker is another process's."""

    archive: Archive | MemoryArchive
    due: Due
    rules: RuleStore
    rules_by: Callable[[RedisLease], RuleStore]
    """Discord's, as who has this lease keeps them."""
    troubles: Troubles
    lease: Callable[[], RedisLease]
    ledger: Callable[[RedisLease | None], Ledger]
    high_water: Callable[[], HighWater]
    publish: Callable[[bytes], object]
    wipe: Callable[[], object]
    hand_out: Callable[[], object]
    """Hand documents of the inbox to the editor in an answer that is lost."""


@pytest.fixture(params=["memory", "redis"])
async def storage(
    request: pytest.FixtureRequest, redis: Redis, prefix: str, tmp_path: Path
) -> AsyncIterator[Storage]:
    if request.param == "memory":
        client, disk = Client(Store()), dict[str, HighWaterMark]()

        def memory_ledger(lease: RedisLease | None) -> Ledger:
            assert lease is None or isinstance(lease, MemoryLease)
            return MemoryLedger(client, lease)

        def memory_rules(lease: RedisLease) -> RuleStore:
            assert isinstance(lease, MemoryLease)
            return MemoryRules(client, {"discord": lease})

        async def publish(document: bytes) -> None:
            client.store.publish(UPDATES, document)

        async def wipe() -> None:
            client.store.data = type(client.store.data)()

        yield Storage(
            MemoryArchive(client),
            MemoryDue(client),
            MemoryRules(client),
            memory_rules,
            MemoryTroubles(client),
            lambda: MemoryLease(client, "discord"),
            memory_ledger,
            lambda: MemoryHighWater(client, disk, "discord"),
            publish,
            wipe,
            lambda: client.call(_hand_over),
        )
        return

    async def wipe_redis() -> None:
        await redis.delete(*[key async for key in redis.scan_iter(f"{prefix}:*")])

    yield Storage(
        Archive(redis, prefix),
        RedisDue(redis, prefix),
        RedisRules(redis, prefix),
        lambda lease: RedisRules(redis, prefix, leases={"discord": lease}),
        RedisTroubles(redis, prefix),
        lambda: RedisLease(redis, "discord", prefix),
        lambda lease: RedisLedger(redis, prefix, lease),
        lambda: FileHighWater(DataFolder(tmp_path), prefix, "discord"),
        lambda document: redis.publish(f"{prefix}:updates", document),
        wipe_redis,
        lambda: redis.xreadgroup("editors", "editor", {f"{prefix}:inbox": ">"}),
    )


# The archive.


@pytest.mark.parametrize(
    ("document", "verdict", "held"),
    [
        (replace(FERRY, revision=4, title="Older"), Verdict.STALE, 5),
        (replace(FERRY, revision=4), Verdict.STALE, 5),
        (replace(FERRY, revision=5), Verdict.SAME, 5),
        (replace(FERRY), Verdict.SAME, 5),
        (replace(FERRY, revision=5, title="Other"), Verdict.CONFLICT, 5),
        (replace(FERRY, title="Uncounted"), Verdict.ACCEPTED, 6),
        (replace(FERRY, revision=6, title="Newer"), Verdict.ACCEPTED, 6),
        (replace(FERRY, revision=9), Verdict.ACCEPTED, 9),
    ],
    ids=lambda value: value.title if isinstance(value, Story) else str(value),
)
async def test_a_revision_is_taken_when_it_is_newer(
    storage: Storage, document: Story, verdict: Verdict, held: int
) -> None:
    assert await storage.archive.accept(replace(FERRY, revision=5)) == (Verdict.ACCEPTED, 5)
    assert await storage.archive.accept(document) == (verdict, held)
    stored = await storage.archive.story(FERRY.id)
    assert stored is not None
    assert stored.revision == held


async def test_the_history_holds_what_was_taken_oldest_first(storage: Storage) -> None:
    for title in ("One", "Two", "Two", "Three"):
        await storage.archive.accept(replace(FERRY, title=title))
    history = await storage.archive.history(FERRY.id)
    assert [(story.revision, story.title) for story in history] == [
        (1, "One"),
        (2, "Two"),
        (3, "Three"),
    ]
    assert await storage.archive.history(TRAM.id) == []
    since = [await storage.archive.history(FERRY.id, number) for number in (1, 2, 3, 4)]
    assert [[story.title for story in each] for each in since] == [
        ["One", "Two", "Three"],
        ["Two", "Three"],
        ["Three"],
        [],
    ]


async def test_a_reader_gets_what_is_newer_than_its_cursor(storage: Storage) -> None:
    assert await storage.archive.since(Cursor()) == await storage.archive.since(Cursor())
    await storage.archive.accept(FERRY)
    first = await storage.archive.since(Cursor())
    await storage.archive.accept(TRAM)
    await storage.archive.accept(replace(FERRY, title="Late"))
    second = await storage.archive.since(first.upto)
    assert [(e.story.title, e.revision, e.before and e.before.title) for e in second.editions] == [
        ("Trams stand still", 1, None),
        ("Late", 2, "Night ferry returns"),
    ]
    assert (first.anew, second.anew) == (False, False)
    third = await storage.archive.since(second.upto)
    assert (third.upto, third.editions) == (second.upto, ())
    whole = await storage.archive.since(Cursor())
    assert [e.story.title for e in whole.editions] == ["Trams stand still", "Late"], "each once"


async def test_a_reader_of_a_past_epoch_begins_anew(storage: Storage) -> None:
    for number in range(3):
        await storage.archive.accept(replace(FERRY, title=f"Ferry {number}"))
    old = (await storage.archive.since(Cursor())).upto
    await storage.wipe()  # type: ignore[misc]
    emptied = await storage.archive.since(old)
    assert (emptied.anew, emptied.editions) == (True, ())
    await storage.archive.accept(TRAM)
    changes = await storage.archive.since(old)
    assert changes.anew
    assert changes.upto.epoch not in ("", old.epoch)
    assert [edition.story.id for edition in changes.editions] == ["tram"]


async def test_a_reader_is_subscribed_before_it_reads(storage: Storage) -> None:
    async with aclosing(storage.archive.wakes()) as wakes:
        assert await anext(wakes) == "subscribed"
        await storage.archive.accept(FERRY)  # between the subscription and the reading
        assert [e.story.id for e in (await storage.archive.since(Cursor())).editions] == ["ferry"]
        assert await anext(wakes) == "wake"
        await storage.archive.accept(FERRY)  # nothing new wakes nobody
        await storage.archive.accept(TRAM)
        assert await anext(wakes) == "wake"


async def test_what_is_said_is_heard_by_who_listens(storage: Storage) -> None:
    async with aclosing(storage.archive.pubsub()) as said:
        first = asyncio.ensure_future(anext(said))
        heard = None
        while heard is None:  # nobody tells when the subscription stands
            await storage.publish(b"one")  # type: ignore[misc]
            done, _ = await asyncio.wait([first], timeout=0.05)
            heard = first.result() if done else None
    assert heard == b"one"


async def test_the_inbox_outlives_its_reader(storage: Storage) -> None:
    for document in (b"one", b"two", b"three"):
        await storage.archive.leave(document)
    async with aclosing(storage.archive.inbox()) as first:
        assert [await anext(first), await anext(first)] == [b"one", b"two"]
        # Asking for “two” struck “one” out; “two” is in hand when its editor dies.
    async with aclosing(storage.archive.inbox()) as second:
        assert [await anext(second), await anext(second)] == [b"two", b"three"]
        more = asyncio.ensure_future(anext(second))
        await storage.archive.leave(b"four")
        assert await more == b"four"


async def test_documents_handed_out_in_a_lost_answer_come_before_the_next(
    storage: Storage,
) -> None:
    async with aclosing(storage.archive.inbox()) as left:
        await storage.archive.leave(b"one")
        assert await anext(left) == b"one"
        await storage.archive.leave(b"two")
        await storage.hand_out()  # type: ignore[misc]
        await storage.archive.leave(b"three")
        assert [await anext(left), await anext(left)] == [b"two", b"three"]


async def test_a_wiped_inbox_is_opened_again(storage: Storage) -> None:
    async with aclosing(storage.archive.inbox()) as left:
        await storage.archive.leave(b"zero")
        assert await anext(left) == b"zero"
        waiting = asyncio.ensure_future(anext(left))
        await storage.wipe()  # type: ignore[misc]
        with pytest.raises(StorageAway):
            await waiting
    await storage.archive.leave(b"one")
    async with aclosing(storage.archive.inbox()) as left:
        assert await anext(left) == b"one"


async def test_what_was_refused_can_be_read_newest_first(storage: Storage) -> None:
    await storage.archive.reject(Door.PUBSUB, b"{", "not JSON")
    await storage.archive.reject(Door.INBOX, b"\xff" * 5000, "not UTF-8")
    newest, older = await storage.archive.rejected()
    assert (newest.door, newest.why, len(newest.beginning)) == (Door.INBOX, "not UTF-8", 200)
    assert (older.door, older.why, older.beginning) == (Door.PUBSUB, "not JSON", "{")
    assert older.at <= newest.at
    assert await storage.archive.rejected(limit=1) == [newest]


# The ledger.


async def test_a_row_is_read_as_it_was_written(storage: Storage) -> None:
    ledger = storage.ledger(None)
    assert await ledger.row(NORTH, FERRY.id) is None
    await ledger.write(NORTH, FERRY.id, ROW)
    assert await ledger.row(NORTH, FERRY.id) == ROW
    bare = CardRecord(State.FAILED, NOW, 1)
    await ledger.write(NORTH, FERRY.id, bare)
    assert await ledger.row(NORTH, FERRY.id) == bare


async def test_rows_are_found_by_story_and_by_chat(storage: Storage) -> None:
    ledger = storage.ledger(None)
    await ledger.write(NORTH, FERRY.id, ROW)
    await ledger.write(SOUTH, FERRY.id, replace(ROW, revision=4))
    await ledger.write(NORTH, TRAM.id, replace(ROW, revision=5))
    assert await ledger.of_story(FERRY.id) == {NORTH: ROW, SOUTH: replace(ROW, revision=4)}
    assert await ledger.of_chat(NORTH) == {FERRY.id: ROW, TRAM.id: replace(ROW, revision=5)}
    assert await ledger.of_story(StoryId("other")) == {}
    assert await ledger.of_chat(GROUP) == {}


async def test_rows_written_together_are_counted_one_by_one(storage: Storage) -> None:
    ledger = storage.ledger(None)
    await ledger.write(NORTH, FERRY.id, ROW)
    other = replace(ROW, pin=None, pinned_at=None, into=FERRY.id, tells=TRAM.id)
    assert await ledger.write_together(NORTH, {FERRY.id: other, TRAM.id: ROW}) == 3
    assert await ledger.of_chat(NORTH) == {FERRY.id: other, TRAM.id: ROW}
    assert await ledger.pins("discord") == {(NORTH, TRAM.id): ROW}


async def test_pins_are_found_until_they_are_gone(storage: Storage) -> None:
    ledger = storage.ledger(None)
    going, bare = replace(ROW, pin=Pin.GOING), replace(ROW, pin=None, pinned_at=None)
    await ledger.write(NORTH, FERRY.id, ROW)
    await ledger.write(NORTH, TRAM.id, going)
    await ledger.write(SOUTH, FERRY.id, bare)
    await ledger.write(GROUP, FERRY.id, ROW)
    assert await ledger.pins("discord") == {(NORTH, FERRY.id): ROW, (NORTH, TRAM.id): going}
    await ledger.write(NORTH, TRAM.id, bare)
    assert await ledger.pins("discord") == {(NORTH, FERRY.id): ROW}
    assert await ledger.pins("telegram") == {(GROUP, FERRY.id): ROW}
    assert await ledger.pins("elsewhere") == {}


async def test_rows_are_counted_platform_by_platform(storage: Storage) -> None:
    ledger = storage.ledger(None)
    assert await ledger.count("discord") == 0
    assert [await ledger.write(NORTH, FERRY.id, ROW) for _ in range(3)] == [1, 2, 3]
    assert await ledger.write(GROUP, FERRY.id, ROW) == 1
    assert (await ledger.count("discord"), await ledger.count("telegram")) == (3, 1)


async def test_only_who_holds_the_lease_can_write(storage: Storage) -> None:
    ours, theirs = storage.lease(), storage.lease()
    async with ours.held():
        await storage.ledger(ours).write(NORTH, FERRY.id, ROW)
        with pytest.raises(StorageAway):
            await storage.ledger(theirs).write(NORTH, FERRY.id, replace(ROW, revision=9))
        with pytest.raises(StorageAway):
            await storage.ledger(theirs).write_together(NORTH, {TRAM.id: ROW, FERRY.id: ROW})
    with pytest.raises(StorageAway):  # nobody holds it now
        await storage.ledger(ours).write(NORTH, FERRY.id, replace(ROW, revision=9))
    assert await storage.ledger(None).row(NORTH, FERRY.id) == ROW
    assert await storage.ledger(None).count("discord") == 1


async def test_who_holds_the_lease_puts_back_what_is_missing_of_the_rules(
    storage: Storage,
) -> None:
    ours, theirs = storage.lease(), storage.lease()
    south, moved = Chat("discord", "9"), {Chat("discord", "8"): NORTH}
    known = {NORTH: Rule(all=True), south: Rule(keywords=("tram",))}
    await storage.rules.save(NORTH, Rule(keywords=("ferry",)))
    async with ours.held():
        with pytest.raises(StorageAway):
            await storage.rules_by(theirs).put_back("discord", known, moved)
        assert await storage.rules.load() == {NORTH: Rule(keywords=("ferry",))}
        assert await storage.rules_by(ours).put_back("discord", known, moved) == 2
        assert await storage.rules_by(ours).put_back("discord", known, moved) == 0
    with pytest.raises(StorageAway):  # nobody holds it now
        await storage.rules_by(ours).put_back("discord", {GROUP: Rule(all=True)}, {})
    assert await storage.rules.load() == known | {NORTH: Rule(keywords=("ferry",))}
    assert await storage.rules.moved() == moved


async def test_cards_of_unknown_outcome_are_found_until_they_are_settled(storage: Storage) -> None:
    ledger = storage.ledger(None)
    unknown = replace(ROW, state=State.UNKNOWN, message_id=None, pin=None)
    ferry, tram = (Unknown(GROUP, each.id, 2) for each in (FERRY, TRAM))
    await ledger.write(GROUP, FERRY.id, unknown)
    await ledger.write(GROUP, TRAM.id, unknown)
    await ledger.write(NORTH, FERRY.id, ROW)
    assert set(await ledger.unknown("telegram")) == {ferry, tram}
    assert list(await ledger.unknown("discord")) == []
    assert await ledger.unknown_by("telegram", tram.key) == tram
    await ledger.write(GROUP, FERRY.id, replace(unknown, generation=3))
    assert await ledger.unknown_by("telegram", ferry.key) == ferry._replace(generation=3)
    await ledger.write(GROUP, FERRY.id, replace(unknown, state=State.SENDING, generation=4))
    assert await ledger.unknown("telegram") == [tram]
    assert await ledger.unknown_by("telegram", ferry.key) is None


# What is due.


async def test_a_mark_stays_until_it_is_done(storage: Storage) -> None:
    mark, other = DueSubject(NORTH, FERRY.id, 4), DueSubject(SOUTH, FERRY.id, 4)
    await storage.due.enqueue("discord", [mark, other], None)
    await storage.due.enqueue("discord", [mark], None)
    assert sorted(await storage.due.all("discord"), key=lambda each: each.chat) == [mark, other]
    await storage.due.ack("discord", [mark])
    await storage.due.ack("discord", [mark])
    assert await storage.due.all("discord") == [other]
    assert await storage.due.all("telegram") == []


async def test_a_newer_mark_outlives_the_older_ones_end(storage: Storage) -> None:
    mark = DueSubject(NORTH, FERRY.id, 4)
    await storage.due.enqueue("discord", [mark], None)
    newer = replace(mark, seq=5)
    await storage.due.enqueue("discord", [newer], None)  # while the older is in hand
    await storage.due.ack("discord", [mark])
    assert await storage.due.all("discord") == [newer]
    await storage.due.ack("discord", [newer])
    assert await storage.due.all("discord") == []


async def test_what_is_due_later_says_when_until_it_is_due_now_or_done(storage: Storage) -> None:
    later = DueSubject(NORTH, FERRY.id, 4, NOW)
    board = DueSubject(NORTH, "board:main", 0, NOW + timedelta(hours=1))
    now = DueSubject(SOUTH, "digest:morning", 0)
    await storage.due.enqueue("discord", [later, board, now], Cursor("epoch", 4))
    assert sorted(await storage.due.all("discord"), key=str) == sorted([later, board, now], key=str)
    await storage.due.enqueue("discord", [DueSubject(NORTH, FERRY.id, 5)], None)
    assert DueSubject(NORTH, FERRY.id, 5) in await storage.due.all("discord")
    await storage.due.ack("discord", [board, now])
    assert await storage.due.all("discord") == [DueSubject(NORTH, FERRY.id, 5)]
    await storage.due.enqueue("discord", [replace(board, due_at=None)], None)
    assert replace(board, due_at=None) in await storage.due.all("discord")


async def test_an_earlier_version_reads_nothing_that_is_no_card(redis: Redis, prefix: str) -> None:
    due = RedisDue(redis, prefix)
    board = DueSubject(NORTH, "board:main", 0, NOW)
    await due.enqueue("discord", [DueSubject(NORTH, FERRY.id, 4, NOW), board], Cursor("epoch", 4))
    assert await redis.hgetall(f"{prefix}:due:discord") == {f"{NORTH} ferry".encode(): b"4"}
    assert await due.forget(NORTH) == {FERRY.id}
    assert await due.all("discord") == []
    assert await redis.keys(f"{prefix}:due*") == []


async def test_thousands_of_marks_are_made_and_struck_out_at_once(storage: Storage) -> None:
    marks = [DueSubject(Chat("discord", str(number)), FERRY.id, 4) for number in range(1, 2500)]
    await storage.due.enqueue("discord", marks, Cursor("epoch", 4))
    assert set(await storage.due.all("discord")) == set(marks)
    await storage.due.ack("discord", [replace(marks[0], seq=3), *marks[1:]])
    assert await storage.due.all("discord") == marks[:1]


async def test_the_cursor_moves_with_the_marks_of_its_platform(storage: Storage) -> None:
    assert await storage.due.cursor("discord") == Cursor()
    await storage.due.enqueue("discord", [DueSubject(NORTH, FERRY.id, 4)], Cursor("epoch", 4))
    await storage.due.enqueue("discord", [DueSubject(NORTH, TRAM.id, 4)], None)
    await storage.due.enqueue("discord", [], Cursor("epoch", 5))
    assert await storage.due.cursor("discord") == Cursor("epoch", 5)
    assert await storage.due.cursor("telegram") == Cursor()
    assert len(await storage.due.all("discord")) == 2


# Rules.


async def test_rules_are_kept_and_forgotten(storage: Storage) -> None:
    rule = Rule(
        keywords=("ferry",),
        entities=("Sorvik Line",),
        story_ids=(TRAM.id,),
        min_virality=2.5,
        show_leaning=True,
        loudness=Loudness.EDIT,
    )
    await storage.rules.save(NORTH, rule)
    await storage.rules.save(SOUTH, Rule(all=True))
    assert await storage.rules.load() == {NORTH: rule, SOUTH: Rule(all=True)}
    await storage.rules.save(SOUTH, None)
    await storage.rules.save(SOUTH, None)
    assert await storage.rules.load() == {NORTH: rule}


async def test_a_moved_chat_is_remembered(storage: Storage) -> None:
    assert await storage.rules.moved() == {}
    await storage.rules.move(GROUP, SUPERGROUP)
    await storage.rules.move(GROUP, SUPERGROUP)
    assert await storage.rules.moved() == {GROUP: SUPERGROUP}


# Troubles.


async def test_what_is_wrong_is_kept_until_it_is_mended(storage: Storage) -> None:
    assert await storage.troubles.all("discord") == {}
    wrong = Trouble(Reason(Code.LACKS_PERMISSIONS, {"permissions": ["Embed Links"]}), NOW)
    worse = replace(wrong, act="edit", told=True, asked_at=NOW, left_at=NOW + timedelta(days=1))
    await storage.troubles.save(NORTH, wrong)
    await storage.troubles.save(GROUP, worse)
    assert await storage.troubles.all("discord") == {NORTH: wrong}
    assert await storage.troubles.all("telegram") == {GROUP: worse}
    await storage.troubles.save(NORTH, worse)
    assert await storage.troubles.all("discord") == {NORTH: worse}
    await storage.troubles.save(NORTH, None)
    await storage.troubles.save(NORTH, None)
    assert await storage.troubles.all("discord") == {}


# The lease.


async def test_a_lease_has_one_holder_and_the_next_waits(storage: Storage) -> None:
    first, second = storage.lease(), storage.lease()
    order: list[str] = []

    async def next_one() -> None:
        async with second.held():
            order.append("second holds")

    async with first.held():
        waiting = asyncio.create_task(next_one())
        await asyncio.sleep(0.05)
        assert (first.sure, second.sure) == (True, False)
        order.append("first leaves")
    assert not first.sure
    await waiting  # released, not run out: long before LASTS_S
    assert order == ["first leaves", "second holds"]


async def test_a_lease_is_reckoned_from_before_it_was_asked_for(
    redis: Redis, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runtime.lease.LASTS_S", 1.5)
    lease = RedisLease(redis, "slow", prefix)
    hold = lease._hold_script

    async def slowly(keys: list[str], arguments: list[str | int]) -> Any:
        held = await hold(keys, arguments)
        await asyncio.sleep(0.6)
        return held

    monkeypatch.setattr(lease, "_hold_script", slowly)
    assert await lease._hold()
    assert not lease.sure


async def test_only_who_holds_a_lease_gives_it_back(storage: Storage) -> None:
    ours, theirs = storage.lease(), storage.lease()
    async with ours.held():
        await theirs._leave()
        await storage.ledger(ours).write(NORTH, FERRY.id, ROW)
    assert await storage.ledger(None).row(NORTH, FERRY.id) == ROW


async def test_who_slept_through_the_leases_end_is_refused_and_then_stopped(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runtime.lease.LASTS_S", 1.0)
    monkeypatch.setattr("tests.simulation.storage.LASTS_S", 1.0)
    monkeypatch.setattr("runtime.lease.RENEW_S", 4.5)  # a third of it, once unsure
    first, second = storage.lease(), storage.lease()
    seen: list[str] = []

    async def sleep_through() -> None:
        async with first.held():
            assert not first.sure, "in its last second it may be another's before we know"
            await asyncio.sleep(1.1)
            async with second.held():
                with pytest.raises(StorageAway):
                    await storage.ledger(first).write(NORTH, FERRY.id, ROW)
                await storage.ledger(second).write(NORTH, FERRY.id, replace(ROW, revision=9))
                seen.append("refused")
                await asyncio.Event().wait()

    with pytest.raises(ExceptionGroup) as lost:
        await sleep_through()
    assert lost.group_contains(LeaseLost)
    assert seen == ["refused"]
    row = await storage.ledger(None).row(NORTH, FERRY.id)
    assert row is not None
    assert row.revision == 9


# The mark beside the storage.


async def test_the_high_water_mark_is_read_as_it_was_written(storage: Storage) -> None:
    assert storage.high_water().read() == HighWaterMark()
    for mark in (
        HighWaterMark(5),
        HighWaterMark(3, NOW + timedelta(microseconds=7)),
        HighWaterMark(8, NOW),
    ):
        storage.high_water().write(mark)
        assert storage.high_water().read() == mark


def test_an_unreadable_mark_begins_anew(tmp_path: Path) -> None:
    mark = FileHighWater(DataFolder(tmp_path), "storywire", "discord")
    mark.write(HighWaterMark(5))
    (file,) = tmp_path.iterdir()
    file.write_text('{"written": ')
    assert mark.read() == HighWaterMark()


def test_a_mark_is_one_platforms_alone(tmp_path: Path) -> None:
    FileHighWater(DataFolder(tmp_path), "storywire", "discord").write(HighWaterMark(5))
    for prefix, platform in (("storywire", "telegram"), ("other", "discord")):
        assert FileHighWater(DataFolder(tmp_path), prefix, platform).read() == HighWaterMark()
