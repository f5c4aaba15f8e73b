"""What people, publishers and records may hold: text that is meant to break something."""

import json
import random
import string
from collections.abc import Callable
from typing import Any

_ALPHABETS = (
    string.ascii_lowercase,
    string.printable,
    "äöüßéèñçşığ",
    "漢字仮名한국어",
    "עבריתالعربية",
    "\u200b\u200d\u202e\u2066\ufeff\u0301\u0336",
    "😀👨‍👩‍👧🏴󠁧󠁢󠁥󠁮󠁧󠁿",
    "<>&\"'`*_~|[](){}@#/\\",
)
_WORDS = (
    "all", "none", "everything", "ferry", "harbour", "harbour-1", "quay0", "State", "stop", "help",
    "@everyone", "<@&1>", "<b>x</b>", "[x](http://x.example)", "/follow", "null", "1e400", "-1",
    "9007199254740993", "2026-13-45", "GMT+2", "..", "%s", "{0}", "\\0",
)  # fmt: skip


def text(rng: random.Random, most: int) -> str:
    """Some text of at most so many characters; now and then exactly as many."""
    length = rng.choice([1, 3, 12, 60, min(400, most), most])
    kind = rng.random()
    if kind < 0.35:
        made = " ".join(rng.choice(_WORDS) for _ in range(1 + length // 6))
    elif kind < 0.6:  # words nobody has heard of, each with a typo search behind it
        made = " ".join(
            "".join(rng.choices(string.ascii_lowercase, k=4)) for _ in range(1 + length // 5)
        )
    else:
        made = "".join(rng.choices(rng.choice(_ALPHABETS), k=length))
    return made[: min(length, most)]


def damage(rng: random.Random) -> bytes:
    """A value that no reader of ours has written."""
    return rng.choice(_DAMAGES)(rng)


_DAMAGES: tuple[Callable[[random.Random], bytes], ...] = (
    lambda _: b"",
    lambda _: b"\xff\xfe\x00broken",
    lambda _: b"null",
    lambda _: b"[]",
    lambda _: b'{"state": "a state of a newer version"}',
    lambda _: b'{"v": 999, "new": {"field": true}}',
    lambda _: b"{" * 5_000,
    lambda rng: str(rng.randrange(-(10**30), 10**30)).encode(),
    lambda rng: text(rng, 300).encode("utf-8", "surrogatepass"),
)


def document(rng: random.Random) -> bytes:
    """A story document: sometimes a legal one that goes to the limits, mostly not quite legal."""
    story: dict[str, Any] = {
        "id": f"odd-{rng.randrange(40)}",
        "title": text(rng, 300),
        "breakdown": [text(rng, 2000) for _ in range(rng.choice([1, 3, 50]))],
        "headline": text(rng, 500),
        "keywords": ["quay0", *(text(rng, 100) for _ in range(rng.choice([0, 3, 49])))],
        "questions": [{"question": text(rng, 300), "answer": text(rng, 4000)}],
        "stats": {"virality": rng.choice([0, 9.9, 1e15, -1, 1e400, "7", None])},
        "started_at": "2026-01-01T00:00:00Z",
        "updated_at": rng.choice(
            ["2026-11-28T10:00:00Z", "2099-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "soon", 7]
        ),
        "revision": rng.choice([None, 1, 2**53 - 1, 2**53 + 1, 2**64, -1, 1.5]),
    }
    if rng.random() < 0.4:  # a legal one
        story |= {"stats": {"virality": 9.9}, "updated_at": "2026-11-28T10:00:00Z"}
        return json.dumps(story | {"revision": None}).encode()
    for name in rng.sample(sorted(story), rng.randrange(4)):
        story[name] = rng.choice([None, 0, [], {}, text(rng, 50), [[[[]]]]])
    for name in rng.sample(sorted(story), rng.randrange(3)):
        del story[name]
    raw = json.dumps(story).encode()
    if rng.random() < 0.2:
        return raw[: rng.randrange(len(raw))]
    return damage(rng) if rng.random() < 0.1 else raw
