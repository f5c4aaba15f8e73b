"""What a bot sends with a call: form, multipart, JSON or nothing, read one way."""

import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from sandbox.telegram.refusals import NOT_UTF8, Refused, bad_request


class Params:
    """The parameters of one call. Objects may come as JSON inside a string; each reading says
    what it wants and refuses anything else with Telegram's words."""

    def __init__(self, sent: Mapping[str, Any]) -> None:
        self._sent = sent

    def __contains__(self, name: str) -> bool:
        return self._sent.get(name) not in (None, "")

    def text(self, name: str) -> str:
        """The parameter as text; "" when it was not sent."""
        value = self._sent.get(name)
        if value is None:
            return ""
        if isinstance(value, bool):
            return "true" if value else "false"
        return value if isinstance(value, str) else json.dumps(value)

    def integer(self, name: str, default: int = 0) -> int:
        """The parameter as a whole number; like Telegram, `default` for what is none."""
        try:
            return int(self.text(name))
        except ValueError:
            return default

    def flag(self, name: str) -> bool:
        return self.text(name).strip().lower() in ("true", "yes", "1")

    def value(self, name: str, what: str) -> Any:
        """The parameter as JSON; None when it was not sent. `what` names it in the refusal."""
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
    """The query and the body of a call; raises Refused for what is no UTF-8 or no JSON.

    The body is a dict of what was sent, None when nothing was.
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
