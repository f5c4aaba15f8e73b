"""Strict JSON for documents: one object, no name twice, every number finite."""

import json
import math
import re
from collections.abc import Iterator
from typing import Any

from stories.fields import short, shown

MAX_BYTES = 256 * 1024
"""The largest document, read or written."""
DEEPEST = 20
"""Levels of nesting that are read. Python's own limit differs from version to version."""
_TOO_MANY = re.compile(rf"[\[{{]{{{DEEPEST + 1}}}")
_BUT_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*+"|[^\[\]{}"]+|"')


class WireError(ValueError):
    """The document is refused. str() is one sentence for its author."""

    def __init__(self, *faults: str) -> None:
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        super().__init__(faults[0] + more)
        self.faults = faults
        """Everything found to be wrong, one sentence each."""


def read_object(raw: bytes | str) -> dict[str, Any]:
    """The one object in the document, with no name given twice and all numbers finite."""
    check_size(raw)
    try:
        text = (raw if isinstance(raw, str) else raw.decode()).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise WireError(f"the document is not UTF-8: byte {error.start} is wrong") from None
    if not text.strip():
        raise WireError("the document is empty, but must be one JSON object")
    repeated: list[tuple[dict[str, Any], str]] = []
    endless: list[str] = []

    def build(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        built: dict[str, Any] = {}
        for name, value in pairs:
            if name in built:
                repeated.append((built, name))
            built[name] = value
        return built

    def number(said: str) -> float:
        """A float, or an int if Python would have to read thousands of digits."""
        value = float(said)
        if not math.isfinite(value):
            endless.append(said)
        return value

    def whole(said: str) -> int | float:
        return int(said) if len(said) <= 400 else number(said)

    if too_deep(text):
        raise WireError("the document is nested too deeply: five levels are all it needs")
    try:
        data = json.loads(
            text,
            object_pairs_hook=build,
            parse_constant=number,
            parse_int=whole,
            parse_float=number,
        )
    except json.JSONDecodeError as error:
        where = f"at line {error.lineno}, column {error.colno}"
        said = error.msg.removesuffix(" at")
        raise WireError(f"the document is not JSON: {said} {where}") from None
    if not isinstance(data, dict):
        raise WireError(f"the document is {shown(data)}, but must be one JSON object")
    if repeated:
        within, name = repeated[0]
        path = next(path for path, found in _inside(data) if found is within)
        raise WireError(f"{join(path, name)} is given twice: give each field once")
    if endless:
        path = next(
            p for p, found in _inside(data) if isinstance(found, float) and not math.isfinite(found)
        )
        raise WireError(f"{path} is {short(endless[0])}, but must be a finite number")
    return data


def _inside(data: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Everything inside, in order, with its path; without recursion, for data of any depth."""
    waiting: list[tuple[str, Any]] = [("", data)]
    while waiting:
        path, value = waiting.pop()
        yield path, value
        if isinstance(value, dict):
            waiting += [(join(path, name), each) for name, each in value.items()][::-1]
        elif isinstance(value, list):
            waiting += [(f"{path}[{index}]", each) for index, each in enumerate(value)][::-1]


def too_deep(text: str) -> bool:
    """Whether a JSON text, sound or not, nests deeper than DEEPEST."""
    left = _BUT_BRACKETS.sub("", text)
    if _TOO_MANY.search(left):
        return True
    for _ in range(DEEPEST):  # each time the innermost pairs go
        outer = left.replace("[]", "").replace("{}", "")
        if outer == left:
            return left.count("[") + left.count("{") > DEEPEST
        left = outer
    return bool(left)


def check_size(raw: bytes | str) -> None:
    """Raise WireError if the document is too large."""
    if size(raw) > MAX_BYTES:
        raise WireError(f"the document has {size(raw)} bytes, but at most {MAX_BYTES} fit")


def size(raw: bytes | str) -> int:
    """The length in bytes."""
    return len(raw if isinstance(raw, bytes) else raw.encode(errors="surrogatepass"))


def join(path: str, name: str) -> str:
    """A path extended by a field name."""
    return f"{path}.{short(name)}" if path else short(name)
