"""Reads what a bot sends with a call, whether as form, multipart, JSON or nothing."""

import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from sandbox.telegram.refusals import NOT_UTF8, Refused, bad_request


class Params:
    """The parameters of one call. Objects may come as JSON inside a string. Each getter says what
    it expects and refuses anything else in Telegram's words."""

    def __init__(self, sent: Mapping[str, Any]) -> None:
        self._sent = sent

    def __contains__(self, name: str) -> bool:
        return self._sent.get(name) not in (None, "")

    def text(self, name: str) -> str:
        """The parameter as text; "" if it is missing."""
        value = self._sent.get(name)
        if value is None:
            return ""
        if isinstance(value, bool):
            return "true" if value else "false"
        return value if isinstance(value, str) else json.dumps(value)

    def integer(self, name: str, default: int = 0) -> int:
        """The parameter as a whole number; like Telegram, `default` for anything else."""
        try:
            return int(self.text(name))
        except ValueError:
            return default

    def flag(self, name: str) -> bool:
        """The parameter as a boolean; false if it is missing."""
        return self.text(name).strip().lower() in ("true", "yes", "1")

    def value(self, name: str, what: str) -> Any:
        """The parameter as JSON; None if it is missing. `what` names it in the refusal."""
        value = self._sent.get(name)
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except (ValueError, RecursionError) as error:
            raise bad_request(f"can't parse {what} JSON object") from error


async def read(request: web.Request) -> tuple[dict[str, str], Any]:
    """The query and the body of a call; raises Refused if it isn't UTF-8 or JSON.

    The body is a dict; None if there was none.
    """
    query = dict(request.query)
    body: Any = None
    try:
        match request.content_type:
            case "application/json" if request.can_read_body:
                body = json.loads(await request.read() or b"null")
            case "application/x-www-form-urlencoded" | "multipart/form-data":
                form = await request.post()
                body = {
                    name: value if isinstance(value, str) else f"(file {name})"
                    for name, value in form.items()
                } or None
        json.dumps([query, body], ensure_ascii=False).encode()
    except UnicodeError as error:
        raise Refused(NOT_UTF8) from error
    except (ValueError, RecursionError) as error:
        raise bad_request("can't parse request JSON object") from error
    if body is not None and not isinstance(body, dict):
        raise bad_request("object expected as request JSON")
    return query, body
