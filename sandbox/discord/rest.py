"""Discord's REST API for one bot: the routes a chat bot needs,
each with its permissions and refusals.

https://docs.discord.com/developers/reference. A route that is not here answers 404 with code 0.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.discord import limits, refusals
from sandbox.discord.commands import Commands, without_translations
from sandbox.discord.forms import NONCE_LIMIT, Form, is_empty, read_message
from sandbox.discord.gateway import Gateway
from sandbox.discord.interactions import Interactions
from sandbox.discord.limits import Limits
from sandbox.discord.world import (
    ANNOUNCEMENT,
    BOT,
    CROSSPOSTED,
    FORUM,
    GUILD,
    OWNER,
    SUPPRESS_EMBEDS,
    TEXT,
    WORDLESS,
    Channel,
    Json,
    Post,
    World,
)

NONCE_WINDOW = 180.0
"""Seconds; Discord says "the past few minutes" and no more."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request that found its route."""

    body: Any
    query: Mapping[str, str]

    @property
    def fields(self) -> Json:
        """The body as an object; raises Refusal for anything else."""
        if not isinstance(self.body, dict):
            raise refusals.invalid_form(
                {"_errors": [{"code": "MODEL_TYPE_CONVERT", "message": "Expected an object"}]}
            )
        return self.body

    def flag(self, name: str) -> bool:
        """A boolean of the query, false if it is missing."""
        return self.query.get(name, "").lower() in ("1", "true")

    def number(self, name: str, default: int, most: int) -> int:
        """A whole number of the query, at most `most`; raises Refusal for anything else."""
        text = self.query.get(name, str(default))
        form = Form()
        number = form.number(int(text) if text.isdigit() else text, (name,), 1, most)
        form.check()
        return number or default


@dataclass(frozen=True, slots=True)
class Reply:
    """A successful answer: its status and its JSON."""

    body: Any = None
    status: int = 200


DONE = Reply(status=204)

Handler = Callable[..., Reply]


@dataclass(frozen=True, slots=True)
class Route:
    """One route: its method and path, and the function that handles it."""

    method: str
    template: str
    handler: Handler
    open: bool
    """Needs no bot token and doesn't count towards the global limit."""
    pattern: re.Pattern[str]

    def major(self, parts: Mapping[str, str]) -> str:
        """The part of the path that gets a bucket of its own: a channel, server or token."""
        return parts.get("channel") or parts.get("token") or parts.get("guild") or ""


