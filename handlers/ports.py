"""What commands need of the rest of the bot."""

from collections.abc import (
    Callable,
    Iterator,
    Sequence,
)
from datetime import datetime
from typing import Protocol

from bot.model.audit import AuditEntry
from bot.model.chat import Chat, Showing
from bot.model.erased import Erased
from bot.model.ledger import CardRecord
from bot.model.reading import ReadingHistory, ReadingPosition, Seen
from bot.model.rehearsal import Played
from bot.model.rule import Draft, Rule
from bot.model.status import CardStatus, Claim, Health, Pinned, Refusal
from bot.model.unknown import Unknown
from stories.changes import Heard
from stories.edition import Edition
from stories.log import Log
from stories.story import Story, StoryId


class Rules(Protocol):
    """What each chat wants. Reading never waits."""

    def of(self, chat: Chat) -> Rule | None:
        """The chat's rule, or None."""

    def is_fixed(self, chat: Chat) -> bool:
        """Whether the chat's rule is in the operator's file."""
        ...

    def is_unreadable(self, chat: Chat) -> bool:
        """Whether the chat has a rule that can't be read: it is treated as if it had none."""
        ...

    def wanting(self, story: Story) -> set[Chat]:
        """The chats that want the story."""

    def kept_by(self, person: Chat) -> list[Chat]:
        """The chats whose rule, set from chat, names this person as its keeper."""
        ...

    async def change(self, chat: Chat, how: Callable[[Rule], Rule]) -> tuple[Rule, Rule]:
        """Change a chat's current rule; returns the old and the new rule.

        Changes are made and saved one at a time, so two people at once don't overwrite each other.
        An empty rule is deleted. Raises what `how` raises, changing nothing; StorageAway if it
        can't be saved now; Unreadable if the stored rule can't be read, unless it is to be deleted.
        Not for fixed chats.
        """
        ...


class Drafts(Protocol):
    """Unsaved changes by moderators: one draft per chat, for at most a day.

    Everything may raise StorageAway.
    """

    async def load(self, chat: Chat) -> Draft | None:
        """The chat's draft, or None."""

    async def save(self, chat: Chat, draft: Draft) -> None:
        """Store the chat's draft."""

    async def drop(self, chat: Chat) -> None:
        """Delete the chat's draft."""


class Desk(Protocol):
    """What people can do with a chat's cards, and learn about them."""

    async def pin(self, chat: Chat, story: StoryId) -> list[StoryId]:
        """Pin the story's card, posting it first if necessary; raises Sorry with what is missing.

        Returns the stories that are unpinned in exchange, to stay within the rule's limit.
        """
        ...

    async def unpin(self, chat: Chat, story: StoryId) -> None:
        """Unpin the story's card; raises Sorry if we haven't pinned it here."""
        ...

    def refusal(self, chat: Chat) -> Refusal | None:
        """Why the chat accepts nothing from us, as far as we know; None if it does."""
        ...

    async def first_word(self, chat: Chat) -> Refusal | None:
        """The same, after briefly waiting for what is due in the chat to be attempted."""
        ...

    async def pins(self, chat: Chat) -> Pinned:
        """The stories whose cards we have pinned here."""
        ...

    def can_publish(self, chat: Chat) -> bool:
        """Whether cards there can be published to the channel's followers."""
        ...

    def may_mention(self, chat: Chat, role: str) -> bool | None:
        """Whether mentioning a role there would notify its members; None if unknown."""
        ...

    async def cards(self, chat: Chat) -> int:
        """How many stories have a ledger row here. May raise StorageAway."""
        ...

    async def forget(self, chat: Chat) -> int:
        """Delete the chat's ledger rows and due entries; returns how many cards that were.

        The cards stay where they are, and are no longer edited. Only for a chat without a rule: one
        that wants stories would get them again. May raise StorageAway; then call it again.
        """
        ...

    async def unknown(self, chat: Chat) -> Sequence[tuple[StoryId, CardRecord]]:
        """The cards of unknown outcome. May raise StorageAway."""
        ...

    async def unknown_by(self, here: Chat, key: str) -> Unknown | None:
        """The card with this key from a button, of `here` or another chat of its platform.

        None if it is settled. May raise StorageAway.
        """
        ...

    async def moderates(self, chat: Chat, person: Chat) -> bool:
        """Whether a person is a moderator of the chat, checked now; raises Sorry if unknown."""
        ...

    async def called(self, chat: Chat) -> str:
        """The chat's name: untrusted text, like a story's."""
        ...

    async def claim(self, card: Unknown) -> tuple[Claim, Showing | None]:
        """A moderator says that a card exists; returns what became of that,
        and how they can point it out.

        Raises Sorry if it was settled meanwhile. May raise StorageAway.
        """
        ...

    async def show(self, chat: Chat, story: StoryId, message_id: str) -> bool:
        """A moderator points out where a card of unknown outcome is; False if we already knew.

        Raises Sorry if it can't be that card. May raise StorageAway.
        """
        ...

    async def post_again(self, card: Unknown) -> None:
        """Post a card of unknown outcome again, at once.

        Raises Sorry if it was settled meanwhile or can't be posted. May raise StorageAway.
        """
        ...

    async def health(self, chat: Chat) -> Health:
        """How the chat is doing. Takes at most about a second, and raises nothing.

        A chat that refused us and has since granted the permission to post is retried at once.
        """
        ...

    async def card_status(self, chat: Chat, story: StoryId | None = None) -> CardStatus:
        """What became of a story here; of the latest card here if none is named.

        May raise StorageAway.
        """
        ...


