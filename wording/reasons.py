"""Why something wasn't done, as data: a code and parameters for its sentence.

A `Reason` is created where something fails, and stored. It is put into words where someone reads
it: `why` and `remedy` in the reader's language, `in_english` for logs and operators. `CATALOGUE`
has the words for every code. Reasons that earlier versions stored as sentences are in `earlier.py`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from wording import earlier
from wording.language import N_, _, named, speaking


class Code(StrEnum):
    """What went wrong. The values are stored: never change one, or give it another meaning.

    Earlier versions show the value where they showed a sentence, so it is a few plain words.
    """

    # Our own state.
    RECORD_LOST = "record lost"
    RECORD_UNREADABLE = "record unreadable"
    OUTCOME_UNKNOWN = "outcome unknown"
    STORY_FORGOTTEN = "story forgotten"
    CARDS_MERGING = "cards merging"
    LEASE_UNSURE = "lease unsure"
    BOT_OUT = "bot out"

    # The connection to a platform. Each has the parameter `platform`.
    PAUSE = "pause"
    NO_CONNECTION = "no connection"
    CONNECTION_CLOSED = "connection closed"
    NOT_READY = "not ready"
    ANSWER_LOST = "answer lost"
    ANSWER_UNREADABLE = "answer unreadable"
    TOKEN_REFUSED = "token refused"  # noqa: S105  # it is no password
    MOVED = "moved"

    # A platform's answer that we don't know. Each has the parameters `platform` and `said`. Earlier
    # versions take what begins like these for a platform's own words, and don't show it.
    SAID = "platform said"
    SAID_NO_ACCESS = "platform said: no access"
    SAID_NO_PERMISSION = "platform said: no permission"
    SAID_FORBIDDEN = "platform said: forbidden"
    SAID_NOT_THIS_CARD = "platform said: not this card"

    # Discord.
    LACKS_PERMISSIONS = "lacks permissions"
    HISTORY_HIDDEN = "history hidden"
    REMOVED_FROM_SERVER = "removed from server"
    CHANNEL_GONE = "channel gone"
    SERVER_GONE = "server gone"
    PERSON_UNKNOWN = "person unknown"
    PERSON_NOT_WRITABLE = "person not writable"
    DIRECT_MESSAGES_CLOSED = "direct messages closed"
    NO_COMMON_SERVER = "no common server"
    PINS_FULL = "pins full"
    CHANNEL_WITHOUT_MESSAGES = "channel without messages"
    CHANNEL_TYPE = "channel type"
    THREAD_ARCHIVED = "thread archived"
    THREAD_LOCKED = "thread locked"
    AUTOMOD = "automod"
    EXPLICIT_FILTER = "explicit filter"
    LINK_FILTER = "link filter"
    NOT_ANNOUNCEMENTS = "not announcements"
    FORUM = "forum"
    CATEGORY = "category"
    STAGE = "stage"
    SERVER_ID = "server id"

    # Telegram.
    BLOCKED = "blocked"
    NOT_STARTED = "not started"
    ACCOUNT_GONE = "account gone"
    CHAT_OF_A_BOT = "chat of a bot"
    GROUP_DELETED = "group deleted"
    REMOVED_FROM_CHAT = "removed from chat"
    NOT_IN_CHAT = "not in chat"
    NOT_IN_CHANNEL = "not in channel"
    CHAT_NOT_FOUND = "chat not found"
    CHAT_UNKNOWN = "chat unknown"
    TOPIC_GONE = "topic gone"
    TOPIC_CLOSED = "topic closed"
    NO_TOPICS = "no topics"
    MAY_NOT_PIN = "may not pin"
    MAY_NOT_POST = "may not post"
    NOT_ADMINISTRATOR = "not administrator"
    MAY_NOT_WRITE = "may not write"
    MAY_NOT_DO_THAT = "may not do that"
    TEXT_NOT_ALLOWED = "text not allowed"


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that went wrong. `str` gives the stored form, and `Reason.read` parses it."""

    code: str
    """A `Code`; anything else is from a newer version, and preserved."""
    params: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """Values for the sentence's placeholders: strings, and lists of names as the platform has them.
    `platform`: its name; `said`: its own words; `permissions`: those missing; `chat`: an
    address."""

    def __str__(self) -> str:
        if not self.params:
            return self.code
        return f"{self.code}\t{json.dumps(self.params)}"

    @classmethod
    def read(cls, stored: str) -> "Reason":
        """What this, an earlier or a newer version stored. Writing it again doesn't change it."""
        if (known := _earlier(stored)) is not None:
            return known
        code, tab, raw = stored.partition("\t")
        params = _params(raw) if tab else {}
        return cls(stored) if params is None else cls(code, params)

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """In a stored record it is one string, which every version can read."""
        return core_schema.no_info_after_validator_function(
            cls.read,
            core_schema.str_schema(strict=True),
            serialization=core_schema.plain_serializer_function_ser_schema(str),
        )


