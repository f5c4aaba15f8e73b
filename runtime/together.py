"""Batches Redis commands: those requested while a round trip is under way share the next one.

redis-py repeats all of them if the replies are lost, so each must be safe to run twice.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import NoScriptError

TRY = """
-- What Redis answers; nil where the key holds something else than it should. A refusal is raised.
local function try(...)
    local answer = redis.pcall(...)
    if type(answer) ~= 'table' or not answer.err then return answer end
    if string.find(answer.err, 'WRONGTYPE') or string.find(answer.err, 'not an integer') then
        return nil
    end
    error(answer)
end
"""
"""Lua prelude: runs a command; nil if a key has the wrong type, an error if Redis refuses."""


class Script:
    """Lua that Redis knows by its hash once it has run it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.sha = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


class Together:
    """Sends single commands in pipelines, one pipeline after another, and returns each one's
    reply."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._asked: list[tuple[tuple[str | bytes | int, ...], asyncio.Future[Any]]] = []
        self._sending: asyncio.Task[None] | None = None

    async def run(
        self, script: Script, keys: Sequence[str], arguments: Sequence[str | bytes | int]
    ) -> Any:
        """Run a script and return its reply; raises what redis-py raises."""
        given = (len(keys), *keys, *arguments)
        try:
            return await self.do("EVALSHA", script.sha, *given)
        except NoScriptError:
            return await self.do("EVAL", script.text, *given)

    async def do(self, *command: str | bytes | int) -> Any:
        """Send one command and return its reply; raises what redis-py raises."""
        answer = asyncio.get_running_loop().create_future()
        self._asked.append((command, answer))
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(self._send(), name="redis commands")
        return await answer

    async def _send(self) -> None:
        while self._asked:
            asked, self._asked = self._asked, []
            answers: list[Any]
            try:
                async with self._redis.pipeline(transaction=False) as pipe:
                    for command, _ in asked:
                        pipe.execute_command(*command)
                    answers = await pipe.execute(raise_on_error=False)
            except Exception as error:  # noqa: BLE001  # everyone who asked is told
                answers = [error] * len(asked)
            for (_, answer), said in zip(asked, answers, strict=True):
                if answer.done():
                    continue  # the caller was cancelled
                if isinstance(said, Exception):
                    answer.set_exception(said)
                else:
                    answer.set_result(said)
