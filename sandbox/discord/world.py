"""The state of one Discord server: its people, roles, channels and messages.

It holds what Discord itself would know. Returned objects are copies in Discord's JSON
(https://docs.discord.com/developers/resources/message). Every change is reported as a gateway
event.
"""

import copy
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sandbox.discord import refusals, rights
from sandbox.discord.rights import Overwrite

Json = dict[str, Any]

# Ids are snowflakes, written as strings everywhere, as Discord's JSON has them.
GUILD = "1100000000000000001"
NEWS = "1100000000000000101"
GENERAL = "1100000000000000102"
HEADLINES = "1100000000000000103"
BOT = "1100000000000000201"
"""The bot's user and its application: one id, as for every bot made since 2016."""
OWNER = "1100000000000000300"
MIRA = "1100000000000000301"
SOL = "1100000000000000302"
BOT_ROLE = "1100000000000000401"
MODERATORS = "1100000000000000402"
READERS = "1100000000000000403"
"""A role that everyone may mention; mira has it."""

TEXT, DM, GROUP_DM, ANNOUNCEMENT, ANNOUNCEMENT_THREAD, THREAD, FORUM = 0, 1, 3, 5, 10, 11, 15
CATEGORY, STAGE = 4, 13
WORDLESS = (CATEGORY, STAGE, FORUM)
"""Channel kinds that messages can't be posted in."""
THREADS = (ANNOUNCEMENT_THREAD, THREAD)
KINDS: Mapping[int, str] = {
    TEXT: "text",
    DM: "dm",
    GROUP_DM: "group",
    ANNOUNCEMENT: "announcement",
    ANNOUNCEMENT_THREAD: "thread",
    THREAD: "thread",
    FORUM: "forum",
    CATEGORY: "category",
    STAGE: "stage",
}

CROSSPOSTED, SUPPRESS_EMBEDS, HAS_THREAD, EPHEMERAL, LOADING, SILENT = 1, 4, 32, 64, 128, 4096

PINS_LIMIT = 250
MEMBER_RIGHTS = rights.bits(
    [
        "VIEW_CHANNEL",
        "SEND_MESSAGES",
        "SEND_MESSAGES_IN_THREADS",
        "EMBED_LINKS",
        "ADD_REACTIONS",
        "READ_MESSAGE_HISTORY",
        "USE_APPLICATION_COMMANDS",
        "USE_EXTERNAL_APPS",
    ]
)
GUEST_RIGHTS = rights.bits(["EMBED_LINKS", "ATTACH_FILES", "USE_EXTERNAL_EMOJIS"])
"""What an app may do where it is present only because its user installed it."""
BOT_RIGHTS = rights.bits(
    [
        "VIEW_CHANNEL",
        "SEND_MESSAGES",
        "SEND_MESSAGES_IN_THREADS",
        "CREATE_PUBLIC_THREADS",
        "EMBED_LINKS",
        "ATTACH_FILES",
        "READ_MESSAGE_HISTORY",
        "PIN_MESSAGES",
        "USE_APPLICATION_COMMANDS",
    ]
)
MODERATOR_RIGHTS = rights.bits(
    ["MANAGE_MESSAGES", "MANAGE_CHANNELS", "MANAGE_THREADS", "PIN_MESSAGES", "MENTION_EVERYONE"]
)
DM_RIGHTS = rights.bits(
    [
        "VIEW_CHANNEL",
        "SEND_MESSAGES",
        "EMBED_LINKS",
        "ATTACH_FILES",
        "ADD_REACTIONS",
        "READ_MESSAGE_HISTORY",
        "MENTION_EVERYONE",
        "PIN_MESSAGES",
        "USE_APPLICATION_COMMANDS",
    ]
)
JOINED = "2023-05-02T09:30:00.000000+00:00"
EPOCH = 1420070400000
"""Discord's first millisecond, 2015, in Unix milliseconds: snowflakes count from here."""


@dataclass(frozen=True, slots=True)
class Role:
    """A role of the server."""

    id: str
    name: str
    bits: int
    position: int
    color: int = 0
    managed_by: str | None = None
    """The bot whose own role it is."""
    mentionable: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """Someone in the server, including the bot."""

    id: str
    username: str
    name: str
    roles: tuple[str, ...] = ()
    bot: bool = False


