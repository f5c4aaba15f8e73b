"""The content of cards: built once per revision and variant, however many chats show it."""

import base64
import hashlib

from bot.model.chat import Chat
from bot.platforms.port import Platform
from stories.edition import Edition
from stories.index import StoryIndex
from stories.story import StoryId
from wording.card import Related, card, related_to, stub
from wording.language import Language, spoken
from wording.message import Message

VARIANTS_KEPT = 1000


class Messages:
    """The messages of cards on one platform, each with its fingerprint."""

    def __init__(self, platform: Platform, index: StoryIndex) -> None:
        self._platform = platform
        self._index = index
        self._made: dict[tuple[StoryId, bool, Language], tuple[Edition, Related, Message, str]] = {}

    def card(self, edition: Edition, *, show_leaning: bool) -> tuple[Message, str]:
        """The card in the current language, and its fingerprint."""
        variant = (edition.story.id, show_leaning, spoken())
        made, kin = self._made.get(variant), related_to(self._index, edition)
        if made is None or made[0] is not edition or made[1] != kin:
            delta = self._index.delta(edition)
            message = card(edition, delta, show_leaning=show_leaning, kin=kin)
            if len(self._made) > VARIANTS_KEPT:
                self._made.clear()
            made = self._made[variant] = (edition, kin, message, fingerprint(message))
        return made[2:]

    def stub(
        self, chat: Chat, edition: Edition, target: Edition, message_id: str | None
    ) -> tuple[Message, str]:
        """What remains of a card whose story is shown on another card, the message `message_id`."""
        message = stub(edition, target.story, message_id and self._platform.link(chat, message_id))
        return message, fingerprint(message)


def fingerprint(message: Message) -> str:
    """A hash of a message's content, so that a card isn't edited when nothing would change."""
    said = repr(message).encode("utf-8", "surrogatepass")
    return hashlib.blake2s(said, digest_size=12).hexdigest()


def idempotency_key(chat: Chat, story: StoryId, slot: str, number: int) -> str:
    """25 characters that identify one message we want to send, the same in every process.

    Discord accepts at most 25 and compares them among all messages of one author, so the chat is
    part of it (docs.discord.com, Create Message).
    """
    digest = hashlib.sha256(f"{chat}\n{story}\n{slot}\n{number}".encode()).digest()
    return base64.urlsafe_b64encode(digest).decode()[:25]
