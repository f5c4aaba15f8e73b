"""Discord's gateway: sessions, heartbeats, events in order,
and resuming after a dropped connection.

https://docs.discord.com/developers/events/gateway
"""

import asyncio
import contextlib
import json
import secrets
import time
import zlib
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

from sandbox.discord.world import BOT, GUILD, JOINED, Channel, Json, World

DISPATCH, HEARTBEAT, IDENTIFY, PRESENCE, VOICE_STATE = 0, 1, 2, 3, 4
RESUME, RECONNECT, REQUEST_MEMBERS, INVALID_SESSION, HELLO, HEARTBEAT_ACK = 6, 7, 8, 9, 10, 11
ACK_AFTER_S = 0.05
"""discord.py 2.7.1 records when it sent a heartbeat only after sending it. An acknowledgement that
arrives earlier looks to it as if it were one heartbeat late (gateway.py, KeepAliveHandler)."""

GUILDS, GUILD_MESSAGES, DIRECT_MESSAGES, MESSAGE_CONTENT = 1, 1 << 9, 1 << 12, 1 << 15
PRIVILEGED = 1 << 1 | 1 << 8 | MESSAGE_CONTENT
"""Server members, presences and message content: intents an application must be granted."""

INTENTS: Mapping[str, tuple[int, int]] = {
    "GUILD_CREATE": (GUILDS, 0),
    "GUILD_DELETE": (GUILDS, 0),
    "CHANNEL_CREATE": (GUILDS, 0),
    "CHANNEL_UPDATE": (GUILDS, 0),
    "CHANNEL_DELETE": (GUILDS, 0),
    "CHANNEL_PINS_UPDATE": (GUILDS, DIRECT_MESSAGES),
    "THREAD_CREATE": (GUILDS, 0),
    "THREAD_UPDATE": (GUILDS, 0),
    "THREAD_DELETE": (GUILDS, 0),
    "MESSAGE_CREATE": (GUILD_MESSAGES, DIRECT_MESSAGES),
    "MESSAGE_UPDATE": (GUILD_MESSAGES, DIRECT_MESSAGES),
    "MESSAGE_DELETE": (GUILD_MESSAGES, DIRECT_MESSAGES),
}
"""The intents that request an event in the server, and in direct messages."""

KEPT_FOR_RESUME = 10_000
"""Number of events a session keeps; a client that is further behind has to start anew."""