class Rest:
    """Answers requests. Handlers never wait, so the world changes in the order of the requests."""

    def __init__(
        self,
        world: World,
        commands: Commands,
        interactions: Interactions,
        gateway: Gateway,
        pace: Limits,
    ) -> None:
        self.nonce_window = NONCE_WINDOW
        self._pace = pace
        self._world = world
        self._commands = commands
        self._interactions = interactions
        self._gateway = gateway
        self._nonces: dict[str, tuple[float, Channel, str]] = {}
        self._routes = [
            Route(method, template, handler, is_open, _compiled(template))
            for method, template, handler, is_open in self._table()
        ]

    def route(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        """The route of a request, with the ids in its path; raises Refusal 404 or 405."""
        known = False
        for route in self._routes:
            if match := route.pattern.fullmatch(path):
                if route.method == method:
                    return route, match.groupdict()
                known = True
        if known:
            raise refusals.Refusal(405, 0, "405: Method Not Allowed")
        raise refusals.not_found()

    def _table(self) -> list[tuple[str, str, Handler, bool]]:
        channel, message = "/channels/{channel}", "/channels/{channel}/messages/{message}"
        hook = "/webhooks/{app}/{token}"
        table: list[tuple[str, str, Handler, bool]] = [
            ("GET", "/gateway", self._get_gateway, True),
            ("GET", "/gateway/bot", self._get_gateway_bot, False),
            ("GET", "/users/@me", self._get_me, False),
            ("GET", "/users/@me/guilds", self._list_my_guilds, False),
            ("POST", "/users/@me/channels", self._open_dm, False),
            ("GET", "/users/{user}", self._get_user, False),
            ("GET", "/oauth2/applications/@me", self._get_application, False),
            ("GET", "/applications/@me", self._get_application, False),
            ("GET", "/guilds/{guild}", self._get_guild, False),
            ("GET", "/guilds/{guild}/channels", self._list_channels, False),
            ("GET", "/guilds/{guild}/threads/active", self._list_threads, False),
            ("GET", "/guilds/{guild}/roles", self._list_roles, False),
            ("GET", "/guilds/{guild}/roles/{role}", self._get_role, False),
            ("GET", "/guilds/{guild}/members/{user}", self._get_member, False),
            ("GET", channel, self._get_channel, False),
            ("PATCH", channel, self._change_thread, False),
            ("POST", f"{channel}/typing", self._type, False),
            ("POST", f"{channel}/threads", self._start_thread, False),
            ("GET", f"{channel}/messages", self._list_messages, False),
            ("POST", f"{channel}/messages", self._create_message, False),
            ("GET", f"{channel}/messages/pins", self._list_pins, False),
            ("PUT", f"{channel}/messages/pins/{{message}}", self._pin, False),
            ("DELETE", f"{channel}/messages/pins/{{message}}", self._unpin, False),
            ("GET", f"{channel}/pins", self._list_pins_as_before, False),
            ("PUT", f"{channel}/pins/{{message}}", self._pin, False),
            ("DELETE", f"{channel}/pins/{{message}}", self._unpin, False),
            ("GET", message, self._get_message, False),
            ("PATCH", message, self._edit_message, False),
            ("DELETE", message, self._delete_message, False),
            ("POST", f"{message}/crosspost", self._crosspost, False),
            ("POST", f"{message}/threads", self._start_thread_from, False),
            ("POST", "/interactions/{interaction}/{token}/callback", self._answer, True),
            ("POST", hook, self._follow_up, True),
            ("GET", f"{hook}/messages/{{message}}", self._get_answer, True),
            ("PATCH", f"{hook}/messages/{{message}}", self._edit_answer, True),
            ("DELETE", f"{hook}/messages/{{message}}", self._delete_answer, True),
        ]
        for scope in ("/applications/{app}", "/applications/{app}/guilds/{guild}"):
            table += [
                ("GET", f"{scope}/commands", self._list_commands, False),
                ("PUT", f"{scope}/commands", self._overwrite_commands, False),
                ("POST", f"{scope}/commands", self._create_command, False),
                ("GET", f"{scope}/commands/{{command}}", self._get_command, False),
                ("PATCH", f"{scope}/commands/{{command}}", self._change_command, False),
                ("DELETE", f"{scope}/commands/{{command}}", self._delete_command, False),
            ]
        return table

    # -- who and where ---------------------------------------------------------------------------

    def _get_gateway(self, asked: Asked) -> Reply:
        return Reply({"url": self._gateway.url})

    def _get_gateway_bot(self, asked: Asked) -> Reply:
        left = max(0, 1000 - self._gateway.identified)
        limit = {"total": 1000, "remaining": left, "reset_after": 86_400_000, "max_concurrency": 1}
        return Reply({"url": self._gateway.url, "shards": 1, "session_start_limit": limit})

    def _get_me(self, asked: Asked) -> Reply:
        me = self._world.user_object(BOT)
        return Reply(
            me | {"mfa_enabled": False, "locale": "en-US", "verified": True, "email": None}
        )

    def _get_user(self, asked: Asked, user: str) -> Reply:
        self._world.person(user)
        return Reply(self._world.user_object(user))

    def _list_my_guilds(self, asked: Asked) -> Reply:
        if not self._world.bot_is_here:
            return Reply([])
        guild = self._world.guild_object()
        mine = {key: guild[key] for key in ("id", "name", "icon", "banner", "features")}
        role_bits = 0
        for role in (GUILD, *self._world.people[BOT].roles):
            role_bits |= self._world.roles[role].bits
        return Reply([mine | {"owner": False, "permissions": str(role_bits)}])

    def _get_application(self, asked: Asked) -> Reply:
        bot = self._world.user_object(BOT)
        owner = self._world.user_object(OWNER)
        return Reply(
            {
                "id": BOT,
                "name": bot["username"],
                "icon": None,
                "description": "",
                "type": None,
                "bot": bot,
                "bot_public": True,
                "bot_require_code_grant": False,
                "integration_types_config": {"0": {}},
                "verify_key": "0" * 64,
                "flags": 0,
                "flags_new": "0",
                "redirect_uris": [],
                "interactions_endpoint_url": None,
                "role_connections_verification_url": None,
                "owner": owner,
                "approximate_guild_count": 1,
                "approximate_user_install_count": 0,
                "approximate_user_authorization_count": 0,
                "explicit_content_filter": 0,
                "team": None,
                "eligible_oauth2_scopes": [],
            }
        )

    def _open_dm(self, asked: Asked) -> Reply:
        form = Form()
        person = form.snowflake(asked.fields.get("recipient_id"), ("recipient_id",))
        form.check()
        if person not in self._world.people:
            form.wrong(("recipient_id",), "USER_UNKNOWN", "Unknown user.")
        form.check()
        return Reply(self._world.channel_object(self._world.dm(person)))

    def _guild(self, guild: str) -> None:
        if guild != GUILD:
            raise refusals.unknown_guild()
        if not self._world.bot_is_here:
            raise refusals.missing_access()

    def _get_guild(self, asked: Asked, guild: str) -> Reply:
        self._guild(guild)
        counts = {"approximate_member_count": len(self._world.people)}
        return Reply(self._world.guild_object() | (counts if asked.flag("with_counts") else {}))

    def _list_channels(self, asked: Asked, guild: str) -> Reply:
        self._guild(guild)
        return Reply([self._world.channel_object(c) for c in self._world.guild_channels()])

    def _list_threads(self, asked: Asked, guild: str) -> Reply:
        self._guild(guild)
        threads = [self._world.channel_object(t) for t in self._world.threads() if not t.archived]
        return Reply({"threads": threads, "members": [], "has_more": False})

    def _list_roles(self, asked: Asked, guild: str) -> Reply:
        self._guild(guild)
        return Reply([self._world.role_object(role) for role in self._world.roles])

    def _get_role(self, asked: Asked, guild: str, role: str) -> Reply:
        self._guild(guild)
        if role not in self._world.roles:
            raise refusals.unknown_role()
        return Reply(self._world.role_object(role))

    def _get_member(self, asked: Asked, guild: str, user: str) -> Reply:
        self._guild(guild)
        if user not in self._world.people:
            raise refusals.unknown_member()
        return Reply(self._world.member_object(user))

    def _get_channel(self, asked: Asked, channel: str) -> Reply:
        where = self._world.channel(channel)
        self._world.need(where)
        return Reply(self._world.channel_object(where))

    # -- messages --------------------------------------------------------------------------------

    def _type(self, asked: Asked, channel: str) -> Reply:
        where = self._world.channel(channel)
        self._need_to_send(where)
        return DONE

    def _need_to_send(self, where: Channel) -> None:
        if where.kind in WORDLESS:
            raise refusals.not_a_text_channel()
        sending = "SEND_MESSAGES_IN_THREADS" if where.is_thread else "SEND_MESSAGES"
        self._world.need(where, sending)
        if where.recipient in self._world.deaf_to_bot:
            raise refusals.cannot_message_user()
        known = self._world.bot_is_here or where.recipient in self._world.installed
        if where.recipient and not known:
            raise refusals.no_server_in_common()
        if where.locked and not self._world.may(BOT, where, "MANAGE_THREADS"):
            raise refusals.thread_locked()

    def _create_message(self, asked: Asked, channel: str) -> Reply:
        world = self._world
        where = world.channel(channel)
        self._need_to_send(where)
        body = asked.fields
        form = Form()
        draft = read_message(form, body)
        nonce = body.get("nonce")
        if isinstance(nonce, str):
            form.text(nonce, ("nonce",), NONCE_LIMIT)
        reference = self._reference(form, where, body.get("message_reference"))
        form.check()
        if is_empty(draft):
            raise refusals.empty_message()
        if draft.get("embeds"):
            world.need(where, "EMBED_LINKS")
        self._filter(draft)
        made = self._made_with(str(nonce)) if nonce and body.get("enforce_nonce") else None
        if made is not None:
            return Reply(world.message_object(made) | {"nonce": nonce})
        draft |= world.mentions(
            draft.get("content") or "",
            draft["allowed_mentions"],
            BOT,
            where,
            replies_to=reference,
        )
        post = world.post(
            where,
            BOT,
            draft,
            kind=19 if reference else 0,
            reference=reference,
            nonce=nonce,
        )
        if nonce is not None:
            self._nonces[str(nonce)] = (world.clock(), where, post.id)
            return Reply(world.message_object(post) | {"nonce": nonce})
        return Reply(world.message_object(post))

    def _filter(self, draft: Json) -> None:
        said = json.dumps([draft.get("content"), draft.get("embeds")], ensure_ascii=False)
        if any(f"//{host}" in said for host in self._world.harmful):
            raise refusals.harmful_link()

    def _made_with(self, nonce: str) -> Post | None:
        """The message that the bot recently made with this nonce, in any channel."""
        now = self._world.clock()
        self._nonces = {
            known: made
            for known, made in self._nonces.items()
            if now - made[0] <= self.nonce_window
        }
        if nonce not in self._nonces:
            return None
        _, where, message = self._nonces[nonce]
        return self._world.post_in(where, message)  # deleted since: 10008, as Discord says

    def _reference(self, form: Form, where: Channel, value: Any) -> Post | None:
        if value is None:
            return None
        at = ("message_reference",)
        fields = form.fields(value, at)
        if fields.get("type"):
            raise refusals.not_in_the_sandbox("forwarding a message")
        message = form.snowflake(fields.get("message_id"), (*at, "message_id"))
        if not self._world.may(BOT, where, "READ_MESSAGE_HISTORY"):
            raise refusals.reply_without_history()
        post = where.posts.get(message)
        if str(fields.get("channel_id") or where.id) != where.id:
            code = "MESSAGE_REFERENCE_UNKNOWN_CHANNEL"
            form.wrong(at, code, "Cannot reply to a message in another channel")
        elif post is None or post.seen_by is not None:
            if fields.get("fail_if_not_exists", True):
                form.wrong(at, "REPLIES_UNKNOWN_MESSAGE", "Unknown message")
            return None
        elif post.data["type"] not in (0, 19, 20):
            code = "REPLIES_CANNOT_REPLY_TO_SYSTEM_MESSAGE"
            form.wrong(at, code, "Cannot reply to a system message")
        return post

    def _list_messages(self, asked: Asked, channel: str) -> Reply:
        where = self._world.channel(channel)
        self._world.need(where)
        limit = asked.number("limit", 50, 100)
        if not self._world.may(BOT, where, "READ_MESSAGE_HISTORY"):
            return Reply([])
        posts = [post for post in where.posts.values() if post.seen_by is None]
        posts.sort(key=lambda post: int(post.id))
        for bound in ("before", "after", "around"):
            if bound in asked.query:
                form = Form()
                mark = int(form.snowflake(asked.query[bound], (bound,)))
                form.check()
                if bound == "before":
                    posts = [post for post in posts if int(post.id) < mark][-limit:]
                elif bound == "after":
                    posts = [post for post in posts if int(post.id) > mark][:limit]
                else:
                    nearest = sorted(posts, key=lambda post: abs(int(post.id) - mark))[:limit]
                    posts = sorted(nearest, key=lambda post: int(post.id))
                break
        newest_first = reversed(posts[-limit:])
        return Reply([self._world.message_object(post) for post in newest_first])

    def _message(self, channel: str, message: str, *names: str) -> Post:
        where = self._world.channel(channel)
        self._world.need(where, *names)
        return self._world.post_in(where, message)

    def _get_message(self, asked: Asked, channel: str, message: str) -> Reply:
        post = self._message(channel, message, "READ_MESSAGE_HISTORY")
        return Reply(self._world.message_object(post))

    def _edit_message(self, asked: Asked, channel: str, message: str) -> Reply:
        world = self._world
        post = self._message(channel, message)
        where = post.channel
        if post.data["author"]["id"] != BOT:
            raise refusals.other_author()
        if post.data["type"] not in (0, 19, 20):
            raise refusals.system_message()
        if where.archived:
            raise refusals.thread_archived()
        form = Form()
        draft = read_message(form, asked.fields)
        form.check()
        changes: Json = {
            key: draft[key] for key in ("content", "embeds", "components") if key in draft
        }
        if is_empty({**post.data, **changes}):
            raise refusals.empty_message()
        if changes.get("embeds"):
            world.need(where, "EMBED_LINKS")
        self._filter(changes)
        marked = bool(changes)
        if "content" in changes:
            changes |= world.mentions(
                changes["content"], draft["allowed_mentions"], BOT, where, replies_to=post.reference
            )
        if "flags" in draft:  # only this one can change
            kept = post.data["flags"] & ~SUPPRESS_EMBEDS
            changes["flags"] = kept | draft["flags"] & SUPPRESS_EMBEDS
        self._count_edit(post)
        world.edit(post, changes, marked=marked)
        return Reply(world.message_object(post))

    def _count_edit(self, post: Post) -> None:
        old = self._world.age_s(post) > limits.OLD_S
        if old and (wait := self._pace.wait("old edit", post.id, limits.OLD_EDITS)):
            raise refusals.too_many_old_edits(wait)
        published = post.data["flags"] & CROSSPOSTED
        if published and (wait := self._pace.wait("edit", post.id, limits.PUBLISHED_EDITS)):
            raise refusals.too_many_published_edits(wait)

    def _delete_message(self, asked: Asked, channel: str, message: str) -> Reply:
        post = self._message(channel, message)
        if post.data["author"]["id"] != BOT:
            self._world.need(post.channel, "MANAGE_MESSAGES")
        if post.channel.archived:
            raise refusals.thread_archived()
        self._world.remove(post)
        return DONE

    def _crosspost(self, asked: Asked, channel: str, message: str) -> Reply:
        post = self._message(channel, message, "SEND_MESSAGES")
        if post.channel.kind != ANNOUNCEMENT:
            raise refusals.wrong_channel_type()
        if post.data["author"]["id"] != BOT:
            self._world.need(post.channel, "MANAGE_MESSAGES")
        if post.data["type"] != 0:
            raise refusals.invalid_message_type()
        if post.data["flags"] & CROSSPOSTED:
            raise refusals.already_crossposted()
        if wait := self._pace.wait("publish", post.channel.id, limits.PUBLISHES):
            raise refusals.too_many_publishes(wait)
        changes = {"flags": post.data["flags"] | CROSSPOSTED}
        self._world.edit(post, changes, marked=False)
        return Reply(self._world.message_object(post))

    # -- pins ------------------------------------------------------------------------------------

    def _pinned(self, channel: str) -> list[tuple[str, Post]]:
        """The pinned messages with their times, newest pin first;
        none without the history permission."""
        where = self._world.channel(channel)
        self._world.need(where)
        if not self._world.may(BOT, where, "READ_MESSAGE_HISTORY"):
            return []
        return [(at, where.posts[message]) for message, at in reversed(where.pins.items())]

    def _list_pins(self, asked: Asked, channel: str) -> Reply:
        limit = asked.number("limit", 50, 50)
        before = asked.query.get("before")
        found = [pin for pin in self._pinned(channel) if before is None or pin[0] < before]
        items = [
            {"pinned_at": at, "message": self._world.message_object(post)}
            for at, post in found[:limit]
        ]
        return Reply({"items": items, "has_more": len(found) > limit})

    def _list_pins_as_before(self, asked: Asked, channel: str) -> Reply:
        pinned = self._pinned(channel)[:50]
        return Reply([self._world.message_object(post) for _, post in pinned])

    def _pin(self, asked: Asked, channel: str, message: str) -> Reply:
        post = self._message(channel, message, "PIN_MESSAGES")
        if post.data["type"] not in (0, 19, 20):
            raise refusals.system_message()
        if post.channel.archived:
            raise refusals.thread_archived()
        self._world.pin(post, BOT)
        return DONE

    def _unpin(self, asked: Asked, channel: str, message: str) -> Reply:
        post = self._message(channel, message, "PIN_MESSAGES")
        if post.channel.archived:
            raise refusals.thread_archived()
        self._world.unpin(post)
        return DONE

    # -- threads ---------------------------------------------------------------------------------

    def _change_thread(self, asked: Asked, channel: str) -> Reply:
        """Reopen, archive, lock or unlock a thread.

        Anyone who may write there may reopen one that is not locked; the rest takes MANAGE_THREADS
        (docs.discord.com/developers/resources/channel#modify-channel).
        """
        where = self._world.channel(channel)
        if not where.is_thread or not asked.fields.keys() <= {"archived", "locked"}:
            raise refusals.not_in_the_sandbox("changing a channel")
        wakes = asked.fields == {"archived": False} and not where.locked
        self._world.need(where, "SEND_MESSAGES_IN_THREADS" if wakes else "MANAGE_THREADS")
        archived = bool(asked.fields.get("archived", where.archived))
        locked = bool(asked.fields.get("locked", where.locked))
        self._world.archive(where, archived=archived, locked=locked)
        return Reply(self._world.channel_object(where))

    def _thread_name(self, asked: Asked) -> str:
        form = Form()
        name = form.text(asked.fields.get("name"), ("name",), 100, least=1, required=True)
        form.check()
        return name

    def _start_thread_from(self, asked: Asked, channel: str, message: str) -> Reply:
        post = self._message(channel, message, "CREATE_PUBLIC_THREADS")
        if post.channel.kind not in (TEXT, ANNOUNCEMENT):
            raise refusals.wrong_channel_type()
        name = self._thread_name(asked)
        if post.thread is not None:
            raise refusals.thread_exists()
        thread = self._world.start_thread(post.channel, name, post)
        return Reply(self._world.channel_object(thread), 201)

    def _start_thread(self, asked: Asked, channel: str) -> Reply:
        where = self._world.channel(channel)
        if where.kind == FORUM:
            return self._start_forum_post(asked, where)
        self._world.need(where, "CREATE_PUBLIC_THREADS")
        if where.kind not in (TEXT, ANNOUNCEMENT):
            raise refusals.wrong_channel_type()
        if asked.fields.get("type") == 12:
            raise refusals.not_in_the_sandbox("a private thread")
        thread = self._world.start_thread(where, self._thread_name(asked), None)
        return Reply(self._world.channel_object(thread), 201)

    def _start_forum_post(self, asked: Asked, where: Channel) -> Reply:
        world = self._world
        world.need(where, "SEND_MESSAGES")
        name = self._thread_name(asked)
        form = Form()
        draft = read_message(form, form.fields(asked.fields.get("message"), ("message",)))
        form.check()
        if is_empty(draft):
            raise refusals.empty_message()
        thread = world.start_thread(where, name, None)
        allowed = draft["allowed_mentions"]
        draft |= world.mentions(draft.get("content") or "", allowed, BOT, thread)
        # A forum's first message has the id of its thread.
        post = world.post(thread, BOT, draft, more={"id": thread.id})
        answer = world.channel_object(thread) | {"message": world.message_object(post)}
        return Reply(answer, 201)

    # -- commands --------------------------------------------------------------------------------

    def _own(self, app: str) -> None:
        if app != BOT:
            raise refusals.Refusal(403, 20012, "You are not authorized to perform this action")

    def _list_commands(self, asked: Asked, app: str, guild: str | None = None) -> Reply:
        self._own(app)
        found = list(self._commands.scope(guild).values())
        if not asked.flag("with_localizations"):
            found = [without_translations(command) for command in found]
        return Reply(found)

    def _overwrite_commands(self, asked: Asked, app: str, guild: str | None = None) -> Reply:
        self._own(app)
        return Reply(self._commands.overwrite(guild, asked.body))

    def _create_command(self, asked: Asked, app: str, guild: str | None = None) -> Reply:
        self._own(app)
        command, new = self._commands.create(guild, asked.fields)
        return Reply(command, 201 if new else 200)

    def _get_command(self, asked: Asked, app: str, command: str, guild: str | None = None) -> Reply:
        self._own(app)
        return Reply(self._commands.find(guild, command))

    def _change_command(
        self, asked: Asked, app: str, command: str, guild: str | None = None
    ) -> Reply:
        self._own(app)
        return Reply(self._commands.change(guild, command, asked.fields))

    def _delete_command(
        self, asked: Asked, app: str, command: str, guild: str | None = None
    ) -> Reply:
        self._own(app)
        self._commands.remove(guild, command)
        return DONE

    # -- interactions ----------------------------------------------------------------------------

    def _answer(self, asked: Asked, interaction: str, token: str) -> Reply:
        answer = self._interactions.answer(interaction, token, asked.fields)
        return Reply(answer) if asked.flag("with_response") else DONE

    def _follow_up(self, asked: Asked, app: str, token: str) -> Reply:
        it = self._interactions.of_token(app, token)
        message = self._interactions.follow_up(it, asked.fields)
        # An interaction's webhook answers with the message whether `wait` is set or not.
        return Reply(message)

    def _get_answer(self, asked: Asked, app: str, token: str, message: str) -> Reply:
        it = self._interactions.of_token(app, token)
        return Reply(self._world.message_object(self._interactions.message(it, message)))

    def _edit_answer(self, asked: Asked, app: str, token: str, message: str) -> Reply:
        it = self._interactions.of_token(app, token)
        return Reply(self._interactions.edit(it, message, asked.fields))

    def _delete_answer(self, asked: Asked, app: str, token: str, message: str) -> Reply:
        self._interactions.remove(self._interactions.of_token(app, token), message)
        return DONE


NUMBER = r"\d+"
_SHAPES = {"token": r"[\w.~-]+"}


def _compiled(template: str) -> re.Pattern[str]:
    """A path template as a pattern; in a webhook's path, "@original" counts as a message, too."""
    shapes = {**_SHAPES, "message": r"\d+|@original"} if "/webhooks/" in template else _SHAPES
    pattern = template
    for name in re.findall(r"\{(\w+)\}", template):
        pattern = pattern.replace(f"{{{name}}}", f"(?P<{name}>{shapes.get(name, NUMBER)})")
    return re.compile(pattern)