class Words(NamedTuple):
    """The sentences for a code: whole ones with {placeholders}, marked for the catalogues."""

    why: str
    remedy: str = ""
    """What to do about it; empty if there is nothing to do."""


_LOGGED = N_("The bot's operator can find the reason in the log.")
_ADD = N_("Add me to the chat again.")
_INVITE = N_("Invite me again.")
_WRITE = N_("Let me post there: make me an administrator, or lift my restriction.")
_POST = N_("Make me an administrator of the channel with “Post Messages”.")
_PIN = N_("Make me an administrator with “Pin Messages”, or in a channel with “Edit Messages”.")
_TOPIC = N_("Choose another topic: use /follow there.")
_REMOVE = N_("Remove the chat from the rules.")
_TEXT_CHANNEL = N_("Choose a text channel or a thread.")
_USER_ID = N_("Check the ID after “discord:@”.")

CATALOGUE: Mapping[str, Words] = {
    Code.RECORD_LOST: Words(
        N_(
            "My record of this card was lost, so the story's next update will be posted as a "
            "new card."
        ),
        N_("Try again after that update."),
    ),
    Code.RECORD_UNREADABLE: Words(
        N_(
            "I can't read my record of this card: it was written by a newer version of this "
            "bot, or it's damaged."
        ),
        N_("Ask the bot's operator to check its log."),
    ),
    Code.OUTCOME_UNKNOWN: Words(
        N_(
            "I don't know whether the card was posted, so the story's next update will be "
            "posted as a new card."
        ),
    ),
    Code.STORY_FORGOTTEN: Words(
        N_("This story is no longer available."), N_("Choose another story.")
    ),
    Code.CARDS_MERGING: Words(N_("This story is taking over another story's card.")),
    Code.LEASE_UNSURE: Words(N_("Another copy of this bot may have taken over.")),
    Code.BOT_OUT: Words(N_("I was removed, or the chat is gone."), N_("Add me again.")),
    Code.PAUSE: Words(N_("{platform} asked me to slow down.")),
    Code.NO_CONNECTION: Words(N_("I can't reach {platform}.")),
    Code.CONNECTION_CLOSED: Words(N_("The connection to {platform} was closed.")),
    Code.NOT_READY: Words(N_("{platform} hasn't told me yet which servers I'm in.")),
    Code.ANSWER_LOST: Words(N_("I got no answer from {platform}.")),
    Code.ANSWER_UNREADABLE: Words(N_("I can't read what {platform} answered.")),
    Code.TOKEN_REFUSED: Words(N_("{platform} no longer accepts my token.")),
    Code.MOVED: Words(N_("The chat has a new address: {chat}.")),
    Code.SAID: Words(_LOGGED),
    Code.SAID_NO_ACCESS: Words(_LOGGED, N_("Check that I can see the channel and post there.")),
    Code.SAID_NO_PERMISSION: Words(
        _LOGGED, N_("Check my permissions under Edit Channel → Permissions.")
    ),
    Code.SAID_FORBIDDEN: Words(_LOGGED, _WRITE),
    Code.SAID_NOT_THIS_CARD: Words(
        _LOGGED, N_("Check that I can post there, and whether something filters my messages.")
    ),
    Code.LACKS_PERMISSIONS: Words(
        N_("I'm missing {permissions}."),
        N_("Give my role {permissions} under Edit Channel → Permissions."),
    ),
    Code.HISTORY_HIDDEN: Words(
        N_("I'm missing “Read Message History”, which I need to reply."),
        N_("Give my role “Read Message History” under Edit Channel → Permissions."),
    ),
    Code.REMOVED_FROM_SERVER: Words(N_("I was removed from the server or the thread."), _INVITE),
    Code.CHANNEL_GONE: Words(
        N_("The channel is gone."),
        N_("Choose another channel: use /follow there, or name it in storywire.toml."),
    ),
    Code.SERVER_GONE: Words(N_("The server is gone, or I was removed from it."), _INVITE),
    Code.PERSON_UNKNOWN: Words(N_("Discord doesn't know this person."), _USER_ID),
    Code.PERSON_NOT_WRITABLE: Words(N_("This person can't be messaged."), _USER_ID),
    Code.DIRECT_MESSAGES_CLOSED: Words(
        N_("Direct messages from me are turned off."),
        N_("Allow direct messages in the privacy settings of a server you share with me."),
    ),
    Code.NO_COMMON_SERVER: Words(
        N_("We don't share a server."),
        N_("Add me to a server you're in, or to your own account."),
    ),
    Code.PINS_FULL: Words(
        N_("The channel already has 250 pins, Discord's maximum."), N_("Unpin something there.")
    ),
    Code.CHANNEL_WITHOUT_MESSAGES: Words(
        N_("This kind of channel can't hold messages."), _TEXT_CHANNEL
    ),
    Code.CHANNEL_TYPE: Words(N_("This kind of channel doesn't allow that."), _TEXT_CHANNEL),
    Code.THREAD_ARCHIVED: Words(N_("The thread is archived."), N_("Reopen the thread.")),
    Code.THREAD_LOCKED: Words(
        N_("The thread is locked."), N_("Unlock the thread, or give me “Manage Threads”.")
    ),
    Code.AUTOMOD: Words(
        N_("The server's AutoMod blocked the message."), N_("Exempt my role from that rule.")
    ),
    Code.EXPLICIT_FILTER: Words(N_("Discord's explicit content filter blocked it.")),
    Code.LINK_FILTER: Words(N_("Discord's filter blocked a link in it.")),
    Code.NOT_ANNOUNCEMENTS: Words(
        N_("Only cards in an announcement channel can be published."),
        N_(
            "Make this an announcement channel under Edit Channel → Overview → Announcement "
            "Channel."
        ),
    ),
    Code.FORUM: Words(
        N_("That's a forum: posts go into its threads, not into the forum itself."),
        N_("Use the ID of one of its threads, or use /follow there."),
    ),
    Code.CATEGORY: Words(
        N_("That's a category: it holds channels, not messages."),
        N_("Use the ID of a channel in it."),
    ),
    Code.STAGE: Words(
        N_("That's a stage channel: its chat is only for people at an event."), _TEXT_CHANNEL
    ),
    Code.SERVER_ID: Words(
        N_("That's a server ID, not a channel ID."),
        N_("Right-click the channel → Copy Channel ID, and use that."),
    ),
    Code.BLOCKED: Words(N_("I've been blocked."), N_("Unblock me and press Start.")),
    Code.NOT_STARTED: Words(
        N_("Our private chat hasn't been started yet."),
        N_("Open our private chat and press Start."),
    ),
    Code.ACCOUNT_GONE: Words(N_("This account is gone."), _REMOVE),
    Code.CHAT_OF_A_BOT: Words(N_("The chat belongs to another bot."), N_("Check the chat's ID.")),
    Code.GROUP_DELETED: Words(N_("The group was deleted."), _REMOVE),
    Code.REMOVED_FROM_CHAT: Words(N_("I was removed from the chat."), _ADD),
    Code.NOT_IN_CHAT: Words(N_("I'm not in the chat."), _ADD),
    Code.NOT_IN_CHANNEL: Words(N_("I'm not in the channel."), _ADD),
    Code.CHAT_NOT_FOUND: Words(N_("The chat is gone, or I was never in it."), _ADD),
    Code.CHAT_UNKNOWN: Words(N_("I don't know this chat."), _ADD),
    Code.TOPIC_GONE: Words(N_("The topic is gone."), _TOPIC),
    Code.TOPIC_CLOSED: Words(N_("The topic is closed."), N_("Reopen the topic.")),
    Code.NO_TOPICS: Words(
        N_("The group has no topics."), N_("Leave out the slash and the number after it.")
    ),
    Code.MAY_NOT_PIN: Words(N_("I'm not allowed to pin there."), _PIN),
    Code.MAY_NOT_POST: Words(N_("I'm not allowed to post in the channel."), _POST),
    Code.NOT_ADMINISTRATOR: Words(N_("I'm not an administrator there."), _POST),
    Code.MAY_NOT_WRITE: Words(N_("I'm not allowed to post there."), _WRITE),
    Code.MAY_NOT_DO_THAT: Words(N_("I'm not allowed to do that there."), _WRITE),
    Code.TEXT_NOT_ALLOWED: Words(N_("Text messages aren't allowed there."), _WRITE),
}
"""The sentences for every code."""

