"""The fetcher over real sockets: what it asks, what it takes, and what it refuses."""

import asyncio
import gzip
import zlib
from collections.abc import Sequence
from datetime import timedelta

import pytest
from aiohttp import web

from newsroom.reading.fetch import Fault, Fetcher, FetchFailed, Limits, NoContact
from newsroom.reading.guard import Guard, Resolved
from tests.newsroom.reading.site import Site, fetcher, now, serving

FEED = b"<rss version='2.0'><channel><title>Harbour Times</title></channel></rss>"


async def failure(fetching: Fetcher, url: str) -> FetchFailed:
    with pytest.raises(FetchFailed) as caught:
        await fetching.get(url)
    return caught.value


@pytest.mark.parametrize("contact", ["", "me", "https://", "a@b", "desk@paper.example\r\nX: y"])
def test_nothing_is_fetched_before_a_contact_is_set(contact: str) -> None:
    with pytest.raises(NoContact, match="set STORYWIRE_NEWSROOM_CONTACT"):
        Fetcher(contact, Guard(), now)


async def test_it_says_who_asks_and_brings_the_answer_back(site: Site, fetching: Fetcher) -> None:
    url = site.has("/feed", FEED, ETag='W/"a,b"', Last_Modified="yesterday", Content_Type="a/b")
    answer = await fetching.get(url)
    assert answer.body == FEED
    assert (answer.status, answer.url, answer.content_type) == (200, url, "a/b")
    assert (answer.etag, answer.last_modified) == ('W/"a,b"', "yesterday")
    headers = site.asked[0].headers
    assert headers["User-Agent"].startswith("Storywire/")
    assert "desk@harbour.example" in headers["User-Agent"]
    assert not {"If-None-Match", "If-Modified-Since", "Cookie"} & set(headers)


async def test_validators_go_back_word_for_word(site: Site, fetching: Fetcher) -> None:
    url = site.has("/feed", status=304)
    answer = await fetching.get(url, etag='unquoted-"gzip', last_modified="not a date")
    assert answer.status == 304
    assert site.asked[0].headers["If-None-Match"] == 'unquoted-"gzip'
    assert site.asked[0].headers["If-Modified-Since"] == "not a date"


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "deflate", "raw", "members", "padded"])
async def test_compressed_bodies_are_unpacked(site: Site, fetching: Fetcher, coding: str) -> None:
    body = FEED * 1000
    raw = zlib.compressobj(wbits=-15)
    packed = {
        "deflate": zlib.compress(body),
        "raw": raw.compress(body) + raw.flush(),
        "members": gzip.compress(body[:500]) + gzip.compress(body[500:]),
        "padded": gzip.compress(body) + b"\0" * 100,
    }.get(coding, gzip.compress(body))
    named = {"raw": "deflate", "members": "gzip", "padded": "gzip"}.get(coding, coding)
    url = site.has("/feed", packed, Content_Encoding=named)
    assert (await fetching.get(url)).body == body


@pytest.mark.parametrize("packed", [FEED, gzip.compress(FEED * 99)[:-20], b"\x1f\x8b\x08garbage"])
async def test_bad_gzip_is_named(site: Site, fetching: Fetcher, packed: bytes) -> None:
    error = await failure(fetching, site.has("/feed", packed, Content_Encoding="gzip"))
    assert error.fault is Fault.PACKING
    assert "can't be unpacked" in str(error)


async def test_a_packing_that_nobody_asked_for_is_named(site: Site, fetching: Fetcher) -> None:
    error = await failure(fetching, site.has("/feed", FEED, Content_Encoding="br"))
    assert str(error) == "127.0.0.1 compresses its answer as “br”, which wasn't asked for"


async def test_a_bomb_is_put_down_before_it_is_large(site: Site, fetching: Fetcher) -> None:
    bomb = gzip.compress(b"\0" * (60 * 2**20), 1)
    error = await failure(fetching, site.has("/feed", bomb, Content_Encoding="gzip"))
    assert (error.fault, str(error)) == (
        Fault.BIG,
        "127.0.0.1's answer unpacks to more than 40 MB",
    )


async def test_a_body_of_100_mb_is_left_after_10(site: Site, fetching: Fetcher) -> None:
    error = await failure(fetching, site.streams("/feed", b"x" * 2**20, 100))
    assert (error.fault, str(error)) == (
        Fault.BIG,
        "127.0.0.1's answer is larger than 10 MB",
    )
    assert site.sent < 50 * 2**20
    url = site.streams("/said", b"x", 1, Content_Length=str(100 * 2**20))
    assert (await failure(fetching, url)).fault is Fault.BIG


