"""HTTP requests to Telegram over aiohttp; every failure says whether the request was sent.

python-telegram-bot's own httpx transport becomes slow with many requests in flight and logs every
URL, which contains the token. Nothing here puts a URL into a log line or an error.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

import aiohttp
from pydantic_core import from_json, to_json
from telegram.error import NetworkError, TimedOut
from telegram.request import BaseRequest, RequestData

from bot.model.errors import pause

CONNECT_S = 10.0
POOL_S = 10.0
UNSAID = BaseRequest.DEFAULT_NONE
USUAL_PAUSE = timedelta(seconds=5)
SHORTEST_PAUSE = timedelta(seconds=1)
LARGEST_ANSWER = 16 * 1024 * 1024
"""Bytes. A hundred of the longest updates have about two million."""
UNREADABLE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What the library raises if an answer isn't what Telegram documents: null, a missing field."""


class NotSent(NetworkError):
    """The request was never sent: no connection could be made, or none became free in time."""


class Unread(NetworkError):
    """An answer that isn't Telegram's: HTML, half a JSON document, one without a result."""


class TooLarge(Unread):
    """Reading an answer was aborted: it is larger than any of Telegram's."""


class TooSoon(NetworkError):
    """Telegram refused and asks us to wait (429).

    Replaces the library's RetryAfter, which can't express a wait of 0 seconds and warns about its
    own deprecation each time it is created.
    """

    def __init__(self, after: timedelta) -> None:
        super().__init__(f"Too many requests: wait {after.total_seconds():g} s")
        self.after = after


@dataclass(frozen=True, slots=True)
class _Ready:
    """Replaces a RequestData, which the library builds from its own objects.

    `post` passes it on to `do_request` untouched.
    """

    body: bytes


class AiohttpRequest(BaseRequest):
    """One pool of connections to the Bot API.

    Raises NotSent and TooSoon if certainly nothing was done. Any other NetworkError (including
    TimedOut) except BadRequest means that the request may have been carried out.
    """

    def __init__(self, *, read_timeout_s: float, connections: int) -> None:
        self._read_timeout_s = read_timeout_s
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float:
        return self._read_timeout_s

    async def initialize(self) -> None:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._connections)
            )

    async def shutdown(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def call(
        self, url: str, parameters: Mapping[str, Any], read_timeout: Any = UNSAID
    ) -> Any:
        """Like `post`, with parameters that are ready for JSON; None means left out."""
        body = to_json({name: value for name, value in parameters.items() if value is not None})
        return await self.post(url, cast("RequestData", _Ready(body)), read_timeout)

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Like the library's, but much faster; raises Unread if it isn't an answer."""
        try:
            answer = from_json(payload)
        except ValueError:
            raise Unread("Telegram's answer is not JSON") from None
        if not isinstance(answer, dict) or "result" not in answer or answer.get("ok") is False:
            raise Unread("Telegram's answer has no result")
        return answer

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = UNSAID,
        write_timeout: Any = UNSAID,  # bodies are small: covered by the read timeout
        connect_timeout: Any = UNSAID,
        pool_timeout: Any = UNSAID,
    ) -> tuple[int, bytes]:
        """Send the request; returns the status and the body."""
        if self._session is None:
            raise NotSent("The connection to Telegram is closed")
        connect = _chosen(connect_timeout, CONNECT_S)
        timeout = aiohttp.ClientTimeout(
            connect=None if connect is None else connect + (_chosen(pool_timeout, POOL_S) or 0),
            sock_connect=connect,
            sock_read=_chosen(read_timeout, self._read_timeout_s),
        )
        body = _body(request_data)
        try:
            async with self._session.request(
                method,
                url,
                data=body,
                headers={"Content-Type": "application/json"} if body else None,
                timeout=timeout,
                allow_redirects=False,
            ) as response:
                payload = await _read(response)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotSent(f"No connection to Telegram ({type(error).__name__})") from error
        except TimeoutError as error:
            raise TimedOut("Telegram took the request and did not answer in time") from error
        except (aiohttp.ClientError, OSError) as error:
            raise NetworkError(f"The answer was lost ({type(error).__name__})") from error
        if response.status >= 500:  # often a proxy's HTML, so not for the library's JSON parser
            raise NetworkError(f"Telegram answered {response.status}")
        if response.status == 429:
            raise TooSoon(_wait(payload))
        if response.status >= 300:
            payload = _refusal(payload)  # a proxy's 404 says nothing about our token
        return response.status, payload


async def _read(response: aiohttp.ClientResponse) -> bytes:
    payload = bytearray()
    async for part in response.content.iter_chunked(64 * 1024):
        payload += part
        if len(payload) > LARGEST_ANSWER:
            raise TooLarge(f"Telegram's answer has more than {LARGEST_ANSWER} bytes")
    return bytes(payload)


def _refusal(payload: bytes) -> bytes:
    """A refusal as the library may read it, since it believes every field.

    Raises Unread if it isn't Telegram's.
    """
    try:
        said = from_json(payload)
    except ValueError:
        raise Unread("Telegram's answer is not JSON") from None
    match said:
        case {"error_code": int(), "description": str(text), **more}:
            parameters = more.get("parameters", {})
        case _:
            raise Unread("Telegram's answer has no reason")
    match parameters:
        case {"migrate_to_chat_id": int(to)}:
            parameters = {"migrate_to_chat_id": to}
        case {"migrate_to_chat_id": _}:
            raise Unread("Telegram's answer names no chat to move to")
        case dict():
            parameters = {}
        case _:
            raise Unread("Telegram's answer has parameters that are none")
    return to_json({"result": None, "description": text, "parameters": parameters})


def _body(data: RequestData | _Ready | None) -> bytes | None:
    if data is None:
        return None
    return data.body if isinstance(data, _Ready) else json.dumps(data.parameters).encode()


def _chosen(value: Any, usual: float) -> float | None:
    """A timeout in seconds as the library passes it; None means no limit."""
    if value is UNSAID:
        return usual
    return None if value is None else float(value)


def _wait(payload: bytes) -> timedelta:
    try:
        asked = json.loads(payload)["parameters"]["retry_after"]
    except (ValueError, TypeError, KeyError):
        asked = None  # a 429 from some proxy on the way
    return max(pause(asked, USUAL_PAUSE), SHORTEST_PAUSE)
