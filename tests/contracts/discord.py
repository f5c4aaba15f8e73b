"""Does a call keep to the official description of Discord's API, and its answer too?

The description is not part of the project. `STORYWIRE_SHARED` (default `../shared`) names the
folder that has it as specs/discord-openapi.json; tests that need it carry @needs_description.
"""

import copy
import json
import os
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from sandbox.calls import Call

DESCRIPTION = (
    Path(os.environ.get("STORYWIRE_SHARED", "../shared")) / "specs" / "discord-openapi.json"
)

needs_description = pytest.mark.skipif(
    not DESCRIPTION.exists(), reason=f"the description of Discord's API is not at {DESCRIPTION}"
)

SENT_ANYWAY = (
    ("BaseCreateMessageCreateRequest", "tts"),
    ("CreateForumThreadRequest", "type"),
    ("ApplicationCommandCreateRequest", "nsfw"),
    ("ApplicationCommandPatchRequestPartial", "nsfw"),
    ("ApplicationCommandUpdateRequest", "nsfw"),
    ("IncomingWebhookUpdateForInteractionCallbackRequestPartial", "tts"),
    ("IncomingWebhookUpdateRequestPartial", "tts"),
    ("MessageEditRequestPartial", "tts"),
    ("RichEmbed", "flags"),
)
"""Fields that discord.py 2.7.1 always sends and Discord passes over, though undescribed."""

ANSWERED_ANYWAY = (("CreatedThreadResponse", "message"),)
"""Fields that only Discord's prose describes: a forum's new thread comes with its message."""

ASKED_ANYWAY = {"use_nested_fields"}
"""Query parameters of the same kind."""

REQUESTS, ANSWERS = "urn:discord:requests", "urn:discord:answers"


def violations(calls: Iterable[Call]) -> list[str]:
    """One sentence for everything a call or its answer does that Discord does not describe."""
    return [
        sentence
        for call in calls
        for sentence in (*request_violations(call), *answer_violations(call))
    ]


def request_violations(call: Call) -> list[str]:
    """What is wrong with what the bot sent: fields unknown, missing, of another type, too long."""
    template = _template(call)
    if template is None:
        return [f"{_where(call)}: Discord has no such route"]
    operation = _operation(template, call.method)
    found = list(_query_violations(call, template, operation))
    body = operation.get("requestBody")
    if body is None:
        if call.body not in (None, {}):
            found.append(f"{_where(call)}: takes no body, {call.body!r:.80} was sent")
    elif call.body is None:
        if body.get("required") and not _may_be_empty(template, call.method):
            found.append(f"{_where(call)}: needs a body")
    else:
        steps = ("requestBody", "content", "application/json", "schema")
        found.extend(_wrong(REQUESTS, template, call.method, steps, call.body, _where(call)))
    return found


def answer_violations(call: Call) -> list[str]:
    """What is wrong with the answer; nothing for a connection cut or a server in trouble (5xx)."""
    template = _template(call)
    if call.status == 0 or call.status >= 500:
        return []
    if template is None:
        return []  # said by request_violations
    responses = _operation(template, call.method)["responses"]
    where = f"{_where(call)} → {call.status}"
    status = str(call.status)
    if status not in responses:
        status = f"{status[0]}XX"
    if status not in responses:
        return [f"{where}: Discord does not answer so, but with {', '.join(responses)}"]
    if "content" not in _followed(responses[status]):
        return [] if call.answer is None else [f"{where}: has no body, {call.answer!r:.80} came"]
    steps = ("responses", status, "content", "application/json", "schema")
    return list(_wrong(ANSWERS, template, call.method, steps, call.answer, where))


def _where(call: Call) -> str:
    return f"{call.method} {re.sub('[A-Za-z0-9_-]{60,}', '<token>', call.path)}"


def _query_violations(call: Call, template: str, operation: dict[str, Any]) -> Iterator[str]:
    shared = _description()["paths"][template].get("parameters", [])
    known = {
        p["name"]: p for p in (*shared, *operation.get("parameters", [])) if p["in"] == "query"
    }
    for name, text in call.query.items():
        if name in ASKED_ANYWAY:
            continue
        if name not in known:
            yield f"{_where(call)}: ?{name} is unknown"
            continue
        meant: list[Any] = [text]
        if text.isdigit():
            meant.append(int(text))
        if text.lower() in ("true", "false", "1", "0"):
            meant.append(text.lower() in ("true", "1"))
        schema = json.dumps(known[name]["schema"], sort_keys=True)
        if not any(_inline(schema).is_valid(value) for value in meant):
            yield f"{_where(call)}: ?{name}={text} is not what is expected"
    for name, parameter in known.items():
        if parameter.get("required") and name not in call.query:
            yield f"{_where(call)}: ?{name} is missing"


