"""Limits and hardens what Discord sends us: bounded in size, and unreadable messages are skipped.

discord.py 2.7.1 reads answers and gateway messages of any size, and a single gateway message with a
missing field ends its connection.
"""

import json
import logging
import zlib
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import discord

log = logging.getLogger(__name__)

LARGEST_ANSWER = 8 * 1024 * 1024
LARGEST_MESSAGE = 16 * 1024 * 1024
"""Bytes of one gateway message, unpacked. A server with the most channels and roles possible has
about two million."""
TOO_BIG = aiohttp.WSCloseCode.MESSAGE_TOO_BIG

UNREADABLE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What the library raises if an answer or a message isn't what Discord documents: HTML, null,
half a JSON document, a missing field."""


class TooLarge(aiohttp.ClientPayloadError):
    """Reading an answer was aborted: it is larger than any of Discord's."""


async def read_answer(response: aiohttp.ClientResponse) -> Any:
    """The JSON of an answer, or its text, like the library's own json_or_text."""
    body = bytearray()
    async for part in response.content.iter_chunked(64 * 1024):
        body += part
        if len(body) > LARGEST_ANSWER:
            raise TooLarge(f"Discord's answer has more than {LARGEST_ANSWER} bytes")
    text = body.decode("utf-8")
    is_json = response.headers.get("content-type") == "application/json"
    return json.loads(text) if is_json else text


class Unpacking:
    """Unpacks the gateway's messages; replaces the library's own decompression context."""

    COMPRESSION_TYPE = "zlib-stream"

    def __init__(self) -> None:
        self._packed = bytearray()
        self._stream = zlib.decompressobj()

    def decompress(self, data: bytes, /) -> str | None:
        """The message that `data` completes; None if more of it is to come."""
        self._packed += data
        if len(self._packed) > LARGEST_MESSAGE:
            raise ValueError(f"a gateway message has more than {LARGEST_MESSAGE} bytes")
        if not data.endswith(b"\x00\x00\xff\xff"):
            return None
        packed, self._packed = bytes(self._packed), bytearray()
        message = self._stream.decompress(packed, LARGEST_MESSAGE)
        if self._stream.unconsumed_tail:
            raise ValueError(f"a gateway message has more than {LARGEST_MESSAGE} bytes")
        return message.decode("utf-8")


class Socket(discord.gateway.DiscordWebSocket):
    """The library's gateway connection, hardened so that one bad message ends nothing."""

    async def received_message(self, msg: Any, /) -> None:
        """Handle one event; skip and count it if it can't be read."""
        client: Any = self._connection._get_client()
        if isinstance(msg, bytes):
            msg = self._decompressor.decompress(msg)  # after this fails, nothing more can be read
            if msg is None:
                return
        try:
            await super().received_message(msg)
        except UNREADABLE as error:
            if not getattr(client, "online", False):
                raise  # without its first event the session is useless
            log.warning("unreadable gateway message skipped", exc_info=error)
            client.left_out()

    async def poll_event(self) -> None:
        """Wait for one message and handle it; a message that is too large ends the session."""
        async with self._closing():
            try:
                await super().poll_event()
            except discord.gateway.ReconnectWebSocket:
                if self.socket.close_code == TOO_BIG:  # otherwise resuming would deliver it again
                    raise ValueError("a gateway message is too large") from None
                raise

    async def identify(self) -> None:
        """Start a session; if that fails, the connection is closed properly."""
        async with self._closing():
            await super().identify()

    @asynccontextmanager
    async def _closing(self) -> AsyncGenerator[None]:
        """Closes the socket and stops the heartbeat, however the connection ends.

        The library forgets both if a connection ends before it is handed to the client.
        """
        try:
            yield
        except (discord.gateway.ReconnectWebSocket, discord.ConnectionClosed):
            raise  # the library has closed it
        except Exception:
            await self.close()
            raise
        except BaseException:  # cancelled: don't wait
            if self._keep_alive:
                self._keep_alive.stop()
            raise


def set_bounds(client: discord.Client) -> None:
    """Make the library use the limits above. It keeps most of this in its modules."""
    vars(discord.utils)["_ActiveDecompressionContext"] = Unpacking
    vars(discord.client)["DiscordWebSocket"] = Socket
    vars(client.http)["ws_connect"] = _connecting(client)


def _connecting(client: discord.Client) -> Callable[..., Any]:
    async def ws_connect(url: str, *, compress: int = 0) -> aiohttp.ClientWebSocketResponse:
        http = client.http
        session: aiohttp.ClientSession = vars(http)["_HTTPClient__session"]
        return await session.ws_connect(
            url,
            proxy=http.proxy,
            proxy_auth=http.proxy_auth,
            max_msg_size=LARGEST_MESSAGE,
            timeout=aiohttp.ClientWSTimeout(ws_close=30.0),
            autoclose=False,
            headers={"User-Agent": http.user_agent},
            compress=compress,
        )

    return ws_connect
