"""Break the bot on purpose, one small change at a time, and check that the tests notice.

`python -m scripts.mutations`: each mutation is one search-and-replace in a temporary copy of the
tree. It counts as caught when the tests it names fail, mostly the simulation or the storage
contract. The exit status is 1 when one survives. `--only WORD` tries those whose name contains the
word.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PACKAGES = (*PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"], "tests")
SEEDS = 300

PYTEST = ("-m", "pytest", "-x", "-q")
CONTRACT = (*PYTEST, "tests/storage/test_contract.py", "tests/delivery")
MARKS = (*PYTEST, "tests/delivery/test_marks.py")
LOST_ANSWER = (*PYTEST, "tests/stories/test_archive.py")
RECORDS = (*PYTEST, "tests/storage/test_records.py")
REASONS = (
    *PYTEST,
    "tests/wording/test_reasons.py",
    "tests/storage/test_records.py",
    "-k",
    "reason",
)
ERASURE = (*PYTEST, "tests/storage/test_erasure.py")
LATE_PINS = (*PYTEST, "tests/delivery/test_pins.py")
STALE_PINS = (*PYTEST, "tests/road/test_pins.py", "-k", "stale")
OUT = (*PYTEST, "tests/road/test_out.py")
CLOCKS = (*PYTEST, "tests/runtime/test_clock.py", "tests/road/test_clocks.py")
DISK = (*PYTEST, "tests/storage/test_disk.py")
UNREADABLE = (*PYTEST, "tests/platforms/test_unreadable.py")
FOLDING = (*PYTEST, "tests/delivery/test_merging.py")
TYPED = (*PYTEST, "tests/road/test_typed.py")
ANSWERS = "bot/platforms/telegram/answers.py"
RULES = (*PYTEST, "tests/delivery/test_rules.py")
FOLLOW = (*PYTEST, "tests/handlers/test_follow.py")
PAGES = (*PYTEST, "tests/stories/test_page.py")
COMMAND_LINE = (*PYTEST, "tests/cli")
WIRE = (*PYTEST, "tests/stories/test_wire.py")
REFUSALS = (*PYTEST, "tests/storage/test_refusals.py")
REFUSED_BOT = (*PYTEST, "tests/road/test_refusals.py", "-k", "every_no")
UNKNOWN = (*PYTEST, "tests/road/test_unknown.py")
BAD_RECORDS = (*PYTEST, "tests/road/test_bad_records.py")
LOST_RULES = (*PYTEST, "tests/road/test_lost_rules.py")
GROWTH = (*PYTEST, "tests/growth/test_pruning.py")
READING = "newsroom/reading/"
DESK = (*PYTEST, "tests/newsroom/desk")
WRITING = (*PYTEST, "tests/newsroom/writing")
GROUNDING = (*PYTEST, "tests/grounding")
FETCH = (*PYTEST, "tests/newsroom/reading/test_fetch.py")
GUARD = (*PYTEST, "tests/newsroom/reading/test_guard.py")
PARSE = (*PYTEST, "tests/newsroom/reading/test_parse.py")
CHILD = (*PYTEST, "tests/newsroom/reading/test_child.py")
SCHEDULE = (*PYTEST, "tests/newsroom/reading/test_schedule.py")
NEWS = (*PYTEST, "tests/newsroom/reading/test_news.py")
ROUNDS = (*PYTEST, "tests/newsroom/reading/test_rounds.py")
VISIT = (*PYTEST, "tests/newsroom/reading/test_visit.py")
SIMULATION = ("-m", "tests.simulation.soak", "--seeds", str(SEEDS), "--most", "1")
FOUND = (*PYTEST, "tests/simulation/test_schedules.py", "-k", "once_found")
STEPS_BACK = (*SIMULATION, "--troubles", "stepped back")
"""Only storms in which the storage is rolled back: late updates would otherwise excuse too much."""


@dataclass(frozen=True, slots=True)
class Mutation:
    """One way to break the code, and the tests that should notice."""

    name: str
    file: str
    old: str
    new: str
    by: tuple[str, ...] = SIMULATION
    """Arguments for Python: the command that must fail."""


REFUSED = (*PYTEST, "tests/road/test_refused.py")
MOVES = (*PYTEST, "tests/road/test_supergroup.py", "tests/delivery/test_rules.py")
THREADS = (*PYTEST, "tests/road/test_threads.py")
LATE = (*PYTEST, "tests/road/test_late.py")
CARDS, COURIER = "bot/delivery/cards.py", "bot/delivery/reconciler.py"
INDEX = (*PYTEST, "tests/stories/test_index.py", "tests/stories/test_delta.py")
ANNOUNCED = (*PYTEST, "tests/stories/test_announced.py", "tests/stories/test_delta.py")
STARTING = (*PYTEST, "tests/road/test_starting.py", "tests/handlers/test_starting.py")
PINS, PLAN = "bot/delivery/pins.py", "bot/delivery/plan.py"
LIMIT = (*PYTEST, "tests/delivery/test_limit.py")
WHY = (*PYTEST, "tests/handlers/test_why.py")
RETENTION, PRUNING = "stories/retention.py", "bot/pruning.py"
ROWS, ARCHIVE = "bot/delivery/rows.py", "stories/archive.py"
CONNECTION = "runtime/connection.py"
ENDS_S = 240
"""Timeout in seconds. Without a mutation, the longest run takes a third of this."""
MUTATIONS = (
    Mutation(
        "people are asked about a card that was settled meanwhile",
        "bot/delivery/asking.py",
        "        if not cards:  # settled",
        "        if cards is None:  # settled",
        FOUND,
    ),
    Mutation(
        "a mute until a major update outlives what was pruned",
        "bot/delivery/changed.py",
        "lines[0].change.kind is not Kind.NEW):\n            return True",
        "lines[0].change.kind is not Kind.NEW):\n            return False",
        FOUND,
    ),
    Mutation(
        "a merge that Redis interrupted brings no card",
        "bot/delivery/affected.py",
        "return chats | {\n            chat for chat in self._rules.following(into)",
        "return chats & {\n            chat for chat in self._rules.following(into)",
        FOUND,
    ),
    Mutation(
        "an article is quoted twice",
        "newsroom/writing/bullets.py",
        "if each.candidate.sentence.article in quoted or nearest",
        "if nearest",
        WRITING,
    ),
    Mutation(
        "a revision adds as many bullets as there is room for",
        "newsroom/writing/bullets.py",
        "room = min(ADDED + lost, MOST - len(stays))",
        "room = MOST - len(stays)",
        WRITING,
    ),
    Mutation(
        "bullets are chosen anew for every document",
        "newsroom/writing/bullets.py",
        "    if not kept:\n",
        "    if kept is not None:\n",
        WRITING,
    ),
    Mutation(
        "a title never freezes",
        "newsroom/writing/titles.py",
        "    if frozen:\n",
        "    if frozen and not reports:\n",
        WRITING,
    ),
    Mutation(
        "a reworded article is a correction",
        "newsroom/writing/corrections.py",
        "(new is None or not _differs(old, new))",
        "new is None",
        WRITING,
    ),
    Mutation(
        "a figure that another outlet still reports is a correction",
        "newsroom/writing/corrections.py",
        "if not marked and _still_reported(bullet, report, reports):",
        "if marked and _still_reported(bullet, report, reports):",
        WRITING,
    ),
    Mutation(
        "a figure that only bounds another contradicts it",
        "newsroom/writing/conflicts.py",
        "    if one.vague or other.vague:\n        return False\n",
        "",
        WRITING,
    ),
    Mutation(
        "documents of a story follow each other without a pause",
        "newsroom/writing/calm.py",
        "or not is_too_soon(before, now)",
        "or bool(before)",
        WRITING,
    ),
    Mutation(
        "a share counts as a number of things",
        "grounding/check.py",
        "(number.value, number.unit)",
        "number.value",
        GROUNDING,
    ),
    Mutation(
        "what came between two ticks is worked on as it came",
        "newsroom/desk/desk.py",
        "    return iter(sorted(batch, key=place))",
        "    return iter(sorted(batch, key=lambda entry: place(entry)[0]))",
        DESK,
    ),
    Mutation(
        "a snapshot forgets which stories grew",
        "newsroom/desk/snapshot.py",
        'set(said["grown"])',
        "set()",
        DESK,
    ),
    Mutation(
        "stories that the operator split find each other again",
        "newsroom/desk/desk.py",
        "            if found.serial in story.apart:\n                continue\n",
        "",
        DESK,
    ),
    Mutation(
        "a withdrawn article can come back",
        "newsroom/desk/desk.py",
        "        if entry.key in self.known:\n            return\n",
        "        if entry.key in self.home:\n            return\n",
        DESK,
    ),
    Mutation(
        "a far column of the index is not made room for",
        "newsroom/desk/index.py",
        "        while column >= self._rows.shape[1]:",
        "        if column >= self._rows.shape[1]:",
        DESK,
    ),
    Mutation(
        "an article that leaves a story leaves its words there",
        "newsroom/desk/pool.py",
        "        mine.vector.add(vector, -1)\n",
        "",
        DESK,
    ),
    Mutation(
        "an outlet's articles are discounted as they came",
        "newsroom/desk/standing.py",
        "key=lambda place: -faded[place]",
        "key=lambda place: place",
        DESK,
    ),
    Mutation(
        "a copy counts as an original",
        "newsroom/desk/standing.py",
        "(COPY if report.copy else 1.0)",
        "1.0",
        DESK,
    ),
    Mutation(
        "each outlet has a say in the leaning, not each owner",
        "newsroom/desk/outlets.py",
        "by_owner.setdefault(outlets.owner(domain), [])",
        "by_owner.setdefault(domain, [])",
        DESK,
    ),
    Mutation(
        "the draft of a chat that was removed stays",
        "bot/erasure.py",
        "        await stores.drafts.drop(chat)\n",
        "",
        ERASURE,
    ),
    Mutation(
        "what is due is not among what is erased",
        "bot/erasure.py",
        "        return self.ledger, self.due, self.rules, self.troubles\n",
        "        return self.ledger, self.rules, self.troubles\n",
        ERASURE,
    ),
    Mutation(
        "who is erased stays the one to notify of a chat",
        "bot/erasure.py",
        "lambda rule: replace(rule, keeper=None)",
        "lambda rule: rule",
        ERASURE,
    ),
    Mutation(
        "reading: anything goes as a contact",
        READING + "fetch.py",
        "if not _CONTACT.fullmatch(contact):",
        "if False:",
        FETCH,
    ),
    Mutation(
        "reading: names are looked up again when connecting",
        READING + "fetch.py",
        "            for address in self.addresses[host]",
        "            for address in (socket.gethostbyname(host),)",
        FETCH,
    ),
    Mutation(
        "reading: addresses are never judged",
        READING + "guard.py",
        "            if is_public(address):",
        "            if address:",
        GUARD,
    ),
    Mutation(
        "reading: NAT64 hides a private address",
        READING + "guard.py",
        "if inner is None and address in _NAT64:",
        "if inner is None and False:",
        GUARD,
    ),
    Mutation(
        "reading: mapped and 6to4 addresses are judged by their look",
        READING + "guard.py",
        "inner = address.ipv4_mapped or address.sixtofour",
        "inner = None",
        GUARD,
    ),
    Mutation(
        "reading: multicast counts as public",
        READING + "guard.py",
        " and not address.is_multicast",
        "",
        GUARD,
    ),
    Mutation(
        "reading: what is allowed counts after a redirect from outside, too",
        READING + "guard.py",
        "(trusted and any(",
        "(any(",
        GUARD,
    ),
    Mutation(
        "reading: a redirect is trusted like the operator's address",
        READING + "fetch.py",
        "hop, trusted = _parsed(location, hop), own",
        "hop, trusted = _parsed(location, hop), True",
        FETCH,
    ),
    Mutation(
        "reading: the fetcher does not ask the guard again after a redirect",
        READING + "fetch.py",
        "resolved = await self._guard.resolve(url.scheme, host, url.port or 0, trusted=trusted)",
        'resolved = await self._guard.resolve("http", "127.0.0.1", 80, trusted=True)',
        FETCH,
    ),
    Mutation(
        "reading: a body may be of any size",
        READING + "fetch.py",
        "            if seen > limits.packed:",
        "            if False:",
        FETCH,
    ),
    Mutation(
        "reading: what a length says is not believed",
        READING + "fetch.py",
        "        if (response.content_length or 0) > limits.packed:",
        "        if False:",
        FETCH,
    ),
    Mutation(
        "reading: a bomb may unpack",
        READING + "fetch.py",
        "                if len(body) > limits.unpacked:",
        "                if False:",
        FETCH,
    ),
    Mutation(
        "reading: each redirect has a time limit of its own",
        READING + "fetch.py",
        "                left -= loop.time() - began",
        "                left -= 0",
        FETCH,
    ),
    Mutation(
        "reading: a body that ends early is taken",
        READING + "fetch.py",
        "        if seen and not unpack.complete:",
        "        if False:",
        FETCH,
    ),
    Mutation(
        "reading: two questions to one host at once",
        READING + "fetch.py",
        "        async with lane.lock:",
        "        if True:",
        FETCH,
    ),
    Mutation(
        "reading: no pause between two questions",
        READING + "fetch.py",
        "lane.free_at = loop.time() + self._spacing",
        "lane.free_at = loop.time()",
        FETCH,
    ),
    Mutation(
        "reading: a temporary redirect moves the feed",
        READING + "fetch.py",
        "permanent = permanent and answer.status in (301, 308)",
        "permanent = True",
        FETCH,
    ),
    Mutation(
        "reading: Retry-After may be of any length",
        READING + "fetch.py",
        "return min(timedelta(seconds=int(text[:9])), LONGEST_WAIT)",
        "return timedelta(seconds=int(text[:9]))",
        FETCH,
    ),
    Mutation(
        "reading: validators are tidied",
        READING + "fetch.py",
        'return value if len(value) <= _VALIDATOR and value.isprintable() else ""',
        'return value.removeprefix("W/")',
        FETCH,
    ),
    Mutation(
        "reading: a body may name a file",
        READING + "parse.py",
        "        io.BytesIO(raw),",
        "        raw,",
        PARSE,
    ),
    Mutation(
        "reading: gb2312 means gb2312",
        READING + "encoding.py",
        "return _LABELS[name]",
        'return name if name == "gb2312" else _LABELS[name]',
        PARSE,
    ),
    Mutation(
        "reading: one wrong byte costs the encoding",
        READING + "encoding.py",
        'return bad.decode("cp1252", "ignore"), error.end',
        'return "", error.end',
        PARSE,
    ),
    Mutation(
        "reading: characters that turn text around stay",
        READING + "plain.py",
        'return char if char in _KEPT_FORMATS else ""',
        "return char",
        PARSE,
    ),
    Mutation(
        "reading: any link is a link",
        READING + "identity.py",
        'fits = parts.scheme in ("http", "https") and',
        "fits =",
        PARSE,
    ),
    Mutation(
        "reading: a guid is believed even if every item has it",
        READING + "identity.py",
        "        if len(pages.get(item.id, ())) > 1:",
        "        if False:",
        PARSE,
    ),
    Mutation(
        "reading: deleted entries are overlooked",
        READING + "parse.py",
        '    if b"deleted-entry" not in raw:',
        "    if True:",
        PARSE,
    ),
    Mutation(
        "reading: a child has no limit of time",
        READING + "child.py",
        "    _limit(resource.RLIMIT_CPU,",
        "    (lambda *_: None)(resource.RLIMIT_CPU,",
        CHILD,
    ),
    Mutation(
        "reading: a child has no limit of memory",
        READING + "child.py",
        "    _limit(resource.RLIMIT_AS, memory)",
        "    pass",
        CHILD,
    ),
    Mutation(
        "reading: a child that failed is used again",
        READING + "child.py",
        "                await asyncio.shield(self._end(child))",
        "                pass",
        CHILD,
    ),
    Mutation(
        "reading: a child inherits our environment",
        READING + "child.py",
        '            env={"PYTHONPATH"',
        '            env=dict(os.environ) | {"PYTHONPATH"',
        CHILD,
    ),
    Mutation(
        "reading: a move is believed at once",
        READING + "schedule.py",
        "    if days < MOVED_DAYS:",
        "    if False:",
        SCHEDULE,
    ),
    Mutation(
        "reading: three redirects in one day are three days",
        READING + "schedule.py",
        "    if today == state.moved_on:",
        "    if False:",
        SCHEDULE,
    ),
    Mutation(
        "reading: a feed may fail for ever",
        READING + "schedule.py",
        "    if now - since >= PATIENCE:",
        "    if False:",
        SCHEDULE,
    ),
    Mutation(
        "reading: max-age is overheard",
        READING + "schedule.py",
        "asked = [wishes.max_age,",
        "asked = [None,",
        SCHEDULE,
    ),
    Mutation(
        "reading: Retry-After is overheard",
        READING + "schedule.py",
        "    if wishes.retry_after:",
        "    if False:",
        SCHEDULE,
    ),
    Mutation(
        "reading: hours that a feed rules out are not passed over",
        READING + "schedule.py",
        "if at.hour not in state.skip_hours and",
        "if",
        SCHEDULE,
    ),
    Mutation(
        "reading: a flood is taken whole",
        READING + "schedule.py",
        "    return max(0, FLOOD - state.hour_took)",
        "    return FLOOD",
        SCHEDULE,
    ),
    Mutation(
        "reading: what waits is hidden behind an unchanged feed",
        READING + "schedule.py",
        "    if not waiting:",
        "    if True:",
        SCHEDULE,
    ),
    Mutation(
        "reading: an item that a feed keeps is forgotten after a month",
        READING + "news.py",
        "            still.append(key)",
        "            pass",
        NEWS,
    ),
    Mutation(
        "reading: a defect over one feed ends all",
        READING + "rounds.py",
        "        except Exception:",
        "        except KeyError:",
        ROUNDS,
    ),
    Mutation(
        "reading: the allowance is not counted",
        READING + "rounds.py",
        "            after = schedule.took(after, now, news.taken, news.waiting)",
        "            pass",
        ROUNDS,
    ),
    Mutation(
        "reading: a poisonous feed is never parked",
        READING + "schedule.py",
        "if state.kills >= KILLS else state",
        "if False else state",
        SCHEDULE,
    ),
    Mutation(
        "reading: a date in the future is believed",
        READING + "news.py",
        "return min(moment, now) if",
        "return moment if",
        NEWS,
    ),
    Mutation(
        "reading: old items are news",
        READING + "news.py",
        "old = now - published > NEWS if published else first",
        "old = False if published else first",
        NEWS,
    ),
    Mutation(
        "reading: a feed counts as the outlet that its links name",
        READING + "news.py",
        "outlet=outlet_of(feed),",
        "outlet=domain_of(item.url or feed.url),",
        NEWS,
    ),
    Mutation(
        "reading: a new date makes an item news",
        READING + "news.py",
        "elif before != article.content:",
        "elif before:",
        NEWS,
    ),
    Mutation(
        "reading: what waits is remembered as seen",
        READING + "news.py",
        "    kept = new[:allowance]",
        '    known += [(each.key, "") for each in new[allowance:]]\n    kept = new[:allowance]',
        NEWS,
    ),
    Mutation(
        "reading: what could not be read counts as read",
        READING + "visit.py",
        "        return Visit(schedule.failed(state, at, not_a_feed(found)), other=found)",
        "        state = _validated(state, answer, body)\n"
        "        return Visit(schedule.failed(state, at, not_a_feed(found)), other=found)",
        VISIT,
    ),
    Mutation(
        "reading: 304 is believed though nothing was read",
        READING + "visit.py",
        "case HTTPStatus.NOT_MODIFIED if state.etag or state.last_modified:",
        "case HTTPStatus.NOT_MODIFIED:",
        VISIT,
    ),
    Mutation(
        "reading: gone is a failure like others",
        READING + "visit.py",
        "        case HTTPStatus.GONE:",
        "        case 999:",
        VISIT,
    ),
    Mutation(
        "reading: every visit parses",
        READING + "visit.py",
        "    if body == state.body:",
        "    if False:",
        VISIT,
    ),
    Mutation(
        "a reason of a newer version loses its params",
        "wording/reasons.py",
        "        return cls(stored) if params is None else cls(code, params)",
        "        return cls(stored) if params is None else cls(code)",
        REASONS,
    ),
    Mutation(
        "a reason that an earlier version stored is not known",
        "wording/reasons.py",
        "        if (known := _earlier(stored)) is not None:",
        "        if (known := _earlier(stored)) is None:",
        REASONS,
    ),
    Mutation(
        "why a chat refuses us is stored in English",
        "bot/storage/troubles.py",
        "        str(trouble.reason),\n",
        '        __import__("wording.reasons").reasons.explained(trouble.reason),\n',
        (*PYTEST, "tests/road/test_unreachable.py"),
    ),
    Mutation(
        "an earlier version cannot read a trouble",
        "bot/storage/troubles.py",
        "        _ELSEWHERE,\n        trouble.since,",
        "        None,\n        trouble.since,",
        REASONS,
    ),
    Mutation(
        "full revisions go with the one that those after a week are compared with",
        RETENTION,
        "  local stay = #newer > 0 and 1 or 2\n",
        "  local stay = 0\n  if #newer == 0 then stay = 1 end\n",
        (*PYTEST, "tests/growth/test_log.py"),
    ),
    Mutation(
        "a withdrawn story's sentences stay in its log",
        "stories/log.py",
        "        said = set()\n",
        "        pass\n",
        (*PYTEST, "tests/growth/test_log.py"),
    ),
    Mutation(
        "that a story spreads fast is said at every rise",
        "stories/announced.py",
        "    if not lately and not story.is_over",
        "    if not story.is_over",
        ANNOUNCED,
    ),
    Mutation(
        "a correction that comes back is told again",
        "stories/announced.py",
        " and now.key not in before.announced.corrected",
        "",
        ANNOUNCED,
    ),
    Mutation(
        "what was corrected is forgotten with the next revision",
        "stories/announced.py",
        "    told = past.corrected\n",
        "    told = ()\n",
        ANNOUNCED,
    ),
    Mutation(
        "bullets are stored as objects that an earlier version cannot read",
        "stories/wire.py",
        '"breakdown": list(checked.breakdown), ',
        "",
        WIRE,
    ),
    Mutation(
        "the log names kinds that an earlier version cannot read",
        "stories/log.py",
        "    if change.kind in _NEWER:\n",
        "    if False:\n",
        (*PYTEST, "tests/growth/test_log.py"),
    ),
    Mutation(
        "a document may cite an article that is not there",
        "stories/wire.py",
        "    _known_sources(story)\n",
        "",
        WIRE,
    ),
    Mutation(
        "a correction beside something heavier is only counted",
        "wording/card.py",
        "    if news := words.news(delta):\n",
        "    if (news := words.news(delta)) and not words.is_correction(news):\n",
        (*PYTEST, "tests/wording/test_card.py"),
    ),
    Mutation(
        "a reply about reports that differ leaves out what they say",
        "wording/card.py",
        "        blocks += _new_conflict(edition.story, delta.reason)\n",
        "",
        (*PYTEST, "tests/wording/test_card.py"),
    ),
    Mutation(
        "the outlets of a point are left out of the details",
        "handlers/story.py",
        '    return f"{bullet} ({outlets})" if outlets else bullet\n',
        "    return bullet\n",
        (*PYTEST, "tests/handlers/test_story.py"),
    ),
    Mutation(
        "the spread of leanings is shown where leanings are not",
        "wording/card.py",
        "    if story.stats.spread and show_leaning:\n",
        "    if story.stats.spread:\n",
        (*PYTEST, "tests/wording/test_card.py"),
    ),
    Mutation(
        "numbers of sources push points off a card",
        "wording/fit.py",
        "    if kept != list(blocks) and fits(kept):\n",
        "    if False:\n",
        (*PYTEST, "tests/wording/test_fit.py"),
    ),
    Mutation(
        "a slow rise never counts as spreading fast",
        "stories/announced.py",
        "    low = _lowest(past.low, before.stats.virality if before else None)\n",
        "    low = before.stats.virality if before else None\n",
        ANNOUNCED,
    ),
    Mutation(
        "a row is stored under the names of its fields, which earlier versions don't know",
        "runtime/records.py",
        "dump_json(value, by_alias=True, exclude_none=exclude_none)",
        "dump_json(value, exclude_none=exclude_none)",
        (*PYTEST, "tests/storage/test_records.py"),
    ),
    Mutation(
        "what was announced is forgotten when a story is stored",
        "stories/wire.py",
        'return _bytes(_present({**document, **apart, "announced": _present(announced)}))',
        "return _bytes(_present({**document, **apart}))",
        (*PYTEST, "tests/stories/test_archive.py"),
    ),
    Mutation(
        "a changed figure in a point is called a rewording",
        "stories/delta.py",
        "        updated = _figures(old) != _figures(new)\n",
        "        updated = False\n",
        ANNOUNCED,
    ),
    Mutation(
        "a reply that a story ended leaves out the new headline",
        "wording/card.py",
        "    if news := words.news(delta):\n",
        "    if news := None:\n",
        (*PYTEST, "tests/wording/test_card.py"),
    ),
    Mutation(
        "the log grows from what another process replaced meanwhile",
        "stories/accept.lua",
        "if stored ~= tonumber(ARGV[10]) then",
        "if false then",
        (*PYTEST, "tests/growth/test_log.py"),
    ),
    Mutation(
        "a story is pruned though an update came meanwhile",
        RETENTION,
        "if redis.call('HGET', KEYS[2], 'seq') ~= ARGV[3] then return 0 end\n"
        "local seq = redis.call('INCR', KEYS[6])\n"
        "redis.call('HSET', KEYS[2], 'stage', 'tomb'",
        "local seq = redis.call('INCR', KEYS[6])\nredis.call('HSET', KEYS[2], 'stage', 'tomb'",
        GROWTH,
    ),
    Mutation(
        "whoever lost the editor's lease goes on deleting",
        RETENTION,
        "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return -1 end\n",
        "",
        GROWTH,
    ),
    Mutation(
        "what was written while a story was packed is lost",
        "bot/storage/ledger.py",
        "    if redis.call('HGET', KEYS[3], ARGV[number]) == ARGV[number + 1] then\n",
        "    if true then\n",
        GROWTH,
    ),
    Mutation(
        "a packed row counts more than one written since",
        "bot/storage/ledger.py",
        "                found[chat] = row\n",
        "                found.setdefault(chat, row)\n",
        GROWTH,
    ),
    Mutation(
        "a chat that is forgotten stays in the packed rows",
        "bot/storage/ledger.py",
        "self._redis.eval(_FORGET_NUMBER, 2,",
        "self._redis.eval('return', 2,",
        GROWTH,
    ),
    Mutation(
        "our own clock alone decides what is old",
        PRUNING,
        "        if abs(ours - theirs) > APART:\n",
        "        if False:\n",
        GROWTH,
    ),
    Mutation(
        "a clock that is set while we run deletes",
        PRUNING,
        "        if abs(moved) > STEP:\n",
        "        if False:\n",
        GROWTH,
    ),
    Mutation(
        "a Redis that lives in the past deletes",
        PRUNING,
        "    if theirs >= newest - APART:\n",
        "    if True:\n",
        GROWTH,
    ),
    Mutation(
        "however many would go at once, they go",
        PRUNING,
        "    if went + fresh > limit * days:\n",
        "    if False:\n",
        GROWTH,
    ),
    Mutation(
        "a card that nobody brought up to date before its story left full memory stays so",
        "bot/delivery/affected.py",
        "        for edition in self._index.left_since(behind) if behind else ():\n",
        "        for edition in list[Edition]():\n",
    ),
    Mutation(
        "a card whose story has left full memory is made of its stub",
        "bot/delivery/observer.py",
        "        if known is None or known.whole:\n            return known\n",
        "        return known\n",
        (*PYTEST, "tests/growth/test_road.py"),
    ),
    Mutation(
        "no `sending` row before a post",
        CARDS,
        "        await held.about_to(record)\n",
        "",
    ),
    Mutation(
        "an unknown refusal is always about the card",
        "bot/delivery/rejections.py",
        "        if self._takers.get(fingerprint, chat) != chat:\n",
        "        if False:\n",
        REFUSED,
    ),
    Mutation(
        "a card rejected before another took it is not looked at again",
        CARDS,
        "            self._look(elsewhere, other)\n",
        "            pass\n",
        REFUSED,
    ),
    Mutation(
        "a card whose link is refused is not shown",
        CARDS,
        "            return await call(bare), refused.reason\n",
        "            raise\n",
        REFUSED,
    ),
    Mutation(
        "a thread that sleeps is not woken",
        "bot/platforms/discord/platform.py",
        "        if error.code != ARCHIVED or isinstance(\n",
        "        if True or isinstance(\n",
        THREADS,
    ),
    Mutation(
        "a chat's old rule replaces what was chosen at its new address",
        "bot/delivery/rules.py",
        "            rule = there.over(rule)\n",
        "            pass\n",
        MOVES,
    ),
    Mutation(
        "that a chat moved is only noticed when a card comes",
        "bot/platforms/telegram/platform.py",
        "                    if moved := _moved(update):\n",
        "                    if (moved := _moved(update)) and False:\n",
        MOVES,
    ),
    Mutation(
        "what is kept beside a rule stays behind when its chat moves",
        "bot/delivery/rules.py",
        "                await follower(old, new)\n",
        "                pass\n",
        MOVES,
    ),
    Mutation(
        "the first topic of a forum is taken for one of the others",
        "bot/platforms/telegram/address.py",
        "address.removesuffix(GENERAL)",
        "address",
        REFUSED,
    ),
    Mutation(
        "a forum passes for a channel",
        "bot/platforms/discord/permissions.py",
        "        case discord.ForumChannel():\n            raise Unreachable(Reason(Code.FORUM))\n",
        "",
        (*PYTEST, "tests/platforms/test_discord_platform.py", "-k", "holds_no_cards"),
    ),
    Mutation(
        "a reply says nothing to whoever sees no embeds",
        "bot/platforms/discord/platform.py",
        "        if reply_to is not None or not silent:\n",
        "        if False:\n",
        (*PYTEST, "tests/delivery/test_loudness.py", "-k", "mentions or aloud"),
    ),
    Mutation(
        "plain words in private are always a question",
        "bot/platforms/telegram/answers.py",
        '        if meant := self._worded.get(" ".join(words)):\n',
        "        if meant := None:\n",
        (*PYTEST, "tests/road/test_plain_words.py"),
    ),
    Mutation(
        "who is two revisions behind reads the whole history",
        "stories/archive.py",
        "            count = min(2 * count, behind)\n",
        "            count = 1000\n",
        (*PYTEST, "tests/stories/test_archive.py", "-k", "two_revisions_behind"),
    ),
    Mutation(
        "infinity is waited for",
        "bot/model/errors.py",
        "    if 0 <= seconds <= LONGEST_MEANT.total_seconds():\n",
        "    if 0 <= seconds <= 1e307:\n",
        (*PYTEST, "tests/platforms/test_telegram_platform.py", "-k", "pause_that_is_none"),
    ),
    Mutation(
        "a refusal is an answer",
        "bot/platforms/telegram/request.py",
        '"result" not in answer or answer.get("ok") is False:\n',
        'answer.keys().isdisjoint(("result", "error_code")):\n',
        UNREADABLE,
    ),
    Mutation(
        "every field of a refusal is believed",
        "bot/platforms/telegram/request.py",
        "            payload = _refusal(payload)",
        "            pass",
        UNREADABLE,
    ),
    Mutation(
        "a row that lies ahead is waited for",
        ROWS,
        "        if all(moment is None or moment <= self._now() for moment in moments):\n",
        "        if moments:\n",
        CLOCKS,
    ),
    Mutation(
        "every step of the wall clock is followed",
        "runtime/clock.py",
        "        if abs(step) <= FOLLOWED or slept:\n",
        "        if step:\n",
        CLOCKS,
    ),
    Mutation(
        "a chat is forgotten on the word of a clock's step",
        "bot/delivery/unreachable.py",
        "not over or not self._certain() or",
        "not over or",
        CLOCKS,
    ),
    Mutation(
        "a story dated ahead is live for ever",
        "stories/story.py",
        "        return min(self.updated_at or heard_at, heard_at)\n",
        "        return self.updated_at or heard_at\n",
        (*PYTEST, "tests/stories/test_index.py"),
    ),
    Mutation(
        "giants at the inbox are read whole",
        "stories/inbox.lua",
        "string.sub(fields[number + 1], 1, limit + 1)",
        "fields[number + 1]",
        LOST_ANSWER,
    ),
    Mutation(
        "a disk that fails ends the process",
        "bot/storage/highwater.py",
        "        except OSError as error:\n"
        "            self._folder.failed(self._path, error)\n"
        "            return False\n",
        "        except ZeroDivisionError:\n            return False\n",
        DISK,
    ),
    Mutation(
        "a mark that could not be read is written over",
        "bot/storage/highwater.py",
        "            if self._unread:\n                kept",
        "            if False:\n                kept",
        DISK,
    ),
    Mutation(
        "one platform that refuses us for good ends the process",
        "bot/connections.py",
        "        if not self._served and len(self._refused) == len(self._platforms):\n",
        "        if self._refused:\n",
        OUT,
    ),
    Mutation(
        "a defect in one part ends the process",
        "runtime/supervision.py",
        "            if _is_set_up_wrongly(error):\n",
        "            if error:\n",
        OUT,
    ),
    Mutation(
        "an update that cannot be read is handed out again and again",
        "bot/platforms/telegram/platform.py",
        "                offset = _after(raw, offset)\n"
        "                if (update := self._read(raw, bot)) is not None:\n",
        "                if (update := self._read(raw, bot)) is not None:\n"
        "                    offset = _after(raw, offset)\n",
        UNREADABLE,
    ),
    Mutation(
        "a gateway message that cannot be read ends the connection",
        "bot/platforms/discord/incoming.py",
        '            if not getattr(client, "online", False):\n',
        "            if client:\n",
        UNREADABLE,
    ),
    Mutation(
        "an answer that cannot be read is a defect of ours",
        "bot/platforms/discord/platform.py",
        "        except UNREADABLE as error:\n            log.warning(",
        "        except ZeroDivisionError as error:\n            log.warning(",
        UNREADABLE,
    ),
    Mutation(
        "answers of any size are read",
        "bot/platforms/telegram/request.py",
        "        if len(payload) > LARGEST_ANSWER:\n",
        "        if not payload:\n",
        UNREADABLE,
    ),
    Mutation(
        "a newer mark is struck out with the older",
        "bot/storage/due.py",
        "if seq and seq <= tonumber(ARGV[number + 1]) then",
        "if seq then",
        CONTRACT,
    ),
    Mutation(
        "who waits after a failed attempt is not late",
        "bot/delivery/workers.py",
        "                    self._late.setdefault(key, begun)\n",
        "                    pass\n",
        LATE,
    ),
    Mutation(
        "who waits for the platform's pause is not late",
        "bot/delivery/rate_limiter.py",
        "return max(0.0, max(held, self._halted) - self.clock())\n",
        "return 0.0\n",
        LATE,
    ),
    Mutation(
        "an edit that waits for a pause is as it should be",
        "bot/delivery/workers.py",
        "LATE = frozenset({HoldCode.RETRY, HoldCode.PLATFORM_PAUSE})",
        "LATE = frozenset({HoldCode.RETRY})",
        LATE,
    ),
    Mutation(
        "what is marked anew while it is in hand is struck out",
        "bot/delivery/work_queue.py",
        "done = [entry for entry in ended if (entry.chat, entry.subject) not in self._queue]",
        "done = ended",
        MARKS,
    ),
    Mutation(
        "a post of unknown outcome is repeated on Telegram",
        "bot/delivery/observer.py",
        "        return self._platform.repeatable(age_s) and not is_doubtful(record,"
        " self._rows.doubt)\n",
        "        return age_s < 1e9\n",
    ),
    Mutation(
        "a late edit may undo a newer one",
        PLAN,
        "        return max(began_at + policy.others_settle, (ended_at or record.at) +"
        " policy.settle)\n",
        "        return record.at\n",
    ),
    Mutation(
        "the lease is never doubted",
        "runtime/lease.py",
        "        return asyncio.get_running_loop().time() < self._proved + LASTS_S - 1.0\n",
        "        return True\n",
        CONTRACT,
    ),
    Mutation(
        "who lost the lease is not told to stop",
        "runtime/lease.py",
        "                    raise LeaseLost(self._name)\n",
        "                    return\n",
        (*PYTEST, "tests/storage/test_contract.py", "-k", "lease"),
    ),
    Mutation(
        "cards of stories that became one are left apart",
        PLAN,
        "        or record.into is not None\n    ):\n        return None\n",
        "        or True\n    ):\n        return None\n",
    ),
    Mutation(
        "what is told beside a card stays with the story when the message changes hands",
        "bot/delivery/merging.py",
        "        tells=other.tells,\n",
        "",
        FOLDING,
    ),
    Mutation(
        "what is owed is struck out before the stories were read",
        COURIER,
        "lease.sure and platform.connected and self._has_read,",
        "lease.sure and platform.connected,",
        MARKS,
    ),
    Mutation(
        "an unpin that may come late is not reckoned with",
        PINS,
        "        if begun and self._now() < ended + self._settle:\n",
        "        if False:\n",
        LATE_PINS,
    ),
    Mutation(
        "what a moderator wanted pinned is forgotten in a crash",
        PINS,
        "        wanted = replace(record, pin=Pin.WANTED)\n",
        "        wanted = replace(record, pin=record.pin)\n",
    ),
    Mutation(
        "pins are never looked at by themselves",
        COURIER,
        '            tasks.create_task(self.pins.tend(), name=f"pins {self.platform.name}")\n',
        "",
        STALE_PINS,
    ),
    Mutation(
        "follows stay with a story that is a part of another",
        "bot/delivery/rules.py",
        "            await self.amend(chat, lambda rule: rule.follows_on(story, into))\n",
        "            pass\n",
    ),
    Mutation(
        "the limit of one reply an hour drops a major change",
        PLAN,
        "        return _hold(HoldCode.REPLY_LIMIT, limit)\n    return _aloud",
        "        return DropReply()\n    return _aloud",
        LIMIT,
    ),
    Mutation(
        "an end that was told already is told at once again",
        "bot/delivery/reply_policy.py",
        "        if last is None or last + gap <= now:\n",
        "        if True:\n",
        LIMIT,
    ),
    Mutation(
        "what was undone before it was told is told all the same",
        PLAN,
        "return DropReply() if record.fingerprint == desired.fingerprint else _hold(silent)",
        "return DropReply()",
        LIMIT,
    ),
    Mutation(
        "when something is due is forgotten at a restart",
        "bot/delivery/work_queue.py",
        "        if entry.due_at is not None and (left := entry.due_at - self._now())"
        " > timedelta(0):\n",
        "        if (left := timedelta(0)):\n",
        (*PYTEST, "tests/delivery/test_due_at.py"),
    ),
    Mutation(
        "when something is due is not read back",
        "bot/storage/due.py",
        "    at = times.get(field) if times else None\n",
        "    at = None\n",
        CONTRACT,
    ),
    Mutation(
        "a rehearsal knows no limit of replies",
        "bot/delivery/rehearsal.py",
        "            facts = Facts(self.policy, publish_at=at)\n",
        "            facts = Facts(replace(self.policy, reply_gap=timedelta(0)), publish_at=at)\n",
        (*PYTEST, "tests/delivery/test_rehearsal.py"),
    ),
    Mutation(
        "what keeps a card is told as something else",
        PLAN,
        "_hold(HoldCode.SPACING, next_edit)",
        "_hold(HoldCode.RATE_LIMIT, next_edit)",
        WHY,
    ),
    Mutation(
        "that a failed card is tried again is told nobody",
        PLAN,
        "        if ends is None or ends <= facts.retry_at:\n",
        "        if False:\n",
        WHY,
    ),
    Mutation(
        "following outlives the story",
        "bot/delivery/desired.py",
        "        unfollow=itself,\n",
        "        unfollow=False,\n",
    ),
    Mutation(
        "the ledger takes rows from anyone",
        "bot/storage/ledger.py",
        "if token ~= '' and try('GET', lease) ~= token then return -1 end\n",
        "",
        CONTRACT,
    ),
    Mutation(
        "the cursor moves before the marks are made",
        COURIER,
        "            try:\n                if anew:\n",
        "            cursor = upto\n            try:\n                if anew:\n",
    ),
    Mutation(
        "a wake is no reason to read the index",
        "stories/follower.py",
        "                        await self._catch_up(overlap",
        '                        if cause == "subscribed":\n'
        "                            await self._catch_up(overlap",
    ),
    Mutation(
        "a parked chat is forgotten",
        "bot/delivery/workers.py",
        "            return Hold(Reason(HoldCode.REFUSED), self._now())  # waits with its chat\n",
        "            return Hold(Reason(HoldCode.REFUSED))\n",
    ),
    Mutation(
        "rules that the storage lost stay lost",
        COURIER,
        "            missing = await patiently(lambda: self._rules.put_back(self.platform.name))\n",
        "            missing = 0\n",
        STEPS_BACK,
    ),
    Mutation(
        "rules that the storage lost are put back only when rows were lost, too",
        COURIER,
        "            if anew:\n                self._rules.noticed_loss()\n",
        "            if self._anew:\n                self._rules.noticed_loss()\n",
        LOST_RULES,
    ),
    Mutation(
        "a rule is put back over another",
        "bot/storage/rules.py",
        "'HSETNX', KEYS[2]",
        "'HSET', KEYS[2]",
        CONTRACT,
    ),
    Mutation(
        "rules are put back without the lease",
        "bot/storage/rules.py",
        "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return -1 end",
        "",
        CONTRACT,
    ),
    Mutation(
        "a story that cannot be read is one that is not known",
        "bot/app.py",
        ", is_unreadable=archive.is_unreadable)",
        ")",
        BAD_RECORDS,
    ),
    Mutation(
        "doubt is ignored",
        ROWS,
        "        return (row.at if row else min(moments)) <= self.doubt\n",
        "        return False\n",
        STEPS_BACK,
    ),
    Mutation(
        "a reply is written down only after it was said",
        CARDS,
        "        await held.about_to(said)\n",
        "",
    ),
    Mutation(
        "a revision that is not newer is taken",
        "stories/accept.lua",
        "if revision and revision < stored then return {'stale', stored, 0} end\n",
        "",
        CONTRACT,
    ),
    Mutation(
        "a subscription is no reason to read the index",
        "stories/follower.py",
        "                        await self._catch_up(overlap",
        '                        if cause == "wake":\n'
        "                            await self._catch_up(overlap",
    ),
    Mutation(
        "a refused repeat passes for proof that nothing was posted",
        CARDS,
        "            if not again:",
        "            if True:",
    ),
    Mutation(
        "nobody is told of a card that may not have arrived",
        COURIER,
        "                tasks.create_task(self._asking.run()",
        "                tasks.create_task(asyncio.sleep(1e9)",
    ),
    Mutation(
        "the same outage is told again after a restart",
        "bot/delivery/asking.py",
        "            await self._recall(chat)\n",
        "",
        UNKNOWN,
    ),
    Mutation(
        "a card that a moderator showed is not kept up to date",
        "bot/delivery/requests.py",
        "                await held.write(outcomes.found(before, self._now(), message_id))\n"
        "            return before",
        "                pass\n            return before",
        UNKNOWN,
    ),
    Mutation(
        "a card is posted again though it is settled",
        "bot/delivery/requests.py",
        "    if record is None or record.state is not State.UNKNOWN or record.generation"
        " != card.generation:\n"
        "        return None\n",
        "",
        UNKNOWN,
    ),
    Mutation(
        "any message of ours passes for the card",
        "bot/platforms/telegram/answers.py",
        '    if any(str(button.callback_data or "").startswith(IN_PLACE) for button in buttons):\n',
        "    if False:\n",
        UNKNOWN,
    ),
    Mutation(
        "who shows the card of a channel need not moderate it",
        "handlers/unknown.py",
        "        if chat != ask.chat and not await self.desk.moderates(chat, ask.person):\n",
        "        if False:\n",
        UNKNOWN,
    ),
    Mutation(
        "a minor change is posted beside a card that counts as standing",
        PLAN,
        "        case State.UNKNOWN if record.claimed_at is None:\n",
        "        case State.UNKNOWN if True:\n",
        UNKNOWN,
    ),
    Mutation(
        "a stored story is held against the door's limits",
        "stories/wire.py",
        "    story = replace(_STORED.validate_json(raw), revision=revision)\n",
        "    story = replace(read(raw).story, revision=revision)\n",
        (*PYTEST, "tests/stories/test_wire.py", "-k", "archive or figures"),
    ),
    Mutation(
        "one bad record stops everything",
        "runtime/records.py",
        "            self.note(kind, key, error)\n            return None\n",
        "            raise\n",
        RECORDS,
    ),
    Mutation(
        "a key of another type stops everything",
        "runtime/records.py",
        '"WRONGTYPE" in str(error)',
        "False",
        RECORDS,
    ),
    Mutation(
        "a row that cannot be read passes for none",
        "bot/storage/ledger.py",
        "        if read is None or read[0].state is State.UNREADABLE:\n",
        "        if read is None:\n            return None\n        if False:\n",
        RECORDS,
    ),
    Mutation(
        "a rule that cannot be read is replaced",
        "bot/storage/rules.py",
        '            if read is None:\n                raise Unreadable(f"the rule',
        '            if read is False:\n                raise Unreadable(f"the rule',
        RECORDS,
    ),
    Mutation(
        "what a newer version added is lost when a record is written",
        "runtime/records.py",
        "        if beyond is not None:\n",
        "        if False:\n",
        (*PYTEST, "tests/storage/test_records.py", "tests/storage/test_rules.py", "-k", "newer"),
    ),
    Mutation(
        "a refusal inside the lease's script passes for a bad record",
        "runtime/together.py",
        "    error(answer)\n",
        "    return nil\n",
        (*PYTEST, "tests/storage/test_refusals.py", "-k", "script_that_is_refused"),
    ),
    Mutation(
        "a newer layout is written to",
        "runtime/layout.py",
        "self._gate.closed = why is not None",
        "self._gate.closed = False",
        (*PYTEST, "tests/runtime/test_layout.py"),
    ),
    Mutation(
        "a layout that is ours again stays closed",
        "runtime/layout.py",
        "self._gate.closed = why is not None",
        "self._gate.closed |= why is not None",
        (*PYTEST, "tests/runtime/test_layout.py"),
    ),
    Mutation(
        "what was handed out in a lost answer is forgotten",
        "stories/inbox.lua",
        "ipairs({'0', '>'})",
        "ipairs({'>'})",
        LOST_ANSWER,
    ),
    Mutation(
        "bytes that are no text are replaced",
        "cli/__main__.py",
        '        page = raw.decode("utf-8-sig")\n',
        '        page = raw.decode("utf-8-sig", "replace")\n',
        COMMAND_LINE,
    ),
    Mutation(
        "a site's menu is taken for the story",
        "stories/page.py",
        "        lines = lines[place + 1 :]\n",
        "        lines = lines[1:]\n",
        PAGES,
    ),
    Mutation(
        "a story from a clock that was ahead cannot be withdrawn",
        "stories/wire.py",
        "    at = max(at, story.started_at or at)\n",
        "",
        WIRE,
    ),
    Mutation(
        "a story that fills its document cannot be withdrawn",
        "stories/wire.py",
        "    for each in (whole, bare, replace(bare, breakdown=bare.breakdown[:1])):\n",
        "    for each in (whole,):\n",
        WIRE,
    ),
    Mutation(
        "a short password blanks its letters in every line",
        "runtime/log.py",
        "        if len(secret) >= SHORTEST:\n",
        "        if secret:\n",
        (*PYTEST, "tests/runtime/test_log.py"),
    ),
    Mutation(
        "a forwarded command is obeyed",
        ANSWERS,
        "        if not _is_typed(said):\n",
        "        if said.via_bot is not None:\n",
        TYPED,
    ),
    Mutation(
        "a link presses buttons",
        ANSWERS,
        "        if command.moderators:\n            return _linked(ref), {}\n",
        "",
        TYPED,
    ),
    Mutation(
        "every refusal of getChatMember means no moderator",
        "bot/platforms/telegram/permissions.py",
        "        if any(part in error.message.casefold() for part in NOT_A_MEMBER):\n",
        "        if True:\n",
        TYPED,
    ),
    Mutation(
        "a word in other marks is another word",
        "stories/spelling.py",
        '_UNSEEN.sub("", text.translate(_MARKS))',
        "text",
        RULES,
    ),
    Mutation(
        "a word's parts make it another",
        "stories/spelling.py",
        '    text = unicodedata.normalize("NFKC", text.casefold().translate(_MARKS))\n'
        '    return text.replace("i\\u0307", "i").replace("ı", "i")\n',
        "    return text.casefold()\n",
        RULES,
    ),
    Mutation(
        "a button for a story may mean everything",
        "handlers/story_choice.py",
        '    return Ref(command, ("", story, *more) if command == "follow" else (story, *more))\n',
        "    return Ref(command, (story, *more))\n",
        FOLLOW,
    ),
    Mutation(
        "a suggestion for a story may mean everything",
        "handlers/followed_things.py",
        '    return f"#{story}" if means_everything(story) else story\n',
        "    return story\n",
        FOLLOW,
    ),
    Mutation(
        "the word that is meant without accents is not offered",
        "handlers/follow.py",
        "                    if bare(other) == bare(word) and fold(other) not in held:\n",
        "                    if False:\n",
        FOLLOW,
    ),
    Mutation(
        "a reply that refuses rises as Redis said it",
        CONNECTION,
        "            raise refusal(said) or StorageAway(said) from error\n",
        "            raise\n",
        REFUSALS,
    ),
    Mutation(
        "the words of people are repeated in what is said of a refusal",
        CONNECTION,
        'str(error).rpartition(" of pipeline caused error: ")[2]',
        "str(error)",
        REFUSALS,
    ),
    Mutation(
        "a demoted primary is written to for ever",
        CONNECTION,
        "            self._demoted |= isinstance(error, exceptions.ReadOnlyError)\n",
        "",
        REFUSALS,
    ),
    Mutation(
        "what redis-py asks by itself counts as refused to us",
        CONNECTION,
        "            if not self._greeting:\n",
        "            if True:\n",
        REFUSALS,
    ),
    Mutation(
        "the alarm is over although writes are refused",
        "runtime/refusals.py",
        "                await self._write(redis)\n",
        "                await asyncio.sleep(0)\n",
        REFUSALS,
    ),
    Mutation(
        "topics have limits of their own",
        "bot/platforms/telegram/capabilities.py",
        'return Chat(chat.platform, chat.address.partition("/")[0])',
        "return chat",
        (*PYTEST, "tests/delivery/test_rate_limiter.py"),
    ),
    Mutation(
        "words that name no command are asked of none",
        "handlers/faq.py",
        "takes_text=True",
        "takes_text=False",
        (*PYTEST, "tests/platforms/test_capabilities.py"),
    ),
    Mutation(
        "the Discord adapter's chats are written as anybody likes",
        "bot/platforms/discord/address.py",
        "    if not _SHAPE.fullmatch(address):",
        "    if False:",
        (*PYTEST, "tests/config/test_chats.py"),
    ),
    Mutation(
        "anybody may import discord.py",
        "pyproject.toml",
        'protected_modules = ["discord"]',
        'protected_modules = ["hikari"]',
        (*PYTEST, "tests/docs/test_packages.py", "-k", "fails_the_lint"),
    ),
    Mutation(
        "ready although Redis refuses",
        "bot/app.py",
        "hears and not self.refusals.refuses",
        "hears",
        REFUSED_BOT,
    ),
    Mutation(
        "each command that is refused is said anew",
        "runtime/refusals.py",
        "        if not self._refused.is_set():\n",
        "        if True:\n",
        REFUSED_BOT,
    ),
    Mutation(
        "what is said while writes are refused is dropped",
        "stories/editor.py",
        "                    if door is Door.INBOX or unforeseen:\n",
        "                    if True:\n",
        REFUSED_BOT,
    ),
    Mutation(
        "check writes nothing",
        "runtime/needs.py",
        "(_writes, _hears, _clock)",
        "(_hears, _clock)",
        (*PYTEST, "tests/runtime/test_needs.py"),
    ),
    Mutation(
        "the time between two edits may be endless",
        "config/settings.py",
        "default=60, ge=0, le=_WEEK_S,",
        "default=60, ge=0, allow_inf_nan=True,",
        (*PYTEST, "tests/config/test_settings.py"),
    ),
    Mutation(
        "a wrong setting is repeated whatever it holds",
        "runtime/settings.py",
        "if _NUMBER.fullmatch(given) else said",
        "if given else said",
        (*PYTEST, "tests/config/test_settings.py"),
    ),
    Mutation(
        "the remedy for a Redis address is cut out as a password",
        "runtime/redis_url.py",
        "after :// write USER",
        "write redis://USER",
        (*PYTEST, "tests/cli/test_command_line.py", "-k", "remedy"),
    ),
    Mutation(
        "GMT+2 lies west of Greenwich",
        "config/entry.py",
        " != bool(read[1]) else -away\n",
        " != (not read[1]) else -away\n",
        (*PYTEST, "tests/model/test_quiet.py"),
    ),
    Mutation(
        "a zone that is refused is proposed for another",
        "config/entry.py",
        "        if zone.casefold() not in refused and not _offset(zone.casefold())\n",
        "",
        (*PYTEST, "tests/model/test_quiet.py"),
    ),
    Mutation(
        "any zone is the nearest to a few letters",
        "config/entry.py",
        "    elif called := [zone",
        "    elif called := False and [zone",
        (*PYTEST, "tests/model/test_quiet.py"),
    ),
    Mutation(
        "who follows where the bot may not post does not learn it",
        "handlers/unreachable.py",
        "    if not lacking:\n        return said\n",
        "    if True:\n        return said\n",
        (*PYTEST, "tests/road/test_unreachable.py"),
    ),
    Mutation(
        "an entry is read however deep it is nested",
        "config/entry.py",
        "> DEEPEST:\n",
        "> 10**9:\n",
        (*PYTEST, "tests/handlers/test_rules.py"),
    ),
    Mutation(
        "a pin that people took away counts",
        "bot/delivery/pin_requests.py",
        "for story, row in pinned.items() if row.message_id not in there}",
        "for story, row in pinned.items() if False}",
        (*PYTEST, "tests/road/test_pins.py"),
    ),
    Mutation(
        "what is not shown counts as unpinned",
        "bot/platforms/discord/platform.py",
        "        if await self.lacks(chat, Permission.PIN):\n            return None",
        "        if False:\n            return None",
        (*PYTEST, "tests/road/test_pins.py"),
    ),
    Mutation(
        "words without bound: all that was typed is looked for",
        "stories/search.py",
        "telling(typed(words))[:NAMED]",
        "telling(words_of(words))",
        INDEX,
    ),
    Mutation(
        "words without bound: slips of each word are looked for",
        "stories/fulltext.py",
        "for word in nlargest(SLIPPED, missing, key=len):",
        "for word in missing:",
        INDEX,
    ),
    Mutation(
        "words without bound: common words are looked for in every story",
        "stories/fulltext.py",
        "    most = CHECKS // len(common)\n",
        "    most = 10**9\n",
        INDEX,
    ),
    Mutation(
        "words without bound: each part to unfollow is looked for among all stories",
        "handlers/unfollow.py",
        "[what, *_parts(what)][: TITLES + 1]",
        "[what, *_parts(what)]",
        FOLLOW,
    ),
    Mutation(
        "words without bound: what no word is as long as is folded and compared",
        "handlers/unfollow.py",
        'what if len(what) <= LONG else ""',
        "what",
        FOLLOW,
    ),
    Mutation(
        "words without bound: a rule's words are folded for each story",
        "bot/model/rule.py",
        "@lru_cache(maxsize=4096)\n",
        "",
        RULES,
    ),
    Mutation(
        "words without bound: an inline query builds all its stories in one go",
        "handlers/quotes.py",
        "[_quote(edition) async for edition in in_slices(shown)]",
        "[_quote(edition) for edition in shown]",
        (*PYTEST, "tests/handlers/test_search.py"),
    ),
    Mutation(
        "words without bound: giants typed are remembered folded",
        "stories/spelling.py",
        "_fold(word) if len(word) <= LONG else _fold.__wrapped__(word)",
        "_fold(word)",
        INDEX,
    ),
    Mutation(
        "what went stale stays among what is live",
        "stories/ranking.py",
        "            self.drop(heappop(self._ends)[1])\n",
        "            heappop(self._ends)\n",
        INDEX,
    ),
    Mutation(
        "how much a word tells apart is reckoned once for ever",
        "stories/fulltext.py",
        "        self._weights.clear()\n        for word in self._texts.pop(text)",
        "        for word in self._texts.pop(text)",
        INDEX,
    ),
    Mutation(
        "what is due in one chat is looked for among all that is due",
        "bot/delivery/queue.py",
        "        marked = self._subjects.get(chat, {})\n",
        "        marked = [story for where, story in self._entries if where == chat]\n",
        (*PYTEST, "tests/delivery/test_queue.py"),
    ),
    Mutation(
        "who unmuted a story still counts as muting it",
        "bot/delivery/rules.py",
        "                self._by_mute[mute.story].discard(chat)\n",
        "",
        RULES,
    ),
    Mutation(
        "garbage is looked for among all stories while they are read",
        "stories/follower.py",
        "self._filed % SETTLED == 0 and not self._index.knows_all",
        "False",
        (*PYTEST, "tests/stories/test_follower.py"),
    ),
    Mutation(
        "words without bound: long bullets are compared whole",
        "stories/delta.py",
        "cut = None if much <= COMPARED else isqrt(COMPARED // (len(olds) * len(news)))",
        "cut = None",
        INDEX,
    ),
    Mutation(
        "suggestions while typing count nothing",
        "bot/platforms/discord/answers.py",
        "        if await _turn(interaction, AskKind.TYPING):\n            return []\n",
        "",
        STARTING,
    ),
    Mutation(
        "after a start there seem to be no stories",
        "handlers/starting.py",
        "    if not index.knows_live:\n        raise _starting()\n",
        "    return\n",
        STARTING,
    ),
    Mutation(
        "answers do not wait for the group's pace",
        "bot/platforms/telegram/answers.py",
        "                await self._rate_limiter.take(chat)\n",
        "                pass\n",
        STARTING,
    ),
)


def main() -> int:
    """Try the mutations; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="those whose name holds this")
    given = parser.parse_args()
    survived = 0
    with TemporaryDirectory(prefix="storywire-mutations-") as folder:
        copy = Path(folder)
        for package in PACKAGES:
            shutil.copytree(
                ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__")
            )
        shutil.copy(ROOT / "pyproject.toml", copy)
        for mutation in MUTATIONS:
            if given.only in mutation.name:
                began = time.monotonic()
                seen = caught(mutation, copy)
                survived += seen is None
                took = f"{time.monotonic() - began:4.0f} s"
                sys.stdout.write(f"{mutation.name:78} {took}  {seen or 'SURVIVED'}\n")
                sys.stdout.flush()
    return bool(survived)


def caught(mutation: Mutation, copy: Path) -> str | None:
    """How the mutation was noticed; None if it wasn't."""
    file = copy / mutation.file
    whole = file.read_text("utf-8")
    times = whole.count(mutation.old)
    if times != 1:
        sys.exit(f"“{mutation.name}”: its text is {times} times in {mutation.file}, not once")
    file.write_text(whole.replace(mutation.old, mutation.new), "utf-8")
    try:
        run = subprocess.run(  # noqa: S603 - our own command
            (sys.executable, *mutation.by),
            cwd=copy,
            env={**os.environ, "PYTHONHASHSEED": "0", "PYTHONPATH": str(copy)},
            capture_output=True,
            text=True,
            check=False,
            timeout=ENDS_S,
        )
    except subprocess.TimeoutExpired:
        return f"it came to no end in {ENDS_S} s"
    finally:
        file.write_text(whole, "utf-8")
    if run.returncode == 0:
        return None
    lines = [line for line in run.stdout.splitlines() if line.startswith(("seed ", "FAILED"))]
    if not lines:
        sys.exit(f"“{mutation.name}”: broken, not caught\n{run.stdout}{run.stderr}")
    return lines[0][:110]


if __name__ == "__main__":
    sys.exit(main())
