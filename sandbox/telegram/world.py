"""The state of Telegram: people, chats, topics, permissions and messages."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Literal

from sandbox.telegram import refusals
from sandbox.telegram.refusals import Refused, forbidden, migrated
from sandbox.telegram.updates import copy_of

BOT = 7_100_000_001
"""The bot's id, the number before the colon of its token."""
MIRA = 501_000_001
"""A member of every chat."""
SOL = 501_000_002
"""The creator of every chat, so an administrator."""
GROUP = -1_001_500_000_001
"""The supergroup "Harbour News", t.me/harbour_news; the bot is an administrator who may pin."""
CHANNEL = -1_001_500_000_002
"""The channel "Harbour Headlines", t.me/harbour_headlines; the bot may post and edit."""
FORUM = -1_001_500_000_003
"""The forum "Harbour Desk"; the bot is an administrator who may pin and make topics."""
TOPIC_PORT = 2
"""The forum's topic "Port and sea"."""
TOPIC_TECH = 3
"""The forum's topic "Technology"."""
ANONYMOUS = 1_087_968_824
"""GroupAnonymousBot: the author that Telegram shows for an anonymous administrator."""

Message = dict[str, Any]
Kind = Literal["private", "group", "supergroup", "channel"]

_EVERYWHERE = (
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
    "can_send_welcome_messages",
)
_IN_CHANNELS = ("can_post_messages", "can_edit_messages")
_IN_GROUPS = ("can_pin_messages",)
_IN_SUPERGROUPS = ("can_pin_messages", "can_manage_topics")

_MAY_SEND = (
    "can_send_messages",
    "can_send_audios",
    "can_send_documents",
    "can_send_photos",
    "can_send_videos",
    "can_send_video_notes",
    "can_send_voice_notes",
    "can_send_polls",
    "can_send_other_messages",
    "can_add_web_page_previews",
    "can_react_to_messages",
    "can_edit_tag",
    "can_change_info",
    "can_invite_users",
    "can_pin_messages",
    "can_manage_topics",
)


class NotPossible(Exception):
    """A person cannot do that in Telegram; str() is one sentence that says why."""


@dataclass(slots=True)
class Person:
    """Someone on Telegram."""

    id: int
    name: str
    username: str
    language: str = "en"

    def user(self) -> dict[str, Any]:
        """The User object."""
        return {
            "id": self.id,
            "is_bot": False,
            "first_name": self.name,
            "username": self.username,
            "language_code": self.language,
        }


@dataclass(slots=True)
class Topic:
    """A topic of a forum."""

    id: int
    name: str
    color: int
    closed: bool = False


@dataclass(slots=True)
class Place:
    """A chat, its members, and its messages."""

    id: int
    kind: Kind
    title: str
    username: str | None = None
    forum: bool = False
    members: dict[int, str] = field(default_factory=dict)
    """Person id to "creator", "administrator" or "member"."""
    membership: str = "left"
    """The bot's membership: "administrator", "member", "restricted", "left" or "kicked"."""
    rights: set[str] = field(default_factory=set)
    messages: dict[int, Message] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    pins: list[int] = field(default_factory=list)
    """Message ids, the latest pin last."""
    topics: dict[int, Topic] = field(default_factory=dict)
    migrated_to: int | None = None
    forced: dict[int, dict[str, Any]] = field(default_factory=dict)
    """Messages that open a reply box (ForceReply): its placeholder, and for whom (None:
    everyone)."""
    deleted: bool = False
    started: bool = False
    """Private chats: the person has pressed Start."""
    blocked: bool = False
    """Private chats: the person blocked the bot."""

    @property
    def is_group(self) -> bool:
        """Whether it is a group or supergroup."""
        return self.kind in ("group", "supergroup")

    def chat(self) -> dict[str, Any]:
        """The Chat object."""
        chat: dict[str, Any] = {"id": self.id, "type": self.kind}
        chat["first_name" if self.kind == "private" else "title"] = self.title
        if self.username:
            chat["username"] = self.username
        if self.forum:
            chat["is_forum"] = True
        return chat

    def known_rights(self) -> tuple[str, ...]:
        """The permissions that administrators of such a chat can have."""
        match self.kind:
            case "channel":
                return (*_EVERYWHERE, *_IN_CHANNELS)
            case "group":
                return (*_EVERYWHERE, *_IN_GROUPS)
            case _:
                return (*_EVERYWHERE, *_IN_SUPERGROUPS)

    def may(self, right: str) -> bool:
        """Whether the bot has this permission here."""
        if self.kind == "private":
            return True
        if self.membership == "administrator":
            return right == "can_send_messages" or right in self.rights
        if right == "can_send_messages":
            return self.membership == "member" and self.kind != "channel"
        return False


