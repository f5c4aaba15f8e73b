"""The methods of the Bot API that this Telegram supports, each under its own name."""

# ruff: noqa: N802  the methods have Telegram's names

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.telegram import entities, inline, keyboards, refusals
from sandbox.telegram.entities import CannotParse
from sandbox.telegram.limits import Flood
from sandbox.telegram.params import Params
from sandbox.telegram.refusals import Refused, bad_request, too_many
from sandbox.telegram.updates import Updates, copy_of
from sandbox.telegram.world import BOT, Message, Place, World, quoted

MOST_TEXT = 4096
"""UTF-16 code units after parsing the markup; core.telegram.org/bots/api#sendmessage."""

CHAT_ACTIONS = (
    "typing",
    "upload_photo",
    "record_video",
    "upload_video",
    "record_voice",
    "upload_voice",
    "upload_document",
    "choose_sticker",
    "find_location",
    "record_video_note",
    "upload_video_note",
)

QUERY_LIVES = 600
"""Seconds within which a pressed button can be answered. Telegram gives no figure."""


class Missing(Exception):
    """The bot wants something of Telegram that this sandbox doesn't have; str() names it."""


@dataclass(slots=True)
class Query:
    """Someone pressed a button, or typed an inline query, and is waiting."""

    id: str
    at: float
    answer: asyncio.Future[dict[str, Any]]


@dataclass(slots=True)
class Profile:
    """What the bot has told Telegram about itself."""

    commands: dict[tuple[str, str], list[dict[str, str]]] = field(default_factory=dict)
    """By scope (as _scope() names it) and language, "" for every language."""
    names: dict[str, str] = field(default_factory=dict)
    descriptions: dict[str, str] = field(default_factory=dict)
    short_descriptions: dict[str, str] = field(default_factory=dict)
    menu_buttons: dict[int | None, dict[str, Any]] = field(default_factory=dict)
    """By private chat; None for all others."""
    webhook: dict[str, Any] = field(default_factory=dict)


