"""Plain requests to the local Discord, for tests of what no client library would send."""

from dataclasses import dataclass
from typing import Any

import aiohttp

from sandbox.discord import Discord


@dataclass(frozen=True, slots=True)
class Answered:
    status: int
    body: Any
    headers: dict[str, str]

    @property
    def code(self) -> int:
        return int(self.body["code"])


async def ask(
    here: Discord, method: str, path: str, body: Any = None, *, token: str | None = None
) -> Answered:
    """One request with the bot's token, or another."""
    headers = {"Authorization": f"Bot {here.token if token is None else token}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.request(method, here.api_url + path, json=body) as response,
    ):
        answer = None if response.status == 204 else await response.json()
        return Answered(response.status, answer, dict(response.headers))


async def post(here: Discord, channel: str, text: str = "Ferry") -> str:
    """The id of a new message by the bot."""
    made = await ask(here, "POST", f"/channels/{channel}/messages", {"content": text})
    assert made.status == 200, made.body
    return str(made.body["id"])