class World:
    """The whole state. Changes call `changed`; updates for the bot go to `tell`."""

    def __init__(
        self,
        *,
        tell: Callable[[str, dict[str, Any]], None],
        changed: Callable[[], None],
        clock: Callable[[], float] = time.time,
        privacy: bool = True,
    ) -> None:
        self.tell = tell
        self.changed = changed
        self.clock = clock
        self.privacy = privacy
        self.bot_name = "Storywire"
        self.people: dict[int, Person] = {}
        self.places: dict[int, Place] = {}
        self._private_ids = count(1)
        self._supergroups = count(1_500_000_004)
        self._groups = count(4_500_000_001)
        self.add_person("Mira", MIRA)
        self.add_person("Sol", SOL)
        self._settle_in()

    def _settle_in(self) -> None:
        """Create the chats that exist from the start."""
        for place, rights in (
            (Place(GROUP, "supergroup", "Harbour News", "harbour_news"), _IN_GROUPS),
            (Place(CHANNEL, "channel", "Harbour Headlines", "harbour_headlines"), _IN_CHANNELS),
            (Place(FORUM, "supergroup", "Harbour Desk", forum=True), _IN_SUPERGROUPS),
        ):
            place.members = {MIRA: "member", SOL: "creator"}
            place.membership = "administrator"
            place.rights = {"can_manage_chat", *rights}
            self.places[place.id] = place
            if place.kind == "supergroup":
                started = {"supergroup_chat_created": True}
                self.add_message(place, self.author(place, SOL), started)
        for name in ("Port and sea", "Technology"):
            self.add_topic(self.places[FORUM], name, SOL)

    # People and chats

    def add_person(self, name: str, number: int | None = None, language: str = "en") -> int:
        """Add a person; returns their id."""
        number = number or 501_000_001 + len(self.people)
        person = Person(number, name, name.lower(), language)
        self.people[number] = person
        self.places[number] = Place(
            number, "private", name, person.username, members={number: "member"}
        )
        return number

    def add_chat(self, title: str, kind: Kind, *, forum: bool, rights: set[str] | None) -> int:
        """Add a chat with everyone in it; the bot is an administrator if it has permissions."""
        number = (
            -next(self._groups) if kind == "group" else -1_000_000_000_000 - next(self._supergroups)
        )
        place = Place(number, kind, title, forum=forum)
        place.members = dict.fromkeys(self.people, "member") | {SOL: "creator"}
        place.membership = "member" if rights is None else "administrator"
        place.rights = {"can_manage_chat", *rights} if rights is not None else set()
        self.places[number] = place
        self.changed()
        return number

    def bot(self) -> dict[str, Any]:
        """The bot as a User object, as messages contain it."""
        return {
            "id": BOT,
            "is_bot": True,
            "first_name": self.bot_name,
            "username": "storywire_bot",
        }

    def user(self, number: int) -> dict[str, Any] | None:
        """The User object of a person or the bot; None if the id is unknown."""
        if number == BOT:
            return self.bot()
        person = self.people.get(number)
        return person.user() if person else None

    def person(self, number: int) -> Person:
        """The person with this id; raises NotPossible."""
        if number not in self.people:
            raise NotPossible(f"there is no person {number} in this Telegram")
        return self.people[number]

    def place(self, number: int) -> Place:
        """The chat with this id; raises NotPossible."""
        if number not in self.places:
            raise NotPossible(f"there is no chat {number} in this Telegram")
        return self.places[number]

    def find(self, address: str) -> Place:
        """The chat a bot means by "-100…" or "@name"; raises Refused if it can't reach it."""
        if not address:
            raise Refused(refusals.CHAT_ID_EMPTY)
        if address.startswith("@"):
            name = address[1:].casefold()
            named = (
                place
                for place in self.places.values()
                if place.kind != "private" and (place.username or "").casefold() == name
            )
            place = next(named, None)
        else:
            try:
                place = self.places.get(int(address))
            except ValueError:
                place = None
        if place is None:
            if address == str(BOT):
                raise Refused(refusals.TO_A_BOT)
            raise Refused(refusals.CHAT_NOT_FOUND)
        if place.migrated_to is not None:
            raise migrated(place.migrated_to)
        if place.deleted:
            raise Refused(refusals.GROUP_DELETED)
        if place.membership == "kicked":
            raise forbidden(f"bot was kicked from the {place.kind} chat")
        if place.kind != "private" and place.membership == "left":
            raise forbidden(f"bot is not a member of the {place.kind} chat")
        return place

    def find_to_write(self, address: str) -> Place:
        """Like find(), for a bot that wants to write; raises Refused."""
        place = self.find(address)
        if place.kind == "private":
            if place.blocked:
                raise Refused(refusals.BLOCKED)
            if not place.started:
                raise Refused(refusals.NOT_STARTED)
        elif place.kind == "channel":
            if not place.may("can_post_messages"):
                raise Refused(refusals.CHANNEL_RIGHTS)
        elif not place.may("can_send_messages"):
            raise Refused(refusals.SEND_FORBIDDEN)
        return place

    # Standing in chats

    def member(self, place: Place, number: int) -> dict[str, Any]:
        """The ChatMember object."""
        user = self.user(number)
        if user is None:
            raise Refused(refusals.MEMBER_NOT_FOUND)
        status = place.membership if number == BOT else place.members.get(number, "left")
        if place.kind == "private":
            blocked = number == BOT and place.blocked
            status = "kicked" if blocked else "member"
        member: dict[str, Any] = {"status": status, "user": user}
        match status:
            case "creator":
                member["is_anonymous"] = False
            case "administrator":
                held = place.rights if number == BOT else set(place.known_rights())
                member |= {"can_be_edited": False, "is_anonymous": False}
                member |= {right: right in held for right in place.known_rights()}
            case "restricted":
                member |= {"is_member": True, "until_date": 0}
                member |= dict.fromkeys(_MAY_SEND, False)
            case "kicked":
                member["until_date"] = 0
        return member

    def set_membership(
        self, place: Place, by: int, membership: str, rights: set[str] | None = None
    ) -> None:
        """Change the bot's membership in a chat, and tell the bot (my_chat_member)."""
        old = self.member(place, BOT)
        place.membership = membership
        if rights is not None:
            place.rights = rights
        if membership != "administrator":
            place.rights = set()
        self._moved(place, by, old)

    def block(self, person: int, *, blocked: bool) -> None:
        """The person blocks or unblocks the bot, which is told (my_chat_member)."""
        place = self.place(person)
        if place.blocked == blocked:
            return
        old = self.member(place, BOT)
        place.blocked = blocked
        self._moved(place, person, old)

    def _moved(self, place: Place, by: int, old: dict[str, Any]) -> None:
        new = self.member(place, BOT)
        if new != old:
            changed = {
                "chat": place.chat(),
                "from": self.person(by).user(),
                "date": int(self.clock()),
                "old_chat_member": old,
                "new_chat_member": new,
            }
            self.tell("my_chat_member", changed)
        self.changed()

    # Messages

    def author(self, place: Place, who: int, *, anonymous: bool = False) -> dict[str, Any]:
        """The fields that name a message's author: `from`, `sender_chat`."""
        if place.kind == "channel":
            return {"sender_chat": place.chat()}
        if anonymous:
            return {
                "from": {
                    "id": ANONYMOUS,
                    "is_bot": True,
                    "first_name": "Group",
                    "username": "GroupAnonymousBot",
                },
                "sender_chat": place.chat(),
            }
        return {"from": self.user(who)}

    def add_message(self, place: Place, author: dict[str, Any], content: dict[str, Any]) -> Message:
        """Put a message into a chat and number it; returns the stored object."""
        # Supergroups and channels have their own numbers; private chats and basic groups share
        # one sequence, so that no id occurs in two of them.
        numbers = place.numbers if place.kind in ("supergroup", "channel") else self._private_ids
        number = next(numbers)
        message: Message = {
            "message_id": number,
            **author,
            "chat": place.chat(),
            "date": int(self.clock()),
            **content,
        }
        place.messages[number] = message
        self.changed()
        return message

    def add_topic(self, place: Place, name: str, by: int, color: int = 0x6FB9F0) -> Topic:
        """Create a topic in a forum; its id is that of the message that created it."""
        created = {"name": name, "icon_color": color}
        message = self.add_message(
            place,
            self.author(place, by),
            {"is_topic_message": True, "forum_topic_created": created},
        )
        message["message_thread_id"] = message["message_id"]
        topic = Topic(message["message_id"], name, color)
        place.topics[topic.id] = topic
        self.announce(place, message)
        return topic

    def in_topic(self, place: Place, topic: int) -> dict[str, Any]:
        """The fields of a message in a topic. If it answers nothing else, Telegram treats it as an
        answer to the message that created the topic."""
        fields: dict[str, Any] = {"message_thread_id": topic, "is_topic_message": True}
        if topic in place.messages:
            fields["reply_to_message"] = quoted(place.messages[topic])
        return fields

    def force_reply(
        self, place: Place, message: Message, *, placeholder: str, selective: bool
    ) -> None:
        """Open a reply box under a message, for everyone or for the people it mentions and replies
        to."""
        people: list[int] | None = None
        if selective:
            text = message["text"].encode("utf-16-le")
            named = [
                text[2 * entity["offset"] + 2 : 2 * (entity["offset"] + entity["length"])]
                for entity in message.get("entities", ())
                if entity["type"] == "mention"
            ]
            names = {name.decode("utf-16-le").casefold() for name in named}
            people = [who.id for who in self.people.values() if who.username in names]
            people += [
                entity["user"]["id"]
                for entity in message.get("entities", ())
                if entity["type"] == "text_mention"
            ]
            answered = message.get("reply_to_message", {}).get("from", {}).get("id")
            people += [answered] if answered in self.people else []
        place.forced[message["message_id"]] = {"placeholder": placeholder, "people": people}
        self.changed()

    def take_away(self, place: Place, number: int) -> None:
        """Delete a message, and with it its pin."""
        del place.messages[number]
        if number in place.pins:
            place.pins.remove(number)
        self.changed()

    def announce(self, place: Place, message: Message) -> None:
        """Send a message to the bot as an update, if Telegram would let it see it."""
        if self._heard(place, message):
            kind = "channel_post" if place.kind == "channel" else "message"
            self.tell(kind, copy_of(message))

    def _heard(self, place: Place, message: Message) -> bool:
        if place.kind == "private" or place.kind == "channel":
            return place.kind == "private" or place.membership == "administrator"
        if place.membership in ("left", "kicked"):
            return False
        if place.membership == "administrator" or not self.privacy or "text" not in message:
            return True  # service messages reach every bot
        if "via_bot" in message:
            return True
        answered = message.get("reply_to_message", {})
        if answered.get("from", {}).get("id") == BOT:
            return True
        return any(command == 0 for command in self._commands(message))

    def _commands(self, message: Message) -> Iterator[int]:
        """The offsets of the commands in a message that address this bot, or any bot."""
        for entity in message.get("entities", ()):
            if entity["type"] == "bot_command":
                text = message["text"].encode("utf-16-le")
                start, end = entity["offset"], entity["offset"] + entity["length"]
                command = text[2 * start : 2 * end].decode("utf-16-le")
                _, _, name = command.partition("@")
                if not name or name.casefold() == "storywire_bot":
                    yield start

    def migrate(self, number: int) -> int:
        """A basic group becomes a supergroup with another id; NotPossible for other chats."""
        old = self.place(number)
        if old.kind != "group" or old.migrated_to is not None:
            raise NotPossible(
                f"{old.title} is no basic group; only those become supergroups "
                '(make one with add_chat(title, "group"))'
            )
        new = self.place(
            self.add_chat(
                old.title,
                "supergroup",
                forum=False,
                rights=set(old.rights) if old.membership == "administrator" else None,
            )
        )
        new.members = dict(old.members)
        left = self.add_message(old, self.author(old, SOL), {"migrate_to_chat_id": new.id})
        self.announce(old, left)
        came = self.add_message(new, self.author(new, SOL), {"migrate_from_chat_id": old.id})
        self.announce(new, came)
        old.migrated_to = new.id
        self.changed()
        return new.id


def quoted(message: Message) -> Message:
    """A message as it appears inside another one: without what it replies to itself."""
    hidden = ("reply_to_message", "pinned_message")
    return {key: value for key, value in copy_of(message).items() if key not in hidden}