@dataclass(slots=True, eq=False)
class Post:
    """A message, with what only Discord's server knows about it."""

    channel: "Channel"
    data: Json
    """The message object, without the fields that are computed on reading."""
    seen_by: str | None = None
    """The only person who sees it, if it is ephemeral."""
    label: str | None = None
    """The line above an answer to a command: "mira used /faq"."""
    reference: "Post | None" = None
    thread: "Channel | None" = None
    gone: bool = False

    @property
    def id(self) -> str:
        """The message's id."""
        return str(self.data["id"])


@dataclass(slots=True, eq=False)
class Channel:
    """A channel, thread, direct message or group conversation."""

    id: str
    kind: int
    name: str
    position: int = 0
    parent: "Channel | None" = None
    recipient: str | None = None
    """The other person, in a direct message with the bot."""
    group: tuple[str, ...] = ()
    """The people of a group conversation, which never include an app."""
    overwrites: dict[str, Overwrite] = field(default_factory=dict)
    posts: dict[str, Post] = field(default_factory=dict)
    """By message id, oldest first."""
    pins: dict[str, str] = field(default_factory=dict)
    """Message id to the time of its pinning, oldest pin first."""
    owner: str = OWNER
    made_at: str = JOINED
    archived: bool = False
    locked: bool = False

    @property
    def is_dm(self) -> bool:
        """Whether it is outside the server."""
        return self.kind in (DM, GROUP_DM)

    @property
    def is_thread(self) -> bool:
        """Whether it is a thread."""
        return self.kind in THREADS


