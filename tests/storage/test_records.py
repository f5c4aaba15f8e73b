"""One bad record: whatever kind it is of and whatever is wrong with it, the others go on, and it
stays as it is. Kinds and damages, each with each, in a real Redis."""

import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from bot.metrics import Metrics
from bot.model.audit import AuditEntry
from bot.model.chat import Chat
from bot.model.due import DueSubject
from bot.model.ledger import UNREADABLE, CardRecord, HighWaterMark, Pin, State
from bot.model.reading import Seen
from bot.model.rule import Draft, Rule
from bot.model.trouble import Trouble
from bot.model.unknown import Unknown
from bot.storage.audit import RedisAudit
from bot.storage.drafts import RedisDrafts
from bot.storage.due import RedisDue
from bot.storage.highwater import FileHighWater
from bot.storage.ledger import RedisLedger
from bot.storage.moderators import RedisModerators
from bot.storage.reading_positions import RedisReadingPositions
from bot.storage.rules import RedisRules
from bot.storage.troubles import RedisTroubles
from runtime.alarms import Alarms
from runtime.away import StorageAway
from runtime.data_folder import DataFolder
from runtime.lease import RedisLease
from runtime.records import Form, Skipped, Unreadable
from stories.archive import Archive
from stories.changes import Cursor, Door, Verdict
from stories.story import Story, StoryId
from wording.acts import Act
from wording.reasons import Code, Reason

NOW = datetime.now(UTC).replace(microsecond=0)
FERRY, TRAM = StoryId("ferry"), StoryId("tram")
FERRIES = Story(FERRY, "Night ferry returns", ("It sailed at dusk.",))
TRAMS = replace(FERRIES, id=TRAM, title="Trams stand still")
NORTH, SOUTH, MIRA = Chat("discord", "1"), Chat("discord", "2"), Chat("discord", "@5")
ROW = CardRecord(State.SHOWN, NOW, 3, message_id="77", fingerprint="abc", posted_at=NOW)
TROUBLE = Trouble(Reason(Code.MAY_NOT_WRITE), NOW)
EVERYTHING = Rule(all=True)


@dataclass(frozen=True)
class At:
    """Where a test stands: a corner of Redis, and what counts what is skipped there."""

    redis: Redis
    prefix: str
    skipped: Skipped
    whole: bool
    """The key itself is of another type: what stands beside the record is as unreadable."""

    @property
    def given(self) -> tuple[Redis, str, Skipped]:
        return self.redis, self.prefix, self.skipped


async def rules(at: At) -> None:
    rules = RedisRules(*at.given)
    if at.whole:
        assert await rules.load() == {}
        with pytest.raises(Unreadable):
            await rules.save(SOUTH, EVERYTHING)
        return
    await rules.save(SOUTH, EVERYTHING)
    assert await rules.load() == {SOUTH: EVERYTHING}
    assert list(rules.unreadable) == [NORTH]
    with pytest.raises(Unreadable):
        await rules.save(NORTH, EVERYTHING)


async def moves(at: At) -> None:
    rules = RedisRules(*at.given)
    await rules.move(SOUTH, NORTH)
    assert await rules.moved() == ({} if at.whole else {SOUTH: NORTH})
    await rules.forget(MIRA)


async def rows(at: At) -> None:
    ledger = RedisLedger(at.redis, at.prefix, skipped=at.skipped)
    await ledger.write(NORTH, TRAM, replace(ROW, pin=Pin.STANDS))
    assert await ledger.row(NORTH, FERRY) == UNREADABLE, "the card may stand"
    await at.redis.sadd(f"{at.prefix}:chat:{NORTH}:stories", FERRY)
    await at.redis.sadd(f"{at.prefix}:pins:discord", f"{NORTH} {FERRY}")
    assert (await ledger.of_chat(NORTH))[FERRY] == UNREADABLE
    assert (await ledger.of_chat(NORTH))[TRAM].state is State.SHOWN
    assert list(await ledger.pins("discord")) == [(NORTH, TRAM)]
    if at.whole:
        assert await ledger.of_story(FERRY) == {}
        for chat in (NORTH, SOUTH):
            with pytest.raises(StorageAway):  # so nothing is sent
                await ledger.write(chat, FERRY, ROW)
        return
    await ledger.write(SOUTH, FERRY, ROW)
    assert await ledger.of_story(FERRY) == {NORTH: UNREADABLE, SOUTH: ROW}


