"""Fetches feeds over HTTP: politely, within limits, and only from addresses the guard lets through.

Polite: it asks conditionally, keeps one connection per host with a pause after each answer, and
says who is asking; without a contact it can't be built. Limited: bytes, unpacked bytes, redirects,
and the time of all of it, so neither a huge body nor one that drips for hours holds anything up.
What the server says about moving, waiting and caching is handed on; `schedule` acts on it.

The only module that knows aiohttp.
"""

import asyncio
import contextlib
import os
import re
import socket
import zlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from importlib.metadata import version
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from newsroom.reading.guard import Guard, Refused
from newsroom.reading.plain import clean, one_line

REDIRECTS = 5
SPACING_S = 2.0
"""Seconds between an answer of a host and the next question to it."""
AT_ONCE = 200
"""Requests under way at the same time, over all hosts."""
LONGEST_WAIT = timedelta(hours=24)
"""The longest Retry-After that is obeyed."""

_LANES = 2_000
"""Hosts whose last answer is remembered before those that rest are forgotten."""
_VALIDATOR = 1_000
"""Characters of an ETag or a Last-Modified; a longer one isn't kept."""
_SENTENCE = 500
_STEP = 2**20
"""Bytes unpacked before other work on the event loop has its turn."""
_ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml, "
    "application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.5"
)
_CONTACT = re.compile(r"https?://[!-~]+\.[!-~]+|[!-~]+@[!-~]+\.[!-~]+")
_MAX_AGE = re.compile(r"(?:^|[\s,])max-age\s*=\s*\"?(\d{1,10})", re.I)


class Fault(StrEnum):
    """Why there is no answer at all."""

    NAME = "name"
    REFUSED = "refused"
    CONNECTION = "connection"
    TLS = "tls"
    SLOW = "slow"
    BIG = "big"
    REDIRECTS = "redirects"
    PACKING = "packing"
    BROKEN = "broken"


class FetchFailed(Exception):
    """No answer came that can be used; str() is a sentence for the operator, with the remedy."""

    def __init__(self, fault: Fault, sentence: str) -> None:
        super().__init__(one_line(clean(sentence, _SENTENCE)))  # a server may have a say in it
        self.fault = fault


class NoContact(ValueError):
    """Publishers can't reach the operator yet, so nothing is fetched; str() says what to set."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one answer may cost."""

    packed: int = 10 * 2**20
    """Bytes as they come over the wire."""
    unpacked: int = 40 * 2**20
    seconds: float = 20.0
    """For all redirects together, without the time spent waiting for a host's turn."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered, of any status but a redirect that was followed."""

    status: int
    url: str
    """Where it was found, after redirects."""
    body: bytes = b""
    """Unpacked; empty unless the status is 2xx."""
    content_type: str = ""
    etag: str = ""
    last_modified: str = ""
    """Both opaque: sent back as they came, or empty."""
    moved_to: str | None = None
    """Where it lives now, by its own word: the end of the permanent redirects that came first."""
    max_age: timedelta | None = None
    """How long the answer stays fresh."""
    retry_after: timedelta | None = None
    """How long the server wants to be left alone, at most LONGEST_WAIT."""


class _Pinned(AbstractResolver):
    """Answers with the addresses that the guard let through for the hop under way."""

    def __init__(self) -> None:
        self.addresses: dict[str, tuple[str, ...]] = {}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        if host not in self.addresses:
            raise OSError(f"{host} was not asked for")
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for address in self.addresses[host]
        ]

    async def close(self) -> None:
        self.addresses.clear()


