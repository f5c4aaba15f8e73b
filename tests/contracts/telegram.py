"""Does a call keep to the official description of the Bot API, and its answer too?

The description is not part of the project. `STORYWIRE_SHARED` (default `../shared`) names the
folder that has it as specs/telegram-bot-api.json; tests that need it carry @needs_description.
"""

import html
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from sandbox.calls import Call

DESCRIPTION = (
    Path(os.environ.get("STORYWIRE_SHARED", "../shared")) / "specs" / "telegram-bot-api.json"
)

needs_description = pytest.mark.skipif(
    not DESCRIPTION.exists(), reason=f"the description of the Bot API is not at {DESCRIPTION}"
)


def violations(calls: Iterable[Call]) -> list[str]:
    """One sentence for everything a call or its answer does that the Bot API does not describe."""
    return [
        sentence
        for call in calls
        for sentence in (*request_violations(call), *answer_violations(call))
    ]


def request_violations(call: Call) -> list[str]:
    """What is wrong with what the bot sent: unknown, missing, of another type, too long."""
    method = _description().get(call.path)
    if method is None or method["category"] != "methods":
        return [f"{call.path}: no such method"]
    sent = {**call.query, **(call.body or {})}
    return list(_fields(method, sent, call.path, from_form=True))


def answer_violations(call: Call) -> list[str]:
    """What is wrong with what the bot was answered; nothing for a dropped connection."""
    if call.status == 0:
        return []
    answer = call.answer
    if not isinstance(answer, dict) or not isinstance(answer.get("ok"), bool):
        return [f"{call.path}: an answer says whether it is ok"]
    if answer["ok"]:
        if call.status != 200:
            return [f"{call.path}: ok with status {call.status}"]
        if call.path not in _description():
            return [f"{call.path}: no such method"]
        return list(_value(_result(call.path), answer.get("result"), f"{call.path} → result"))
    wrong = [
        *_value("Integer", answer.get("error_code"), f"{call.path} → error_code"),
        *_value("String", answer.get("description"), f"{call.path} → description"),
    ]
    if answer.get("error_code") != call.status:
        wrong.append(f"{call.path}: error_code {answer.get('error_code')}, status {call.status}")
    if "parameters" in answer:
        where = f"{call.path} → parameters"
        wrong.extend(_value("ResponseParameters", answer["parameters"], where))
    return wrong


@cache
def _description() -> dict[str, Any]:
    """Every method and type by its name."""
    groups = json.loads(DESCRIPTION.read_text())["items"]
    return {child["name"]: child for group in groups for child in group["children"]}


@cache
def _result(method: str) -> str:
    """The type a method returns, read out of its prose; "Message or True" for most edits."""
    prose = re.split(r"(?<=\.)\s", _description()[method]["description"])
    said = " ".join(sentence for sentence in prose if re.search(r"[Rr]eturn", sentence))
    if method.startswith("edit") and "otherwise True" in said:
        return "Message or True"
    if found := re.search(r"Array of (\w+)", said):
        return found[0]
    known = {"True", "String", "Integer", *_description()}
    for word in re.findall(r"\w+", said):
        if word[0].isupper() and word in known:
            return str(word)
    raise LookupError(f"what {method} returns is not said in {said!r}")


def _value(kind: str, value: Any, where: str, said: str = "", *, form: bool = False) -> list[str]:
    """What is wrong with one value; form: it may come as text, as forms send it."""
    if found := re.fullmatch(r"Array of (.+)", kind):
        items = _from_text(value) if form else value
        if not isinstance(items, list):
            return [f"{where}: {_shown(value)} is no {kind}"]
        return [
            sentence
            for at, item in enumerate(items)
            for sentence in _value(found[1], item, f"{where}[{at}]", said)
        ]
    kinds = re.split(r" or |, | and ", kind)
    if len(kinds) == 1:
        kinds = _alternatives(kind) or kinds
    if len(kinds) > 1:
        return min((_value(one, value, where, said, form=form) for one in kinds), key=len)
    match kind:
        case "Integer":
            good = _is_integer(value) or (form and re.fullmatch(r"-?[0-9]+", str(value)))
        case "Float":
            good = _is_integer(value) or isinstance(value, float)
        case "Boolean":
            good = isinstance(value, bool) or (form and value in ("true", "false", "True", "False"))
        case "True":
            good = value is True or (form and value in ("true", "True"))
        case "String":
            if not isinstance(value, str):
                return [f"{where}: {_shown(value)} is no String"]
            return _length(value, where, said)
        case "InputFile":
            good = isinstance(value, str)
        case _:
            fields = _from_text(value) if form else value
            if isinstance(fields, dict):
                return list(_fields(_description()[kind], fields, where))
            good = False
    if not good:
        return [f"{where}: {_shown(value)} is no {kind}"]
    return _range(value, where, said)


def _fields(
    described: Mapping[str, Any], sent: Mapping[str, Any], where: str, *, from_form: bool = False
) -> Iterator[str]:
    known = {field["name"]: field for field in described["annotations"]}
    for name, field in known.items():
        if field["required"] and name not in sent:
            yield f"{where}.{name}: is required and missing"
    for name, value in sent.items():
        if name not in known:
            yield f"{where}.{name}: is not known"
            continue
        said = known[name]["description"]
        if re.search("after entit(ies|y) parsing", said) and sent.get("parse_mode"):
            value = html.unescape(re.sub(r"<[^>]*>", "", str(value)))
        yield from _value(known[name]["type"], value, f"{where}.{name}", said, form=from_form)


@cache
def _alternatives(kind: str) -> list[str]:
    """The types an umbrella type stands for: "ChatMember" is one of six."""
    described = _description().get(kind)
    if described is None or described["annotations"]:
        return []
    named = re.findall(r"^ - (\w+)$", described["description"], re.MULTILINE)
    return [name for name in named if name in _description()]


def _length(text: str, where: str, said: str) -> list[str]:
    if constant := re.search(r"(?:always '(\w+)'|, must be (\w+)$)", said):
        wanted = constant[1] or constant[2]
        return [] if text == wanted else [f"{where}: {_shown(text)} is not {wanted}"]
    if limits := re.search(r"(\d+)-(\d+) (characters|[Bb]ytes)", said):
        least, most = int(limits[1]), int(limits[2])
        bytewise = limits[3].lower() == "bytes"
        size = len(text.encode()) if bytewise else len(text.encode("utf-16-le")) // 2
        if not least <= size <= most:
            return [f"{where}: {size} {limits[3]}, where {least}-{most} are allowed"]
    return []


def _range(value: Any, where: str, said: str) -> list[str]:
    if limits := re.search(r"[Vv]alues between (\d+)-(\d+) are accepted", said):
        least, most = int(limits[1]), int(limits[2])
        if not least <= int(value) <= most:
            return [f"{where}: {value}, where {least}-{most} are allowed"]
    return []


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _from_text(value: Any) -> Any:
    """Forms carry objects as JSON inside text."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"
