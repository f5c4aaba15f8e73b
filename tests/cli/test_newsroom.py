"""`storywire newsroom …`, as people type it."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from cli.__main__ import main
from newsroom.feeds import load_feeds
from tests.newsroom.reading.site import Site, serving
from tests.newsroom.reading.test_parse import rss

CONTACT = {"STORYWIRE_NEWSROOM_CONTACT": "desk@harbour.example"}


@dataclass(frozen=True, slots=True)
class Ended:
    code: int | None
    out: str
    err: str


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with serving() as here:
        yield here


Type = Callable[..., Awaitable[Ended]]


@pytest.fixture
def typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Type]:
    """Types a command in a folder of its own, beside the event loop that serves the site."""
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    monkeypatch.chdir(tmp_path)

    async def type_(*arguments: str, **settings: str) -> Ended:
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        code = await asyncio.to_thread(main, ["newsroom", *arguments])
        out, err = capsys.readouterr()
        return Ended(code, out, err)

    yield type_
    root.setLevel(level)
    root.handlers[:] = handlers


def lists(folder: Path, *urls: str) -> Path:
    """A feeds.toml with these feeds, where this machine may be asked."""
    (folder / "config").mkdir(exist_ok=True)
    blocks = [f'[[feeds]]\nurl = "{url}"\noutlet = "Paper {n}"' for n, url in enumerate(urls, 1)]
    file = folder / "config/feeds.toml"
    file.write_text("\n".join(['allow = ["127.0.0.1"]', *blocks]))
    return file


def fresh() -> str:
    date = format_datetime(datetime.now(UTC) - timedelta(minutes=5))
    return rss(f"<item><title>Ferry\x1b[31m back</title><pubDate>{date}</pubDate></item>")


async def test_try_says_what_a_feed_gives_and_what_is_wrong(
    site: Site, typed: Type, tmp_path: Path
) -> None:
    url = site.has("/feed", fresh())
    lists(tmp_path, url)
    ended = await typed("try", url, **CONTACT)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith(
        f"{url}\nRSS 2.0 “Harbour Times”: 1 item, the newest from 5 minutes ago\n"
    )
    assert "  Ferry[31m back\n" in ended.out, "nothing steers the terminal"
    ended = await typed("try", site.url + "/none", **CONTACT)
    assert (ended.code, ended.out.splitlines()[1]) == (
        1,
        "127.0.0.1 has nothing at this address (404): look for the feed on its site",
    )


async def test_check_says_it_of_every_feed(site: Site, typed: Type, tmp_path: Path) -> None:
    good, bad = site.has("/feed", fresh()), site.has("/gone", status=410)
    lists(tmp_path, good, bad)
    ended = await typed("check", **CONTACT)
    assert ended.code == 1
    assert f"ok    Paper 1  {good}\n      RSS 2.0" in ended.out
    assert f"WRONG Paper 2  {bad}\n      127.0.0.1 says that it's gone for good" in ended.out
    assert ended.err == "storywire: 1 of 2 feeds give no articles\n"


async def test_nothing_is_asked_without_a_contact_or_with_a_bad_file(
    site: Site, typed: Type, tmp_path: Path
) -> None:
    url = site.has("/feed", fresh())
    file = lists(tmp_path, url)
    ended = await typed("check")
    assert (ended.code, site.asked) == (1, [])
    assert "set STORYWIRE_NEWSROOM_CONTACT" in ended.err
    file.write_text('[[feeds]]\nurl = 7\noutlet = ""')
    ended = await typed("check", **CONTACT)
    assert ended.code == 1
    assert ended.err == (
        "storywire: config/feeds.toml, line 2: url takes an address that begins with https:// or "
        "http://, not 7\nconfig/feeds.toml, line 3: outlet takes the publisher's name, 1 to 100 "
        "characters, not “”\n"
    )


async def test_lists_of_feeds_go_in_and_out(typed: Type, tmp_path: Path) -> None:
    (tmp_path / "list.opml").write_text(
        '<opml><body><outline text="News"><outline text="A" xmlUrl="https://a.example/f"/>'
        '<outline text="Paper 1" xmlUrl="https://b.example/f"/></outline></body></opml>'
    )
    file = lists(tmp_path, "https://b.example/f")
    ended = await typed("import", "opml", "list.opml")
    assert ended == Ended(0, "feeds added to config/feeds.toml: 1; listed before: 1\n", "")
    assert [feed.outlet for feed in load_feeds(file).feeds] == ["Paper 1", "A"]
    ended = await typed("export", "opml")
    assert 'xmlUrl="https://a.example/f"' in ended.out
    (tmp_path / "list.opml").write_text("<html></html>")
    ended = await typed("import", "opml", "list.opml")
    assert ended == Ended(
        1,
        "",
        "storywire: list.opml isn't a list of feeds: it begins with <html>, not with <opml>\n",
    )