async def test_a_body_that_drips_is_left_in_time(site: Site) -> None:
    url = site.streams("/feed", b"x", 10_000, pause=0.02)
    async with fetcher(limits=Limits(seconds=0.3)) as fetching:
        error = await failure(fetching, url)
    assert (error.fault, str(error)) == (
        Fault.SLOW,
        "127.0.0.1 didn't finish answering within 0.3 seconds",
    )


async def test_redirects_share_one_time_limit(site: Site) -> None:
    async def slow(_: web.Request) -> web.Response:
        await asyncio.sleep(0.15)
        return web.Response(status=302, headers={"Location": "/feed"})

    async with fetcher(limits=Limits(seconds=0.3)) as fetching:
        assert (await failure(fetching, site.answers("/feed", slow))).fault is Fault.SLOW


async def test_an_answer_that_ends_early_is_named(site: Site, fetching: Fetcher) -> None:
    async def cut(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "5000"})
        await response.prepare(request)
        await response.write(FEED)
        assert request.transport
        request.transport.close()
        return response

    error = await failure(fetching, site.answers("/feed", cut))
    assert (error.fault, str(error)) == (
        Fault.BROKEN,
        "127.0.0.1 closed the connection before its answer was complete",
    )


async def test_nobody_listens_no_tls_and_no_such_name(site: Site, fetching: Fetcher) -> None:
    async with serving() as other:
        away = other.url
    assert (await failure(fetching, away)).fault is Fault.CONNECTION
    assert (await failure(fetching, site.url.replace("http", "https"))).fault is Fault.TLS

    async def unknown(host: str, port: int) -> Sequence[str]:
        raise OSError("unknown")

    async with fetcher(Guard(lookup=unknown)) as lost:
        error = await failure(lost, "https://paper.invalid/feed")
    assert str(error) == "there's no server called paper.invalid: check the spelling"


@pytest.mark.parametrize("url", ["", "feed", "ftp://127.0.0.1/", "file:///etc/passwd", "http://"])
async def test_what_is_no_web_address_is_refused(fetching: Fetcher, url: str) -> None:
    assert (await failure(fetching, url)).fault is Fault.REFUSED


async def test_redirects_are_followed_and_permanent_ones_are_told(
    site: Site, fetching: Fetcher
) -> None:
    feed = site.has("/feed", FEED)
    new, newer = site.moves("/new", "/feed", 302), site.moves("/newer", "/new", 308)
    old = site.moves("/old", newer)
    answer = await fetching.get(old)
    assert (answer.body, answer.url) == (FEED, feed)
    assert answer.moved_to == new, "only what came before the temporary redirect is permanent"
    assert (await fetching.get(new)).moved_to is None
    assert (await fetching.get(feed)).moved_to is None


async def test_redirects_in_a_circle_end(site: Site, fetching: Fetcher) -> None:
    error = await failure(fetching, site.moves("/feed", "/feed"))
    assert error.fault is Fault.REDIRECTS
    assert len(site.asked) == 6


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.2:{port}/secret",
        "http://[::ffff:127.0.0.2]:{port}/secret",
        "http://localhost.test:{port}/secret",
        "http://169.254.169.254/latest/meta-data",
        "http://10.0.0.1/secret",
        "http://2130706434:{port}/secret",
        "file:///etc/passwd",
        "gopher://127.0.0.1:{port}/secret",
        "http://127.0.0.1:22/",
    ],
)
async def test_a_redirect_to_a_private_address_is_refused(target: str) -> None:
    async def lookup(host: str, port: int) -> Sequence[str]:
        return ["127.0.0.2"]

    async with (
        serving("0.0.0.0") as site,  # noqa: S104  # so that 127.0.0.2 would answer, too
        fetcher(Guard(["127.0.0.1"], lookup)) as fetching,
    ):
        port = site.url.rpartition(":")[2]
        url = site.moves("/feed", target.format(port=port))
        assert (await failure(fetching, url)).fault is Fault.REFUSED
        assert [request.path for request in site.asked] == ["/feed"]


