"""The `storywire` people type: what it prints, what it refuses in one sentence, how it ends."""

import asyncio
import json
import logging
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import jsonschema
import pytest
from redis.asyncio import Redis

from bot import app
from bot.model.chat import Chat
from bot.model.rule import Loudness, Rule
from cli.__main__ import main
from runtime.connection import connect
from runtime.errors import SetupError
from sandbox import discord, telegram
from stories.archive import Archive
from stories.changes import Door, Verdict
from stories.wire import read, write
from tests.road.parity import FERRY, TRAMS
from tests.road.people import OnDiscord, OnTelegram, Person
from tests.running import bot_running, eventually, free_port, platforms
from tests.server import serving
from tests.stories import test_page as pages

ROOT = Path(__file__).parents[2]
NOWHERE = "redis://127.0.0.1:1/0"
"""No Redis listens on port 1."""


@dataclass(frozen=True, slots=True)
class Ended:
    code: int | None
    out: str
    err: str

    @property
    def sentence(self) -> str:
        """The only thing said on standard error."""
        [said] = self.err.splitlines()
        return said


class Shell:
    """A folder to type commands in, with nothing in it and nothing in the environment."""

    def __init__(self, folder: Path, settings: Mapping[str, str]) -> None:
        self.folder = folder
        self.settings = {"log_level": "ERROR", "http_port": "0", **settings}

    async def start(self, *words: str, **settings: str) -> asyncio.subprocess.Process:
        given = {f"STORYWIRE_{k.upper()}": v for k, v in {**self.settings, **settings}.items()}
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "cli", *words),
            cwd=self.folder,
            env={**kept, **given, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def type(self, *words: str, stdin: bytes = b"", **settings: str) -> Ended:
        """Run one command to its end."""
        process = await self.start(*words, **settings)
        try:
            async with asyncio.timeout(60):
                out, err = await process.communicate(stdin)
        finally:
            if process.returncode is None:
                process.kill()
        ended = Ended(process.returncode, out.decode(), err.decode())
        for token in (discord.TOKEN, telegram.TOKEN, WRONG_DISCORD, WRONG_TELEGRAM):
            assert token not in ended.out + ended.err, "a token is shown"
        assert "Traceback" not in ended.err, ended.err
        return ended


WRONG_DISCORD = discord.TOKEN[:-4] + "xxxx"
WRONG_TELEGRAM = f"{telegram.BOT}:AAH-another-token-that-is-wrong-00001"


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """A command that runs in this process sets up the log; the next test has its own again."""
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    yield
    root.setLevel(level)
    root.handlers[:] = handlers


@pytest.fixture
def shell(tmp_path: Path, redis_url: str, prefix: str) -> Shell:
    return Shell(tmp_path, {"redis_url": redis_url, "prefix": prefix})


def local(here: discord.Discord, there: telegram.Telegram) -> dict[str, str]:
    """The settings that lead to the local platforms."""
    return {
        "discord_token": here.token,
        "discord_api_url": here.api_url,
        "discord_gateway_url": here.gateway_url,
        "telegram_token": there.token,
        "telegram_api_url": there.api_url,
    }


# -- without a Redis -----------------------------------------------------------------------------


async def test_storywire_alone_says_what_there_is_and_ends_with_2(shell: Shell) -> None:
    ended = await shell.type()
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("usage: storywire")


def test_it_says_which_version_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert re.fullmatch(r"storywire \d+\.\d+\.\d+\n", capsys.readouterr().out)


async def test_the_demo_says_when_the_redis_it_was_given_cannot_be_used(shell: Shell) -> None:
    ended = await shell.type("demo", "--port", str(free_port()), "--redis", NOWHERE)
    assert ended.code == 1
    assert ended.sentence.startswith("storywire: the Redis given with --redis can't be used")
    assert ended.sentence.endswith(
        "start it, or leave out --redis to use the one that comes with the demo"
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("frobnicate",), "invalid choice: 'frobnicate'"),
        (("retract", "ferry"), "--why"),
        (("publish",), "file"),
        (("import", "page.txt", "--at", "yesterday"), "write it like 2026-06-25T06:00:00Z"),
        (
            ("import", "page.txt", "--at", "2026-06-25T06:00:00"),
            "write it like 2026-06-25T06:00:00Z",
        ),
        (("demo", "--port", "70000"), "“70000” isn't a port"),
        (("rejected", "--limit", "0"), "“0” isn't a count"),
    ],
)
def test_wrong_words_end_with_2(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def test_the_schema_is_printed_and_accepts_a_story(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(write(FERRY)), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"id": "x", "title": 3, "breakdown": ["x"]}, schema)


