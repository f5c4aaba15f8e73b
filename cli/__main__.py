"""The `storywire` command line: run the bot, try it, publish stories,
and inspect what became of them."""

import argparse
import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

from redis.asyncio import Redis

from bot import app
from bot.delivery.policy import Policy
from bot.metrics import Metrics
from bot.platforms.known import CAPABILITIES
from bot.pruning import summary
from bot.storage.due import RedisDue
from bot.storage.ledger import RedisLedger
from cli import demo, newsroom
from cli.check import check
from config.chats import load_chats
from config.settings import Settings, load_settings
from runtime import log
from runtime.alarms import Alarms
from runtime.away import StorageAway, StorageRefuses
from runtime.connection import Gate, connect
from runtime.errors import SetupError
from runtime.layout import Layout
from runtime.lease import RedisLease
from runtime.records import Skipped, Unreadable
from runtime.redis_url import secrets_in
from stories.archive import Archive
from stories.changes import Cursor, Door
from stories.page import PageError, read_page
from stories.story import StoryId
from stories.wire import MAX_BYTES, WireError, read, schema, withdrawn, write
from wording.reasons import in_english

T = TypeVar("T")

OK, WRONG = 0, 1  # argparse exits with 2 for wrong usage

FAULTS = 10
"""The most errors named per document; the rest is counted."""


class Failed(Exception):
    """A command failed; the sentence is for the person who typed it."""


def main(argv: list[str] | None = None, *, policy: Policy | None = None) -> int:
    """Run one command; returns the exit code. `policy`: the running bot's, if not the settings'."""
    arguments = _parser().parse_args(argv, argparse.Namespace(policy=policy))
    try:
        result = arguments.act(arguments)
        return asyncio.run(result) if asyncio.iscoroutine(result) else int(result or OK)
    except (Failed, SetupError, StorageAway, Unreadable) as error:
        return _say_wrong(error)
    except ExceptionGroup as group:
        known, rest = group.split((Failed, SetupError, StorageAway))
        if known is None or rest is not None:
            raise
        return _say_wrong(_first(known))
    except KeyboardInterrupt:
        return OK
    except BrokenPipeError:  # the reader of our output has closed it
        sys.stderr.close()
        return OK


def _first(group: ExceptionGroup[Any]) -> Exception:
    first = group.exceptions[0]
    return _first(first) if isinstance(first, ExceptionGroup) else first


def _say_wrong(error: Exception) -> int:
    sentence = str(error)
    if isinstance(error, Unreadable):
        sentence += ": a newer version wrote it, or it's damaged"
    if isinstance(error, StorageAway) and not isinstance(error, StorageRefuses):
        sentence = f"can't reach Redis ({error}): start it, or fix STORYWIRE_REDIS_URL"
    print(f"storywire: {log.redact(sentence)}", file=sys.stderr)
    return WRONG


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="storywire",
        description=(
            "Keeps Discord servers and Telegram chats up to date on developing news stories."
        ),
    )
    parser.add_argument("--version", action="version", version=f"storywire {version('storywire')}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(
        name: str, description: str, act: Callable[[argparse.Namespace], Awaitable[int] | int]
    ) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=description, description=description)
        sub.set_defaults(act=act)
        return sub

    command("run", "Run the bot with the settings from the environment and .env", _run)

    sub = command("demo", "Try everything on a web page, with no tokens and no Redis", _demo)
    sub.add_argument("--port", type=_port, default=8090, help="the page's port (default 8090)")
    sub.add_argument("--redis", metavar="URL", help="use this Redis instead of starting one")

    sub = command("publish", "Put a story document, or an array of them, in the inbox", _publish)
    sub.add_argument("file", help="a file with JSON, or - for standard input")

    sub = command(
        "import", "Turn a story page saved as text into a document, and print it", _import
    )
    sub.add_argument("page", help="the saved page, or - for standard input")
    sub.add_argument("--id", help="the story's id (default: made from the title)")
    sub.add_argument(
        "--at", type=_time, metavar="TIME", help="when the page was saved (default: now)"
    )
    sub.add_argument("--revision", type=int, help="the document's revision (default: none)")

    command("stories", "List the stories in the archive, latest change first", _stories)

    sub = command("rejected", "List refused documents, and why they were refused", _rejected)
    sub.add_argument("--limit", type=_count, default=20, help="how many (default 20)")

    sub = command("retract", "Withdraw a story: its cards are struck through everywhere", _retract)
    sub.add_argument("id")
    sub.add_argument("--why", required=True, metavar="TEXT", help="shown on the cards")

    sub = command("remove", "Remove a story that can no longer be read", _remove)
    sub.add_argument("id")
    sub.add_argument("--confirm", action="store_true", help="really remove it")

    sub = command(
        "ledger", "Show which chats have a story's card, and how each attempt ended", _ledger
    )
    sub.add_argument("id")

    sub = command("prune", "Show what's old enough to delete; with --confirm, delete it", _prune)
    sub.add_argument(
        "--confirm", action="store_true", help="the clocks are right: delete it despite any warning"
    )

    newsroom.add(
        commands.add_parser(
            "newsroom",
            help="Try feeds, check them, and take lists of feeds in and out",
            description="Works with the feeds that stories are made of.",
        )
    )

    command("due", "List the cards that are due", _due)
    command("schema", "Print the JSON Schema of a story document", _schema)
    command("check", "Check settings, Redis, both tokens, and permissions in every chat", _check)
    return parser


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"“{text}” isn't a port: use a number up to 65535")
    return int(text)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"“{text}” isn't a count: use 1 or more")
    return int(text)


