"""Checks the address of a Redis: one that leads to a single Redis is accepted, any other
refused."""

import re
from urllib.parse import parse_qsl, unquote, urlsplit

_OPTIONS = {"db"}
_TLS_OPTIONS = {
    "ssl_cert_reqs",
    "ssl_ca_certs",
    "ssl_certfile",
    "ssl_keyfile",
    "ssl_check_hostname",
}

_TORN = (  # without ://USER:PASSWORD@, which the log and the command line redact everywhere
    "it can't be read: after :// write USER:PASSWORD@HOST:6379/0, in the password "
    "use %2F for /, %23 for #, %3F for ?, %25 for %, %5B for [ and %5D for ], and "
    "put an IPv6 address in brackets, such as [::1]"
)


def one_redis(url: str) -> str:
    """Return the address if it leads to a single Redis;
    raise ValueError with what to write instead."""
    scheme, said, rest = url.partition("://")
    scheme = scheme.lower()
    if "sentinel" in scheme or "cluster" in scheme:
        raise ValueError(
            "it points to Sentinel or Cluster, which Storywire can't use: give the address "
            "of a single Redis, or of a proxy that always points to the primary, "
            "redis://HOST:6379/0"
        )
    if not said or scheme not in ("redis", "rediss", "unix"):
        raise ValueError(
            "an address starts with redis://, rediss:// (encrypted) or unix:// (a socket)"
        )
    if "," in re.split(r"[/?#]", rest)[0].rpartition("@")[2]:
        raise ValueError(
            "it names several hosts, but Storywire needs one: give the address of a single "
            "Redis, or of a proxy that always points to the primary"
        )
    try:
        parts = urlsplit(url)
        torn = parts.port == 0 or "@" in parts.path + parts.query or bool(parts.fragment)
    except ValueError:  # a malformed port or bracket; the message would repeat the password
        torn = True
    if torn:
        raise ValueError(_TORN)
    if scheme == "unix":
        if parts.netloc.rpartition("@")[2] or len(parts.path) < 2:
            raise ValueError("a socket needs its full path: unix:///run/redis/redis.sock")
    elif not (parts.path.strip("/") or "0").isdecimal():
        raise ValueError("after the host comes the number of a database, such as /0")
    options = parse_qsl(parts.query, keep_blank_values=True)
    known = _OPTIONS | (_TLS_OPTIONS if scheme == "rediss" else set())
    for name, value in options:
        if name not in known:
            raise ValueError(
                f"“{name}” isn't one of the options after ?: {', '.join(sorted(known))}"
            )
        if name == "db" and not value.isdecimal():
            raise ValueError("db must be the number of a database, such as ?db=0")
    return url


def secrets_in(url: str) -> list[str]:
    """The password in an address, as it is written and decoded."""
    password = urlsplit(url).password
    return [password, unquote(password)] if password else []