class _Lane:
    """One host's turn."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.free_at = 0.0


class Fetcher:
    """Asks for feeds. Use it as a block: `async with Fetcher(contact, guard, now) as fetcher`."""

    def __init__(
        self,
        contact: str,
        guard: Guard,
        now: Callable[[], datetime],
        *,
        limits: Limits | None = None,
        spacing: float = SPACING_S,
    ) -> None:
        """`contact` is a mail address or a page that tells publishers who is asking.

        Raises NoContact when it is neither.
        """
        if not _CONTACT.fullmatch(contact):
            raise NoContact(
                "nothing is fetched until publishers can reach you: set "
                "STORYWIRE_NEWSROOM_CONTACT to a mail address or a web page"
            )
        self.user_agent = f"Storywire/{version('storywire')} (feed reader; +{contact})"
        self._guard = guard
        self._now = now
        self._limits = limits or Limits()
        self._spacing = spacing
        self._lanes: dict[str, _Lane] = {}
        self._at_once = asyncio.Semaphore(AT_ONCE)
        self._pinned = _Pinned()

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(resolver=self._pinned, use_dns_cache=False, limit=0)
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
            headers={
                "User-Agent": self.user_agent,
                "Accept": _ACCEPT,
                "Accept-Encoding": "gzip, deflate",
            },
            max_line_size=2**15,
            max_field_size=2**16,
            trust_env=False,  # a proxy would look names up itself, past the guard
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        await self._session.close()

    async def get(self, url: str, *, etag: str = "", last_modified: str = "") -> Answer:
        """Ask for one address, conditionally when validators are given; follow redirects by hand.

        Raises FetchFailed when no answer comes, or none that keeps the limits.
        """
        headers = {"If-None-Match": etag, "If-Modified-Since": last_modified}
        headers = {name: value for name, value in headers.items() if value}
        hop, trusted, permanent, moved = _parsed(url), True, True, None
        left = self._limits.seconds
        loop = asyncio.get_running_loop()
        for _ in range(REDIRECTS + 1):
            async with self._turn(hop.raw_host or ""), self._at_once:
                began = loop.time()
                try:
                    async with asyncio.timeout(left):
                        answer, location, own = await self._ask(hop, headers, trusted=trusted)
                except TimeoutError:
                    raise FetchFailed(
                        Fault.SLOW,
                        f"{hop.raw_host} didn't finish answering within "
                        f"{self._limits.seconds:g} seconds",
                    ) from None
                left -= loop.time() - began
            if location is None:
                return replace(answer, moved_to=moved)
            permanent = permanent and answer.status in (301, 308)
            hop, trusted = _parsed(location, hop), own
            if permanent:
                moved = str(hop)
        raise FetchFailed(
            Fault.REDIRECTS, f"{url} redirects more than {REDIRECTS} times, perhaps in a loop"
        )

    @contextlib.asynccontextmanager
    async def _turn(self, host: str) -> AsyncIterator[None]:
        """Wait until the host may be asked, and let nobody else ask it meanwhile."""
        loop = asyncio.get_running_loop()
        if len(self._lanes) > _LANES:
            for name, lane in list(self._lanes.items()):
                if not lane.lock.locked() and lane.free_at < loop.time():
                    del self._lanes[name]
        lane = self._lanes.setdefault(host, _Lane())
        async with lane.lock:
            await asyncio.sleep(max(0.0, lane.free_at - loop.time()))
            try:
                yield
            finally:
                lane.free_at = loop.time() + self._spacing

    async def _ask(
        self, url: URL, headers: dict[str, str], *, trusted: bool
    ) -> tuple[Answer, str | None, bool]:
        """One hop: its answer, where it redirects to, and whether `allow` let it through."""
        host = url.raw_host or ""
        try:
            resolved = await self._guard.resolve(url.scheme, host, url.port or 0, trusted=trusted)
        except Refused as error:
            raise FetchFailed(Fault.REFUSED, f"it can't be fetched: {error}") from None
        except (OSError, UnicodeError):
            raise FetchFailed(
                Fault.NAME, f"there's no server called {host}: check the spelling"
            ) from None
        self._pinned.addresses[host] = tuple(str(address) for address in resolved.addresses)
        try:
            async with self._session.get(url, headers=headers, allow_redirects=False) as response:
                location = response.headers.get("Location")
                if response.status in (301, 302, 303, 307, 308) and location:
                    return Answer(response.status, str(url)), location, resolved.own
                return await self._read(response), None, resolved.own
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise _failed(host, error) from error
        finally:
            self._pinned.addresses.pop(host, None)

    async def _read(self, response: aiohttp.ClientResponse) -> Answer:
        headers = response.headers
        body = b""
        if 200 <= response.status < 300:
            body = await self._body(response)
        return Answer(
            response.status,
            str(response.url),
            body,
            headers.get("Content-Type", ""),
            _sendable(headers.get("ETag", "")),
            _sendable(headers.get("Last-Modified", "")),
            max_age=_max_age(headers.get("Cache-Control", ""), headers.get("Age", "")),
            retry_after=self._retry_after(headers.get("Retry-After", "")),
        )

    async def _body(self, response: aiohttp.ClientResponse) -> bytes:
        """The body, unpacked; raise FetchFailed as soon as it breaks a limit."""
        host, limits = response.url.raw_host, self._limits
        big = FetchFailed(Fault.BIG, f"{host}'s answer is larger than {limits.packed / 2**20:g} MB")
        if (response.content_length or 0) > limits.packed:
            raise big
        unpack = _unpacker(response.headers.get("Content-Encoding", ""), host)
        body, seen = bytearray(), 0
        async for chunk in response.content.iter_any():
            seen += len(chunk)
            if seen > limits.packed:
                raise big
            rest = chunk
            while rest:
                try:
                    part, rest = unpack.step(rest)
                except zlib.error:
                    raise FetchFailed(Fault.PACKING, _unpackable(host)) from None
                body += part
                if len(body) > limits.unpacked:
                    raise FetchFailed(
                        Fault.BIG,
                        f"{host}'s answer unpacks to more than {limits.unpacked / 2**20:g} MB",
                    )
                if rest:
                    await asyncio.sleep(0)
        body += unpack.rest()
        if seen and not unpack.complete:
            raise FetchFailed(Fault.PACKING, _unpackable(host))
        return bytes(body)

    def _retry_after(self, text: str) -> timedelta | None:
        """Seconds or a date (RFC 9110, section 10.2.3)."""
        text = text.strip()
        if text.isascii() and text.isdecimal():
            return min(timedelta(seconds=int(text[:9])), LONGEST_WAIT)
        try:
            until = parsedate_to_datetime(text)
        except ValueError:
            return None
        wait = until.replace(tzinfo=until.tzinfo or UTC) - self._now()
        return min(max(wait, timedelta(0)), LONGEST_WAIT)


class _Unpacker:
    """A content coding, undone in steps of at most _STEP bytes."""

    def __init__(self, coding: str) -> None:
        self._coding = coding
        self._inflate = zlib.decompressobj(31) if coding == "gzip" else zlib.decompressobj()
        self._begun = False

    def step(self, data: bytes) -> tuple[bytes, bytes]:
        """Some output, and the input that is left for the next step; raises zlib.error."""
        if not self._coding:
            return data, b""
        if self._inflate.eof:  # a second member, or padding that every browser ignores
            if self._coding != "gzip" or not data.startswith(b"\x1f\x8b"):
                return b"", b""
            self._inflate = zlib.decompressobj(31)
        try:
            part = self._inflate.decompress(data, _STEP)
        except zlib.error:
            if self._coding == "gzip" or self._begun:
                raise
            self._inflate = zlib.decompressobj(-15)  # “deflate” without its header, as some send it
            part = self._inflate.decompress(data, _STEP)
        self._begun = True
        return part, self._inflate.unconsumed_tail or self._inflate.unused_data

    def rest(self) -> bytes:
        """What the last step held back: a few bytes, as all input is used up."""
        return b"" if self.complete else self._inflate.flush()

    @property
    def complete(self) -> bool:
        return not self._coding or self._inflate.eof


def _unpacker(coding: str, host: str | None) -> _Unpacker:
    named = coding.strip().lower()
    if named in ("", "identity"):
        return _Unpacker("")
    if named in ("gzip", "x-gzip", "deflate"):
        return _Unpacker(named.removeprefix("x-"))
    raise FetchFailed(
        Fault.PACKING, f"{host} compresses its answer as “{named[:40]}”, which wasn't asked for"
    )


def _unpackable(host: str | None) -> str:
    return f"{host} says that its answer is compressed, but it can't be unpacked"


def _parsed(text: str, base: URL | None = None) -> URL:
    try:
        url = URL(text.strip())
        url = (base.join(url) if base else url).with_fragment(None)
        if url.scheme and url.raw_host:
            return url
    except ValueError:
        pass
    whose = f"{base.raw_host} redirects to “{text[:200]}”, which" if base else f"“{text[:200]}”"
    raise FetchFailed(Fault.REFUSED, f"{whose} is no address that begins with https:// or http://")


def _failed(host: str, error: Exception) -> FetchFailed:
    match error:
        case aiohttp.ClientConnectorCertificateError():
            reason = getattr(error.certificate_error, "verify_message", "") or "it is not valid"
            return FetchFailed(
                Fault.TLS, f"{host}'s certificate can't be trusted: {reason.rstrip('.')}"
            )
        case aiohttp.ClientSSLError():
            return FetchFailed(
                Fault.TLS,
                f"can't make an encrypted connection to {host}: does its address begin with http://?",
            )
        case aiohttp.ClientConnectorError():
            code = error.os_error.errno
            why = os.strerror(code) if code else "no answer"
            return FetchFailed(Fault.CONNECTION, f"can't connect to {host} ({why})")
        case (
            aiohttp.ClientPayloadError()
            | aiohttp.ClientOSError()
            | aiohttp.ServerDisconnectedError()
            | OSError()
        ):
            return FetchFailed(
                Fault.BROKEN, f"{host} closed the connection before its answer was complete"
            )
        case _:
            return FetchFailed(Fault.BROKEN, f"{host} doesn't answer in HTTP")


def _sendable(value: str) -> str:
    """A validator that can be sent back as it is, or nothing."""
    return value if len(value) <= _VALIDATOR and value.isprintable() else ""


def _max_age(cache_control: str, age: str) -> timedelta | None:
    found = _MAX_AGE.search(cache_control)
    if found is None:
        return None
    spent = int(age) if age.isascii() and age.isdecimal() and len(age) < 10 else 0
    return timedelta(seconds=max(0, int(found[1]) - spent))
