"""A Telegram on your own machine: what its people do, and what they see."""

import asyncio
import re
import time
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import count
from types import TracebackType
from typing import Any, Literal, Self
from weakref import WeakSet

from sandbox.calls import Call
from sandbox.telegram import entities, server
from sandbox.telegram.limits import Flood
from sandbox.telegram.methods import MOST_TEXT, Methods, Query
from sandbox.telegram.updates import Updates, copy_of
from sandbox.telegram.world import (
    BOT,
    CHANNEL,
    GROUP,
    MIRA,
    SOL,
    Kind,
    Message,
    NotPossible,
    Place,
    Topic,
    World,
    quoted,
)

TOKEN = f"{BOT}:AAH-made-up-token-of-the-sandbox-0001"
"""Shaped like a bot's token, and useless elsewhere."""


class NoAnswer(Exception):
    """The bot did not answer in time."""


@dataclass(frozen=True, slots=True)
class ClickAnswer:
    """What a person saw after pressing a button: nothing, a note (text), an alert,
    or an opened link."""

    text: str | None
    alert: bool
    url: str | None


@dataclass(frozen=True, slots=True)
class InlineAnswer:
    """What a person sees after typing the bot's name and some words: results, and a button
    above."""

    results: list[dict[str, Any]]
    button: dict[str, Any] | None
    """Its text, and the start_parameter it opens the bot with."""
    messages: Mapping[str, Message]
    """The messages to send, by the id of the chosen result."""


