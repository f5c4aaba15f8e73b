"""A Discord and a Telegram with canned answers, so lean that they don't distort a measurement.

It runs in a process of its own. It records when each message arrived, by the system-wide monotonic
clock, and supports only what a library needs to log in, to send, and to receive a command.
"""

import asyncio
import itertools
import json
import re
import sys
import time
from collections import deque
from typing import Any

from aiohttp import WSMsgType, web

BOT = 1000
TOKEN = "1000:lean-server"  # noqa: S105  # opens nothing
DISCORD_PER_S, TELEGRAM_PER_S = 50, 30

_USER = {"id": str(BOT), "username": "bench", "discriminator": "0", "avatar": None, "bot": True}
_EMBED = {"type": "rich", "title": "A story", "description": "A sentence of it. " * 100}
_DISCORD = json.dumps(
    {
        "id": "@",
        "channel_id": "#",
        "author": _USER,
        "content": "",
        "embeds": [_EMBED],
        "timestamp": "2026-01-01T00:00:00+00:00",
        "edited_timestamp": None,
        "tts": False,
        "mention_everyone": False,
        "mentions": [],
        "mention_roles": [],
        "attachments": [],
        "pinned": False,
        "type": 0,
        "flags": 4096,
        "components": [],
    }
)
_TELEGRAM = (
    json.dumps(
        {
            "ok": True,
            "result": {
                "message_id": "@",
                "date": 1767225600,
                "text": "A sentence of it. " * 100,
                "chat": {"id": "#", "type": "private", "first_name": "Someone"},
                "from": {"id": BOT, "is_bot": True, "first_name": "bench", "username": "bench_bot"},
                "entities": [{"type": "bold", "offset": 0, "length": 10}],
            },
        }
    )
    .replace('"@"', "@")
    .replace('"#"', "#")
)
_BUCKET = (
    b"X-RateLimit-Limit: 5\r\nX-RateLimit-Remaining: 4\r\nX-RateLimit-Reset: 1767225600.0\r\n"
    b"X-RateLimit-Reset-After: 5.0\r\nX-RateLimit-Bucket: %032d\r\n" % 1
)
_CANNED: dict[str, Any] = {
    "users/@me": _USER,
    "oauth2/applications/@me": {
        "id": str(BOT),
        "name": "bench",
        "description": "",
        "icon": None,
        "verify_key": "",
        "bot_public": True,
        "bot_require_code_grant": False,
        "owner": _USER,
        "flags": 0,
    },
    f"applications/{BOT}/commands": [],
    "getMe": {"id": BOT, "is_bot": True, "first_name": "bench", "username": "bench_bot"},
    "getUpdates": [],
}
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHAT = re.compile(rb'"chat_id":\s*"?(-?\d+)|chat_id=(-?\d+)')


class World:
    """What arrived, and who waits for an answer."""

    def __init__(self) -> None:
        self.arrived: list[tuple[str, float]] = []
        """The sender ("discord", "telegram" or a peer's name), and when the message arrived."""
        self.enforced = False
        self.refused = 0
        self.ids = itertools.count(10**17)
        self.answered: asyncio.Future[float] | None = None
        self.gateways: set[web.WebSocketResponse] = set()
        self.update: dict[str, Any] | None = None
        self.polling: asyncio.Event = asyncio.Event()
        self._windows = {
            "discord": (DISCORD_PER_S, deque[float]()),
            "telegram": (TELEGRAM_PER_S, deque[float]()),
        }

    def takes(self, platform: str, at: float) -> bool:
        """Count one message against the limit per second; False if there are too many."""
        most, past = self._windows[platform]
        while past and past[0] <= at - 1.0:
            past.popleft()
        if len(past) >= most:
            self.refused += 1
            return False
        past.append(at)
        return True

    def hear_answer(self, at: float) -> None:
        """An answer to /story arrived: wake the one who asked."""
        if self.answered is not None and not self.answered.done():
            self.answered.set_result(at)


