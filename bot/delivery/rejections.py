"""Whether a refusal that we don't know is about the card or about the chat."""

from bot.delivery.rows import Key
from bot.model.chat import Chat
from bot.model.errors import Rejected, SendFailed, Unreachable
from stories.story import StoryId
from wording.reasons import Code, Reason

KEPT = 1000


class Rejections:
    """Remembers which cards some chat has taken, by their fingerprints."""

    def __init__(self) -> None:
        self._takers: dict[str, Chat] = {}
        """A chat that took the card."""
        self._rejected: dict[str, set[Key]] = {}
        """Where a card was rejected that nobody has taken yet."""

    def judged(
        self, chat: Chat, story: StoryId, fingerprint: str | None, failed: SendFailed
    ) -> SendFailed:
        """The refusal as one of the chat, when another chat takes the same card.

        Before that is known it is about the card, which is looked at again once it is.
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
        """A chat took a card; return the cards that were rejected with the same content."""
        if fingerprint is None:
            return set()
        if len(self._takers) > KEPT:
            self._takers.clear()
        self._takers.setdefault(fingerprint, chat)
        return self._rejected.pop(fingerprint, set())