async def pins(at: At) -> None:
    ledger = RedisLedger(at.redis, at.prefix, skipped=at.skipped)
    pinned = replace(ROW, pin=Pin.STANDS)
    assert await ledger.write(SOUTH, FERRY, pinned) == 1
    assert await ledger.row(SOUTH, FERRY) == pinned
    assert await ledger.pins("discord") == ({} if at.whole else {(SOUTH, FERRY): pinned})


async def unknowns(at: At) -> None:
    ledger = RedisLedger(at.redis, at.prefix, skipped=at.skipped)
    await ledger.write(SOUTH, FERRY, CardRecord(State.UNKNOWN, NOW, 3))
    card = Unknown(SOUTH, FERRY, 1)
    assert await ledger.unknown("discord") == ([] if at.whole else [card])
    assert await ledger.unknown_by("discord", "00") is None
    assert (await ledger.row(SOUTH, FERRY) or UNREADABLE).state is State.UNKNOWN


async def packed(at: At) -> None:
    """Rows of a story that has left full memory."""
    redis, prefix, skipped = at.given
    ledger = RedisLedger(redis, prefix, skipped=skipped)
    await redis.hset(f"{prefix}:packed-numbers", str(NORTH), 1)
    assert await ledger.row(NORTH, FERRY) == UNREADABLE
    assert await ledger.row(SOUTH, FERRY) is None, "it has no number, so it has no packed row"
    found = await ledger.of_story(FERRY)
    assert found.get(SOUTH) == UNREADABLE, "who has a card is not known"
    await ledger.write(NORTH, TRAM, ROW)
    assert await ledger.of_story(TRAM) == {NORTH: ROW}


async def counts(at: At) -> None:
    ledger = RedisLedger(at.redis, at.prefix, skipped=at.skipped)
    assert await ledger.count("discord") is None
    assert await ledger.write(SOUTH, FERRY, ROW) is None
    assert await ledger.row(SOUTH, FERRY) == ROW


async def stories_of_a_chat(at: At) -> None:
    ledger = RedisLedger(at.redis, at.prefix, skipped=at.skipped)
    assert await ledger.write(NORTH, FERRY, ROW) == 1
    assert await ledger.of_chat(NORTH) == ({} if at.whole else {FERRY: ROW})


async def marks(at: At) -> None:
    due = RedisDue(*at.given)
    mark = DueSubject(SOUTH, FERRY, 4)
    assert await due.all("discord") == []
    await due.enqueue("discord", [mark], Cursor("epoch", 4))
    if at.whole:
        assert await due.cursor("discord") == Cursor(), "who comes after marks them anew"
    else:
        assert await due.all("discord") == [mark]
    await due.ack("discord", [mark, DueSubject(NORTH, FERRY, 99)])
    assert await due.all("discord") == []
    await due.forget(SOUTH)


async def cursors(at: At) -> None:
    due = RedisDue(*at.given)
    cursor = await due.cursor("discord")
    assert (cursor == Cursor(), cursor.seq) == (False, 0), "not the first start, but anew"
    await due.enqueue("discord", [DueSubject(SOUTH, FERRY, 4)], Cursor("epoch", 4))
    assert await due.all("discord") == [DueSubject(SOUTH, FERRY, 4)]


async def troubles(at: At) -> None:
    troubles = RedisTroubles(*at.given)
    for chat in (NORTH, SOUTH):
        await troubles.save(chat, TROUBLE)
    assert await troubles.all("discord") == ({} if at.whole else {SOUTH: TROUBLE})
    await troubles.save(NORTH, None)