_UNKNOWN = Words(N_("A newer version of this bot stored the reason, and this one can't show it."))


def why(reason: Reason) -> str:
    """What went wrong, in one or two sentences in the current language."""
    return _filled(CATALOGUE.get(reason.code, _UNKNOWN).why, reason)


def remedy(reason: Reason) -> str:
    """What people can do about it, in the current language; empty if there is nothing."""
    return _filled(CATALOGUE.get(reason.code, _UNKNOWN).remedy, reason)


def explained(reason: Reason) -> str:
    """What went wrong, and what to do about it."""
    return " ".join(filter(None, (why(reason), remedy(reason))))


def in_english(reason: Reason) -> str:
    """The same for logs and operators, including a platform's own words,
    and the code if it is from a newer version."""
    with speaking(None):
        if "said" in reason.params:
            gaps = _gaps(reason)
            said = f"{gaps['platform']} said: {gaps['said']}"
            return " ".join(filter(None, (said, remedy(reason))))
        if reason.code not in CATALOGUE:
            return str(reason)
        return explained(reason)


class _Gaps(dict[str, str]):
    """Values for a sentence's placeholders. A stored reason may lack one."""

    def __missing__(self, gap: str) -> str:
        return "…"


def _filled(sentence: str, reason: Reason) -> str:
    return _(sentence).format_map(_gaps(reason)) if sentence else ""