def _wrong(
    document: str, template: str, method: str, steps: tuple[str, ...], value: Any, where: str
) -> Iterator[str]:
    validator = _validator(document, template, method, steps)
    error = best_match(validator.iter_errors(value))
    if error is not None:
        yield f"{where}: {error.json_path}: {error.message:.300}"


def _may_be_empty(template: str, method: str) -> bool:
    """Bodies the description calls required, though clients of all kinds leave them out."""
    return (template, method) == ("/channels/{channel_id}/messages/{message_id}/crosspost", "POST")


# -- the description, read once; its parts compiled when they are first needed ---------------------


@cache
def _description() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(DESCRIPTION.read_text(encoding="utf-8"))
    # The tree of a 50035 has codes in words (BASE_TYPE_REQUIRED), which the description forgets:
    # https://docs.discord.com/developers/reference#error-messages
    inner = document["components"]["schemas"]["InnerErrors"]["properties"]["_errors"]
    inner["items"] = {
        "type": "object",
        "required": ["code", "message"],
        "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
    }
    schemas = document["components"]["schemas"]
    for schema, field in ANSWERED_ANYWAY:
        schemas[schema]["properties"][field] = {"$ref": "#/components/schemas/MessageResponse"}
    _close(document)
    return document


@cache
def _registry() -> Registry[Any]:
    answers = _description()
    requests = copy.deepcopy(answers)
    schemas = requests["components"]["schemas"]
    # discord.py sends some ids as numbers, and Discord takes them.
    schemas["SnowflakeType"]["type"] = ["string", "integer"]
    for schema, field in SENT_ANYWAY:
        schemas[schema]["properties"][field] = True
    return Registry().with_resources(
        [
            (REQUESTS, DRAFT202012.create_resource(requests)),
            (ANSWERS, DRAFT202012.create_resource(answers)),
        ]
    )


def _close(document: dict[str, Any]) -> None:
    """No field but the described ones: what is misspelt is found. Parts of an allOf stay open."""
    schemas = document["components"]["schemas"]
    parts: list[dict[str, Any]] = []
    objects: list[dict[str, Any]] = []

    def collect(node: Any) -> None:
        if isinstance(node, dict):
            if node.get("type") == "object" and "properties" in node:
                objects.append(node)
            if len(node.get("allOf", ())) > 1:
                parts.extend(
                    schemas[part["$ref"].rsplit("/", 1)[1]] if "$ref" in part else part
                    for part in node["allOf"]
                )
            for name, value in node.items():
                if name != "multipart/form-data":  # the JSON again, and files
                    collect(value)
        elif isinstance(node, list):
            for value in node:
                collect(value)

    collect(document)
    open_ones = {id(part) for part in parts}
    for schema in objects:
        if id(schema) not in open_ones:
            schema.setdefault("additionalProperties", False)


@cache
def _templates() -> list[tuple[re.Pattern[str], str]]:
    """The routes, those with the fewest variables first: /users/@me before /users/{user_id}."""
    return [
        (re.compile(re.sub(r"\\?\{\w+\\?\}", "[^/]+", re.escape(template))), template)
        for template in sorted(_description()["paths"], key=lambda path: path.count("{"))
    ]


def _template(call: Call) -> str | None:
    for pattern, template in _templates():
        if (
            pattern.fullmatch(call.path)
            and call.method.lower() in _description()["paths"][template]
        ):
            return template
    return None


def _operation(template: str, method: str) -> dict[str, Any]:
    operation: dict[str, Any] = _description()["paths"][template][method.lower()]
    return operation


def _followed(node: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in node:
        kind, name = node["$ref"].split("/")[-2:]
        node = _description()["components"][kind][name]
    return node


@cache
def _validator(
    document: str, template: str, method: str, steps: tuple[str, ...]
) -> Draft202012Validator:
    node: Any = _operation(template, method)
    pointer = ["paths", template, method.lower()]
    for step in steps:
        if "$ref" in node:
            pointer = node["$ref"].removeprefix("#/").split("/")
            node = _followed(node)
        node = node[step]
        pointer.append(step)
    escaped = "/".join(step.replace("~", "~0").replace("/", "~1") for step in pointer)
    escaped = escaped.replace("{", "%7B").replace("}", "%7D")
    return Draft202012Validator({"$ref": f"{document}#/{escaped}"}, registry=_registry())


@cache
def _inline(schema: str) -> Draft202012Validator:
    resource = re.sub(r'"#/', f'"{REQUESTS}#/', schema)
    return Draft202012Validator(json.loads(resource), registry=_registry())