async def drafts(at: At) -> None:
    drafts = RedisDrafts(*at.given)
    draft = Draft(Rule(), EVERYTHING)
    await drafts.save(SOUTH, draft)
    assert await drafts.load(SOUTH) == draft
    with pytest.raises(Unreadable):
        await drafts.load(NORTH)
    with pytest.raises(Unreadable):
        await drafts.save(NORTH, draft)


async def positions(at: At) -> None:
    positions = RedisReadingPositions(*at.given)
    visit, someone = Seen(3, NOW), Chat("discord", "@6")
    await positions._save({(MIRA, FERRY): visit, (MIRA, TRAM): visit, (someone, FERRY): visit})
    assert await positions.position(MIRA, FERRY) is None
    assert list((await positions.history(MIRA)).positions) == ([] if at.whole else [TRAM])
    assert list((await positions.history(someone)).positions) == [FERRY]


async def deeds(at: At) -> None:
    audit = RedisAudit(*at.given)
    deed = AuditEntry(NOW, Act("followed {what}", "ferries"), MIRA, "Mira")
    await audit._save("mark", NORTH, deed)
    assert await audit.deeds(NORTH) == ([] if at.whole else [deed])
    await audit.forget(MIRA)


async def roles(at: At) -> None:
    moderators = RedisModerators(*at.given)
    assert await moderators.role("discord:1") is None
    with pytest.raises(Unreadable):
        await moderators.name("discord:1", "7")
    with suppress(Unreadable):
        await moderators.name("discord:2", "7")
        assert await moderators.role("discord:2") == "7"


async def leases(at: At) -> None:
    redis, prefix, skipped = at.given
    assert not await RedisLease(redis, "discord", prefix, skipped)._hold()
    assert await RedisLease(redis, "telegram", prefix, skipped)._hold()
    ledger = RedisLedger(redis, prefix, RedisLease(redis, "discord", prefix), skipped)
    with pytest.raises(StorageAway):
        await ledger.write(NORTH, FERRY, ROW)
    await RedisLease(redis, "discord", prefix, skipped)._leave()


async def rejected(at: At) -> None:
    archive = Archive(*at.given)
    await archive.reject(Door.INBOX, b"{", "not JSON")
    assert [each.why for each in await archive.rejected()] == ([] if at.whole else ["not JSON"])


async def stories(at: At) -> None:
    archive = Archive(*at.given)
    await archive.accept(TRAMS)
    await at.redis.zadd(f"{at.prefix}:{{archive}}:index", {FERRY: 0.5})
    changes = await archive.since(Cursor())
    assert [each.story.id for each in changes.editions] == [TRAM]
    with pytest.raises(Unreadable):
        await archive.story(FERRY)
    if at.whole:
        with pytest.raises(Unreadable):
            await archive.accept(FERRIES)
    assert (await archive.accept(replace(TRAMS, title="Trams run")))[0] is Verdict.ACCEPTED


async def histories(at: At) -> None:
    archive = Archive(*at.given)
    if at.whole:
        with pytest.raises(Unreadable):
            await archive.accept(FERRIES)
    else:
        await archive.accept(replace(FERRIES, revision=9))
        [edition] = (await archive.since(Cursor())).editions
        assert (edition.revision, edition.before) == (9, None)
    left = [] if at.whole else [9]
    long_ago = NOW - timedelta(days=1)
    assert [each.revision for each in await archive.history(FERRY)] == left
    assert [each.story.revision for each in await archive.heard(FERRY, long_ago)] == left
    past, as_of = await archive.past(FERRY, 1), await archive.as_of(FERRY, NOW + timedelta(1))
    assert [each.revision for each in (past, as_of) if each] == left * 2


async def the_index(at: At) -> None:
    archive = Archive(*at.given)
    with pytest.raises(Unreadable):
        await archive.accept(FERRIES)
    await at.redis.set(f"{at.prefix}:{{archive}}:seq", 5)
    changes = await archive.since(Cursor("", 3))
    assert (changes.editions, changes.anew) == ((), False)


