"""The guard lets nobody but the operator reach what isn't on the public internet."""

from collections.abc import Sequence
from ipaddress import ip_address

import pytest

from newsroom.reading.guard import Guard, Refused, is_public

PRIVATE = (
    *("0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.8.8.8", "169.254.169.254"),  # noqa: S104
    *("172.16.0.1", "192.0.0.1", "192.0.2.1", "192.168.1.1", "198.18.0.1", "224.0.0.1"),
    *("239.255.255.250", "240.0.0.1", "255.255.255.255", "::", "::1", "::7f00:1", "fe80::1"),
    *("fc00::1", "fec0::1", "ff02::1", "2001:db8::1", "2001::1", "::ffff:10.0.0.1", "100::1"),
    *("::ffff:7f00:1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::808:808", "2002:7f00:1::"),
)
PUBLIC = ("1.1.1.1", "93.184.216.34", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101")


def looked_up(*addresses: str) -> Guard:
    async def lookup(host: str, port: int) -> Sequence[str]:
        return addresses

    return Guard(lookup=lookup)


@pytest.mark.parametrize("address", PRIVATE)
async def test_a_private_address_is_refused_as_it_stands_and_behind_a_name(address: str) -> None:
    assert not is_public(ip_address(address))
    literal = f"[{address}]" if ":" in address else address
    with pytest.raises(Refused, match="isn't on the public internet"):
        await Guard().resolve("http", literal, 80, trusted=True)
    with pytest.raises(Refused, match=r"paper\.example \(.*\) isn't on the public internet"):
        await looked_up(address).resolve("http", "paper.example", 80, trusted=True)


@pytest.mark.parametrize("address", PUBLIC)
async def test_a_public_address_is_let_through(address: str) -> None:
    assert is_public(ip_address(address))
    found = await looked_up(address).resolve("https", "paper.example", 443, trusted=False)
    assert [str(each) for each in found.addresses] == [str(ip_address(address))]
    assert not found.own


async def test_of_a_name_with_both_kinds_only_the_public_ones_are_connected_to() -> None:
    guard = looked_up("10.0.0.1", "1.1.1.1", "::1")
    found = await guard.resolve("https", "paper.example", 443, trusted=True)
    assert [str(each) for each in found.addresses] == ["1.1.1.1"]


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f000001", "0177.0.0.1", "localhost"])
async def test_other_ways_to_write_this_machine_are_refused(host: str) -> None:
    with pytest.raises((Refused, OSError)):
        await Guard().resolve("http", host, 80, trusted=True)


async def test_only_the_web_is_asked() -> None:
    with pytest.raises(Refused, match="begins with file://"):
        await Guard().resolve("file", "paper.example", 80, trusted=True)
    with pytest.raises(Refused, match=r"port 25 of .* isn't a web"):
        await Guard().resolve("http", "1.1.1.1", 25, trusted=True)


@pytest.mark.parametrize("allow", ["10.1.2.3", "10.1.0.0/16", "Feeds.lan"])
async def test_what_is_allowed_counts_for_the_operators_address_only(allow: str) -> None:
    async def lookup(host: str, port: int) -> Sequence[str]:
        return ["10.1.2.3"]

    guard = Guard([allow], lookup)
    found = await guard.resolve("http", "feeds.lan", 8080, trusted=True)
    assert found.own
    with pytest.raises(Refused):
        await guard.resolve("http", "feeds.lan", 8080, trusted=False)


def test_an_entry_that_allows_nothing_is_refused_with_the_remedy() -> None:
    with pytest.raises(ValueError, match=r"“http://feeds.lan/” is neither .* write \"feeds.lan\""):
        Guard(["http://feeds.lan/"])