class Erases(Protocol):
    """Deletes what is stored about people."""

    async def person(self, person: Chat) -> Erased:
        """Delete everything about a person and their private chat. May raise StorageAway; then ask
        again."""
        ...


class History(Protocol):
    """What a story said before. May raise StorageAway."""

    async def past(self, story: StoryId, revision: int) -> Story | None:
        """The story as of `revision`; if that is no longer stored, the first stored one after
        it."""
        ...

    async def as_of(self, story: StoryId, moment: datetime) -> Story | None:
        """The story as it was at a moment; None if nothing that old is stored."""
        ...

    async def heard(self, story: StoryId, since: datetime) -> Sequence[Heard]:
        """The revisions received since a moment, oldest first,
        preceded by the state at that moment."""
        ...

    async def log(self, story_id: StoryId) -> Log:
        """What is remembered of revisions that are no longer stored in full."""
        ...

    async def edition(self, story_id: StoryId) -> Edition | None:
        """A story as it is stored, even if it has left full memory."""
        ...


class ReadingPositions(Protocol):
    """How far people have followed stories."""

    def saw(self, person: Chat, story: StoryId, visit: Seen) -> None:
        """Record a visit. Never waits and never fails: what can't be stored is dropped."""
        ...

    def caught_up(self, person: Chat, upto: datetime) -> None:
        """Record that they have read all changes up to a moment, in the same way."""
        ...

    async def position(self, person: Chat, story: StoryId) -> ReadingPosition | None:
        """Where they are in the story; None if they never saw it. May raise StorageAway."""
        ...

    async def history(self, person: Chat) -> ReadingHistory:
        """Everything stored about them. May raise StorageAway."""
        ...

    async def forget(self, person: Chat) -> None:
        """Delete everything stored about them. May raise StorageAway; then call it again."""
        ...


class Audit(Protocol):
    """Who changed what in a chat: the last hundred entries, for ninety days."""

    def note(self, chat: Chat, deed: AuditEntry) -> None:
        """Record an entry.

        Never waits and never fails; it is saved as soon as the storage accepts it.
        """
        ...

    async def deeds(self, chat: Chat) -> Sequence[AuditEntry]:
        """What was changed in the chat, newest first. May raise StorageAway."""
        ...

    async def forget(self, person: Chat) -> int:
        """Remove a person's id and name from all entries; returns how many had them.

        The entries stay, without the person. May raise StorageAway; then call it again.
        """
        ...

    async def forget_chat(self, chat: Chat) -> None:
        """Delete a chat's entries. May raise StorageAway; then call it again."""
        ...


class Moderators(Protocol):
    """Which role of a server counts as moderator, in addition to people with the permissions."""

    async def role(self, server: str) -> str | None:
        """The role, in the platform's terms. May raise StorageAway."""
        ...

    async def name(self, server: str, role: str | None) -> None:
        """Choose the role; None for none. May raise StorageAway."""
        ...


class Player(Protocol):
    """Plays one story's past against a rule, as delivery would have carried it out."""

    @property
    def played(self) -> Played:
        """What has been done so far."""
        ...

    def steps(self, history: Sequence[Heard], now: datetime) -> Iterator[None]:
        """Play the revisions, oldest first, up to `now`; one step at a time."""
        ...