class _Closed(Exception):
    """The client did something that closes its connection with this code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code


@dataclass(slots=True, eq=False)
class _Link:
    """One socket. Outgoing texts wait in a queue, so that sending never blocks."""

    ws: web.WebSocketResponse
    packed: Any
    """A zlib stream if the client asked for one, else None."""
    transport: asyncio.Transport | None
    waiting: asyncio.Queue[str] = field(default_factory=asyncio.Queue)

    def say(self, op: int, data: Any = None, *, event: str | None = None, seq: Any = None) -> None:
        self.send(json.dumps({"op": op, "d": data, "s": seq, "t": event}))

    def send(self, text: str) -> None:
        """Queue a text as it is, even if it is not a valid event."""
        self.waiting.put_nowait(text)

    async def send_waiting(self) -> None:
        while True:
            text = await self.waiting.get()
            with contextlib.suppress(ConnectionError):  # the reader notices the end
                if self.packed is None:
                    await self.ws.send_str(text)
                else:
                    packed = self.packed.compress(text.encode())
                    await self.ws.send_bytes(packed + self.packed.flush(zlib.Z_SYNC_FLUSH))


@dataclass(slots=True, eq=False)
class _Session:
    id: str
    intents: int
    seq: int = 0
    kept: deque[tuple[int, str, Json]] = field(
        default_factory=lambda: deque(maxlen=KEPT_FOR_RESUME)
    )
    link: _Link | None = None
    alone_since: float = 0.0
    """Monotonic seconds at which the last socket was lost."""

    def tell(self, event: str, data: Json) -> None:
        self.seq += 1
        self.kept.append((self.seq, event, data))
        if self.link is not None:
            self.link.say(DISPATCH, data, event=event, seq=self.seq)


class Gateway:
    """Keeps the sessions of one bot and sends them events."""

    def __init__(
        self, world: World, token: str, *, privileged: bool, changed: Callable[[], None]
    ) -> None:
        """`privileged`: the application has the privileged intents; `changed`:
        called on (dis)connection."""
        self.url = ""
        self.heartbeat_interval = 41.25
        """Seconds, as told to the client."""
        self.resumable_for = 180.0
        """Seconds a session waits for its client to come back; Discord publishes no number."""
        self.acknowledges = True
        """Set to False to leave heartbeats unanswered, as a half-dead connection does."""
        self.closed_for: int | None = None
        """An HTTP status with which every new connection is refused, or None."""
        self.identified = 0
        self.resumed = 0
        self._world = world
        self.token = token
        """The token that clients must have; any other is refused."""
        self.refuses_with: int | None = None
        """A close code that answers every IDENTIFY and RESUME, or None."""
        self._privileged = privileged
        self._changed = changed
        self._sessions: dict[str, _Session] = {}
        self._links: set[_Link] = set()

    @property
    def connected(self) -> bool:
        """Whether any client is connected."""
        return any(session.link for session in self._sessions.values())

    def tell(self, event: str, data: Json, channel: Channel | None) -> None:
        """Send a change of the world to every session that subscribed to it and may see it."""
        if event not in INTENTS or (channel is not None and channel.group):
            return
        in_guild, in_dm = INTENTS[event]
        wanted = in_dm if channel is not None and channel.is_dm else in_guild
        of_guild = channel is None or not channel.is_dm
        if of_guild and not self._world.bot_is_here and event != "GUILD_DELETE":
            return
        about_message = event.startswith("MESSAGE_")
        if about_message and channel and not self._world.may(BOT, channel, "VIEW_CHANNEL"):
            return
        for session in self._living():
            if session.intents & wanted:
                shown = _without_content(data) if self._hides(session, data, channel) else data
                session.tell(event, shown)

    def interact(self, interaction: Json) -> bool:
        """Send an interaction to the bot; False if it has no session at all."""
        living = self._living()
        for session in living:
            session.tell("INTERACTION_CREATE", interaction)
        return bool(living)

    def _living(self) -> list[_Session]:
        """The sessions that have a client, or whose client may still come back."""
        oldest = time.monotonic() - self.resumable_for
        for session in list(self._sessions.values()):
            if session.link is None and session.alone_since <= oldest:
                del self._sessions[session.id]
        return list(self._sessions.values())

    def _hides(self, session: _Session, data: Json, channel: Channel | None) -> bool:
        if "author" not in data or session.intents & MESSAGE_CONTENT:
            return False
        if channel is not None and channel.is_dm:
            return False
        mentioned = any(user["id"] == BOT for user in data["mentions"])
        return data["author"]["id"] != BOT and not mentioned

    # -- faults ----------------------------------------------------------------------------------

    async def hang_up(self, code: int | None = None) -> None:
        """Close every socket with a code, or cut it without one. Sessions can be resumed."""
        for link in list(self._links):
            if code is not None:
                await link.ws.close(code=code)
            elif link.transport is not None:
                link.transport.abort()

    def send(self, text: str) -> None:
        """Send every connected client a text as it is, even if it is not a valid event."""
        for link in self._links:
            link.send(text)

    def event(self, event: str, data: Any) -> None:
        """Send every session an event, valid or not; it is repeated when a session resumes."""
        for session in self._living():
            session.tell(event, data)

    def ask_to_reconnect(self) -> None:
        """Send opcode 7: clients should reconnect and resume."""
        for session in self._sessions.values():
            if session.link is not None:
                session.link.say(RECONNECT)

    def forget_sessions(self) -> None:
        """Make every session unresumable, and tell the connected clients."""
        for session in self._sessions.values():
            if session.link is not None:
                session.link.say(INVALID_SESSION, False)
        self._sessions.clear()
        self._changed()

    async def close(self) -> None:
        """Close every socket for good, as at shutdown."""
        self._sessions.clear()
        for link in list(self._links):
            await link.ws.close(code=WSCloseCode.GOING_AWAY)

    # -- one connection --------------------------------------------------------------------------

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Handle one WebSocket connection until it ends."""
        if self.closed_for is not None:
            return web.Response(status=self.closed_for)
        ws = web.WebSocketResponse(compress=False, max_msg_size=0, timeout=1.0)
        await ws.prepare(request)
        packed = zlib.compressobj() if request.query.get("compress") == "zlib-stream" else None
        link = _Link(ws, packed, request.transport)
        self._links.add(link)
        sending = asyncio.create_task(link.send_waiting(), name="gateway sending")
        link.say(HELLO, {"heartbeat_interval": int(self.heartbeat_interval * 1000), "_trace": []})
        session: _Session | None = None
        goodbye = False
        try:
            while not ws.closed:
                message = await ws.receive()
                if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):  # hikari sends bytes
                    session = self._hear(link, session, message.data)
                elif message.type is WSMsgType.CLOSE:
                    goodbye = message.data in (WSCloseCode.OK, WSCloseCode.GOING_AWAY)
                else:
                    break
        except _Closed as closed:
            await ws.close(code=closed.code, message=str(closed).encode())
        finally:
            sending.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await sending
            self._links.discard(link)
            if session is not None and session.link is link:
                session.link = None
                session.alone_since = time.monotonic()
                if goodbye:
                    self._sessions.pop(session.id, None)  # the client is done with it
            self._changed()
        return ws

    def _hear(self, link: _Link, session: _Session | None, text: str | bytes) -> _Session | None:
        try:
            said = json.loads(text)
            op, data = said["op"], said.get("d")
        except (ValueError, KeyError, TypeError, AttributeError):
            raise _Closed(4002, "Error while decoding payload.") from None
        match op:
            case 1:  # HEARTBEAT
                if self.acknowledges:  # never sooner than a network would
                    asyncio.get_running_loop().call_later(ACK_AFTER_S, link.say, HEARTBEAT_ACK)
            case 2:  # IDENTIFY
                if session is not None:
                    raise _Closed(4005, "Already authenticated.")
                return self._identify(link, data)
            case 6:  # RESUME
                if session is not None:
                    raise _Closed(4005, "Already authenticated.")
                return self._resume(link, data)
            case _ if session is None:
                raise _Closed(4003, "Not authenticated.")
            case 8:  # REQUEST_MEMBERS
                self._members(session, data)
            case 3 | 4:  # presence and voice: accepted and ignored
                pass
            case _:
                raise _Closed(4001, "Unknown opcode.")
        return session

    def _identify(self, link: _Link, data: Any) -> _Session:
        self._admit(data)
        intents = data.get("intents")
        if not isinstance(intents, int) or intents < 0 or intents >= 1 << 26:
            raise _Closed(4013, "Invalid intent(s).")
        if intents & PRIVILEGED and not self._privileged:
            raise _Closed(4014, "Disallowed intent(s).")
        session = _Session(secrets.token_hex(16), intents, link=link)
        self._sessions[session.id] = session
        self.identified += 1
        ready: Json = {
            "v": 10,
            "user": {
                **self._world.user_object(BOT),
                "mfa_enabled": False,
                "verified": True,
                "email": None,
            },
            "guilds": [{"id": GUILD, "unavailable": True}] if self._world.bot_is_here else [],
            "session_id": session.id,
            "session_type": "normal",
            "resume_gateway_url": self.url,
            "application": {"id": BOT, "flags": 0},
            "private_channels": [],
            "user_settings": {},
            "relationships": [],
            "presences": [],
            "_trace": [],
        }
        if "shard" in data:
            ready["shard"] = data["shard"]
        session.tell("READY", ready)
        if intents & GUILDS and self._world.bot_is_here:
            session.tell("GUILD_CREATE", self.guild() | {"unavailable": False})
        self._changed()
        return session

    def _resume(self, link: _Link, data: Any) -> _Session | None:
        self._admit(data)
        self._living()
        session = self._sessions.get(str(data.get("session_id")))
        if session is None:
            link.say(INVALID_SESSION, False)
            return None
        seq = data.get("seq")
        if not isinstance(seq, int) or seq > session.seq:
            raise _Closed(4007, "Invalid seq.")
        if session.kept and seq + 1 < session.kept[0][0]:
            del self._sessions[session.id]
            link.say(INVALID_SESSION, False)
            return None
        session.link = link
        for number, event, missed in session.kept:
            if number > seq:
                link.say(DISPATCH, missed, event=event, seq=number)
        self.resumed += 1
        session.tell("RESUMED", {"_trace": []})
        self._changed()
        return session

    def _admit(self, data: Any) -> None:
        if self.refuses_with is not None:
            raise _Closed(self.refuses_with, "Made to refuse.")
        if not isinstance(data, dict) or data.get("token", "").removeprefix("Bot ") != self.token:
            raise _Closed(4004, "Authentication failed.")

    def _members(self, session: _Session, data: Json) -> None:
        world = self._world
        asked = data.get("user_ids")
        asked = [asked] if isinstance(asked, str) else asked
        query = str(data.get("query") or "").lower()
        found = [
            world.member_object(person.id)
            for person in world.people.values()
            if (person.id in map(str, asked) if asked else person.username.startswith(query))
        ]
        unknown = [str(person) for person in asked or () if str(person) not in world.people]
        answer: Json = {
            "guild_id": GUILD,
            "members": found,
            "chunk_index": 0,
            "chunk_count": 1,
            "not_found": unknown,
        }
        if data.get("nonce"):
            answer["nonce"] = data["nonce"]
        session.tell("GUILD_MEMBERS_CHUNK", answer)

    def guild(self) -> Json:
        """GUILD_CREATE: the server and everything in it; without the intent, only the bot.

        Only a server that was there at the connection is marked as available (again). That's how
        discord.py tells it from a server that the bot has just joined (state.py,
        parse_guild_create).
        """
        world = self._world
        return world.guild_object() | {
            "joined_at": JOINED,
            "large": False,
            "member_count": len(world.people),
            "members": [world.member_object(BOT)],
            "channels": [world.channel_object(channel) for channel in world.guild_channels()],
            "threads": [world.channel_object(t) for t in world.threads() if not t.archived],
            "presences": [],
            "voice_states": [],
            "stage_instances": [],
            "guild_scheduled_events": [],
            "soundboard_sounds": [],
        }


def _without_content(data: Json) -> Json:
    """Other people's messages as a bot without the message content intent receives them."""
    return data | {"content": "", "embeds": [], "components": [], "attachments": []}
