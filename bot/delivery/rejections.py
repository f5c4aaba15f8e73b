"""Decides whether an unknown refusal is about the card or about the chat."""

from bot.delivery.rows import Key
from bot.model.chat import Chat
from bot.model.errors import Rejected, SendFailed, Unreachable
from stories.story import StoryId
from wording.reasons import Code, Reason

KEPT = 1000


class Rejections:
    """Remembers, by fingerprint, which cards some chat has accepted."""

    def __init__(self) -> None:
        self._takers: dict[str, Chat] = {}
        """A chat that accepted the card."""
        self._rejected: dict[str, set[Key]] = {}
        """Where a card was rejected that no chat has accepted yet."""

    def judged(
        self, chat: Chat, story: StoryId, fingerprint: str | None, failed: SendFailed
    ) -> SendFailed:
        """The refusal as one by the chat, if another chat accepts the same card.

        Until that is known it counts as being about the card, which is rechecked afterwards.
        """
        if type(failed) is not Rejected or fingerprint is None:
            return failed
        if self._takers.get(fingerprint, chat) != chat:
            return Unreachable(Reason(Code.SAID_NOT_THIS_CARD, failed.reason.params))
        if len(self._rejected) > KEPT:
            self._rejected.clear()
        self._rejected.setdefault(fingerprint, set()).add((chat, story))
        return failed

    def was_taken(self, chat: Chat, fingerprint: str | None) -> set[Key]:
        """A chat accepted a card; returns the cards that were rejected with the same content."""
        if fingerprint is None:
            return set()
        if len(self._takers) > KEPT:
            self._takers.clear()
        self._takers.setdefault(fingerprint, chat)
        return self._rejected.pop(fingerprint, set())