class World:
    """The server "Harbour News Club" and its people's direct messages with the bot."""

    def __init__(
        self,
        tell: Callable[[str, Json, Channel | None], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`tell(event, data, channel)` receives every change; channel is None for the whole server.

        `clock`: seconds since 1970, for ids and dates.
        """
        self.tell = tell
        self.clock = clock
        self._last_id = 0
        self.guild_name = "Harbour News Club"
        self.people = {
            person.id: person
            for person in (
                Person(BOT, "Storywire", "Storywire", (BOT_ROLE,), bot=True),
                Person(OWNER, "harbourmaster", "Harbourmaster"),
                Person(MIRA, "mira", "Mira", (READERS,)),
                Person(SOL, "sol", "Sol", (MODERATORS,)),
            )
        }
        self.roles = {
            role.id: role
            for role in (
                Role(GUILD, "@everyone", MEMBER_RIGHTS, 0),
                Role(READERS, "News readers", 0, 1, mentionable=True),
                Role(MODERATORS, "Moderators", MODERATOR_RIGHTS, 2, color=0xE67E22),
                Role(BOT_ROLE, "Storywire", BOT_RIGHTS, 3, managed_by=BOT),
            )
        }
        self.channels = {
            channel.id: channel
            for channel in (
                Channel(NEWS, TEXT, "news", 0),
                Channel(GENERAL, TEXT, "general", 1),
                Channel(HEADLINES, ANNOUNCEMENT, "headlines", 2),
            )
        }
        self.bot_is_here = True
        """False while the bot is removed from the server."""
        self.installed: set[str] = set()
        """People who have the app on their own account, and can use it wherever they go."""
        self.harmful: set[str] = set()
        """Hosts that Discord's link filter refuses."""
        self.deaf_to_bot: set[str] = set()
        """People whose direct messages are closed to the bot."""

    def new_id(self) -> str:
        """A fresh snowflake; later ones are larger."""
        now = (int(self.clock() * 1000) - EPOCH) << 22
        self._last_id = max(self._last_id + 1, now)
        return str(self._last_id)

    def now(self) -> str:
        """The time as Discord writes it."""
        return datetime.fromtimestamp(self.clock(), UTC).isoformat(timespec="microseconds")

    def age_s(self, post: Post) -> float:
        """Seconds since a message was made, from its id."""
        return self.clock() - ((int(post.id) >> 22) + EPOCH) / 1000

    # -- finding ---------------------------------------------------------------------------------

    def channel(self, channel: str) -> Channel:
        """A channel by its id; raises Refusal."""
        try:
            return self.channels[str(channel)]
        except KeyError:
            raise refusals.unknown_channel() from None

    def post_in(self, channel: Channel, message: str) -> Post:
        """A message that everyone in the channel can see; raises Refusal."""
        post = channel.posts.get(str(message))
        if post is None or post.seen_by is not None:
            raise refusals.unknown_message()
        return post

    def person(self, person: str) -> Person:
        """A person by their id; raises Refusal."""
        try:
            return self.people[str(person)]
        except KeyError:
            raise refusals.unknown_user() from None

    def guild_channels(self) -> Iterator[Channel]:
        """The server's channels."""
        return (c for c in self.channels.values() if not c.is_dm and not c.is_thread)

    def threads(self) -> Iterator[Channel]:
        """The server's threads."""
        return (c for c in self.channels.values() if c.is_thread)

    # -- rights ----------------------------------------------------------------------------------

    def permissions(self, person: str, channel: Channel) -> int:
        """What a person may do in a channel, as bits; in a thread the parent channel decides."""
        if channel.kind == GROUP_DM:
            return DM_RIGHTS if person in channel.group else 0
        if channel.is_dm:
            return DM_RIGHTS if person in (channel.recipient, BOT) else 0
        if person == BOT and not self.bot_is_here:
            return 0
        member = self.people[person]
        return rights.in_channel(
            person,
            {role: self.roles[role].bits for role in (GUILD, *member.roles)},
            GUILD,
            (channel.parent or channel).overwrites,
            owner=person == OWNER,
        )

    def may(self, person: str, channel: Channel, *names: str) -> bool:
        """Whether a person has all the named permissions in a channel."""
        wanted = rights.bits(names)
        return self.permissions(person, channel) & wanted == wanted

    def is_in(self, channel: Channel) -> bool:
        """Whether the bot itself is a member where the channel is."""
        return channel.kind != GROUP_DM and (channel.is_dm or self.bot_is_here)

    def owners(self, person: str, channel: Channel) -> Json:
        """Who installed the app where a person uses it: the server, the person, or both.

        docs.discord.com/developers/interactions/receiving-and-responding, under "Authorizing
        Integration Owners Object".
        """
        by_server = {"0": "0" if channel.is_dm else GUILD} if self.is_in(channel) else {}
        return by_server | ({"1": person} if person in self.installed else {})

    def may_speak_up(self, person: str, channel: Channel) -> bool:
        """Whether an app's answer to a person may be visible to others."""
        guest = not channel.is_dm and not self.bot_is_here
        return not guest or self.may(person, channel, "USE_EXTERNAL_APPS")

    def need(self, channel: Channel, *names: str) -> None:
        """Raise Discord's refusal unless the bot sees the channel and has all these permissions."""
        if not self.may(BOT, channel, "VIEW_CHANNEL"):
            raise refusals.missing_access()
        if not self.may(BOT, channel, *names):
            raise refusals.missing_permissions()

    def overwrite(self, channel: Channel, member: str, *, allow: int = 0, deny: int = 0) -> None:
        """Grant a member permissions in a channel and take others away."""
        current = channel.overwrites.setdefault(member, Overwrite())
        current.allow = current.allow & ~deny | allow
        current.deny = current.deny & ~allow | deny
        self.tell("CHANNEL_UPDATE", self.channel_object(channel), channel)

    # -- channels --------------------------------------------------------------------------------

    def add_channel(self, name: str, kind: int) -> Channel:
        """Create a channel."""
        position = 1 + max((c.position for c in self.guild_channels()), default=-1)
        channel = Channel(self.new_id(), kind, name, position)
        self.channels[channel.id] = channel
        self.tell("CHANNEL_CREATE", self.channel_object(channel), channel)
        return channel

    def remove_channel(self, channel: Channel) -> None:
        """Delete a channel."""
        event = "THREAD_DELETE" if channel.is_thread else "CHANNEL_DELETE"
        for thread in [t for t in self.threads() if t.parent is channel]:
            del self.channels[thread.id]
        del self.channels[channel.id]
        for post in channel.posts.values():
            post.gone = True
        self.tell(event, self.channel_object(channel), channel)

    def dm(self, person: str) -> Channel:
        """The direct messages between a person and the bot, created on first use."""
        if self.person(person).bot:
            raise refusals.cannot_message_user()
        for channel in self.channels.values():
            if channel.recipient == person:
                return channel
        channel = Channel(self.new_id(), DM, self.people[person].username, recipient=person)
        self.channels[channel.id] = channel
        return channel

    def start_group(self, people: tuple[str, ...]) -> Channel:
        """Start a group conversation between people."""
        name = ", ".join(self.person(person).name for person in people)
        channel = Channel(self.new_id(), GROUP_DM, name, group=people, owner=people[0])
        self.channels[channel.id] = channel
        return channel

    def start_thread(
        self, parent: Channel, name: str, starter: Post | None, *, owner: str = BOT
    ) -> Channel:
        """Start a thread, by default as the bot; one started from a message has the message's
        id."""
        thread = Channel(
            starter.id if starter else self.new_id(),
            ANNOUNCEMENT_THREAD if parent.kind == ANNOUNCEMENT else THREAD,
            name,
            parent=parent,
            owner=owner,
            made_at=self.now(),
        )
        self.channels[thread.id] = thread
        if starter is not None:
            starter.thread = thread
            starter.data["flags"] |= HAS_THREAD
        self.tell("THREAD_CREATE", self.channel_object(thread) | {"newly_created": True}, thread)
        if starter is not None:
            self._tell_message("MESSAGE_UPDATE", starter)
        return thread

    def archive(self, thread: Channel, *, archived: bool, locked: bool) -> None:
        """Archive, reopen, lock or unlock a thread."""
        thread.archived, thread.locked = archived, locked
        self.tell("THREAD_UPDATE", self.channel_object(thread), thread)

    # -- messages --------------------------------------------------------------------------------

    def post(
        self,
        channel: Channel,
        author: str,
        draft: Mapping[str, Any],
        *,
        kind: int = 0,
        reference: Post | None = None,
        nonce: str | int | None = None,
        seen_by: str | None = None,
        label: str | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> Post:
        """Put a message into a channel. `draft`: its content, in Discord's fields."""
        data: Json = {
            "id": self.new_id(),
            "channel_id": channel.id,
            "type": kind,
            "author": self.user_object(author),
            "content": draft.get("content") or "",
            "embeds": draft.get("embeds") or [],
            "components": draft.get("components") or [],
            "attachments": [],
            "flags": draft.get("flags") or 0,
            "mentions": draft.get("mentions") or [],
            "mention_roles": draft.get("mention_roles") or [],
            "mention_everyone": draft.get("mention_everyone", False),
            "timestamp": self.now(),
            "edited_timestamp": None,
            "tts": False,
            **(more or {}),
        }
        if reference is not None:
            data["message_reference"] = {
                "type": 0,
                "channel_id": reference.channel.id,
                "message_id": reference.id,
                **({} if channel.is_dm else {"guild_id": GUILD}),
            }
        post = Post(channel, data, seen_by, label, reference)
        channel.posts[post.id] = post
        if channel.archived:  # a message reopens an archived thread
            self.archive(channel, archived=False, locked=channel.locked)
        self._tell_message("MESSAGE_CREATE", post, nonce)
        return post

    def edit(self, post: Post, changes: Mapping[str, Any], *, marked: bool = True) -> None:
        """Change a message; `marked` shows it as edited."""
        post.data.update(changes)
        if marked:
            post.data["edited_timestamp"] = self.now()
        self._tell_message("MESSAGE_UPDATE", post)

    def remove(self, post: Post) -> None:
        """Delete a message."""
        post.gone = True
        del post.channel.posts[post.id]
        if post.channel.pins.pop(post.id, None):
            self._tell_pins(post.channel)
        where = {} if post.channel.is_dm else {"guild_id": GUILD}
        self._tell_event(
            "MESSAGE_DELETE", post, {"id": post.id, "channel_id": post.channel.id, **where}
        )

    def pin(self, post: Post, by: str) -> None:
        """Pin a message; a notice in the channel says who did it."""
        channel = post.channel
        if post.id in channel.pins:
            return
        if len(channel.pins) >= PINS_LIMIT:
            raise refusals.pins_full()
        channel.pins[post.id] = self.now()
        self._tell_message("MESSAGE_UPDATE", post)
        self._tell_pins(channel)
        self.post(channel, by, {}, kind=6, reference=post)

    def unpin(self, post: Post) -> None:
        """Unpin a message."""
        if post.channel.pins.pop(post.id, None):
            self._tell_message("MESSAGE_UPDATE", post)
            self._tell_pins(post.channel)

    def _tell_pins(self, channel: Channel) -> None:
        where: Json = {} if channel.is_dm else {"guild_id": GUILD}
        last = next(reversed(channel.pins.values()), None)
        self.tell(
            "CHANNEL_PINS_UPDATE",
            {"channel_id": channel.id, "last_pin_timestamp": last, **where},
            channel,
        )

    def _tell_message(self, event: str, post: Post, nonce: str | int | None = None) -> None:
        data = self.message_object(post)
        if nonce is not None:
            data["nonce"] = nonce
        if not post.channel.is_dm:
            member = self.member_object(data["author"]["id"])
            del member["user"]
            data |= {"guild_id": GUILD, "member": member}
        self._tell_event(event, post, data)

    def _tell_event(self, event: str, post: Post, data: Json) -> None:
        # An ephemeral message is no gateway event, but it does change the page.
        self.tell("EPHEMERAL" if post.seen_by else event, data, post.channel)

    # -- Discord's objects -----------------------------------------------------------------------

    def user_object(self, person: str) -> Json:
        user = self.people[person]
        data: Json = {
            "id": user.id,
            "username": user.username,
            "global_name": None if user.bot else user.name,
            "discriminator": "0042" if user.bot else "0",
            "avatar": None,
            "avatar_decoration_data": None,
            "collectibles": None,
            "primary_guild": None,
            "public_flags": 0,
            "flags": 0,
        }
        return data | {"bot": True} if user.bot else data

    def member_object(self, person: str) -> Json:
        return {
            "user": self.user_object(person),
            "roles": list(self.people[person].roles),
            "nick": None,
            "avatar": None,
            "banner": None,
            "joined_at": JOINED,
            "premium_since": None,
            "communication_disabled_until": None,
            "pending": False,
            "mute": False,
            "deaf": False,
            "flags": 0,
        }

    def role_object(self, role: str) -> Json:
        it = self.roles[role]
        data: Json = {
            "id": it.id,
            "name": it.name,
            "permissions": str(it.bits),
            "position": it.position,
            "color": it.color,
            "colors": {"primary_color": it.color, "secondary_color": None, "tertiary_color": None},
            "hoist": False,
            "managed": it.managed_by is not None,
            "mentionable": it.mentionable,
            "icon": None,
            "unicode_emoji": None,
            "flags": 0,
        }
        return data | {"tags": {"bot_id": it.managed_by}} if it.managed_by else data

    def channel_object(self, channel: Channel) -> Json:
        last = next(reversed(channel.posts), None)
        data: Json = {
            "id": channel.id,
            "type": channel.kind,
            "last_message_id": last,
            "flags": 0,
        }
        if pinned := next(reversed(channel.pins.values()), None):
            data["last_pin_timestamp"] = pinned
        if channel.group:
            people = [self.user_object(person) for person in channel.group]
            return data | {
                "name": None,
                "icon": None,
                "owner_id": channel.owner,
                "recipients": people,
            }
        if channel.recipient:
            return data | {"recipients": [self.user_object(channel.recipient)]}
        data |= {"guild_id": GUILD, "name": channel.name, "rate_limit_per_user": 0}
        if channel.parent is not None:
            return data | {
                "parent_id": channel.parent.id,
                "owner_id": channel.owner,
                "message_count": len(channel.posts),
                "member_count": 1,
                "total_message_sent": len(channel.posts),
                "thread_metadata": {
                    "archived": channel.archived,
                    "archive_timestamp": channel.made_at,
                    "auto_archive_duration": 4320,
                    "locked": channel.locked,
                    "create_timestamp": channel.made_at,
                },
                "member": {
                    "id": channel.id,
                    "user_id": BOT,
                    "join_timestamp": channel.made_at,
                    "flags": 0,
                },
            }
        if channel.kind == STAGE:
            data |= {"bitrate": 64_000, "user_limit": 50, "rtc_region": None}
        return data | {
            "position": channel.position,
            "parent_id": None,
            "topic": None,
            "nsfw": False,
            "permission_overwrites": [
                {
                    "id": target,
                    "type": 0 if target in self.roles else 1,
                    "allow": str(overwrite.allow),
                    "deny": str(overwrite.deny),
                }
                for target, overwrite in channel.overwrites.items()
            ],
        }

    def guild_object(self) -> Json:
        return {
            "id": GUILD,
            "name": self.guild_name,
            "icon": None,
            "description": None,
            "home_header": None,
            "splash": None,
            "discovery_splash": None,
            "features": ["COMMUNITY", "NEWS"],
            "banner": None,
            "owner_id": OWNER,
            "application_id": None,
            "region": "deprecated",
            "afk_channel_id": None,
            "afk_timeout": 300,
            "system_channel_id": None,
            "system_channel_flags": 0,
            "widget_enabled": False,
            "widget_channel_id": None,
            "verification_level": 1,
            "roles": [self.role_object(role) for role in self.roles],
            "default_message_notifications": 1,
            "mfa_level": 0,
            "explicit_content_filter": 2,
            "max_presences": None,
            "max_members": 500000,
            "max_stage_video_channel_users": 50,
            "max_video_channel_users": 25,
            "vanity_url_code": None,
            "premium_tier": 0,
            "premium_subscription_count": 0,
            "preferred_locale": "en-US",
            "rules_channel_id": None,
            "safety_alerts_channel_id": None,
            "public_updates_channel_id": None,
            "premium_progress_bar_enabled": False,
            "nsfw": False,
            "nsfw_level": 0,
            "emojis": [],
            "stickers": [],
            "incidents_data": None,
        }

    def message_object(self, post: Post) -> Json:
        """The message as Discord returns it: with its pin, its thread and what it replies to."""
        data = self._bare_message(post)
        if post.reference is not None and data["type"] == 19:
            data["referenced_message"] = (
                None if post.reference.gone else self._bare_message(post.reference)
            )
        return data

    def _bare_message(self, post: Post) -> Json:
        data = copy.deepcopy(post.data)
        data["pinned"] = post.id in post.channel.pins
        if post.thread is not None:
            data["thread"] = self.channel_object(post.thread)
        return data

    # -- mentions --------------------------------------------------------------------------------

    def mentions(
        self,
        content: str,
        allowed: Mapping[str, Any] | None,
        author: str,
        channel: Channel,
        *,
        replies_to: Post | None = None,
        default: tuple[str, ...] = ("users", "roles", "everyone"),
    ) -> Json:
        """Whom a text notifies: the fields mentions, mention_roles and mention_everyone.

        `allowed` is the request's allowed_mentions; without it, every kind in `default` counts and
        a reply notifies the author it replies to.
        """
        parse = set(default if allowed is None else allowed.get("parse") or ())
        named = allowed or {}
        users = [p for p in re.findall(r"<@!?(\d+)>", content) if p in self.people]
        users = [p for p in users if "users" in parse or p in map(str, named.get("users") or ())]
        if replies_to and (allowed is None or named.get("replied_user")):
            users.append(replies_to.data["author"]["id"])
        loud = self.may(author, channel, "MENTION_EVERYONE")
        roles = [
            role
            for role in re.findall(r"<@&(\d+)>", content)
            if role in self.roles
            and (loud or self.roles[role].mentionable)
            and ("roles" in parse or role in map(str, named.get("roles") or ()))
        ]
        return {
            "mentions": [self.user_object(person) for person in dict.fromkeys(users)],
            "mention_roles": list(dict.fromkeys(roles)),
            "mention_everyone": loud
            and "everyone" in parse
            and re.search(r"@(everyone|here)\b", content) is not None,
        }