class Telegram:
    """One bot's Telegram: `async with Telegram() as telegram:` serves it at telegram.api_url.

    privacy: the bot's privacy mode, as BotFather sets it. clock: seconds since 1970, for dates,
    flood limits and ages; tests can pass their own. Webhooks can be set and queried, but nothing is
    delivered to them.
    """

    def __init__(
        self,
        *,
        token: str = TOKEN,
        limits: bool = True,
        privacy: bool = True,
        host: str = "127.0.0.1",
        port: int = 0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if token.partition(":")[0] != str(BOT):
            raise ValueError(f"the sandbox's token must begin with {BOT}: (the bot's id)")
        self.token = token
        self._watchers: WeakSet[asyncio.Event] = WeakSet()
        self._updates = Updates(self._changed)
        self.world = World(
            tell=self._updates.add, changed=self._changed, clock=clock, privacy=privacy
        )
        self._updates.forget()  # the bot gets no updates from before it joined
        self._methods = Methods(self.world, self._updates, Flood(clock) if limits else None)
        self._server = server.Server(self._methods, token=token, changed=self._changed)
        self._address = (host, port)
        self._queries = count(1)

    async def __aenter__(self) -> Self:
        await self._server.start(*self._address)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._server.stop()

    @property
    def api_url(self) -> str:
        """The base of the Bot API; a client appends /bot<token>/<method>."""
        return f"http://{self._address[0]}:{self._server.port}"

    @property
    def calls(self) -> list[Call]:
        """Every call with the right token, in the order in which they were answered."""
        return self._server.calls

    @property
    def unknown_calls(self) -> list[str]:
        """What the bot asked for that the sandbox doesn't have."""
        return self._server.unknown_calls

    # What people do

    async def say(
        self,
        person: int,
        chat: int,
        text: str,
        *,
        topic: int | None = None,
        reply_to: int | Mapping[str, Any] | None = None,
        anonymous: bool = False,
    ) -> Message:
        """A person writes; returns the message.

        Raises NotPossible if Telegram's app would not let them.

        reply_to: the message that is answered, or its message_id; the answer appears in its topic.
        anonymous: an administrator writes in the group's name.
        """
        place = self._place(person, chat)
        if place.blocked:
            raise NotPossible("the bot is blocked; it can be started again, then written to")
        if not text.strip():
            raise NotPossible("an empty message cannot be sent")
        if entities.units(text) > MOST_TEXT:
            raise NotPossible(f"a message holds at most {MOST_TEXT} characters")
        head = place.members[person] in ("creator", "administrator")
        if place.kind == "channel" and not head:
            raise NotPossible(f"only administrators post in {place.title}")
        if anonymous and not (head and place.kind == "supergroup"):
            raise NotPossible("only administrators of a supergroup write in its name")
        content = _written(text)
        answered = None
        if reply_to is not None:
            number = reply_to if isinstance(reply_to, int) else int(reply_to["message_id"])
            answered = self._message(place, number)
            if place.forum and topic is None:
                topic = answered.get("message_thread_id")
        if topic is not None:
            if self._topic(place, topic).closed and not head:
                raise NotPossible(f"the topic {place.topics[topic].name} is closed")
            content |= self.world.in_topic(place, topic)
        if answered is not None:
            content["reply_to_message"] = quoted(answered)
        author = self.world.author(place, person, anonymous=anonymous)
        message = self.world.add_message(place, author, content)
        if place.kind == "private":
            place.started = True
        self.world.announce(place, message)
        return copy_of(message)

    async def forward(
        self,
        person: int,
        chat: int,
        text: str,
        *,
        origin: Literal["user", "hidden_user", "chat", "channel"] = "user",
        topic: int | None = None,
    ) -> Message:
        """A person forwards a message with this text, which Mira wrote elsewhere,
        or which comes from a group or channel of hers."""
        place = self._place(person, chat)
        written: dict[str, Any] = {"type": origin, "date": int(self.world.clock())}
        match origin:
            case "user":
                written["sender_user"] = self.world.user(MIRA)
            case "hidden_user":
                written["sender_user_name"] = "Mira"
            case "chat":
                written["sender_chat"] = self.world.place(GROUP).chat()
            case "channel":
                written |= {"chat": self.world.place(CHANNEL).chat(), "message_id": 1}
        content = {**_written(text), "forward_origin": written}
        if topic is not None:
            content |= self.world.in_topic(place, self._topic(place, topic).id)
        return self._add(place, self.world.author(place, person), content)

    async def repost(self, channel: int, group: int, text: str) -> Message:
        """Telegram copies a channel's post into its discussion group."""
        place, source = self.world.place(group), self.world.place(channel).chat()
        origin = {"type": "channel", "chat": source, "message_id": 1}
        return self._add(
            place,
            {
                "from": {"id": 777000, "is_bot": False, "first_name": "Telegram"},
                "sender_chat": source,
            },
            {
                **_written(text),
                "is_automatic_forward": True,
                "forward_origin": {**origin, "date": int(self.world.clock())},
            },
        )

    async def edit(self, person: int, message: Mapping[str, Any], text: str) -> Message:
        """A person edits what they wrote."""
        place = self._place(person, message["chat"]["id"])
        written = self._message(place, message["message_id"])
        written |= {**_written(text), "edit_date": int(self.world.clock())}
        self._changed()
        self._updates.add(
            "edited_channel_post" if place.kind == "channel" else "edited_message",
            copy_of(written),
        )
        return copy_of(written)

    async def show(self, person: int, chat: int, caption: str) -> Message:
        """A person sends a picture with a caption."""
        place = self._place(person, chat)
        picture = {"file_id": "p1", "file_unique_id": "p1", "width": 90, "height": 90}
        words = _written(caption)
        content: dict[str, Any] = {"photo": [picture], "caption": words["text"]}
        if "entities" in words:
            content["caption_entities"] = words["entities"]
        return self._add(place, self.world.author(place, person), content)

    def _add(self, place: Place, author: dict[str, Any], content: dict[str, Any]) -> Message:
        message = self.world.add_message(place, author, content)
        self.world.announce(place, message)
        return copy_of(message)

    async def open(self, person: int, payload: str = "") -> Message:
        """A person opens t.me/<bot>?start=payload and presses Start; unblocks a blocked bot."""
        if not re.fullmatch(r"[A-Za-z0-9_-]{0,64}", payload):
            raise NotPossible(
                "a start parameter has at most 64 characters of A-Z, a-z, 0-9, _ and -, "
                f"not {payload!r}"
            )
        self.unblock(person)
        return await self.say(person, person, f"/start {payload}".strip())

    async def invite_by_link(self, person: int, group: int, payload: str) -> Message:
        """A person opens t.me/<bot>?startgroup=payload and picks one of their groups.

        The bot is added if it isn't there yet, and the app sends /start there on the person's
        behalf.
        """
        if self.world.place(group).membership in ("left", "kicked"):
            self.invite(group)
        return await self.say(person, group, f"/start@storywire_bot {payload}")

    async def forward_message(
        self, person: int, message: Mapping[str, Any], chat: int | None = None
    ) -> Message:
        """A person forwards a message from one of their chats, by default to the bot in private.

        It says where it came from (`forward_origin`): a channel's post with the channel and its
        number there, anything else only with its author. Its buttons are kept if all of them open
        links.
        """
        origin = self._place(person, message["chat"]["id"])
        said = self._message(origin, message["message_id"])
        place = self._place(person, person if chat is None else chat)
        if place.blocked:
            raise NotPossible("the bot is blocked; it can be started again, then written to")
        kept = ("text", "entities", "link_preview_options")
        content: dict[str, Any] = {name: said[name] for name in kept if name in said}
        if origin.kind == "channel":
            content["forward_origin"] = {
                "type": "channel",
                "date": said["date"],
                "chat": origin.chat(),
                "message_id": said["message_id"],
            }
        else:
            content["forward_origin"] = {
                "type": "user",
                "date": said["date"],
                "sender_user": said["from"],
            }
        rows = said.get("reply_markup", {}).get("inline_keyboard", [])
        if rows and all("url" in button for row in rows for button in row):
            content["reply_markup"] = said["reply_markup"]
        forwarded = self.world.add_message(place, self.world.author(place, person), content)
        self.world.announce(place, forwarded)
        return copy_of(forwarded)

    async def click(
        self,
        person: int,
        message: Mapping[str, Any],
        data: str,
        *,
        timeout: float = 10.0,  # noqa: ASYNC109  a person waits so long and no longer
    ) -> ClickAnswer:
        """A person presses the button with this callback_data; waits for the bot's answer.

        message: a Message object, or anything with its chat.id and message_id. Raises NotPossible
        if there is no such button, NoAnswer if the bot doesn't answer in time.
        """
        place = self._place(person, message["chat"]["id"])
        shown = self._message(place, message["message_id"])
        rows = shown.get("reply_markup", {}).get("inline_keyboard", [])
        if not any(button.get("callback_data") == data for row in rows for button in row):
            raise NotPossible(f"the message has no button with the data {data!r}")
        answer = await self._ask(
            person,
            "callback_query",
            {"message": copy_of(shown), "chat_instance": str(abs(place.id) * 31), "data": data},
            timeout,
        )
        return ClickAnswer(answer["text"], answer["alert"], answer["url"])

    async def inline(
        self,
        person: int,
        query: str,
        *,
        offset: str = "",
        timeout: float = 10.0,  # noqa: ASYNC109  a person waits so long and no longer
    ) -> InlineAnswer:
        """A person types @bot and a query in any chat; returns what the bot offers."""
        answer = await self._ask(
            person, "inline_query", {"query": query, "offset": offset}, timeout
        )
        return InlineAnswer(answer["results"], answer["button"], answer["messages"])

    async def choose(
        self,
        person: int,
        chat: int,
        offered: InlineAnswer,
        result: str,
        *,
        topic: int | None = None,
    ) -> Message:
        """A person sends a result, by its id, to one of their chats; returns the message.

        It is the person's own message, and names the bot it came through. If the bot is in the
        chat, it receives it.
        """
        if result not in offered.messages:
            raise NotPossible(f"there is no result {result!r}")
        place = self._place(person, chat)
        if place.kind == "channel" and place.members[person] not in ("creator", "administrator"):
            raise NotPossible(f"only administrators post in {place.title}")
        content = {**copy_of(offered.messages[result]), "via_bot": self.world.bot()}
        if topic is not None:
            content |= self.world.in_topic(place, self._topic(place, topic).id)
        message = self.world.add_message(place, self.world.author(place, person), content)
        self.world.announce(place, message)
        return copy_of(message)

    async def _ask(
        self, person: int, kind: str, content: dict[str, Any], seconds: float
    ) -> dict[str, Any]:
        number = str(4_700_000_000_000_000_000 + next(self._queries))
        query = Query(number, self.world.clock(), asyncio.get_running_loop().create_future())
        self._methods.queries[number] = query
        self._updates.add(kind, {"id": number, "from": self.world.person(person).user(), **content})
        try:
            async with asyncio.timeout(seconds):
                return await query.answer
        except TimeoutError as error:
            raise NoAnswer(f"the bot did not answer the {kind} within {seconds:g} s") from error

    def forget_queries(self) -> None:
        """Make every button press so far too old to be answered."""
        self._methods.queries.clear()

    def block(self, person: int) -> None:
        """The person blocks the bot."""
        self.world.block(person, blocked=True)

    def unblock(self, person: int) -> None:
        """The person unblocks the bot."""
        self.world.block(person, blocked=False)

    def kick(self, chat: int) -> None:
        """Sol removes the bot from a group or channel. In a group, a notice says so."""
        place = self.world.place(chat)
        if place.membership != "kicked":
            self.world.set_membership(place, SOL, "kicked")
            self._note(place, {"left_chat_member": self.world.bot()})

    def invite(self, chat: int, *rights: str) -> None:
        """Sol adds the bot (again): as a member, or as an administrator with these permissions."""
        place = self.world.place(chat)
        held = {"can_manage_chat", *self._known(place, rights)}
        came = place.membership in ("left", "kicked")
        self.world.set_membership(place, SOL, "administrator" if rights else "member", held)
        if came:
            self._note(place, {"new_chat_members": [self.world.bot()]})

    def _note(self, place: Place, what: Mapping[str, Any]) -> None:
        """A notice in a group about who joined or left; channels have none."""
        if place.is_group:
            note = self.world.add_message(place, self.world.author(place, SOL), dict(what))
            self.world.announce(place, note)

    def allow(self, chat: int, *rights: str) -> None:
        """Sol grants the bot permissions; with any except can_send_messages it is an
        administrator."""
        place = self.world.place(chat)
        given = self._known(place, rights) - {"can_send_messages", "administrator"}
        if set(rights) == {"can_send_messages"} and place.membership != "administrator":
            self.world.set_membership(place, SOL, "member")
        else:
            held = {"can_manage_chat", *place.rights, *given}
            self.world.set_membership(place, SOL, "administrator", held)

    def deny(self, chat: int, *rights: str) -> None:
        """Sol takes permissions from the bot. "administrator" makes it a plain member (in a
        channel: removes it); "can_send_messages" makes it a member who can only read."""
        place = self.world.place(chat)
        taken = self._known(place, rights)
        if "can_send_messages" in taken:
            self.world.set_membership(place, SOL, "restricted")
        elif "administrator" in taken:
            self.world.set_membership(place, SOL, "left" if place.kind == "channel" else "member")
        else:
            self.world.set_membership(place, SOL, place.membership, place.rights - taken)

    def _known(self, place: Place, rights: Iterable[str]) -> set[str]:
        if place.kind == "private":
            raise NotPossible("there are no rights to give in a private chat")
        known = {*place.known_rights(), "can_send_messages", "administrator"}
        if unknown := set(rights) - known:
            raise NotPossible(f"{place.title} knows no right called {', '.join(sorted(unknown))}")
        return set(rights)

    def migrate(self, chat: int) -> int:
        """A basic group (see add_chat) becomes a supergroup; returns its new id."""
        return self.world.migrate(chat)

    def dissolve(self, chat: int) -> None:
        """The group is deleted for everyone."""
        self.world.place(chat).deleted = True
        self._changed()

    def delete_message(self, chat: int, message: int) -> None:
        """A person deletes a message; Telegram doesn't report this to bots."""
        place = self.world.place(chat)
        self._message(place, message)
        self.world.take_away(place, message)

    def close_topic(self, chat: int, topic: int) -> None:
        """Sol closes a topic: only people who may manage topics can write in it."""
        self._topic(self.world.place(chat), topic).closed = True
        self._changed()

    def delete_topic(self, chat: int, topic: int) -> None:
        """Sol deletes a topic and everything in it."""
        place = self.world.place(chat)
        del place.topics[self._topic(place, topic).id]
        for number, message in list(place.messages.items()):
            if message.get("message_thread_id") == topic:
                self.world.take_away(place, number)

    def add_person(self, name: str, *, language: str = "en") -> int:
        """Add a person, who is only in their private chat with the bot; returns their id."""
        return self.world.add_person(name, language=language)

    def add_chat(
        self,
        title: str,
        kind: Kind = "supergroup",
        *,
        forum: bool = False,
        rights: Iterable[str] | None = None,
    ) -> int:
        """Add a chat with everyone and the bot in it; returns its id.

        The bot is a plain member without `rights`, an administrator with the given ones.
        """
        held = set(rights) if rights is not None else None
        return self.world.add_chat(title, kind, forum=forum, rights=held)

    def add_topic(self, chat: int, name: str) -> int:
        """Sol creates a topic in a forum; returns its id."""
        return self.world.add_topic(self.world.place(chat), name, SOL).id

    # What people see

    def messages(self, chat: int) -> list[Message]:
        """Copies of a chat's Message objects, oldest first, service messages included."""
        return [copy_of(message) for message in self.world.place(chat).messages.values()]

    def pins(self, chat: int) -> list[Message]:
        """Copies of the pinned messages, the latest pin last."""
        place = self.world.place(chat)
        return [copy_of(place.messages[number]) for number in place.pins]

    def commands(self, person: int, chat: int) -> list[dict[str, str]]:
        """The commands Telegram's app offers a person in a chat (core.telegram.org/bots/api
        #determining-list-of-commands)."""
        place, head = self.world.place(chat), False
        if place.kind == "private":
            scopes = [f"chat {chat}", "all_private_chats", "default"]
        else:
            head = place.members.get(person) in ("creator", "administrator")
            scopes = [f"chat_member {chat} {person}"]
            scopes += [f"chat_administrators {chat}"] if head else []
            scopes += [f"chat {chat}"]
            scopes += ["all_chat_administrators"] if head else []
            scopes += ["all_group_chats", "default"]
        language = self.world.person(person).language
        for scope in scopes:
            for spoken in (language, ""):
                if commands := self._methods.profile.commands.get((scope, spoken)):
                    return list(commands)
        return []

    @property
    def connected(self) -> bool:
        """Whether a getUpdates is waiting, or came within the last few seconds."""
        return self._server.connected

    def view(self) -> dict[str, Any]:
        """Everything a page shows, as JSON: raw objects, by chat id as text."""
        places = [place for place in self.world.places.values() if place.migrated_to is None]
        private = [place for place in places if place.kind == "private"]
        return {
            "bot": self.world.bot(),
            "connected": self.connected,
            "people": [
                {
                    "id": person.id,
                    "name": person.name,
                    "moderator": any(
                        place.members.get(person.id) in ("creator", "administrator")
                        for place in places
                    ),
                }
                for person in self.world.people.values()
            ],
            "chats": [self._chat(place) for place in places if place not in private]
            + [self._chat(place) for place in private],
            "messages": {str(place.id): self._seen(place) for place in places},
            "pins": {str(place.id): list(place.pins) for place in places},
            "commands": self.commands(SOL, SOL),
            "commands_of": {
                str(person): {
                    str(place.id): self.commands(person, place.id)
                    for place in places
                    if person in place.members
                }
                for person in self.world.people
            },
        }

    def _seen(self, place: Place) -> list[Message]:
        """The messages, marked if they open a reply box, which Telegram hides from bots."""
        return [
            message | {"forced": place.forced[number]}
            if (number := message["message_id"]) in place.forced
            else message
            for message in self.messages(place.id)
        ]

    def _chat(self, place: Place) -> dict[str, Any]:
        chat = place.chat()
        if place.kind != "private":
            may_send = place.may("can_send_messages")
            chat["bot"] = {
                "membership": place.membership,
                "may": sorted({*place.rights, *(["can_send_messages"] if may_send else [])}),
            }
        if place.kind == "private":
            chat |= {"person": place.id, "started": place.started, "blocked": place.blocked}
        if place.forum:
            chat["topics"] = [
                {"message_thread_id": topic.id, "name": topic.name, "closed": topic.closed}
                for topic in place.topics.values()
            ]
        return chat

    def watch(self) -> AsyncGenerator[None, None]:
        """Yields after every visible change from this call on;
        several changes at once may count as one."""
        changed = asyncio.Event()
        self._watchers.add(changed)  # until the generator, which holds it, is gone

        async def changes() -> AsyncGenerator[None, None]:
            while True:
                await changed.wait()
                changed.clear()
                yield

        return changes()

    async def settle(
        self,
        *,
        quiet: float = 0.1,
        timeout: float = 10.0,  # noqa: ASYNC109  a test waits so long and no longer
    ) -> None:
        """Wait until the bot has confirmed every update and asked nothing for `quiet` seconds.

        Most clients confirm updates before handling them, hence the quiet. Raises NoAnswer.
        """
        try:
            async with asyncio.timeout(timeout):
                while True:
                    begun = self._server.begun
                    if not self._updates.pending and not self._server.in_flight:
                        await asyncio.sleep(quiet)
                        if begun == self._server.begun and not self._updates.pending:
                            return
                    else:
                        await asyncio.sleep(0.01)
        except TimeoutError as error:
            raise NoAnswer(
                f"after {timeout:g} s {self._updates.pending} updates are not confirmed and "
                f"{self._server.in_flight} calls not answered"
            ) from error

    # What goes wrong

    def fail_next(
        self,
        method: str,
        status: int,
        description: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        *,
        times: int = 1,
        after_effect: bool = False,
    ) -> None:
        """The next `times` calls of methods that match this regular expression fail.

        status 0 drops the connection. after_effect: the method is carried out first, then refused.
        """
        self._server.faults.append(
            server.fault(method, status, description, parameters, times, after_effect=after_effect)
        )

    def slow_next(self, method: str, seconds: float, *, times: int = 1) -> None:
        """Carry out the next `times` calls of methods that match this regular expression at once,
        and answer them `seconds` later."""
        self._server.slow.append(server.Slow(re.compile(method, re.IGNORECASE), seconds, times))

    def spoil_next(
        self,
        method: str,
        raw: bytes,
        *,
        status: int = 200,
        content_type: str = "application/json",
        times: int = 1,
    ) -> None:
        """Carry out the next `times` calls of methods that match this regular expression, and
        answer them with these bytes instead."""
        method_name = re.compile(method, re.IGNORECASE)
        spoiled = server.Spoiled(method_name, raw, status, content_type, times)
        self._server.spoiled.append(spoiled)

    def send_raw(self, update: Any) -> None:
        """Send the bot an update as it is, even if it isn't valid. It gets the next number unless
        it has an `update_id`; None means that it has none."""
        self._updates.add_raw(update)

    async def revoke_token(self, token: str) -> None:
        """@BotFather gives the bot a new token: clients with the old one are refused."""
        self.token = self._server.token = token
        await self.drop_connections()

    def heal(self) -> None:
        """Cancel all faults that were still to come."""
        self._server.faults.clear()
        self._server.slow.clear()

    async def drop_connections(self) -> None:
        """Cut every connection of the bot, as a network failure would."""
        await self._server.drop_connections()

    def _changed(self) -> None:
        for watcher in self._watchers:
            watcher.set()

    def _place(self, person: int, chat: int) -> Place:
        place = self.world.place(chat)
        who = self.world.person(person)
        if place.migrated_to is not None:
            raise NotPossible(f"{place.title} is now the supergroup {place.migrated_to}")
        if person not in place.members:
            raise NotPossible(f"{who.name} is not in {place.title}")
        return place

    def _topic(self, place: Place, number: int) -> Topic:
        if number not in place.topics:
            raise NotPossible(f"{place.title} has no topic {number}")
        return place.topics[number]

    def _message(self, place: Place, number: int) -> Message:
        if number not in place.messages:
            raise NotPossible(f"there is no message {number} in {place.title}")
        return place.messages[number]


def _written(text: str) -> dict[str, Any]:
    """The fields of a text message, with the entities Telegram finds in it."""
    content: dict[str, Any] = {"text": text.strip()}
    if found := entities.found(content["text"]):
        content["entities"] = found
    return content