def _gaps(reason: Reason) -> _Gaps:
    params = reason.params
    gaps = _Gaps(
        {
            name: named(each) if isinstance(each, list | tuple) else str(each)
            for name, each in params.items()
        }
    )
    if "platform" in params:
        gaps["platform"] = str(params["platform"]).capitalize()
    return gaps


def _params(raw: str) -> dict[str, Any] | None:
    try:
        params = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return params if isinstance(params, dict) else None


def _earlier(stored: str) -> Reason | None:
    """Parse what an earlier version stored: a sentence and its remedy, or a platform's words."""
    first = stored.partition("\n")[0]
    sentence, _tab, raw = first.partition("\t")
    if sentence in earlier.SENTENCES:
        code, params = earlier.SENTENCES[sentence]
        names = (_params(raw) or {}).get(earlier.RIGHTS)
        return Reason(code, {"permissions": names} if names else params)
    if first.startswith(earlier.MOVED):
        return Reason(Code.MOVED, {"chat": first.removeprefix(earlier.MOVED)})
    for platform, beginning in earlier.QUOTES.items():
        if stored.startswith(beginning):
            said = stored.removeprefix(beginning)
            quote, _line, last = said.rpartition("\n")
            params = {"platform": platform, "said": quote if last in earlier.REMEDIES else said}
            return Reason(earlier.REMEDIES.get(last, Code.SAID), params)
    return None