async def test_a_saved_page_is_printed_as_a_document(shell: Shell) -> None:
    (shell.folder / "page.txt").write_bytes(pages.OWN.read_bytes())
    ended = await shell.type("import", "page.txt")
    assert (ended.code, ended.err) == (0, "")
    story = read(ended.out).story
    assert (story.id, story.revision) == ("kestrel-bridge-shut", None)
    assert len(story.questions) == 5


async def test_a_pages_id_time_and_revision_can_be_said(shell: Shell) -> None:
    said = ("--id", "bridge", "--at", "2026-06-25T08:00:00+02:00", "--revision", "7")
    ended = await shell.type("import", "-", *said, stdin=pages.OWN.read_bytes())
    story = read(ended.out).story
    assert (story.id, story.revision) == ("bridge", 7)
    assert story.updated_at == datetime(2026, 6, 25, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("words", "page", "said"),
    [
        ((), "", "no title"),
        ((), "A title\nand a line, and nothing more", "breakdown"),
        (("--id", "Not An Id"), pages.OWN.read_text("utf-8"), "id"),
        (("--revision", "0"), pages.OWN.read_text("utf-8"), "revision"),
        (("--at", "1066-10-14T09:00:00Z"), pages.OWN.read_text("utf-8"), "2000"),
    ],
)
def test_what_is_no_page_is_refused_in_one_sentence(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    page: str,
    said: str,
) -> None:
    file = tmp_path / "page.txt"
    file.write_text(page, "utf-8")
    assert main(["import", str(file), *words]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    [sentence] = printed.err.splitlines()
    assert sentence.startswith("storywire: ")
    assert said in sentence


PAGE = "Rain Again\n\nThe Breakdown\n• It rained – “all day”.\n\nYou’re all caught up\n"


@pytest.mark.parametrize("encoding", ["cp1252", "mac_roman", "utf-16", "gb18030"])
def test_a_page_in_another_encoding_is_refused_for_that(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], encoding: str
) -> None:
    file = tmp_path / "page.txt"
    file.write_bytes(PAGE.replace("’", "'").encode(encoding))
    assert main(["import", str(file)]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    [sentence] = printed.err.splitlines()
    assert f"{file} isn't UTF-8 (byte " in sentence


def test_a_file_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", "nowhere.txt"]) == 1
    assert capsys.readouterr().err == (
        "storywire: can't read nowhere.txt: No such file or directory\n"
    )


# -- the archive ---------------------------------------------------------------------------------


async def test_documents_are_left_at_the_inbox_and_bad_ones_named(
    shell: Shell, archive: Archive
) -> None:
    (shell.folder / "ferry.json").write_bytes(write(FERRY))
    strange = json.dumps({"id": "x", "title": "X", "breakdown": ["x"], "colour": "red"}).encode()
    large = write(FERRY).replace(b"Night", b"N" * 2_000_000)
    several = [write(TRAMS), b'{"id": "x", "title": 3}', b"7", large, strange]
    one, some, broken = await asyncio.gather(
        shell.type("publish", "ferry.json"),
        shell.type("publish", "-", stdin=b"[%s]" % b", ".join(several)),
        shell.type("publish", "-", stdin=b"[{]"),
    )
    assert one == Ended(0, "ferry is in the inbox\n", "")
    assert (some.code, some.out) == (1, "trams is in the inbox\nx is in the inbox\n")
    second, title, points, third, fourth, fifth, where = some.err.splitlines()
    assert second == "storywire: document 2 was refused:"
    assert title.startswith("  title is the number 3, but must be a text")
    assert points == "  breakdown is missing and may not be left out"
    assert third.startswith("storywire: document 3 was refused: ")
    assert re.search("document 4 was refused: .* 2\\d{6} bytes, but at most 262144 fit", fourth)
    assert fifth == "storywire: document 5: unknown fields, left out: colour"
    assert where == "storywire: `storywire rejected` lists what was refused, and why"
    assert (broken.code, broken.out) == (1, "")
    assert broken.sentence.startswith("storywire: the array isn't JSON: ")
    left = {read(document).story.id async for document in _first(archive, 3)}
    assert left == {"ferry", "trams", "x"}


async def test_of_a_single_bad_document_each_fault_has_a_line_and_it_can_be_read_again(
    shell: Shell,
) -> None:
    wrong = {"id": "x", "title": "X", "breakdown": list(range(13)), "rank": 0}
    ended = await shell.type("publish", "-", stdin=json.dumps(wrong).encode())
    first, *faults, more, where = ended.err.splitlines()
    assert first == "storywire: the document was refused:"
    expected = "but must be a text of 1 to 2000 characters"
    assert faults == [f"  breakdown[{n}] is the number {n}, {expected}" for n in range(10)]
    assert more == "  and 4 more"
    assert "`storywire rejected`" in where
    listed = await shell.type("rejected")
    assert "breakdown[0] is the number 0" in listed.out
    assert '"title": "X"' in listed.out
    odd = {"id": "x", "title": "X", "breakdown": ["x"], "colour": "red"}
    ended = await shell.type("publish", "-", stdin=json.dumps([odd]).encode())
    assert ended == Ended(
        0, "x is in the inbox\n", "storywire: the document: unknown fields, left out: colour\n"
    )


async def test_an_array_is_read_as_its_documents_would_be_alone(
    shell: Shell, archive: Archive
) -> None:
    """With a mark before it, and each fault told as that of a single document."""
    ferry, trams = write(FERRY), write(TRAMS)
    twice = b'{"id": "x", "title": "X", "title": "Y", "breakdown": ["x"]}'
    endless = b'{"id": "x", "title": "X", "breakdown": ["x"], "rank": 1%s}' % (b"0" * 5000)
    marked, odd, ansi, deep, cut, more = await asyncio.gather(
        shell.type("publish", "-", stdin=b"\xef\xbb\xbf [%s,\r\n%s]\n" % (ferry, trams)),
        shell.type("publish", "-", stdin=b"[%s, %s]" % (twice, endless)),
        shell.type("publish", "-", stdin="[“”]".encode("cp1252")),
        shell.type("publish", "-", stdin=b"[" * 100_000),
        shell.type("publish", "-", stdin=b"[%s" % ferry),
        shell.type("publish", "-", stdin=b"[] []"),
    )
    assert marked == Ended(0, "ferry is in the inbox\ntrams is in the inbox\n", "")
    assert {read(document).story.id async for document in _first(archive, 2)} == {"ferry", "trams"}
    assert "document 1 was refused: title is given twice" in odd.err
    assert "document 2 was refused: rank is 1000" in odd.err
    assert "finite number" in odd.err
    assert "the document was refused: the document is not UTF-8: byte 1 is wrong" in ansi.err
    assert deep.sentence == "storywire: the array is nested too deeply: five levels are enough"
    for broken in (cut, more):
        assert broken.code == 1
        assert broken.sentence.startswith("storywire: the array isn't JSON: ")


async def _first(archive: Archive, number: int) -> AsyncGenerator[bytes]:
    async with aclosing(archive.inbox()) as left:
        for _ in range(number):
            yield await anext(left)


async def test_the_archive_and_what_it_refused_are_listed(shell: Shell, archive: Archive) -> None:
    await archive.accept(FERRY)
    await archive.accept(replace(TRAMS, title="Trams \x1b[31mred\nand a second line"))
    await archive.reject(Door.INBOX, b'{"id": \x1b[31m', "it is not JSON")
    listed, refused = await asyncio.gather(shell.type("stories"), shell.type("rejected"))
    newest, oldest = listed.out.splitlines()
    assert re.fullmatch(r"[-\d]+ [\d:]+ +cooling +r1 +trams +Trams .*red and a second line", newest)
    assert re.fullmatch(r"[-\d]+ [\d:]+ +active +r1 +ferry +Night ferry returns", oldest)
    assert "it is not JSON" in refused.out
    assert "\x1b" not in listed.out + refused.out, "what was published reaches the terminal"


async def test_the_ledger_tells_a_story_without_cards_from_one_that_is_not_there(
    shell: Shell, archive: Archive
) -> None:
    await archive.accept(FERRY)
    known, unknown = await asyncio.gather(
        shell.type("ledger", "ferry"), shell.type("ledger", "trams")
    )
    assert known == Ended(0, "No chat has a card for ferry.\n", "")
    assert (unknown.code, unknown.out) == (1, "")
    assert unknown.sentence == "storywire: there's no story trams: `storywire stories` lists them"


async def test_a_story_is_withdrawn_and_its_cards_are_struck_through(
    shell: Shell, archive: Archive, redis_url: str, prefix: str
) -> None:
    everything = Rule(all=True, loudness=Loudness.EDIT)
    chats = {
        Chat("discord", discord.NEWS): everything,
        Chat("telegram", str(telegram.GROUP)): everything,
    }
    async with (
        platforms() as (here, there),
        bot_running(here, there, archive, redis_url, prefix, chats) as road,
    ):
        await road.publish(FERRY)
        people = (
            OnDiscord(here, discord.MIRA, discord.NEWS),
            OnTelegram(there, telegram.MIRA, telegram.GROUP),
        )
        for person in people:
            await eventually(person.read, "the card")
        unknown, known = await asyncio.gather(
            shell.type("retract", "trams", "--why", "It never was"),
            shell.type("retract", "ferry", "--why", "It never sailed"),
        )
        assert unknown.code == 1
        assert unknown.sentence == (
            "storywire: there's no story trams: `storywire stories` lists them"
        )
        assert known == Ended(0, "ferry is withdrawn; its cards will be updated\n", "")
        for person in people:
            await eventually(partial(_withdrawn, person), "the card is struck through")
    embed = here.messages(discord.NEWS)[0]["embeds"][0]
    assert embed["title"] == "~~Night ferry returns~~"


@pytest.mark.parametrize("ahead", ["both", "start", "update"])
async def test_a_story_from_a_clock_that_was_ahead_is_withdrawn(
    shell: Shell, archive: Archive, ahead: str
) -> None:
    then, now = datetime(2098, 3, 1, tzinfo=UTC), datetime.now(UTC)
    started = None if ahead == "update" else then
    await archive.accept(
        replace(FERRY, started_at=started, updated_at=None if ahead == "start" else then)
    )
    ended = await shell.type("retract", "ferry", "--why", "It was wrong.")
    assert ended == Ended(0, "ferry is withdrawn; its cards will be updated\n", "")
    [document] = [each async for each in _first(archive, 1)]
    gone = read(document).story
    assert gone.retracted == "It was wrong."
    assert gone.updated_at is not None
    assert gone.updated_at == started or now <= gone.updated_at + timedelta(seconds=1) < then


def _withdrawn(person: Person) -> bool:
    return "Withdrawn: It never sailed" in person.read()[0]


async def test_without_redis_every_command_says_so_in_one_sentence(shell: Shell) -> None:
    (shell.folder / "ferry.json").write_bytes(write(FERRY))
    for ended in await asyncio.gather(
        shell.type("stories", redis_url=NOWHERE),
        shell.type("publish", "ferry.json", redis_url=NOWHERE),
        shell.type("rejected", redis_url=NOWHERE),
        shell.type("ledger", "ferry", redis_url=NOWHERE),
        shell.type("retract", "ferry", "--why", "It never sailed", redis_url=NOWHERE),
    ):
        assert (ended.code, ended.out) == (1, "")
        assert ended.sentence.startswith("storywire: can't reach Redis (")
        assert ended.sentence.endswith("start it, or fix STORYWIRE_REDIS_URL")


COMMANDS = (
    ("stories",),
    ("publish", "ferry.json"),
    ("rejected",),
    ("ledger", "ferry"),
    ("retract", "ferry", "--why", "It never sailed"),
    ("due",),
    ("prune",),
)


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
def test_a_redis_without_that_database_is_named_in_one_sentence(
    words: tuple[str, ...],
    redis_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STORYWIRE_REDIS_URL", redis_url.removesuffix("/0") + "/99")
    Path("ferry.json").write_bytes(write(FERRY))
    assert main(list(words)) == 1
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert said.err.startswith("storywire: Redis refuses (DB index): ")
    assert "STORYWIRE_REDIS_URL" in said.err


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("maxmemory", "1mb", "Raise maxmemory"),
        ("min-replicas-to-write", "1", "Start a replica"),
        ("replicaof", "127.0.0.1 1", "it's a read-only replica"),
    ],
)
def test_a_redis_that_refuses_a_document_is_named_in_one_sentence(
    setting: str,
    value: str,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("ferry.json").write_bytes(write(FERRY))
    with serving(None, f"--{setting}", *value.split()) as url:
        monkeypatch.setenv("STORYWIRE_REDIS_URL", url)
        assert main(["publish", "ferry.json"]) == 1
    printed = capsys.readouterr()
    assert (printed.out, printed.err.count("\n")) == ("", 1)
    assert said in printed.err


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [
        ("REDIS_URL", "redis://user:pa/ss@host:6379/0", "USER:PASSWORD@HOST:6379/0, in the passw"),
        ("REDIS_URL", "redis://user:pa#ss@host:6379/0", "%23 for #"),
        ("REDIS_URL", "redis://user:pa[ss@host:6379/0", "%5B for ["),
        ("REDIS_URL", "redis://[::1/0", "brackets, such as [::1]"),
        ("EDIT_SPACING_S", "inf", "from 0 to 604800, not inf"),
        ("FIRST_HOURS", "1e300", "up to 87600, not 1e300"),
    ],
)
@pytest.mark.parametrize("command", ["run", "check"])
def test_a_wrong_setting_is_refused_with_a_remedy_that_can_be_read(
    command: str,
    name: str,
    value: str,
    remedy: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(f"STORYWIRE_{name}", value)
    assert main([command]) == 1
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert said.err.startswith(f"storywire: STORYWIRE_{name} is wrong: ")
    assert remedy in said.err
    assert "[secret]" not in said.err
    assert "user:pa" not in said.err


async def test_a_bot_whose_redis_has_no_such_database_ends_with_that_sentence(
    redis_url: str,
) -> None:
    async with connect(redis_url.removesuffix("/0") + "/99") as redis:
        with pytest.raises(SetupError) as wrong:
            await app.reach(Archive(redis))
    assert "it has no database with the number at the end of STORYWIRE_REDIS_URL" in str(
        wrong.value
    )


# -- check ---------------------------------------------------------------------------------------


async def test_a_good_set_up_is_found_good_and_what_is_wrong_is_named(shell: Shell) -> None:
    (shell.folder / "config").mkdir()
    (shell.folder / "config" / "storywire.toml").write_text(
        f'[[chats]]\nchat = "discord:{discord.NEWS}"\nstories = "all"\n'
        f'[[chats]]\nchat = "telegram:{telegram.GROUP}"\nstories = "all"\n'
    )
    async with platforms() as (here, there):
        shell.settings |= local(here, there)
        good = await shell.type("check")
        assert (good.code, good.err) == (0, "")
        assert [line[:6] for line in good.out.splitlines()] == ["ok    "] * 6
        assert f"discord:{discord.NEWS}: the bot can post and pin" in good.out

        here.deny(discord.NEWS, "PIN_MESSAGES", "EMBED_LINKS")
        there.deny(telegram.GROUP, "can_pin_messages")
        wrong_tokens = {"discord_token": WRONG_DISCORD, "telegram_token": WRONG_TELEGRAM}
        lacking, wrong = await asyncio.gather(
            shell.type("check"),
            shell.type("check", stdin=b"", redis_url=NOWHERE, **wrong_tokens),
        )
    assert lacking.code == wrong.code == 1
    assert _to_mend(lacking) == [
        f"discord:{discord.NEWS}: give the bot Embed Links, Pin Messages in this chat's settings",
        f"telegram:{telegram.GROUP}: give the bot Pin Messages in this chat's settings",
    ]
    away, refused, refused_too = _to_mend(wrong)
    assert away.startswith("Redis does not answer (")
    assert refused.startswith("Discord refused the token: ")
    assert "STORYWIRE_DISCORD_TOKEN" in refused
    assert refused_too.startswith("Telegram refused the token: ")
    assert "STORYWIRE_TELEGRAM_TOKEN" in refused_too


async def test_what_holds_no_cards_is_named_with_what_to_write_instead(shell: Shell) -> None:
    (shell.folder / "config").mkdir()
    async with platforms() as (here, there):
        shell.settings |= local(here, there)
        made = {kind: here.add_channel(kind, kind) for kind in ("forum", "category", "stage")}
        thread = here.add_thread(made["forum"], "A post")
        chats = [f"discord:{number}" for number in (*made.values(), discord.GUILD, thread)]
        chats += [f"telegram:{telegram.FORUM}/1", f"telegram:{telegram.GROUP}/7"]
        (shell.folder / "config" / "storywire.toml").write_text(
            "".join(f'[[chats]]\nchat = "{chat}"\nstories = "all"\n' for chat in chats)
        )
        told = await shell.type("check")
    forum, category, stage = made.values()
    assert _to_mend(told) == [
        f"discord:{discord.GUILD}: That's a server ID, not a channel ID. Right-click the "
        "channel → Copy Channel ID, and use that.",
        (
            f"discord:{forum}: That's a forum: posts go into its threads, not into the forum "
            "itself. Use the ID of one of its threads, or use /follow there."
        ),
        (
            f"discord:{category}: That's a category: it holds channels, not messages. Use the "
            "ID of a channel in it."
        ),
        (
            f"discord:{stage}: That's a stage channel: its chat is only for people at an "
            "event. Choose a text channel or a thread."
        ),
        (
            f"telegram:{telegram.GROUP}/7: The group has no topics. Leave out the slash and "
            "the number after it."
        ),
    ]
    assert f"discord:{thread}: the bot can post and pin" in told.out
    assert f"telegram:{telegram.FORUM}: the bot can post and pin" in told.out


def _to_mend(ended: Ended) -> list[str]:
    found = (line.partition("FIX   ") for line in ended.out.splitlines())
    return [said for _, mend, said in found if mend]


# -- run -----------------------------------------------------------------------------------------


async def test_a_bot_that_cannot_start_says_why_in_one_sentence(shell: Shell) -> None:
    with socket.socket() as taken:
        taken.bind(("0.0.0.0", 0))  # noqa: S104
        taken.listen()
        port = str(taken.getsockname()[1])
        async with platforms() as (here, there):
            none = await shell.type("run")
            shell.settings |= local(here, there)
            wrong, wrong_too, in_use = await asyncio.gather(
                shell.type("run", discord_token=WRONG_DISCORD, telegram_token=""),
                shell.type("run", discord_token="", telegram_token=WRONG_TELEGRAM),
                shell.type("run", http_port=port),
            )
    for ended, said in (
        (wrong, "Discord refused the token: "),
        (wrong_too, "Telegram refused the token: "),
        (in_use, f"port {port} is in use: set STORYWIRE_HTTP_PORT to a free one"),
        (none, "there's no platform to run on: set STORYWIRE_DISCORD_TOKEN"),
    ):
        assert (ended.code, ended.out) == (1, "")
        assert ended.sentence.startswith(f"storywire: {said}")


async def test_a_redis_that_does_not_come_is_waited_for_and_then_named() -> None:
    async with connect(NOWHERE) as redis:
        with pytest.raises(SetupError) as wrong:
            await app.reach(Archive(redis), patience_s=0.5)
    assert "Redis didn't answer" in str(wrong.value)
    assert str(wrong.value).endswith("start it, or fix STORYWIRE_REDIS_URL")


async def test_a_signal_ends_the_bot_well(shell: Shell, archive: Archive) -> None:
    assert (await archive.accept(FERRY))[0] is Verdict.ACCEPTED
    async with platforms() as (here, there):
        running = await shell.start("run", log_level="INFO", **local(here, there))
        try:
            await eventually(lambda: here.view()["connected"] and there.view()["connected"])
            running.send_signal(signal.SIGTERM)
            async with asyncio.timeout(20):
                out, err = await running.communicate()
        finally:
            if running.returncode is None:
                running.kill()
    assert out == b""
    assert running.returncode == 0
    said = err.decode()
    assert "lease held" in said
    for never in ("Traceback", "ERROR", discord.TOKEN, telegram.TOKEN):
        assert never not in said


async def test_a_story_that_cannot_be_read_is_named_and_removed(
    shell: Shell, archive: Archive, redis: Redis, prefix: str
) -> None:
    for story in (FERRY, TRAMS):
        await archive.accept(story)
    await redis.hset(f"{prefix}:{{archive}}:story:ferry", "document", '{"version":2}')
    listed, withdrawn, readable, unknown, asked = await asyncio.gather(
        shell.type("stories"),
        shell.type("retract", "ferry", "--why", "It never sailed"),
        shell.type("remove", "trams", "--confirm"),
        shell.type("remove", "tram"),
        shell.type("remove", "ferry"),
    )
    assert listed.code == 0
    assert ("trams" in listed.out, "ferry" in listed.out) == (True, False)
    assert f"{prefix}:{{archive}}:story:ferry can't be read: " in listed.err
    assert "`storywire remove ID` removes such a story" in listed.err
    assert withdrawn.code == 1
    assert "ferry cannot be read by this version" in withdrawn.sentence
    assert readable.sentence == (
        "storywire: trams can be read: use `storywire retract trams --why TEXT` to withdraw it"
    )
    assert unknown.sentence == "storywire: there's no story tram: `storywire stories` lists them"
    assert (asked.code, "--confirm" in asked.out) == (0, True)
    assert await redis.exists(f"{prefix}:{{archive}}:story:ferry")
    removed = await shell.type("remove", "ferry", "--confirm")
    assert removed == Ended(0, "ferry is removed\n", "")
    assert [key async for key in redis.scan_iter(f"{prefix}:*ferry*")] == []
    listed = await shell.type("stories")
    assert (listed.code, listed.err) == (0, "")
    assert (await archive.accept(FERRY))[0] is Verdict.ACCEPTED


async def test_where_a_newer_version_has_laid_out_the_keys_nothing_is_written_and_check_says_so(
    shell: Shell, redis_url: str, prefix: str
) -> None:
    (shell.folder / "ferry.json").write_bytes(write(FERRY))
    (shell.folder / "data").write_text("a file in the folder's place")
    async with connect(redis_url) as redis:
        await Archive(redis, prefix).accept(FERRY)
        await redis.set(f"{prefix}:layout", 99)
        found = await shell.type("check")
        for ended in await asyncio.gather(
            shell.type("publish", "ferry.json"),
            shell.type("retract", FERRY.id, "--why", "It never sailed"),
            shell.type("prune", "--confirm"),
        ):
            assert (ended.code, ended.out) == (1, "")
            assert ended.sentence.endswith(
                "a newer version has changed the key layout in Redis: use that version"
            )
        assert not await redis.exists(f"{prefix}:inbox")
        await redis.set(f"{prefix}:layout", 1)
        await redis.set(f"{prefix}:inbox", "of another type")
        later = await shell.type("check")
    assert found.code == 1
    assert "FIX   The key layout in Redis has version 99" in found.out
    assert "FIX " in next(line for line in found.out.splitlines() if "data" in line), found.out
    assert f"FIX   the key {prefix}:inbox holds something else than documents" in later.out