class Methods:
    """Answers calls. Every method takes Params, and returns JSON or raises Refused or Missing."""

    def __init__(self, world: World, updates: Updates, flood: Flood | None) -> None:
        self.world = world
        self.updates = updates
        self.flood = flood
        self.profile = Profile()
        self.queries: dict[str, Query] = {}
        self._known = {
            name.lower(): (name, method)
            for name in dir(self)
            if re.fullmatch(r"[a-z]+(?:[A-Z][a-z]+)+", name)
            and callable(method := getattr(self, name))
        }

    def named(self, method: str) -> tuple[str, Callable[[Params], Any]]:
        """A method and its correct spelling; Telegram ignores case."""

        def missing(params: Params) -> None:
            raise Missing(f"method {method}")

        return self._known.get(method.lower(), (method, missing))

    # Itself

    def getMe(self, params: Params) -> dict[str, Any]:
        return self.world.bot() | {
            "can_join_groups": True,
            "can_read_all_group_messages": not self.world.privacy,
            "supports_inline_queries": True,
            "can_connect_to_business": False,
            "has_main_web_app": False,
            "has_topics_enabled": False,
            "allows_users_to_create_topics": False,
            "can_manage_bots": False,
        }

    def setWebhook(self, params: Params) -> bool:
        url = params.text("url")
        if not url:
            return self.deleteWebhook(params)
        if not url.startswith("https://"):
            raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
        secret = params.text("secret_token")
        if secret and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", secret):
            raise bad_request("secret token contains unallowed characters")
        self.updates.allow(params.value("allowed_updates", "allowed updates"))
        self.profile.webhook = {
            "url": url,
            "max_connections": params.integer("max_connections", 40),
        }
        self._drop_pending(params)
        return True

    def deleteWebhook(self, params: Params) -> bool:
        self.profile.webhook = {}
        self._drop_pending(params)
        return True

    def _drop_pending(self, params: Params) -> None:
        if params.flag("drop_pending_updates"):
            self.updates.forget()

    def getWebhookInfo(self, params: Params) -> dict[str, Any]:
        info = {"url": "", "has_custom_certificate": False} | self.profile.webhook
        info["pending_update_count"] = self.updates.pending
        if self.updates.allowed:
            info["allowed_updates"] = list(self.updates.allowed)
        return info

    def setMyName(self, params: Params) -> bool:
        return self._describe(self.profile.names, params, "name", 64)

    def getMyName(self, params: Params) -> dict[str, Any]:
        return {"name": self._described(self.profile.names, params) or self.world.bot_name}

    def setMyDescription(self, params: Params) -> bool:
        return self._describe(self.profile.descriptions, params, "description", 512)

    def getMyDescription(self, params: Params) -> dict[str, Any]:
        return {"description": self._described(self.profile.descriptions, params)}

    def setMyShortDescription(self, params: Params) -> bool:
        return self._describe(self.profile.short_descriptions, params, "short_description", 120)

    def getMyShortDescription(self, params: Params) -> dict[str, Any]:
        return {"short_description": self._described(self.profile.short_descriptions, params)}

    def _describe(self, kept: dict[str, str], params: Params, name: str, most: int) -> bool:
        text = params.text(name)
        if len(text) > most:
            raise bad_request(f"bot {name.replace('_', ' ')} is too long")
        kept[_language(params)] = text
        self.world.changed()
        return True

    def _described(self, kept: Mapping[str, str], params: Params) -> str:
        return kept.get(_language(params)) or kept.get("", "")

    def setMyCommands(self, params: Params) -> bool:
        sent = params.value("commands", "list of bot commands")
        if not isinstance(sent, list):
            raise bad_request("expected an Array of BotCommand")
        if len(sent) > 100:
            raise Refused(refusals.TOO_MANY_COMMANDS)
        commands = [_command(command) for command in sent]
        self.profile.commands[self._scope(params), _language(params)] = commands
        self.world.changed()
        return True

    def getMyCommands(self, params: Params) -> list[dict[str, str]]:
        return self.profile.commands.get((self._scope(params), _language(params)), [])

    def deleteMyCommands(self, params: Params) -> bool:
        self.profile.commands.pop((self._scope(params), _language(params)), None)
        self.world.changed()
        return True

    def _scope(self, params: Params) -> str:
        """A scope as text: "default", "chat -100…", "chat_member -100… 501…"."""
        scope = params.value("scope", "BotCommandScope")
        if scope is None:
            return "default"
        kind = scope.get("type") if isinstance(scope, Mapping) else None
        if kind in ("default", "all_private_chats", "all_group_chats", "all_chat_administrators"):
            return str(kind)
        if kind not in ("chat", "chat_administrators", "chat_member"):
            raise bad_request("can't parse BotCommandScope: Unsupported type specified")
        place = self.world.find(str(scope.get("chat_id", "")))
        if place.kind == "channel" or (place.kind == "private" and kind != "chat"):
            raise bad_request("can't change commands in the chat")
        if kind != "chat_member":
            return f"{kind} {place.id}"
        if scope.get("user_id") not in self.world.people:
            raise Refused(refusals.WRONG_USER_ID)
        return f"{kind} {place.id} {scope['user_id']}"

    def setChatMenuButton(self, params: Params) -> bool:
        button = params.value("menu_button", "menu button") or {"type": "default"}
        if not isinstance(button, Mapping) or button.get("type") not in (
            "commands",
            "default",
            "web_app",
        ):
            raise bad_request("can't parse menu button: MenuButton has unsupported type")
        self.profile.menu_buttons[self._menu_chat(params)] = dict(button)
        self.world.changed()
        return True

    def getChatMenuButton(self, params: Params) -> dict[str, Any]:
        buttons = self.profile.menu_buttons
        button = buttons.get(self._menu_chat(params), {"type": "default"})
        return buttons.get(None, button) if button["type"] == "default" else button

    def _menu_chat(self, params: Params) -> int | None:
        if "chat_id" not in params:
            return None
        place = self.world.find(params.text("chat_id"))
        if place.kind != "private":
            raise bad_request("menu button can't be set in the chat")
        return place.id

    # Messages

    def sendMessage(self, params: Params) -> Message:
        if "business_connection_id" in params:
            raise Refused(refusals.BUSINESS_NOT_FOUND)
        for name in ("direct_messages_topic_id", "ephemeral_message_parameters"):
            if name in params:
                raise Missing(f"the parameter {name} of sendMessage")
        content = self._text(params)
        place = self.world.find_to_write(params.text("chat_id"))
        content |= self._preview(params)
        content |= self._markup(place, params)
        content |= self._topic(place, params)
        content |= self._reply(place, params)
        if params.flag("protect_content"):
            content["has_protected_content"] = True
        forced = keyboards.forced_reply(params.value("reply_markup", "reply keyboard markup"))
        self._take(place)
        author = self.world.author(place, BOT)
        message = self.world.add_message(place, author, content)
        if forced:
            self.world.force_reply(place, message, **forced)
        return copy_of(message)

    def sendChatAction(self, params: Params) -> bool:
        self.world.find_to_write(params.text("chat_id"))
        if params.text("action") not in CHAT_ACTIONS:
            raise bad_request("wrong parameter action in request")
        return True

    def editMessageText(self, params: Params) -> Message:
        content = self._text(params)
        place, message = self._to_edit(params)
        content |= self._preview(params)
        content |= self._markup(place, params, edit=True)
        return self._edit(place, message, content)

    def editMessageReplyMarkup(self, params: Params) -> Message:
        place, message = self._to_edit(params)
        kept = ("text", "entities", "link_preview_options")
        content = {name: message[name] for name in kept if name in message}
        content |= self._markup(place, params, edit=True)
        return self._edit(place, message, content)

    def _to_edit(self, params: Params) -> tuple[Place, Message]:
        if "inline_message_id" in params:
            raise Missing("the editing of inline messages")
        place = self.world.find(params.text("chat_id"))
        if place.blocked:
            raise Refused(refusals.BLOCKED)
        number = params.integer("message_id")
        if not number:
            raise Refused(refusals.NO_MESSAGE_ID)
        message = place.messages.get(number)
        if message is None:
            raise Refused(refusals.EDIT_NOT_FOUND)
        if place.kind == "channel":
            # Posts have no author: the permission to edit decides, and posting includes one's own.
            if not (place.may("can_edit_messages") or place.may("can_post_messages")):
                raise Refused(refusals.CHANNEL_RIGHTS)
        elif message.get("from", {}).get("id") != BOT or number in place.forced:
            raise Refused(refusals.EDIT_FORBIDDEN)
        if "text" not in message:
            raise bad_request("there is no text in the message to edit")
        return place, message

    def _edit(self, place: Place, message: Message, content: dict[str, Any]) -> Message:
        shown = ("text", "entities", "reply_markup", "link_preview_options")
        if {name: message[name] for name in shown if name in message} == content:
            raise Refused(refusals.NOT_MODIFIED)
        self._take(place)
        for name in shown:
            message.pop(name, None)
        message |= content
        message["edit_date"] = int(self.world.clock())
        self.world.changed()
        return copy_of(message)

    def deleteMessage(self, params: Params) -> bool:
        place = self.world.find(params.text("chat_id"))
        number = params.integer("message_id")
        if not number:
            raise Refused(refusals.NO_MESSAGE_ID)
        message = place.messages.get(number)
        if message is None:
            raise Refused(refusals.DELETE_NOT_FOUND)
        own = message.get("from", {}).get("id") == BOT
        young = self.world.clock() - message["date"] < 48 * 3600
        if place.kind == "private":
            allowed = young
        elif place.kind == "channel":
            allowed = place.may("can_delete_messages") or (place.may("can_post_messages") and young)
        else:
            allowed = place.may("can_delete_messages") or (own and young)
        if not allowed:
            raise Refused(refusals.DELETE_FORBIDDEN)
        self.world.take_away(place, number)
        return True

    def _text(self, params: Params) -> dict[str, Any]:
        """The fields `text` and `entities` of a message; raises Refused."""
        sent, mode = params.text("text"), params.text("parse_mode").lower()
        if mode in ("markdown", "markdownv2"):
            raise Missing(f"parse_mode {params.text('parse_mode')}")
        if mode not in ("", "html", "none"):
            raise bad_request("unsupported parse_mode")
        given = params.value("entities", "message entities")
        if given is not None and not isinstance(given, list):
            raise bad_request("can't parse message entities: expected an Array")
        if not sent:
            raise Refused(refusals.TEXT_EMPTY)
        try:
            text, found = entities.read(sent, mode if mode == "html" else None, given)
        except CannotParse as error:
            raise bad_request(f"can't parse entities: {error}") from error
        if not text:
            raise Refused(refusals.TEXT_EMPTY)
        if entities.units(text) > MOST_TEXT:
            raise Refused(refusals.TEXT_TOO_LONG)
        named = []
        for entity in found:
            if entity["type"] == "text_mention":
                if (user := self.world.user(entity["user"])) is None:
                    continue  # Telegram shows only the text
                entity["user"] = user
            named.append(entity)
        return {"text": text, "entities": named} if named else {"text": text}

    def _preview(self, params: Params) -> dict[str, Any]:
        options = params.value("link_preview_options", "link preview options")
        if options is None:
            flag = params.flag("disable_web_page_preview")
            return {"link_preview_options": {"is_disabled": True}} if flag else {}
        if not isinstance(options, Mapping):
            raise bad_request("object expected as link preview options")
        return {"link_preview_options": dict(options)} if options else {}

    def _markup(self, place: Place, params: Params, *, edit: bool = False) -> dict[str, Any]:
        sent = params.value("reply_markup", "reply keyboard markup")
        keyboard = keyboards.read(
            sent, private=place.kind == "private", inline_only=edit or place.kind == "channel"
        )
        return {"reply_markup": keyboard} if keyboard else {}

    def _topic(self, place: Place, params: Params) -> dict[str, Any]:
        if "message_thread_id" not in params:
            return {}
        topic = place.topics.get(params.integer("message_thread_id"))
        if topic is None:
            raise Refused(refusals.THREAD_NOT_FOUND)
        if topic.closed and not place.may("can_manage_topics"):
            raise Refused(refusals.TOPIC_CLOSED)
        return self.world.in_topic(place, topic.id)

    def _reply(self, place: Place, params: Params) -> dict[str, Any]:
        sent = params.value("reply_parameters", "reply parameters")
        if sent is None:
            number = params.integer("reply_to_message_id")
            if not number:
                return {}
            sent = {
                "message_id": number,
                "allow_sending_without_reply": params.flag("allow_sending_without_reply"),
            }
        if not isinstance(sent, Mapping):
            raise bad_request("object expected as reply parameters")
        if str(sent.get("chat_id") or place.id) not in (str(place.id), f"@{place.username}"):
            raise Missing("replies to a message of another chat")
        answered = place.messages.get(sent.get("message_id") or 0)
        if answered is None:
            if sent.get("allow_sending_without_reply"):
                return {}
            raise Refused(refusals.REPLY_NOT_FOUND)
        fields: dict[str, Any] = {"reply_to_message": quoted(answered)}
        if "message_thread_id" in answered:
            fields["message_thread_id"] = answered["message_thread_id"]
            if place.forum:
                fields["is_topic_message"] = True
        if quote := sent.get("quote"):
            start = answered.get("text", "").find(quote)
            if start < 0:
                raise Refused(refusals.QUOTE_INVALID)
            position = entities.units(answered["text"][:start])
            fields["quote"] = {"text": quote, "position": position, "is_manual": True}
        return fields

    def _take(self, place: Place) -> None:
        if self.flood and (wait := self.flood.take(place.id, group=place.is_group)):
            raise too_many(wait)

    # Pins

    def pinChatMessage(self, params: Params) -> bool:
        place, number = self._to_pin(params)
        message = place.messages.get(number)
        if message is None or "text" not in message:
            raise Refused(refusals.PIN_NOT_FOUND)
        if number in place.pins:
            return True
        place.pins.append(number)
        if place.kind != "private":
            # The service message; the bot that pinned gets it, too.
            service: dict[str, Any] = {"pinned_message": quoted(message)}
            for name in ("message_thread_id", "is_topic_message"):
                if name in message:
                    service[name] = message[name]
            author = self.world.author(place, BOT)
            self.world.announce(place, self.world.add_message(place, author, service))
        self.world.changed()
        return True

    def unpinChatMessage(self, params: Params) -> bool:
        place, number = self._to_pin(params)
        if not number and place.pins:
            number = place.pins[-1]
        if number not in place.messages:
            raise Refused(refusals.UNPIN_NOT_FOUND)
        if number in place.pins:
            place.pins.remove(number)
            self.world.changed()
        return True

    def unpinAllChatMessages(self, params: Params) -> bool:
        place, _ = self._to_pin(params)
        place.pins.clear()
        self.world.changed()
        return True

    def _to_pin(self, params: Params) -> tuple[Place, int]:
        place = self.world.find(params.text("chat_id"))
        if place.blocked:
            raise Refused(refusals.BLOCKED)
        right = "can_edit_messages" if place.kind == "channel" else "can_pin_messages"
        if not place.may(right):
            raise Refused(refusals.PIN_FORBIDDEN)
        return place, params.integer("message_id")

    # Chats

    def getChat(self, params: Params) -> dict[str, Any]:
        place = self.world.find(params.text("chat_id"))
        full = place.chat() | {
            "accent_color_id": abs(place.id) % 7,
            "max_reaction_count": 11,
            "accepted_gift_types": {
                "unlimited_gifts": place.kind == "private",
                "limited_gifts": place.kind == "private",
                "unique_gifts": place.kind == "private",
                "premium_subscription": place.kind == "private",
                "gifts_from_channels": place.kind == "private",
            },
        }
        if place.username:
            full["active_usernames"] = [place.username]
        if place.is_group:
            full["permissions"] = {"can_send_messages": True, "can_pin_messages": False}
        if place.pins:
            full["pinned_message"] = copy_of(place.messages[place.pins[-1]])
        return full

    def getChatMember(self, params: Params) -> dict[str, Any]:
        place = self.world.find(params.text("chat_id"))
        number = params.integer("user_id")
        if number <= 0:
            raise Refused(refusals.WRONG_USER_ID)
        if place.kind == "channel" and place.membership != "administrator":
            raise bad_request("member list is inaccessible")
        return self.world.member(place, number)

    def getChatAdministrators(self, params: Params) -> list[dict[str, Any]]:
        place = self.world.find(params.text("chat_id"))
        if place.kind == "private":
            raise Refused(refusals.NO_ADMINISTRATORS)
        heads = [
            person
            for person, status in place.members.items()
            if status in ("creator", "administrator")
        ]
        if place.membership == "administrator":
            heads.append(BOT)
        return [self.world.member(place, head) for head in heads]

    def getChatMemberCount(self, params: Params) -> int:
        place = self.world.find(params.text("chat_id"))
        return len(place.members) + 1

    def leaveChat(self, params: Params) -> bool:
        place = self.world.find(params.text("chat_id"))
        if place.kind == "private":
            raise Refused(refusals.LEAVE_PRIVATE)
        place.membership = "left"
        place.rights = set()
        self.world.changed()
        return True

    def createForumTopic(self, params: Params) -> dict[str, Any]:
        place = self.world.find(params.text("chat_id"))
        if not place.forum:
            raise Refused(refusals.NOT_A_FORUM)
        if not place.may("can_manage_topics"):
            raise Refused(refusals.TOPIC_FORBIDDEN)
        name = params.text("name").strip()
        if not 1 <= len(name) <= 128:
            raise Refused(refusals.TOPIC_NAME_EMPTY)
        color = params.integer("icon_color", 0x6FB9F0)
        topic = self.world.add_topic(place, name, BOT, color)
        return {"message_thread_id": topic.id, "name": topic.name, "icon_color": topic.color}

    # Answers to people

    def answerCallbackQuery(self, params: Params) -> bool:
        text = params.text("text")
        if entities.units(text) > 200:
            raise Refused(refusals.ANSWER_TOO_LONG)
        self._answer(
            params.text("callback_query_id"),
            {
                "text": text or None,
                "alert": params.flag("show_alert"),
                "url": params.text("url") or None,
            },
        )
        return True

    def answerInlineQuery(self, params: Params) -> bool:
        results = params.value("results", "inline query results")
        for result in results if isinstance(results, list) else ():
            if isinstance(result, Mapping) and result.get("type") in inline.OTHER_KINDS:
                raise Missing(f"inline results of the type {result['type']}")
        messages = inline.read(results, lambda said: self._text(said) | self._preview(said))
        button = inline.read_button(params.value("button", "inline query results button"))
        self._answer(
            params.text("inline_query_id"),
            {"results": results, "messages": messages, "button": button},
        )
        return True

    def _answer(self, number: str, answer: dict[str, Any]) -> None:
        query = self.queries.pop(number, None)
        if query is None or self.world.clock() - query.at > QUERY_LIVES:
            raise Refused(refusals.QUERY_TOO_OLD)
        if not query.answer.done():
            query.answer.set_result(answer)


def _language(params: Params) -> str:
    language = params.text("language_code")
    if language and not re.fullmatch(r"[a-z]{2}", language):
        raise Refused(refusals.LANGUAGE_INVALID)
    return language


def _command(sent: Any) -> dict[str, str]:
    if not isinstance(sent, Mapping):
        raise bad_request("can't parse BotCommand: expected an Object")
    command = str(sent.get("command", "")).removeprefix("/")
    description = str(sent.get("description", ""))
    if not re.fullmatch(r"[a-z0-9_]{1,32}", command):
        raise Refused(refusals.COMMAND_INVALID)
    if not 1 <= len(description) <= 256:
        raise Refused(refusals.COMMAND_DESCRIPTION_INVALID)
    return {"command": command, "description": description}
