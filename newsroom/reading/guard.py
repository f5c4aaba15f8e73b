"""Keeps the fetcher off addresses that aren't on the public internet (SSRF).

A feed's address comes from the operator, but where it redirects to, and what its name resolves to
today, is the publisher's choice. So the guard resolves each hop's name itself, and the fetcher
connects to the addresses it got and to no others: a name that first answers with a public address
and then with a private one (DNS rebinding) is refused the second time.

`allow` lists what may be private all the same, such as the operator's own feeds. It counts for the
configured address and for redirects from one allowed host to another, never for a redirect that
comes from outside.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

Address = IPv4Address | IPv6Address
Lookup = Callable[[str, int], Awaitable[Sequence[str]]]
"""Host and port to addresses, as texts; raises OSError when the name isn't known."""

_GLOBAL_V6 = IPv6Network("2000::/3")
"""All that is routed of IPv6 (RFC 4291, section 2.4)."""
_NAT64 = IPv6Network("64:ff9b::/96")
"""The last 32 bits are an IPv4 address that a gateway connects to (RFC 6052)."""
_WEB_PORTS = (80, 443)
_FIRST_FREE_PORT = 1024
"""Below it only web servers' own ports: no redirect makes us talk to a mail server."""

_THREADS = ThreadPoolExecutor(64, "newsroom-names")
"""Names are looked up in threads of their own: asyncio has few, and dead name servers hold them."""


class Refused(Exception):
    """The address is not one to fetch from; str() is a sentence for the operator."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a host may be connected at."""

    addresses: tuple[Address, ...]
    """At least one."""
    own: bool
    """Whether it was `allow` that let one of them through."""


class Guard:
    """Decides which hosts, and which of their addresses, may be connected to."""

    def __init__(self, allow: Iterable[str] = (), lookup: Lookup | None = None) -> None:
        """Allow these host names, addresses and networks ("10.1.0.0/16") though not public.

        Raises ValueError for an entry that is none of the three.
        """
        self._hosts: set[str] = set()
        self._networks: list[IPv4Network | IPv6Network] = []
        self._lookup = lookup or _system_lookup
        for entry in allow:
            try:
                self._networks.append(ip_network(entry))
            except ValueError:
                if not _is_name(entry):
                    raise ValueError(
                        f"allow: “{entry}” is neither a host name nor an address nor a network: "
                        'write "feeds.lan", "10.1.2.3" or "10.1.0.0/16"'
                    ) from None
                self._hosts.add(entry.lower())

    async def resolve(self, scheme: str, host: str, port: int, *, trusted: bool) -> Resolved:
        """Where a host may be connected to; `trusted` says whether `allow` counts for this hop.

        The host is as it will be connected to, international names in ASCII. Raises Refused when it
        may not be, OSError when its name isn't known.
        """
        if scheme not in ("http", "https"):
            raise Refused(f"its address begins with {scheme}://, not with https:// or http://")
        if port not in _WEB_PORTS and port < _FIRST_FREE_PORT:
            raise Refused(f"port {port} of {host} isn't a web server's")
        literal = _read(host)
        found = [literal] if literal else [_read(text) for text in await self._lookup(host, port)]
        own = trusted and host.lower() in self._hosts
        good, private = [], False
        for address in found:
            if address is None:
                continue
            if is_public(address):
                good.append(address)
            elif own or (trusted and any(address in network for network in self._networks)):
                good.append(address)
                private = True
        if not good:
            shown = ", ".join(str(address) for address in found[:3]) or "no address"
            where = host if shown == host else f"{host} ({shown})"
            remedy = "; if it's yours, add it to allow in feeds.toml" if trusted else ""
            raise Refused(f"{where} isn't on the public internet{remedy}")
        return Resolved(tuple(good), private)


def is_public(address: Address) -> bool:
    """Whether an address is on the public internet, seen through IPv6's wrappings of IPv4."""
    if isinstance(address, IPv4Address):
        return address.is_global and not address.is_multicast and not address.is_reserved
    inner = address.ipv4_mapped or address.sixtofour
    if inner is None and address in _NAT64:
        inner = IPv4Address(int(address) & 0xFFFF_FFFF)
    if inner is not None:
        return is_public(inner)
    return address in _GLOBAL_V6 and address.is_global and address.teredo is None


def _read(host: str) -> Address | None:
    """The address that a host is written as, if it is one; its zone (“%eth0”) is left out."""
    try:
        return ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return None


def _is_name(entry: str) -> bool:
    labels = entry.split(".")
    return len(entry) <= 253 and all(
        label.replace("-", "").replace("_", "").isalnum() for label in labels
    )


async def _system_lookup(host: str, port: int) -> Sequence[str]:
    ask = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    infos = await asyncio.get_running_loop().run_in_executor(_THREADS, ask)
    return [str(info[4][0]) for info in infos]
