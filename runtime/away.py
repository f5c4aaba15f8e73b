"""The exceptions for a storage that can't be used, and what each refusal of Redis means."""

from collections.abc import Mapping

WAIT_S = 1.0
"""Seconds between attempts to reach a storage that is away."""


class StorageAway(Exception):
    """The storage can't be used right now. Nothing is known to have been written."""


class NotWritten(StorageAway):
    """We don't write to this storage: a newer version has changed the key layout."""


class StorageRefuses(StorageAway):
    """The storage answers, and refuses. Callers wait for it as if it were away."""

    def __init__(self, code: str, detail: str = "") -> None:
        meaning, remedy = REFUSALS.get(code, REFUSALS[UNEXPECTED])
        sentence = f"Redis refuses ({code}): {meaning}. {remedy}"
        super().__init__(f"{sentence} Redis said: {detail}" if detail else sentence)
        self.code = code
        """Redis's own word for the refusal, or one of ours where Redis has only a sentence."""
        self.expected = code in REFUSALS and code != UNEXPECTED
        """False for an unknown refusal, which may be caused by a bug of ours."""


UNEXPECTED = "ERR"
_CLUSTER = (
    "this is a node of a Redis Cluster, but Storywire needs a single Redis that holds all its keys",
    "Set STORYWIRE_REDIS_URL to a Redis or Valkey that is not a cluster.",
)
REFUSALS: Mapping[str, tuple[str, str]] = {
    "OOM": (
        "its memory is full, so it takes no writes",
        "Raise maxmemory, or delete other data from it.",
    ),
    "MISCONF": (
        "it cannot save its data to disk, so it takes no writes",
        "Free some space on its disk; its log says what failed.",
    ),
    "NOREPLICAS": (
        "fewer replicas are connected than min-replicas-to-write requires, so it takes no writes",
        "Start a replica, or lower min-replicas-to-write.",
    ),
    "READONLY": (
        "it's a read-only replica, perhaps a demoted primary",
        "Set STORYWIRE_REDIS_URL to an address that always leads to the primary.",
    ),
    "MASTERDOWN": (
        "it's a replica that lost its primary",
        "Set STORYWIRE_REDIS_URL to an address that always leads to the primary.",
    ),
    "BUSY": (
        "a script has been running for a long time, and nothing else is answered until it ends",
        "Wait for the script to end, or stop it with SCRIPT KILL.",
    ),
    "LOADING": (
        "it has just started and is still loading its data",
        "Wait until it's done.",
    ),
    "NOPERM": (
        "the user in STORYWIRE_REDIS_URL lacks a permission that the bot needs",
        "Give it the permissions under “A Redis user of its own” in the operator's guide.",
    ),
    "NOAUTH": (
        "it requires a password",
        "Put it in STORYWIRE_REDIS_URL: redis://:PASSWORD@HOST:6379/0.",
    ),
    "WRONGPASS": (
        "the user name or password in STORYWIRE_REDIS_URL is wrong, or that user is disabled",
        "Fix it. Characters such as / and # must be percent-encoded.",
    ),
    "no password set": (
        "STORYWIRE_REDIS_URL has a password, but this Redis has none",
        "Remove the password from STORYWIRE_REDIS_URL, or set one in Redis.",
    ),
    "DB index": (
        "it has no database with the number at the end of STORYWIRE_REDIS_URL",
        "Use a smaller number, such as /0.",
    ),
    "max clients": (
        "it has as many connections as maxclients allows",
        "Raise maxclients, or close other connections.",
    ),
    "CLUSTERDOWN": _CLUSTER,
    "MOVED": _CLUSTER,
    "ASK": _CLUSTER,
    "TRYAGAIN": _CLUSTER,
    "CROSSSLOT": _CLUSTER,
    UNEXPECTED: (
        "it refused a command for a reason the bot doesn't know",
        "If what Redis said doesn't help, report it: the log has the details.",
    ),
}
"""What each refusal means and what ends it. The operator's guide lists these sentences."""

_SENTENCES = {
    "ACL failure in script": "NOPERM",
    "DB index is out of range": "DB index",
    "invalid DB index": "DB index",
    "max number of clients reached": "max clients",
    "without any password configured": "no password set",
    "no password is set": "no password set",
    "invalid password": "WRONGPASS",
}
_NO_REFUSALS = ("NOSCRIPT", "NOGROUP", "BUSYGROUP", "WRONGTYPE", "EXECABORT", "UNBLOCKED")
"""Errors about a script, a group, a key, a transaction or a wait,
which are handled where they occur."""
_ABORTED = "EXECABORT Transaction discarded because of: "


def refusal(reply: str) -> StorageRefuses | None:
    """The refusal that an error reply of Redis (code first) means; None if it refuses nothing."""
    reply = reply.removeprefix(_ABORTED)
    code = reply.partition(" ")[0]
    if code in _NO_REFUSALS:
        return None
    if code == UNEXPECTED:
        code = next((known for said, known in _SENTENCES.items() if said in reply), code)
    expected = code in REFUSALS and code != UNEXPECTED
    return StorageRefuses(code, "" if expected and code != "NOPERM" else reply)
