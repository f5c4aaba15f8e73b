"""What tells items, articles and outlets apart.

An item's id holds within its feed; `model.article_key` makes it unique. Titles and texts don't take
part in it where the feed gives a guid or a link, so an edited item stays the same item.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from publicsuffixlist import PublicSuffixList

from newsroom.model import Item

URL = 2_000
"""Characters of a link; a longer one is left out."""
_ID = 200
"""Characters of a guid; of a longer one its hash is kept."""
_TRACKING = frozenset(("fbclid", "gclid", "mc_cid", "mc_eid", "ocid", "at_medium", "at_campaign"))


def link(url: str | None, base: str = "") -> str | None:
    """A link as it may be shown and followed, or None: http and https only, made absolute."""
    try:
        absolute = urljoin(base, "".join((url or "").split()))
        parts = urlsplit(absolute)
        fits = parts.scheme in ("http", "https") and parts.hostname and parts.username is None
    except ValueError:
        return None
    return absolute if fits and url and len(absolute) <= URL and absolute.isprintable() else None


def language_tag(given: object) -> str | None:
    """A language's tag (BCP 47) as it is usually written, if it looks like one."""
    text = str(given or "").strip().replace("_", "-")
    return text if re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}", text) else None


def item_id(guid: str, url: str | None, title: str, text: str) -> str:
    """An item's id: its guid, else its link, else what it says."""
    if guid:
        return guid if len(guid) <= _ID else _hash(guid)
    if url:
        address = canonical(url)
        return address if len(address) <= _ID else _hash(address)
    return _hash(title, text)


def told_apart(items: Sequence[Item]) -> tuple[Item, ...]:
    """The items with ids that differ, the first of each.

    A feed that gives one guid to several links has its guids ignored for those: some write the
    feed's own address, or 0, into each item.
    """
    pages: dict[str, set[str]] = {}
    for item in items:
        if item.url:
            pages.setdefault(item.id, set()).add(canonical(item.url))
    found: dict[str, Item] = {}
    for item in items:
        if len(pages.get(item.id, ())) > 1:
            item = replace(item, id=item_id("", item.url, item.title, item.text))
        found.setdefault(item.id, item)
    return tuple(found.values())


def canonical(url: str) -> str:
    """The link without fragment and tracking: what two mentions of one page have in common."""
    parts = urlsplit(url)
    query = [
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if not name.startswith("utm_") and name not in _TRACKING
    ]
    return urlunsplit(
        (parts.scheme.lower(), parts.netloc.lower(), parts.path or "/", urlencode(query), "")
    )


def domain_of(url: str) -> str:
    """The registrable domain of an address, such as `harbour-times.example`; else its host.

    By the Public Suffix List, which also lists hosts that rent out names: `a.blogspot.com` and
    `b.blogspot.com` are two domains, `news.bbc.co.uk` and `www.bbc.co.uk` are one.
    """
    host = (urlsplit(url).hostname or "").rstrip(".")
    if ":" in host or host.replace(".", "").isdigit():  # an address has no registrant
        return host
    return _suffixes().privatesuffix(host) or host


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def _hash(*parts: str) -> str:
    joined = "\0".join(parts).encode(errors="surrogatepass")
    return hashlib.blake2s(joined, digest_size=16).hexdigest()