class Connection(asyncio.Protocol):
    """HTTP as these libraries use it: one request after another, bodies of known length."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            length = _LENGTH.search(self._buffer, 0, end)
            whole = end + 4 + (int(length[1]) if length else 0)
            if len(self._buffer) < whole:
                return
            head, body = self._buffer[:end], self._buffer[end + 4 : whole]
            self._buffer = self._buffer[whole:]
            self._answer(head.split(b" ", 2)[1].decode(), body)

    def _answer(self, path: str, body: bytes) -> None:
        at, world = time.monotonic(), self._world
        peer, _, place = path.partition("/api/v10/") if "/api/" in path else path.partition("/bot")
        peer, place = peer.strip("/"), place.partition("?")[0].removeprefix(f"{TOKEN}/")
        if place.startswith("channels/"):
            if world.enforced and not world.takes("discord", at):
                self._say(b'{"retry_after": 1.0, "global": true}', b"Retry-After: 1\r\n", b"429 x")
                return
            world.arrived.append((peer or "discord", at))
            said = _DISCORD.replace('"@"', f'"{next(world.ids)}"')
            self._say(said.replace('"#"', f'"{place.split("/")[1]}"').encode(), _BUCKET)
        elif place == "sendMessage":
            if (chat := _CHAT.search(body)) and int(chat[1] or chat[2]) == BOT:
                world.hear_answer(at)
            elif world.enforced and not world.takes("telegram", at):
                self._say(b'{"ok": false, "parameters": {"retry_after": 1}}', b"", b"429 x")
                return
            else:
                world.arrived.append((peer or "telegram", at))
            number = chat[1] or chat[2] if chat else b"1"
            said = _TELEGRAM.replace("@", str(next(world.ids) % 10**9))
            self._say(said.replace("#", number.decode()).encode())
        elif place.startswith("interactions/"):
            world.hear_answer(at)
            self._say(b'{"interaction": {"id": "1", "type": 2}}')
        elif place == "getUpdates":
            poll = json.loads(body).get("timeout")
            asyncio.get_running_loop().create_task(self._poll(poll or 0))
        else:
            canned = _CANNED.get(place, True)
            telegram = "/bot" in path
            self._say(json.dumps({"ok": True, "result": canned} if telegram else canned).encode())

    async def _poll(self, seconds: float) -> None:
        world = self._world
        try:
            async with asyncio.timeout(seconds or 0.001):
                await world.polling.wait()
        except TimeoutError:
            pass
        world.polling.clear()
        update, world.update = world.update, None
        found = [update] if update else []
        self._say(json.dumps({"ok": True, "result": found}).encode())

    def _say(self, body: bytes, headers: bytes = b"", status: bytes = b"200 OK") -> None:
        self._transport.write(
            b"HTTP/1.1 %b\r\nContent-Type: application/json\r\n%bContent-Length: %d\r\n\r\n%b"
            % (status, headers, len(body), body)
        )


class Desk:
    """Discord's gateway, and the benchmark's control interface."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def gateway(self, request: web.Request) -> web.WebSocketResponse:
        """A gateway session: hello, ready, heartbeats."""
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        await ws.send_json({"op": 10, "d": {"heartbeat_interval": 40_000}})
        async for message in ws:
            if message.type is not WSMsgType.TEXT:
                break
            match message.json()["op"]:
                case 1:
                    await ws.send_json({"op": 11})
                case 2:
                    application = {"id": str(BOT), "flags": 0}
                    url = f"ws://{request.host}/gateway"
                    ready = {
                        "v": 10,
                        "user": _USER,
                        "guilds": [],
                        "session_id": "1",
                        "resume_gateway_url": url,
                        "application": application,
                    }
                    await ws.send_json({"op": 0, "t": "READY", "s": 1, "d": ready})
                    self._world.gateways.add(ws)
        self._world.gateways.discard(ws)
        return ws

    async def ask(self, request: web.Request) -> web.Response:
        """Send /story as a user; returns the seconds until the answer arrived."""
        world = self._world
        answered = world.answered = asyncio.get_running_loop().create_future()
        at = time.monotonic()
        if request.query["platform"] == "discord":
            for ws in world.gateways:
                await ws.send_json({"op": 0, "t": "INTERACTION_CREATE", "s": 2, "d": _slash()})
        else:
            world.update = _typed(next(world.ids))
            world.polling.set()
        async with asyncio.timeout(30):
            return web.json_response(await answered - at)

    async def arrived(self, _request: web.Request) -> web.Response:
        """Everything that arrived since the last call."""
        arrived, self._world.arrived = self._world.arrived, []
        return web.json_response({"arrived": arrived, "refused": self._world.refused})

    async def count(self, _request: web.Request) -> web.Response:
        """How many messages arrived since the last call to `arrived`."""
        return web.json_response(len(self._world.arrived))

    async def enforce(self, _request: web.Request) -> web.Response:
        """From now on, enforce the platforms' limits per second."""
        self._world.enforced = True
        return web.json_response(True)


def _slash() -> dict[str, Any]:
    """An INTERACTION_CREATE: /story in a server's channel."""
    channel = {"id": "4", "type": 0, "guild_id": "3", "name": "general", "position": 0}
    member = {
        "user": {**_USER, "id": "7", "bot": False},
        "roles": [],
        "permissions": "0",
        "joined_at": "2026-01-01T00:00:00+00:00",
        "deaf": False,
        "mute": False,
        "flags": 0,
    }
    return {
        "id": "1",
        "application_id": str(BOT),
        "type": 2,
        "token": "x",
        "version": 1,
        "data": {"id": "2", "name": "story", "type": 1},
        "guild_id": "3",
        "channel_id": "4",
        "channel": channel,
        "member": member,
        "app_permissions": "0",
        "locale": "en-GB",
        "entitlements": [],
        "context": 0,
        "authorizing_integration_owners": {"0": "3"},
        "attachment_size_limit": 1,
    }


def _typed(number: int) -> dict[str, Any]:
    """An update: /story in a private chat."""
    person = {"id": BOT, "is_bot": False, "first_name": "Someone"}
    chat = {"id": BOT, "type": "private", "first_name": "Someone"}
    said = {"message_id": 1, "date": 1767225600, "chat": chat, "from": person, "text": "/story"}
    return {"update_id": number % 10**9, "message": said}


async def main() -> None:
    """Serve until the parent process closes our standard input or is gone."""
    world = World()
    desk = Desk(world)
    loop = asyncio.get_running_loop()
    rest = await loop.create_server(lambda: Connection(world), "127.0.0.1", 0)
    app = web.Application()
    app.add_routes(
        [
            web.get("/gateway", desk.gateway),
            web.post("/gateway", desk.gateway),
            web.post("/ask", desk.ask),
            web.post("/arrived", desk.arrived),
            web.post("/count", desk.count),
            web.post("/enforce", desk.enforce),
        ]
    )
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(json.dumps([rest.sockets[0].getsockname()[1], runner.addresses[0][1]]), flush=True)
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