def _time(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise argparse.ArgumentTypeError(
            f"“{text}” isn't a time: write it like 2026-06-25T06:00:00Z"
        )
    return moment


async def _until_told(work: Awaitable[None]) -> int:
    """Run until it ends or a signal arrives; stopping is always cancellation."""
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    for stop in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(stop, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task
    return OK


def _run(arguments: argparse.Namespace) -> Awaitable[int]:
    settings = load_settings()
    log.set_up(settings.log_level, _secrets(settings))
    chats = load_chats(settings.config)
    return _until_told(app.run(settings, chats, policy=arguments.policy))


def _secrets(settings: Settings) -> list[str]:
    tokens = (settings.discord_token, settings.telegram_token)
    found = [token.get_secret_value() for token in tokens if token is not None]
    return [*found, *secrets_in(settings.redis_url)]


def _demo(arguments: argparse.Namespace) -> Awaitable[int]:
    log.set_up("WARNING")

    def ready(page: str, redis: str) -> None:
        print(f"Storywire is running. Open {page}", flush=True)
        print("Three stories develop over the next minute. Press Ctrl-C to stop.", flush=True)
        print(
            "To add a story of your own (README.md has one), run this in another terminal:",
            flush=True,
        )
        where = f"STORYWIRE_REDIS_URL={redis} STORYWIRE_PREFIX={demo.PREFIX}"
        print(f"  {where} {sys.argv[0]} publish story.json", flush=True)

    return _until_told(demo.run(arguments.redis, arguments.port, ready))


@contextlib.asynccontextmanager
async def _store(make: Callable[..., T], *, writing: bool = False) -> AsyncGenerator[T]:
    """One store (the archive, the ledger, …) in the Redis that the settings name."""
    settings = load_settings()
    log.set_up("ERROR", _secrets(settings))  # each command reports skipped records in its own words
    async with connect(settings.redis_url) as redis:
        if writing:
            await _ours_to_write_in(redis, settings)
        yield make(redis, settings.prefix)


async def _publish(arguments: argparse.Namespace) -> int:
    documents = _documents(_read(arguments.file))
    refused = 0
    async with _store(Archive, writing=True) as archive:
        for number, document in enumerate(documents, 1):
            name = f"document {number}" if len(documents) > 1 else "the document"
            try:
                reading = read(document)
            except WireError as error:
                print(_refusal(name, error.faults), file=sys.stderr)
                await archive.reject(Door.INBOX, document, str(error))
                refused += 1
                continue
            if reading.unknown:
                names = ", ".join(reading.unknown)
                print(f"storywire: {name}: unknown fields, left out: {names}", file=sys.stderr)
            await archive.leave(document)
            print(f"{reading.story.id} is in the inbox")
    if refused:
        print("storywire: `storywire rejected` lists what was refused, and why", file=sys.stderr)
    return WRONG if refused else OK


def _refusal(name: str, faults: Sequence[str]) -> str:
    """What is wrong with a document, one error per line."""
    more = len(faults) - FAULTS
    said = [*faults[:FAULTS], *([f"and {more} more"] if more > 0 else [])]
    return ("\n  " if len(said) > 1 else " ").join((f"storywire: {name} was refused:", *said))


def _documents(raw: bytes) -> list[bytes]:
    """A single document as it is, or each one of an array, verbatim."""
    try:
        text = raw.decode("utf-8-sig").strip(_BLANK)
    except UnicodeDecodeError:
        return [raw]  # which is refused for that reason
    if not text.startswith("["):
        return [raw]
    decoder = json.JSONDecoder(parse_int=str, parse_float=str)  # of any length: parsed later
    documents: list[bytes] = []
    place, ends = 0, "["
    try:
        while ends != "]":
            place = _past_blank(text, place + 1)
            if not documents and text[place : place + 1] == "]":
                break
            begins = place
            _, place = decoder.raw_decode(text, begins)
            documents.append(text[begins:place].encode(errors="surrogatepass"))
            place = _past_blank(text, place)
            ends = text[place : place + 1]
            if ends not in (",", "]") or not ends:
                raise json.JSONDecodeError("Expecting ',' or ']'", text, place)
        if place + 1 < len(text):
            raise json.JSONDecodeError("Extra data", text, place + 1)
    except RecursionError as error:
        raise Failed("the array is nested too deeply: five levels are enough") from error
    except ValueError as error:
        raise Failed(f"the array isn't JSON: {error}") from error
    return documents


_BLANK = " \t\r\n"
"""The white space that JSON allows between tokens (RFC 8259, section 2)."""


def _past_blank(text: str, place: int) -> int:
    while text[place : place + 1] and text[place] in _BLANK:
        place += 1
    return place


def _import(arguments: argparse.Namespace) -> int:
    raw = _read(arguments.page)
    try:
        page = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Failed(
            f"{arguments.page} isn't UTF-8 (byte {error.start} is wrong): save it as "
            "UTF-8; your editor may call its present encoding ANSI, Windows-1252 or "
            "Unicode"
        ) from None
    try:
        story = read_page(
            page,
            at=arguments.at or datetime.now(UTC).replace(microsecond=0),
            story_id=arguments.id,
            revision=arguments.revision,
        )
        document = write(story)
        read(document)
    except (PageError, WireError) as error:
        raise Failed(str(error)) from error
    print(json.dumps(json.loads(document), ensure_ascii=False, indent=2))
    return OK


def _read(name: str) -> bytes:
    """A file's bytes, at most slightly more than a valid array of documents could have."""
    try:
        with sys.stdin.buffer if name == "-" else Path(name).open("rb") as file:
            return file.read(1000 * MAX_BYTES)
    except OSError as error:
        raise Failed(f"can't read {name}: {error.strerror or error}") from error


async def _stories(_: argparse.Namespace) -> int:
    skipped = Skipped()
    async with _store(partial(Archive, skipped=skipped)) as archive:
        changes = await archive.since(Cursor())
    for edition in reversed(changes.editions):
        story = edition.story
        state = "withdrawn" if story.retracted else story.stats.status or "-"
        moment = (story.updated_at or edition.heard_at).strftime("%Y-%m-%d %H:%M")
        print(f"{moment}  {state:<10} r{edition.revision:<4} {story.id:<40} {story.title}")
    unread = sorted(key for kind, key in skipped.known if kind == "story")
    for key in unread:
        print(f"storywire: {key} can't be read: {skipped.known['story', key]}", file=sys.stderr)
    if unread:
        print("storywire: `storywire remove ID` removes such a story", file=sys.stderr)
    elif not changes.editions:
        print("The archive is empty. `storywire publish FILE` adds the first story.")
    return OK


async def _rejected(arguments: argparse.Namespace) -> int:
    async with _store(Archive) as archive:
        entries = await archive.rejected(arguments.limit)
    for entry in entries:
        print(f"{entry.at:%Y-%m-%d %H:%M:%S}  {entry.door:<5} {entry.why}")
        print(f"    {entry.beginning!r}")
    if not entries:
        print("Nothing was refused.")
    return OK


async def _retract(arguments: argparse.Namespace) -> int:
    async with _store(Archive, writing=True) as archive:
        story = await archive.story(arguments.id)
        if story is None and await archive.tombstone(StoryId(arguments.id)) is not None:
            raise Failed(
                f"{arguments.id} was last updated so long ago that its text and the "
                "location of its cards are no longer stored: those cards can't be edited"
            )
        if story is None:
            raise Failed(f"there's no story {arguments.id}: `storywire stories` lists them")
        try:
            document = write(withdrawn(story, arguments.why, datetime.now(UTC)))
        except WireError as error:
            raise Failed(str(error)) from error
        await archive.leave(document)
    print(f"{story.id} is withdrawn; its cards will be updated")
    return OK


async def _ours_to_write_in(redis: Redis, settings: Settings) -> None:
    """Raise Failed if a newer version has laid out the keys."""
    if await Layout(redis, Gate(), Alarms(Metrics()), settings.prefix).fault():
        raise Failed("a newer version has changed the key layout in Redis: use that version")


async def _remove(arguments: argparse.Namespace) -> int:
    settings, story = load_settings(), StoryId(arguments.id)
    log.set_up("ERROR", _secrets(settings))
    async with connect(settings.redis_url) as redis:
        await _ours_to_write_in(redis, settings)
        archive = Archive(redis, settings.prefix)
        try:
            readable = await archive.story(story) is not None
            if not readable and await archive.tombstone(story) is not None:
                raise Failed(f"only the last revision number of {story} is still stored")
        except Unreadable:
            readable = False
        if readable:
            raise Failed(
                f"{story} can be read: use `storywire retract {story} --why TEXT` to withdraw it"
            )
        if not await archive.holds(story):
            raise Failed(f"there's no story {story}: `storywire stories` lists them")
        if not arguments.confirm:
            print(
                f"{story} can't be read. This would delete its text, its history and its "
                "index entry. Its"
            )
            print("cards would stay as they are, and a new document for it could be published.")
            print(f"`storywire remove {story} --confirm` removes it. This can't be undone.")
            return OK
        await archive.remove(story)
    print(f"{story} is removed")
    return OK


async def _ledger(arguments: argparse.Namespace) -> int:
    async with _store(RedisLedger) as ledger, _store(Archive) as archive:
        rows = await ledger.of_story(StoryId(arguments.id))
        if not rows and await archive.story(arguments.id) is None:
            raise Failed(f"there's no story {arguments.id}: `storywire stories` lists them")
    for chat, row in sorted(rows.items()):
        state = f"{row.state:<8} r{row.revision:<4} card {row.generation}"
        place = f"at {row.message_id}" if row.message_id else "nowhere"
        why = f"  {in_english(row.why)}" if row.why else ""
        print(f"{row.at:%Y-%m-%d %H:%M:%S}  {chat!s:<32} {state} {place}{why}")
    if not rows:
        print(f"No chat has a card for {arguments.id}.")
    return OK


async def _prune(arguments: argparse.Namespace) -> int:
    settings = load_settings()
    log.set_up("WARNING", _secrets(settings))
    async with connect(settings.redis_url) as redis:
        await _ours_to_write_in(redis, settings)
        lease = RedisLease(redis, "editor", settings.prefix)
        pruner = app.pruner(redis, settings, lease, Alarms(Metrics()))
        plan = await pruner.plan(confirmed=arguments.confirm)
        for line in summary(plan):
            print(line)
        if not arguments.confirm:
            if plan.why:
                print(f"Nothing is deleted: {plan.why}.")
                print("If that's right, `storywire prune --confirm` deletes it anyway.")
            else:
                print("The running bot deletes it automatically, once an hour.")
            return OK
        await pruner.confirm()
        if await lease.taken():
            print("The running bot will delete it within a minute.")
            return OK
        async with lease.held():
            await pruner.sweep(confirmed=True)
        print("Deleted.")
    return OK


async def _due(_: argparse.Namespace) -> int:
    async with _store(RedisDue) as due:
        marks = [mark for platform in CAPABILITIES for mark in await due.all(platform)]
    for mark in sorted(marks, key=lambda mark: mark.seq):
        later = f" at {mark.due_at:%Y-%m-%d %H:%M:%S} UTC" if mark.due_at else ""
        print(f"{mark.chat!s:<32} {mark.subject}{later}")
    if not marks:
        print("Nothing is due.")
    return OK


def _schema(_: argparse.Namespace) -> int:
    print(json.dumps(schema(), ensure_ascii=False, indent=2))
    return OK


async def _check(_: argparse.Namespace) -> int:
    settings = load_settings()
    log.set_up("ERROR", _secrets(settings))
    chats = load_chats(settings.config)
    findings = await check(settings, chats)
    for finding in findings:
        print(finding)
    return OK if all(finding.good for finding in findings) else WRONG


if __name__ == "__main__":
    sys.exit(main())