@dataclass(frozen=True)
class Kind:
    """A kind of record: where one stands, and what the running parts do around it."""

    key: str
    stands_in: str
    around: Callable[[At], Awaitable[None]]
    field: str = ""
    newer: bytes = b'{"v":2,"all":true}'
    """What a newer version might have written there."""
    fine: tuple[bytes, ...] = ()
    """Damages that are none here."""


A_ROW = {"v": 1, "state": "shown", "at": NOW.isoformat(), "revision": 3, "place": "77"}
NUMBERS = (b"7",)
KINDS = {
    "rule": Kind("rules", "hash", rules, str(NORTH), b'{"v":1,"all":true,"loudness":"whisper"}'),
    "moved": Kind("moved", "hash", moves, str(NORTH), b"discord:1?thread=5"),
    "card": Kind(
        "cards:ferry", "hash", rows, str(NORTH), json.dumps(A_ROW | {"state": "dimmed"}).encode()
    ),
    "card of version 2": Kind(
        "cards:ferry", "hash", rows, str(NORTH), json.dumps(A_ROW | {"v": 2}).encode()
    ),
    "unknown": Kind("unknown:discord", "hash", unknowns, "00", b"discord:1 ferry 1 again"),
    "packed cards": Kind("packed:ferry", "string", packed, newer=b"\x02\x01\x00", fine=(b"",)),
    "pin": Kind("pins:discord", "set", pins, newer=b"discord:1 ferry until=5"),
    "count": Kind("cards-written:discord", "string", counts, newer=b"1:2", fine=NUMBERS),
    "mark": Kind("due:discord", "hash", marks, f"{NORTH} {FERRY}", b"4 urgent", NUMBERS),
    "mark of another form": Kind("due:discord", "hash", marks, f"{NORTH} {FERRY} x", b"4"),
    "cursor": Kind("cursor:discord", "hash", cursors, "seq", b"4/5"),
    "trouble": Kind("troubles:discord", "hash", troubles, str(NORTH)),
    "draft": Kind(f"drafts:{NORTH}", "string", drafts),
    "place": Kind(f"places:{MIRA}", "hash", positions, FERRY, b'{"v":2,"seen":[1]}'),
    "deed": Kind(f"audit:{NORTH}", "sorted set", deeds, newer=b'{"v":2,"mark":"m","did":"x"}'),
    "role": Kind("moderators", "hash", roles, "discord:1", b'["7","8"]', NUMBERS),
    "lease": Kind("lease:discord", "string", leases),
    "rejected": Kind("rejected", "list", rejected, newer=b'{"at":"2026-01-01T00:00:00Z","d":1}'),
    "story": Kind(
        "{archive}:story:ferry",
        "hash",
        stories,
        "document",
        b'{"version":1,"id":"ferry","title":"t","breakdown":["b"],"stats":{"status":"dormant"}}',
    ),
    "history": Kind(
        "{archive}:history:ferry",
        "stream",
        histories,
        newer=b'{"version":2,"id":"ferry","title":"t","breakdown":["b"]}',
    ),
}
WHOLE = KINDS | {
    "index": Kind("{archive}:index", "sorted set", the_index),
    "chat's stories": Kind(f"chat:{NORTH}:stories", "set", stories_of_a_chat),
}
DAMAGES: Mapping[str, bytes] = {
    "empty": b"",
    "no UTF-8": b"\xff\xfe\x00",
    "null": b"null",
    "a list": b"[]",
    "a number": b"7",
    "deep": b"[" * 10_000,
    "of a newer version": b"",
}
CASES = [
    pytest.param(kind, kind.newer if damage.startswith("of") else raw, id=f"{name}, {damage}")
    for name, kind in KINDS.items()
    for damage, raw in DAMAGES.items()
    if raw not in kind.fine or damage.startswith("of")
]