async def test_a_name_that_turns_private_later_is_refused() -> None:
    answers = iter([["127.0.0.1"], ["127.0.0.2"], ["127.0.0.1"]])

    async def rebinding(host: str, port: int) -> Sequence[str]:
        return next(answers)

    async with (
        serving("0.0.0.0") as site,  # noqa: S104
        fetcher(Guard(["127.0.0.1"], rebinding)) as fetching,
    ):
        site.has("/feed", FEED)
        url = site.url.replace("127.0.0.1", "paper.example") + "/feed"
        assert (await fetching.get(url)).body == FEED
        assert (await failure(fetching, url)).fault is Fault.REFUSED
        assert len(site.asked) == 1


async def test_a_redirect_from_outside_may_not_use_what_is_allowed(site: Site) -> None:
    class WithAnOutside(Guard):
        async def resolve(self, scheme: str, host: str, port: int, *, trusted: bool) -> Resolved:
            found = await super().resolve(scheme, "127.0.0.1", port, trusted=trusted)
            return Resolved(found.addresses, own=host != "outside.example")

    site.has("/feed", FEED)
    site.moves("/inside", "/feed")
    outside = site.moves("/out", f"{site.url}/feed").replace("127.0.0.1", "outside.example")
    async with fetcher(WithAnOutside(["127.0.0.1"])) as fetching:
        assert (await fetching.get(f"{site.url}/inside")).body == FEED
        assert (await failure(fetching, outside)).fault is Fault.REFUSED


@pytest.mark.parametrize(
    ("said", "wait"),
    [
        ("120", timedelta(minutes=2)),
        ("Tue, 24 Nov 2026 12:10:00 GMT", timedelta(minutes=10)),
        ("Tue, 24 Nov 2026 11:00:00 GMT", timedelta(0)),
        ("999999999999", timedelta(hours=24)),
        ("Fri, 24 Nov 2028 12:10:00 GMT", timedelta(hours=24)),
        ("soon", None),
        ("-5", None),
    ],
)
async def test_retry_after_is_read(
    site: Site, fetching: Fetcher, said: str, wait: timedelta | None
) -> None:
    answer = await fetching.get(site.has("/feed", status=429, Retry_After=said))
    assert (answer.status, answer.retry_after) == (429, wait)


async def test_freshness_is_read(site: Site, fetching: Fetcher) -> None:
    url = site.has("/feed", FEED, Cache_Control="public, s-maxage=9, max-age=3600", Age="600")
    assert (await fetching.get(url)).max_age == timedelta(minutes=50)
    assert (await fetching.get(site.has("/none", FEED))).max_age is None


async def test_one_connection_per_host_and_others_beside_it(site: Site) -> None:
    at_once, most = 0, 0
    waiting = asyncio.Event()

    async def busy(_: web.Request) -> web.Response:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(0.01)
        at_once -= 1
        return web.Response(body=FEED)

    async def held(_: web.Request) -> web.Response:
        await waiting.wait()
        return web.Response(body=FEED)

    async def lookup(host: str, port: int) -> Sequence[str]:
        return ["127.0.0.1"]

    for each in range(5):
        site.answers(f"/{each}", busy)
    slow = site.answers("/held", held).replace("127.0.0.1", "slow.example")
    async with fetcher(Guard(["127.0.0.1"], lookup)) as fetching:
        first = asyncio.create_task(fetching.get(slow))
        await asyncio.gather(*(fetching.get(f"{site.url}/{each}") for each in range(5)))
        assert most == 1
        assert not first.done(), "a slow host holds nobody else up"
        waiting.set()
        assert (await first).body == FEED


async def test_a_host_is_left_alone_between_two_questions(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    paused: list[float] = []

    async def pause(seconds: float) -> None:
        if seconds:
            paused.append(seconds)

    url = site.has("/feed", FEED)
    async with Fetcher("desk@harbour.example", Guard(["127.0.0.1"]), now) as fetching:
        await fetching.get(url)
        monkeypatch.setattr("newsroom.reading.fetch.asyncio.sleep", pause)
        await fetching.get(url)
    assert len(paused) == 1
    assert 0 < paused[0] <= 2


async def test_headers_that_could_not_be_sent_back_are_not_kept(
    site: Site, fetching: Fetcher
) -> None:
    url = site.has("/feed", FEED, ETag="x" * 1001, Last_Modified="a\tb")
    answer = await fetching.get(url)
    assert (answer.etag, answer.last_modified) == ("", "")