async def plant(redis: Redis, key: str, kind: Kind, raw: bytes) -> None:
    match kind.stands_in:
        case "hash":
            await redis.hset(key, kind.field, raw)
            if kind.field == "document":
                about = {"revision": 3, "seq": 1, "heard_at": 5, "hash": "x"}
                await redis.hset(key, mapping=about)  # type: ignore[arg-type]
        case "set":
            await redis.sadd(key, raw)
        case "sorted set":
            await redis.zadd(key, {raw: NOW.timestamp()})
        case "list":
            await redis.lpush(key, raw)
        case "stream":
            await redis.xadd(key, {"document": raw, "revision": "3"})
        case _:
            await redis.set(key, raw)


async def still_there(redis: Redis, key: str, kind: Kind, raw: bytes) -> bool:
    match kind.stands_in:
        case "hash":
            return await redis.hget(key, kind.field) == raw
        case "set":
            return raw in await redis.smembers(key)
        case "sorted set":
            return await redis.zscore(key, raw) is not None
        case "list":
            return raw in await redis.lrange(key, 0, -1)
        case "stream":
            entries: Any = await redis.xrange(key)
            return any(entry[b"document"] == raw for _, entry in entries)
        case _:
            return await redis.get(key) == raw


@pytest.mark.parametrize(("kind", "raw"), CASES)
async def test_a_record_that_cannot_be_read_is_skipped_counted_and_left_as_it_is(
    redis: Redis, prefix: str, kind: Kind, raw: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    key = f"{prefix}:{kind.key}"
    metrics = Metrics()
    skipped = Skipped(lambda kind: metrics.unreadable.labels(kind).inc())
    await plant(redis, key, kind, raw)
    await kind.around(At(redis, prefix, skipped, whole=False))
    assert await still_there(redis, key, kind, raw)
    told = [vars(each) for each in caplog.records if each.levelno == logging.WARNING]
    assert any(str(each.get("key", "")).startswith(key) for each in told), "it is named"
    assert len({(each["kind"], each["key"]) for each in told}) == len(told), "once"
    counted = [each.value for each in next(iter(metrics.unreadable.collect())).samples]
    assert 1.0 in counted


@pytest.mark.parametrize("kind", WHOLE.values(), ids=list(WHOLE))
async def test_a_key_of_another_type_is_skipped_counted_and_left_as_it_is(
    redis: Redis, prefix: str, kind: Kind
) -> None:
    key = f"{prefix}:{kind.key}"
    if kind.stands_in == "list":
        await redis.set(key, "of another type")
    else:
        await redis.rpush(key, "of another type")
    before = await redis.dump(key)
    skipped = Skipped()
    await kind.around(At(redis, prefix, skipped, whole=True))
    assert await redis.dump(key) == before
    assert any(named.startswith(key) for _, named in skipped.known)


@pytest.mark.parametrize(
    "raw", [b"", b"\xff", b"null", b"[]", b"7", b'{"v":2,"written":5}', b'{"written":"x"}']
)
def test_a_high_water_mark_that_cannot_be_read_is_left_as_it_is(tmp_path: Path, raw: bytes) -> None:
    skipped = Skipped()
    folder = DataFolder(tmp_path, Alarms(Metrics()))
    mark = FileHighWater(folder, "storywire", "discord", skipped)
    mark.write(HighWaterMark(3, NOW))
    assert mark.read() == HighWaterMark(3, NOW)
    [file] = tmp_path.iterdir()
    file.write_bytes(raw)
    assert mark.read() == HighWaterMark()
    mark.write(HighWaterMark(9))
    assert file.read_bytes() == raw
    assert list(skipped.known) == [("highwater", str(file))]
    file.unlink()
    assert mark.read() == HighWaterMark()
    mark.write(HighWaterMark(9))
    assert mark.read() == HighWaterMark(9)


async def test_a_row_is_stored_under_the_names_that_earlier_versions_read(
    redis: Redis, prefix: str
) -> None:
    ledger, reported_at = RedisLedger(redis, prefix), {"major": NOW}
    row = CardRecord(State.SHOWN, NOW, 3, "77", "abc", reply_since=2, reported=1)
    await ledger.write(NORTH, FERRY, replace(row, reported_at=reported_at))
    held = json.loads(await redis.hget(f"{prefix}:cards:{FERRY}", str(NORTH)) or b"")
    assert {"place": "77", "looks": "abc", "owes": 2, "told": 1}.items() <= held.items()
    assert set(held["told_at"]) == {"major"}
    assert await ledger.row(NORTH, FERRY) == replace(row, reported_at=reported_at)


async def test_what_a_newer_version_added_to_a_row_stays_when_it_is_written(
    redis: Redis, prefix: str
) -> None:
    ledger, key = RedisLedger(redis, prefix), f"{prefix}:cards:ferry"
    await redis.hset(key, str(NORTH), json.dumps(A_ROW | {"badge": "blue"}))
    row = await ledger.row(NORTH, FERRY)
    assert row is not None
    assert (row.state, row.message_id) == (State.SHOWN, "77")
    await ledger.write(NORTH, FERRY, replace(row, message_id=None, state=State.GONE))
    held = json.loads(await redis.hget(key, str(NORTH)) or b"")
    assert (held["badge"], held["state"], held.get("place")) == ("blue", "gone", None)


@dataclass(frozen=True)
class EarlierTrouble:
    """What versions that stored sentences need of a trouble."""

    why: str
    remedy: str
    since: datetime


async def test_reasons_in_rows_and_troubles_of_earlier_and_newer_versions(
    redis: Redis, prefix: str
) -> None:
    """Sentences are read as codes and written as codes; every version reads those as strings."""
    ledger, troubles = RedisLedger(redis, prefix), RedisTroubles(redis, prefix)
    cards, field = f"{prefix}:cards:ferry", str(NORTH)
    why, remedy = "the thread is archived", "open the thread again"
    filter_said = "Discord's filter refused a link in it"
    stored = A_ROW | {"why": f"{why}\n{remedy}", "bare": filter_said}
    await redis.hset(cards, field, json.dumps(stored))
    row = await ledger.row(NORTH, FERRY)
    assert row is not None
    assert (row.why, row.bare) == (Reason(Code.THREAD_ARCHIVED), Reason(Code.LINK_FILTER))
    newer = Reason("sun spots", {"number": 7})
    await ledger.write(NORTH, FERRY, replace(row, bare=newer))
    held = json.loads(await redis.hget(cards, field) or b"")
    assert (held["why"], held["bare"]) == ("thread archived", 'sun spots\t{"number": 7}')
    assert await ledger.row(NORTH, FERRY) == replace(row, bare=newer)

    key = f"{prefix}:troubles:discord"
    earlier = {"v": 1, "why": why, "remedy": remedy, "since": NOW.isoformat()}
    await redis.hset(key, field, json.dumps(earlier))
    assert await troubles.all("discord") == {NORTH: Trouble(Reason(Code.THREAD_ARCHIVED), NOW)}
    for reason in (newer, Reason(Code.LACKS_PERMISSIONS, {"permissions": ["Embed Links"]})):
        await troubles.save(NORTH, Trouble(reason, NOW))
        assert await troubles.all("discord") == {NORTH: Trouble(reason, NOW)}
        written = await redis.hget(key, field) or b""
        assert Form(EarlierTrouble).read(written).remedy == "/status"


async def test_a_row_is_written_with_the_version_of_its_form_and_an_older_one_is_read(
    redis: Redis, prefix: str
) -> None:
    ledger, key = RedisLedger(redis, prefix), f"{prefix}:cards:ferry"
    await ledger.write(NORTH, FERRY, ROW)
    held = json.loads(await redis.hget(key, str(NORTH)) or b"")
    assert held.pop("v") == 1
    await redis.hset(key, str(SOUTH), json.dumps(held))
    assert await ledger.of_story(FERRY) == {NORTH: ROW, SOUTH: ROW}
